"""What a program means, for whole batches of sequences: equal to the reference, and fast.

Sequences stand one after another in flat arrays, so no padding is ever computed. A whole number among real ones may
come out as the float that equals it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.language.nodes import Aggregate, Delay, Input, Let, Node, Vote
from pellucid.language.program import Program
from pellucid.language.types import Type
from pellucid.semantics.attention import Attention
from pellucid.semantics.cells import Cells, cells_of, joined, kind_of, merged
from pellucid.semantics.cycles import Cycle
from pellucid.semantics.elementwise import compiled
from pellucid.semantics.intake import columns_of, forms_of
from pellucid.semantics.layout import Layout
from pellucid.semantics.votes import Voting

POSITIONS = 2**15  # computed at once, so that arrays stay in the processor's cache
STATE_POSITIONS = 2**19  # where a state goes step by step over all sequences


@dataclass(frozen=True)
class Values:
    """Every variable at every position of a batch.

    Args:
        cells: by name, sequence after sequence.
        starts: where each sequence begins, and the end: int64 [sequences + 1].
    """

    cells: dict[str, Cells]
    starts: np.ndarray

    def __getitem__(self, name: str) -> np.ndarray:
        """The values of a variable: int64, float64, or Python objects."""
        return self.cells[name].values


def predict(program: Program, sequences: Iterable[Any]) -> list:
    """The outputs for inputs in the user's form, as `reference.run` gives them.

    Raises:
        PellucidError: an input that the program does not take.
    """
    return Batch(program).predict(sequences)


def evaluate(program: Program, sequences: Iterable[Any]) -> Values:
    """Every variable at every position, for inputs in the user's form.

    Raises:
        PellucidError: an input that the program does not take.
    """
    return Batch(program).evaluate(sequences)


class Batch:
    """A program ready to be run on batches, again and again."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.kinds = {name: kind_of(t) for name, t in program.types.items()}
        self.steps = [
            (names, Cycle(program, names)) if cyclic else (names, _step(program[names[0]], program, names[0]))
            for names, cyclic in program.groups
        ]
        self.positions = STATE_POSITIONS if any(cyclic for _, cyclic in program.groups) else POSITIONS

    def predict(self, sequences: Iterable[Any]) -> list:
        """See `predict`."""
        inputs = list(sequences)
        columns, sizes = columns_of(self.program, inputs)
        if self.program.when != "every" and self.program.empty is None and 0 in sizes:
            raise PellucidError("an empty sequence has no last position; expected at least one")
        layout, found = Layout.of(sizes), []
        for first, end in layout.chunks(self.positions):
            found += self._rows(*self._part(columns, layout, first, end))
        return found

    def evaluate(self, sequences: Iterable[Any]) -> Values:
        """See `evaluate`."""
        columns, sizes = columns_of(self.program, list(sequences))
        layout = Layout.of(sizes)
        parts = [self._part(columns, layout, *part)[0] for part in layout.chunks(self.positions)]
        if len(parts) == 1:
            return Values(parts[0], layout.starts)
        empty = {name: Cells(np.zeros(0, np.int64), kind) for name, kind in self.kinds.items()}
        joint = {n: joined([part[n] for part in parts or [empty]], kind) for n, kind in self.kinds.items()}
        return Values(joint, layout.starts)

    def _part(self, columns: dict[str, list], layout: Layout, first: int, end: int) -> tuple[dict[str, Cells], Layout]:
        """Every variable for some of the sequences, and how those lie."""
        start, stop = layout.starts[first], layout.starts[end]
        part = Layout(layout.starts[first : end + 1] - start)
        env: dict[str, Cells] = {}
        for names, step in self.steps:
            if isinstance(step, Cycle):
                env |= step(env, part)
            elif isinstance(step, Input):
                values = columns[step.column][start:stop] if step.column else []
                env[names[0]] = _input(step, values, part, self.program.types[names[0]])
            else:
                env[names[0]] = step(env, part).as_kind(self.kinds[names[0]]).spread(part.size)
        return env, part

    def _rows(self, env: dict[str, Cells], layout: Layout) -> list:
        """What comes out for each sequence."""
        program, ends = self.program, layout.starts.tolist()
        columns = [env[name].tolist() for name in program.results]
        rows = columns[0] if len(columns) == 1 else [list(row) for row in zip(*columns, strict=True)]
        pairs = itertools.pairwise(ends)
        if program.when == "every":
            return [rows[begin:end] for begin, end in pairs]
        empty = () if program.empty is None else program.empty
        none = empty[0] if len(empty) == 1 else list(empty)
        return [rows[end - 1] if end > begin else none for begin, end in pairs]


def _step(node: Node, program: Program, name: str):
    """The node as a function of the cells known and the layout; an input as it is."""
    types, t = program.types, program.types[name]
    match node:
        case Input():
            return node
        case Let(expression):
            function = compiled(expression, types)
            return lambda env, layout: function(env)
        case Delay():
            return _delay(node, types, t)
        case Aggregate():
            return Attention(node, types, t)
        case Vote():
            return Voting(node, types, t)


def _delay(node: Delay, types: dict[str, Type], t: Type):
    default, kind = compiled(node.default, types), kind_of(t)

    def step(env: dict[str, Cells], layout: Layout) -> Cells:
        place = layout.shifted(node.amount)
        return merged(place >= 0, env[node.variable].take(np.maximum(place, 0)), default(env), kind)

    return step


def _input(node: Input, values: list, layout: Layout, t: Type) -> Cells:
    match node.of:
        case "value":
            return cells_of(values, kind_of(t))
        case "form":
            return cells_of(forms_of(values), kind_of(t))
        case "position":
            return Cells(layout.place)
        case "length":
            return Cells(layout.sizes[layout.sequence])
