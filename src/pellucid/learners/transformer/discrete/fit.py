"""One call from number sequences to a program: train populations, harden, read off, refit, choose."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from safetensors.numpy import save as to_safetensors

from pellucid.data.series import Series
from pellucid.errors import PellucidError
from pellucid.learners.transformer import population
from pellucid.learners.transformer.arrays import fingerprint, flat_params
from pellucid.learners.transformer.discrete.assemble import keeps_mask
from pellucid.learners.transformer.discrete.config import Attempt, DiscreteConfig, DiscreteTraining, attempts, split
from pellucid.learners.transformer.discrete.extract import Extraction, Sources, extract
from pellucid.learners.transformer.discrete.frame import Column, Frame, Scaling, allowed, columns_for, make_frame
from pellucid.learners.transformer.discrete.hardened import Hardened, harden, run
from pellucid.learners.transformer.discrete.judge import Verdict, exact_on, judge, price
from pellucid.learners.transformer.discrete.live import live_choices, measured
from pellucid.learners.transformer.discrete.model import init_params, loss_of, optimiser
from pellucid.learners.transformer.population import Engine, Relaxed, Tree
from pellucid.learners.transformer.trainer import Round, Trainer
from pellucid.learners.transformer.training import Trained, with_given
from pellucid.numeric import FoundProgram, SeriesProblem
from pellucid.program.numeric import NumericProgram

OnProgress = Callable[[str, float, str], None]
LONGEST = 64  # steps of a sequence that are trained on
TRAINED = 20_000  # sequences that are trained on
SAMPLE = 200
REFITTED = "constants of the output head by float64 least squares on the training data, snapped where the fit allows"
PLACES = 6_000  # steps the output head is refitted on, at most
READ_OFF = 6  # seeds of a round that are read off, the best ones


@dataclass(frozen=True, eq=False)
class FittedDiscrete:
    """What a fit gives: programs best first, the report, the history of all seeds, parameters of the best seed."""

    found: list[FoundProgram]
    report: dict[str, Any]
    history: dict[str, Any]
    seconds: dict[str, float]
    params: dict[str, np.ndarray]
    described: dict[str, Any]

    @property
    def program(self) -> NumericProgram:
        """The best program."""
        return self.found[0].program

    def files(self) -> dict[str, str | bytes]:
        """The model as files by name: soft parameters of the best seed, and what they belong to."""
        text = json.dumps(self.described, indent=1, ensure_ascii=False) + "\n"
        return {"model.safetensors": to_safetensors(self.params), "model.json": text}


@dataclass(frozen=True, eq=False)
class Candidate:
    """A seed read off: its extraction, what it does on validation data, whether it is exact everywhere."""

    trained: Trained
    extraction: Extraction
    verdict: Verdict
    exact: bool
    breaks_mask: bool
    seconds: float
    number: int

    @property
    def rank(self) -> tuple[bool, bool, float, float, int]:
        """What breaks a mask last; else exact ones first, then by size, others by error."""
        error = 0.0 if self.exact else self.verdict.nmse
        return (self.breaks_mask, not self.exact, error, price(self.extraction.program), self.trained.seed)

    def found(self) -> FoundProgram:
        """As the learners' common record."""
        details = {"seed": self.trained.seed, **self.extraction.report}
        verdict, program = self.verdict, self.extraction.program
        return FoundProgram("discrete", program, self.exact, verdict.mse, verdict.max_error, self.seconds, details)


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


def fit_discrete(
    problem: SeriesProblem,
    options: Mapping[str, Any],
    on_progress: OnProgress = lambda stage, share, message: None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> FittedDiscrete:
    """Learn a program with the Discrete Transformer.

    Args:
        problem: data and bias, with the settings of architecture and training. Training sees the first 64 steps; the
            loss is the mean squared error of outputs standardised by the training data.
        options: as `learn` takes them (seed, seeds, steps, budget in seconds), None for the default.
        on_progress: called with the stage, the share done (0..1) and a short message.
        checkpoint, resume: as for `Trainer`.

    Stops at an exact program, when all attempts are made, and as `Trainer.run`.

    Raises:
        PellucidError: a setting that makes no sense, or a bias that leaves nothing to read.
    """
    sizes, training = split(problem.settings)
    settings = with_given(DiscreteTraining(), options, training)
    trainer = Trainer(settings, lambda share, message: on_progress("train", share, message), checkpoint)
    job = _Job(problem, sizes, settings, trainer)
    trainer.run(job, resume)
    return job.result()


class _Job:
    """The state of one fit. done: of the rounds that were read off, the trained seeds and how many were read."""

    def __init__(
        self, problem: SeriesProblem, sizes: Mapping[str, Any], settings: DiscreteTraining, trainer: Trainer
    ) -> None:
        self.problem, self.settings, self.trainer = problem, settings, trainer
        problem.bias.check(problem.train.input_names, problem.train.output_names)
        self.plan = attempts(problem.bias, sizes, problem.train.last)[: settings.rounds]
        self.rounds = len(self.plan)
        self.candidates: list[Candidate] = []
        self.reports: list[dict[str, Any]] = []
        self.setups: dict[int, Setup] = {}
        self.done: dict[int, tuple[list[Trained], int]] = {}
        told = [repr(problem.bias), [asdict(attempt) for attempt in self.plan]]
        series = (problem.train, problem.valid)
        rows = [row for part in series for some in (part.inputs, part.outputs) for row in some]
        self.mark = fingerprint(settings, told, *rows)

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
        columns = columns_for(problem.train, problem.bias, attempt.feedback)
        if not columns:
            raise PellucidError("nothing may be read: --readable-inputs and --mask leave no input column")
        config = DiscreteConfig(len(columns), len(problem.train.output_names), **attempt.sizes)
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
        setup, began, found = self._setup(number), time.monotonic(), []
        sources = self._sources(setup)
        for trained in ranked:
            model = harden(trained.params, setup.config, setup.like.allow)
            self.trainer.history[trained.seed].live = live_choices(model, run(model, setup.sample.values).stream)
            if len(found) < most and (not found or not hurry or not self.trainer.clock.over()):
                self.trainer.tell(f"reading off seed {trained.seed}", 1.0)
                found.append(self._candidate(trained, extract(model, sources), number))
        self.candidates = sorted([*self.candidates, *found], key=lambda c: c.rank)
        self.done[number] = ranked, len(found)
        self.reports.append(
            {
                "feedback": setup.attempt.feedback,
                **{k: setup.attempt.sizes[k] for k in ("layers", "heads", "units")},
                "seeds": [trained.seed for trained in ranked],
                "read_off": len(found),
                "exact": sum(c.exact for c in found),
                "hard_loss": {str(trained.seed): -trained.score for trained in ranked},
                "seconds": round(time.monotonic() - began, 3),
            }
        )

    def _sources(self, setup: Setup) -> Sources:
        problem = self.problem
        steps = 1 if problem.train.last else min(max(map(len, problem.train.inputs)), LONGEST)
        n, m = (min(len(p), max(PLACES // k // steps, 20)) for p, k in ((problem.train, 1), (problem.valid, 2)))
        joined = Series(
            problem.train.inputs[:n] + problem.valid.inputs[:m],
            problem.train.outputs[:n] + problem.valid.outputs[:m],
            problem.train.input_names,
            problem.train.output_names,
            problem.train.last,
        )
        frame, s = make_frame(joined, setup.columns, setup.config.before, LONGEST), setup.settings
        return Sources(frame, n, setup.scaling, problem.bias, problem.train, s.tau_end, s.regression)

    def _candidate(self, trained: Trained, extraction: Extraction, number: int) -> Candidate:
        problem, program = self.problem, extraction.program
        verdict = judge(program, problem.valid)
        exact = verdict.exact and exact_on(program, (problem.train, *problem.longer.values()))
        breaks, spent = not keeps_mask(program, problem.bias), self.trainer.clock.spent
        return Candidate(trained, extraction, verdict, exact and not breaks, breaks, spent, number)

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

    def result(self) -> FittedDiscrete:
        """What `fit_discrete` returns."""
        best, trainer = self.candidates[0], self.trainer
        seed, setup, seconds = best.trained.seed, self._setup(best.number), trainer.seconds()
        report = {
            "stopped": trainer.stopped,
            "loss": "mean squared error of outputs standardised by the training data",
            "seed": seed,
            "exact": best.exact,
            "breaks_mask": best.breaks_mask,
            "rounds": self.reports,
            "compile_seconds": seconds["compile"],
            "refitted": REFITTED,
            **best.extraction.report,
        }
        history = {"seeds": trainer.histories(), "best_seed": seed, "stopped": trainer.stopped}
        described = {
            "model": "discrete",
            "seed": seed,
            "feedback": setup.attempt.feedback,
            **asdict(setup.config),
            "columns": [column.label for column in setup.columns],
        }
        found = [candidate.found() for candidate in self.candidates]
        return FittedDiscrete(found, report, history, seconds, flat_params(best.trained.params), described)


def relaxed(config: DiscreteConfig, s: DiscreteTraining, allow: np.ndarray) -> Relaxed:
    """The model as the trainer sees it."""
    init = functools.partial(init_params, config=config)
    loss = functools.partial(loss_of, config=config, allow=allow, attention=s.attention_noise)
    return Relaxed(init, loss, optimiser(config, s.gate_lr, s.decay))
