"""What all gradient training has in common, without JAX: settings, schedules, the clock, trained seeds."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from pellucid.errors import PellucidError

SPARE_NOISE = 1 << 18
MAY_BE_ZERO = ("seed", "noise_end", "attention_noise", "decay", "word_dropout")
T = TypeVar("T", bound="Training")


@dataclass(frozen=True)
class Training:
    """How a population is trained.

    `seeds` in all, `group` of them at once in one compiled computation; `steps` of the first round; `chunk` steps per
    compiled call; `checks` of the hard model on validation data; at each of `rungs` (shares of the steps) the better
    half of the groups goes on. The learning rate rises from 0 over `warmup` steps and falls from `lr` to `lr_end` (a
    share of it), linearly or along a `cosine`; the temperature falls geometrically from `tau_start` to `tau_end`, the
    strength of the Gumbel noise linearly from 1 to `noise_end`. `budget` in seconds for everything, of which the share
    `reserve` is kept for what follows training.
    """

    seed: int = 0
    seeds: int = 12
    group: int = 4
    steps: int = 2000
    batch: int = 64
    lr: float = 0.05
    lr_end: float = 1.0
    cosine: bool = False
    warmup: int = 0
    noise_end: float = 0.0
    tau_start: float = 3.0
    tau_end: float = 0.1
    chunk: int = 50
    checks: int = 12
    rungs: tuple[float, ...] = (0.2, 0.5)
    budget: float = 480.0
    reserve: float = 0.1

    @property
    def kept(self) -> float:
        """Seconds kept for what follows training."""
        return self.reserve * self.budget

    @property
    def check_every(self) -> int:
        """Steps between two checks, a multiple of a chunk."""
        return max(1, round(self.steps / self.checks / self.chunk)) * self.chunk

    def until(self, share: float) -> int:
        """The step at which a share of the steps is done, in whole chunks, at least one."""
        return max(1, round(share * self.steps / self.chunk)) * self.chunk

    def tau(self, step: np.ndarray | int) -> np.ndarray:
        """Temperature at a step, float32."""
        falling = np.geomspace(self.tau_start, self.tau_end, max(self.steps, 1)).astype(np.float32)
        return falling[np.minimum(step, self.steps - 1)]

    def plan(self, batch: int, at: int, rows: int) -> dict[str, np.ndarray]:
        """Batches, offsets into the noise, its strength, temperatures and rates of the chunk that begins at step `at`.

        A function of seed and step only. `rows`: examples to draw from.
        """
        rng, now = np.random.default_rng([self.seed, at, 5]), np.arange(at, at + self.chunk)
        done = np.minimum(now / self.steps, 1.0)
        fallen = 0.5 * (1 - np.cos(np.pi * done)) if self.cosine else done
        risen = np.minimum(now / self.warmup, 1.0) if self.warmup else 1.0
        return {
            "rows": rng.integers(0, rows, (self.chunk, batch)).astype(np.int32),
            "offset": rng.integers(0, SPARE_NOISE, self.chunk).astype(np.int32),
            "noise": (1.0 + (self.noise_end - 1.0) * done).astype(np.float32),
            "tau": self.tau(now),
            "lr": (self.lr * risen * (1.0 + (self.lr_end - 1.0) * fallen)).astype(np.float32),
        }


@dataclass(frozen=True)
class Trained:
    """A seed whose training has ended (or was cut short): parameters, steps done, score of the last check."""

    seed: int
    params: dict[str, Any]
    steps: int
    score: float


@dataclass
class Clock:
    """Time since the start of the fit, and its end."""

    budget: float
    start: float = field(default_factory=time.monotonic)

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.start

    @property
    def end(self) -> float:
        """The moment (time.monotonic) at which the budget is spent."""
        return self.start + self.budget

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.end - time.monotonic()

    def over(self, reserve: float = 0.0) -> bool:
        """Is the budget, less `reserve` seconds, used up?"""
        return self.spent >= self.budget - reserve


def with_given(defaults: T, *given: Mapping[str, Any]) -> T:
    """Settings with the values given, None standing for the default; groups are made whole, chunks made to fit.

    Raises:
        PellucidError: a setting that this model does not have, or a number that makes no sense.
    """
    known = {f.name for f in dataclasses.fields(defaults)}
    values = {key: value for some in given for key, value in some.items() if value is not None}
    for key, value in values.items():
        if key not in known:
            raise PellucidError(f"--set {key}: the training of this model has no such setting")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and not (0 < value < float("inf") or (value == 0 and key in MAY_BE_ZERO)):
            raise PellucidError(f"--set {key}: expected a positive number, got {value}")
    made = dataclasses.replace(defaults, **values)
    group = min(made.group, made.seeds)
    whole = -(-made.seeds // group) * group
    return dataclasses.replace(made, group=group, seeds=whole, chunk=min(made.chunk, made.steps))


def check_sizes(config: Any, names: tuple[str, ...], least: int, most: int) -> None:
    """Raise `PellucidError` where a size of an architecture is out of range."""
    for name in names:
        if not least <= getattr(config, name) <= most:
            raise PellucidError(f"--set {name}={getattr(config, name)}: expected a number from {least} to {most}")
