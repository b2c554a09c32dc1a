"""The learners by name: each returns the models it found, which `pipeline` reads programs off."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pellucid.first.candidates import Fitted
from pellucid.old_problem import Problem
from pellucid.program.bounds import Bounded
from pellucid.program.ir import Program
from pellucid.program.metrics import accuracy
from pellucid.program.simplify import simplify

OnProgress = Callable[[str, float, str], None]
BUDGET = 270.0  # seconds for learning, where nothing else is said
SEARCH_FIRST = 0.65  # share of it that the search may take before the gradient learner starts
GRADIENT = 0.7  # share of the rest that the gradient learner may take before its program is searched on from
MODELS_KEPT = 6  # programs of a search that are read off and compared


@dataclass
class Found:
    """Models with the learner that found them and after how many seconds; what the report says of the learners."""

    models: list[tuple[str, Fitted, float]] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    history: dict[str, Any] = field(default_factory=dict)


def learn_models(
    model: str,
    problem: Problem,
    options: Mapping[str, Any],
    on_progress: OnProgress,
    checkpoint: Path | None,
    resume: bool,
) -> Found:
    """Run the learners that `model` names within the budget.

    `auto` searches first. Where no searched program is right on all training and validation data, the gradient learner
    has the rest of the time.
    """
    found, began = Found(), time.monotonic()
    if model == "auto" and (problem.settings.model or problem.settings.training):
        from pellucid.learners.transformer.programs.problem import configurations

        configurations(problem, options)  # raises on settings that make no sense, though they may not be needed
    budget = options["budget"] or BUDGET
    if model in ("auto", "search"):
        share = SEARCH_FIRST if model == "auto" else 1.0
        _search(found, problem, options, began, began + share * budget, on_progress)
    if model == "programs" or (model == "auto" and not _done(found, problem)):
        left = options["budget"] if model == "programs" else GRADIENT * max(1.0, began + budget - time.monotonic())
        fitted = _gradient(found, problem, {**options, "budget": left}, began, on_progress, checkpoint, resume)
        if model == "auto" and time.monotonic() < began + budget - 1:
            trained = simplify(fitted.extract(problem.vocab), Bounded())
            _search(found, problem, options, began, began + budget, on_progress, trained)
    return found


def _search(
    found: Found,
    problem: Problem,
    options: Mapping[str, Any],
    began: float,
    end: float,
    on_progress: OnProgress,
    trained: Program | None = None,
) -> None:
    """Search from nothing, or from the pieces of a trained program."""
    from pellucid.search.learn import search

    name = "search" if trained is None else "search from programs"
    result = search(
        problem, options["seed"], end, lambda share, m: on_progress("search", share, m), options["seeds"], trained
    )
    after = round(time.monotonic() - began, 3)
    found.models += [("search", model, after) for model in result.found[:MODELS_KEPT]]
    found.seconds["search"] = round(found.seconds.get("search", 0.0) + result.seconds, 3)
    found.history[name] = result.rounds
    found.report[name] = {"programs": result.effort, "rounds": len(result.rounds), "stopped": result.stopped}


def _done(found: Found, problem: Problem) -> bool:
    """Whether a searched program is right on all training and validation data, so that nothing can be more accurate."""
    exact = [m for _, m, _ in found.models if not getattr(m, "misses", 1)]
    valid = problem.splits.valid
    done = any(accuracy(m.predictor(problem.vocab)(valid.inputs), valid)["sequence"] == 1.0 for m in exact)
    if done or found.report.get("search", {}).get("stopped") == "interrupted":
        why = "search was right on all training and validation data" if done else "interrupted"
        found.report["programs"] = {"skipped": why}
        return True
    return False


def _gradient(
    found: Found,
    problem: Problem,
    options: Mapping[str, Any],
    began: float,
    on_progress: OnProgress,
    checkpoint: Path | None,
    resume: bool,
) -> Fitted:
    from pellucid.learners.transformer.programs.problem import fit_programs

    fitted = fit_programs(problem, options, on_progress, checkpoint, resume)
    found.models.append(("programs", fitted, round(time.monotonic() - began, 3)))
    found.seconds |= fitted.seconds
    found.history |= fitted.history
    found.report["programs"] = fitted.summary
    return fitted
