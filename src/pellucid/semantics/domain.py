"""The inputs that a program takes: how many there are, every one, and random ones that its own constants suggest."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from pellucid.language.expressions import Apply, Cases, Const, Table, walk
from pellucid.language.nodes import Aggregate, Column, Let, Node, Vote
from pellucid.language.program import Program
from pellucid.language.types import Numbers, Value

LONGEST, LONGEST_TEXT = 16, 64  # positions of random inputs to a program that was made for any length
SMALL, LARGER = range(-9, 10), range(-100, 101)
FAR = (1_000, 2**31, 2**53 + 1, 2**63, 10**30)
FAR_REAL = (1e-6, 1e3, 1e6)
Run = tuple[Value, ...]


def size(program: Program, longest: int | None = None) -> float:
    """Number of inputs of at most `longest` positions (default: the program's); infinite where a column has no end."""
    most = longest or program.longest
    listed = [column.type.values for column in program.inputs]
    if most is None or any(values is None for values in listed):
        return math.inf
    steps = math.prod(len(values) for values in listed if values is not None)
    return sum(steps**length for length in _lengths(program, most))


def every(program: Program, longest: int | None = None) -> Iterator[list[Any]]:
    """Every input of at most `longest` positions, shortest first, in the user's form.

    Raises:
        ValueError: there are infinitely many.
    """
    most = longest or program.longest
    if most is None or math.isinf(size(program, most)):
        raise ValueError("expected a program of finitely many inputs")
    steps = _steps([column.type.values or () for column in program.inputs])
    for length in _lengths(program, most):
        yield from map(list, itertools.product(steps, repeat=length))


def _lengths(program: Program, longest: int) -> range:
    return range(program.empty is None, longest + 1)


def _steps(columns: Sequence[Sequence[Value]]) -> list[Any]:
    return list(columns[0]) if len(columns) == 1 else [list(row) for row in itertools.product(*columns)]


def sample(program: Program, count: int, seed: int, longest: int | None = None) -> list[list[Any]]:
    """Random inputs in the user's form.

    Lengths are uniform from 1 to `longest` (default: the program's, else 16, of texts 64). Values are those that the
    columns can hold: the program's own constants and what lies next to them, runs of values as its tables list them,
    ends of intervals. In a part of the inputs few different values repeat.
    """
    rng = random.Random(seed)
    words = any(column.words is not None for column in program.inputs)
    longest = longest or program.longest or (LONGEST_TEXT if words else LONGEST)
    runs = list(dict.fromkeys(run for assign in program for run in _runs(assign.node)))
    makers = [_Maker(column, runs, rng) for column in program.inputs]
    found = []
    for _ in range(count):
        length, few = rng.randint(1, longest), rng.random() < 0.5
        columns = [maker.sequence(length, few) for maker in makers]
        found.append(columns[0] if len(columns) == 1 else [list(row) for row in zip(*columns, strict=True)])
    return found


class _Maker:
    """Draws values of a column."""

    def __init__(self, column: Column, runs: Sequence[Run], rng: random.Random) -> None:
        self.rng, self.type = rng, column.type
        near = dict.fromkeys(v for run in runs for value in run for v in _near(value))
        self.constants = [value for value in near if self._holds(value)]
        self.runs = [run for run in runs if len(run) > 1 and all(map(self._holds, run))]
        self.listed = column.type.values
        self.ends = [] if self.listed is not None else _ends(column.type.numbers)

    def _holds(self, value: Value) -> bool:
        return value is not None and self.type.holds(value)

    def sequence(self, length: int, few: bool) -> list[Value]:
        """As many values, of few different ones or not."""
        values = list[Value]()
        while len(values) < length:
            values += self._some()
        if few:
            among = values[: self.rng.randint(1, 4)]
            values = [self.rng.choice(among) for _ in range(length)]
        return values[:length]

    def _some(self) -> Sequence[Value]:
        draw = self.rng.random()
        if draw < 0.2 and self.runs:
            run = self.rng.choice(self.runs)
            return run if self.rng.random() < 0.5 else run[::-1]
        if draw < 0.4 and self.constants:
            return (self.rng.choice(self.constants),)
        if self.listed is not None:
            return (self.rng.choice(self.listed),)
        if self.type.texts and draw < 0.7:
            return (self.rng.choice(self.type.texts),)
        return (self._number(self.rng.random() < 0.1),)

    def _number(self, end: bool) -> Value:
        numbers = self.type.numbers
        assert numbers is not None
        if end:
            return self.rng.choice(self.ends)
        usual = SMALL if self.rng.random() < 0.7 else LARGER
        low, high = max(numbers.low, usual[0]), min(numbers.high, usual[-1])
        if low > high:  # all lies farther out
            low, high = (numbers.low, numbers.low + 100) if low > 0 else (numbers.high - 100, numbers.high)
            low, high = max(low, numbers.low), min(high, numbers.high)
        if numbers.whole:
            return self.rng.randint(int(low), int(high))
        drawn = self.rng.uniform(low, high)
        return min(max(round(drawn, 2), low), high) * 1.0


def _near(value: Value) -> tuple[Value, ...]:
    return (value,) if value is None or isinstance(value, str) else (value - 1, value, value + 1)


def _ends(numbers: Numbers | None) -> list[int | float]:
    """Values at the ends of an interval, large ones where it is open, and 0."""
    if numbers is None:
        return []
    kind = int if numbers.whole else float
    low, high = (e for e in (numbers.low, numbers.high))
    far = FAR if numbers.whole else FAR_REAL
    found = [0, *(e for e in (low, high) if not math.isinf(e)), *(sign * value for value in far for sign in (1, -1))]
    return [kind(v) for v in found if low <= v <= high] or [kind(low if not math.isinf(low) else high)]


def _runs(node: Node) -> Iterator[Run]:
    """The values that a node compares with, together where it asks for several at once."""
    if isinstance(node, Vote):
        yield from ((value,) for part in node.evidence for value, _ in part.rows)
    top = node.expression if isinstance(node, Let) else node.select.match if isinstance(node, Aggregate) else None
    for part in () if top is None else walk(top):
        match part:
            case Const(value):
                yield (float(value) if isinstance(value, Fraction) else value,)
            case Table(_, cases):
                yield from (key for key, _ in cases)
            case Apply("and") | Cases():
                yield tuple(e.value for e in walk(part) if isinstance(e, Const) and not isinstance(e.value, Fraction))
