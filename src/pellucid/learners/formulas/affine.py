"""Weighted sums and thresholds of columns: which columns, which numbers, as simple as they can be, and as terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import lcm

import numpy as np

from pellucid.language.expressions import Const
from pellucid.learners.formulas.terms import Op, Term, size

Number = int | float | Fraction
DENOMINATORS = 12
SNAP = 1e-6
FEW = 50  # points looked at first, beside three for each column
CLOSE = 1e-7  # unexplained share below which a set of columns is looked at with full precision
FIT = 1e-8  # relative residual of a set worth checking
EXACT = 1e-9  # relative residual that counts as none
WORK = 4_000_000  # sets of columns looked at in one go
SHARP = 4e-15  # relative error of weights that were fitted without noise


def snapped(value: float, largest: int = DENOMINATORS, tolerance: float = SNAP) -> Number:
    """The simple rational number next to a value; the value itself where none is close."""
    found = Fraction(value).limit_denominator(largest)
    if abs(float(found) - value) <= tolerance * max(1.0, abs(value)):
        return int(found) if found.denominator == 1 else found
    return value


def plain(value: float) -> int | float:
    """A whole number as int."""
    return int(value) if float(value).is_integer() else float(value)


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


def law_of(weights: Sequence[float], terms: Sequence[Term], spread: np.ndarray, scale: float) -> Term:
    """The sum of weights (the last one is the constant) as one would write it.

    spread: of each term's values. scale: of the sum's.
    """
    units = [*(scale / max(s, 1e-300) for s in spread.tolist()), scale]
    *factors, constant = (simple(float(w), unit) for w, unit in zip(weights, units, strict=True))
    return weighted_sum(factors, terms, constant)


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


# ---------------------------------------------------------------- which columns


def supports(columns: np.ndarray, y: np.ndarray, most: int = 8) -> Iterator[tuple[int, ...]]:
    """Sets of columns that explain y (up to a constant), the smallest sets first; within a size in column order.

    columns: [points, k], the preferred columns first. most: largest set that is looked for greedily.
    """
    scaled, wanted, live = standardised(columns, y)
    if not live:
        return
    gram, along = scaled.T @ scaled, scaled.T @ wanted
    found = False
    for count in range(1, 5):
        if len(live) ** count > WORK:
            break
        for chosen in _search(gram, along, count, 1.0, ()):
            if np.linalg.norm(_rest(scaled, wanted, list(chosen))) <= FIT:  # near fits do not end the search
                found = True
                yield tuple(live[i] for i in chosen)
        if found:
            return
    if chosen := _greedy(scaled, wanted, most):
        yield tuple(live[i] for i in chosen)


def standardised(columns: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Columns and target with mean 0 and length 1; constant columns and repetitions left out; which are left."""
    centred = columns - columns.mean(0)
    norms = np.linalg.norm(centred, axis=0)
    live = [i for i in range(columns.shape[1]) if norms[i] > 1e-9 * max(1.0, np.abs(columns[:, i]).max())]
    scaled = centred[:, live] / norms[live]
    alike = np.abs(scaled.T @ scaled) > 1 - 1e-11
    keep = [i for i in range(len(live)) if not alike[i, :i].any()]
    wanted = y - y.mean()
    return scaled[:, keep], wanted / max(np.linalg.norm(wanted), 1e-300), [live[i] for i in keep]


def _search(
    gram: np.ndarray, along: np.ndarray, count: int, left: float, fixed: tuple[int, ...]
) -> Iterator[tuple[int, ...]]:
    """Sets of `count` more columns, in rising order, that leave nothing unexplained; `fixed` are projected out."""
    own = np.diag(gram).copy()
    begin = fixed[-1] + 1 if fixed else 0
    usable = own > 1e-10
    safe = np.where(usable, own, 1.0)
    if count == 1:
        rest = left - along**2 / safe
        for i in np.flatnonzero(usable & (rest < CLOSE)):
            if i >= begin:
                yield (*fixed, int(i))
        return
    if count == 2:
        yield from _pairs(gram, along, own, left, fixed, begin)
        return
    for i in range(begin, len(along)):
        if usable[i]:
            across = gram[i] / own[i]
            step = along[i] / own[i]
            yield from _search(
                gram - np.outer(gram[i], across),
                along - gram[i] * step,
                count - 1,
                left - along[i] * step,
                (*fixed, i),
            )


def _pairs(
    gram: np.ndarray, along: np.ndarray, own: np.ndarray, left: float, fixed: tuple[int, ...], begin: int
) -> Iterator[tuple[int, ...]]:
    det = np.outer(own, own) - gram**2
    share = np.outer(along**2, own) + np.outer(own, along**2) - 2 * gram * np.outer(along, along)
    usable = det > 1e-10
    rest = left - share / np.where(usable, det, 1.0)
    for i, j in np.argwhere(np.triu(usable & (rest < CLOSE), 1)):
        if i >= begin:
            yield (*fixed, int(i), int(j))


def _greedy(scaled: np.ndarray, wanted: np.ndarray, most: int) -> tuple[int, ...]:
    """Columns taken one by one, each the most useful next to those before, then thinned out; empty if not exact."""
    chosen: list[int] = []
    rest = wanted
    while len(chosen) < min(2 * most, scaled.shape[1]) and np.linalg.norm(rest) > EXACT:
        gain = np.abs(scaled.T @ rest)
        gain[chosen] = -1
        chosen.append(int(gain.argmax()))
        rest = _rest(scaled, wanted, chosen)
    if np.linalg.norm(rest) > EXACT:
        return ()
    return thinned(scaled, wanted, chosen)


def thinned(scaled: np.ndarray, wanted: np.ndarray, chosen: list[int]) -> tuple[int, ...]:
    """The columns without those whose removal leaves the fit exact, the last ones tried first."""
    for one in sorted(chosen, reverse=True):
        fewer = [c for c in chosen if c != one]
        if np.linalg.norm(_rest(scaled, wanted, fewer)) <= EXACT:
            chosen = fewer
    return tuple(sorted(chosen))


def _rest(scaled: np.ndarray, wanted: np.ndarray, chosen: list[int]) -> np.ndarray:
    if not chosen:
        return wanted
    part = scaled[:, chosen]
    return wanted - part @ np.linalg.lstsq(part, wanted, rcond=1e-13)[0]


# ---------------------------------------------------------------- thresholds


def thresholds(rows: np.ndarray, wanted: np.ndarray) -> Iterator[tuple[int, str, float]]:
    """Row, comparison and threshold wherever a row [rows, points] is on one side exactly where the target is 1."""
    on = wanted != 0
    if on.all() or not on.any():
        return
    for name, low, high in (
        (">", rows[:, ~on].max(1), rows[:, on].min(1)),
        ("<", rows[:, on].max(1), rows[:, ~on].min(1)),
    ):
        for i in np.flatnonzero(low < high).tolist():
            yield i, name, between(float(low[i]), float(high[i]), name)


def between(low: float, high: float, name: str) -> float:
    """The shortest decimal number that separates two values under `name`: `low` on one side, `high` on the other."""
    middle = (low + high) / 2
    for digits in range(1, 17):
        short = float(f"{middle:.{digits}g}")
        if low < short < high or (name == ">" and short == low) or (name == "<" and short == high):
            return short
    return middle
