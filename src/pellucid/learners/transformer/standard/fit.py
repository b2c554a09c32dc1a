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
from pellucid.learners.transformer.trainer import Round, Trainer
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

    Stops when perfect there or no longer better. best: what it reaches, and the parameters.
    """

    name = "standard"
    best: tuple[Score, dict[str, np.ndarray]] | None = None

    def __init__(self, task: Task, config: StandardConfig, settings: StandardTraining, run: Run) -> None:
        super().__init__(settings, run)
        self.task = task
        init, loss = functools.partial(init_params, config=config), functools.partial(loss_of, config=config)
        self.engine = population.build(Relaxed(init, loss, _optimiser(settings)), *task.shapes)
        self.mark = fingerprint(settings, [asdict(config), task.mark])

    def set_up(self, number: int) -> Round:
        """One seed."""
        return Round(self.engine, self.settings, (self.settings.seed,), self.task.draw)

    def measure(self, params: Tree, tau: float) -> Measured:
        """Token and sequence accuracy on validation; the best parameters are kept."""
        score = self.task.score(params)
        if self.best is None or score > self.best[0]:
            self.best = score, params
        row = {"valid_token": round(score[0], 6), "valid_sequence": round(score[1], 6)}
        return Measured(row, score[0], done=self._why_done([*self._tokens(), row["valid_token"]]) is not None)

    def finish(self, found: list[Trained], quick: bool = False) -> str | None:
        """Why to stop, if there is a reason."""
        return self._why_done(self._tokens())

    def _tokens(self) -> list[float]:
        """Token accuracy at each check so far."""
        return [row["valid_token"] for history in self.history.values() for row in history.rows]

    def _why_done(self, tokens: list[float]) -> str | None:
        if tokens and tokens[-1] == 1.0:
            return "perfect on validation"
        idle = len(tokens) - 1 - tokens.index(max(tokens)) if tokens else 0
        return "no better on validation" if idle >= self.settings.patience else None

    def result(self) -> dict[str, np.ndarray]:
        """The best parameters."""
        assert self.best is not None
        return self.best[1]


def _optimiser(s: StandardTraining) -> optax.GradientTransformation:
    return optax.chain(
        optax.clip_by_global_norm(s.clip), optax.scale_by_adam(), optax.add_decayed_weights(s.weight_decay)
    )
