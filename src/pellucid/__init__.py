"""Transformers you can read: learn a model, get a standalone Python program that computes exactly what it computes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.data import Dataset, Series, Splits, Vocab, read_file
    from pellucid.data.text_columns import texts_from_columns
    from pellucid.data.texts import read_texts, texts_of
    from pellucid.errors import MismatchError, PellucidError
    from pellucid.estimators import ProgramClassifier, ProgramRegressor, ProgramTagger
    from pellucid.learned import Learned, load
    from pellucid.pipeline import learn
    from pellucid.program.ir import Program
    from pellucid.series.learned import LearnedSeries

# Loaded on first use, so that `import pellucid` is instant.
_HOMES = {
    "Dataset": "pellucid.data",
    "Learned": "pellucid.learned",
    "LearnedSeries": "pellucid.series.learned",
    "MismatchError": "pellucid.errors",
    "PellucidError": "pellucid.errors",
    "Program": "pellucid.program.ir",
    "ProgramClassifier": "pellucid.estimators",
    "ProgramRegressor": "pellucid.estimators",
    "ProgramTagger": "pellucid.estimators",
    "Series": "pellucid.data",
    "Splits": "pellucid.data",
    "Vocab": "pellucid.data",
    "learn": "pellucid.pipeline",
    "load": "pellucid.learned",
    "read_file": "pellucid.data",
    "read_texts": "pellucid.data.texts",
    "texts_from_columns": "pellucid.data.text_columns",
    "texts_of": "pellucid.data.texts",
}

__all__ = [
    "Dataset",
    "Learned",
    "LearnedSeries",
    "MismatchError",
    "PellucidError",
    "Program",
    "ProgramClassifier",
    "ProgramRegressor",
    "ProgramTagger",
    "Series",
    "Splits",
    "Vocab",
    "learn",
    "load",
    "read_file",
    "read_texts",
    "texts_from_columns",
    "texts_of",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'pellucid' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
