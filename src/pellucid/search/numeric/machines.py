"""The state learner: a finite machine merged from examples of few symbols, then written as formulas where they fit."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from pellucid.search.numeric.bank import Bank
from pellucid.search.numeric.grid import Grid
from pellucid.search.numeric.machine import Machine, merged
from pellucid.search.numeric.recognise import Symbol, recognised, tabled
from pellucid.search.numeric.terms import Term
from pellucid.search.numeric.work import Answer, Work

MOST_SYMBOLS = 64
MOST_LABELS = 64
MOST_STATES = 24
EXAMPLES = (100, 400, 1600)  # sequences merged, in turn


def machines(work: Work, output: str, end: float) -> list[Answer]:
    """The machine that is right on all data, as a carried state; none where there is none of few states."""
    began = time.monotonic()
    inputs = work.columns()
    names = work.problem.train.input_names
    if not work.whole or work.problem.train.last or "shift" not in work.bias.modes or len(inputs) < len(names):
        return []
    if work.bias.mask or not inputs:
        return []
    codes = coded(work.train, inputs, output)
    if codes is None:
        return []
    symbols, labels, x, y = codes
    machine = _right(work, inputs, output, symbols, labels, x, y, end)
    if machine is None or machine.states == 1:
        return []
    operators = tuple(sorted(work.bias.operators)) if work.bias.units != 0 else ()
    term = recognised(machine, symbols, labels, inputs, Bank.of(work.bias, False), operators, end)
    if not work.exact(term, output):
        return []
    return [Answer("machine", term, time.monotonic() - began)]


def coded(
    grid: Grid, inputs: Sequence[Term], output: str
) -> tuple[list[Symbol], list[int], np.ndarray, np.ndarray] | None:
    """Symbols (values of the inputs), labels, and the sequences as numbers of both; None where there are too many."""
    columns = np.stack([v for t in inputs if (v := grid.value(t)) is not None])
    flat = columns.reshape(len(columns), -1)[:, grid.points].T
    symbols, x = np.unique(flat, axis=0, return_inverse=True)
    labels, y = np.unique(grid.target(output), return_inverse=True)
    if len(symbols) > MOST_SYMBOLS or len(labels) > MOST_LABELS:
        return None
    full = [np.full(grid.shape, -1).ravel() for _ in range(2)]
    for whole, part in zip(full, (x, y), strict=True):
        whole[grid.points] = part.ravel()
    known = [tuple(int(v) for v in row) for row in symbols]
    return known, [int(v) for v in labels], full[0].reshape(grid.shape), full[1].reshape(grid.shape)


def _right(
    work: Work, inputs: Sequence[Term], output: str, symbols: list[Symbol], labels: list[int], x: np.ndarray,
    y: np.ndarray, end: float,
) -> Machine | None:  # fmt: skip
    for count in EXAMPLES:
        rows = [[int(v) for v in column if v >= 0] for column in x.T[:count]]
        wanted = [[int(v) for v in column if v >= 0] for column in y.T[:count]]
        machine = merged(rows, wanted, len(symbols), MOST_STATES)
        if machine is None or time.monotonic() > end:
            return None
        if work.exact(tabled(machine, symbols, labels, inputs), output):
            return machine
    return None
