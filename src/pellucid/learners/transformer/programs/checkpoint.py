"""Parameters and hardened programs as safetensors files (no pickle), with a JSON-able description."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from pellucid.errors import PellucidError
from pellucid.learners.transformer.programs.config import ProgramsConfig
from pellucid.learners.transformer.programs.hardened import Hardened, HardLayer

_LAYER_NAMES = tuple(HardLayer.__dataclass_fields__)


def save(path: Path, params: dict[str, np.ndarray], hardened: Hardened) -> None:
    """Write soft parameters (flat names) and the hardened program to one file."""
    save_file(arrays_of(params, hardened), path)


def arrays_of(params: dict[str, np.ndarray], hardened: Hardened) -> dict[str, np.ndarray]:
    """All arrays of the file by name: `soft.` trained parameters, `hard.` the hardened program."""
    arrays = {f"soft.{name}": array for name, array in params.items()}
    arrays |= {f"hard.{name}": array for name, array in hardened_arrays(hardened).items()}
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def load(path: Path, config: ProgramsConfig) -> tuple[dict[str, np.ndarray], Hardened]:
    """Read what `save` wrote. Raises PellucidError naming the file if it is missing, damaged or of another shape."""
    try:
        arrays = load_file(path)
    except FileNotFoundError:
        raise PellucidError(f"{path}: no such file") from None
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise PellucidError(f"{path}: not a readable safetensors file ({error})") from None
    try:
        return under("soft.", arrays), hardened_from(under("hard.", arrays), config)
    except KeyError as error:
        raise PellucidError(f"{path}: the array hard.{error.args[0]} is missing") from None


def under(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def hardened_arrays(hardened: Hardened) -> dict[str, np.ndarray]:
    """All arrays of a hardened program by name."""
    arrays = {name: getattr(hardened, name) for name in ("embedding", "readout_cat", "readout_num", "bias")}
    for i, layer in enumerate(hardened.layers):
        arrays |= {f"layers.{i}.{name}": getattr(layer, name) for name in _LAYER_NAMES}
    return arrays


def hardened_from(arrays: dict[str, np.ndarray], c: ProgramsConfig) -> Hardened:
    """A hardened program from its arrays by name."""
    layers = tuple(HardLayer(*(arrays[f"layers.{i}.{name}"] for name in _LAYER_NAMES)) for i in range(c.layers))
    rest = [arrays[name] for name in ("readout_cat", "readout_num", "bias")]
    return Hardened(c.k, c.kind, c.causal, c.n_tokens, arrays["embedding"], layers, *rest)


def config_to_json(config: ProgramsConfig) -> dict[str, Any]:
    """A JSON-able description from which `config_from_json` rebuilds the configuration."""
    return asdict(config)


def config_from_json(data: Any) -> ProgramsConfig:
    """Rebuild a configuration; raises PellucidError if a key is unknown or missing."""
    if not isinstance(data, dict):
        raise PellucidError(f"the model description must be a JSON object, got {type(data).__name__}")
    unknown = set(data) - set(ProgramsConfig.__dataclass_fields__)
    if unknown:
        raise PellucidError(f"unknown key in the model description: {sorted(unknown)[0]!r}")
    try:
        return ProgramsConfig(**data)
    except TypeError as error:
        raise PellucidError(f"incomplete model description: {error}") from None


def flat_params(tree: Any, prefix: str = "") -> dict[str, np.ndarray]:
    """Nested dictionaries and lists of arrays as one dictionary with dotted names."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, (list, tuple)) else None
    if items is None:
        return {prefix: np.asarray(tree)}
    out: dict[str, np.ndarray] = {}
    for name, sub in items:
        out |= flat_params(sub, f"{prefix}.{name}" if prefix else str(name))
    return out
