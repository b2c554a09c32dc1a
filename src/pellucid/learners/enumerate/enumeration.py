"""Bottom-up enumeration: all terms in rising order of cost, one for each column of values (observational equivalence).

Albarghouthi, Gulwani & Kincaid (2013), "Recursive program synthesis"; Udupa et al. (2013), "TRANSIT".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from pellucid.language.operators import Operator
from pellucid.learners.base import Run
from pellucid.learners.enumerate.bank import Bank, cost_of
from pellucid.learners.enumerate.closings import Closings, constants_for
from pellucid.learners.enumerate.pool import ONE, TWO, Pool, Recipe, computed
from pellucid.learners.formulas import kernels
from pellucid.learners.formulas.grid import TEXTS, Coding, combined
from pellucid.learners.formulas.terms import Op, Over, Shift, Table, Term, size

CELLS = 400_000  # values computed in one go
PAIRS = 20_000  # looked at in one go
EXTREMES = 4  # most that a value where another is largest may cost
DEEPEST_TABLE = 7  # cost of an expression for a table
MOST_CELLS = 30_000  # columns of cells
PAIRED = 1500  # columns that closings of two look at


@dataclass(eq=False)
class Enumeration:
    """The columns found so far, and how to go on to the next cost.

    left: columns that may still be computed. hits: numbers of the columns that equal the target.
    """

    pool: Pool
    bank: Bank
    target: np.ndarray
    run: Run
    left: int
    cost: int = 1
    hits: list[int] = field(default_factory=list)
    _by_cost: dict[int, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for index, cost in enumerate(self.pool.costs):
            self._by_cost.setdefault(cost, []).append(index)
        self._note(range(len(self.pool)))

    @property
    def over(self) -> bool:
        """Whether there is no effort, time or room left."""
        return self.pool.full or self.left <= 0 or self.run.over

    def level(self) -> list[int]:
        """All new columns of the next cost; their numbers."""
        self.cost += 1
        begin = len(self.pool)
        self._singles()
        self._pairs()
        if self.bank.last:
            self._last_where()
        if self.cost <= EXTREMES:
            self._extremes()
        new = list(range(begin, len(self.pool)))
        self._note(new)
        return new

    def _note(self, numbers: Sequence[int]) -> None:
        if len(numbers):
            points = self.pool.points
            rows = self.pool.values[list(numbers)][:, points]
            wanted = self.target[points]
            if self.pool.real:
                same = np.abs(rows - wanted).max(1) <= 1e-9 * max(float(np.abs(wanted).max()), 1e-300)
            else:
                same = (rows == wanted).all(1)
            self.hits += [n for n, hit in zip(numbers, same, strict=True) if hit]

    def _added(self, recipe: Callable[[int], Recipe], block: np.ndarray) -> None:
        rows = block.reshape(-1, self.pool.values.shape[1])
        self.left -= len(rows)
        self._by_cost.setdefault(self.cost, []).extend(self.pool.add(recipe, rows, self.cost))

    def _singles(self) -> None:
        for piece, cost in self.bank.pieces:
            of = self.bank.usable(self.pool, piece, self._by_cost.get(self.cost - cost, ()))
            for symbols in (False, True):
                for part in _chunks(of[self.pool.symbols[of] == symbols], self._rows()):
                    if self.over:
                        return
                    made = replace(piece, default=None) if symbols and isinstance(piece, Shift) else piece
                    values = computed(made, self.pool.blocks(part), self.pool.coding)
                    self._added(lambda n, made=made, part=part: Recipe(made, (int(part[n]),)), values)

    def _pairs(self) -> None:
        for row in self.bank.binary:
            rest = self.cost - cost_of(row)
            for left_cost in range(1, rest):
                left, right = self._by_cost.get(left_cost, []), self._by_cost.get(rest - left_cost, [])
                if left and right:
                    self._on_pairs(row, left, right, left_cost * 2 > rest)

    def _on_pairs(self, row: Operator, left: list[int], right: list[int], mirrored: bool) -> None:
        if row.symmetric and mirrored and not any(self.pool.constant(i) for i in right):
            return
        step, piece = max(1, PAIRS // max(len(right), 1)), Op(row.name, (ONE, TWO))
        for begin in range(0, len(left), step):
            a, b = self.bank.fits(self.pool, row, left[begin : begin + step], right)
            for at in range(0, len(a), self._rows()):
                if self.over:
                    return
                i, j = a[at : at + self._rows()], b[at : at + self._rows()]
                values = kernels.apply(row.name, self.pool.values[i], self.pool.values[j])
                self._added(lambda n, i=i, j=j: Recipe(piece, (int(i[n]), int(j[n]))), values)

    def _last_where(self) -> None:
        pool = self.pool
        for cost in range(1, self.cost - 1):
            values = np.array([i for i in self._by_cost.get(cost, ()) if not pool.constant(i)], int)
            for flag in self._by_cost.get(self.cost - 1 - cost, ()):
                if not pool.flags[flag] or pool.constant(flag):
                    continue
                for symbols in (False, True):
                    for part in _chunks(values[pool.symbols[values] == symbols], self._rows()):
                        if self.over:
                            return
                        self._last_of(part, flag, None if symbols else 0)

    def _last_of(self, part: np.ndarray, flag: int, default: int | None) -> None:
        block, where = self.pool.blocks(part), self.pool.blocks([flag])
        for before in (False, True):
            piece = Over("last", ONE, where=TWO, before=before, default=default)
            found = combined(piece, [block, np.broadcast_to(where, block.shape)], self.pool.coding)
            self._added(lambda n, piece=piece: Recipe(piece, (int(part[n]), flag)), found)

    def _extremes(self) -> None:
        """Values where another column is largest or smallest so far."""
        pool = self.pool
        for cost in range(1, self.cost - 1):
            values = np.array([i for i in self._by_cost.get(cost, ()) if not pool.constant(i)], int)
            keys = [i for i in self._by_cost.get(self.cost - 1 - cost, ()) if not (pool.flags[i] or pool.symbols[i])]
            for key, piece in product(keys, [Over(how, ONE, by=TWO) for how in self.bank.extremes]):
                for part in _chunks(values[~pool.symbols[values] & (values != key)], self._rows()):
                    if self.over or pool.constant(key):
                        break
                    block, by = pool.blocks(part), pool.blocks([key])
                    found = combined(piece, [block, np.broadcast_to(by, block.shape)], pool.coding)
                    self._added(lambda n, piece=piece, part=part, key=key: Recipe(piece, (int(part[n]), key)), found)

    def _rows(self) -> int:
        return max(1, CELLS // self.pool.values.shape[1])

    def terms(self) -> Iterator[Term]:
        """Terms of the hits so far."""
        return (self.pool.term(i) for i in self.hits)


def _chunks(numbers: np.ndarray, count: int) -> Iterator[np.ndarray]:
    return (numbers[i : i + count] for i in range(0, len(numbers), count))


# ---------------------------------------------------------------- tables as formulas


def as_formula(table: Table, bank: Bank, operators: Sequence[str], coding: Coding, run: Run, most: int) -> Term:
    """The shortest expression found with the table's values in all its cases, the table itself if none is shorter.

    most: columns computed.
    """
    keys = np.array([[coding.number(v) for v in key] for key, _ in table.cases])
    wanted = np.array([coding.number(value) for _, value in table.cases])
    best: Term = table
    if (wanted == wanted[0]).all() or (keys < TEXTS / 2).any() or (wanted < TEXTS / 2).any():
        return best
    for formula in formulas(table.args, keys, wanted, bank, operators, coding, run, most):
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
    while not found and enumeration.cost < DEEPEST_TABLE and not enumeration.over:
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
    pool = Pool(np.ones(shape, bool), coding, False, MOST_CELLS)
    for term, values in zip(terms, keys.T, strict=True):
        pool.base(term, values)
    for constant in constants_for(keys, wanted):
        pool.base(constant, np.full(shape, coding.number(constant.value)))
    return pool
