"""Outputs: when two are the same, and those that a model gave to a fixed sample of inputs, kept beside the program.

The same are equal texts, equal numbers, and ints where whole numbers are meant. What is kept shows a change to both the
files of a model and its program.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Final

from pellucid.errors import PellucidError
from pellucid.language.program import Program
from pellucid.semantics import domain
from pellucid.semantics.batch import predict
from pellucid.verify.runner import Failed

ABSENT: Final = object()  # in place of an output: nothing is said about this input
SAMPLES = 200  # inputs drawn to be kept
_LONGEST = 10**4_000  # Python reads and prints whole numbers of 4,300 digits
Model = Callable[[Sequence[Any]], list[Any]]


class Comparison:
    """Which outputs are the same.

    Real numbers are compared exactly, "not a number" equals itself, 0.0 is 0. A program may fail where a result is
    beyond all floats, or too long for Python to print.

    Args:
        program: says which outputs hold whole numbers, and when they come.
        close: how far floats may be apart, both relative and absolute.
    """

    def __init__(self, program: Program, close: float = 0.0) -> None:
        self._close = close
        numbers = [program.types[name].numbers for name in program.results]
        self._whole = [n is None or n.whole for n in numbers]
        self._rows = program.when == "every"

    def same(self, meant: Any, given: Any, strict: bool = True) -> bool:
        """Whether an output is the one meant.

        Args:
            meant: an output in the user's form. given: any value; `ABSENT` is always right.
            strict: whether whole numbers must be Python ints.
        """
        if given is ABSENT:
            return True
        if isinstance(given, Failed):
            return _beyond(meant)
        try:
            if repr(meant) == repr(given):
                return True
        except ValueError:  # a number too long to be printed
            pass
        return self._rows_same(meant, given, strict) if self._rows else self._row(meant, given, strict)

    def differs(self, told: Any, right: Any) -> bool:
        """Whether an output is wrong; ABSENT, and None at a position, are right whatever it is."""
        if right is ABSENT:
            return False
        if not self._rows:
            return not self._row(told, right, False)
        return any(r is not None and not self._row(t, r, False) for t, r in zip(told, right, strict=True))

    def _rows_same(self, meant: list[Any], given: Any, strict: bool) -> bool:
        if not isinstance(given, list) or len(given) != len(meant):
            return False
        return all(self._row(m, g, strict) for m, g in zip(meant, given, strict=True))

    def _row(self, meant: Any, given: Any, strict: bool) -> bool:
        if len(self._whole) == 1:
            return self._same(meant, given, strict and self._whole[0])
        if not isinstance(given, list) or len(given) != len(self._whole):
            return False
        return all(self._same(m, g, strict and w) for m, g, w in zip(meant, given, self._whole, strict=True))

    def _same(self, meant: Any, given: Any, strict: bool) -> bool:
        numbers = isinstance(meant, int | float) and isinstance(given, int | float) and not isinstance(given, bool)
        if not numbers or (strict and isinstance(given, float)):
            return type(meant) is type(given) and meant == given
        if meant == given or (math.isnan(meant) and math.isnan(given)):
            return True
        return float in (type(meant), type(given)) and self._near(meant, given)

    def _near(self, a: float, b: float) -> bool:
        try:
            return abs(a - b) <= self._close * max(1, abs(a), abs(b)) and math.isfinite(a) and math.isfinite(b)
        except OverflowError:
            return False


def _beyond(output: Any) -> bool:
    """Whether an output holds a number that is not finite, or too long to be printed."""
    if isinstance(output, list):
        return any(map(_beyond, output))
    if isinstance(output, float):
        return not math.isfinite(output)
    return isinstance(output, int) and not -_LONGEST < output < _LONGEST


def distinct(inputs: Iterable[Any]) -> list[Any]:
    """Each input once, in order."""
    return list({json.dumps(sequence): sequence for sequence in inputs}.values())


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
