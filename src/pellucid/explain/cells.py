"""One input, cell by cell: what a variable at a position was computed from, and which rules and keys decided it.

All values are those of the reference; nothing is computed a second way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.language.aggregates import AGGREGATES
from pellucid.language.expressions import Cases, Expression, Table, Var, names_in, parts
from pellucid.language.nodes import Aggregate, Delay, Evidence, Let, Select, Vote, reached, reads
from pellucid.language.program import Program
from pellucid.language.types import Plain, Value
from pellucid.semantics import batch
from pellucid.semantics.attention import Voting
from pellucid.semantics.cells import Layout
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


Part = Evidence | tuple[str, tuple[int, ...]]  # of a vote
PIECES, POOLED = 3, 8  # that people are told of, of the vote at a position and of a whole sequence
LARGEST = 1e3  # factor that turns sums into logarithms of odds, at most


@dataclass(frozen=True)
class Piece:
    """What one value of a variable at a position says: its weights, the best label's first.

    The bias has neither variable nor position.
    """

    variable: str | None
    position: int | None
    value: Value
    weights: tuple[int, ...]

    @property
    def lead(self) -> int:
        """The difference it makes between the two best labels."""
        return self.weights[0] - self.weights[1] if len(self.weights) > 1 else 0


@dataclass(frozen=True)
class Tally:
    """One vote: the labels with their sums, the winner first, and the pieces, those that decided most first.

    Pieces that say the same of every label are left out.
    """

    sums: tuple[tuple[Plain, int], ...]
    pieces: tuple[Piece, ...]

    def telling(self, most: int) -> list[Piece]:
        """The pieces that make a difference between the two best labels, at most so many."""
        return [piece for piece in self.pieces if piece.lead][:most]

    def to_json(self) -> dict[str, Any]:
        """One JSON object; weights in the order of the labels."""
        pieces = [{"variable": p.variable, "position": None if p.position is None else p.position + 1,
                   "value": p.value, "weights": list(p.weights)} for p in self.pieces]  # fmt: skip
        return {"labels": [a for a, _ in self.sums], "sums": [b for _, b in self.sums], "pieces": pieces}


def evidence_of(node: Vote) -> tuple[Part, ...]:
    """Everything that votes, the bias aside."""
    return (*node.evidence, *node.scaled)


def weights(piece: Part, value: Value) -> tuple[int, ...]:
    """What a value adds to each label."""
    if isinstance(piece, Evidence):
        return piece.weights.get(value, piece.default)
    assert value is None or isinstance(value, int)
    return tuple((value or 0) * weight for weight in piece[1])


def variable(piece: Part) -> str:
    """The variable that a piece of a vote reads."""
    return piece.variable if isinstance(piece, Evidence) else piece[0]


def tally(cells: Cells, node: Vote, i: int) -> Tally:
    """The vote at a position of one input."""
    voters = cells.voters(node, i)
    times = len(voters) or 1  # pooled over nothing the bias counts once
    found = [Piece(None, None, None, tuple(times * b for b in node.bias))]
    for piece in evidence_of(node):
        name = variable(piece)
        found += [Piece(name, j, cells[name, j], weights(piece, cells[name, j])) for j in voters]
    sums = [sum(column) for column in zip(*(p.weights for p in found), strict=True)]
    ranked = sorted(range(len(sums)), key=lambda c: (-sums[c], c))
    pieces = [replace(p, weights=tuple(p.weights[c] for c in ranked)) for p in found if len(set(p.weights)) > 1]
    pieces.sort(key=lambda p: (-abs(p.lead), -max(map(abs, p.weights))))
    return Tally(tuple((node.labels[c], sums[c]) for c in ranked), tuple(pieces))


# ---------------------------------------------------------------- many inputs


def label_sums(program: Program, sequences: Sequence[Any]) -> np.ndarray:
    """The sums that a vote over all positions compares, int64 [sequences, labels]; see `decides_by_votes`.

    Raises:
        PellucidError: an input that the program does not take.
    """
    node = program[program.results[0]]
    assert isinstance(node, Vote)
    values = batch.evaluate(program, sequences)
    layout = Layout(values.starts)
    totals = Voting(node, program.types, program.types[program.results[0]]).summed(values.cells, layout)
    return np.where(layout.sizes[:, None] > 0, totals, np.array(node.bias)).astype(np.int64)  # of nothing the bias once


def decides_by_votes(program: Program) -> bool:
    """Whether the one answer for a sequence is a vote over all positions; one made of rules says its label alone."""
    node = program[program.results[0]]
    return len(program.outputs) == 1 and program.when != "every" and isinstance(node, Vote) and node.pooled


def probabilities(sums: np.ndarray, factor: float) -> np.ndarray:
    """Softmax of sums [n, labels] times a factor."""
    logits = sums * factor
    shares = np.exp(logits - logits.max(1, keepdims=True))
    return shares / shares.sum(1, keepdims=True)


def calibrated(sums: np.ndarray, wanted: np.ndarray) -> float:
    """The factor under which the right labels are most probable (temperature scaling; Guo et al., 2017).

    The sums of a vote are integers on a scale of their own; on held-out data this one number makes them mean what
    probabilities mean.

    Args:
        sums: [n, labels]. wanted: index of the right label; -1 where the program never says it.
    """
    from scipy.optimize import minimize_scalar  # heavy, and needed here alone

    known = wanted >= 0
    rows, right = sums[known].astype(np.float64), wanted[known]
    largest = float(np.abs(rows).max(initial=0.0))
    if not largest:
        return 1.0

    def loss(log_factor: float) -> float:
        shares = probabilities(rows, float(np.exp(log_factor)))
        logs = np.log(np.maximum(shares, 1e-12))
        # one more example, of which every label is as probable: few ones, all right, would make the factor endless
        return float(-(logs[np.arange(len(rows)), right].sum() + logs.mean()) / (len(rows) + 1))

    result = minimize_scalar(loss, bounds=(np.log(1e-3 / largest), np.log(LARGEST)), method="bounded")
    return float(np.exp(result.x))
