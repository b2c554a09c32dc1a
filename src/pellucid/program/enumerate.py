"""Closed forms from examples: bottom-up enumeration by size, one expression for each distinct behaviour.

Two expressions with the same value on every example are the same to us ("observational equivalence"), so only the
first, smallest one is kept and built upon (as in Udupa et al., TRANSIT, 2013). Effort is counted, not timed, so that
the same question always gets the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.program.formula import ARRAY_FUNCTIONS, Apply, Const, Expression, Operator, Var, text

LIMIT = 2**30  # values beyond are not followed up; products of two stay below 2**62
OPERATORS: tuple[Operator, ...] = ("+", "-", "*", "//", "%", "min", "max")
SYMMETRIC = ("+", "*", "min", "max")
CHUNK = 2_000_000


def expression_size(expression: Expression) -> int:
    """AST nodes of the expression's source."""
    match expression:
        case Var():
            return 2
        case Const(value):
            return 1 if value >= 0 else 3
        case Apply(op, left, right):
            return (3 if op in ("min", "max") else 2) + expression_size(left) + expression_size(right)


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
        if (found := bank.hit()) is not None:
            return found
        if (found := bank.shifted()) is not None:
            return found
    return bank.joined()


@dataclass
class _Level:
    """Expressions with the same number of leaves: what they are, their values [expression, row], their sizes."""

    made: list[Expression]
    values: np.ndarray
    sizes: np.ndarray


class _Bank:
    """Distinct expressions so far, by number of leaves."""

    def __init__(self, columns: Mapping[str, np.ndarray], target: np.ndarray) -> None:
        self.target = np.asarray(target, np.int64)
        rng = np.random.default_rng(0)
        # A linear hash: that of a sum is the sum of the hashes. Hits are compared value by value.
        self.key = rng.integers(-(2**62), 2**62, len(target)) * 2 + 1
        self.wanted = _hashes(self.target[None], self.key)[0]
        made = [*map(Var, columns), *map(Const, _constants(columns, self.target))]
        rows = [
            np.asarray(columns[e.name] if isinstance(e, Var) else np.full(len(target), e.value), np.int64) for e in made
        ]
        self.levels: list[_Level] = [_Level([], np.zeros((0, len(target)), np.int64), np.zeros(0, np.int64))]
        self.known = np.zeros(0, np.int64)
        self.spent = 0
        self._add(made, np.array(rows, np.int64).reshape(len(made), len(target)))

    def _add(self, made: list[Expression], values: np.ndarray) -> None:
        """A new level of those that behave like nothing before them, the shortest of each behaviour."""
        hashes, sizes = _hashes(values, self.key), np.array([expression_size(e) for e in made], np.int64)
        fresh = _shortest(hashes, sizes, ~np.isin(hashes, self.known))
        self.known = np.concatenate([self.known, hashes[fresh]])
        self.levels.append(_Level([made[i] for i in fresh], values[fresh], sizes[fresh]))

    def grow(self, size: int, work: int) -> bool:
        """Add the level of expressions with `size` leaves; False where that is more than the effort allows."""
        pairs = [(i, size - i) for i in range(1, size)]
        cells = sum(len(self.levels[i].made) * len(self.levels[j].made) for i, j in pairs) * len(self.target)
        if self.spent + cells * len(OPERATORS) > work:
            return False
        self.spent += cells * len(OPERATORS)
        made, values = [], []
        for i, j in pairs:
            for op in OPERATORS:
                if op in SYMMETRIC and i < j:
                    continue
                for expressions, rows in self._combined(op, self.levels[i], self.levels[j], i == j):
                    made += expressions
                    values.append(rows)
        self._add(made, np.concatenate(values) if values else np.zeros((0, len(self.target)), np.int64))
        return True

    def _combined(
        self, op: Operator, left: _Level, right: _Level, same: bool
    ) -> Iterator[tuple[Sequence[Expression], np.ndarray]]:
        """`left op right` for all pairs, each behaviour once, nothing too large."""
        step = max(1, CHUNK // max(1, len(right.made) * len(self.target)))
        for start in range(0, len(left.made), step):
            with np.errstate(over="ignore"):
                rows = ARRAY_FUNCTIONS[op](left.values[start : start + step, None], right.values[None])
            rows = rows.reshape(-1, len(self.target))
            fits = (np.abs(rows) <= LIMIT).all(1)
            if op in SYMMETRIC and same:
                a, b = np.divmod(np.arange(len(rows)), max(1, len(right.made)))
                fits &= a + start <= b
            hashes = _hashes(rows, self.key)
            sizes = (left.sizes[start : start + step, None] + right.sizes).ravel()
            keep = _shortest(hashes, sizes, fits & ~np.isin(hashes, self.known))
            made = [
                Apply(op, left.made[start + i // len(right.made)], right.made[i % len(right.made)])
                for i in keep.tolist()
            ]
            yield made, rows[keep]

    def hit(self) -> Expression | None:
        """The smallest expression of the last level that equals the target."""
        level = self.levels[-1]
        found = np.flatnonzero(_hashes(level.values, self.key) == self.wanted)
        return _smallest(level.made[i] for i in found if (level.values[i] == self.target).all())

    def shifted(self) -> Expression | None:
        """An expression of the last level that is off by a constant, whatever constant, on either side."""
        level, target = self.levels[-1], self.target
        found = []
        for i in np.flatnonzero(np.ptp(level.values + target, axis=1) == 0).tolist():
            found.append(Apply("-", Const(int(level.values[i, 0] + target[0])), level.made[i]))
        for i in np.flatnonzero(np.ptp(level.values - target, axis=1) == 0).tolist():
            gap = int(target[0] - level.values[i, 0])
            found.append(Apply("+" if gap >= 0 else "-", level.made[i], Const(abs(gap))))
        return _smallest(e for e in found if not isinstance(e.left if e.op != "-" else e.right, Const))

    def joined(self) -> Expression | None:
        """The smallest sum or difference of two known expressions that equals the target."""
        made = [e for level in self.levels for e in level.made]
        values = np.concatenate([level.values for level in self.levels])
        hashes = _hashes(values, self.key)
        order = np.argsort(hashes, kind="stable")
        found: list[Expression] = []
        with np.errstate(over="ignore"):
            searches: tuple[tuple[Operator, np.ndarray], ...]
            searches = (("+", self.wanted - hashes), ("-", hashes - self.wanted))
        for op, other in searches:
            place = np.minimum(np.searchsorted(hashes[order], other), len(order) - 1)
            for i in np.flatnonzero(hashes[order][place] == other).tolist():
                j = int(order[place[i]])
                if (ARRAY_FUNCTIONS[op](values[i], values[j]) == self.target).all():
                    found.append(Apply(op, made[i], made[j]))
        return _smallest(iter(found))


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


def _smallest(expressions: Iterator[Expression]) -> Expression | None:
    return min(expressions, key=lambda e: (expression_size(e), text(e)), default=None)
