"""The learners in turn: the cheap ones first, until a program is right and nothing much shorter can come."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pellucid.data.tasks import TASKS
from pellucid.errors import PellucidError
from pellucid.language import expressions
from pellucid.language.nodes import Aggregate, Let, Vote
from pellucid.language.program import Program
from pellucid.learners.base import Found, Learner, Run
from pellucid.learners.evolve.learn import Evolve
from pellucid.learners.portfolio import ENUMERATE, EVIDENCE, EVOLVE, SEARCHES, TRANSFORMERS, in_order
from pellucid.learners.transformer.standard.learner import SETTINGS, STANDARD
from pellucid.problem import Problem
from pellucid.resolve import WORD_SETTINGS
from pellucid.semantics.batch import predict
from pellucid.semantics.scores import figures

OnProgress = Callable[[str, float, str], None]
BUDGET = 270.0  # seconds for learning, where nothing else is said
SEARCH_FIRST = 0.65  # share of it that the searches may take before a Transformer is trained
ENUMERATION = 0.25  # share of what is left that enumeration may take before the search of heads
GRADIENT = 0.7  # share of the rest that training may take before its program is searched on from
PATIENT = 30.0  # cost of a program that is right on all data, below which no learner is asked that takes its time,
SHORT = 6.0  # and below which none is asked at all
TRIED = 2.0  # times as much may one cost that is right on longer inputs as well,
LAW = 8.0  # and times as much one that gives real numbers: nothing but the law gives them exactly


@dataclass(frozen=True)
class Asked:
    """What the user asked of the learners; None: the defaults."""

    seed: int = 0
    seeds: int | None = None
    steps: int | None = None
    budget: float | None = None
    effort: float = 1.0


@dataclass
class Turns:
    """What the learners found, each program with the seconds after which it was; what the report says of them."""

    found: list[tuple[Found, float]] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)
    history: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    right: float | None = None  # cost of the cheapest program that is right on all data
    interrupted: bool = False
    shared: dict[str, Any] = field(default_factory=dict)


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
    """Run the learners that `model` names, within the budget.

    Args:
        problem: what to learn.
        model: `auto`, `search`, or the name of a learner.
        asked: seed, effort, budget.
        on_progress: called with a stage, the share of it done and a message.
        checkpoint: folder where learners may keep their state.

    Raises:
        PellucidError: no learner takes the problem, or none found a program in its time.
    """
    turns, began = Turns(), time.monotonic()
    end = began + (asked.budget or BUDGET)
    willing = _willing(learners_of(model), problem, model, turns)
    later = [learner for learner in willing if learner in TRANSFORMERS]
    first = began + SEARCH_FIRST * (end - began) if later and len(later) < len(willing) else end
    for learner in willing:
        if (why := _needless(learner, turns, first, end)) is not None:
            turns.report[learner.name] = {"skipped": why}
            continue
        deadline = first if learner not in TRANSFORMERS else end
        if learner is ENUMERATE and EVOLVE in willing[willing.index(learner) :]:
            deadline = time.monotonic() + ENUMERATION * max(1.0, first - time.monotonic())
        if model == "auto" and learner in TRANSFORMERS:
            deadline = time.monotonic() + GRADIENT * max(1.0, end - time.monotonic())
        _run(learner, problem, asked, deadline, began, turns, on_progress, checkpoint)
        if turns.interrupted:
            break
    if model == "auto" and later and turns.right is None and not turns.interrupted and time.monotonic() < end - 1:
        _search_on(problem, asked, end, began, turns, on_progress)
    if not turns.found:
        asked_ones = ", ".join(learner.name for learner in willing)
        spent = time.monotonic() >= first
        more = "in the time given; give more with --budget" if spent else f"by {asked_ones}; --model auto asks all"
        raise PellucidError(f"{problem.name}: no program was found {more}")
    return turns


def _willing(learners: Sequence[Learner], problem: Problem, model: str, turns: Turns) -> list[Learner]:
    willing = []
    for learner in in_order(learners, problem):
        if (why := learner.refuses(problem)) is None:
            willing.append(learner)
        else:
            turns.report[learner.name] = {"refused": why}
    if not willing:
        reasons = "; ".join(f"{name}: {told['refused']}" for name, told in turns.report.items())
        raise PellucidError(f"{problem.name}: not for --model {model} ({reasons})")
    return willing


def _needless(learner: Learner, turns: Turns, first: float, end: float) -> str | None:
    """Why a learner need not run; None: it must."""
    enough = math.inf if learner in TRANSFORMERS else PATIENT if learner in (EVOLVE, EVIDENCE) else SHORT
    if turns.right is not None and turns.right <= enough:
        return "a program is right on all training and validation data"
    limit = end - 1 if learner in TRANSFORMERS else first
    return "no time left" if turns.found and time.monotonic() >= limit else None


def _run(
    learner: Learner,
    problem: Problem,
    asked: Asked,
    deadline: float,
    began: float,
    turns: Turns,
    on_progress: OnProgress,
    checkpoint: Path | None,
) -> None:
    """One learner's turn."""
    start = time.monotonic()

    def report(share: float, message: str) -> None:
        on_progress(learner.name, share, message)

    run = Run(asked.seed, asked.effort, deadline, asked.seeds, asked.steps, report, checkpoint, shared=turns.shared)
    try:
        for found in learner.learn(problem, run):
            turns.found.append((found, round(time.monotonic() - began, 3)))
            if (cost := _right(found.program, problem)) is not None:
                turns.right = cost if turns.right is None else min(cost, turns.right)
    except KeyboardInterrupt:
        if not turns.found:
            raise
        run.report["stopped"] = "interrupted"
    turns.interrupted = run.report.get("stopped") == "interrupted"
    spent = round(time.monotonic() - start, 3)
    turns.report[learner.name] = {**turns.report.get(learner.name, {}), **run.report, "seconds": spent}
    turns.seconds[learner.name] = round(turns.seconds.get(learner.name, 0.0) + spent, 3)
    if run.history:
        turns.history[learner.name] = run.history


def _search_on(problem: Problem, asked: Asked, end: float, began: float, turns: Turns, on_progress: OnProgress) -> None:
    """The search of heads and units once more, from the pieces of a trained program."""
    trained = next((f.program for f, _ in reversed(turns.found) if f.learner in {t.name for t in TRANSFORMERS}), None)
    again = replace(Evolve(), name="evolve from programs", trained=trained)
    if trained is not None and again.refuses(problem) is None:
        _run(again, problem, asked, end, began, turns, on_progress, None)


def _right(program: Program, problem: Problem) -> float | None:
    """The cost of a program that is right on training and validation data, less where it is sure; None for others."""
    for data in (problem.valid, problem.train):
        if figures(predict(program, data.sequences), data.outputs, data.schema.when)["token"] < 1.0:
            return None
    tried = bool(problem.longer) and all(_takes(program, data) for data in problem.longer.values())
    law = any(f.type.numbers is not None and not f.type.numbers.whole for f in problem.schema.outputs)
    return cost(program) / (TRIED if tried else 1.0) / (LAW if law else 1.0)


def _takes(program: Program, data: Any) -> bool:
    try:
        return figures(predict(program, data.sequences), data.outputs, data.schema.when)["token"] == 1.0
    except PellucidError:
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
