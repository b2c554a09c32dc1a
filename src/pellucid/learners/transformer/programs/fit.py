"""One call from encoded data to a hardened program: what the trainer must know of Transformer Programs over symbols."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from pellucid.learners.transformer import population
from pellucid.learners.transformer.arrays import fingerprint, flat_params, under
from pellucid.learners.transformer.history import Choices, Measured
from pellucid.learners.transformer.population import Relaxed, Tree
from pellucid.learners.transformer.programs.config import ProgramsConfig, ProgramsTraining
from pellucid.learners.transformer.programs.files import FittedPrograms, arrays_of, hardened_from
from pellucid.learners.transformer.programs.finish import Arrays, Candidate, finish
from pellucid.learners.transformer.programs.harden import SOFT_SCALE, harden
from pellucid.learners.transformer.programs.hardened import Hardened, accuracy, class_scores
from pellucid.learners.transformer.programs.relaxed import choice_logits, init_params, loss_of
from pellucid.learners.transformer.trainer import Progress, Round, Trainer
from pellucid.learners.transformer.training import Trained

SAMPLE = 400  # validation sequences of the checks


def fit(
    train: Arrays,
    valid: Arrays,
    config: ProgramsConfig,
    settings: ProgramsTraining,
    on_progress: Progress = lambda share, message: None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> FittedPrograms:
    """Train a population, harden, refine and keep the best on validation.

    Args:
        train, valid: (tokens int32 [n, width] with padding -1, labels int32 [n, width] with -1 unscored, or [n]).
        config: the architecture.
        settings: seeds, steps, budget in seconds.
        on_progress: called with the share done (0..1) and a short message.
        checkpoint, resume: as for `Trainer`.

    Stops when a hardened program is perfect on validation, and as `Trainer.run`.
    """
    job = _Job(train, valid, config, settings, Trainer(settings, on_progress, checkpoint))
    job.trainer.run(job, resume)
    return job.result()


def relaxed(config: ProgramsConfig, structured: float) -> Relaxed:
    """The model as the trainer sees it."""
    return Relaxed(
        functools.partial(init_params, config=config, structured=structured), functools.partial(loss_of, config=config)
    )


class _Job:
    """The state of one fit."""

    def __init__(
        self, train: Arrays, valid: Arrays, config: ProgramsConfig, settings: ProgramsTraining, trainer: Trainer
    ) -> None:
        self.train, self.valid, self.config, self.settings, self.trainer = train, valid, config, settings, trainer
        shapes = [((settings.batch, *array.shape[1:]), jnp.int32) for array in train]
        self.engine = population.build(relaxed(config, settings.structured), shapes)
        self.data = tuple(jnp.asarray(array, jnp.int32) for array in train)
        self.plan = rounds(settings)
        self.rounds, self.mark = len(self.plan), fingerprint(settings, asdict(config), *train, *valid)
        self.best: tuple[Candidate, dict[str, np.ndarray], int] | None = None

    @property
    def found(self) -> bool:
        """Whether there is a result."""
        return self.best is not None

    def round(self, number: int) -> Round:
        """Growing populations with longer schedules."""
        seeds, steps = self.plan[number]
        settings = replace(self.settings, steps=steps)
        return Round(self.engine, settings, seeds, lambda at: (self.data, settings.batch), self.measure)

    def measure(self, params: Tree, tau: float) -> Measured:
        """The hardened program on some validation sequences."""
        row = hard_metrics(harden(params, self.config), *(array[:SAMPLE] for array in self.valid))
        choices = Choices.of_logits(choice_logits(params, self.config))
        return Measured(row, row["hard_token"], choices, row["hard_token"] == 1.0)

    def finish(self, found: list[Trained], quick: bool = False) -> str | None:
        """Harden and refine trained seeds, remember the best; a perfect one ends it all."""
        settings = replace(self.settings, refine=False) if quick else self.settings
        trainer = self.trainer
        finished = finish(found, self.train, self.valid, self.config, settings, trainer.clock, trainer.tell)
        for trained, candidate in finished:
            if self.best is None or candidate.rank > self.best[0].rank:
                self.best = candidate, flat_params(trained.params), trained.seed
        return "perfect on validation" if self.best and self.best[0].perfect else None

    def pack(self) -> tuple[dict[str, np.ndarray], Any]:
        """The best program so far."""
        if self.best is None:
            return {}, None
        best, params, seed = self.best
        told = {"train": best.train, "valid": best.valid, "size": best.size}
        return arrays_of(params, best.hardened), {"seed": seed, "best": told}

    def unpack(self, arrays: Mapping[str, np.ndarray], told: Any) -> None:
        """The inverse of `pack`."""
        if told is not None:
            hardened = hardened_from(under("hard.", arrays), self.config)
            self.best = Candidate(hardened, **told["best"]), under("soft.", arrays), told["seed"]

    def result(self) -> FittedPrograms:
        """What `fit` returns."""
        assert self.best is not None
        best, params, seed = self.best
        trainer = self.trainer
        history = {
            "seeds": trainer.histories(),
            "best_seed": seed,
            "stopped": trainer.stopped,
            "train": best.train,
            "valid": best.valid,
        }
        return FittedPrograms(self.config, best.hardened, params, trainer.seconds(), history)


def hard_metrics(hardened: Hardened, tokens: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Loss (nats, at the scale of the relaxed model), token and sequence accuracy of a hardened program."""
    scores = class_scores(hardened, tokens) / SOFT_SCALE
    if hardened.kind == "classification":
        scores = scores / np.maximum(hardened.own(tokens).sum(1), 1)[:, None]
    shifted = scores - scores.max(-1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    scored = labels >= 0
    picked = np.take_along_axis(logp, np.maximum(labels, 0)[..., None], -1)[..., 0]
    right = accuracy(scores.argmax(-1), labels)
    return {"hard_loss": float(-picked[scored].mean()), **{f"hard_{name}": v for name, v in right.items()}}


def rounds(s: ProgramsTraining) -> list[tuple[tuple[int, ...], int]]:
    """Seeds and steps of each round: one group with the plain schedule, then larger populations with longer ones."""
    plan: list[tuple[tuple[int, ...], int]] = []
    first, steps, count = s.seed * 10_000, s.steps, s.group
    while sum(len(seeds) for seeds, _ in plan) < s.seeds:
        plan.append((tuple(range(first, first + count)), steps))
        first, count, steps = first + count, 2 * s.group, 2 * steps
    return plan
