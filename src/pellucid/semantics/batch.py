"""What a program means, for whole batches of sequences: equal to the reference, and fast.

Sequences stand one after another in flat arrays, so no padding is ever computed. A whole number among real ones may
come out as the float that equals it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.language.nodes import Aggregate, Delay, Input, Let, Node, Vote, reads
from pellucid.language.program import Program
from pellucid.language.types import Type
from pellucid.semantics.attention import Attention, Voting
from pellucid.semantics.cells import Cells, Kind, Layout, cells_of, joined, kind_of, merged
from pellucid.semantics.elementwise import Env, compiled
from pellucid.semantics.reading import forms_of, read_all
from pellucid.semantics.stream import Machine

POSITIONS = 2**15  # computed at once, so that arrays stay in the processor's cache
STATE_POSITIONS = 2**19  # where a state goes step by step over all sequences
Step = Callable[[Env, Layout], Cells]
FEW = 12  # sequences at a step, on average: below that Python's own values are faster than arrays


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
        self.inputs = {a.name: a.node for a in program if isinstance(a.node, Input)}
        self.steps = [
            (names[0], Cycle(program, names) if cyclic else _step(program[names[0]], program.types, names[0]))
            for names, cyclic in program.groups
            if names[0] not in self.inputs
        ]
        self.positions = STATE_POSITIONS if any(isinstance(step, Cycle) for _, step in self.steps) else POSITIONS

    def predict(self, sequences: Iterable[Any]) -> list:
        """See `predict`."""
        inputs = list(sequences)
        columns, sizes = read_all(self.program, inputs)
        if self.program.when != "every" and self.program.empty is None and 0 in sizes:
            raise PellucidError("an empty sequence has no last position; expected at least one")
        layout, found = Layout.of(sizes), []
        for first, end in layout.chunks(self.positions):
            found += self._rows(*self._part(columns, layout, first, end))
        return found

    def evaluate(self, sequences: Iterable[Any]) -> Values:
        """See `evaluate`."""
        columns, sizes = read_all(self.program, list(sequences))
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
        env = {name: self._input(name, columns, slice(start, stop), part) for name in self.inputs}
        for name, step in self.steps:
            if isinstance(step, Cycle):
                env |= step(env, part)
            else:
                env[name] = step(env, part).as_kind(self.kinds[name]).spread(part.size)
        return env, part

    def _input(self, name: str, columns: dict[str, list], part: slice, layout: Layout) -> Cells:
        node = self.inputs[name]
        match node.of:
            case "position":
                return Cells(layout.place)
            case "length":
                return Cells(layout.sizes[layout.sequence])
        values = columns[node.column][part]
        return cells_of(forms_of(values) if node.of == "form" else values, self.kinds[name])

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


def _step(node: Node, types: Mapping[str, Type], name: str) -> Step:
    """The node as a function of the cells known and the layout."""
    match node:
        case Let(expression):
            function = compiled(expression, types)
            return lambda env, layout: function(env)
        case Delay():
            return _delay(node, types, kind_of(types[name]))
        case Aggregate():
            return Attention(node, types, types[name])
        case Vote():
            return Voting(node, types, types[name])
        case Input():
            raise AssertionError("an input is given")


def _delay(node: Delay, types: Mapping[str, Type], kind: Kind) -> Step:
    default = compiled(node.default, types)

    def step(env: Env, layout: Layout) -> Cells:
        place = layout.shifted(node.amount)
        return merged(place >= 0, env[node.variable].take(np.maximum(place, 0)), default(env), kind)

    return step


# ---------------------------------------------------------------- state


class Cycle:
    """A group of variables that need each other's earlier values, ready to be computed on batches."""

    def __init__(self, program: Program, names: tuple[str, ...]) -> None:
        self.nodes = {name: program[name] for name in names}
        self.kinds = {name: kind_of(program.types[name]) for name in names}
        self.given = sorted({name for node in self.nodes.values() for name in reads(node)} - set(names))
        self.in_python = any(isinstance(node, Aggregate) for node in self.nodes.values())
        self.steps = {} if self.in_python else {name: self._step(program.types, name) for name in names}

    def _step(self, types: Mapping[str, Type], name: str) -> Step:
        """The node at one step; a delay's default."""
        node = self.nodes[name]
        return _step(Let(node.default) if isinstance(node, Delay) else node, types, name)

    def __call__(self, env: Env, layout: Layout) -> dict[str, Cells]:
        """The variables at every position."""
        longest = int(layout.sizes.max(initial=0))
        if self.in_python or layout.size < FEW * longest or not longest:
            return self._one_by_one(env, layout)
        order, bounds = _by_steps(layout)
        given = {name: env[name].take(order) for name in self.given}
        past: dict[str, list[Cells]] = {name: [] for name in (*self.given, *self.nodes)}
        for t, (begin, end) in enumerate(itertools.pairwise(bounds)):
            count = end - begin
            alone = Layout(np.array([0, count]))
            here = {name: cells.take(slice(begin, end)) for name, cells in given.items()}
            for name, step in self.steps.items():
                node = self.nodes[name]
                if isinstance(node, Delay) and t >= node.amount:
                    found = past[node.variable][t - node.amount].take(slice(count))
                else:
                    found = step(here, alone).spread(count)
                here[name] = found.as_kind(self.kinds[name])
            for name, cells in here.items():
                past[name].append(cells)
        back = np.argsort(order)
        return {name: joined(past[name], self.kinds[name]).take(back) for name in self.nodes}

    def _one_by_one(self, env: Env, layout: Layout) -> dict[str, Cells]:
        """With Python's own values, one sequence after another."""
        given, ends = {name: env[name].tolist() for name in self.given}, layout.starts.tolist()
        found: dict[str, list] = {name: [] for name in self.nodes}
        for begin, end in itertools.pairwise(ends):
            machine = Machine(self.nodes)
            for i in range(begin, end):
                here = {name: values[i] for name, values in given.items()}
                machine.step(here)
                for name, values in found.items():
                    values.append(here[name])
        return {name: cells_of(values, self.kinds[name]) for name, values in found.items()}


def _by_steps(layout: Layout) -> tuple[np.ndarray, list[int]]:
    """Positions step by step, at each those of the longest sequences first; and where each step begins, and the end."""
    rank = np.argsort(np.argsort(-layout.sizes, kind="stable"))
    order = np.lexsort((rank[layout.sequence], layout.place))
    return order, [0, *np.cumsum(np.bincount(layout.place)).tolist()]
