"""Data files of the user's own: one file, or train, valid and test files with what is missing split off."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pellucid.data.dataset import SHARES, Dataset, Splits, partition
from pellucid.data.files import StrPath, read_text
from pellucid.data.jsonl import parse_jsonl
from pellucid.data.jsonl import write_jsonl as write_jsonl
from pellucid.data.table import parse_table
from pellucid.data.tokens import KINDS, Kind, Token
from pellucid.errors import PellucidError
from pellucid.values import show

_TABLES = {".csv": ",", ".tsv": "\t"}
SUFFIXES = (".jsonl", *_TABLES)


def read_file(path: StrPath, kind: Kind | None = None) -> Dataset:
    """The data set in a .jsonl, .csv or .tsv file.

    Args:
        path: the file; its suffix says what it is.
        kind: "tagging" or "classification"; found out from the outputs where not given.

    Raises:
        PellucidError: naming file, line, what came and what was expected.
    """
    if kind is not None and kind not in KINDS:
        raise PellucidError(f"kind is {show(kind)}; expected {' or '.join(KINDS)}")
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES and os.path.exists(path) and not os.path.isdir(path):
        raise PellucidError(f"{path}: unknown kind of file; known are {', '.join(SUFFIXES)}")
    text = read_text(path)
    data = parse_jsonl(path, text, kind) if suffix == ".jsonl" else parse_table(path, text, _TABLES[suffix], kind)
    if not data.labels():
        raise PellucidError(f"{path}: every output is null; expected at least one label")
    return data


def load_splits(
    train: StrPath, valid: StrPath | None = None, test: StrPath | None = None, seed: int = 0, kind: Kind | None = None
) -> Splits:
    """Train, valid and test from files; what has no file is split off from the train file.

    Args:
        train, valid, test: .jsonl, .csv or .tsv files, all of one kind.
        seed: of the division; equal inputs stay in one part, so that test is honest.
        kind: as for `read_file`; where not given, that of the train file.

    Raises:
        PellucidError: as `read_file`; files of different kinds; too few examples to divide.
    """
    paths = {"train": train, "valid": valid, "test": test}
    parts: dict[str, Dataset] = {}
    for name, path in paths.items():
        if path is not None:
            parts[name] = read_file(path, kind if name == "train" else _expected(path, kind, parts["train"]))
            if parts[name].kind != parts["train"].kind:
                raise PellucidError(
                    f"{path}: holds {parts[name].kind}, {train} {parts['train'].kind}; all files must be of one kind"
                )
    parts = _same_types(parts, [name for name in parts if Path(str(paths[name])).suffix.lower() in _TABLES])
    shares = {name: share for name, share in SHARES.items() if name == "train" or name not in parts}
    if len(shares) > 1:
        try:
            parts |= partition(parts["train"], shares, seed)
        except PellucidError as error:
            raise PellucidError(f"{train}: {error}") from None
    return Splits(**parts)


def _expected(path: StrPath, kind: Kind | None, train: Dataset) -> Kind | None:
    """Tables may leave the kind open, so they are read as the train file was; JSONL says it itself."""
    return train.kind if kind is None and Path(path).suffix.lower() in _TABLES else kind


def _same_types(parts: dict[str, Dataset], tables: Sequence[str]) -> dict[str, Dataset]:
    """Let 1 in one table and "1" in another be the same symbol, and the one JSONL files use where there are any."""
    out = dict(parts)
    for select, replace in ((_input_symbols, _with_inputs), (_output_symbols, _with_outputs)):
        fixed = {str(t): t for name, data in parts.items() if name not in tables for t in select(data)}
        as_text = any(isinstance(t, str) for name in tables for t in select(parts[name]))
        for name in tables:
            out[name] = replace(out[name], partial(_translate, fixed, as_text))
    return out


def _translate(fixed: dict[str, Token], as_text: bool, token: Token) -> Token:
    return fixed.get(str(token), str(token) if as_text else token)


def _input_symbols(data: Dataset) -> set[Token]:
    return {t for sequence in data.inputs for t in sequence}


def _output_symbols(data: Dataset) -> set[Token]:
    return data.labels()


def _with_inputs(data: Dataset, change: Callable[[Token], Token]) -> Dataset:
    return Dataset(tuple(tuple(map(change, sequence)) for sequence in data.inputs), data.outputs, data.kind)


def _with_outputs(data: Dataset, change: Callable[[Token], Token]) -> Dataset:
    outputs: tuple[Any, ...]
    if data.kind == "classification":
        outputs = tuple(map(change, data.outputs))
    else:
        outputs = tuple(tuple(map(change, output)) for output in data.outputs)
    return Dataset(data.inputs, outputs, data.kind)
