"""What a token is: a string or an integer, nothing else."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from pellucid.errors import PellucidError

Token = str | int
Kind = Literal["tagging", "classification"]
Markers = Literal["begin", "both"]

PAD = -1  # code of "nothing here", in token and in label arrays
KINDS: tuple[Kind, ...] = ("tagging", "classification")

_INTEGER = re.compile("0|-?[1-9][0-9]{0,17}")
_NAMES = {bool: "a boolean", float: "a float", type(None): "null (None)", dict: "an object", bytes: "bytes"}


def show(value: object, limit: int = 60) -> str:
    """`repr` of a value, on one line and cut to `limit` characters, for error messages."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def listing(values: Iterable[object], limit: int = 20) -> str:
    """The first `limit` values, comma-separated, for error messages."""
    shown = list(values)
    more = f", ... ({len(shown)} in all)" if len(shown) > limit else ""
    return ", ".join(show(v) for v in shown[:limit]) + more


def describe(value: object) -> str:
    """The value and what it is, for error messages: `2.5 is a float`."""
    if is_sequence(value):
        return f"{show(value)} is a list"
    if isinstance(value, (np.bool_, np.floating)):
        value = value.item()
    return f"{show(value)} is {_NAMES.get(type(value), f'of type {type(value).__name__}')}"


def is_sequence(value: object) -> bool:
    """True for lists, tuples, and one-dimensional arrays, tensors and columns; False for strings."""
    return isinstance(value, (list, tuple)) or (hasattr(value, "tolist") and getattr(value, "ndim", 0) > 0)


def as_token(value: object) -> Token:
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
    raise PellucidError(f"{describe(value)}; a symbol is a string or an integer (numbers: pellucid.Series)")


def sort_tokens(values: Iterable[Token]) -> tuple[Token, ...]:
    """Distinct tokens in canonical order: integers by value, then strings by code point."""
    distinct = set(values)
    ints = sorted(v for v in distinct if isinstance(v, int))
    texts = sorted(v for v in distinct if isinstance(v, str))
    return (*ints, *texts)


def lenient(known: Sequence[Token]) -> dict[Token, Token]:
    """Map to each known token from itself and, where no other token claims it, from what has the same text."""
    table: dict[Token, Token] = {str(t): t for t in known}
    table |= {int(t): t for t in known if isinstance(t, str) and is_integer(t)}
    return table | {t: t for t in known}


def is_integer(text: str) -> bool:
    """True for an integer written in the one way Python prints it: no sign +, no leading zeros, at most 18 digits."""
    return _INTEGER.fullmatch(text) is not None
