"""A hard text model as a folder's `model.json` and `model.safetensors`, and back. Opens without JAX."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from pellucid import folder
from pellucid.data import Vocab
from pellucid.errors import PellucidError
from pellucid.program.ir import Program
from pellucid.text.decode import decode
from pellucid.text.model import Counted, Kinds, Nearest, Pairs, Shifted, TextModel, Variable

FAMILY = "texts"
KINDS: dict[str, type] = {cls.__name__: cls for cls in (Kinds, Shifted, Nearest, Pairs, Counted)}


@dataclass(frozen=True)
class FittedText:
    """A hard text model as the pipeline sees it.

    learner: who found it. valid: figures on validation data of the same settings fitted to the training data alone;
    None where the model was fitted to nothing else.
    """

    model: TextModel
    learner: str
    valid: Mapping[str, float] | None = None

    def extract(self, vocab: Vocab) -> Program:
        """The model as an IR program."""
        return decode(self.model, vocab)

    def predictor(self, vocab: Vocab) -> Callable[[Sequence], list]:
        """The model, from words that the vocabulary has to outputs."""
        del vocab
        return self.model.predict

    def files(self, vocab: Vocab) -> dict[str, str | bytes]:
        """Model files by name."""
        config, arrays = to_arrays(self.model)
        described = {"family": FAMILY, "learner": self.learner, "config": config, "vocabulary": vocab.to_json()}
        return {folder.MODEL: folder.dump(described), folder.WEIGHTS: save(arrays)}


def to_arrays(model: TextModel) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
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
    whole = {name: np.ascontiguousarray(a, bool if a.dtype == bool else np.int64) for name, a in arrays.items()}
    return {"variables": rows}, whole


def from_arrays(config: Mapping[str, Any], arrays: Mapping[str, np.ndarray], vocab: Vocab, where: str) -> TextModel:
    """The model that `to_arrays` described.

    Raises:
        PellucidError: naming `where`, for anything that is not such a description.
    """
    try:
        variables = tuple(_variable(row, number, arrays) for number, row in enumerate(config["variables"], 1))
        names = [name for name in arrays if name.startswith("weights.")]
        weights = {int(name.partition(".")[2]): arrays[name] for name in names}
        pooled = vocab.kind == "classification"
        return TextModel(vocab.tokens, vocab.labels, pooled, variables, weights, arrays["bias"], arrays.get("counts"))
    except (KeyError, TypeError, ValueError) as error:
        raise PellucidError(f"{where}: not the description of a text model: {error!r}") from None


def _variable(row: Mapping[str, Any], number: int, arrays: Mapping[str, np.ndarray]) -> Variable:
    kind = KINDS[row["variable"]]
    fields = {}
    for field in dataclasses.fields(kind):
        value = row[field.name] if field.name in row else arrays[f"{number}.{field.name}"]
        fields[field.name] = tuple(value) if isinstance(value, list) else value
    return kind(**fields)


def predictor_from_folder(place: Path, model: Mapping[str, Any], vocab: Vocab) -> Callable[[Sequence], list]:
    """The text model of a learned folder."""
    try:
        arrays = load(folder.read_bytes(place, folder.WEIGHTS))
    except SafetensorError as error:
        raise PellucidError(f"{place / folder.WEIGHTS}: cannot be read: {error}") from None
    return from_arrays(model["config"], arrays, vocab, str(place / folder.MODEL)).predict
