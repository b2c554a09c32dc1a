"""How good a program is on data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.data.data import Data
from pellucid.errors import PellucidError
from pellucid.language.program import Program
from pellucid.semantics import scores
from pellucid.semantics.batch import predict


@dataclass(frozen=True)
class Verdict:
    """exact: no error anywhere. error: the mean squared one, each output divided by its variance; none is endless."""

    exact: bool
    error: float


HOPELESS = float(np.finfo(np.float64).max)


def judge(program: Program, data: Data) -> Verdict:
    """Run a program, which feeds back its own outputs, and compare; an input that it refuses is an error."""
    try:
        judged = scores.judge(predict(program, data.sequences), data.outputs, data.schema.when)
    except PellucidError:
        return Verdict(False, HOPELESS)
    told, true = (np.array(rows, np.float64) for rows in (judged.given, judged.wanted))
    spread = true.std(0)
    with np.errstate(all="ignore"):
        error = float((((told - true) / np.where(spread > 0, spread, 1.0)) ** 2).mean())
    return Verdict(bool(judged.right.all()), error if np.isfinite(error) else HOPELESS)
