"""Columns that tell a 0/1 target by a threshold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


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
