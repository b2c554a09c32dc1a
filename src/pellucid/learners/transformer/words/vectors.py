"""Word vectors in GloVe text format: `word v1 v2 ...` a line."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator, Sequence

import numpy as np

from pellucid.data.files import StrPath
from pellucid.errors import PellucidError
from pellucid.language.types import Plain
from pellucid.values import show


def read_vectors(path: StrPath, words: Sequence[Plain]) -> np.ndarray:
    """Vectors of the words, float32 [words, dimensions]; rows of NaN for words that the file does not have.

    Args:
        path: a text file, or one compressed with gzip (`.gz`). A first line `count dimensions` is passed over.
        words: the words wanted; one that is not there as it is written is looked for in lower case.

    Raises:
        PellucidError: naming file and line, what came and what was expected; none of the words is in the file.
    """
    wanted = {str(word) for word in words} | {str(word).lower() for word in words}
    found: dict[str, np.ndarray] = {}
    size = 0
    for number, line in enumerate(_lines(path), 1):
        word, *values = line.rstrip("\n").split(" ")
        if number == 1 and len(values) == 1:
            continue
        size = size or len(values)
        if len(values) != size or not size:
            got = f"{len(values)} numbers after {show(word)}"
            raise PellucidError(f"{path}:{number}: {got}; expected {size or 'a word and its vector'}")
        if word in wanted:
            found[word] = _numbers(values, path, number)
    if not found:
        raise PellucidError(f"{path}: has a vector for none of the {len(words):,} words of the data")
    rows = np.full((len(words), size), np.nan, np.float32)
    for i, word in enumerate(map(str, words)):
        if word in found or word.lower() in found:
            rows[i] = found[word] if word in found else found[word.lower()]
    return rows


def _numbers(values: list[str], path: StrPath, number: int) -> np.ndarray:
    try:
        row = np.array(values, np.float32)
    except ValueError:
        raise PellucidError(f"{path}:{number}: not all of {show(' '.join(values))} are numbers") from None
    if not np.isfinite(row).all():
        raise PellucidError(f"{path}:{number}: a vector with a number that is not finite")
    return row


def _lines(path: StrPath) -> Iterator[str]:
    opened = gzip.open if os.fspath(path).endswith(".gz") else open
    try:
        with opened(path, "rt", encoding="utf-8") as file:
            yield from file
    except FileNotFoundError:
        raise PellucidError(f"{path}: no such file") from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise PellucidError(f"{path}: cannot be read as word vectors: {error}") from None
