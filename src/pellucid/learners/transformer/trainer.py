"""The one trainer: rounds of seeds, weak ones weeded out early, budget, interruption and resumption respected.

Its state on disk lets a killed run go on where it was and end with the same program. It is one safetensors file: arrays
of the groups in training, of the histories and of the learner; the rest as JSON in its metadata. Noise is not kept: it
is a function of the seed.
"""

from __future__ import annotations

import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import jax
import numpy as np
from threadpoolctl import threadpool_limits

from pellucid.errors import PellucidError
from pellucid.learners import stored
from pellucid.learners.base import Run
from pellucid.learners.transformer import population
from pellucid.learners.transformer.population import Engine, Group
from pellucid.learners.transformer.training import Choices, Clock, Measured, SeedHistory, Trained, Training, Tree
from pellucid.progress import INTERRUPTED

CACHE = "PELLUCID_CACHE"
KEPT = ("rung", "number", "compile_seconds", "losses", "scores")  # of the state, as it is
Found = TypeVar("Found")


@dataclass(frozen=True)
class Round:
    """Seeds that are trained together, to be compared.

    settings: with the steps of this round. draw: of a step, the data of the chunk that begins there and how many
    examples are a batch.
    """

    engine: Engine
    settings: Training
    seeds: tuple[int, ...]
    draw: Callable[[int], tuple[tuple[Any, ...], int]]


class Trainer(ABC, Generic[Found]):
    """A fit and its state; a subclass says what its model is, and what it does with trained seeds.

    name: of the learner. best: what it has found, falsy while there is nothing; parts: the classes that its state is
    made of. rounds: how many there are at most. mark: fingerprint of all that decides the outcome. number, rung: where
    in the plan it is. losses, scores: the latest, by seed. compiled: the engine that ran last; compile_seconds: what
    first calls took; slowest: the longest of the other calls. begun: whether the state on disk is taken in. place: file
    that holds the state from check to check, from which a killed run goes on; the caller removes it.

    Args:
        settings: seeds, steps, budget in seconds; of the first round.
        run: whom to tell of the progress, and the folder that may hold the state; report and history are filled in.
    """

    name: str
    best: Any = None
    parts: tuple[type, ...] = ()
    rounds: int = 1
    mark: str = ""

    def __init__(self, settings: Training, run: Run) -> None:
        self.settings, self.told = settings, run
        self.place = None if run.checkpoint is None else run.checkpoint / f"{self.name}.safetensors"
        self.history: dict[int, SeedHistory] = {}
        self.losses: dict[int, float] = {}
        self.scores: dict[int, float] = {}
        self.groups: list[Group] = []
        self.number, self.rung = 0, 0
        self.begun = False
        self.compiled: Engine | None = None
        self.compile_seconds, self.slowest = 0.0, 0.0
        self.stopped = "all steps done"
        self.clock = Clock(settings.budget)

    @abstractmethod
    def set_up(self, number: int) -> Round:
        """One of the rounds."""

    @abstractmethod
    def measure(self, params: Tree, tau: float) -> Measured:
        """The hard model of a seed of this round on validation data, at temperature `tau`."""

    @abstractmethod
    def finish(self, found: list[Trained], quick: bool = False) -> str | None:
        """Take in trained seeds, the best first; why to stop, or None to go on. `quick`: after Ctrl-C."""

    @abstractmethod
    def result(self) -> Found:
        """What `run` returns; what else there is to say goes into report and history."""

    def state(self) -> Any:
        """What a run that goes on must have, made of `parts`, arrays and what JSON holds."""
        return self.best

    def resume(self, state: Any) -> None:
        """The inverse of `state`."""
        self.best = state

    def run(self) -> Found:
        """Train round after round until the subclass is content, all is done, the budget is spent, or interrupted.

        After KeyboardInterrupt the best so far is kept; if there is nothing yet, it is passed on.

        Raises:
            PellucidError: a state on disk that is damaged or of another run.
        """
        enable_cache()
        saved = self._load(self.place) if self.place and self.place.exists() else None
        with threadpool_limits(1, "blas"):  # as for XLA: the result must not depend on the number of cores
            try:
                self.stopped = self._rounds(saved) or self.stopped
            except KeyboardInterrupt:
                self._interrupted(saved)
        compiling = round(self.compile_seconds, 3)
        seconds = {"compile": compiling, "train": round(max(0.0, self.clock.spent - compiling), 3)}
        self.told.report |= {"stopped": self.stopped, "seeds_tried": len(self.history), "seconds": seconds}
        histories = {str(seed): history.to_json() for seed, history in sorted(self.history.items())}
        self.told.history |= {"seeds": histories, "stopped": self.stopped}
        return self.result()

    def tell(self, message: str, share: float = 0.0) -> None:
        """Report progress; `share` is that of the round."""
        share = max((self.number + share) / self.rounds, self.clock.spent / self.clock.budget)
        self.told.on_progress(min(max(share, 0.0), 1.0), message)

    def late(self) -> bool:
        """Would another chunk eat into the time kept for what follows? Never before the first."""
        return self.compiled is not None and self.clock.over(self.settings.kept + self.slowest)

    def note_best(self, seed: int, **more: Any) -> None:
        """Tell which seed of a population is the best; more: of the history."""
        self.told.report["best_seed"] = seed
        self.told.history |= {"best_seed": seed, **more}

    def _rounds(self, saved: Mapping[str, Any] | None) -> str | None:
        self._begin(saved)
        while True:
            for found in self._train():
                if reason := self.finish(found):
                    return reason
            if self.late():
                return "budget spent"
            self.number, self.groups = self.number + 1, []
            if self.number == self.rounds:
                return None
            self._save()
            self.round = self.set_up(self.number)

    def _begin(self, saved: Mapping[str, Any] | None) -> None:
        self.number = saved["number"] if saved else 0
        self.round = self.set_up(self.number)
        if saved:
            self._restore(saved)
        self.begun = True
        if saved:
            step = max((group.step for group in self.groups), default=0)
            self.tell(f"resumed at step {step}" + (f" of round {self.number + 1}" if self.rounds > 1 else ""))

    def _interrupted(self, saved: Mapping[str, Any] | None) -> None:
        self.stopped = "interrupted"
        self.tell(INTERRUPTED, 1.0)
        if saved and not self.begun:
            self._begin(saved)
        found = [trained for trained in self.finished() if trained.steps]
        if not self.best:
            if not found:
                raise KeyboardInterrupt
            self.finish(found[:1], quick=True)

    def _save(self) -> None:
        """Write the state, complete or not at all."""
        if self.place is None:
            return
        groups = []
        for group in self.groups:
            leaves = list(map(np.asarray, (group.params, *jax.tree.leaves(group.state))))
            groups.append({"seeds": group.seeds, "step": group.step, "leaves": leaves})
        state = {name: getattr(self, name) for name in (*KEPT, "mark", "history")}
        told, arrays = stored.packed({**state, "spent": self.clock.spent, "groups": groups, "own": self.state()})
        stored.save(self.place, told, arrays)

    def _load(self, place: Path) -> Mapping[str, Any]:
        """What was saved."""
        classes = {part.__name__: part for part in (SeedHistory, Choices, *self.parts)}

        def read(told: Any, arrays: Mapping[str, np.ndarray]) -> tuple[Mapping[str, Any], bool]:
            state = stored.unpacked(told, arrays, classes)
            return state, state["mark"] == self.mark

        state, known = stored.saved(place, read)
        if not known:
            raise PellucidError(f"--resume: {place} is of a run with other data or settings; remove it to start afresh")
        return state

    def _restore(self, saved: Mapping[str, Any]) -> None:
        """Go back to a state; the round is set up."""
        for name in KEPT:
            setattr(self, name, saved[name])
        self.clock.start -= saved["spent"]
        self.groups = [self._group(**group) for group in saved["groups"]]
        for seed, history in saved["history"].items():
            self.history[seed] = SeedHistory(list(history.rows), list(history.choices), history.live)
        self.resume(saved["own"])

    def _group(self, seeds: tuple[int, ...], step: int, leaves: Sequence[np.ndarray]) -> Group:
        """A group from its parameters and the leaves of the optimiser's state."""
        engine, (params, *state) = self.round.engine, leaves
        like = jax.tree.structure(jax.eval_shape(jax.vmap(engine.model.optimiser.init), params))
        return population.resumed(engine, seeds, params, jax.tree.unflatten(like, state), step)

    def _train(self) -> Iterator[list[Trained]]:
        """Train a round, keeping the better half at each rung; yields seeds that are done early, then all left.

        All seeds share one schedule, so a rung compares equals: by the mean soft loss of the last chunk.
        """
        s, seeds = self.round.settings, self.round.seeds
        if not self.groups:
            starts = range(0, len(seeds), s.group)
            self.tell("compiling")
            self.groups = [population.start(self.round.engine, seeds[i : i + s.group]) for i in starts]
            self.rung = 0
        rungs = [*(s.rungs if len(seeds) > s.group else ()), 1.0]
        while self.rung < len(rungs):
            for i in range(len(self.groups)):
                while done := self._advance(i, s.until(rungs[self.rung])):
                    yield done
            if self.late() or self.rung + 1 == len(rungs):
                break
            self.groups = self._better_half()
            self.rung += 1
        yield self.finished()

    def finished(self) -> list[Trained]:
        """All seeds of the current groups as they stand, the best on validation first."""
        for group in self.groups:
            history = self.history.get(group.seeds[0])
            if group.step > (history.rows[-1]["step"] if history else 0):
                self._check(group)
        found = [self._trained(group, i) for group in self.groups for i in range(len(group.seeds))]
        return sorted(found, key=lambda t: (-t.steps, -t.score, t.seed))

    def _advance(self, index: int, stop: int) -> list[Trained]:
        """Bring group `index` to step `stop`; returns the seeds that are done before that, if any."""
        s = self.round.settings
        while self.groups[index].step < stop and not self.late():
            before = self.groups[index]
            losses = self._chunk(index)
            group = self.groups[index]
            if before.step == 0:
                self._record(before, losses[0])
            self.losses |= dict(zip(group.seeds, losses.mean(0).tolist(), strict=True))
            named = "seeds " + "-".join(str(seed) for seed in sorted({min(group.seeds), max(group.seeds)}))
            self.tell(f"step {group.step}, {named}, loss {losses.mean(0).min():.3g}", group.step / s.steps)
            if group.step % s.check_every == 0 or group.step >= stop == s.until(1.0):
                done = self._check(group)
                if done and group.step < s.until(1.0):
                    return done
                self._save()
        return []

    def _chunk(self, index: int) -> np.ndarray:
        """Advance a group by a chunk of steps; returns the losses [steps, seeds]."""
        began, group = time.monotonic(), self.groups[index]
        data, batch = self.round.draw(group.step)
        plan = self.round.settings.plan(batch, group.step, len(data[0]))
        self.groups[index], losses = population.run_steps(self.round.engine, group, data, plan)
        took = time.monotonic() - began
        if self.compiled is not self.round.engine:
            self.compiled, self.compile_seconds = self.round.engine, self.compile_seconds + took
        else:
            self.slowest = max(self.slowest, took)
        return losses

    def _check(self, group: Group) -> list[Trained]:
        found = self._record(group, np.array([self.losses[seed] for seed in group.seeds]))
        return [self._trained(group, i) for i, measured in enumerate(found) if measured.done]

    def _record(self, group: Group, losses: np.ndarray) -> list[Measured]:
        params, tau, found = np.asarray(group.params), float(self.round.settings.tau(group.step)), []
        for i, seed in enumerate(group.seeds):
            measured = self.measure(self.round.engine.tree(params[i]), tau)
            self.history.setdefault(seed, SeedHistory()).add(group.step, float(losses[i]), tau, measured)
            self.scores[seed] = measured.score
            found.append(measured)
        return found

    def _trained(self, group: Group, i: int) -> Trained:
        tree = self.round.engine.tree(np.asarray(group.params)[i])
        return Trained(group.seeds[i], tree, group.step, self.scores.get(group.seeds[i], -np.inf))

    def _better_half(self) -> list[Group]:
        """Regroup the better half of the seeds; a group is never smaller than before, so nothing is recompiled."""
        members = [(self.losses[seed], seed, g, i) for g in self.groups for i, seed in enumerate(g.seeds)]
        members = sorted(members, key=lambda m: (np.nan_to_num(m[0], nan=np.inf), m[1]))
        size = self.round.settings.group
        kept = [(g, i) for _, _, g, i in members[: max(1, len(self.groups) // 2) * size]]
        return [population.merge(kept[a : a + size]) for a in range(0, len(kept), size)]


def cache_dir() -> Path:
    """Folder for compiled computations: $PELLUCID_CACHE, or `pellucid` in the platform's cache folder."""
    if chosen := os.environ.get(CACHE):
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "pellucid"


def enable_cache() -> None:
    """Keep what JAX compiles for the next run, unless the user has set up a cache, or the folder cannot be written."""
    if getattr(jax.config, "jax_compilation_cache_dir", None) is not None:
        return
    folder = cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if os.access(folder, os.W_OK):
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 1.0)
