"""Values of one variable at many positions: arrays of numbers, codes of a finite domain, or Python objects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from pellucid.language.arrays import SAFE, comparable
from pellucid.language.types import Type, Value


@dataclass(frozen=True, eq=False)
class Kind:
    """How values of a type are held.

    Args:
        values: all there are, where texts or nothing are among them and they are listed: nothing, numbers by size,
            texts by code points. Cells hold the place of each value then. None: cells hold the values.
        numbers: whether all values are numbers.
    """

    values: tuple[Value, ...] | None
    numbers: bool

    @cached_property
    def code(self) -> dict[Value, int]:
        """The place of each value."""
        return {value: code for code, value in enumerate(self.values or ())}

    @cached_property
    def _whole(self) -> tuple[np.ndarray, np.ndarray]:
        """The whole numbers among the values, by size, and the place of each."""
        found = sorted(int(v) for v in self.code if isinstance(v, int | float) and abs(v) < SAFE and v == int(v))
        return np.array(found, np.int64), np.array([self.code[v] for v in found], np.int64)

    def places(self, numbers: np.ndarray) -> np.ndarray:
        """The place of each of some numbers; -1 for one that is not among the values."""
        listed, codes = self._whole
        if not len(listed):
            return np.full(len(numbers), -1)
        near = np.minimum(np.searchsorted(listed, numbers), len(listed) - 1)
        return np.where(listed[near] == numbers, codes[near], -1)

    @cached_property
    def array(self) -> np.ndarray:
        """The values, as objects."""
        return as_objects(self.values or ())

    @cached_property
    def truth(self) -> np.ndarray:
        """Which values are neither 0 nor nothing."""
        return np.array([bool(value) for value in self.values or ()], bool)


@cache
def kind_of(t: Type) -> Kind:
    """One and the same for equal types."""
    if not t.texts and not t.nothing:
        return NUMBERS
    values = t.values
    return MIXED if values is None else Kind((*([None] if t.nothing else []), *values), False)


NUMBERS, MIXED = Kind(None, True), Kind(None, False)


@dataclass(frozen=True)
class Cells:
    """Values at some positions; one element alone stands for all positions.

    Args:
        data: int64 below 2**62, float64, or Python objects; of a kind with listed values, the place of each.
    """

    data: np.ndarray
    kind: Kind = NUMBERS

    def __len__(self) -> int:
        return len(self.data)

    @property
    def are_numbers(self) -> bool:
        """Whether the data are int64 or float64 numbers."""
        return self.kind.values is None and self.data.dtype != object

    def take(self, places: np.ndarray | slice) -> Cells:
        """The values at some places."""
        return Cells(self.data[places], self.kind)

    def spread(self, size: int) -> Cells:
        """The values, one alone repeated for as many positions."""
        return self if len(self.data) == size else Cells(np.broadcast_to(self.data, size), self.kind)

    @cached_property
    def truth(self) -> np.ndarray:
        """Where they are neither 0 nor nothing."""
        if self.kind.values is not None:
            return self.kind.truth[self.data]
        return self.data != 0 if self.are_numbers else self.data.astype(bool)

    @property
    def something(self) -> np.ndarray | None:
        """Where they are not nothing; None: everywhere."""
        if self.kind.values is not None:
            return self.data > 0 if self.kind.values[:1] == (None,) else None
        return None if self.are_numbers else np.array([value is not None for value in self.data], bool)

    @property
    def values(self) -> np.ndarray:
        """The values themselves: int64, float64, or objects."""
        return self.data if self.kind.values is None else self.kind.array[self.data]

    @property
    def numbers(self) -> np.ndarray:
        """The values, 0 in place of nothing, as int64 or float64 where that is what they are; else objects."""
        if self.kind.values is None:
            return self.data
        return settled([0 if value is None else value for value in self.kind.values])[self.data]

    def as_kind(self, kind: Kind) -> Cells:
        """The same values held in another way, which can hold them."""
        if kind is self.kind:
            return self
        if kind.values is None:
            return Cells(self.numbers if kind.numbers else settled(self.values), kind)
        if self.kind.values is not None:
            return Cells(np.array([kind.code.get(value, -1) for value in self.kind.values], np.int64)[self.data], kind)
        return Cells(kind.places(self.data), kind) if self.are_numbers else cells_of(self.data.tolist(), kind)

    def tolist(self) -> list:
        """The values as Python has them."""
        return self.values.tolist()


def cells_of(values: Sequence[Value], kind: Kind) -> Cells:
    """Cells from Python values; one that the kind does not hold (a default that is never needed) becomes none of it."""
    if kind.values is None:
        return Cells(settled(values), kind)
    return Cells(np.fromiter((kind.code.get(value, -1) for value in values), np.int64, len(values)), kind)


def as_objects(values: Sequence) -> np.ndarray:
    """An array of Python's own values."""
    found = np.empty(len(values), object)
    found[:] = values
    return found


def settled(values: Iterable) -> np.ndarray:
    """An array of int64 or float64 where Python's values allow, else of objects."""
    if isinstance(values, np.ndarray) and values.dtype != object:
        return values
    found = list(values)
    kinds = set(map(type, found))
    if kinds == {float}:
        return np.array(found, np.float64)
    if not kinds or (kinds == {int} and max(found) < SAFE and min(found) > -SAFE):
        return np.array(found, np.int64)
    return as_objects(found)


def alike(parts: Sequence[Cells], kind: Kind) -> list[Cells]:
    """Cells of a kind whose data can stand in one array."""
    found = [part.as_kind(kind) for part in parts]
    if len({part.data.dtype for part in found}) > 1 and not comparable(*(part.data for part in found)):
        return [Cells(part.data.astype(object), kind) for part in found]
    return found


def joined(parts: Sequence[Cells], kind: Kind) -> Cells:
    """The cells one after another."""
    return Cells(np.concatenate([part.data for part in alike(parts, kind)]), kind)


def merged(condition: np.ndarray, yes: Cells, no: Cells, kind: Kind) -> Cells:
    """`yes` where the condition holds, else `no`."""
    yes, no = alike([yes, no], kind)
    return Cells(np.where(condition, yes.data, no.data), kind)


def codes(cells: Cells) -> tuple[np.ndarray, int]:
    """(a number below the second per position, the same for equal values alone, how many there can be)."""
    if cells.kind.values is not None:
        return cells.data, len(cells.kind.values)
    if cells.data.dtype == np.int64 and len(cells):
        low, high = int(cells.data.min()), int(cells.data.max())
        if high - low < 4 * len(cells) + 100:
            return cells.data - low, high - low + 1
    if cells.are_numbers and not np.isnan(cells.data).any():
        different, which = np.unique(cells.data, return_inverse=True)
        return which, len(different)
    place: dict[object, int] = {}
    found = [place.setdefault(v if v == v else (i,), len(place)) for i, v in enumerate(cells.data.tolist())]
    return np.array(found, np.int64), len(place)


def compact(numbers: np.ndarray, most: int) -> tuple[np.ndarray, int]:
    """Numbers below `most` as numbers without gaps, in the same order, and how many different ones there are."""
    if most <= 8 * len(numbers) + 1_000:
        there = np.zeros(most, bool)
        there[numbers] = True
        rank = np.cumsum(there) - 1
        return rank[numbers], int(there.sum())
    different, which = np.unique(numbers, return_inverse=True)
    return which, len(different)


@dataclass(frozen=True)
class Layout:
    """A batch of sequences.

    Args:
        starts: where each begins, and the end: int64 [sequences + 1].
    """

    starts: np.ndarray

    @classmethod
    def of(cls, sizes: Sequence[int]) -> Layout:
        """The layout of sequences of these lengths."""
        return cls(np.concatenate([[0], np.cumsum(np.array(sizes, np.int64))]).astype(np.int64))

    @cached_property
    def size(self) -> int:
        """Number of positions of all sequences."""
        return int(self.starts[-1])

    @cached_property
    def sizes(self) -> np.ndarray:
        """Length of each sequence."""
        return np.diff(self.starts)

    @cached_property
    def sequence(self) -> np.ndarray:
        """Which sequence each position belongs to."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @cached_property
    def first(self) -> np.ndarray:
        """Where the sequence of each position begins."""
        return self.starts[self.sequence]

    @cached_property
    def end(self) -> np.ndarray:
        """Where the sequence of each position ends."""
        return self.starts[self.sequence + 1]

    @cached_property
    def here(self) -> np.ndarray:
        """Each position itself."""
        return np.arange(self.size)

    @cached_property
    def place(self) -> np.ndarray:
        """The number of each position in its sequence."""
        return self.here - self.first

    def reach(self, offsets: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """(first, end) of what each position looks at, so far from it."""
        return np.maximum(self.here + offsets[0], self.first), np.minimum(self.here + (offsets[1] + 1), self.end)

    def shifted(self, amount: int) -> np.ndarray:
        """The position so many back (negative: ahead) of each; -1 where there is none."""
        place = self.place - amount
        return np.where((place >= 0) & (self.here - amount < self.end), self.here - amount, -1)

    def chunks(self, most: int) -> list[tuple[int, int]]:
        """(first, end) sequences of parts of at most so many positions, or of one sequence."""
        found, begin = [], 0
        while begin < len(self.sizes):
            end = int(np.searchsorted(self.starts, self.starts[begin] + most, side="right")) - 1
            end = min(max(end, begin + 1), len(self.sizes))
            found.append((begin, end))
            begin = end
        return found
