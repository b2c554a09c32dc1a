"""Cutting a program down to what some answers use: cases, rules and evidence that never apply where it matters go.

Nothing is put in a new form but what is the same in all of them: a case that no needed cell reaches cannot change a
needed answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace

from pellucid.explain.cells import Cell, Cells, Path
from pellucid.explain.spare import Decisions
from pellucid.language.aggregates import AGGREGATES
from pellucid.language.expressions import Cases, Const, Expression, Table, parts, with_parts
from pellucid.language.nodes import Aggregate, Delay, Let, Node, Vote, reads
from pellucid.language.program import Program
from pellucid.language.types import Plain


class Uses:
    """What a program used for the answers seen so far."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.numbers: dict[str, dict[Path, set[int]]] = defaultdict(lambda: defaultdict(set))
        self.something = set[str]()  # delays and aggregates that did not always give their default
        self.votes = {a.name: Decisions(a.node) for a in program if isinstance(a.node, Vote)}

    def add(self, cells: Cells, answers: Iterable[Cell]) -> None:
        """Look at what one more input uses."""
        for name, i in cells.needed(answers):
            match self.program[name]:
                case Let(expression):
                    self._count(name, cells.steps(expression, cells.here(i)))
                case Delay(_, amount):
                    if 0 <= i - amount < cells.size:
                        self.something.add(name)
                case Aggregate(select):
                    looked = cells.looked(name, i)
                    if looked.picked:
                        self.something.add(name)
                    for j in cells.unmasked(select, looked.compared) if select.match is not None else ():
                        self._count(name, cells.steps(select.match, cells.pair(select, i, j)))  # pyright: ignore[reportArgumentType]
                case Vote():
                    self.votes[name].add(cells, i)

    def _count(self, name: str, steps: Iterable[tuple[Path, int | str]]) -> None:
        for path, number in steps:
            if isinstance(number, int):
                self.numbers[name][path].add(number)

    def pruned(self, label: Plain | None = None) -> Program:
        """The program with only what was used; of a vote that the answer alone reads, whether `label` wins stays."""
        result = self.program.results[0]
        asked = {name for name in self.votes if label is not None and self._feeds_only(name, result)}
        return self.program.map(lambda a: self._smaller(a.name, a.node, label if a.name in asked else None)).pruned()

    def _feeds_only(self, name: str, result: str) -> bool:
        return [a.name for a in self.program if name in reads(a.node)] == [result]

    def _smaller(self, name: str, node: Node, label: Plain | None) -> Node:
        numbers = self.numbers.get(name, {})
        match node:
            case Let(expression):
                return Let(_restricted(expression, numbers))
            case Delay(default=default) if name not in self.something:
                return Let(default)
            case Aggregate(how=how, default=default) if name not in self.something:
                return Let(default if AGGREGATES[how].reads else Const(0))
            case Aggregate(select) if select.match is not None:
                return replace(node, select=replace(select, match=_restricted(select.match, numbers)))
            case Vote() if self.votes[name].voters:
                vote = self.votes[name].spared(label)
                fixed = Const(vote.labels[vote.bias.index(max(vote.bias))])
                return vote if vote.evidence or vote.scaled else Let(fixed)
        return node


def _restricted(expression: Expression, numbers: dict[Path, set[int]]) -> Expression:
    """Tables and rules with the cases of these numbers only; where there is one outcome, that."""

    def change(path: Path, e: Expression) -> Expression:
        used = numbers.get(path, set())
        match e:
            case Table(args, cases, default):
                if len(used) <= 1:
                    return Const(default if used <= {-1} else cases[min(used)][1])
                return Table(args, tuple(case for n, case in enumerate(cases) if n in used), default)
            case Cases(rules, default):
                if len(used) <= 1:
                    return default if used <= {-1} else rules[min(used)][1]
                kept = tuple(rule for n, rule in enumerate(rules) if n in used)
                return Cases(kept, default) if -1 in used else Cases(kept[:-1], kept[-1][1])
        return e

    return _changed(expression, change)


def _changed(expression: Expression, change: Callable[[Path, Expression], Expression], path: Path = ()) -> Expression:
    """Every part changed, told its path, innermost first."""
    new = [_changed(part, change, (*path, k)) for k, part in enumerate(parts(expression))]
    return change(path, with_parts(expression, new) if new else expression)
