"""The relaxed modules that Transformer Programs over symbols and over words share.

Layout: a categorical variable is [k, batch, width] (a distribution over its values at every position), a numerical one
[batch, width]; streams and heads add a leading axis. Gates are mixed by one matrix product per layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pellucid.learners.transformer.choices import NoiseTape, sample

Params = Mapping[str, jax.Array]


def normal(rng: np.random.Generator, shape: tuple[int, ...], fan: int) -> np.ndarray:
    """Random weights float32 that keep the scale of `fan` inputs."""
    return (rng.standard_normal(shape) / np.sqrt(max(fan, 1))).astype(np.float32)


def table_params(
    rng: np.random.Generator, gates: np.ndarray, features: int, hidden: int, k: int
) -> dict[str, np.ndarray]:
    """Parameters of networks that harden to tables: gates [modules, 2, variables], then one hidden layer."""
    modules = len(gates)
    return {
        "read": gates,
        "w1": normal(rng, (modules, features, hidden), features) * np.float32(np.sqrt(2)),
        "b1": np.zeros((modules, hidden), np.float32),
        "w2": normal(rng, (modules, hidden, k), hidden),
        "b2": np.zeros((modules, k), np.float32),
    }


def tables(params: Params, stream: jax.Array, tau: Any, tape: NoiseTape) -> jax.Array:
    """What the networks write: stream [variables, features, batch, width] -> [modules, k, batch, width]."""
    gates = sample(params["read"], tau, tape)
    modules = gates.shape[0]
    inputs = read(gates.reshape(modules * 2, -1), stream).reshape(modules, -1, *stream.shape[2:])
    return sample(mlp_logits(params, inputs), tau, tape, axis=1)


def cross_entropy(scores: jax.Array, labels: jax.Array, axis: int = 0) -> jax.Array:
    """Mean cross entropy (nats) of scores, classes along `axis`, over the labels that are not -1."""
    logp = jax.nn.log_softmax(scores, axis=axis)
    wanted = jax.nn.one_hot(labels, scores.shape[axis], axis=axis)
    return -(logp * wanted).sum() / jnp.maximum((labels >= 0).sum(), 1)


def read(gates: jax.Array, stream: jax.Array) -> jax.Array:
    """Mix variables: gates [n, variables], stream [variables, ...] -> [n, ...]."""
    flat = stream.reshape(stream.shape[0], -1)
    return (gates @ flat).reshape(gates.shape[0], *stream.shape[1:])


def matches(query: jax.Array, key: jax.Array, predicate: jax.Array, allowed: jax.Array) -> jax.Array:
    """Degree to which query i matches key j, [heads, batch, i, j], from [heads, k, batch, width] inputs."""
    wanted = jnp.einsum("hqk,hqbi->hkbi", predicate, query)
    return jnp.einsum("hkbi,hkbj->hbij", wanted, key) * allowed


def closest(match: jax.Array, order: np.ndarray) -> jax.Array:
    """Probability that key j is query i's closest match, if the matches were independent events.

    match [heads, batch, i, j] in [0, 1]; `order` from `priority`. What is left goes to position 0. The paper uses a
    softmax of log(match) + distance bias with a temperature of its own; both harden to the same rule.
    """
    before = (order[:, :, None] > order[:, None, :]).astype(np.float32)  # [i, l, j]: l is preferred to j
    missed = jnp.log1p(-jnp.minimum(match, 1.0 - 1e-6))
    weight = match * jnp.exp(jnp.einsum("hbil,ilj->hbij", missed, before))
    rest = jnp.exp(missed.sum(-1))
    return weight.at[..., 0].add(rest)


def attend(weight: jax.Array, value: jax.Array) -> jax.Array:
    """Take values [heads, k, batch, j] by weights [heads, batch, i, j] -> [heads, k, batch, i]."""
    return jnp.einsum("hbij,hkbj->hkbi", weight, value)


def mlp_logits(params: Params, inputs: jax.Array) -> jax.Array:
    """Two-layer networks, one per module: inputs [modules, features, ...] -> logits [modules, k, ...]."""
    shape = inputs.shape
    flat = inputs.reshape(shape[0], shape[1], -1)
    hidden = jax.nn.relu(jnp.einsum("mfh,mfn->mhn", params["w1"], flat) + params["b1"][..., None])
    out = jnp.einsum("mhk,mhn->mkn", params["w2"], hidden) + params["b2"][..., None]
    return out.reshape(shape[0], -1, *shape[2:])
