"""Votes taken apart: what every value adds to every label, for one input or many; probabilities made of sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.explain.cells import Cells
from pellucid.language.nodes import Evidence, Vote
from pellucid.language.program import Program
from pellucid.language.types import Plain, Value
from pellucid.semantics import batch
from pellucid.semantics.attention import Voting
from pellucid.semantics.cells import Layout

Part = Evidence | tuple[str, tuple[int, ...]]  # of a vote
PIECES, POOLED_PIECES = 3, 8  # that people are told of, of the vote at a position and of a whole sequence
LARGEST = 1e3  # factor that turns sums into logarithms of odds, at most


@dataclass(frozen=True)
class Piece:
    """What one value of a variable at a position says: its weights, the best label's first.

    The bias has neither variable nor position.
    """

    variable: str | None
    position: int | None
    value: Value
    weights: tuple[int, ...]

    @property
    def lead(self) -> int:
        """The difference it makes between the two best labels."""
        return self.weights[0] - self.weights[1] if len(self.weights) > 1 else 0


@dataclass(frozen=True)
class Tally:
    """One vote: the labels with their sums, the winner first, and the pieces, those that decided most first.

    Pieces that say the same of every label are left out.
    """

    sums: tuple[tuple[Plain, int], ...]
    pieces: tuple[Piece, ...]

    def telling(self, most: int) -> list[Piece]:
        """The pieces that make a difference between the two best labels, at most so many."""
        return [piece for piece in self.pieces if piece.lead][:most]

    def to_json(self) -> dict[str, Any]:
        """One JSON object; weights in the order of the labels."""
        pieces = [{"variable": p.variable, "position": None if p.position is None else p.position + 1,
                   "value": p.value, "weights": list(p.weights)} for p in self.pieces]  # fmt: skip
        return {"labels": [a for a, _ in self.sums], "sums": [b for _, b in self.sums], "pieces": pieces}


def evidence_of(node: Vote) -> tuple[Part, ...]:
    """Everything that votes, the bias aside."""
    return (*node.evidence, *node.scaled)


def weights(piece: Part, value: Value) -> tuple[int, ...]:
    """What a value adds to each label."""
    if isinstance(piece, Evidence):
        return piece.weights.get(value, piece.default)
    assert value is None or isinstance(value, int)
    return tuple((value or 0) * weight for weight in piece[1])


def variable(piece: Part) -> str:
    """The variable that a piece of a vote reads."""
    return piece.variable if isinstance(piece, Evidence) else piece[0]


def tally(cells: Cells, node: Vote, i: int) -> Tally:
    """The vote at a position of one input."""
    voters = cells.voters(node, i)
    times = len(voters) or 1  # pooled over nothing the bias counts once
    found = [Piece(None, None, None, tuple(times * b for b in node.bias))]
    for piece in evidence_of(node):
        name = variable(piece)
        found += [Piece(name, j, cells[name, j], weights(piece, cells[name, j])) for j in voters]
    sums = [sum(column) for column in zip(*(p.weights for p in found), strict=True)]
    ranked = sorted(range(len(sums)), key=lambda c: (-sums[c], c))
    pieces = [replace(p, weights=tuple(p.weights[c] for c in ranked)) for p in found if len(set(p.weights)) > 1]
    pieces.sort(key=lambda p: (-abs(p.lead), -max(map(abs, p.weights))))
    return Tally(tuple((node.labels[c], sums[c]) for c in ranked), tuple(pieces))


# ---------------------------------------------------------------- many inputs


def label_sums(program: Program, sequences: Sequence[Any]) -> np.ndarray:
    """The sums that a vote over all positions compares, int64 [sequences, labels]; see `decides_by_votes`.

    Raises:
        PellucidError: an input that the program does not take.
    """
    node = program[program.results[0]]
    assert isinstance(node, Vote)
    values = batch.evaluate(program, sequences)
    layout = Layout(values.starts)
    totals = Voting(node, program.types, program.types[program.results[0]]).summed(values.cells, layout)
    return np.where(layout.sizes[:, None] > 0, totals, np.array(node.bias)).astype(np.int64)  # of nothing the bias once


def decides_by_votes(program: Program) -> bool:
    """Whether the one answer for a sequence is a vote over all positions; one made of rules says its label alone."""
    node = program[program.results[0]]
    return len(program.outputs) == 1 and program.when != "every" and isinstance(node, Vote) and node.pooled


def probabilities(sums: np.ndarray, factor: float) -> np.ndarray:
    """Softmax of sums [n, labels] times a factor."""
    logits = sums * factor
    shares = np.exp(logits - logits.max(1, keepdims=True))
    return shares / shares.sum(1, keepdims=True)


def calibrated(sums: np.ndarray, wanted: np.ndarray) -> float:
    """The factor under which the right labels are most probable (temperature scaling; Guo et al., 2017).

    The sums of a vote are integers on a scale of their own; on held-out data this one number makes them mean what
    probabilities mean.

    Args:
        sums: [n, labels]. wanted: index of the right label; -1 where the program never says it.
    """
    from scipy.optimize import minimize_scalar  # heavy, and needed here alone

    known = wanted >= 0
    rows, right = sums[known].astype(np.float64), wanted[known]
    largest = float(np.abs(rows).max(initial=0.0))
    if not largest:
        return 1.0

    def loss(log_factor: float) -> float:
        shares = probabilities(rows, float(np.exp(log_factor)))
        logs = np.log(np.maximum(shares, 1e-12))
        # one more example, of which every label is as probable: few ones, all right, would make the factor endless
        return float(-(logs[np.arange(len(rows)), right].sum() + logs.mean()) / (len(rows) + 1))

    result = minimize_scalar(loss, bounds=(np.log(1e-3 / largest), np.log(LARGEST)), method="bounded")
    return float(np.exp(result.x))
