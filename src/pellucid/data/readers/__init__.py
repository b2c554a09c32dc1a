"""Data files: which formats there are, and the one way to read them.

To add a format, write a file of this folder and enter it in `FORMATS`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pellucid.data.data import Data, typed
from pellucid.data.examples import Examples, check_same
from pellucid.data.files import StrPath
from pellucid.data.readers.base import File, Format, Options
from pellucid.data.readers.conll import CONLL
from pellucid.data.readers.delimited import DELIMITED, LABELLED
from pellucid.data.readers.jsonl import JSONL
from pellucid.data.schema import Schema
from pellucid.data.split import FEW, SHARES, Splits, partition
from pellucid.errors import PellucidError

FORMATS: tuple[Format, ...] = (CONLL, JSONL, LABELLED, DELIMITED)  # the first that fits is it
SUFFIXES = tuple(dict.fromkeys(suffix for found in FORMATS for suffix in found.suffixes))


@dataclass(frozen=True)
class Read:
    """What is in a file, and what a reader of the results should know of how it was read."""

    data: Data
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReadSplits:
    """What is in several files: data divided three ways, further data by file name, notes.

    divided: the validation data was split off the training data here.
    """

    splits: Splits
    longer: Mapping[str, Data] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    divided: bool = False


def read(path: StrPath, options: Options | None = None, like: Schema | None = None) -> Read:
    """The data in a file.

    Args:
        path: the file; its suffix or its first lines say what format it is in.
        options: what the file does not say itself.
        like: schema of the data a program was learned from; the file is read as that was.

    Raises:
        PellucidError: naming file, line, what came and what was expected.
    """
    options = options or Options()
    if like is not None:
        words = None if like.words is None else like.words.words
        options = replace(options, words=options.words or words, when=like.when)
    found = _parsed(path, options)
    if like is not None:
        check_same(f"{path}: ", found.shape, like.shape)
    return Read(_typed({"data": found}, {"data": path}, like)["data"], found.notes)


def read_splits(
    train: StrPath,
    valid: StrPath | None = None,
    test: StrPath | None = None,
    longer: StrPath | None = None,
    options: Options | None = None,
    seed: int = 0,
) -> ReadSplits:
    """Train, valid and test data from files; what has no file is split off from the train file.

    Args:
        train, valid, test: files with the same columns, of any formats.
        longer: a file with longer inputs.
        options: what the files do not say themselves.
        seed: of the division; equal inputs stay in one part, so that test is honest.

    Raises:
        PellucidError: as `read`; files of different columns; too few examples to divide.
    """
    first = _parsed(train, options or Options())
    as_first = (options or Options()).like(first)
    paths = {"valid": valid, "test": test}
    examples = {"train": first} | {name: _parsed(path, as_first) for name, path in paths.items() if path is not None}
    for name, found in examples.items():
        check_same(f"{paths.get(name)}: ", found.shape, first.shape)
    parts = _typed(examples, {**paths, "train": train})
    shares = {name: share for name, share in SHARES.items() if name == "train" or name not in parts}
    if len(shares) > 1:
        try:
            parts |= partition(parts["train"], shares, seed)
        except PellucidError as error:
            raise PellucidError(f"{train}: {error}") from None
    splits = Splits(**parts, few=valid is None and len(first.inputs.rows) < FEW)
    beyond = {} if longer is None else {os.path.basename(longer): read(longer, options, splits.schema).data}
    return ReadSplits(splits, beyond, first.notes, valid is None)


def _parsed(path: StrPath, options: Options) -> Examples:
    file = File.of(path)
    found = next((f for f in FORMATS if f.fits(file)), None)
    if found is None:
        known = ", ".join(SUFFIXES)
        raise PellucidError(f"{path}: neither CoNLL columns nor a known kind of file; known are {known}")
    return found.parse(file, options)


def _typed(
    examples: Mapping[str, Examples], paths: Mapping[str, StrPath | None], like: Schema | None = None
) -> dict[str, Data]:
    try:
        return typed(examples, like)
    except PellucidError as error:
        named = any(str(error).startswith(str(path)) for path in paths.values())
        raise error if named else PellucidError(f"{next(filter(None, paths.values()))}: {error}") from None
