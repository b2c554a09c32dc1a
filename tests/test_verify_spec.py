"""`verify --spec` and `--equals`: what a program says against what is right."""

import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.errors import PellucidError
from pellucid.language.expressions import Apply, Const, Var
from pellucid.language.nodes import Aggregate, Let
from pellucid.language.types import symbol, whole
from pellucid.semantics import domain
from pellucid.semantics.batch import predict
from pellucid.verify import apart
from pellucid.verify.oracle import Oracle, comparable, load_oracle
from pellucid.verify.outputs import ABSENT, Comparison
from pellucid.verify.spec import check_same, check_spec, shrunk
from verify_samples import (
    CARRY,
    COUNTS,
    DIGITS,
    DYCK,
    EQUAL,
    HIST,
    LAST,
    MIXED,
    PROGRAMS,
    SPRING,
    TOTAL,
    made,
    op,
    table,
)

WIDE = made(symbol(range(12)), ("y", Aggregate(EQUAL, "count")), longest=9)
OPEN = made(whole(), ("y", Let(Apply("+", (Var("x"), Const(0))))), longest=5)
# A table over a number that grows says nothing of longer inputs.
COUNTED = Let(table("n", {n: n for n in range(1, 6)}, 0))
BOUNDED = made(DIGITS, ("n", Aggregate(EQUAL, "count")), ("y", COUNTED), longest=5)


@pytest.fixture(autouse=True)
def _fewer_inputs(monkeypatch):
    monkeypatch.setattr("pellucid.verify.spec.SAMPLES", 4_000)


def oracle(function, program=HIST):
    return Oracle("spec.py:right", function, program)


def hist(sequence):
    return [sequence.count(t) for t in sequence]


def test_every_input_is_tried_where_there_are_few():
    found = check_spec(BOUNDED, oracle(hist))
    assert (found.checked, found.mismatches, found.exhaustive, found.bound) == (3905, 0, True, 0.0)
    assert str(found) == "all 3,905 possible inputs agree with spec.py:right"
    longer = check_spec(HIST, oracle(hist))
    assert longer.checked == 3905 + longer.longer
    assert longer.longest == 10
    assert f"and so do {longer.longer:,} longer ones of up to 10 positions" in str(longer)


def test_the_counterexample_is_a_smallest_one():
    found = check_spec(HIST, oracle(lambda s: [min(n, 2) for n in hist(s)]))
    assert found.counterexample == {"input": [0, 0, 0], "program": [3, 3, 3], "expected": [2, 2, 2]}
    assert "; the smallest:\n  input:    0 0 0\n" in str(found)
    assert not found.agrees
    json.dumps(found.to_json())


def test_a_rare_difference_is_found_and_shrunk():
    """Wrong only where a value occurs more than six times: no short input shows it."""
    found = check_spec(WIDE, oracle(lambda s: [min(n, 6) for n in hist(s)]))
    assert found.counterexample["input"] == [0] * 7
    assert not found.exhaustive
    right = check_spec(WIDE, oracle(hist))
    assert right.agrees
    assert 0 < right.bound < 0.002


def test_the_bound_counts_every_random_input():
    """Few short inputs are listed where a column is open; the bound was once that of one random input."""
    found = check_spec(OPEN, oracle(lambda s: list(s)))
    assert found.agrees
    assert not found.exhaustive
    assert 0 < found.bound < 0.002


def test_a_difference_says_on_which_lengths_it_is():
    beyond = check_spec(HIST, oracle(lambda s: hist(s) if len(s) < 6 else [0] * len(s)))
    assert str(beyond).startswith(
        "all 3,905 inputs of the lengths learned from agree with spec.py:right; "
        f"of the longer ones {beyond.longer:,} of {beyond.longer:,} differ; the smallest:\n"
    )
    assert beyond.counterexample["input"] == [0] * 6
    within = check_spec(HIST, oracle(lambda s: hist(s) if len(s) > 1 else [0]))
    assert str(within).startswith(
        "5 of 3,905 inputs of the lengths learned from differ from spec.py:right; "
        "the longer ones agree; the smallest:\n"
    )
    one = check_spec(HIST, oracle(lambda s: [0] if s == [2] else [0] * len(s) if len(s) > 5 else hist(s)))
    assert "1 of 3,905 inputs of the lengths learned from differs from" in str(one)
    assert f"; of the longer ones {one.longer:,} of {one.longer:,} differ; " in str(one)
    short = check_spec(BOUNDED, oracle(lambda s: hist(s) if len(s) > 1 else [0]))
    assert str(short).startswith("5 of 3,905 inputs differ from spec.py:right; the smallest:\n")
    assert (short.mismatches_longer, beyond.to_json()["mismatches_longer"]) == (0, beyond.longer)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(["hist", "dyck", "pooled", "carry", "mixed", "last"]), st.integers(0, 999), st.data())
def test_shrinking_ends_where_nothing_smaller_fails(name, seed, data):
    program = PROGRAMS[name]
    sequence = domain.sample(program, 1, seed)[0]
    wanted = data.draw(st.lists(st.sampled_from(sequence), min_size=1, max_size=2))

    def fails(s):
        return all(w in s for w in wanted)

    def right(s):
        (output,) = predict(program, [s])
        wrong = ["none"] * len(program.outputs) if len(program.outputs) > 1 else "none"
        return output if not fails(s) else [wrong] * len(s) if program.when == "every" else wrong

    small = shrunk(program, oracle(right, program), sequence)
    assert fails(small)
    assert len(small) == len({json.dumps(w) for w in wanted})


def test_numbers_shrink_towards_nought():
    def right(s):
        return [sum(s[: i + 1]) if v < 1000 else 0 for i, v in enumerate(s)]

    found = check_spec(TOTAL, oracle(right, TOTAL))
    assert found.counterexample == {"input": [1000], "program": [1000], "expected": [0]}
    assert not found.exhaustive
    found = check_spec(SPRING, oracle(lambda s: [0.0 if v > 3 else None for v in s], SPRING))
    assert found.counterexample["input"] == [4.0]


def test_open_columns_stay_within_the_known_inputs():
    seen = []

    def right(s):
        seen.extend(s)
        return [sum(s[: i + 1]) for i in range(len(s))]

    assert check_spec(TOTAL, oracle(right, TOTAL), known=[[5, -2], [90]]).agrees
    assert (min(seen), max(seen)) == (-2, 90)
    assert check_spec(MIXED, oracle(lambda s: [None] * len(s), MIXED), known=[[["red", 3]]]).agrees


def test_reals_may_differ_by_a_rounding():
    def right(shift):
        def run(s):
            y, out = 0.5, []
            for x in s:
                y = 0.1 * x + 0.9713 * y
                out.append(y + shift)
            return out

        return oracle(run, SPRING)

    close = check_spec(SPRING, right(1e-12), known=[[-5.0, 5.0]])
    assert close.agrees, close
    assert not check_spec(SPRING, right(1e-7), known=[[-5.0, 5.0]]).agrees


def test_inputs_outside_the_spec_are_skipped_and_counted():
    def right(sequence):
        if len(sequence) < 2:
            raise ValueError("at least two")
        return [None, *hist(sequence)[1:]]

    found = check_spec(BOUNDED, oracle(right))
    assert (found.checked, found.skipped) == (3900, 5)
    assert str(found) == "all 3,900 inputs inside the spec agree with spec.py:right (5 more are outside the spec)"
    with pytest.raises(PellucidError, match="has no answer to any of"):
        check_spec(HIST, oracle(lambda s: int("x")))


def test_none_is_not_scored():
    assert check_spec(HIST, oracle(lambda s: [None] * len(s))).agrees
    differs = Comparison(HIST).differs
    assert differs([1, 2], [None, 3])
    assert not differs([1, 2], [None, 2])
    differs = Comparison(LAST).differs
    assert differs("a", "b")
    assert not differs("a", ABSENT)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda s: s[5], r"spec.py:right: raised IndexError: list index out of range on input \[0\]"),
        (lambda s: 3, r"on input \[0\]: returned 3; expected a list of 1 labels"),
        (lambda s: "abc", "returned 'abc'; expected a list of 1 labels"),
        (lambda s: [1, 2, 3], "returned 3 labels; expected 1, one per position"),
        (lambda s: [0.5] * len(s), "0.5 is a float"),
        (lambda s: [True] * len(s), "True is a boolean"),
        (lambda s: [[1]] * len(s), r"returned \[1\]; expected a label at every position"),
    ],
)
def test_a_spec_that_fails_is_named_with_its_input(function, told):
    with pytest.raises(PellucidError, match=told):
        check_spec(HIST, oracle(function))


def test_several_outputs():
    def add(s):
        carry, out = 0, []
        for a, b in s:
            carry, digit = divmod(a + b + carry, 10)
            out.append((digit, carry))
        return out

    assert check_spec(CARRY, oracle(add, CARRY)).agrees
    found = check_spec(CARRY, oracle(lambda s: [(a + b, 0) for a, b in s], CARRY))
    assert found.counterexample == {"input": [[1, 9]], "program": [[0, 1]], "expected": [[10, 0]]}
    assert "  input:    (1 9)\n  program:  (0 1)\n" in str(found)
    with pytest.raises(PellucidError, match=r"returned \[1\]; expected 2 values, one per output"):
        check_spec(CARRY, oracle(lambda s: [[1] for _ in s], CARRY))


def test_a_classifier():
    assert check_spec(LAST, oracle(lambda s: "yes" if s[-1] == "a" else "no", LAST)).agrees
    found = check_spec(LAST, oracle(lambda s: "yes" if "a" in s else "no", LAST))
    assert found.counterexample == {"input": ["a", "b"], "program": "no", "expected": "yes"}
    with pytest.raises(PellucidError, match="expected one label"):
        check_spec(LAST, oracle(lambda s: ["yes"], LAST))


def test_two_programs():
    assert check_same(BOUNDED, HIST, "other").agrees
    assert check_same(HIST, HIST, "other").longer > 0
    short = made(DIGITS, *[(a.name, a.node) for a in BOUNDED if a.name != "x"], longest=3)
    found = check_same(HIST, short, "short")
    assert (found.agrees, found.longest, found.longer) == (True, 3, 0)
    assert check_same(HIST, COUNTS, "other").counterexample["input"] == [0, 0]
    with pytest.raises(PellucidError, match=r"other: takes x \(text \('\(', '\)'\)\); the program compared takes x"):
        comparable(HIST, DYCK, "other")
    with pytest.raises(PellucidError, match=r"gives 1 output \(every\); the program compared gives 1 output \(last\)"):
        comparable(LAST, made(LAST.inputs, ("y", Let(Const("no")))), "other")


def test_two_programs_that_take_other_numbers():
    """What one of them does not take is not compared."""
    digits = made(whole(0, 9), ("y", Let(Apply("+", (op("%", "x", 10), Const(0))))))
    found = check_same(made(whole(), ("y", Let(op("%", "x", 10)))), digits, "digits")
    assert found.agrees
    assert found.skipped > 0


def test_inputs_of_a_task():
    """Only inputs that have an answer are counterexamples."""

    def right(sequence):
        if len(sequence) != 7:
            raise ValueError("not an input of the task")
        return predict(DYCK, [sequence])[0]

    task = Oracle("the task dyck1", right, DYCK)
    told = "all 128 inputs inside the spec agree with the task dyck1 (126 more are outside the spec)"
    assert str(check_spec(DYCK, task, longest=7)) == told
    wrong = DYCK.map(lambda a: Let(Const("P")) if a.name == "y" else a.node)
    assert len(check_spec(wrong, task, longest=7).counterexample["input"]) == 7


# ---------------------------------------------------------------- files


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "helper.py").write_text("def count(s, t):\n    return s.count(t)\n")
    (tmp_path / "json.py").write_text("raise ValueError('this is not the json that was meant')\n")
    (tmp_path / "spec.py").write_text(
        "import os, sys, time\n"
        "from dataclasses import dataclass\n"
        "from helper import count\n\n"
        "@dataclass\nclass Box:\n    sequence: list\n\n"
        "def right(sequence):\n    print('this is no answer')\n"
        "    return [count(Box(sequence).sequence, t) for t in sequence]\n\n"
        "def wrong(sequence):\n    return [1 for t in sequence]\n\n"
        "def broken(sequence):\n    return {}[sequence[0]]\n\n"
        "def exits(sequence):\n    os._exit(3)\n\n"
        "def endless(sequence):\n    while True: pass\n\n"
        "def large(sequence):\n    return [0] * 10**11\n\n"
        "NUMBER = 3\n"
    )
    (tmp_path / "syntax.py").write_text("x = 1\ndef right(:\n")
    (tmp_path / "raises.py").write_text("import nothing_of_this_name\n")
    return tmp_path


def test_a_file_is_run_in_a_process_of_its_own(place, capfd):
    assert str(apart.check_file(BOUNDED, "spec.py:right")) == "all 3,905 possible inputs agree with spec.py:right"
    found = apart.check_file(HIST, "spec.py:wrong", known=[[1, 2]])
    assert "  input:    0 0\n  program:  2 2\n  expected: 1 1" in str(found)
    assert capfd.readouterr() == ("", "")
    assert "helper" not in sys.modules


BAD = [
    ("spec.py", "--spec spec.py: expected FILE.py:function, or task"),
    ("spec.py:", "expected FILE.py:function"),
    ("absent.py:right", "absent.py: no such file"),
    ("spec.py:rihgt", "no function rihgt in spec.py; functions: 'Box', 'right', 'wrong', 'broken'"),
    ("spec.py:NUMBER", "no function NUMBER"),
    ("spec.py:broken", "spec.py:broken: raised KeyError: 0 on input [0]"),
    ("spec.py:large", "spec.py:large: raised MemoryError"),
    ("syntax.py:right", "syntax.py:2: cannot be executed: SyntaxError"),
    ("raises.py:right", "raises.py: cannot be executed: ModuleNotFoundError"),
    ("spec.py:exits", "no answer: exit code 3"),
    ("spec.py:endless", "no answer: exit code -24; at most 1 seconds of the processor"),
]


@pytest.mark.parametrize(("spec", "told"), BAD, ids=[spec for spec, _ in BAD])
def test_bad_input_is_one_line(place, spec, told):
    with pytest.raises(PellucidError) as error:
        apart.check_file(HIST, spec, limit=1 if "endless" in spec else 60)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_the_file_is_loaded_once_and_leaves_no_path_behind(place, monkeypatch):
    before = list(sys.path)
    assert load_oracle("spec.py:right", HIST)([1, 1]) == [2, 2]
    assert sys.path == before
    monkeypatch.delitem(sys.modules, "pellucid_spec")
    monkeypatch.delitem(sys.modules, "helper")
