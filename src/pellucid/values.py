"""Values: how messages show and count them, how they are put in groups, which are sequences, which are symbols."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sized
from typing import TypeVar

import numpy as np

from pellucid.errors import PellucidError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_INTEGER = re.compile("0|-?[1-9][0-9]{0,17}")
_NAMES = {bool: "a boolean", float: "a float", type(None): "null (None)", dict: "an object", bytes: "bytes"}


def show(value: object, limit: int = 60) -> str:
    """`repr` of a value, on one line and cut to `limit` characters."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def listing(values: Iterable[object], limit: int = 20) -> str:
    """The first `limit` values, comma-separated."""
    shown = list(values)
    more = f", ... ({len(shown)} in all)" if len(shown) > limit else ""
    return ", ".join(show(v) for v in shown[:limit]) + more


def describe(value: object) -> str:
    """The value and what it is: `2.5 is a float`."""
    if is_sequence(value):
        return f"{show(value)} is a list"
    if isinstance(value, (np.bool_, np.floating)):
        value = value.item()
    return f"{show(value)} is {_NAMES.get(type(value), f'of type {type(value).__name__}')}"


def counted(many: int | Sized, noun: str) -> str:
    """How many there are, given the number or the things: `1 symbol`, `2,000 classes`."""
    size = many if isinstance(many, int) else len(many)
    return f"{size:,} {noun}{'' if size == 1 else 'es' if noun.endswith('s') else 's'}"


def grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    """The values of each key, all in the order they came."""
    groups: dict[K, list[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Increasing whole numbers as the first and the last of each run of neighbours."""
    ends = grouped((number - place, number) for place, number in enumerate(numbers))
    return [(run[0], run[-1]) for run in ends.values()]


def literal(value: object) -> str:
    """Python source of a string, number, None, or a tuple of such: double quotes, odd characters escaped."""
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if not isinstance(value, str):
        return repr(value)
    escaped = repr(value + '"')[1:-2]  # as between single quotes
    if value.count('"') > value.count("'"):
        return f"'{escaped}'"
    return '"' + escaped.replace("\\'", "'").replace('"', '\\"') + '"'


def is_sequence(value: object) -> bool:
    """True for lists, tuples, and one-dimensional arrays, tensors and columns; False for strings."""
    return isinstance(value, (list, tuple)) or (hasattr(value, "tolist") and getattr(value, "ndim", 0) > 0)


def is_integer(text: str) -> bool:
    """True for an integer written in the one way Python prints it: no sign +, no leading zeros, at most 18 digits."""
    return _INTEGER.fullmatch(text) is not None


def as_token(value: object) -> str | int:
    """The value as a plain `str` or `int`.

    Raises:
        PellucidError: it is a boolean, a float, None, a list or anything else.
    """
    if type(value) is str or type(value) is int:
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return int(value)
    raise PellucidError(f"{describe(value)}; a symbol is a string or an integer")
