"""Slices: every one keeps its promise, is a program of its own, and holds what was used and nothing else."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from explain_samples import ANY, DIGITS, DYCK, HIST, LAST, MIXED, POOLED, PROGRAMS, TANK, TOKEN, VOTE, WORDS, program
from language_random import random_program
from pellucid.errors import PellucidError
from pellucid.explain import slices
from pellucid.explain.slices import (
    Check,
    Cut,
    drawn,
    for_input,
    for_label,
    for_output,
    for_position,
    for_wrong,
    size_of,
)
from pellucid.explain.slices import given as these
from pellucid.language.expressions import Const, Var
from pellucid.language.json import dumps, loads
from pellucid.language.nodes import Column, Input, Let
from pellucid.language.types import whole
from pellucid.semantics.domain import every, sample
from pellucid.semantics.reference import run

few = settings(max_examples=20, deadline=None)
names = st.sampled_from(sorted(PROGRAMS))
seeds = st.integers(0, 10**6)


def some(made, seed=0, count=12):
    return sample(made, count, seed, min(made.longest or 5, 5))


def as_list(output):
    return output if isinstance(output, list) else [output]


def labels_said(made, inputs):
    return {label for s in inputs for label in as_list(run(made, s))}


@few
@given(ANY, seeds)
@example(random_program(12953), 29)  # of two outputs; what its votes weigh for this input is longer to say
def test_a_slice_for_an_input_gives_the_same_output_and_is_smaller(made, seed):
    (sequence,) = some(made, seed, 1)
    found = for_input(made, sequence)
    assert found.check == Check(1, 0, True, "this input")
    assert loads(dumps(found.program)) == found.program
    assert repr(run(found.program, sequence)) == repr(run(made, sequence))
    assert size_of(found.program) <= size_of(made)
    assert set(found.program.nodes) <= set(made.nodes)


@few
@given(names.filter(lambda name: name != "tank"), seeds)
def test_a_slice_for_a_label_says_it_in_the_same_places(name, seed):
    made, inputs = PROGRAMS[name], some(PROGRAMS[name], seed)
    for label in sorted(labels_said(made, inputs), key=str)[:3]:
        found = for_label(made, label, scope=these(made, inputs, "these"))
        assert found.check.mismatches == 0
        for sequence in inputs:
            told, right = (as_list(run(p, sequence)) for p in (found.program, made))
            assert [a == label for a in told] == [b == label for b in right]


@few
@given(ANY.filter(lambda made: made.when == "every"), seeds, st.integers(1, 4))
def test_a_slice_for_a_position_gives_the_same_there(made, seed, position):
    inputs = [s for s in some(made, seed) if len(s) >= position]
    if not inputs:
        with pytest.raises(PellucidError, match=f"position {position}: expected a number from 1 to 0"):
            for_position(made, position, these(made, inputs, "these"))
        return
    found = for_position(made, position, these(made, inputs, "these"))
    assert found.check.mismatches == 0
    for sequence in inputs:
        assert repr(run(found.program, sequence)[position - 1]) == repr(run(made, sequence)[position - 1])


def test_a_slice_on_all_inputs_holds_on_all_inputs():
    for made, label in ((VOTE, "x"), (VOTE, "z"), (POOLED, "yes"), (LAST, "no"), (DYCK, "F")):
        found = for_label(made, label)
        assert found.check.exhaustive
        assert found.check.mismatches == 0
        for sequence in every(made, 3):
            told, right = run(found.program, sequence), run(made, sequence)
            pairs = zip(told, right, strict=True) if isinstance(right, list) else [(told, right)]
            assert all((a == label) == (b == label) for a, b in pairs)


def test_the_slice_of_an_input_has_only_what_fired():
    assert str(for_input(DYCK, [*"(())"])).splitlines()[-4:] == [
        "token = input token",
        'step = 1 if token == "(", else -1',
        "depth = sum of step up to the query, else 0",
        'output = "T" if depth == 0, else "P"',
    ]
    assert for_input(DYCK, [*"()))"]).program["output"] == DYCK["output"]
    vote = for_input(VOTE, [*"abc"]).program["output"]
    assert [(e.variable, e.rows) for e in vote.evidence] == [("left", (("a", (5, 0, 0)),))]
    assert [a.node for a in for_input(LAST, [*"ab"]).program] == [Let(Const("no"))]


def test_the_slice_of_a_label():
    found = for_label(VOTE, "x")
    assert list(found.program.nodes) == ["token", "left", "output", "answer"]
    assert found.promise == 'says "x" exactly where the whole program does; "other" stands for all other labels'
    assert found.program.outputs[0].labels == ("x", "other")
    assert run(found.program, [*"aba"]) == ["other", "x", "other"]
    assert for_label(DYCK, "F").cut is not None  # larger than the whole
    copied = program(Column("x", whole()), ("x", Input("x")), ("output", Let(Var("x"))))
    assert for_label(copied, 3, scope=these(copied, [[3, 4]], "one")).check.mismatches == 0  # of no table: x is open
    with pytest.raises(PellucidError, match="label Q: unknown token 'Q'; known: 'F', 'P', 'T'"):
        for_label(DYCK, "Q")
    with pytest.raises(PellucidError, match=r"label 1.5: the output is numbers.*; expected an output of labels"):
        for_label(TANK, 1.5, "level")


def test_an_exact_pass_is_applied_to_what_is_left():
    def simplify(made):
        return made.map(lambda a: Let(Const("x")) if a.name == "nothing" else a.node)

    plain, seen = for_label(VOTE, "x"), []
    found = for_label(VOTE, "x", simplify=lambda made: seen.append(made) or simplify(made))
    assert seen
    assert found == plain


def test_a_slice_larger_than_the_whole_gives_the_whole():
    found = for_label(HIST, "3", scope=these(HIST, [[1, 1, 1, 2]], "one"))
    assert (found.program, found.check.mismatches) == (HIST, 0)
    assert found.cut > size_of(HIST)
    assert found.promise == "says 3 exactly where the whole program does; any other label means: not this one"
    assert (
        found.summary()[-1] == f"This is the whole program: what was cut out of it would be larger ({found.cut} parts)."
    )


def test_the_slice_of_a_position():
    first = for_position(VOTE, 1)
    assert "left" not in first.program.nodes  # nothing stands before the first token
    assert first.check.on == "all 120 inputs of up to 4 positions"
    assert for_position(VOTE, 2).check.on == "all 117 inputs of 2 to 4 positions"
    with pytest.raises(PellucidError, match="one output for the whole sequence"):
        for_position(POOLED, 1)
    for wrong in (0, 9):
        with pytest.raises(PellucidError, match=f"position {wrong}: expected a number from 1 to 4"):
            for_position(VOTE, wrong)


def test_the_slice_of_one_of_several_outputs_is_compared_with_the_whole():
    """Of numbers a slice used to be shown that nobody had compared."""
    inputs = some(TANK, 5)
    found = for_output(TANK, "state", these(TANK, inputs, "these"))
    assert (found.check.inputs, found.check.mismatches) == (len(inputs), 0)
    assert [run(found.program, s) for s in inputs] == [[row[1] for row in run(TANK, s)] for s in inputs]
    assert list(for_output(TANK, "level", these(TANK, inputs, "these")).program.nodes) == ["inflow", "before", "level"]
    random = for_label(TANK, 1, "state", scope=these(TANK, inputs, "these"))
    assert random.check.mismatches == 0
    with pytest.raises(PellucidError, match="no output 'x'; there are level, state"):
        for_output(TANK, "x")
    with pytest.raises(PellucidError, match="no output None; there are level, state"):
        for_label(TANK, 1)


def test_the_slice_of_wrong_answers():
    inputs = [[*"abc"], [*"cab"]]
    right = [run(VOTE, s) for s in inputs]
    wanted = [right[0], ["z", None, right[1][2]]]
    found = for_wrong(VOTE, these(VOTE, inputs, "data", wanted))
    assert found.check.on == "the 1 wrong input of data"
    assert run(found.program, inputs[1])[0] == right[1][0]
    assert for_wrong(VOTE, these(VOTE, inputs, "data", right)) is None
    assert for_wrong(LAST, these(LAST, [["a"], ["b"]], "data", ["no", "no"])).check.inputs == 1


def test_what_was_used_is_learned_from_the_inputs_where_the_slice_is_wrong(monkeypatch):
    monkeypatch.setattr(slices, "FIRST", 1)
    found = for_position(MIXED, 1, these(MIXED, some(MIXED, 3, 60), "these"))
    assert found.check.mismatches == 0
    monkeypatch.setattr(slices, "MOST_LEARNED", 1)
    assert for_position(MIXED, 1, these(MIXED, some(MIXED, 3, 60), "these")).check.mismatches == 0


def test_a_slice_that_breaks_its_promise_is_reported(monkeypatch):
    """The check is seen to fail, on the inputs it was cut for and on other random ones."""
    made = program(DIGITS, TOKEN, ("other", Let(Const(7))), ("output", Let(Var("token"))), longest=4)
    broken = made.map(lambda a: Let(Const(1)) if a.name == "output" else a.node).pruned()
    monkeypatch.setattr(Cut, "_smallest", lambda _: broken)
    monkeypatch.setattr(slices, "EXHAUSTIVE", 10)
    monkeypatch.setattr(slices, "SAMPLES", 50)
    found = for_position(made, 1)
    assert 0 < found.check.mismatches <= found.check.inputs
    assert found.fresh.on == f"{found.fresh.inputs} other random inputs"
    assert found.fresh.mismatches > 0
    assert "IT DOES NOT HOLD" in "\n".join(found.summary())
    assert json.dumps(found.to_json())


def test_a_slice_cut_for_random_inputs_is_checked_on_others(monkeypatch):
    monkeypatch.setattr(slices, "SAMPLES", 40)
    monkeypatch.setattr(slices, "SAMPLES_OF_WORDS", 20)
    found = for_label(WORDS, "HUM")
    assert not found.check.exhaustive
    assert found.fresh.mismatches == 0
    assert drawn(MIXED).words == f"{len(drawn(MIXED).inputs)} random inputs"
