"""Hidden counts and sums that give an alarm: `level = max(0, level + x - 11)`, 1 where it is above 8, then 0 again.

The state is not in the output. Up to the first alarm of a sequence it does not hang on the limit, so that for every
slack (and every threshold of what is counted) the data leave an interval of limits, mostly none; what an alarm does to
the state is then tried out. Page (1954), "Continuous inspection schemes", for the kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, islice, product

import numpy as np

from pellucid.language.expressions import Const
from pellucid.learners.formulas.affine import weighted_sum
from pellucid.learners.formulas.grid import Grid
from pellucid.learners.formulas.learner import FormulaLearner
from pellucid.learners.formulas.terms import Carry, Over, Self, Term, op
from pellucid.learners.formulas.work import Work

EXAMPLES = 60  # sequences that rules are tried on
MOST_COLUMNS = 4
MOST_NUMBERS = 400  # slacks and thresholds tried
MOST_LIMITS = 12
Step = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # level, drive, number -> next level


@dataclass(frozen=True)
class Rule:
    """How a level goes on: for arrays [numbers, examples], and as a term for one number and the drive."""

    step: Step
    term: Callable[[Term, int], Term]


def _sum(drive: Term, number: int, sign: int = 1) -> Term:
    return weighted_sum((1, sign), (Self(), drive), -sign * number)


def _is(drive: Term, number: int, name: str = ">") -> Term:
    return op(name, drive, Const(number))


def _row(drive: Term, number: int, name: str = ">") -> Term:
    return op("where", _is(drive, number, name), op("+", Self(), ONE), ZERO)


ZERO, ONE = Const(0), Const(1)
RULES = (
    Rule(lambda s, x, k: s + x - k, _sum),
    Rule(lambda s, x, k: np.maximum(s + x - k, 0), lambda x, k: op("max", _sum(x, k), ZERO)),
    Rule(lambda s, x, k: np.maximum(s - x + k, 0), lambda x, k: op("max", _sum(x, k, -1), ZERO)),
    Rule(lambda s, x, k: np.where(x > k, s + 1, 0), _row),
    Rule(lambda s, x, k: np.where(x < k, s + 1, 0), lambda x, k: _row(x, k, "<")),
    Rule(lambda s, x, k: s + (x > k), lambda x, k: op("+", Self(), _is(x, k))),
    Rule(lambda s, x, k: s + (x < k), lambda x, k: op("+", Self(), _is(x, k, "<"))),
    Rule(lambda s, x, k: s + (x == k), lambda x, k: op("+", Self(), _is(x, k, "=="))),
)  # fmt: skip
AFTER = (  # what becomes of a level above its limit
    (lambda level, limit: level, lambda level, limit: level),
    (lambda level, limit: np.zeros_like(level), lambda level, limit: ZERO),
    (lambda level, limit: level - limit - 1, lambda level, limit: op("-", level, Const(limit + 1))),
)


def accumulators(work: Work, output: str) -> list[Term]:
    """A right law of that form for an output; the first one found."""
    needed = {"max", "where", "+", "-", ">", "<", "=="} <= set(work.bias.operators)
    if not work.whole or not work.has_past or work.last or work.is_symbolic(output) or not needed:
        return []
    return list(islice((law for law in _laws(work, output) if work.exact(law, output)), 1))


def _laws(work: Work, output: str) -> Iterator[Term]:
    grid = work.longest(EXAMPLES)
    for alarms, wrapped in _alarms(grid, output, work):
        for drive, rule in product(_drives(work), RULES):
            values = grid.value(drive)
            if values is None or work.run.over:
                continue
            yield from map(wrapped, _limits(grid.scored, alarms, drive, values, rule))


def _alarms(grid: Grid, output: str, work: Work) -> Iterator[tuple[np.ndarray, Callable[[Term], Term]]]:
    """Where an alarm is, and what is made of it: the output itself, or how many there have been."""
    y = grid.targets[output]
    for flags, wrapped in ((y, lambda law: law), (np.diff(y, axis=0, prepend=0), lambda law: Over("sum", law))):
        told = flags[grid.scored]
        if np.isin(told, (0, 1)).all() and np.ptp(told) and ("sum" in work.bias.modes or flags is y):
            yield flags != 0, wrapped


def _drives(work: Work) -> list[Term]:
    """What is added up or counted: columns, differences and sums of two."""
    columns = work.columns()[:MOST_COLUMNS]
    return [*columns, *(op(name, a, b) for a, b in combinations(columns, 2) for name in "-+")]


def _limits(scored: np.ndarray, alarms: np.ndarray, drive: Term, values: np.ndarray, rule: Rule) -> Iterator[Term]:
    """Laws that have all alarms of some examples right. scored, alarms, values: [steps, examples]."""
    low, high = int(values.min()), int(values.max())
    numbers = np.unique(np.linspace(low, high, min(high - low + 1, MOST_NUMBERS)).astype(int))
    numbers = np.unique([0, *numbers])[:, None]
    least, most = _interval(scored, alarms, values, rule, numbers)
    for i in np.flatnonzero(least < most).tolist():
        number = int(numbers[i, 0])
        for limit in np.unique(np.linspace(least[i], most[i] - 1, MOST_LIMITS).astype(int)).tolist():
            for after, as_term in AFTER:
                if _right(scored, alarms, values, rule, number, limit, after):
                    level = rule.term(drive, number)
                    alarm = op(">", level, Const(limit))
                    left = as_term(level, limit)
                    yield Carry(0, level if left == level else op("where", alarm, left, level), alarm)


def _interval(
    scored: np.ndarray, alarms: np.ndarray, values: np.ndarray, rule: Rule, numbers: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For each number the largest level without an alarm and the least one with it, up to the first alarms."""
    level = np.zeros((len(numbers), values.shape[1]))
    least, most = np.full(len(numbers), -np.inf), np.full(len(numbers), np.inf)
    waiting = scored[0].copy()
    for step, x in enumerate(values):
        waiting &= scored[step]
        level = rule.step(level, x[None], numbers)
        quiet, loud = waiting & ~alarms[step], waiting & alarms[step]
        least = np.maximum(least, level[:, quiet].max(1, initial=-np.inf))
        most = np.minimum(most, level[:, loud].min(1, initial=np.inf))
        waiting &= ~alarms[step]
    told = np.isfinite(least) & np.isfinite(most)
    return np.where(told, least, 0), np.where(told, most, 0)


def _right(
    scored: np.ndarray, alarms: np.ndarray, values: np.ndarray, rule: Rule, number: int, limit: int,
    after: Callable[[np.ndarray, int], np.ndarray],
) -> bool:  # fmt: skip
    """Whether all alarms come where they should."""
    level, slack = np.zeros((1, values.shape[1])), np.array([[number]])
    for step, x in enumerate(values):
        level = rule.step(level, x[None], slack)
        alarm = level > limit
        if ((alarm[0] != alarms[step]) & scored[step]).any():
            return False
        level = np.where(alarm, after(level, limit), level)
    return True


ACCUMULATORS = FormulaLearner("accumulators", (accumulators,))
