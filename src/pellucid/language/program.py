"""A program: input columns, a short list of named assignments, outputs. Immutable; passes return a new one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from pellucid.language import checks
from pellucid.language.inference import ends, infer
from pellucid.language.nodes import Assign, Column, Groups, Node, Output, When, components, needed
from pellucid.language.types import Type, Value


@dataclass(frozen=True)
class Program:
    """Assignments in order, each reading earlier ones, or earlier positions of any.

    Args:
        inputs: the columns; a step of an input is one value, or a list with one per column where there are several.
        assignments: the variables.
        outputs: the columns that come out, likewise.
        when: whether they come out at `every` position, at the `last` one, or once for the `sequence` (a value that is
            the same at every position, and so is known for no positions, too: `empty`).
        longest: positions of the longest input it was made for; None: it was made for any. Whether it takes longer ones
            follows from what it does: see `takes_longer`.
        empty: what comes out for an empty sequence, a value per output; None: it is refused, or an empty list where
            outputs come at every position.

    Raises:
        ProgramError: when it is not well formed.
    """

    inputs: tuple[Column, ...]
    assignments: tuple[Assign, ...]
    outputs: tuple[Output, ...]
    when: When = "every"
    longest: int | None = None
    empty: tuple[Value, ...] | None = None

    def __post_init__(self) -> None:
        checks.check_columns(self.inputs, self.outputs, self.when, self.longest)
        checks.check_empty(self.empty, self.outputs, self.when)
        checks.check_variables(self.inputs, self.assignments, self.outputs)
        checks.check_state(self.nodes, self.groups)

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Node of every variable, in order."""
        return {a.name: a.node for a in self.assignments}

    @cached_property
    def groups(self) -> Groups:
        """(variables in program order, whether they need each other's earlier values), each after those it reads."""
        return components(self.nodes)

    @cached_property
    def types(self) -> dict[str, Type]:
        """Type of every variable, a promise for all inputs.

        Raises:
            ProgramError: a node is given what it cannot take.
        """
        return self._types if self.takes_longer else self._types_up_to_longest

    @cached_property
    def takes_longer(self) -> bool:
        """Whether every piece says something of inputs longer than `longest`.

        Comparisons, formulas and thresholds do; a table, or evidence, over a number that grows with the input does not:
        it ends where the data ended.
        """
        return self.longest is None or not any(ends(a.node, self._types, self._types_up_to_longest) for a in self)

    @cached_property
    def _types(self) -> dict[str, Type]:
        return infer({c.name: c for c in self.inputs}, self.nodes, self.groups, None)

    @cached_property
    def _types_up_to_longest(self) -> dict[str, Type]:
        return infer({c.name: c for c in self.inputs}, self.nodes, self.groups, self.longest)

    @property
    def results(self) -> tuple[str, ...]:
        """The variables that come out."""
        return tuple(output.variable for output in self.outputs)

    def __getitem__(self, name: str) -> Node:
        return self.nodes[name]

    def __iter__(self) -> Iterator[Assign]:
        return iter(self.assignments)

    def map(self, change: Callable[[Assign], Node]) -> Program:
        """The program with every node replaced by `change(assign)`."""
        return replace(self, assignments=tuple(Assign(a.name, change(a)) for a in self.assignments))

    def pruned(self) -> Program:
        """The program without the variables that no output depends on."""
        live = needed(self.nodes, self.results)
        kept = tuple(a for a in self.assignments if a.name in live)
        return self if len(kept) == len(self.assignments) else replace(self, assignments=kept)
