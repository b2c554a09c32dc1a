"""Many sequences in the user's form as columns of values, fast where they are plain; `reading` says what they are."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from pellucid.errors import PellucidError
from pellucid.language.columns import Column
from pellucid.language.program import Program
from pellucid.language.spelling import form
from pellucid.language.types import Value
from pellucid.semantics.reading import read, steps_of, taken
from pellucid.values import is_sequence

PLAIN = {str, int, float}


def columns_of(program: Program, sequences: Sequence[Any]) -> tuple[dict[str, list[Value]], list[int]]:
    """(the values of each column, sequence after sequence; the length of each sequence).

    Raises:
        PellucidError: a value the program does not take, or too many positions.
    """
    try:
        return _columns(program, sequences)
    except (PellucidError, TypeError, ValueError):
        pass  # slowly then, to say what is wrong, or for values of unusual types
    found = [read(program, sequence) for sequence in sequences]
    names = [column.name for column in program.inputs]
    joint = {name: list(itertools.chain.from_iterable(one[name] for one in found)) for name in names}
    return joint, [len(one[names[0]]) for one in found]


def _columns(program: Program, sequences: Sequence[Any]) -> tuple[dict[str, list[Value]], list[int]]:
    lists = program.inputs[0].words is None and set(map(type, sequences)) <= {list, tuple}
    parts = sequences if lists else [steps_of(program.inputs, sequence) for sequence in sequences]
    sizes = list(map(len, parts))
    if program.longest is not None and max(sizes, default=0) > program.longest and not program.takes_longer:
        raise ValueError("too many positions")
    steps = list(itertools.chain.from_iterable(parts))
    if len(program.inputs) == 1:
        return {program.inputs[0].name: _taken(program.inputs[0], steps)}, sizes
    if not all(map(is_sequence, steps)):
        raise ValueError("a step without columns")
    columns = list(zip(*steps, strict=True)) or [()] * len(program.inputs)
    return {c.name: _taken(c, values) for c, values in zip(program.inputs, columns, strict=True)}, sizes


def _taken(column: Column, values: Sequence[Any]) -> list[Value]:
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
