"""Least squares in float64: fitting the output head, leaving out what is not needed, snapping constants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.learners.formulas.affine import Number, snapped

NOISE_FLOOR = 1e-20  # of an error divided by the variance: below it, a fit is exact
KEPT = 1.02  # a simpler fit may have an error larger by this factor
LARGEST = 100  # denominator of a constant
SAME = 1e-9  # relative difference of a constant from the rational it is taken for
NEAR = 3.0  # standard errors that a constant of noisy data may be moved to become a simple one
DIGITS = 12


@dataclass(frozen=True, eq=False)
class Fit:
    """A linear fit: coefficients of the columns, and the error on the judging rows divided by the variance."""

    columns: tuple[int, ...]
    coefficients: np.ndarray
    error: float
    deviations: np.ndarray


class Least:
    """Least squares on some rows, judged on others; both compressed once to a triangle, so that a fit is cheap.

    columns: float64 [rows, k]; targets [rows, outputs]; fitted: bool [rows], the rows that are fitted.
    """

    def __init__(self, columns: np.ndarray, targets: np.ndarray, fitted: np.ndarray) -> None:
        self.scale = np.maximum(np.sqrt((columns**2).mean(0)), 1e-300)
        spread = targets.std(0)
        self.spread = np.where(spread > 0, spread, 1.0)
        self.k = columns.shape[1]
        joined = np.column_stack([columns / self.scale, targets / self.spread])
        self.count = int(fitted.sum())
        self.fitted = _triangle(joined[fitted])
        judged = ~fitted if (~fitted).any() else fitted
        self.judged = _triangle(joined[judged]) / np.sqrt(judged.sum())

    def fit(self, columns: Sequence[int], output: int) -> Fit:
        """The best coefficients of some columns."""
        chosen, target = list(columns), self.fitted[:, self.k + output]
        left = self.fitted[:, chosen]
        coefficients = np.linalg.lstsq(left, target, rcond=1e-12)[0] if chosen else np.zeros(0)
        for _ in range(2 if chosen else 0):  # iterative refinement: what rounding left over
            coefficients = coefficients + np.linalg.lstsq(left, target - left @ coefficients, rcond=1e-12)[0]
        rest = target - left @ coefficients
        noise = float(rest @ rest) / max(self.count - len(chosen), 1)
        inverse = np.linalg.pinv(left.T @ left) if chosen else np.zeros((0, 0))
        deviations = np.sqrt(np.maximum(np.diag(inverse), 0.0) * noise)
        factor = self.spread[output] / self.scale[chosen]
        error = self._error(chosen, coefficients, output)
        return Fit(tuple(chosen), coefficients * factor, error, deviations * factor)

    def _error(self, chosen: list[int], coefficients: np.ndarray, output: int) -> float:
        """Error on the judging rows, of coefficients of the scaled columns."""
        rest = self.judged[:, self.k + output] - self.judged[:, chosen] @ coefficients
        return float(rest @ rest)

    def sparse(self, costs: Sequence[float], output: int) -> Fit:
        """Leave out columns, those that cost most first, as long as the error stays."""
        best = self.fit(range(len(costs)), output)
        again = True
        while again:
            again = False
            for column in sorted(best.columns, key=lambda c: (-costs[c], -c)):
                less = self.fit([c for c in best.columns if c != column], output)
                if less.error <= keeps(best.error):
                    best, again = less, True
                    break
        return best

    def snapped(self, fit: Fit, output: int) -> list[Number]:
        """Coefficients as rationals or short decimals where that keeps the error."""
        values: list[Number] = fit.coefficients.tolist()
        chosen, floor = list(fit.columns), keeps(fit.error)
        factor = self.scale[chosen] / self.spread[output]
        for i, (value, deviation) in enumerate(zip(fit.coefficients, fit.deviations, strict=True)):
            for simple in _simple(float(value), float(deviation)):
                trial = np.array([*values[:i], simple, *values[i + 1 :]], float)
                if self._error(chosen, trial * factor, output) <= floor:
                    values[i] = simple
                    break
        return values


def _triangle(rows: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.qr(rows, mode="r"))


def keeps(error: float) -> float:
    """Largest error that counts as no worse."""
    return max(KEPT * error, NOISE_FLOOR)


def _simple(value: float, deviation: float) -> Iterator[Number]:
    """Simpler numbers that may be meant, the simplest first."""
    tolerance = SAME * max(abs(value), 1e-6)
    for near in (snapped(value, 1, np.inf), snapped(value, 2, np.inf)):
        if abs(near - value) <= max(tolerance, NEAR * deviation):
            yield near
    if abs((rational := snapped(value, LARGEST, np.inf)) - value) <= tolerance:
        yield rational
    if (short := shortest(value, tolerance)) is not None:
        yield short


def shortest(value: float, tolerance: float) -> float | None:
    """The shortest decimal near a value, of at most so many digits."""
    shorter = (float(f"{value:.{digits}g}") for digits in range(1, DIGITS + 1))
    return next((short for short in shorter if abs(short - value) <= tolerance), None)
