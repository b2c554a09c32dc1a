"""A searched model as JSON and arrays, and back: what `model.json`, `model.safetensors` and the workers exchange."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.learners.evolve.columns import Source
from pellucid.learners.evolve.engine import Base
from pellucid.learners.evolve.genes import Choose, Gene, Head, Member, Unit
from pellucid.learners.evolve.model import Cells, Model
from pellucid.learners.evolve.readouts import Alphabet, Copy, Switch

GENES: dict[str, type] = {cls.__name__: cls for cls in (Head, Unit, Member, Choose)}


def to_json(model: Model) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Configuration without the tables, and the tables as int64 arrays."""
    parts = (*model.stages, model.readout)
    arrays = {"symbols": model.alphabet.of_symbol}
    readout = []
    for i, part in enumerate(parts):
        if isinstance(part, Cells):
            arrays |= {f"table{i}.codes": part.codes, f"table{i}.outcomes": part.outcomes}
            readout.append({"form": "Cells", "variables": list(part.variables), "default": part.default})
        elif isinstance(part, Copy):
            readout.append({"form": "Copy", **dataclasses.asdict(part)})
        else:
            cases = [[value, dataclasses.asdict(c) if isinstance(c, Copy) else c] for value, c in part.cases]
            readout.append({"form": "Switch", "by": part.by, "cases": cases})
    numbers = [[number, code] for number, code in model.alphabet.of_number.items()]
    config = {
        "base": {"sources": [[i, s.of, s.column] for i, s in model.base.sources], "previous": model.base.previous},
        "symbols": model.symbols,
        "labels": {"count": model.alphabet.size, "numbers": numbers},
        "genes": [gene_json(gene) for gene in model.genes],
        "readout": readout,
        "initial": model.initial,
    }
    return config, {name: np.ascontiguousarray(array, np.int64) for name, array in arrays.items()}


def from_json(config: Mapping[str, Any], arrays: Mapping[str, np.ndarray], where: str) -> Model:
    """The model that `to_json` described.

    Raises:
        PellucidError: naming `where`, for anything that is not such a description.
    """
    try:
        labels = config["labels"]
        alphabet = Alphabet(arrays["symbols"], {int(n): int(c) for n, c in labels["numbers"]}, int(labels["count"]))
        genes = tuple(gene_of(item) for item in config["genes"])
        parts = tuple(_part(item, i, arrays) for i, item in enumerate(config["readout"]))
        sources = tuple((int(i), Source(of, str(column))) for i, of, column in config["base"]["sources"])
        base = Base(sources, bool(config["base"]["previous"]))
        stages = tuple(part for part in parts[:-1] if isinstance(part, Cells))
        return Model(base, alphabet, int(config["symbols"]), genes, stages, parts[-1], int(config["initial"]))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise PellucidError(f"{where}: not the description of a searched program: {error!r}") from None


def gene_json(gene: Gene) -> dict[str, Any]:
    """One gene as a JSON object."""
    fields = {f.name: getattr(gene, f.name) for f in dataclasses.fields(gene)}
    return {"gene": type(gene).__name__, **{k: sorted(v) if isinstance(v, frozenset) else v for k, v in fields.items()}}


def gene_of(item: Mapping[str, Any]) -> Gene:
    """The gene that `gene_json` described."""
    fields = {key: frozenset(v) if key == "among" else v for key, v in item.items() if key != "gene"}
    return GENES[item["gene"]](**fields)


def _part(item: Mapping[str, Any], index: int, arrays: Mapping[str, np.ndarray]) -> Cells | Copy | Switch:
    rest = {key: value for key, value in item.items() if key != "form"}
    if item["form"] == "Copy":
        return Copy(**rest)
    if item["form"] == "Switch":
        return Switch(rest["by"], tuple((v, Copy(**c) if isinstance(c, dict) else c) for v, c in rest["cases"]))
    codes, outcomes = arrays[f"table{index}.codes"], arrays[f"table{index}.outcomes"]
    return Cells(tuple(rest["variables"]), codes, outcomes, rest["default"])
