"""The inputs on which a part of a program is cut out and compared with the whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.explain.cells import steps_of
from pellucid.language.program import Program
from pellucid.semantics import domain
from pellucid.values import counted

EXHAUSTIVE = 1_000_000  # positions of all inputs together
SAMPLES, SAMPLES_OF_WORDS = 20_000, 2_000


@dataclass(frozen=True)
class Scope:
    """Inputs that a program is looked at on.

    Args:
        inputs: in the user's form, step by step.
        exhaustive: whether these are all that matter.
        words: which they are, for people.
        places: for each, the positions whose outputs matter; None: all.
    """

    inputs: Sequence[Any]
    exhaustive: bool
    words: str
    places: Sequence[Sequence[int]] | None = None

    @property
    def longest(self) -> int:
        """Positions of the longest input."""
        return max(map(len, self.inputs), default=0)


def given(program: Program, inputs: Iterable[Any], words: str, exhaustive: bool = False) -> Scope:
    """These inputs, in the user's form."""
    return Scope([list(steps_of(program, sequence)) for sequence in inputs], exhaustive, words)


def drawn(program: Program, fewest: int = 1, other: bool = False) -> Scope:
    """Every input of at least `fewest` positions where there are not too many, else random ones (or `other` ones)."""
    longest, size = program.longest, domain.size(program)
    if longest is not None and size * longest <= EXHAUSTIVE:
        inputs = [s for s in domain.every(program) if len(s) >= fewest]
        which = f"{fewest} to {longest}" if fewest > 1 else f"up to {longest}"
        return Scope(inputs, True, f"all {counted(len(inputs), 'input')} of {which} positions")
    words = any(column.words is not None for column in program.inputs)
    found = domain.sample(program, SAMPLES_OF_WORDS if words else SAMPLES, int(other))
    inputs = list({repr(s): s for s in found if len(s) >= fewest}.values())
    return Scope(inputs, False, f"{len(inputs):,} {'other ' if other else ''}random inputs")
