"""Models that programs were read off, and states of learners: as JSON and arrays by name, in a file, and back."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from pellucid.errors import PellucidError

M = TypeVar("M")
Arrays = dict[str, np.ndarray]


def packed(value: object) -> tuple[Any, Arrays]:
    """A value as JSON, and its arrays by where they stand in it.

    Args:
        value: dataclasses, tuples, sets, mappings, arrays, and what JSON holds, in any mixture.
    """
    arrays: Arrays = {}
    return _packed(value, "", arrays), arrays


def _packed(value: Any, place: str, arrays: Arrays) -> Any:
    def part(name: object, inner: object) -> Any:
        return _packed(inner, f"{place}.{name}".lstrip("."), arrays)

    match value:
        case np.ndarray():
            arrays[place] = np.ascontiguousarray(value)
            return {"array": place}
        case frozenset():
            return {"set": sorted(value)}
        case dict():
            return {"map": [[key, part(key, inner)] for key, inner in value.items()]}
        case tuple() | list():
            return [part(i, inner) for i, inner in enumerate(value)]
    if not dataclasses.is_dataclass(value):
        return value
    names = [field.name for field in dataclasses.fields(value)]
    return {"is": type(value).__name__, **{name: part(name, getattr(value, name)) for name in names}}


def unpacked(data: Any, arrays: Mapping[str, np.ndarray], classes: Mapping[str, type]) -> Any:
    """The value that `packed` packed; only of these classes. Lists come back as tuples."""
    match data:
        case list():
            return tuple(unpacked(v, arrays, classes) for v in data)
        case {"array": place}:
            return arrays[place]
        case {"set": members}:
            return frozenset(members)
        case {"map": pairs}:
            return {key: unpacked(v, arrays, classes) for key, v in pairs}
        case {"is": name, **fields}:
            return classes[name](**{key: unpacked(v, arrays, classes) for key, v in fields.items()})
    return data


def save(place: Path, told: Any, arrays: Mapping[str, np.ndarray]) -> None:
    """Write JSON and arrays as one safetensors file: complete, or not at all.

    Raises:
        PellucidError: it cannot be written.
    """
    draft = place.with_name(f"{place.name}.{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        save_file(dict(arrays), draft, {"state": json.dumps(told)})
        os.replace(draft, place)
    except OSError as error:
        raise PellucidError(f"{place}: cannot be written: {error.strerror or error}") from None


def saved(place: Path, read: Callable[[Any, Arrays], M]) -> M:
    """What `read` makes of the JSON and the arrays that `save` wrote.

    Raises:
        PellucidError: a file that is damaged.
    """
    try:
        with safe_open(place, framework="np") as file:
            told = json.loads(file.metadata()["state"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return read(told, arrays)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise PellucidError(f"{place}: not a readable checkpoint ({error}); remove it to start afresh") from None


def opened(
    data: Any, arrays: Mapping[str, np.ndarray], kind: type[M], parts: tuple[type, ...], where: str, what: str
) -> M:
    """A packed model of a kind, made of instances of `parts`.

    Raises:
        PellucidError: naming `where`, for anything that is not the description of `what`.
    """
    try:
        found = unpacked(data, arrays, {part.__name__: part for part in (kind, *parts)})
        if isinstance(found, kind):
            return found
        raise TypeError(f"expected {kind.__name__}, got {type(found).__name__}")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PellucidError(f"{where}: not the description of {what}: {error!r}") from None
