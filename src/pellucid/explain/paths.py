"""The way a wrong answer came about: the rules, cases and votes it went through, from the output backwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pellucid.explain.cells import Cell, Cells
from pellucid.explain.votes import tally
from pellucid.explain.words import fired
from pellucid.language.aggregates import AGGREGATES
from pellucid.language.expressions import Cases, Table, Var
from pellucid.language.nodes import Aggregate, Delay, Input, Let, Vote, reads
from pellucid.language.types import Value
from pellucid.values import literal

Step = tuple[int, int, str]  # steps back from the output, place in the program, words
LARGE = 20  # cases of a table over an input above which it only sorts the values


@dataclass(frozen=True)
class Wrong:
    """One wrong answer, and the outputs of its whole input.

    Args:
        example: number of it. sequence: step by step.
        position: from 0; None for one answer per sequence.
        column: number of the output.
    """

    example: int
    sequence: tuple
    position: int | None
    column: int
    given: Value
    wanted: Value
    output: Any
    right: Any


class Paths:
    """The ways that answers to one input came about."""

    def __init__(self, cells: Cells) -> None:
        self.cells, self.program = cells, cells.program
        self.order = {name: i for i, name in enumerate(self.program.nodes)}
        self.state = {name for names, cyclic in self.program.groups if cyclic for name in names}

    def path(self, case: Wrong) -> list[Step]:
        """Every step on the way to a wrong answer."""
        name, i = self._place(case)
        node = self.program[name]
        return list(self._vote(name, node, i, case) if isinstance(node, Vote) else self._steps(name, i, 0))

    def deciding(self, case: Wrong) -> list[tuple[str, Value]]:
        """What was computed and is read by the output, with its values there; none for a vote of all positions."""
        name, i = self._place(case)
        node = self.program[name]
        if isinstance(node, Vote) and node.pooled:
            return []
        return [(read, self.cells[read, i]) for read in reads(node) if not isinstance(self.program[read], Input)]

    def _place(self, case: Wrong) -> tuple[str, int]:
        return self.program.results[case.column], self.cells.size - 1 if case.position is None else case.position

    def _steps(self, name: str, i: int, back: int) -> Iterator[Step]:
        """The nearest steps first, each cell once."""
        seen, pending = {(name, i)}, [(name, i)]
        while pending:
            for cell in pending:
                yield from ((back, self.order[cell[0]], words) for words in self._words(*cell))
            before = [cell for cell in dict.fromkeys(c for p in pending for c in self._before(*p)) if cell not in seen]
            seen.update(before)
            pending, back = before, back + 1

    def _words(self, name: str, i: int) -> Iterator[str]:
        """The case or rule that gave a value."""
        node, cells = self.program[name], self.cells
        match node:
            case Let((Table() | Cases()) as expression) if not self._sorts(expression):
                yield f"{name}, {fired(expression, cells.fired(expression, cells.here(i)))}"
            case Aggregate(how=how) if AGGREGATES[how].reads and not cells.looked(name, i).picked:
                yield f"{name}: no key"

    def _before(self, name: str, i: int) -> Iterator[Cell]:
        """The cells that a value was taken or made of, but for counts, sums, and what a state was before."""
        node, cells = self.program[name], self.cells
        match node:
            case Let(expression):
                yield from ((what, i) for _, what in cells.steps(expression, cells.here(i)) if isinstance(what, str))
            case Delay(variable, amount) if name not in self.state and 0 <= i - amount < cells.size:
                yield variable, i - amount
            case Aggregate(select, how, str() as value) if AGGREGATES[how].picks and name not in self.state:
                yield from ((value, j) for j in cells.looked(name, i).picked)
                yield from ((query, i) for query in select.query)

    def _sorts(self, expression: Table | Cases) -> bool:
        """Whether it only says of what kind a value of the input is."""
        return (
            isinstance(expression, Table)
            and len(expression.cases) > LARGE
            and all(isinstance(a, Var) and isinstance(self.program[a.name], Input) for a in expression.args)
        )

    def _vote(self, name: str, node: Vote, i: int, case: Wrong) -> Iterator[Step]:
        """The least evidence that beats the right label, and how it came about."""
        place, given, wanted = self.order[name], literal(case.given), literal(case.wanted)
        if case.wanted not in node.labels:
            yield 0, place, f"the program never gives {wanted}"
            return
        vote = tally(self.cells, node, i)
        right = next(n for n, (label, _) in enumerate(vote.sums) if label == case.wanted)
        margins, places = Counter[tuple[str | None, Value]](), dict[tuple[str | None, Value], list[int]]()
        for piece in vote.pieces:
            margins[piece.variable, piece.value] += piece.weights[0] - piece.weights[right]
            places.setdefault((piece.variable, piece.value), []).append(
                -1 if piece.position is None else piece.position
            )
        against = sum(margin for margin in margins.values() if margin < 0)
        enough, told = int(node.labels.index(vote.sums[0][0]) > node.labels.index(vote.sums[right][0])), False
        for (variable, value), margin in sorted(margins.items(), key=lambda pair: -pair[1]):
            if margin <= 0 or (told and against >= enough):
                break
            told, against = True, against + margin
            if variable is None:
                yield 0, place, f"before any evidence {given} is ahead of {wanted}"
                continue
            yield 0, place, f"{variable} == {literal(value)} speaks for {given}"
            if len(places[variable, value]) == 1:
                yield from self._steps(variable, places[variable, value][0], 1)
        if not told:
            yield 0, place, f"nothing speaks for {wanted}, and {given} comes first"
