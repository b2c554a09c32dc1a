"""The language of programs: a short list of named assignments, as data.

Every node computes one variable per position (the `Readout` of a classifier: one per sequence). A `Program` is
immutable; passes return a new one. What the nodes mean is `interpret.py`; what a person reads is `emit.py`.

Positions: in a program with markers the begin marker stands at 0, the user's symbols at 1, 2, ..., the end marker (if
any) after them; in one without, the user's symbols stand at 0, 1, ... and there is nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from pellucid.data.vocab import Vocab
from pellucid.program.formula import Var
from pellucid.program.nodes import PREVIOUS as PREVIOUS
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
from pellucid.program.nodes import Rule as Rule
from pellucid.program.nodes import Rules as Rules
from pellucid.program.nodes import Scan as Scan
from pellucid.program.nodes import Select as Select
from pellucid.program.nodes import Selection as Selection
from pellucid.program.nodes import Test as Test
from pellucid.program.nodes import Type as Type
from pellucid.program.nodes import domain_of as domain_of
from pellucid.program.nodes import order as order
from pellucid.program.nodes import reads as reads
from pellucid.program.nodes import renamed as renamed
from pellucid.program.predicates import Value
from pellucid.program.typecheck import Room, type_of


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

    Args:
        vocab: tokens, labels and the longest input.
        assignments, output: the program.
        markers: whether it sees the begin marker (and the end marker, if the vocabulary has one), or the user's tokens
            alone.
        unbounded: whether it takes inputs longer than `vocab.max_length`; only without markers.

    Raises:
        ProgramError: from `types` (and so on load), when a name is unknown or defined twice, or a node is given a type
            it cannot read.
    """

    vocab: Vocab
    assignments: tuple[Assign, ...]
    output: str
    markers: bool = True
    unbounded: bool = False

    @property
    def symbols(self) -> tuple[Value, ...]:
        """What can stand at a position: the user's tokens, and the markers where the program sees them."""
        return self.vocab.symbols if self.markers else self.vocab.tokens

    @property
    def width(self) -> int:
        """Number of positions of the longest input."""
        return self.vocab.width if self.markers else self.vocab.max_length

    @cached_property
    def types(self) -> dict[str, Type]:
        """Type of every variable; computing it validates the program."""
        types: dict[str, Type] = {}
        room = Room(self.symbols, self.width, self.vocab.max_length)
        for assign in self.assignments:
            if assign.name in types or assign.name == PREVIOUS:
                raise ProgramError(f"{assign.name}: {'defined twice' if assign.name in types else 'means a state'}")
            for name in reads(assign.node):
                if name not in types:
                    raise ProgramError(f"{assign.name}: reads {name}, which is not defined before it")
            try:
                types[assign.name] = type_of(assign.node, types, room)
            except (TypeError, ValueError) as error:
                raise ProgramError(f"{assign.name}: {error}") from None
            if isinstance(assign.node, Select):
                room.selects[assign.name] = assign.node
        if self.output not in types or isinstance(types[self.output], Selection):
            raise ProgramError(f"output {self.output!r} is no variable of the program")
        self._check_shape()
        return types

    def _check_shape(self) -> None:
        if self.assignments[0].node != Input("tokens"):
            raise ProgramError(f"{self.assignments[0].name}: the first variable must be the tokens")
        pooled = [a.name for a in self if isinstance(a.node, Readout) and a.node.pooled]
        labels = self.vocab.kind == "classification"
        if pooled != ([self.output] if labels else []) and (self.markers or pooled):
            raise ProgramError(f"{self.output}: a classifier, and nothing else, has a pooled readout, as its output")
        if self.unbounded:
            self._check_unbounded()

    def _check_unbounded(self) -> None:
        if self.markers:
            raise ProgramError("a program with markers takes inputs up to its longest only; this one says unbounded")
        _ = stretched(self, 2 * self.vocab.max_length + 2)  # raises where it cannot be
        constant = constant_types(self)
        for a in self:
            if isinstance(a.node, Embed) and a.node.variable not in constant:
                raise ProgramError(f"{a.name}: an embedding of {a.node.variable}, which grows with longer inputs")

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


def stretched(program: Program, length: int) -> Program:
    """The same program for inputs of up to `length` tokens, and no longer ones.

    Raises:
        ProgramError: where its numbers would grow too large.
    """
    if length <= program.vocab.max_length:
        return program
    longer = replace(program, vocab=replace(program.vocab, max_length=length), unbounded=False)
    _ = longer.types
    return longer


def constant_types(program: Program) -> set[str]:
    """Variables whose type is the same however long the inputs are."""
    constant: set[str] = set()
    for a in program:
        match a.node:
            case Input(which):
                stays = which in ("tokens", "ones")
            case Aggregate(_, how, value):
                stays = how == "any" or (how not in ("count", "sum") and value in constant)
            case Rules(rules, default):
                outcomes = (*(rule.outcome for rule in rules), default)
                stays = all(not isinstance(o, Var) or o.name in constant for o in outcomes)
            case Formula():
                stays = constant.issuperset(reads(a.node))
            case Scan(_, step):
                stays = not isinstance(step, Formula) and constant.issuperset(reads(a.node))
            case _:
                stays = not isinstance(a.node, Select)
        if stays:
            constant.add(a.name)
    return constant
