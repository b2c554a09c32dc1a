"""Tables as formulas: a short element-wise expression with the same value in every case of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.learners.base import Run
from pellucid.learners.enumerate.bank import Bank
from pellucid.learners.enumerate.closings import Closings, constants_for
from pellucid.learners.enumerate.enumeration import Enumeration
from pellucid.learners.enumerate.pool import Pool
from pellucid.learners.formulas.grid import TEXTS, Coding
from pellucid.learners.formulas.terms import Table, Term, size

DEEPEST = 7  # cost of an expression
MOST = 30_000  # columns of cells
PAIRED = 1500  # columns that closings of two look at


def as_formula(table: Table, bank: Bank, operators: Sequence[str], coding: Coding, run: Run, most: int) -> Term:
    """The shortest expression found with the table's values in all its cases, the table itself if none is shorter.

    most: columns computed.
    """
    keys = np.array([[coding.number(v) for v in key] for key, _ in table.cases])
    wanted = np.array([coding.number(value) for _, value in table.cases])
    best: Term = table
    if (wanted == wanted[0]).all() or (keys < TEXTS / 2).any() or (wanted < TEXTS / 2).any():
        return best
    for formula in formulas(table.terms, keys, wanted, bank, operators, coding, run, most):
        if size(formula) < size(best):
            best = formula
    return best


def formulas(
    terms: Sequence[Term], keys: np.ndarray, wanted: np.ndarray, bank: Bank, operators: Sequence[str], coding: Coding,
    run: Run, most: int,
) -> list[Term]:  # fmt: skip
    """Expressions over some terms that have the wanted values. keys: [cells, terms]; wanted: [cells]."""
    cells = pool_of(terms, keys, wanted, coding)
    enumeration = Enumeration(cells, bank.element_wise(), wanted, run, run.times(most))
    closings = Closings(cells, wanted, operators)
    found = list(enumeration.terms())
    while not found and enumeration.cost < DEEPEST and not enumeration.over:
        new = enumeration.level()
        found += enumeration.terms()
        if not found and enumeration.cost >= 3:
            found += closings.of_two(range(min(len(cells), PAIRED)))
        if not found and len(new) == 0:
            break
    return sorted(found, key=size)


def pool_of(terms: Sequence[Term], keys: np.ndarray, wanted: np.ndarray, coding: Coding) -> Pool:
    """A pool with the terms and constants, one point per cell."""
    shape = (1, len(keys))
    pool = Pool(np.ones(shape, bool), coding, False, MOST)
    for term, values in zip(terms, keys.T, strict=True):
        pool.base(term, values)
    for constant in constants_for(keys, wanted):
        pool.base(constant, np.full(shape, coding.number(constant.value)))
    return pool
