"""What every learner is: which problems it takes, and a generator of programs. None knows a task or a kind of data."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from pellucid.language.program import Program
from pellucid.problem import Model, Problem

OnProgress = Callable[[float, str], None]  # share of the work done (0..1), a short message


@dataclass(frozen=True)
class Found:
    """A program that a learner found. `model`: what it was read off; None where the program itself is the model.

    details: what the learner has to say of it, for the report; `explained`: whether what is left looks like noise.
    """

    program: Program
    learner: str
    model: Model | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Run:
    """How a learner runs, and what it tells.

    Args:
        seed: decides every random choice.
        effort: multiplies the default work, which is counted in programs, steps or states, never in seconds.
        deadline: time (of `time.monotonic`) when it must stop with what it has; None: none.
        seeds, steps: random starts and steps of each, where the user asked for so many.
        on_progress: called now and then.
        checkpoint: folder where a learner may keep its state, so that a killed run goes on there; None: nowhere.
        report: filled in by the learner: work done, why it stopped.
        history: likewise: the course of a training.
        shared: what the learners of one run keep for each other.
    """

    seed: int = 0
    effort: float = 1.0
    deadline: float | None = None
    seeds: int | None = None
    steps: int | None = None
    on_progress: OnProgress = lambda share, message: None
    checkpoint: Path | None = None
    report: dict[str, Any] = field(default_factory=dict)
    history: dict[str, Any] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)

    def times(self, count: int) -> int:
        """A count of programs, steps or states at this effort, at least 1."""
        return max(1, round(count * self.effort))

    @property
    def left(self) -> float | None:
        """Seconds until the deadline, at least 1; None where there is none."""
        return None if self.deadline is None else max(1.0, self.deadline - time.monotonic())

    @property
    def over(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and time.monotonic() >= self.deadline


Steps = Generator[Found | None, None, None]
"""What a learner gives: programs, and None where others may have their turn."""


class Learner(Protocol):
    """One way to find programs."""

    @property
    def name(self) -> str:
        """As `--model` and reports call it."""
        ...

    def refuses(self, problem: Problem) -> str | None:
        """Why it cannot take a problem, read off its schema and bias; None: it takes it."""
        ...

    def learn(self, problem: Problem, run: Run) -> Steps:
        """Programs in the order they are found, each one better than those before in some way.

        None says that a share of the work is done and the rest may wait: other learners have their turn first. The
        run's `deadline` may have changed when this one goes on.
        """
        ...


@runtime_checkable
class Opening(Protocol):
    """A learner whose programs are read off models, which a learned folder holds."""

    @staticmethod
    def opened(config: Mapping[str, Any], arrays: Mapping[str, np.ndarray], program: Program, where: str) -> Model:
        """The model that its `described` described.

        Raises:
            PellucidError: naming `where`, for anything that is not such a description.
        """
        ...
