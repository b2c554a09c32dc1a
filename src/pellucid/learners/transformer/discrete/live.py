"""A hardened model looked at: which variables matter, how right it is, what it chose."""

from __future__ import annotations

import numpy as np

from pellucid.learners.transformer.discrete.frame import Frame
from pellucid.learners.transformer.discrete.hardened import Hardened, Run, Tree, harden, head_scores, outputs, run
from pellucid.learners.transformer.history import Choices, Measured, entropy_of, softmax

PRUNED = 0.01  # weights whose share of the standardised output spreads less than this are pruned


def head_reads(model: Hardened, stream: np.ndarray) -> list[int]:
    """Variables the output head still reads after pruning."""
    spread = stream[:, :, model.config.before :].std((1, 2))
    return np.nonzero((np.abs(model.weights) * spread).max(0) > PRUNED)[0].tolist()


def live_variables(model: Hardened, stream: np.ndarray) -> list[int]:
    """Variables that reach the output: those the head reads and all that these read, in the order of the stream."""
    live = set(head_reads(model, stream))
    c = model.config
    for layer in reversed(range(c.layers)):
        heads, units = model.layers[layer]
        first = c.readable(layer)
        for i in range(c.units):
            if first + c.heads + i in live:
                live |= set(units.reads[i].tolist())
        for i in range(c.heads):
            if first + i in live:
                live |= {int(side[i]) for side in (heads.query, heads.key, heads.value) if len(side)}
    return sorted(live)


def live_choices(model: Hardened, stream: np.ndarray) -> np.ndarray:
    """Which choices are live, in the order of the history: per layer reads of heads, reads of units, attention."""
    live, c, found = set(live_variables(model, stream)), model.config, []
    sides = 3 if c.content else 1
    for layer in range(c.layers):
        first = c.readable(layer)
        heads = [first + i in live for i in range(c.heads)]
        units = [first + c.heads + i in live for i in range(c.units)]
        found += [h for h in heads for _ in range(sides)] + [u for u in units for _ in range(2)] + heads
    return np.array(found, bool)


def measured(params: Tree, like: Hardened, sample: Frame, tau: float) -> Measured:
    """The hardened model on `sample` (scaled values, standardised targets); `like`: any model of the same sizes."""
    model = harden(params, like.config, like.allow)
    done = run(model, sample.values)
    error = outputs(model, done.stream)[:, :, model.config.before :] - sample.targets
    hard = float((error**2)[:, sample.scored].mean())
    return Measured({"hard_loss": hard}, -hard, _choices(params, model, done, tau))


def _choices(params: Tree, model: Hardened, done: Run, tau: float) -> Choices:
    """Of every layer: reads of its heads, reads of its units, attention of its heads (the mean over queries)."""
    taken, entropy, before = [], [], model.config.before
    for layer, (heads, _), keys in zip(params["layers"], model.layers, done.chosen, strict=True):
        for part in ("heads", "units"):
            logits = np.asarray(layer[part]["gates"], np.float64)
            for row in logits.reshape(-1, logits.shape[-1]) if logits.size else ():
                taken.append(np.array([row.argmax()]))
                entropy.append(entropy_of(softmax(row)) / np.log(max(len(row), 2)))
        if len(heads.value):
            seen = done.stream[: layer["heads"]["gates"].shape[-1]]
            weight = softmax(head_scores(model, heads, seen)[:, :, before:] / max(tau, 1e-3))
            options = np.log(np.arange(weight.shape[2]) + before + 1.0)
            entropy += list((entropy_of(weight) / options).mean((1, 2)))
            taken += [chosen[:, before:].ravel() for chosen in keys]
    of = np.repeat(np.arange(len(taken)), [len(values) for values in taken])
    return Choices(np.concatenate([*taken, np.zeros(0)]).astype(np.int16), of, np.array(entropy))
