"""Random programs of every kind: all back ends give what the reference gives, and every value lies in its type."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from language_backends import by_reference, check, check_cells
from language_random import parts_of, random_program
from pellucid.language.aggregates import AGGREGATES
from pellucid.language.nodes import renamed
from pellucid.language.operators import OPERATORS
from pellucid.semantics import domain

SEEDS = range(240)
LONG = range(240, 252)
EXPECTED = {
    *OPERATORS, *AGGREGATES, "Input", "Let", "Delay", "Aggregate", "Vote", "Table", "Cases", "Const", "Var", "Apply",
    "any", "upto", "before", "after", "from", "window", "ties", "mask", "negated", "several keys", "ahead", "back",
    "value", "form", "position", "length", "pooled", "scaled", "state", "every", "last", "sequence", "words",
}  # fmt: skip


def inputs_of(program, seed, count=6, longest=7):
    found = domain.sample(program, count, seed, longest if program.takes_longer else program.longest)
    return found if program.when == "last" else [*found, []]


@pytest.mark.parametrize("start", range(0, len(SEEDS), 20))
def test_back_ends_agree(start):
    for seed in SEEDS[start : start + 20]:
        program = random_program(seed)
        inputs = inputs_of(program, seed)
        check(program, inputs)
        check_cells(program, inputs)


@pytest.mark.parametrize("seed", LONG)
def test_back_ends_agree_on_many_longer_sequences(seed):
    program = random_program(seed)
    inputs = inputs_of(program, seed, 40, 24)
    check(program, inputs)
    check_cells(program, inputs)


def test_everything_occurs():
    assert set().union(*(parts_of(random_program(seed)) for seed in SEEDS)) >= EXPECTED


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_back_ends_agree_on_any_program(seed, other):
    program = random_program(seed)
    check(program, inputs_of(program, other, 3))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_names_mean_nothing(seed):
    program = random_program(seed)
    names = {a.name: f"other_{a.name}" for a in program}
    assigns = tuple(type(a)(names[a.name], renamed(a.node, names)) for a in program)
    outputs = tuple(type(o)(o.name, names[o.variable], o.labels) for o in program.outputs)
    again = type(program)(program.inputs, assigns, outputs, program.when, program.longest, program.empty)
    inputs = inputs_of(program, seed, 3)
    assert repr(by_reference(program, inputs)) == repr(by_reference(again, inputs))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_pruning_keeps_the_outputs(seed):
    program = random_program(seed)
    inputs = inputs_of(program, seed, 3)
    assert repr(by_reference(program, inputs)) == repr(by_reference(program.pruned(), inputs))


def test_same_seed_same_program():
    assert random_program(5) == random_program(5)
