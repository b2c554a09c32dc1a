"""Hard numeric programs for the elitist search: slots in a row, each a piece that reads variables before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pellucid.search.numeric.bank import Bank
from pellucid.search.numeric.grid import Grid, combined
from pellucid.search.numeric.terms import LastWhere, Num, Op, Run, Shift, Term

LARGEST = 1e12


@dataclass(frozen=True)
class Gene:
    """One slot: a piece by its number, the variables it reads, and a constant by its number."""

    piece: int
    left: int
    right: int
    constant: int


@dataclass(frozen=True)
class Piece:
    """What a slot may compute. kind: "two" (operator of two variables), "constant" (of a variable and a constant),
    "one", "shift", "run" or "last"; name: the operator or aggregate; amount: of a shift or window.
    """

    kind: str
    name: str = ""
    amount: int | None = None


def pieces(bank: Bank) -> list[Piece]:
    """All pieces of a bank."""
    found = [Piece("two", name) for name in bank.binary if name not in ("//", "%")]
    found += [Piece("constant", name) for name in bank.binary if name in ("//", "%", "==", "<", "-", "*")]
    found += [Piece("one", name) for name in bank.unary if name not in ("isqrt", "zero", "exp", "log", "sqrt")]
    found += [Piece("shift", amount=k) for k in bank.shifts[:5]]
    found += [Piece("run", name) for name in bank.routes if name in ("sum", "min", "max", "mean")]
    return found + ([Piece("last", amount=1)] if bank.last else [])


class Space:
    """The programs of a search: base terms, pieces, constants and slots, and the values of everything on a grid."""

    def __init__(self, grid: Grid, bases: Sequence[Term], bank: Bank, constants: Sequence[Num], slots: int) -> None:
        self.grid, self.bases, self.constants, self.slots = grid, list(bases), list(constants), slots
        self.pieces = pieces(bank)
        self._values: dict[Term, np.ndarray | None] = {}

    @property
    def width(self) -> int:
        """Number of base variables."""
        return len(self.bases)

    def draw(self, rng: np.random.Generator, slot: int) -> Gene:
        """A uniformly random gene for a slot."""
        reach = self.width + slot
        return Gene(
            int(rng.integers(len(self.pieces))),
            int(rng.integers(reach)),
            int(rng.integers(reach)),
            int(rng.integers(max(len(self.constants), 1))),
        )

    def program(self, rng: np.random.Generator) -> tuple[Gene, ...]:
        """A uniformly random program."""
        return tuple(self.draw(rng, slot) for slot in range(self.slots))

    def mutant(self, genes: tuple[Gene, ...], rng: np.random.Generator, rate: float) -> tuple[Gene, ...]:
        """The program with some gates drawn anew, at least one."""
        while True:
            found = []
            for slot, gene in enumerate(genes):
                fresh, turned = self.draw(rng, slot), rng.random(4) < rate
                names = [n for n, t in zip(("piece", "left", "right", "constant"), turned, strict=True) if t]
                found.append(replace(gene, **{name: getattr(fresh, name) for name in names}))
            if tuple(found) != genes:
                return tuple(found)

    def terms(self, genes: Sequence[Gene]) -> list[Term | None]:
        """The terms of the base variables and the slots; None for a slot that reads a dead one."""
        terms: list[Term | None] = list(self.bases)
        for gene in genes:
            term = self._term(self.pieces[gene.piece], terms[gene.left], terms[gene.right], gene.constant)
            terms.append(term if term is not None and self.values(term) is not None else None)
        return terms

    def _term(self, piece: Piece, left: Term | None, right: Term | None, constant: int) -> Term | None:
        if left is None:
            return None
        match piece.kind:
            case "two":
                return None if right is None or right == left else Op(piece.name, (left, right))
            case "constant":
                return Op(piece.name, (left, self.constants[constant])) if self.constants else None
            case "one":
                return Op(piece.name, (left,))
            case "shift":
                return Shift(left, piece.amount or 1)
            case "run":
                return Run(piece.name, left)  # pyright: ignore[reportArgumentType]
        return None if right is None else LastWhere(left, right, piece.amount or 0)

    def values(self, term: Term) -> np.ndarray | None:
        """A term's values [steps, examples]; None where undefined, too large or constant."""
        if term not in self._values:
            if len(self._values) > 20_000:
                self._values.clear()
            self._values[term] = self._computed(term)
        return self._values[term]

    def _computed(self, term: Term) -> np.ndarray | None:
        if term in self.bases or isinstance(term, Num):
            return self.grid.value(term)
        match term:
            case Op():
                parts = [self.values(t) for t in term.args]
            case LastWhere():
                parts = [self.values(term.term), self.values(term.where)]
            case Shift() | Run():
                parts = [self.values(term.term)]
            case _:
                return self.grid.value(term)
        if any(part is None for part in parts):
            return None
        found = combined(term, parts)  # pyright: ignore[reportArgumentType]
        good = np.isfinite(found).all() and np.abs(found).max() < LARGEST and np.ptp(found) > 0
        return found if good else None
