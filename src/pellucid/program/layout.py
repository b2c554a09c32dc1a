"""Lines of an expression in the formatter's style: on one line where it fits, else its brackets opened."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.program.literals import LINE


@dataclass(frozen=True)
class Group:
    """Parts between brackets: of a comprehension (`listed` false: parts follow each other), or a list of arguments."""

    opening: str
    parts: tuple[Doc, ...]
    closing: str
    listed: bool = False


Doc = str | Group


def flat(doc: Doc) -> str:
    """The text on one line."""
    return doc if isinstance(doc, str) else f"{doc.opening}{_inside(doc)}{doc.closing}"


def _inside(group: Group) -> str:
    return (", " if group.listed else " ").join(map(flat, group.parts))


def lines(doc: Doc, indent: int, before: str = "", after: str = "") -> list[str]:
    """Lines at most `LINE` columns wide where that is possible, the first one beginning with `before`."""
    space = " " * indent
    whole = f"{space}{before}{flat(doc)}{after}"
    if isinstance(doc, str) or len(whole) <= LINE:
        return [whole]
    inner = " " * (indent + 4) + _inside(doc)
    if len(inner) <= LINE:
        body = [inner]
    else:
        comma = "," if doc.listed else ""
        body = [line for part in doc.parts for line in lines(part, indent + 4, "", comma)]
    return [f"{space}{before}{doc.opening}", *body, f"{space}{doc.closing}{after}"]


def comprehension(element: Doc, *clauses: str, opening: str = "[", closing: str = "]") -> Group:
    """`[element for ... if ...]`."""
    return Group(opening, (element, *(clause for clause in clauses if clause)), closing)


def call(function: str, *arguments: Doc) -> Group:
    """`function(a, b)`."""
    return Group(f"{function}(", arguments, ")", listed=True)
