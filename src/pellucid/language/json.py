"""Programs as JSON, and back with full validation. Only data of the types that the nodes declare is ever loaded.

Classes are read and written by their type hints, so a new node or field needs nothing here. Expressions have a short
form: a variable is its name, a constant its number or `{"value": ...}`, an operator `[name, argument, ...]`.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import re
import types
import typing
from fractions import Fraction
from typing import Any, Literal, NoReturn, get_args, get_origin

from pellucid.errors import PellucidError
from pellucid.language.expressions import DEEPEST, Apply, Atom, Cases, Const, Expression, Table, Var
from pellucid.language.nodes import Column, Node, Output, When
from pellucid.language.program import Assign, Program
from pellucid.language.types import INF, Numbers, Type
from pellucid.values import show

FORMAT, VERSION = "pellucid-program", 3
LARGEST = 200_000_000  # characters of a program.json
_FRACTION = re.compile(r"-?\d{1,400}/[1-9]\d{0,399}")
_REST: dict[str, Any] = {
    "inputs": tuple[Column, ...],
    "outputs": tuple[Output, ...],
    "when": When,
    "longest": int | None,
    "empty": tuple[str | int | float | None, ...] | None,
}


def to_json(program: Program) -> dict[str, Any]:
    """The program as a JSON object."""
    head = {"format": FORMAT, "version": VERSION, **{key: plain(getattr(program, key)) for key in _REST}}
    return {**head, "variables": [{"name": a.name, **plain(a.node)} for a in program]}


def dumps(program: Program) -> str:
    """The text of `program.json`: one line per variable, so that a change shows as one line in a diff."""
    data = to_json(program)
    rows = ",\n".join("  " + json.dumps(row) for row in data.pop("variables"))
    head = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in data.items())
    return f'{{\n{head},\n "variables": [\n{rows}\n ]\n}}\n'


def loads(text: str, source: str = "program.json") -> Program:
    """A program from its JSON text.

    Raises:
        PellucidError: naming `source`, the place in it and what was expected.
    """
    try:
        if len(text) > LARGEST:
            raise ValueError(f"{len(text):,} characters; a program has at most {LARGEST:,}")
        return from_json(json.loads(text, parse_constant=_no_constant))
    except RecursionError:
        raise PellucidError(f"{source}: nested too deeply for a program") from None
    except ValueError as error:
        raise PellucidError(f"{source}: {error}") from None


def from_json(data: Any) -> Program:
    """A program from JSON data, validated; `ValueError` says what is wrong."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(
            f'expected a JSON object with "format": "{FORMAT}"; programs of version 0.1 must be learned again'
        )
    if type(data.get("version")) is not int or data["version"] != VERSION:
        raise ValueError(f"version {show(data.get('version'))} of the format; this pellucid reads version {VERSION}")
    _keys("the program", data, {"format", "version", "variables", *_REST})
    fields = {key: decoded(data[key], hint, key) for key, hint in _REST.items()}
    if not isinstance(data["variables"], list):
        raise ValueError("variables: expected a list")
    program = Program(assignments=tuple(map(_assign, range(len(data["variables"])), data["variables"])), **fields)
    _ = program.types  # raises where a node is given what it cannot take
    return program


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no finite number")


# ---------------------------------------------------------------- writing


def plain(value: Any) -> Any:
    """A node, a type, columns or the like as JSON has it."""
    match value:
        case Var(name):
            return name
        case Const(None | str()):
            return {"value": value.value}
        case Const(Fraction() as number):
            return {"fraction": f"{number.numerator}/{number.denominator}"}
        case Const(number):
            return number
        case Apply(operator, args):
            return [operator, *map(plain, args)]
        case Table(args, cases, default):
            return {"table": plain(args), "cases": plain(cases), "default": default}
        case Cases(rules, default):
            return {"rules": plain(rules), "default": plain(default)}
        case Type():
            return _type_json(value)
        case tuple():
            return [plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        tag = {"node": type(value).__name__} if type(value) in get_args(Node) else {}
        return {**tag, **{f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}}
    return value


def _type_json(t: Type) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if t.texts:
        found["texts"] = list(t.texts)
    if (n := t.numbers) is not None:
        ends = [None if math.isinf(end) else end for end in (n.low, n.high)]
        found["whole" if n.whole else "real"] = list(n.values) if n.values is not None else ends
        if n.values is not None:
            found["listed"] = True
    return {**found, "nothing": True} if t.nothing else found


# ---------------------------------------------------------------- reading


def _assign(index: int, row: Any) -> Assign:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        raise ValueError(f"variable {index + 1}: expected an object with a name")
    fields = {key: value for key, value in row.items() if key != "name"}
    return Assign(row["name"], decoded(fields, Node, f"variable {row['name']:.60}"))


def decoded(value: Any, hint: Any, where: str) -> Any:
    """JSON as an instance of a type hint, the inverse of `plain`; `ValueError` says what is wrong in `where`."""
    if hint in (Expression, Atom):
        found = _expression(value, where, 1)
        if hint == Atom and not isinstance(found, Var | Const):
            raise ValueError(f"{where}: expected a variable or a constant, got {show(value)}")
        return found
    if hint is Type:
        return _type(value, where)
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        if value in args and type(value) is str:
            return value
        raise ValueError(f"{where}: expected one of {', '.join(args)}, got {show(value)}")
    if origin is tuple:
        return _tuple(value, args, where)
    if origin in (types.UnionType, typing.Union):
        return _union(value, args, where)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _object(value, hint, where)
    if type(value) is not hint:
        raise ValueError(f"{where}: expected {getattr(hint, '__name__', hint)}, got {show(value)}")
    return value


def _union(value: Any, args: tuple, where: str) -> Any:
    if value is None and type(None) in args:
        return None
    rest = tuple(a for a in args if a is not type(None))
    if rest == get_args(Node):
        return _node(value, where)
    if rest == get_args(Expression):
        return _expression(value, where, 1)
    if len(rest) == 1:
        return decoded(value, rest[0], where)
    if type(value) in rest and (type(value) is not float or math.isfinite(value)):
        return value
    raise ValueError(f"{where}: expected {' or '.join(a.__name__ for a in args)}, got {show(value)}")


def _tuple(value: Any, args: tuple, where: str) -> tuple:
    if not isinstance(value, list):
        raise ValueError(f"{where}: expected a list, got {show(value)}")
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(decoded(item, args[0], f"{where}[{i}]") for i, item in enumerate(value))
    if len(value) != len(args):
        raise ValueError(f"{where}: expected {len(args)} items, got {len(value)}")
    return tuple(decoded(item, arg, f"{where}[{i}]") for i, (item, arg) in enumerate(zip(value, args, strict=True)))


def _node(value: Any, where: str) -> Node:
    classes = {cls.__name__: cls for cls in get_args(Node)}
    if not isinstance(value, dict) or not isinstance(value.get("node"), str) or value["node"] not in classes:
        raise ValueError(f'{where}: expected an object whose "node" is one of {", ".join(classes)}')
    return _object({k: v for k, v in value.items() if k != "node"}, classes[value["node"]], where)


def _object(value: Any, cls: type, where: str) -> Any:
    hints = _hints(cls)
    _keys(f"{where}: {cls.__name__}", value, set(hints))
    return cls(**{name: decoded(value[name], hint, f"{where}.{name}") for name, hint in hints.items()})


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    return {f.name: hints[f.name] for f in dataclasses.fields(cls)}  # pyright: ignore[reportArgumentType]


def _keys(where: str, data: Any, expected: set[str]) -> None:
    if not isinstance(data, dict) or set(data) != expected:
        raise ValueError(f"{where}: expected an object with exactly the keys {', '.join(sorted(expected))}")


def _expression(data: Any, where: str, level: int) -> Expression:
    if level > DEEPEST:
        raise ValueError(f"{where}: an expression nested deeper than {DEEPEST}")
    if isinstance(data, str):
        return Var(data)
    if isinstance(data, list) and data and isinstance(data[0], str):
        return Apply(data[0], tuple(_expression(arg, where, level + 1) for arg in data[1:]))
    if isinstance(data, dict):
        return _special(data, where, level)
    return Const(_number(data, where))


def _special(data: dict, where: str, level: int) -> Expression:
    match data:
        case {"value": (None | str()) as value, **rest} if not rest:
            return Const(value)
        case {"fraction": str(text), **rest} if not rest and _FRACTION.fullmatch(text):
            return Const(Fraction(text))
        case {"table": list(args), "cases": cases, "default": default, **rest} if not rest:
            hint = tuple[tuple[tuple[str | int | float | None, ...], str | int | float | None], ...]
            made = tuple(_expression(arg, where, level + 1) for arg in args)
            return Table(
                made,
                decoded(cases, hint, f"{where}.cases"),
                decoded(default, str | int | float | None, f"{where}.default"),
            )
        case {"rules": list(rules), "default": default, **rest} if not rest:
            pairs = tuple(_rule(rule, f"{where}.rules[{i}]", level + 1) for i, rule in enumerate(rules))
            return Cases(pairs, _expression(default, where, level + 1))
    raise ValueError(f"{where}: expected an expression, got {show(data)}")


def _rule(data: Any, where: str, level: int) -> tuple[Expression, Expression]:
    if not isinstance(data, list) or len(data) != 2:
        raise ValueError(f"{where}: expected [test, outcome], got {show(data)}")
    return _expression(data[0], where, level), _expression(data[1], where, level)


def _number(value: Any, where: str) -> int | float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"{where}: expected an expression, got {show(value)}")
    return value


def _type(data: Any, where: str) -> Type:
    if not isinstance(data, dict) or set(data) - {"texts", "whole", "real", "listed", "nothing"} or not data:
        raise ValueError(f'{where}: expected a type, such as {{"whole": [0, null]}}, got {show(data)}')
    texts = decoded(data.get("texts", []), tuple[str, ...], f"{where}.texts")
    if texts != tuple(sorted(set(texts))):
        raise ValueError(f"{where}.texts: expected different texts in the order of their code points")
    if "whole" in data and "real" in data:
        raise ValueError(f"{where}: expected whole or real, not both")
    kind = next((key for key in ("whole", "real") if key in data), None)
    numbers = None if kind is None else _numbers_type(data[kind], kind == "whole", "listed" in data, f"{where}.{kind}")
    return Type(texts, numbers, "nothing" in data)


def _numbers_type(data: Any, is_whole: bool, listed: bool, where: str) -> Numbers:
    if listed:
        values = decoded(data, tuple[int, ...], where)
        if not values or not is_whole or values != tuple(sorted(set(values))):
            raise ValueError(f"{where}: expected different whole numbers in order")
        return Numbers(values[0], values[-1], True, values)
    low, high = decoded(data, tuple[int | float | None, int | float | None], where)
    low, high = -INF if low is None else low, INF if high is None else high
    if not low <= high or (is_whole and float in map(type, (e for e in (low, high) if math.isfinite(e)))):
        raise ValueError(f"{where}: expected [low, high], null for an open end, got {show(data)}")
    return Numbers(low, high, is_whole)
