"""One-step laws with cases: `1 if temp < 18 else 0 if temp > 22 else on`, tax brackets, a stock that is filled up.

Linear laws that hold on part of the steps are found by random sampling (RANSAC, Fischler & Bolles 1981); a decision
list of thresholds then says which law holds where (sequential covering: Rivest 1987), each rule right on all it covers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from pellucid.language.expressions import Const
from pellucid.learners.dynamics import started
from pellucid.learners.formulas.affine import Number, neat, plain, snapped, weighted_sum
from pellucid.learners.formulas.learner import FormulaLearner, unexplained
from pellucid.learners.formulas.terms import Op, Term
from pellucid.learners.formulas.work import Work, few

POINTS = 3000  # steps looked at
DRAWS = 4000  # samples of a set of features
LEAST = 0.02  # share of the steps on which a law must hold
LAWS = 8  # laws kept
RULES = 4  # of a decision list
NEAR = 1e-7  # relative error of a law


@dataclass(frozen=True, eq=False)
class Law:
    """A weighted sum of features with the steps on which it is right, and its values.

    plain: no feature is weighted, so that the sum itself may be tested.
    """

    term: Term
    holds: np.ndarray
    values: np.ndarray
    plain: bool


@dataclass(frozen=True)
class Rule:
    """Where `test OP bound`, the law of this number."""

    test: Term
    op: str
    bound: float
    law: int


def cases(work: Work, output: str) -> list[Term]:
    """A right law with cases for an output; the first one found."""
    if not {"<", ">"} <= set(work.bias.operators) or "where" not in work.bias.operators:
        return []
    for features in _feature_sets(work):
        if not features:
            continue
        for term, parts in _lists(work, output, features):
            for found in started(work, output, term, parts):
                if work.exact(found, output):
                    return [found]
    return []


def _feature_sets(work: Work) -> list[list[Term]]:
    inputs, past = work.columns(), work.past(1)
    return [inputs, [*inputs, *past]] if past else [inputs]


def _lists(work: Work, output: str, features: Sequence[Term]) -> Iterator[tuple[Term, list[Term]]]:
    """Decision lists over the features that are right on the sample, the shortest first, and the laws in each."""
    rng = np.random.default_rng([work.run.seed, 53])
    grid = work.train
    later = grid.scored & (np.arange(grid.shape[0]) >= 1)[:, None]
    places = few(np.flatnonzero(later.ravel()), POINTS, rng)
    known = [(f, v.ravel()[places]) for f in features if work.allowed(f) and (v := grid.value(f)) is not None]
    if not known or len(places) < 30:
        return
    y = grid.targets[output].ravel()[places]
    laws = _laws(known, y, rng)
    if not laws:
        return
    tests = [*known, *((law.term, law.values) for law in laws if law.plain)]
    found = [(rest, rules) for rest in range(len(laws)) if (rules := _covered(laws, tests, rest)) is not None]
    for rest, rules in sorted(found, key=lambda pair: len(pair[1])):
        term = laws[rest].term
        for rule in reversed(rules):
            test = Op(rule.op, (rule.test, Const(plain(rule.bound))))
            term = Op("where", (test, laws[rule.law].term, term))
        yield term, [laws[i].term for i in (rest, *(rule.law for rule in rules))]


def _laws(known: Sequence[tuple[Term, np.ndarray]], y: np.ndarray, rng: np.random.Generator) -> list[Law]:
    """Weighted sums of some of the features that are right on many steps, the most often right first."""
    found: dict[bytes, Law] = {}
    scale = max(float(np.abs(y).max()), 1e-300)
    for count in range(min(len(known), 3) + 1):
        for chosen in combinations(range(len(known)), count):
            columns = np.stack([*(known[i][1] for i in chosen), np.ones(len(y))], 1)
            rows = rng.integers(0, len(y), (DRAWS, count + 1))
            matrices = columns[rows]
            good = np.abs(np.linalg.det(matrices)) > 1e-9
            weights = np.linalg.solve(matrices[good], y[rows[good]][..., None])[..., 0]
            if not len(weights):
                continue
            keys, times = np.unique(np.round(weights, 6), axis=0, return_counts=True)
            for key in keys[np.argsort(-times, kind="stable")[:24]]:
                law = _law(key, chosen, known, columns, y, scale)
                if law is not None:
                    found.setdefault(law.holds.tobytes(), law)  # the one with the fewest features comes first
    ranked = sorted(found.values(), key=lambda law: -int(law.holds.sum()))
    return ranked[:LAWS]


def _law(
    weights: np.ndarray,
    chosen: Sequence[int],
    known: Sequence[tuple[Term, np.ndarray]],
    columns: np.ndarray,
    y: np.ndarray,
    scale: float,
) -> Law | None:
    """The law, its weights fitted again on the steps where it holds; None where these are few."""
    holds = np.abs(columns @ weights - y) <= 1e-4 * scale
    if holds.sum() < max(LEAST * len(y), columns.shape[1] + 2):
        return None
    exact = np.linalg.lstsq(columns[holds], y[holds], rcond=None)[0]
    values: list[Number] = [_simple(float(w)) for w in exact]
    told = columns @ np.array([float(v) for v in values])
    holds = np.abs(told - y) <= NEAR * scale
    if holds.sum() < max(LEAST * len(y), columns.shape[1] + 2):
        return None
    plain = len(chosen) > 1 and all(abs(v) == 1 for v in values[:-1])
    return Law(weighted_sum(values[:-1], [known[i][0] for i in chosen], values[-1]), holds, told, plain)


def _simple(weight: float) -> Number:
    if abs(weight) < 1e-9:
        return 0
    simple = snapped(weight, tolerance=1e-8)
    return simple if not isinstance(simple, float) else neat(round(weight, 10))


def _covered(laws: Sequence[Law], tests: Sequence[tuple[Term, np.ndarray]], rest: int) -> list[Rule] | None:
    """Rules for the steps on which the law `rest` is wrong; None where a few do not do.

    Each covers as many of them as it can, and is right on all it covers.
    """
    missed = ~laws[rest].holds
    left, rules = np.ones(len(missed), bool), []
    while (missed & left).any():
        if len(rules) == RULES:
            return None
        best: tuple[int, Rule, np.ndarray] | None = None
        for number, law in enumerate(laws):
            for term, values in tests:
                for op, bound, covers in _prefixes(values, law.holds, left):
                    size = int((covers & left & missed).sum())
                    if size and (best is None or size > best[0]):
                        best = size, Rule(term, op, bound, number), covers
        if best is None:
            return None
        rules.append(best[1])
        left = left & ~best[2]
    return rules


def _prefixes(values: np.ndarray, holds: np.ndarray, left: np.ndarray) -> Iterator[tuple[str, float, np.ndarray]]:
    """The longest beginning and end of the values, among the steps left, on which a law holds throughout."""
    wrong = values[left & ~holds]
    if not len(wrong):
        return
    inside = values[left]
    low, high = float(wrong.min()), float(wrong.max())
    below, above = inside[inside < low], inside[inside > high]
    if len(below):
        bound = _bound(float(below.max()), low, low)
        yield "<", bound, values < bound
    if len(above):
        bound = _bound(high, float(above.min()), high)
        yield ">", bound, values > bound


def _bound(low: float, high: float, end: float) -> float:
    """The shortest number between two, or the one of them (`end`) that still tells them apart."""
    if low < 0 < high or end == 0:
        return 0.0
    for digits in range(1, 17):
        for value in (end, (low + high) / 2, 0.75 * low + 0.25 * high, 0.25 * low + 0.75 * high):
            short = float(f"{value:.{digits}g}")
            if low < short < high or short == end:
                return short
    return end


CASES = FormulaLearner("cases", (cases,), unexplained)
