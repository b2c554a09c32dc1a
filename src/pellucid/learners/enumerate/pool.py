"""A pool of columns: values of many terms on the same points, no two alike, with the shortest term for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pellucid.language.expressions import Const
from pellucid.language.operators import OPERATORS
from pellucid.learners.formulas.grid import TEXTS, Coding, combined
from pellucid.learners.formulas.terms import Col, Op, Over, Shift, Term, children

Array = np.ndarray
LARGEST = 2.0**40  # beyond it a column is left out
MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, of the golden ratio (Fibonacci hashing, Knuth)


ONE, TWO = Col("1"), Col("2")  # in the term of a recipe: the columns it is made of


@dataclass(frozen=True)
class Recipe:
    """How a column is made: a term, over the columns `of` where it is no base term."""

    term: Term
    of: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """Of its outermost operator or aggregate."""
        term = self.term
        return term.operator if isinstance(term, Op) else term.how if isinstance(term, Over) else ""


class Pool:
    """Columns by number, in rising order of cost. scored: which of the points [steps, examples] count."""

    def __init__(self, scored: Array, coding: Coding, real: bool, most: int, seed: int = 0) -> None:
        self.shape: tuple[int, int] = scored.shape  # pyright: ignore[reportAttributeAccessIssue]
        self.coding, self.real, self.most = coding, real, most
        self.points = np.flatnonzero(scored.ravel())
        size = scored.size
        self._values = np.empty((64, size))
        self._flags, self._symbols = np.zeros(64, bool), np.zeros(64, bool)
        self._fixed = np.full(64, np.nan)
        self._shifts, self._names = np.zeros(64, bool), np.full(64, "", object)
        self._salt = np.random.default_rng([seed, 5]).integers(1, 2**62, size) | 1
        self._seen: dict[int, int] = {}
        self.recipes: list[Recipe] = []
        self.costs: list[int] = []

    def __len__(self) -> int:
        return len(self.recipes)

    @property
    def full(self) -> bool:
        """Whether no more columns are taken."""
        return len(self) >= self.most

    @property
    def values(self) -> Array:
        """All columns: [columns, points]."""
        return self._values[: len(self)]

    @property
    def flags(self) -> Array:
        """Whether all values are 0 or 1: [columns]."""
        return self._flags[: len(self)]

    @property
    def symbols(self) -> Array:
        """Whether a column holds texts, which are compared and passed on, never reckoned with: [columns]."""
        return self._symbols[: len(self)]

    @property
    def constants(self) -> Array:
        """The values of constant columns, else NaN: [columns]."""
        return self._fixed[: len(self)]

    @property
    def shifts(self) -> Array:
        """Whether a column is a shifted one: [columns]."""
        return self._shifts[: len(self)]

    @property
    def names(self) -> Array:
        """Names in the recipes: [columns]."""
        return self._names[: len(self)]

    def constant(self, index: int) -> bool:
        """Whether a column is a constant."""
        return not np.isnan(self._fixed[index])

    def add(self, recipe: Callable[[int], Recipe], block: Array, cost: int) -> list[int]:
        """Take the columns of a block [columns, points] that are usable and new; their numbers.

        recipe: how the column of a row is made.
        """
        with np.errstate(invalid="ignore"):
            good = (np.abs(block) <= LARGEST).all(1) & (block != block[:, :1]).any(1)
        rows = np.flatnonzero(good)
        if not len(rows):
            return []
        fresh: list[int] = []
        room = self.most - len(self)
        for row, key in zip(rows.tolist(), self.keys(block[rows]).tolist(), strict=True):
            if key not in self._seen and len(fresh) < room:
                self._seen[key] = len(self) + len(fresh)
                fresh.append(row)
        return self._append([recipe(row) for row in fresh], block[fresh], cost)

    def base(self, term: Term, values: Array, cost: int = 1) -> None:
        """Take a base column; constants too."""
        key = int(self.keys(values.reshape(1, -1))[0])
        if key not in self._seen:
            self._seen[key] = len(self)
            (index,) = self._append([Recipe(term)], values.reshape(1, -1), cost)
            if isinstance(term, Const):
                self._fixed[index] = values.flat[0]

    def _append(self, recipes: list[Recipe], block: Array, cost: int) -> list[int]:
        begin, end = len(self), len(self) + len(recipes)
        while end > len(self._values):
            self._values = np.concatenate([self._values, np.empty_like(self._values)])
            for name in ("_flags", "_symbols", "_fixed", "_shifts", "_names"):
                setattr(self, name, np.concatenate([getattr(self, name)] * 2))
        self._values[begin:end] = block
        self._fixed[begin:end] = np.nan
        self._shifts[begin:end] = [bool(recipe.of) and isinstance(recipe.term, Shift) for recipe in recipes]
        self._names[begin:end] = [recipe.name if recipe.of else "" for recipe in recipes]
        self._flags[begin:end] = ((block == 0) | (block == 1)).all(1)
        self._symbols[begin:end] = (block[:, self.points] < TEXTS / 2).any(1)
        self.recipes += recipes
        self.costs += [cost] * len(recipes)
        return list(range(begin, end))

    def keys(self, block: Array) -> Array:
        """A number for each row [columns, points] by which equal rows are told."""
        if self.real:
            scale = np.abs(block).max(1, keepdims=True)
            scale[scale == 0] = 1
            digits = np.rint(block / scale * 1e9).astype(np.int64)
            return (digits * self._salt).sum(1) + np.rint(np.log(scale[:, 0]) * 1e9).astype(np.int64)
        bits = (block + 0.0).view(np.uint64) * MIX  # whole numbers differ in their high bits only
        return ((bits ^ (bits >> np.uint64(31))).view(np.int64) * self._salt).sum(1)

    def find(self, values: Array) -> int | None:
        """The column with these values, if there is one."""
        return self._seen.get(int(self.keys(values.reshape(1, -1))[0]))

    def term(self, index: int) -> Term:
        """The term of a column."""
        recipe = self.recipes[index]
        return made(recipe.term, [self.term(i) for i in recipe.of]) if recipe.of else recipe.term

    def blocks(self, numbers: Sequence[int] | Array) -> Array:
        """Columns as [columns, steps, examples]."""
        return self._values[np.asarray(numbers, int)].reshape(len(numbers), *self.shape)


def made(piece: Term, parts: Sequence[Term]) -> Term:
    """The term of a recipe with the terms that it is made of."""
    match piece:
        case Shift() | Over(where=None, by=None):
            return replace(piece, term=parts[0])
        case Over(by=None):
            return replace(piece, term=parts[0], where=parts[1])
        case Over():
            return replace(piece, term=parts[0], by=parts[1])
        case Op("not") if _is_arithmetic(parts[0]):
            return Op("==", (parts[0], Const(0)))
        case Op(name, (_, Col())) if OPERATORS[name].symmetric and isinstance(parts[0], Const):
            return Op(name, (parts[1], parts[0]))  # a constant stands on the right
        case Op(name, args):
            return Op(name, tuple(made(arg, parts) for arg in args))
        case Col():
            return parts[0] if piece == ONE else parts[-1]
    return piece


def _is_arithmetic(term: Term) -> bool:
    return isinstance(term, Op) and term.operator in ("+", "-", "*", "//", "%")


def computed(piece: Term, block: Array, coding: Coding) -> Array:
    """Values of what is made of one column, for a block [columns, steps, examples]."""
    match piece:
        case Col():
            return block
        case Const(value):
            return np.asarray(coding.number(value))
    return combined(piece, [computed(part, block, coding) for part in children(piece)], coding)
