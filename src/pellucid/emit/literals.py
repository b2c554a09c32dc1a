"""Python source of plain values and of tables of words, in the formatter's style: wrapped lines, double quotes.

Of a table of words every outcome stands with its words, separated by spaces; of evidence, one row stands on a line.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from pellucid.emit.layout import WIDTH
from pellucid.emit.tree import Code, settled
from pellucid.language.forms import ATOM, PRODUCT, SIGN
from pellucid.language.types import Value
from pellucid.values import literal

SEPARATORS = ("_", "+", "~", "|", "^", "=", "/", "->", "::")
Key = Value | tuple[Value, ...]


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
    lines = _filled([f"{item}," for item in items], 4)
    return "\n".join([head + opening, *("    " + line for line in lines), closing + "  # fmt: skip"])


def _filled(pieces: Sequence[str], indent: int, shown: Callable[[str], str] = str) -> list[str]:
    """Lines of several pieces each, with spaces between, as many as fit so far in as they are `shown`."""
    lines = [pieces[0]]
    for piece in pieces[1:]:
        longer = f"{lines[-1]} {piece}"
        if indent + len(shown(longer)) <= WIDTH:
            lines[-1] = longer
        else:
            lines.append(piece)
    return lines


def docstring(text: str) -> str:
    """A module docstring holding this text, whatever is in it; space around it and at line ends goes."""
    lines = [line.rstrip(" ") for line in inspect.cleandoc(text).split("\n")]
    safe = "\n".join("".join(c if c.isprintable() and c != "\\" else repr(c)[1:-1] for c in line) for line in lines)
    return '"""' + re.sub(r'^"|"(?="|\Z)', r'\\"', safe.strip()) + '"""'


# ---------------------------------------------------------------- words


def word_lists(name: str, cases: Iterable[tuple[Key, Value]], first: Sequence[Value] = ()) -> str:
    """`name = {outcome: "its words", ...}`.

    Args:
        name: of the constant.
        cases: words, or tuples of values, with their outcomes; the order of the words stays.
        first: outcomes that come first, in this order.
    """
    groups: dict[Value, list[Key]] = {outcome: [] for outcome in first}
    for key, outcome in cases:
        groups.setdefault(outcome, []).append(key)
    entries = [_entry(outcome, keys) for outcome, keys in groups.items() if keys]
    if not entries:
        return f"{name} = {{}}"
    wrapped = any("\n" in entry for entry in entries)
    text = "\n".join([f"{name} = {{", *entries, "}"])
    return text + "  # fmt: skip" if wrapped else settled(text)


def separator(keys: Iterable[tuple[Value, ...]], domains: Iterable[Iterable[Value]]) -> str | None:
    """What can stand between the words of the keys, so that the whole is one word and means one key only.

    None where nothing can: a word is no text, or there is white space in it.
    """
    listed = {word for key in keys for word in key}
    if not all(isinstance(value, str) for domain in domains for value in domain):
        return None
    if not all(_is_word(word) for word in listed):
        return None
    return next((s for s in SEPARATORS if not any(s in str(word) for word in listed)), None)


def evidence_rows(name: str, rows: Iterable[tuple[Value, tuple[int, ...]]]) -> str:
    """`name = {value: weights, ...}`, one row a line, those that tell most first."""
    ordered = sorted(rows, key=lambda row: min(row[1]) - max(row[1]))
    lines = [f"    {literal(value)}: {literal(weights)}," for value, weights in ordered]
    return settled("\n".join([f"{name} = {{", *lines, "}"])) if lines else f"{name} = {{}}"


def _entry(outcome: Value, keys: Sequence[Key]) -> str:
    """One outcome with its keys: a string of words where none of them would come apart, else a tuple."""
    head = f"    {literal(outcome)}: "
    plain = all(_is_word(key) for key in keys)
    whole = literal(" ".join(map(str, keys))) if plain else literal(tuple(keys))
    if len(head) + len(whole) < WIDTH and whole.isascii():
        return f"{head}{whole},"
    if plain:
        *lines, last = _filled([*map(str, keys)], 8, lambda line: literal(f"{line} "))
        pieces = [*(literal(f"{line} ") for line in lines), literal(last)]
    else:
        pieces = _filled([f"{literal(key)}," for key in keys], 8)
    return "\n".join([f"{head}(", *("        " + piece for piece in pieces), "    ),"])


def _is_word(key: object) -> bool:
    """Whether splitting at white space leaves it whole."""
    return isinstance(key, str) and key.split() == [key]
