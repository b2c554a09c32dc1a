"""A pool of columns: values of many terms on the same points, no two alike, with the shortest term for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.search.numeric import ops
from pellucid.search.numeric.terms import Extreme, First, LastWhere, Num, Op, Run, Shift, Term

Array = np.ndarray
LARGEST = 2.0**40  # beyond it a column is left out
SWAPPED = ("+", "*", "min", "max", "==", "!=")  # a constant stands on the right of these
MIX = np.uint64(0x9E3779B97F4A7C15)  # odd, of the golden ratio (Fibonacci hashing, Knuth)


@dataclass(frozen=True)
class Recipe:
    """How a column is made: a base term, or an operator, route or aggregate of columns by number."""

    kind: str
    of: tuple[int, ...] = ()
    name: str = ""
    amount: int | None = None
    term: Term | None = None


class Pool:
    """Columns by number, in rising order of cost. shape: steps and examples of a column's points."""

    def __init__(self, shape: tuple[int, int], scored: Array, real: bool, most: int, seed: int = 0) -> None:
        self.shape, self.real, self.most = shape, real, most
        self.points = np.flatnonzero(scored.ravel())
        size = shape[0] * shape[1]
        self._values = np.empty((64, size))
        self._salt = np.random.default_rng([seed, 5]).integers(1, 2**62, size) | 1
        self._seen: dict[int, int] = {}
        self.recipes: list[Recipe] = []
        self.costs: list[int] = []
        self.flags: list[bool] = []  # whether all values are 0 or 1
        self.constants: dict[int, float] = {}  # value of each constant column

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

    def add(self, recipes: Sequence[Recipe], block: Array, cost: int) -> list[int]:
        """Take the columns of a block [columns, points] that are usable and new; their numbers."""
        with np.errstate(invalid="ignore"):
            good = (np.abs(block) <= LARGEST).all(1) & (block != block[:, :1]).any(1)
        rows = np.flatnonzero(good)
        if not len(rows):
            return []
        added = []
        for row, key in zip(rows.tolist(), self.keys(block[rows]).tolist(), strict=True):
            if key in self._seen or self.full:
                continue
            self._seen[key] = len(self)
            added.append(self._append(recipes[row], block[row], cost))
        return added

    def base(self, term: Term, values: Array, cost: int = 1) -> None:
        """Take a base column; constants too."""
        key = int(self.keys(values.reshape(1, -1))[0])
        if key not in self._seen:
            self._seen[key] = len(self)
            index = self._append(Recipe("term", term=term), values.ravel(), cost)
            if isinstance(term, Num):
                self.constants[index] = float(term.value)

    def _append(self, recipe: Recipe, values: Array, cost: int) -> int:
        if len(self) == len(self._values):
            self._values = np.concatenate([self._values, np.empty_like(self._values)])
        self._values[len(self)] = values
        self.recipes.append(recipe)
        self.costs.append(cost)
        self.flags.append(bool(((values == 0) | (values == 1)).all()))
        return len(self) - 1

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

    def constant(self, index: int) -> float | None:
        """The value of a constant column; None for others."""
        return self.constants.get(index)

    def term(self, index: int) -> Term:
        """The term of a column."""
        recipe = self.recipes[index]
        if recipe.term is not None:
            return recipe.term
        return made(recipe, [self.term(i) for i in recipe.of])

    def blocks(self, indices: Sequence[int]) -> Array:
        """Columns as [columns, steps, examples]."""
        return self._values[list(indices)].reshape(len(indices), *self.shape)


def made(recipe: Recipe, parts: Sequence[Term]) -> Term:
    """The term of a recipe from the terms it is made of."""
    match recipe.kind:
        case "op" if recipe.name == "isqrt":
            return Op("floor", (Op("sqrt", tuple(parts)),))
        case "op" if recipe.name == "zero" or (recipe.name == "not" and _is_arithmetic(parts[0])):
            return Op("==", (parts[0], Num(0)))
        case "op" if recipe.name in SWAPPED and isinstance(parts[0], Num):
            return Op(recipe.name, (parts[1], parts[0]))
        case "op":
            return Op(recipe.name, tuple(parts))
        case "shift":
            return Shift(parts[0], recipe.amount or 1)
        case "first":
            return First(parts[0])
        case "run":
            return Run(recipe.name, parts[0], recipe.amount)  # pyright: ignore[reportArgumentType]
        case "last":
            return LastWhere(parts[0], parts[1], recipe.amount or 0)
        case "extreme":
            return Extreme(parts[0], parts[1], recipe.name, recipe.amount)  # pyright: ignore[reportArgumentType]
    raise ValueError(recipe.kind)


def _is_arithmetic(term: Term) -> bool:
    return isinstance(term, Op) and term.op in ("+", "-", "*", "//", "%")


def computed(recipe: Recipe, block: Array) -> Array:
    """Values of a route or aggregate of one column, for a block [columns, steps, examples]."""
    match recipe.kind:
        case "shift":
            return ops.shift(block, recipe.amount or 1)
        case "first":
            return ops.first(block)
        case "run":
            return ops.run(recipe.name, block, recipe.amount)  # pyright: ignore[reportArgumentType]
    raise ValueError(recipe.kind)
