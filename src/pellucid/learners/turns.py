"""The learners in turn: the cheap ones first, until a program is right and nothing much shorter can come."""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pellucid.data.data import Data
from pellucid.data.tasks import TASKS
from pellucid.errors import PellucidError
from pellucid.language import expressions
from pellucid.language.nodes import Aggregate, Let, Vote
from pellucid.language.program import Program
from pellucid.learners.base import Found, Learner, Run
from pellucid.learners.evolve.learn import Evolve
from pellucid.learners.kept import Kept, Take, mark_of
from pellucid.learners.portfolio import DISCRETE, EVIDENCE, EVOLVE, PROGRAMS, SEARCHES, TRANSFORMERS, WORDS
from pellucid.learners.transformer.learners import SETTINGS, STANDARD
from pellucid.problem import Problem
from pellucid.progress import OnProgress, TimeIsUpError, stopped
from pellucid.resolve import WORD_SETTINGS
from pellucid.semantics.batch import predict
from pellucid.semantics.scores import figures

LONG = (EVOLVE, EVIDENCE)
TRAINING = 270.0  # seconds for Transformers, where no budget is given: only a guard, their work is counted
LAST_RESORT = {
    PROGRAMS.name: 0.25,
    WORDS.name: 1.0,
    DISCRETE.name: 0.5,
}  # of their work, after searches that found nothing
SEARCH_FIRST = 0.65  # share of a budget that the searches may take before a Transformer is trained
COMPILING = 15.0  # seconds without which no Transformer is begun
QUICK, LONGER = 1 / 3, 2 / 3  # shares of what is left of a budget for a search, and a long one, while a long one waits
LATE = 0.3  # seconds after its deadline when a learner is stopped that does not end by itself
SPENT, INTERRUPTED, NO_TIME = "budget spent", "interrupted", "no time left"  # why a learner stopped, or did not begin
AGAIN, AGAIN_EFFORT = 1, 0.5  # rounds of a search from the pieces of a trained program, and how long they are
GRADIENT = 0.7  # share of the rest that training may take before its program is searched on from
PATIENT = 30.0  # cost of a program that is right on all data, below which no learner is asked for much work,
SHORT = 6.0  # and below which none is asked at all
TRIED = 2.0  # times as much may one cost that is right on longer inputs as well,
LAW = 8.0  # and times as much one that gives real numbers: nothing but the law gives them exactly
FEW = 0.3  # of the work of a long search on few examples,
NODE = 2.0  # and nats that a unit of cost must explain of them, for a program to be better than listing them,
SURE = 10.0  # or so many times as many, for none other to be likely


@dataclass(frozen=True)
class Asked:
    """What the user asked of the learners, and how the data are to be read; None: the defaults."""

    seed: int = 0
    seeds: int | None = None
    steps: int | None = None
    budget: float | None = None
    effort: float = 1.0
    group: str | None = None
    warmup: int | None = None


@dataclass
class Turns:
    """What the learners found, each program with the seconds after which it was; what the report says of them."""

    found: list[tuple[Found, float]] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)
    history: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    right: dict[Program, float] = field(default_factory=dict)  # those right on all data, with their `_doubt`
    interrupted: bool = False
    explained: bool = False  # up to noise
    began: float = field(default_factory=time.monotonic)

    def add(self, found: Found, problem: Problem, after: float | None = None) -> None:
        """Take a program in, found after so many seconds, or just now."""
        self.explained = self.explained or bool(found.details.get("explained"))
        self.found.append((found, round(time.monotonic() - self.began, 3) if after is None else after))
        if all(_right(found.program, part, problem.tolerance) for part in (problem.valid, problem.train)):
            self.right[found.program] = _doubt(found.program, problem)

    def told(self, learner: Learner, **told: Any) -> None:
        """Put something into the report of a learner."""
        self.report.setdefault(learner.name, {}).update(told)

    @staticmethod
    def told_in(problem: Problem) -> float:
        """Cost of a program that is as long as a list of all training outputs."""
        counts = [Counter(problem.train.flat(f.name)).values() for f in problem.schema.outputs]
        return sum(n * math.log(sum(c) / n) for c in counts for n in c) / NODE

    @property
    def cut_short(self) -> list[str]:
        """The learners that ended before their work was done, or did not begin for want of time."""
        names = (SPENT, INTERRUPTED, NO_TIME)
        return [name for name, told in self.report.items() if {told.get("stopped"), told.get("skipped")} & {*names}]

    def worth_showing(self) -> list[tuple[Found, float]]:
        """Without the wrong programs that are no shorter than a right one."""
        least = min(map(cost, self.right), default=math.inf)
        return [(f, after) for f, after in self.found if f.program in self.right or cost(f.program) < least]


def learners_of(model: str) -> tuple[Learner, ...]:
    """The learners that a name of `--model` stands for.

    Raises:
        PellucidError: no such name.
    """
    groups = {"auto": (*SEARCHES, *TRANSFORMERS), "search": SEARCHES}
    if model in groups:
        return groups[model]
    named = tuple(learner for learner in groups["auto"] if learner.name == model)
    if not named:
        known = [*groups, *dict.fromkeys(learner.name for learner in groups["auto"]), STANDARD]
        raise PellucidError(f"--model {model}: expected one of {', '.join(known)}")
    return named


def known_settings(model: str) -> set[str]:
    """Keys of `--set` that somebody knows: the data, a built-in task, or the learners that `model` names."""
    data = {"size", "causal", "markers", *WORD_SETTINGS, *(key for task in TASKS.values() for key in task.sizes)}
    if model == STANDARD:
        return {*data, *SETTINGS}
    return {*data, *(key for learner in learners_of(model) for key in getattr(learner, "settings", ()))}


def take_turns(problem: Problem, model: str, asked: Asked, on_progress: OnProgress, checkpoint: Path | None) -> Turns:
    """Run the learners that `model` names: the searches in turn, then the Transformers.

    The work of all is counted, so that a seed finds the same on a busy machine; a budget may cut it short. Where no
    budget is given, Transformers that would train for many minutes are stopped all the same.

    Args:
        problem: what to learn.
        model: `auto`, `search`, or the name of a learner.
        asked: seed, effort, budget.
        on_progress: called with a stage, the share of it done and a message.
        checkpoint: folder where learners may keep their state.

    Raises:
        PellucidError: no learner takes the problem, or none found a program in its time.
    """
    turns, shared = Turns(), {}
    kept = Kept(checkpoint, mark_of(problem, model, replace(asked, budget=None)))
    end = None if asked.budget is None else turns.began + asked.budget

    def turn_of(learner: Learner, deadline: float | None, share: float = 1.0) -> _Turn:
        def report(share: float, message: str) -> None:
            on_progress(learner.name, share, message)

        effort = asked.effort * (FEW if problem.splits.few and learner in LONG else share)
        run = Run(asked.seed, effort, deadline, asked.seeds, asked.steps, report, kept.place, shared=shared)
        return _Turn(learner, problem, run, turns, kept)

    willing = _willing(learners_of(model), problem, model, turns)
    if problem.splits.few and model == "auto":
        for learner in TRANSFORMERS:
            turns.told(learner, skipped="few examples")
        willing = [learner for learner in willing if learner not in TRANSFORMERS]
    searches, trained = ([w for w in willing if (w in TRANSFORMERS) == later] for later in (False, True))
    later = (1 - SEARCH_FIRST) * (asked.budget or 0.0)  # seconds for Transformers
    first = end - later if end and searches and trained and later >= COMPILING / GRADIENT else end
    _rounds([turn_of(learner, first) for learner in searches], turns)
    last = time.monotonic() + TRAINING if end is None else end
    for learner in trained:
        until = last if model != "auto" else time.monotonic() + GRADIENT * max(1.0, last - time.monotonic())
        _rounds([turn_of(learner, until, LAST_RESORT.get(learner.name, 1.0) if searches else 1.0)], turns)
    if model == "auto" and trained and not turns.right and (again := _searching_on(problem, turns)) is not None:
        _rounds([turn_of(again, end, AGAIN_EFFORT)], turns)
    if not turns.found:
        asked_ones = ", ".join(learner.name for learner in willing)
        spent = end is not None and time.monotonic() >= (first or end)
        more = "in the time given; give more with --budget" if spent else f"by {asked_ones}; --model auto asks all"
        raise PellucidError(f"{problem.name}: no program was found {more}")
    if (told := kept.resumed("simplify")) is not None:
        on_progress("simplify", 0.0, told)
    return turns


def _willing(learners: Sequence[Learner], problem: Problem, model: str, turns: Turns) -> list[Learner]:
    willing = []
    for learner in learners:
        if (why := learner.refuses(problem)) is None:
            willing.append(learner)
        else:
            turns.told(learner, refused=why)
    if not willing:
        reasons = "; ".join(f"{name}: {told['refused']}" for name, told in turns.report.items())
        raise PellucidError(f"{problem.name}: not for --model {model} ({reasons})")
    return willing


def _searching_on(problem: Problem, turns: Turns) -> Learner | None:
    """The search of heads and units once more, from the pieces of a trained program."""
    names = {learner.name for learner in TRANSFORMERS}
    trained = next((f.program for f, _ in reversed(turns.found) if f.learner in names), None)
    again = Evolve("evolve from programs", rounds=AGAIN, trained=trained)
    return again if trained is not None and again.refuses(problem) is None else None


def _rounds(waiting: Sequence[_Turn], turns: Turns) -> None:
    """Let learners work in turn, each until it says that the rest may wait, as long as they may bring something."""
    queue = deque(waiting)
    with ExitStack() as stack:
        for turn in waiting:
            stack.enter_context(closing(turn.steps))
        while queue and not turns.interrupted:
            turn = queue.popleft()
            if (why := turn.needless()) is not None:
                turns.told(turn.learner, **{"stopped" if turn.started else "skipped": why})
            elif turn.take(share=_share(turn.learner, queue)):
                queue.append(turn)


def _share(learner: Learner, waiting: Iterable[_Turn]) -> float:
    """Share of the time left that a learner may take: a part, while a long search waits."""
    return (LONGER if learner in LONG else QUICK) if any(turn.learner in LONG for turn in waiting) else 1.0


class _Turn:
    """A learner at work."""

    def __init__(self, learner: Learner, problem: Problem, run: Run, turns: Turns, kept: Kept) -> None:
        self.learner, self.problem, self.run, self.turns, self.kept = learner, problem, run, turns, kept
        self.steps, self.end = learner.learn(problem, run), run.deadline
        self.started, self.number = False, 0  # turns taken
        self.again = 0  # pauses that a killed run came to, and this one has not

    def needless(self) -> str | None:
        """Why the learner need not go on; None: it must."""
        trained, few = self.learner in TRANSFORMERS, self.problem.splits.few
        patient = self.started or self.learner in LONG
        enough = math.inf if trained else PATIENT if patient else SHORT
        if few:  # more than one program may be right: all short searches say what they find
            if self.learner in LONG and (self.started or (self.learner is EVIDENCE and self.turns.right)):
                return "few examples"
            listed = self.turns.told_in(self.problem)
            enough = min(enough, listed) if patient else listed / SURE
        if any(doubt <= enough for doubt in self.turns.right.values()):
            return "a program is right on all training and validation data"
        if self.turns.explained and enough >= PATIENT:
            return "what no program has explained looks like noise"
        left = math.inf if self.end is None else self.end - time.monotonic()
        return NO_TIME if self.turns.found and left <= (COMPILING if trained else 0) else None

    def take(self, share: float = 1.0) -> bool:
        """Work until the next pause, for a share of the time left; whether there is more to do."""
        self.started = True
        if (take := self.kept.take(self.learner, self.number)) is not None:
            self.again += take.goes_on
            for found, after in take.found:
                self.turns.add(found, self.problem, after)
        else:
            if (told := self.kept.resumed(self.learner.name)) is not None:
                self.run.on_progress(0.0, told)
            take = self._worked(share)
            if take.report.get("stopped") != INTERRUPTED:
                self.kept.add(take, self.number)
        self.number += 1
        for part, took in take.seconds.items():
            self.turns.seconds[part] = round(self.turns.seconds.get(part, 0.0) + took, 3)
        self.turns.told(self.learner, **take.report, seconds=self.turns.seconds[self.learner.name])
        if take.history:
            self.turns.history[self.learner.name] = take.history
        return take.goes_on

    def _worked(self, share: float) -> Take:
        """What came of a turn."""
        start, before, goes_on = time.monotonic(), len(self.turns.found), False
        if self.end is not None:
            self.run.deadline = start + share * max(0.0, self.end - start)
        try:
            with stopped(math.inf if self.run.deadline is None else self.run.deadline + LATE):
                for found in self.steps:
                    if found is None and not self.again:
                        goes_on = True
                        break
                    if found is None:
                        self.again -= 1
                    elif not self.again:
                        self.turns.add(found, self.problem)
        except TimeIsUpError:
            self.run.report["stopped"] = SPENT
        except KeyboardInterrupt:
            if not self.turns.found:
                raise
            self.run.report["stopped"] = INTERRUPTED
        if self.run.report.get("stopped") == INTERRUPTED and self.run.over:
            self.run.report["stopped"] = SPENT
        self.turns.interrupted = self.run.report.get("stopped") == INTERRUPTED
        seconds = {**self.run.report.pop("seconds", {}), self.learner.name: time.monotonic() - start}
        found = self.turns.found[before:]
        return Take(self.learner.name, found, goes_on, seconds, dict(self.run.report), dict(self.run.history))


def _doubt(program: Program, problem: Problem) -> float:
    """The cost of a program that is right on training and validation data, less where it is sure."""
    tried = bool(problem.longer) and all(_right(program, data) for data in problem.longer.values())
    law = any(f.type.numbers is not None and not f.type.numbers.whole for f in problem.schema.outputs)
    return cost(program) / (TRIED if tried else 1.0) / (LAW if law else 1.0)


def _right(program: Program, data: Data, tolerance: float = 0.0) -> bool:
    try:
        found = figures(predict(program, data.sequences), data.outputs, data.schema.when)
        wrong = (1 - found["sequence"]) * len(data)
        return found["token"] == 1.0 or (tolerance > 0 and wrong <= max(1, 2 * tolerance * len(data)))
    except PellucidError:  # it does not take inputs so long
        return False


def cost(program: Program) -> float:
    """About how long the text of a program is, without writing it."""
    total = 0.0
    for a in program:
        match a.node:
            case Let(expression):
                total += 1 + expressions.size(expression)
            case Aggregate(select):
                total += 4 + (0 if select.match is None else expressions.size(select.match))
            case Vote(_, _, evidence, scaled):
                total += 4 + sum(len(e.rows) for e in evidence) + len(scaled)
            case _:
                total += 2
    return total
