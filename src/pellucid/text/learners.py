"""The learners of texts in turn: the search first, the gradient learner with the time that is left."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pellucid.errors import PellucidError
from pellucid.first.turns import Found
from pellucid.program.scores import figures
from pellucid.text.files import FittedText
from pellucid.text.problem import TextProblem
from pellucid.text.search import Size, search_texts

OnProgress = Callable[[str, float, str], None]
MODELS = ("auto", "search", "programs")
BUDGET = 270.0  # seconds for learning, where nothing else is said
SEARCH_SETTINGS = ("kinds", "phrases")  # the architecture settings that are the search's


def learn_text_models(
    model: str,
    problem: TextProblem,
    options: Mapping[str, Any],
    on_progress: OnProgress,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Found:
    """Run the learners that `model` names within the budget.

    `auto` searches first; the gradient learner has the rest of the time, and the best program on validation data wins.
    """
    if model not in MODELS:
        raise PellucidError(f"--model {model}: for texts expected one of {', '.join((*MODELS, 'standard'))}")
    _check(model, problem)
    found, began = Found(), time.monotonic()
    budget = options["budget"] or BUDGET
    if model in ("auto", "search"):
        _search(found, problem, options, began, began + budget, on_progress)
    interrupted = found.report.get("search", {}).get("stopped") == "interrupted"
    left = began + budget - time.monotonic()
    if model == "programs" or (model == "auto" and not interrupted and left > budget / 3):
        _gradient(found, problem, {**options, "budget": left}, began, on_progress, checkpoint, resume)
    elif model == "auto":
        found.report["programs"] = {"skipped": "interrupted" if interrupted else "no time left"}
    return found


def _check(model: str, problem: TextProblem) -> None:
    """Raise `PellucidError` for settings that are out of range, or not of this learner."""
    asked, training = problem.settings.model, problem.settings.training
    for key, least in (("kinds", 1), ("phrases", 0)):
        if asked.get(key, least) < least:
            raise PellucidError(f"--set {key}={asked[key]}: expected at least {least}")
    other = {"search": [*(key for key in asked if key not in SEARCH_SETTINGS), *training],
             "programs": [key for key in asked if key in SEARCH_SETTINGS]}.get(model, [])  # fmt: skip
    if other:
        who = "gradient learner" if model == "search" else "search"
        raise PellucidError(f"--set {other[0]}: of the {who}, which --model {model} does not run")


def _search(
    found: Found, problem: TextProblem, options: Mapping[str, Any], began: float, end: float, on_progress: OnProgress
) -> None:
    asked = problem.settings.model
    sizes = None
    if {"kinds", "phrases"} & {*asked}:
        kinds = asked.get("kinds", 64)
        sizes = [Size(kinds, max(2, kinds // 2), asked.get("phrases", 3000))]
    result = search_texts(problem, options["seed"], end, lambda share, m: on_progress("search", share, m), sizes)
    after = round(time.monotonic() - began, 3)
    valid = problem.splits.valid
    for item in result.found:
        own = figures(item.judged.predict(valid.inputs), valid) if problem.refit else None
        found.models.append(("search", FittedText(item.model, "search", own), after))
    found.seconds["search"] = result.seconds
    found.history["search"] = result.history
    found.report["search"] = {"programs": len(result.found), "stopped": result.stopped}


def _gradient(
    found: Found,
    problem: TextProblem,
    options: Mapping[str, Any],
    began: float,
    on_progress: OnProgress,
    checkpoint: Path | None,
    resume: bool,
) -> None:
    from pellucid.learners.transformer.words.fit import fit_text_programs

    own = {key: value for key, value in problem.settings.model.items() if key not in SEARCH_SETTINGS}
    settings = replace(problem.settings, model=own)
    fitted = fit_text_programs(replace(problem, settings=settings), options, on_progress, checkpoint, resume)
    found.models.append(("programs", FittedText(fitted.model, "programs"), round(time.monotonic() - began, 3)))
    found.seconds |= fitted.seconds
    found.history |= fitted.history
    found.report["programs"] = fitted.summary
