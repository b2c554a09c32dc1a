"""One call from columns of numbers to a program: train populations, harden, read off, refit, choose."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from pellucid.bias import Bias
from pellucid.data.data import Data
from pellucid.emit.emit import ast_nodes, emit
from pellucid.errors import PellucidError
from pellucid.language.nodes import ProgramError
from pellucid.language.program import Program
from pellucid.learners.base import Run as LearnerRun
from pellucid.learners.formulas.terms import readable
from pellucid.learners.transformer import population
from pellucid.learners.transformer.config import DiscreteConfig
from pellucid.learners.transformer.discrete.extract import Extraction, Sources, extract
from pellucid.learners.transformer.discrete.frame import Frame, Scaling, allowed, columns_for, make_frame
from pellucid.learners.transformer.discrete.hardened import Hardened, harden, live_choices, measured, run
from pellucid.learners.transformer.discrete.model import init_params, loss_of, optimiser
from pellucid.learners.transformer.population import Relaxed
from pellucid.learners.transformer.trainer import Round, Trainer
from pellucid.learners.transformer.training import Measured, Trained, Training, Tree, fingerprint
from pellucid.problem import Problem
from pellucid.semantics import scores
from pellucid.semantics.batch import predict
from pellucid.simplify.names import with_readable_names

LONGEST = 64  # steps of a sequence that are trained on
TRAINED = 20_000  # sequences that are trained on
SAMPLE = 200
LOSS = "mean squared error of outputs standardised by the training data"
REFITTED = "constants of the output head by float64 least squares on the training data, snapped where the fit allows"
PLACES = 6_000  # steps the output head is refitted on, at most
READ_OFF = 6  # seeds of a round that are read off, the best ones
SMALL = {"layers": 1, "heads": 2, "units": 2}
LARGER = {"layers": 2, "heads": 4, "units": 3}
FEEDBACK = 2  # past outputs that are offered where the learner decides
CONTENT_MODES = frozenset({"min", "max", "argmin", "argmax", "last"})
HOPELESS = float(np.finfo(np.float64).max)


@dataclass(frozen=True)
class Attempt:
    """One round of training: past outputs offered, sizes, and how much longer than usual."""

    feedback: int
    sizes: Mapping[str, Any]
    longer: int = 1


@dataclass(frozen=True)
class Verdict:
    """exact: no error anywhere. error: the mean squared one, each output divided by its variance; none is endless."""

    exact: bool
    error: float


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
class Setup(Round):
    """A round with what it works on. like: a hardened model of its sizes, no layers. sample: for checks, scaled."""

    attempt: Attempt
    scaling: Scaling
    like: Hardened
    sample: Frame


class DiscreteTrainer(Trainer[Sequence[Candidate]]):
    """Learns with the Discrete Transformer; finds the seeds read off, the best first. An exact program ends it all.

    done: of the rounds that were read off, the trained seeds and how many were read.

    Args:
        problem: data and bias. Training sees the first 64 steps; the loss is the mean squared error of outputs
            standardised by the training data.
        sizes: of the model, those that are given.
        settings, run: as of `Trainer`.

    Raises:
        PellucidError: a setting that makes no sense, or a bias that leaves nothing to read.
    """

    name, parts = "discrete", (Trained,)
    best: Sequence[Candidate] = ()

    def __init__(self, problem: Problem, sizes: Mapping[str, Any], settings: Training, run: LearnerRun) -> None:
        super().__init__(settings, run)
        self.problem = problem
        self.plan = attempts(problem.bias, sizes, _has_past(problem.train))[: settings.rounds]
        self.rounds = len(self.plan)
        self.reports: list[dict[str, Any]] = []
        self.setups: dict[int, Setup] = {}
        self.done: dict[int, tuple[Sequence[Trained], int]] = {}
        told = [repr(problem.bias), [asdict(attempt) for attempt in self.plan]]
        self.mark = fingerprint(settings, [told, [(d.inputs, d.outputs) for d in (problem.train, problem.valid)]])

    def set_up(self, number: int) -> Round:
        """One of the attempts, with seeds of its own."""
        return self._setup(number)

    def measure(self, params: Tree, tau: float) -> Measured:
        """The hardened model on some validation sequences."""
        setup = self._setup(self.number)
        return measured(params, setup.like, setup.sample, tau)

    def _setup(self, number: int) -> Setup:
        if number not in self.setups:
            self.setups[number] = self._set_up(number, self.plan[number])
        return self.setups[number]

    def _set_up(self, number: int, attempt: Attempt) -> Setup:
        problem, s = self.problem, replace(self.settings, steps=self.settings.steps * attempt.longer)
        columns = columns_for(problem.schema, problem.bias, attempt.feedback)
        if not columns:
            raise PellucidError("nothing may be read: --readable-inputs and --mask leave no input column")
        config = DiscreteConfig(len(columns), len(problem.schema.outputs), **attempt.sizes)
        train = make_frame(problem.train.take(range(min(len(problem.train), TRAINED))), columns, config.before, LONGEST)
        sample = make_frame(problem.valid.take(range(min(SAMPLE, len(problem.valid)))), columns, config.before, LONGEST)
        scaling, allow = Scaling.of(train, config.before), allowed(columns, problem.bias, train.values.shape[2])
        scaled = scaling.apply(train)
        arrays = scaled.values.swapaxes(0, 1), scaled.targets.swapaxes(0, 1), scaled.scored
        data = tuple(jnp.asarray(array, jnp.float32) for array in arrays)
        engine = population.build(relaxed(config, s, allow), [((s.batch, *a.shape[1:]), a.dtype) for a in data])
        first = s.seed * 10_000 + number * s.seeds
        seeds, like = tuple(range(first, first + s.seeds)), Hardened(config, (), np.zeros((0, 0)), np.zeros(0), allow)
        return Setup(engine, s, seeds, lambda at: (data, s.batch), attempt, scaling, like, scaling.apply(sample))

    def finish(self, found: list[Trained], quick: bool = False) -> str | None:
        """Read the best seeds off; an exact program ends it all."""
        self._read_off(self.number, found, len(found) if quick else READ_OFF)
        return "exact program found" if self.best and self.best[0].exact else None

    def _read_off(self, number: int, ranked: Sequence[Trained], most: int, hurry: bool = True) -> None:
        setup, began = self._setup(number), time.monotonic()
        found: list[Candidate | None] = []
        sources = self._sources(setup)
        for trained in ranked:
            model = harden(trained.params, setup.like.config, setup.like.allow)
            self.history[trained.seed].live = live_choices(model, run(model, setup.sample.values).stream)
            if len(found) < most and (not found or not hurry or not self.clock.over()):
                self.tell(f"reading off seed {trained.seed}", 1.0)
                found.append(self._candidate(trained, model, sources))
        good = [c for c in found if c is not None]
        self.best = sorted([*self.best, *good], key=lambda c: c.rank)
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
        problem, s, sample = self.problem, self.settings, setup.sample
        steps = min(problem.train.longest, LONGEST) if problem.schema.when == "every" else 1
        n, m = (min(len(p), max(PLACES // k // steps, 20)) for p, k in ((problem.train, 1), (problem.valid, 2)))
        joined = problem.train.take(range(n)) + problem.valid.take(range(m))
        frame = make_frame(joined, sample.columns, setup.like.config.before, LONGEST)
        fitted = int((problem.train.lengths[:n] > 0).sum())
        return Sources(frame, fitted, setup.scaling, problem, s.tau_end, s.regression)

    def _candidate(self, trained: Trained, model: Hardened, sources: Sources) -> Candidate | None:
        """A seed read off; None where no program of the language comes out, or one that reads what is masked."""
        problem = self.problem
        try:
            extraction = extract(model, sources)
        except ProgramError:
            return None
        if not all(readable(term, problem.bias) for term in extraction.terms):
            return None
        verdict = judge(extraction.program, problem.valid)
        others = (problem.train, *problem.longer.values())
        exact = verdict.exact and all(judge(extraction.program, data).exact for data in others)
        return Candidate(trained, extraction, verdict, exact, ast_nodes(emit(with_readable_names(extraction.program))))

    def state(self) -> Any:
        """Trained seeds of the rounds before this one; they are read off again, which gives the same programs."""
        return {number: done for number, done in self.done.items() if number < self.number}

    def resume(self, state: Any) -> None:
        """The inverse of `state`."""
        for number, (ranked, read) in state.items():
            self._read_off(number, ranked, read, hurry=False)

    def result(self) -> Sequence[Candidate]:
        """The seeds read off."""
        self.told.report |= {"loss": LOSS, "rounds": self.reports, "refitted": REFITTED}
        for best in self.best[:1]:
            self.told.report |= {"exact": best.exact, **best.details}
            self.told.history["best_seed"] = best.trained.seed
        return self.best


def judge(program: Program, data: Data) -> Verdict:
    """Run a program, which feeds back its own outputs, and compare; an input that it refuses is an error."""
    try:
        judged = scores.judge(predict(program, data.sequences), data.outputs, data.schema.when)
    except PellucidError:
        return Verdict(False, HOPELESS)
    told, true = (np.array(rows, np.float64) for rows in (judged.given, judged.wanted))
    spread = true.std(0)
    with np.errstate(all="ignore"):
        error = float((((told - true) / np.where(spread > 0, spread, 1.0)) ** 2).mean())
    return Verdict(bool(judged.right.all()), error if np.isfinite(error) else HOPELESS)


def attempts(bias: Bias, sizes: Mapping[str, Any], past: bool) -> list[Attempt]:
    """Small models first, without past outputs and with them, then larger ones; what is fixed stays as it is.

    Args:
        bias: what a model may be made of.
        sizes: those that the user set.
        past: whether there are past outputs.
    """
    given = {k: v for k in ("layers", "heads", "units") if (v := getattr(bias, k)) is not None}
    given = {"before": bias.window, "content": bool(bias.modes & CONTENT_MODES)} | given | dict(sizes)
    offered = [0] if not past else [bias.feedback] if bias.feedback is not None else [0, min(FEEDBACK, bias.window)]
    found = [Attempt(n, {**SMALL, **given}) for n in offered]
    return found + [Attempt(n, {**LARGER, **given}, 2) for n in offered]


def _has_past(data: Data) -> bool:
    """Whether the outputs of all earlier steps are known."""
    return data.schema.when == "every" and not any(row is None for rows in data.outputs for row in rows)


def relaxed(config: DiscreteConfig, s: Training, allow: np.ndarray) -> Relaxed:
    """The model as the trainer sees it."""
    init = functools.partial(init_params, config=config)
    loss = functools.partial(loss_of, config=config, allow=allow, attention=s.attention_noise)
    return Relaxed(init, loss, optimiser(config, s.gate_lr, s.decay))
