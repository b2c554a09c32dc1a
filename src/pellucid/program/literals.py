"""Python source of plain values, in the formatter's style: double quotes, wrapped lines, odd characters escaped."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

LINE = 88


def literal(value: object) -> str:
    """Source of a string, integer, None, or a tuple of such."""
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if not isinstance(value, str):
        return repr(value)
    escaped = repr(value + '"')[1:-2]  # as between single quotes
    if value.count('"') > value.count("'"):
        return f"'{escaped}'"
    return '"' + escaped.replace("\\'", "'").replace('"', '\\"') + '"'


def settled(statement: str) -> str:
    """The statement, told to formatters as it is wherever they could wrap it otherwise."""
    # How wide the formatter takes other characters than ASCII to be is not known here.
    fits = all(len(line) <= LINE and (line.isascii() or 2 * len(line) <= LINE) for line in statement.split("\n"))
    return statement if fits else statement + "  # fmt: skip"


def one_of(values: Iterable[object]) -> str:
    """Source of a set display."""
    return "{" + ", ".join(map(literal, values)) + "}"


def table(name: str, entries: Iterable[tuple[object, object]]) -> str:
    """`name = {key: value, ...}`, several entries a line when it does not fit on one."""
    return container(f"{name} = ", "{", [f"{literal(key)}: {literal(value)}" for key, value in entries], "}")


def container(head: str, opening: str, items: list[str], closing: str) -> str:
    """A display on one line if it fits, else wrapped lines kept as they are by formatters."""
    flat = f"{head}{opening}{', '.join(items)}{closing}"
    if len(flat) <= LINE or len(items) == 1:
        return settled(flat)
    lines, line = [], ""
    for item in items:
        if line and len(line) + len(item) + 6 > LINE:
            lines.append(line)
            line = ""
        line += (" " if line else "") + item + ","
    lines.append(line)
    return "\n".join([head + opening, *("    " + text for text in lines), closing + "  # fmt: skip"])


def docstring(text: str) -> str:
    """A module docstring holding this text, whatever is in it; space around it and at line ends goes."""
    lines = [line.rstrip(" ") for line in inspect.cleandoc(text).split("\n")]
    safe = "\n".join("".join(c if c.isprintable() and c != "\\" else repr(c)[1:-1] for c in line) for line in lines)
    return '"""' + re.sub(r'^"|"(?="|\Z)', r'\\"', safe.strip()) + '"""'
