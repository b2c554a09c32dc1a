"""Learned folders opened. Learners are imported when a model is asked something: to run a program none is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pellucid import folder
from pellucid.artifact import Learned, Predictor, opened
from pellucid.errors import PellucidError
from pellucid.language.program import Program
from pellucid.problem import Model
from pellucid.verify.outputs import from_json


def load(path: str | Path) -> Learned:
    """A folder written by `learn`.

    Raises:
        PellucidError: naming the file that is missing or damaged.
    """
    return opened(path, model_of)


def model_of(described: Mapping[str, Any], place: Path, program: Program | None) -> Predictor:
    """The model of a folder, from inputs to outputs; a network needs JAX. Of a program alone, what it once said."""
    where = str(place / folder.MODEL)
    if described.get("family") == "program":
        return from_json(described.get("said"), where).predict
    arrays = folder.read_arrays(place)

    @cache
    def model() -> Model:
        return _of_learner(described, arrays, program, where)

    def predict(inputs: Sequence[Any]) -> list[Any]:
        return model().predict(inputs)

    return predict


def _of_learner(described: Mapping[str, Any], arrays: Mapping[str, Any], program: Program | None, where: str) -> Any:
    from pellucid.learners.base import Opening
    from pellucid.learners.portfolio import SEARCHES, TRANSFORMERS
    from pellucid.learners.transformer.learners import STANDARD

    family, config = described.get("family"), described.get("config", {})
    if family == STANDARD:
        from pellucid.learners.transformer.standard import opened as opened_standard  # JAX

        return opened_standard(config, arrays, folder.schema_of_json(described, where), where)
    opening = {one.name: one.opened for one in (*SEARCHES, *TRANSFORMERS) if isinstance(one, Opening)}
    if program is None or family not in opening:
        raise PellucidError(f"{where}: unknown family {family!r:.60}")
    return opening[family](config, arrays, program, where)
