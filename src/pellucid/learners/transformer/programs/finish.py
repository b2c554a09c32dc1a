"""From trained seeds to finished programs: harden, refit the readout, refine, drop what is not needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pellucid.learners.transformer.config import ProgramsConfig, ProgramsTraining
from pellucid.learners.transformer.marked import Arrays
from pellucid.learners.transformer.programs.hardened import Hardened, accuracy, harden, live, predict
from pellucid.learners.transformer.programs.readout import fit_readout
from pellucid.learners.transformer.programs.refine import Effort, refine
from pellucid.learners.transformer.training import Clock, Trained

HARDENED = 3


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


def finish(
    found: list[Trained],
    train: Arrays,
    valid: Arrays,
    config: ProgramsConfig,
    settings: ProgramsTraining,
    clock: Clock,
    tell: Callable[[str], None],
) -> Iterator[tuple[Trained, Candidate]]:
    """Finish trained seeds one by one, the most promising first; ends after a perfect one or with the budget."""
    pool = []
    for trained in found[:HARDENED]:
        tell(f"hardening seed {trained.seed}")
        candidate = measure(fit_readout(harden(trained.params, config), train, valid, end=clock.end), train, valid)
        yield trained, candidate
        pool.append((trained, candidate))
        if candidate.perfect or clock.over():
            break
    if not settings.refine:
        return
    pool.sort(key=lambda pair: pair[1].rank, reverse=True)
    for trained, candidate in pool[: settings.refined]:
        tell(f"refining seed {trained.seed}")
        for better in improve(candidate, train, valid, settings, clock):
            yield trained, better
            candidate = better
        if candidate.perfect:
            return


def improve(
    candidate: Candidate, train: Arrays, valid: Arrays, settings: ProgramsTraining, clock: Clock
) -> Iterator[Candidate]:
    """Refine in slices, refitting the readout after each, until `refine_patience` of them bring nothing."""
    idle, best = 0, candidate
    for i in range(settings.refine_slices):
        done = best.perfect and best.train["sequence"] == 1.0
        if clock.over(3.5) or idle >= settings.refine_patience or done:
            return
        effort = Effort(settings.refine_effort * 1e6, clock.end - 3.0)
        refined = refine(candidate.hardened, train, effort, settings.seed + i)
        candidate = measure(fit_readout(refined, train, valid, only_marked=True, end=clock.end), train, valid)
        idle = 0 if candidate.rank > best.rank else idle + 1
        if candidate.rank > best.rank:
            best = candidate
        elif candidate.valid["token"] < best.valid["token"] - 0.002:
            candidate = best
        yield best


def measure(hardened: Hardened, train: Arrays, valid: Arrays) -> Candidate:
    """Accuracy and size of a program."""
    on_train, on_valid = (accuracy(predict(hardened, tokens), labels) for tokens, labels in (train, valid))
    return Candidate(hardened, on_train, on_valid, len(live(hardened)))
