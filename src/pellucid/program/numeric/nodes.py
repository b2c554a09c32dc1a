"""What a variable of a numeric program can be. Every node gives one number per step and sees no later step.

Values are Python numbers: whole ones stay exact integers of any size, all others are floats.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pellucid.program.numeric.expression import Expression, Number, names_in, rename_in

Rule = Literal["offset", "first", "last where", "argmax", "argmin"]
Aggregate = Literal["sum", "count", "mean", "min", "max", "mode"]


@dataclass(frozen=True)
class Column:
    """The input column of this name, at this step."""

    name: str


@dataclass(frozen=True)
class Position:
    """The number of this step, counted from `start`."""

    start: int = 0


@dataclass(frozen=True)
class Formula:
    """An expression over variables at this step."""

    expression: Expression


@dataclass(frozen=True)
class Lookup:
    """A table: for each case the values of the variables and the outcome; `default` for all other values."""

    variables: tuple[str, ...]
    cases: tuple[tuple[tuple[Number, ...], Number], ...]
    default: Number


@dataclass(frozen=True)
class Route:
    """The value of a variable at one chosen step.

    Args:
        variable: what is read there.
        rule: `offset`: `amount` steps back, at least 1, of any variable of the program, later ones and its own readers
            included: that is how state is carried; `first`: the first step; `last where`: the latest step where `where`
            is not 0; `argmax`, `argmin`: the step where `where` is largest or smallest, the first of equal ones.
        amount: of `offset`, see there; of `last where`: 0 for up to this step, 1 for before it.
        default: the value where there is no such step.
        window: `argmax` and `argmin` over the last `window` steps, this one included; None for all so far.
    """

    variable: str
    rule: Rule
    amount: int = 0
    where: str | None = None
    default: Number = 0
    window: int | None = None


@dataclass(frozen=True)
class Running:
    """An aggregate over the steps so far, this one included.

    Args:
        how: `mode` is the most frequent value, the smallest of equally frequent ones; `mean` is always a float.
        variable: what is aggregated; None for `count`, which counts steps.
        window: only the last `window` steps.
        where: only steps where this variable is not 0.
        default: mean, min, max and mode of no steps; sum and count of none are 0.
    """

    how: Aggregate
    variable: str | None
    window: int | None = None
    where: str | None = None
    default: Number = 0


Node = Column | Position | Formula | Lookup | Route | Running


def reads(node: Node) -> Iterator[str]:
    """Names of all variables a node reads, at this step or an earlier one, with repeats."""
    match node:
        case Formula(expression):
            yield from names_in(expression)
        case Lookup(variables):
            yield from variables
        case Route(variable, where=where) | Running(_, variable, where=where):
            yield from (name for name in (variable, where) if name is not None)


def delayed(node: Node) -> bool:
    """Whether a node reads earlier steps alone, so that it may read any variable."""
    return isinstance(node, Route) and node.rule == "offset"


def renamed(node: Node, names: Mapping[str, str]) -> Node:
    """The node with the variables it reads renamed."""
    match node:
        case Formula(expression):
            return Formula(rename_in(expression, names))
        case Lookup(variables):
            return replace(node, variables=tuple(names.get(v, v) for v in variables))
        case Route(variable, where=where):
            return replace(node, variable=names.get(variable, variable), where=_of(where, names))
        case Running(_, variable, where=where):
            return replace(node, variable=_of(variable, names), where=_of(where, names))
    return node


def _of(name: str | None, names: Mapping[str, str]) -> str | None:
    return None if name is None else names.get(name, name)
