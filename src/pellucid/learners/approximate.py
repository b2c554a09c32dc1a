"""What there is when nothing is right: a weighted sum of few columns, a threshold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.language.expressions import Const
from pellucid.learners.formulas.affine import Number, least_squares, weighted_sum
from pellucid.learners.formulas.learner import FormulaLearner
from pellucid.learners.formulas.terms import Op, Term
from pellucid.learners.formulas.work import Work, is_real

MOST = 3  # columns in a sum
BOUNDS = 64  # thresholds of a column that are tried


def approximations(work: Work, output: str) -> list[Term]:
    """Approximate answers, without past outputs."""
    terms = [*work.columns(), *work.lags(min(3, work.bias.window)), *work.position()[:1]]
    kept, columns = work.sample([t for t in terms if work.allowed(t)])
    y = work.wanted(output)
    whole = not is_real(work.results[output])
    found = _sums(kept, columns, y, whole)
    if set(y.tolist()) <= {0.0, 1.0} and {"<", ">"} <= set(work.bias.operators):
        found += _thresholds(kept, columns, y)
    return list(dict.fromkeys(found))


def _sums(terms: Sequence[Term], columns: np.ndarray, y: np.ndarray, whole: bool) -> list[Term]:
    """Sums of one, two and three columns, each adding the one that helps most; rounded for whole outputs."""
    chosen: list[int] = []
    found: list[Term] = []
    for _ in range(min(MOST, len(terms))):
        rest = [(least_squares(columns[:, [*chosen, i]], y)[2], i) for i in range(len(terms)) if i not in chosen]
        chosen.append(min(rest)[1])
        weights, constant, _ = least_squares(columns[:, chosen], y)
        numbers = [_short(float(w)) for w in (*weights, constant + 0.5 * whole)]
        law = weighted_sum(numbers[:-1], [terms[i] for i in chosen], numbers[-1])
        found.append(Op("floor", (law,)) if whole else law)
    return found


def _thresholds(terms: Sequence[Term], columns: np.ndarray, y: np.ndarray) -> list[Term]:
    """The best comparison of a column with a number."""
    best: tuple[float, Term] | None = None
    for term, column in zip(terms, columns.T, strict=True):
        for bound in np.unique(np.quantile(column, np.linspace(0, 1, BOUNDS), method="nearest")).tolist():
            for op, truth in (("<", column < bound), (">", column > bound)):
                right = float((truth == y).mean())
                if best is None or right > best[0]:
                    best = right, Op(op, (term, Const(_short(bound))))
    return [] if best is None else [best[1]]


def _short(value: float, whole: bool = False) -> Number:
    """A number in six digits, whole where it is."""
    short = round(value) if whole else float(f"{value:.6g}")
    return int(short) if short == int(short) else short


APPROXIMATE = FormulaLearner("approximate", (approximations,))
