"""Votes on whole batches."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pellucid.language.arrays import SAFE, largest
from pellucid.language.expressions import Table, Var
from pellucid.language.nodes import Vote
from pellucid.language.types import Type
from pellucid.semantics.cells import Cells, cells_of, kind_of
from pellucid.semantics.elementwise import Env, Looked
from pellucid.semantics.layout import Layout


class Voting:
    """A vote, ready to be computed on batches."""

    def __init__(self, node: Vote, types: Mapping[str, Type], t: Type) -> None:
        self.node, self.labels = node, cells_of(node.labels, kind_of(t))
        self.evidence = [
            (_row_numbers(part.variable, [value for value, _ in part.rows]),
             _weights([part.default, *(weights for _, weights in part.rows)]))
            for part in node.evidence
        ]  # fmt: skip

    def __call__(self, env: Env, layout: Layout) -> Cells:
        """The label at every position."""
        totals = self.totals(env, layout.size)
        if self.node.pooled:
            totals = _summed(totals, layout)[layout.sequence]
        return self.labels.take(totals.argmax(1))

    def totals(self, env: Env, size: int) -> np.ndarray:
        """Sum of the weights of each label at each position, [positions, labels]; before pooling."""
        parts = [weights[row(env).data] for row, weights in self.evidence]
        for name, weights in self.node.scaled:
            counts = env[name].numbers
            row = _weights([weights])
            if counts.dtype == object or largest(counts) * largest(row) >= SAFE or row.dtype == object:
                counts = np.array([v or 0 for v in counts.tolist()], object)
            parts.append(counts[:, None] * row)
        parts.append(_weights([self.node.bias]))
        if sum(SAFE if p.dtype == object else largest(p) for p in parts) >= SAFE:
            parts = [part.astype(object) for part in parts]
        return np.broadcast_to(sum(parts), (size, len(self.node.labels)))


def _row_numbers(variable: str, values: list) -> Looked:
    """Which row of evidence each value of the variable has: 0 for none."""
    cases = tuple(((value,), number) for number, value in enumerate(values, 1))
    table = Table((Var(variable),), cases, 0)
    return Looked(table, [lambda env: env[variable]], kind_of(Type()))


def _weights(rows: list) -> np.ndarray:
    small = all(abs(weight) < SAFE for row in rows for weight in row)
    return np.array(rows, np.int64 if small else object)


def _summed(totals: np.ndarray, layout: Layout) -> np.ndarray:
    """The sums over each sequence."""
    if totals.dtype != object and largest(totals) * max(layout.size, 1) >= SAFE:
        totals = totals.astype(object)
    upto = np.concatenate([np.zeros((1, totals.shape[1]), totals.dtype), np.cumsum(totals, axis=0)])
    return upto[layout.starts[1:]] - upto[layout.starts[:-1]]
