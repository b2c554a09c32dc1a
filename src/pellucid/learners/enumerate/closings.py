"""Closed-form last steps of an enumeration: the target as one more operator, weighted sum or table of known columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from pellucid.language.expressions import Const
from pellucid.learners.enumerate.pool import ONE, TWO, Pool, made
from pellucid.learners.formulas import kernels
from pellucid.learners.formulas.affine import least_squares, plain, snapped, thresholds, weighted_sum
from pellucid.learners.formulas.grid import TEXTS
from pellucid.learners.formulas.terms import Op, Over, Pos, Shift, Table, Term

CELLS = 400_000  # compared in one go
PROBES = 24  # points on which pairs are compared first
MOST_PAIRS = 9_000_000
MOST_FLAGS = 4000  # that may be part of a conjunction
STARTS = 30
MOST_TOGETHER = 4  # flags of a conjunction found greedily
MOST_CASES = 40  # of a table
LEAST_SEEN = 2  # points a case of a table must rest on
NEAR = 1e-9


class Closings:
    """Ways to the target from the columns of a pool. target: [points of the pool], all steps."""

    def __init__(self, pool: Pool, target: np.ndarray, operators: Sequence[str]) -> None:
        self.pool, self.operators = pool, operators
        self.points = pool.points
        self.wanted = target[self.points]
        self.steps = target.reshape(pool.shape)
        self.flag = bool(np.isin(self.wanted, (0, 1)).all())
        self.symbolic = bool((self.wanted < TEXTS / 2).any())
        self.whole = not pool.real
        rng = np.random.default_rng(len(self.wanted))
        self.probes = self._spread_points(rng)

    def _spread_points(self, rng: np.random.Generator) -> np.ndarray:
        """Points at which the target has as many different values as possible."""
        order = rng.permutation(len(self.wanted))
        _, rank = np.unique(self.wanted[order], return_index=True)
        first = order[rank][: PROBES // 2]
        return self.points[np.unique(np.concatenate([first, order[: PROBES - len(first)]]))]

    def _numbers(self, numbers: Sequence[int]) -> list[int]:
        """Those of some columns that are numbers and vary."""
        pool = self.pool
        return [i for i in numbers if not pool.symbols[i] and not pool.constant(i)]

    def of_one(self, numbers: Sequence[int]) -> Iterator[Term]:
        """The target from one of these columns: itself, a multiple plus a constant, a threshold, a table."""
        rows = self.pool.values[list(numbers)][:, self.points]
        yield from (self.pool.term(numbers[i]) for i in self._equal(rows).tolist())
        yield from self._tables(numbers, rows)
        numbers = self._numbers(numbers)
        if self.symbolic or not numbers:
            return
        yield from self._streaks(numbers)
        if "-" in self.operators:
            yield from self._changes(numbers)
        rows = self.pool.values[numbers][:, self.points]
        yield from self._affine(numbers, rows)
        if self.flag and {"<", ">"} <= set(self.operators):
            for i, name, value in thresholds(rows, self.wanted):
                yield Op(name, (self.pool.term(numbers[i]), Const(plain(value))))

    def _equal(self, rows: np.ndarray) -> np.ndarray:
        return np.flatnonzero(self._near(rows, self.wanted).all(1))

    def _changes(self, numbers: Sequence[int]) -> Iterator[Term]:
        """Columns by whose change from step to step the target is."""
        blocks, scored = self.pool.blocks(numbers), np.zeros(self.steps.size, bool)
        scored[self.points] = True
        scale = max(1.0, float(np.abs(self.wanted).max()))
        near = np.abs(blocks[:, 1:] - blocks[:, :-1] - self.steps[1:]) <= NEAR * scale
        for i in np.flatnonzero((near | ~scored.reshape(self.steps.shape)[1:]).all((1, 2))).tolist():
            term = self.pool.term(numbers[i])
            yield from (Op("-", (term, Shift(term, 1, same=same))) for same in (False, True))

    def _streaks(self, numbers: Sequence[int]) -> Iterator[Term]:
        """How many steps in a row up to this one a flag is set, where the target may be that."""
        flags = [i for i in numbers if self.pool.flags[i]]
        counts = np.unique(self.wanted)  # of a streak: all from 0 or 1 to the longest; nothing else is to be checked
        if self.flag or not flags or not {"-", "not"} <= set(self.operators):
            return
        if counts[0] < 0 or not np.array_equal(counts, np.arange(counts[0], counts[0] + len(counts))):
            return
        step = Pos(0)
        for i in np.flatnonzero((self.pool.values[flags][:, self.points] == (self.wanted > 0)).all(1)).tolist():
            off = Op("not", (self.pool.term(flags[i]),))
            yield Op("-", (step, Over("last", step, where=off, default=-1)))

    def _affine(self, numbers: Sequence[int], rows: np.ndarray) -> Iterator[Term]:
        wanted = self.wanted - self.wanted.mean()
        spread = np.linalg.norm(wanted)
        if not spread:
            return
        centred = rows - rows.mean(1, keepdims=True)
        norms = np.linalg.norm(centred, axis=1)
        close = np.abs(centred @ wanted) >= (1 - NEAR) * norms * spread
        for i in np.flatnonzero(close & (norms > 0)).tolist():
            yield self._weighted([numbers[i]])

    def _weighted(self, numbers: Sequence[int]) -> Term:
        columns = self.pool.values[list(numbers)][:, self.points].T
        weights, constant, _ = least_squares(columns, self.wanted)
        values = [snapped(float(w), tolerance=1e-7) for w in (*weights, constant)]
        return weighted_sum(values[:-1], [self.pool.term(i) for i in numbers], values[-1])

    def _tables(self, numbers: Sequence[int], rows: np.ndarray) -> Iterator[Term]:
        """Columns of few values each of which goes with one value of the target."""
        if self.pool.real:
            return
        narrow = np.flatnonzero(np.ptp(rows, axis=1) < 4 * MOST_CASES)
        for begin in range(0, len(narrow), 2000):
            part = narrow[begin : begin + 2000]
            for i in part[self._may_decide(np.asarray(numbers)[part])].tolist():
                if not self.pool.constant(numbers[i]) and (table := self._table(numbers[i], rows[i][:, None])):
                    yield table

    def _may_decide(self, numbers: np.ndarray) -> np.ndarray:
        """Whether no two of the probes have the same value in a column and different targets."""
        rows, wanted = self.pool.values[numbers][:, self.probes], self.wanted_at(self.probes)
        differ = np.argwhere(np.triu(wanted[:, None] != wanted[None, :]))
        return (rows[:, differ[:, 0]] != rows[:, differ[:, 1]]).all(1)

    def _table(self, number: int, keys: np.ndarray) -> Table | None:
        seen, where, count = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
        if len(seen) > MOST_CASES or np.median(count) < LEAST_SEEN:
            return None
        where = where.ravel()
        value = np.empty(len(seen))
        value[where] = self.wanted
        if not (value[where] == self.wanted).all():
            return None
        told = self.pool.coding.value
        cases = tuple((tuple(map(told, key)), told(v)) for key, v in zip(seen.tolist(), value.tolist(), strict=True))
        return Table((self.pool.term(number),), cases, None if self.symbolic else 0)

    # ------------------------------------------------------------ two columns

    def of_two(self, numbers: Sequence[int]) -> Iterator[Term]:
        """The target as an operator on two of these columns, or their weighted sum."""
        numbers = list(numbers)[: int(MOST_PAIRS**0.5)]
        if self.symbolic:
            return
        yield from self._operators(numbers)
        if not self.flag:
            yield from self._sums(self._numbers(numbers))

    def logical(self, numbers: Sequence[int]) -> Iterator[Term]:
        """The target as the conjunction or disjunction of two of these columns."""
        if not self.flag:
            return
        flags = [i for i in numbers if self.pool.flags[i] and not self.pool.constant(i)]
        if not flags:
            return
        rows, wanted = self.pool.values[flags][:, self.points] != 0, self.wanted != 0
        for name, good, other in (
            ("and", rows[:, wanted].all(1), ~rows[:, ~wanted]),
            ("or", ~rows[:, ~wanted].any(1), rows[:, wanted]),
        ):
            if name in self.operators:
                among = np.flatnonzero(good)[:MOST_FLAGS]
                pairs = list(_covering(other[among], among))
                yield from (self._op(name, flags[a], flags[b]) for a, b in pairs)
                for several in _several(other[among]) if not pairs and len(among) else ():
                    yield Op(name, tuple(self.pool.term(flags[among[i]]) for i in several))

    def _operators(self, every: Sequence[int]) -> Iterator[Term]:
        wanted = self.wanted_at(self.probes)
        compare = ("==", "!=", "<", "<=") if self.flag else ("//", "%", "*", "/")
        for name in (*(c for c in compare if c in self.operators), *(m for m in ("min", "max") if not self.flag)):
            if name not in self.operators:
                continue
            numbers = every if name in ("==", "!=") else [i for i in every if not self.pool.symbols[i]]
            rows = self.pool.values[list(numbers)][:, self.probes]
            for begin in range(0, len(numbers), step := max(1, CELLS // (4 * max(len(numbers), 1)))):
                left = rows[begin : begin + step, None, :4]
                near = self._near(kernels.apply(name, left, rows[None, :, :4]), wanted[:4]).all(2)
                i, j = np.nonzero(near)
                i += begin
                keep = self._near(kernels.apply(name, rows[i, 4:], rows[j, 4:]), wanted[4:]).all(1) & (i != j)
                for a, b in zip(i[keep].tolist(), j[keep].tolist(), strict=True):
                    one, two = numbers[a], numbers[b]
                    values = kernels.apply(name, *(self.pool.values[n][self.points] for n in (one, two)))
                    if self._near(values, self.wanted).all():
                        yield self._op(name, one, two)

    def _near(self, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        if self.whole:
            return values == wanted
        return np.abs(values - wanted) <= NEAR * np.maximum(np.abs(wanted), 1e-6)

    def wanted_at(self, points: np.ndarray) -> np.ndarray:
        """The target at some of the scored points."""
        return self.steps.ravel()[points]

    def _sums(self, numbers: Sequence[int]) -> Iterator[Term]:
        rows = self.pool.values[list(numbers)][:, self.points]
        centred = rows - rows.mean(1, keepdims=True)
        norms = np.linalg.norm(centred, axis=1)
        live = np.flatnonzero(norms > 0)
        scaled = centred[live] / norms[live, None]
        wanted = self.wanted - self.wanted.mean()
        wanted /= max(float(np.linalg.norm(wanted)), 1e-300)
        along = scaled @ wanted
        for begin in range(0, len(live), 500):
            gram = scaled[begin : begin + 500] @ scaled.T
            det = 1 - gram**2
            a, b = along[begin : begin + 500, None], along[None, :]
            share = a**2 + b**2 - 2 * gram * a * b
            rest = 1 - share / np.where(det > 1e-9, det, np.inf)
            for i, j in np.argwhere((rest < NEAR) & (det > 1e-9)).tolist():
                if begin + i < j:
                    yield self._weighted([numbers[live[begin + i]], numbers[live[j]]])

    def of_three(self, numbers: Sequence[int]) -> Iterator[Term]:
        """The target as one column where a flag is set and another one where it is not."""
        if "where" not in self.operators:
            return
        numbers = list(numbers)[:2000]
        flags = [i for i in numbers if self.pool.flags[i] and not self.pool.constant(i)][:1000]
        if not flags:
            return
        rows = self.pool.values[numbers][:, self.points]
        wrong = (~self._near(rows, self.wanted)).astype(np.float32)
        on = (self.pool.values[flags][:, self.points] != 0).astype(np.float32)
        when, otherwise = wrong @ on.T == 0, wrong @ (1 - on).T == 0
        for k in np.flatnonzero(when.any(0) & otherwise.any(0)).tolist():
            i, j = int(when[:, k].argmax()), int(otherwise[:, k].argmax())
            if not when[j, k] and not otherwise[i, k]:
                terms = (self.pool.term(n) for n in (flags[k], numbers[i], numbers[j]))
                yield Op("where", tuple(terms))

    def _op(self, name: str, a: int, b: int) -> Term:
        return made(Op(name, (ONE, TWO)), (self.pool.term(a), self.pool.term(b)))


def _covering(holes: np.ndarray, names: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs of rows that together are true everywhere. holes: [rows, points]."""
    missing = (~holes).astype(np.float32)
    for begin in range(0, len(names), 500):
        both = missing[begin : begin + 500] @ missing.T
        for i, j in islice(np.argwhere(both == 0), 50):
            if begin + i < j:
                yield int(names[begin + i]), int(names[j])


def _several(holes: np.ndarray) -> Iterator[tuple[int, ...]]:
    """A few rows that together are true everywhere, taken greedily after each of the first ones."""
    for start in np.argsort(-holes.sum(1), kind="stable")[:STARTS].tolist():
        chosen, left = [start], ~holes[start]
        while left.any() and len(chosen) < MOST_TOGETHER:
            gain = holes[:, left].sum(1)
            chosen.append(int(gain.argmax()))
            left = left & ~holes[chosen[-1]]
        if not left.any() and len(chosen) > 1:
            yield tuple(sorted(chosen))


def constants_for(*parts: np.ndarray) -> list[Const]:
    """Whole constants worth trying for a data set: small ones, and the largest values that occur and one more."""
    found = {*range(9), 10}
    for part in parts:
        top = int(min(np.abs(part).max(initial=0), 1e6))
        found |= {top, top + 1}
    return [Const(v) for v in sorted(found)]
