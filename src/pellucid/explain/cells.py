"""One input, cell by cell: what a variable at a position was computed from, and which rules and keys decided it.

All values are those of the reference; nothing is computed a second way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from pellucid.errors import PellucidError
from pellucid.language.aggregates import AGGREGATES
from pellucid.language.expressions import Cases, Expression, Table, Var, names_in, parts
from pellucid.language.nodes import Aggregate, Delay, Let, Select, Vote, reached, reads
from pellucid.language.program import Program
from pellucid.language.types import Value
from pellucid.semantics.reading import read
from pellucid.semantics.reference import Here, compared, evaluate, gathered, outputs, picked, positions, value

Cell = tuple[str, int]
Path = tuple[int, ...]  # to a part of an expression: the number of the part, of its part, and so on
MOST = 4_000_000  # pairs of positions that are compared


@dataclass(frozen=True)
class Looked:
    """What an aggregate looked at from one position: the keys compared, those that matched, those it was made of.

    Nothing is made of matching keys whose value is nothing, nor by `first` and its like of others than the one.
    """

    compared: tuple[int, ...]
    matched: tuple[int, ...]
    picked: tuple[int, ...]


def steps_of(program: Program, sequence: Any) -> tuple:
    """An input step by step, a raw text in the user's own words."""
    words = program.inputs[0].words
    if words is not None and len(program.inputs) == 1:
        return words.words.written(sequence)
    return tuple(sequence.tolist() if hasattr(sequence, "tolist") else sequence)


def check_position(program: Program, position: int, longest: int | None, which: str = "") -> None:
    """Raise `PellucidError` for a position, from 1, that has no output; `which`: what `longest` is."""
    if program.when != "every":
        raise PellucidError(f"position {position}: this program gives one output for the whole sequence")
    if position < 1 or (longest is not None and position > longest):
        end = "" if longest is None else f" to {longest}{which}"
        raise PellucidError(f"position {position}: expected a number from 1{end}")


class Cells:
    """A program on one input in the user's form.

    Raises:
        PellucidError: an input that the program does not take, or too long to be looked at position by position.
    """

    def __init__(self, program: Program, sequence: Any) -> None:
        columns = read(program, sequence)
        self.program, self.size = program, len(columns[program.inputs[0].name])
        pairs = self.size**2 * sum(isinstance(a.node, Aggregate) for a in program)
        if pairs > MOST:
            raise PellucidError(f"{self.size:,} positions; too many to explain every one of them")
        self.values = evaluate(program, columns, self.size)
        self.output = outputs(program, self.values, self.size)
        self.looked = cache(self._looked)
        self._tables = dict[int, dict]()

    def __getitem__(self, cell: Cell) -> Value:
        return self.values[cell[0]][cell[1]]

    def answers(self, position: int | None = None) -> list[Cell]:
        """The cells that come out: at every position, or the last, or the one asked for."""
        places = range(self.size) if self.program.when == "every" else range(max(0, self.size - 1), self.size)
        return [(name, i) for name in self.program.results for i in places if position in (None, i)]

    def needed(self, answers: Iterable[Cell], reads: Callable[[str, int], Iterable[Cell]] | None = None) -> set[Cell]:
        """The cells that these depend on, these included: what was read on the way, keys that were rejected too.

        Args:
            answers: the cells asked about.
            reads: the cells that one was computed from; default: `self.reads`.
        """
        return reached(answers, lambda cell: (reads or self.reads)(*cell))

    def reads(self, name: str, i: int) -> Iterator[Cell]:
        """The cells that one was computed from."""
        match self.program[name]:
            case Let(expression):
                yield from ((what, i) for _, what in self.steps(expression, self.here(i)) if isinstance(what, str))
            case Delay(variable, amount, default):
                inside = 0 <= i - amount < self.size
                yield from [(variable, i - amount)] if inside else ((read, i) for read in names_in(default))
            case Aggregate() as node:
                yield from self._keys(name, node, i)
            case Vote() as node:
                yield from ((read, j) for j in self.voters(node, i) for read in reads(node))

    def voters(self, node: Vote, i: int) -> range:
        """The positions whose evidence a vote at a position adds up."""
        return range(self.size) if node.pooled else range(i, i + 1)

    def _keys(self, name: str, node: Aggregate, i: int) -> Iterator[Cell]:
        select, looked, row = node.select, self.looked(name, i), AGGREGATES[node.how]
        yield from ((query, i) for query in select.query)
        yield from ((select.mask, j) for j in looked.compared if select.mask is not None)
        yield from ((key, j) for key in select.key for j in self.unmasked(select, looked.compared))
        if node.by is not None:
            yield from ((node.by, j) for j in (looked.matched if row.by == "key" else [i]))
        if node.value is not None:
            nothing = self.program.types[node.value].nothing  # then the other keys' were asked for it
            yield from ((node.value, j) for j in (looked.matched if nothing else looked.picked))
        if not looked.picked or row.by == "query":
            yield from ((read, i) for read in names_in(node.default))

    def unmasked(self, select: Select, places: Iterable[int]) -> Iterator[int]:
        """The positions that a selection's mask lets through."""
        for j in places:
            if select.mask is None or bool(self[select.mask, j]) != select.negated:
                yield j

    def _looked(self, name: str, i: int) -> Looked:
        """What the aggregate of this name looked at from a position."""
        node = self.program[name]
        assert isinstance(node, Aggregate)
        select, row = node.select, AGGREGATES[node.how]
        matched = tuple(picked(select, i, self.size, self.values))
        found = gathered(node, i, matched, self.values)
        left = found.positions
        if left and row.picks:  # it gives one of the values unchanged, so one of the positions, asked for those
            left = [row.meaning(replace(found, values=left))]
        return Looked(tuple(positions(select, i, self.size)), matched, tuple(left))  # pyright: ignore[reportArgumentType]

    # ------------------------------------------------------------ expressions

    def here(self, i: int) -> Here:
        """The variables at a position."""
        return lambda name: self.values[name][i]

    def pair(self, select: Select, i: int, j: int) -> Here:
        """What a selection's match is about: the variables at the query and at a key."""
        return compared(select, self.values, i, j).__getitem__

    def fired(self, expression: Table | Cases, here: Here) -> int:
        """Number of the case or rule that applied, -1 for the default."""
        if isinstance(expression, Cases):
            return next((n for n, (test, _) in enumerate(expression.rules) if value(test, here)), -1)
        if id(expression) not in self._tables:
            self._tables[id(expression)] = {key: n for n, (key, _) in enumerate(expression.cases)}
        return self._tables[id(expression)].get(tuple(value(arg, here) for arg in expression.args), -1)

    def steps(self, expression: Expression, here: Here, path: Path = ()) -> Iterator[tuple[Path, int | str]]:
        """Every table and list of rules that was asked, with the number that applied, and every variable read.

        Of rules, the tests up to the one that holds are read, and its outcome.
        """
        asked: Iterable[int] = range(len(parts(expression)))
        if isinstance(expression, Var):
            yield path, expression.name
        elif isinstance(expression, Table | Cases):
            number = self.fired(expression, here)
            yield path, number
            if isinstance(expression, Cases):
                last = number if number >= 0 else len(expression.rules)
                asked = [k for k in asked if k == 2 * last + 1 or (k % 2 == 0 and k <= 2 * last)]
        for k in asked:
            yield from self.steps(parts(expression)[k], here, (*path, k))
