"""Readable variable names, from structure alone: the same program always gets the same names."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterator
from dataclasses import replace

from pellucid.program.numeric import runtime
from pellucid.program.numeric.expression import Apply, Const, Expression, Var
from pellucid.program.numeric.nodes import Column, Formula, Lookup, Node, Position, Route, Running, renamed
from pellucid.program.numeric.program import Assign, NumericProgram

LONGEST = 20
SHAPE = re.compile("[a-z][a-z0-9_]*")
RESERVED = frozenset(
    {*dir(builtins), *keyword.kwlist, *vars(runtime), "sequence", "outputs", "value", "pair", "deque", "Counter", "_"}
)
FIRST_WORDS = {"sum": "total", "count": "count", "mean": "mean", "min": "min", "max": "max", "mode": "most_frequent"}
WORDS = {"==": "is", "!=": "is_not", "<": "below", "<=": "up_to", ">": "above", ">=": "at_least"}
OPERATORS = {
    "+": "sum", "-": "difference", "*": "product", "/": "quotient", "//": "quotient", "%": "remainder",
    "neg": "negative", "abs": "size", "min": "smaller", "max": "larger", "square": "square", "sqrt": "root",
    "sin": "sine", "cos": "cosine", "sign": "sign", "floor": "whole", "where": "choice", "and": "both", "or": "either",
    "not": "not", "pow": "power", "exp": "growth", "log": "logarithm",
}  # fmt: skip


def usable(name: str) -> bool:
    """Whether a variable can have this name in an emitted program. Constants are upper case, so they never clash."""
    return SHAPE.fullmatch(name) is not None and name not in RESERVED


def with_readable_names(program: NumericProgram) -> NumericProgram:
    """The program with every variable renamed: columns and results as the user calls them, others by what they are."""
    names: dict[str, str] = {}
    fixed = {**dict(zip(reversed(program.results), map(_plain, reversed(program.outputs)), strict=True))}
    for a in program:
        if isinstance(a.node, Column):
            fixed[a.name] = _plain(a.node.name)
    for a in sorted(program, key=lambda a: not isinstance(a.node, Column)):
        if a.name in fixed:
            names[a.name] = _free(fixed[a.name], set(names.values()))
    later = []
    for a in program:
        if isinstance(a.node, Route) and a.node.variable not in names:
            later.append(a)  # it is called after a variable that has no name yet
        elif a.name not in names:
            names[a.name] = _free(_called(a.node, names), set(names.values()))
    for a in later:
        if a.name not in names:
            names[a.name] = _free(_called(a.node, names), set(names.values()))
    assigns = tuple(Assign(names[a.name], renamed(a.node, names)) for a in program)
    return replace(program, assignments=assigns, results=tuple(names[name] for name in program.results))


def _plain(column: str) -> str:
    """A column's name as an identifier."""
    plain = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")
    return plain if plain and not plain[0].isdigit() else f"column_{plain}".rstrip("_")


def _free(base: str, taken: set[str]) -> str:
    name, number = base, 1
    while name in taken or not usable(name):
        number += 1
        name = f"{base}_{number}"
    return name


def _called(node: Node, names: dict[str, str]) -> str:
    fitting = (name for name in _candidates(node, names) if len(name) <= LONGEST and SHAPE.fullmatch(name))
    return next(fitting, "number")


def _candidates(node: Node, names: dict[str, str]) -> Iterator[str]:
    """Names for a variable, the most telling first."""
    match node:
        case Position(start):
            yield "t" if start else "i"
        case Formula(expression):
            yield from _formula(expression, names)
        case Lookup(variables):
            yield from ("_".join([*(names.get(v, "") for v in variables[:1]), "code"]), "code")
        case Route(variable, "offset", amount):
            of = names.get(variable, "")
            yield from (f"{of}_before" if amount == 1 else f"{of}_{amount}_before", "before")
        case Route(variable, "first"):
            yield from (f"first_{names.get(variable, '')}", "first")
        case Route(variable, "last where", where=str(where)):
            of, test = names.get(variable, ""), names.get(where, "")
            yield from (f"last_{of}_where_{test}", f"last_{of}", "last")
        case Route(variable, rule, where=str(key)):
            by = "largest" if rule == "argmax" else "smallest"
            yield from (f"{names.get(variable, '')}_at_{by}_{names.get(key, '')}", f"{names.get(variable, '')}_at_{by}")
        case Running(how, variable, window, where):
            of = names.get(variable or "", "")
            if how == "count":
                of = names.get(where or "", "steps")
            first = FIRST_WORDS[how]
            if window is not None:
                yield f"{how}_last_{window}_{of}" if how != "mode" else f"{first}_last_{window}"
                yield f"{how}_last_{window}"
            yield from (f"{first}_{of}", first)


def _formula(expression: Expression, names: dict[str, str]) -> Iterator[str]:
    match expression:
        case Var(name):
            yield names.get(name, "copy")
        case Const():
            yield "constant"
        case Apply("==", (Apply("%", (Var(name), Const(2))), Const(0 | 1 as rest))):
            yield f"{names.get(name, '')}_is_{'odd' if rest else 'even'}"
        case Apply("==", (Var(name), Const(0))):
            yield f"{names.get(name, '')}_is_zero"
        case Apply(op, (Var(name), Const(int(number)))) if op in WORDS:
            yield f"{names.get(name, '')}_{WORDS[op]}_{str(number).replace('-', 'minus_')}"
        case Apply(op, (Var(name), Var(other))) if op in WORDS:
            yield from (f"{names.get(name, '')}_{WORDS[op]}_{names.get(other, '')}", "test")
        case Apply(op, args):
            if op in WORDS:
                yield "test"
            base = OPERATORS.get(op, "number")
            if len(args) == 1 and isinstance(args[0], Var):
                yield f"{base}_{names.get(args[0].name, '')}"
            yield base
