"""Annealed choices with noise from a pool drawn once, and the relaxed modules that Transformer Programs are made of.

Layout: a categorical variable is [k, batch, width] (a distribution over its values at every position), a numerical one
[batch, width]; streams and heads add a leading axis. Gates are mixed by one matrix product per layer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Params = Mapping[str, jax.Array]


class NoiseTape:
    """Hands out consecutive pieces of one vector of Gumbel noise; without a vector it hands out zeros and counts."""

    def __init__(self, noise: jax.Array | None) -> None:
        """Args: noise: float [n], or None for a dry or a noiseless run."""
        self._noise = noise
        self.used = 0

    def take(self, shape: tuple[int, ...]) -> jax.Array:
        """Return the next piece of noise as an array of `shape`."""
        size = math.prod(shape)
        start, self.used = self.used, self.used + size
        if self._noise is None:
            return jnp.zeros(shape)
        return self._noise[start : start + size].reshape(shape)


def sample(logits: jax.Array, tau: jax.Array | float, tape: NoiseTape, axis: int = -1) -> jax.Array:
    """Soft one-hot sample along `axis` (Gumbel-softmax; Jang et al., 2017): softmax((logits + noise) / tau)."""
    return jax.nn.softmax((logits + tape.take(logits.shape)) / tau, axis=axis)


def sample_binary(logits: jax.Array, tau: jax.Array | float, tape: NoiseTape) -> jax.Array:
    """Soft yes/no sample per entry: the Gumbel-softmax of two choices with logits (x, 0)."""
    difference = tape.take(logits.shape) - tape.take(logits.shape)
    return jax.nn.sigmoid((logits + difference) / tau)


def gumbel_pool(seed: int, size: int) -> np.ndarray:
    """Gumbel noise float32 [size], the same for the same seed."""
    draw = np.random.default_rng([seed, 77]).random(size, dtype=np.float32)
    return -np.log(-np.log(np.clip(draw, 1e-7, 1 - 1e-7)))


def normal(rng: np.random.Generator, shape: tuple[int, ...], fan: int = 1) -> np.ndarray:
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
    modules, places = gates.shape[0], stream.shape[2:]
    inputs = read(gates.reshape(modules * 2, -1), stream).reshape(modules, params["w1"].shape[1], -1)
    hidden = jax.nn.relu(jnp.einsum("mfh,mfn->mhn", params["w1"], inputs) + params["b1"][..., None])
    logits = jnp.einsum("mhk,mhn->mkn", params["w2"], hidden) + params["b2"][..., None]
    return sample(logits.reshape(modules, -1, *places), tau, tape, axis=1)


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


def closest(match: jax.Array, nearer: np.ndarray, per: str) -> tuple[jax.Array, jax.Array]:
    """Probability that key j is query i's closest match, were the matches independent events; and that there is none.

    The paper uses a softmax of log(match) + distance bias with a temperature of its own; both harden to the same rule.

    Args:
        match: [heads, batch, i, j] in [0, 1].
        nearer: 1 where key l is preferred to key j, [i, l, j] or [heads, l, j]; per: its first axis, `i` or `h`.

    Returns:
        [heads, batch, i, j] and [heads, batch, i].
    """
    missed = jnp.log1p(-jnp.minimum(match, 1.0 - 1e-6))
    passed = jnp.einsum(f"hbil,{per}lj->hbij", missed, nearer)
    return match * jnp.exp(passed), jnp.exp(missed.sum(-1))


def attend(weight: jax.Array, value: jax.Array) -> jax.Array:
    """Take values [heads, k, batch, j] by weights [heads, batch, i, j] -> [heads, k, batch, i]."""
    return jnp.einsum("hbij,hkbj->hkbi", weight, value)
