"""Typing rules: the type of every node's variable, and what a node cannot read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from pellucid.data.vocab import Vocab
from pellucid.program import formula
from pellucid.program.nodes import (
    Aggregate,
    Categorical,
    Embed,
    Formula,
    Input,
    Integer,
    Lookup,
    Node,
    Readout,
    Select,
    Selection,
    Type,
    domain_of,
    order,
    reads,
)
from pellucid.program.predicates import Compare, Match

LARGEST = 2**40  # number a variable may hold


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
