"""Exact linear laws: the fewest columns whose weighted sum is the output, with rational weights where they are.

Columns are the inputs and their lags, windowed and prefix sums, the position, and past outputs (linear recurrences, the
order raised until the fit is exact, as in the Berlekamp-Massey algorithm).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from pellucid.learners.formulas.affine import law_of, least_squares, may_fit, supports, weighted_sum
from pellucid.learners.formulas.learner import FormulaLearner, not_obvious
from pellucid.learners.formulas.terms import Op, Over, Pos, Term, size
from pellucid.learners.formulas.work import Work

FIT = 1e-8  # relative residual of a fit worth checking
MOST = 24  # sets of columns checked
KEPT = 3  # right answers kept of each kind
SHORT = 8  # size of a law without past outputs beside which recurrences are not looked for


def linear(work: Work, output: str) -> list[Term]:
    """Right linear laws for an output, without and with past outputs."""
    found: list[Term] = []
    for order, features in enumerate(feature_sets(work)):
        here = list(islice(exact_laws(work, output, features), KEPT))
        found += [term for term in here if term not in found]
        if here and (order or any(size(term) <= SHORT for term in here)):
            break
    return found


def feature_sets(work: Work) -> Iterator[list[Term]]:
    """Columns to weigh: without past outputs first, then recurrences of rising order."""
    yield plain_features(work)
    for order in range(1, work.bias.past_outputs() + 1):
        if features := recurrent_features(work, order):
            yield features


def recurrent_features(work: Work, order: int) -> list[Term]:
    """Inputs and past outputs up to `order` steps back, and the position; none where no past output may be read."""
    past = work.past(order)
    lags = work.lags(min(order, work.bias.window))
    return [*work.columns(), *lags, *past, *([Pos(1)] if work.position() else [])] if past else []


def plain_features(work: Work) -> list[Term]:
    """Inputs, lags, position, windowed sums, prefix sums of them and of prefix sums; the shortest terms first."""
    bias, inputs, position = work.bias, work.columns(), work.position()
    if not work.has_past:
        return inputs
    features: list[Term] = [*inputs, *work.lags(bias.window), *position[1:]]
    if position:
        features.append(Op("square", (Pos(1),)))
    if "sum" in bias.modes:
        sums: list[Term] = [Over("sum", x) for x in inputs]
        features += [*sums, *(Over("sum", total) for total in sums)]
        features += [Over("sum", x, window) for window in range(2, bias.window + 1) for x in inputs]
    if "mean" in bias.modes and not work.whole:
        features += [Over("mean", x) for x in inputs]
        features += [Over("mean", x, window) for window in range(2, bias.window + 1) for x in inputs]
    return sorted((f for f in features if work.allowed(f)), key=size)


def exact_laws(work: Work, output: str, features: Sequence[Term]) -> Iterator[Term]:
    """Right weighted sums of the features, those of the fewest features first."""
    terms, columns = work.sample(features)
    y = work.wanted(output)
    if not terms or not may_fit(columns, y, FIT):
        return
    for chosen in islice(supports(columns, y), MOST):
        law = fitted(work, output, [terms[i] for i in chosen])
        if law is not None and work.exact(law, output):
            yield law


def fitted(work: Work, output: str, terms: Sequence[Term]) -> Term | None:
    """The least-squares sum of the terms with weights snapped where that keeps the fit; None where it does not fit."""
    _, columns = work.sample(terms)
    y = work.wanted(output)
    weights, constant, rest = least_squares(columns, y)
    if rest > FIT:
        return None
    scale, fit = max(float(y.std()), 1e-300), [*weights, constant]
    law = law_of(fit, terms, columns.std(0), scale)
    if work.exact(law, output):
        return law
    spread = np.append(columns.std(0), 1.0)
    plain = [0.0 if abs(w) * s <= 1e-9 * scale else float(w) for w, s in zip(fit, spread, strict=True)]
    return weighted_sum(plain[:-1], terms, plain[-1])


LINEAR = FormulaLearner("linear", (linear,), not_obvious)
