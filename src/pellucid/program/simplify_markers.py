"""An exact pass: a program that the begin and end markers do not matter to works on the user's tokens alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pellucid.program.facts import Facts
from pellucid.program.ir import (
    Assign,
    Embed,
    Evidence,
    Input,
    Lookup,
    Node,
    Program,
    ProgramError,
    Readout,
    Select,
    reads,
)
from pellucid.program.predicates import Compare, Match, OneOf, Predicate, Value


def without_markers(program: Program, facts: Facts) -> Program:
    """The program without markers, where it surely gives the same outputs. Preserves the output.

    Positions are then counted from the first token, so a program that reads them otherwise than by their distance stays
    as it is.
    """
    if not program.markers or _reads_positions(program):
        return program
    marks = set(program.vocab.symbols[len(program.vocab.tokens) :])
    without = replace(program.map(lambda a: _unmarked(a, program, marks)), markers=False)
    try:
        _ = without.types
    except ProgramError:
        return program
    return without if facts.markers_idle(program, without) else program


def _reads_positions(program: Program) -> bool:
    """Whether something reads where a position is, not how far it is from another."""
    positions = {a.name for a in program if a.node == Input("positions")}
    for a in program:
        if positions.intersection(reads(a.node)) and not _relative(a.node, positions):
            return True
    return program.output in positions


def _relative(node: Node, positions: set[str]) -> bool:
    """Whether a node compares one position with another."""
    if not isinstance(node, Select) or not isinstance(node.predicate, Compare):
        return False
    return {node.query, node.key} <= positions and node.mask not in positions


def _unmarked(a: Assign, program: Program, marks: set[Value]) -> Node:
    """The node without what it says of markers where it reads the tokens themselves."""
    tokens = program.tokens
    match a.node:
        case Embed(variable, cases) if variable == tokens:
            return Embed(variable, tuple(case for case in cases if case[0] not in marks))
        case Lookup(variables, cases, default):
            places = [i for i, name in enumerate(variables) if name == tokens]
            kept = tuple(case for case in cases if not any(case[0][i] in marks for i in places))
            return Lookup(variables, kept, default)
        case Select(query, key, predicate):
            return replace(a.node, predicate=_predicate(predicate, marks, asked=query == tokens, offered=key == tokens))
        case Readout(_, _, evidence):
            return replace(a.node, evidence=tuple(_evidence(e, tokens, marks) for e in evidence))
    return a.node


def _evidence(evidence: Evidence, tokens: str, marks: set[Value]) -> Evidence:
    if evidence.variable != tokens:
        return evidence
    return replace(evidence, rows=tuple(row for row in evidence.rows if row[0] not in marks))


def _predicate(predicate: Predicate, marks: set[Value], asked: bool, offered: bool) -> Predicate:
    def known(values: Iterable[Value]) -> tuple[Value, ...]:
        return tuple(v for v in values if not offered or v not in marks)

    match predicate:
        case OneOf(values):
            return OneOf(known(values))
        case Match(cases, default):
            kept = tuple((q, known(row)) for q, row in cases if not asked or q not in marks)
            return Match(kept, known(default))
    return predicate
