"""How good a program is on number sequences, and its size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pellucid.data.series import Series
from pellucid.learners.transformer.discrete.formulas import weight
from pellucid.program.numeric import Formula, Lookup, NumericProgram, outputs

RELATIVE = 1e-9  # error of a real output that counts as none, relative to it or to the spread of its column


@dataclass(frozen=True)
class Verdict:
    """exact: no error anywhere (whole numbers: equal). wrong: sequences with an error; nmse: mse by the variance."""

    exact: bool
    wrong: int
    mse: float
    max_error: float
    nmse: float


def judge(program: NumericProgram, series: Series) -> Verdict:
    """Run a program, which feeds back its own outputs, and compare."""
    with np.errstate(all="ignore"):
        told = [np.asarray(row, np.float64) for row in outputs(program, series.inputs)]
        true = [np.asarray(row, np.float64) for row in series.outputs]
        spread = np.concatenate(true).std(0)
        wrong = 0
        for a, b in zip(told, true, strict=True):
            free = 0.0 if series.whole_outputs else RELATIVE * np.maximum(np.abs(b), spread)
            wrong += not bool((np.abs(a - b) <= free).all())
        apart = np.concatenate(told) - np.concatenate(true)
        mse, most = float((apart**2).mean()), float(np.abs(apart).max())
        nmse = float(((apart / np.where(spread > 0, spread, 1.0)) ** 2).mean())
    return Verdict(wrong == 0, wrong, *(v if np.isfinite(v) else float(np.finfo(float).max) for v in (mse, most, nmse)))


def exact_on(program: NumericProgram, parts: Iterable[Series]) -> bool:
    """Whether a program makes no error on any of the data sets."""
    return all(judge(program, part).exact for part in parts)


def price(program: NumericProgram) -> float:
    """Operators, variables and constants of all formulas, cells of all tables, 2 for every other variable."""
    total = 0.0
    for assign in program.assignments:
        match assign.node:
            case Formula(expression):
                total += weight(expression)
            case Lookup(cases=cases):
                total += 2 + 2 * len(cases)
            case _:
                total += 2
    return total
