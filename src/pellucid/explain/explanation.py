"""What a program did on one input: every variable, what was looked at, which rule fired, the votes of every label."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pellucid.errors import PellucidError
from pellucid.explain.cells import Cell, Cells, Looked, steps_of
from pellucid.explain.votes import PIECES, POOLED_PIECES, Tally, tally
from pellucid.explain.words import fired, meaning
from pellucid.language.expressions import Cases, Table
from pellucid.language.nodes import Aggregate, Let, Node, Vote
from pellucid.language.program import Program
from pellucid.language.types import Value


@dataclass(frozen=True)
class Variable:
    """A variable at every position; positions count from 0 here, and from 1 for people and in JSON.

    Args:
        name, node, meaning: which it is, and what it computes, in words.
        values: by position.
        used: whether the outputs asked about depend on it there.
        decides: likewise, where of every vote only what moved it most counts.
        numbers: of a table or a list of rules, the case or rule that applied, -1 for the default.
        looked: of an aggregate, what it looked at.
        votes: of a vote.
    """

    name: str
    node: Node
    meaning: str
    values: tuple[Value, ...]
    used: tuple[bool, ...]
    decides: tuple[bool, ...]
    numbers: tuple[int, ...] | None = None
    looked: tuple[Looked, ...] | None = None
    votes: tuple[Tally, ...] | None = None

    def fired(self, i: int) -> str:
        """The case or rule that applied, in words."""
        assert isinstance(self.node, Let) and isinstance(self.node.expression, Table | Cases) and self.numbers  # noqa: PT018
        return fired(self.node.expression, self.numbers[i])

    def to_json(self) -> dict[str, Any]:
        """One JSON object, what is not used as well."""
        found: dict[str, Any] = {"name": self.name, "meaning": self.meaning, "values": list(self.values)}
        found["used"] = list(self.used)
        if self.numbers is not None:
            found["fired"] = [self.fired(i) for i in range(len(self.numbers))]
        if self.looked is not None:
            for part in ("compared", "matched", "picked"):
                found[part] = [[j + 1 for j in getattr(looked, part)] for looked in self.looked]
        if self.votes is not None:
            found["votes"] = [vote.to_json() for vote in self.votes]
        return found


@dataclass(frozen=True)
class Explanation:
    """One run of a program.

    Args:
        sequence: the input, a step per position, as the user has it.
        output: what came out.
        variables: in the order of the program.
        results: the variables that come out, by output.
        position: the one whose output is asked about; None: all.
    """

    sequence: tuple
    output: Any
    variables: tuple[Variable, ...]
    results: dict[str, str]
    position: int | None = None

    def __getitem__(self, name: str) -> Variable:
        return next(v for v in self.variables if v.name == name)

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        return {
            "input": list(self.sequence),
            "output": self.output,
            "position": None if self.position is None else self.position + 1,
            "outputs": self.results,
            "variables": [v.to_json() for v in self.variables],
        }

    def __str__(self) -> str:
        from pellucid.explain.text import text

        return text(self)


def explain(program: Program, sequence: Any, position: int | None = None) -> Explanation:
    """What a program did on one input.

    Args:
        program: any program.
        sequence: an input in the user's form.
        position: tell what the output at this position, from 1, depends on; None: all outputs.

    Raises:
        PellucidError: an input that the program does not take, or is too long; a position that is not in it.
    """
    cells = Cells(program, sequence)
    at = None if position is None else _index(program, cells, position)
    answers = cells.answers(at)
    used, decides = cells.needed(answers), cells.needed(answers, lambda name, i: _decisive(cells, name, i))
    variables = tuple(_variable(cells, a.name, a.node, used, decides) for a in program)
    results = {output.name: output.variable for output in program.outputs}
    return Explanation(steps_of(program, sequence), cells.output, variables, results, at)


def _index(program: Program, cells: Cells, position: int) -> int:
    if program.when != "every":
        raise PellucidError(f"position {position}: this program gives one output for the whole sequence")
    if not 1 <= position <= cells.size:
        raise PellucidError(f"position {position}: expected a number from 1 to {cells.size}, the input's length")
    return position - 1


def _decisive(cells: Cells, name: str, i: int) -> Iterable[Cell]:
    """What a cell was computed from; of a vote, what moved it most."""
    node = cells.program[name]
    if not isinstance(node, Vote):
        return cells.reads(name, i)
    pieces = tally(cells, node, i).telling(POOLED_PIECES if node.pooled else PIECES)
    return [(p.variable, p.position) for p in pieces if p.variable is not None and p.position is not None]


def _variable(cells: Cells, name: str, node: Node, used: set[Cell], decides: set[Cell]) -> Variable:
    numbers, looked, votes, places = None, None, None, range(cells.size)
    match node:
        case Let((Table() | Cases()) as expression):
            numbers = tuple(cells.fired(expression, cells.here(i)) for i in places)
        case Aggregate():
            looked = tuple(cells.looked(name, i) for i in places)
        case Vote(pooled=pooled):  # the same at every position, where it is pooled
            votes = tuple(tally(cells, node, i) for i in (places[:1] if pooled else places))
    uses, tells = (tuple((name, i) in found for i in places) for found in (used, decides))
    return Variable(name, node, meaning(node), tuple(cells.values[name]), uses, tells, numbers, looked, votes)
