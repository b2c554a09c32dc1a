"""Exact linear laws: the fewest columns whose weighted sum is the output, with rational weights where they are.

Columns are the inputs and their lags, windowed and prefix sums, the position, and past outputs (linear recurrences, the
order raised until the fit is exact, as in the Berlekamp-Massey algorithm).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from pellucid.search.numeric.affine import least_squares, neat, snapped, weighted_sum
from pellucid.search.numeric.supports import supports
from pellucid.search.numeric.terms import Op, Pos, Run, Term, Value, size
from pellucid.search.numeric.work import Answer, Work

FIT = 1e-8  # relative residual of a fit worth checking
MOST = 24  # sets of columns checked
KEPT = 3  # right answers kept of each kind
SHORT = 8  # size of a law without past outputs beside which recurrences are not looked for


def linear(work: Work, output: str) -> list[Answer]:
    """Right linear laws for an output, without and with past outputs."""
    began = time.monotonic()
    found: list[Term] = []
    for order, features in enumerate(feature_sets(work)):
        here = list(islice(exact_laws(work, output, features), KEPT))
        found += [term for term in here if term not in found]
        if here and (order or any(size(term) <= SHORT for term in here)):
            break
    return [Answer("linear", term, time.monotonic() - began) for term in found]


def feature_sets(work: Work) -> Iterator[list[Term]]:
    """Columns to weigh: without past outputs first, then recurrences of rising order."""
    yield plain_features(work)
    inputs = work.columns()
    for order in range(1, work.bias.past_outputs() + 1):
        past = work.past(order)
        if not past:
            continue
        lags = work.lags(min(order, work.bias.window))
        position = [Pos(1)] if work.position() else []
        yield [*inputs, *lags, *past, *position]


def plain_features(work: Work) -> list[Term]:
    """Inputs, lags, position, windowed sums, prefix sums of them and of prefix sums; the shortest terms first."""
    bias, inputs, position = work.bias, work.columns(), work.position()
    features: list[Term] = [*inputs, *work.lags(bias.window), *position[1:]]
    if position:
        features.append(Op("square", (Pos(1),)))
    if "sum" in bias.modes:
        sums: list[Term] = [Run("sum", x) for x in inputs]
        features += [*sums, *(Run("sum", total) for total in sums)]
        features += [Run("sum", x, window) for window in range(2, bias.window + 1) for x in inputs]
    if "mean" in bias.modes and not work.whole:
        features += [Run("mean", x) for x in inputs]
        features += [Run("mean", x, window) for window in range(2, bias.window + 1) for x in inputs]
    return sorted((f for f in features if work.allowed(f)), key=size)


def exact_laws(work: Work, output: str, features: Sequence[Term]) -> Iterator[Term]:
    """Right weighted sums of the features, those of the fewest features first."""
    terms, columns = work.sample(features)
    y = work.wanted(output)
    if not terms or np.ptp(y) == 0 or least_squares(columns, y)[2] > FIT:
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
    spread = np.append(columns.std(0), 1.0)
    scale = max(float(y.std()), 1e-300)
    values = [_snapped(float(w), scale / max(s, 1e-300)) for w, s in zip([*weights, constant], spread, strict=True)]
    law = weighted_sum(values[:-1], terms, values[-1])
    if work.exact(law, output):
        return law
    plain = [0.0 if abs(w) * s <= 1e-9 * scale else float(w) for w, s in zip([*weights, constant], spread, strict=True)]
    return weighted_sum(plain[:-1], terms, plain[-1])


def _snapped(weight: float, unit: float) -> Value:
    """The weight, or the rational number so near that no output can tell (`unit`: a weight that matters)."""
    value = snapped(weight, tolerance=1e-9)
    if abs(float(value) - weight) <= 1e-8 * unit or abs(weight) <= 1e-9 * unit:
        return 0 if abs(weight) <= 1e-9 * unit else value
    return neat(weight)
