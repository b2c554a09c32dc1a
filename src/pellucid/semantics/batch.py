"""What a program means, for whole batches of sequences: equal to the reference, and fast."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.language.program import Program
from pellucid.semantics import reference
from pellucid.semantics.reading import read


@dataclass(frozen=True)
class Values:
    """Every variable at every position of a batch.

    Args:
        variables: by name, one value per position, sequence after sequence: int64, float64, or Python objects.
        starts: where each sequence begins, and the end: int64 [sequences + 1].
    """

    variables: dict[str, np.ndarray]
    starts: np.ndarray

    def __getitem__(self, name: str) -> np.ndarray:
        return self.variables[name]


def predict(program: Program, sequences: Iterable[Any]) -> list:
    """The outputs for inputs in the user's form, as `reference.run` gives them.

    Raises:
        PellucidError: an input that the program does not take.
    """
    return [reference.run(program, sequence) for sequence in sequences]


def evaluate(program: Program, sequences: Iterable[Any]) -> Values:
    """Every variable at every position, for inputs in the user's form.

    Raises:
        PellucidError: an input that the program does not take.
    """
    inputs = [read(program, sequence) for sequence in sequences]
    sizes = [len(next(iter(columns.values()))) for columns in inputs]
    cells = [reference.evaluate(program, columns, size) for columns, size in zip(inputs, sizes, strict=True)]
    found = {name: _array([value for one in cells for value in one[name]]) for name in program.nodes}
    return Values(found, np.cumsum([0, *sizes]))


def _array(values: list) -> np.ndarray:
    kinds = set(map(type, values))
    if kinds == {float} or (kinds <= {int} and all(-(2**63) <= v < 2**63 for v in values)):
        return np.array(values, np.float64 if kinds == {float} else np.int64)
    found = np.empty(len(values), object)
    found[:] = values
    return found
