"""What is recorded of every seed: losses, hard accuracy, entropy of the choices, agreement with the final ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pellucid.learners.transformer.programs.config import ProgramsConfig
from pellucid.learners.transformer.programs.harden import harden
from pellucid.learners.transformer.programs.hardened import Hardened, accuracy, scores_numpy, variables_numpy
from pellucid.learners.transformer.programs.readout import SOFT_SCALE
from pellucid.learners.transformer.programs.relaxed import Tree


@dataclass
class SeedHistory:
    """Records of one seed, a list entry per check."""

    rows: list[dict[str, float]] = field(default_factory=list)
    choices: list[np.ndarray] = field(default_factory=list)

    def to_json(self) -> dict[str, list[float]]:
        """Columns by name; `agreement` = share of choices whose argmax is that of the last check."""
        columns = {name: [row[name] for row in self.rows] for name in (self.rows[0] if self.rows else {})}
        last = self.choices[-1] if self.choices else None
        columns["agreement"] = [round(float((now == last).mean()), 6) for now in self.choices]
        return columns


def choice_logits(params: Tree, config: ProgramsConfig) -> list[np.ndarray]:
    """Logits of all gates, predicates and word clusters, each [choices, options]."""
    c, found = config, []
    for layer in params["layers"]:
        for head, names in (("cat", ("query", "key", "value", "predicate")), ("num", ("query", "key", "predicate"))):
            found += [layer[head][name] for name in names]
        if c.nested_counts:
            found.append(layer["num"]["value"])
        found += [layer["cat_mlp"]["read"], layer["num_mlp"]["read"]]
    if c.variables:
        found.append(np.swapaxes(params["embed"], 1, 2))
    flat = [np.asarray(x).reshape(-1, x.shape[-1]) for x in found if np.asarray(x).size]
    return [x for x in flat if x.shape[-1] > 1]


def entropy_of(logits: list[np.ndarray]) -> float:
    """Mean entropy of the choices, each divided by its maximum. softmax(logits) is the law of a Gumbel argmax."""
    values = []
    for x in logits:
        shifted = x - x.max(-1, keepdims=True)
        p = np.exp(shifted)
        p /= p.sum(-1, keepdims=True)
        values.append(-(p * np.log(p + 1e-30)).sum(-1) / np.log(x.shape[-1]))
    return float(np.concatenate(values).mean()) if values else 0.0


def hard_metrics(hardened: Hardened, tokens: np.ndarray, labels: np.ndarray, scale: float) -> dict[str, float]:
    """Loss (nats, scores divided by `scale`), token and sequence accuracy of a hardened program."""
    scores = scores_numpy(hardened, *variables_numpy(hardened, tokens)) / scale
    if hardened.kind == "classification":
        own = (tokens >= 0) & (tokens < hardened.n_tokens)
        scores = np.where(own[..., None], scores, 0).sum(1) / np.maximum(own.sum(1), 1)[:, None]
    shifted = scores - scores.max(-1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    scored = labels >= 0
    picked = np.take_along_axis(logp, np.maximum(labels, 0)[..., None], -1)[..., 0]
    return {"hard_loss": float(-picked[scored].mean()), **accuracy(scores.argmax(-1), labels)}


def record(
    history: SeedHistory, params: Tree, config: ProgramsConfig, step: int, loss: float, sample
) -> dict[str, float]:
    """Harden, measure on `sample` = (tokens, labels), and append a row; returns it."""
    logits = choice_logits(params, config)
    metrics = hard_metrics(harden(params, config), *sample, scale=SOFT_SCALE)
    row = {
        "step": step,
        "loss": round(loss, 6),
        "hard_loss": round(metrics["hard_loss"], 6),
        "hard_token": round(metrics["token"], 6),
        "hard_sequence": round(metrics["sequence"], 6),
        "entropy": round(entropy_of(logits), 6),
    }
    history.rows.append(row)
    history.choices.append(np.concatenate([x.argmax(-1) for x in logits]).astype(np.int16) if logits else np.zeros(1))
    return row
