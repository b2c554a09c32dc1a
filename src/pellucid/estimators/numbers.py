"""The estimator for number sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin

from pellucid.bias import Bias
from pellucid.data.data import Data
from pellucid.estimators.base import ProgramEstimator, paired, plain, rows


@dataclass(repr=False, eq=False)
class ProgramRegressor(RegressorMixin, ProgramEstimator):
    """Numbers from number sequences: one per step, or one for the whole sequence.

    An input is a list of numbers, or of lists of numbers where there are several columns; an array [n, steps] has a
    sequence per row.

    Args:
        bias: which pieces a program may be made of.
        model, budget, seed, seeds, steps, simplify, settings: as for `pellucid.learn`.
    """

    kept = ("last",)

    bias: Bias | None = None

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn a program from number sequences and what should come out, a list as long, or one number, for each.

        Raises:
            PellucidError: in one line, for data from which nothing can be learned.
        """
        inputs, outputs = paired(X, y)
        data = Data.of(map(plain, inputs), map(plain, outputs))
        self.learned_ = self._learned(data, bias=self.bias)
        self.last_ = data.schema.when != "every"
        return self

    def predict(self, X: Any) -> Any:
        """Outputs: an array with one row of numbers per input where a sequence has one output, else a list of arrays.

        Raises:
            PellucidError: an input that the program does not take.
        """
        learned = self._fitted()
        found = [np.asarray(row) for row in learned.outputs([plain(x) for x in rows(X)])]
        return np.array(found) if self.last_ else found

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R squared over the outputs of all steps, the mean of the columns'; 1 is exact, 0 as good as the mean.

        Weights are for sequences.
        """
        self._fitted()
        inputs, outputs = paired(X, y)
        wanted = [np.asarray(plain(row), float).reshape(1 if self.last_ else len(row), -1) for row in outputs]
        pairs = zip(self.predict(inputs), wanted, strict=True)
        given = [np.asarray(a, float).reshape(b.shape) for a, b in pairs]
        weights = [1.0] * len(wanted) if sample_weight is None else [float(w) for w in sample_weight]
        each = np.repeat(weights, [len(row) for row in wanted])[:, None]
        return _r_squared(np.concatenate(given), np.concatenate(wanted), each)


def _r_squared(given: np.ndarray, wanted: np.ndarray, weights: np.ndarray) -> float:
    """The mean over columns; of a constant column 1 where it is met and 0 elsewhere."""
    mean = (weights * wanted).sum(0) / weights.sum()
    rest, spread = (weights * (given - wanted) ** 2).sum(0), (weights * (wanted - mean) ** 2).sum(0)
    shares = np.where(spread > 0, 1 - rest / np.where(spread > 0, spread, 1), (rest == 0).astype(float))
    return float(shares.mean())
