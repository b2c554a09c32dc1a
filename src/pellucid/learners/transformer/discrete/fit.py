"""One call from columns of numbers to a program: train populations, harden, read off, refit, choose."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from pellucid.data.data import Data
from pellucid.emit.emit import ast_nodes, emit
from pellucid.errors import PellucidError
from pellucid.language.columns import ProgramError
from pellucid.learners.transformer import population
from pellucid.learners.transformer.arrays import fingerprint
from pellucid.learners.transformer.discrete.assemble import keeps_mask
from pellucid.learners.transformer.discrete.config import Attempt, DiscreteConfig, DiscreteTraining, attempts
from pellucid.learners.transformer.discrete.extract import Extraction, Sources, extract
from pellucid.learners.transformer.discrete.frame import Column, Frame, Scaling, allowed, columns_for, make_frame
from pellucid.learners.transformer.discrete.hardened import Hardened, harden, run
from pellucid.learners.transformer.discrete.judge import Verdict, judge
from pellucid.learners.transformer.discrete.live import live_choices, measured
from pellucid.learners.transformer.discrete.model import init_params, loss_of, optimiser
from pellucid.learners.transformer.population import Engine, Relaxed, Tree
from pellucid.learners.transformer.trainer import Round, Trainer
from pellucid.learners.transformer.training import Trained
from pellucid.problem import Problem

OnProgress = Callable[[float, str], None]
LONGEST = 64  # steps of a sequence that are trained on
TRAINED = 20_000  # sequences that are trained on
SAMPLE = 200
REFITTED = "constants of the output head by float64 least squares on the training data, snapped where the fit allows"
PLACES = 6_000  # steps the output head is refitted on, at most
READ_OFF = 6  # seeds of a round that are read off, the best ones


@dataclass(frozen=True, eq=False)
class Candidate:
    """A seed read off: its extraction, what it does on validation data, whether it is exact everywhere, its size."""

    trained: Trained
    extraction: Extraction
    verdict: Verdict
    exact: bool
    nodes: int

    @property
    def rank(self) -> tuple[bool, float, int, int]:
        """Exact ones first, then by size, others by error."""
        return (not self.exact, 0.0 if self.exact else self.verdict.error, self.nodes, self.trained.seed)

    @property
    def details(self) -> dict[str, Any]:
        """What was found about each head and sub-MLP."""
        return {"seed": self.trained.seed, **self.extraction.report}


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a fit gives: seeds read off, the best first; the report; the history of all seeds."""

    found: list[Candidate]
    report: dict[str, Any]
    history: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Setup:
    """What a round works on. like: a hardened model of its sizes, without layers. data: examples first."""

    attempt: Attempt
    columns: tuple[Column, ...]
    config: DiscreteConfig
    scaling: Scaling
    like: Hardened
    data: tuple[np.ndarray, ...]
    sample: Frame
    engine: Engine
    settings: DiscreteTraining


def fit(
    problem: Problem,
    sizes: Mapping[str, Any],
    settings: DiscreteTraining,
    on_progress: OnProgress = lambda share, message: None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Fitted:
    """Learn a program with the Discrete Transformer.

    Args:
        problem: data and bias. Training sees the first 64 steps; the loss is the mean squared error of outputs
            standardised by the training data.
        sizes: of the model, those that are given.
        settings: of the training.
        on_progress: called with the share done (0..1) and a short message.
        checkpoint, resume: as for `Trainer`.

    Stops at an exact program, when all attempts are made, and as `Trainer.run`.

    Raises:
        PellucidError: a setting that makes no sense, or a bias that leaves nothing to read.
    """
    trainer = Trainer(settings, on_progress, checkpoint)
    job = _Job(problem, sizes, settings, trainer)
    trainer.run(job, resume)
    return job.result()


class _Job:
    """The state of one fit. done: of the rounds that were read off, the trained seeds and how many were read."""

    def __init__(
        self, problem: Problem, sizes: Mapping[str, Any], settings: DiscreteTraining, trainer: Trainer
    ) -> None:
        self.problem, self.settings, self.trainer = problem, settings, trainer
        self.plan = attempts(problem.bias, sizes, _has_past(problem.train))[: settings.rounds]
        self.rounds = len(self.plan)
        self.candidates: list[Candidate] = []
        self.reports: list[dict[str, Any]] = []
        self.setups: dict[int, Setup] = {}
        self.done: dict[int, tuple[list[Trained], int]] = {}
        told = [repr(problem.bias), [asdict(attempt) for attempt in self.plan]]
        self.mark = fingerprint(settings, [told, [(d.inputs, d.outputs) for d in (problem.train, problem.valid)]])

    @property
    def found(self) -> bool:
        """Whether there is a result."""
        return bool(self.candidates)

    def round(self, number: int) -> Round:
        """One of the attempts, with seeds of its own."""
        setup = self._setup(number)
        s = setup.settings
        first = s.seed * 10_000 + number * s.seeds
        data = tuple(jnp.asarray(array, jnp.float32) for array in setup.data)

        def measure(params: Tree, tau: float):
            return measured(params, setup.like, setup.sample, tau)

        return Round(setup.engine, s, tuple(range(first, first + s.seeds)), lambda at: (data, s.batch), measure)

    def _setup(self, number: int) -> Setup:
        if number not in self.setups:
            self.setups[number] = self._set_up(self.plan[number])
        return self.setups[number]

    def _set_up(self, attempt: Attempt) -> Setup:
        problem, s = self.problem, replace(self.settings, steps=self.settings.steps * attempt.longer)
        columns = columns_for(problem.schema, problem.bias, attempt.feedback)
        if not columns:
            raise PellucidError("nothing may be read: --readable-inputs and --mask leave no input column")
        config = DiscreteConfig(len(columns), len(problem.schema.outputs), **attempt.sizes)
        train = make_frame(problem.train.take(range(min(len(problem.train), TRAINED))), columns, config.before, LONGEST)
        sample = make_frame(problem.valid.take(range(min(SAMPLE, len(problem.valid)))), columns, config.before, LONGEST)
        scaling, allow = Scaling.of(train, config.before), allowed(columns, problem.bias, train.values.shape[2])
        scaled = scaling.apply(train)
        data = (scaled.values.swapaxes(0, 1), scaled.targets.swapaxes(0, 1), scaled.scored)
        like = Hardened(config, (), np.zeros((0, 0)), np.zeros(0), allow)
        engine = population.build(
            relaxed(config, s, allow), [((s.batch, *array.shape[1:]), jnp.float32) for array in data]
        )
        return Setup(attempt, columns, config, scaling, like, data, scaling.apply(sample), engine, s)

    def finish(self, found: list[Trained], quick: bool = False) -> str | None:
        """Read the best seeds off; an exact program ends it all."""
        self._read_off(self.trainer.number, found, len(found) if quick else READ_OFF)
        return "exact program found" if self.candidates and self.candidates[0].exact else None

    def _read_off(self, number: int, ranked: list[Trained], most: int, hurry: bool = True) -> None:
        setup, began = self._setup(number), time.monotonic()
        found: list[Candidate | None] = []
        sources = self._sources(setup)
        for trained in ranked:
            model = harden(trained.params, setup.config, setup.like.allow)
            self.trainer.history[trained.seed].live = live_choices(model, run(model, setup.sample.values).stream)
            if len(found) < most and (not found or not hurry or not self.trainer.clock.over()):
                self.trainer.tell(f"reading off seed {trained.seed}", 1.0)
                found.append(self._candidate(trained, model, sources))
        good = [c for c in found if c is not None]
        self.candidates = sorted([*self.candidates, *good], key=lambda c: c.rank)
        self.done[number] = ranked, len(found)
        self.reports.append(
            {
                "feedback": setup.attempt.feedback,
                **{k: setup.attempt.sizes[k] for k in ("layers", "heads", "units")},
                "seeds": [trained.seed for trained in ranked],
                "read_off": len(found),
                "against_the_bias": len(found) - len(good),
                "exact": sum(c.exact for c in good),
                "hard_loss": {str(trained.seed): -trained.score for trained in ranked},
                "seconds": round(time.monotonic() - began, 3),
            }
        )

    def _sources(self, setup: Setup) -> Sources:
        problem, s = self.problem, setup.settings
        steps = min(problem.train.longest, LONGEST) if problem.schema.when == "every" else 1
        n, m = (min(len(p), max(PLACES // k // steps, 20)) for p, k in ((problem.train, 1), (problem.valid, 2)))
        joined = problem.train.take(range(n)) + problem.valid.take(range(m))
        frame = make_frame(joined, setup.columns, setup.config.before, LONGEST)
        fitted = int((problem.train.lengths[:n] > 0).sum())
        return Sources(frame, fitted, setup.scaling, problem, s.tau_end, s.regression)

    def _candidate(self, trained: Trained, model: Hardened, sources: Sources) -> Candidate | None:
        """A seed read off; None where no program of the language comes out, or one that reads what is masked."""
        problem = self.problem
        try:
            extraction = extract(model, sources)
        except ProgramError:
            return None
        if not keeps_mask(extraction.program, problem.bias):
            return None
        verdict = judge(extraction.program, problem.valid)
        others = (problem.train, *problem.longer.values())
        exact = verdict.exact and all(judge(extraction.program, data).exact for data in others)
        return Candidate(trained, extraction, verdict, exact, ast_nodes(emit(extraction.program)))

    def pack(self) -> tuple[dict[str, np.ndarray], Any]:
        """Trained seeds of the rounds before this one; they are read off again, which gives the same programs."""
        rounds = {number: done for number, done in self.done.items() if number < self.trainer.number}
        arrays = {str(t.seed): population.flatten(t.params) for ranked, _ in rounds.values() for t in ranked}
        told = {n: [[(t.seed, t.steps, t.score) for t in ranked], read] for n, (ranked, read) in rounds.items()}
        return arrays, told

    def unpack(self, arrays: Mapping[str, np.ndarray], told: Any) -> None:
        """The inverse of `pack`."""
        for number, (ranked, read) in told.items():
            tree = self._setup(int(number)).engine.tree
            found = [Trained(seed, tree(arrays[str(seed)]), steps, score) for seed, steps, score in ranked]
            self._read_off(int(number), found, read, hurry=False)

    def result(self) -> Fitted:
        """What `fit` returns."""
        trainer, best = self.trainer, self.candidates[0] if self.candidates else None
        report = {
            "stopped": trainer.stopped,
            "loss": "mean squared error of outputs standardised by the training data",
            "rounds": self.reports,
            "compile_seconds": trainer.seconds()["compile"],
            "refitted": REFITTED,
        }
        history: dict[str, Any] = {"seeds": trainer.histories(), "stopped": trainer.stopped}
        if best is not None:
            report |= {"exact": best.exact, **best.details}
            history["best_seed"] = best.trained.seed
        return Fitted(self.candidates, report, history)


def _has_past(data: Data) -> bool:
    """Whether the outputs of all earlier steps are known."""
    return data.schema.when == "every" and not any(row is None for rows in data.outputs for row in rows)


def relaxed(config: DiscreteConfig, s: DiscreteTraining, allow: np.ndarray) -> Relaxed:
    """The model as the trainer sees it."""
    init = functools.partial(init_params, config=config)
    loss = functools.partial(loss_of, config=config, allow=allow, attention=s.attention_noise)
    return Relaxed(init, loss, optimiser(config, s.gate_lr, s.decay))
