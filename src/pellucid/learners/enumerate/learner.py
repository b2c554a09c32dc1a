"""The enumeration learner: all short terms on a few sequences, closed-form last steps, checked on all the data.

A term that is right on the few sequences but wrong elsewhere teaches them: an example it is wrong on is added, and the
enumeration starts again (counterexample-guided synthesis, Solar-Lezama et al. 2006).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np

from pellucid.language.expressions import Const
from pellucid.language.types import order
from pellucid.learners.enumerate.bank import Bank
from pellucid.learners.enumerate.closings import Closings, constants_for
from pellucid.learners.enumerate.enumeration import Enumeration, as_formula
from pellucid.learners.enumerate.pool import Pool
from pellucid.learners.formulas.grid import Grid, side_by_side
from pellucid.learners.formulas.learner import FormulaLearner, not_obvious, of_columns
from pellucid.learners.formulas.terms import Carry, Op, Over, Self, Shift, Table, Term, size
from pellucid.learners.formulas.work import Work

POINTS = 300  # scored points of the first sample
COLUMNS, COMPUTED = 16_000, 1_500_000  # kept and computed by the first enumeration
SECOND_OPINION = 8_000  # kept by it where something short is right already
SHORT = 14.0  # size of a right term beside which another is not looked for at length
DEEP, DEEP_COMPUTED = 100_000, 3_000_000  # by the second, where nothing was right
PAIRED = 2000  # columns that closings of two look at
DEEPEST = 7
CANDIDATES = 60  # checked on all data, per level and kind
RESTARTS = 8
KEPT = 5
MOST_TABLES = 3  # written out as formulas
TABLE_COMPUTED = 100_000  # columns computed for each


def quick(work: Work, output: str) -> list[Term]:
    """Right terms for an output, the simplest first; none where no short term is right."""
    right = work.right(output)
    short = right is not None and size(right) <= SHORT
    return _enumerated(work, output, SECOND_OPINION if short else COLUMNS, COMPUTED)


def deep(work: Work, output: str) -> list[Term]:
    """Likewise, among as many terms as fit, where nothing else was right."""
    wanted = work.right(output) is None and work.whole
    return _enumerated(work, output, DEEP, DEEP_COMPUTED) if wanted else []


def _enumerated(work: Work, output: str, most: int, computed: int) -> list[Term]:
    """Right terms among so many columns kept and computed."""
    sample = first_sample(work, output)
    attempt = _Attempt(work, output, side_by_side(sample), most, computed)
    for _ in range(RESTARTS):
        if attempt.found or not attempt.misled or work.run.over:
            break
        sample = [*sample, *attempt.misled]
        attempt = _Attempt(work, output, side_by_side(sample), most, computed)
    return sorted(attempt.found, key=size)[:KEPT]


def first_sample(work: Work, output: str) -> list[Grid]:
    """A few of the longest sequences: half at random, half with the rarest outputs."""
    grid = max(work.checks, key=lambda g: g.shape[0])
    per = max(1.0, grid.scored.sum() / grid.shape[1])
    count = int(min(grid.shape[1], max(6, -(-POINTS // per), POINTS * 4 / grid.shape[0] if per == 1 else 0)))
    rng = np.random.default_rng([work.run.seed, 3])
    chosen = rng.permutation(grid.shape[1])
    wanted = grid.targets[output][:, chosen]
    _, where, counts = np.unique(wanted, return_inverse=True, return_counts=True)
    rarity = (1 / counts[where.ravel()]).reshape(wanted.shape)
    rare = np.argsort(-(rarity * grid.scored[:, chosen]).sum(0), kind="stable")[: count // 2]
    rest = [i for i in range(len(chosen)) if i not in set(rare.tolist())][: count - len(rare)]
    return [grid.take(chosen[[*rare.tolist(), *rest]].tolist())]


class _Attempt:
    """One enumeration on one sample. found: right terms; misled: examples that wrong ones were right without."""

    def __init__(self, work: Work, output: str, grid: Grid, most: int, computed: int) -> None:
        self.work, self.output = work, output
        self.found: list[Term] = []
        self.misled: list[Grid] = []
        self.bank = Bank.of(work.bias, not work.whole)
        self.operators = tuple(sorted(work.bias.operators)) if work.bias.units != 0 else ()
        self.checked: set[Term] = set()
        self.tables = 0  # that were written out as formulas
        self.paired = 0  # columns whose pairs were looked at
        pool = started(work, output, grid, work.run.times(most))
        target = grid.targets[output].ravel()
        self.enumeration = Enumeration(pool, self.bank, target, work.run, work.run.times(computed))
        self.ways = [(_itself, Closings(pool, target, self.operators))]
        if (change := self._change(grid)) is not None:
            self.ways.append((_summed, Closings(pool, change.ravel(), self.operators)))
        self._go()

    def _change(self, grid: Grid) -> np.ndarray | None:
        """How the target changes from step to step, where that may be simpler than the target itself."""
        scored, target = grid.scored, grid.targets[self.output]
        summable = "sum" in self.work.bias.modes and not self.work.is_symbolic(self.output)
        if not summable or not (scored[1:] <= scored[:-1]).all():
            return None
        change = np.diff(target, axis=0, prepend=0)
        fewer = len(np.unique(change[scored])) <= len(np.unique(target[scored]))
        return change if fewer or not self.work.whole else None

    def _go(self) -> None:
        steps = self.enumeration
        self._take(steps.terms())
        self._close(lambda closings: closings.of_one(range(len(steps.pool))))
        while self._goes_on():
            new = steps.level()
            self._take(steps.terms())
            if new:
                self._close(lambda closings, new=new: closings.of_one(new))
            self._close(lambda closings: closings.logical(range(len(steps.pool))))
            if not self.found and not self.misled and not self.work.run.over:
                near = range(min(len(steps.pool), PAIRED))
                if near.stop > self.paired and (steps.cost <= 4 or steps.over):
                    self.paired = near.stop
                    self._close(lambda closings, near=near: closings.of_two(near))
                    self._close(lambda closings, near=near: closings.of_three(near))

    def _goes_on(self) -> bool:
        """Whether the next level may bring something, or something shorter than what was found."""
        steps = self.enumeration
        if steps.over or steps.cost >= DEEPEST:
            return False
        return min(map(size, self.found)) > steps.cost + 1 if self.found else not self.misled

    def _close(self, terms: Callable[[Closings], Iterable[Term]]) -> None:
        for wrapped, closings in self.ways:
            self._take(map(wrapped, terms(closings)))

    def _take(self, terms: Iterable[Term]) -> None:
        """Check candidates on all data."""
        for term in islice(self._fresh(terms), CANDIDATES):
            if self.work.run.over and self.checked:
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
        """A table of one column as a formula, where there is a shorter one; None where a case of it is wrong."""
        if self.tables >= MOST_TABLES or any(self._contradicts(table, grid) for grid in self.work.checks):
            return None
        self.tables += 1
        run = self.work.run
        return as_formula(table, self.bank, self.operators, self.work.coding, run, TABLE_COMPUTED)

    def _contradicts(self, table: Table, grid: Grid) -> bool:
        """Whether data have other outputs than the table, where it has a case for them."""
        values, told = grid.value(table.args[0]), grid.value(table)
        if values is None or told is None:
            return True
        listed = np.isin(values, [self.work.coding.number(key) for (key,), _ in table.cases])
        return bool(((told != grid.targets[self.output]) & listed & grid.scored).any())


def _itself(term: Term) -> Term:
    return term


def _summed(term: Term) -> Term:
    return Over("sum", term)


def started(work: Work, output: str, grid: Grid, most: int) -> Pool:
    """A pool with what may be read, constants, and numbers written in digits."""
    pool = Pool(grid.scored, work.coding, not work.whole, most, work.run.seed)
    inputs = [*work.columns(), *_masked_inputs(work)]
    for term in (*inputs, *work.symbols(), *work.position()):
        pool.base(term, values_of(grid, term))
    if not work.whole:
        for change in (Op("-", (term, Shift(term))) for term in inputs if not isinstance(term, Shift)):
            if work.allowed(change) and (values := grid.value(change)) is not None:
                pool.base(change, values, 2)
    for term in work.past(2):
        pool.base(term, values_of(grid, term), 3)
    if work.is_symbolic(output):
        for value in order(work.results[output].values or ())[:KEPT]:
            pool.base(Const(value), values_of(grid, Const(value)))
    if work.whole and work.bias.units != 0:
        known = np.concatenate([values_of(grid, t).ravel() for t in inputs]) if inputs else np.zeros(1)
        targets = [np.zeros(1), *(grid.target(name) for name in work.results if not work.is_symbolic(name))]
        for constant in constants_for(known, *targets):
            pool.base(constant, values_of(grid, constant))
        for term, cost in composed(work, grid, inputs):
            if work.allowed(term) and (values := grid.value(term)) is not None and np.abs(values).max() < 2**40:
                pool.base(term, values, cost)
    return pool


def _masked_inputs(work: Work) -> list[Term]:
    """Lags of inputs whose value at this step may not be read."""
    free = set(work.columns())
    return [lag for lag in work.lags(2) if isinstance(lag, Shift) and lag.term not in free]


def composed(work: Work, grid: Grid, inputs: list[Term]) -> Iterator[tuple[Term, int]]:
    """Signs of two-valued columns, and columns of digits read as numbers in both directions, with their costs."""
    for term in inputs:
        values = np.unique(values_of(grid, term))
        if len(values) == 2 and values.tolist() == [0.0, 1.0]:
            yield Op("-", (Const(1), Op("*", (Const(2), term)))), 2
        low, high = values[0], values[-1]
        if low >= 0 and 0 < high < 16:
            for base in sorted({2, int(high) + 1, 10}):
                if base > high:
                    digits = Op("*", (Const(base), Self()))
                    yield Carry(0, Op("+", (digits, term)), Op("+", (digits, term))), 4
                    yield Over("sum", Op("*", (term, Carry(1, digits, Self())))), 4


def values_of(grid: Grid, term: Term) -> np.ndarray:
    """A term's values, which are known to exist."""
    values = grid.value(term)
    if values is None:
        raise ValueError(f"{term} has no values")
    return values


ENUMERATE = FormulaLearner("enumerate", (quick, deep), not_obvious, of_columns)
