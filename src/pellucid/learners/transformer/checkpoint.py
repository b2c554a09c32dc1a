"""The state of a fit on disk, so that a killed run goes on where it was and ends with the same program.

One safetensors file: arrays of the groups in training, of the histories and of the learner; the rest as JSON in its
metadata. Noise is not kept: it is a function of the seed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from pellucid.errors import PellucidError
from pellucid.learners.stored import packed, unpacked
from pellucid.learners.transformer import population
from pellucid.learners.transformer.training import Choices, SeedHistory

if TYPE_CHECKING:
    from pellucid.learners.transformer.trainer import Trainer

PLAIN = ("rung", "number", "compile_seconds", "losses", "scores")


def save(path: Path, trainer: Trainer) -> None:
    """Write the state, complete or not at all."""
    groups = []
    for group in trainer.groups:
        leaves = list(map(np.asarray, (group.params, *jax.tree.leaves(group.state))))
        groups.append({"seeds": group.seeds, "step": group.step, "leaves": leaves})
    state = {name: getattr(trainer, name) for name in (*PLAIN, "mark", "history")}
    told, arrays = packed({**state, "spent": trainer.clock.spent, "groups": groups, "own": trainer.state()})
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(arrays, draft, {"state": json.dumps(told)})
        os.replace(draft, path)
    except OSError as error:
        raise PellucidError(f"{path}: cannot be written: {error.strerror or error}") from None


def load(path: Path, trainer: Trainer) -> Mapping[str, Any] | None:
    """What was saved; None where nothing was.

    Raises:
        PellucidError: a damaged file, or one of another run.
    """
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="np") as file:
            told = json.loads(file.metadata()["state"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        saved = unpacked(told, arrays, {part.__name__: part for part in (SeedHistory, Choices, *trainer.parts)})
        known = saved["mark"] == trainer.mark
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise PellucidError(f"{path}: not a readable checkpoint ({error}); remove it to start afresh") from None
    if not known:
        raise PellucidError(f"--resume: {path} is of a run with other data or settings; remove it to start afresh")
    return saved


def restore(trainer: Trainer, saved: Mapping[str, Any]) -> None:
    """Put a trainer whose round is set up into the saved state."""
    for name in PLAIN:
        setattr(trainer, name, saved[name])
    trainer.clock.start -= saved["spent"]
    trainer.groups = [_group(trainer, **group) for group in saved["groups"]]
    for seed, history in saved["history"].items():
        trainer.history[seed] = SeedHistory(list(history.rows), list(history.choices), history.live)
    trainer.resume(saved["own"])


def _group(trainer: Trainer, seeds: tuple[int, ...], step: int, leaves: Sequence[np.ndarray]) -> population.Group:
    """A group from its parameters and the leaves of the optimiser's state."""
    engine, (params, *state) = trainer.round.engine, leaves
    like = jax.tree.structure(jax.eval_shape(jax.vmap(engine.model.optimiser.init), params))
    return population.resumed(engine, seeds, params, jax.tree.unflatten(like, state), step)
