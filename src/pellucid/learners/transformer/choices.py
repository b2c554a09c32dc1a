"""Discrete choices relaxed: annealed Gumbel-softmax, with noise from a pool drawn once."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np


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
