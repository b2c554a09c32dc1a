"""Sequences as arrays [steps, examples], and the values of terms on them.

Texts and nothing stand there as numbers (`Coding`) so small that no number of the data is one of them: they may be
compared, looked up and carried, never reckoned with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from pellucid.data.data import Data
from pellucid.language.expressions import Const
from pellucid.language.ranges import shifted
from pellucid.language.types import Value
from pellucid.learners.formulas import kernels
from pellucid.learners.formulas.terms import (
    Carry,
    Col,
    Op,
    Over,
    Past,
    Pos,
    Self,
    Shift,
    Table,
    Term,
    children,
    has_self,
)  # fmt: skip

Array = np.ndarray
KEPT = 400  # arrays of terms kept per grid
TEXTS = -(2.0**39)  # the code of nothing; texts follow, each one more


class Coding:
    """A number for every value. texts: all there are, in order."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.numbers = {text: TEXTS + i for i, text in enumerate(sorted(set(texts)), 1)}
        self.texts = {number: text for text, number in self.numbers.items()}

    def number(self, value: Value | Fraction) -> float:
        """The number that stands for a value."""
        if value is None:
            return TEXTS
        return self.numbers.get(value, np.nan) if isinstance(value, str) else float(value)

    def value(self, number: float) -> Value:
        """The value that a number stands for; a whole one as an int."""
        if number == TEXTS:
            return None
        return self.texts.get(number, int(number) if number == np.floor(number) else number)


@dataclass(frozen=True, eq=False)
class Grid:
    """Examples side by side, shorter ones filled up with zeros behind their end.

    inputs, targets: column name -> [steps, examples] float64. scored: [steps, examples], where outputs are known.
    """

    inputs: dict[str, Array]
    targets: dict[str, Array]
    scored: Array
    coding: Coding
    _known: dict[Term, Array | None] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """Steps and examples."""
        return self.scored.shape  # pyright: ignore[reportReturnType]

    @cached_property
    def points(self) -> Array:
        """Indices of the scored values in a flat array."""
        return np.flatnonzero(self.scored.ravel())

    def take(self, examples: Sequence[int]) -> Grid:
        """Some of the examples."""
        chosen = list(examples)
        inputs = {name: values[:, chosen] for name, values in self.inputs.items()}
        targets = {name: values[:, chosen] for name, values in self.targets.items()}
        return Grid(inputs, targets, self.scored[:, chosen], self.coding)

    def target(self, name: str) -> Array:
        """An output at all scored points: [points]."""
        return self.targets[name].ravel()[self.points]

    def at_points(self, term: Term) -> Array | None:
        """A term at all scored points: [points]; None where it cannot be computed."""
        values = self.value(term)
        return None if values is None else values.ravel()[self.points]

    def value(self, term: Term) -> Array | None:
        """A term's values [steps, examples]; None where some are undefined or too large."""
        if term not in self._known:
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[term] = self._compute(term)
        return self._known[term]

    def _compute(self, term: Term) -> Array | None:
        values = self._leaf(term)
        if values is None:
            if isinstance(term, Carry):
                return self._carried(term)
            parts = [self.value(child) for child in children(term)]
            if any(part is None for part in parts):
                return None
            values = combined(term, parts, self.coding)  # pyright: ignore[reportArgumentType]
        return values if np.isfinite(values).all() else None

    def _leaf(self, term: Term) -> Array | None:
        match term:
            case Col():
                return self.inputs[term.name]
            case Pos():
                steps = np.arange(term.start, self.shape[0] + term.start, dtype=float)
                return np.broadcast_to(steps[:, None], self.shape)
            case Past(name, amount, Col(column)):
                earlier = shifted(self.targets[name], amount, 0.0)
                earlier[:amount] = self.inputs[column][:amount]
                return earlier
            case Past():
                return shifted(self.targets[term.name], term.amount, self.coding.number(term.start))  # pyright: ignore[reportArgumentType]
            case Const():
                return np.full(self.shape, self.coding.number(term.value))
        return None

    def _carried(self, term: Carry) -> Array | None:
        state = np.full(self.shape[1], self.coding.number(term.init))
        out = np.empty(self.shape)
        fixed: dict[Term, Array] = {}
        for part in (*_outer(term.update), *_outer(term.read)):
            if (values := self.value(part)) is None:
                return None
            fixed[part] = values
        for step in range(self.shape[0]):
            here = {part: values[step] for part, values in fixed.items()}
            if term.read != term.update:
                out[step] = self._stepped(term.read, here, state)
            state = self._stepped(term.update, here, state)
            if term.read == term.update:
                out[step] = state
            if not kernels.usable(state):
                return None
        return out

    def _stepped(self, term: Term, here: dict[Term, Array], state: Array) -> Array:
        if isinstance(term, Self):
            return state
        if term in here:
            return here[term]
        return combined(term, [self._stepped(child, here, state) for child in children(term)], self.coding)


def _outer(term: Term) -> Iterable[Term]:
    """The largest parts of a carry's terms that do not read its state."""
    if not has_self(term):
        yield term
    else:
        for child in children(term):
            yield from _outer(child)


def combined(term: Term, parts: Sequence[Array], coding: Coding) -> Array:
    """A term's values from those of its children."""
    match term:
        case Op():
            return kernels.apply(term.operator, *parts)
        case Shift():
            earlier = shifted(parts[0], term.amount, coding.number(term.default))
            if term.same:
                earlier[..., : term.amount, :] = parts[0][..., : term.amount, :]
            return earlier
        case Over(where=None, by=None):
            return kernels.over(term.how, parts[0], term.window)
        case Over(how="last", by=None):
            return kernels.last_where(parts[0], parts[-1], term.before, coding.number(term.default))
        case Over(how="ranked"):
            return kernels.ranked(parts[0], parts[-1], term.window, coding.number(term.default))
        case Over(where=None):
            return kernels.extreme(term.how, parts[0], parts[-1], term.window)
        case Table():
            return _tabled(term, parts, coding)
    raise TypeError(f"{term} has no values of its own")


def _tabled(term: Table, parts: Sequence[Array], coding: Coding) -> Array:
    """By looking up in one dense array, a cell for each combination of the keys' values and one for other values."""
    shape = np.broadcast_shapes(*(part.shape for part in parts))
    place, count, cells = np.zeros(shape, np.int64), 1, np.zeros(len(term.cases), np.int64)
    for i, part in enumerate(parts):
        keys = np.array([coding.number(key[i]) for key, _ in term.cases])
        known = np.unique(keys)
        at = np.minimum(np.searchsorted(known, part), max(len(known) - 1, 0))
        at = np.where(known[at] == part, at, len(known)) if len(known) else np.zeros(shape, np.int64)
        place, count = place * (len(known) + 1) + at, count * (len(known) + 1)
        cells = cells * (len(known) + 1) + np.searchsorted(known, keys)
    values = np.full(count, coding.number(term.default))
    values[cells] = [coding.number(value) for _, value in term.cases]
    return values[place]


def grid_of(data: Data, coding: Coding, examples: Sequence[int] | None = None) -> Grid:
    """The examples of a data set (or those at `examples`) side by side; those of no steps left out."""
    chosen = range(len(data)) if examples is None else examples
    chosen = [i for i in chosen if len(data.inputs[i])]
    ins, outs = ([f.name for f in side] for side in (data.schema.inputs, data.schema.outputs))
    steps, count = max((len(data.inputs[i]) for i in chosen), default=0), len(chosen)
    inputs, targets = np.zeros((len(ins), steps, count)), np.zeros((len(outs), steps, count))
    scored = np.zeros((steps, count), bool)
    for column, i in enumerate(chosen):
        x, y, end = data.inputs[i], data.outputs[i], len(data.inputs[i])
        inputs[:, :end, column] = _numbers(x, len(ins), coding)
        rows = y if data.schema.when == "every" else [*[None] * (end - 1), y]
        known = [row is not None for row in rows]
        targets[:, :end, column] = _numbers([r if r is not None else [0] * len(outs) for r in rows], len(outs), coding)
        scored[:end, column] = known
    named = zip(ins, inputs, strict=True), zip(outs, targets, strict=True)
    return Grid(dict(named[0]), dict(named[1]), scored, coding)


def _numbers(rows: Sequence[Any], width: int, coding: Coding) -> Array:
    """[columns, steps], from a value or a row of values a step."""
    columns = zip(*((row if isinstance(row, tuple | list) else (row,)) for row in rows), strict=True)
    return np.array([[coding.number(v) for v in column] for column in columns]).reshape(width, len(rows))


def side_by_side(grids: Sequence[Grid]) -> Grid:
    """The examples of several grids in one."""
    steps = max(g.shape[0] for g in grids)

    def padded(arrays: Sequence[Array]) -> Array:
        return np.hstack([np.pad(a, ((0, steps - len(a)), (0, 0))) for a in arrays])

    return Grid(
        {name: padded([g.inputs[name] for g in grids]) for name in grids[0].inputs},
        {name: padded([g.targets[name] for g in grids]) for name in grids[0].targets},
        padded([g.scored for g in grids]),
        grids[0].coding,
    )
