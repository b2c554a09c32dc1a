"""Exact simplification: passes `Program -> Program` that preserve the function on the whole domain.

Every pass keeps the output of the program at the user's positions, for every input, given true `Facts`. `simplify`
repeats them until nothing changes. Passes for the readout are in `simplify_readout`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pellucid.program.facts import Facts, pointwise
from pellucid.program.interpret import code_table, values_of
from pellucid.program.ir import (
    Aggregate,
    Assign,
    Embed,
    Input,
    Lookup,
    Node,
    Program,
    Readout,
    Select,
    domain_of,
    reads,
)
from pellucid.program.predicates import OneOf, matrix, recognise
from pellucid.program.rewrite import alias, lookup_from, where_valid
from pellucid.program.simplify_readout import readout_to_lookup, shrink_readout

Pass = Callable[[Program, Facts], Program]
MAX_ROUNDS = 8


def simplify(program: Program, facts: Facts) -> Program:
    """Repeat the exact passes until none changes the program."""
    for _ in range(MAX_ROUNDS):
        before = program
        for step in PASSES:
            program = step(program, facts)
        if program == before:
            break
    return program


def drop_unused(program: Program, facts: Facts | None = None) -> Program:
    """Keep what the output depends on, and the tokens, which every program reads. Preserves every kept variable."""
    del facts
    needed = {program.output}
    for a in reversed(program.assignments):
        if a.name in needed:
            needed.update(reads(a.node))
    kept = tuple(a for a in program if a.name in needed or a.name == program.tokens)
    return replace(program, assignments=kept)


def count_ones(program: Program, facts: Facts | None = None) -> Program:
    """A sum of the constant 1 over keys is their count. Preserves every variable."""
    del facts
    ones = {a.name for a in program if a.node == Input("ones")}

    def change(a: Assign) -> Node:
        if isinstance(a.node, Aggregate) and a.node.how == "sum" and a.node.value in ones:
            return Aggregate(a.node.selector, "count")
        return a.node

    return program.map(change)


def merge_equal(program: Program, facts: Facts) -> Program:
    """Variables and selections that are always equal become one. Preserves the output."""
    for later, earlier in facts.same(program).items():
        program = alias(program, later, earlier)
    program = drop_unused(program)
    local = pointwise(program)
    for later, earlier in facts.same(program, "user").items():
        if later in local:
            program = alias(program, later, earlier)
    first: dict[Node, str] = {}
    for a in program:
        if isinstance(a.node, Select) and first.setdefault(a.node, a.name) != a.name:
            program = alias(program, a.name, first[a.node])
    return drop_unused(program)


def fold_constants(program: Program, facts: Facts) -> Program:
    """A variable with one value on the whole domain stops reading others. Preserves the output."""
    local = pointwise(program)

    def change(a: Assign) -> Node:
        if isinstance(a.node, Input | Select) or (isinstance(a.node, Readout) and a.node.pooled):
            return a.node
        found = facts.tuples(program, (a.name,), "user" if a.name in local else "all")
        if found is None or len(found) != 1:
            return a.node
        return Lookup((program.tokens,), (), values_of(program, a.name)[int(found[0, 0])])

    return where_valid(program, program.map(change))


def shrink_lookups(program: Program, facts: Facts) -> Program:
    """Lookups keep the cases that occur, the commonest output as default, and the variables that matter.

    A lookup that repeats its variable is that variable. Preserves the output.
    """
    for a in program:
        node = program[a.name]  # as it is by now
        if isinstance(node, Lookup):
            program = _shrink_lookup(program, a.name, node, facts)
    return drop_unused(program)


def compose_lookups(program: Program, facts: Facts) -> Program:
    """A lookup of a lookup becomes one, where that does not need more cases. Preserves the output."""
    changed = True
    while changed:
        changed = False
        for a in program:
            for inner in a.node.variables if isinstance(a.node, Lookup) else ():
                composed = _compose(program, a, inner, facts)
                if composed is not None:
                    program, changed = drop_unused(composed), True
                    break
            if changed:
                break
    return program


def recognise_predicates(program: Program, facts: Facts) -> Program:
    """Predicates become the simplest form that agrees on the pairs that occur. Preserves the output.

    Where the query makes no difference, the selector reads the tokens as its query and no other variable.
    """
    local = pointwise(program)

    def change(a: Assign) -> Node:
        if not isinstance(a.node, Select):
            return a.node
        queries, keys = values_of(program, a.node.query), values_of(program, a.node.key)
        occurs = facts.pairs(program, a.node, "user" if a.name in local else "all")
        truth = matrix(a.node.predicate, queries, keys)
        predicate = recognise(truth, occurs, queries, keys)
        query = program.tokens if isinstance(predicate, OneOf) else a.node.query
        return replace(a.node, predicate=predicate, query=query)

    return program.map(change)


def _shrink_lookup(program: Program, name: str, node: Lookup, facts: Facts) -> Program:
    scope = "user" if name in pointwise(program) else "all"
    tuples = facts.tuples(program, node.variables, scope)
    if tuples is None:
        return program
    codes = code_table(node, program)[tuple(tuples.T)]
    keep = _needed_columns(tuples, codes)
    tuples, first = np.unique(tuples[:, keep], axis=0, return_index=True)
    values = domain_of({node.default, *(out for _, out in node.cases)}).domain
    outputs = [values[c] for c in codes[first]]
    variables = tuple(node.variables[i] for i in keep)
    domains = [values_of(program, v) for v in variables]
    if len(keep) == 1 and all(domains[0][int(c)] == out for (c,), out in zip(tuples, outputs, strict=True)):
        aliased = alias(program, name, variables[0])
        if aliased is not program:
            return aliased
    smaller = lookup_from(variables, domains, tuples, outputs)
    return where_valid(program, program.map(lambda a: smaller if a.name == name else a.node))


def _needed_columns(tuples: np.ndarray, codes: np.ndarray) -> list[int]:
    """Columns without which the output would not be determined; at least one stays."""
    keep = list(range(tuples.shape[1]))
    for column in reversed(range(tuples.shape[1])):
        rest = [c for c in keep if c != column]
        if rest:
            rows = np.unique(tuples[:, rest], axis=0)
            if len(rows) == len(np.unique(np.column_stack([tuples[:, rest], codes]), axis=0)):
                keep = rest
    return keep


def _compose(program: Program, outer: Assign, name: str, facts: Facts) -> Program | None:
    """`outer` with its argument `name` replaced by what that lookup reads; None where it would grow."""
    inner, node = program[name], outer.node
    if not isinstance(inner, Lookup) or not isinstance(node, Lookup):
        return None
    variables = tuple(dict.fromkeys(w for v in node.variables for w in (inner.variables if v == name else (v,))))
    if len(variables) > 3:
        return None
    scope = "user" if outer.name in pointwise(program) else "all"
    tuples = facts.tuples(program, variables, scope)
    if tuples is None:
        return None
    columns = dict(zip(variables, tuples.T, strict=True))
    inside = code_table(inner, program)[tuple(columns[v] for v in inner.variables)]
    codes = code_table(node, program)[tuple(inside if v == name else columns[v] for v in node.variables)]
    values = domain_of({node.default, *(out for _, out in node.cases)}).domain
    domains = [values_of(program, v) for v in variables]
    composed = lookup_from(variables, domains, tuples, [values[c] for c in codes])
    used_elsewhere = name == program.output or sum(name in reads(a.node) for a in program) > 1
    spared = 0 if used_elsewhere else len(inner.cases) + 2
    if len(composed.cases) > len(node.cases) + spared:
        return None
    return program.map(lambda a: composed if a.name == outer.name else a.node)


def spell_embeddings(program: Program, facts: Facts) -> Program:
    """An embedding whose clusters are the tokens themselves is the tokens. Preserves every variable."""
    del facts
    identity = {
        a.name: a.node.variable for a in program if isinstance(a.node, Embed) and all(t == c for t, c in a.node.cases)
    }
    for name, source in identity.items():
        program = alias(program, name, source)
    return program


PASSES: tuple[Pass, ...] = (
    count_ones,
    spell_embeddings,
    drop_unused,
    fold_constants,
    merge_equal,
    shrink_readout,
    readout_to_lookup,
    shrink_lookups,
    compose_lookups,
    recognise_predicates,
    drop_unused,
)
