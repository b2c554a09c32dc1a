"""Types and nodes of the language: what a variable can be, and what can be computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pellucid.program import formula
from pellucid.program.predicates import Predicate, Value

# ---------------------------------------------------------------- types


@dataclass(frozen=True)
class Categorical:
    """One of the user's own values; stored as its index in `domain`."""

    domain: tuple[Value, ...]

    @property
    def values(self) -> tuple[Value, ...]:
        """The value behind each code."""
        return self.domain


@dataclass(frozen=True)
class Integer:
    """A whole number between `low` and `high`, both included; stored as its distance from `low`."""

    low: int
    high: int

    @property
    def values(self) -> range:
        """The value behind each code."""
        return range(self.low, self.high + 1)


@dataclass(frozen=True)
class Selection:
    """Which keys each query picked: one (`closest`) or any number (`all`)."""

    kind: Literal["closest", "all"]


Type = Categorical | Integer | Selection

# ---------------------------------------------------------------- nodes


@dataclass(frozen=True)
class Input:
    """What the program is given: the symbol at each position, its index, or the constant 1."""

    which: Literal["tokens", "positions", "ones"]


@dataclass(frozen=True)
class Embed:
    """Cluster of each token: `cases` are (token, cluster) pairs, total over the vocabulary and markers."""

    variable: str
    cases: tuple[tuple[Value, Value], ...]


@dataclass(frozen=True)
class Select:
    """Keys picked by each query.

    `closest`: among the matching keys the nearest, at equal distance the left one, the query's own position only if
    nothing else matches, position 0 if nothing matches at all. `all`: every matching key, own position included.
    `reach`: `any` position, or only those `upto` and including the query's own (causal).
    """

    query: str
    key: str
    predicate: Predicate
    kind: Literal["closest", "all"]
    reach: Literal["any", "upto"] = "any"


@dataclass(frozen=True)
class Aggregate:
    """A selector applied to a variable: `take` the picked one, `count` the picked keys, `sum` whole numbers there."""

    selector: str
    how: Literal["take", "count", "sum"]
    value: str | None = None


@dataclass(frozen=True)
class Lookup:
    """A table over one to three variables; every combination not listed gives `default`."""

    variables: tuple[str, ...]
    cases: tuple[tuple[tuple[Value, ...], Value], ...]
    default: Value


@dataclass(frozen=True)
class Formula:
    """A closed-form integer expression over variables."""

    expression: formula.Expression


@dataclass(frozen=True)
class Evidence:
    """Class weights that one variable contributes: a row per value; values not listed contribute `default`."""

    variable: str
    rows: tuple[tuple[Value, tuple[int, ...]], ...]
    default: tuple[int, ...]


@dataclass(frozen=True)
class Readout:
    """Integer scores added up over the evidence; the label with the largest wins, the first at a tie.

    `scaled` weights are multiplied with the integer value of their variable. A classifier (`pooled`) adds the scores of
    all the user's positions.
    """

    labels: tuple[Value, ...]
    bias: tuple[int, ...]
    evidence: tuple[Evidence, ...] = ()
    scaled: tuple[tuple[str, tuple[int, ...]], ...] = ()
    pooled: bool = False


Node = Input | Embed | Select | Aggregate | Lookup | Formula | Readout


def reads(node: Node) -> tuple[str, ...]:
    """Names of the variables a node reads, in order, without repeats."""
    match node:
        case Input():
            names: tuple[str, ...] = ()
        case Embed(variable):
            names = (variable,)
        case Select(query, key):
            names = (query, key)
        case Aggregate(selector, _, value):
            names = (selector,) if value is None else (selector, value)
        case Lookup(variables):
            names = variables
        case Formula(expression):
            names = tuple(formula.names_in(expression))
        case Readout():
            names = (*(e.variable for e in node.evidence), *(name for name, _ in node.scaled))
    return tuple(dict.fromkeys(names))


def renamed(node: Node, names: Mapping[str, str]) -> Node:
    """The node reading other variables: each name replaced where the mapping has it."""

    def new(name: str) -> str:
        return names.get(name, name)

    match node:
        case Input():
            return node
        case Embed(variable):
            return replace(node, variable=new(variable))
        case Select(query, key):
            return replace(node, query=new(query), key=new(key))
        case Aggregate(selector, _, value):
            return replace(node, selector=new(selector), value=None if value is None else new(value))
        case Lookup(variables):
            return replace(node, variables=tuple(map(new, variables)))
        case Formula(expression):
            return Formula(formula.rename_in(expression, names))
        case Readout():
            evidence = tuple(replace(e, variable=new(e.variable)) for e in node.evidence)
            return replace(node, evidence=evidence, scaled=tuple((new(name), w) for name, w in node.scaled))


def order(values: Iterator[Value] | tuple[Value, ...] | set[Value]) -> tuple[Value, ...]:
    """Distinct values in the order used everywhere: integers by size, then text."""
    return tuple(sorted(set(values), key=lambda v: (isinstance(v, str), v)))


def domain_of(values: set[Value]) -> Categorical:
    """The categorical type of a set of values."""
    return Categorical(order(values))
