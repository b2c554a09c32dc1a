"""The state of a fit on disk, so that a killed run goes on where it was and ends with the same program.

One safetensors file: arrays of the groups in training, of the histories and of the best program; the rest as JSON in
its metadata. Noise is not kept: it is a function of the seed.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from pellucid.errors import PellucidError
from pellucid.learners.transformer.choices import gumbel_pool
from pellucid.learners.transformer.history import SeedHistory
from pellucid.learners.transformer.population import Group
from pellucid.learners.transformer.programs.checkpoint import arrays_of, hardened_from, under
from pellucid.learners.transformer.programs.config import ProgramsConfig, TrainConfig
from pellucid.learners.transformer.programs.finish import Candidate
from pellucid.learners.transformer.train import Trainer

GROUP_ARRAYS = ("params", "mean", "square")


@dataclass
class State:
    """What a fit knows besides its inputs. `round_` and the trainer's rung say where in the plan it is."""

    round_: int = 0
    spent: float = 0.0
    refine_seconds: float = 0.0
    best: Candidate | None = None
    best_params: dict[str, np.ndarray] | None = None
    best_seed: int = 0


def fingerprint(config: ProgramsConfig, settings: TrainConfig, *arrays: np.ndarray) -> str:
    """SHA-256 of all that decides the outcome of a fit; the budget only cuts it short."""
    digest = hashlib.sha256(json.dumps([asdict(config), {**asdict(settings), "budget": 0}]).encode())
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def save(path: Path, mark: str, state: State, trainer: Trainer) -> None:
    """Write the state, complete or not at all. `mark` is the run's fingerprint."""
    arrays: dict[str, np.ndarray] = {}
    for i, group in enumerate(trainer.groups):
        arrays |= {f"group.{i}.{name}": np.asarray(getattr(group, name)) for name in GROUP_ARRAYS}
    for seed, history in trainer.history.items():
        arrays |= {f"history.{seed}.{i}": choices for i, choices in enumerate(history.choices)}
    if state.best is not None and state.best_params is not None:
        arrays |= {f"best.{k}": v for k, v in arrays_of(state.best_params, state.best.hardened).items()}
    told = {
        "mark": mark,
        "round": state.round_,
        "spent": state.spent,
        "refine_seconds": state.refine_seconds,
        "best_seed": state.best_seed,
        "best": state.best and {"train": state.best.train, "valid": state.best.valid, "size": state.best.size},
        "rung": trainer.rung,
        "compile_seconds": trainer.compile_seconds,
        "losses": trainer.losses,
        "groups": [{"seeds": group.seeds, "step": group.step} for group in trainer.groups],
        "rows": {seed: history.rows for seed, history in trainer.history.items()},
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, draft, {"state": json.dumps(told)})
        os.replace(draft, path)
    except OSError as error:
        raise PellucidError(f"{path}: cannot be written: {error.strerror or error}") from None


def load(path: Path, mark: str, config: ProgramsConfig, trainer: Trainer, noise_size: int) -> State | None:
    """Restore a trainer and return the state; None where nothing was saved.

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
    trainer.rung, trainer.compile_seconds = told["rung"], told["compile_seconds"]
    trainer.losses = {int(seed): loss for seed, loss in told["losses"].items()}
    trainer.groups = [_group(i, row, arrays, noise_size) for i, row in enumerate(told["groups"])]
    for seed, rows in told["rows"].items():
        trainer.history[int(seed)] = SeedHistory(rows, [arrays[f"history.{seed}.{i}"] for i in range(len(rows))])
    return State(
        told["round"], told["spent"], told["refine_seconds"], *_best(told["best"], arrays, config), told["best_seed"]
    )


def _group(index: int, row: dict[str, Any], arrays: dict[str, np.ndarray], noise_size: int) -> Group:
    seeds = tuple(row["seeds"])
    noise = np.stack([gumbel_pool(seed, noise_size) for seed in seeds])
    params, mean, square = (arrays[f"group.{index}.{name}"] for name in GROUP_ARRAYS)
    return Group(seeds, params, mean, square, noise, row["step"])


def _best(
    told: dict[str, Any] | None, arrays: dict[str, np.ndarray], config: ProgramsConfig
) -> tuple[Candidate | None, dict[str, np.ndarray] | None]:
    if told is None:
        return None, None
    hardened = hardened_from(under("best.hard.", arrays), config)
    return Candidate(hardened, told["train"], told["valid"], told["size"]), under("best.soft.", arrays)
