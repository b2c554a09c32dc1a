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
        self.node, self.labels, self.bias = node, cells_of(node.labels, kind_of(t)), _weights([node.bias])
        self.evidence = [
            (_row_numbers(part.variable, [value for value, _ in part.rows]),
             _weights([part.default, *(weights for _, weights in part.rows)]))
            for part in node.evidence
        ]  # fmt: skip
        self.scaled = [(name, _weights([weights])) for name, weights in node.scaled]
        self.most = sum(map(_largest, (self.bias, *(weights for _, weights in self.evidence))))

    def __call__(self, env: Env, layout: Layout) -> Cells:
        """The label at every position."""
        totals = self.totals(env, layout.size)
        if self.node.pooled:
            totals = _summed(totals, layout)[layout.sequence]
        return self.labels.take(totals.argmax(1))

    def totals(self, env: Env, size: int) -> np.ndarray:
        """Sum of the weights of each label at each position, [positions, labels]; before pooling."""
        counts = [env[name].numbers for name, _ in self.scaled]
        most = self.most + sum(
            _largest(count) * _largest(weights) for count, (_, weights) in zip(counts, self.scaled, strict=True)
        )
        kind = np.int64 if most < SAFE else object
        total = np.empty((size, len(self.node.labels)), kind)
        total[:] = self.bias
        for row, weights in self.evidence:
            total += weights.astype(kind)[row(env).data]
        for count, (_, weights) in zip(counts, self.scaled, strict=True):
            whole = count if count.dtype == np.int64 else np.array([v or 0 for v in count.tolist()], object)
            total += whole.astype(kind)[:, None] * weights.astype(kind)
        return total


def _largest(numbers: np.ndarray) -> int:
    return SAFE if numbers.dtype == object else largest(numbers)


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
    if _largest(totals) * max(layout.size, 1) >= SAFE:
        totals = totals.astype(object)
    upto = np.concatenate([np.zeros((1, totals.shape[1]), totals.dtype), np.cumsum(totals, axis=0)])
    return upto[layout.starts[1:]] - upto[layout.starts[:-1]]
