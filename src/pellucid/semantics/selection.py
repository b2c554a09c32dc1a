"""Selections on whole batches: which list of positions each query looks at.

A selection becomes a list of positions, group by group, and for each query a stretch of it. A group is a sequence, the
positions of a sequence with one value (where a match asks for equal values), or those that match one query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np

from pellucid.language.expressions import Apply, Expression, Var, conjunction, names_in
from pellucid.language.inference import type_of
from pellucid.language.nodes import Select
from pellucid.language.types import Type
from pellucid.semantics.cells import Cells, Kind, Layout, codes, compact, joined, kind_of
from pellucid.semantics.elementwise import Env, Function, compiled


@dataclass(frozen=True)
class Matching:
    """A match is true where all of these are.

    Args:
        query, key: tests over the query alone, and over the key alone.
        equal: expressions over the query alone and over the key alone whose values must be equal.
        rest: what else is asked; None: nothing.
    """

    query: tuple[Expression, ...]
    key: tuple[Expression, ...]
    equal: tuple[tuple[Expression, Expression], ...]
    rest: Expression | None

    @classmethod
    def of(cls, select: Select) -> Matching:
        """The parts of a selection's match; with `ties` all is rest."""
        if select.ties:
            return cls((), (), (), select.match)
        query, key, equal, rest = [], [], [], []
        queries, keys = select.queries.keys(), select.keys.keys()
        for part in () if select.match is None else _conjuncts(select.match):
            pair = _equality(part, queries, keys)
            if queries >= set(names_in(part)):
                query.append(part)
            elif keys >= set(names_in(part)):
                key.append(part)
            elif pair is not None:
                equal.append(pair)
            else:
                rest.append(part)
        return cls(tuple(query), tuple(key), tuple(equal), conjunction(rest) if rest else None)


def _equality(part: Expression, queries: Set[str], keys: Set[str]) -> tuple[Expression, Expression] | None:
    """(of the query, of the key) where it compares the two."""
    match part:
        case Apply("==", (left, right)):
            for one, other in ((left, right), (right, left)):
                if queries >= set(names_in(one)) and keys >= set(names_in(other)):
                    return one, other
    return None


def _conjuncts(expression: Expression) -> Iterator[Expression]:
    match expression:
        case Apply("and", args):
            for arg in args:
                yield from _conjuncts(arg)
        case _:
            yield expression


MOST_PAIRS = 2**18  # of queries and keys compared at once


@dataclass(frozen=True)
class Looks:
    """Queries, and the stretch of a list of positions that each looks at.

    Args:
        queries: positions. keys: the list, of positions. start, low, high: as in `Ranges`.
        groups: the group of each query, and of each element of the list; None: as far as sequences go.
    """

    queries: np.ndarray
    keys: np.ndarray
    start: np.ndarray
    low: np.ndarray
    high: np.ndarray
    groups: tuple[np.ndarray, np.ndarray] | None = None

    def only(self, which: np.ndarray) -> Looks:
        """Those of some queries."""
        if which.all():
            return self
        parts = {name: getattr(self, name)[which] for name in ("queries", "start", "low", "high")}
        return replace(self, **parts, groups=self.groups and (self.groups[0][which], self.groups[1]))

    def standing(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """As in `Ranges`, for a batch of so many positions."""
        if self.groups is None:
            return self.keys, self.queries
        mine, theirs = self.groups
        return theirs * (size + 1) + self.keys, mine * (size + 1) + self.queries


class Selection:
    """A selection, ready to be looked at."""

    def __init__(self, select: Select, types: Mapping[str, Type]) -> None:
        self.select, self.everywhere = select, select.reach == "any" and select.window is None
        self.local = {local: types[name] for local, name in select.local.items()}
        matching = Matching.of(select)
        self.of_query = [compiled(test, self.local) for test in matching.query]
        self.of_key = [compiled(test, self.local) for test in matching.key]
        self.equal = [self._sides(*pair) for pair in matching.equal]
        equalities = [Apply("==", pair) for pair in matching.equal]
        rest = None if matching.rest is None else conjunction([*equalities, matching.rest])
        self.rest = None if rest is None else compiled(rest, self.local)
        self.tie = compiled(Apply("==", (Var("q"), Var("k"))), self.local) if select.ties else None

    def _sides(self, query: Expression, key: Expression) -> tuple[Function, Function, Kind]:
        both = type_of(query, self.local) | type_of(key, self.local)
        return compiled(query, self.local), compiled(key, self.local), kind_of(both)

    def looks(self, env: Env, layout: Layout, there: Sequence[Cells]) -> Iterator[Looks]:
        """What each position looks at, a part of them at a time; those that look at nothing may be left out.

        Args:
            there: where one of these is nothing, a position is not looked at.
        """
        local = {name: env[variable] for name, variable in self.select.local.items()}
        kept = self._kept(env, local, there, layout)
        first, end = layout.reach(self.select.offsets)
        for test in self.of_query:
            end = np.where(test(local).truth, end, first)
        if self.rest is not None:
            yield from _Pairs(self, local, layout, kept, (first, end)).looks()
        elif self.equal:
            looks = _equal(self._groups(local, layout), layout, kept)
            yield _within(looks, layout, (first, end), self.everywhere)
        elif kept is None:
            yield Looks(layout.here, layout.here, layout.first, first, end)
        else:
            rank = np.concatenate([[0], np.cumsum(kept)])
            keys = np.flatnonzero(kept)
            yield Looks(layout.here, keys, rank[layout.first], rank[first], rank[end])

    def _kept(self, env: Env, local: Env, there: Sequence[Cells], layout: Layout) -> np.ndarray | None:
        """Which positions any query may look at; None: all."""
        tests = [test(local).truth for test in self.of_key]
        if self.select.mask is not None:
            tests.append(env[self.select.mask].truth != self.select.negated)
        tests += [some for cells in there if (some := cells.something) is not None]
        return np.broadcast_to(np.logical_and.reduce(tests), layout.size) if tests else None

    def _groups(self, local: Env, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of each position as a query and as a key: alike in one sequence where the values are equal."""
        found, most = np.tile(layout.sequence, 2), len(layout.sizes)
        for query, key, kind in self.equal:
            both = joined([query(local).spread(layout.size), key(local).spread(layout.size)], kind)
            code, count = codes(both)
            found, most = compact(found * count + code, most * count)
        return found[: layout.size], found[layout.size :]


def _equal(groups: tuple[np.ndarray, np.ndarray], layout: Layout, kept: np.ndarray | None) -> Looks:
    """Queries that look at all positions of their own group, of those kept."""
    mine, theirs = groups
    keys = layout.here if kept is None else np.flatnonzero(kept)
    keys = keys[np.argsort(theirs[keys] * (layout.size + 1) + keys)]
    bounds = np.concatenate([[0], np.cumsum(np.bincount(theirs[keys], minlength=mine.max(initial=0) + 1))])
    return Looks(layout.here, keys, bounds[mine], bounds[mine], bounds[mine + 1], (mine, theirs[keys]))


def _within(looks: Looks, layout: Layout, ends: tuple[np.ndarray, np.ndarray], everywhere: bool) -> Looks:
    """Of queries that look at whole groups, what they can reach: from the first of two positions up to the second."""
    if everywhere:
        return replace(looks, high=np.where(ends[1] > ends[0], looks.high, looks.start))
    order, here = looks.standing(layout.size)
    low, high = (np.searchsorted(order, here - looks.queries + end) for end in ends)
    return replace(looks, low=low, high=high)


class _Pairs:
    """Queries and keys compared pair by pair: equal queries of a sequence once, or each with what it can reach."""

    def __init__(
        self,
        chosen: Selection,
        local: Env,
        layout: Layout,
        kept: np.ndarray | None,
        ends: tuple[np.ndarray, np.ndarray],
    ) -> None:
        self.chosen, self.local, self.layout, (self.first, self.end) = chosen, local, layout, ends
        self.keys = layout.here if kept is None else np.flatnonzero(kept)
        rank = np.concatenate([[0], np.cumsum(np.ones(layout.size, bool) if kept is None else kept)])
        self.group, self.asks, self.shared = layout.here, layout.here, False
        self.low, self.high = rank[self.first], rank[self.end]
        sides = chosen.select.queries, chosen.select.keys
        self.query, self.key = (_numbered(local, names, layout.size) for names in sides)
        if chosen.tie is None:
            self._share(rank, *self.query)
        assert chosen.rest is not None
        self.matches = self._test(chosen.rest)
        self.ties = None if chosen.tie is None else self._test(chosen.tie)

    def _share(self, rank: np.ndarray, code: np.ndarray, count: int) -> None:
        """Let equal queries of a sequence share their keys where that is less work."""
        layout = self.layout
        group, groups = compact(layout.sequence * count + code, len(layout.sizes) * count)
        asks = np.zeros(groups, np.int64)
        asks[group[::-1]] = layout.here[::-1]
        low, high = rank[layout.first[asks]], rank[layout.end[asks]]
        if (high - low).sum() < (self.high - self.low).sum():
            self.group, self.asks, self.low, self.high, self.shared = group, asks, low, high, True

    def _test(self, function: Function) -> Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
        """The function on (queries, how many keys each has, keys): from a table, where few of them differ."""
        (query, queries), (key, keys) = self.query, self.key
        if queries * keys > min(MOST_PAIRS, (self.high - self.low).sum()):
            return lambda asks, sizes, there: self._compared(function, np.repeat(asks, sizes), there)
        one, other = np.zeros(queries, np.int64), np.zeros(keys, np.int64)
        one[query], other[key] = self.layout.here, self.layout.here
        table, row = self._compared(function, np.repeat(one, keys), np.tile(other, queries)), query * keys
        return lambda asks, sizes, there: table[np.repeat(row[asks], sizes) + key[there]]

    def _compared(self, function: Function, queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
        local = {name: self.local[name].take(queries) for name in self.chosen.select.queries}
        local |= {name: self.local[name].take(keys) for name in self.chosen.select.keys}
        return np.broadcast_to(function(local).truth, len(keys))

    def looks(self) -> Iterator[Looks]:
        """What queries look at, some groups at a time."""
        queries = np.argsort(self.group, kind="stable")
        counts = np.concatenate([[0], np.cumsum(self.high - self.low)])
        begin, groups = 0, len(self.asks)
        while begin < groups:
            end = max(int(np.searchsorted(counts, counts[begin] + MOST_PAIRS, side="right")) - 1, begin + 1)
            part = np.searchsorted(self.group[queries], [begin, end])
            yield self._part(begin, min(end, groups), queries[slice(*part)])
            begin = end

    def _part(self, begin: int, end: int, queries: np.ndarray) -> Looks:
        sizes = self.high[begin:end] - self.low[begin:end]
        offset = np.cumsum(sizes) - sizes - self.low[begin:end]
        keys = self.keys[np.arange(sizes.sum()) - np.repeat(offset, sizes)]
        hit = self._hits(self.asks[begin:end], sizes, keys)
        group, keys = np.repeat(np.arange(begin, end), sizes)[hit], keys[hit]
        mine = self.group[queries]
        bounds = np.concatenate([[0], np.cumsum(np.bincount(group - begin, minlength=end - begin))])
        start, stop = bounds[mine - begin], bounds[mine - begin + 1]
        looks = Looks(queries, keys, start, start, stop, (mine, group))
        if not self.shared:
            return looks
        return _within(looks, self.layout, (self.first[queries], self.end[queries]), self.chosen.everywhere)

    def _hits(self, asks: np.ndarray, sizes: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Which keys match, of so many for each query that asks."""
        found = self.matches(asks, sizes, keys)
        if self.ties is not None:
            found = found | ((keys < np.repeat(asks, sizes)) & self.ties(asks, sizes, keys))
        return np.flatnonzero(found)


def _numbered(local: Env, names: Iterable[str], size: int) -> tuple[np.ndarray, int]:
    """(a number below the second per position, the same where all these variables have the same values)."""
    found, most = np.zeros(size, np.int64), 1
    for name in names:
        code, count = codes(local[name])
        found, most = compact(found * count + code, most * count)
    return found, most
