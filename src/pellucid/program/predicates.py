"""Predicates of a selector: which key values a query value matches.

A predicate is data about *values* (the user's tokens, integers), so it reads the same in JSON, in Python and on screen.
Every predicate is total: `matrix` gives its truth for any query and key values.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Value = str | int
Comparison = Literal["==", "!=", "<", "<=", ">", ">="]
COMPARISONS: dict[str, Callable[..., Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
ORDERS = ("<", "<=", ">", ">=")


@dataclass(frozen=True)
class Compare:
    """`key OP query + offset`; a non-zero offset only between integers, order only among integers or among text."""

    op: Comparison
    offset: int = 0

    def __call__(self, query: Value, key: Value) -> bool:
        """Whether `query` matches `key`."""
        shifted = query if self.offset == 0 else query + self.offset  # pyright: ignore[reportOperatorIssue]  # checked
        return COMPARISONS[self.op](key, shifted)

    @property
    def needs_integers(self) -> bool:
        """Whether text on either side would be an error."""
        return self.offset != 0

    @property
    def needs_order(self) -> bool:
        """Whether text on one side and a number on the other would be an error."""
        return self.op in ORDERS


@dataclass(frozen=True)
class OneOf:
    """`key in values`, whatever the query."""

    values: tuple[Value, ...]

    def __call__(self, query: Value, key: Value) -> bool:
        """Whether `query` matches `key`."""
        del query
        return key in self.values


@dataclass(frozen=True)
class Match:
    """A table: the key values each query value matches, and those of every query value not listed."""

    cases: tuple[tuple[Value, tuple[Value, ...]], ...]
    default: tuple[Value, ...] = ()

    def __call__(self, query: Value, key: Value) -> bool:
        """Whether `query` matches `key`."""
        return key in self.wanted(query)

    def wanted(self, query: Value) -> tuple[Value, ...]:
        """The key values that `query` matches."""
        return dict(self.cases).get(query, self.default)


Predicate = Compare | OneOf | Match


def matrix(predicate: Predicate, queries: Sequence[Value], keys: Sequence[Value]) -> np.ndarray:
    """Truth of the predicate, bool [len(queries), len(keys)]."""
    if isinstance(predicate, Match):
        rows = dict(predicate.cases)
        where = {key: j for j, key in enumerate(keys)}
        table = np.zeros((len(queries), len(keys)), bool)
        for i, query in enumerate(queries):
            table[i, [where[key] for key in rows.get(query, predicate.default) if key in where]] = True
        return table
    if isinstance(predicate, OneOf):
        wanted = set(predicate.values)
        return np.tile(np.array([key in wanted for key in keys], bool), (len(queries), 1))
    numbers = (*queries, *keys, *([predicate.offset] if isinstance(predicate, Compare) else []))
    if isinstance(predicate, Compare) and all(isinstance(v, int) and abs(v) < 2**60 for v in numbers):
        shifted = np.array(queries, np.int64)[:, None] + predicate.offset
        return np.asarray(COMPARISONS[predicate.op](np.array(keys, np.int64)[None, :], shifted), bool)
    return np.array([[predicate(q, k) for k in keys] for q in queries], bool).reshape(len(queries), len(keys))


def table_predicate(truth: np.ndarray, queries: Sequence[Value], keys: Sequence[Value]) -> Match:
    """The plain table of a truth matrix [queries, keys], without a default case."""
    cases = tuple(
        (q, tuple(k for k, true in zip(keys, row, strict=True) if true)) for q, row in zip(queries, truth, strict=True)
    )
    return Match(cases)


def recognise(truth: np.ndarray, occurs: np.ndarray, queries: Sequence[Value], keys: Sequence[Value]) -> Predicate:
    """The simplest predicate that agrees with `truth` on every pair that occurs.

    Args:
        truth: bool [queries, keys].
        occurs: bool [queries, keys]; pairs that never meet are free.
        queries, keys: the values behind rows and columns.
    """
    for candidate in _candidates(truth, occurs, queries, keys):
        if not ((matrix(candidate, queries, keys) != truth) & occurs).any():
            return candidate
    live_k = np.flatnonzero(occurs.any(axis=0)).tolist()
    rows = {
        queries[i]: tuple(keys[j] for j in live_k if truth[i, j]) for i in np.flatnonzero(occurs.any(axis=1)).tolist()
    }
    default = Counter(rows.values()).most_common(1)[0][0] if rows else ()
    return Match(tuple((q, row) for q, row in rows.items() if row != default), default)


def _candidates(truth: np.ndarray, occurs: np.ndarray, queries: Sequence[Value], keys: Sequence[Value]):
    """Closed forms worth trying, simplest first."""
    sure = np.all(truth | ~occurs, axis=0) & np.any(truth & occurs, axis=0)
    yield OneOf(tuple(keys[j] for j in np.flatnonzero(sure).tolist()))
    yield Compare("==")
    yield Compare("!=")
    integers = [v for v in (*queries, *keys) if not isinstance(v, str)]
    if not integers:
        yield from (Compare(op) for op in ORDERS)
    if len(integers) < len(queries) + len(keys):
        return  # offsets mean nothing where one of the values is text, nor order where not all are
    span = max(integers) - min(integers)
    for offset in sorted(range(-span, span + 1), key=lambda d: (abs(d), d)):
        for op in (*ORDERS, "==", "!=") if abs(offset) <= 8 else ("==",):
            yield Compare(op, offset)
