"""Tables of words as text: every outcome with its words, separated by spaces, and rows of evidence, one a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pellucid.emit.layout import WIDTH
from pellucid.emit.tree import settled
from pellucid.language.types import Value
from pellucid.values import literal

SEPARATORS = ("_", "+", "~", "|", "^", "=", "/", "->", "::")
Key = Value | tuple[Value, ...]


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
    pieces = _strings(list(map(str, keys))) if plain else _filled([literal(key) + "," for key in keys])
    return "\n".join([f"{head}(", *("        " + piece for piece in pieces), "    ),"])


def _strings(words: list[str]) -> list[str]:
    """The words as string literals of about a line, which Python joins."""
    lines, line = [], words[0]
    for word in words[1:]:
        if len(literal(f"{line} {word} ")) + 8 > WIDTH:
            lines.append(line + " ")
            line = word
        else:
            line += " " + word
    return [*map(literal, lines), literal(line)]


def _filled(pieces: list[str]) -> list[str]:
    """Lines of several pieces each."""
    lines, line = [], pieces[0]
    for piece in pieces[1:]:
        if len(line) + len(piece) + 9 > WIDTH:
            lines.append(line)
            line = piece
        else:
            line += " " + piece
    return [*lines, line]


def _is_word(key: object) -> bool:
    """Whether splitting at white space leaves it whole."""
    return isinstance(key, str) and key.split() == [key]
