"""Operators on NumPy arrays of numbers, with Python's results: int64 below 2**62, float64, or None.

A function here gives None where those cannot hold the exact result; exact objects then take over. Among floats a whole
number may be the float that equals it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SAFE = 2**62
EXACT = 2**53  # up to here floats hold every whole number
Batch = Callable[..., np.ndarray | None]


def largest(values: np.ndarray) -> int:
    """The largest absolute value, of whole numbers."""
    return max(-int(values.min()), int(values.max())) if values.size else 0


def comparable(*arrays: np.ndarray) -> bool:
    """Whether whole numbers among floats can be floats themselves."""
    floats = any(a.dtype == np.float64 for a in arrays)
    return not floats or all(a.dtype == np.float64 or (a.dtype != object and largest(a) <= EXACT) for a in arrays)


def are_whole(*arrays: np.ndarray) -> bool:
    """Whether all arrays hold int64."""
    return all(a.dtype == np.int64 for a in arrays)


def truth(values: np.ndarray) -> np.ndarray:
    """Where numbers are not 0."""
    return np.asarray(values != 0, bool)


def bounded(function: Callable, bound: Callable[[int, int], int]) -> Batch:
    """The function, unless a whole result might leave 64 bits."""

    def run(a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
        if are_whole(a, b) and bound(largest(a), largest(b)) >= SAFE:
            return None
        return np.asarray(function(a, b))

    return run


def compared(function: Callable) -> Batch:
    """0 or 1, unless an int and a float could not be compared exactly."""
    return lambda a, b: np.asarray(function(a, b), np.int64) if comparable(a, b) else None


def unless_zero(function: Callable) -> Batch:
    """The function of two arrays of finite numbers; 0 where the second is 0."""

    def run(a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
        if not all(x.dtype == np.int64 or np.isfinite(x).all() for x in (a, b)):
            return None
        zero = b == 0
        return np.where(zero, 0, function(a, np.where(zero, 1, b)))

    return run


def extreme(wins: Callable) -> Batch:
    """The one of two that wins, else the first, as Python's `min` and `max` have it for "not a number", too."""
    return lambda a, b: np.where(wins(b, a), b, a) if comparable(a, b) else None


def whole_only(function: Callable) -> Batch:
    """The function on int64 arrays alone."""
    return lambda *arrays: np.asarray(function(*arrays)) if are_whole(*arrays) else None


def each(function: Callable[[float], float]) -> Batch:
    """A function of Python's `math`, number by number: NumPy's own rounds otherwise, and not alike everywhere."""

    def run(a: np.ndarray) -> np.ndarray | None:
        try:
            return np.fromiter(map(function, a.ravel().tolist()), np.float64, a.size).reshape(a.shape)
        except (ArithmeticError, ValueError):
            return None

    return run


def root(a: np.ndarray) -> np.ndarray:
    """The square root, which every processor rounds alike; 0 where there is none."""
    return np.where(a > 0, np.sqrt(np.where(a > 0, a, 1)), 0.0)


def to_whole(function: Callable) -> Batch:
    """A function that rounds floats, to int64 where they fit."""

    def run(a: np.ndarray) -> np.ndarray | None:
        if a.dtype == np.int64:
            return a
        rounded = function(a)
        return rounded.astype(np.int64) if np.all(np.abs(rounded) < SAFE) else None

    return run


quotient, remainder = unless_zero(np.floor_divide), unless_zero(np.remainder)


def fast_quotient(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a // b on floats: one division, right for whole numbers below 2**52."""
    return np.floor(np.divide(a, b, out=np.zeros(np.broadcast_shapes(a.shape, b.shape)), where=b != 0))


def fast_remainder(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a % b on floats, likewise; where the quotient was rounded up, or the numbers are not whole, by `np.mod`."""
    a, b = np.broadcast_arrays(a, b)
    rest = a - b * fast_quotient(a, b)
    rest[b == 0] = 0
    wrong = ((rest >= np.abs(b)) & (b != 0)) | (rest * np.sign(b) < 0)
    if wrong.any():
        rest[wrong] = np.mod(a[wrong], b[wrong])
    return rest


plus = bounded(np.add, lambda a, b: a + b)
minus = bounded(np.subtract, lambda a, b: a + b)
times = bounded(np.multiply, lambda a, b: a * b)


def divided(a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
    """a / b as floats, also where both are whole and it divides."""
    if are_whole(a, b) and max(largest(a), largest(b)) > EXACT:
        return None
    zero = b == 0
    return np.where(zero, 0.0, np.true_divide(a, np.where(zero, 1, b)))


def power(base: np.ndarray, exponent: np.ndarray) -> np.ndarray | None:
    """base ** n for one constant whole exponent."""
    if exponent.size != 1 or exponent.dtype != np.int64:
        return None
    n = int(exponent.reshape(()))
    if base.dtype == np.float64:
        return each(lambda x: x**n)(base)
    return np.asarray(base**n) if largest(base) ** n < SAFE else None


def chosen(condition: np.ndarray, yes: np.ndarray, no: np.ndarray) -> np.ndarray | None:
    """`yes` where the condition is not 0, else `no`."""
    return np.where(truth(condition), yes, no) if comparable(yes, no) else None
