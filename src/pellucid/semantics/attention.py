"""Attention on whole batches: what is made of the positions that each query looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pellucid.language.aggregates import AGGREGATES, Aggregation, Picked
from pellucid.language.arrays import SAFE, largest
from pellucid.language.nodes import Aggregate, Vote
from pellucid.language.ranges import Ranges
from pellucid.language.types import Type, Value
from pellucid.semantics.cells import Cells, Kind, Layout, alike, cells_of, kind_of
from pellucid.semantics.elementwise import Env, compiled
from pellucid.semantics.selection import Looks, Selection


class Attention:
    """An aggregate, ready to be computed on batches."""

    def __init__(self, node: Aggregate, types: Mapping[str, Type], t: Type) -> None:
        self.node, self.row, self.kind = node, AGGREGATES[node.how], kind_of(t)
        self.select = Selection(node.select, types)
        self.default = compiled(node.default, types)

    def __call__(self, env: Env, layout: Layout) -> Cells:
        """What comes out at every position."""
        value = None if self.node.value is None else env[self.node.value]
        by = None if self.node.by is None else env[self.node.by]
        there = [] if value is None else [value]
        there += [by] if by is not None and self.row.by == "key" else []
        parts = [self._made(looks, value, by, layout) for looks in self.select.looks(env, layout, there)]
        default = self.default(env) if self.row.reads else Cells(np.zeros(1, np.int64))
        return _put(default, parts, self.kind, layout.size)

    def _made(self, looks: Looks, value: Cells | None, by: Cells | None, layout: Layout) -> tuple[np.ndarray, Cells]:
        """(positions, what comes out there); at others, nothing is picked."""
        looks = looks.only(looks.high > looks.low)
        if not len(looks.queries):
            return looks.queries, Cells(np.zeros(0, np.int64), self.kind)
        at_key = by is not None and self.row.by == "key"
        ranges = Ranges(
            None if value is None else _sortable(value.take(looks.keys)),
            _sortable(by.take(looks.keys)) if by is not None and at_key else None,
            looks.start, looks.low, looks.high, lambda: looks.standing(layout.size),
            by.values[looks.queries] if by is not None and not at_key else None,
        )  # fmt: skip
        if self.row.chosen is not None and value is not None:
            chosen = self.row.chosen(ranges)
            if chosen is not None:
                there = chosen >= 0
                return looks.queries[there], value.take(looks.keys[chosen[there]])
        if self.row.batch is not None:
            found = self.row.batch(ranges)
            if found is not None:
                return looks.queries, Cells(found)
        return _one_by_one(self.row, looks, ranges, value, by, layout, self.kind)


def _sortable(cells: Cells) -> np.ndarray | None:
    """An array that is ordered, and added, as the values are; None where there is none."""
    if cells.kind.values is not None and any(isinstance(value, str) for value in cells.kind.values):
        return cells.data
    found = cells.numbers
    return None if found.dtype == object else found


def _put(default: Cells, parts: Sequence[tuple[np.ndarray, Cells]], kind: Kind, size: int) -> Cells:
    """The parts, (positions, what stands there), and the default wherever none stands."""
    covered = sum(len(places) for places, _ in parts) == size  # the type need not hold the default then
    cells = alike([cells for _, cells in parts] + ([] if covered else [default]), kind)
    data = np.empty(size, np.result_type(*(c.data for c in cells)) if cells else np.int64)
    if not covered:
        data[:] = cells[-1].data
    for (places, _), found in zip(parts, cells, strict=False):
        data[places] = found.data
    return Cells(data, kind)


def _one_by_one(
    row: Aggregation, looks: Looks, ranges: Ranges, value: Cells | None, by: Cells | None, layout: Layout, kind: Kind
) -> tuple[np.ndarray, Cells]:
    """What arrays cannot hold, by the row's meaning on Python's values."""
    values = [None] * len(looks.keys) if value is None else value.take(looks.keys).tolist()
    keys = by.take(looks.keys).tolist() if by is not None and row.by == "key" else [None] * len(looks.keys)
    if row.running is not None:
        found = _running(row, ranges, values, keys)
    else:
        places, here = layout.place[looks.keys].tolist(), layout.place[looks.queries].tolist()
        asked = by.take(looks.queries).tolist() if by is not None else [None] * len(here)
        parts = [slice(*pair) for pair in zip(looks.low.tolist(), looks.high.tolist(), strict=True)]
        seen = keys if row.by == "key" else []
        found = [
            row.meaning(Picked(values[part], seen[part], places[part], i, k))
            for part, i, k in zip(parts, here, asked, strict=True)
        ]
    there = np.array([told is not None for told in found], bool)
    return looks.queries[there], cells_of([told for told in found if told is not None], kind)


def _running(row: Aggregation, ranges: Ranges, values: list, keys: list) -> list[Value]:
    """By the running form of a row: once over each group, or over each different stretch."""
    assert row.running is not None
    result = row.result or (lambda state: state)
    if ranges.are_prefixes:
        upto: list[Value] = [None] * len(values)
        wanted = set((ranges.high - 1).tolist())
        for begin, end in zip(*(ends.tolist() for ends in ranges.groups), strict=True):
            state = None
            for i in range(begin, end):
                state = row.running(state, values[i], keys[i])
                if i in wanted:
                    upto[i] = result(state)
        return [upto[i - 1] for i in ranges.high.tolist()]
    low, high, which = ranges.different
    told = []
    for begin, end in zip(low.tolist(), high.tolist(), strict=True):
        state = None
        for i in range(begin, end):
            state = row.running(state, values[i], keys[i])
        told.append(result(state))
    return [told[i] for i in which.tolist()]


class Voting:
    """A vote, ready to be computed on batches."""

    def __init__(self, node: Vote, types: Mapping[str, Type], t: Type) -> None:
        self.node, self.labels, self.bias = node, cells_of(node.labels, kind_of(t)), _weights([node.bias])
        self.evidence = [  # the weights of a value that is not listed come last, where place -1 is
            (e.variable, Kind(tuple(e.weights), False), _weights([*e.weights.values(), e.default]))
            for e in node.evidence
        ]
        self.scaled = [(name, _weights([weights])) for name, weights in node.scaled]
        self.most = sum(map(_largest, (self.bias, *(weights for _, _, weights in self.evidence))))

    def __call__(self, env: Env, layout: Layout) -> Cells:
        """The label at every position."""
        totals = self.summed(env, layout)[layout.sequence] if self.node.pooled else self.totals(env, layout.size)
        return self.labels.take(totals.argmax(1))

    def summed(self, env: Env, layout: Layout) -> np.ndarray:
        """The totals added up over each sequence, [sequences, labels]."""
        totals = self.totals(env, layout.size)
        if _largest(totals) * max(layout.size, 1) >= SAFE:
            totals = totals.astype(object)
        upto = np.concatenate([np.zeros((1, totals.shape[1]), totals.dtype), np.cumsum(totals, axis=0)])
        return upto[layout.starts[1:]] - upto[layout.starts[:-1]]

    def totals(self, env: Env, size: int) -> np.ndarray:
        """Sum of the weights of each label at each position, [positions, labels]; before pooling."""
        counts = [env[name].numbers for name, _ in self.scaled]
        most = self.most + sum(
            _largest(count) * _largest(weights) for count, (_, weights) in zip(counts, self.scaled, strict=True)
        )
        kind = np.int64 if most < SAFE else object
        total = np.empty((size, len(self.node.labels)), kind)
        total[:] = self.bias
        for name, listed, weights in self.evidence:
            total += weights.astype(kind)[env[name].as_kind(listed).data]
        for count, (_, weights) in zip(counts, self.scaled, strict=True):
            whole = count if count.dtype == np.int64 else np.array([v or 0 for v in count.tolist()], object)
            total += whole.astype(kind)[:, None] * weights.astype(kind)
        return total


def _largest(numbers: np.ndarray) -> int:
    return SAFE if numbers.dtype == object else largest(numbers)


def _weights(rows: list) -> np.ndarray:
    small = all(abs(weight) < SAFE for row in rows for weight in row)
    return np.array(rows, np.int64 if small else object)
