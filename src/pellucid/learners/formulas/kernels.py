"""Values of operators and aggregates on float64 arrays, from the rows of the language's tables.

Whole numbers are exact below `LARGEST`; what a row cannot give on floats is tried on int64, else it is not a number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from pellucid.language.aggregates import AGGREGATES, Aggregation, Picked
from pellucid.language.operators import OPERATORS, Operator
from pellucid.language.operators import apply as meaning
from pellucid.language.ranges import shifted

Array = np.ndarray
LARGEST = 2.0**52


def apply(name: str, *args: Array) -> Array:
    """An operator on arrays; where it has no number, NaN or infinite."""
    row = OPERATORS[name]
    with np.errstate(all="ignore"):
        if len(args) > 2 and row.folds:
            return reduce(lambda a, b: _applied(row, (a, b)), args)
        return _applied(row, args)


def _applied(row: Operator, args: tuple[Array, ...]) -> Array:
    if row.kernel is not None:
        return row.kernel(*args)
    found = None if row.batch is None else row.batch(*args)
    if found is None:
        whole = all(usable(a) and bool((np.floor(a) == a).all()) for a in args)
        given = [a.astype(np.int64) for a in args] if whole else args
        found = row.batch(*given) if whole and row.batch is not None else None
        if found is None:
            found = _one_by_one(row.name, given)
    return found.astype(np.float64, copy=False)


def _one_by_one(name: str, args: Sequence[Array]) -> Array:
    def value(*items: Any) -> float:
        try:
            found = meaning(name, [i.item() if isinstance(i, np.generic) else i for i in items])
        except TypeError:
            return np.nan
        return found if isinstance(found, int | float) else np.nan

    return np.vectorize(value, otypes=[np.float64])(*args)


def usable(values: Array) -> bool:
    """Whether all values are finite and not too large."""
    return bool((np.abs(values) <= LARGEST).all())


def over(how: str, block: Array, window: int | None = None) -> Array:
    """An aggregate over the steps so far, or the last `window` ones. block: [..., steps, sequences]."""
    row = AGGREGATES[how]
    with np.errstate(all="ignore"):
        return row.prefix(block, window) if row.prefix is not None else _slow(row, block, window)


def _slow(row: Aggregation, block: Array, window: int | None) -> Array:
    """By the row's meaning, value by value."""
    whole = usable(block) and bool((np.floor(block) == block).all())
    flat = np.moveaxis(block.astype(np.int64) if whole else block, -2, -1)
    out = np.empty(flat.shape)
    for index in np.ndindex(flat.shape[:-1]):
        values = flat[index].tolist()
        for step in range(len(values)):
            first = 0 if window is None else max(0, step - window + 1)
            places = range(first, step + 1)
            found = row.meaning(Picked(values[first : step + 1], values[first : step + 1], places, step))
            out[(*index, step)] = found if isinstance(found, int | float) else np.nan
    return np.moveaxis(out, -1, -2)


def last_where(block: Array, where: Array, before: bool, default: float = 0.0) -> Array:
    """Values at the last step (`before`: before this one) where `where` is not 0. Both: [..., steps, sequences]."""
    steps = np.arange(block.shape[-2])[:, None]
    at = np.maximum.accumulate(np.where(where != 0, steps, -1), -2)
    at = shifted(at, 1, -1) if before else at
    found = np.take_along_axis(np.broadcast_to(block, at.shape), np.maximum(at, 0), -2)
    return np.where(at < 0, default, found)


def ranked(block: Array, rank: Array, window: int | None, default: float = 0.0) -> Array:
    """The values of a rank, from 0, over the steps so far or the last `window`. Both: [..., steps, sequences]."""
    out = np.full(block.shape, default)
    for step in range(block.shape[-2]):
        values = np.sort(block[..., 0 if window is None else max(0, step - window + 1) : step + 1, :], -2)
        at = rank[..., step : step + 1, :].astype(np.int64)
        known = (at >= 0) & (at < values.shape[-2])
        found = np.take_along_axis(values, np.where(known, at, 0), -2)
        out[..., step, :] = np.where(known, found, default)[..., 0, :]
    return out


def extreme(how: str, block: Array, key: Array, window: int | None) -> Array:
    """Values where the key is extreme over the steps so far or the last `window`; the first of equal ones."""
    steps, out = block.shape[-2], np.empty_like(block)
    pick: Callable = np.argmax if how == "argmax" else np.argmin
    for step in range(steps):
        first = 0 if window is None else max(0, step - window + 1)
        at = pick(key[..., first : step + 1, :], axis=-2)[..., None, :]
        out[..., step, :] = np.take_along_axis(block[..., first : step + 1, :], at, -2)[..., 0, :]
    return out
