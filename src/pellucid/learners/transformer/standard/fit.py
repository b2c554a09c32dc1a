"""Training of the standard Transformer, the baseline of every comparison (Friedman et al., 2023, section 4)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax

from pellucid.learners.transformer import population
from pellucid.learners.transformer.arrays import fingerprint
from pellucid.learners.transformer.history import Measured
from pellucid.learners.transformer.population import Relaxed, Shapes, Tree
from pellucid.learners.transformer.programs.hardened import accuracy
from pellucid.learners.transformer.standard.net import StandardConfig, init_params, loss_of, predict_standard
from pellucid.learners.transformer.trainer import Progress, Round, Trainer
from pellucid.learners.transformer.training import Trained, Training

Arrays = tuple[np.ndarray, np.ndarray]
Score = tuple[float, float]
CHECK_COST = 0.1  # share of the time that checks on validation may take


@dataclass(frozen=True)
class StandardTraining(Training):
    """How a standard Transformer is trained: AdamW with gradients clipped, warm-up, cosine decay; one seed.

    It stops when `patience` checks have brought nothing. The paper's rate, 3e-4, is for hidden 256; the defaults are
    for 2 cores and hidden 64.
    """

    seeds: int = 1
    steps: int = 6000
    lr: float = 1e-3
    lr_end: float = 0.1
    cosine: bool = True
    warmup: int = 100
    noise_end: float = 1.0
    chunk: int = 25
    checks: int = 60
    budget: float = 240.0
    reserve: float = 0.0
    weight_decay: float = 0.01
    clip: float = 1.0
    patience: int = 1000


@dataclass(frozen=True)
class Task:
    """What is learned. shapes: of the batches. draw: as of `Round`. score: of parameters on validation: what counts,
    whole sequences. mark: fingerprint of the data.
    """

    shapes: Sequence[Shapes]
    draw: Callable[[int], tuple[tuple[Any, ...], int]]
    score: Callable[[Mapping[str, np.ndarray]], Score]
    mark: str


@dataclass(frozen=True)
class StandardFit:
    """The best parameters on validation by name, records, times (s), why it stopped."""

    params: dict[str, np.ndarray]
    history: dict[str, list[float]]
    seconds: dict[str, float]
    stopped: str


def fit(
    task: Task,
    config: StandardConfig,
    settings: StandardTraining,
    on_progress: Progress = lambda share, message: None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> StandardFit:
    """Train a standard Transformer and keep the parameters that are best on validation.

    Stops when perfect there or no longer better, and as `Trainer.run`.
    """
    job = _Job(task, config, settings, Trainer(settings, on_progress, checkpoint))
    job.trainer.run(job, resume)
    trainer = job.trainer
    return StandardFit(job.best, trainer.histories()[str(settings.seed)], trainer.seconds(), trainer.stopped)


def arrays_task(train: Arrays, valid: Arrays, config: StandardConfig, settings: StandardTraining) -> Task:
    """The task of arrays: tokens int32 [n, width] with padding -1, labels int32 [n, width] with -1 unscored, or [n]."""
    data = tuple(jnp.asarray(array, jnp.int32) for array in train)

    def score(params: Mapping[str, np.ndarray]) -> Score:
        found = accuracy(predict_standard(dict(params), config, valid[0]), valid[1])
        return found["token"], found["sequence"]

    shapes = [((settings.batch, *array.shape[1:]), jnp.int32) for array in train]
    return Task([shapes], lambda at: (data, settings.batch), score, fingerprint(settings, None, *train, *valid))


def often(settings: StandardTraining, valid: int) -> int:
    """Number of checks that cost little, on so many validation sequences: a forward pass costs a third of a step."""
    cheap = valid / (3 * settings.batch * CHECK_COST)
    return max(5, min(settings.checks, int(settings.steps / max(cheap, 1))))


class _Job:
    """The state of one fit. best, score: parameters and what they reach on validation; idle: checks since then."""

    rounds = 1

    def __init__(self, task: Task, config: StandardConfig, settings: StandardTraining, trainer: Trainer) -> None:
        self.task, self.settings, self.trainer = task, settings, trainer
        self.best: dict[str, np.ndarray] = {}
        self.score, self.idle = (-1.0, -1.0), 0
        init, loss = functools.partial(init_params, config=config), functools.partial(loss_of, config=config)
        self.engine = population.build(Relaxed(init, loss, _optimiser(settings)), *task.shapes)
        self.mark = fingerprint(settings, [asdict(config), task.mark])

    @property
    def found(self) -> bool:
        """Whether there is a result."""
        return bool(self.best)

    def round(self, number: int) -> Round:
        """One seed."""
        return Round(self.engine, self.settings, (self.settings.seed,), self.task.draw, self.measure)

    def measure(self, params: Tree, tau: float) -> Measured:
        """Token and sequence accuracy on validation; the best parameters are kept."""
        score = self.task.score(params)
        self.idle = 0 if score[0] > self.score[0] else self.idle + 1
        if score > self.score:
            self.best, self.score = params, score
        row = {"valid_token": round(score[0], 6), "valid_sequence": round(score[1], 6)}
        return Measured(row, score[0], done=score[0] == 1.0 or self.idle >= self.settings.patience)

    def finish(self, found: list[Trained], quick: bool = False) -> str | None:
        """Why to stop, if there is a reason."""
        if self.score[0] == 1.0:
            return "perfect on validation"
        return "no better on validation" if self.idle >= self.settings.patience else None

    def pack(self) -> tuple[dict[str, np.ndarray], Any]:
        """The best parameters so far."""
        return self.best, [self.score, self.idle]

    def unpack(self, arrays: Mapping[str, np.ndarray], told: Any) -> None:
        """The inverse of `pack`."""
        score, self.idle = told
        self.best, self.score = dict(arrays), tuple(score)


def _optimiser(s: StandardTraining) -> optax.GradientTransformation:
    return optax.chain(
        optax.clip_by_global_norm(s.clip), optax.scale_by_adam(), optax.add_decayed_weights(s.weight_decay)
    )
