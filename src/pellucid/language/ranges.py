"""Aggregates on NumPy arrays: for many queries at once, each looking at a stretch of a list of positions.

Each function here is the array meaning of a row of `aggregates`: equal to its `meaning`, or None where arrays cannot
tell it exactly; the rows' own meaning on Python values takes over then. Nothing is ever subtracted from a real sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pellucid.language.arrays import EXACT, SAFE, largest

Batch = Callable[["Ranges"], np.ndarray | None]
CELLS = 2_000_000  # of a table of counts, held at once


@dataclass(frozen=True)
class Ranges:
    """What queries look at: each at list[low:high], which is never empty.

    Args:
        values, keys: of the value, and of what orders it, in the list: numbers, or codes in the order of what they
            stand for; None where there are none, or where they are neither.
        start: where the group of a query begins: a query looks at none before that.
        low, high: int64 [queries].
        standing: (where the elements stand, rising along the list; where each query stands), told when it is asked
            for; in a group differences are distances.
        query: what orders, at the query; None where there is none.
    """

    values: np.ndarray | None
    keys: np.ndarray | None
    start: np.ndarray
    low: np.ndarray
    high: np.ndarray
    standing: Callable[[], tuple[np.ndarray, np.ndarray]]
    query: np.ndarray | None = None

    @cached_property
    def are_prefixes(self) -> bool:
        """Whether each query looks at all of its group up to some element."""
        return bool(np.array_equal(self.low, self.start))

    @cached_property
    def groups(self) -> tuple[np.ndarray, np.ndarray]:
        """(begin, end) of each group, as far as any query looks; in order."""
        begins, which = np.unique(self.start, return_inverse=True)
        ends = np.zeros(len(begins), np.int64)
        np.maximum.at(ends, which, self.high)
        return begins, ends

    @cached_property
    def different(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(low, high) of the different stretches, the longest first; and which of them each query looks at."""
        order = np.lexsort((self.low, self.low - self.high))
        low, high = self.low[order], self.high[order]
        new = np.concatenate([[True], (low[1:] != low[:-1]) | (high[1:] != high[:-1])])[: len(low)]
        which = np.empty(len(low), np.int64)
        which[order] = np.cumsum(new) - 1
        return low[new], high[new], which


def comparable(values: np.ndarray) -> bool:
    """Whether arrays order the values as Python does: no objects, no "not a number"."""
    return values.dtype != object and not (values.dtype == np.float64 and np.isnan(values).any())


def count(r: Ranges) -> np.ndarray:
    """How many there are."""
    return r.high - r.low


def first(r: Ranges) -> np.ndarray:
    """The leftmost."""
    return r.low


def last(r: Ranges) -> np.ndarray:
    """The rightmost."""
    return r.high - 1


def nearest(r: Ranges) -> np.ndarray:
    """The nearest other one, the left of two as near; the position itself if alone."""
    order, here = r.standing()
    own, most = np.searchsorted(order, here), len(order) - 1  # the first one from here on
    right = own + ((own < r.high) & (order[np.minimum(own, most)] == here))
    to_left = here - order[np.maximum(own - 1, 0)]
    to_right = order[np.minimum(right, most)] - here
    takes_left = (own > r.low) & ((right >= r.high) | (to_left <= to_right))
    return np.where(takes_left, own - 1, np.where(right < r.high, right, own))


def added(r: Ranges) -> np.ndarray | None:
    """The sum, of real numbers strictly from left to right."""
    if r.values is None or r.values.dtype == object:
        return None
    if r.values.dtype == np.int64:
        if largest(r.values) * len(r.values) >= SAFE:
            return None
        total = np.concatenate([[0], np.cumsum(r.values)])
        return total[r.high] - total[r.low]
    with np.errstate(all="ignore"):
        return folded(r, r.values, np.add)


def mean(r: Ranges) -> np.ndarray | None:
    """The sum divided by how many there are."""
    total = added(r)
    if total is None or (total.dtype == np.int64 and largest(total) > EXACT):
        return None
    return total / count(r)


def extreme(better: np.ufunc, by_key: bool = False) -> Batch:
    """The leftmost of the best, by value or by what orders; `better` gives the smaller, or the larger, of two."""
    wins = np.less if better is np.minimum else np.greater

    def chosen(r: Ranges) -> np.ndarray | None:
        keys = r.keys if by_key else r.values
        if keys is None or not comparable(keys):
            return None
        if r.are_prefixes:
            best = accumulated(r, keys, better)
            new = np.concatenate([[True], wins(keys[1:], best[:-1])])
            new[r.groups[0]] = True
            return np.maximum.accumulate(np.where(new, np.arange(len(keys)), 0))[r.high - 1]
        low, high, which = r.different
        found = low.copy()
        for active, place in _further(low, high):
            kept = found[:active]
            found[:active] = np.where(wins(keys[place], keys[kept]), place, kept)
        return found[which]

    return chosen


def folded(r: Ranges, values: np.ndarray, step: np.ufunc) -> np.ndarray:
    """`step` over the values of each stretch, strictly from left to right."""
    if r.are_prefixes:
        return accumulated(r, values, step)[r.high - 1]
    low, high, which = r.different
    total = values[low]
    for active, place in _further(low, high):
        total[:active] = step(total[:active], values[place])
    return total[which]


def _further(low: np.ndarray, high: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """For stretches, the longest first: how many go on, and their next element, from the second on."""
    sizes = high - low
    for offset in range(1, int(sizes[0]) if len(sizes) else 0):
        active = int(np.searchsorted(-sizes, -offset))  # those longer than this
        yield active, low[:active] + offset


def accumulated(r: Ranges, values: np.ndarray, step: np.ufunc) -> np.ndarray:
    """`step` over the values of each group up to each element, from left to right."""
    begins, ends = r.groups
    found, sizes = values.copy(), ends - begins
    for length in np.unique(sizes):
        if length > 1:
            block = begins[sizes == length][:, None] + np.arange(length)
            found[block] = step.accumulate(values[block], axis=1)
    return found


def distinct(r: Ranges) -> np.ndarray | None:
    """How many different values there are."""
    return _by_counts(r, lambda counts, _: (counts > 0).sum(1))


def most_frequent(r: Ranges) -> np.ndarray | None:
    """Some element with the most frequent value, the smallest of equally frequent ones."""
    return _by_counts(r, lambda counts, _: counts.argmax(1), True)


def ranked(r: Ranges) -> np.ndarray | None:
    """Some element with the k-th smallest value, -1 where there are not as many."""
    if r.query is None or r.query.dtype != np.int64:
        return None

    def places(counts: np.ndarray, k: np.ndarray) -> np.ndarray:
        reached = np.cumsum(counts, 1) > k[:, None]
        return np.where((k >= 0) & reached[:, -1], reached.argmax(1), -1)

    return _by_counts(r, places, True)


def _by_counts(r: Ranges, told: Callable, is_value: bool = False) -> np.ndarray | None:
    """`told` of how often each value stands in each stretch; None where there are too many different values."""
    if r.values is None or not comparable(r.values):
        return None
    different, places, codes = np.unique(r.values, return_index=True, return_inverse=True)
    width = len(different)
    if width * len(r.values) > 8 * CELLS:
        return None
    total = np.zeros((len(codes) + 1, width), np.int32)
    total[np.arange(1, len(codes) + 1), codes] = 1
    np.cumsum(total, axis=0, out=total)
    k = np.zeros(len(r.low), np.int64) if r.query is None else r.query
    found = np.empty(len(r.low), np.int64)
    step = max(1, CELLS // max(width, 1))
    for begin in range(0, len(found), step):
        part = slice(begin, begin + step)
        found[part] = told(total[r.high[part]] - total[r.low[part]], k[part])
    return np.where(found < 0, -1, places[found]) if is_value else found


Prefix = Callable[[np.ndarray, int | None], np.ndarray]
MOST_VALUES = 32  # of a block whose most frequent value is asked for


def shifted(block: np.ndarray, amount: int, default: float = 0.0) -> np.ndarray:
    """Values `amount` steps back."""
    out = np.full_like(block, default)
    if amount < block.shape[-2]:
        out[..., amount:, :] = block[..., : block.shape[-2] - amount, :]
    return out


def sums(block: np.ndarray, window: int | None) -> np.ndarray:
    """Sums; those of a window of reals are added up in the window, as the language does it."""
    if window is None:
        return np.cumsum(block, -2)
    if (np.floor(block) == block).all():
        total = np.cumsum(block, -2)
        return total - shifted(total, window)
    return sum((shifted(block, back) for back in range(window - 1, -1, -1)), np.zeros(()))


def means(block: np.ndarray, window: int | None) -> np.ndarray:
    """Means."""
    steps = np.arange(1.0, block.shape[-2] + 1)[:, None]
    return sums(block, window) / (steps if window is None else np.minimum(steps, window))


def extremes(ufunc: np.ufunc, beyond: float) -> Prefix:
    """The smallest or the largest; `beyond`: the value that never is."""

    def prefix(block: np.ndarray, window: int | None) -> np.ndarray:
        if window is None:
            return ufunc.accumulate(block, -2)
        found = block
        for back in range(1, window):
            found = ufunc(found, shifted(block, back, beyond))
        return found

    return prefix


def firsts(block: np.ndarray, window: int | None) -> np.ndarray:
    """The first value."""
    out = np.broadcast_to(block[..., :1, :], block.shape).copy()
    if window is not None and window <= block.shape[-2]:
        out[..., window - 1 :, :] = block[..., : block.shape[-2] - window + 1, :]
    return out


def lasts(block: np.ndarray, window: int | None) -> np.ndarray:
    """The last value: this one."""
    del window
    return block.copy()


def modes(block: np.ndarray, window: int | None) -> np.ndarray:
    """The most frequent value, the smallest of equally frequent ones; NaN where there are too many values."""
    values = np.unique(block)
    if len(values) > MOST_VALUES:
        return np.full_like(block, np.nan)
    best, most = np.zeros_like(block), np.zeros_like(block)
    for value in values:
        count = sums((block == value).astype(float), window)
        better = count > most
        best, most = np.where(better, value, best), np.where(better, count, most)
    return best
