"""From texts to a hard text model: what the trainer must know of Transformer Programs over words."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from pellucid.errors import PellucidError
from pellucid.learners.transformer import population
from pellucid.learners.transformer.arrays import fingerprint
from pellucid.learners.transformer.history import Choices, Measured, softmax
from pellucid.learners.transformer.population import Relaxed, Tree
from pellucid.learners.transformer.trainer import Round, Trainer
from pellucid.learners.transformer.training import Trained, with_given
from pellucid.learners.transformer.words.batches import Draws, buckets_of, unknown_codes
from pellucid.learners.transformer.words.config import TextConfig, TextTraining
from pellucid.learners.transformer.words.harden import harden, soft_weights
from pellucid.learners.transformer.words.names import named
from pellucid.learners.transformer.words.readout import fit_readout, matrix
from pellucid.learners.transformer.words.refine import refine
from pellucid.learners.transformer.words.relaxed import SHARP, choice_logits, init_params, loss_of
from pellucid.learners.transformer.words.starts import starts_of
from pellucid.text.judge import Judge
from pellucid.text.model import TextModel
from pellucid.text.problem import TextProblem

OnProgress = Callable[[str, float, str], None]


@dataclass(frozen=True)
class FittedTexts:
    """A trained Transformer Program over words: hard model, times (s), course of the training, what the report says."""

    model: TextModel
    seconds: dict[str, float]
    history: dict[str, Any]
    summary: dict[str, Any] = field(default_factory=dict)


def fit_text_programs(
    problem: TextProblem,
    options: Mapping[str, Any],
    on_progress: OnProgress,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> FittedTexts:
    """Train a Transformer Program on texts.

    Args:
        problem: the texts, with the settings of architecture and training.
        options: as `learn` takes them (seed, seeds, steps, budget in seconds), None for the default.
        on_progress: called with the stage, the share done (0..1) and a short message.
        checkpoint, resume: as for `Trainer`.

    Raises:
        PellucidError: a setting that makes no sense.
    """
    config, settings = configurations(problem, options)
    trainer = Trainer(settings, lambda share, message: on_progress("train", share, message), checkpoint)
    with threadpool_limits(1, "blas"):  # where words start must not depend on the number of cores
        job = _Job(problem, config, settings, trainer)
    trainer.run(job, resume)
    return job.result()


def configurations(problem: TextProblem, options: Mapping[str, Any]) -> tuple[TextConfig, TextTraining]:
    """Architecture and training of a problem, with what was set."""
    vocab, given = problem.vocab, dict(problem.settings.model)
    if "heads" in given:
        given["heads_cat"] = given.pop("heads")
    known = {f.name for f in dataclasses.fields(TextConfig)}
    if unknown := [key for key in given if key not in known]:
        raise PellucidError(f"--set {unknown[0]}: not of a Transformer Program over words")
    config = TextConfig(len(vocab.tokens), len(vocab.labels), vocab.kind, **given)
    return config, with_given(TextTraining(), options, problem.settings.training)


class _Job:
    """The state of one fit."""

    rounds = 1

    def __init__(self, problem: TextProblem, config: TextConfig, settings: TextTraining, trainer: Trainer) -> None:
        self.problem, self.config, self.settings, self.trainer = problem, config, settings, trainer
        self.best: tuple[float, int, TextModel, float] | None = None
        vocab, c = problem.vocab, config
        self.like = TextModel(vocab.tokens, vocab.labels, config.pooled, (), {}, np.zeros(len(vocab.labels), np.int64))
        self.train, self.valid = (Judge.of(problem, part) for part in (problem.splits.train, problem.splits.valid))
        unknown, buckets = unknown_codes(vocab), buckets_of(problem.splits.train, vocab, settings.batch)
        readable = c.n_cat(c.layers)
        self.draws = Draws(buckets, unknown, readable, settings.seed, settings.word_dropout, c.dropout)
        starts = starts_of(self.train, self.valid, c.n_classes, c.k, unknown, problem.vectors)

        def init(rng: np.random.Generator) -> Tree:
            return init_params(rng, c, settings.structured, starts.logits(rng, c.variables, c.k), starts.counts)

        def loss(params, tokens, labels, keep, tau, tape):
            return loss_of(params, tokens, labels, keep, tau, tape, c)

        shapes = [(*bucket.shapes, ((bucket.batch, readable), np.float32)) for bucket in buckets]
        self.engine = population.build(Relaxed(init, loss), *shapes)
        arrays = [array for bucket in buckets for array in (bucket.tokens, bucket.labels)]
        self.mark = fingerprint(settings, [asdict(c), vocab.to_json()], *arrays, self.valid.codes)

    @property
    def found(self) -> bool:
        """Whether there is a result."""
        return self.best is not None

    def round(self, number: int) -> Round:
        """One round of all seeds."""
        s = self.settings
        seeds = tuple(range(s.seed * 10_000, s.seed * 10_000 + s.seeds))
        return Round(self.engine, s, seeds, self.draws, self.measure)

    def measure(self, params: Tree, tau: float) -> Measured:
        """The hard model on validation, with the readout as trained."""
        judged, c = self.valid, self.config
        model = harden(params, c, self.like.words, self.like.labels)
        scores = np.asarray(matrix(model, judged.corpus) @ soft_weights(model, params, c))
        if c.pooled:
            scores = SHARP * scores / np.diff(judged.corpus.starts)[:, None]
        scored = judged.codes >= 0
        share = softmax(scores)[np.flatnonzero(scored), judged.codes[scored]]
        wrong = (scores.argmax(1) != judged.codes) & (judged.codes != -1)
        by_text = wrong if c.pooled else judged.corpus.added_up(wrong.astype(int)) > 0
        row = {
            "hard_loss": float(-np.log(np.maximum(share, 1e-30)).mean()),
            "hard_token": judged.right(scores),
            "hard_sequence": float(1 - by_text.mean()),
        }
        return Measured(row, row["hard_token"], Choices.of_logits(choice_logits(params)))

    def finish(self, found: list[Trained], quick: bool = False) -> str | None:
        """Harden seeds and fit their readouts, then make the kinds of the best better."""
        for trained in found:
            if self.best is not None and self.trainer.clock.over():
                return "budget spent"
            self.trainer.tell(f"hardening seed {trained.seed}", 1.0)
            model = harden(trained.params, self.config, self.like.words, self.like.labels, self.train.corpus)
            self._keep(trained.seed, *fit_readout(model, self.train, self.valid))
        if self.best is not None and not quick:
            _, seed, model, strength = self.best
            self.trainer.tell(f"refining seed {seed}", 1.0)
            better = refine(model, self.train, strength, self.trainer.clock.end)
            if better is not model:
                self._keep(seed, *fit_readout(better, self.train, self.valid))
        return None

    def _keep(self, seed: int, model: TextModel, strength: float) -> None:
        found = self.valid.figure(model)
        if self.best is None or found > self.best[0]:
            self.best = found, seed, model, strength

    def pack(self) -> tuple[dict[str, np.ndarray], Any]:
        """Nothing: what follows the one round is done again."""
        return {}, None

    def unpack(self, arrays: Mapping[str, np.ndarray], told: Any) -> None:
        """The inverse of `pack`."""

    def result(self) -> FittedTexts:
        """What `fit_text_programs` returns."""
        assert self.best is not None
        found, seed, model, _ = self.best
        seeds, stopped = self.trainer.histories(), self.trainer.stopped
        history = {"seeds": seeds, "best_seed": seed, "stopped": stopped, "valid": found}
        summary = {"best_seed": seed, "seeds_tried": len(seeds), "stopped": stopped}
        return FittedTexts(named(model, self.train), self.trainer.seconds(), history, summary)
