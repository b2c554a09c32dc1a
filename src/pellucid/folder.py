"""The folder `learn` writes: all of its files or nothing, and reading them back."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from pellucid.data.schema import Schema
from pellucid.errors import PellucidError
from pellucid.language.json import decoded

PROGRAM, IR, MODEL, WEIGHTS = "program.py", "program.json", "model.json", "model.safetensors"
REPORT, HISTORY, FRONT = "report.json", "history.json", "front.json"


def check_free(out: Path) -> None:
    """Raise `PellucidError` unless `out` is absent or an empty folder, in a place that can be written."""
    if out.exists() and not out.is_dir():
        raise PellucidError(f"--out {out}: is a file; expected a folder that does not exist yet")
    if out.is_dir() and any(out.iterdir()):
        raise PellucidError(f"--out {out}: exists and is not empty; choose another folder or remove it")
    parent = next(p for p in out.absolute().parents if p.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise PellucidError(f"--out {out}: cannot be written")


def checkpoint_of(out: Path, fresh: bool = False) -> Path:
    """Folder where the state of learners that will write `out` is kept until it has; `fresh`: empty."""
    place = out.absolute()
    place = place.with_name(f".{place.name}.checkpoint")
    if fresh:
        shutil.rmtree(place, ignore_errors=True)
    return place


def forget_checkpoint(out: Path) -> None:
    """Drop the state of learners; `out` is written."""
    shutil.rmtree(checkpoint_of(out), ignore_errors=True)


def write(out: Path, files: Mapping[str, str | bytes]) -> None:
    """Write a new folder in one step: it is there complete, or not at all."""
    check_free(out)
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.absolute().parent))
    except OSError as error:
        raise PellucidError(f"--out {out}: cannot be written: {error.strerror or error}") from None
    try:
        for name, content in files.items():
            (draft / name).write_bytes(content.encode() if isinstance(content, str) else content)
        draft.chmod(0o755)
        os.replace(draft, out.absolute())
    except OSError as error:
        raise PellucidError(f"--out {out}: cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def read_bytes(folder: Path, name: str) -> bytes:
    """One file of a learned folder."""
    if not folder.is_dir():
        raise PellucidError(f"{folder}: no such folder; expected one written by `pellucid learn`")
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError:
        raise PellucidError(f"{folder / name}: no such file; expected a folder written by `pellucid learn`") from None
    except OSError as error:
        raise PellucidError(f"{folder / name}: cannot be read: {error.strerror or error}") from None


def read(folder: Path, name: str) -> str:
    """One text file of a learned folder."""
    try:
        return read_bytes(folder, name).decode("utf-8")
    except UnicodeDecodeError:
        raise PellucidError(f"{folder / name}: is not UTF-8 text") from None


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """One JSON object of a learned folder."""
    text = read(folder, name)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PellucidError(f"{folder / name}: not JSON: {error}") from None
    if not isinstance(data, dict):
        raise PellucidError(f"{folder / name}: expected a JSON object")
    return data


def read_arrays(folder: Path) -> dict[str, np.ndarray]:
    """The arrays of a learned folder's model."""
    try:
        return load(read_bytes(folder, WEIGHTS))
    except (SafetensorError, ValueError) as error:
        raise PellucidError(f"{folder / WEIGHTS}: cannot be read: {error}") from None


def schema_of_json(model: Mapping[str, Any], where: str) -> Schema:
    """The columns in the description of a model without a program.

    Raises:
        PellucidError: naming `where`, for anything else.
    """
    try:
        return decoded(model.get("schema"), Schema, "schema")
    except ValueError as error:
        raise PellucidError(f"{where}: {error}") from None


def digest(content: str | bytes) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def dump_rows(data: dict[str, Any], rows: str) -> str:
    """JSON text of an object with the items of its list `rows` a line each, so that long ones stay small."""
    head = {key: value for key, value in data.items() if key != rows}
    lines = ",\n".join("  " + json.dumps(row) for row in data[rows])
    first = "".join(f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in head.items())
    return f"{{\n{first} {json.dumps(rows)}: [\n{lines}\n ]\n}}\n"


def dump(data: Any) -> str:
    """JSON text of a report: indented, one newline at the end."""
    return json.dumps(data, indent=1) + "\n"


def as_json(value: Any) -> Any:
    """The value as JSON has it: NumPy numbers as Python's, no infinities."""
    if isinstance(value, Mapping):
        return {str(k): as_json(v) for k, v in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(map(as_json, value))
    if isinstance(value, list | tuple):
        return [as_json(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)
