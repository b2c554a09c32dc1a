"""What the columns of data are called and hold: what learners read in place of asking for the kind of data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pellucid.data.examples import Shape
from pellucid.errors import PellucidError
from pellucid.language.nodes import Column, When
from pellucid.language.types import LARGEST_DOMAIN, Plain, Type, real, symbol, whole
from pellucid.language.words import UNKNOWN, Reading
from pellucid.values import listing


@dataclass(frozen=True)
class Field:
    """A column of data.

    Args:
        name: as the user calls it.
        type: what it holds, as the data shows it. Whole numbers are whole numbers, whoever reads them, and up to 1,000
            different ones are listed (`values`), so that they can be taken for symbols as well.
        words: of words of texts, how a raw text is split; `type` then has the words that are known.
    """

    name: str
    type: Type
    words: Reading | None = None

    @property
    def values(self) -> tuple[Plain, ...] | None:
        """The values it holds, one by one: numbers, then texts; None where there are too many, or they are real."""
        return self.type.values

    @property
    def unknown(self) -> Plain | None:
        """What stands for values that are not known: `<unk>` among words, nothing else."""
        return UNKNOWN if self.words is not None and UNKNOWN in self.type.texts else None

    @property
    def is_constant(self) -> bool:
        """Whether it holds one value only."""
        numbers = self.type.numbers
        ends = () if numbers is None else (numbers.low, numbers.high)
        return len({*self.type.texts, *ends}) == 1

    def closed(self) -> Column:
        """The column of a program that takes nothing but what the data shows (and unknown words)."""
        return Column(self.name, self.type, self.unknown, self.words)

    def open(self) -> Column:
        """The column of a program that takes any number, where the data shows numbers alone."""
        if not self.type.is_number:
            return self.closed()
        return Column(self.name, whole() if self.type.is_whole else real())


@dataclass(frozen=True)
class Schema:
    """The columns of data, and when outputs come.

    Args:
        inputs, outputs: the columns; their names differ.
        when: `every` step has an output, or the `sequence` has one (that programs may give at its `last` step).

    Raises:
        PellucidError: two columns have one name, or one has none; no column.
    """

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    when: When

    def __post_init__(self) -> None:
        names = [f.name for f in (*self.inputs, *self.outputs)]
        if not self.inputs or not self.outputs:
            raise PellucidError("no input column" if self.outputs else "no output column")
        for name in names:
            if not isinstance(name, str) or not name.strip() or names.count(name) > 1:
                raise PellucidError(f"the columns are {listing(names)}; expected different, non-empty names")

    @property
    def shape(self) -> Shape:
        """Names of the columns, and when outputs come."""
        return tuple(f.name for f in self.inputs), tuple(f.name for f in self.outputs), self.when

    @property
    def words(self) -> Reading | None:
        """How texts are split, where the input is one."""
        return self.inputs[0].words

    def place(self, name: str) -> tuple[str, int]:
        """Side (`inputs` or `outputs`) and index of a column.

        Raises:
            PellucidError: there is none of this name.
        """
        for side, fields in (("inputs", self.inputs), ("outputs", self.outputs)):
            for i, column in enumerate(fields):
                if column.name == name:
                    return side, i
        raise PellucidError(
            f"no column {name!r}; the columns are {listing(f.name for f in (*self.inputs, *self.outputs))}"
        )

    def __getitem__(self, name: str) -> Field:
        side, i = self.place(name)
        return (self.inputs if side == "inputs" else self.outputs)[i]

    def with_input(self, column: Field) -> Schema:
        """The schema with this input in place of the one of its name."""
        return replace(self, inputs=tuple(column if f.name == column.name else f for f in self.inputs))


def type_of(values: Sequence[Any]) -> Type:
    """The type of a column that holds these values (nothing aside): all ints, or all floats, or ints and texts."""
    if float in set(map(type, values)):
        numbers = [v for v in values if v is not None]
        return real(min(numbers), max(numbers))
    distinct = set(values) - {None}
    ints = [v for v in distinct if isinstance(v, int)]
    if len(ints) <= LARGEST_DOMAIN or len(ints) < len(distinct):
        return symbol(distinct)
    return whole(min(ints), max(ints))
