"""Which pieces of evidence a readout needs for some answers: all others are dropped, weights stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from pellucid.program.inspect.scope import Scope
from pellucid.program.interpret import evidence_table, numbers_of, values_of
from pellucid.program.ir import Evidence, Program, Readout
from pellucid.program.predicates import Value

Decision = Callable[[np.ndarray], np.ndarray]  # scores [items, class] -> what must stay as it is
Scaled = tuple[str, tuple[int, ...]]
MAX_POOLED = 2_000_000  # codes per variable that a pooled readout is cut down on


@dataclass
class _Part:
    """A piece of evidence on the items to decide: combinations of values, or inputs where the readout is pooled.

    values: those that occur; table: their weights, int64 [value, class]; live: those still listed; and for each item,
    codes: int [items], which one it has, or counts: int [items, value], how often it has each.
    """

    piece: Evidence | Scaled
    values: list[Value]
    table: np.ndarray
    codes: np.ndarray | None
    counts: np.ndarray | None
    live: list[int] = field(default_factory=list)

    def of(self, value: int) -> np.ndarray:
        """What one value adds to the scores."""
        times = (self.codes == value).astype(np.int64) if self.counts is None else self.counts[:, value]
        return times[:, None] * self.table[value]

    def total(self) -> np.ndarray:
        """What all live values add to the scores."""
        table = np.zeros_like(self.table)
        table[self.live] = self.table[self.live]
        return table[self.codes] if self.counts is None else self.counts @ table


def spare_votes(program: Program, scope: Scope, label: Value | None = None) -> Program:
    """The program whose output readout holds only the evidence that its answers in the scope need.

    Largest variables first, then value by value; the labels that never matter go, too. Preserved: the winner, or with
    a `label` whether that one wins. Unchanged where the output is no readout, or there are too many combinations.
    """
    node = program[program.output]
    if not isinstance(node, Readout):
        return program
    found = _pooled_parts(program, node, scope) if node.pooled else _parts(program, node, scope)
    if found is None:
        return program
    parts, bias = found
    wanted = node.labels.index(label) if label in node.labels else None
    decide: Decision = (lambda s: s.argmax(1)) if wanted is None else (lambda s: s.argmax(1) == wanted)
    kept = _spared(parts, bias, decide)
    smaller = _rebuilt(node, kept)
    if wanted is not None:
        smaller = _fewer_labels(smaller, sum((p.total() for p in kept), bias), wanted)
    return program.map(lambda a: smaller if a.name == program.output else a.node)


def _pieces(node: Readout) -> list[Evidence | Scaled]:
    return [*node.evidence, *node.scaled]


def _name(piece: Evidence | Scaled) -> str:
    return piece.variable if isinstance(piece, Evidence) else piece[0]


def _weights(program: Program, node: Readout, index: int, codes: np.ndarray) -> tuple[list[Value], np.ndarray]:
    """The values behind some codes of piece `index`, and their weights, int64 [value, class]."""
    piece = _pieces(node)[index]
    values = values_of(program, _name(piece))
    found = [values[c] for c in codes.tolist()]
    if isinstance(piece, Evidence):
        return found, evidence_table(node, index, found)
    return found, numbers_of(program.types[piece[0]], codes)[:, None] * np.array(piece[1], np.int64)


def _parts(program: Program, node: Readout, scope: Scope) -> tuple[list[_Part], np.ndarray] | None:
    names = list(dict.fromkeys(map(_name, _pieces(node))))
    tuples = scope.facts().tuples(program, names, "user") if names else None
    if tuples is None:
        return None
    columns, parts = dict(zip(names, tuples.T, strict=True)), []
    for i, piece in enumerate(_pieces(node)):
        codes, index = np.unique(columns[_name(piece)], return_inverse=True)
        parts.append(_Part(piece, *_weights(program, node, i, codes), index, None, [*range(len(codes))]))
    return parts, np.tile(np.array(node.bias, np.int64), (len(tuples), 1))


def _pooled_parts(program: Program, node: Readout, scope: Scope) -> tuple[list[_Part], np.ndarray] | None:
    if scope.answers.size > MAX_POOLED:
        return None
    columns: dict[str, list[np.ndarray]] = {_name(piece): [] for piece in _pieces(node)}
    for _, _, env in scope.runs(program):
        for name, found in columns.items():
            found.append(env[name])
    parts, rows = [], scope.rows(program)
    for i, piece in enumerate(_pieces(node)):
        column = np.concatenate(columns[_name(piece)])
        codes = np.unique(column[rows])
        counts = np.stack([((column == c) & rows).sum(1) for c in codes], 1).astype(np.int64)
        parts.append(_Part(piece, *_weights(program, node, i, codes), None, counts, [*range(len(codes))]))
    return parts, scope.answers.sum(1)[:, None] * np.array(node.bias, np.int64)


def _spared(parts: list[_Part], bias: np.ndarray, decide: Decision) -> list[_Part]:
    total = sum((p.total() for p in parts), bias)
    decisions = decide(total)
    kept = []
    for part in sorted(parts, key=lambda p: -len(p.live)):
        without = total - part.total()
        if (decide(without) == decisions).all():
            total = without
        else:
            kept.append(part)
    for part in kept:
        for value in [*part.live] if isinstance(part.piece, Evidence) else []:
            without = total - part.of(value)
            if (decide(without) == decisions).all():
                total = without
                part.live.remove(value)
    return [p for p in parts if any(p is k for k in kept)]


def _rebuilt(node: Readout, kept: list[_Part]) -> Readout:
    """The readout with these parts: a value that is not listed says nothing."""
    nothing = (0,) * len(node.labels)
    evidence, scaled = [], []
    for part in kept:
        if isinstance(part.piece, Evidence):
            rows = ((part.values[c], tuple(part.table[c].tolist())) for c in part.live)
            evidence.append(Evidence(part.piece.variable, tuple((v, row) for v, row in rows if any(row)), nothing))
        else:
            scaled.append(part.piece)
    return replace(node, evidence=tuple(evidence), scaled=tuple(scaled))


def _fewer_labels(node: Readout, total: np.ndarray, wanted: int) -> Readout:
    """Without the labels whose absence never changes whether the wanted one wins."""
    wins = total.argmax(1) == wanted
    columns = list(range(len(node.labels)))
    for label in reversed(range(len(node.labels))):
        rest = [c for c in columns if c != label]
        if label != wanted and len(rest) > 1 and ((total[:, rest].argmax(1) == rest.index(wanted)) == wins).all():
            columns = rest

    def cut(row: tuple) -> tuple:
        return tuple(row[c] for c in columns)

    evidence = tuple(
        Evidence(e.variable, tuple((v, cut(row)) for v, row in e.rows), cut(e.default)) for e in node.evidence
    )
    scaled = tuple((name, cut(weights)) for name, weights in node.scaled)
    return replace(node, labels=cut(node.labels), bias=cut(node.bias), evidence=evidence, scaled=scaled)
