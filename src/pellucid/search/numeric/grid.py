"""Sequences as arrays [steps, examples], and the values of terms on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pellucid.search.numeric import ops
from pellucid.search.numeric.terms import (
    Carry,
    Col,
    Extreme,
    First,
    LastWhere,
    Num,
    Op,
    Past,
    Pos,
    Run,
    Self,
    Shift,
    Table,
    Term,
    children,
    has_self,
)  # fmt: skip

if TYPE_CHECKING:
    from pellucid.data.series import Series

Array = np.ndarray
KEPT = 400  # arrays of terms kept per grid


@dataclass(frozen=True, eq=False)
class Grid:
    """Examples side by side, shorter ones filled up with zeros behind their end.

    inputs, targets: column name -> [steps, examples] float64. scored: [steps, examples], where outputs are known.
    """

    inputs: dict[str, Array]
    targets: dict[str, Array]
    scored: Array

    @property
    def shape(self) -> tuple[int, int]:
        """Steps and examples."""
        return self.scored.shape  # pyright: ignore[reportReturnType]

    @cached_property
    def points(self) -> Array:
        """Indices of the scored values in a flat array."""
        return np.flatnonzero(self.scored.ravel())

    @cached_property
    def _known(self) -> dict[Term, Array | None]:
        return {}

    def take(self, examples: Sequence[int]) -> Grid:
        """Some of the examples."""
        chosen = list(examples)
        inputs = {name: values[:, chosen] for name, values in self.inputs.items()}
        targets = {name: values[:, chosen] for name, values in self.targets.items()}
        return Grid(inputs, targets, self.scored[:, chosen])

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
            values = combined(term, parts)  # pyright: ignore[reportArgumentType]
        return values if np.isfinite(values).all() else None

    def _leaf(self, term: Term) -> Array | None:
        match term:
            case Col():
                return self.inputs[term.name]
            case Pos():
                return np.broadcast_to(
                    np.arange(term.start, self.shape[0] + term.start, dtype=float)[:, None], self.shape
                )
            case Past():
                return ops.shift(self.targets[term.name], term.amount, float(term.start))
            case Num():
                return np.full(self.shape, float(term.value))
        return None

    def _carried(self, term: Carry) -> Array | None:
        state = np.full(self.shape[1], float(term.init))
        out = np.empty(self.shape)
        fixed: dict[Term, Array] = {}
        for part in (*_outer(term.update), *_outer(term.read)):
            if (values := self.value(part)) is None:
                return None
            fixed[part] = values
        for step in range(self.shape[0]):
            here = {part: values[step] for part, values in fixed.items()}
            out[step] = _stepped(term.read, here, state)
            state = _stepped(term.update, here, state)
            if not ops.usable(state):
                return None
        return out


def _outer(term: Term) -> Iterable[Term]:
    """The largest parts of a carry's terms that do not read its state."""
    if not has_self(term):
        yield term
    else:
        for child in children(term):
            yield from _outer(child)


def _stepped(term: Term, here: dict[Term, Array], state: Array) -> Array:
    if isinstance(term, Self):
        return state
    if term in here:
        return here[term]
    return combined(term, [_stepped(child, here, state) for child in children(term)])


def combined(term: Term, parts: Sequence[Array]) -> Array:
    """A term's values from those of its children."""
    match term:
        case Op():
            return ops.apply(term.op, *parts)
        case Shift():
            return ops.shift(parts[0], term.amount, float(term.default))
        case First():
            return ops.first(parts[0])
        case Run():
            return ops.run(term.how, parts[0], term.window)
        case LastWhere():
            return ops.last_where(parts[0], parts[1], term.reach, float(term.default))
        case Extreme():
            return ops.extreme(parts[0], parts[-1], term.rule == "argmax", term.window)
        case Table():
            return _tabled(term, parts)
    raise TypeError(f"{term} has no values of its own")


def _tabled(term: Table, parts: Sequence[Array]) -> Array:
    out = np.full(parts[0].shape, float(term.default))
    for key, value in term.cases:
        hit = np.ones(out.shape, bool)
        for part, wanted in zip(parts, key, strict=True):
            hit &= part == float(wanted)
        out[hit] = float(value)
    return out


def grid_of(series: Series, indices: Sequence[int] | None = None) -> Grid:
    """The examples of a data set (or those at `indices`) side by side."""
    chosen = range(len(series)) if indices is None else indices
    inputs = [np.asarray(series.inputs[i], float) for i in chosen]
    outputs = [np.asarray(series.outputs[i], float) for i in chosen]
    steps, count = max(len(x) for x in inputs), len(inputs)
    columns = np.zeros((len(series.input_names), steps, count))
    wanted = np.zeros((len(series.output_names), steps, count))
    scored = np.zeros((steps, count), bool)
    for i, (x, y) in enumerate(zip(inputs, outputs, strict=True)):
        columns[:, : len(x), i] = x.T
        if series.last:
            wanted[:, len(x) - 1, i] = y[0]
            scored[len(x) - 1, i] = True
        else:
            wanted[:, : len(x), i] = y.T
            scored[: len(x), i] = True
    return Grid(
        dict(zip(series.input_names, columns, strict=True)), dict(zip(series.output_names, wanted, strict=True)), scored
    )


def side_by_side(grids: Sequence[Grid]) -> Grid:
    """The examples of several grids in one."""
    steps = max(g.shape[0] for g in grids)

    def padded(arrays: Sequence[Array]) -> Array:
        return np.hstack([np.pad(a, ((0, steps - len(a)), (0, 0))) for a in arrays])

    return Grid(
        {name: padded([g.inputs[name] for g in grids]) for name in grids[0].inputs},
        {name: padded([g.targets[name] for g in grids]) for name in grids[0].targets},
        padded([g.scored for g in grids]),
    )
