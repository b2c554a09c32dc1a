"""Weighted sums of terms: coefficients snapped to whole or simple rational numbers, and written the way one would."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

import numpy as np

from pellucid.language.expressions import Const
from pellucid.learners.formulas.terms import Op, Term, size

Number = int | float | Fraction
DENOMINATORS = 12
SNAP = 1e-6
FEW = 50  # points looked at first, beside three for each column
SHARP = 4e-15  # relative error of weights that were fitted without noise


def snapped(value: float, largest: int = DENOMINATORS, tolerance: float = SNAP) -> Number:
    """The simple rational number next to a value; the value itself where none is close."""
    found = Fraction(value).limit_denominator(largest)
    if abs(float(found) - value) <= tolerance * max(1.0, abs(value)):
        return int(found) if found.denominator == 1 else found
    return value


def neat(value: float, unit: float = 0.0) -> float:
    """The shortest decimal number that least squares cannot tell from a value. unit: a value that matters."""
    for digits in range(1, 16):
        short = float(f"{value:.{digits}g}")
        if abs(short - value) <= SHARP * max(abs(value), unit):
            return short
    return value


def simple(weight: float, unit: float) -> Number:
    """A weight as one would write it: 0 where no output can tell, a simple rational number, a short decimal.

    unit: a weight that matters.
    """
    if abs(weight) <= 1e-9 * unit:
        return 0
    value = snapped(weight, tolerance=1e-9)
    rational = not isinstance(value, float) and abs(float(value) - weight) <= 1e-8 * unit
    return value if rational else neat(weight, unit)


def weighted_sum(weights: Sequence[Number], terms: Sequence[Term], constant: Number = 0) -> Term:
    """The sum of `weights[i] * terms[i]` plus a constant, as a term; positive parts first, short ones before long."""
    parts = [(w, t) for w, t in zip(weights, terms, strict=True) if w != 0]
    shared = _common_denominator([*(w for w, _ in parts), constant])
    if shared > 1:
        top = weighted_sum([_times(w, shared) for w, _ in parts], [t for _, t in parts], _times(constant, shared))
        return Op("/", (top, Const(shared)))
    parts = _grouped(parts)
    parts.sort(key=lambda part: (part[0] < 0, size(part[1])))
    total: Term | None = None
    for weight, term in parts:
        total = _added(total, weight, term)
    if total is None:
        return Const(constant)
    if constant == 0:
        return total
    if constant > 0 and parts[0][0] < 0:
        return _subtracted(Const(constant), parts)
    return Op("+" if constant > 0 else "-", (total, Const(abs(constant))))


def _grouped(parts: list[tuple[Number, Term]]) -> list[tuple[Number, Term]]:
    """Terms with the same weight, other than 1, in brackets behind it."""
    groups: dict[Number, list[tuple[Number, Term]]] = {}
    for weight, term in parts:
        groups.setdefault(abs(weight), []).append((weight, term))
    found: list[tuple[Number, Term]] = []
    for amount, group in groups.items():
        if amount == 1 or len(group) == 1:
            found += group
        else:
            sign = -1 if all(weight < 0 for weight, _ in group) else 1
            found.append(
                (sign * amount, weighted_sum([sign if w > 0 else -sign for w, _ in group], [t for _, t in group]))
            )
    return found


def _subtracted(start: Term, parts: list[tuple[Number, Term]]) -> Term:
    for weight, term in parts:
        start = _added(start, weight, term)
    return start


def _added(total: Term | None, weight: Number, term: Term) -> Term:
    amount = term if abs(weight) == 1 else Op("*", (Const(abs(weight)), term))
    if total is None:
        return amount if weight > 0 else Op("neg", (amount,))
    return Op("+" if weight > 0 else "-", (total, amount))


def _times(value: Number, factor: int) -> Number:
    product = value * factor
    return int(product) if isinstance(product, Fraction) else product


def _common_denominator(values: Sequence[Number]) -> int:
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


def may_fit(columns: np.ndarray, y: np.ndarray, limit: float) -> bool:
    """Whether y may be a weighted sum of the columns: a look at a few of the points, so that most are not solved."""
    if np.ptp(y) == 0:
        return False
    few = slice(None, None, max(1, len(y) // (3 * columns.shape[1] + FEW)))
    wanted = y[few] - y[few].mean()
    basis = np.linalg.qr(columns[few] - columns[few].mean(0))[0]
    rest = wanted - basis @ (basis.T @ wanted)
    return bool(np.linalg.norm(rest) <= 10 * limit * max(float(np.linalg.norm(wanted)), 1e-300))
