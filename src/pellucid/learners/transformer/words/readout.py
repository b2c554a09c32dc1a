"""The readout of a hard text model as a convex problem, in integers: regularised multinomial logistic regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from pellucid.data import Dataset
from pellucid.data.tags import OUTSIDE
from pellucid.program.scores import entity_scores, entity_tags
from pellucid.text.corpus import Corpus
from pellucid.text.model import Counted, TextModel
from pellucid.text.weights import regression

STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # variance of the prior on the weights
SCALES = (4, 8, 16, 32, 64, 128)
STEPS = 150
SHIFTS = 41


@dataclass(frozen=True)
class Judged:
    """Texts with the code of the wanted label, int64 [texts] or [positions] (-1: not scored), and as they were."""

    corpus: Corpus
    labels: np.ndarray
    data: Dataset

    @classmethod
    def of(cls, data: Dataset, model: TextModel) -> Judged:
        """Data of words that the model has; a label that it has not is passed over."""
        words, labels = ({t: i for i, t in enumerate(known)} for known in (model.words, model.labels))
        rows = data.outputs if data.kind == "tagging" else [data.outputs]
        flat = [labels.get(label, -1) for row in rows for label in row]
        return cls(Corpus.of(data.inputs, words), np.array(flat, np.int64), data)


def columns_of(model: TextModel) -> list[tuple[int, int, int]]:
    """Variables that the readout may weigh: number, first column and columns of each (1 for a number)."""
    found, at = [], 0
    for number, variable in enumerate(model.variables, 1):
        size = 1 if isinstance(variable, Counted) else model.size_of(number)
        found.append((number, at, size))
        at += size
    return found


def matrix(model: TextModel, corpus: Corpus) -> sp.csr_matrix:
    """One-hot values of all variables and a column of ones: [texts, columns + 1] summed where pooled, else by word."""
    values, columns = model.values(corpus), columns_of(model)
    positions = len(corpus.tokens)
    owner = corpus.owner if model.pooled else np.arange(positions)
    width = columns[-1][1] + columns[-1][2]
    places, data = [], []
    for number, at, _ in columns:
        count = isinstance(model.variables[number - 1], Counted)
        places.append(np.full(positions, at) if count else at + values[number])
        data.append(values[number].astype(float) if count else np.ones(positions))
    places.append(np.full(positions, width))
    data.append(np.ones(positions))
    rows = np.tile(owner, len(places))
    shape = (len(corpus) if model.pooled else positions, width + 1)
    return sp.csr_matrix((np.concatenate(data), (rows, np.concatenate(places))), shape)


def solve(x: Any, y: np.ndarray, classes: int, strength: float, start: np.ndarray | None = None) -> np.ndarray:
    """Weights [columns, classes] of multinomial logistic regression with a normal prior of variance `strength`.

    Args:
        x: sparse [rows, columns]. y: class of every row, -1 for rows to be passed over.
        classes: how many there are. strength: variance of the prior on the weights.
        start: weights to begin with.
    """
    scored = y >= 0
    return regression(sp.csr_matrix(x[scored]), y[scored], classes, 1.0, strength, start, STEPS, memory=20)


def fit_readout(model: TextModel, train: Judged, valid: Judged, entities: bool) -> tuple[TextModel, float]:
    """The model with integer weights, the strength of the prior chosen on validation; and that strength."""
    x, judged = matrix(model, train.corpus), matrix(model, valid.corpus)
    classes = len(model.labels)
    weights = np.zeros((sum(size for _, _, size in columns_of(model)) + 1, classes))
    best: tuple[float, float, np.ndarray] | None = None
    for strength in STRENGTHS:
        weights = solve(x, train.labels, classes, strength, weights)
        found = right(judged @ weights, valid.labels)
        if best is None or found > best[0]:
            best = found, strength, weights
    assert best is not None
    whole = rounded(best[2], judged, valid.labels)
    fitted = with_weights(model, whole)
    return (outside_bias(fitted, judged @ whole, valid) if entities else fitted), best[1]


def right(scores: np.ndarray, labels: np.ndarray) -> float:
    """Share of scored rows whose best class is the label."""
    scored = labels != -1
    return float((scores.argmax(1) == labels)[scored].mean()) if scored.any() else 0.0


def rounded(weights: np.ndarray, x: sp.csr_matrix, labels: np.ndarray) -> np.ndarray:
    """Weights as integers: the coarsest scale at which no accuracy is lost on `x`; the finest where all lose some."""
    target = right(x @ weights, labels)
    whole = np.rint(weights)
    for scale in SCALES:
        whole = np.rint(weights * scale)
        if right(x @ whole, labels) >= target:
            break
    return whole.astype(np.int64)


def with_weights(model: TextModel, whole: np.ndarray) -> TextModel:
    """The model with weights int64 [columns + 1, labels], the last row being the bias."""
    weights = {}
    for number, at, size in columns_of(model):
        rows = whole[at : at + size]
        if rows.any():
            weights[number] = rows[0] if isinstance(model.variables[number - 1], Counted) else rows
    return replace(model, weights=weights, bias=whole[-1])


def outside_bias(model: TextModel, scores: np.ndarray, valid: Judged) -> TextModel:
    """The model with the bias of "O" that gives the best F1 of entities on validation."""
    if OUTSIDE not in model.labels:
        return model
    place = model.labels.index(OUTSIDE)
    rest = np.delete(scores, place, 1).max(1)
    edges = np.quantile(scores[:, place] - rest, np.linspace(0.02, 0.5, SHIFTS)).round().astype(int)
    best, chosen = -1.0, 0
    for shift in sorted({0, *edges.tolist()}, key=abs):
        moved = scores.copy()
        moved[:, place] -= shift
        found = entity_f1(spans(model, moved.argmax(1), valid.corpus), valid.data)
        if found > best:
            best, chosen = found, shift
    bias = np.array(model.bias)
    bias[place] -= chosen
    return replace(model, bias=bias)


def spans(model: TextModel, codes: np.ndarray, corpus: Corpus) -> list[list]:
    """Labels by text of codes by position."""
    labels = [model.labels[i] for i in codes.tolist()]
    return [labels[a:b] for a, b in zip(corpus.starts[:-1].tolist(), corpus.starts[1:].tolist(), strict=True)]


def entity_f1(outputs: Sequence, data: Dataset) -> float:
    """F1 of all entities together."""
    return entity_scores(*entity_tags(outputs, data))["all"].f1


def quality(model: TextModel, judged: Judged, entities: bool) -> float:
    """F1 of entities where the labels are entity tags, else accuracy."""
    scores = model.scores(judged.corpus)
    if entities:
        return entity_f1(spans(model, scores.argmax(1), judged.corpus), judged.data)
    return right(scores, judged.labels)
