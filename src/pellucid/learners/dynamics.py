"""One-step laws of a state: linear in inputs and past outputs, from an unknown start, and held between bounds.

Where the other learners take what stands before the first step to be 0, a state may begin anywhere (a room at 15
degrees), and may be held at its bounds (a full tank): the law is fitted where neither shows, and both are read off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from pellucid.language.expressions import Const
from pellucid.learners.formulas.affine import Number, law_of, least_squares, may_fit, simple, supports
from pellucid.learners.formulas.learner import FormulaLearner
from pellucid.learners.formulas.terms import Col, Op, Past, Term
from pellucid.learners.formulas.work import Work, few
from pellucid.learners.linear import recurrent_features

ORDERS = 2  # past outputs at most
BOUND = 0.01  # share of the outputs at their largest or smallest value from which that may be a bound
FIT = 1e-8  # relative residual of a law
MOST = 8  # sets of columns checked
POINTS = 4000  # that a law is fitted on
Bounds = tuple[float | None, float | None]


def dynamics(work: Work, output: str) -> list[Term]:
    """Right one-step laws of an output with a start or with bounds; the first one found."""
    for order in range(1, min(ORDERS, work.bias.past_outputs()) + 1):
        if features := recurrent_features(work, order):
            for bounds in _bounds(work, output):
                for law in _laws(work, output, features, order, bounds):
                    return [law]
    return []


def _bounds(work: Work, output: str) -> list[Bounds]:
    """Bounds that an output may be held at: none, its smallest value, its largest, both."""
    y = work.train.target(output)
    low, high = float(y.min()), float(y.max())
    often = [value if np.mean(y == value) >= BOUND else None for value in (low, high)]
    found: list[Bounds] = [(None, None), (often[0], often[1]), (often[0], None), (None, often[1])]
    return list(dict.fromkeys(found))


def _laws(work: Work, output: str, features: Sequence[Term], order: int, bounds: Bounds) -> Iterator[Term]:
    """Right laws within bounds, those of the fewest features first."""
    known = [(f, v) for f in features if work.allowed(f) and (v := work.train.value(f)) is not None]
    y = work.train.targets[output]
    inside = work.train.scored & (np.arange(len(y)) >= order)[:, None]
    for bound in bounds:
        if bound is not None:
            inside = inside & (y != bound)
    places = np.flatnonzero(inside.ravel())
    if not known or len(places) <= 2 * len(known):
        return
    places = few(places, POINTS, np.random.default_rng([work.run.seed, 31]))
    columns = np.stack([v.ravel()[places] for _, v in known], 1)
    wanted = y.ravel()[places]
    if not may_fit(columns, wanted, FIT):
        return
    for chosen in islice(supports(columns, wanted), MOST):
        weights, constant, rest = least_squares(columns[:, chosen], wanted)
        if rest > FIT:
            continue
        terms, spread = [known[i][0] for i in chosen], columns[:, chosen].std(0)
        law = law_of([*weights, constant], terms, spread, float(wanted.std()))
        for started in _started(work, output, law, bounds):
            if work.exact(started, output):
                yield started


def _started(work: Work, output: str, law: Term, bounds: Bounds) -> Iterator[Term]:
    """The law within its bounds from 0, from the one start that makes the first outputs right, and from a column."""
    yield _held(law, bounds)
    starts = _starts(work, output, law, bounds)
    if len(starts):
        yield _held(_from(law, output, _simple(float(np.median(starts)))), bounds)
    yield from (_held(_from(law, output, column), bounds) for column in work.columns() if isinstance(column, Col))


def started(work: Work, output: str, law: Term, parts: Sequence[Term]) -> Iterator[Term]:
    """The law from 0, and from the starts that most often make the first output right by one of its parts."""
    yield law
    starts = [_starts(work, output, part).round(9) for part in parts]
    values, counts = np.unique(np.concatenate([*starts, np.zeros(0)]), return_counts=True)
    for start in values[np.argsort(-counts, kind="stable")[:6]].tolist():
        yield _from(law, output, _simple(start))


def _starts(work: Work, output: str, law: Term, bounds: Bounds = (None, None)) -> np.ndarray:
    """The starts that make the first output of a sequence right, of those that are not at a bound."""
    at_zero, at_one = (work.train.value(_from(law, output, start)) for start in (0, 1))
    if at_zero is None or at_one is None:
        return np.zeros(0)
    y, slope = work.train.targets[output][0], (at_one - at_zero)[0]
    usable = work.train.scored[0] & (np.abs(slope) > 1e-12)
    for bound in bounds:
        usable = usable & (y != bound) if bound is not None else usable
    return (y - at_zero[0])[usable] / slope[usable]


def _simple(start: float) -> Number:
    return simple(start, max(abs(start), 1.0))


def _from(term: Term, output: str, start: Number | Col) -> Term:
    """The term with a value of the output before the first step."""
    match term:
        case Past(name) if name == output:
            return replace(term, start=start)
        case Op(op, args):
            return Op(op, tuple(_from(arg, output, start) for arg in args))
    return term


def _held(law: Term, bounds: Bounds) -> Term:
    low, high = ((None if b is None else Const(int(b) if b == int(b) else b)) for b in bounds)
    held: Term = law if high is None else Op("min", (law, high))
    return held if low is None else Op("max", (held, low))


DYNAMICS = FormulaLearner("dynamics", (dynamics,))
