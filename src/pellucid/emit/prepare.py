"""A program in the form that is written: nothing unused, and no long text that would have to stand twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pellucid.emit.plan import gives_one, written
from pellucid.language.expressions import Apply, Const, Expression, Table, Var, parts, size, values_among, with_parts
from pellucid.language.inference import type_of
from pellucid.language.nodes import Aggregate, Assign, Delay, Input, Let, Node, Reach, Select
from pellucid.language.operators import MIRRORED
from pellucid.language.program import Program
from pellucid.language.types import Type
from pellucid.language.words import form

LONG = 3  # of an operand whose text stands twice
POSITION = Input("", "position")
ORDERS: dict[str, Reach] = {"<": "before", "<=": "upto", ">": "after", ">=": "from"}


def prepared(program: Program) -> Program:
    """The same program, with variables of their own for long operands that stand twice."""
    program = replace(program.pruned(), longest=None if program.takes_longer else program.longest)
    taken = set(program.nodes)
    assignments: list[Assign] = []
    for a in program:
        if (shown := _form(a.node, program)) is not None:
            assignments.append(Assign(a.name, shown))
        elif isinstance(a.node, Let):
            split = _Split(a.name, program.types, taken)
            expression = split.split(a.node.expression)
            assignments += [*split.found, Assign(a.name, Let(expression))]
        else:
            assignments.append(Assign(a.name, _placed(_sure(a.node, program.types), program)))
    return replace(program, assignments=tuple(assignments))


def _form(node: Node, program: Program) -> Input | None:
    """The form of a word, where that is what a table says of every word."""
    match node:
        case Let(Table((Var(variable),), cases, default)) if cases:
            source, listed = program[variable], dict(cases)
            words = next((c for c in program.inputs if isinstance(source, Input) and c.name == source.column), None)
            if words is None or words.words is None or source != Input(words.name):
                return None
            if all(listed.get((text,), default) == form(text) for text in words.type.texts):
                return Input(words.name, "form")
    return None


def _sure(node: Node, types: Mapping[str, Type]) -> Node:
    """Without a match that every key fulfils."""
    if not isinstance(node, Aggregate) or node.select.match is None or node.select.query or len(node.select.key) != 1:
        return node
    values, t = values_among(node.select.match), types[node.select.key[0]]
    if values is None or t.values is None or t.nothing or not set(t.values) <= set(values):
        return node
    return replace(node, select=replace(node.select, match=None, key=(), ties=False))


def asked_place(program: Program, select: Select) -> int | Reach | None:
    """Of a match of positions alone: how far the key is from the query, or which reach that is; None: no such match."""
    if select.ties or [program[v] for v in (*select.query, *select.key)] != [POSITION, POSITION]:
        return None
    match select.match:
        case Apply(sign, (Var("q") as query, key)) if sign in MIRRORED:
            return asked_place(program, replace(select, match=Apply(MIRRORED[sign], (key, query))))
        case Apply("==", (Var("k"), Var("q"))):
            return 0
        case Apply("==", (Var("k"), Apply("+" | "-" as sign, (Var("q"), Const(int(amount)))))):
            return amount if sign == "+" else -amount
        case Apply(sign, (Var("k"), Var("q"))) if sign in ORDERS:
            return ORDERS[sign]
    return None


def _placed(node: Node, program: Program) -> Node:
    """What is read at a fixed distance is a delay, an order of positions a reach."""
    if isinstance(node, Aggregate) and node.select.reach == "any":
        select = node.select
        match asked_place(program, select), node:
            case int(far), Aggregate(Select(window=None, mask=None), _, str(value), Const() as default) if far:
                return Delay(value, -far, default) if gives_one(node, program.types) else node
            case str(reach), _:
                return replace(node, select=replace(select, match=None, query=(), key=(), reach=reach))
    return node


class _Split:
    def __init__(self, owner: str, types: dict[str, Type], taken: set[str]) -> None:
        self.owner, self.types, self.taken = owner, dict(types), taken
        self.found: list[Assign] = []

    def split(self, expression: Expression) -> Expression:
        new = [self.split(part) for part in parts(expression)]
        if isinstance(expression, Apply):
            _, twice = written(expression.operator, [type_of(part, self.types) for part in new])
            new = [self._named(part) if i in twice and size(part) > LONG else part for i, part in enumerate(new)]
        return with_parts(expression, new) if new else expression

    def _named(self, expression: Expression) -> Var:
        count = 1
        while (called := f"{self.owner}_part_{count}") in self.taken:
            count += 1
        self.taken.add(called)
        self.types[called] = type_of(expression, self.types)
        self.found.append(Assign(called, Let(expression)))
        return Var(called)
