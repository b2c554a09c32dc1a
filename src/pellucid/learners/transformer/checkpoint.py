"""The state of a fit on disk, so that a killed run goes on where it was and ends with the same program.

One safetensors file: arrays of the groups in training, of the histories and of the job; the rest as JSON in its
metadata. Noise is not kept: it is a function of the seed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from pellucid.errors import PellucidError
from pellucid.learners.transformer import population
from pellucid.learners.transformer.training import Choices, SeedHistory, under

if TYPE_CHECKING:
    from pellucid.learners.transformer.trainer import Trainer

PLAIN = ("rung", "number", "compile_seconds")
OF_CHOICES = ("taken", "of", "entropy")


@dataclass(frozen=True)
class Saved:
    """What a file holds."""

    told: Any
    arrays: Mapping[str, np.ndarray]


def save(path: Path, trainer: Trainer) -> None:
    """Write the state, complete or not at all."""
    arrays, job = trainer.pack()
    arrays = {f"job.{name}": array for name, array in arrays.items()}
    for i, group in enumerate(trainer.groups):
        leaves = [group.params, *jax.tree.leaves(group.state)]
        arrays |= {f"group.{i}.{j}": np.asarray(leaf) for j, leaf in enumerate(leaves)}
    for seed, history in trainer.history.items():
        for i, choices in enumerate(history.choices):
            arrays |= {f"history.{seed}.{i}.{name}": getattr(choices, name) for name in OF_CHOICES}
    told = {
        "mark": trainer.mark,
        "job": job,
        "spent": trainer.clock.spent,
        "losses": trainer.losses,
        "scores": trainer.scores,
        "groups": [{"seeds": group.seeds, "step": group.step} for group in trainer.groups],
        "rows": {seed: history.rows for seed, history in trainer.history.items()},
        **{name: getattr(trainer, name) for name in PLAIN},
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, draft, {"state": json.dumps(told)})
        os.replace(draft, path)
    except OSError as error:
        raise PellucidError(f"{path}: cannot be written: {error.strerror or error}") from None


def load(path: Path, mark: str) -> Saved | None:
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
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise PellucidError(f"{path}: not a readable checkpoint ({error}); remove it to start afresh") from None
    if told["mark"] != mark:
        raise PellucidError(f"--resume: {path} is of a run with other data or settings; remove it to start afresh")
    return Saved(told, arrays)


def restore(trainer: Trainer, saved: Saved) -> None:
    """Put a trainer whose round is set up into the saved state."""
    told = saved.told
    for name in PLAIN:
        setattr(trainer, name, told[name])
    trainer.clock.start -= told["spent"]
    trainer.losses, trainer.scores = ({int(k): v for k, v in told[name].items()} for name in ("losses", "scores"))
    trainer.groups = [_group(trainer, row, under(f"group.{i}.", saved.arrays)) for i, row in enumerate(told["groups"])]
    for seed, rows in told["rows"].items():
        arrays, choices = under(f"history.{seed}.", saved.arrays), []
        while f"{len(choices)}.taken" in arrays:
            choices.append(Choices(*(arrays[f"{len(choices)}.{name}"] for name in OF_CHOICES)))
        trainer.history[int(seed)] = SeedHistory(rows, choices)


def _group(trainer: Trainer, row: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> population.Group:
    """A group from its parameters and the leaves of the optimiser's state."""
    engine, params = trainer.round.engine, arrays["0"]
    like = jax.tree.structure(jax.eval_shape(jax.vmap(engine.model.optimiser.init), params))
    state = jax.tree.unflatten(like, [arrays[str(i)] for i in range(1, len(arrays))])
    return population.resumed(engine, tuple(row["seeds"]), params, state, row["step"])
