"""Figures of a numeric program on data: how many outputs are exactly right, and by how much the others miss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.data import Series

RELATIVE = 1e-9  # error of a real output that counts as none, relative to it or to the outputs' spread


def score(found: Sequence[np.ndarray], series: Series) -> dict[str, float]:
    """Share of right outputs (`token`) and of sequences without a wrong one (`sequence`), `mse`, `max_error`, `r2`.

    Args:
        found: what a program gave, [steps, columns] per sequence.
        series: what was expected; whole numbers must be equal, real ones may differ by 1e-9 of the number or of the
            standard deviation of its column, whichever is larger. `r2` is the mean over the columns.
    """
    wanted = series.outputs
    if not len(wanted):
        return {"token": 1.0, "sequence": 1.0, "mse": 0.0, "max_error": 0.0, "r2": 1.0}
    spread = np.concatenate([np.asarray(y, float) for y in wanted]).std(0)
    residue = np.zeros_like(spread)
    right, whole_right, cells, squares, largest = 0, 0, 0, 0.0, 0.0
    for made, y in zip(found, wanted, strict=True):
        error = np.abs(np.asarray(made - y, float))
        error = np.where(np.isfinite(error), error, np.inf)
        good = made == y if series.whole_outputs else error <= RELATIVE * np.maximum(np.abs(y), spread)
        right, whole_right, cells = right + int(np.sum(good)), whole_right + bool(np.all(good)), cells + error.size
        residue += (error**2).sum(0)
        squares, largest = squares + float((error**2).sum()), max(largest, float(error.max(initial=0.0)))
    steps = cells / len(spread)
    r2 = float((1 - residue / steps / np.maximum(spread**2, 1e-300)).mean())
    found_right = {"token": right / cells, "sequence": whole_right / len(wanted)}
    return {**found_right, "mse": squares / cells, "max_error": largest, "r2": r2}
