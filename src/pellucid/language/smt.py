"""Aggregates on terms of a solver: which positions are picked is a truth each, what stands there a term.

Functions take the builder of terms (see `verify.symbolic.terms`), the truths, and what would be picked if all held; at
least one does, by the time the result counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Smt = Callable[..., Any]


def count(z: Any, hits: Sequence[Any], _: Any) -> Any:
    """How many hold."""
    return z.total(hits)


def added(z: Any, hits: Sequence[Any], p: Any) -> Any:
    """The sum."""
    return z.total(z.If(hit, value, 0) for hit, value in zip(hits, p.values, strict=True))


def distinct(z: Any, hits: Sequence[Any], p: Any) -> Any:
    """How many different values: those that stand nowhere before."""
    pairs = list(zip(hits, p.values, strict=True))
    return z.total(z.And(h, z.Not(z.Or(*(z.And(g, w == v) for g, w in pairs[:i])))) for i, (h, v) in enumerate(pairs))


def first(z: Any, hits: Sequence[Any], p: Any) -> Any:
    """The leftmost."""
    return z.first(list(zip(hits, p.values, strict=True)), p.values[-1])


def last(z: Any, hits: Sequence[Any], p: Any) -> Any:
    """The rightmost."""
    return z.first(list(zip(hits, p.values, strict=True))[::-1], p.values[0])


def nearest(z: Any, hits: Sequence[Any], p: Any) -> Any:
    """The nearest, the left of two as near, the position itself only if alone."""
    places = [(j == p.here, abs(j - p.here), j > p.here) for j in p.positions]
    order = sorted(range(len(hits)), key=places.__getitem__)
    return z.first([(hits[n], p.values[n]) for n in order], p.values[order[-1]])


def extreme(better: Callable[[Any, Any], Any], by_key: bool = False) -> Smt:
    """The value whose key (or it itself) is better than those before and no worse than those after."""

    def term(z: Any, hits: Sequence[Any], p: Any) -> Any:
        keys = p.keys if by_key else p.values
        some, best, found = hits[0], keys[0], p.values[0]
        for hit, key, value in zip(hits[1:], keys[1:], p.values[1:], strict=True):
            wins = z.And(hit, z.Or(z.Not(some), better(key, best)))
            some, best, found = z.Or(some, hit), z.If(wins, key, best), z.If(wins, value, found)
        return found

    return term


def mode(z: Any, hits: Sequence[Any], p: Any) -> Any:
    """The most frequent value, the smallest of equally frequent ones."""
    pairs = list(zip(hits, p.values, strict=True))
    most, found = z.term(0), p.values[0]
    for hit, value in pairs:
        times = z.total(z.And(h, v == value) for h, v in pairs)
        wins = z.And(hit, z.Or(times > most, z.And(times == most, value < found)))
        most, found = z.If(wins, times, most), z.If(wins, value, found)
    return found


def ranked(z: Any, hits: Sequence[Any], p: Any) -> Any:
    """The k-th smallest, nothing where there are not that many."""
    pairs = list(zip(hits, p.values, strict=True))

    def before(i: int, j: int) -> Any:
        (hit, other), value = pairs[i], pairs[j][1]
        return z.And(hit, other <= value if i < j else other < value)

    places = [z.total(before(i, j) for i in range(len(pairs)) if i != j) for j in range(len(pairs))]
    cases = [(z.And(hit, place == p.query), value) for (hit, value), place in zip(pairs, places, strict=True)]
    return z.first(cases, z.term(None))
