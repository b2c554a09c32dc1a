"""Typing rules: the type of every node's variable, and what a node cannot read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pellucid.program import formula
from pellucid.program.formula import Var
from pellucid.program.nodes import (
    PREVIOUS,
    Aggregate,
    Categorical,
    Embed,
    Formula,
    Input,
    Integer,
    Lookup,
    Node,
    Readout,
    Rules,
    Scan,
    Select,
    Selection,
    Test,
    Type,
    domain_of,
    order,
    reads,
)
from pellucid.program.predicates import ORDERS, Compare, Match, Value

LARGEST = 2**40  # number a variable may hold
WIDEST = 2**20  # values of a categorical variable


@dataclass(frozen=True)
class Room:
    """What a program's inputs are: the symbols, the positions, the longest input; and the selectors known by now."""

    symbols: tuple[Value, ...]
    width: int
    max_length: int
    selects: dict[str, Select] = field(default_factory=dict)


def type_of(node: Node, types: Mapping[str, Type], room: Room) -> Type:
    """Type of a node's variable, given those it reads. Raises `ValueError` saying what does not fit."""
    for name in reads(node):
        if isinstance(types[name], Selection) != (isinstance(node, Aggregate) and name == node.selector):
            raise ValueError(f"{name} is {'a selection' if isinstance(types[name], Selection) else 'not a selection'}")
    match node:
        case Input(which):
            return _input_type(which, room)
        case Embed(variable, cases):
            _distinct("token", [token for token, _ in cases])
            missing = set(types[variable].values) - {token for token, _ in cases}  # pyright: ignore[reportAttributeAccessIssue]
            if missing:
                raise ValueError(f"no cluster for {order(missing)[0]!r}")
            return domain_of({cluster for _, cluster in cases})
        case Select():
            return _select_type(node, types)
        case Aggregate():
            return _aggregate_type(node, types, room)
        case Lookup(variables, cases, default):
            if not 1 <= len(variables) <= 3 or any(len(key) != len(variables) for key, _ in cases):
                raise ValueError("a lookup needs one to three variables and a value of each in every case")
            _distinct("case", [key for key, _ in cases])
            return domain_of({default, *(out for _, out in cases)})
        case Rules():
            return _rules_type(node, types)
        case Formula(expression):
            formula.check(expression)
            return _integer(*formula.bounds(expression, {name: _range(name, types[name]) for name in reads(node)}))
        case Scan():
            return _scan_type(node, types, room)
        case Readout():
            return _readout_type(node, types, room)


def _input_type(which: str, room: Room) -> Type:
    match which:
        case "tokens":
            return Categorical(room.symbols)
        case "positions":
            return Integer(0, room.width - 1)
        case "length":
            return Integer(1, room.max_length)
        case "ones":
            return Integer(1, 1)
    raise ValueError(f"unknown input {which!r}")


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


def _sort(kind: Type) -> str:
    """What order compares: `numbers`, `text`, or `a mixture`, which has none."""
    if isinstance(kind, Integer):
        return "numbers"
    assert isinstance(kind, Categorical)
    texts = sum(isinstance(v, str) for v in kind.domain)
    return "numbers" if not texts else "text" if texts == len(kind.domain) else "a mixture"


def _orderable(left: str, right: str, types: Mapping[str, Type]) -> None:
    sorts = _sort(types[left]), _sort(types[right])
    if sorts[0] != sorts[1] or "a mixture" in sorts:
        raise ValueError(f"order needs numbers or text on both sides; {left} holds {sorts[0]}, {right} {sorts[1]}")


def _select_type(node: Select, types: Mapping[str, Type]) -> Selection:
    predicate = node.predicate
    if isinstance(predicate, Compare) and predicate.needs_integers:
        _range(node.query, types[node.query])
        _range(node.key, types[node.key])
    if isinstance(predicate, Compare) and predicate.needs_order:
        _orderable(node.query, node.key, types)
    if isinstance(predicate, Match):
        _distinct("query value", [value for value, _ in predicate.cases])
    if node.ties != "none" and predicate not in (Compare("<"), Compare(">")):
        raise ValueError("ties need a comparison by < or > without an offset")
    if node.negated and node.mask is None:
        raise ValueError("negated needs a mask")
    if node.mask is not None:
        low, high = _range(node.mask, types[node.mask])
        if low < 0 or high > 1:
            raise ValueError(f"the mask {node.mask} holds numbers from {low} to {high}; expected 0 and 1")
    return Selection(node.kind)


VALUELESS = ("count", "any")
DEFAULTING = ("min", "max", "first", "last")


def _aggregate_type(node: Aggregate, types: Mapping[str, Type], room: Room) -> Type:
    selector = types[node.selector]
    assert isinstance(selector, Selection)
    if (node.how == "take") != (selector.kind == "closest"):
        raise ValueError(f"{node.how} of a selector that picks {selector.kind}")
    if (node.how in VALUELESS) != (node.value is None):
        raise ValueError(f"{node.how} {'takes no' if node.how in VALUELESS else 'needs a'} value")
    if (node.how in DEFAULTING) != (node.default is not None):
        raise ValueError(f"{node.how} {'needs a' if node.how in DEFAULTING else 'takes no'} default")
    if node.how == "any":
        return Integer(0, 1)
    if node.value is None:
        return Integer(1 if _picks_itself(room.selects[node.selector]) else 0, room.width)
    kind = types[node.value]
    if isinstance(kind, Selection):
        raise ValueError(f"{node.value} is a selection")
    if node.how == "take":
        return kind
    if node.how == "sum":
        low, high = _range(node.value, kind)
        return _integer(min(0, low * room.width), max(0, high * room.width))
    if node.how in ("min", "max") and _sort(kind) == "a mixture":
        raise ValueError(f"{node.how} needs numbers or text; {node.value} holds a mixture")
    assert node.default is not None
    return _union([kind, node.default])


def _picks_itself(select: Select) -> bool:
    """Whether every query is sure to pick its own position."""
    itself = select.query == select.key and select.predicate in (Compare("=="), Compare("<="), Compare(">="))
    return itself and select.reach in ("any", "upto", "from") and select.mask is None


def _union(parts: Sequence[Type | Value]) -> Type:
    """Type of what is sometimes one, sometimes another: a range if some part is one and all are numbers."""
    domains = [_domain(part) for part in parts]
    numbers = not any(isinstance(v, str) for d in domains if not isinstance(d, range) for v in d)
    if numbers and any(isinstance(d, range) for d in domains):
        ends = [(d[0], d[-1]) if isinstance(d, range) else (min(d), max(d)) for d in domains]  # pyright: ignore[reportArgumentType]
        return _integer(min(low for low, _ in ends), max(high for _, high in ends))  # pyright: ignore[reportArgumentType]
    if sum(map(len, domains)) > WIDEST:
        raise ValueError(f"more than {WIDEST} values of different kinds")
    return domain_of({value for domain in domains for value in domain})


def _domain(part: Type | Value) -> Sequence[Value]:
    assert not isinstance(part, Selection)
    return part.values if isinstance(part, Categorical | Integer) else (part,)


def _rules_type(node: Rules, types: Mapping[str, Type]) -> Type:
    for rule in node.rules:
        for test in rule.tests:
            _check_test(test, types)
    outcomes = [*(rule.outcome for rule in node.rules), node.default]
    return _union([types[value.name] if isinstance(value, Var) else value for value in outcomes])


def _check_test(test: Test, types: Mapping[str, Type]) -> None:
    if test.against is not None:
        if test.values or test.op in ("in", "not in"):
            raise ValueError(f"a test of {test.variable} {test.op} another variable takes no values and no set")
        if test.op in ORDERS:
            _orderable(test.variable, test.against, types)
        return
    if test.op not in ("in", "not in") and len(test.values) != 1:
        raise ValueError(f"{test.variable} {test.op} needs one value, got {len(test.values)}")
    if test.op in ORDERS and _sort(types[test.variable]) != ("text" if isinstance(test.values[0], str) else "numbers"):
        raise ValueError(f"{test.variable} {test.op} {test.values[0]!r}: order needs numbers or text on both sides")


def _scan_type(node: Scan, types: Mapping[str, Type], room: Room) -> Type:
    """The least set that holds the initial state and is closed under the step, or what `width` steps can reach."""
    numbers = isinstance(node.step, Formula)
    if numbers and isinstance(node.initial, str):
        raise ValueError(f"the initial state {node.initial!r} of a formula is no whole number")
    kind: Type = _integer(int(node.initial), int(node.initial)) if numbers else domain_of({node.initial})
    for _ in range(room.width + 2):  # two more, so that the step has been checked with the last of few widenings
        wider = _union([kind, type_of(node.step, {**types, PREVIOUS: kind}, room)])
        if wider == kind:
            break
        kind = wider
    return kind


def _readout_type(node: Readout, types: Mapping[str, Type], room: Room) -> Type:
    classes = len(node.labels)
    if not classes or len(set(node.labels)) != classes:
        raise ValueError("labels must be distinct, and at least one")
    vectors = [node.bias, *(w for _, w in node.scaled)]
    vectors += [w for e in node.evidence for w in (e.default, *(row for _, row in e.rows))]
    if any(len(w) != classes for w in vectors):
        raise ValueError(f"every weight row needs {classes} numbers, one per label")
    factors = [max(map(abs, _range(name, types[name]))) for name, _ in node.scaled]
    largest = max(abs(w) for row in vectors for w in row)
    if largest * (1 + len(node.evidence) + sum(factors)) * room.width > 2**62:
        raise ValueError(f"weights up to {largest} are too large to add up in 64 bits")
    for evidence in node.evidence:
        _distinct("value", [value for value, _ in evidence.rows])
    return Categorical(node.labels)
