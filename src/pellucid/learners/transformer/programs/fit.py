"""One call from encoded data to a hardened program."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from threadpoolctl import threadpool_limits

from pellucid.learners.transformer import population
from pellucid.learners.transformer.cache import enable_cache
from pellucid.learners.transformer.programs.checkpoint import flat_params
from pellucid.learners.transformer.programs.config import ProgramsConfig, TrainConfig
from pellucid.learners.transformer.programs.finish import finish
from pellucid.learners.transformer.resume import State, fingerprint, load, save
from pellucid.learners.transformer.train import SAMPLE, Clock, Progress, Trained, Trainer

Arrays = tuple[np.ndarray, np.ndarray]
INTERRUPTED = "interrupted: finishing with the best so far"


@dataclass(frozen=True)
class Fit:
    """Result of `fit`: the hardened program, the soft parameters of its seed (flat names), records and times (s)."""

    hardened: Any
    params: dict[str, np.ndarray]
    history: dict[str, Any]
    best_seed: int
    seconds: dict[str, float]
    stopped: str


def fit(
    train: Arrays,
    valid: Arrays,
    config: ProgramsConfig,
    settings: TrainConfig,
    on_progress: Progress | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Fit:
    """Train a population, harden, refine and keep the best on validation.

    Args:
        train, valid: (tokens int32 [n, width] with padding -1, labels int32 [n, width] with -1 unscored, or [n]).
        config: the architecture.
        settings: seeds, steps, budget in seconds.
        on_progress: called with the share done (0..1) and a short message.
        checkpoint: file that holds the state from check to check; None keeps none. The caller removes it.
        resume: go on from the checkpoint if there is one.

    Stops when a hardened program is perfect on validation, when all rounds are done, when the budget is spent or on
    KeyboardInterrupt (the best so far is kept; if there is none yet, the interrupt is passed on).
    """
    job = _Job(train, valid, config, settings, on_progress or (lambda share, message: None), checkpoint)
    if resume:
        job.restore()
    with threadpool_limits(1, "blas"):  # as for XLA: the result must not depend on the number of cores
        try:
            job.run()
        except KeyboardInterrupt:
            job.interrupt()
    return job.result()


class _Job:
    """The state of one fit."""

    def __init__(
        self,
        train: Arrays,
        valid: Arrays,
        config: ProgramsConfig,
        settings: TrainConfig,
        on_progress: Progress,
        checkpoint: Path | None,
    ) -> None:
        self.train, self.valid, self.config, self.settings = train, valid, config, settings
        self.report, self.clock = on_progress, Clock(settings.budget)
        self.state, self.stopped = State(), "all rounds done"
        enable_cache()
        engine = population.build(config, settings.batch, settings.structured)
        data = (jnp.asarray(train[0]), jnp.asarray(train[1]))
        sample = (valid[0][:SAMPLE], valid[1][:SAMPLE])
        reserve = max(0.1 * settings.budget, min(6.0, 0.5 * settings.budget))
        self.trainer = Trainer(engine, settings, data, sample, self.clock, reserve, self._progress)
        self.trainer.on_check = self._save
        self.checkpoint, self.mark = checkpoint, fingerprint(config, settings, *train, *valid)

    def _progress(self, share: float, message: str) -> None:
        self.report(min(1.0, max(self.clock.spent / self.clock.budget, 0.0)), message)

    def restore(self) -> None:
        """Go on from the checkpoint, if there is one."""
        if self.checkpoint is None:
            return
        found = load(self.checkpoint, self.mark, self.config, self.trainer, self.trainer.engine.noise_size)
        if found is not None:
            self.state = found
            self.clock.start -= found.spent

    def _save(self) -> None:
        if self.checkpoint is not None:
            self.state.spent = self.clock.spent
            save(self.checkpoint, self.mark, self.state, self.trainer)

    def run(self) -> None:
        """Rounds of growing populations until a program is perfect or the budget is spent."""
        plan = rounds(self.settings)
        while self.state.round_ < len(plan):
            for found in self.trainer.round(*plan[self.state.round_], resumed=bool(self.trainer.groups)):
                if self._finish(found):
                    self.stopped = "perfect on validation"
                    return
            if self.trainer.late():
                self.stopped = "budget spent"
                return
            self.state.round_, self.trainer.groups = self.state.round_ + 1, []
            self._save()

    def interrupt(self) -> None:
        """Keep the best so far: harden what has been trained, without refinement."""
        self.stopped = "interrupted"
        self._progress(1.0, INTERRUPTED)
        if self.state.best is None:
            found = self.trainer.finished()
            if not found:
                raise KeyboardInterrupt
            self._finish(found[:1], quick=True)

    def _finish(self, found: list[Trained], quick: bool = False) -> bool:
        """Harden and refine trained seeds, remember the best; true when one is perfect on validation."""
        began = time.monotonic()
        settings = dataclasses.replace(self.settings, refine=False) if quick else self.settings
        candidates = finish(found, self.train, self.valid, self.config, settings, self.clock, self._progress)
        for trained, candidate in candidates:
            state = self.state
            if state.best is None or candidate.rank > state.best.rank:
                state.best, state.best_params, state.best_seed = candidate, flat_params(trained.params), trained.seed
        self.state.refine_seconds += time.monotonic() - began
        return self.state.best is not None and self.state.best.perfect

    def result(self) -> Fit:
        """Collect what `fit` returns."""
        best, params, seed = self.state.best, self.state.best_params, self.state.best_seed
        assert best is not None
        assert params is not None
        t = self.trainer
        seconds = {"compile": t.compile_seconds, "refine": self.state.refine_seconds}
        seconds["train"] = max(0.0, self.clock.spent - sum(seconds.values()))
        history = {
            "seeds": {str(seed): h.to_json() for seed, h in sorted(t.history.items())},
            "best_seed": seed,
            "stopped": self.stopped,
            "train": best.train,
            "valid": best.valid,
        }
        rounded = {name: round(value, 3) for name, value in seconds.items()}
        return Fit(best.hardened, params, history, seed, rounded, self.stopped)


def rounds(s: TrainConfig) -> list[tuple[tuple[int, ...], int]]:
    """Seeds and steps of each round: one group with the plain schedule, then larger populations with longer ones."""
    plan: list[tuple[tuple[int, ...], int]] = []
    first, group, steps = s.seed * 10_000, s.group, s.steps
    count = group
    while sum(len(seeds) for seeds, _ in plan) < s.seeds:
        plan.append((tuple(range(first, first + count)), steps))
        first, count, steps = first + count, 2 * group, 2 * steps
    return plan
