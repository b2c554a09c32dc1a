"""State merging: the smallest machine of examples, and its tables as formulas."""

import time

import pytest

from pellucid.numeric import Bias
from pellucid.search.numeric.bank import Bank
from pellucid.search.numeric.grid import grid_of
from pellucid.search.numeric.machine import Machine, merged, minimised
from pellucid.search.numeric.machines import machines
from pellucid.search.numeric.recognise import recognised, tabled
from pellucid.search.numeric.terms import Carry, Col, Table
from test_numeric_linear import best, work_on

PARITY = Machine(((0, 1), (1, 0)), ((0, 1), (1, 0)))


def words(length: int) -> list[list[int]]:
    return [[(n >> i) & 1 for i in range(length)] for n in range(2**length)]


def test_merging_finds_the_machine_of_the_examples():
    inputs = words(5)
    found = merged(inputs, [PARITY.run(word) for word in inputs], 2, 8)
    assert found == PARITY
    assert found.run([1, 1, 1, 0, 1, 1, 1]) == [1, 0, 1, 1, 0, 1, 0]


def test_contradicting_examples_have_no_machine():
    assert merged([[0], [0]], [[0], [1]], 2, 8) is None


def test_too_many_states_are_given_up():
    inputs = words(8)
    outputs = [[int(w[: i + 1] == w[i::-1]) for i in range(8)] for w in inputs]
    assert merged(inputs, outputs, 2, 5) is None


def test_minimised_machines_have_no_equal_states():
    doubled = Machine(((2, 1), (3, 0), (0, 3), (1, 2)), ((0, 1), (1, 0), (0, 1), (1, 0)))
    assert minimised(doubled) == PARITY


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("mips/bit_addition", "carry(state := (((state + x1) + x2) // 2) from 0; (((state + x1) + x2) % 2))"),
        ("mips/base_4_addition", "carry(state := (((state + x1) + x2) // 4) from 0; (((state + x1) + x2) % 4))"),
        ("mips/base_7_addition", "carry(state := (((state + x1) + x2) // 7) from 0; (((state + x1) + x2) % 7))"),
        ("mips/div_3", "carry(state := (((2 * state) + x) % 3) from 0; (((2 * state) + x) // 3))"),
        ("mips/div_7", "carry(state := (((2 * state) + x) % 7) from 0; (((2 * state) + x) // 7))"),
    ],
)
def test_machines_are_written_as_formulas(name, program):
    assert best(machines(work_on(name, 1500), "y", time.monotonic() + 60)) == program


def test_a_machine_without_short_formulas_stays_a_table():
    step = ((3, 1), (4, 0), (1, 2), (0, 4), (2, 3))
    out = ((0, 1), (1, 1), (0, 0), (1, 0), (0, 1))
    machine = minimised(Machine(step, out))
    symbols, x = [(0,), (1,)], Col("x")
    empty = Bank((), ())
    term = recognised(machine, symbols, [0, 1], [x], empty, (), time.monotonic() + 5)
    assert term == tabled(machine, symbols, [0, 1], [x])
    assert isinstance(term, Carry)
    assert isinstance(term.update, Table)


def test_tables_compute_what_the_machine_does():
    series = work_on("mips/parity", 50).problem.train
    grid = grid_of(series)
    values = grid.value(tabled(PARITY, [(0,), (1,)], [0, 1], [Col("x")]))
    assert values is not None
    assert (values == grid.targets["y"]).all()


def test_unbounded_counts_and_forbidden_states_give_no_machine():
    assert machines(work_on("mips/balanced_parenthesis"), "y", time.monotonic() + 20) == []
    assert machines(work_on("mips/parity", bias=Bias.parse(modes="sum")), "y", time.monotonic() + 20) == []
