"""The relaxed modules of a Transformer Program.

Layout: a categorical variable is [k, batch, width] (a distribution over its values at every position), a numerical one
[batch, width]; streams and heads add a leading axis. Gates are mixed by one matrix product per layer.
"""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

Params = Mapping[str, jax.Array]


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
