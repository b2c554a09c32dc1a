"""The relaxed Discrete Transformer: parameters and forward pass (Zhang et al., 2026).

The stream is a list of scalars per step. Attention only routes: a head copies one scalar of one step. Sub-MLPs only
compute: each reads two scalars of its step and writes one. Reads and attention are annealed Gumbel-softmax choices.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from pellucid.learners.transformer.config import DiscreteConfig
from pellucid.learners.transformer.discrete.hardened import FORBIDDEN, distances, extended, scores
from pellucid.learners.transformer.layers import NoiseTape, normal, sample
from pellucid.learners.transformer.population import flatten
from pellucid.learners.transformer.training import Tree

READS = 2


def optimiser(config: DiscreteConfig, gate_lr: float, decay: float) -> optax.GradientTransformation:
    """AdamW on the parameters as one vector; choices are trained `gate_lr` times as fast, and do not decay."""

    def is_choice(path, leaf):
        names = {getattr(key, "key", None) for key in path}
        return np.full(np.shape(leaf), bool(names & {"gates", "bias", "start"}))

    template = init_params(np.random.default_rng(0), config)
    choice = flatten(jax.tree_util.tree_map_with_path(is_choice, template))
    rates = np.where(choice, gate_lr, 1.0).astype(np.float32)
    decays = np.where(choice, 0.0, decay).astype(np.float32)

    def paced(updates: Any, params: Any) -> Any:
        return rates * updates + decays * params

    return optax.chain(optax.scale_by_adam(), optax.stateless(paced))


def init_params(rng: np.random.Generator, config: DiscreteConfig) -> Tree:
    """Random parameters of one seed (NumPy arrays)."""
    c = config
    layers = [_layer_params(rng, c, layer) for layer in range(c.layers)]
    head = {"w": 0.1 * normal(rng, (c.outputs, c.variables)), "b": np.zeros(c.outputs, np.float32)}
    return {"layers": layers, "head": head}


def _layer_params(rng: np.random.Generator, c: DiscreteConfig, layer: int) -> Tree:
    n, m = c.readable(layer), c.readable(layer, units=True)
    heads: Tree = {
        "gates": 0.1 * normal(rng, (c.heads, 3 if c.content else 1, n)),
        "bias": 0.5 * normal(rng, (c.heads, c.buckets)),
        "start": np.zeros(c.heads, np.float32),
    }
    if c.content:
        heads["knots"] = normal(rng, (c.heads, 2, c.knots))
        heads["lift"] = normal(rng, (c.heads, 2, c.knots + 2, c.encoding)) / np.float32(np.sqrt(c.knots + 2))
    units: Tree = {
        "gates": 0.1 * normal(rng, (c.units, READS, m)),
        "w1": normal(rng, (c.units, READS, c.hidden)),
        "b1": 0.5 * normal(rng, (c.units, c.hidden)),
        "w2": normal(rng, (c.units, c.hidden)) / np.float32(np.sqrt(c.hidden)),
        "b2": np.zeros(c.units, np.float32),
    }
    return {"heads": heads, "units": units}


def loss_of(
    params: Tree,
    values: jax.Array,
    targets: jax.Array,
    weights: jax.Array,
    tau: jax.Array | float,
    tape: NoiseTape,
    config: DiscreteConfig,
    allow: np.ndarray,
    attention: float,
) -> jax.Array:
    """Mean squared error of standardised outputs over the scored steps.

    Args:
        values: [batch, columns, length]. targets: [batch, outputs, steps]. weights: [batch, steps], 1 where scored.
        tau, tape, allow, attention: as for `forward`.
    """
    out = forward(params, values.swapaxes(0, 1), tau, tape, config, allow, attention)[:, :, config.before :]
    wrong = (out - targets.swapaxes(0, 1)) ** 2 * weights
    return wrong.sum() / jnp.maximum(weights.sum() * config.outputs, 1.0)


def forward(
    params: Tree,
    values: jax.Array,
    tau: jax.Array | float,
    tape: NoiseTape,
    config: DiscreteConfig,
    allow: np.ndarray,
    attention: float = 1.0,
) -> jax.Array:
    """Standardised outputs [outputs, batch, length] of scaled values [columns, batch, length] at temperature tau.

    allow: bool [columns, length], which column may be read from how many steps back. attention: strength of the noise
    in attention.
    """
    stream, length = values, values.shape[2]
    for layer in params["layers"]:
        if config.heads:
            stream = jnp.concatenate([stream, _attend(layer["heads"], stream, tau, tape, config, allow, attention)])
        if config.units:
            stream = jnp.concatenate([stream, _compute(layer["units"], stream, tau, tape, allow)])
    head = params["head"]
    seen = jnp.asarray(extended(allow, stream.shape[0])[:, 0], stream.dtype)
    assert length == allow.shape[1]
    return jnp.einsum("ov,vbt->obt", head["w"] * seen, stream) + head["b"][:, None, None]


def choose(logits: jax.Array, tau: jax.Array | float, tape: NoiseTape, readable: np.ndarray) -> jax.Array:
    """Sampled gates over the last axis, none of them open to what may not be read."""
    return sample(jnp.where(readable, logits, FORBIDDEN), tau, tape)


def _attend(
    p: Tree, stream: jax.Array, tau, tape: NoiseTape, c: DiscreteConfig, allow: np.ndarray, attention: float
) -> jax.Array:
    """What the heads copy, [heads, batch, length]."""
    n, length = stream.shape[0], stream.shape[2]
    allow = extended(allow, n)
    value = choose(p["gates"][:, -1], tau, tape, np.any(allow, axis=1))
    gates = [choose(p["gates"][:, side], tau, tape, allow[:, 0]) for side in range(2 * c.content)]
    score = scores(p, [jnp.einsum("hv,vbt->hbt", gate, stream) for gate in gates], stream.shape[1:], c, jnp)
    distance = distances(length)
    if not allow.all():
        reach = jnp.log(value @ jnp.asarray(allow, stream.dtype) + 1e-4)
        score = score + reach[:, None, distance]
    causal = np.tri(length, dtype=bool)
    noisy = score + attention * tape.take(score.shape)
    weight = jax.nn.softmax(jnp.where(causal, noisy, FORBIDDEN) / tau, axis=-1)
    if allow.all():
        return jnp.einsum("hbij,hbj->hbi", weight, jnp.einsum("hv,vbj->hbj", value, stream))
    told = jnp.einsum("hv,vd,vbj->hbjd", value, jnp.asarray(allow, stream.dtype), stream)
    return jnp.einsum("hbij,hbij->hbi", weight, told[:, :, np.arange(length), distance])


def _compute(p: Tree, stream: jax.Array, tau, tape: NoiseTape, allow: np.ndarray) -> jax.Array:
    """What the sub-MLPs write, [units, batch, length]."""
    gates = choose(p["gates"], tau, tape, extended(allow, stream.shape[0])[:, 0])
    read = jnp.einsum("urv,vbt->urbt", gates, stream)
    hidden = jax.nn.relu(jnp.einsum("urh,urbt->uhbt", p["w1"], read) + p["b1"][..., None, None])
    return jnp.einsum("uh,uhbt->ubt", p["w2"], hidden) + p["b2"][:, None, None]
