"""Operators on NumPy arrays, with Python's numbers: int64 while nothing can overflow, float64, or objects.

An array of objects holds Python ints and floats; operators on one go number by number, exactly as the emitted text
does. Where an int64 result might not fit, or an int and a float could not be compared exactly, objects take over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce

import numpy as np

from pellucid.program.numeric.expression import COMPARISONS, SCALAR, Apply, Const, Expression, Number, Var

SAFE = 2**62
EXACT = 2**53  # up to here floats hold every whole number


def constant(value: int | float | Fraction) -> np.ndarray:
    """A number as an array without axes."""
    if isinstance(value, Fraction):
        value = float(value)
    return np.asarray(value, object if isinstance(value, int) and abs(value) >= SAFE else None)


def as_objects(values: np.ndarray) -> np.ndarray:
    """Python numbers instead of NumPy's."""
    return values.astype(object)


def settled(values: np.ndarray) -> np.ndarray:
    """An array of objects as int64 or float64, where its numbers allow."""
    if values.dtype != object:
        return values
    kinds = {type(v) for v in values.flat}
    if kinds <= {int} and largest(values) < 2**63:
        return values.astype(np.int64)
    return values.astype(np.float64) if kinds == {float} else values


def largest(values: np.ndarray) -> int:
    """The largest absolute value, of whole numbers."""
    return max(-int(values.min()), int(values.max())) if values.size else 0


def evaluate(expression: Expression, values: dict[str, np.ndarray] | Callable[[str], np.ndarray]) -> np.ndarray:
    """Value of an expression on arrays of one shape."""
    read = values.__getitem__ if isinstance(values, dict) else values
    match expression:
        case Var(name):
            return read(name)
        case Const(value):
            return constant(value)
        case Apply("pow", (base, Const(int(power)))):
            return _pow(evaluate(base, read), power)
        case Apply(op, args):
            return apply(op, *(evaluate(arg, read) for arg in args))


def apply(op: str, *args: np.ndarray) -> np.ndarray:
    """One operator of `expression.OPERATORS` but `pow`, on arrays that broadcast together."""
    if op in FOLDED and len(args) > 2:
        return reduce(lambda a, b: apply(op, a, b), args)
    if not any(a.dtype == object for a in args):
        with np.errstate(all="ignore"):
            result = FAST[op](*args)
        if result is not None:
            return result
    return by_number(SCALAR[op], *args)


def by_number(function: Callable[..., Number], *args: np.ndarray) -> np.ndarray:
    """A function of Python numbers on each element; gives objects."""
    with np.errstate(all="ignore"):  # NumPy warns when Python's own floats become infinite
        return np.asarray(np.frompyfunc(function, len(args), 1)(*map(as_objects, args)), object)


def join(parts: Sequence[np.ndarray], axis: int | None = None) -> np.ndarray:
    """Arrays of different types put together along an axis, or along a new last one, without losing a digit."""
    if len({p.dtype for p in parts}) > 1 and not _comparable(*parts):
        parts = [*map(as_objects, parts)]
    return np.stack(parts, -1) if axis is None else np.concatenate(parts, axis)


def choose(condition: np.ndarray, yes: np.ndarray, no: np.ndarray) -> np.ndarray:
    """`yes` where the condition is not 0, else `no`."""
    if not _comparable(yes, no):
        yes, no = as_objects(yes), as_objects(no)
    return np.where(truth(condition), yes, no)


def truth(values: np.ndarray) -> np.ndarray:
    """Where numbers are not 0."""
    return np.asarray(values != 0, bool)


def ratio(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The float total / count, for counts that are not 0."""
    if total.dtype == np.int64 and largest(total) > EXACT:
        total = as_objects(total)
    return np.asarray(total / count)


def running_sum(values: np.ndarray) -> np.ndarray:
    """Sums along the last axis, from left to right."""
    if values.dtype == np.int64 and largest(values) * max(values.shape[-1], 1) >= SAFE:
        values = as_objects(values)
    with np.errstate(all="ignore"):
        return np.add.accumulate(values, axis=-1)


def _comparable(*arrays: np.ndarray) -> bool:
    """Whether whole numbers among floats can be floats themselves."""
    floats = any(a.dtype == np.float64 for a in arrays)
    return not floats or all(a.dtype == np.float64 or (a.dtype != object and largest(a) <= EXACT) for a in arrays)


def _whole(*arrays: np.ndarray) -> bool:
    return all(a.dtype == np.int64 for a in arrays)


def _pow(base: np.ndarray, power: int) -> np.ndarray:
    if base.dtype == np.float64 or (base.dtype == np.int64 and largest(base) ** power < SAFE):
        with np.errstate(all="ignore"):
            return np.asarray(base**power)
    return by_number(lambda value: SCALAR["pow"](value, power), base)


def _bounded(function: Callable, bound: Callable[[int, int], int]) -> Callable:
    """None where the operator on whole numbers might leave 64 bits."""

    def run(a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
        if _whole(a, b) and bound(largest(a), largest(b)) >= SAFE:
            return None
        return np.asarray(function(a, b))

    return run


def _compared(function: Callable, kind: type | None = None) -> Callable:
    def run(a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
        if not _comparable(a, b):
            return None
        result = np.asarray(function(a, b))
        return result if kind is None else result.astype(kind)

    return run


def _unless_zero(function: Callable) -> Callable:
    def run(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        zero = b == 0
        return np.where(zero, 0, function(a, np.where(zero, 1, b)))

    return run


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
    if _whole(a, b):
        if max(largest(a), largest(b)) > EXACT:
            return None
        if not np.any(_remainder(a, b)):
            return _quotient(a, b)
    return _unless_zero(np.true_divide)(a, b)


def _floor(a: np.ndarray) -> np.ndarray | None:
    if a.dtype == np.int64:
        return a
    whole = np.floor(a)
    return whole.astype(np.int64) if np.all(np.abs(whole) < SAFE) else None


def _smooth(function: Callable) -> Callable:
    return lambda a: np.asarray(function(a.astype(np.float64)))


_quotient, _remainder = _unless_zero(np.floor_divide), _unless_zero(np.remainder)
_product = _bounded(np.multiply, lambda a, b: a * b)
FOLDED = ("+", "*", "min", "max", "and", "or")
FAST: dict[str, Callable] = {
    "+": _bounded(np.add, lambda a, b: a + b), "-": _bounded(np.subtract, lambda a, b: a + b), "*": _product,
    "/": _divide, "//": _quotient, "%": _remainder, "neg": lambda a: np.asarray(-a), "abs": np.abs,
    "min": _compared(np.minimum), "max": _compared(np.maximum),
    **{op: _compared(function, np.int64) for op, function in zip(
        COMPARISONS, (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal), strict=True)},
    "and": lambda a, b: (truth(a) & truth(b)).astype(np.int64),
    "or": lambda a, b: (truth(a) | truth(b)).astype(np.int64),
    "not": lambda a: (~truth(a)).astype(np.int64), "where": choose, "floor": _floor,
    "sqrt": _smooth(lambda a: np.sqrt(np.maximum(a, 0))), "sin": _smooth(np.sin), "cos": _smooth(np.cos),
    "exp": _smooth(np.exp), "log": _smooth(lambda a: np.where(a > 0, np.log(np.where(a > 0, a, 1)), 0)),
    "square": lambda a: _product(a, a), "sign": lambda a: (a > 0).astype(np.int64) - (a < 0),
}  # fmt: skip
