"""Python source of plain values, in the formatter's style: double quotes, wrapped lines, every character escaped by `repr`."""

from __future__ import annotations

from collections.abc import Iterable

LINE = 88


def literal(value: object) -> str:
    """Source of a string, integer, None, or a tuple of such."""
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    text = repr(value)
    if isinstance(value, str) and text[0] == "'" and '"' not in value:
        return '"' + text[1:-1].replace("\\'", "'") + '"'
    return text


def one_of(values: Iterable[object]) -> str:
    """Source of a set display."""
    return "{" + ", ".join(map(literal, values)) + "}"


def table(name: str, entries: Iterable[tuple[object, object]]) -> str:
    """`name = {key: value, ...}`, several entries a line when it does not fit on one."""
    return container(f"{name} = ", "{", [f"{literal(key)}: {literal(value)}" for key, value in entries], "}")


def container(head: str, opening: str, items: list[str], closing: str) -> str:
    """A display on one line if it fits, else wrapped lines kept as they are by formatters."""
    flat = f"{head}{opening}{', '.join(items)}{closing}"
    if len(flat) <= LINE:
        return flat
    lines, line = [], ""
    for item in items:
        if line and len(line) + len(item) + 6 > LINE:
            lines.append(line)
            line = ""
        line += (" " if line else "") + item + ","
    lines.append(line)
    return "\n".join([head + opening, *("    " + text for text in lines), closing + "  # fmt: skip"])


def docstring(text: str) -> str:
    """A module docstring holding exactly this text, whatever is in it."""
    safe = "".join(c if c == "\n" or (c.isprintable() and c != "\\") else repr(c)[1:-1] for c in text)
    return '"""' + safe.replace('"""', '\\"\\"\\"').removesuffix('"') + ('\\"' if safe.endswith('"') else "") + '"""'
