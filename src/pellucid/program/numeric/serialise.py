"""Numeric programs as JSON, and back with full validation. Only data of the declared types is ever loaded."""

from __future__ import annotations

import dataclasses
import json
import re
from fractions import Fraction
from typing import Any, NoReturn

from pellucid.errors import PellucidError
from pellucid.program.numeric.expression import DEEPEST, Apply, Const, Expression, Var, check_number
from pellucid.program.numeric.nodes import Column, Formula, Lookup, Node, Position, Route, Running
from pellucid.program.numeric.program import Assign, NumericProgram
from pellucid.values import show

FORMAT = 1
KIND = "numeric"
CLASSES = {cls.__name__: cls for cls in (Position, Lookup, Route, Running)}
KEYS = ("inputs", "outputs", "whole_inputs", "last", "results", "variables")
FRACTION = re.compile(r"-?\d{1,400}/[1-9]\d{0,399}")


def to_json(program: NumericProgram) -> dict[str, Any]:
    """The program as a JSON object."""
    return {
        "format": FORMAT,
        "kind": KIND,
        "inputs": list(program.inputs),
        "outputs": list(program.outputs),
        "whole_inputs": program.whole_inputs,
        "last": program.last,
        "results": list(program.results),
        "variables": [{"name": a.name, **_node_json(a.node)} for a in program],
    }


def dumps(program: NumericProgram) -> str:
    """The text of `program.json`: one line per variable, so that a change shows as one line in a diff."""
    data = to_json(program)
    rows = ",\n".join("  " + json.dumps(row) for row in data.pop("variables"))
    head = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in data.items())
    return f'{{\n{head},\n "variables": [\n{rows}\n ]\n}}\n'


def loads(text: str, source: str = "program.json") -> NumericProgram:
    """A program from its JSON text.

    Raises:
        PellucidError: naming `source`, the place in it and what was expected.
    """
    try:
        return from_json(json.loads(text, parse_constant=_no_constant))
    except RecursionError:
        raise PellucidError(f"{source}: nested too deeply for a program") from None
    except ValueError as error:
        raise PellucidError(f"{source}: {error}") from None


def is_numeric(data: Any) -> bool:
    """Whether JSON data says that it is a numeric program."""
    return isinstance(data, dict) and data.get("kind") == KIND


def from_json(data: Any) -> NumericProgram:
    """A program from JSON data, validated; `ValueError` says what is wrong."""
    if not is_numeric(data):
        raise ValueError(f'expected a JSON object with "kind": "{KIND}"')
    if type(data.get("format")) is not int or data["format"] != FORMAT:
        raise ValueError(f"format {show(data.get('format'))}; this pellucid reads format {FORMAT}")
    _keys("the program", data, {"format", "kind", *KEYS})
    columns = [_strings(key, data[key]) for key in ("inputs", "outputs", "results")]
    if not isinstance(data["variables"], list):
        raise ValueError("variables: expected a list")
    flags = [_as("whole_inputs", data["whole_inputs"], bool), _as("last", data["last"], bool)]
    assigns = tuple(_assign(i, row) for i, row in enumerate(data["variables"]))
    return NumericProgram(columns[0], columns[1], assigns, columns[2], *flags)


def _node_json(node: Node) -> dict[str, Any]:
    if isinstance(node, Formula):
        return {"node": "Formula", "expression": _expression_json(node.expression)}
    if isinstance(node, Column):
        return {"node": "Column", "column": node.name}
    fields = {field.name: _plain(getattr(node, field.name)) for field in dataclasses.fields(node)}
    return {"node": type(node).__name__, **fields}


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _expression_json(expression: Expression) -> Any:
    """A variable as its name, a constant as a number (a fraction as {"fraction": "3/4"}), else [operator, ...]."""
    match expression:
        case Var(name):
            return name
        case Const(Fraction() as value):
            return {"fraction": f"{value.numerator}/{value.denominator}"}
        case Const(value):
            return value
        case Apply(op, args):
            return [op, *map(_expression_json, args)]


def _assign(index: int, row: Any) -> Assign:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        raise ValueError(f"variable {index}: expected an object with a name")
    where, kind = f"variable {row['name']:.60}", row.get("node")
    fields = {key: value for key, value in row.items() if key not in ("name", "node")}
    if kind == "Formula":
        _keys(where, fields, {"expression"})
        return Assign(row["name"], Formula(_expression(fields["expression"], where, 1)))
    if kind == "Column":
        _keys(where, fields, {"column"})
        return Assign(row["name"], Column(_as(f"{where}.column", fields["column"], str)))
    if not isinstance(kind, str) or kind not in CLASSES:
        raise ValueError(f"{where}: unknown node {show(kind)}; known: {', '.join(['Column', 'Formula', *CLASSES])}")
    cls = CLASSES[kind]
    _keys(where, fields, {field.name for field in dataclasses.fields(cls)})
    return Assign(row["name"], cls(**{key: _field(f"{where}.{key}", key, value) for key, value in fields.items()}))


def _field(where: str, key: str, value: Any) -> Any:
    """A field as its type wants it; what the program's own validation checks is left to that."""
    match key:
        case "variables":
            return _strings(where, value)
        case "cases":
            return tuple(_case(f"{where}[{i}]", case) for i, case in enumerate(_as(where, value, list)))
        case "default":
            return _number(where, value)
        case "start" | "amount":
            return _as(where, value, int)
        case "window":
            return None if value is None else _as(where, value, int)
        case "where" | "variable" if value is None:
            return None
    return _as(where, value, str)


def _case(where: str, case: Any) -> tuple[tuple, Any]:
    if not isinstance(case, list) or len(case) != 2:
        raise ValueError(f"{where}: expected [values, outcome]")
    return tuple(_number(where, value) for value in _as(where, case[0], list)), _number(where, case[1])


def _expression(data: Any, where: str, depth: int) -> Expression:
    if depth > DEEPEST:
        raise ValueError(f"{where}: an expression nested deeper than {DEEPEST}")
    if isinstance(data, str):
        return Var(data)
    if isinstance(data, list) and data and isinstance(data[0], str):
        return Apply(data[0], tuple(_expression(arg, where, depth + 1) for arg in data[1:]))
    if isinstance(data, dict) and set(data) == {"fraction"} and isinstance(data["fraction"], str):
        if not FRACTION.fullmatch(data["fraction"]):
            raise ValueError(f"{where}: expected a fraction such as 3/4, got {show(data['fraction'])}")
        return Const(Fraction(data["fraction"]))
    return Const(_number(where, data))


def _number(where: str, value: Any) -> int | float:
    try:
        check_number(value)
    except (ValueError, OverflowError):
        raise ValueError(f"{where}: expected a number, got {show(value)}") from None
    return value


def _as(where: str, value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise ValueError(f"{where}: expected {kind.__name__}, got {show(value)}")
    return value


def _strings(where: str, value: Any) -> tuple[str, ...]:
    return tuple(_as(where, item, str) for item in _as(where, value, list))


def _keys(where: str, data: dict, expected: set[str]) -> None:
    if set(data) != expected:
        raise ValueError(f"{where}: expected exactly the keys {', '.join(sorted(expected))}")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
