"""Values of searched variables on a batch, computed once each: equal definitions and equal columns share an index."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pellucid.language.operators import OPERATORS
from pellucid.learners.evolve.genes import COMPARISONS, LOGIC, STABLE, Choose, Gene, Head, Member, Unit, mapped, reads

LARGEST = 1000  # a number beyond it makes a variable dead: short programs for short sequences do not need it
NONE = -1  # number that a head gives where it picks nothing; for a symbol: the code after the last symbol
MASKS_KEPT = 64
COMPARED = {
    "==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
}  # fmt: skip
LOGICAL = {"and": operator.and_, "or": operator.or_, "and not": lambda a, b: a & (1 - b)}


@dataclass(frozen=True)
class Column:
    """One variable on a batch: int16 [position, sequence], 0 at padding; `kind` token, number, flag or label.

    `holes`: whether some symbols are missing (code = number of symbols), so that they have no order.
    """

    values: np.ndarray
    kind: str
    holes: bool = False


@dataclass(frozen=True)
class Source:
    """What a program may read: a column's symbols (`token`) or its whole numbers, the position, or the length."""

    of: Literal["token", "number", "position", "length"]
    column: str = ""

    @property
    def kind(self) -> str:
        """Kind of the variable."""
        return "token" if self.of == "token" else "number"


@dataclass(frozen=True)
class Batch:
    """Sequences side by side: what each source holds, int16 [source, position, sequence] with 0 for padding.

    valid: where there is a position, bool [position, sequence]. labels: int likewise, -1 where not scored.
    """

    values: np.ndarray
    valid: np.ndarray
    labels: np.ndarray

    @property
    def width(self) -> int:
        """Positions of the longest sequence."""
        return len(self.valid)

    @property
    def tagging(self) -> bool:
        """Whether more than the last position has a label."""
        return bool((self.labels[:-1] >= 0)[self.valid[1:]].any())

    def take(self, which: np.ndarray | slice) -> Batch:
        """Some of the sequences."""
        parts = self.values[..., which], self.valid[:, which], self.labels[:, which]
        return Batch(*map(np.ascontiguousarray, parts))  # in the order that they are read

    def joined(self, other: Batch) -> Batch:
        """The sequences of both."""
        parts = (self.values, other.values), (self.valid, other.valid), (self.labels, other.labels)
        return Batch(*(np.concatenate(pair, -1) for pair in parts))

    def __len__(self) -> int:
        return self.valid.shape[1]


class Columns:
    """Every variable asked for on one batch."""

    def __init__(self, batch: Batch, symbols: int, base: Sequence[Column]) -> None:
        self.batch, self.symbols = batch, symbols
        self.found: list[Column] = []
        self._by_gene: dict[Gene, int | None] = {}
        self._by_bytes: dict[tuple[str, bytes], int] = {}
        self._masks: dict[Head, np.ndarray] = {}
        width = batch.width
        query, key = np.arange(width)[:, None, None], np.arange(width)[None, :, None]
        ahead = {"upto": key <= query, "before": key < query, "after": key > query, "from": key >= query}
        self._reach = {name: allowed & batch.valid[None] for name, allowed in {"any": key >= 0, **ahead}.items()}
        self._earlier = key < query
        self._sequence = np.arange(len(batch))[None, :]
        self.base = [self.add(column) for column in base]

    def add(self, column: Column) -> int:
        """Index of a column, that of an equal one if there is one."""
        key = column.kind + "?" * column.holes, column.values.tobytes()
        index = self._by_bytes.setdefault(key, len(self.found))
        if index == len(self.found):
            self.found.append(column)
        return index

    def of(self, genes: Sequence[Gene]) -> list[int | None]:
        """Indices of the base variables and of each gene's; None for one that is ill typed or too large."""
        known: list[int | None] = list(self.base)
        for gene in genes:
            known.append(self.one(gene, known))
        return known

    def one(self, gene: Gene, known: Sequence[int | None]) -> int | None:
        """Index of one gene over the variables known."""
        if any(known[i] is None for i in reads(gene)):
            return None
        inner = mapped(gene, known)  # pyright: ignore[reportArgumentType]
        if inner not in self._by_gene:
            match inner:
                case Head():
                    column = self._head(inner)
                case Unit():
                    column = self._unit(inner)
                case Member():
                    column = self._member(inner)
                case Choose():
                    column = self._choose(inner)
            self._by_gene[inner] = None if column is None else self.add(column)
        return self._by_gene[inner]

    def _numeric(self, index: int) -> bool:
        return self.found[index].kind in ("number", "flag")

    def _alike(self, one: int, other: int) -> bool:
        """Whether two columns may be compared."""
        return self.found[one].kind == self.found[other].kind or (self._numeric(one) and self._numeric(other))

    def _clean(self, values: np.ndarray | np.bool, kind: str, holes: bool = False) -> Column | None:
        values = np.where(self.batch.valid, values, 0)
        if kind == "number":
            low, high = values.min(), values.max()
            if max(-low, high) > LARGEST:
                return None
        return Column(values.astype(np.int16), kind, holes)

    def picked(self, head: Head) -> np.ndarray | None:
        """bool [query, key, sequence]: the keys that each query picks; None where the head is ill typed."""
        if head.mask is None and head.predicate == "true":
            return self._reach[head.reach]
        place = replace(head, how="count", value=0)  # what is taken from the keys does not matter here
        if place in self._masks:
            return self._masks[place]
        found = self._reach[head.reach]
        if head.predicate != "true":
            truth = self._compared(head)
            if truth is None:
                return None
            found = found & truth
        if head.mask is not None:
            if self.found[head.mask].kind != "flag":
                return None
            flag = self.found[head.mask].values == (0 if head.negated else 1)
            found = found & flag[None]
        if len(self._masks) >= MASKS_KEPT:
            self._masks.pop(next(iter(self._masks)))
        self._masks[place] = found
        return found

    def _compared(self, head: Head) -> np.ndarray | None:
        query, key = self.found[head.query], self.found[head.key]
        if not self._alike(head.query, head.key):
            return None
        if head.predicate not in ("==", "!=") and (query.holes or key.holes):
            return None
        q, k = query.values[:, None], key.values[None]
        found = COMPARED[STABLE.get(head.predicate, head.predicate)](k, q)
        return found | ((k == q) & self._earlier) if head.predicate in STABLE else found

    def _head(self, head: Head) -> Column | None:
        value = self.found[head.value] if head.how not in ("count", "any") else None
        if head.how == "sum" and not self._numeric(head.value):
            return None
        if head.how in ("min", "max") and value is not None and value.holes:
            return None
        picked = self.picked(head)
        if picked is None:
            return None
        if value is not None and value.holes and value.values.max(initial=0) == self.symbols:
            picked = picked & (value.values != self.symbols)[None]  # what is nothing is not picked
        if head.how == "count":
            return self._clean(np.add.reduce(picked, 1, dtype=np.int16), "number")
        some = picked.any(1)
        if head.how == "any":
            return self._clean(some, "flag")
        assert value is not None
        if head.how == "sum":
            return self._clean(np.add.reduce(picked * value.values[None], 1, dtype=np.int32), "number")
        nothing = self.symbols if value.kind == "token" else NONE
        if head.how == "min":
            taken = np.where(picked, value.values[None], np.int16(32767)).min(1)
        elif head.how == "max":
            taken = np.where(picked, value.values[None], np.int16(-32768)).max(1)
        else:
            place = picked.argmax(1) if head.how == "first" else picked.shape[1] - 1 - picked[:, ::-1].argmax(1)
            taken = value.values[place, self._sequence]
        kind = "number" if value.kind == "flag" else value.kind
        return self._clean(np.where(some, taken, nothing), kind, kind == "token")

    def _unit(self, unit: Unit) -> Column | None:
        left = self.found[unit.left]
        if unit.right is None:
            a, b, alike = left.values, np.int64(unit.constant), self._numeric(unit.left)
            holes = flags = False
        else:
            right = self.found[unit.right]
            a, b, holes = left.values, right.values, left.holes or right.holes
            alike = self._alike(unit.left, unit.right)
            flags = left.kind == right.kind == "flag"
        if not alike:
            return None
        if unit.op in COMPARISONS:
            ordered = unit.op in ("==", "!=") or not holes
            return self._clean(COMPARED[unit.op](a, b), "flag") if ordered else None
        if unit.op in LOGIC:
            return self._clean(LOGICAL[unit.op](a, b), "flag") if flags else None
        if not self._numeric(unit.left):
            return None
        meaning = OPERATORS[unit.op].batch
        values = meaning(a.astype(np.int64), b.astype(np.int64)) if meaning else None
        return None if values is None else self._clean(values, "number")

    def _member(self, member: Member) -> Column | None:
        column = self.found[member.variable]
        if column.kind != "token":
            return None
        table = np.full(self.symbols + 1, -1 if member.signed else 0, np.int16)
        table[list(member.among)] = 1
        return self._clean(table[column.values], "number" if member.signed else "flag")

    def _choose(self, gene: Choose) -> Column | None:
        flag, then, otherwise = (self.found[i] for i in (gene.flag, gene.then, gene.otherwise))
        if flag.kind != "flag" or not self._alike(gene.then, gene.otherwise):
            return None
        kind = then.kind if then.kind == otherwise.kind else "number"
        chosen = np.where(flag.values == 1, then.values, otherwise.values)
        return self._clean(chosen, kind, then.holes or otherwise.holes)
