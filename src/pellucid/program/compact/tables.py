"""Readouts that are one table over up to three variables: which variables decide the labels best for their size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.program.compact.fit import Going
from pellucid.program.compact.graph import Graph, name
from pellucid.program.compact.select import Evidences
from pellucid.program.compact.sizes import BASE
from pellucid.program.compact.target import Target
from pellucid.program.ir import Lookup
from pellucid.program.predicates import Value

POOL = 60  # variables that are tried together
ALONE = 20  # of them, those that decide most by themselves
PAIRS = 12  # pairs that are tried with a third variable
CELL = 6  # AST nodes of a row
CLOSED = 40  # of a short formula or decision list


@dataclass(frozen=True)
class Tabled:
    """A table's variables, how many examples it gets right, estimated AST nodes of the variables and of all."""

    variables: tuple[int, ...]
    correct: int
    parts: int
    size: int

    @property
    def least(self) -> int:
        """Estimated AST nodes with a short closed form in the table's place."""
        return min(self.size, BASE + CLOSED + self.parts)


class Tables:
    """Looks for tables over a selection's candidates."""

    def __init__(self, graph: Graph, target: Target, selection: Evidences) -> None:
        self.graph, self.target, self.selection = graph, target, selection
        self.labels = target.labels.astype(np.int64)
        self._sizes: dict[tuple[int, ...], int] = {}

    def best(self, price: float, most: int, going: Going) -> list[Tabled]:
        """The best tables, by AST nodes and `price` nodes for each example decided wrongly."""
        if self.target.pooled:
            return []
        numbers = sorted({number for number, scaled in self.selection.candidates if not scaled})
        singles = [self.tabled((number,)) for number in numbers]

        def worse(found: Tabled) -> tuple[float, tuple[int, ...]]:
            return found.size + price * (len(self.target) - found.correct), found.variables

        def worse_closed(found: Tabled) -> tuple[float, tuple[int, ...]]:
            return found.least + price * (len(self.target) - found.correct), found.variables

        ranked = sorted(singles, key=lambda f: (-self._worth(f), f.variables))
        likely = [*sorted(singles, key=worse)[:ALONE], *sorted(singles, key=worse_closed)[:ALONE], *ranked[:POOL]]
        pool = list(dict.fromkeys(found.variables[0] for found in likely))
        pairs = [self.tabled((a, b)) for i, a in enumerate(pool) if going(len(pool) / 10) for b in pool[i + 1 :]]
        longest = [*sorted(pairs, key=worse)[:PAIRS], *sorted(pairs, key=worse_closed)[:PAIRS]]
        found: dict[tuple[int, ...], Tabled] = {}
        for pair in longest if going(len(pool)) else ():
            for third in set(pool).difference(pair.variables):
                three = tuple(sorted((*pair.variables, third)))
                found[three] = found.get(three) or self.tabled(three)
        triples = list(found.values())
        tables = [*singles, *pairs, *triples]
        # As they are, as if they all had a short closed form, and the front of size against accuracy.
        chosen = [*sorted(tables, key=worse)[:most], *sorted(tables, key=worse_closed)[:most], *_front(tables, most)]
        return list(dict.fromkeys(chosen))

    def _worth(self, found: Tabled) -> float:
        target, (number,) = self.target, found.variables
        share = target.counts.mean(0)
        column = target.column(number)
        assert column is not None
        curvature = np.broadcast_to(share * (1 - share), target.counts.shape)
        return target.gain(column, target.counts - share, curvature) / (found.parts + 30) ** 0.5

    def tabled(self, variables: tuple[int, ...]) -> Tabled:
        """How good a table over these variables is at best."""
        counts = self._counts(variables)
        cells = int((counts.sum(1) > 0).sum())
        parts = self.selection.parts(variables)
        return Tabled(variables, int(counts.max(1).sum()), parts, BASE + 25 + parts + CELL * (cells - 1))

    def _counts(self, variables: tuple[int, ...]) -> np.ndarray:
        """How often each label goes with each combination, int [combination, label]."""
        index, size = np.zeros(len(self.labels), np.int64), 1
        for number in variables:
            column = self.target.column(number)
            assert column is not None
            index, size = index * column.size + column.codes, size * column.size
        labels = len(self.target.classes)
        return np.bincount(index * labels + self.labels, minlength=size * labels).reshape(size, labels)


def _front(tables: list[Tabled], most: int) -> list[Tabled]:
    """Tables that are right more often than all shorter ones; the largest steps of them."""
    front: list[Tabled] = []
    for found in sorted(tables, key=lambda f: (f.least, -f.correct, f.variables)):
        if not front or found.correct > front[-1].correct:
            front.append(found)
    gains = [b.correct - (a.correct if a else 0) for a, b in zip([None, *front[:-1]], front, strict=True)]
    largest = sorted(range(len(front)), key=lambda i: (-gains[i], i))[:most]
    return [front[i] for i in sorted(largest)]


def table_node(target: Target, variables: tuple[int, ...]) -> Lookup:
    """The table over these variables that is right on most of the target's examples."""
    cells: dict[tuple[Value, ...], np.ndarray] = {}
    columns = [target.column(number) for number in variables]
    rows = np.stack([column.codes for column in columns if column is not None], 1)
    keys, which = np.unique(rows, axis=0, return_inverse=True)
    labels = len(target.classes)
    counts = np.bincount(which.ravel() * labels + target.labels, minlength=len(keys) * labels).reshape(-1, labels)
    for key, row in zip(keys.tolist(), counts, strict=True):
        cells[tuple(c.values[k] for c, k in zip(columns, key, strict=True) if c is not None)] = row
    default = int(np.bincount(counts.argmax(1)).argmax())
    cases = tuple((key, target.classes[int(row.argmax())]) for key, row in cells.items() if row.argmax() != default)
    return Lookup(tuple(name(number) for number in variables), cases, target.classes[default])
