"""What a variable can hold: some texts, the numbers of an interval, and nothing (`None`), in any mixture.

`symbol`, `whole` and `real` make the three kinds that users meet. Types are sets of values: `a | b` holds what either
holds, and a passing check is a promise about every input.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

Plain = str | int
Number = int | float
Value = str | int | float | None
INF = math.inf
LARGEST_DOMAIN = 1_000  # whole numbers that are counted one by one


@dataclass(frozen=True)
class Numbers:
    """Numbers between `low` and `high`, both included; an infinite end is open.

    whole: every one is a Python int. values: the only ones there are, in order, where they are known one by one.
    """

    low: Number = -INF
    high: Number = INF
    whole: bool = False
    values: tuple[int, ...] | None = None

    def __or__(self, other: Numbers) -> Numbers:
        whole = self.whole and other.whole
        mine, theirs = self.listed, other.listed
        both = None if mine is None or theirs is None else tuple(sorted({*mine, *theirs}))
        low, high = min(self.low, other.low), max(self.high, other.high)
        if both is not None and (not whole or len(both) > LARGEST_DOMAIN or len(both) == high - low + 1):
            both = None
        return Numbers(low, high, whole, both)

    @property
    def is_bounded(self) -> bool:
        """Whether neither end is open."""
        return self.low > -INF and self.high < INF

    @property
    def listed(self) -> tuple[int, ...] | range | None:
        """The numbers one by one, where there are few."""
        if self.values is not None:
            return self.values
        if self.whole and self.is_bounded and self.high - self.low < LARGEST_DOMAIN:
            return range(int(self.low), int(self.high) + 1)
        return None


FLAG = Numbers(0, 1, True)


@dataclass(frozen=True)
class Type:
    """Every value that a variable may have: one of `texts`, a number of `numbers`, or nothing where that may be."""

    texts: tuple[str, ...] = ()
    numbers: Numbers | None = None
    nothing: bool = False

    def __or__(self, other: Type) -> Type:
        texts = self.texts if self.texts == other.texts else tuple(sorted({*self.texts, *other.texts}))
        pair = [n for n in (self.numbers, other.numbers) if n is not None]
        numbers = None if not pair else pair[0] if len(pair) == 1 else pair[0] | pair[1]
        return Type(texts, numbers, self.nothing or other.nothing)

    @property
    def values(self) -> tuple[Plain, ...] | None:
        """Every value but nothing: numbers first, then texts; None where they cannot be listed."""
        if self.numbers is None:
            return self.texts
        listed = self.numbers.listed
        return None if listed is None else (*listed, *self.texts)

    @cached_property
    def known_texts(self) -> frozenset[str]:
        """The texts, to ask for one of thousands."""
        return frozenset(self.texts)

    @property
    def is_text(self) -> bool:
        """Whether it holds texts, and no number."""
        return bool(self.texts) and self.numbers is None

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers, and no text."""
        return self.numbers is not None and not self.texts

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers, and neither text nor other numbers."""
        return self.numbers is not None and self.numbers.whole and not self.texts

    @property
    def is_integer(self) -> bool:
        """Whether it holds whole numbers alone, and never nothing."""
        return self.is_whole and not self.nothing

    @property
    def is_flag(self) -> bool:
        """Whether it holds 0 and 1 at most, and never nothing."""
        n = self.numbers
        return n is not None and self.is_integer and n.low >= 0 and n.high <= 1

    @property
    def is_empty(self) -> bool:
        """Whether there is no such value."""
        return not self.texts and self.numbers is None and not self.nothing

    def something(self) -> Type:
        """The type without nothing."""
        return replace(self, nothing=False) if self.nothing else self

    def or_nothing(self) -> Type:
        """The type with nothing."""
        return self if self.nothing else replace(self, nothing=True)

    def holds(self, value: Value) -> bool:
        """Whether a value is one of the type's."""
        if value is None:
            return self.nothing
        if isinstance(value, str):
            return value in self.known_texts
        n = self.numbers
        if n is None or (n.whole and not isinstance(value, int)) or (n.values is not None and value not in n.values):
            return False
        return n.low <= value <= n.high or (not n.whole and value != value)  # "not a number" is a number here

    def __str__(self) -> str:
        parts = []
        if self.numbers is not None:
            n = self.numbers
            ends = "" if n.low == -INF and n.high == INF else f" from {n.low} to {n.high}"
            parts.append(f"{'whole numbers' if n.whole else 'numbers'}{ends}")
        if self.texts:
            more = ", ..." if len(self.texts) > 5 else ""
            parts.append(f"text ({', '.join(map(repr, self.texts[:5]))}{more})")
        if self.nothing:
            parts.append("nothing")
        return " or ".join(parts) or "no value"


def symbol(domain: Iterable[Plain]) -> Type:
    """A symbol of a finite domain: texts, whole numbers, or both."""
    values = set(domain)
    ints = tuple(sorted(v for v in values if isinstance(v, int)))
    texts = tuple(sorted(v for v in values if isinstance(v, str)))
    if not ints:
        return Type(texts)
    dense = len(ints) == ints[-1] - ints[0] + 1
    return Type(texts, Numbers(ints[0], ints[-1], True, None if dense and len(ints) <= LARGEST_DOMAIN else ints))


def whole(low: Number = -INF, high: Number = INF) -> Type:
    """A whole number of any size; either end may be open."""
    return Type((), Numbers(low, high, True))


def real(low: Number = -INF, high: Number = INF) -> Type:
    """A number: a Python float, or an int where arithmetic gave one."""
    return Type((), Numbers(low, high))


NOTHING = Type((), None, True)
TRUTH = Type((), FLAG)


def type_of_value(value: Value | Fraction) -> Type:
    """The type that holds this value alone."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return Type((value,))
    number = float(value) if isinstance(value, Fraction) else value
    return Type((), Numbers(number, number, isinstance(value, int)))


def order(values: Iterable[Value]) -> tuple[Value, ...]:
    """Distinct values in the order used everywhere: nothing, numbers by size, texts by code points."""
    distinct = set(values)
    numbers = [v for v in distinct if v is not None and not isinstance(v, str)]
    texts = [v for v in distinct if isinstance(v, str)]
    return (*([None] if None in distinct else []), *sorted(numbers), *sorted(texts))
