"""Bottom-up enumeration: all terms in rising order of cost, one for each column of values (observational equivalence).

Albarghouthi, Gulwani & Kincaid (2013), "Recursive program synthesis"; Udupa et al. (2013), "TRANSIT".
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from pellucid.search.numeric import ops
from pellucid.search.numeric.bank import COMMUTES, MOST_COST, Bank
from pellucid.search.numeric.pool import Pool, Recipe, computed
from pellucid.search.numeric.terms import Term

CELLS = 400_000  # values computed in one go
CHECKED = 20_000  # pairs after which the clock is looked at


@dataclass(eq=False)
class Enumeration:
    """The columns found so far, and how to go on to the next cost.

    hits: numbers of the columns that equal the target. full_only: stop at the first level that has a hit.
    """

    pool: Pool
    bank: Bank
    target: np.ndarray
    end: float
    cost: int = 1
    hits: list[int] = field(default_factory=list)
    _by_cost: dict[int, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for index, cost in enumerate(self.pool.costs):
            self._by_cost.setdefault(cost, []).append(index)
        self._note(range(len(self.pool)))

    @property
    def over(self) -> bool:
        """Whether there is no time or room left."""
        return self.pool.full or time.monotonic() > self.end

    def level(self) -> list[int]:
        """All new columns of the next cost; their numbers."""
        self.cost += 1
        begin = len(self.pool)
        self._singles()
        self._pairs()
        if self.bank.last:
            self._last_where()
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

    def _add(self, recipes: list[Recipe], block: np.ndarray) -> None:
        added = self.pool.add(recipes, block.reshape(len(recipes), -1), self.cost)
        self._by_cost.setdefault(self.cost, []).extend(added)

    def _singles(self) -> None:
        groups: dict[tuple[str, str, int | None], list[Recipe]] = {}
        for below in range(max(1, self.cost - MOST_COST), self.cost):
            for index in self._by_cost.get(below, ()):
                for recipe, cost in self.bank.singles(self.pool, index):
                    if below + cost == self.cost:
                        groups.setdefault((recipe.kind, recipe.name, recipe.amount), []).append(recipe)
        for recipes in groups.values():
            for part in _chunks(recipes, self._rows()):
                if self.over:
                    return
                block = self.pool.blocks([r.of[0] for r in part])
                kind = part[0]
                values = ops.apply(kind.name, block) if kind.kind == "op" else computed(kind, block)
                self._add(part, values)

    def _pairs(self) -> None:
        for left_cost in range(1, self.cost - 1):
            left, right = self._by_cost.get(left_cost, []), self._by_cost.get(self.cost - 1 - left_cost, [])
            if not left or not right:
                continue
            for name in self.bank.binary:
                self._on_pairs(name, left, right, left_cost * 2 > self.cost - 1)

    def _on_pairs(self, name: str, left: list[int], right: list[int], mirrored: bool) -> None:
        if name in COMMUTES and mirrored and not self._has_constants(right):
            return
        rows = self._rows()
        step = max(1, CHECKED // max(len(right), 1))
        for begin in range(0, len(left), step):
            a, b = self.bank.fits(self.pool, name, left[begin : begin + step], right)
            for at in range(0, len(a), rows):
                if self.over:
                    return
                i, j = a[at : at + rows], b[at : at + rows]
                values = ops.apply(name, self.pool.values[i], self.pool.values[j])
                pairs = zip(i.tolist(), j.tolist(), strict=True)
                self._add([Recipe("op", pair, name) for pair in pairs], values)

    def _has_constants(self, numbers: Sequence[int]) -> bool:
        return any(self.pool.constant(i) is not None for i in numbers)

    def _last_where(self) -> None:
        for cost in range(1, self.cost - 1):
            values = [i for i in self._by_cost.get(cost, ()) if self.pool.constant(i) is None]
            for flag in self._by_cost.get(self.cost - 1 - cost, ()):
                if not self.pool.flags[flag] or self.pool.constant(flag) is not None:
                    continue
                for part in _chunks(values, self._rows()):
                    if self.over:
                        return
                    block, where = self.pool.blocks(part), self.pool.blocks([flag])
                    for reach in (0, 1):
                        found = ops.last_where(block, np.broadcast_to(where, block.shape), reach)
                        self._add([Recipe("last", (i, flag), amount=reach) for i in part], found)

    def _rows(self) -> int:
        return max(1, CELLS // self.pool.values.shape[1])

    def terms(self) -> Iterator[Term]:
        """Terms of the hits so far."""
        return (self.pool.term(i) for i in self.hits)


def _chunks(items: Sequence, count: int) -> Iterator[list]:
    return (list(items[i : i + count]) for i in range(0, len(items), count))
