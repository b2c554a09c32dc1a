"""Exact passes for votes: fewer variables, fewer rows, smaller weights, and a plain table where one is as short.

A weight vector added to every row of a piece of evidence and taken off the bias, or one number added to all the weights
of a row, changes no decision; that freedom is used to make the commonest row zero, and zero rows are not written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from pellucid.language.expressions import Expression
from pellucid.language.nodes import Evidence, Let, Node, Vote
from pellucid.language.program import Program
from pellucid.language.types import Value
from pellucid.simplify.facts import Facts, Row
from pellucid.simplify.rewrite import each, on_each, with_node
from pellucid.simplify.tables import Listed, determined, shortest
from pellucid.simplify.tidy import tidy

MOST_ROWS = 200  # combinations above which a vote is not worth a table
SCALES = (1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 64, 80, 100, 128)
MOST = 12  # variables whose subsets are tried
LARGEST = 2**30  # weights that fit the arrays here
Forms = Callable[[Listed], Iterable[Expression]]


@on_each
def shrunk_votes(program: Program, name: str, node: Node, facts: Facts) -> Program:
    """Votes without evidence, rows and digits that change no decision."""
    if not isinstance(node, Vote) or not _small(node):
        return program
    found = _canonical(program, node, facts)
    names = variables(found)
    rows = facts.rows(program, names) if names and not found.pooled else None
    if rows and _countable(found, names, rows):
        found = _Decisions.of(found, names, rows).minimised(found)
    return with_node(program, name, found)


def votes_to_tables(program: Program, facts: Facts, forms: Forms = lambda few: []) -> Program:
    """A vote that up to three of its variables decide as a table over those, where that is as short.

    forms: what else the values may be written as.
    """

    def change(program: Program, name: str, node: Node) -> Program:
        if not isinstance(node, Vote) or node.pooled or not _small(node):
            return program
        names = variables(node)
        rows = facts.rows(program, names)
        if not rows or not _countable(node, names, rows):
            return program
        every = Listed(names, rows, [node.labels[i] for i in _Decisions.of(node, names, rows).total().argmax(1)])
        found: list[Expression] = []
        for few in map(every.over, deciding(rows, every.outputs)):
            if len(few.rows) <= MOST_ROWS:
                found += [*few.copies(), few.table(), *(forms(few) if few.names else ())]
        return with_node(program, name, Let(tidy(shortest(found), program.types))) if found else program

    return each(program, change)


def deciding(rows: Sequence[Row], outputs: Sequence[Value]) -> list[tuple[int, ...]]:
    """The smallest sets of up to three columns that determine the output in every row."""
    for size in range(min(3, len(rows[0])) + 1):
        found = [c for c in combinations(range(min(MOST, len(rows[0]))), size) if determined(rows, outputs, c)]
        if found:
            return found
    return []


def variables(node: Vote) -> tuple[str, ...]:
    """The variables that a vote reads."""
    return tuple(dict.fromkeys([*(e.variable for e in node.evidence), *(name for name, _ in node.scaled)]))


def _small(node: Vote) -> bool:
    rows = [node.bias, *(w for _, w in node.scaled), *(r for e in node.evidence for _, r in e.rows)]
    return max(abs(w) for row in (*rows, *(e.default for e in node.evidence)) for w in row) < LARGEST


def _countable(node: Vote, names: Sequence[str], rows: Sequence[Row]) -> bool:
    """Whether the numbers that weights are multiplied with fit the arrays here."""
    places = [names.index(name) for name, _ in node.scaled]
    return all(abs(row[i] or 0) < LARGEST for row in rows for i in places)  # pyright: ignore[reportArgumentType]


def _weights(part: Evidence | tuple[int, ...], values: Sequence[Value]) -> np.ndarray:
    """Weights that each value contributes, by evidence or as a factor; int64 [value, label]."""
    if not isinstance(part, Evidence):
        return np.outer(np.array([v if isinstance(v, int) else 0 for v in values], np.int64), part)
    rows = [part.weights.get(v, part.default) for v in values]
    return np.array(rows, np.int64).reshape(len(values), len(part.default))


def _canonical(program: Program, node: Vote, facts: Facts) -> Vote:
    """Rows of occurring values only, the commonest row zero, every middle weight zero, nothing that is all zero."""
    bias = np.array(node.bias, np.int64)
    kept: list[Evidence] = []
    for name in dict.fromkeys(part.variable for part in node.evidence):
        parts = [part for part in node.evidence if part.variable == name]
        rows = facts.rows(program, (name,))
        if rows is None:
            kept += parts
            continue
        values = [value for (value,) in rows]
        table = sum((_weights(part, values) for part in parts), np.zeros((len(values), len(bias)), np.int64))
        levelled = [_levelled(row) for row in table]
        common = levelled[0] if values[0] is None else _common(levelled)  # nothing has no row
        bias = bias + np.array(common)
        left = [(v, _levelled(np.array(row) - np.array(common))) for v, row in zip(values, levelled, strict=True)]
        told = tuple((v, row) for v, row in left if any(row) and isinstance(v, int | str))
        kept += [Evidence(name, told, (0,) * len(bias))] if told else []
    slopes: dict[str, np.ndarray] = {}
    for name, weights in node.scaled:
        slopes[name] = slopes.get(name, 0) + np.array(weights, np.int64)
    scaled = tuple((name, _whole(weights)) for name, weights in slopes.items() if any(_levelled(weights)))
    return replace(node, bias=_levelled(bias), evidence=tuple(kept), scaled=scaled)


def _common(rows: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The commonest row; of several, the one that says least."""
    counts = Counter(rows)
    return max(counts, key=lambda row: (counts[row], min(row) - max(row)))


def _levelled(weights: np.ndarray) -> tuple[int, ...]:
    """The same evidence with nothing for the middle label: what is left speaks for a label, or against it."""
    return _whole(weights - np.sort(weights)[(len(weights) - 1) // 2])


def _whole(weights: np.ndarray) -> tuple[int, ...]:
    return tuple(int(w) for w in weights)


@dataclass
class _Decisions:
    """A vote on the combinations of its variables' values that occur."""

    count: int  # of combinations
    tables: list[np.ndarray]  # int64 [value, label], one for each piece of evidence, then one for each scaled variable
    columns: list[np.ndarray]  # int [combination]: which row of its table applies
    bias: np.ndarray
    values: list[list[Value]]  # behind the rows of each table

    @staticmethod
    def of(node: Vote, names: Sequence[str], rows: Sequence[Row]) -> _Decisions:
        told = dict(zip(names, zip(*rows, strict=True), strict=True))
        tables, columns, values = [], [], []
        for name, part in [*((e.variable, e) for e in node.evidence), *node.scaled]:
            different = list(dict.fromkeys(told[name]))
            place = {v: i for i, v in enumerate(different)}
            columns.append(np.array([place[v] for v in told[name]]))
            values.append(different)
            tables.append(_weights(part, different))
        return _Decisions(len(rows), tables, columns, np.array(node.bias, np.int64), values)

    def total(self) -> np.ndarray:
        """Sums of weights, int64 [combination, label]."""
        parts = (table[column] for table, column in zip(self.tables, self.columns, strict=True))
        return sum(parts, np.tile(self.bias, (self.count, 1)))

    def minimised(self, node: Vote) -> Vote:
        """Greedily zero whole tables, then rows, then take the smallest whole weights that decide alike."""
        total, count = self.total(), len(node.evidence)
        winners = total.argmax(1)
        for i in sorted(range(len(self.tables)), key=lambda i: -np.count_nonzero(self.tables[i])):
            without = total - self.tables[i][self.columns[i]]
            if (without.argmax(1) == winners).all():
                total, self.tables[i] = without, np.zeros_like(self.tables[i])
        for table, column in zip(self.tables[:count], self.columns, strict=False):
            for row in np.flatnonzero(table.any(1)):
                here = column == row
                if ((total[here] - table[row]).argmax(1) == winners[here]).all():
                    total[here] -= table[row]
                    table[row] = 0
        found = self if node.scaled else self._rescaled(winners)
        return found.vote(node)

    def _rescaled(self, winners: np.ndarray) -> _Decisions:
        largest = max(int(abs(t).max(initial=0)) for t in (*self.tables, self.bias))
        for scale in SCALES:
            if scale >= largest:
                break
            tables = [_rounded(t, scale / largest) for t in self.tables]
            smaller = replace(self, tables=tables, bias=_rounded(self.bias, scale / largest))
            if (smaller.total().argmax(1) == winners).all():
                return smaller
        return self

    def vote(self, node: Vote) -> Vote:
        """The vote with these weights, pieces that are all zero left out."""
        evidence = []
        for part, table, values in zip(node.evidence, self.tables, self.values, strict=False):
            rows = tuple(
                (v, _whole(row)) for v, row in zip(values, table, strict=True) if row.any() and isinstance(v, int | str)
            )
            evidence += [Evidence(part.variable, rows, part.default)] if rows else []
        left = self.tables[len(node.evidence) :]
        scaled = tuple(part for part, table in zip(node.scaled, left, strict=True) if table.any())
        return replace(node, bias=_levelled(self.bias), evidence=tuple(evidence), scaled=scaled)


def _rounded(table: np.ndarray, factor: float) -> np.ndarray:
    return np.rint(table * factor).astype(np.int64)
