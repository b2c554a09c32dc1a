"""A group of seeds as one vmapped computation: many Adam steps per compiled call."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from pellucid.learners.transformer.choices import NoiseTape, gumbel_pool
from pellucid.learners.transformer.programs.config import ProgramsConfig
from pellucid.learners.transformer.programs.relaxed import Tree, forward, init_params

SPARE_NOISE = 1 << 18
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Group:
    """State of some seeds: flat parameters and Adam moments float32 [seeds, parameters], noise [seeds, pool]."""

    seeds: tuple[int, ...]
    params: np.ndarray | jax.Array
    mean: np.ndarray | jax.Array
    square: np.ndarray | jax.Array
    noise: np.ndarray | jax.Array
    step: int = 0


@dataclass(frozen=True)
class Relaxed:
    """A kind of relaxed model, as what a population needs of it.

    init: fresh parameters of one seed. loss: of (parameters, *arrays of a batch, tau, noise), where noise None is none.
    noise: numbers of noise that the loss takes, at most. config: its sizes, for the records.
    """

    init: Callable[[np.random.Generator], Tree]
    loss: Callable[..., jax.Array]
    noise: int
    config: Any


@dataclass(frozen=True)
class Engine:
    """Everything a run shares: the kind of model, the layout of the flat parameters and the compiled step."""

    model: Relaxed
    batch: int
    noise_size: int
    unravel: Any
    advance: Any


def flatten(tree: Tree) -> np.ndarray:
    """Parameters of one seed as one float32 vector."""
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)])


def build(config: ProgramsConfig, batch: int, structured: float) -> Engine:
    """Prepare the compiled update of a population of Transformer Programs over symbols."""
    init = functools.partial(init_params, config=config, structured=structured)
    tape = NoiseTape(None)
    tokens = jax.ShapeDtypeStruct((batch, config.width), jnp.int32)
    jax.eval_shape(lambda p, t: forward(p, t, 1.0, tape, config), init(np.random.default_rng(0)), tokens)
    loss = functools.partial(loss_of, config=config)
    return build_for(Relaxed(init, loss, tape.used, config), batch)


def build_for(model: Relaxed, batch: int) -> Engine:
    """Prepare the compiled update of a population of any kind of model."""
    template = model.init(np.random.default_rng(0))
    _, unravel = ravel_pytree(jax.tree.map(jnp.asarray, template))
    # Nothing is donated: a group must stay readable when Ctrl-C comes in the middle of a call.
    advance = jax.jit(functools.partial(_advance, unravel, model.loss, model.noise))
    return Engine(model, batch, model.noise + SPARE_NOISE, unravel, advance)


def start(engine: Engine, seeds: tuple[int, ...]) -> Group:
    """Fresh parameters for `seeds`; a seed's start does not depend on its companions."""
    trees = [engine.model.init(np.random.default_rng([seed, 11])) for seed in seeds]
    params = np.stack([flatten(tree) for tree in trees])
    noise = np.stack([gumbel_pool(seed, engine.noise_size) for seed in seeds])
    return Group(seeds, params, np.zeros_like(params), np.zeros_like(params), noise)


def loss_of(tree: Tree, tokens: jax.Array, labels: jax.Array, tau, noise: jax.Array | None, config: ProgramsConfig):
    """Mean cross entropy (nats) over scored positions, or over sequences for classification."""
    scores = forward(tree, tokens, tau, NoiseTape(noise), config)
    if config.kind == "classification":
        own = (tokens >= 0) & (tokens < config.n_tokens)
        scores = jnp.where(own, scores, 0.0).sum(-1) / jnp.maximum(own.sum(-1), 1)
    logp = jax.nn.log_softmax(scores, axis=0)
    onehot = labels[None] == jnp.arange(config.n_classes).reshape(-1, *[1] * labels.ndim)
    return -jnp.where(onehot, logp, 0.0).sum() / jnp.maximum((labels >= 0).sum(), 1)


def _advance(unravel, loss, noise_used: int, params, mean, square, noise, data, plan):
    """Run the planned steps. plan: step, rows [steps, batch], offset, noise (scale), tau, lr (each [steps])."""

    def gradient(flat, piece, tau, batch):
        tree = unravel(flat)
        value, grads = jax.value_and_grad(loss)(tree, *batch, tau, piece)
        return value, jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(grads)])

    def body(carry, now):
        params, mean, square = carry
        piece = now["noise"] * jax.lax.dynamic_slice_in_dim(noise, now["offset"], noise_used, axis=1)
        batch = tuple(array[now["rows"]] for array in data)
        value, grads = jax.vmap(gradient, (0, 0, None, None))(params, piece, now["tau"], batch)
        mean = BETA1 * mean + (1 - BETA1) * grads
        square = BETA2 * square + (1 - BETA2) * grads**2
        count = now["step"] + 1.0
        unbiased = square / (1 - BETA2**count)
        params = params - now["lr"] / (1 - BETA1**count) * mean / (jnp.sqrt(unbiased) + EPSILON)
        return (params, mean, square), value

    (params, mean, square), losses = jax.lax.scan(body, (params, mean, square), plan)
    return params, mean, square, losses


def run_steps(
    engine: Engine, group: Group, data: tuple[Any, ...], plan: dict[str, np.ndarray]
) -> tuple[Group, np.ndarray]:
    """Advance a group by the steps of `plan`; returns the group and the losses [steps, seeds]."""
    state = (group.params, group.mean, group.square)
    params, mean, square, losses = engine.advance(*map(jnp.asarray, state), group.noise, data, plan)
    step = group.step + len(plan["tau"])
    return replace(group, params=params, mean=mean, square=square, step=step), np.asarray(losses)
