"""Data sets of number sequences: columns of whole or real numbers, one row per step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pellucid.data.dataset import LEAST, SHARES, Dataset, partition
from pellucid.data.series_rows import Number as Number
from pellucid.data.series_rows import as_number as as_number
from pellucid.data.series_rows import common_width, result_rows, sequence_rows, step_count, typed_arrays
from pellucid.errors import PellucidError
from pellucid.values import describe, is_sequence, listing, show


@dataclass(frozen=True, eq=False)
class Series:
    """Number sequences with what should come out: one row of numbers per step.

    inputs: per example [steps, len(input_names)], int64 where every input value of the data set is a whole number,
        else float64.
    outputs: per example [steps, len(output_names)], int64 or float64 likewise; [1, len(output_names)] with `last`.
    input_names, output_names: the user's column names; "x" or "y" for one unnamed column, x1, x2, ... for several.
    last: one output per sequence (what stands at its last step) instead of one per step.
    """

    inputs: tuple[np.ndarray, ...]
    outputs: tuple[np.ndarray, ...]
    input_names: tuple[str, ...] = ("x",)
    output_names: tuple[str, ...] = ("y",)
    last: bool = False

    @property
    def kind(self) -> Literal["numeric"]:
        """What sets it apart from a `Dataset` of symbols."""
        return "numeric"

    @property
    def whole_inputs(self) -> bool:
        """Whether all inputs are whole numbers."""
        return all(a.dtype.kind == "i" for a in self.inputs)

    @property
    def whole_outputs(self) -> bool:
        """Whether all outputs are whole numbers."""
        return all(a.dtype.kind == "i" for a in self.outputs)

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, indices: Iterable[int]) -> Series:
        """The examples at `indices`, in that order; whole numbers stay whole and reals stay real."""
        chosen = [int(i) for i in indices]
        inputs, outputs = (tuple(part[i] for i in chosen) for part in (self.inputs, self.outputs))
        return Series(inputs, outputs, self.input_names, self.output_names, self.last)

    def rows(self, i: int) -> list[Any]:
        """Input i as the user gives it: a list of numbers, or of lists where there are several columns."""
        return _plain(self.inputs[i])

    def expected(self, i: int) -> Any:
        """Output i likewise; with `last` a number, or a list of them where there are several columns."""
        rows = _plain(self.outputs[i])
        return rows[0] if self.last else rows

    def as_real(self, inputs: bool = True, outputs: bool = True) -> Series:
        """The same numbers as float64, on the sides named."""
        x = tuple(a.astype(np.float64) for a in self.inputs) if inputs else self.inputs
        y = tuple(a.astype(np.float64) for a in self.outputs) if outputs else self.outputs
        return Series(x, y, self.input_names, self.output_names, self.last)

    @classmethod
    def of(
        cls,
        inputs: Iterable[Any],
        outputs: Iterable[Any],
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        last: bool | None = None,
        where: Callable[[int], str] = lambda i: f"example {i + 1}: ",
    ) -> Series:
        """Check and copy number sequences from Python: lists, tuples, arrays, data-frame columns.

        Args:
            inputs: one sequence per example, a number or a row of numbers per step.
            outputs: one such sequence of the same length, or with `last` one number or row, per example.
            input_names, output_names: names of the columns, all different.
            last: found out from the first output where not given.
            where: the beginning of an error message about example i (counted from 0).

        Raises:
            PellucidError: text, booleans, null, NaN, infinity, integers beyond 64 bits, rows of different numbers
                of columns, an empty sequence, outputs of another length, names that do not fit.
        """
        rows, results = _examples("inputs", inputs), _examples("outputs", outputs)
        if len(rows) != len(results):
            raise PellucidError(f"{len(rows)} inputs but {len(results)} outputs; one output per input is needed")
        if not rows:
            raise PellucidError("no examples; at least one is needed")
        last = not is_sequence(results[0]) if last is None else last
        x = [sequence_rows(value, f"{where(i)}input ") for i, value in enumerate(rows)]
        y = [result_rows(value, last, f"{where(i)}output ") for i, value in enumerate(results)]
        for i, (a, b) in enumerate(zip(x, y, strict=True)):
            if not last and len(a) != len(b):
                raise PellucidError(
                    f"{where(i)}input has {step_count(a)}, output {step_count(b)}; one output per step is needed"
                )
        width_in, width_out = common_width(x, "input", where), common_width(y, "output", where)
        names = _names(input_names, width_in, "x", "input"), _names(output_names, width_out, "y", "output")
        if shared := set(names[0]) & set(names[1]):
            raise PellucidError(f"column {show(min(shared))} is both input and output; all names must be different")
        return cls(typed_arrays(x), typed_arrays(y), *names, last)


@dataclass(frozen=True, eq=False)
class SeriesSplits:
    """Number sequences divided for training, choosing and judging; all three with the same columns and types."""

    train: Series
    valid: Series
    test: Series

    @property
    def kind(self) -> Literal["numeric"]:
        """What sets it apart from `Splits` of symbols."""
        return "numeric"

    def parts(self) -> dict[str, Series]:
        """The three data sets by name."""
        return {"train": self.train, "valid": self.valid, "test": self.test}


def split_series(series: Series, seed: int = 0) -> SeriesSplits:
    """Divide 81 / 9 / 10 at random, all examples with the same input into the same part.

    Raises:
        PellucidError: fewer than 10 examples, or fewer than 3 different inputs.
    """
    return SeriesSplits(**partition_series(series, SHARES, seed))


def partition_series(series: Series, shares: dict[str, float], seed: int) -> dict[str, Series]:
    """Divide into parts of about the given shares, equal inputs kept together, no part empty."""
    keys = tuple((a.tobytes().hex(),) for a in series.inputs)
    places = Dataset(keys, tuple(range(len(series))), "classification")  # labelled with its index, an example is found
    return {name: series.take(part.outputs) for name, part in partition(places, shares, seed).items()}


def same_types(parts: Sequence[Series]) -> tuple[Series, ...]:
    """The data sets with the number types of their union: real everywhere where one of them is real."""
    real_in = not all(part.whole_inputs for part in parts)
    real_out = not all(part.whole_outputs for part in parts)
    return tuple(part.as_real(real_in, real_out) if real_in or real_out else part for part in parts)


def check_learnable(series: Series, name: str = "the data") -> None:
    """Refuse data from which nothing can be learnt.

    Raises:
        PellucidError: fewer than 10 sequences.
    """
    if len(series) < LEAST:
        raise PellucidError(f"{name}: {len(series)} sequences are too few to learn from; give at least {LEAST}")


def constant_columns(series: Series) -> tuple[str, ...]:
    """Output columns that have one value throughout: nothing about the input can be learnt from them."""
    values = np.concatenate(series.outputs)
    same = (values == values[0]).all(axis=0).tolist()
    return tuple(name for name, constant in zip(series.output_names, same, strict=True) if constant)


def _plain(array: np.ndarray) -> list[Any]:
    return (array[:, 0] if array.shape[1] == 1 else array).tolist()


def _examples(name: str, values: Iterable[Any]) -> list[Any]:
    if isinstance(values, (str, bytes, dict)) or not hasattr(values, "__iter__"):
        raise PellucidError(f"{name}: {describe(values)}; expected a list with one item per example")
    return list(values)


def _names(names: Sequence[str] | None, width: int, letter: str, side: str) -> tuple[str, ...]:
    if names is None:
        return (letter,) if width == 1 else tuple(f"{letter}{i + 1}" for i in range(width))
    given = tuple(names)
    if len(given) != width:
        raise PellucidError(f"{side} has {width} columns; the names are {listing(given)}")
    if len(set(given)) != width or not all(isinstance(n, str) and n.strip() for n in given):
        raise PellucidError(f"{side} names are {listing(given)}; expected different, non-empty strings")
    return given
