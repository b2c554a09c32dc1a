"""Whether a program makes sense for inputs longer than it was learned on, and opening it for them."""

from __future__ import annotations

from dataclasses import replace

from pellucid.program.ir import (
    Lookup,
    Node,
    Program,
    Readout,
    Scan,
    Select,
    constant_types,
    reads,
)
from pellucid.program.nodes import PREVIOUS
from pellucid.program.predicates import Compare
from pellucid.program.rewrite import where_valid


def opened(program: Program) -> Program:
    """The program taking longer inputs, where every piece says something about them.

    Comparisons, formulas and rules with thresholds do; a table (a lookup, a predicate by cases, evidence) over a number
    that grows with the input does not: it ends where the data ended.
    """
    if program.markers or program.unbounded or any(_ends(a.node, program) for a in program):
        return program
    return where_valid(program, replace(program, unbounded=True))


def _ends(node: Node, program: Program) -> bool:
    constant = {*constant_types(program), PREVIOUS}
    match node:
        case Lookup() | Readout():
            return not constant.issuperset(reads(node))
        case Scan(_, step):
            return isinstance(step, Lookup) and not constant.issuperset(reads(step))
        case Select(query, key, predicate):
            return not isinstance(predicate, Compare) and not constant.issuperset((query, key))
    return False
