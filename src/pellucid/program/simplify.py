"""Exact simplification: passes `Program -> Program` that preserve the function on the whole domain.

Every pass keeps the output of the program at the user's positions, for every input, given true `Facts`. `simplify`
repeats them until nothing changes. More passes are in `simplify_heads`, `simplify_lookups`, `simplify_readout` and
`simplify_markers`. Facts are about inputs up to the longest the program was learned on; for a program that takes longer
ones too, `simplify` undoes what changes an output on a sample of those.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pellucid.errors import PellucidError
from pellucid.program.elementwise import test_truth
from pellucid.program.facts import Facts, pointwise
from pellucid.program.interpret import predict, values_of
from pellucid.program.ir import (
    Assign,
    Embed,
    Input,
    Lookup,
    Node,
    Program,
    ProgramError,
    Readout,
    Rules,
    Select,
    reads,
)
from pellucid.program.rewrite import alias, where_valid
from pellucid.program.rewrite import drop_unused as drop_unused
from pellucid.program.simplify_heads import count_ones, drop_masks, recognise_predicates
from pellucid.program.simplify_lookups import compose_lookups, shrink_lookups
from pellucid.program.simplify_markers import without_markers
from pellucid.program.simplify_readout import readout_to_lookup, shrink_readout
from pellucid.program.verify import longer_inputs

Pass = Callable[[Program, Facts], Program]
MAX_ROUNDS = 8
LONGER = 300  # longer inputs on which the passes must agree


def simplify(program: Program, facts: Facts) -> Program:
    """Repeat the exact passes until none changes the program."""
    for _ in range(MAX_ROUNDS):
        before = program
        for step in PASSES:
            program = _kept(program, step(program, facts))
        if program == before:
            break
    return program


def _kept(program: Program, changed: Program) -> Program:
    """What a pass made, where it gives the same outputs on longer inputs, too."""
    if not program.unbounded or changed == program:
        return changed
    inputs = longer_inputs(program.vocab, LONGER, 0)
    try:
        return changed if predict(changed, inputs) == predict(program, inputs) else program
    except (PellucidError, ProgramError):  # a number that is small on the domain may not stay so
        return program


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


def drop_idle_rules(program: Program, facts: Facts) -> Program:
    """Rules that never decide go. Preserves the output."""
    local = pointwise(program)

    def change(a: Assign) -> Node:
        if not isinstance(a.node, Rules):
            return a.node
        found = facts.tuples(program, reads(a.node), "user" if a.name in local else "all")
        return a.node if found is None else _deciding(program, a.node, found)

    return where_valid(program, program.map(change))


def _deciding(program: Program, node: Rules, tuples: np.ndarray) -> Rules:
    columns = dict(zip(reads(node), tuples.T, strict=True))
    left, kept = np.ones(len(tuples), bool), []
    for rule in node.rules:
        holds = left.copy()
        for test in rule.tests:
            holds &= test_truth(test, columns, program.types)
        kept += [rule] if holds.any() else []
        left &= ~holds
    return Rules(tuple(kept), node.default)


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
    drop_masks,
    drop_idle_rules,
    merge_equal,
    shrink_readout,
    readout_to_lookup,
    shrink_lookups,
    compose_lookups,
    recognise_predicates,
    drop_unused,
    without_markers,
)
