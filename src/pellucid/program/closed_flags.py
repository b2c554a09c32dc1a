"""Exact passes: what follows from a flag follows from what the flag says."""

from __future__ import annotations

from dataclasses import replace

from pellucid.program.facts import Facts
from pellucid.program.formula import Var
from pellucid.program.indexing import always
from pellucid.program.ir import Assign, Lookup, Node, Program, Rule, Rules, Select, Test, reads
from pellucid.program.predicates import OneOf, Value
from pellucid.program.rewrite import drop_unused, where_valid

Outcomes = tuple[Value | Var, Value | Var]  # where a flag is 1, and where it is 0


def inline_flags(program: Program, facts: Facts | None = None) -> Program:
    """Where a choice between two outcomes is all that reads a flag, the choice asks itself. Preserves the output."""
    del facts
    for a in program:
        flag, outcomes = _choice(program[a.name])
        said = None if flag is None or _readers(program, flag) != 1 else _said(program, flag)
        if said is None or outcomes is None:
            continue
        tests, positive = said
        first, second = outcomes if positive else outcomes[::-1]
        node = Rules((Rule(tests, first),), second)
        program = where_valid(program, program.map(lambda b, at=a.name, new=node: new if b.name == at else b.node))
    return drop_unused(program)


def masks_to_keys(program: Program, facts: Facts | None = None) -> Program:
    """Picking all keys where a flag says that a variable has a value is picking those with the value.

    Preserves every variable.
    """
    del facts

    def change(a: Assign) -> Node:
        select = a.node
        if not isinstance(select, Select) or select.mask is None or select.negated or not always(program, select):
            return select
        match program[select.mask]:
            case Lookup((name,), (((value,), 1),), 0):
                pass
            case Rules((Rule((Test(name, "==" | "in", (value,), None),), 1),), 0):
                pass
            case _:
                return select
        return replace(select, key=name, predicate=OneOf((value,)), mask=None, ties="none")

    return drop_unused(where_valid(program, program.map(change)))


def _readers(program: Program, name: str) -> int:
    return sum(name in reads(a.node) for a in program) + (name == program.output)


def _choice(node: Node) -> tuple[str | None, Outcomes | None]:
    """The variable that a node decides by, with its outcomes at 1 and at 0; None where it is more than that."""
    match node:
        case Lookup((name,), (((value,), out),), default) if value in (0, 1):
            return name, (out, default) if value else (default, out)
        case Rules((Rule((Test(name, "==" | "!=" as op, (value,), None),), out),), default) if value in (0, 1):
            return name, (out, default) if (op == "==") == (value == 1) else (default, out)
    return None, None


def _said(program: Program, name: str) -> tuple[tuple[Test, ...], bool] | None:
    """The tests that make a variable 1 (True) or 0 (False), where it is nothing but that."""
    match program[name]:
        case Rules((Rule(tests, 1),), 0):
            return tests, True
        case Rules((Rule(tests, 0),), 1):
            return tests, False
    return None
