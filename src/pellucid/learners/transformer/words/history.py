"""What is recorded of every seed of a population of text programs: as `history`, on validation texts."""

from __future__ import annotations

import numpy as np

from pellucid.learners.transformer.history import SeedHistory, entropy_of
from pellucid.learners.transformer.words.config import TextConfig
from pellucid.learners.transformer.words.harden import harden
from pellucid.learners.transformer.words.readout import Judged, columns_of, matrix, right
from pellucid.learners.transformer.words.relaxed import SHARP, Tree
from pellucid.text.model import Counted, TextModel

WORDS = 2000  # words whose values are recorded, at most


def choice_logits(params: Tree) -> list[np.ndarray]:
    """Logits of all gates, predicates and (some) words' values, each [choices, options]."""
    found = [np.swapaxes(params["embed"] * params["pace"], 1, 2)[:, :WORDS]]
    for layer in params["layers"]:
        found += [layer["cat"][name] for name in ("query", "key", "value", "predicate") if name in layer["cat"]]
        found += [layer["num"][name] for name in ("query", "key")]
        found.append(layer["mlp"]["read"])
    flat = [np.asarray(x).reshape(-1, x.shape[-1]) for x in found if np.asarray(x).size]
    return [x for x in flat if x.shape[-1] > 1]


def soft_weights(model: TextModel, params: Tree, config: TextConfig) -> np.ndarray:
    """Trained readout as weights of the hard model's columns: float [columns + 1, classes]."""
    cat, num = iter(params["readout"]["cat"]), iter(params["readout"]["num"])
    rows = []
    for number, _, size in columns_of(model):
        if isinstance(model.variables[number - 1], Counted):
            rows.append(next(num)[None])
        else:
            rows.append(next(cat)[np.minimum(np.arange(size), config.k)])
    return np.concatenate([*rows, params["readout"]["bias"][None]])


def record(
    history: SeedHistory, params: Tree, config: TextConfig, step: int, loss: float, sample: tuple[TextModel, Judged]
) -> dict[str, float]:
    """Harden, measure on validation with the readout as trained, and append a row; returns it.

    Args:
        history: of the seed. params, config: of the relaxed model. step, loss: where training is.
        sample: a model that has the words and labels, and the validation texts.
    """
    like, judged = sample
    model = harden(params, config, like.words, like.labels)
    scores = np.asarray(matrix(model, judged.corpus) @ soft_weights(model, params, config))
    if config.pooled:
        scores = SHARP * scores / np.diff(judged.corpus.starts)[:, None]
    scored = judged.labels >= 0
    logp = scores - scores.max(1, keepdims=True)
    logp -= np.log(np.exp(logp).sum(1, keepdims=True))
    wrong = (scores.argmax(1) != judged.labels) & (judged.labels != -1)
    by_text = wrong if config.pooled else judged.corpus.added_up(wrong.astype(int)) > 0
    logits = choice_logits(params)
    row = {
        "step": step,
        "loss": round(loss, 6),
        "hard_loss": round(float(-logp[np.flatnonzero(scored), judged.labels[scored]].mean()), 6),
        "hard_token": round(right(scores, judged.labels), 6),
        "hard_sequence": round(float(1 - by_text.mean()), 6),
        "entropy": round(entropy_of(logits), 6),
    }
    history.rows.append(row)
    history.choices.append(np.concatenate([x.argmax(-1) for x in logits]).astype(np.int16))
    return row
