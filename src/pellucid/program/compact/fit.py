"""The readout as a convex problem: integer weights for chosen variables that decide the labels best.

Multinomial logistic regression over one-hot variables and plain numbers, on the distinct rows with their counts; then
the coarsest whole weights that decide no worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

PENALTY = 1e-6
SCALES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256, 1024)
CELLS = 1_000_000  # feature x label cells of a step that take about a millisecond
WRONG_AGAIN = 4.0  # weight added to rows decided wrongly, where a perfect readout may exist


@dataclass(frozen=True)
class Column:
    """One variable of a readout: codes int [row] below `size`, the `values` behind them; `numbers` if it is scaled."""

    codes: np.ndarray
    size: int
    numbers: np.ndarray | None = None
    values: tuple = ()

    @property
    def features(self) -> int:
        """Weights per label."""
        return self.size if self.numbers is None else 1

    def encoded(self, codes: np.ndarray) -> np.ndarray:
        """float32 [row, feature]; numbers are scaled to at most 1, so that weights are alike in size."""
        if self.numbers is None:
            return np.eye(self.size, dtype=np.float32)[codes]
        return (self.numbers[codes] / self.largest).astype(np.float32)[:, None]

    @property
    def largest(self) -> float:
        """Largest absolute number."""
        assert self.numbers is not None
        return float(max(1, np.abs(self.numbers).max()))


@dataclass(frozen=True)
class Rows:
    """Distinct rows: features float32 [row, feature + 1], the last one 1; counts of each label [row, label]."""

    x: np.ndarray
    counts: np.ndarray

    def correct(self, weights: np.ndarray) -> float:
        """Number of examples decided rightly."""
        best = (self.x.astype(weights.dtype) @ weights).argmax(1)
        return float(self.counts[np.arange(len(best)), best].sum())

    @property
    def limit(self) -> float:
        """Number of examples that any function of these columns can get right."""
        return float(self.counts.max(1).sum())


def distinct_rows(columns: Sequence[Column], counts: np.ndarray) -> Rows:
    """Rows that are alike counted together.

    Args:
        counts: float [row, label], how often each label goes with each row.
    """
    index = np.zeros(len(counts), np.int64)
    for column in columns:
        index = index * column.size + column.codes
        if index.max(initial=0) > 2**50:
            _, index = np.unique(index, return_inverse=True)
    _, first, which = np.unique(index, return_index=True, return_inverse=True)
    added = np.stack([np.bincount(which, counts[:, k], len(first)) for k in range(counts.shape[1])], 1)
    ones = np.ones((len(first), 1), np.float32)
    return Rows(np.concatenate([*(c.encoded(c.codes[first]) for c in columns), ones], 1), added.astype(np.float32))


class Going(Protocol):
    """Asked again and again: whether to go on."""

    def __call__(self, units: float = 1.0) -> bool:
        """Whether there is effort left, now that some more was spent: a unit is about a millisecond."""
        ...


def always(units: float = 1.0) -> bool:
    """Go on."""
    del units
    return True


def solve(
    rows: Rows, start: np.ndarray | None = None, steps: int = 100, going: Going = always
) -> tuple[np.ndarray, float]:
    """Weights float64 [feature + 1, label] of the penalised maximum likelihood fit, and its loss per example."""
    from scipy.optimize import minimize

    x, counts = rows.x, rows.counts
    total, per_row = counts.sum(), counts.sum(1, keepdims=True)
    shape = (x.shape[1], counts.shape[1])

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(shape).astype(np.float32)
        scores = x @ weights
        scores -= scores.max(1, keepdims=True)
        p = np.exp(scores)
        norm = p.sum(1, keepdims=True)
        value = -(counts * (scores - np.log(norm))).sum() / total
        gradient = x.T @ (p / norm * per_row - counts) / total + 2 * PENALTY * weights
        return float(value + PENALTY * (weights**2).sum()), gradient.ravel().astype(np.float64)

    def in_time(_: np.ndarray) -> None:
        if not going(0.5 + x.size * shape[1] / CELLS):
            raise StopIteration

    first = np.zeros(shape) if start is None else start
    options = {"maxiter": steps, "maxcor": 20}
    result = minimize(objective, first.ravel(), jac=True, method="L-BFGS-B", options=options, callback=in_time)
    return result.x.reshape(shape), float(result.fun)


def sharpened(rows: Rows, weights: np.ndarray, rounds: int, going: Going = always) -> np.ndarray:
    """Weights that decide more examples rightly: refits that count wrongly decided rows more often."""
    best, score = weights, rows.correct(weights)
    counts = rows.counts
    for _ in range(rounds):
        if score >= rows.limit or not going():
            break
        wrong = (rows.x @ weights.astype(np.float32)).argmax(1) != rows.counts.argmax(1)
        counts = np.where(wrong[:, None], counts * WRONG_AGAIN, counts)
        weights, _ = solve(Rows(rows.x, counts), weights, 60, going)
        if rows.correct(weights) > score:
            best, score = weights, rows.correct(weights)
    return best


def whole(rows: Rows, columns: Sequence[Column], weights: np.ndarray, floor: float) -> np.ndarray:
    """Integer weights [feature + 1, label]: the coarsest with which `floor` examples are decided rightly.

    The weights of a row of labels start at 0, and its commonest row in each one-hot variable is all 0.
    """
    weights = _centred(columns, weights)
    largest, place = np.ones(len(weights)), 0
    for column in columns:
        if column.numbers is not None:
            largest[place] = column.largest
        place += column.features
    biggest = np.abs(weights).max() or 1.0
    best, best_score = weights, -1.0
    for scale in SCALES:
        rounded = np.rint(weights / largest[:, None] * (scale / biggest) * 4)
        score = rows.correct(rounded * largest[:, None])
        if score > best_score:
            best, best_score = rounded, score
        if score >= floor:
            break
    return best.astype(np.int64)


def _centred(columns: Sequence[Column], weights: np.ndarray) -> np.ndarray:
    """The same decisions with the mean over labels and, per one-hot variable, over values moved into the bias."""
    w = weights - weights.mean(1, keepdims=True)
    place = 0
    for column in columns:
        if column.numbers is None:
            block = slice(place, place + column.size)
            seen = np.flatnonzero(np.bincount(column.codes, minlength=column.size))
            mean = w[block][seen].mean(0)
            fresh = np.zeros_like(w[block])
            fresh[seen] = w[block][seen] - mean
            w[block] = fresh
            w[-1] += mean
        place += column.features
    return w
