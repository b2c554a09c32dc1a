"""What is recorded of every seed: soft and hard loss, gap, entropy of the live choices, agreement with the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.learners.transformer.discrete.frame import Frame
from pellucid.learners.transformer.discrete.hardened import Hardened, harden, head_scores, outputs, run, soft_weights
from pellucid.learners.transformer.discrete.model import Tree


@dataclass
class SeedHistory:
    """Records of one seed, a list entry per check.

    choices, entropies: per check, of every read and then of every head's attention: the choice, and its entropy divided
    by the largest possible (softmax of the logits; attention: the mean over queries).
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    choices: list[list[np.ndarray]] = field(default_factory=list)
    entropies: list[np.ndarray] = field(default_factory=list)
    live: np.ndarray | None = None

    def to_json(self) -> dict[str, Any]:
        """Columns by name. `agreement`: the share of the live choices that are as at the last check."""
        columns: dict[str, Any] = {
            name: [row[name] for row in self.rows] for name in (self.rows[0] if self.rows else {})
        }
        shares = [self._agreement(now) for now in self.choices]
        columns["agreement"] = [round(float(self._mean(share)), 6) for share in shares]
        columns["entropy"] = [round(float(self._mean(entropy)), 6) for entropy in self.entropies]
        return columns

    def _agreement(self, now: list[np.ndarray]) -> np.ndarray:
        return np.array([(a == b).mean() for a, b in zip(now, self.choices[-1], strict=True)])

    def _mean(self, values: np.ndarray) -> float:
        kept = values if self.live is None else values[self.live]
        return kept.mean() if len(kept) else (values.mean() if len(values) else 0.0)


@dataclass(frozen=True)
class Check:
    """A hardened model on the sample: losses of standardised outputs (mean squares)."""

    model: Hardened
    hard_loss: float


def record(
    history: SeedHistory, params: Tree, like: Hardened, step: int, loss: float, sample: Frame, tau: float
) -> Check:
    """Harden, measure on `sample` (scaled values, standardised targets) and append a row.

    like: any hardened model of the run, for its sizes and masks.
    """
    model = harden(params, like.config, like.allow)
    done = run(model, sample.values)
    error = outputs(model, done.stream)[:, :, model.config.before :] - sample.targets
    hard = float((error**2)[:, sample.scored].mean())
    choices, entropies = _choices(params, model, done.stream, done.chosen, tau)
    history.rows.append(
        {
            "step": step,
            "loss": round(loss, 9),
            "hard_loss": round(hard, 9),
            "gap": round(hard - loss, 9),
            "tau": round(tau, 6),
        }
    )
    history.choices.append(choices)
    history.entropies.append(entropies)
    return Check(model, hard)


def _choices(params: Tree, model: Hardened, stream: np.ndarray, chosen, tau: float) -> tuple[list, np.ndarray]:
    """Of every layer: reads of its heads, reads of its units, attention of its heads."""
    found, entropies = [], []
    for layer, (heads, _), keys in zip(params["layers"], model.layers, chosen, strict=True):
        for part in ("heads", "units"):
            logits = np.asarray(layer[part]["gates"], np.float64)
            flat = logits.reshape(-1, logits.shape[-1]) if logits.size else np.zeros((0, 1))
            found += [np.array([row.argmax()]) for row in flat]
            entropies += [_entropy(row, np.log(max(len(row), 2))) for row in flat]
        if len(heads.value):
            seen = stream[: len(layer["heads"]["gates"][0, 0])]
            score = head_scores(model, heads, seen)[:, :, model.config.before :]
            weight = soft_weights(score, max(tau, 1e-3))
            lengths = np.log(np.arange(weight.shape[2]) + model.config.before + 1.0)
            entropies += list((-(weight * np.log(weight + 1e-30)).sum(-1) / lengths).mean((1, 2)))
            found += list(keys[:, :, model.config.before :].astype(np.int16))
    return found, np.array(entropies)


def _entropy(logits: np.ndarray, most: float) -> float:
    shifted = np.exp(logits - logits.max())
    p = shifted / shifted.sum()
    return float(-(p * np.log(p + 1e-30)).sum() / most)
