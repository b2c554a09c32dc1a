"""What is made of the positions that attention picks: one row each, with everything that is to be known of it.

A position where the value (or what orders it) is nothing is not picked; where no position is left, the result is the
node's default. The rows that count have no value and no default: they give 0 then.

To add one, add a row: interpreters, emitter, JSON, explanations, proofs and searches read this table.
"""

from __future__ import annotations

import math
import operator
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pellucid.language import ranges
from pellucid.language.ranges import Batch, Prefix
from pellucid.language.types import INF, Numbers, Type, Value, whole

By = Literal["", "key", "query"]


@dataclass(frozen=True)
class Picked:
    """What an aggregate is given at one position: at least one pick.

    values, keys: of the value, and of what orders it, at each picked position from left to right. positions: those.
    here: the position itself. query: what orders it, there.
    """

    values: Sequence[Any]
    keys: Sequence[Any]
    positions: Sequence[int]
    here: int
    query: Value = None


@dataclass(frozen=True)
class Aggregation:
    """A row of the table.

    Args:
        name: as in `Aggregate.how`.
        meaning: the result for what is picked.
        rule: type of the result from that of the value. Raises `TypeError` for one it cannot take.
        python: the built-in function of the values that it is, of floats only where there is none `pasted`.
        pasted: a function that stands alone for it in a text, of the values; of (key, value) pairs where a variable at
            the keys orders; of values, the query's value and the default where that orders. Without either, `meaning`
            is pasted.
        defaults: `python` takes `default=` for no values.
        words: how explanations tell it, with `{value}`, `{by}`; which positions are meant (the keys) follows.
        reads: whether it takes a value; counting does not.
        by: whether it takes a variable that orders, at the keys or at the query.
        picks: it gives the value of one of the positions, unchanged.
        running: new state from the state (None at first), one more value, and what orders it at the keys: the meaning
            over a growing prefix; it must not hang on the positions, nor on the query. Python's own numbers.
        result: the result from such a state; None: the state is it.
        recent: only so many of the latest positions that match matter to a query that looks back; None: all may.
        batch: the meaning on arrays, for many queries at once; None there: they cannot hold it. Without one, `running`
            or `meaning` is applied query by query.
        chosen: instead of `batch`, the place in the list whose value it is, -1 for nothing.
        prefix: the meaning over all steps so far, or the last so many, on float64 arrays [..., steps, sequences], for
            searches; without one, a search tries it on the inputs alone, value by value.
        noun: how names of variables call the result, with `{value}`, `{by}`; without one as `words`.
        price: what a use costs in a search.
        searched: whether searches try it.
        smt: the meaning on terms of the solver, `smt(solver, hits, picked)`: which of all that might be picked is, and
            all that; None: cannot be proved about.
    """

    name: str
    meaning: Callable[[Picked], Value]
    rule: Callable[[Type], Type]
    words: str
    python: str | None = None
    pasted: Callable | None = None
    defaults: bool = False
    reads: bool = True
    by: By = ""
    picks: bool = False
    running: Callable[[Any, Any, Any], Any] | None = None
    result: Callable[[Any], Value] | None = None
    recent: int | None = None
    batch: Batch | None = None
    chosen: Batch | None = None
    prefix: Prefix | None = None
    noun: str = ""
    price: float = 1.0
    searched: bool = True
    smt: Callable[..., Any] | None = None

    @property
    def alone(self) -> bool:
        """Whether what it makes of one value is that value."""
        return self.picks or self.name in ("min", "max", "mode")


def added(values):
    """The sum from left to right; `sum` rounds otherwise from Python 3.12 on."""
    total = 0
    for value in values:
        total = total + value
    return total


def mean(values):
    """The mean, added up from left to right."""
    total = count = 0
    for value in values:
        total = total + value
        count += 1
    return ratio(total, count)


def ratio(total, count):
    """The quotient of a sum; "not a number" where it is beyond all floats."""
    try:
        return total / count
    except OverflowError:
        return math.nan


def most_frequent(values):
    """The most frequent value, the smallest of equally frequent ones."""
    counts = Counter(values)
    most = max(counts.values())
    return min(v for v in counts if counts[v] == most)


def _nearest(p: Picked) -> Value:
    """The nearest one, the left of two as near; the position itself only if alone."""
    return min(zip(p.positions, p.values, strict=True), key=lambda pair: _distance(pair[0], p.here))[1]


def _distance(j: int, here: int) -> tuple[bool, int, bool]:
    return j == here, abs(j - here), j > here


def distinct(values):
    """How many different values there are."""
    return len(set(values))


def argmax(pairs):
    """The value with the largest key, the first of equal ones."""
    return max(pairs, key=lambda pair: pair[0])[1]


def argmin(pairs):
    """The value with the smallest key, the first of equal ones."""
    return min(pairs, key=lambda pair: pair[0])[1]


def ranked(values, k, default=None):
    """The k-th smallest, k from 0; the default if there is none."""
    values = sorted(values)
    return values[k] if type(k) is int and 0 <= k < len(values) else default


def _same(t: Type) -> Type:
    return t


def _one_kind(t: Type) -> Type:
    if t.texts and t.numbers:
        raise TypeError(f"expected texts or numbers, not both; got {t}")
    return t


def _numbers(t: Type) -> Numbers:
    if t.texts:
        raise TypeError(f"expected numbers, got {t}")
    return t.numbers or Numbers(0, 0, True)


def _sum(t: Type) -> Type:
    n = _numbers(t)
    return Type((), Numbers(0 if n.low >= 0 else -INF, 0 if n.high <= 0 else INF, n.whole))


def _average(t: Type) -> Type:
    n = _numbers(t)
    return Type((), Numbers(n.low, n.high)) if n.whole else _sum(t)  # real ones may be rounded up at every addition


def _counted(state: tuple[Counter, Any] | None, value: Any, _: Any) -> tuple[Counter, Any]:
    counts, most = state or (Counter(), value)
    counts[value] += 1
    return counts, min(most, value, key=lambda v: (-counts[v], v))


def _gathered(state: set | None, value: Any, _: Any) -> set:
    found = set() if state is None else state
    found.add(value)
    return found


def _kept(better: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Any], Any]:
    """(value, key) of the first one whose key no other is better than."""
    return lambda state, value, key: state if state and not better(key, state[1]) else (value, key)


# ---------------------------------------------------------------- on terms of a solver

# Of the builder of terms (see `verify.terms`), a truth for each position that might be picked, and what would be picked
# if all held; at least one does, by the time the result counts.

Smt = Callable[..., Any]


def smt_count(z: Any, hits: Sequence[Any], _: Any) -> Any:
    """How many hold."""
    return z.total(hits)


def smt_added(z: Any, hits: Sequence[Any], p: Any) -> Any:
    """The sum."""
    return z.total(z.If(hit, value, 0) for hit, value in zip(hits, p.values, strict=True))


def smt_distinct(z: Any, hits: Sequence[Any], p: Any) -> Any:
    """How many different values: those that stand nowhere before."""
    pairs = list(zip(hits, p.values, strict=True))
    return z.total(z.And(h, z.Not(z.Or(*(z.And(g, w == v) for g, w in pairs[:i])))) for i, (h, v) in enumerate(pairs))


def smt_first(rank: Callable[[int, int], Any]) -> Smt:
    """The one of the least rank, by its position and the query's."""

    def term(z: Any, hits: Sequence[Any], p: Any) -> Any:
        order = sorted(range(len(hits)), key=lambda n: rank(p.positions[n], p.here))
        return z.first([(hits[n], p.values[n]) for n in order], p.values[order[-1]])

    return term


def smt_extreme(better: Callable[[Any, Any], Any], by_key: bool = False) -> Smt:
    """The value whose key (or it itself) is better than those before and no worse than those after."""

    def term(z: Any, hits: Sequence[Any], p: Any) -> Any:
        keys = p.keys if by_key else p.values
        some, best, found = hits[0], keys[0], p.values[0]
        for hit, key, value in zip(hits[1:], keys[1:], p.values[1:], strict=True):
            wins = z.And(hit, z.Or(z.Not(some), better(key, best)))
            some, best, found = z.Or(some, hit), z.If(wins, key, best), z.If(wins, value, found)
        return found

    return term


def smt_mode(z: Any, hits: Sequence[Any], p: Any) -> Any:
    """The most frequent value, the smallest of equally frequent ones."""
    pairs = list(zip(hits, p.values, strict=True))
    most, found = z.term(0), p.values[0]
    for hit, value in pairs:
        times = z.total(z.And(h, v == value) for h, v in pairs)
        wins = z.And(hit, z.Or(times > most, z.And(times == most, value < found)))
        most, found = z.If(wins, times, most), z.If(wins, value, found)
    return found


def smt_ranked(z: Any, hits: Sequence[Any], p: Any) -> Any:
    """The k-th smallest, nothing where there are not that many."""
    pairs = list(zip(hits, p.values, strict=True))

    def before(i: int, j: int) -> Any:
        (hit, other), value = pairs[i], pairs[j][1]
        return z.And(hit, other <= value if i < j else other < value)

    places = [z.total(before(i, j) for i in range(len(pairs)) if i != j) for j in range(len(pairs))]
    cases = [(z.And(hit, place == p.query), value) for (hit, value), place in zip(pairs, places, strict=True)]
    return z.first(cases, z.term(None))


AGGREGATES: Mapping[str, Aggregation] = {row.name: row for row in (
    Aggregation("count", lambda p: len(p.positions), lambda t: whole(0), "number of keys",
                reads=False, running=lambda state, _, __: (state or 0) + 1, batch=ranges.count, smt=smt_count),
    Aggregation("any", lambda p: 1, lambda t: whole(0, 1), "whether there is a key", reads=False,
                running=lambda *_: 1, batch=lambda r: np.ones(len(r.low), np.int64),
                smt=lambda z, hits, _: z.Or(*hits)),
    Aggregation("sum", lambda p: added(p.values), _sum, "sum of {value}", "sum", added,
                running=lambda state, value, _: (state or 0) + value, batch=ranges.added, prefix=ranges.sums,
                smt=smt_added, noun="total {value}"),
    Aggregation("mean", lambda p: mean(p.values), _average, "mean of {value}", pasted=mean, batch=ranges.mean,
                running=lambda state, value, _: (state[0] + value, state[1] + 1) if state else (0 + value, 1),
                result=lambda state: ratio(*state), prefix=ranges.means, noun="mean {value}"),
    Aggregation("min", lambda p: min(p.values), _one_kind, "smallest {value}", "min", defaults=True,
                running=lambda state, value, _: value if state is None else min(state, value),
                chosen=ranges.extreme(np.minimum), prefix=ranges.extremes(np.minimum, np.inf),
                smt=smt_extreme(operator.lt)),
    Aggregation("max", lambda p: max(p.values), _one_kind, "largest {value}", "max", defaults=True,
                running=lambda state, value, _: value if state is None else max(state, value),
                chosen=ranges.extreme(np.maximum), prefix=ranges.extremes(np.maximum, -np.inf),
                smt=smt_extreme(operator.gt)),
    Aggregation("first", lambda p: p.values[0], _same, "first {value}", picks=True,
                running=lambda state, value, _: value if state is None else state, chosen=ranges.first,
                prefix=ranges.firsts, smt=smt_first(lambda j, _: j)),
    Aggregation("last", lambda p: p.values[-1], _same, "last {value}", picks=True,
                running=lambda _, value, __: value, recent=1, chosen=ranges.last, prefix=ranges.lasts,
                smt=smt_first(lambda j, _: -j)),
    Aggregation("nearest", _nearest, _same, "nearest {value}", picks=True, recent=2, chosen=ranges.nearest,
                smt=smt_first(_distance)),
    Aggregation("argmax", lambda p: argmax(zip(p.keys, p.values, strict=True)), _same, "{value} at the largest {by}",
                pasted=argmax, by="key", picks=True, running=_kept(operator.gt), result=lambda state: state[0],
                chosen=ranges.extreme(np.maximum, by_key=True), smt=smt_extreme(operator.gt, by_key=True),
                noun="{value} at largest {by}"),
    Aggregation("argmin", lambda p: argmin(zip(p.keys, p.values, strict=True)), _same, "{value} at the smallest {by}",
                pasted=argmin, by="key", picks=True, running=_kept(operator.lt), result=lambda state: state[0],
                chosen=ranges.extreme(np.minimum, by_key=True), smt=smt_extreme(operator.lt, by_key=True),
                noun="{value} at smallest {by}"),
    Aggregation("mode", lambda p: most_frequent(p.values), _one_kind, "most frequent {value}", None,
                most_frequent, running=_counted, result=lambda state: state[1], chosen=ranges.most_frequent,
                prefix=ranges.modes, price=3.0, smt=smt_mode),
    Aggregation("distinct", lambda p: distinct(p.values), lambda t: whole(0), "number of different {value}",
                pasted=distinct, running=_gathered, result=len, batch=ranges.distinct, price=2.0, smt=smt_distinct,
                noun="distinct {value} count"),
    Aggregation("ranked", lambda p: ranked(p.values, p.query), lambda t: _one_kind(t).or_nothing(),
                "{value} of rank {by}, from 0 up", pasted=ranked, by="query", searched=False, chosen=ranges.ranked,
                smt=smt_ranked, noun="ranked {value}"),
)}  # fmt: skip


def aggregation(name: str) -> Aggregation:
    """The row of an aggregate.

    Raises:
        ValueError: there is none of this name.
    """
    if name not in AGGREGATES:
        raise ValueError(f"unknown aggregate {name!r:.60}; known: {' '.join(AGGREGATES)}")
    return AGGREGATES[name]
