"""Programs as JSON, and back with full validation. No code is ever loaded, only data of the types the IR declares."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from typing import Any, Literal, get_args, get_origin

from pellucid.data.vocab import Vocab
from pellucid.errors import PellucidError
from pellucid.program import formula, ir, predicates
from pellucid.program.ir import Assign, Node, Program, Selection
from pellucid.values import show

FORMAT = "pellucid-program"
VERSION = 2
KEYS = {"markers": bool, "unbounded": bool, "vocabulary": dict, "variables": list, "output": str}

PARTS = (*get_args(predicates.Predicate), *get_args(formula.Expression), ir.Evidence, ir.Rule, ir.Test)
CLASSES: dict[str, type] = {cls.__name__: cls for cls in (*get_args(Node), *PARTS)}


def to_json(program: Program) -> dict[str, Any]:
    """The program as a JSON object; types of variables are written for readers and checked on load."""
    variables = [{"name": a.name, "type": _type_json(program.types[a.name]), **_plain(a.node)} for a in program]
    return {
        "format": FORMAT,
        "version": VERSION,
        "markers": program.markers,
        "unbounded": program.unbounded,
        "vocabulary": program.vocab.to_json(),
        "variables": variables,
        "output": program.output,
    }


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
        return from_json(json.loads(text))
    except RecursionError:
        raise PellucidError(f"{source}: nested too deeply for a program") from None
    except ValueError as error:
        raise PellucidError(f"{source}: {error}") from None


def from_json(data: Any) -> Program:
    """A program from JSON data, validated; `ValueError` says what is wrong."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f'expected a JSON object with "format": "{FORMAT}"')
    if type(data.get("version")) is not int or data["version"] != VERSION:
        raise ValueError(f"version {show(data.get('version'))} of the format; this pellucid reads version {VERSION}")
    if surplus := set(data) - {"format", "version", *KEYS}:
        raise ValueError(f"unknown key {show(min(surplus))}")
    for key, kind in KEYS.items():
        if not isinstance(data.get(key), kind):
            raise ValueError(f"{key}: expected a JSON {kind.__name__}")
    assigns = tuple(_assign(i, row) for i, row in enumerate(data["variables"]))
    vocab = Vocab.from_json(data["vocabulary"])
    program = Program(vocab, assigns, data["output"], data["markers"], data["unbounded"])
    _ = program.types  # raises where the program is not well formed
    for assign, row in zip(program, data["variables"], strict=True):
        if row.get("type") != (expected := json.loads(json.dumps(_type_json(program.types[assign.name])))):
            raise ValueError(f"variable {assign.name}: type is {show(expected)}, the file says {show(row.get('type'))}")
    return program


def _type_json(kind: ir.Type) -> dict[str, Any]:
    match kind:
        case ir.Categorical(domain):
            return {"categorical": list(domain)}
        case ir.Integer(low, high):
            return {"integer": [low, high]}
        case Selection(which):
            return {"selection": which}


def _plain(value: Any) -> Any:
    """Dataclasses as objects tagged with their class, tuples as lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"node": type(value).__name__, **fields}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _assign(index: int, row: Any) -> Assign:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str) or not row["name"].isidentifier():
        raise ValueError(f"variable {index}: expected an object with a name that is an identifier")
    where = f"variable {row['name']}"
    fields = {key: value for key, value in row.items() if key not in ("name", "type")}
    return Assign(row["name"], _decode(fields, Node, where))


def _decode(value: Any, kind: Any, where: str) -> Any:
    """`value` as an instance of the annotated type `kind`."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        if value in args and type(value) is str:
            return value
        raise ValueError(f"{where}: expected one of {', '.join(args)}, got {show(value)}")
    if origin is tuple:
        return _decode_tuple(value, args, where)
    if origin in (types.UnionType, typing.Union):
        return _decode_union(value, args, where)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _decode_object(value, (kind,), where)
    if type(value) is not kind:
        raise ValueError(f"{where}: expected {getattr(kind, '__name__', kind)}, got {show(value)}")
    return value


def _decode_union(value: Any, args: tuple, where: str) -> Any:
    classes = tuple(a for a in args if dataclasses.is_dataclass(a) and isinstance(a, type))
    if classes and (isinstance(value, dict) or len(classes) == len(args)):
        return _decode_object(value, classes, where)
    if type(value) in args:
        return value
    raise ValueError(f"{where}: expected {' or '.join(a.__name__ for a in args)}, got {show(value)}")


def _decode_tuple(value: Any, args: tuple, where: str) -> tuple:
    if not isinstance(value, list):
        raise ValueError(f"{where}: expected a list, got {show(value)}")
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_decode(item, args[0], f"{where}[{i}]") for i, item in enumerate(value))
    if len(value) != len(args):
        raise ValueError(f"{where}: expected {len(args)} items, got {len(value)}")
    return tuple(_decode(item, arg, f"{where}[{i}]") for i, (item, arg) in enumerate(zip(value, args, strict=True)))


def _decode_object(value: Any, classes: tuple[type, ...], where: str) -> Any:
    names = {cls.__name__ for cls in classes}
    if not isinstance(value, dict) or not isinstance(value.get("node"), str) or value["node"] not in names:
        raise ValueError(f'{where}: expected an object whose "node" is one of {", ".join(sorted(names))}')
    cls = CLASSES[value["node"]]
    hints = typing.get_type_hints(cls)
    expected = {f.name for f in dataclasses.fields(cls)}
    if set(value) - {"node"} != expected:
        raise ValueError(f"{where}: {cls.__name__} needs exactly {', '.join(sorted(expected))}")
    return cls(**{name: _decode(value[name], hints[name], f"{where}.{name}") for name in expected})
