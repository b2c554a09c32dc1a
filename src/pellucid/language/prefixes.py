"""Aggregates over all steps so far, or the last few, on arrays of float64: [..., steps, sequences].

Whole numbers below 2**52 are exact. Entries that cannot be told are NaN.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Prefix = Callable[[np.ndarray, int | None], np.ndarray]
MOST_VALUES = 32  # of a block whose most frequent value is asked for


def shifted(block: np.ndarray, amount: int, default: float = 0.0) -> np.ndarray:
    """Values `amount` steps back."""
    out = np.full_like(block, default)
    if amount < block.shape[-2]:
        out[..., amount:, :] = block[..., : block.shape[-2] - amount, :]
    return out


def sums(block: np.ndarray, window: int | None) -> np.ndarray:
    """Sums; those of a window of reals are added up in the window, as the language does it."""
    if window is None:
        return np.cumsum(block, -2)
    if (np.floor(block) == block).all():
        total = np.cumsum(block, -2)
        return total - shifted(total, window)
    return sum((shifted(block, back) for back in range(window - 1, -1, -1)), np.zeros(()))


def means(block: np.ndarray, window: int | None) -> np.ndarray:
    """Means."""
    steps = np.arange(1.0, block.shape[-2] + 1)[:, None]
    return sums(block, window) / (steps if window is None else np.minimum(steps, window))


def extremes(ufunc: np.ufunc, beyond: float) -> Prefix:
    """The smallest or the largest; `beyond`: the value that never is."""

    def prefix(block: np.ndarray, window: int | None) -> np.ndarray:
        if window is None:
            return ufunc.accumulate(block, -2)
        found = block
        for back in range(1, window):
            found = ufunc(found, shifted(block, back, beyond))
        return found

    return prefix


def firsts(block: np.ndarray, window: int | None) -> np.ndarray:
    """The first value."""
    out = np.broadcast_to(block[..., :1, :], block.shape).copy()
    if window is not None and window <= block.shape[-2]:
        out[..., window - 1 :, :] = block[..., : block.shape[-2] - window + 1, :]
    return out


def lasts(block: np.ndarray, window: int | None) -> np.ndarray:
    """The last value: this one."""
    del window
    return block.copy()


def modes(block: np.ndarray, window: int | None) -> np.ndarray:
    """The most frequent value, the smallest of equally frequent ones; NaN where there are too many values."""
    values = np.unique(block)
    if len(values) > MOST_VALUES:
        return np.full_like(block, np.nan)
    best, most = np.zeros_like(block), np.zeros_like(block)
    for value in values:
        count = sums((block == value).astype(float), window)
        better = count > most
        best, most = np.where(better, value, best), np.where(better, count, most)
    return best
