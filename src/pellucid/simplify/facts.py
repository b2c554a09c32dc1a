"""What can happen in a program: which values occur together at a position, and which pairs attention compares.

`Observed` has run the program on every possible input, so it knows exactly, up to the longest. `Typed` goes by the
types of variables, so what it says holds for every input whatever. Passes ask either one the same questions. Every
pass leaves a variable that it keeps its values, so what was observed once stays true by the variable's name.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from pellucid.language.expressions import Expression, names_in
from pellucid.language.nodes import Aggregate, Delay, Input, Let, Output, Select, Vote, reached, reads
from pellucid.language.program import Program
from pellucid.language.types import Value
from pellucid.semantics import domain
from pellucid.semantics.batch import evaluate
from pellucid.semantics.cells import Cells
from pellucid.semantics.reference import Function, function_of, positions

MOST_CELLS = 20_000_000  # positions x variables that are run
LONGEST = 100  # positions of inputs that are run
MOST_ROWS = 20_000
MOST_PAIRS = 200_000
TRIED = 20_000  # combinations of types' values
Row = tuple[Value, ...]


class Facts(Protocol):
    """Questions about a program on all its inputs."""

    def rows(self, program: Program, names: Sequence[str]) -> list[Row] | None:
        """Values that may occur together at one position, in order; None where they are too many."""
        ...

    def pairs(self, program: Program, select: Select) -> list[tuple[Row, Row]] | None:
        """Values of the query and of the key variables that a selection may compare; None: too many."""
        ...

    def same(self, program: Program) -> dict[str, str]:
        """Variables that always equal an earlier one: later name -> earlier name."""
        ...


def known(program: Program) -> Facts:
    """What is known of a program: from running it where its inputs are few enough, else from types."""
    longest = program.longest
    if (enough := locality(program)) is not None:
        longest = enough if longest is None else min(longest, enough)
    if longest is None or longest > LONGEST:
        return Typed()
    cells = domain.size(program, longest) * longest * len(program.nodes)
    return Typed() if cells > MOST_CELLS else Observed(program, domain.every(program, longest))


def locality(program: Program) -> int | None:
    """Positions of the shortest inputs in which all that can happen at one position happens; None: any length may do.

    A variable that looks at most so far to both sides sees the same in an input that ends there.
    """
    spans: dict[str, tuple[int, int]] = {}
    for names, cyclic in program.groups:
        span = None if cyclic else _span(program, names[0], spans)
        if span is None:
            return None
        spans[names[0]] = span
    return max(back + ahead for back, ahead in spans.values()) + 1


def _span(program: Program, name: str, spans: Mapping[str, tuple[int, int]]) -> tuple[int, int] | None:
    """How far back and ahead a variable looks."""
    node = program[name]
    steps = (0, 0)
    match node:
        case Input("") | Vote(pooled=True):
            return None
        case Delay(_, amount):
            steps = max(amount, 0), max(-amount, 0)
        case Aggregate(Select(window=None)):
            return None
        case Aggregate(select):
            steps = max(-select.offsets[0], 0), max(select.offsets[1], 0)
    read = [spans[n] for n in reads(node)] or [(0, 0)]
    return steps[0] + max(back for back, _ in read), steps[1] + max(ahead for _, ahead in read)


def in_rows(expression: Expression, names: Sequence[str], rows: Iterable[Row]) -> list[Value]:
    """Values of an expression in rows of values of these variables."""
    function = function_of(expression)
    return [function(dict(zip(names, row, strict=True))) for row in rows]


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Different rows: nothing first, numbers by size, texts by code points."""
    return sorted(set(rows), key=lambda row: [(v is not None, isinstance(v, str), v) for v in row])


class Typed:
    """Facts from the types of variables alone, and from how variables at one position depend on each other."""

    def rows(self, program: Program, names: Sequence[str]) -> list[Row] | None:
        """The values of what these variables are computed from, in all combinations."""
        lets = {a.name: a.node.expression for a in program if isinstance(a.node, Let)}
        found = reached(names, lambda name: names_in(lets[name]) if name in lets else ())
        between = [(name, function_of(expression)) for name, expression in lets.items() if name in found]
        for roots, steps in ((found - lets.keys(), between), (names, [])):
            listed = [_values(program, root) for root in roots]
            if math.prod(math.inf if v is None else len(v) for v in listed) <= TRIED:
                grid = itertools.product(*(v for v in listed if v is not None))
                return ordered(_computed(dict(zip(roots, row, strict=True)), steps, names) for row in grid)
        return None

    def pairs(self, program: Program, select: Select) -> list[tuple[Row, Row]] | None:
        """Every query's values with every key's that the mask lets through; positions within reach of each other."""
        queries, keys = self.rows(program, select.query), self._offered(program, select)
        if queries is None or keys is None or len(queries) * len(keys) > MOST_PAIRS:
            return None
        asked, shown = _place(program, select.query), _place(program, select.key)
        if asked is None or shown is None:
            return list(itertools.product(queries, keys))
        first, last = select.offsets
        places: list[Any] = [k[shown] for k in keys]
        return [(q, k) for q in queries for k, j in zip(keys, places, strict=True) if first <= j - q[asked] <= last]

    def _offered(self, program: Program, select: Select) -> list[Row] | None:
        """Values of the key variables at the positions that the mask lets through."""
        if select.mask is None:
            return self.rows(program, select.key)
        rows = self.rows(program, (*select.key, select.mask))
        return None if rows is None else ordered(row[:-1] for row in rows if bool(row[-1]) != select.negated)

    def same(self, program: Program) -> dict[str, str]:
        """None: equal nodes are told without."""
        del program
        return {}


def _computed(here: dict[str, Value], steps: Sequence[tuple[str, Function]], names: Sequence[str]) -> Row:
    """Values of these variables, the steps to them taken one after the other."""
    for name, function in steps:
        here[name] = function(here)
    return tuple(here[name] for name in names)


def _values(program: Program, name: str) -> tuple[Value, ...] | None:
    t = program.types[name]
    listed = t.values
    return None if listed is None else (*([None] if t.nothing else []), *listed)


def _place(program: Program, names: Sequence[str]) -> int | None:
    """Which of the variables is the position."""
    return next((i for i, name in enumerate(names) if program[name] == Input("", "position")), None)


class Observed:
    """Facts from a run on inputs, meant to be all of them.

    Args:
        program: what is run.
        inputs: in the user's form.
    """

    def __init__(self, program: Program, inputs: Iterable[Any]) -> None:
        self._inputs = list(inputs)
        self._values: list[Value] = []  # behind the codes, which mean the same for all variables
        self._numbers: dict[object, int] = {}
        found = evaluate(program, self._inputs)
        self._starts = np.asarray(found.starts)
        self._codes = {name: self._coded(found.cells[name]) for name in program.nodes}

    def _coded(self, cells: Cells) -> np.ndarray:
        if cells.kind.values is not None:
            return np.array([self._number(v) for v in cells.kind.values], np.int32)[cells.data]
        if cells.data.dtype == object:
            return np.array([self._number(v) for v in cells.data.tolist()], np.int32)
        distinct, index = np.unique(cells.data, return_inverse=True)
        return np.array([self._number(v) for v in distinct.tolist()], np.int32)[index.ravel()]

    def _number(self, value: Value) -> int:
        """Code of a value; 1 and 1.0 differ."""
        number = self._numbers.setdefault((type(value), value), len(self._values))
        if number == len(self._values):
            self._values.append(value)
        return number

    def codes(self, program: Program, name: str) -> np.ndarray:
        """Codes of a variable at all positions of all inputs; one that is new is run."""
        known_as = name if name in self._codes else f"{name} = {program[name]}"
        if known_as not in self._codes:
            part = replace(program, outputs=(Output("new", name),), when="every").pruned()
            self._codes[known_as] = self._coded(evaluate(part, self._inputs).cells[name])
        return self._codes[known_as]

    def rows(self, program: Program, names: Sequence[str]) -> list[Row] | None:
        """Values that occurred together."""
        found = self._indexed(program, names)
        return None if found is None else ordered(self._told(found[1]))

    def _told(self, rows: np.ndarray) -> list[Row]:
        """The values behind rows of codes."""
        return [tuple(self._values[c] for c in row) for row in rows.tolist()]

    def _indexed(self, program: Program, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray] | None:
        """(number of the row at each position, codes of each row)."""
        count = int(self._starts[-1])
        index, rows = np.zeros(count, np.int64), np.zeros((min(count, 1), 0), np.int64)
        for name in names:
            codes, column = _distinct(self.codes(program, name), len(self._values))
            met, index = _distinct(index * len(codes) + column, len(rows) * len(codes))
            rows = np.concatenate([rows[met // max(1, len(codes))], codes[met % max(1, len(codes))][:, None]], 1)
            if len(rows) > MOST_ROWS:
                return None
        return index, rows

    def pairs(self, program: Program, select: Select) -> list[tuple[Row, Row]] | None:
        """Pairs that were compared."""
        queries, keys = self._indexed(program, select.query), self._indexed(program, select.key)
        if queries is None or keys is None or len(queries[1]) * len(keys[1]) > MOST_PAIRS:
            return None
        met = np.zeros((len(queries[1]), len(keys[1])), bool)
        looked, asked = self._looked(program, select), queries[0] * len(keys[1])
        sizes = np.diff(self._starts)
        for size in np.unique(sizes).tolist():
            places = self._starts[:-1][sizes == size][:, None] + np.arange(size)
            for i, j in ((here, j) for here in range(size) for j in positions(select, here, size)):
                pairs = asked[places[:, i]] + keys[0][places[:, j]]
                met.reshape(-1)[pairs if looked is None else pairs[looked[places[:, j]]]] = True
        asked_rows, shown = self._told(queries[1]), self._told(keys[1])
        return [(asked_rows[q], shown[k]) for q, k in np.argwhere(met).tolist()]

    def _looked(self, program: Program, select: Select) -> np.ndarray | None:
        if select.mask is None:
            return None
        true = np.array([bool(v) for v in self._values])
        return true[self.codes(program, select.mask)] != select.negated

    def same(self, program: Program) -> dict[str, str]:
        """Variables that were equal everywhere."""
        first: dict[bytes, str] = {}
        found = {}
        for name in program.nodes:
            earlier = first.setdefault(self.codes(program, name).tobytes(), name)
            if earlier != name:
                found[name] = earlier
        return found


def _distinct(values: np.ndarray, bound: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct ones of whole numbers from 0 to below `bound`, in order, and which of them each is."""
    if bound > len(values) + MOST_ROWS:
        return np.unique(values, return_inverse=True)
    met = np.zeros(bound, bool)
    met[values] = True
    return np.flatnonzero(met), (np.cumsum(met) - 1)[values]
