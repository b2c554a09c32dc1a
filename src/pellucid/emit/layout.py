"""Lines of a tree of text in the formatter's style: a group stands on one line where it fits, else it is broken.

After Wadler (2003), A prettier printer; formatters of Python do the same.
"""

from __future__ import annotations

from dataclasses import dataclass

WIDTH = 88


@dataclass(frozen=True)
class Break:
    """Where a broken group goes to a new line; else `flat` stands there. `broken`: that text then, and no new line."""

    flat: str = ""
    broken: str | None = None


@dataclass(frozen=True)
class Indent:
    """Parts whose new lines begin four columns further in."""

    parts: tuple[Doc, ...]


@dataclass(frozen=True)
class Group:
    """Parts that are broken together or not at all."""

    parts: tuple[Doc, ...]


Doc = str | tuple["Doc", ...] | Break | Indent | Group
LINE, SOFT = Break(" "), Break()
Item = tuple[int, bool, Doc]


def rendered(doc: Doc, indent: int = 0) -> str:
    """The text, its first line indented as the others."""
    out, column = [" " * indent], indent
    stack: list[Item] = [(indent, True, doc)]
    while stack:
        space, broken, part = stack.pop()
        match part:
            case str():
                out.append(part)
                column += len(part)
            case Break(_, None) if broken:
                out.append("\n" + " " * space)
                column = space
            case Break(flat, text):
                told = text if broken and text is not None else flat
                out.append(told)
                column += len(told)
            case Group():
                flat = not broken or _fits((space, False, part.parts), stack, WIDTH - column)
                stack.append((space, not flat, part.parts))
            case Indent():
                stack.append((space + 4, broken, part.parts))
            case tuple():
                stack += [(space, broken, p) for p in reversed(part)]
    return "".join(out)


def _fits(item: Item, rest: list[Item], room: int) -> bool:
    """Whether an item and what follows it, up to the first new line there, fit into so many columns."""
    stack, following = [item], len(rest)
    while room >= 0:
        if not stack:
            if not following:
                return True
            following -= 1
            stack.append(rest[following])
        space, broken, part = stack.pop()
        match part:
            case str():
                room -= len(part)
            case Break(flat, text):
                if broken and text is None:
                    return True
                room -= len(text if broken and text is not None else flat)
            case Group() | Indent():
                stack.append((space, broken, part.parts))
            case tuple():
                stack += [(space, broken, p) for p in reversed(part)]
    return False


def ends_in_brackets(doc: Doc) -> bool:
    """Whether a chain of one sign has brackets at an end, which formatters may break instead of the chain."""
    if not isinstance(doc, Group):
        return isinstance(doc, tuple)
    signs = [part for part in doc.parts if part is LINE]
    return len(signs) == 1 and any(not isinstance(part, str) for part in (doc.parts[0], doc.parts[-1]))


def hugged(doc: Doc) -> Doc | None:
    """A chain of a name, one sign, and brackets: these are broken, and not the chain; None for anything else."""
    if isinstance(doc, Group) and isinstance(doc.parts[0], str) and [p for p in doc.parts if p is LINE] == [LINE]:
        last = doc.parts[-1]
        if isinstance(last, tuple) and len(last) == 2 and isinstance(last[0], str) and isinstance(last[1], Group):
            return tuple(" " if part is LINE else part for part in doc.parts)
    return None
