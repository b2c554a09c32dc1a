"""Votes: the evidence of every value, and the label with the largest sum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pellucid.emit import tree
from pellucid.emit.expressions import exact
from pellucid.emit.lists import LETTERS, Lists, Sweep
from pellucid.emit.tree import Code, call, display, name
from pellucid.language.nodes import Evidence, Vote

Scored = Callable[[Code], Code]  # the evidence of a value


@dataclass
class Ballot:
    """How one vote is written."""

    lists: Lists
    variable: str
    node: Vote

    def __post_init__(self) -> None:
        writer, node, upper = self.lists.writer, self.node, self.variable.upper()
        self.labels = name(writer.row(f"{upper}_LABELS", node.labels))
        self.bias = name(writer.row(f"{upper}_BIAS", node.bias)) if any(node.bias) or not self._parts else None
        self.scored = [(self._variable(part), self._row(part)) for part in self._parts]

    @property
    def _parts(self) -> list[Evidence | tuple[str, tuple[int, ...]]]:
        return [*self.node.evidence, *self.node.scaled]

    def _variable(self, part: Evidence | tuple[str, tuple[int, ...]]) -> str:
        return part.variable if isinstance(part, Evidence) else part[0]

    def _row(self, part: Evidence | tuple[str, tuple[int, ...]]) -> Scored:
        writer, owner = self.lists.writer, f"{self._variable(part)}_evidence"
        if isinstance(part, Evidence):
            rows = name(writer.evidence(owner, part.rows))
            other = name(writer.otherwise(part.default))
            return lambda v: tree.method(rows, "get", v, other)
        weights, w = name(writer.row(owner, part[1])), writer.letter("w")
        nothing = writer.plan.types[part[0]].nothing

        def scaled(v: Code) -> Code:
            counted = tree.formed(tree.Form("({0} or 0)", tree.ATOM, (tree.OR,)), [v]) if nothing else v
            return tree.comprehension("[", tree.times(counted, w), w, weights, [], "]")

        return scaled

    def _won(self, rows: Code) -> Code:
        return call(self.lists.writer.helper("winner"), self.labels, rows)

    def here(self, code: Callable[[str], Code]) -> Code:
        """The winner at one position, given what variables are called there."""
        rows = [*([self.bias] if self.bias else []), *(scored(_number(code(v))) for v, scored in self.scored)]
        return self._won(display("[", rows, "]"))

    def each(self) -> Code:
        """The list of the winners."""
        sweep = Sweep(self.lists, self.variable, LETTERS)
        element = self.here(sweep.code)
        return sweep.each(element)

    def pooled(self) -> Code:
        """The winner of all positions together."""
        parts = [self._everywhere(v, scored) for v, scored in self.scored]
        if self.bias is not None:
            some = tree.copies(self.bias, self.lists.size())
            if not parts:
                return self._won(some)
            parts.insert(0, some)
        if len(parts) == 1:
            return self._won(parts[0])
        return self._won(display("[", [Code(("*", part.at(5)), names=part.names) for part in parts], "]"))

    def _everywhere(self, variable: str, scored: Scored) -> Code:
        sweep = Sweep(self.lists, self.variable, "v")
        element = scored(_number(sweep.code(variable)))
        return sweep.each(element)


def _number(code: Code) -> Code:
    """A value that is counted or looked up, for which a bool will do."""
    return exact(code) if code.kind == "test" else code
