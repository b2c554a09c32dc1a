"""Few examples: all of them judge, the candidates that they leave open are told apart by questions."""

import json
import math
import sys

import pytest

import pellucid
from made_folders import call
from pellucid.data.data import Data
from pellucid.data.split import split
from pellucid.errors import PellucidError
from pellucid.learners.base import Run
from pellucid.learners.carried import CARRIED
from pellucid.learners.turns import Turns
from pellucid.questions import Question, typed
from pellucid.resolve import extended, resolve
from pellucid.semantics.reference import run

SUMS = Data.of([[3, 1, 2], [4, 4]], [6, 8])  # the sum, or four more than the last


def test_few_examples_are_not_divided():
    few = split(Data.of([[i] for i in range(29)], list(range(29))))
    assert few.few
    assert [len(part) for part in few.parts().values()] == [29, 29, 0]
    assert [len(part) for part in few.own().values()] == [29, 0, 0]
    assert not split(Data.of([[i] for i in range(30)], list(range(30)))).few
    with pytest.raises(PellucidError, match="1 example with 1 different input, too few"):
        split(Data.of([[1]], [1]))


def test_few_examples_are_refit_to_nothing():
    problem = resolve(SUMS)
    assert not problem.refit
    more = extended(problem, [[1, 9]], [10])
    assert (len(more.train), len(more.valid), more.splits.few) == (3, 3, True)
    assert more.schema.inputs[0].type.holds(9)


def test_two_examples_leave_questions_open():
    learned = pellucid.learn(SUMS, model="enumerate")
    assert learned.exact
    (question,) = learned.report["questions"]
    said = {answer["output"]: answer["candidates"] for answer in question["answers"]}
    assert len(said) > 1
    number, (value,) = next(iter(said.values()))[0], question["input"]
    assert 1 <= value <= 4
    rows = json.loads(learned.files["front.json"])["candidates"]
    assert 1 <= number <= len(rows)
    assert "Few examples: all 2 of them chose the program." in str(learned)
    assert learned.report["examples"] == {"train": 2, "valid": 0, "test": 0}
    assert list(learned.report["accuracy"]) == ["train"]


def test_an_answer_is_one_more_example():
    asked = []

    def ask(question):
        asked.append(question.input)
        return sum(question.input)

    learned = pellucid.learn(SUMS, model="enumerate", ask=ask)
    assert asked
    assert learned.run([2, 3, 4]) == 9
    assert learned.report["answered"] == len(asked) == learned.report["examples"]["train"] - 2
    first = json.loads(learned.files["asked.jsonl"].splitlines()[0])
    assert first == {"input": asked[0], "output": sum(asked[0])}
    stopped = pellucid.learn(SUMS, model="enumerate", ask=lambda question: None)
    assert "answered" not in stopped.report


def test_asking_needs_a_terminal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("input,output\n3 1 2,6\n4 4,8\n")
    refused = call("learn", "a.csv", "--ask", "--out", "x")
    assert (refused.exit_code, "--ask: needs a terminal" in refused.output) == (2, True)
    done = call("learn", "a.csv", "--model", "enumerate", "--out", "x")
    told = done.output
    assert done.exit_code == 0, told
    assert "2 examples are few: all of them chose the program" in told
    assert "which is right?" in told
    assert not (tmp_path / "x" / "asked.jsonl").exists()


STEPS = Question(["a", "b"], ((["x", "y"], (1,)), (["x", "x"], (2, 3))))
WHOLE = Question([1], ((5, (1,)), (6, (2,))))


@pytest.mark.parametrize(
    ("question", "text", "answer"),
    [
        (STEPS, "", None),
        (STEPS, "2", ["x", "x"]),
        (STEPS, "= y 1", ["y", "1"]),
        (WHOLE, "1", 5),
        (WHOLE, "=7", 7),
        (STEPS, "3", "expected a number from 1 to 2, or = and 2 outputs"),
        (STEPS, "= y", "expected a number from 1 to 2, or = and 2 outputs"),
        (WHOLE, "= x", "'x' is no number"),
    ],
)
def test_what_a_person_types(question, text, answer):
    if isinstance(answer, str):
        with pytest.raises(PellucidError, match=answer):
            typed(question, text)
    else:
        assert typed(question, text) == answer


def test_questions_are_shown_in_the_users_form():
    assert str(STEPS) == "a b -> x y (says 1), x x (says 2 and 3)"
    assert Question.of_json(json.loads(json.dumps(STEPS.to_json()))) == STEPS


def test_a_column_seen_in_part_stays_open():
    learned = pellucid.learn(Data.of([[3, -7, 12], [-20, 5]], [[3, 7, 12], [20, 5]]), model="simple")
    assert learned.run([-100, 8]) == [100, 8]


def test_how_much_the_examples_tell():
    """Three reversed words are told in less than a machine that says the same: it is no reason not to look further."""
    words = [list(word) for word in ("abc", "ba", "ccab")]
    assert Turns.told_in(resolve(Data.of(words, [word[::-1] for word in words]))) == pytest.approx(9 * math.log(3) / 2)


def test_transformers_are_not_trained_on_few_examples():
    found = pellucid.learn(Data.of([[1], [2]], [["a"], ["b"]]), effort=0.01).report["found"]["learners"]
    assert found["programs"]["skipped"] == "few examples"


def digits(pairs, base, carry=0):
    found = []
    for a, b in pairs:
        carry, digit = divmod(a + b + carry, base)
        found.append(digit)
    return found


def test_a_carry_is_found_from_eight_sums():
    numbers = [[((3 * i + 5 * j) % 7, (i * j + 2 * j) % 7) for j in range(9)] for i in range(8)]
    problem = resolve(Data.of(numbers, [digits(x, 7) for x in numbers]))
    found = next(filter(None, CARRIED.learn(problem, Run())))
    other = [(6, 6), (6, 0), (0, 0), (3, 4)]
    assert run(found.program, [list(step) for step in other]) == digits(other, 7) == [5, 0, 1, 0]


def test_quotients_are_found_as_what_a_division_leaves():
    bits = [[(i >> j) & 1 for j in range(8)] for i in range(3, 250, 31)]

    def quotient(x, rest=0):
        found = []
        for bit in x:
            q, rest = divmod(2 * rest + bit, 11)
            found.append(q)
        return found

    found = next(filter(None, CARRIED.learn(resolve(Data.of(bits, list(map(quotient, bits)))), Run())))
    other = [1, 0, 1, 1, 1, 1, 0, 1, 0, 0, 1, 1]
    assert run(found.program, other) == quotient(other)


if sys.platform != "win32":

    def test_a_person_answers_at_a_terminal(tmp_path):
        """The command under a terminal: the right output is typed, learning goes on."""
        import os
        import pty

        (tmp_path / "a.csv").write_text("input,output\n3 1 2,6\n4 4,8\n")
        command = [sys.executable, "-m", "pellucid", "learn", "a.csv", "--model", "enumerate", "--ask", "--out", "x"]
        pid, terminal = pty.fork()
        if not pid:
            os.chdir(tmp_path)
            os.execv(sys.executable, command)
        told = b""
        try:
            while part := os.read(terminal, 4096):
                told += part
                if told.endswith(b"stop: "):
                    question = told.rsplit(b"which is right for: ", 1)[1].split(b"\r\n", 1)[0]
                    os.write(terminal, b"=%d\n" % sum(map(int, question.split())))
        except OSError:  # the end, on Linux
            pass
        assert os.waitpid(pid, 0)[1] == 0, told
        assert b"return sum(" in told or b"+=" in told, told
