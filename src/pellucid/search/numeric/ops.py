"""Element-wise operators on arrays, and routes and aggregates over the steps (the first but one axis of a block).

Values are float64; whole numbers are exact below `LARGEST`, and an array that goes beyond it counts as unusable (the
program itself works with Python's integers, so it has no such limit).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from pellucid.search.numeric.terms import How

LARGEST = 2.0**52
Array = np.ndarray


def _divide(a: Array, b: Array) -> Array:
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(a.shape, b.shape)), where=b != 0)


def _floor_divide(a: Array, b: Array) -> Array:
    return np.floor(_divide(a, b))


def _modulo(a: Array, b: Array) -> Array:
    # A floating quotient of whole numbers below 2**52 can round up to a whole number only where it is one or the
    # remainder is wrong by one divisor, which the correction puts right.
    rest = a - b * _floor_divide(a, b)
    return np.where(b == 0, 0.0, np.where((rest >= np.abs(b)) | (rest * np.sign(b) < 0), np.mod(a, b), rest))


OPERATIONS: dict[str, Callable[..., Array]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": _divide,
    "//": _floor_divide,
    "%": _modulo,
    "neg": np.negative,
    "abs": np.abs,
    "min": np.minimum,
    "max": np.maximum,
    "==": lambda a, b: (a == b).astype(float),
    "!=": lambda a, b: (a != b).astype(float),
    "<": lambda a, b: (a < b).astype(float),
    "<=": lambda a, b: (a <= b).astype(float),
    ">": lambda a, b: (a > b).astype(float),
    ">=": lambda a, b: (a >= b).astype(float),
    "and": lambda a, b: ((a != 0) & (b != 0)).astype(float),
    "or": lambda a, b: ((a != 0) | (b != 0)).astype(float),
    "not": lambda a: (a == 0).astype(float),
    "where": lambda c, a, b: np.where(c != 0, a, b),
    "floor": np.floor,
    "sqrt": lambda a: np.sqrt(np.where(a < 0, np.nan, a)),
    "isqrt": lambda a: np.floor(np.sqrt(np.where(a < 0, np.nan, a))),
    "zero": lambda a: (a == 0).astype(float),
    "square": np.square,
    "sin": np.sin,
    "cos": np.cos,
    "exp": np.exp,
    "log": lambda a: np.log(np.where(a <= 0, np.nan, a)),
    "sign": np.sign,
    "pow": lambda a, b: np.power(a, b),
}


def apply(name: str, *args: Array) -> Array:
    """An operator on arrays; undefined values are NaN or infinite."""
    with np.errstate(all="ignore"):
        if len(args) > 2 and name != "where":
            return reduce(OPERATIONS[name], args)
        return OPERATIONS[name](*args)


def usable(values: Array) -> bool:
    """Whether all values are finite and not too large."""
    return bool(np.isfinite(values).all() and (np.abs(values) <= LARGEST).all())


def shift(block: Array, amount: int, default: float = 0.0) -> Array:
    """Values `amount` steps back. block: [..., steps, examples]."""
    out = np.full_like(block, default)
    if amount < block.shape[-2]:
        out[..., amount:, :] = block[..., : block.shape[-2] - amount, :]
    return out


def first(block: Array) -> Array:
    """Values of the first step."""
    return np.broadcast_to(block[..., :1, :], block.shape).copy()


def run(how: How, block: Array, window: int | None = None) -> Array:
    """An aggregate over the steps so far, or the last `window` ones. block: [..., steps, examples]."""
    with np.errstate(all="ignore"):
        if how == "sum":
            total = np.cumsum(block, -2)
            return total if window is None else total - shift(total, window)
        if how == "mean":
            steps = np.arange(1.0, block.shape[-2] + 1)[:, None]
            return run("sum", block, window) / (steps if window is None else np.minimum(steps, window))
        if how in ("min", "max"):
            ufunc = np.minimum if how == "min" else np.maximum
            if window is None:
                return ufunc.accumulate(block, -2)
            found = block
            for back in range(1, window):
                found = ufunc(found, shift(block, back, np.inf if how == "min" else -np.inf))
            return found
    return _mode(block, window)


def _mode(block: Array, window: int | None) -> Array:
    """The most frequent value, the smallest of equally frequent ones; NaN where there are too many values."""
    values = np.unique(block)
    if len(values) > 32:
        return np.full_like(block, np.nan)
    best, most = np.zeros_like(block), np.zeros_like(block)
    for value in values:
        count = run("sum", (block == value).astype(float), window)
        better = count > most
        best, most = np.where(better, value, best), np.where(better, count, most)
    return best


def last_where(block: Array, where: Array, reach: int, default: float = 0.0) -> Array:
    """Values at the last step (before this one with `reach` 1) where `where` is not 0. Both: [..., steps, examples]."""
    steps = np.arange(block.shape[-2])[:, None]
    at = np.maximum.accumulate(np.where(where != 0, steps, -1), -2)
    at = shift(at, 1, -1) if reach else at
    found = np.take_along_axis(np.broadcast_to(block, at.shape), np.maximum(at, 0), -2)
    return np.where(at < 0, default, found)


def extreme(block: Array, key: Array, largest: bool, window: int | None) -> Array:
    """Values where the key is extreme over the steps so far or the last `window`; the first of equal ones."""
    steps = block.shape[-2]
    out = np.empty_like(block)
    for step in range(steps):
        begin = 0 if window is None else max(0, step - window + 1)
        part = key[..., begin : step + 1, :]
        at = (part.argmax(-2) if largest else part.argmin(-2))[..., None, :]
        out[..., step, :] = np.take_along_axis(block[..., begin : step + 1, :], at, -2)[..., 0, :]
    return out
