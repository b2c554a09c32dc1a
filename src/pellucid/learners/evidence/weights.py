"""Weights of features by convex fits: naive Bayes, logistic regression, and both together.

Logistic regression on features scaled by how much naive Bayes makes of them follows Wang and Manning (2012, "Baselines
and bigrams", NB-SVM); here for several classes, with the scale raised to a power, and the two solutions averaged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

# x is a scipy.sparse matrix in this file; the type checker does not know its products.
SMOOTHING = 0.3
STEPS = 120


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


def regression(
    x: Any,
    y: np.ndarray,
    classes: int,
    scale: np.ndarray | float,
    strength: float,
    start: np.ndarray | None = None,
    steps: int = STEPS,
    memory: int = 10,
) -> np.ndarray:
    """Weights [features, classes] of multinomial logistic regression with a normal prior on weights / scale.

    Args:
        x: counts [rows, features]. y: class of every row. scale: [features, classes], positive, or one for all.
        strength: variance of the prior.
        start: weights / scale to begin with; 0 where not given.
        steps, memory: of the optimiser (L-BFGS): at most, and how many steps back it looks.
    """
    shape = (x.shape[1], classes)
    one_hot, transposed = np.eye(classes)[y], x.T.tocsr()

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        v = flat.reshape(shape)
        scores = x @ (scale * v)
        scores -= scores.max(1, keepdims=True)
        shares = np.exp(scores)
        norm = shares.sum(1, keepdims=True)
        loss = -(one_hot * (scores - np.log(norm))).sum() + 0.5 / strength * (v**2).sum()
        slope = scale * (transposed @ (shares / norm - one_hot)) + v / strength
        return float(loss), slope.ravel()

    first = np.zeros(shape) if start is None else start
    options = {"maxiter": steps, "maxcor": memory}
    result = minimize(objective, first.ravel(), jac=True, method="L-BFGS-B", options=options)
    return scale * result.x.reshape(shape)


def fitted(x: Any, y: np.ndarray, classes: int, recipes: list[Recipe]) -> Iterator[np.ndarray]:
    """Weights [features, classes] of every recipe, each row with mean 0; equal regressions are fitted once."""
    bayes, ratio = log_ratios(x, y, classes)
    known: dict[tuple[float, float], np.ndarray] = {}
    spread = (x @ bayes).std() or 1.0
    for recipe in recipes:
        key = recipe.power, recipe.strength
        if key not in known:
            known[key] = regression(x, y, classes, np.abs(ratio) ** recipe.power, recipe.strength)
        weights = known[key]
        if recipe.bayes:
            same = (x @ weights).std() / spread  # both on one scale
            weights = (1 - recipe.bayes) * weights + recipe.bayes * same * bayes
        yield weights - weights.mean(1, keepdims=True)
