"""From encoded data to a hardened program: what the trainer must know of Transformer Programs over symbols."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import log_softmax

from pellucid.learners.base import Run
from pellucid.learners.transformer import population
from pellucid.learners.transformer.config import ProgramsConfig
from pellucid.learners.transformer.marked import Arrays
from pellucid.learners.transformer.population import Relaxed
from pellucid.learners.transformer.programs.hardened import (
    SOFT_SCALE,
    Hardened,
    Module,
    accuracy,
    class_scores,
    harden,
    live,
    predict,
)
from pellucid.learners.transformer.programs.readout import fit_readout
from pellucid.learners.transformer.programs.refine import Effort, refine
from pellucid.learners.transformer.programs.relaxed import choice_logits, init_params, loss_of
from pellucid.learners.transformer.trainer import Round, Trainer
from pellucid.learners.transformer.training import Choices, Measured, Trained, Training, Tree, fingerprint
from pellucid.learners.transformer.words.starts import Starts

SAMPLE = 400  # validation sequences of the checks
HARDENED = 3  # seeds of a round that are hardened, the best ones
ENOUGH, LAST = 3.5, 3.0  # seconds before the end when no slice of refinement is begun, and when one must stop


@dataclass(frozen=True)
class Candidate:
    """A finished program with its accuracies and size (live variables)."""

    hardened: Hardened
    train: dict[str, float]
    valid: dict[str, float]
    size: int

    @property
    def perfect(self) -> bool:
        """Is every validation sequence right?"""
        return self.valid["sequence"] == 1.0

    @property
    def rank(self) -> tuple[float, float, float, int]:
        """Larger is better: validation accuracy, then training accuracy, then fewer variables."""
        return (self.valid["token"], self.valid["sequence"], self.train["sequence"], -self.size)


class ProgramsTrainer(Trainer[tuple[Hardened, dict[str, np.ndarray]]]):
    """Trains a population, hardens, refines; finds the program that is best on validation and its soft parameters.

    A perfect one there ends it all.

    Args:
        train, valid: (tokens int32 [n, width] with padding -1, labels int32 [n, width] with -1 unscored, or [n]).
        config: the architecture.
        settings, run: as of `Trainer`.
    """

    name, parts = "programs", (Candidate, Hardened, Module)
    best: tuple[Candidate, dict[str, np.ndarray], int] | None = None

    def __init__(self, train: Arrays, valid: Arrays, config: ProgramsConfig, settings: Training, run: Run) -> None:
        super().__init__(settings, run)
        self.train, self.valid, self.config = train, valid, config
        shapes = [((settings.batch, *array.shape[1:]), jnp.int32) for array in train]
        self.engine = population.build(relaxed(config, settings.structured), shapes)
        self.data = tuple(jnp.asarray(array, jnp.int32) for array in train)
        self.plan = rounds(settings)
        self.rounds, self.mark = len(self.plan), fingerprint(settings, asdict(config), *train, *valid)

    def set_up(self, number: int) -> Round:
        """Growing populations with longer schedules."""
        seeds, steps = self.plan[number]
        settings = replace(self.settings, steps=steps)
        return Round(self.engine, settings, seeds, lambda at: (self.data, settings.batch))

    def measure(self, params: Tree, tau: float) -> Measured:
        """The hardened program on some validation sequences."""
        row = hard_metrics(harden(params, self.config), *(array[:SAMPLE] for array in self.valid))
        choices = Choices.of_logits(choice_logits(params, self.config))
        return Measured(row, row["hard_token"], choices, row["hard_token"] == 1.0)

    def finish(self, found: list[Trained], quick: bool = False) -> str | None:
        """Harden and refine trained seeds, remember the best."""
        for trained, candidate in self._finished(found, self.settings.refine and not quick):
            if self.best is None or candidate.rank > self.best[0].rank:
                leaves = jax.tree_util.tree_leaves_with_path(trained.params)
                named = {jax.tree_util.keystr(p, simple=True, separator="."): np.asarray(leaf) for p, leaf in leaves}
                self.best = candidate, named, trained.seed
        return "perfect on validation" if self.best and self.best[0].perfect else None

    def _finished(self, found: list[Trained], refining: bool) -> Iterator[tuple[Trained, Candidate]]:
        """Trained seeds finished one by one, the most promising first; ends after a perfect one or with the budget."""
        pool = []
        for trained in found[:HARDENED]:
            self.tell(f"hardening seed {trained.seed}")
            candidate = self._candidate(harden(trained.params, self.config))
            yield trained, candidate
            pool.append((trained, candidate))
            if candidate.perfect or self.clock.over():
                break
        pool.sort(key=lambda pair: pair[1].rank, reverse=True)
        for trained, candidate in pool[: self.settings.refined] if refining else ():
            self.tell(f"refining seed {trained.seed}")
            for better in self._refined(candidate):
                yield trained, better
                candidate = better
            if candidate.perfect:
                return

    def _refined(self, candidate: Candidate) -> Iterator[Candidate]:
        """Refine in slices, refitting the readout after each, until `refine_patience` of them bring nothing."""
        s, idle, best = self.settings, 0, candidate
        for i in range(s.refine_slices):
            done = best.perfect and best.train["sequence"] == 1.0
            if self.clock.over(ENOUGH) or idle >= s.refine_patience or done:
                return
            effort = Effort(s.refine_effort * 1e6, self.clock.end - LAST)
            candidate = self._candidate(refine(candidate.hardened, self.train, effort, s.seed + i), only_marked=True)
            idle = 0 if candidate.rank > best.rank else idle + 1
            if candidate.rank > best.rank:
                best = candidate
            elif candidate.valid["token"] < best.valid["token"] - 0.002:
                candidate = best
            yield best

    def _candidate(self, hardened: Hardened, only_marked: bool = False) -> Candidate:
        """A program with its readout fitted, accuracy and size."""
        made = fit_readout(hardened, self.train, self.valid, only_marked, self.clock.end)
        on_train, on_valid = (accuracy(predict(made, tokens), labels) for tokens, labels in (self.train, self.valid))
        return Candidate(made, on_train, on_valid, len(live(made)))

    def result(self) -> tuple[Hardened, dict[str, np.ndarray]]:
        """The best program and its parameters."""
        assert self.best is not None
        best, params, seed = self.best
        self.note_best(seed, train=best.train, valid=best.valid)
        return best.hardened, params


def relaxed(config: ProgramsConfig, structured: float, starts: Starts | None = None) -> Relaxed:
    """The model as the trainer sees it; of words, from where they start."""

    def init(rng: np.random.Generator) -> Tree:
        known = () if starts is None else (starts.logits(rng, config.variables, config.k), starts.counts)
        return init_params(rng, config, structured, *known)

    def loss(params, tokens, labels, *rest):
        *keep, tau, tape = rest
        return loss_of(params, tokens, labels, tau, tape, config, *keep)

    return Relaxed(init, loss)


def hard_metrics(hardened: Hardened, tokens: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Loss (nats, at the scale of the relaxed model), token and sequence accuracy of a hardened program."""
    scores = class_scores(hardened, tokens) / SOFT_SCALE
    if hardened.kind == "classification":
        scores = scores / np.maximum(hardened.own(tokens).sum(1), 1)[:, None]
    picked = np.take_along_axis(log_softmax(scores, -1), np.maximum(labels, 0)[..., None], -1)[..., 0]
    right = accuracy(scores.argmax(-1), labels)
    return {"hard_loss": float(-picked[labels >= 0].mean()), **{f"hard_{name}": v for name, v in right.items()}}


def rounds(s: Training) -> list[tuple[tuple[int, ...], int]]:
    """Seeds and steps of each round: one group with the plain schedule, then larger populations with longer ones."""
    plan: list[tuple[tuple[int, ...], int]] = []
    first, steps, count = s.seed * 10_000, s.steps, s.group
    while sum(len(seeds) for seeds, _ in plan) < s.seeds:
        plan.append((tuple(range(first, first + count)), steps))
        first, count, steps = first + count, 2 * s.group, 2 * steps
    return plan
