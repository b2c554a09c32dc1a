"""Which pieces an enumeration may use, and what they may be put together with (so that nonsense is never computed)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pellucid.bias import SHIFT, Bias
from pellucid.language.aggregates import AGGREGATES, Aggregation
from pellucid.language.expressions import Const
from pellucid.language.operators import OPERATORS, Operator
from pellucid.language.types import Type, real, whole
from pellucid.learners.enumerate.pool import ONE, Pool
from pellucid.learners.formulas import kernels
from pellucid.learners.formulas.terms import Col, Op, Over, Shift, Term

EXTRA_WINDOW = 1  # cost of a windowed aggregate beside one over all steps
SHIFTED = 3  # most cost of a column that is shifted by one with the first value kept
FEW_VALUES = 12  # of a column whose most frequent value is of interest
SAMPLES = np.array([2.0, -3.0, 0.0, 1.0, 5.0, -1.0])  # on which operators that say the same are told
TEXT = Type(("a", "b"))


@dataclass(frozen=True)
class Bank:
    """Rows of the tables of operators and aggregates.

    unary, binary: operators of one and of two. shifts, windows: amounts tried. over: aggregates. last: whether the last
    value where something holds may be used. extremes: aggregates that another column orders. real: values are real
    numbers rather than whole ones. root, zero: whether the whole root, and being 0, are pieces.
    """

    unary: tuple[Operator, ...]
    binary: tuple[Operator, ...]
    shifts: tuple[int, ...] = ()
    windows: tuple[int, ...] = ()
    over: tuple[Aggregation, ...] = ()
    last: bool = False
    extremes: tuple[str, ...] = ()
    real: bool = False
    root: bool = False
    zero: bool = False

    @classmethod
    def of(cls, bias: Bias, is_real: bool) -> Bank:
        """The pieces a bias allows."""
        rows = [] if bias.units == 0 else [r for r in OPERATORS.values() if r.searched and r.name in bias.operators]
        names = {row.name for row in rows}
        found = cls(
            tuple(row for row in rows if _suits(row, 1, is_real)),
            _different([row for row in rows if _suits(row, 2, is_real)]),
            real=is_real,
            root={"floor", "sqrt"} <= names and not is_real,
            zero="==" in names and not is_real,
        )
        if bias.heads == 0 or bias.layers == 0:
            return found
        over = (r for r in AGGREGATES.values() if r.searched and r.reads and not r.by and r.name in bias.modes)
        return replace(
            found,
            shifts=tuple(range(1, bias.window + 1)) if SHIFT in bias.modes else (),
            windows=tuple(range(2, bias.window + 1)),
            over=tuple(r for r in over if _says_something(r) and (is_real or r.rule(whole()).is_whole)),
            last="last" in bias.modes,
            extremes=tuple(r.name for r in AGGREGATES.values() if r.by and r.searched and r.name in bias.modes),
        )

    def element_wise(self) -> Bank:
        """The operators alone; those that give numbers first, for of a state they say more than flags."""
        binary = tuple(sorted(self.binary, key=_gives_number, reverse=True))
        return replace(self, binary=binary, shifts=(), windows=(), over=(), last=False, extremes=())

    @cached_property
    def pieces(self) -> list[tuple[Term, int]]:
        """Pieces that read one column, without it, with what they cost."""
        found: list[tuple[Term, int]] = [(Op(row.name, (ONE,)), cost_of(row)) for row in self.unary]
        found += [(Op("floor", (Op("sqrt", (ONE,)),)), 2)] * self.root + [(Op("==", (ONE, Const(0))), 1)] * self.zero
        found += [(Shift(ONE, k), 1 + (k > 2)) for k in self.shifts]
        found += [(Shift(ONE, same=True), 1)] if self.shifts else []
        for row in self.over:
            found.append((Over(row.name, ONE), cost_of(row)))
            windows = self.windows if row.price <= 1 and not row.picks else ()
            found += [(Over(row.name, ONE, w), 1 + EXTRA_WINDOW) for w in windows]
        return found

    def usable(self, pool: Pool, piece: Term, numbers: Sequence[int]) -> np.ndarray:
        """Those of some columns that a piece is put on."""
        at = np.asarray(numbers, int)
        flag, text = pool.flags[at], pool.symbols[at]
        keep = np.isnan(pool.constants[at])
        match piece:
            case Op(name, (Col(),)):
                keep &= ~text & (flag == (name == "not")) & (pool.names[at] != name)
            case Op():
                keep &= ~text & ~flag
            case Shift(same=same):
                keep &= ~pool.shifts[at]
                if same:
                    keep &= ~text & (np.array(pool.costs)[at] <= SHIFTED)
            case Over(how):
                keep &= self._aggregated(pool, AGGREGATES[how], at)
        return at[keep]

    def _aggregated(self, pool: Pool, row: Aggregation, at: np.ndarray) -> np.ndarray:
        keep = ~pool.symbols[at] if not _takes_texts(row) else np.ones(len(at), bool)
        if row.picks:
            keep &= ~pool.shifts[at] & (pool.names[at] != row.name)
        if row.prefix is None:
            keep &= np.array(pool.costs)[at] <= 1
        if row.prefix is None or row.price > 2:
            keep[keep] = np.ptp(pool.values[at[keep]], axis=1) < FEW_VALUES
        return keep

    def fits(
        self, pool: Pool, row: Operator, left: Sequence[int], right: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of columns (one of `left`, one of `right`) that an operator of two may be put on."""
        a, b = np.meshgrid(np.asarray(left), np.asarray(right), indexing="ij")
        a, b = a.ravel(), b.ravel()
        keep = a != b  # squares are an operator of their own
        keep &= ~(~np.isnan(pool.constants[a]) & ~np.isnan(pool.constants[b]))
        texts = pool.symbols[a] & pool.symbols[b] if _compares_texts(row) else np.zeros(len(a), bool)
        numbers = ~pool.symbols[a] & ~pool.symbols[b]
        sensible = _sensible(row, pool.constants[a], pool.constants[b], pool.flags[a], pool.flags[b])
        keep &= (numbers & sensible) | (texts & np.isnan(pool.constants[a]))
        return a[keep], b[keep]


def cost_of(row: Operator | Aggregation) -> int:
    """What a use costs."""
    return max(1, round(row.price))


def _suits(row: Operator, count: int, is_real: bool) -> bool:
    """Whether an operator takes so many arguments, and gives numbers of the kind it is given, others than those."""
    least, most = row.arity
    if not least <= count <= (most or count):
        return False
    try:
        found = row.rule([real() if is_real else whole()] * count)
    except (TypeError, ValueError):
        return False
    same = count == 1 and bool((kernels.apply(row.name, SAMPLES) == SAMPLES).all())
    return found.is_whole != is_real and not same


def _different(rows: Sequence[Operator]) -> tuple[Operator, ...]:
    """The operators of two that do not say with swapped arguments what an earlier one says."""
    a, b = (m.ravel() for m in np.meshgrid(SAMPLES, SAMPLES))
    kept: list[Operator] = []
    for row in rows:
        mine = kernels.apply(row.name, a, b)
        if not any((kernels.apply(other.name, b, a) == mine).all() for other in kept):
            kept.append(row)
    return tuple(sorted(kept, key=_gives_number))  # what gives flags first: the first of equal columns is kept


def _gives_number(row: Operator) -> bool:
    return not row.rule([whole(), whole()]).is_flag


def _says_something(row: Aggregation) -> bool:
    """Whether an aggregate over the steps so far is more than the value at this step."""
    block = SAMPLES[None, :, None]
    return row.prefix is None or not bool((row.prefix(block, None) == block).all())


def _takes_texts(row: Aggregation) -> bool:
    """Whether an aggregate picks a text, or makes a number of texts; not one that goes by their order."""
    try:
        return row.picks or not row.rule(TEXT).texts
    except TypeError:
        return False


def _compares_texts(row: Operator) -> bool:
    """Whether an operator compares texts, but not by their order."""
    try:
        return row.symmetric and row.rule([TEXT, TEXT]).is_flag
    except TypeError:
        return False


def _sensible(row: Operator, a: np.ndarray, b: np.ndarray, flag_a: np.ndarray, flag_b: np.ndarray) -> np.ndarray:
    name, fixed_a, fixed_b = row.name, ~np.isnan(a), ~np.isnan(b)
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
    if name in ("min", "max", "^", "&", "|"):
        return ~fixed_a & ~(flag_a & flag_b)
    if name in ("==", "!="):
        return ~fixed_a & ~(flag_a & fixed_b)
    if name in ("<", "<="):
        return ~(flag_a & flag_b) & ~(flag_a & fixed_b) & ~(fixed_a & flag_b)
    return ~fixed_a if row.symmetric else np.ones(len(a), bool)
