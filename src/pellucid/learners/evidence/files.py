"""A hard model of evidence beside its program: its outputs, and its `model.json` and `model.safetensors`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.language.program import Program
from pellucid.learners.evidence.model import Counted, EvidenceModel, Kinds, Nearest, Pairs, Shifted, Variable
from pellucid.semantics.reading import columns_of

KINDS: dict[str, type] = {cls.__name__: cls for cls in (Kinds, Shifted, Nearest, Pairs, Counted)}


@dataclass(frozen=True)
class EvidenceFiles:
    """The model that a program was read off. `columns`: names of the columns that it reads."""

    model: EvidenceModel
    program: Program
    columns: Sequence[str]

    def predict(self, inputs: Sequence) -> list:
        """Outputs for the user's inputs."""
        rows = [columns_of(self.program.inputs, sequence) for sequence in inputs]
        full = [i for i, row in enumerate(rows) if row[self.columns[0]]]
        found: list[Any] = [[] if not self.model.pooled else (self.program.empty or (None,))[0]] * len(rows)
        outputs = self.model.predict([[rows[i][name] for i in full] for name in self.columns])  # pyright: ignore[reportArgumentType]
        for i, output in zip(full, outputs, strict=True):
            found[i] = output
        return found

    def described(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Configuration, and arrays by name."""
        config, arrays = to_arrays(self.model)
        return {**config, "columns": list(self.columns)}, arrays


def opened(config: Mapping[str, Any], arrays: Mapping[str, np.ndarray], program: Program, where: str) -> EvidenceFiles:
    """The model that `described` described.

    Raises:
        PellucidError: naming `where`, for anything that is not such a description.
    """
    return EvidenceFiles(from_arrays(config, arrays, where), program, config["columns"])


def to_arrays(model: EvidenceModel) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Configuration, and arrays by name."""
    rows, arrays = [], {"bias": model.bias}
    if model.counts is not None:
        arrays["counts"] = model.counts
    for number, variable in enumerate(model.variables, 1):
        row: dict[str, Any] = {"variable": type(variable).__name__}
        for field in dataclasses.fields(variable):
            value = getattr(variable, field.name)
            if isinstance(value, np.ndarray):
                arrays[f"{number}.{field.name}"] = value
            else:
                row[field.name] = list(value) if isinstance(value, tuple) else value
        rows.append(row)
    arrays |= {f"weights.{number}": weight for number, weight in model.weights.items()}
    exact = {name: np.ascontiguousarray(a, bool if a.dtype == bool else np.int64) for name, a in arrays.items()}
    domains = [list(domain) for domain in model.domains]
    return {"domains": domains, "labels": list(model.labels), "pooled": model.pooled, "variables": rows}, exact


def from_arrays(config: Mapping[str, Any], arrays: Mapping[str, np.ndarray], where: str) -> EvidenceModel:
    """The model that `to_arrays` described.

    Raises:
        PellucidError: naming `where`, for anything that is not such a description.
    """
    try:
        variables = tuple(_variable(row, number, arrays) for number, row in enumerate(config["variables"], 1))
        names = [name for name in arrays if name.startswith("weights.")]
        weights = {int(name.partition(".")[2]): arrays[name] for name in names}
        domains = tuple(map(tuple, config["domains"]))
        labels, pooled = tuple(config["labels"]), bool(config["pooled"])
        return EvidenceModel(domains, labels, pooled, variables, weights, arrays["bias"], arrays.get("counts"))
    except (KeyError, TypeError, ValueError) as error:
        raise PellucidError(f"{where}: not the description of a model of evidence: {error!r}") from None


def _variable(row: Mapping[str, Any], number: int, arrays: Mapping[str, np.ndarray]) -> Variable:
    kind = KINDS[row["variable"]]
    fields = {}
    for field in dataclasses.fields(kind):
        value = row[field.name] if field.name in row else arrays[f"{number}.{field.name}"]
        fields[field.name] = tuple(value) if isinstance(value, list) else value
    return kind(**fields)
