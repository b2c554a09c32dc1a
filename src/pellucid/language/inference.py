"""The type of every variable, from the types of the columns: a promise for every input the program takes.

State is inferred by widening (Cousot and Cousot 1977): an end of an interval that keeps moving is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pellucid.language.aggregates import Aggregation, aggregation
from pellucid.language.expressions import Apply, Cases, Const, Expression, Table, Var, names_in, walk
from pellucid.language.nodes import Aggregate, Column, Delay, Groups, Input, Let, Node, ProgramError, Select, Vote
from pellucid.language.operators import check_whole, result_type
from pellucid.language.types import INF, Number, Numbers, Type, symbol, type_of_value, whole
from pellucid.language.words import FORMS

Types = Mapping[str, Type]
PATIENCE = 4  # rounds in which a state's interval may grow before its moving end is opened


def infer(
    columns: Mapping[str, Column], nodes: Mapping[str, Node], groups: Groups, longest: int | None
) -> dict[str, Type]:
    """Type of every variable, in the order of the nodes.

    Raises:
        ProgramError: a node is given a type that it cannot take.
    """
    rules = _Rules(columns, nodes, longest)
    for names, cyclic in groups:
        if cyclic:
            rules.settle(names)
        else:
            rules.known[names[0]] = rules.type_of(names[0])
    return {name: rules.known[name] for name in nodes}


@dataclass
class _Rules:
    columns: Mapping[str, Column]
    nodes: Mapping[str, Node]
    longest: int | None

    def __post_init__(self) -> None:
        self.known: dict[str, Type] = {}

    def settle(self, names: tuple[str, ...]) -> None:
        """Types of variables that need each other's earlier values."""
        self.known |= dict.fromkeys(names, Type())
        rounds, changed = 0, True
        while changed:
            changed = False
            for name in names:
                before = self.known[name]
                after = before | self.type_of(name)
                if rounds >= PATIENCE:
                    after = _widened(before, after)
                if after != before:
                    self.known[name], changed = after, True
            rounds += 1
        for _ in range(2):  # what was opened too far comes back
            for name in names:
                self.known[name] = self.type_of(name)

    def type_of(self, name: str) -> Type:
        try:
            return self._node(self.nodes[name])
        except (TypeError, ValueError) as error:
            raise ProgramError(f"{name}: {error}") from None

    def _node(self, node: Node) -> Type:
        most = INF if self.longest is None else self.longest
        match node:
            case Input(column, "value"):
                return self.columns[column].type
            case Input(_, "position"):
                return whole(0, max(most - 1, 0))
            case Input(_, "length"):
                return whole(0, most)
            case Input():
                return Type(FORMS)
            case Let(expression):
                self._check_closed(expression)
                return type_of(expression, self.known)
            case Delay(variable, _, default):
                return self.known[variable] | type_of(default, self.known)
            case Aggregate():
                return self._aggregate(node, most)
            case Vote(labels, _, evidence, scaled):
                for part in evidence:
                    _listable(self.known[part.variable])
                for name, _ in scaled:
                    check_whole(self.known[name])
                return symbol(labels)

    def _check_closed(self, expression: Expression) -> None:
        """A column that a table reads is closed: what it does not hold is unknown, not a default of the table."""
        for part in _tables(expression):
            for arg in part.args:
                node = self.nodes.get(arg.name) if isinstance(arg, Var) else None
                if isinstance(node, Input) and node.of == "value" and self.columns[node.column].type.values is None:
                    raise TypeError(f"a table over the column {node.column!r}, which is not closed")

    def _aggregate(self, node: Aggregate, most: Number) -> Type:
        row = aggregation(node.how)
        self._select(node.select)
        value = Type() if node.value is None else self.known[node.value]
        if node.by is not None:
            by = self.known[node.by]
            if row.by == "query":
                check_whole(by)
            elif by.texts and by.numbers:
                raise TypeError(f"{node.how}: ordered by texts or numbers, not both; got {by}")
        try:
            found = row.rule(value.something())
        except TypeError as error:
            raise TypeError(f"{node.how}: {error}") from None
        first, last = node.select.offsets
        found = _bounded(row, found, value, min(most, last - first + 1) if node.select.window else most)
        if not row.reads:
            return found
        skips = value.nothing or (row.by == "key" and node.by is not None and self.known[node.by].nothing)
        if _never_empty(node.select) and not skips and not found.nothing:
            return found
        return found.something() | type_of(node.default, self.known)

    def _select(self, select: Select) -> None:
        local = {local: self.known[name] for local, name in select.local.items()}
        if select.match is not None and type_of(select.match, local).texts:
            raise TypeError("a match that gives text; expected a test")
        if select.mask is not None and self.known[select.mask].texts:
            raise TypeError(f"a mask of text; expected a test, got {self.known[select.mask]}")


def ends(node: Node, types: Types, short: Types) -> bool:
    """Whether a node is a table, or holds one, over a number that grows with the input.

    Args:
        types: for inputs of any length. short: for those that the program was made for.
    """

    def grows(one: Type, other: Type) -> bool:
        return one.values is None and other.numbers is not None and other.numbers.is_bounded

    def endless(expression: Expression, names: Mapping[str, str]) -> bool:
        known, few = ({local: kind[name] for local, name in names.items()} for kind in (types, short))
        args = [arg for table in _tables(expression) for arg in table.args]
        return any(grows(type_of(arg, known), type_of(arg, few)) for arg in args)

    match node:
        case Let(expression):
            return endless(expression, {name: name for name in names_in(expression)})
        case Aggregate(Select(match=match) as select) if match is not None:
            return endless(match, select.local)
        case Vote(evidence=evidence):
            return any(grows(types[part.variable], short[part.variable]) for part in evidence)
    return False


def type_of(expression: Expression, known: Types) -> Type:
    """Type of an expression over variables of known types.

    Raises:
        TypeError: an operator or a table is given what it cannot take.
    """
    match expression:
        case Var(name):
            return known[name]
        case Const(value):
            return type_of_value(value)
        case Apply("*", (left, right)) if left == right:  # never negative
            return result_type("square", [type_of(left, known)])
        case Apply(operator, args):
            return result_type(operator, [type_of(arg, known) for arg in args])
        case Table(args, cases, default):
            for arg in args:
                _listable(type_of(arg, known))
            return _any_of(default, *(outcome for _, outcome in cases))
        case Cases(rules, default):
            found = type_of(default, known)
            for test, outcome in rules:
                if type_of(test, known).texts:
                    raise TypeError("a test that gives text; expected 0 or 1")
                found = found | type_of(outcome, known)
            return found


def _any_of(*values) -> Type:
    found = symbol(v for v in values if isinstance(v, str | int))
    for value in values:
        if not isinstance(value, str | int):
            found = found | type_of_value(value)
    return found


def _tables(expression: Expression):
    return (e for e in walk(expression) if isinstance(e, Table))


def _listable(t: Type) -> None:
    if t.numbers is not None and not t.numbers.whole:
        raise TypeError(f"a table stands over symbols and whole numbers; got {t}")


def _never_empty(select: Select) -> bool:
    return select.match is None and select.mask is None and select.reaches_itself


def _bounded(row: Aggregation, found: Type, value: Type, most: Number) -> Type:
    """Counts and sums of at most so many positions."""
    n = found.numbers
    if n is None or most == INF:
        return found
    if row.name in ("count", "distinct"):
        return whole(n.low, most)
    if row.name == "sum" and value.numbers is not None and value.numbers.whole:
        v = value.numbers
        ends = [end * count if end else 0 for end in (v.low, v.high) for count in (1, most)]
        return Type((), Numbers(min(ends), max(ends), n.whole))
    return found


def _widened(before: Type, after: Type) -> Type:
    old, new = before.numbers, after.numbers
    if old is None or new is None:
        return after
    low = new.low if new.low >= old.low else -INF
    high = new.high if new.high <= old.high else INF
    values = new.values if (low, high) == (new.low, new.high) else None
    return Type(after.texts, Numbers(low, high, new.whole, values), after.nothing)
