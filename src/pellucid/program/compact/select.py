"""Which variables a readout needs: forward by what they explain for their size, then backward."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from pellucid.program.compact.fit import Column, Going, Rows, sharpened, solve, whole
from pellucid.program.compact.graph import Graph, name
from pellucid.program.compact.sizes import BASE, VOTES, estimated_size, evidence_size, scaled_size
from pellucid.program.compact.target import Target
from pellucid.program.ir import Evidence, Readout

Piece = tuple[int, bool]  # a variable, and whether it is a scaled number
SHORTLIST = 5


@dataclass(frozen=True)
class Chosen:
    """Pieces of evidence with fitted weights: how many examples of the target they decide rightly."""

    pieces: tuple[Piece, ...]
    weights: np.ndarray
    loss: float
    correct: float


class Evidences:
    """Fits readouts of chosen variables to a target, and chooses."""

    def __init__(self, graph: Graph, target: Target, candidates: Iterable[int], going: Going) -> None:
        self.graph, self.target, self.going = graph, target, going
        pairs = [(number, scaled) for number in candidates for scaled in (True, False)]
        self._parts: dict[int, frozenset[int]] = {}
        self.candidates: list[Piece] = [piece for piece in pairs if target.column(*piece) is not None]

    def size(self, pieces: Iterable[Piece]) -> int:
        """Estimated AST nodes of the program with this readout."""
        pieces, labels = list(pieces), len(self.target.classes)
        rows = (scaled_size(labels) if s else evidence_size(self._column((n, s)).size, labels) for n, s in pieces)
        return BASE + VOTES + self.parts(number for number, _ in pieces) + sum(rows)

    def parts(self, numbers: Iterable[int]) -> int:
        """Estimated AST nodes of everything that these variables need."""
        parts: set[int] = set()
        for number in numbers:
            if number not in self._parts:
                self._parts[number] = frozenset(self.graph.parts([number]))
            parts |= self._parts[number]
        return sum(estimated_size(self.graph.nodes[i]) for i in parts)

    def _column(self, piece: Piece) -> Column:
        column = self.target.column(*piece)
        assert column is not None
        return column

    def rows(self, pieces: Iterable[Piece]) -> Rows:
        """The target's examples with these features."""
        return self.target.rows([self._column(piece) for piece in pieces])

    def fit(self, pieces: tuple[Piece, ...], start: np.ndarray | None = None, steps: int = 40) -> Chosen:
        """Weights for these pieces."""
        rows = self.rows(pieces)
        weights, loss = solve(rows, start, steps, self.going)
        return Chosen(pieces, weights, loss, rows.correct(weights))

    def weights_for(self, chosen: Chosen, fitted: Evidences) -> np.ndarray:
        """Weights to start from that were fitted to other rows: those of the same values."""
        place, blocks = 0, []
        for piece in chosen.pieces:
            ours, theirs = self._column(piece), fitted._column(piece)
            block = chosen.weights[place : place + theirs.features]
            place += theirs.features
            if ours.numbers is None:
                known = dict(zip(theirs.values, block, strict=True))
                block = np.array([known.get(value, np.zeros(block.shape[1])) for value in ours.values])
            blocks.append(block)
        return np.concatenate([*blocks, chosen.weights[-1:]])

    def sharp(self, chosen: Chosen, rounds: int = 6) -> Chosen:
        """The same pieces, with weights that decide as many examples rightly as can be."""
        rows = self.rows(chosen.pieces)
        weights, loss = solve(rows, chosen.weights, 100, self.going)
        weights = sharpened(rows, weights, rounds, self.going)
        return Chosen(chosen.pieces, weights, loss, rows.correct(weights))

    def forward(self, most: int, price: float, alpha: float) -> Iterator[Chosen]:
        """Add pieces one by one; every readout on the way.

        Args:
            most: pieces at most.
            price: examples' worth of loss that a node of the program costs.
            alpha: how much size counts in the shortlist.
        """
        best = self.fit(())
        while len(best.pieces) < min(most, len(self.candidates)):
            best = self._extended(best, price, alpha)
            yield best

    def _extended(self, chosen: Chosen, price: float, alpha: float) -> Chosen:
        self.going(len(self.candidates) * len(self.target) / 50_000)
        residual, curvature = self._residual(chosen)
        base = self.size(chosen.pieces)

        def worth(piece: Piece) -> float:
            gain = self.target.gain(self._column(piece), residual, curvature)
            return gain / (self.size((*chosen.pieces, piece)) - base + 20) ** alpha

        ranked = sorted((p for p in self.candidates if p not in chosen.pieces), key=lambda p: (-worth(p), p))
        tried = []
        for piece in ranked[:SHORTLIST]:
            pieces = (*chosen.pieces, piece)
            start = np.insert(chosen.weights, len(chosen.weights) - 1, np.zeros((self._column(piece).features, 1)), 0)
            tried.append(self.fit(pieces, start, 30))
        return min(tried, key=lambda c: c.loss * len(self.target) + price * self.size(c.pieces))

    def _residual(self, chosen: Chosen) -> tuple[np.ndarray, np.ndarray]:
        counts = self.target.counts
        x = [self.target.features(self._column(piece)) for piece in chosen.pieces]
        scores = np.concatenate([*x, np.ones((len(counts), 1), np.float32)], 1) @ chosen.weights
        p = np.exp(scores - scores.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        return counts - p, p * (1 - p)

    def backward(self, chosen: Chosen, holds: Callable[[Chosen], bool]) -> Chosen:
        """Drop pieces, the largest saving first, or use them as plain numbers, while what is left `holds`."""
        changed = True
        while changed:
            changed = False
            for pieces in self._smaller(chosen.pieces):
                if pieces and self.going():
                    found = self.sharp(self.fit(pieces))
                    if holds(found):
                        chosen, changed = found, True
                        break
        return chosen

    def _smaller(self, pieces: tuple[Piece, ...]) -> list[tuple[Piece, ...]]:
        found = [tuple(p for p in pieces if p != piece) for piece in pieces]
        for i, (number, scaled) in enumerate(pieces):
            if not scaled and self.target.column(number, True) is not None:
                found.append((*pieces[:i], (number, True), *pieces[i + 1 :]))
        own = self.size(pieces)
        return sorted((p for p in found if self.size(p) < own), key=lambda p: (self.size(p), p))

    def node(self, chosen: Chosen) -> Readout:
        """The readout with whole weights that decide these examples as well as the fitted ones."""
        columns = [self._column(piece) for piece in chosen.pieces]
        weights = whole(self.rows(chosen.pieces), columns, chosen.weights, chosen.correct)
        labels, place = self.target.classes, 0
        evidence, scaled = [], []
        for (number, _), column in zip(chosen.pieces, columns, strict=True):
            block = weights[place : place + column.features]
            place += column.features
            if column.numbers is not None:
                scaled.append((name(number), _row(block[0])))
            else:
                rows = tuple((value, _row(row)) for value, row in zip(column.values, block, strict=True))
                evidence.append(Evidence(name(number), rows, (0,) * len(labels)))
        return Readout(labels, _row(weights[-1]), tuple(evidence), tuple(scaled), self.target.pooled)


def _row(weights: np.ndarray) -> tuple[int, ...]:
    """Weights from 0: a number added to all the weights of a row changes no decision."""
    return tuple(int(w) for w in weights - weights.min())
