"""The state learner: a finite machine merged from examples of few letters, for an output per step or per sequence.

A letter is what all input columns hold at a step: texts, whole numbers, or both. The state need not be in the output.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.bias import SHIFT
from pellucid.language.types import Value
from pellucid.learners.automaton.machine import Machine, merged
from pellucid.learners.automaton.recognise import Alphabet, Letter, table, tabled, terms_of
from pellucid.learners.enumerate.bank import Bank
from pellucid.learners.formulas.grid import Grid
from pellucid.learners.formulas.learner import FormulaLearner, not_obvious, of_columns
from pellucid.learners.formulas.terms import Col, Term
from pellucid.learners.formulas.work import MOST_TRAIN, Work, is_real
from pellucid.problem import Problem

MOST_LETTERS = 64
MOST_LABELS = 64
MOST_STATES = 24
MOST_NUMBERS = 6  # columns of numbers that formulas are made of
EXAMPLES = (100, 400, 1600, MOST_TRAIN)  # sequences merged, in turn
KEPT = 3


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


AUTOMATON = FormulaLearner("automaton", (machines,), not_obvious, _closed)
