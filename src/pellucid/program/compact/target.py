"""What a readout is fitted to: the rows of some sequences whose labels count, and how well variables explain them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from pellucid.program.compact.fit import Column, Rows, distinct_rows
from pellucid.program.compact.graph import Graph, Runs, values
from pellucid.program.ir import Integer, Readout, Selection

MAX_VALUES = 40  # a variable with more values is no evidence by itself


class Target:
    """Labelled rows of some sequences.

    Args:
        graph: what variables are numbers of.
        tokens: int [sequences, columns] as from `Vocab.encode_inputs`.
        labels: int [sequences, columns] or [sequences] (classification), -1 where not scored (`Vocab.encode`).
    """

    def __init__(self, graph: Graph, tokens: np.ndarray, labels: np.ndarray) -> None:
        self.graph, self.runs = graph, Runs(graph, tokens)
        like = graph.like
        self.classes = like.vocab.labels
        self.pooled = isinstance(like[like.output], Readout) and like[like.output].pooled  # pyright: ignore[reportAttributeAccessIssue]
        user = self.runs.user
        if labels.ndim == 1:
            last = user & ~np.pad(user[:, 1:], ((0, 0), (0, 1)))
            self.mask = (user if self.pooled else last) & (labels >= 0)[:, None]
            self.labels = labels[labels >= 0]
        else:
            own = labels if like.markers else labels[:, 1 : user.shape[1] + 1]
            self.mask = user & (own >= 0)
            self.labels = own[self.mask]
        self.starts = np.flatnonzero(np.diff(np.nonzero(self.mask)[0], prepend=-1))  # first row of each sequence
        self._columns: dict[tuple[int, bool], Column | None] = {}

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def counts(self) -> np.ndarray:
        """float [example, label]: one-hot labels."""
        return np.eye(len(self.classes), dtype=np.float32)[self.labels]

    def column(self, number: int, scaled: bool = False) -> Column | None:
        """A variable as evidence, None where it cannot be: more than a few values, or only one, or no number."""
        key = (number, scaled)
        if key not in self._columns:
            self._columns[key] = self._column(number, scaled)
        return self._columns[key]

    def _column(self, number: int, scaled: bool) -> Column | None:
        kind = self.graph.kind(number)
        if isinstance(kind, Selection) or (scaled and not isinstance(kind, Integer)):
            return None
        codes = self.runs.codes(number)
        if codes.ndim == 1:
            return None
        rows = codes[self.mask].astype(np.int64)
        seen = np.flatnonzero(np.bincount(rows))
        if not 1 < len(seen) <= MAX_VALUES:
            return None
        renumbered = np.zeros(seen[-1] + 1, np.int16)
        renumbered[seen] = np.arange(len(seen))
        every = values(kind)
        numbers = np.array([every[c] for c in seen.tolist()], np.float64) if scaled else None
        return Column(renumbered[rows], len(seen), numbers, tuple(every[c] for c in seen.tolist()))

    def rows(self, columns: Sequence[Column]) -> Rows:
        """The examples with these columns as features."""
        if not self.pooled:
            return distinct_rows(columns, self.counts)
        ones = np.ones((len(self.labels), 1), np.float32)
        return Rows(np.concatenate([*(self.features(c) for c in columns), ones], 1), self.counts)

    def features(self, column: Column) -> np.ndarray:
        """float32 [example, feature]: added up over the positions of a sequence where the readout is pooled."""
        x = column.encoded(column.codes)
        return np.add.reduceat(x, self.starts, 0) if self.pooled else x

    def gain(self, column: Column, residual: np.ndarray, curvature: np.ndarray) -> float:
        """How much one Newton step on this column's weights would lower the total loss.

        Args:
            residual: float [example, label], one-hot labels less probabilities; curvature: p * (1 - p).
        """
        if self.pooled or column.numbers is not None:
            x = self.features(column)
            if column.numbers is not None:
                x = x - x.mean()
            slope, bend = x.T @ residual, (x * x).T @ curvature + 1
        else:
            labels = range(residual.shape[1])
            slope = np.stack([np.bincount(column.codes, residual[:, k], column.size) for k in labels], 1)
            bend = np.stack([np.bincount(column.codes, curvature[:, k], column.size) for k in labels], 1) + 1
        return float((slope * slope / bend).sum()) / 2

    def behaviour(self, number: int) -> bytes | None:
        """Equal for variables that tell the same rows apart; None for one that is no evidence."""
        column = self.column(number)
        if column is None:
            return None
        _, first, which = np.unique(column.codes, return_index=True, return_inverse=True)
        rank = np.empty(len(first), np.int64)
        rank[np.argsort(first)] = np.arange(len(first))
        return rank[which].astype(np.int16).tobytes()
