"""Tables as formulas: a short element-wise expression with the same value in every case of a table."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from pellucid.search.numeric.bank import Bank
from pellucid.search.numeric.closings import Closings, constants_for
from pellucid.search.numeric.enumeration import Enumeration
from pellucid.search.numeric.pool import Pool
from pellucid.search.numeric.terms import Table, Term, size

DEEPEST = 7  # cost of an expression
MOST = 30_000  # columns of cells
PAIRED = 1500  # columns that closings of two look at


def as_formula(table: Table, bank: Bank, operators: Sequence[str], seconds: float) -> Term:
    """The shortest expression found with the table's values in all its cases, the table itself if none is shorter."""
    keys = np.array([key for key, _ in table.cases], float)
    wanted = np.array([float(value) for _, value in table.cases])
    if (wanted == wanted[0]).all():
        return table
    best: Term = table
    for formula in formulas(table.terms, keys, wanted, bank, operators, time.monotonic() + seconds):
        if size(formula) < size(best):
            best = formula
    return best


def formulas(
    terms: Sequence[Term], keys: np.ndarray, wanted: np.ndarray, bank: Bank, operators: Sequence[str], end: float
) -> list[Term]:
    """Expressions over some terms that have the wanted values. keys: [cells, terms]; wanted: [cells]."""
    cells = pool_of(terms, keys, wanted)
    enumeration = Enumeration(cells, bank.element_wise(), wanted, end)
    closings = Closings(cells, wanted, operators, False, (1, len(wanted)))
    found = list(enumeration.terms())
    while not found and enumeration.cost < DEEPEST and not enumeration.over:
        new = enumeration.level()
        found += enumeration.terms()
        if not found and enumeration.cost >= 3:
            found += closings.of_two(range(min(len(cells), PAIRED)))
        if not found and len(new) == 0:
            break
    return sorted(found, key=size)


def pool_of(terms: Sequence[Term], keys: np.ndarray, wanted: np.ndarray) -> Pool:
    """A pool with the terms and constants, one point per cell."""
    shape = (1, len(keys))
    pool = Pool(shape, np.ones(shape, bool), False, MOST)
    for term, values in zip(terms, keys.T, strict=True):
        pool.base(term, values)
    for constant in constants_for(keys, wanted):
        pool.base(constant, np.full(shape, float(constant.value)))
    return pool
