"""How sure a figure is: bootstrap intervals. Whole examples are drawn: words of one sentence depend on each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.semantics.entities import entities

ROUNDS, LEVEL = 1000, 0.95


@dataclass(frozen=True)
class Interval:
    """A figure, and where it lies in the middle `level` of the resampled data sets."""

    value: float
    low: float
    high: float
    level: float = LEVEL

    def __str__(self) -> str:
        return f"{self.value:.2%} ({self.low:.2%} to {self.high:.2%})"


def bootstrap(counts: np.ndarray, seed: int = 0, rounds: int = ROUNDS, level: float = LEVEL) -> Interval:
    """A share of summed counts with its percentile bootstrap interval (Efron and Tibshirani, 1993, chapter 13).

    Args:
        counts: [examples, 2]: hits of each example, and out of how many.
        seed: the same seed gives the same interval.
        rounds: data sets drawn, with replacement, of the same size.
        level: share of the drawn data sets within the interval.

    Raises:
        ValueError: no examples, no rounds, or a level outside 0..1.
    """
    if not len(counts) or rounds < 1 or not 0 < level < 1:
        raise ValueError(f"bootstrap of {len(counts)} examples, {rounds} rounds, level {level}; expected 1, 1, 0 to 1")
    rng, n = np.random.default_rng(seed), len(counts)
    drawn = np.stack([np.bincount(rng.integers(n, size=n), minlength=n) @ counts for _ in range(rounds)])
    low, high = np.quantile(_share(drawn), [(1 - level) / 2, (1 + level) / 2]).tolist()
    return Interval(float(_share(counts.sum(0, keepdims=True))[0]), low, high, level)


def _share(sums: np.ndarray) -> np.ndarray:
    return sums[:, 0] / np.maximum(1, sums[:, 1])


def entity_counts(given: Iterable[Sequence[str]], wanted: Iterable[Sequence[str]]) -> np.ndarray:
    """Of each sentence what the F1 of entities is the share of: twice the right ones, and all given and wanted ones."""
    pairs = [(set(entities(a)), set(entities(b))) for a, b in zip(given, wanted, strict=True)]
    return np.array([(2 * len(a & b), len(a) + len(b)) for a, b in pairs], np.int64).reshape(-1, 2)
