"""What is recorded of every seed: losses, hard measures, entropy of the choices, agreement with the final ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Choices:
    """The choices of a seed as they stand.

    taken: int16 [values], the options taken. of: int [values], the choice that a value belongs to (attention takes an
    option per query). entropy: float [choices], each divided by its maximum.
    """

    taken: np.ndarray
    of: np.ndarray
    entropy: np.ndarray

    @classmethod
    def of_logits(cls, logits: Sequence[np.ndarray]) -> Choices:
        """Choices that do not depend on data, each [..., options]; softmax(logits) is the law of a Gumbel argmax."""
        flat = [np.asarray(x, np.float64).reshape(-1, np.shape(x)[-1]) for x in logits if np.size(x)]
        flat = [x for x in flat if x.shape[-1] > 1] or [np.zeros((0, 2))]
        taken = np.concatenate([x.argmax(-1) for x in flat]).astype(np.int16)
        entropy = np.concatenate([entropy_of(softmax(x)) / np.log(x.shape[-1]) for x in flat])
        return cls(taken, np.arange(len(taken)), entropy)


def softmax(x: np.ndarray) -> np.ndarray:
    """Probabilities over the last axis."""
    p = np.exp(x - x.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


def entropy_of(p: np.ndarray) -> np.ndarray:
    """Entropy (nats) over the last axis."""
    return -(p * np.log(p + 1e-30)).sum(-1)


@dataclass(frozen=True)
class Measured:
    """What a check found: figures for the record, how good (larger is better), the choices where there are any.

    done: whether training may end here, because nothing can be better or nothing gets better.
    """

    row: dict[str, float]
    score: float
    choices: Choices | None = None
    done: bool = False


@dataclass
class SeedHistory:
    """Records of one seed, a list entry per check. live: bool [choices], those that count in the means; None: all."""

    rows: list[dict[str, float]] = field(default_factory=list)
    choices: list[Choices] = field(default_factory=list)
    live: np.ndarray | None = None

    def add(self, step: int, loss: float, tau: float, found: Measured) -> None:
        """A check at a step; `loss` is the soft one, of the relaxed model at temperature `tau`."""
        row = {"step": step, "loss": round(loss, 9), **{name: round(v, 9) for name, v in found.row.items()}}
        if found.choices is not None:
            row |= {"gap": round(row["hard_loss"] - row["loss"], 9), "tau": round(tau, 6)}
            self.choices.append(found.choices)
        self.rows.append(row)

    def to_json(self) -> dict[str, list[float]]:
        """Columns by name; `agreement` = share of the choices that are as at the last check, mean over the live."""
        columns = {name: [row[name] for row in self.rows] for name in (self.rows[0] if self.rows else {})}
        if self.choices:
            columns["agreement"] = [self._mean(self._agreement(now)) for now in self.choices]
            columns["entropy"] = [self._mean(now.entropy) for now in self.choices]
        return columns

    def _agreement(self, now: Choices) -> np.ndarray:
        counts = np.bincount(now.of, minlength=len(now.entropy))
        return np.bincount(now.of, now.taken == self.choices[-1].taken, len(now.entropy)) / np.maximum(counts, 1)

    def _mean(self, values: np.ndarray) -> float:
        kept = values if self.live is None or not self.live.any() else values[self.live]
        return round(float(kept.mean()), 6) if len(kept) else 0.0
