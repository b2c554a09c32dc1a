"""The language of programs: a short list of named assignments, as data.

Every node computes one variable per position (the `Readout` of a classifier: one per sequence). A `Program` is
immutable; passes return a new one. What the nodes mean is `interpret.py`; what a person reads is `emit.py`.

Positions: the begin marker stands at 0, the user's symbols at 1, 2, ..., the end marker (if any) after them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from pellucid.data.vocab import Vocab
from pellucid.program import formula
from pellucid.program.predicates import Compare, Match, Predicate, Value

LARGEST = 2**40  # number a variable may hold

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

# ---------------------------------------------------------------- programs


@dataclass(frozen=True)
class Assign:
    """`name = node`."""

    name: str
    node: Node


class ProgramError(ValueError):
    """A program that is not well formed: says which assignment and why."""


@dataclass(frozen=True)
class Program:
    """Assignments in order, the tokens first, each reading earlier ones only; `output` names the last word.

    Raises:
        ProgramError: from `types` (and so on load), when a name is unknown or defined twice, or a node is given a type
            it cannot read.
    """

    vocab: Vocab
    assignments: tuple[Assign, ...]
    output: str

    @cached_property
    def types(self) -> dict[str, Type]:
        """Type of every variable; computing it validates the program."""
        types: dict[str, Type] = {}
        for assign in self.assignments:
            if assign.name in types:
                raise ProgramError(f"{assign.name}: defined twice")
            for name in reads(assign.node):
                if name not in types:
                    raise ProgramError(f"{assign.name}: reads {name}, which is not defined before it")
            try:
                types[assign.name] = type_of(assign.node, types, self.vocab)
            except (TypeError, ValueError) as error:
                raise ProgramError(f"{assign.name}: {error}") from None
        if self.output not in types or isinstance(types[self.output], Selection):
            raise ProgramError(f"output {self.output!r} is no variable of the program")
        self._check_shape()
        return types

    def _check_shape(self) -> None:
        if self.assignments[0].node != Input("tokens"):
            raise ProgramError(f"{self.assignments[0].name}: the first variable must be the tokens")
        pooled = [a.name for a in self if isinstance(a.node, Readout) and a.node.pooled]
        if pooled != ([self.output] if self.vocab.kind == "classification" else []):
            raise ProgramError(f"{self.output}: a classifier, and nothing else, has a pooled readout, as its output")

    def __getitem__(self, name: str) -> Node:
        return next(assign.node for assign in self.assignments if assign.name == name)

    def __iter__(self) -> Iterator[Assign]:
        return iter(self.assignments)

    def map(self, change: Callable[[Assign], Node]) -> Program:
        """The program with every node replaced by `change(assign)`."""
        return replace(self, assignments=tuple(Assign(a.name, change(a)) for a in self.assignments))


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


# ---------------------------------------------------------------- typing rules


def type_of(node: Node, types: Mapping[str, Type], vocab: Vocab) -> Type:
    """Type of a node's variable, given those it reads. Raises `ValueError` saying what does not fit."""
    for name in reads(node):
        if isinstance(types[name], Selection) != (isinstance(node, Aggregate) and name == node.selector):
            raise ValueError(f"{name} is {'a selection' if isinstance(types[name], Selection) else 'not a selection'}")
    match node:
        case Input("tokens"):
            return Categorical(vocab.symbols)
        case Input("positions"):
            return Integer(0, vocab.width - 1)
        case Input("ones"):
            return Integer(1, 1)
        case Embed(variable, cases):
            _distinct("token", [token for token, _ in cases])
            missing = set(types[variable].values) - {token for token, _ in cases}  # pyright: ignore[reportAttributeAccessIssue]
            if missing:
                raise ValueError(f"no cluster for {order(missing)[0]!r}")
            return domain_of({cluster for _, cluster in cases})
        case Select(query, key, predicate, kind):
            if isinstance(predicate, Compare) and predicate.needs_integers:
                _range(query, types[query])
                _range(key, types[key])
            if isinstance(predicate, Match):
                _distinct("query value", [value for value, _ in predicate.cases])
            return Selection(kind)
        case Aggregate():
            return _aggregate_type(node, types, vocab)
        case Lookup(variables, cases, default):
            if not 1 <= len(variables) <= 3 or any(len(key) != len(variables) for key, _ in cases):
                raise ValueError("a lookup needs one to three variables and a value of each in every case")
            _distinct("case", [key for key, _ in cases])
            return domain_of({default, *(out for _, out in cases)})
        case Formula(expression):
            formula.check(expression)
            return _integer(*formula.bounds(expression, {name: _range(name, types[name]) for name in reads(node)}))
        case Readout():
            return _readout_type(node, types, vocab)
    raise ValueError(f"unknown input {node!r}")


def _range(name: str, kind: Type) -> tuple[int, int]:
    if isinstance(kind, Integer):
        return kind.low, kind.high
    assert isinstance(kind, Categorical)
    numbers = [v for v in kind.domain if not isinstance(v, str)]
    if len(numbers) < len(kind.domain):
        raise ValueError(f"{name} is not a whole number")
    ends = _integer(min(numbers), max(numbers))
    return ends.low, ends.high


def _integer(low: int, high: int) -> Integer:
    if max(-low, high) > LARGEST:
        raise ValueError(f"numbers from {low} to {high} are too large; at most {LARGEST}")
    return Integer(low, high)


def _distinct(what: str, values: Sequence) -> None:
    if len(set(values)) < len(values):
        raise ValueError(f"{what} {Counter(values).most_common(1)[0][0]!r} is listed twice")


def _aggregate_type(node: Aggregate, types: Mapping[str, Type], vocab: Vocab) -> Type:
    selector = types[node.selector]
    assert isinstance(selector, Selection)
    if (node.how == "take") != (selector.kind == "closest"):
        raise ValueError(f"{node.how} of a selector that picks {selector.kind}")
    if (node.how == "count") != (node.value is None):
        raise ValueError(f"{node.how} {'takes no' if node.how == 'count' else 'needs a'} value")
    if node.value is None:
        return Integer(0, vocab.width)
    if isinstance(types[node.value], Selection):
        raise ValueError(f"{node.value} is a selection")
    if node.how == "take":
        return types[node.value]
    low, high = _range(node.value, types[node.value])
    return _integer(min(0, low * vocab.width), max(0, high * vocab.width))


def _readout_type(node: Readout, types: Mapping[str, Type], vocab: Vocab) -> Type:
    classes = len(node.labels)
    if not classes or len(set(node.labels)) != classes:
        raise ValueError("labels must be distinct, and at least one")
    vectors = [node.bias, *(w for _, w in node.scaled)]
    vectors += [w for e in node.evidence for w in (e.default, *(row for _, row in e.rows))]
    if any(len(w) != classes for w in vectors):
        raise ValueError(f"every weight row needs {classes} numbers, one per label")
    factors = [max(map(abs, _range(name, types[name]))) for name, _ in node.scaled]
    largest = max(abs(w) for row in vectors for w in row)
    if largest * (1 + len(node.evidence) + sum(factors)) * vocab.width > 2**62:
        raise ValueError(f"weights up to {largest} are too large to add up in 64 bits")
    for evidence in node.evidence:
        _distinct("value", [value for value, _ in evidence.rows])
    return Categorical(node.labels)
