"""From texts to a hard model of evidence: what the trainer must know of Transformer Programs over words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from pellucid.learners.evidence.judge import Judge
from pellucid.learners.evidence.model import EvidenceModel
from pellucid.learners.transformer import population
from pellucid.learners.transformer.arrays import fingerprint
from pellucid.learners.transformer.history import Choices, Measured, softmax
from pellucid.learners.transformer.population import Relaxed, Tree
from pellucid.learners.transformer.trainer import Progress, Round, Trainer
from pellucid.learners.transformer.training import Trained
from pellucid.learners.transformer.words.batches import Draws, buckets_of, unknown_codes
from pellucid.learners.transformer.words.config import WordsConfig, WordsTraining
from pellucid.learners.transformer.words.harden import harden, soft_weights
from pellucid.learners.transformer.words.names import named
from pellucid.learners.transformer.words.readout import fit_readout, matrix
from pellucid.learners.transformer.words.refine import refine
from pellucid.learners.transformer.words.relaxed import SHARP, choice_logits, init_params, loss_of
from pellucid.learners.transformer.words.starts import starts_of
from pellucid.learners.transformer.words.vectors import read_vectors
from pellucid.problem import Problem


@dataclass(frozen=True)
class FittedWords:
    """A trained Transformer Program over words: hard model, course of the training, what the report says."""

    model: EvidenceModel
    history: dict[str, Any]
    summary: dict[str, Any]


def fit(
    problem: Problem,
    config: WordsConfig,
    settings: WordsTraining,
    on_progress: Progress = lambda share, message: None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> FittedWords:
    """Train a population on texts, harden, refine and keep the best on validation.

    Args:
        problem: texts of one column of words.
        config: the architecture.
        settings: seeds, steps, budget in seconds.
        on_progress: called with the share done (0..1) and a short message.
        checkpoint, resume: as for `Trainer`.
    """
    trainer = Trainer(settings, on_progress, checkpoint)
    with threadpool_limits(1, "blas"):  # where words start must not depend on the number of cores
        job = _Job(problem, config, settings, trainer)
    trainer.run(job, resume)
    return job.result()


class _Job:
    """The state of one fit."""

    rounds = 1

    def __init__(self, problem: Problem, config: WordsConfig, settings: WordsTraining, trainer: Trainer) -> None:
        self.config, self.settings, self.trainer, c = config, settings, trainer, config
        self.best: tuple[float, int, EvidenceModel, float] | None = None
        (column,) = problem.schema.inputs
        self.words, self.labels = column.values or (), problem.schema.outputs[0].values or ()
        self.train, self.valid = (Judge.of(problem, (column,), data) for data in (problem.train, problem.valid))
        unknown, buckets = unknown_codes(column), buckets_of(self.train, settings.batch)
        readable = c.n_cat(c.layers)
        self.draws = Draws(buckets, unknown, readable, settings.seed, settings.word_dropout, c.dropout)
        vectors = None if problem.vectors is None else read_vectors(problem.vectors, self.words)
        starts = starts_of(self.train, self.valid, c.n_classes, c.k, unknown, vectors)

        def init(rng: np.random.Generator) -> Tree:
            return init_params(rng, c, settings.structured, starts.logits(rng, c.variables, c.k), starts.counts)

        def loss(params, tokens, labels, keep, tau, tape):
            return loss_of(params, tokens, labels, keep, tau, tape, c)

        shapes = [(*bucket.shapes, ((bucket.batch, readable), np.float32)) for bucket in buckets]
        self.engine = population.build(Relaxed(init, loss), *shapes)
        arrays = [array for bucket in buckets for array in (bucket.tokens, bucket.labels)]
        self.mark = fingerprint(settings, [asdict(c), self.words, self.labels], *arrays, self.valid.codes)

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
        model = harden(params, c, self.words, self.labels)
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
            model = harden(trained.params, self.config, self.words, self.labels, self.train.corpus)
            self._keep(trained.seed, *fit_readout(model, self.train, self.valid))
        if self.best is not None and not quick:
            _, seed, model, strength = self.best
            self.trainer.tell(f"refining seed {seed}", 1.0)
            better = refine(model, self.train, strength, self.trainer.clock.end)
            if better is not model:
                self._keep(seed, *fit_readout(better, self.train, self.valid))
        return None

    def _keep(self, seed: int, model: EvidenceModel, strength: float) -> None:
        found = self.valid.figure(model)
        if self.best is None or found > self.best[0]:
            self.best = found, seed, model, strength

    def pack(self) -> tuple[dict[str, np.ndarray], Any]:
        """Nothing: what follows the one round is done again."""
        return {}, None

    def unpack(self, arrays: Mapping[str, np.ndarray], told: Any) -> None:
        """The inverse of `pack`."""

    def result(self) -> FittedWords:
        """What `fit` returns."""
        assert self.best is not None
        found, seed, model, _ = self.best
        seeds, stopped = self.trainer.histories(), self.trainer.stopped
        history = {"seeds": seeds, "best_seed": seed, "stopped": stopped, "valid": found}
        summary = {"best_seed": seed, "seeds_tried": len(seeds), "stopped": stopped}
        return FittedWords(named(model, self.train), history, summary)
