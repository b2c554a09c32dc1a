"""What a token is: a string or an integer, nothing else."""

from collections.abc import Iterable, Sequence
from typing import Literal

from pellucid.values import is_integer

Token = str | int
Kind = Literal["tagging", "classification"]
Markers = Literal["begin", "both"]

PAD = -1  # code of "nothing here", in token and in label arrays
KINDS: tuple[Kind, ...] = ("tagging", "classification")


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
