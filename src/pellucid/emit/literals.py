"""Python source of plain values, in the formatter's style: double quotes, wrapped lines, odd characters escaped."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from fractions import Fraction

from pellucid.emit.layout import WIDTH
from pellucid.emit.tree import Code, settled
from pellucid.language.forms import ATOM, PRODUCT, SIGN
from pellucid.values import literal


def constant(value: object) -> Code:
    """A plain value; a fraction as the shortest text of the float nearest to it."""
    if not isinstance(value, Fraction):
        text = literal(value)
        return Code(text, SIGN if text.startswith("-") else ATOM)
    decimal = repr(float(value))
    if value.denominator == 1 or ("e" not in decimal and Fraction(decimal) == value):
        return Code(decimal, SIGN if value < 0 else ATOM)
    return Code(f"{value.numerator} / {value.denominator}", PRODUCT)


def one_of(values: Iterable[object]) -> str:
    """Source of a set display."""
    return "{" + ", ".join(map(literal, values)) + "}"


def table(name: str, entries: Iterable[tuple[object, object]]) -> str:
    """`name = {key: value, ...}`, several entries a line when it does not fit on one."""
    return container(f"{name} = ", "{", [f"{literal(key)}: {literal(value)}" for key, value in entries], "}")


def row(name: str, values: Iterable[object]) -> str:
    """`name = (value, ...)`."""
    items = [*map(literal, values)]
    return settled(f"{name} = ({items[0]},)") if len(items) == 1 else container(f"{name} = ", "(", items, ")")


def container(head: str, opening: str, items: list[str], closing: str) -> str:
    """A display on one line if it fits, else wrapped lines kept as they are by formatters."""
    flat = f"{head}{opening}{', '.join(items)}{closing}"
    if len(flat) <= WIDTH or len(items) == 1:
        return settled(flat)
    lines, line = [], ""
    for item in items:
        if line and len(line) + len(item) + 6 > WIDTH:
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
