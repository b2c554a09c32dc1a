"""Columns as arrays, all steps of all examples one after the other; `Data.starts` says where an example begins."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from pellucid.data.data import Data
from pellucid.errors import PellucidError
from pellucid.language.types import Type, Value
from pellucid.values import show

NONE = -1  # code of nothing


def flat(data: Data, name: str) -> list[Value]:
    """The values of a column at all steps; of an output per sequence one per example."""
    column = data.column(name)
    stepwise = data.schema.when == "every" or data.schema.place(name)[0] == "inputs"
    return list(chain.from_iterable(column)) if stepwise else list(column)


def codes(data: Data, name: str, domain: Sequence[Value], unknown: int | None = None) -> np.ndarray:
    """Index of every value in the domain, int32; -1 for nothing (an output that does not count).

    Args:
        data, name: a column.
        domain: different values.
        unknown: code of a value that is not among them; None: it is refused.

    Raises:
        PellucidError: a value that is not in the domain.
    """
    table: dict[Value, int] = {None: NONE} | {value: i for i, value in enumerate(domain)}
    values = flat(data, name)
    if unknown is not None:
        return np.fromiter((table.get(v, unknown) for v in values), np.int32, len(values))
    try:
        return np.fromiter(map(table.__getitem__, values), np.int32, len(values))
    except KeyError as error:
        raise PellucidError(f"column {name}: {show(error.args[0])} is not in the training data") from None


def numbers(data: Data, name: str) -> np.ndarray:
    """The numbers of a column: int64 where its type says that they are whole and fit, objects where they do not fit,
    else float64 (NaN for nothing)."""
    values = flat(data, name)
    dtype = array_type(data.schema[name].type)
    if dtype is np.int64 and None in values:
        return np.array([np.nan if v is None else v for v in values], np.float64)
    return np.array(values, dtype) if dtype is not object else objects(values)


def array_type(t: Type) -> type:
    """The element type of arrays that hold values of a type: int64, float64 or object."""
    if not t.is_number or t.numbers is None:
        return object
    if not t.numbers.whole:
        return np.float64
    return np.int64 if t.numbers.low >= -(2**63) and t.numbers.high < 2**63 else object


def objects(values: Sequence[Any]) -> np.ndarray:
    """An array of Python objects."""
    out = np.empty(len(values), object)
    out[:] = values
    return out


def padded(values: np.ndarray, starts: np.ndarray, fill: Any, width: int | None = None) -> np.ndarray:
    """An array [examples, width] from one of all steps, filled up at the right.

    Args:
        values: [steps, ...] as `codes` and `numbers` give them.
        starts: `Data.starts`.
        fill: what stands after the end of an example.
        width: steps of a row; those of the longest example where not given.
    """
    lengths = np.diff(starts)
    width = int(lengths.max(initial=0)) if width is None else width
    out = np.full((len(lengths), width, *values.shape[1:]), fill, values.dtype)
    out[np.arange(width) < lengths[:, None]] = values
    return out
