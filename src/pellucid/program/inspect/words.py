"""What a node computes, as one line of words a reader can follow; for traces, circuits and groups of errors.

`q` stands for the position that looks, `k` for a position it looks at; both are counted as the program counts them.
"""

from __future__ import annotations

from collections.abc import Iterable

from pellucid.language.spelling import form
from pellucid.program import formula
from pellucid.program.formula import Var
from pellucid.program.interpret import values_of
from pellucid.program.ir import Aggregate, Embed, Formula, Input, Lookup, Node, Program, Readout, Rules, Scan, Select
from pellucid.program.literals import literal, one_of
from pellucid.program.nodes import Rule, Test
from pellucid.program.predicates import Compare, Match, OneOf, Value

REACH = {"upto": "k <= q", "before": "k < q", "after": "k > q", "from": "k >= q"}
INPUTS = {
    "tokens": "the input",
    "positions": "the position",
    "ones": "always 1",
    "length": "the number of tokens",
}
FEW = 8  # cases with one outcome that are written as a test
HOW = {"min": "smallest", "max": "largest", "first": "first", "last": "last"}


def expression(program: Program, node: Node) -> str:
    """One line that says what the node computes from which variables."""
    match node:
        case Input(which):
            first = 1 if program.markers else 0
            return f"{INPUTS[which]}, counted from {first}" if which == "positions" else INPUTS[which]
        case Embed(variable, cases):
            if program.vocab.text is not None and all(kind == form(str(token)) for token, kind in cases):
                return f"form of {variable}, {counted(len({out for _, out in cases}), 'form')}"
            return f"cluster of {variable}, {counted(len({out for _, out in cases}), 'cluster')}"
        case Select():
            return f"k where {condition(program, node)}"
        case Aggregate():
            return _aggregate(program, node)
        case Lookup():
            return _lookup(node)
        case Rules(rules, default):
            if len(rules) == 1:
                return f"{outcome(rules[0].outcome)} if {tests(rules[0])}, else {outcome(default)}"
            return f"the first of {len(rules)} rules that holds, else {outcome(default)}"
        case Formula(inner):
            return formula.text(inner)
        case Scan(initial, step):
            return f"from left to right, starting with previous = {literal(initial)}: {expression(program, step)}"
        case Readout():
            names = [e.variable for e in node.evidence] + [name for name, _ in node.scaled]
            where = " over all positions" if node.pooled else ""
            return f"the label with most evidence{where}, from {', '.join(dict.fromkeys(names)) or 'nothing'}"


def condition(program: Program, node: Select) -> str:
    """What must hold for position `q` to look at position `k`."""
    parts = [*_predicate(program, node)]
    if node.reach != "any":
        parts.append(REACH[node.reach])
    if node.mask is not None:
        parts.append(f"not {node.mask}[k]" if node.negated else f"{node.mask}[k]")
    return " and ".join(parts) or "k is any position"


def _predicate(program: Program, node: Select) -> Iterable[str]:
    query, key = f"{node.query}[q]", f"{node.key}[k]"
    only = [values_of(program, name) for name in (node.query, node.key)]
    if len(only[0]) == len(only[1]) == 1 and node.predicate(only[0][0], only[1][0]):
        return  # it always holds
    if program[node.query] == program[node.key] == Input("positions"):
        query, key = "q", "k"
    match node.predicate:
        case Compare(op, offset):
            shift = f" {'+' if offset > 0 else '-'} {abs(offset)}" if offset else ""
            ties = " (or equal, and k < q)" if node.ties == "earlier" else ""
            yield f"{key} {op} {query}{shift}{ties}"
        case OneOf(wanted):
            known = values_of(program, node.key)
            if len(known) > len(wanted) or not set(known) <= set(wanted):
                yield among(key, wanted)
        case Match():
            yield f"{key} in the row of {query}"


def among(name: str, values: Iterable[Value], negated: bool = False) -> str:
    """`name == value`, or `name in {...}`."""
    values = tuple(values)
    if not values:
        return "True" if negated else "False"
    if len(values) == 1:
        return f"{name} {'!=' if negated else '=='} {literal(values[0])}"
    return f"{name} {'not in' if negated else 'in'} {one_of(values)}"


def _aggregate(program: Program, node: Aggregate) -> str:
    select = program[node.selector]
    assert isinstance(select, Select)
    where = condition(program, select)
    match node.how:
        case "take":
            return f"{node.value}[k] at the nearest k where {where}"
        case "count":
            return f"number of k where {where}"
        case "any":
            return f"1 if there is a k where {where}, else 0"
        case "sum":
            return f"sum of {node.value}[k] where {where}"
    return f"{HOW[node.how]} {node.value}[k] where {where}, {literal(node.default)} if none"


def _lookup(node: Lookup) -> str:
    if not node.cases:
        return f"always {literal(node.default)}"
    outputs = {out for _, out in node.cases}
    one = len(node.variables) == 1 and len(outputs) == 1 and len(node.cases) <= FEW
    if len(node.cases) == 1 or one:
        held = among(node.variables[0], (key[0] for key, _ in node.cases)) if one else case(node, 0)
        return f"{literal(node.cases[0][1])} if {held}, else {literal(node.default)}"
    return f"table of {' and '.join(node.variables)}, {counted(len(node.cases), 'case')}, else {literal(node.default)}"


def case(node: Lookup, index: int) -> str:
    """Condition of one case of a lookup."""
    return " and ".join(f"{n} == {literal(v)}" for n, v in zip(node.variables, node.cases[index][0], strict=True))


def tests(rule: Rule) -> str:
    """Condition of one rule of a decision list."""
    return " and ".join(map(_test, rule.tests)) or "True"


def _test(test: Test) -> str:
    if test.against is not None:
        return f"{test.variable} {test.op} {test.against}"
    if test.op in ("in", "not in"):
        return among(test.variable, test.values, test.op == "not in")
    return f"{test.variable} {test.op} {literal(test.values[0])}"


def outcome(value: Value | Var) -> str:
    """What a rule gives: a literal, or a variable by name."""
    return value.name if isinstance(value, Var) else literal(value)


def runs(positions: Iterable[int]) -> str:
    """Increasing positions, neighbours as `2-5`."""
    found: list[list[int]] = []
    for k in positions:
        if found and k == found[-1][1] + 1:
            found[-1][1] = k
        else:
            found.append([k, k])
    return ", ".join(f"{low}-{high}" if high > low else str(low) for low, high in found)


def plain(value: Value, quote: bool = False) -> str:
    """A value in a table: bare where nothing can be mistaken, as a literal otherwise."""
    bare = not isinstance(value, str) or (value.isprintable() and value.strip() == value and value and " " not in value)
    return str(value) if bare and not quote else literal(value)


def counted(number: int, noun: str) -> str:
    """`1 case`, `2,000 cases`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
