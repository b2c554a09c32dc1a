"""Exact passes over what variables are: expressions tidied, copies and equal ones merged, short ones written inside."""

from __future__ import annotations

from dataclasses import replace

from pellucid.language.expressions import Const, Var, depth, names_in, size, substitute
from pellucid.language.inference import type_of
from pellucid.language.nodes import Aggregate, Delay, Let, Node, Select, key_names, query_names, reads
from pellucid.language.program import Program
from pellucid.language.types import Type
from pellucid.simplify.facts import Facts
from pellucid.simplify.rewrite import aliased, attempt, each, on_each, with_node
from pellucid.simplify.tidy import as_test, tidy
from pellucid.simplify.tidy_rules import alike

SHORT = 8  # size of an expression that may be written inside another
DEEP = 6  # levels of what it is written into


@on_each
def tidied(program: Program, name: str, node: Node, _: Facts) -> Program:
    """Every expression in its plainest form."""
    match node:
        case Let(expression) if not alike(found := tidy(expression, program.types), expression):
            return with_node(program, name, Let(found))
        case Aggregate(Select(match=match) as select) if match is not None:
            types = local_types(program, select)
            found = as_test(tidy(match, types), lambda part: type_of(part, types))
            if not alike(found, match):
                return with_node(program, name, replace(node, select=replace(select, match=found)))
    return program


def local_types(program: Program, select: Select) -> dict[str, Type]:
    """Types of `q`, `k`, ... in a selection's match."""
    names = (*query_names(len(select.query)), *key_names(len(select.key)))
    return dict(zip(names, (program.types[v] for v in (*select.query, *select.key)), strict=True))


def merged(program: Program, facts: Facts) -> Program:
    """A copy of a variable is that variable; so is one that is computed alike, or always equal."""
    first: dict[str, str] = {}

    def change(program: Program, name: str, node: Node) -> Program:
        match node:
            case Let(Var()):
                return with_node(program, name, node)
        earlier = first.setdefault(repr(node), name)  # tells 1 from 1.0, which compare as equal
        return program if earlier == name else attempt(program, lambda: aliased(program, name, earlier))

    program = each(program, change)
    for later, earlier in facts.same(program).items():
        if later in program.nodes and earlier in program.nodes:
            program = attempt(program, lambda p=program, old=later, new=earlier: aliased(p, old, new))
    return program


def with_constants(program: Program, facts: Facts) -> Program:
    """A variable with one value is that constant; those that read it in expressions have it there."""

    def constant(program: Program, name: str, node: Node) -> Program:
        known = isinstance(node, Let) and isinstance(node.expression, Const)
        n = program.types[name].numbers  # 1 may have been taken for 1.0 among real numbers
        rows = None if known or (n is not None and not n.whole) else facts.rows(program, (name,))
        return program if rows is None or len(rows) != 1 else with_node(program, name, Let(Const(rows[0][0])))

    def written(program: Program, name: str, node: Node) -> Program:
        if not isinstance(node, Let) or not isinstance(node.expression, Const):
            return program
        value = node.expression
        return attempt(program, lambda: program.map(lambda a: _filled(a.node, name, value)))

    return each(each(program, constant), written)


def _filled(node: Node, name: str, value: Const) -> Node:
    """The node with a constant in the place of a variable, where it can have one."""
    match node:
        case Let(expression):
            return Let(substitute(expression, {name: value}))
        case Delay(_, _, Var(read)) | Aggregate(_, _, _, Var(read)) if read == name:
            return replace(node, default=value)
        case Delay(read, _, default) if read == name and alike(value, default):
            return Let(default)
    return node


@on_each
def with_longer_delays(program: Program, name: str, node: Node, _: Facts) -> Program:
    """The value one step back of the value two steps back is that of three steps back, if the defaults are equal."""
    if not isinstance(node, Delay) or not isinstance(inner := program[node.variable], Delay):
        return program
    together = node.amount * inner.amount > 0 and isinstance(node.default, Const)
    if not together or not alike(inner.default, node.default) or inner.variable == node.variable:
        return program
    return with_node(program, name, Delay(inner.variable, node.amount + inner.amount, node.default))


@on_each
def inlined(program: Program, name: str, node: Node, _: Facts) -> Program:
    """A short expression that one other expression reads once becomes part of it."""
    users = [a for a in program if name in reads(a.node)]
    if len(users) != 1 or name in program.results:
        return program
    match node, users[0].node:
        case Let(inner), Let(outer) if size(inner) <= SHORT and list(names_in(outer)).count(name) == 1:
            found = tidy(substitute(outer, {name: inner}), program.types)
            if depth(found) <= DEEP:
                return with_node(program, users[0].name, Let(found))
    return program
