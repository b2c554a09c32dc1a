"""Which pieces an enumeration may use, and what they may be put together with (so that nonsense is never computed)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.numeric import Bias
from pellucid.search.numeric.pool import Pool, Recipe

EXACT_BINARY = ("+", "-", "*", "//", "%", "min", "max", "==", "!=", "<", "<=", "and", "or")
REAL_BINARY = ("+", "-", "*", "/", "min", "max")
REAL_UNARY = ("square", "sqrt", "sin", "cos", "abs", "exp", "log")
EXACT_UNARY = ("abs", "not", "square")  # and "zero": whether a number is 0
COMMUTES = frozenset({"+", "*", "min", "max", "==", "!=", "and", "or"})
EXTRA_WINDOW = 1  # cost of a windowed aggregate beside one over all steps
MOST_COST = 3  # of a piece that reads one column
FEW_VALUES = 12  # of a column whose most frequent value is of interest


@dataclass(frozen=True)
class Bank:
    """Operators and modes.

    shifts, windows: amounts tried. routes: modes other than shift by name ("first", "sum", ...). last: whether
    "last where" may be used. real: values are real numbers rather than whole ones.
    """

    unary: tuple[str, ...]
    binary: tuple[str, ...]
    shifts: tuple[int, ...] = ()
    windows: tuple[int, ...] = ()
    routes: tuple[str, ...] = ()
    last: bool = False
    real: bool = False

    @classmethod
    def of(cls, bias: Bias, real: bool) -> Bank:
        """The pieces a bias allows."""
        none = bias.units == 0
        unary = () if none else tuple(o for o in (REAL_UNARY if real else EXACT_UNARY) if o in bias.operators)
        if not none and not real and {"floor", "sqrt"} <= bias.operators:
            unary = (*unary, "isqrt")
        if not none and not real and "==" in bias.operators:
            unary = (*unary, "zero")
        binary = () if none else tuple(o for o in (REAL_BINARY if real else EXACT_BINARY) if o in bias.operators)
        if bias.heads == 0 or bias.layers == 0:
            return cls(unary, binary, real=real)
        modes = bias.modes
        routes = tuple(m for m in ("first", "sum", "min", "max", "mode", "mean") if m in modes)
        return cls(
            unary,
            binary,
            tuple(range(1, bias.window + 1)) if "shift" in modes else (),
            tuple(range(2, bias.window + 1)),
            tuple(r for r in routes if real or r != "mean"),
            "last-where" in modes,
            real,
        )

    def element_wise(self) -> Bank:
        """The operators alone."""
        return Bank(self.unary, self.binary, real=self.real)

    def singles(self, pool: Pool, index: int) -> Iterator[tuple[Recipe, int]]:
        """Pieces that read one column, with what they cost."""
        flag = pool.flags[index]
        last = pool.recipes[index]
        if pool.constant(index) is not None:
            return
        for name in self.unary:
            if (name == "not") == flag and last.name != name:
                yield Recipe("op", (index,), name), 1 + (name == "isqrt")
        if last.kind != "shift":
            yield from ((Recipe("shift", (index,), amount=k), 1 + (k > 2)) for k in self.shifts)
        for name in self.routes:
            yield from self._aggregates(pool, index, name)

    def _aggregates(self, pool: Pool, index: int, name: str) -> Iterator[tuple[Recipe, int]]:
        if name == "first":
            if pool.recipes[index].kind not in ("first", "shift"):
                yield Recipe("first", (index,)), 1
            return
        if name == "mode" and np.ptp(pool.values[index]) >= FEW_VALUES:
            return
        yield Recipe("run", (index,), name), 1 + 2 * (name == "mode")
        if name != "mode":
            yield from ((Recipe("run", (index,), name, w), 1 + EXTRA_WINDOW) for w in self.windows)

    def fits(self, pool: Pool, name: str, left: Sequence[int], right: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of columns (one of `left`, one of `right`) that an operator of two may be put on."""
        a, b = np.meshgrid(np.asarray(left), np.asarray(right), indexing="ij")
        a, b = a.ravel(), b.ravel()
        keep = a != b  # squares are an operator of their own
        constants = np.full(len(pool), np.nan)
        constants[list(pool.constants)] = list(pool.constants.values())
        flags = np.array(pool.flags)
        fixed = ~np.isnan(constants)
        keep &= ~(fixed[a] & fixed[b])
        keep &= self._sensible(name, constants[a], constants[b], flags[a], flags[b])
        return a[keep], b[keep]

    def _sensible(self, name: str, a: np.ndarray, b: np.ndarray, flag_a: np.ndarray, flag_b: np.ndarray) -> np.ndarray:
        fixed_a, fixed_b = ~np.isnan(a), ~np.isnan(b)
        if name in ("and", "or"):
            return flag_a & flag_b & ~fixed_a & ~fixed_b
        if name in ("//", "%"):
            return ~fixed_a & ~flag_a & (~fixed_b | (b > 1)) & ~(flag_b & ~fixed_b)
        if name == "/":
            return ~fixed_b & (~fixed_a | (a == 1))
        if name == "-":
            return ~(fixed_b & (b == 0)) & ~(fixed_a & (a == 0))
        if name == "*":
            return ~fixed_a & (~fixed_b | (b > 1))
        if name == "+":
            return ~fixed_a & ~(fixed_b & (b == 0))
        if name in ("min", "max"):
            return ~fixed_a & ~(flag_a & flag_b)
        if name in ("==", "!="):
            return ~fixed_a & ~(flag_a & fixed_b)
        return ~(flag_a & flag_b) & ~(flag_a & fixed_b) & ~(fixed_a & flag_b)
