"""What a column holds: decided here, once, for all kinds of data and from all files of a run together.

| values | held as |
|---|---|
| ints; floats that are whole numbers up to 2**53 (`2.0`) | whole numbers |
| floats, some with a fraction | real numbers |
| texts, with ints among them or not | symbols |
| text of a table, all of it as Python prints ints (`-3`, no `+3` or `03`) | whole numbers |
| text of a table with numbers, some with a point or exponent, at least half of it | numbers; the rest are misprints |
| text of a table with one step a row, at least half of it numbers | numbers; the rest are misprints |
| text of a table, ints otherwise written, of more than 64 different values | numbers |
| any other text of a table | symbols |

A column of numbers holds real ones in all files where it does in one; text of a table that looks like a value
of a JSONL file, or of the training data, is that value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.examples import Side, Written
from pellucid.errors import PellucidError
from pellucid.language.types import Plain, Type, Value
from pellucid.values import as_token, describe, is_integer, show

MOST_SYMBOLS = 64  # different integers, written as `01` or `+1`, up to which they are taken for symbols
EXACT_FLOAT = 2**53  # whole numbers up to here are told apart by float64
LONGEST_INTEGER = 400  # digits
Flat = list[Any]

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """One column of one side of one file; nothing: None is a value of it; words: it holds words, not numbers."""

    side: Side
    column: int
    nothing: bool = False
    words: bool = False

    def values(self) -> Flat:
        """The values of the column, checked where they are not text that is still to be read."""
        flat = self.side.flat(self.column)
        kinds = set(map(type, flat))
        if not kinds <= ({str, int, type(None)} if self.nothing else {str, int}):
            flat = [self._value(value, i) for i, value in enumerate(flat)]
        return flat

    def refuse(self, flat: Flat, value: Any, problem: str) -> PellucidError:
        """An error about a value, at the first place where it stands."""
        index = next(i for i, v in enumerate(flat) if v is value or v == value)
        return PellucidError(f"{self.side.where(self.column, index)}{problem}")

    def _value(self, value: Any, index: int) -> Value:
        if value is None and self.nothing:
            return None
        try:
            return as_token(value) if self.words else as_value(value)
        except PellucidError as error:
            raise PellucidError(f"{self.side.where(self.column, index)}{error}") from None


def as_value(value: Any) -> str | int | float:
    """The value as a plain `str`, `int` or finite `float`.

    Raises:
        PellucidError: it is a boolean, None, a list, NaN, infinity or anything else.
    """
    if isinstance(value, (float, np.floating)):
        if not math.isfinite(value):
            raise PellucidError(f"{float(value)} is not finite; expected numbers without NaN or infinity")
        return float(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return int(value)
    raise PellucidError(f"{describe(value)}; expected a text or a number")


def settled(sources: Sequence[Source], like: Type | None = None) -> list[Flat]:
    """The values of one column in each of several files, text of tables read, all of one kind.

    Args:
        sources: the column in each file.
        like: type of the column in the training data, where these are not among it.

    Raises:
        PellucidError: a value that is none, or a text among numbers.
    """
    flats = [source.values() for source in sources]
    typed = {v for s, flat in zip(sources, flats, strict=True) if s.side.written == "values" for v in flat}
    known = _known(typed, like)
    real = any(isinstance(v, float) for v in typed) or (like is not None and like.is_number and not like.is_whole)
    cells: dict[Written, Flat] = {s.side.written: [] for s in sources if s.side.written != "values"}
    for source, flat in zip(sources, flats, strict=True):
        if source.side.written != "values":
            cells[source.side.written] += flat
    numbers = real or any(holds_numbers(found, written) for written, found in cells.items())
    flats = [
        _matched(s, flat, known, numbers) if s.side.written != "values" else _like(flat, like, known)
        for s, flat in zip(sources, flats, strict=True)
    ]
    return _one_kind(sources, flats, like)


def holds_numbers(cells: Sequence[str], written: Written) -> bool:
    """Whether text of a table is meant as numbers, so that what is none is a misprint."""
    distinct = {cell: is_number(cell) for cell in set(cells)}
    if all(is_integer(cell) for cell in distinct):
        return True
    if written != "numbers" and all(_WHOLE.fullmatch(cell) for cell in distinct):
        return len(distinct) > MOST_SYMBOLS
    if written != "numbers" and not any(n and not _WHOLE.fullmatch(cell) for cell, n in distinct.items()):
        return False
    return 2 * sum(map(distinct.__getitem__, cells)) >= len(cells)


def is_number(text: str) -> bool:
    """Whether the text is meant as a number, be it NaN or infinity."""
    return bool(_NUMBER.fullmatch(text) or _NOT_FINITE.fullmatch(text))


def parsed(text: str) -> int | float:
    """The number a text says.

    Raises:
        PellucidError: it says none, or one that is not finite, or has more than 400 digits.
    """
    if not text:
        raise PellucidError("is empty; expected a number")
    if _WHOLE.fullmatch(text):
        if len(text) > LONGEST_INTEGER:
            raise PellucidError(f"{text[:20]}... has {len(text)} digits; expected at most {LONGEST_INTEGER}")
        return int(text)
    if not is_number(text):
        raise PellucidError(f"{show(text)} is text; expected a number")
    value = as_value(float(text))
    assert not isinstance(value, str)
    return value


def _known(typed: set[Any], like: Type | None) -> dict[str, Plain]:
    """Values by how they are written."""
    values = [v for v in typed if isinstance(v, (str, int))]
    listed = like.values if like is not None else None
    return {str(v): v for v in (*values, *(listed or ()))}


def _matched(source: Source, flat: Flat, known: Mapping[str, Plain], numbers: bool) -> Flat:
    """Text of a table as values."""
    found: dict[str, Value] = {}
    for cell in dict.fromkeys(flat):
        try:
            found[cell] = known[cell] if cell in known else parsed(cell) if numbers else _symbol(cell)
        except PellucidError as error:
            raise source.refuse(flat, cell, str(error)) from None
    return [found[cell] for cell in flat]


def _symbol(cell: str) -> str:
    if not cell:
        raise PellucidError("is empty; expected a value")
    return cell


def _like(flat: Flat, like: Type | None, known: Mapping[str, Plain]) -> Flat:
    """Values as the training data has them, where 1 and "1" look alike."""
    if like is None or like.values is None:
        return flat
    table = {v: v if like.holds(v) else known.get(str(v), v) for v in set(flat)}
    return [table[v] for v in flat]


def _one_kind(sources: Sequence[Source], flats: list[Flat], like: Type | None) -> list[Flat]:
    """All numbers whole, or all real, where one is a float."""
    real = like is not None and like.is_number and not like.is_whole
    if not real and not any(float in set(map(type, flat)) for flat in flats):
        return flats
    for source, flat in zip(sources, flats, strict=True):
        text = next((v for v in flat if isinstance(v, str)), None)
        if text is not None:
            raise source.refuse(flat, text, f"{show(text)} is text; expected a number")
    if not real and all(is_whole(v) for flat in flats for v in flat):
        return [[v if v is None else int(v) for v in flat] for flat in flats]
    return [_reals(source, flat) for source, flat in zip(sources, flats, strict=True)]


def is_whole(value: Any) -> bool:
    """Whether a number, or nothing, is whole: an int, or a float that stands for one int alone."""
    return not isinstance(value, float) or (value.is_integer() and abs(value) <= EXACT_FLOAT)


def _reals(source: Source, flat: Flat) -> Flat:
    try:
        return [v if v is None else float(v) for v in flat]
    except OverflowError:
        large = next(v for v in flat if isinstance(v, int) and abs(v) > 2**1023)
        raise source.refuse(flat, large, f"{show(large, 40)} is too large for a real number") from None
