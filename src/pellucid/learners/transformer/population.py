"""A group of seeds as one vmapped computation: many optimiser steps per compiled call."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.flatten_util import ravel_pytree

from pellucid.learners.transformer.layers import NoiseTape, gumbel_pool
from pellucid.learners.transformer.training import SPARE_NOISE, Tree

Shapes = Sequence[tuple[tuple[int, ...], Any]]
ADAM = optax.scale_by_adam()


@dataclass(frozen=True)
class Relaxed:
    """A kind of relaxed model, as what a population needs of it.

    init: fresh parameters of one seed. loss: of (parameters, *arrays of a batch, temperature, noise tape). optimiser:
    of the parameters as one vector; what it gives is multiplied by the learning rate and taken off.
    """

    init: Callable[[np.random.Generator], Tree]
    loss: Callable[..., jax.Array]
    optimiser: optax.GradientTransformation = ADAM


@dataclass(frozen=True)
class Group:
    """State of some seeds, an axis in front for the seeds: flat parameters, optimiser state, pool of Gumbel noise."""

    seeds: tuple[int, ...]
    params: np.ndarray | jax.Array
    state: Any
    noise: np.ndarray | jax.Array
    step: int = 0


@dataclass(frozen=True)
class Engine:
    """Everything the groups of a run share: the model, noise it takes, layout of its parameters, compiled steps."""

    model: Relaxed
    noise: int
    unravel: Any
    advance: Any

    def tree(self, flat: Any) -> Tree:
        """Parameters of one seed as NumPy arrays."""
        return jax.tree.map(np.asarray, self.unravel(jnp.asarray(flat)))


def build(model: Relaxed, *batches: Shapes) -> Engine:
    """Prepare the compiled steps of a kind of model, for batches of these shapes and types."""
    template = model.init(np.random.default_rng(0))
    _, unravel = ravel_pytree(jax.tree.map(jnp.asarray, template))
    used = max(_noise_used(model, template, shapes) for shapes in batches)
    # Nothing is donated: a group must stay readable when Ctrl-C comes in the middle of a call.
    return Engine(model, used, unravel, jax.jit(functools.partial(_advance, model, unravel, used)))


def _noise_used(model: Relaxed, template: Tree, shapes: Shapes) -> int:
    tape = NoiseTape(None)
    batch = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in shapes]
    jax.eval_shape(lambda params, arrays: model.loss(params, *arrays, 1.0, tape), template, batch)
    return tape.used


def start(engine: Engine, seeds: tuple[int, ...]) -> Group:
    """Fresh parameters for `seeds`; a seed's start does not depend on its companions."""
    params = np.stack([flatten(engine.model.init(np.random.default_rng([seed, 11]))) for seed in seeds])
    return resumed(engine, seeds, params, jax.vmap(engine.model.optimiser.init)(params), 0)


def resumed(engine: Engine, seeds: tuple[int, ...], params: np.ndarray, state: Any, step: int) -> Group:
    """A group with its noise, which is a function of the seeds."""
    noise = np.stack([gumbel_pool(seed, engine.noise + SPARE_NOISE) for seed in seeds])
    return Group(seeds, params, state, noise, step)


def flatten(tree: Tree) -> np.ndarray:
    """Parameters of one seed as one float32 vector."""
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)])


def merge(members: Sequence[tuple[Group, int]]) -> Group:
    """One group of single seeds of several groups at the same step."""

    def stacked(*arrays: Any) -> np.ndarray:
        return np.stack([np.asarray(array)[i] for array, (_, i) in zip(arrays, members, strict=True)])

    groups = [group for group, _ in members]
    arrays = jax.tree.map(stacked, *[(group.params, group.state, group.noise) for group in groups])
    params, state, noise = arrays
    return Group(tuple(g.seeds[i] for g, i in members), params, state, noise, groups[0].step)


def run_steps(
    engine: Engine, group: Group, data: tuple[Any, ...], plan: dict[str, np.ndarray]
) -> tuple[Group, np.ndarray]:
    """Advance a group by the steps of a plan (see `Training.plan`); returns it and the losses [steps, seeds]."""
    params, state, losses = engine.advance(group.params, group.state, group.noise, data, plan)
    return replace(group, params=params, state=state, step=group.step + len(plan["tau"])), np.asarray(losses)


def _advance(model: Relaxed, unravel: Any, used: int, params, state, noise, data, plan):
    """The planned steps, compiled."""

    def gradient(flat, piece, tau, batch):
        def loss(tree):
            return model.loss(tree, *batch, tau, NoiseTape(piece))

        value, grads = jax.value_and_grad(loss)(unravel(flat))
        return value, jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(grads)])

    def body(carry, now):
        params, state = carry
        piece = now["noise"] * jax.lax.dynamic_slice_in_dim(noise, now["offset"], used, axis=1)
        batch = tuple(array[now["rows"]] for array in data)
        value, grads = jax.vmap(gradient, (0, 0, None, None))(params, piece, now["tau"], batch)
        updates, state = jax.vmap(model.optimiser.update)(grads, state, params)
        return (params - now["lr"] * updates, state), value

    (params, state), losses = jax.lax.scan(body, (params, state), plan)
    return params, state, losses
