"""Types and nodes of the language: what a variable can be, and what can be computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pellucid.program import formula
from pellucid.program.formula import Var
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

PREVIOUS = "previous"  # what the step of a `Scan` calls the state before
Reach = Literal["any", "upto", "before", "after", "from"]


@dataclass(frozen=True)
class Input:
    """What the program is given: the symbol at each position, its index, the constant 1, the number of user tokens."""

    which: Literal["tokens", "positions", "ones", "length"]


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
    `reach`: which positions are looked at, seen from the query's own: `any`, those `upto` and including it, `before`
    it, `after` it, or `from` it on. `mask`: a 0/1 variable; only keys where it is 1 (`negated`: 0) are looked at.
    `ties`: `earlier` makes `<` and `>` stable: a key that equals the query matches too, if it stands earlier.
    """

    query: str
    key: str
    predicate: Predicate
    kind: Literal["closest", "all"]
    reach: Reach = "any"
    mask: str | None = None
    negated: bool = False
    ties: Literal["none", "earlier"] = "none"


@dataclass(frozen=True)
class Aggregate:
    """A selector applied to a variable.

    `take` the value at the picked key (`closest`). Over all the picked keys: `count` them, whether there are `any` (1
    or 0), the `sum` of whole numbers there, or their `min`, `max`, `first` or `last` value, which is `default` where
    none is picked.
    """

    selector: str
    how: Literal["take", "count", "any", "sum", "min", "max", "first", "last"]
    value: str | None = None
    default: Value | None = None


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
class Test:
    """`variable OP values[0]` (`in`, `not in`: any of the values), or `variable OP against`, another variable."""

    variable: str
    op: Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in"]
    values: tuple[Value, ...] = ()
    against: str | None = None


@dataclass(frozen=True)
class Rule:
    """Where all tests hold, the outcome: a value, or a variable's value there."""

    tests: tuple[Test, ...]
    outcome: Value | Var


@dataclass(frozen=True)
class Rules:
    """A decision list: the outcome of the first rule whose tests hold, else `default`. Total on any values."""

    rules: tuple[Rule, ...]
    default: Value | Var


@dataclass(frozen=True)
class Scan:
    """A state carried from left to right: at each position `step` of the variables there and of `previous`.

    `step` reads the state at the position before by the name `previous`, which is `initial` at the first one.
    """

    initial: Value
    step: Lookup | Rules | Formula


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


Node = Input | Embed | Select | Aggregate | Lookup | Rules | Formula | Scan | Readout


def reads(node: Node) -> tuple[str, ...]:
    """Names of the variables a node reads, in order, without repeats."""
    match node:
        case Input():
            names: tuple[str, ...] = ()
        case Embed(variable):
            names = (variable,)
        case Select(query, key):
            names = (query, key) if node.mask is None else (query, key, node.mask)
        case Aggregate(selector, _, value):
            names = (selector,) if value is None else (selector, value)
        case Lookup(variables):
            names = variables
        case Rules():
            names = tuple(_names_in_rules(node))
        case Scan(_, step):
            names = tuple(name for name in reads(step) if name != PREVIOUS)
        case Formula(expression):
            names = tuple(formula.names_in(expression))
        case Readout():
            names = (*(e.variable for e in node.evidence), *(name for name, _ in node.scaled))
    return tuple(dict.fromkeys(names))


def _names_in_rules(node: Rules) -> Iterator[str]:
    for rule in node.rules:
        for test in rule.tests:
            yield test.variable
            if test.against is not None:
                yield test.against
        if isinstance(rule.outcome, Var):
            yield rule.outcome.name
    if isinstance(node.default, Var):
        yield node.default.name


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
            return replace(node, query=new(query), key=new(key), mask=None if node.mask is None else new(node.mask))
        case Aggregate(selector, _, value):
            return replace(node, selector=new(selector), value=None if value is None else new(value))
        case Lookup(variables):
            return replace(node, variables=tuple(map(new, variables)))
        case Rules():
            return _renamed_rules(node, new)
        case Scan(_, step):
            inside = renamed(step, {k: v for k, v in names.items() if k != PREVIOUS})
            assert isinstance(inside, Lookup | Rules | Formula)
            return replace(node, step=inside)
        case Formula(expression):
            return Formula(formula.rename_in(expression, names))
        case Readout():
            evidence = tuple(replace(e, variable=new(e.variable)) for e in node.evidence)
            return replace(node, evidence=evidence, scaled=tuple((new(name), w) for name, w in node.scaled))


def _renamed_rules(node: Rules, new: Callable[[str], str]) -> Rules:
    def outcome(value: Value | Var) -> Value | Var:
        return Var(new(value.name)) if isinstance(value, Var) else value

    def test(t: Test) -> Test:
        return replace(t, variable=new(t.variable), against=None if t.against is None else new(t.against))

    rules = tuple(Rule(tuple(map(test, rule.tests)), outcome(rule.outcome)) for rule in node.rules)
    return Rules(rules, outcome(node.default))


def order(values: Iterator[Value] | tuple[Value, ...] | set[Value]) -> tuple[Value, ...]:
    """Distinct values in the order used everywhere: integers by size, then text."""
    return tuple(sorted(set(values), key=lambda v: (isinstance(v, str), v)))


def domain_of(values: set[Value]) -> Categorical:
    """The categorical type of a set of values."""
    return Categorical(order(values))
