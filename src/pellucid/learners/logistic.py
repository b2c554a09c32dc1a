"""Convex fits: multinomial logistic regression, naive Bayes, both together; and whole weights.

Logistic regression on features scaled by how much naive Bayes makes of them follows Wang and Manning (2012, "Baselines
and bigrams", NB-SVM); here for several classes, with the scale raised to a power, and the two solutions averaged.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

# x may be a scipy.sparse matrix in this file; the type checker does not know its products.
STEPS = 120
SMOOTHING = 0.3
SCALES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096)


def regression(
    x: Any,
    counts: np.ndarray,
    strength: float,
    start: np.ndarray | None = None,
    scale: np.ndarray | float = 1.0,
    steps: int = STEPS,
    memory: int = 20,
    end: float = math.inf,
) -> np.ndarray:
    """Weights float64 [features, classes] of greatest likelihood with a normal prior on weights / scale.

    Args:
        x: [rows, features], an array or a sparse matrix. counts: [rows, classes], how often each class occurs there.
        strength: variance of the prior.
        start: weights / scale to begin with; 0 where not given. scale: [features, classes], positive, or one for all.
        steps, memory: of the optimiser (L-BFGS): at most, and how many steps back it looks.
        end: time.monotonic() at which to stop.
    """
    shape, transposed = (x.shape[1], counts.shape[1]), x.T if isinstance(x, np.ndarray) else x.T.tocsr()
    per_row = counts.sum(1, keepdims=True)

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        v = flat.reshape(shape).astype(x.dtype)
        scores = x @ (scale * v)
        scores -= scores.max(1, keepdims=True)
        shares = np.exp(scores)
        norm = shares.sum(1, keepdims=True)
        loss = -(counts * (scores - np.log(norm))).sum() + 0.5 / strength * (v**2).sum()
        slope = scale * (transposed @ (shares / norm * per_row - counts)) + v / strength
        return float(loss), slope.ravel().astype(np.float64)

    def in_time(_: np.ndarray) -> None:
        if time.monotonic() > end:
            raise StopIteration

    first = np.zeros(shape) if start is None else start
    options = {"maxiter": steps, "maxcor": memory}
    result = minimize(objective, first.ravel(), jac=True, method="L-BFGS-B", options=options, callback=in_time)
    return scale * result.x.reshape(shape)


def whole(weights: np.ndarray, right: Callable[[np.ndarray], float], scales: Sequence[int] = SCALES) -> np.ndarray:
    """Weights as integers: the coarsest scale at which `right` does not fall; where it always does, the best."""
    target, best, found = right(weights), weights, -1.0
    for scale in scales:
        rounded = np.rint(weights * scale)
        score = right(rounded)
        if score > found:
            best, found = rounded, score
        if score >= target:
            break
    return best.astype(np.int64)


@dataclass(frozen=True)
class Recipe:
    """How weights are fitted.

    power: of the naive Bayes log ratio by which features are scaled; 0 is plain logistic regression. strength: variance
    of the prior on the weights (larger: freer). bayes: share of naive Bayes in the sum, 0..1.
    """

    power: float
    strength: float
    bayes: float


def log_ratios(x: Any, y: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Naive Bayes: log probability of features by class [features, classes], centred; and the ratio to the rest."""
    counts = np.asarray(x.T @ np.eye(classes)[y]) + SMOOTHING
    rest = counts.sum(1, keepdims=True) - counts
    shares = np.log(counts / counts.sum(0))
    return shares - shares.mean(1, keepdims=True), shares - np.log(rest / rest.sum(0))


def fitted(x: Any, y: np.ndarray, classes: int, recipes: list[Recipe]) -> Iterator[np.ndarray]:
    """Weights [features, classes] of every recipe, each row with mean 0; equal regressions are fitted once."""
    bayes, ratio = log_ratios(x, y, classes)
    known: dict[tuple[float, float], np.ndarray] = {}
    spread = (x @ bayes).std() or 1.0
    for recipe in recipes:
        key = recipe.power, recipe.strength
        if key not in known:
            scale = np.abs(ratio) ** recipe.power
            known[key] = regression(x, np.eye(classes)[y], recipe.strength, scale=scale, memory=10)
        weights = known[key]
        if recipe.bayes:
            same = (x @ weights).std() / spread  # both on one scale
            weights = (1 - recipe.bayes) * weights + recipe.bayes * same * bayes
        yield weights - weights.mean(1, keepdims=True)
