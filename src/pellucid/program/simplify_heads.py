"""Exact passes for selectors and aggregates: simpler predicates, masks that do nothing, sums that are counts."""

from __future__ import annotations

from dataclasses import replace

from pellucid.program.elementwise import numbers_of
from pellucid.program.facts import Facts, pointwise
from pellucid.program.interpret import values_of
from pellucid.program.ir import Aggregate, Assign, Input, Node, Program, Select
from pellucid.program.predicates import OneOf, matrix, recognise


def count_ones(program: Program, facts: Facts | None = None) -> Program:
    """A sum of the constant 1 over keys is their count. Preserves every variable."""
    del facts
    ones = {a.name for a in program if a.node == Input("ones")}

    def change(a: Assign) -> Node:
        if isinstance(a.node, Aggregate) and a.node.how == "sum" and a.node.value in ones:
            return Aggregate(a.node.selector, "count")
        return a.node

    return program.map(change)


def drop_masks(program: Program, facts: Facts) -> Program:
    """A mask that lets every key through goes. Preserves every variable."""

    def change(a: Assign) -> Node:
        if not isinstance(a.node, Select) or a.node.mask is None:
            return a.node
        found = facts.tuples(program, (a.node.mask,))
        if found is None:
            return a.node
        bits = numbers_of(program.types[a.node.mask], found[:, 0])
        open_ = bool((bits == (0 if a.node.negated else 1)).all())
        return replace(a.node, mask=None, negated=False) if open_ else a.node

    return program.map(change)


def recognise_predicates(program: Program, facts: Facts) -> Program:
    """Predicates become the simplest form that agrees on the pairs that occur. Preserves the output.

    Where the query makes no difference, the selector reads the tokens as its query and no other variable.
    """
    local = pointwise(program)

    def change(a: Assign) -> Node:
        if not isinstance(a.node, Select) or a.node.ties != "none":
            return a.node
        occurs = facts.pairs(program, a.node, "user" if a.name in local else "all")
        if occurs is None:
            return a.node
        queries, keys = values_of(program, a.node.query), values_of(program, a.node.key)
        truth = matrix(a.node.predicate, queries, keys)
        predicate = recognise(truth, occurs, queries, keys)
        query = program.tokens if isinstance(predicate, OneOf) else a.node.query
        return replace(a.node, predicate=predicate, query=query)

    return program.map(change)
