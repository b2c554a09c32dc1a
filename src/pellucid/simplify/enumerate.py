"""Closed forms from examples: bottom-up enumeration by size, one expression for each distinct behaviour.

Two expressions with the same value on every example are the same to us ("observational equivalence"), so only the
first, smallest one is kept and built upon (as in Udupa et al., TRANSIT, 2013). Effort is counted, not timed, so that
the same question always gets the same answer. Operators come from the table: those that are searched, have a meaning on
arrays, and give whole numbers for whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from pellucid.language.expressions import Apply, Const, Expression, Var
from pellucid.language.operators import OPERATORS, Operator, result_type
from pellucid.language.types import whole
from pellucid.simplify.rewrite import expression_size, operator_size

LIMIT = 2**30  # values beyond are not followed up; products of two stay below 2**62
CHUNK = 300_000
UNARY = 2  # leaves up to which operators of one argument are tried


def smallest_formula(
    columns: Mapping[str, np.ndarray], target: np.ndarray, leaves: int = 3, work: int = 20_000_000
) -> Expression | None:
    """The smallest expression over the columns that equals the target on every row; None where none was found.

    Args:
        columns: int64 [rows] by variable.
        target: int64 [rows].
        leaves: variables and constants in an expression that are tried exhaustively, effort permitting; sums and
            differences of two such are tried as well.
        work: cells (expression x row) to compute at most.
    """
    if len(target) == 0 or any(np.abs(column).max() > LIMIT for column in (*columns.values(), target)):
        return None
    bank = _Bank(columns, target)
    for size in range(1, leaves + 1):
        if size > 1 and not bank.grow(size, work):
            return bank.joined()
        if (found := bank.hit() or bank.shifted()) is not None:
            return found
    return bank.joined()


@cache
def searched(count: int, flags: bool) -> tuple[Operator, ...]:
    """Operators of `count` arguments to try: those of whole numbers, with or without those that give 0 or 1."""
    return tuple(row for row in OPERATORS.values() if row.searched and row.batch and _gives_whole(row, count, flags))


def _gives_whole(row: Operator, count: int, flags: bool) -> bool:
    if count < row.arity[0] or (row.arity[1] is not None and count > row.arity[1]):
        return False
    try:
        t = result_type(row.name, [whole()] * count)
    except TypeError:
        return False
    return t.is_whole and (flags or not t.is_flag)


@dataclass(frozen=True)
class _Part:
    """Expressions that are not written yet: `make` writes one, by its place; values [expression, row]; sizes."""

    make: Callable[[int], Expression]
    values: np.ndarray
    sizes: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    def only(self, places: np.ndarray) -> _Part:
        """Those at some places."""
        return _Part(lambda i: self.make(int(places[i])), self.values[places], self.sizes[places])


def _together(parts: Sequence[_Part]) -> _Part:
    ends = np.cumsum([len(part) for part in parts])

    def make(i: int) -> Expression:
        n = int(np.searchsorted(ends, i, side="right"))
        return parts[n].make(i - int(ends[n]) + len(parts[n]))

    return _Part(make, np.concatenate([p.values for p in parts]), np.concatenate([p.sizes for p in parts]))


class _Bank:
    """Distinct expressions so far, by number of leaves."""

    def __init__(self, columns: Mapping[str, np.ndarray], target: np.ndarray) -> None:
        self.target = np.asarray(target, np.int64)
        self.flags = bool(np.isin(self.target, (0, 1)).all())
        rng = np.random.default_rng(0)
        # A linear hash: that of a sum is the sum of the hashes. Hits are compared value by value.
        self.key = rng.integers(-(2**62), 2**62, len(target)) * 2 + 1
        self.wanted = _hashes(self.target[None], self.key)[0]
        constants = _constants(columns, self.target)
        made: list[Expression] = [*map(Var, columns), *map(Const, constants)]
        rows = [*columns.values(), *(np.full(len(target), value) for value in constants)]
        leaves = _Part(made.__getitem__, np.array(rows, np.int64), np.array([expression_size(e) for e in made]))
        self.known = np.zeros(0, np.int64)
        self.spent = 0
        self.levels = [leaves.only(np.zeros(0, np.int64))]
        self._add(leaves)

    def _add(self, part: _Part) -> None:
        """A new level of those that behave like nothing before them, the shortest of each behaviour."""
        level = self._fresh(part)
        self.known = np.concatenate([self.known, _hashes(level.values, self.key)])
        self.levels.append(level)

    def _fresh(self, part: _Part) -> _Part:
        hashes = _hashes(part.values, self.key)
        allowed = (np.abs(part.values) <= LIMIT).all(1) & ~np.isin(hashes, self.known)
        return part.only(_shortest(hashes, part.sizes, allowed))

    def grow(self, size: int, work: int) -> bool:
        """Add the level of expressions with `size` leaves; False where that is more than the effort allows."""
        operators = searched(2, self.flags)
        pairs = [(self.levels[i], self.levels[size - i]) for i in range(1, size)]
        cells = sum(len(a) * len(b) for a, b in pairs) * len(self.target) * len(operators)
        if self.spent + cells > work:
            return False
        self.spent += cells
        parts = [part for a, b in pairs for row in operators for part in self._combined(row, a, b)]
        plain = self._fresh(_together([self.levels[0], *parts]))
        unary = searched(1, self.flags) if size <= UNARY else ()
        self._add(_together([plain, *(part for row in unary for part in self._changed(row, plain))]))
        return True

    def _combined(self, row: Operator, left: _Part, right: _Part) -> Iterator[_Part]:
        """`left op right` for all pairs, each behaviour once, nothing too large."""
        many = max(1, len(right))
        step = max(1, CHUNK // (many * len(self.target)))
        for start in range(0, len(left), step):
            rows = _computed(row, left.values[start : start + step, None], right.values[None])
            if rows is not None:
                sizes = operator_size(row.name, 2) + (left.sizes[start : start + step, None] + right.sizes).ravel()

                def make(i: int, start: int = start) -> Expression:
                    return Apply(row.name, (left.make(start + i // many), right.make(i % many)))

                yield self._fresh(_Part(make, rows.reshape(-1, len(self.target)), sizes))

    def _changed(self, row: Operator, part: _Part) -> Iterator[_Part]:
        """An operator of one argument on each."""
        rows = _computed(row, part.values)
        if rows is not None:
            sizes = part.sizes + operator_size(row.name, 1)
            yield self._fresh(_Part(lambda i: Apply(row.name, (part.make(i),)), rows, sizes))

    def hit(self) -> Expression | None:
        """The smallest expression of the last level that equals the target."""
        level = self.levels[-1]
        found = np.flatnonzero(_hashes(level.values, self.key) == self.wanted)
        return _smallest(level.make(i) for i in found.tolist() if (level.values[i] == self.target).all())

    def shifted(self) -> Expression | None:
        """An expression of the last level that is off by a constant, whatever constant, on either side."""
        level, target = self.levels[-1], self.target
        found = []
        for i in np.flatnonzero(np.ptp(level.values + target, axis=1) == 0).tolist():
            of = level.make(i)
            found.append((of, Apply("-", (Const(int(level.values[i, 0] + target[0])), of))))
        for i in np.flatnonzero(np.ptp(level.values - target, axis=1) == 0).tolist():
            gap, of = int(target[0] - level.values[i, 0]), level.make(i)
            found.append((of, Apply("+" if gap >= 0 else "-", (of, Const(abs(gap))))))
        return _smallest(e for of, e in found if not isinstance(of, Const))

    def joined(self) -> Expression | None:
        """The smallest sum or difference of two known expressions that equals the target."""
        every = _together(self.levels)
        values, hashes = every.values, _hashes(every.values, self.key)
        order = np.argsort(hashes, kind="stable")
        found: list[Expression] = []
        with np.errstate(over="ignore"):
            searches = (("+", self.wanted - hashes, np.add), ("-", hashes - self.wanted, np.subtract))
        for name, other, compute in searches:
            place = np.minimum(np.searchsorted(hashes[order], other), len(order) - 1)
            for i in np.flatnonzero(hashes[order][place] == other).tolist():
                j = int(order[place[i]])
                if (compute(values[i], values[j]) == self.target).all():
                    found.append(Apply(name, (every.make(i), every.make(j))))
        return _smallest(found)


def _computed(row: Operator, *values: np.ndarray) -> np.ndarray | None:
    """Whole numbers, or None where the operator gives others."""
    batch: Callable[..., np.ndarray | None] | None = row.batch
    with np.errstate(over="ignore"):
        rows = None if batch is None else batch(*values)
    return rows if rows is not None and rows.dtype == np.int64 else None


def _constants(columns: Mapping[str, np.ndarray], target: np.ndarray) -> list[int]:
    """Small numbers, and the ends of every column and of the target."""
    ends = [int(end) for column in (*columns.values(), target) for end in (np.min(column), np.max(column))]
    return list(dict.fromkeys([1, 2, 3, 0, *sorted((e for e in ends if abs(e) < LIMIT), key=lambda e: (abs(e), e))]))


def _shortest(hashes: np.ndarray, sizes: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Indices of the shortest one of each hash, the first at a tie, in order."""
    ranked = np.flatnonzero(allowed)
    ranked = ranked[np.argsort(sizes[ranked], kind="stable")]
    _, first = np.unique(hashes[ranked], return_index=True)
    return np.sort(ranked[first])


def _hashes(values: np.ndarray, key: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return (values * key).sum(1)


def _smallest(expressions: Iterable[Expression]) -> Expression | None:
    return min(expressions, key=lambda e: (expression_size(e), repr(e)), default=None)
