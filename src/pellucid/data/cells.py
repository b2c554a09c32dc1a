"""Text of tables as values: whether it is meant as numbers, and which."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence

from pellucid.errors import PellucidError
from pellucid.language.types import Number, Plain, Value
from pellucid.values import is_integer, show

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


def numbers_in(cells: Iterable[str]) -> Numbers:
    """The number that each of the different texts says."""
    return {cell: number(cell) for cell in set(cells)}


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


def values_of(cells: Sequence[str], numbers: Numbers | None, known: Mapping[str, Plain]) -> dict[str, Value]:
    """What each of the texts stands for.

    Args:
        cells: texts.
        numbers: of each of them; None where they are symbols.
        known: values of other files by how they are written.

    Raises:
        MisprintError: one is no number, or empty.
    """
    found: dict[str, Value] = dict(numbers if numbers is not None else {cell: cell or None for cell in set(cells)})
    found.update({cell: known[cell] for cell in known.keys() & found.keys()})
    if not all(map(_is_value, found.values())):
        raise MisprintError(next(cell for cell in cells if not _is_value(found[cell])), numbers is not None)
    return found


def _is_value(value: Value) -> bool:
    return value is not None and (not isinstance(value, float) or math.isfinite(value))


class MisprintError(PellucidError):
    """A text that stands for no value."""

    def __init__(self, cell: str, numbers: bool) -> None:
        self.cell = cell
        value = number(cell)
        if not cell:
            problem = f"is empty; expected a {'number' if numbers else 'value'}"
        elif value is not None:
            problem = f"{float(value)} is not finite; expected numbers without NaN or infinity"
        elif len(cell) > LONGEST_INTEGER and cell.strip("+-").isdecimal():
            problem = f"{cell[:20]}... has {len(cell)} digits; expected at most {LONGEST_INTEGER}"
        else:
            problem = f"{show(cell)} is text; expected a number"
        super().__init__(problem)
