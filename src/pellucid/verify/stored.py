"""What a model said to a fixed sample of inputs, kept beside the program: shows a change to both its files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from pellucid.errors import PellucidError
from pellucid.language.program import Program
from pellucid.semantics import domain
from pellucid.semantics.batch import predict
from pellucid.verify import Model, distinct
from pellucid.verify.same import ABSENT

SAMPLES = 200


@dataclass(frozen=True)
class Stored:
    """Inputs in the user's form and the outputs to them; `predict` is a model for `verify`, `inputs` its known ones."""

    inputs: list[Any]
    outputs: list[Any]

    @cached_property
    def _known(self) -> dict[str, Any]:
        return {json.dumps(given): told for given, told in zip(self.inputs, self.outputs, strict=True)}

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """What was said to each input, ABSENT to all others."""
        return [self._known.get(json.dumps(sequence), ABSENT) for sequence in inputs]

    def to_json(self) -> dict[str, Any]:
        """Inputs, outputs and their digest."""
        return {"sha256": _digest([self.inputs, self.outputs]), "inputs": self.inputs, "outputs": self.outputs}


def store(program: Program, model: Model | None, known: Sequence[Any] = (), seed: int = 0) -> Stored:
    """What a model, else the program itself, says to some known inputs and to random ones."""
    inputs = distinct([*known[:SAMPLES], *domain.sample(program, SAMPLES, seed)])
    return Stored(inputs, predict(program, inputs) if model is None else model(inputs))


def from_json(data: Any, source: str) -> Stored:
    """What `Stored.to_json` gave.

    Raises:
        PellucidError: naming `source`; it is something else, or was changed.
    """
    try:
        found = Stored(data["inputs"], data["outputs"])
        whole = data["sha256"] == _digest([found.inputs, found.outputs])
    except (TypeError, KeyError):
        raise PellucidError(f"{source}: expected an object with inputs, outputs and their sha256") from None
    if not whole or len(found.inputs) != len(found.outputs):
        raise PellucidError(f"{source}: was changed; its digest does not fit")
    return found


def _digest(rows: list[Any]) -> str:
    return sha256(json.dumps(rows).encode()).hexdigest()
