"""State on whole batches: variables that need each other's earlier values, step by step over all sequences at once."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pellucid.language.nodes import Aggregate, Delay, Let, Node, Vote, reads
from pellucid.language.program import Program
from pellucid.semantics.cells import Cells, cells_of, joined, kind_of
from pellucid.semantics.elementwise import Function, compiled
from pellucid.semantics.layout import Layout
from pellucid.semantics.stream import Machine
from pellucid.semantics.votes import Voting

FEW = 12  # sequences at a step, on average: below that Python's own values are faster than arrays


class Cycle:
    """A group of variables that need each other's earlier values, ready to be computed on batches."""

    def __init__(self, program: Program, names: tuple[str, ...]) -> None:
        self.nodes = {name: program[name] for name in names}
        self.kinds = {name: kind_of(program.types[name]) for name in names}
        self.given = sorted({name for node in self.nodes.values() for name in reads(node)} - set(names))
        self.in_python = any(isinstance(node, Aggregate) for node in self.nodes.values())
        self.functions = {} if self.in_python else {n: _function(node, program, n) for n, node in self.nodes.items()}

    def __call__(self, env: Mapping[str, Cells], layout: Layout) -> dict[str, Cells]:
        """The variables at every position."""
        longest = int(layout.sizes.max(initial=0))
        if self.in_python or layout.size < FEW * longest or not longest:
            return self._one_by_one(env, layout)
        steps = _Steps.of(layout)
        given = {name: env[name].take(steps.order) for name in self.given}
        past: dict[str, list[Cells]] = {name: [] for name in self.nodes}
        for t in range(longest):
            part = slice(steps.bounds[t], steps.bounds[t + 1])
            count = part.stop - part.start
            here = {name: cells.take(part) for name, cells in given.items()}
            for name, function in self.functions.items():
                node = self.nodes[name]
                if isinstance(node, Delay) and t >= node.amount:
                    here[name] = self._earlier(node, t - node.amount, past, given, steps).take(slice(count))
                else:
                    here[name] = function(here).spread(count)
                here[name] = here[name].as_kind(self.kinds[name])
                past[name].append(here[name])
        return {name: joined(found, self.kinds[name]).take(steps.back) for name, found in past.items()}

    def _earlier(
        self, node: Delay, t: int, past: Mapping[str, list[Cells]], given: Mapping[str, Cells], steps: _Steps
    ) -> Cells:
        if node.variable in past:
            return past[node.variable][t]
        return given[node.variable].take(slice(steps.bounds[t], steps.bounds[t + 1]))

    def _one_by_one(self, env: Mapping[str, Cells], layout: Layout) -> dict[str, Cells]:
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


@dataclass(frozen=True)
class _Steps:
    """The positions of a batch step by step, at each step those of the longest sequences first.

    Args:
        order: positions. bounds: where each step begins, and the end. back: the place of each position in `order`.
    """

    order: np.ndarray
    bounds: list[int]
    back: np.ndarray

    @classmethod
    def of(cls, layout: Layout) -> _Steps:
        rank = np.empty(len(layout.sizes), np.int64)
        rank[np.argsort(-layout.sizes, kind="stable")] = np.arange(len(layout.sizes))
        order = np.lexsort((rank[layout.sequence], layout.place))
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return cls(order, [0, *np.cumsum(np.bincount(layout.place)).tolist()], back)


def _function(node: Node, program: Program, name: str) -> Function:
    """The node at one step; a delay's default."""
    match node:
        case Let(expression):
            return compiled(expression, program.types)
        case Delay(default=default):
            return compiled(default, program.types)
        case Vote():
            voting = Voting(node, program.types, program.types[name])
            return lambda here: voting.labels.take(voting.totals(here, len(here[reads(node)[0]])).argmax(1))
    raise ValueError(f"{name}: {node} is no part of a state")
