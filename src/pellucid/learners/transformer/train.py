"""Training a population: rounds of groups, weak seeds weeded out early, time budget and interruption respected."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pellucid.learners.transformer import population
from pellucid.learners.transformer.choices import geometric
from pellucid.learners.transformer.history import SeedHistory, record
from pellucid.learners.transformer.population import Engine, Group
from pellucid.learners.transformer.programs.config import TrainConfig
from pellucid.learners.transformer.programs.relaxed import Tree

Progress = Callable[[float, str], None]
RUNGS = (0.2, 0.5, 1.0)
SAMPLE = 400


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


@dataclass(frozen=True)
class Trained:
    """A seed whose annealing has ended (or was cut short): parameters, steps done, hard validation accuracy."""

    seed: int
    params: Tree
    steps: int
    score: float


@dataclass
class Trainer:
    """What a round of training needs. `data` on the device, `sample` = validation data for the checks.

    measure: hardens, measures on the sample and records, as `history.record`. draw: the data of the chunk that begins
    at a step and how many of them are a batch; None draws from `data`.
    """

    engine: Engine
    settings: TrainConfig
    data: tuple[jax.Array, ...]
    sample: Any
    clock: Clock
    reserve: float
    on_progress: Progress
    history: dict[int, SeedHistory] = field(default_factory=dict)
    compile_seconds: float = 0.0
    losses: dict[int, float] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    slowest: float = 0.0
    rung: int = 0
    on_check: Callable[[], None] = lambda: None
    measure: Callable[..., dict[str, float]] = record
    draw: Callable[[int], tuple[tuple[Any, ...], int]] | None = None

    def round(self, seeds: tuple[int, ...], steps: int, resumed: bool = False) -> Iterator[list[Trained]]:
        """Train seeds for `steps`, keeping the better half at each rung; yields perfect ones, then all that are left.

        All seeds share one schedule, so a rung compares equals: by the mean soft loss of the last chunks. `resumed`: go
        on with the groups and the rung there are.
        """
        size = self.settings.group
        if not resumed:
            self.groups = [population.start(self.engine, seeds[i : i + size]) for i in range(0, len(seeds), size)]
            self.rung = 0
        rungs = RUNGS if len(seeds) > size else RUNGS[-1:]
        while self.rung < len(rungs):
            stop = round(steps * rungs[self.rung] / self.settings.chunk) * self.settings.chunk
            for i in range(len(self.groups)):
                while perfect := self._advance(i, stop, steps):
                    yield perfect
            if self.late() or self.rung + 1 == len(rungs):
                break
            self.groups = self._best_half(self.groups)
            self.rung += 1
        yield self.finished()

    def finished(self) -> list[Trained]:
        """All seeds of the current groups as they stand, best hard validation accuracy first."""
        found = [self._trained(group, i) for group in self.groups for i in range(len(group.seeds))]
        return sorted(found, key=lambda t: (-t.steps, -t.score, t.seed))

    def _advance(self, index: int, stop: int, steps: int) -> list[Trained]:
        """Bring group `index` to step `stop`; returns the seeds that are already perfect on the sample, if any."""
        s = self.settings
        check_every = max(s.chunk, round(steps / 12 / s.chunk) * s.chunk)
        while self.groups[index].step < stop and not self.late():
            group = self.groups[index]
            began = time.monotonic()
            data, batch = self.draw(group.step) if self.draw else (self.data, self.engine.batch)
            plan = make_plan(batch, s, steps, group.step, len(data[0]))
            group, losses = population.run_steps(self.engine, group, data, plan)
            self.groups[index] = group
            took = time.monotonic() - began
            if self.compile_seconds == 0.0:
                self.compile_seconds = took
            else:
                self.slowest = max(self.slowest, took)
            for seed, loss in zip(group.seeds, losses.mean(0), strict=True):
                self.losses[seed] = float(loss)
            self.on_progress(
                group.step / steps, f"seeds {group.seeds[0]}-{group.seeds[-1]}, loss {losses.mean(0).min():.3f}"
            )
            if group.step % check_every == 0 or group.step >= steps:
                perfect = self._check(group)
                if perfect and group.step < steps:
                    return perfect
                self.on_check()
        return []

    def late(self) -> bool:
        """Would another chunk eat into the time kept for hardening?"""
        return self.clock.over(self.reserve + self.slowest)

    def _check(self, group: Group) -> list[Trained]:
        params, perfect = np.asarray(group.params), []
        for i, seed in enumerate(group.seeds):
            tree = self._tree(params[i])
            history = self.history.setdefault(seed, SeedHistory())
            row = self.measure(history, tree, self.engine.model.config, group.step, self.losses[seed], self.sample)
            if row["hard_token"] == 1.0:
                perfect.append(Trained(seed, tree, group.step, 1.0))
        return perfect

    def _tree(self, flat: np.ndarray) -> Tree:
        return jax.tree.map(np.asarray, self.engine.unravel(jnp.asarray(flat)))

    def _trained(self, group: Group, i: int) -> Trained:
        rows = self.history[group.seeds[i]].rows if group.seeds[i] in self.history else []
        score = rows[-1]["hard_token"] if rows else 0.0
        return Trained(group.seeds[i], self._tree(np.asarray(group.params[i])), group.step, score)

    def _best_half(self, groups: list[Group]) -> list[Group]:
        """Regroup the better half of the seeds; a group is never smaller than before, so nothing is recompiled."""
        members = [(self.losses.get(seed, np.inf), seed, g, i) for g in groups for i, seed in enumerate(g.seeds)]
        size = self.settings.group
        keep = max(1, len(groups) // 2) * size
        members = sorted(members)[:keep]
        return [merge([(g, i) for _, _, g, i in members[a : a + size]]) for a in range(0, len(members), size)]


def merge(members: list[tuple[Group, int]]) -> Group:
    """One group of single seeds of several groups at the same step."""
    fields = ("params", "mean", "square", "noise")
    arrays = {name: np.stack([np.asarray(getattr(g, name)[i]) for g, i in members]) for name in fields}
    return replace(members[0][0], seeds=tuple(g.seeds[i] for g, i in members), **arrays)


def make_plan(batch: int, s: TrainConfig, steps: int, at: int, rows: int) -> dict[str, np.ndarray]:
    """Batches, noise offsets, temperatures and learning rates of the next chunk; a function of seed and step only."""
    rng = np.random.default_rng([s.seed, at, 5])
    n = s.chunk
    now = np.arange(at, at + n)
    tau = geometric(s.tau_start, s.tau_end, steps)[np.minimum(now, steps - 1)]
    rate = s.lr + (s.lr_end - s.lr) * np.minimum(now / steps, 1.0)
    return {
        "step": now.astype(np.float32),
        "rows": rng.integers(0, rows, (n, batch)).astype(np.int32),
        "offset": rng.integers(0, population.SPARE_NOISE, n).astype(np.int32),
        "noise": (1.0 + (s.noise_end - 1.0) * np.minimum(now / steps, 1.0)).astype(np.float32),
        "tau": tau,
        "lr": rate.astype(np.float32),
    }
