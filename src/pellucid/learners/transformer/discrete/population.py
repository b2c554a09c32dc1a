"""A group of seeds as one vmapped computation: many AdamW steps per compiled call."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from pellucid.learners.transformer.choices import geometric, gumbel_pool
from pellucid.learners.transformer.discrete.config import DiscreteConfig, DiscreteTraining
from pellucid.learners.transformer.discrete.model import Tape, Tree, forward, init_params

SPARE_NOISE = 1 << 18
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
LEAST_RATE = 0.02


@dataclass(frozen=True)
class Group:
    """State of some seeds: flat parameters and moments float32 [seeds, parameters], noise [seeds, pool]."""

    seeds: tuple[int, ...]
    params: np.ndarray | jax.Array
    mean: np.ndarray | jax.Array
    square: np.ndarray | jax.Array
    noise: np.ndarray | jax.Array
    step: int = 0


@dataclass(frozen=True, eq=False)
class Batches:
    """Training data on the device: scaled values [columns, n, length], standardised targets [outputs, n, steps]."""

    values: jax.Array
    targets: jax.Array
    weights: jax.Array

    @property
    def arrays(self) -> tuple[jax.Array, jax.Array, jax.Array]:
        """As arguments of a compiled function."""
        return self.values, self.targets, self.weights


@dataclass(frozen=True, eq=False)
class Engine:
    """Everything a run shares: sizes, settings, layout of the flat parameters and the compiled step."""

    config: DiscreteConfig
    settings: DiscreteTraining
    noise_size: int
    unravel: Any
    advance: Any


def flatten(tree: Tree) -> np.ndarray:
    """Parameters of one seed as one float32 vector."""
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)])


def build(config: DiscreteConfig, settings: DiscreteTraining, data: Batches, allow: np.ndarray) -> Engine:
    """Prepare the compiled update of a population."""
    template = init_params(np.random.default_rng(0), config)
    _, unravel = ravel_pytree(jax.tree.map(jnp.asarray, template))
    tape = Tape(None)
    shape = (config.columns, settings.batch, data.values.shape[2])
    values = jax.ShapeDtypeStruct(shape, jnp.float32)
    jax.eval_shape(lambda p, v: forward(p, v, 1.0, tape, config, allow), template, values)
    loss = functools.partial(loss_of, config=config, allow=allow, attention=settings.attention_noise)
    rates, decays = _per_parameter(template, settings)
    # Nothing is donated: a group must stay readable when Ctrl-C comes in the middle of a call.
    advance = jax.jit(functools.partial(_advance, unravel, loss, tape.used, rates, decays))
    return Engine(config, settings, tape.used + SPARE_NOISE, unravel, advance)


def _per_parameter(template: Tree, s: DiscreteTraining) -> tuple[np.ndarray, np.ndarray]:
    """Learning rate and weight decay of every parameter: choices are trained faster and never decay."""

    def kind(path, leaf):
        names = {getattr(key, "key", None) for key in path}
        choice = bool(names & {"gates", "bias", "start"})
        return np.full(np.shape(leaf), choice, bool)

    choice = flatten(jax.tree_util.tree_map_with_path(kind, template))
    return np.where(choice, s.gate_lr, 1.0).astype(np.float32), np.where(choice, 0.0, s.decay).astype(np.float32)


def start(engine: Engine, seeds: tuple[int, ...]) -> Group:
    """Fresh parameters for `seeds`; a seed's start does not depend on its companions."""
    params = np.stack([flatten(init_params(np.random.default_rng([seed, 23]), engine.config)) for seed in seeds])
    noise = np.stack([gumbel_pool(seed, engine.noise_size) for seed in seeds])
    return Group(seeds, params, np.zeros_like(params), np.zeros_like(params), noise)


def loss_of(tree: Tree, values, targets, weights, tau, noise, config: DiscreteConfig, allow: np.ndarray, attention):
    """Mean squared error of standardised outputs over the scored steps."""
    out = forward(tree, values, tau, Tape(noise, attention), config, allow)[:, :, config.before :]
    return ((out - targets) ** 2 * weights).sum() / jnp.maximum(weights.sum() * len(targets), 1.0)


def _advance(
    unravel, loss, noise_used: int, rates, decays, params, mean, square, noise, values, targets, weights, plan
):
    """Run the planned steps. plan: step, rows [steps, batch], offset, noise (scale), tau, lr (each [steps])."""

    def gradient(flat, piece, now, batch):
        value, grads = jax.value_and_grad(loss)(unravel(flat), *batch, now["tau"], piece)
        return value, ravel_pytree(grads)[0]

    def body(carry, now):
        params, mean, square = carry
        piece = now["noise"] * jax.lax.dynamic_slice_in_dim(noise, now["offset"], noise_used, axis=1)
        batch = (values[:, now["rows"]], targets[:, now["rows"]], weights[now["rows"]])
        value, grads = jax.vmap(gradient, (0, 0, None, None))(params, piece, now, batch)
        mean = BETA1 * mean + (1 - BETA1) * grads
        square = BETA2 * square + (1 - BETA2) * grads**2
        count = now["step"] + 1.0
        unbiased = mean / (1 - BETA1**count) / (jnp.sqrt(square / (1 - BETA2**count)) + EPSILON)
        params = params - now["lr"] * (rates * unbiased + decays * params)
        return (params, mean, square), value

    (params, mean, square), losses = jax.lax.scan(body, (params, mean, square), plan)
    return params, mean, square, losses


def make_plan(s: DiscreteTraining, steps: int, at: int, rows: int) -> dict[str, np.ndarray]:
    """Batches, noise, temperatures and learning rates of the next chunk; a function of seed and step only."""
    rng = np.random.default_rng([s.seed, at, 29])
    now = np.arange(at, at + s.chunk)
    share = np.minimum(now / steps, 1.0)
    cosine = LEAST_RATE + (1 - LEAST_RATE) * 0.5 * (1 + np.cos(np.pi * share))
    return {
        "step": now.astype(np.float32),
        "rows": rng.integers(0, rows, (s.chunk, s.batch)).astype(np.int32),
        "offset": rng.integers(0, SPARE_NOISE, s.chunk).astype(np.int32),
        "noise": (1.0 + (s.noise_end - 1.0) * share).astype(np.float32),
        "tau": geometric(s.tau_start, s.tau_end, steps)[np.minimum(now, steps - 1)],
        "lr": (s.lr * cosine).astype(np.float32),
    }


def run_chunk(engine: Engine, group: Group, data: Batches, steps: int) -> tuple[Group, np.ndarray]:
    """Advance a group by one chunk of a schedule of `steps`; returns the group and the losses [chunk, seeds]."""
    plan = make_plan(engine.settings, steps, group.step, data.values.shape[1])
    state = tuple(map(jnp.asarray, (group.params, group.mean, group.square)))
    params, mean, square, losses = engine.advance(*state, group.noise, *data.arrays, plan)
    step = group.step + engine.settings.chunk
    return replace(group, params=params, mean=mean, square=square, step=step), np.asarray(losses)


def merge(members: list[tuple[Group, int]]) -> Group:
    """One group of single seeds of several groups at the same step."""
    fields = ("params", "mean", "square", "noise")
    arrays = {name: np.stack([np.asarray(getattr(g, name)[i]) for g, i in members]) for name in fields}
    return replace(members[0][0], seeds=tuple(g.seeds[i] for g, i in members), **arrays)
