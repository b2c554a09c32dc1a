"""Arrays by name: of nested parameters, of files (safetensors, no pickle); and what a run depends on as one number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from pellucid.errors import PellucidError
from pellucid.learners.transformer.training import Training


def under(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def fingerprint(settings: Training, others: Any, *arrays: np.ndarray) -> str:
    """SHA-256 of all that decides the outcome of a fit; the budget only cuts it short."""
    digest = hashlib.sha256(json.dumps([{**asdict(settings), "budget": 0}, others], default=str).encode())
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def flat_params(tree: Any, prefix: str = "") -> dict[str, np.ndarray]:
    """Nested dictionaries and lists of arrays as one dictionary with dotted names."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list | tuple) else None
    if items is None:
        return {prefix: np.asarray(tree)}
    found: dict[str, np.ndarray] = {}
    for name, sub in items:
        found |= flat_params(sub, f"{prefix}.{name}" if prefix else str(name))
    return found


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Arrays of a safetensors file by name; raises `PellucidError` naming a file that is missing or damaged."""
    try:
        return load_file(path)
    except FileNotFoundError:
        raise PellucidError(f"{path}: no such file") from None
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise PellucidError(f"{path}: not a readable safetensors file ({error})") from None
