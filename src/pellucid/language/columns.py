"""What goes into a program and comes out of it, by the user's own names; and one line of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pellucid.language.nodes import Node
from pellucid.language.types import Plain, Type
from pellucid.language.words import Reading

When = Literal["every", "last", "sequence"]


class ProgramError(ValueError):
    """A program that is not well formed: says which assignment and why."""


@dataclass(frozen=True)
class Assign:
    """`name = node`."""

    name: str
    node: Node


@dataclass(frozen=True)
class Column:
    """A column of the user's.

    Args:
        name: as the user calls it.
        type: what may stand in it; a symbol's domain is closed.
        unknown: what a value that the type does not hold becomes, one of the type's; None: it is refused.
        words: of a column of words, how a raw text is split, and what an unknown word becomes: the class of its form
            (`<Xxx-ing>`, else `<Xxx>`) where the type has it, else `unknown`.
    """

    name: str
    type: Type
    unknown: Plain | None = None
    words: Reading | None = None


@dataclass(frozen=True)
class Output:
    """What comes out: the user's name of it, the variable that it is, and its labels, where it is one of those."""

    name: str
    variable: str
    labels: tuple[Plain, ...] | None = None
