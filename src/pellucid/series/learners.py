"""The learners of numeric sequences in turn: the search and its exact state learners first, then the Transformer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pellucid.errors import PellucidError
from pellucid.numeric import FoundProgram, SeriesProblem

OnProgress = Callable[[str, float, str], None]
MODELS = ("auto", "search", "discrete")
BUDGET = 270.0  # seconds for learning, where nothing else is said
SEARCH_FIRST = 0.6  # share of it that the search may take before the Discrete Transformer starts


@dataclass
class SeriesFound:
    """Programs with what the report says of the learners, seconds by stage, histories and files of the model."""

    programs: list[FoundProgram] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    history: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str | bytes] = field(default_factory=dict)


def learn_series_models(
    model: str,
    problem: SeriesProblem,
    options: Mapping[str, Any],
    on_progress: OnProgress,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> SeriesFound:
    """Run the learners that `model` names within the budget.

    `auto` searches first; where that ends without an exact program, and what its program leaves unexplained does not
    look like noise, the Discrete Transformer has the rest of the time.
    """
    if model not in MODELS:
        raise PellucidError(f"--model {model}: learns symbols; for numbers expected one of {', '.join(MODELS)}")
    found, began = SeriesFound(), time.monotonic()
    budget = options["budget"] or BUDGET
    if model in ("auto", "search"):
        end = began + budget * (SEARCH_FIRST if model == "auto" else 1.0)
        _search(found, problem, options["seed"], end, on_progress)
    exact = any(program.exact for program in found.programs)
    settled = exact or found.report.get("search", {}).get("settled", False)
    if found.report.get("search", {}).get("stopped") == "interrupted":
        found.report["discrete"] = {"skipped": "interrupted"}
        return found
    left = began + budget - time.monotonic()
    if model == "discrete" or (model == "auto" and not settled and left > 5):
        _discrete(found, problem, {**options, "budget": left}, on_progress, checkpoint, resume)
    elif model == "auto":
        noise = "what the search's program leaves looks like noise" if settled else "no time left"
        found.report["discrete"] = {"skipped": "the search found an exact program" if exact else noise}
    return found


def _search(found: SeriesFound, problem: SeriesProblem, seed: int, end: float, on_progress: OnProgress) -> None:
    from pellucid.search.numeric.learn import search_numeric

    began = time.monotonic()
    result = search_numeric(problem, seed, end, lambda share, message: on_progress("search", share, message))
    found.programs += result.found
    found.report["search"] = result.report
    found.seconds["search"] = round(time.monotonic() - began, 3)


def _discrete(
    found: SeriesFound,
    problem: SeriesProblem,
    options: Mapping[str, Any],
    on_progress: OnProgress,
    checkpoint: Path | None,
    resume: bool,
) -> None:
    from pellucid.learners.transformer.discrete.fit import fit_discrete

    fitted = fit_discrete(problem, options, on_progress, checkpoint, resume)
    found.programs += fitted.found
    found.report["discrete"] = fitted.report
    found.history = dict(fitted.history)
    found.seconds |= fitted.seconds
    found.files = fitted.files()
