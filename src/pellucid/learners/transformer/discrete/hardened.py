"""The hardened model in NumPy float64: every read and every attention is one choice.

Its stream holds scaled scalars: a column divided by its scale; what a head copies keeps the scale of what it copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import entr, softmax

from pellucid.learners.transformer.config import FAR_BUCKETS, DiscreteConfig
from pellucid.learners.transformer.discrete.frame import Frame
from pellucid.learners.transformer.training import Choices, Measured, Tree

FORBIDDEN = -1e4
PRUNED = 0.01  # weights whose share of the standardised output spreads less than this are pruned


@dataclass(frozen=True, eq=False)
class HardHeads:
    """Heads of a layer: variables read as query, key and value (int [heads]; query and key empty without content)."""

    query: np.ndarray
    key: np.ndarray
    value: np.ndarray
    params: Tree


@dataclass(frozen=True, eq=False)
class HardUnits:
    """Sub-MLPs of a layer: reads int [units, 2] and the weights of the small networks (scaled in, scaled out)."""

    reads: np.ndarray
    w1: np.ndarray
    b1: np.ndarray
    w2: np.ndarray
    b2: np.ndarray

    def network(self, unit: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Output of one sub-MLP for arrays of its two scaled inputs."""
        hidden = first[..., None] * self.w1[unit, 0] + second[..., None] * self.w1[unit, 1] + self.b1[unit]
        return np.maximum(hidden, 0.0) @ self.w2[unit] + self.b2[unit]


@dataclass(frozen=True, eq=False)
class Hardened:
    """A discrete model. weights [outputs, variables] and offsets [outputs] give standardised outputs."""

    config: DiscreteConfig
    layers: tuple[tuple[HardHeads, HardUnits], ...]
    weights: np.ndarray
    offsets: np.ndarray
    allow: np.ndarray


@dataclass(frozen=True, eq=False)
class Run:
    """What a hardened model did: stream [variables, n, length]; per layer the key chosen [heads, n, query]."""

    stream: np.ndarray
    chosen: tuple[np.ndarray, ...]


def harden(params: Tree, config: DiscreteConfig, allow: np.ndarray) -> Hardened:
    """Argmax of every read. allow: bool [columns, distances], which column may be read from how far back."""
    layers = []
    for layer in params["layers"]:
        heads = {k: np.asarray(v, np.float64) for k, v in layer["heads"].items()}
        units = {k: np.asarray(v, np.float64) for k, v in layer["units"].items()}
        may = extended(allow, heads["gates"].shape[-1])
        side = [_best(heads["gates"][:, i], may[:, 0]) for i in range(2 * config.content)] or [np.zeros(0, int)] * 2
        reads = _best(units["gates"], extended(allow, units["gates"].shape[-1])[:, 0])
        order = np.argsort(reads, 1, kind="stable")  # a sub-MLP reads its scalars in the order of the stream
        w1 = np.take_along_axis(units["w1"], order[..., None], 1)
        hard_units = HardUnits(np.take_along_axis(reads, order, 1), w1, units["b1"], units["w2"], units["b2"])
        value = _best(heads["gates"][:, -1], np.any(may, axis=1))
        layers.append((HardHeads(side[0], side[1], value, heads), hard_units))
    seen = extended(allow, config.variables)[:, 0]
    weights = np.asarray(params["head"]["w"], np.float64) * seen
    return Hardened(config, tuple(layers), weights, np.asarray(params["head"]["b"], np.float64), allow)


def outputs(model: Hardened, stream: np.ndarray) -> np.ndarray:
    """Standardised outputs [outputs, n, length] of a stream."""
    return np.tensordot(model.weights, stream, 1) + model.offsets[:, None, None]


def _best(logits: np.ndarray, readable: np.ndarray) -> np.ndarray:
    return np.where(readable, logits, -np.inf).argmax(-1) if logits.size else np.zeros(logits.shape[:-1], int)


def run(model: Hardened, values: np.ndarray) -> Run:
    """Run on scaled values [columns, n, length]."""
    stream, chosen = np.asarray(values, np.float64), []
    for heads, units in model.layers:
        keys = head_scores(model, heads, stream).argmax(-1)  # of equal scores the earliest
        chosen.append(keys)
        copied = [np.take_along_axis(stream[v], keys[h], 1) for h, v in enumerate(heads.value)]
        stream = np.stack([*stream, *copied])
        stream = np.stack([*stream, *(units.network(u, stream[a], stream[b]) for u, (a, b) in enumerate(units.reads))])
    return Run(stream, tuple(chosen))


def head_scores(model: Hardened, heads: HardHeads, stream: np.ndarray) -> np.ndarray:
    """Scores [heads, n, query, key], those of forbidden keys far below the others."""
    length = stream.shape[2]
    score = scores(heads.params, [stream[heads.query], stream[heads.key]], stream.shape[1:], model.config, np)
    allow = extended(model.allow, len(stream))
    reach = allow[heads.value][:, np.minimum(distances(length), allow.shape[1] - 1)][:, None]
    return np.where(reach & np.tri(length, dtype=bool), score, FORBIDDEN)


def scores(p: Tree, sides: Sequence[Any], shape: tuple[int, ...], c: DiscreteConfig, xp: Any) -> Any:
    """Attention scores [heads, n, query, key] before masking, of the relaxed model (xp: `jax.numpy`) and the hard one.

    sides: the scalars read as query and key, [heads, n, length] each, where content counts. shape: n and length.
    """
    n, length = shape
    relative = (p["bias"][:, buckets(length, c)] + p["start"][:, None, None] * (np.arange(length) < c.before))[:, None]
    if not c.content:
        return xp.broadcast_to(relative, (c.heads, n, length, length))
    lifted = []
    for side, scalar in enumerate(sides):  # a piecewise linear encoding
        bends = xp.maximum(scalar[..., None] - p["knots"][:, side][:, None, None], 0.0)
        features = xp.concatenate([xp.ones_like(scalar)[..., None], scalar[..., None], bends], -1)
        lifted.append(xp.einsum("hbtf,hfe->hbte", features, p["lift"][:, side]))
    return lifted[0] @ lifted[1].swapaxes(-1, -2) / np.sqrt(c.encoding) + relative


def distances(length: int) -> np.ndarray:
    """How far query i is from key j, int [length, length]; 0 for later keys."""
    return np.maximum(np.arange(length)[:, None] - np.arange(length)[None], 0)


def buckets(length: int, config: DiscreteConfig) -> np.ndarray:
    """Bucket of the distance of query i from key j, int [length, length]; later keys share bucket 0."""
    distance = distances(length)
    beyond = np.maximum(distance / config.before, 1.0)
    far = np.minimum(np.floor(np.log2(beyond)).astype(int), FAR_BUCKETS - 1)
    return np.where(distance <= config.before, distance, config.before + 1 + far)


def extended(allow: np.ndarray, variables: int) -> np.ndarray:
    """The same for all variables of a stream: what the model computed itself may always be read."""
    return np.concatenate([allow, np.ones((variables - len(allow), allow.shape[1]), bool)])


def live_variables(model: Hardened, stream: np.ndarray) -> list[int]:
    """Variables that reach the output: those the head reads and all that these read, in the order of the stream."""
    c, spread = model.config, stream[:, :, model.config.before :].std((1, 2))
    live = set(np.nonzero((np.abs(model.weights) * spread).max(0) > PRUNED)[0].tolist())
    for layer in reversed(range(c.layers)):
        heads, units = model.layers[layer]
        sides = [side for side in (heads.query, heads.key, heads.value) if len(side)]
        reads = [*zip(*sides, strict=True), *units.reads]
        for made, some in reversed([*enumerate(reads, c.readable(layer))]):
            live |= set(map(int, some)) if made in live else set()
    return sorted(live)


def live_choices(model: Hardened, stream: np.ndarray) -> np.ndarray:
    """Which choices are live, in the order of the history: per layer reads of heads, reads of units, attention."""
    c, owners = model.config, [np.zeros(0, int)]
    for layer in range(c.layers):
        heads = c.readable(layer) + np.arange(c.heads)
        units = c.readable(layer, units=True) + np.arange(c.units)
        owners += [np.repeat(heads, 3 if c.content else 1), np.repeat(units, 2), heads]
    return np.isin(np.concatenate(owners), live_variables(model, stream))


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
                entropy.append(entr(softmax(row)).sum() / np.log(max(len(row), 2)))
        if len(heads.value):
            seen = done.stream[: layer["heads"]["gates"].shape[-1]]
            weight = softmax(head_scores(model, heads, seen)[:, :, before:] / max(tau, 1e-3), -1)
            options = np.log(np.arange(weight.shape[2]) + before + 1.0)
            entropy += list((entr(weight).sum(-1) / options).mean((1, 2)))
            taken += [chosen[:, before:].ravel() for chosen in keys]
    of = np.repeat(np.arange(len(taken)), [len(values) for values in taken])
    return Choices(np.concatenate([*taken, np.zeros(0)]).astype(np.int16), of, np.array(entropy))
