"""Heads that answer by themselves: the label is the token at one other position. Fitted in closed form.

For a query and a key variable, count over all pairs of positions how often the key's token is the query's label; each
query value then wants the key value that is right most often.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pellucid.program.compact.graph import Graph, name, values
from pellucid.program.compact.target import Target
from pellucid.program.ir import Aggregate, Select
from pellucid.program.predicates import Match, recognise

ROWS = 2500
RARELY = 0.1  # a key value that is right less often than this is not asked for


class Pointers:
    """How well the token at a key answers for a query, over pairs of variables."""

    def __init__(self, graph: Graph, target: Target) -> None:
        self.graph, self.target = graph, target
        places = {label: i for i, label in enumerate(target.classes)}
        as_label = np.array([places.get(token, -1) for token in values(graph.kind(graph.tokens))])
        sequence, _ = np.nonzero(target.mask)
        self.possible = not target.pooled and bool((as_label >= 0).any())
        self.rows = slice(0, ROWS)
        self.sequence = sequence[self.rows]
        if not self.possible:
            return
        tokens = as_label[target.runs.codes(graph.tokens)]
        self.there = target.runs.valid[self.sequence]
        self.right = (tokens[self.sequence] == target.labels[self.rows, None]) & self.there

    def table(self, query: int, key: int, mask: int | None = None) -> np.ndarray | None:
        """How often a key of each value answers rightly, float [query value, key value]; None for unfit variables.

        With a `mask`, a variable that is 0 or 1, only keys where it is 0 count.
        """
        asked, shown = self.target.column(query), self.graph.kind(key)
        if asked is None:
            return None
        width = len(values(shown))  # pyright: ignore[reportArgumentType]
        if asked.size * width > 4000:
            return None
        keys = self.target.runs.codes(key)[self.sequence].astype(np.int64)
        cell = asked.codes[self.rows, None].astype(np.int64) * width + keys
        total = asked.size * width
        there, right = self.there, self.right
        if mask is not None:
            clear = self.target.runs.codes(mask)[self.sequence] == 0
            there, right = there & clear, right & clear
        met = np.bincount(cell[there], minlength=total).reshape(asked.size, width)
        hits = np.bincount(cell[right], minlength=total).reshape(asked.size, width)
        rows = np.bincount(asked.codes[self.rows], minlength=asked.size)[:, None]
        return hits / np.maximum(np.maximum(met, rows), 1)

    def score(self, query: int, key: int, mask: int | None = None) -> float:
        """Share of the rows that the best key value of each query value gets right, about."""
        table, column = self.table(query, key, mask), self.target.column(query)
        if table is None or column is None:
            return 0.0
        share = np.bincount(column.codes[self.rows], minlength=column.size) / len(self.sequence)
        return float((share * table.max(1)).sum())

    def head(self, query: int, key: int, mask: int | None = None) -> int | None:
        """The head that takes the token at the closest key of the best value."""
        table, column = self.table(query, key, mask), self.target.column(query)
        if table is None or column is None:
            return None
        keys = values(self.graph.kind(key))
        asked = table.max(1, keepdims=True) >= RARELY
        truth = (np.arange(len(keys)) == table.argmax(1)[:, None]) & asked
        met = self._met(query, key, mask)
        predicate = recognise(truth, met & asked, column.values, keys)
        if isinstance(predicate, Match):  # no closed form to extend to the rare queries
            predicate = recognise(truth, met, column.values, keys)
        reach = "upto" if self.graph.like.vocab.causal else "any"
        masked = (None, False) if mask is None else (name(mask), True)
        picked = self._picked(query, key, mask, truth)
        if picked.any(1).all():
            select = self.graph.add(Select(name(query), name(key), predicate, "closest", reach, *masked))
            return self.graph.add(Aggregate(name(select), "take", name(self.graph.tokens)))
        select = self.graph.add(Select(name(query), name(key), predicate, "all", reach, *masked))
        missing = self.target.labels[self.rows][~picked.any(1)]
        default = self.target.classes[int(np.bincount(missing).argmax())]
        return self.graph.add(Aggregate(name(select), "first", name(self.graph.tokens), default))

    def _met(self, query: int, key: int, mask: int | None) -> np.ndarray:
        """Which pairs of a query and a key value occur, bool [query value, key value]."""
        column, codes = self.target.column(query), self.target.runs.codes(key)
        assert column is not None
        there = self.there if mask is None else self.there & (self.target.runs.codes(mask)[self.sequence] == 0)
        met = np.zeros((column.size, len(values(self.graph.kind(key)))), bool)
        met[np.broadcast_to(column.codes[self.rows, None], there.shape)[there], codes[self.sequence][there]] = True
        return met

    def _picked(self, query: int, key: int, mask: int | None, truth: np.ndarray) -> np.ndarray:
        """Keys that the rows' queries match, bool [row, width]."""
        column, codes = self.target.column(query), self.target.runs.codes
        assert column is not None
        picked = truth[column.codes[self.rows, None], codes(key)[self.sequence]] & self.there
        return picked if mask is None else picked & (codes(mask)[self.sequence] == 0)

    def best(self, pairs: Iterable[tuple[int, int, int | None]], most: int) -> list[int]:
        """Heads for the queries, keys and masks that answer best."""
        if not self.possible:
            return []
        scored = [(-self.score(*pair), i, pair) for i, pair in enumerate(pairs)]
        ranked = sorted(scored, key=lambda found: (round(found[0], 4), found[1]))
        made = [self.head(*pair) for _, _, pair in ranked[:most]]
        return [number for number in made if number is not None]
