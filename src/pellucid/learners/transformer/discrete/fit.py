"""One call from number sequences to a program: train populations, harden, read off, refit, choose."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from safetensors.numpy import save as to_safetensors
from threadpoolctl import threadpool_limits

from pellucid.data.series import Series
from pellucid.errors import PellucidError
from pellucid.learners.transformer.cache import enable_cache
from pellucid.learners.transformer.discrete import population
from pellucid.learners.transformer.discrete.assemble import keeps_mask
from pellucid.learners.transformer.discrete.extract import Extraction, Sources, extract
from pellucid.learners.transformer.discrete.frame import Column, Frame, Scaling, allowed, columns_for, make_frame
from pellucid.learners.transformer.discrete.hardened import Hardened, run
from pellucid.learners.transformer.discrete.judge import exact_on, judge
from pellucid.learners.transformer.discrete.live import live_choices
from pellucid.learners.transformer.discrete.model import Tree
from pellucid.learners.transformer.discrete.options import Attempt, DiscreteOptions, attempts
from pellucid.learners.transformer.discrete.population import Batches
from pellucid.learners.transformer.discrete.seeds import Candidate, flat
from pellucid.learners.transformer.discrete.train import Trainer
from pellucid.numeric import FoundProgram, SeriesProblem
from pellucid.program.numeric import NumericProgram

Progress = Callable[[float, str], None]
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
    params: dict[str, np.ndarray]
    described: dict[str, Any]

    @property
    def program(self) -> NumericProgram:
        """The best program."""
        return self.found[0].program

    def files(self) -> dict[str, bytes]:
        """The model as files by name: soft parameters of the best seed, and what they belong to."""
        text = json.dumps(self.described, indent=1, ensure_ascii=False) + "\n"
        return {"model.safetensors": to_safetensors(self.params), "model.json": text.encode()}


def fit_discrete(
    problem: SeriesProblem,
    options: DiscreteOptions | None = None,
    on_progress: Progress | None = None,
    checkpoint: Path | None = None,
) -> FittedDiscrete:
    """Learn a program with the Discrete Transformer.

    Args:
        problem: data and bias. Training sees its first 64 steps; the loss is the mean squared error of outputs
            standardised by mean and standard deviation of the training data.
        options: settings; those in `problem.settings` that are about the model come on top.
        on_progress: called with the share done (0..1) and a short message.
        checkpoint: not used: a fit takes a minute or two, and one that is started again ends with the same program.

    Stops at an exact program, when all attempts are made, when the budget is spent, or on KeyboardInterrupt once there
    is a program.
    """
    options = (options or DiscreteOptions()).with_settings(problem.settings)
    job = _Job(problem, options, on_progress or (lambda share, message: None))
    with threadpool_limits(1, "blas"):  # the result must not depend on the number of cores
        try:
            job.run()
        except KeyboardInterrupt:
            job.stopped = "interrupted"
            if not job.candidates:
                raise
    return job.result()


@dataclass
class _Job:
    """The state of one fit."""

    problem: SeriesProblem
    options: DiscreteOptions
    report: Progress
    candidates: list[Candidate] = field(default_factory=list)
    rounds: list[dict[str, Any]] = field(default_factory=list)
    history: dict[str, Any] = field(default_factory=dict)
    stopped: str = "all attempts made"
    compile_seconds: float = 0.0

    def __post_init__(self) -> None:
        self.began = time.monotonic()
        self.end = self.began + self.options.budget
        self.problem.bias.check(self.problem.train.input_names, self.problem.train.output_names)
        enable_cache()

    def run(self) -> None:
        """Attempt after attempt until a program is exact."""
        plan = attempts(self.problem.bias, self.options, self.problem.train.last)
        for number, attempt in enumerate(plan[: self.options.trained().rounds]):
            found = self._round(number, attempt)
            self.candidates = sorted([*self.candidates, *found], key=lambda c: c.rank)
            if self.candidates and self.candidates[0].exact:
                self.stopped = "exact program found"
                return
            if time.monotonic() > self.end - 0.1 * self.options.budget:
                self.stopped = "budget spent"
                return

    def _round(self, number: int, attempt: Attempt) -> list[Candidate]:
        problem, s = self.problem, self.options.trained()
        s = replace(s, steps=s.steps * attempt.longer)
        columns = columns_for(problem.train, problem.bias, attempt.feedback)
        if not columns:
            raise PellucidError("nothing may be read: --readable-inputs and --mask leave no input column")
        config = attempt.config(len(columns), len(problem.train.output_names))
        train = make_frame(problem.train.take(range(min(len(problem.train), TRAINED))), columns, config.before, LONGEST)
        scaling = Scaling.of(train, config.before)
        allow = allowed(columns, problem.bias, train.values.shape[2])
        sample = scaling.apply(
            make_frame(problem.valid, columns, config.before, LONGEST).take(np.arange(min(SAMPLE, len(problem.valid))))
        )
        data = batches(scaling.apply(train))
        engine = population.build(config, s, data, allow)
        like = Hardened(config, (), np.zeros((0, 0)), np.zeros(0), allow)
        trainer = Trainer(engine, data, sample, like, self.end - 0.1 * self.options.budget, self._progress)
        first = s.seed * 10_000 + number * s.seeds
        began = time.monotonic()
        ranked = trainer.round(tuple(range(first, first + s.seeds)))
        self.compile_seconds += trainer.compile_seconds
        sources = self._sources(columns, config.before, scaling, trainer)
        found = self._read_off(ranked, trainer, sources, attempt)
        self._note(number, attempt, trainer, ranked, found, time.monotonic() - began)
        return found

    def _sources(self, columns: tuple[Column, ...], before: int, scaling: Scaling, trainer: Trainer) -> Sources:
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
        frame = make_frame(joined, columns, before, LONGEST)
        tau = trainer.settings.tau_end
        return Sources(frame, n, scaling, problem.bias, problem.train, tau, self.options.regression)

    def _read_off(
        self, ranked: list[tuple[int, Tree]], trainer: Trainer, sources: Sources, attempt: Attempt
    ) -> list[Candidate]:
        found = []
        for seed, params in ranked:
            model = trainer.checks[seed].model
            trainer.history[seed].live = live_choices(model, run(model, trainer.sample.values).stream)
            if len(found) < READ_OFF and (not found or time.monotonic() < self.end):
                self._progress(1.0, f"reading off seed {seed}")
                found.append(self._candidate(seed, params, extract(model, sources), attempt))
        return found

    def _candidate(self, seed: int, params: Tree, extraction: Extraction, attempt: Attempt) -> Candidate:
        problem, program = self.problem, extraction.program
        verdict = judge(program, problem.valid)
        exact = verdict.exact and exact_on(program, (problem.train, *problem.longer.values()))
        breaks = not keeps_mask(program, problem.bias)
        return Candidate(
            seed, params, extraction, verdict, exact and not breaks, breaks, time.monotonic() - self.began, attempt
        )

    def _note(self, number, attempt: Attempt, trainer: Trainer, ranked, found: list[Candidate], took: float) -> None:
        self.history |= {str(seed): h.to_json() for seed, h in sorted(trainer.history.items())}
        self.rounds.append(
            {
                "feedback": attempt.feedback,
                **{k: attempt.sizes[k] for k in ("layers", "heads", "units")},
                "seeds": [seed for seed, _ in ranked],
                "read_off": len(found),
                "exact": sum(c.exact for c in found),
                "hard_loss": {str(seed): trainer.checks[seed].hard_loss for seed, _ in ranked},
                "seconds": round(took, 3),
            }
        )

    def _progress(self, share: float, message: str) -> None:
        spent = (time.monotonic() - self.began) / self.options.budget
        self.report(min(max(spent, 0.0), 1.0), message)

    def result(self) -> FittedDiscrete:
        """Collect what a fit gives."""
        best = self.candidates[0]
        report = {
            "stopped": self.stopped,
            "loss": "mean squared error of outputs standardised by the training data",
            "seed": best.seed,
            "exact": best.exact,
            "breaks_mask": best.breaks_mask,
            "rounds": self.rounds,
            "compile_seconds": round(self.compile_seconds, 3),
            "refitted": REFITTED,
            **best.extraction.report,
        }
        history = {"seeds": self.history, "best_seed": best.seed, "stopped": self.stopped}
        described = {
            "model": "discrete",
            "seed": best.seed,
            "feedback": best.attempt.feedback,
            **asdict(best.attempt.config(1, len(self.problem.train.output_names))) | {"columns": None},
        }
        described["columns"] = [c.label for c in self._columns(best)]
        return FittedDiscrete([c.found() for c in self.candidates], report, history, flat(best.params), described)

    def _columns(self, best: Candidate) -> tuple[Column, ...]:
        return columns_for(self.problem.train, self.problem.bias, best.attempt.feedback)


def batches(frame: Frame) -> Batches:
    """Training data on the device."""
    return Batches(*(jnp.asarray(a, jnp.float32) for a in (frame.values, frame.targets, frame.scored)))
