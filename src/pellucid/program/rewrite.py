"""Small rewrites that the passes share."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from pellucid.program.facts import Facts
from pellucid.program.ir import Lookup, Program, ProgramError, order, reads, renamed
from pellucid.program.predicates import Value


def drop_unused(program: Program, facts: Facts | None = None) -> Program:
    """Keep what the output depends on, and the tokens, which every program reads. Preserves every kept variable."""
    del facts
    needed = {program.output}
    for a in reversed(program.assignments):
        if a.name in needed:
            needed.update(reads(a.node))
    kept = tuple(a for a in program if a.name in needed or a.name == program.tokens)
    return replace(program, assignments=kept)


def alias(program: Program, old: str, new: str) -> Program:
    """Read `new` wherever `old` is read. Unchanged where `new` has a type that a reader refuses."""
    names = {old: new}
    changed = program.map(lambda a: renamed(a.node, names))
    output = new if program.output == old else program.output
    return where_valid(program, replace(changed, output=output))


def where_valid(program: Program, changed: Program) -> Program:
    """`changed` where it is well formed, else `program`."""
    try:
        _ = changed.types
    except ProgramError:
        return program
    return changed


def lookup_from(variables: tuple[str, ...], domains: list, tuples: np.ndarray, outputs: list[Value]) -> Lookup:
    """The lookup with these outputs at these code tuples: commonest output as default, the rest as sorted cases."""
    default = min(order(set(outputs)), key=lambda out: -Counter(outputs)[out])
    cases = {
        tuple(domain[c] for domain, c in zip(domains, row, strict=True)): out
        for row, out in zip(tuples.tolist(), outputs, strict=True)
        if out != default
    }
    ranked = sorted(cases.items(), key=lambda case: [(isinstance(v, str), v) for v in case[0]])
    return Lookup(variables, tuple(ranked), default)
