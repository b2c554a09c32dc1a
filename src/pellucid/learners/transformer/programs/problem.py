"""Sizes and training of a Transformer Program for a problem over symbols."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pellucid.data import Vocab
from pellucid.errors import PellucidError
from pellucid.learners.transformer.programs.config import ProgramsConfig, ProgramsTraining
from pellucid.learners.transformer.programs.files import FittedPrograms
from pellucid.learners.transformer.programs.fit import fit
from pellucid.learners.transformer.training import with_given
from pellucid.old_problem import Problem

MAX_ONE_HOT = 64  # symbols; beyond it, predicates over single tokens are too large, and tokens are clustered instead
OnProgress = Callable[[str, float, str], None]


def fit_programs(
    problem: Problem,
    options: Mapping[str, Any],
    on_progress: OnProgress,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> FittedPrograms:
    """Train a Transformer Program on a problem; `options` as `learn` takes them, None for the default.

    `checkpoint`: file that holds the state of the training; `resume`: go on from it.
    """
    config, settings = configurations(problem, options)
    train, valid = (problem.vocab.encode(part) for part in (problem.splits.train, problem.splits.valid))
    data = (train.tokens, train.labels), (valid.tokens, valid.labels)
    return fit(*data, config, settings, lambda share, told: on_progress("train", share, told), checkpoint, resume)


def configurations(problem: Problem, options: Mapping[str, Any]) -> tuple[ProgramsConfig, ProgramsTraining]:
    """Architecture and training of a problem, with what was set; `PellucidError` where that makes no sense."""
    config = ProgramsConfig(**(shape_of(problem.vocab) | architecture(problem)))
    return config, with_given(ProgramsTraining(), problem.training, options, problem.settings.training)


def architecture(problem: Problem) -> dict[str, Any]:
    """Architecture settings of a problem: what suits it, overridden by what was set; `heads` and `mlps` in halves."""
    suits, given = dict(problem.model), dict(problem.settings.model)
    known = {"heads", "mlps", *(f.name for f in dataclasses.fields(ProgramsConfig))}
    if unknown := [key for key in given if key not in known]:
        raise PellucidError(f"--set {unknown[0]}: not of a Transformer Program; it goes with --model standard")
    for both in {"heads", "mlps"} & {*given}:
        number = given.pop(both)
        suits |= {f"{both}_cat": number - number // 2, f"{both}_num": number // 2}
    if len(problem.vocab.symbols) > MAX_ONE_HOT and "variables" not in given:
        suits |= {"variables": 4, "k": max(32, problem.vocab.width)}
    clustered = given.get("variables", suits.get("variables", 0)) > 0
    if suits.get("k", 0) < max(problem.vocab.width, 0 if clustered else len(problem.vocab.symbols)):
        suits.pop("k", None)  # larger sizes than the default was chosen for: as many values as they need
    return suits | given


def shape_of(vocab: Vocab) -> dict[str, Any]:
    """Sizes of a model that the vocabulary decides."""
    return {
        "n_symbols": len(vocab.symbols),
        "n_tokens": len(vocab.tokens),
        "n_classes": len(vocab.labels),
        "width": vocab.width,
        "kind": vocab.kind,
        "causal": vocab.causal,
    }
