"""A program with markers on the user's tokens alone: the same nodes where positions count from 0, not from 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pellucid.program.compact.graph import Graph, name
from pellucid.program.formula import Apply, Const, Var
from pellucid.program.ir import Formula, Input, Lookup, Node, Program, Select, reads, renamed
from pellucid.program.predicates import Compare, Match, OneOf, Predicate, Value


def add_without_markers(graph: Graph, program: Program) -> dict[str, int]:
    """Add what a program with markers computes to a graph without; numbers by its names.

    What looked at a marker finds nothing now, so this need not be the same function. Variables that make no sense
    without markers are left out.
    """
    numbers: dict[str, int] = {}
    places = {a.name for a in program if a.node == Input("positions")}
    for a in program:
        node = _shifted(a.node, places)
        try:
            counted = node is a.node and places.intersection(reads(node)) and not isinstance(node, Select | Lookup)
            if any(v not in numbers for v in reads(node)):
                continue
            names = {v: name(numbers[v]) for v in reads(node)}
            if counted:
                names |= {v: name(_from_one(graph, numbers[v])) for v in places.intersection(names)}
            numbers[a.name] = graph.add(renamed(node, names))
        except ValueError:
            continue
    return numbers


def _from_one(graph: Graph, positions: int) -> int:
    return graph.add(Formula(Apply("+", Var(name(positions)), Const(1))))


def _shifted(node: Node, places: set[str]) -> Node:
    """The node with the positions it names one less, where it reads positions."""
    match node:
        case Select(query, key, predicate) if places.intersection((query, key)):
            return replace(node, predicate=_predicate(predicate, query in places, key in places))
        case Lookup(variables, cases) if places.intersection(variables):
            less = tuple((tuple(_less(v) if n in places else v for n, v in zip(variables, key, strict=True)), out)
                         for key, out in cases)  # fmt: skip
            return replace(node, cases=less)
    return node


def _predicate(predicate: Predicate, asked: bool, offered: bool) -> Predicate:
    query: Callable[[Value], Value] = _less if asked else _same
    key: Callable[[Value], Value] = _less if offered else _same
    match predicate:
        case Compare(op, offset):
            return Compare(op, offset + asked - offered)
        case OneOf(values):
            return OneOf(tuple(map(key, values)))
        case Match(cases, default):
            rows = tuple((query(q), tuple(map(key, row))) for q, row in cases)
            return Match(rows, tuple(map(key, default)))


def _less(value: Value) -> Value:
    return value - 1 if isinstance(value, int) else value


def _same(value: Value) -> Value:
    return value
