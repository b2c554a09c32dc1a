"""Programs you can read, learned from sequences: each a standalone Python program that computes what its model does."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.artifact import Learned
    from pellucid.bias import Bias
    from pellucid.data.data import Data
    from pellucid.data.split import Splits
    from pellucid.errors import MismatchError, PellucidError
    from pellucid.estimators import ProgramClassifier, ProgramRegressor, ProgramTagger
    from pellucid.language.program import Program
    from pellucid.loading import load
    from pellucid.pipeline import decompile, learn
    from pellucid.teaching import Teacher

# Loaded on first use, so that `import pellucid` is instant.
_HOMES = {
    "Bias": "pellucid.bias",
    "Data": "pellucid.data.data",
    "Learned": "pellucid.artifact",
    "MismatchError": "pellucid.errors",
    "PellucidError": "pellucid.errors",
    "Program": "pellucid.language.program",
    "ProgramClassifier": "pellucid.estimators",
    "ProgramRegressor": "pellucid.estimators",
    "ProgramTagger": "pellucid.estimators",
    "Splits": "pellucid.data.split",
    "Teacher": "pellucid.teaching",
    "decompile": "pellucid.pipeline",
    "learn": "pellucid.pipeline",
    "load": "pellucid.loading",
}

__all__ = [
    "Bias",
    "Data",
    "Learned",
    "MismatchError",
    "PellucidError",
    "Program",
    "ProgramClassifier",
    "ProgramRegressor",
    "ProgramTagger",
    "Splits",
    "Teacher",
    "decompile",
    "learn",
    "load",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'pellucid' has no attribute {name!r}")
    # The function `learn` stands in the module of the same name: once imported, the function is the attribute.
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
