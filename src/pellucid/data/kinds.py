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

from pellucid.data.examples import Side
from pellucid.errors import PellucidError
from pellucid.language.types import Number, Plain, Type, Value
from pellucid.values import as_token, describe, is_integer, show

MOST_SYMBOLS = 64  # different integers, written as `01` or `+1`, up to which they are taken for symbols
LONGEST_INTEGER = 400  # digits
Numbers = Mapping[str, Number | None]

_NUMBER = re.compile(r"([+-]?\d+)|[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)


def number(text: str) -> Number | None:
    """The number a text says, be it NaN or infinity; None where it says none, or has more than 400 digits."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return float(text) if _NOT_FINITE.fullmatch(text) else None
    if match[1] is None:
        return float(text)
    return int(text) if len(text) <= LONGEST_INTEGER else None


def holds_numbers(cells: Sequence[str], numbers: Numbers, strict: bool) -> bool:
    """Whether a column is meant as numbers, so that what is none is a misprint.

    Args:
        cells: the texts in it.
        numbers: of each of them.
        strict: it holds numbers or symbols, not both; else `1 2 x` are symbols.
    """
    if all(map(is_integer, numbers)):
        return True
    kinds = set(map(type, numbers.values()))
    if kinds == {int} and not strict:
        return len(numbers) > MOST_SYMBOLS
    if float not in kinds and not strict:
        return False
    return type(None) not in kinds or 2 * sum(numbers[cell] is not None for cell in cells) >= len(cells)


def _is_value(value: Value) -> bool:
    return value is not None and (not isinstance(value, float) or math.isfinite(value))


def misprint(cell: str, numbers: bool) -> str:
    """What is wrong with a text that stands for no value, where numbers are expected or anything."""
    value = number(cell)
    if not cell:
        return f"is empty; expected a {'number' if numbers else 'value'}"
    if value is not None:
        return f"{float(value)} is not finite; expected numbers without NaN or infinity"
    if len(cell) > LONGEST_INTEGER and cell.strip("+-").isdecimal():
        return f"{cell[:20]}... has {len(cell)} digits; expected at most {LONGEST_INTEGER}"
    return f"{show(cell)} is text; expected a number"


EXACT_FLOAT = 2**53  # whole numbers up to here are told apart by float64
Flat = list[Any]


@dataclass(frozen=True)
class Source:
    """One column of one side of one file; nothing: None is a value of it; words: it holds words, not numbers."""

    side: Side
    column: int
    nothing: bool = False
    words: bool = False

    @property
    def is_text(self) -> bool:
        """Whether its values are text of a table, still to be read."""
        return self.side.written != "values"

    def read(self, flat: Flat, numbers: Numbers | None, known: Mapping[str, Plain]) -> Flat:
        """The values of text of a table.

        Args:
            flat: the texts.
            numbers: what each of them says; None where they are symbols.
            known: values of other files by how they are written.
        """
        found: dict[str, Value] = dict(numbers if numbers is not None else {cell: cell or None for cell in set(flat)})
        found |= {cell: known[cell] for cell in known.keys() & found.keys()}
        none = {cell for cell, value in found.items() if not _is_value(value)}
        if none:
            cell = next(cell for cell in flat if cell in none)
            raise self.refuse(flat, cell, misprint(cell, numbers is not None))
        return [found[cell] for cell in flat]

    def values(self) -> Flat:
        """The values of the column, checked where they are not text that is still to be read."""
        flat = self.side.flat(self.column)
        kinds = set(map(type, flat))
        if not kinds <= ({str, int, type(None)} if self.nothing else {str, int}):
            flat = [self._value(value, i) for i, value in enumerate(flat)]
        return flat

    def refuse(self, flat: Flat, value: Any, problem: str) -> PellucidError:
        """An error about a value, at the first place where it stands."""
        index = next(i for i, v in enumerate(flat) if v is value or (type(v) is type(value) and v == value))
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
    typed = [v for s, flat in zip(sources, flats, strict=True) if not s.is_text for v in flat]
    known = _known(typed, like)
    real = float in set(map(type, typed)) or (like is not None and like.is_number and not like.is_whole)
    cells = [cell for s, flat in zip(sources, flats, strict=True) if s.is_text for cell in flat]
    numbers = {cell: number(cell) for cell in set(cells)}
    strict = any(s.side.written == "numbers" for s in sources)
    said = numbers if cells and (real or holds_numbers(cells, numbers, strict)) else None
    flats = [
        s.read(flat, said, known) if s.is_text else _like(flat, like, known)
        for s, flat in zip(sources, flats, strict=True)
    ]
    return _one_kind(sources, flats, like)


def _known(typed: Flat, like: Type | None) -> dict[str, Plain]:
    """Values by how they are written."""
    values = [v for v in set(typed) if isinstance(v, (str, int))]
    listed = like.values if like is not None else None
    return {str(v): v for v in (*values, *(listed or ()))}


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
    _refuse_mixture(sources, flats)
    if not real and all(is_whole(v) for flat in flats for v in flat):
        return [[v if v is None else int(v) for v in flat] for flat in flats]
    return [_reals(source, flat) for source, flat in zip(sources, flats, strict=True)]


def _refuse_mixture(sources: Sequence[Source], flats: Sequence[Flat]) -> None:
    """Refuse texts among numbers, or floats among texts, whichever are fewer."""
    texts = sum(isinstance(v, str) for flat in flats for v in flat)
    if not texts:
        return
    few, expected = (float, "a text or an integer") if 2 * texts > sum(map(len, flats)) else (str, "a number")
    for source, flat in zip(sources, flats, strict=True):
        value = next((v for v in flat if isinstance(v, few)), None)
        if value is not None:
            kind = "is text" if few is str else "is a float"
            raise source.refuse(flat, value, f"{show(value)} {kind}; expected {expected}, as elsewhere in the column")


def is_whole(value: Any) -> bool:
    """Whether a number, or nothing, is whole: an int, or a float that stands for one int alone."""
    return not isinstance(value, float) or (value.is_integer() and abs(value) <= EXACT_FLOAT)


def _reals(source: Source, flat: Flat) -> Flat:
    if set(map(type, flat)) == {float}:
        return flat
    large = next((v for v in flat if isinstance(v, int) and not _is_exact(v)), None)
    if large is not None:
        problem = "cannot be told from its neighbours beside numbers with a fraction; expected up to 2**53"
        raise source.refuse(flat, large, f"{show(large, 40)} {problem}")
    return [v if v is None else float(v) for v in flat]


def _is_exact(value: int) -> bool:
    """Whether a float says the same number."""
    return abs(value) <= EXACT_FLOAT or (abs(value) < 2**1023 and int(float(value)) == value)
