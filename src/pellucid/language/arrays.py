"""Operators on NumPy arrays of numbers, with Python's results: int64 while nothing can overflow, float64, or None.

A function here gives None where int64 or float64 cannot hold the exact result; exact objects then take over.
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


def compared(function: Callable, kind: type | None = None) -> Batch:
    """The function, unless an int and a float could not be compared exactly; its result of the type given."""

    def run(a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
        if not comparable(a, b):
            return None
        result = np.asarray(function(a, b))
        return result if kind is None else result.astype(kind)

    return run


def unless_zero(function: Callable) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """The function of two arrays; 0 where the second is 0."""

    def run(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        zero = b == 0
        return np.where(zero, 0, function(a, np.where(zero, 1, b)))

    return run


def whole_only(function: Callable) -> Batch:
    """The function on int64 arrays alone."""
    return lambda *arrays: np.asarray(function(*arrays)) if are_whole(*arrays) else None


def smooth(function: Callable) -> Batch:
    """The function on float64."""
    return lambda a: np.asarray(function(a.astype(np.float64)))


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
    """a / b: whole where both are and it divides everywhere; None where it does for some and not for others."""
    if are_whole(a, b):
        if max(largest(a), largest(b)) > EXACT:
            return None
        rest = np.asarray(remainder(a, b)) != 0
        if not rest.any():
            return np.asarray(quotient(a, b))
        if not rest.all():
            return None
    return np.asarray(unless_zero(np.true_divide)(a, b))


def power(base: np.ndarray, exponent: np.ndarray) -> np.ndarray | None:
    """base ** n for one constant whole exponent."""
    if exponent.size != 1 or exponent.dtype != np.int64:
        return None
    n = int(exponent.reshape(()))
    if base.dtype == np.float64 or (base.dtype == np.int64 and largest(base) ** n < SAFE):
        return np.asarray(base**n)
    return None


def chosen(condition: np.ndarray, yes: np.ndarray, no: np.ndarray) -> np.ndarray | None:
    """`yes` where the condition is not 0, else `no`."""
    return np.where(truth(condition), yes, no) if comparable(yes, no) else None
