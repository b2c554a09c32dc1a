"""From texts to a hard text model: train a population, harden, fit the readout, refine, name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from threadpoolctl import threadpool_limits

from pellucid.errors import PellucidError
from pellucid.learners.transformer import population
from pellucid.learners.transformer.cache import enable_cache
from pellucid.learners.transformer.choices import NoiseTape
from pellucid.learners.transformer.programs.config import TrainConfig
from pellucid.learners.transformer.programs.models import replaced
from pellucid.learners.transformer.train import Clock, Trained, Trainer
from pellucid.learners.transformer.words.batches import Bucket, Draws, buckets_of, unknown_codes
from pellucid.learners.transformer.words.config import DEFAULTS, WORD_DROPOUT, TextConfig
from pellucid.learners.transformer.words.harden import harden
from pellucid.learners.transformer.words.history import record
from pellucid.learners.transformer.words.names import named
from pellucid.learners.transformer.words.readout import Judged, fit_readout, quality
from pellucid.learners.transformer.words.refine import refine
from pellucid.learners.transformer.words.relaxed import forward, init_params, loss_of
from pellucid.learners.transformer.words.starts import starts_of
from pellucid.text.model import TextModel
from pellucid.text.problem import TextProblem

OnProgress = Callable[[str, float, str], None]
FINISHING = 0.2  # share of the budget kept for what comes after training


@dataclass(frozen=True)
class FittedTexts:
    """A trained Transformer Program over words: hard model, times (s), course of the training, what the report says."""

    model: TextModel
    seconds: dict[str, float]
    history: dict[str, Any]
    summary: dict[str, Any] = field(default_factory=dict)


def fit_text_programs(problem: TextProblem, options: Mapping[str, Any], on_progress: OnProgress) -> FittedTexts:
    """Train a Transformer Program on texts.

    Args:
        problem: the texts, with the settings of architecture and training.
        options: as `learn` takes them (seed, seeds, steps, budget in seconds), None for the default.
        on_progress: called with the stage, the share done (0..1) and a short message.

    Ctrl-C keeps the best so far; before the first chunk of steps it is passed on.

    Raises:
        PellucidError: a setting that makes no sense.
    """
    job = _Job(problem, *configurations(problem, options), on_progress)
    with threadpool_limits(1, "blas"):  # as for XLA: the result must not depend on the number of cores
        try:
            job.run()
        except KeyboardInterrupt:
            job.interrupt()
    return job.result()


def configurations(problem: TextProblem, options: Mapping[str, Any]) -> tuple[TextConfig, TrainConfig, float]:
    """Architecture, training and word dropout of a problem, with what was set."""
    vocab, given = problem.vocab, dict(problem.settings.model)
    if "heads" in given:
        given["heads_cat"] = given.pop("heads")
    known = {f.name for f in dataclasses.fields(TextConfig)}
    if unknown := [key for key in given if key not in known]:
        raise PellucidError(f"--set {unknown[0]}: not of a Transformer Program over words")
    config = TextConfig(len(vocab.tokens), len(vocab.labels), vocab.kind, **given)
    training = dict(problem.settings.training)
    dropped = training.pop("word_dropout", WORD_DROPOUT)
    if not 0 <= dropped < 1:
        raise PellucidError(f"--set word_dropout={dropped}: expected a share, at least 0 and below 1")
    chosen = {key: value for key, value in options.items() if value is not None}
    return config, replaced(DEFAULTS, {**chosen, **training}), dropped


class _Job:
    """The state of one fit."""

    def __init__(
        self,
        problem: TextProblem,
        config: TextConfig,
        settings: TrainConfig,
        dropped: float,
        on_progress: OnProgress,
    ) -> None:
        self.problem, self.config, self.settings, self.report = problem, config, settings, on_progress
        self.clock, self.stopped = Clock(settings.budget), "all steps done"
        self.best: tuple[float, int, TextModel, float] | None = None
        enable_cache()
        vocab = problem.vocab
        self.like = TextModel(vocab.tokens, vocab.labels, config.pooled, (), {}, np.zeros(len(vocab.labels), np.int64))
        self.train, self.valid = (Judged.of(part, self.like) for part in (problem.splits.train, problem.splits.valid))
        unknown, buckets = unknown_codes(vocab), buckets_of(problem.splits.train, vocab, settings.batch)
        draws = Draws(buckets, unknown, config.n_cat(config.layers), settings.seed, dropped, config.dropout)
        engine = population.build_for(self._relaxed(buckets, unknown), settings.batch)
        sample, reserve = (self.like, self.valid), FINISHING * settings.budget
        self.trainer = Trainer(engine, settings, (), sample, self.clock, reserve, self._progress)
        self.trainer.measure, self.trainer.draw = record, draws

    def _relaxed(self, buckets: list[Bucket], unknown: np.ndarray) -> population.Relaxed:
        c = self.config
        starts = starts_of(self.train, self.valid, c.n_classes, c.k, unknown, self.problem.vectors)

        def init(rng: np.random.Generator):
            return init_params(rng, c, self.settings.structured, starts.logits(rng, c.variables, c.k), starts.counts)

        def loss(tree, tokens, labels, keep, tau, noise):
            return loss_of(tree, tokens, labels, keep, tau, noise, c)

        template = init(np.random.default_rng(0))
        return population.Relaxed(init, loss, max(_noise(template, bucket, c) for bucket in buckets), c)

    def _progress(self, share: float, message: str) -> None:
        self.report("train", min(1.0, max(share, self.clock.spent / self.clock.budget)), message)

    def run(self) -> None:
        """One round of all seeds, then the best of them finished."""
        s = self.settings
        seeds = tuple(range(s.seed * 10_000, s.seed * 10_000 + max(s.group, s.seeds)))
        found = [trained for batch in self.trainer.round(seeds, s.steps) for trained in batch]
        if self.trainer.late():
            self.stopped = "budget spent"
        for trained in found:
            if self.best is not None and self.clock.over():
                return
            self._finish(trained)
        self._improve()

    def interrupt(self) -> None:
        """Keep the best so far: harden what has been trained, without refinement."""
        self.stopped = "interrupted"
        if self.best is None:
            found = [trained for trained in self.trainer.finished() if trained.steps]
            if not found:
                raise KeyboardInterrupt
            self._finish(found[0])

    def _finish(self, trained: Trained) -> None:
        """Harden a seed and fit its readout; remember the best on validation."""
        self._progress(0.0, f"hardening seed {trained.seed}")
        model = harden(trained.params, self.config, self.like.words, self.like.labels, self.train.corpus)
        self._keep(trained.seed, *fit_readout(model, self.train, self.valid, self.problem.entities))

    def _improve(self) -> None:
        """Make the kinds of the best program better."""
        assert self.best is not None
        _, seed, model, strength = self.best
        self._progress(0.0, f"refining seed {seed}")
        found = list(refine(model, self.train, self.valid, self.problem.entities, strength, self.clock.end))
        if found:
            self._keep(seed, *fit_readout(found[-1], self.train, self.valid, self.problem.entities))

    def _keep(self, seed: int, model: TextModel, strength: float) -> None:
        found = quality(model, self.valid, self.problem.entities)
        if self.best is None or found > self.best[0]:
            self.best = found, seed, model, strength

    def result(self) -> FittedTexts:
        """Collect what `fit_text_programs` returns."""
        assert self.best is not None
        found, seed, model, _ = self.best
        trainer = self.trainer
        seconds = {"compile": trainer.compile_seconds, "train": max(0.0, self.clock.spent - trainer.compile_seconds)}
        seeds = {str(number): row.to_json() for number, row in sorted(trainer.history.items())}
        history = {"seeds": seeds, "best_seed": seed, "stopped": self.stopped, "valid": found}
        summary = {"best_seed": seed, "seeds_tried": len(seeds), "stopped": self.stopped}
        rounded = {name: round(value, 3) for name, value in seconds.items()}
        return FittedTexts(named(model, self.train), rounded, history, summary)


def _noise(template: Any, bucket: Bucket, config: TextConfig) -> int:
    """Numbers of noise that the loss of a batch takes."""
    tape = NoiseTape(None)
    tokens = jax.ShapeDtypeStruct((bucket.batch, bucket.tokens.shape[1]), np.int32)
    keep = jax.ShapeDtypeStruct((bucket.batch, config.n_cat(config.layers)), np.float32)
    jax.eval_shape(lambda p, t, k: forward(p, t, k, 1.0, tape, config), template, tokens, keep)
    return tape.used
