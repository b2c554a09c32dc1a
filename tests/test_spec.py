"""`pellucid verify --spec` and `--equals`: what a program says against what is right."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_samples import (
    BRACKETS,
    COUNTS,
    DIGITS,
    DYCK,
    HIST,
    LAST,
    SAME,
    TOKENS,
    call,
    call_json,
    domain,
    write_folder,
)
from pellucid.data.vocab import Vocab
from pellucid.errors import PellucidError
from pellucid.program.interpret import predict
from pellucid.program.ir import Aggregate, Lookup
from pellucid.program.oracle import OUTSIDE, Oracle, OtherProgram, differs, load_oracle
from pellucid.program.spec import check_same, check_spec, check_task, shrunk, task_data
from program_samples import plain
from random_programs import random_ir

WIDE = plain(Vocab.of(range(12), range(1, 10), "tagging", 9), TOKENS, SAME, ("output", Aggregate("same", "count")))


def oracle(function, kind="tagging"):
    return Oracle("spec.py:right", function, kind)


def hist(sequence):
    return [sequence.count(t) for t in sequence]


def test_every_input_is_tried_where_there_are_few():
    bounded = replace(HIST, unbounded=False)
    found = check_spec(bounded, oracle(hist))
    assert (found.checked, found.mismatches, found.exhaustive, found.bound) == (3905, 0, True, 0.0)
    assert str(found) == "all 3,905 possible inputs agree with spec.py:right"
    longer = check_spec(HIST, oracle(hist))
    assert longer.checked == 3905 + longer.longer
    assert longer.longest == 10
    assert f"and so do {longer.longer:,} longer ones of up to 10 tokens" in str(longer)


def test_the_counterexample_is_a_smallest_one():
    found = check_spec(HIST, oracle(lambda s: [min(n, 2) for n in hist(s)]))
    assert found.counterexample == {"input": [0, 0, 0], "program": [3, 3, 3], "expected": [2, 2, 2]}
    assert "; the smallest:\n  input:    0 0 0\n" in str(found)
    assert not found.agrees
    json.dumps(found.to_json())


def test_a_rare_difference_is_found_and_shrunk():
    """Wrong only where a token occurs more than six times: no short input shows it."""
    found = check_spec(WIDE, oracle(lambda s: [min(n, 6) for n in hist(s)]))
    assert found.counterexample["input"] == [0] * 7
    assert not found.exhaustive
    assert check_spec(WIDE, oracle(hist)).agrees
    assert 0 < check_spec(WIDE, oracle(hist)).bound < 0.001


def test_a_difference_on_longer_inputs_alone():
    found = check_spec(HIST, oracle(lambda s: hist(s) if len(s) < 8 else [0] * len(s)))
    assert found.mismatches == found.mismatches_longer > 0
    assert found.counterexample["input"] == [0] * 8
    assert check_spec(replace(HIST, unbounded=False), oracle(lambda s: hist(s) if len(s) < 8 else [0])).agrees


def test_a_difference_says_on_which_lengths_it_is():
    beyond = check_spec(HIST, oracle(lambda s: hist(s) if len(s) < 6 else [0] * len(s)))
    assert str(beyond).startswith(
        "all 3,905 inputs of the lengths learned from agree with spec.py:right; "
        f"of the longer ones {beyond.longer:,} of {beyond.longer:,} differ; the smallest:\n"
    )
    within = check_spec(HIST, oracle(lambda s: hist(s) if len(s) > 1 else [0]))
    assert str(within).startswith(
        "5 of 3,905 inputs of the lengths learned from differ from spec.py:right; "
        "the longer ones agree; the smallest:\n"
    )
    one = check_spec(HIST, oracle(lambda s: [0] if s == [2] else [0] * len(s) if len(s) > 5 else hist(s)))
    assert "1 of 3,905 inputs of the lengths learned from differs from" in str(one)
    assert f"; of the longer ones {one.longer:,} of {one.longer:,} differ; " in str(one)
    short = check_spec(replace(HIST, unbounded=False), oracle(lambda s: hist(s) if len(s) > 1 else [0]))
    assert str(short).startswith("5 of 3,905 inputs differ from spec.py:right; the smallest:\n")
    assert (short.mismatches_longer, beyond.to_json()["mismatches_longer"]) == (0, beyond.longer)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.data())
def test_shrinking_ends_where_nothing_smaller_fails(seed, data):
    program = random_ir(seed, markers=bool(seed % 2))
    tokens = data.draw(st.lists(st.sampled_from(program.vocab.tokens), min_size=1, max_size=2))
    sequence = data.draw(st.sampled_from(domain(program)))
    kind = program.vocab.kind

    def fails(s):
        return set(tokens) <= set(s)

    def right(s):
        (output,) = predict(program, [tuple(s)])
        return output if not fails(s) else ["no"] * len(s) if kind == "tagging" else "no"

    if not fails(sequence):
        return
    small = shrunk(program, oracle(right, kind), sequence)
    assert fails(small)
    assert len(small) == len(set(tokens))
    assert not any(fails(small[:i] + small[i + 1 :]) for i in range(len(small)) if len(small) > 1)


def test_inputs_outside_the_spec_are_skipped_and_counted():
    def right(sequence):
        if len(sequence) < 2:
            raise ValueError("at least two")
        return [None, *hist(sequence)[1:]]

    found = check_spec(replace(HIST, unbounded=False), oracle(right))
    assert (found.checked, found.skipped) == (3900, 5)
    assert str(found) == "all 3,900 inputs inside the spec agree with spec.py:right (5 more are outside the spec)"
    with pytest.raises(PellucidError, match="has no answer to any of"):
        check_spec(HIST, oracle(lambda s: int("x")))


def test_none_is_not_scored():
    assert check_spec(HIST, oracle(lambda s: [None] * len(s))).agrees
    assert differs([1, 2], [None, 3])
    assert not differs([1, 2], [None, 2])
    assert differs("a", "b")
    assert not differs("a", OUTSIDE)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda s: s[5], r"spec.py:right: raised IndexError: list index out of range on input \[0\]"),
        (lambda s: 3, r"on input \[0\]: returned 3; expected a list of 1 labels"),
        (lambda s: "abc", "returned 'abc'; expected a list of 1 labels"),
        (lambda s: [1, 2, 3], "returned 3 labels; expected 1, one per token"),
        (lambda s: [0.5] * len(s), "0.5 is a float"),
        (lambda s: [True] * len(s), "True is a boolean"),
    ],
)
def test_a_spec_that_fails_is_named_with_its_input(function, told):
    with pytest.raises(PellucidError, match=told):
        check_spec(HIST, oracle(function))


def test_a_classifier():
    assert check_spec(LAST, oracle(lambda s: "yes" if s[-1] == "a" else "no", "classification")).agrees
    found = check_spec(LAST, oracle(lambda s: "yes" if "a" in s else "no", "classification"))
    assert found.counterexample == {"input": ["a", "b"], "program": "no", "expected": "yes"}
    with pytest.raises(PellucidError, match="expected one label"):
        check_spec(LAST, oracle(lambda s: ["yes"], "classification"))


def test_two_programs():
    assert check_same(replace(HIST, unbounded=False), HIST, "other").agrees
    assert check_same(HIST, HIST, "other").longer > 0
    short = replace(HIST, unbounded=False, vocab=replace(DIGITS, max_length=3))
    found = check_same(HIST, short, "short")
    assert (found.agrees, found.longest, found.longer) == (True, 3, 0)
    assert check_same(HIST, COUNTS, "other").counterexample["input"] == [0, 0]
    with pytest.raises(PellucidError, match="is for the tokens '\\(', '\\)'"):
        OtherProgram(HIST, DYCK, "other")
    with pytest.raises(PellucidError, match="is for classification; the other program for tagging"):
        OtherProgram(HIST, LAST, "other")


def test_the_oracle_of_a_built_in_task():
    report = {"task": "dyck1", "settings": {"length": 8}}
    seven = replace(DYCK, vocab=replace(BRACKETS, max_length=7))
    found = check_task(seven, report)
    assert (found.agrees, found.checked, found.exhaustive) == (True, 128, True)
    wrong = seven.map(lambda a: Lookup(("tokens",), (), "P") if a.name == "output" else a.node)
    assert len(check_task(wrong, report).counterexample["input"]) == 7  # the only length the task has
    assert len(task_data(report)) == 128
    with pytest.raises(PellucidError, match=r"learned from 'mine.jsonl', which is no built-in task"):
        check_task(seven, {"task": "mine.jsonl"})


# ---------------------------------------------------------------- files and the command


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "hist", HIST)
    write_folder(tmp_path / "counts", COUNTS)
    write_folder(tmp_path / "dyck", replace(DYCK, vocab=replace(BRACKETS, max_length=7)), "dyck1", {"length": 8})
    (tmp_path / "helper.py").write_text("def count(s, t):\n    return s.count(t)\n")
    (tmp_path / "spec.py").write_text(
        "from dataclasses import dataclass\n"
        "from helper import count\n\n"
        "@dataclass\nclass Box:\n    sequence: list\n\n"
        "def right(sequence):\n    return [count(Box(sequence).sequence, t) for t in sequence]\n\n"
        "def wrong(sequence):\n    return [1 for t in sequence]\n\n"
        "def broken(sequence):\n    return {}[sequence[0]]\n\n"
        "NUMBER = 3\n"
    )
    (tmp_path / "syntax.py").write_text("x = 1\ndef right(:\n")
    (tmp_path / "raises.py").write_text("import nothing_of_this_name\n")
    return tmp_path


def test_the_command(place):
    told = call("verify", "hist", "--spec", "spec.py:right")
    assert told.startswith("all 3,905 possible inputs agree with spec.py:right")
    told = call("verify", "hist", "--spec", "spec.py:wrong", code=1)
    assert "  input:    0 0\n  program:  2 2\n  expected: 1 1\n" in told
    assert call("verify", "dyck", "--spec", "task") == "all 128 possible inputs agree with the task dyck1\n"
    assert call("verify", "hist", "--equals", "hist").startswith("all 3,905 possible inputs agree with hist")
    data = call_json("verify", "hist", "--equals", "counts", code=1)
    assert data["counterexample"] == {"input": [0, 0], "program": [2, 2], "expected": [1, 1]}
    assert (data["agrees"], data["problems"]) == (False, [])
    assert not (place / "__pycache__" / "spec.cpython-311.pyc").exists()


def test_files_that_do_not_belong_together_are_told(place):
    (place / "hist" / "program.py").write_text("print()\n")
    told = call("verify", "hist", "--spec", "spec.py:right", code=1)
    assert "program.py is not the file that learn wrote" in told


BAD = [
    (["--spec", "spec.py"], "--spec spec.py: expected FILE.py:function, or task"),
    (["--spec", "spec.py:"], "expected FILE.py:function"),
    (["--spec", "absent.py:right"], "absent.py: no such file"),
    (["--spec", "spec.py:rihgt"], "no function rihgt in spec.py; functions: 'Box', 'right', 'wrong', 'broken'"),
    (["--spec", "spec.py:NUMBER"], "no function NUMBER"),
    (["--spec", "spec.py:broken"], "spec.py:broken: raised KeyError: 0 on input [0]"),
    (["--spec", "syntax.py:right"], "syntax.py:2: cannot be executed: SyntaxError"),
    (["--spec", "raises.py:right"], "raises.py: cannot be executed: ModuleNotFoundError"),
    (["--spec", "task"], "which is no built-in task"),
    (["--spec", "spec.py:right", "--equals", "hist"], "--spec and --equals: one of them at a time"),
    (["--spec", "spec.py:right", "--length", "3"], "--length: goes with --prove"),
    (["--spec", "spec.py:right", "--exhaustive"], "--exhaustive: not with --spec"),
    (["--equals", "absent"], "absent: no such folder"),
    (["--equals", "dyck"], "dyck: is for the tokens"),
    (["--prove"], "--prove: goes with --spec or --equals"),
]


@pytest.mark.parametrize(("arguments", "told"), BAD, ids=[" ".join(a) for a, _ in BAD])
def test_bad_input_is_one_line(place, arguments, told):
    assert told in call("verify", "hist", *arguments, code=2)


def test_the_file_is_loaded_once_and_leaves_no_path_behind(place):
    import sys

    before = list(sys.path)
    assert load_oracle("spec.py:right", "tagging")((1, 1)) == [2, 2]
    assert sys.path == before
