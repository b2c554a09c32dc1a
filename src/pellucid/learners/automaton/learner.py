"""The state learner: a finite machine merged from examples of few letters, for an output per step or per sequence.

A letter is what all input columns hold at a step: texts, whole numbers, or both. The state need not be in the output.
The machine becomes terms: formulas for its tables where short ones fit, else what each letter does, else two tables.

For formulas, numbers are looked for such that both the next state and the output are short: all short expressions of
(state, inputs) are enumerated once on the cells (state number, letter); those that permute the numbers the way the
machine's steps do give the states their numbers; the output is then looked up among the same expressions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from pellucid.bias import SHIFT
from pellucid.language.expressions import Const
from pellucid.language.types import Value
from pellucid.learners.automaton.machine import Machine, merged
from pellucid.learners.base import Run
from pellucid.learners.enumerate.bank import Bank
from pellucid.learners.enumerate.enumeration import Enumeration, formulas, pool_of
from pellucid.learners.enumerate.pool import Pool
from pellucid.learners.formulas import kernels
from pellucid.learners.formulas.affine import weighted_sum
from pellucid.learners.formulas.grid import TEXTS, Coding, Grid
from pellucid.learners.formulas.learner import FormulaLearner, not_obvious, of_columns
from pellucid.learners.formulas.terms import Carry, Col, Op, Self, Table, Term, size
from pellucid.learners.formulas.work import MOST_TRAIN, Work, is_real
from pellucid.problem import Problem

MOST_LETTERS = 64
MOST_LABELS = 64
MOST_STATES = 24
MOST_NUMBERS = 6  # columns of numbers that formulas are made of
EXAMPLES = (100, 400, 1600, MOST_TRAIN)  # sequences merged, in turn
KEPT = 3
DEEPEST = 8  # cost of an expression
LEAST_DEEP = 5  # cost up to which all expressions are looked at
NUMBERINGS = 200  # numberings looked at
TRIED = 4  # numberings for which an output is searched by itself
COMPUTED, OUTPUT_COMPUTED = 400_000, 150_000  # expressions of cells, for the next state and for an output

SHARED = ("+", "-", "//", "%", "==", "!=", "<", "<=", "min", "max", "and", "or")

Letter = tuple[Value, ...]


def machines(work: Work, output: str) -> list[Term]:
    """The machine that is right on all data, as a carried state; none where there is none of few states."""
    bias, names = work.bias, list(work.inputs)
    if SHIFT not in bias.modes or bias.mask or not all(map(bias.readable, names)):
        return []
    inputs = [[_letter(step) for step in x] for x in work.data.inputs[:MOST_TRAIN]]
    outputs = _labels(work, output)
    number = work.coding.number
    letters = sorted({letter for x in inputs for letter in x}, key=lambda letter: tuple(map(number, letter)))
    labels = sorted({label for y in outputs for label in y if label is not None}, key=number)
    if len(letters) > MOST_LETTERS or len(labels) > MOST_LABELS:
        return []
    alphabet = _alphabet(work, letters, labels)
    places = {letter: i for i, letter in enumerate(letters)}, {label: i for i, label in enumerate(labels)}
    x = [[places[0][letter] for letter in row] for row in inputs]
    y = [[None if label is None else places[1][label] for label in row] for row in outputs]
    machine = _right(work, output, alphabet, x, y)
    if machine is None:
        return []
    if machine.states == 1:
        cases = [(letter, labels[label]) for letter, label in zip(letters, machine.out[0], strict=True)]
        return [table(alphabet.columns, cases)]
    operators = tuple(sorted(bias.operators)) if bias.units != 0 else ()
    terms = terms_of(machine, alphabet, Bank.of(bias, False), operators, work.run)
    return [term for term in terms if work.exact(term, output)][:KEPT]


def _letter(step: object) -> Letter:
    return step if isinstance(step, tuple) else (step,)  # pyright: ignore[reportReturnType]


def _labels(work: Work, output: str) -> list[list[Value]]:
    """The labels of each training sequence; 1 and 0 where the work has those in place of two texts."""
    several, i = len(work.results) > 1, list(work.results).index(output)
    yes = work.labels[output][0] if output in work.labels else None

    def label(row: object) -> Value:
        value = row[i] if several and isinstance(row, tuple) else row
        return int(value == yes) if yes is not None and value is not None else value  # pyright: ignore[reportReturnType]

    rows = work.data.outputs[:MOST_TRAIN]
    return [[label(y)] if work.last else [label(row) for row in y] for y in rows]


def _alphabet(work: Work, letters: Sequence[Letter], labels: Sequence[Value]) -> Alphabet:
    columns = tuple(Col(name) for name in work.inputs)
    coded = np.array([[work.coding.number(v) for v in letter] for letter in letters])
    inputs = {name: coded[None, :, i] for i, name in enumerate(work.inputs)}
    grid = Grid(inputs, {}, np.ones((1, len(letters)), bool), work.coding)
    numbers = work.columns()
    values = [grid.value(term) for term in numbers]
    if len(numbers) > MOST_NUMBERS or any(v is None for v in values):
        numbers, values = [], []
    stacked = np.stack([v[0] for v in values if v is not None], 1) if values else np.zeros((len(letters), 0))
    return Alphabet(columns, letters, labels, tuple(numbers), stacked, work.coding)


def _right(
    work: Work, output: str, alphabet: Alphabet, x: Sequence[list[int]], y: Sequence[list[int | None]]
) -> Machine | None:
    for count in EXAMPLES:
        machine = merged(x[:count], y[:count], len(alphabet.letters), MOST_STATES, work.last)
        if machine is None or work.run.over:
            return None
        if work.exact(tabled(machine, alphabet), output):
            return machine
        if count >= len(x):
            return None
    return None


def _closed(problem: Problem) -> str | None:
    """Why a problem has no letters, or no labels."""
    fields = (*problem.schema.inputs, *problem.schema.outputs)
    real = next((f.name for f in fields if is_real(f.type)), None)
    return of_columns(problem) or (f"column {real!r}: expected symbols or whole numbers" if real else None)


# ---------------------------------------------------------------- machines as terms


@dataclass(frozen=True, eq=False)
class Alphabet:
    """What a machine reads and writes.

    letters: values of `columns` for each symbol of the machine. labels: the output for each of its labels. numbers:
    terms that are numbers at each step, with their values for each letter [letters, terms].
    """

    columns: tuple[Term, ...]
    letters: Sequence[Letter]
    labels: Sequence[Value]
    numbers: tuple[Term, ...]
    values: np.ndarray
    coding: Coding

    def coded(self) -> np.ndarray:
        """The labels as numbers."""
        return np.array([self.coding.number(label) for label in self.labels])


def terms_of(machine: Machine, alphabet: Alphabet, bank: Bank, operators: Sequence[str], run: Run) -> list[Term]:
    """The machine as a carried state, in all ways that are found, the shortest first."""
    found = [tabled(machine, alphabet)]
    if len(alphabet.columns) == 1:
        found.append(by_letter(machine, alphabet))
    if alphabet.numbers:
        found += _recognised(Cells(machine, alphabet), bank, operators, run)
    return sorted(found, key=size)


def _recognised(cells: Cells, bank: Bank, operators: Sequence[str], run: Run) -> Iterator[Term]:
    pool, found = cells.numberings(bank, run)
    terms: list[Term] = []
    for update, states in found:
        init, step = states[0], pool.term(update)
        terms += [Carry(init, step, read) for read in _sharing(pool, update, cells.output(states), operators)]
        if (index := pool.find(cells.output(states))) is not None:
            terms.append(Carry(init, step, pool.term(index)))
    for update, states in found[:TRIED] if not terms else ():
        terms.append(cells.read(pool.term(update), states, bank, operators, run))
    yield from terms


def tabled(machine: Machine, alphabet: Alphabet) -> Term:
    """The machine as a table of (state, inputs) for the next state, and one for the output."""
    terms = (Self(), *alphabet.columns)
    cells = [(s, a) for s in range(machine.states) for a in range(len(alphabet.letters))]
    step = table(terms, [((s, *alphabet.letters[a]), machine.step[s][a]) for s, a in cells])
    return _told(machine, alphabet, step, range(machine.states))


def by_letter(machine: Machine, alphabet: Alphabet) -> Term:
    """The next state by what each letter does: leads to one state, leaves the state, or permutes the states."""
    column, groups = alphabet.columns[0], dict[tuple[int, ...], list[Value]]()
    for a, (value,) in enumerate(alphabet.letters):
        groups.setdefault(tuple(row[a] for row in machine.step), []).append(value)
    *others, (usual, _) = sorted(groups.items(), key=lambda group: len(group[1]))
    step = _moved(usual)
    for moves, values in reversed(others):
        one = Op("==", (column, Const(values[0])))
        test = one if len(values) == 1 else Table((column,), tuple(((v,), 1) for v in values))
        step = Op("where", (test, _moved(moves), step))
    return _told(machine, alphabet, step, range(machine.states))


def _moved(moves: Sequence[int]) -> Term:
    """The next state from the state alone."""
    count = len(moves)
    if len(set(moves)) == 1:
        return Const(moves[0])
    for by in range(count):
        if all(to == (s + by) % count for s, to in enumerate(moves)):
            return Op("%", (Op("+", (Self(), Const(by))), Const(count))) if by else Self()
    return table((Self(),), [((s,), to) for s, to in enumerate(moves)])


def _told(machine: Machine, alphabet: Alphabet, step: Term, states: Sequence[int]) -> Term:
    """The output of a machine with numbered states: by the state that is entered where that decides it."""
    after, entered, labels = Carry(states[0], step, step), machine.entered(), alphabet.labels
    if entered is not None:
        if [labels[label] for label in entered] == list(states):
            return after
        return table((after,), [((states[s],), labels[label]) for s, label in enumerate(entered)])
    cells = product(range(machine.states), range(len(alphabet.letters)))
    out = [((states[s], *alphabet.letters[a]), labels[machine.out[s][a]]) for s, a in cells]
    return Carry(states[0], step, table((Self(), *alphabet.columns), out))


def table(terms: Sequence[Term], cases: Sequence[tuple[tuple[Value, ...], Value]]) -> Table:
    """A table with its most usual value as the default."""
    values = [value for _, value in cases]
    default = max(dict.fromkeys(values), key=values.count)
    return Table(tuple(terms), tuple(case for case in cases if case[1] != default), default)


class Cells:
    """All pairs of a state's number and a symbol: the points on which expressions are compared with the machine."""

    def __init__(self, machine: Machine, alphabet: Alphabet) -> None:
        self.machine, self.alphabet, self.count = machine, alphabet, machine.states
        self.terms = (Self(), *alphabet.numbers)
        self.shape = (machine.states, len(alphabet.letters))
        self.keys = np.array([(s, *row) for s, row in product(range(machine.states), alphabet.values)], float)
        self.out = alphabet.coded()[np.array(machine.out)]
        self.symbolic = bool((self.out < TEXTS / 2).any())

    def numberings(self, bank: Bank, run: Run) -> tuple[Pool, list[tuple[int, tuple[int, ...]]]]:
        """Expressions for the next state (by column) with the number each state then has, short ones first."""
        wanted = np.zeros(1) if self.symbolic else self.out.ravel()
        pool = pool_of(self.terms, self.keys, wanted, self.alphabet.coding)
        for term, values, cost in sums_of(self.terms, self.keys.T):
            pool.base(term, values, cost)
        target = np.full(len(self.keys), np.nan)
        enumeration = Enumeration(pool, bank.element_wise(), target, run, run.times(COMPUTED))
        wanted, done = _profile(np.array(self.machine.step)), 0
        found: list[tuple[int, tuple[int, ...]]] = []
        while len(found) < NUMBERINGS:
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
        return pool, sorted(found, key=lambda pair: size(pool.term(pair[0])))[:NUMBERINGS]

    def output(self, states: tuple[int, ...]) -> np.ndarray:
        """The output at each cell when the machine's states have these numbers."""
        found = np.empty(self.shape)
        found[list(states)] = self.out
        return found.ravel()

    def read(self, step: Term, states: tuple[int, ...], bank: Bank, operators: Sequence[str], run: Run) -> Term:
        """The carried state with the shortest expression for the output that is found; a table where there is none."""
        values = self.output(states)
        if self.symbolic:
            return _told(self.machine, self.alphabet, step, states)
        if len(np.unique(values)) == 1:
            return Carry(states[0], step, Const(int(values[0])))
        coding = self.alphabet.coding
        found = formulas(self.terms, self.keys, values, bank, operators, coding, run, OUTPUT_COMPUTED)
        return Carry(states[0], step, found[0]) if found else _told(self.machine, self.alphabet, step, states)


def sums_of(terms: Sequence[Term], columns: np.ndarray) -> Iterator[tuple[Term, np.ndarray, int]]:
    """Sums of all the terms, the first of them (the state) also doubled or tripled, with what they cost."""
    for factor in (1, 2, 3):
        weights = (factor, *[1] * (len(terms) - 1))
        yield weighted_sum(weights, terms), np.array(weights, float) @ columns, 1 + (factor > 1)


def _sharing(pool: Pool, update: int, wanted: np.ndarray, operators: Sequence[str]) -> Iterator[Term]:
    """Expressions with the wanted values that put another operator on what the next state is worked out from."""
    parts = pool.recipes[update].of
    if len(parts) == 2:
        for name in (name for name in SHARED if name in operators):
            if (kernels.apply(name, *pool.values[list(parts)]) == wanted).all():
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


AUTOMATON = FormulaLearner("automaton", (machines,), not_obvious, _closed)
