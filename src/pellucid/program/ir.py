"""The language of programs: a short list of named assignments, as data.

Every node computes one variable per position (the `Readout` of a classifier: one per sequence). A `Program` is
immutable; passes return a new one. What the nodes mean is `interpret.py`; what a person reads is `emit.py`.

Positions: the begin marker stands at 0, the user's symbols at 1, 2, ..., the end marker (if any) after them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from pellucid.data.vocab import Vocab
from pellucid.program.nodes import Aggregate as Aggregate
from pellucid.program.nodes import Categorical as Categorical
from pellucid.program.nodes import Embed as Embed
from pellucid.program.nodes import Evidence as Evidence
from pellucid.program.nodes import Formula as Formula
from pellucid.program.nodes import Input as Input
from pellucid.program.nodes import Integer as Integer
from pellucid.program.nodes import Lookup as Lookup
from pellucid.program.nodes import Node as Node
from pellucid.program.nodes import Readout as Readout
from pellucid.program.nodes import Select as Select
from pellucid.program.nodes import Selection as Selection
from pellucid.program.nodes import Type as Type
from pellucid.program.nodes import domain_of as domain_of
from pellucid.program.nodes import order as order
from pellucid.program.nodes import reads as reads
from pellucid.program.nodes import renamed as renamed
from pellucid.program.typecheck import type_of


@dataclass(frozen=True)
class Assign:
    """`name = node`."""

    name: str
    node: Node


class ProgramError(ValueError):
    """A program that is not well formed: says which assignment and why."""


@dataclass(frozen=True)
class Program:
    """Assignments in order, the tokens first, each reading earlier ones only; `output` names the last word.

    Raises:
        ProgramError: from `types` (and so on load), when a name is unknown or defined twice, or a node is given a type
            it cannot read.
    """

    vocab: Vocab
    assignments: tuple[Assign, ...]
    output: str

    @cached_property
    def types(self) -> dict[str, Type]:
        """Type of every variable; computing it validates the program."""
        types: dict[str, Type] = {}
        for assign in self.assignments:
            if assign.name in types:
                raise ProgramError(f"{assign.name}: defined twice")
            for name in reads(assign.node):
                if name not in types:
                    raise ProgramError(f"{assign.name}: reads {name}, which is not defined before it")
            try:
                types[assign.name] = type_of(assign.node, types, self.vocab)
            except (TypeError, ValueError) as error:
                raise ProgramError(f"{assign.name}: {error}") from None
        if self.output not in types or isinstance(types[self.output], Selection):
            raise ProgramError(f"output {self.output!r} is no variable of the program")
        self._check_shape()
        return types

    def _check_shape(self) -> None:
        if self.assignments[0].node != Input("tokens"):
            raise ProgramError(f"{self.assignments[0].name}: the first variable must be the tokens")
        pooled = [a.name for a in self if isinstance(a.node, Readout) and a.node.pooled]
        if pooled != ([self.output] if self.vocab.kind == "classification" else []):
            raise ProgramError(f"{self.output}: a classifier, and nothing else, has a pooled readout, as its output")

    @property
    def tokens(self) -> str:
        """Name of the variable that holds the tokens: the first of every valid program."""
        return self.assignments[0].name

    def __getitem__(self, name: str) -> Node:
        return next(assign.node for assign in self.assignments if assign.name == name)

    def __iter__(self) -> Iterator[Assign]:
        return iter(self.assignments)

    def map(self, change: Callable[[Assign], Node]) -> Program:
        """The program with every node replaced by `change(assign)`."""
        return replace(self, assignments=tuple(Assign(a.name, change(a)) for a in self.assignments))
