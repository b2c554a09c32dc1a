"""Laws of earlier inputs that hold from some step on: what stands before the start is one value, or nobody knows.

Where one value before the start makes the first outputs right, or they are a sum of what is there by then, a law says
so. Else these steps cannot be known from the inputs (`--warmup`): the next value of a series by its last two ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations_with_replacement, islice

import numpy as np

from pellucid.language.expressions import Const
from pellucid.learners.base import Run
from pellucid.learners.formulas.affine import law_of, least_squares, may_fit, simple, supports
from pellucid.learners.formulas.learner import FormulaLearner
from pellucid.learners.formulas.terms import Constant, Op, Pos, Shift, Term, op
from pellucid.learners.formulas.work import Work, few
from pellucid.problem import Problem

MOST = 4  # steps that a law looks back
FACTORS = 8  # features of which products of two are features, too
POINTS = 3000
FIT = 1e-8  # relative residual of a law
LEAST = 20  # points more than features


def starts(work: Work, output: str) -> list[Term]:
    """Right laws whose first steps are found out, the first one."""
    return [] if (known := _after(work, output)) is None else list(islice(_started(work, output, *known), 1))


def unknown_steps(problem: Problem) -> int:
    """How many first outputs of every sequence cannot be known, since the law looks back beyond the start; mostly 0."""
    if problem.schema.when != "every" or not all(f.type.is_number for f in problem.schema.outputs):
        return 0
    work, found = Work(problem, Run(problem.seed)), [0]
    if not work.has_past or not work.train.points.size:
        return 0
    with np.errstate(all="ignore"):
        for output in work.results:
            known = _after(work, output)
            if known is None:
                return 0
            found.append(0 if any(_started(work, output, *known)) else known[0])
    return max(found)


def _after(work: Work, output: str) -> tuple[int, Term] | None:
    """The least number of steps after which a law is right, and the law."""
    if work.last or work.is_symbolic(output):
        return None
    for steps in range(MOST + 1 if work.has_past else 1):
        for law in _laws(work, output, steps):
            if _right(work, output, law, steps):
                return steps, law
    return None


def _laws(work: Work, output: str, steps: int) -> Iterator[Term]:
    """Weighted sums that fit the training outputs from some step on."""
    plain, products = _features(work, steps)
    y, later = work.train.targets[output], np.arange(work.train.shape[0])[:, None] >= steps
    places = np.flatnonzero((work.train.scored & later).ravel())
    places = few(places, POINTS, np.random.default_rng([work.run.seed, 41]))
    for features in (plain, [*plain, *products]):
        known = [(f, v.ravel()[places]) for f in features if work.allowed(f) and (v := work.train.value(f)) is not None]
        if not known or len(places) < len(known) + LEAST:
            continue
        columns, wanted = np.stack([v for _, v in known], 1), y.ravel()[places]
        if not may_fit(columns, wanted, FIT):
            continue
        for chosen in islice(supports(columns, wanted), 1):
            weights, constant, rest = least_squares(columns[:, chosen], wanted)
            if rest <= FIT:
                spread = columns[:, chosen].std(0)
                yield law_of([*weights, constant], [known[i][0] for i in chosen], spread, float(wanted.std()))


def _features(work: Work, steps: int) -> tuple[list[Term], list[Term]]:
    """Inputs up to so many steps back, and products of two of them."""
    plain = [f for f in (*work.columns(), *work.lags(steps)) if work.allowed(f)]
    return plain, [op("*", *pair) for pair in combinations_with_replacement(plain[:FACTORS], 2)]


def _right(work: Work, output: str, law: Term, steps: int) -> bool:
    """Whether a law is right everywhere but at the first steps."""
    for grid in work.checks:
        scored = grid.scored.copy()
        scored[:steps] = False
        if work.errors(law, output, replace(grid, scored=scored)) is not None:
            return False
    return True


def _started(work: Work, output: str, steps: int, law: Term) -> Iterator[Term]:
    """The law with first steps that are right, if there is one."""
    for found in (law, *_with_default(work, output, law), *_with_cases(work, output, steps, law)):
        if work.exact(found, output):
            yield found


def _with_default(work: Work, output: str, law: Term) -> Iterator[Term]:
    """With the value before the start that makes the first output right; with the first value itself."""
    at_zero, at_one = (work.train.value(_lagged(law, _default(value))) for value in (0, 1))
    if at_zero is not None and at_one is not None:
        y, slope = work.train.targets[output][0], (at_one - at_zero)[0]
        usable = work.train.scored[0] & (np.abs(slope) > 1e-12)
        if usable.any():
            value = float(np.median((y - at_zero[0])[usable] / slope[usable]))
            yield _lagged(law, _default(simple(value, max(abs(value), 1.0))))
    yield _lagged(law, lambda shift: replace(shift, same=shift.amount == 1))


def _with_cases(work: Work, output: str, steps: int, law: Term) -> Iterator[Term]:
    """With a sum of what is there by then, or a constant, at each of the first steps."""
    y = work.train.targets[output]
    if not {"where", "<"} <= set(work.bias.operators) or not work.position():
        return
    for step in reversed(range(steps)):
        scored = np.flatnonzero(work.train.scored[step])
        plain, products = _features(work, step)
        known = [(f, v[step, scored]) for f in (*plain, *products) if (v := work.train.value(f)) is not None]
        if len(scored) < len(known) + LEAST:
            return
        columns, wanted = np.stack([v for _, v in known], 1), y[step, scored]
        weights, constant, rest = least_squares(columns, wanted)
        if np.ptp(wanted) and rest > FIT:
            return
        first = law_of([*weights, constant], [f for f, _ in known], columns.std(0), max(float(wanted.std()), 1e-9))
        law = op("where", op("<", Pos(0), Const(step + 1)), first, law)
    yield law


def _default(value: Constant) -> Callable[[Shift], Shift]:
    return lambda shift: replace(shift, default=value)


def _lagged(term: Term, change: Callable[[Shift], Shift]) -> Term:
    """A term with its shifts changed."""
    match term:
        case Shift():
            return change(term)
        case Op(name, args):
            return Op(name, tuple(_lagged(arg, change) for arg in args))
    return term


STARTS = FormulaLearner("starts", (starts,))
