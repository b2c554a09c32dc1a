"""Numbers and rows of numbers from Python, checked one by one so that an error can say what is wrong and where."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.values import describe, is_sequence, show

Number = int | float
Rows = np.ndarray | list[list[Number]]  # [steps, columns]
LARGEST_INT = 2**63 - 1  # of a 64-bit integer
EXACT_FLOAT = 2**53  # whole numbers up to here are told apart by float64


def result_rows(value: Any, last: bool, where: str) -> Rows:
    """An output as rows; one row where there is one output per sequence."""
    if not last:
        return sequence_rows(value, where)
    row = _items(value) if is_sequence(value) else [value]
    if not row:
        raise PellucidError(f"{where}is empty; expected a number")
    return [[as_number(v, where) for v in row]]


def sequence_rows(value: Any, where: str) -> Rows:
    """A sequence as rows of equal length: checked Python numbers, or an array as it is once found good."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "if" and value.ndim in (1, 2) and value.size:
        return _finite(value.reshape(len(value), -1), where)
    if not is_sequence(value):
        raise PellucidError(f"{where}{describe(value)}; expected a list of numbers")
    steps = _items(value)
    if not steps:
        raise PellucidError(f"{where}is empty; expected at least one number")
    several = is_sequence(steps[0])
    rows = [_row(step, several, i, where) for i, step in enumerate(steps)]
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise PellucidError(
                f"{where}has {_numbers(row)} at step {i + 1}, {len(rows[0])} at step 1; "
                f"every step needs the same columns"
            )
    return rows


def _finite(array: np.ndarray, where: str) -> np.ndarray:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        step, column = np.argwhere(~np.isfinite(array))[0].tolist()
        as_number(array[step, column], f"{where}at step {step + 1}: ")
    return array


def _row(step: Any, several: bool, i: int, where: str) -> list[Number]:
    at = f"{where}at step {i + 1}: "
    if is_sequence(step) != several:
        form, other = ("a list", "a number") if not several else ("a number", "a list")
        if several:
            as_number(step, at)  # text or null is the better thing to complain about
        raise PellucidError(f"{at}{show(step)} is {form}, step 1 is {other}; every step needs the same columns")
    if not several:
        return [as_number(step, at)]
    row = [as_number(v, at) for v in _items(step)]
    if not row:
        raise PellucidError(f"{at}an empty list; expected at least one number")
    return row


def as_number(value: Any, where: str = "") -> Number:
    """The value as a plain `int` of 64 bits or a finite `float`.

    Raises:
        PellucidError: it is anything else; the message begins with `where`.
    """
    if type(value) is float or isinstance(value, (float, np.floating)):
        if not math.isfinite(value):
            raise PellucidError(f"{where}{float(value)} is not finite; expected numbers without NaN or infinity")
        return float(value)
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        if not -LARGEST_INT - 1 <= value <= LARGEST_INT:
            raise PellucidError(f"{where}{show(int(value), 40)} is beyond 64 bits; expected integers within +-2**63")
        return int(value)
    kind = f"{show(value)} is text" if isinstance(value, str) else describe(value)
    raise PellucidError(f"{where}{kind}; expected a number")


def common_width(rows: Sequence[Any], side: str, where: Callable[[int], str]) -> int:
    """Number of columns, the same in every example."""
    width = len(rows[0][0])
    for i, row in enumerate(rows):
        if len(row[0]) != width:
            raise PellucidError(
                f"{where(i)}{side} has {_numbers(row[0])} per step, the first example {width}; "
                f"every step needs the same columns"
            )
    return width


def typed_arrays(rows: Sequence[Any]) -> tuple[np.ndarray, ...]:
    """Arrays of one type: int64 where every value is a whole number, as 2 and 2.0 are, else float64."""
    dtype = np.int64 if all(_is_whole(row) for row in rows) else np.float64
    return tuple(np.array(row, dtype) for row in rows)


def _is_whole(rows: Any) -> bool:
    if isinstance(rows, np.ndarray):
        return rows.dtype.kind == "i" or bool(np.all((rows == np.floor(rows)) & (np.abs(rows) <= EXACT_FLOAT)))
    return all(isinstance(v, int) or (v.is_integer() and abs(v) <= EXACT_FLOAT) for row in rows for v in row)


def _items(sequence: Any) -> list[Any]:
    return sequence.tolist() if hasattr(sequence, "tolist") else list(sequence)


def step_count(rows: Rows) -> str:
    """`1 step`, `4 steps`."""
    return f"{len(rows)} step{'' if len(rows) == 1 else 's'}"


def _numbers(row: Sequence[Any]) -> str:
    return f"{len(row)} number{'' if len(row) == 1 else 's'}"
