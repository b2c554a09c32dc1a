"""Weighted sums of terms: coefficients snapped to whole or simple rational numbers, and written the way one would."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

import numpy as np

from pellucid.search.numeric.terms import Num, Op, Term, Value, num, size

DENOMINATORS = 12
SNAP = 1e-6
SHARP = 4e-15  # relative error of weights that were fitted without noise


def snapped(value: float, largest: int = DENOMINATORS, tolerance: float = SNAP) -> Value:
    """The simple rational number next to a value; the value itself where none is close."""
    found = Fraction(value).limit_denominator(largest)
    if abs(float(found) - value) <= tolerance * max(1.0, abs(value)):
        return int(found) if found.denominator == 1 else found
    return value


def neat(value: float) -> float:
    """The shortest decimal number that least squares cannot tell from a value."""
    for digits in range(1, 16):
        short = float(f"{value:.{digits}g}")
        if abs(short - value) <= SHARP * abs(value):
            return short
    return value


def weighted_sum(weights: Sequence[Value], terms: Sequence[Term], constant: Value = 0) -> Term:
    """The sum of `weights[i] * terms[i]` plus a constant, as a term; positive parts first, short ones before long."""
    parts = [(w, t) for w, t in zip(weights, terms, strict=True) if w != 0]
    shared = _common_denominator([*(w for w, _ in parts), constant])
    if shared > 1:
        top = weighted_sum([_times(w, shared) for w, _ in parts], [t for _, t in parts], _times(constant, shared))
        return Op("/", (top, Num(shared)))
    parts = _grouped(parts)
    parts.sort(key=lambda part: (part[0] < 0, size(part[1])))
    total: Term | None = None
    for weight, term in parts:
        total = _added(total, weight, term)
    if total is None:
        return num(constant)
    if constant == 0:
        return total
    if constant > 0 and parts[0][0] < 0:
        return _subtracted(num(constant), parts)
    return Op("+" if constant > 0 else "-", (total, num(abs(constant))))


def _grouped(parts: list[tuple[Value, Term]]) -> list[tuple[Value, Term]]:
    """Terms with the same weight, other than 1, in brackets behind it."""
    groups: dict[Value, list[tuple[Value, Term]]] = {}
    for weight, term in parts:
        groups.setdefault(abs(weight), []).append((weight, term))
    found: list[tuple[Value, Term]] = []
    for amount, group in groups.items():
        if amount == 1 or len(group) == 1:
            found += group
        else:
            sign = -1 if all(weight < 0 for weight, _ in group) else 1
            found.append(
                (sign * amount, weighted_sum([sign if w > 0 else -sign for w, _ in group], [t for _, t in group]))
            )
    return found


def _subtracted(start: Term, parts: list[tuple[Value, Term]]) -> Term:
    for weight, term in parts:
        start = _added(start, weight, term)
    return start


def _added(total: Term | None, weight: Value, term: Term) -> Term:
    amount = term if abs(weight) == 1 else Op("*", (num(abs(weight)), term))
    if total is None:
        return amount if weight > 0 else Op("neg", (amount,))
    return Op("+" if weight > 0 else "-", (total, amount))


def _times(value: Value, factor: int) -> Value:
    product = value * factor
    return int(product) if isinstance(product, Fraction) else product


def _common_denominator(values: Sequence[Value]) -> int:
    if any(isinstance(v, float) for v in values):
        return 1
    return lcm(*(Fraction(v).denominator for v in values))


def least_squares(columns: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Weights and intercept of y on columns [points, k], and the relative residual, in float64.

    Columns are centred and scaled first, and the solution is refined once: constants come out to full precision.
    """
    middle, centre = columns.mean(0), y.mean()
    spread = columns.std(0)
    spread[spread == 0] = 1.0
    scaled, wanted = (columns - middle) / spread, y - centre
    weights = np.linalg.lstsq(scaled, wanted, rcond=1e-13)[0]
    weights += np.linalg.lstsq(scaled, wanted - scaled @ weights, rcond=1e-13)[0]
    rest = wanted - scaled @ weights
    weights = weights / spread
    return weights, float(centre - middle @ weights), float(np.linalg.norm(rest) / max(np.linalg.norm(wanted), 1e-300))
