"""How right a program is, by the language's own interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.data.series import Series
from pellucid.program.numeric import NumericProgram, outputs

RELATIVE = 1e-9  # error of a real output that counts as none, relative to it or to the outputs' spread


@dataclass(frozen=True)
class Judged:
    """Errors of a program on a data set. exact: equal whole numbers, or real ones within `RELATIVE`."""

    exact: bool
    mse: float
    max_error: float
    wrong: int
    sequences: int


def judged(program: NumericProgram, series: Series) -> Judged:
    """Errors of a program on a data set."""
    found = outputs(program, series.inputs)
    wrong, squares, values, largest, right = 0, 0.0, 0, 0.0, True
    spread = np.concatenate([np.asarray(y, float) for y in series.outputs]).std(0)
    for made, wanted in zip(found, series.outputs, strict=True):
        error = np.abs(np.asarray(made - wanted, float))
        if series.whole_outputs:
            bad = bool((made != wanted).any())
        else:
            bad = bool((~(error <= RELATIVE * np.maximum(np.abs(wanted), spread))).any())
        wrong, right = wrong + bad, right and not bad
        squares, values = squares + float((error**2).sum()), values + error.size
        largest = max(largest, float(error.max(initial=0.0)))
    mse = squares / max(values, 1)
    return Judged(right, mse if np.isfinite(mse) else np.inf, largest, wrong, len(series))


def exact_on(program: NumericProgram, parts: Sequence[Series]) -> bool:
    """Whether a program makes no error on any of the data sets."""
    return all(judged(program, part).exact for part in parts if len(part))
