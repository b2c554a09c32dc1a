"""A trained Transformer Program as arrays and JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from pellucid.errors import PellucidError
from pellucid.learners.transformer.programs.config import ProgramsConfig
from pellucid.learners.transformer.programs.hardened import Hardened, Module, ModuleKind


@dataclass(frozen=True)
class FittedPrograms:
    """A trained Transformer Program: hardened, and the soft parameters of its seed (flat names); times in seconds."""

    config: ProgramsConfig
    hardened: Hardened
    params: dict[str, np.ndarray]
    seconds: dict[str, float]
    history: dict[str, Any]

    @property
    def summary(self) -> dict[str, Any]:
        """What the report says of the training."""
        told = {name: self.history[name] for name in ("best_seed", "stopped")}
        return {**told, "seeds_tried": len(self.history["seeds"])}


def arrays_of(params: Mapping[str, np.ndarray], h: Hardened) -> dict[str, np.ndarray]:
    """All arrays by name: `soft.` trained parameters, `hard.` the hardened program."""
    arrays = {f"soft.{name}": array for name, array in params.items()}
    arrays |= {"hard.embedding": h.embedding, "hard.bias": h.bias}
    arrays |= {f"hard.readout.{i}": weights for i, weights in enumerate(h.readout)}
    for i, m in enumerate(h.modules):
        arrays |= {f"hard.{m.kind}.{i}.{name}": array for name, array in (("reads", m.place), ("table", m.table))}
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def hardened_from(arrays: Mapping[str, np.ndarray], c: ProgramsConfig) -> Hardened:
    """A hardened program from its arrays by name, without `hard.`."""
    modules = {}
    for name in arrays:
        kind, _, rest = name.partition(".")
        if rest.endswith(".reads"):
            layer, out, *reads = arrays[name].tolist()
            number = rest.removesuffix(".reads")
            modules[int(number)] = Module(
                cast(ModuleKind, kind), layer, out, tuple(reads), arrays[f"{kind}.{number}.table"]
            )
    n_cat, n_num = c.n_cat(c.layers), c.n_num(c.layers)
    if len(modules) != c.modules:
        raise KeyError(f"{c.modules} modules, of which {len(modules)} are there")
    readout = tuple(arrays[f"readout.{i}"] for i in range(n_cat + n_num))
    made = tuple(modules[i] for i in range(c.modules))
    return Hardened(c.k, c.kind, c.causal, c.n_tokens, n_cat, arrays["embedding"], made, readout, arrays["bias"])


def config_from_json(data: Any) -> ProgramsConfig:
    """Rebuild a configuration; raises `PellucidError` if a key is unknown or missing."""
    if not isinstance(data, dict):
        raise PellucidError(f"the model description must be a JSON object, got {type(data).__name__}")
    unknown = set(data) - set(ProgramsConfig.__dataclass_fields__)
    if unknown:
        raise PellucidError(f"unknown key in the model description: {sorted(unknown)[0]!r}")
    try:
        return ProgramsConfig(**data)
    except TypeError as error:
        raise PellucidError(f"incomplete model description: {error}") from None
