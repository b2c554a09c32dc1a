"""Lines of an emitted numeric program: what fits, and how a long sum is wrapped."""

from __future__ import annotations

from pellucid.program.literals import LINE, settled


class TooLong(Exception):  # noqa: N818  # no error: asks for the text to be written again
    """A line is too long; the variables `names` should have lines of their own."""

    def __init__(self, *names: str) -> None:
        self.names = names


def fits(line: str) -> bool:
    """Whether a line is as short as a formatter wants it."""
    return len(line) <= LINE


def wrapped(indent: int, before: str, parts: list[str]) -> list[str]:
    """`before` and a sum: on one line, or one term a line in brackets."""
    space = " " * indent
    whole = f"{space}{before}{' '.join(parts)}"
    if fits(whole):
        return [whole]
    lines = [f"{space}    {part}" for part in parts]
    if len(parts) == 1 or not all(map(fits, lines)):
        return [settled(whole)]
    return [f"{space}{before}(", *lines, f"{space})"]


def initial(values: dict[str, str]) -> list[str]:
    """`a = b = 0`: one line for variables that begin with the same value."""
    groups: dict[str, list[str]] = {}
    for name, value in values.items():
        groups.setdefault(value if _shared(value) else f"{value}#{name}", []).append(name)
    return [
        settled(f"    {' = '.join(part)} = {values[part[0]]}")
        for names in groups.values()
        for part in (names[i : i + 4] for i in range(0, len(names), 4))
    ]


def _shared(value: str) -> bool:
    return "(" not in value  # deques and counters are one for each name
