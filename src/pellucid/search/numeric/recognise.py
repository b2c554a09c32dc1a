"""A machine's tables as formulas: numbers for its states such that both the next state and the output are short.

All short expressions of (state, inputs) are enumerated once on the cells (state number, symbol). Those that permute the
numbers the way the machine's steps do give the states their numbers; the output is then looked up among the same
expressions.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from pellucid.search.numeric import ops
from pellucid.search.numeric.affine import weighted_sum
from pellucid.search.numeric.bank import Bank
from pellucid.search.numeric.cells import formulas, pool_of
from pellucid.search.numeric.enumeration import Enumeration
from pellucid.search.numeric.machine import Machine
from pellucid.search.numeric.pool import Pool
from pellucid.search.numeric.terms import Carry, Op, Self, Table, Term, num, size

DEEPEST = 8  # cost of an expression
LEAST_DEEP = 5  # cost up to which all expressions are looked at
KEPT = 200  # numberings looked at
TRIED = 4  # numberings for which an output is searched by itself
OUTPUT_SECONDS = 0.5

SHARED = ("+", "-", "//", "%", "==", "!=", "<", "<=", "min", "max", "and", "or")

Symbol = tuple[int, ...]


def recognised(
    machine: Machine, symbols: Sequence[Symbol], labels: Sequence[int], inputs: Sequence[Term], bank: Bank,
    operators: Sequence[str], end: float,
) -> Term:  # fmt: skip
    """The machine as a carried state with formulas, or with tables where no short formula is found.

    symbols: values of `inputs` for each symbol of the machine; labels: the output for each of its labels.
    """
    best = tabled(machine, symbols, labels, inputs)
    cells = Cells(machine, symbols, labels, inputs)
    pool, found = cells.numberings(bank, end)
    terms: list[Term] = []
    for update, states in found:
        init, step = states[0], pool.term(update)
        terms += [Carry(init, step, read) for read in sharing(pool, update, cells.output(states), operators)]
        if (index := pool.find(cells.output(states))) is not None:
            terms.append(Carry(init, step, pool.term(index)))
    for update, states in found[:TRIED] if not terms else ():
        read = cells.read(states, bank, operators, end)
        terms.append(Carry(states[0], pool.term(update), read))
    return min((best, *terms), key=size)


def tabled(machine: Machine, symbols: Sequence[Symbol], labels: Sequence[int], inputs: Sequence[Term]) -> Term:
    """The machine as two tables of (state, inputs)."""
    terms = (Self(), *inputs)
    cells = [(s, a) for s in range(machine.states) for a in range(len(symbols))]
    step = table(terms, [((s, *symbols[a]), machine.step[s][a]) for s, a in cells])
    out = table(terms, [((s, *symbols[a]), labels[machine.out[s][a]]) for s, a in cells])
    return Carry(0, step, out)


def table(terms: Sequence[Term], cases: Sequence[tuple[tuple[int, ...], int]]) -> Table:
    """A table with its most usual value as the default."""
    values = [value for _, value in cases]
    default = max(sorted(set(values)), key=values.count)
    return Table(tuple(terms), tuple(case for case in cases if case[1] != default), default)


class Cells:
    """All pairs of a state's number and a symbol: the points on which expressions are compared with the machine."""

    def __init__(self, machine: Machine, symbols: Sequence[Symbol], labels: Sequence[int], inputs: Sequence[Term]):
        self.machine, self.inputs, self.count = machine, inputs, machine.states
        self.shape = (machine.states, len(symbols))
        self.keys = np.array([(s, *symbol) for s, symbol in product(range(machine.states), symbols)], float)
        self.out = np.array(labels, float)[np.array(machine.out)]

    def numberings(self, bank: Bank, end: float) -> tuple[Pool, list[tuple[int, tuple[int, ...]]]]:
        """Expressions for the next state (by column) with the number each state then has, short ones first."""
        terms = (Self(), *self.inputs)
        pool = pool_of(terms, self.keys, self.out.ravel())
        for term, values, cost in sums_of(terms, self.keys.T):
            pool.base(term, values, cost)
        enumeration = Enumeration(pool, bank.element_wise(), np.full(len(self.keys), np.nan), end)
        wanted, done = _profile(np.array(self.machine.step)), 0
        found: list[tuple[int, tuple[int, ...]]] = []
        while len(found) < KEPT:
            for index in range(done, len(pool)):
                values = pool.values[index].reshape(self.shape)
                if values.min() < 0 or values.max() > self.count - 1 or (values != np.floor(values)).any():
                    continue
                if _profile(values.astype(int)) == wanted:
                    found += [(index, states) for states in _matches(self.machine, values.astype(int))]
            done = len(pool)
            if (found and enumeration.cost >= LEAST_DEEP) or enumeration.cost >= DEEPEST or enumeration.over:
                break
            enumeration.level()
        return pool, sorted(found, key=lambda pair: size(pool.term(pair[0])))[:KEPT]

    def output(self, states: tuple[int, ...]) -> np.ndarray:
        """The output at each cell when the machine's states have these numbers."""
        found = np.empty(self.shape)
        found[list(states)] = self.out
        return found.ravel()

    def read(self, states: tuple[int, ...], bank: Bank, operators: Sequence[str], end: float) -> Term:
        """The shortest expression for the output of the machine with numbered states; a table where there is none."""
        values, terms = self.output(states), (Self(), *self.inputs)
        if len(np.unique(values)) == 1:
            return num(int(values[0]))
        found = formulas(terms, self.keys, values, bank, operators, min(end, time.monotonic() + OUTPUT_SECONDS))
        cases = [(tuple(int(v) for v in key), int(v)) for key, v in zip(self.keys, values, strict=True)]
        return found[0] if found else table(terms, cases)


def sums_of(terms: Sequence[Term], columns: np.ndarray) -> Iterator[tuple[Term, np.ndarray, int]]:
    """Sums of all the terms, the first of them (the state) also doubled or tripled, with what they cost."""
    for factor in (1, 2, 3):
        weights = (factor, *[1] * (len(terms) - 1))
        yield weighted_sum(weights, terms), np.array(weights, float) @ columns, 1 + (factor > 1)


def sharing(pool: Pool, update: int, wanted: np.ndarray, operators: Sequence[str]) -> Iterator[Term]:
    """Expressions with the wanted values that put another operator on what the next state is worked out from."""
    parts = pool.recipes[update].of
    if len(parts) == 2:
        for name in (name for name in SHARED if name in operators):
            if (ops.apply(name, *pool.values[list(parts)]) == wanted).all():
                yield Op(name, tuple(pool.term(i) for i in parts))


def _profile(step: np.ndarray) -> list[tuple[int, ...]]:
    """For each symbol how often each state is reached, most often first: the same however states are numbered."""
    counts = (step[:, :, None] == np.arange(len(step))).sum(0)
    return [tuple(row) for row in -np.sort(-counts, axis=1)]


def _matches(machine: Machine, step: np.ndarray) -> Iterator[tuple[int, ...]]:
    """Numbers of the machine's states with which it makes these steps."""
    for first in range(machine.states):
        number: dict[int, int] = {0: first}
        stack, right = [0], True
        while stack and right:
            state = stack.pop()
            for symbol, to in enumerate(machine.step[state]):
                goes = int(step[number[state], symbol])
                if to not in number:
                    number[to] = goes
                    stack.append(to)
                elif number[to] != goes:
                    right = False
                    break
        if right and len(set(number.values())) == machine.states:
            yield tuple(number[s] for s in range(machine.states))
