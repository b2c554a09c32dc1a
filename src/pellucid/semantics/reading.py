"""From a user's sequences to the columns of a program: checked, in plain Python values, unknown ones replaced."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.language.nodes import Column
from pellucid.language.program import Program
from pellucid.language.types import Number, Plain, Type, Value
from pellucid.language.words import form
from pellucid.values import describe, is_integer, is_sequence, listing, show

Columns = dict[str, list[Value]]


def read(program: Program, sequence: Any) -> Columns:
    """The values of each column at each position.

    Args:
        program: says what its columns hold.
        sequence: one value per position, or a list with one per column; of a column of words also a raw text.

    Raises:
        PellucidError: a value the program does not take, too many positions; the position and what was expected.
    """
    columns = program.inputs
    steps = steps_of(columns, sequence)
    if program.longest is not None and len(steps) > program.longest and not program.takes_longer:
        raise PellucidError(
            f"{len(steps)} positions are too many; the longest this program takes has {program.longest}"
        )
    return _columns(columns, steps)


def columns_of(columns: Sequence[Column], sequence: Any) -> Columns:
    """The values of columns at each position of an input of any length; else as `read`."""
    return _columns(columns, steps_of(columns, sequence))


def _columns(columns: Sequence[Column], steps: Sequence[Any]) -> Columns:
    found: Columns = {column.name: [] for column in columns}
    for place, step in enumerate(steps, 1):
        try:
            for name, value in row_of(columns, step).items():
                found[name].append(value)
        except PellucidError as error:
            raise PellucidError(f"position {place}: {error}") from None
    return found


def row_of(columns: Sequence[Column], step: Any) -> dict[str, Value]:
    """The value of each column at one position; `PellucidError` where the program does not take it."""
    row = _plain(step) if is_sequence(step) else [step]
    if len(row) != len(columns):
        raise PellucidError(f"expected {len(columns)} values, got {len(row)}")
    return {column.name: taken(column, value) for column, value in zip(columns, row, strict=True)}


def steps_of(columns: Sequence[Column], sequence: Any) -> Sequence[Any]:
    """The steps of an input: words of a text, values, or rows of values; `PellucidError` where it is neither."""
    if len(columns) == 1 and columns[0].words is not None:
        return columns[0].words.words.tokens(sequence)
    if not is_sequence(sequence):
        raise PellucidError(f"{describe(sequence)}; expected a sequence")
    return _plain(sequence)


def _plain(values: Any) -> Sequence[Any]:
    return values if isinstance(values, list | tuple) or not hasattr(values, "tolist") else values.tolist()


def taken(column: Column, value: Any) -> Value:
    """One value as the program knows it.

    Raises:
        PellucidError: it is not of the column's type, and nothing stands for unknown ones.
    """
    if column.words is not None:
        return _word(column, value)
    found = _matched(column.type, value)
    if found is not None:
        return found
    if column.unknown is not None:
        return column.unknown
    raise PellucidError(f"column {column.name!r}: {_unknown(column.type, value)}")


def _unknown(t: Type, value: Any) -> str:
    known = t.values
    if known is None or len(known) > 50:
        return f"expected {t}, got {show(value)}"
    return f"unknown token {show(value)}; known: {listing(known)}"


def _matched(t: Type, value: Any) -> Value:
    """The value of the type that a user's value is: the same one, else the one written alike; None: none is."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if value in t.known_texts:
            return value
        return int(value) if is_integer(value) and t.is_whole and t.holds(int(value)) else None
    if t.numbers is not None and (number := _number(value, t.numbers.whole)) is not None and t.holds(number):
        return number
    text = str(value)
    return text if isinstance(value, int | np.integer) and text in t.known_texts else None


def _number(value: Any, whole: bool) -> Number | None:
    """The value as an int, or a finite float; None for anything else."""
    if not isinstance(value, int | float | np.integer | np.floating):
        return None
    try:
        if not whole and math.isfinite(value):
            return float(value)
        if whole and value == int(value):
            return int(value)
    except (OverflowError, ValueError):
        pass
    return None


def _word(column: Column, value: Any) -> Plain | None:
    assert column.words is not None
    word = column.words.known(value, column.type.known_texts)
    return column.unknown if word is None else word


PLAIN = {str, int, float}


def read_all(program: Program, sequences: Sequence[Any]) -> tuple[Columns, list[int]]:
    """As `read` of many, fast where they are plain: (the columns, sequence after sequence; each sequence's length).

    Raises:
        PellucidError: a value the program does not take, or too many positions.
    """
    try:
        return _read_plain(program, sequences)
    except (PellucidError, TypeError, ValueError):
        pass  # slowly then, to say what is wrong, or for values of unusual types
    found = [read(program, sequence) for sequence in sequences]
    names = [column.name for column in program.inputs]
    joint = {name: list(itertools.chain.from_iterable(one[name] for one in found)) for name in names}
    return joint, [len(one[names[0]]) for one in found]


def _read_plain(program: Program, sequences: Sequence[Any]) -> tuple[Columns, list[int]]:
    lists = program.inputs[0].words is None and set(map(type, sequences)) <= {list, tuple}
    parts = sequences if lists else [steps_of(program.inputs, sequence) for sequence in sequences]
    sizes = list(map(len, parts))
    if program.longest is not None and max(sizes, default=0) > program.longest and not program.takes_longer:
        raise ValueError("too many positions")
    steps = list(itertools.chain.from_iterable(parts))
    if len(program.inputs) == 1:
        return {program.inputs[0].name: _taken_all(program.inputs[0], steps)}, sizes
    if not all(map(is_sequence, steps)):
        raise ValueError("a step without columns")
    columns = list(zip(*steps, strict=True)) or [()] * len(program.inputs)
    return {c.name: _taken_all(c, values) for c, values in zip(program.inputs, columns, strict=True)}, sizes


def _taken_all(column: Column, values: Sequence[Any]) -> list[Value]:
    kinds = set(map(type, values))
    if not kinds <= PLAIN:
        raise ValueError("values of unusual types")
    numbers = column.type.numbers
    if numbers is not None and numbers.listed is None and kinds == {int if numbers.whole else float}:
        within = numbers.low <= min(values) and max(values) <= numbers.high
        if within and (numbers.whole or all(map(math.isfinite, values))):
            return list(values)
    if float in kinds:  # 1 and 1.0 are one key
        return [taken(column, value) for value in values]
    known = {value: taken(column, value) for value in set(values)}
    return [known[value] for value in values]


def forms_of(words: Sequence[Value]) -> list[Value]:
    """The form of each word."""
    known = {word: form(str(word)) for word in set(words)}
    return [known[word] for word in words]
