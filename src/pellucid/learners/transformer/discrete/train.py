"""Training a population: groups of seeds, the weaker half weeded out at a rung, budget respected."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np

from pellucid.learners.transformer.choices import geometric
from pellucid.learners.transformer.discrete import population
from pellucid.learners.transformer.discrete.config import DiscreteTraining
from pellucid.learners.transformer.discrete.frame import Frame
from pellucid.learners.transformer.discrete.hardened import Hardened
from pellucid.learners.transformer.discrete.history import Check, SeedHistory, record
from pellucid.learners.transformer.discrete.model import Tree
from pellucid.learners.transformer.discrete.population import Batches, Engine, Group

Progress = Callable[[float, str], None]


@dataclass
class Trainer:
    """What a round of training needs. `sample`: scaled validation data for the checks; `end`: time.monotonic()."""

    engine: Engine
    data: Batches
    sample: Frame
    like: Hardened
    end: float
    on_progress: Progress
    history: dict[int, SeedHistory] = field(default_factory=dict)
    checks: dict[int, Check] = field(default_factory=dict)
    losses: dict[int, float] = field(default_factory=dict)
    compile_seconds: float = 0.0
    slowest: float = 0.0

    @property
    def settings(self) -> DiscreteTraining:
        """Settings of the training."""
        return self.engine.settings

    def late(self) -> bool:
        """Would another chunk run over the time?"""
        return time.monotonic() + self.slowest > self.end

    def round(self, seeds: tuple[int, ...]) -> list[tuple[int, Tree]]:
        """Train seeds, keeping the better half at the rung; returns those that are left, best first."""
        s = self.settings
        groups = [population.start(self.engine, seeds[i : i + s.group]) for i in range(0, len(seeds), s.group)]
        rung = round(s.steps * s.rung / s.chunk) * s.chunk
        for stop in (rung, s.steps):
            groups = [self._advance(group, stop) for group in groups]
            if self.late():
                break
            if stop == rung and len(groups) > 1:
                groups = self._better_half(groups)
        return self._ranked(groups)

    def _advance(self, group: Group, stop: int) -> Group:
        s = self.settings
        every = max(s.chunk, round(s.steps / s.checks / s.chunk) * s.chunk)
        if group.step == 0:
            self.check(group, float("nan"))
        while group.step < stop and not self.late():
            began = time.monotonic()
            group, losses = population.run_chunk(self.engine, group, self.data, s.steps)
            took = time.monotonic() - began
            if self.compile_seconds == 0.0:
                self.compile_seconds = took
            else:
                self.slowest = max(self.slowest, took)
            self.losses.update(zip(group.seeds, map(float, losses.mean(0)), strict=True))
            message = f"seeds {group.seeds[0]}-{group.seeds[-1]}, loss {losses.mean(0).min():.2g}"
            self.on_progress(group.step / s.steps, message)
            if group.step % every == 0 or group.step >= s.steps:
                self.check(group)
        return group

    def check(self, group: Group, loss: float | None = None) -> None:
        """Record all seeds of a group."""
        s, params = self.settings, np.asarray(group.params)
        tau = float(geometric(s.tau_start, s.tau_end, s.steps)[min(group.step, s.steps - 1)])
        for i, seed in enumerate(group.seeds):
            history = self.history.setdefault(seed, SeedHistory())
            tree = self.tree(params[i])
            soft = self.losses.get(seed, 0.0) if loss is None else self._first_loss(tree, tau)
            self.checks[seed] = record(history, tree, self.like, group.step, soft, self.sample, tau)

    def _first_loss(self, tree: Tree, tau: float) -> float:
        rows = slice(0, self.settings.batch)
        batch = (self.data.values[:, rows], self.data.targets[:, rows], self.data.weights[rows])
        c = self.engine.config
        return float(population.loss_of(tree, *batch, tau, None, c, self.like.allow, 0.0))

    def tree(self, flat: np.ndarray) -> Tree:
        """Parameters of one seed as NumPy arrays."""
        return jax.tree.map(np.asarray, self.engine.unravel(jnp.asarray(flat)))

    def _better_half(self, groups: list[Group]) -> list[Group]:
        """Regroup the better half of the seeds in full groups, so that nothing is compiled anew."""
        members = [(self.losses.get(seed, np.inf), seed, g, i) for g in groups for i, seed in enumerate(g.seeds)]
        size = self.settings.group
        members = sorted(members, key=lambda m: m[:2])[: max(1, len(groups) // 2) * size]
        return [
            population.merge([(g, i) for _, _, g, i in members[a : a + size]]) for a in range(0, len(members), size)
        ]

    def _ranked(self, groups: list[Group]) -> list[tuple[int, Tree]]:
        found = [(seed, self.tree(np.asarray(g.params[i]))) for g in groups for i, seed in enumerate(g.seeds)]
        return sorted(found, key=lambda f: (self.checks[f[0]].hard_loss, f[0]))
