"""Weights of features by convex fits: naive Bayes, logistic regression, and both together.

Logistic regression on features scaled by how much naive Bayes makes of them follows Wang and Manning (2012, "Baselines
and bigrams", NB-SVM); here for several classes, with the scale raised to a power, and the two solutions averaged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.learners.logistic import regression

# x is a scipy.sparse matrix in this file; the type checker does not know its products.
SMOOTHING = 0.3


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
