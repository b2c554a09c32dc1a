"""Exact passes for lookups: fewer cases, fewer variables, and one table instead of two."""

from __future__ import annotations

import numpy as np

from pellucid.program.elementwise import local_function
from pellucid.program.facts import Facts, pointwise
from pellucid.program.interpret import values_of
from pellucid.program.ir import Assign, Lookup, Program, reads
from pellucid.program.rewrite import alias, drop_unused, lookup_from, where_valid


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


def _shrink_lookup(program: Program, name: str, node: Lookup, facts: Facts) -> Program:
    scope = "user" if name in pointwise(program) else "all"
    tuples = facts.tuples(program, node.variables, scope)
    if tuples is None:
        return program
    codes = _looked_up(program, name, dict(zip(node.variables, tuples.T, strict=True)))
    keep = _needed_columns(tuples, codes)
    tuples, first = np.unique(tuples[:, keep], axis=0, return_index=True)
    values = values_of(program, name)
    outputs = [values[c] for c in codes[first]]
    variables = tuple(node.variables[i] for i in keep)
    domains = [values_of(program, v) for v in variables]
    if len(keep) == 1 and all(domains[0][int(c)] == out for (c,), out in zip(tuples, outputs, strict=True)):
        aliased = alias(program, name, variables[0])
        if aliased is not program:
            return aliased
    smaller = lookup_from(variables, domains, tuples, outputs)
    return where_valid(program, program.map(lambda a: smaller if a.name == name else a.node))


def _looked_up(program: Program, name: str, columns: dict[str, np.ndarray]) -> np.ndarray:
    """Codes that a lookup gives for columns of codes."""
    node = program[name]
    assert isinstance(node, Lookup)
    return local_function(node, program.types, program.types[name])(columns)


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
    inside = _looked_up(program, name, columns)
    codes = _looked_up(program, outer.name, {**columns, name: inside})
    values = values_of(program, outer.name)
    domains = [values_of(program, v) for v in variables]
    composed = lookup_from(variables, domains, tuples, [values[c] for c in codes])
    used_elsewhere = name == program.output or sum(name in reads(a.node) for a in program) > 1
    spared = 0 if used_elsewhere else len(inner.cases) + 2
    if len(composed.cases) > len(node.cases) + spared:
        return None
    return program.map(lambda a: composed if a.name == outer.name else a.node)
