"""Cutting a program down to what some answers use: cases, rules and rows that never apply where it matters go.

Nothing is put in a new form, so every line that is left is a line of the whole program. Exact on the scope: a case
that no needed position reaches cannot change a needed answer.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pellucid.program.formula import Var
from pellucid.program.inspect.demand import demand
from pellucid.program.inspect.fired import fired
from pellucid.program.inspect.scope import Scope, same_length
from pellucid.program.inspect.spare import spare_votes
from pellucid.program.interpret import values_of
from pellucid.program.ir import (
    Assign,
    Embed,
    Lookup,
    Node,
    Program,
    Readout,
    Rules,
    Scan,
    Select,
)
from pellucid.program.predicates import Match, Value
from pellucid.program.rewrite import where_valid
from pellucid.program.simplify import drop_unused

MAX_ROUNDS = 6


def pruned(program: Program, scope: Scope) -> Program:
    """The program with only what its answers in the scope use. Preserves these answers."""
    for _ in range(MAX_ROUNDS):
        before = program
        program = drop_unused(spare_votes(program, scope))
        numbers, values = applied(program, scope)
        for a in program:
            smaller = _smaller(program, a, numbers.get(a.name), values)
            if smaller != a.node:
                program = where_valid(program, _with(program, a.name, smaller))
        program = drop_unused(program)
        if program == before:
            break
    return program


def applied(program: Program, scope: Scope) -> tuple[dict[str, set[int]], dict[str, set[Value]]]:
    """By variable: numbers of the cases that applied where it matters, and the values that voted there."""
    numbers: dict[str, set[int]] = {}
    codes: dict[str, set[int]] = {}
    node = program[program.output]
    voting = {e.variable for e in node.evidence} if isinstance(node, Readout) else set()
    long = same_length(program, scope.program)
    for tokens, answers, env in scope.runs(program):
        for name, rows in demand(long, tokens, env, answers).items():
            number = fired(long, name, tokens, env) if rows.any() else None
            if number is not None:
                numbers.setdefault(name, set()).update(np.unique(number[rows]).tolist())
            if name in voting:
                codes.setdefault(name, set()).update(np.unique(env[name][rows]).tolist())
    return numbers, {name: {values_of(long, name)[c] for c in found} for name, found in codes.items()}


def _with(program: Program, name: str, node: Node) -> Program:
    return program.map(lambda a: node if a.name == name else a.node)


def _smaller(program: Program, a: Assign, numbers: set[int] | None, values: dict[str, set[Value]]) -> Node:
    """The node with the cases of these numbers only; None: it has no cases, or none of its values matters."""
    node = a.node
    if isinstance(node, Readout) and a.name == program.output:
        evidence = tuple(
            replace(e, rows=tuple(row for row in e.rows if row[0] in values[e.variable])) for e in node.evidence
        )
        return replace(node, evidence=evidence)
    if numbers is None:
        return node
    match node:
        case Lookup() | Rules() | Embed():
            return _fewer_cases(program, node, numbers)
        case Scan(_, (Lookup() | Rules()) as step):
            shorter = _fewer_cases(program, step, numbers)
            return replace(node, step=shorter) if isinstance(shorter, type(step)) else node
        case Select(_, _, Match(cases, default)):
            kept = tuple(row for i, row in enumerate(cases) if i in numbers)
            return replace(node, predicate=Match(kept, default if -1 in numbers else ()))
    return node


def _fewer_cases(program: Program, node: Lookup | Rules | Embed, numbers: set[int]) -> Lookup | Rules:
    match node:
        case Embed(variable, cases):
            kept = tuple(((token,), cluster) for i, (token, cluster) in enumerate(cases) if i in numbers)
            return Lookup((variable,), kept, cases[0][1])
        case Lookup(variables, cases, default):
            kept = tuple(case for i, case in enumerate(cases) if i in numbers)
            return Lookup(variables if kept else (program.tokens,), kept, default)
        case Rules(rules, default):
            kept = tuple(rule for i, rule in enumerate(rules) if i in numbers)
            if not kept and not isinstance(default, Var):
                return Lookup((program.tokens,), (), default)
            return Rules(kept, default)
