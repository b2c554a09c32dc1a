"""Readable variable names, from structure alone: the same program always gets the same names."""

from __future__ import annotations

import builtins
import keyword
import re
from dataclasses import replace

from pellucid.program import runtime
from pellucid.program.ir import (
    Aggregate,
    Assign,
    Embed,
    Formula,
    Input,
    Lookup,
    Node,
    Program,
    Readout,
    Select,
    renamed,
)
from pellucid.program.predicates import Compare, OneOf

LONGEST = 24
# Names that emitted programs use for something else; single letters and v0, v1, ... are their loop variables.
RESERVED = {*dir(builtins), *keyword.kwlist, *vars(runtime), "sequence", "wanted", "votes", "row"}
LOOP = re.compile(r"[a-kqvw]|v\d+")
SINGULAR = {"tokens": "token", "positions": "position"}


def usable(name: str) -> bool:
    """Whether a variable can have this name in an emitted program. Constants are upper case, so they never clash."""
    plain = re.fullmatch("[a-z][a-z0-9_]*", name) is not None
    return plain and name not in RESERVED and not LOOP.fullmatch(name)


def with_readable_names(program: Program) -> Program:
    """The program with every variable renamed; a number tells variables of the same kind apart."""
    names: dict[str, str] = {}
    taken = {"output"}
    for a in program:
        base = "output" if a.name == program.output else _base(a.node, program, names)
        if len(base) > LONGEST or not re.fullmatch(r"\w+", base):
            base = {"Aggregate": "head", "Select": "where"}.get(type(a.node).__name__, "rule")
        names[a.name] = base if a.name == program.output else _free(base, taken)
        taken.add(names[a.name])
    assigns = tuple(Assign(names[a.name], renamed(a.node, names)) for a in program)
    return replace(program, assignments=assigns, output=names[program.output])


def _free(base: str, taken: set[str]) -> str:
    name, number = base, 1
    while name in taken or not usable(name):
        number += 1
        name = f"{base}_{number}"
    return name


def _one(name: str) -> str:
    return SINGULAR.get(name, name)


def _base(node: Node, program: Program, names: dict[str, str]) -> str:
    match node:
        case Input(which):
            return which
        case Embed():
            return "cluster"
        case Select(_, key):
            return f"where_{_one(names[key])}"
        case Aggregate(selector, how, value):
            select = program[selector]
            assert isinstance(select, Select)
            return _aggregate(select, how, names, value)
        case Lookup(variables):
            return f"{_one(names[variables[0]])}_rule" if len(variables) == 1 else "rule"
        case Formula():
            return "formula"
        case Readout():
            return "label"


def _aggregate(select: Select, how: str, names: dict[str, str], value: str | None) -> str:
    query, key = names[select.query], names[select.key]
    if how == "count":
        same = query == key and select.predicate == Compare("==")
        return f"same_{_one(key)}_count" if same else f"{_one(key)}_count"
    assert value is not None
    what = _one(names[value])
    if how == "sum":
        return f"{what}_sum"
    if query == key == "positions" and isinstance(select.predicate, Compare) and select.predicate.op == "==":
        offset = select.predicate.offset
        side = "previous" if offset < 0 else "next"
        return f"{side}_{what}" if abs(offset) == 1 else f"{what}_{abs(offset)}_{'before' if offset < 0 else 'after'}"
    if key == "positions" and isinstance(select.predicate, OneOf) and len(select.predicate.values) == 1:
        return f"{what}_at_{select.predicate.values[0]}"
    return f"{what}_by_{_one(key)}"
