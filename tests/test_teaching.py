"""Learning from a function that is asked: inputs of its own, counterexamples, agreement, and what goes wrong."""

import json
import time

import pytest

import pellucid
from made_folders import call
from pellucid.questions import Round
from pellucid.teaching import Teacher, of_file, sequences
from pellucid.verify.outputs import ABSENT
from verify_samples import HIST, LAST

FUNCTIONS = """
import os, random, sys, time

def last(x): return "yes" if x[-1] == "a" else "no"
def other(x): print("this is no answer"); return [v == "a" for v in x]
def ones(x): return [int(v == "a") for v in x]
def short(x): return x[1:]
def text(x): return {"a": 1}
def nan(x): return float("nan")
def mixed(x): return x[-1] if len(x) < 3 else x
def same(x): return 1
def picky(x): raise ValueError("no answer to anything")
def fails(x): return [v for v in x][len(x) > 4 and "at a position"]
def crashes(x): return x if len(x) < 5 else os._exit(3)
def hangs(x): return x if len(x) < 5 else time.sleep(60)
def moody(x): return random.random()
class Counting:
    asked = 0
def restless(x):
    Counting.asked += 1
    return Counting.asked
def numpyish(x):
    import numpy as np
    return np.array([len(x)] * len(x))
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.py").write_text(FUNCTIONS)
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
    return tmp_path


def learn(function, *more):
    return call("learn", "--teacher", f"t.py:{function}", "--tokens", "a,b,c", "--length", "5", "--out", "x", *more)


# ---------------------------------------------------------------- to the end


def test_a_function_is_learned_and_compared_on_all_inputs(place):
    done = learn("last", "--model", "linear")
    assert done.exit_code == 0, done.output
    assert "all 363 possible inputs agree with t.py:last" in done.output
    told = json.loads((place / "x" / "report.json").read_text())["teacher"]
    assert (told["name"], told["failed"], told["agreement"]["exhaustive"]) == ("t.py:last", None, True)
    assert told["questions"] > 363
    program = (place / "x" / "program.py").read_text()
    assert f"Learned from a teacher, t.py:last, by {told['questions']:,} questions." in program
    assert "Agreement: all 363 possible inputs agree with t.py:last." in program
    rows = list(map(json.loads, (place / "x" / "asked.jsonl").read_text().splitlines()))
    assert all(row["output"] == ("yes" if row["input"][-1] == "a" else "no") for row in rows)


def test_a_function_of_python_over_numbers():
    teacher = pellucid.Teacher.of(lambda x: [sum(x[: i + 1]) for i in range(len(x))], numbers=(-50, 50), length=6)
    learned = pellucid.learn(teacher, model="dynamics")
    assert learned.exact
    assert learned.run([7, -3, 10**9]) == [7, 4, 10**9 + 4]
    assert learned.report["task"] == "<lambda>"
    assert not learned.report["teacher"]["agreement"]["exhaustive"]


def test_what_is_rare_is_found_by_a_counterexample(monkeypatch):
    """Nothing but the length decides, from 6 on: too rare among the first few questions for the first round."""
    monkeypatch.setattr("pellucid.teaching.FIRST", 40)
    teacher = Teacher.of(lambda x: [len(x) if v == "a" else 0 for v in x], tokens="ab", length=4)
    learned = pellucid.learn(teacher, model="evolve", effort=0.1)
    assert learned.report["teacher"]["agreement"]["mismatches"] == 0


def test_counterexamples_go_back_with_a_smallest_one(monkeypatch):
    """A count that stops at three is wrong from four equal values on."""
    monkeypatch.setattr("pellucid.teaching.FIRST", 20)
    teacher = Teacher.of(lambda x: [min(x.count(v), 3) for v in x], tokens=range(5), length=5)
    teacher.first(0)
    pairs = teacher.more(Round(None, Found(HIST), (), ()), 0)  # pyright: ignore[reportArgumentType]
    assert teacher.shares[0] > 0.01
    assert ([0, 0, 0, 0], [3, 3, 3, 3]) in pairs
    assert any(HIST_SAYS(x) == y for x, y in pairs)
    teacher.shares = [1e-6]
    assert teacher.more(Round(None, Found(HIST), (), ()), 0) == []  # pyright: ignore[reportArgumentType]  # no progress


def HIST_SAYS(x):  # noqa: N802
    return [x.count(v) for v in x]


class Found:
    """A candidate, as far as a teacher looks at it."""

    def __init__(self, program):
        self.program = program


def test_tolerance_ends_the_questions():
    teacher = Teacher.of(lambda x: "yes" if x[-1] == "a" else "no", tokens="ab", length=4)
    teacher.tolerance = 1.0
    teacher.first(0)
    wrong = LAST.map(lambda a: a.node)
    assert teacher.more(Round(None, Found(wrong), (), ()), 0) == []  # pyright: ignore[reportArgumentType]


def test_who_is_right_is_counted():
    teacher = Teacher.of(lambda x: [0] * len(x), tokens=range(5), length=2)
    teacher.right = HIST_SAYS
    told = teacher._disagreements(HIST, [[1], [2, 2], [3, 3]])
    assert told["who_is_right"] == {"teacher": 0, "program": 3, "neither": 0}
    assert told["disagreements"][0] == {"input": [1], "teacher": [0], "program": [1], "right": [1], "who": "program"}


# ---------------------------------------------------------------- what goes wrong

BAD = [
    ("other", "True is a boolean"),
    ("short", "returned 0 labels; expected 1, one per position"),
    ("text", "on input ['a']: {'a': 1} is an object"),
    ("nan", "returned nan; expected finite numbers"),
    ("same", "inputs asked; there is nothing to learn"),
    ("picky", "has no answer to"),
    ("moody", "expected one answer"),
    ("restless", "expected one answer"),
    ("lats", "no function lats in t.py; functions: 'last', 'other'"),
]


@pytest.mark.parametrize(("function", "told"), BAD, ids=[name for name, _ in BAD])
def test_a_bad_teacher_is_told_in_one_line(place, function, told):
    done = learn(function)
    assert done.exit_code == 2, done.output
    assert told in done.output
    assert done.output.strip().count("\n") == 0
    assert not (place / "x").exists()


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("fails", "raised TypeError"),
        ("crashes", "exit code 3"),
        ("hangs", "took longer than 1 seconds on input"),
        ("mixed", "expected one label"),
    ],
)
def test_what_a_failing_teacher_said_is_not_lost(place, monkeypatch, function, told):
    monkeypatch.setattr("pellucid.verify.asked.ANSWERING", 1.0)
    done = learn(function, "--model", "simple")
    assert done.exit_code == 3, done.output
    assert "questions, then it failed: t.py" in done.output
    assert told in done.output
    assert "cut short, before all of its work was done: the teacher" in done.output
    assert "The teacher failed: " in " ".join((place / "x" / "program.py").read_text().split())
    rows = list(map(json.loads, (place / "x" / "asked.jsonl").read_text().splitlines()))
    assert len(rows) > 10


def test_a_slow_teacher_is_asked_less(monkeypatch):
    def slow(x):
        time.sleep(0.02)
        return x[-1]

    teacher = Teacher.of(slow, tokens="ab", length=8)
    teacher.seconds = 0.5
    data = teacher.first(0)
    assert 5 <= len(data) <= 60
    verdict = teacher.agreement(LAST, 0)
    assert verdict is None or verdict.checked <= 60


def test_arrays_and_printing_are_taken(place):
    teacher = of_file("t.py:numpyish", "a,b", None, 3)
    try:
        assert teacher.answers([["a"], ["a", "b"]]) == [[1], [2, 2]]
    finally:
        teacher.close()


def test_the_process_ends_with_the_learning(place):
    teacher = of_file("t.py:ones", "a,b", None, 3)
    assert teacher.answers([["a", "b"]]) == [[1, 0]]
    teacher.close()
    assert teacher.answers([["a", "b"]]) == [ABSENT]
    assert "ended" in (teacher.failed or "")


OPTIONS = [
    (["--teacher", "t.py:last"], "needs --length N, and either --tokens A,B,... or --numbers LO:HI"),
    (["--teacher", "t.py:last", "--length", "3", "--tokens", "a,b", "--numbers", "0:1"], "either --tokens"),
    (["--teacher", "t.py", "--length", "3", "--tokens", "a,b"], "--teacher t.py: expected FILE.py:function"),
    (["--teacher", "no.py:f", "--length", "3", "--tokens", "a,b"], "no.py: no such file"),
    (["--teacher", "broken.py:f", "--length", "3", "--tokens", "a,b"], "broken.py: cannot be executed"),
    (["--teacher", "t.py:last", "--length", "0", "--tokens", "a,b"], "--length 0: expected a whole number from 1"),
    (["--teacher", "t.py:last", "--length", "3", "--tokens", "a,a"], "expected two or more different ones"),
    (["--teacher", "t.py:last", "--length", "3", "--numbers", "9"], "--numbers 9: expected LO:HI"),
    (["--teacher", "t.py:last", "--length", "3", "--numbers", "9:1"], "expected the smaller one first"),
    (["--teacher", "t.py:last", "--length", "3", "--tokens", "a,b", "--ask"], "--ask: not with --teacher"),
    (["--teacher", "t.py:last", "--length", "3", "--tokens", "a,b", "--test", "x"], "not with a teacher, who is asked"),
    (["sort", "--length", "3"], "--length: goes with --teacher"),
    (["sort", "--teacher", "t.py:last"], "name one thing to learn from"),
]


@pytest.mark.parametrize(("options", "told"), OPTIONS, ids=[told for _, told in OPTIONS])
def test_bad_options_are_one_line(place, options, told):
    done = call("learn", *options)
    assert (done.exit_code, told in done.output, done.output.strip().count("\n")) == (2, True, 0), done.output


def test_inputs_are_what_the_options_say():
    numbers = sequences(None, (0.5, 2.5), 4)
    assert all(0.5 <= v <= 2.5 and isinstance(v, int | float) for x in numbers.draw(50, 0) for v in x)
    wide = sequences(None, (0, 10**6), 4).draw(100, 0)
    assert max(max(x) for x in wide) > 900_000
    assert sum(1000 < v < 999_999 for x in wide for v in x) > 50
    whole = sequences(None, (-1, 2), 3)
    assert (whole.size, len(list(whole.every()))) == (84, 84)
    assert [-1, -1, -1] in whole.extreme()
    assert sequences(["x", 1], None, 2).column.type.holds("x")


def test_decompile_refuses_what_has_a_program(place):
    learn("last", "--model", "linear")
    done = call("decompile", "x")
    assert done.exit_code == 2
    assert "x: has a program; only what `learn --model standard` wrote has none" in done.output
