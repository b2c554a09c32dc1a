"""Training of the standard Transformer, the baseline of every comparison (Friedman et al., 2023, section 4)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax

from pellucid.errors import PellucidError
from pellucid.learners.base import Run
from pellucid.learners.evidence.judge import Judge
from pellucid.learners.transformer import population
from pellucid.learners.transformer.config import StandardConfig, StandardTraining
from pellucid.learners.transformer.marked import Arrays, Marked
from pellucid.learners.transformer.population import Relaxed, Shapes
from pellucid.learners.transformer.programs.hardened import accuracy
from pellucid.learners.transformer.standard.net import StandardModel, init_params, loss_of, predict_standard
from pellucid.learners.transformer.trainer import Fitted, Round, Trainer
from pellucid.learners.transformer.training import Measured, Trained, Tree, fingerprint
from pellucid.learners.transformer.words.batches import Draws, buckets_of, unknown_codes
from pellucid.problem import Problem
from pellucid.semantics.scores import figures

Score = tuple[float, float]


@dataclass(frozen=True)
class Task:
    """What is learned. shapes: of the batches. draw: as of `Round`. score: of parameters on validation: what counts,
    whole sequences. mark: fingerprint of the data.
    """

    shapes: Sequence[Shapes]
    draw: Callable[[int], tuple[tuple[Any, ...], int]]
    score: Callable[[Mapping[str, np.ndarray]], Score]
    mark: str


def task_of(problem: Problem, config: StandardConfig, settings: StandardTraining) -> Task:
    """The task of a problem; of words some are replaced by their class at random."""
    if problem.schema.words is not None:
        return _words_task(problem, config, settings)
    coded = Marked.of(problem)
    return arrays_task(coded.arrays(problem.train), coded.arrays(problem.valid), config, settings)


def arrays_task(train: Arrays, valid: Arrays, config: StandardConfig, settings: StandardTraining) -> Task:
    """The task of arrays: tokens int32 [n, width] with padding -1, labels int32 [n, width] with -1 unscored, or [n]."""
    for name, (_, labels) in (("train", train), ("valid", valid)):
        if not (labels >= 0).any():
            raise PellucidError(f"{name}: no position is scored")
    data = tuple(jnp.asarray(array, jnp.int32) for array in train)

    def score(params: Mapping[str, np.ndarray]) -> Score:
        found = accuracy(predict_standard(dict(params), config, valid[0]), valid[1])
        return found["token"], found["sequence"]

    shapes = [((settings.batch, *array.shape[1:]), jnp.int32) for array in train]
    return Task([shapes], lambda at: (data, settings.batch), score, fingerprint(settings, None, *train, *valid))


def _words_task(problem: Problem, config: StandardConfig, settings: StandardTraining) -> Task:
    (column,), valid = problem.schema.inputs, problem.valid
    buckets = buckets_of(Judge.of(problem, (column,), problem.train), settings.batch)
    draws = Draws(buckets, unknown_codes(column), 1, settings.seed, settings.word_dropout, 0.0)
    arrays, rows = [array for bucket in buckets for array in (bucket.tokens, bucket.labels)], valid.column(column.name)

    def draw(at: int) -> tuple[tuple[Any, ...], int]:
        (tokens, labels, _), batch = draws(at)
        return (tokens, labels), batch

    def score(params: Mapping[str, np.ndarray]) -> Score:
        outputs = StandardModel(params, config, problem.schema).outputs(rows)
        found = figures(outputs, valid.outputs, valid.schema.when)
        return found.get("f1", found["token"]), found["sequence"]

    return Task([bucket.shapes for bucket in buckets], draw, score, fingerprint(settings, None, *arrays))


class StandardTrainer(Trainer[StandardTraining, dict[str, np.ndarray]]):
    """Trains a standard Transformer; finds the parameters, by name, that are best on validation.

    Stops when perfect there or no longer better. best, score: parameters and what they reach; idle: checks since then.
    """

    name = "standard"

    def __init__(self, task: Task, config: StandardConfig, settings: StandardTraining, run: Run) -> None:
        super().__init__(settings, run)
        self.task = task
        self.best: dict[str, np.ndarray] = {}
        self.score, self.idle = (-1.0, -1.0), 0
        init, loss = functools.partial(init_params, config=config), functools.partial(loss_of, config=config)
        self.engine = population.build(Relaxed(init, loss, _optimiser(settings)), *task.shapes)
        self.mark = fingerprint(settings, [asdict(config), task.mark])

    @property
    def has_found(self) -> bool:
        """Whether there is a result."""
        return bool(self.best)

    def set_up(self, number: int) -> Round:
        """One seed."""
        return Round(self.engine, self.settings, (self.settings.seed,), self.task.draw)

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

    def state(self) -> Any:
        """The best parameters so far."""
        return self.best, self.score, self.idle

    def resume(self, state: Any) -> None:
        """The inverse of `state`."""
        self.best, self.score, self.idle = state

    def result(self) -> Fitted[dict[str, np.ndarray]]:
        """The best parameters."""
        report = {"stopped": self.stopped, "seconds": self.seconds()}
        return Fitted(self.best, report, {"seeds": self.histories()})


def _optimiser(s: StandardTraining) -> optax.GradientTransformation:
    return optax.chain(
        optax.clip_by_global_norm(s.clip), optax.scale_by_adam(), optax.add_decayed_weights(s.weight_decay)
    )
