"""From trained seeds to finished programs: harden, refit the readout, refine, drop what is not needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pellucid.learn.config import ProgramsConfig, TrainConfig
from pellucid.learn.harden import harden
from pellucid.learn.hardened import Hardened, accuracy, evaluate_numpy, live_modules
from pellucid.learn.readout import fit_readout
from pellucid.learn.refine import refine
from pellucid.learn.train import Clock, Progress, Trained

Arrays = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Candidate:
    """A finished program with its validation accuracy and size (live variables)."""

    hardened: Hardened
    valid: dict[str, float]
    size: int

    def better(self, other: Candidate) -> bool:
        """More accurate on validation, or as accurate and smaller."""
        mine, theirs = self.valid, other.valid
        return (mine["token"], mine["sequence"], -self.size) > (theirs["token"], theirs["sequence"], -other.size)


def finish(
    found: list[Trained],
    train: Arrays,
    valid: Arrays,
    config: ProgramsConfig,
    settings: TrainConfig,
    clock: Clock,
    on_progress: Progress,
) -> Iterator[tuple[Trained, Candidate]]:
    """Finish trained seeds one by one, the most promising first; ends after a perfect one or with the budget."""
    pool = []
    for trained in found:
        on_progress(0.0, f"hardening seed {trained.seed}")
        hardened = fit_readout(harden(trained.params, config), train, valid)
        candidate = measure(hardened, valid)
        yield trained, candidate
        if candidate.valid["sequence"] == 1.0:
            return
        pool.append((trained, candidate))
        if clock.over():
            return
    if not settings.refine:
        return
    pool.sort(key=lambda pair: (-pair[1].valid["token"], pair[1].size))
    for trained, candidate in pool[: settings.refined]:
        on_progress(0.0, f"refining seed {trained.seed}")
        for better in improve(candidate, train, valid, settings, clock):
            yield trained, better
            if better.valid["sequence"] == 1.0:
                return


def improve(candidate: Candidate, train: Arrays, valid: Arrays, settings: TrainConfig, clock: Clock) -> Iterator[Candidate]:
    """Refine a program in slices of time, refitting the readout between them, until slices no longer help."""
    idle = 0
    for i in range(settings.refine_slices):
        seconds = min(settings.refine_seconds, clock.budget - clock.spent - 2.0)
        if seconds <= 0.5 or idle >= 2:
            return
        refined = refine(candidate.hardened, train, seconds, settings.seed + i)
        new = measure(fit_readout(refined, train, valid, only_marked=True), valid)
        idle = 0 if new.better(candidate) else idle + 1
        if new.valid["token"] >= candidate.valid["token"] - 0.002:
            candidate = new
        yield new


def measure(hardened: Hardened, valid: Arrays) -> Candidate:
    """Validation accuracy and size of a program."""
    cat, num = live_modules(hardened)
    return Candidate(hardened, accuracy(evaluate_numpy(hardened, valid[0]), valid[1]), len(cat) + len(num))
