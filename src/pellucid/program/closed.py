"""All passes to closed forms, in the order in which they go after those of `simplify`."""

from __future__ import annotations

from collections.abc import Callable

from pellucid.program.closed_flags import inline_flags, masks_to_keys
from pellucid.program.closed_forms import lookups_to_formulas, lookups_to_rules
from pellucid.program.closed_heads import tables_in_aggregates, thresholds_in_predicates
from pellucid.program.closed_readout import readout_closed
from pellucid.program.facts import Facts
from pellucid.program.ir import Program

CLOSED: tuple[Callable[[Program, Facts], Program], ...] = (
    readout_closed,
    tables_in_aggregates,
    thresholds_in_predicates,
    lookups_to_formulas,
    lookups_to_rules,
    masks_to_keys,
    inline_flags,
)


def closed(program: Program, facts: Facts) -> Program:
    """The program with tables and readout in closed forms. Preserves the output."""
    for step in CLOSED:
        program = step(program, facts)
    return program
