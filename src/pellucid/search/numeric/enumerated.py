"""The enumeration learner: all short terms on a few sequences, closed-form last steps, checked on all the data.

A term that is right on the few sequences but wrong elsewhere teaches them: an example it is wrong on is added, and the
enumeration starts again (counterexample-guided synthesis, Solar-Lezama et al. 2006).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from pellucid.search.numeric.bank import Bank
from pellucid.search.numeric.cells import as_formula
from pellucid.search.numeric.closings import Closings, constants_for
from pellucid.search.numeric.enumeration import Enumeration
from pellucid.search.numeric.grid import Grid, side_by_side
from pellucid.search.numeric.pool import Pool
from pellucid.search.numeric.terms import Carry, Op, Run, Self, Table, Term, num, size
from pellucid.search.numeric.work import Answer, Work

POINTS = 300  # scored points of the first sample
MOST_COLUMNS = 16_000
PAIRED = 2000  # columns that closings of two look at
DEEPEST = 7
CANDIDATES = 60  # checked on all data, per level and kind
RESTARTS = 8
KEPT = 5
MOST_TABLES = 3
SECONDS_PER_TABLE = 0.4


def enumerated(work: Work, output: str, end: float, most: int = MOST_COLUMNS) -> list[Answer]:
    """Right terms for an output, the simplest first; none where no short term is right. most: columns looked at."""
    began, sample = time.monotonic(), first_sample(work, output)
    attempt = _Attempt(work, output, side_by_side(sample), end, most)
    for _ in range(RESTARTS):
        if attempt.found or not attempt.misled or time.monotonic() > end:
            break
        sample = [*sample, *attempt.misled]
        attempt = _Attempt(work, output, side_by_side(sample), end, most)
    answers = [Answer("search", term, time.monotonic() - began) for term in sorted(attempt.found, key=size)]
    return answers[:KEPT]


def first_sample(work: Work, output: str) -> list[Grid]:
    """A few of the longest sequences: half at random, half with the rarest outputs."""
    grid = max(work.checks, key=lambda g: g.shape[0])
    per = max(1.0, grid.scored.sum() / grid.shape[1])
    count = int(min(grid.shape[1], max(6, -(-POINTS // per), POINTS * 4 / grid.shape[0] if per == 1 else 0)))
    rng = np.random.default_rng([work.seed, 3])
    chosen = rng.permutation(grid.shape[1])
    wanted = grid.targets[output][:, chosen]
    _, where, counts = np.unique(wanted, return_inverse=True, return_counts=True)
    rarity = (1 / counts[where.ravel()]).reshape(wanted.shape)
    rare = np.argsort(-(rarity * grid.scored[:, chosen]).sum(0), kind="stable")[: count // 2]
    rest = [i for i in range(len(chosen)) if i not in set(rare.tolist())][: count - len(rare)]
    return [grid.take(chosen[[*rare.tolist(), *rest]].tolist())]


class _Attempt:
    """One enumeration on one sample. found: right terms; misled: examples that wrong ones were right without."""

    def __init__(self, work: Work, output: str, grid: Grid, end: float, most: int) -> None:
        self.work, self.output, self.end = work, output, end
        self.found: list[Term] = []
        self.misled: list[Grid] = []
        self.bank = Bank.of(work.bias, not work.whole)
        self.operators = tuple(sorted(work.bias.operators)) if work.bias.units != 0 else ()
        self.checked: set[Term] = set()
        self.tables = 0  # that were written out as formulas
        self.paired = 0  # columns whose pairs were looked at
        pool = started(work, output, grid, most)
        target = grid.targets[output].ravel()
        self.enumeration = Enumeration(pool, self.bank, target, end)
        sums = "sum" in work.bias.modes and not work.problem.train.last
        self.closings = Closings(pool, target, self.operators, sums, grid.shape)
        self._go()

    def _go(self) -> None:
        steps = self.enumeration
        self._take(steps.terms())
        self._take(self.closings.of_one(range(len(steps.pool))))
        while self._goes_on():
            new = steps.level()
            self._take(steps.terms())
            if new:
                self._take(self.closings.of_one(new))
            self._take(self.closings.logical(range(len(steps.pool))))
            if not self.found and not self.misled:
                near = range(min(len(steps.pool), PAIRED))
                if near.stop > self.paired and (steps.cost <= 4 or steps.over):
                    self.paired = near.stop
                    self._take(self.closings.of_two(near))
                    self._take(self.closings.of_three(near))

    def _goes_on(self) -> bool:
        """Whether the next level may bring something, or something shorter than what was found."""
        steps = self.enumeration
        if steps.over or steps.cost >= DEEPEST:
            return False
        return min(map(size, self.found)) > steps.cost + 1 if self.found else not self.misled

    def _take(self, terms: Iterable[Term]) -> None:
        """Check candidates on all data."""
        for term in islice(self._fresh(terms), CANDIDATES):
            if time.monotonic() > self.end and self.checked:
                return
            self.checked.add(term)
            if isinstance(term, Table) and (term := self._written_out(term)) is None:
                continue
            if not self.work.allowed(term):
                continue
            wrong = next(
                ((g, bad) for g in self.work.checks if (bad := self.work.errors(term, self.output, g)) is not None),
                None,
            )
            if wrong is None:
                self.found.append(term)
            elif len(self.misled) < 6:
                self.misled.append(wrong[0].take(wrong[1][:1].tolist()))

    def _fresh(self, terms: Iterable[Term]) -> Iterator[Term]:
        return (term for term in terms if term not in self.checked)

    def _written_out(self, table: Table) -> Term | None:
        """A right table of one column as a formula, where there is a shorter one; None for a wrong one."""
        if self.tables >= MOST_TABLES:
            return None
        if not self.work.exact(table, self.output):
            return None
        self.tables += 1
        return as_formula(table, self.bank, self.operators, min(SECONDS_PER_TABLE, max(self.end - time.monotonic(), 0)))


def started(work: Work, output: str, grid: Grid, most: int) -> Pool:
    """A pool with what may be read, constants, and numbers written in digits."""
    pool = Pool(grid.shape, grid.scored, not work.whole, most, work.seed)
    inputs = [*work.columns(), *_masked_inputs(work)]
    for term in (*inputs, *work.position()):
        pool.base(term, values_of(grid, term))
    for term in work.past(2):
        pool.base(term, values_of(grid, term), 3)
    if work.whole and work.bias.units != 0:
        known = np.concatenate([values_of(grid, t).ravel() for t in inputs]) if inputs else np.zeros(1)
        for constant in constants_for(known, grid.target(output)):
            pool.base(constant, values_of(grid, constant))
        for term, cost in composed(work, grid, inputs):
            if work.allowed(term) and (values := grid.value(term)) is not None and np.abs(values).max() < 2**40:
                pool.base(term, values, cost)
    return pool


def _masked_inputs(work: Work) -> list[Term]:
    """Lags of inputs whose value at this step may not be read."""
    free = set(work.columns())
    return [lag for lag in work.lags(2) if getattr(lag, "term", None) not in free]


def composed(work: Work, grid: Grid, inputs: list[Term]) -> Iterator[tuple[Term, int]]:
    """Signs of two-valued columns, and columns of digits read as numbers in both directions, with their costs."""
    for term in inputs:
        values = np.unique(values_of(grid, term))
        if len(values) == 2 and values.tolist() == [0.0, 1.0]:
            yield Op("-", (num(1), Op("*", (num(2), term)))), 2
        low, high = values[0], values[-1]
        if low >= 0 and 0 < high < 16:
            for base in sorted({2, int(high) + 1, 10}):
                if base > high:
                    digits = Op("*", (num(base), Self()))
                    yield Carry(0, Op("+", (digits, term)), Op("+", (digits, term))), 4
                    yield Run("sum", Op("*", (term, Carry(1, digits, Self())))), 4


def values_of(grid: Grid, term: Term) -> np.ndarray:
    """A term's values, which are known to exist."""
    values = grid.value(term)
    if values is None:
        raise ValueError(f"{term} has no values")
    return values
