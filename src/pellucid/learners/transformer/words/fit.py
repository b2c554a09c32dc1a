"""From texts to a hard model of evidence: what the trainer must know of Transformer Programs over words."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from pellucid.learners.base import Run
from pellucid.learners.evidence.judge import Judge
from pellucid.learners.evidence.model import EvidenceModel
from pellucid.learners.transformer import population
from pellucid.learners.transformer.config import ProgramsConfig
from pellucid.learners.transformer.programs.fit import relaxed
from pellucid.learners.transformer.programs.relaxed import SHARP, choice_logits
from pellucid.learners.transformer.trainer import Round, Trainer
from pellucid.learners.transformer.training import Choices, Measured, Trained, Training, Tree, fingerprint
from pellucid.learners.transformer.words.batches import Draws, buckets_of, unknown_codes
from pellucid.learners.transformer.words.harden import harden, named, soft_weights
from pellucid.learners.transformer.words.readout import fit_readout, matrix, refine
from pellucid.learners.transformer.words.starts import read_vectors, starts_of
from pellucid.problem import Problem


class WordsTrainer(Trainer[EvidenceModel]):
    """Trains a population on texts, hardens, refines; finds the hard model that is best on validation.

    Args:
        problem: texts of one column of words.
        config: the architecture.
        settings, run: as of `Trainer`.
    """

    name = "words"
    best: tuple[float, int, EvidenceModel, float] | None = None

    def __init__(self, problem: Problem, config: ProgramsConfig, settings: Training, run: Run) -> None:
        super().__init__(settings, run)
        self.config = c = config
        (column,) = problem.schema.inputs
        self.words, self.labels = column.values or (), problem.schema.outputs[0].values or ()
        self.train, self.valid = (Judge.of(problem, (column,), data) for data in (problem.train, problem.valid))
        unknown, buckets = unknown_codes(column), buckets_of(self.train, settings.batch)
        readable = c.n_cat(c.layers)
        self.draws = Draws(buckets, unknown, readable, settings.seed, settings.word_dropout, c.dropout)
        vectors = None if problem.vectors is None else read_vectors(problem.vectors, self.words)
        with threadpool_limits(1, "blas"):  # where words start must not depend on the number of cores
            starts = starts_of(self.train, self.valid, c.n_classes, c.k, unknown, vectors)

        shapes = [(*bucket.shapes, ((bucket.batch, readable), np.float32)) for bucket in buckets]
        self.engine = population.build(relaxed(c, settings.structured, starts), *shapes)
        arrays = [array for bucket in buckets for array in (bucket.tokens, bucket.labels)]
        self.mark = fingerprint(settings, [asdict(c), self.words, self.labels], *arrays, self.valid.codes)

    def set_up(self, number: int) -> Round:
        """One round of all seeds."""
        s = self.settings
        return Round(self.engine, s, tuple(range(s.seed * 10_000, s.seed * 10_000 + s.seeds)), self.draws)

    def measure(self, params: Tree, tau: float) -> Measured:
        """The hard model on validation, with the readout as trained."""
        judged, c = self.valid, self.config
        model = harden(params, c, self.words, self.labels)
        scores = np.asarray(matrix(model, judged.corpus) @ soft_weights(model, params, c))
        if c.pooled:
            scores = SHARP * scores / np.diff(judged.corpus.starts)[:, None]
        scored = judged.codes >= 0
        share = softmax(scores, -1)[np.flatnonzero(scored), judged.codes[scored]]
        wrong = (scores.argmax(1) != judged.codes) & (judged.codes != -1)
        by_text = wrong if c.pooled else judged.corpus.added_up(wrong.astype(int)) > 0
        row = {
            "hard_loss": float(-np.log(np.maximum(share, 1e-30)).mean()),
            "hard_token": judged.right(scores),
            "hard_sequence": float(1 - by_text.mean()),
        }
        return Measured(row, row["hard_token"], Choices.of_logits(choice_logits(params, c)))

    def finish(self, found: list[Trained], quick: bool = False) -> str | None:
        """Harden seeds and fit their readouts, then make the kinds of the best better."""
        for trained in found:
            if self.best is not None and self.clock.over():
                return "budget spent"
            self.tell(f"hardening seed {trained.seed}", 1.0)
            model = harden(trained.params, self.config, self.words, self.labels, self.train.corpus)
            self._keep(trained.seed, *fit_readout(model, self.train, self.valid))
        if self.best is not None and not quick:
            _, seed, model, strength = self.best
            self.tell(f"refining seed {seed}", 1.0)
            better = refine(model, self.train, strength, self.clock.end)
            if better is not model:
                self._keep(seed, *fit_readout(better, self.train, self.valid))
        return None

    def _keep(self, seed: int, model: EvidenceModel, strength: float) -> None:
        found = self.valid.figure(model)
        if self.best is None or found > self.best[0]:
            self.best = found, seed, model, strength

    def result(self) -> EvidenceModel:
        """The best model, its kinds and cases named."""
        assert self.best is not None
        figure, seed, model, _ = self.best
        self.note_best(seed, valid=figure)
        return named(model, self.train)
