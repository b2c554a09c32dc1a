"""The readout of a hard model as a convex problem, in integers: regularised multinomial logistic regression."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from pellucid.learners.evidence.judge import Judge
from pellucid.learners.evidence.model import Corpus, Counted, EvidenceModel
from pellucid.learners.logistic import regression, whole

STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # variance of the prior on the weights
SCALES = (4, 8, 16, 32, 64, 128)
STEPS = 150


def columns_of(model: EvidenceModel) -> list[tuple[int, int, int]]:
    """Variables that the readout may weigh: number, first column and columns of each (1 for a number)."""
    found, at = [], 0
    for number, variable in enumerate(model.variables, 1):
        size = 1 if isinstance(variable, Counted) else model.size_of(number)
        found.append((number, at, size))
        at += size
    return found


def matrix(model: EvidenceModel, corpus: Corpus) -> sp.csr_matrix:
    """One-hot values of all variables and a column of ones: [texts, columns + 1] summed where pooled, else by word."""
    values, columns = model.values(corpus), columns_of(model)
    positions = corpus.size
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
    return regression(sp.csr_matrix(x[scored]), np.eye(classes)[y[scored]], strength, start, steps=STEPS)


def fit_readout(model: EvidenceModel, train: Judge, valid: Judge) -> tuple[EvidenceModel, float]:
    """The model with integer weights, the strength of the prior chosen on validation; and that strength."""
    x, judged = matrix(model, train.corpus), matrix(model, valid.corpus)
    classes = len(model.labels)
    weights = np.zeros((columns_of(model)[-1][1] + columns_of(model)[-1][2] + 1, classes))
    found: list[tuple[float, float, np.ndarray]] = []
    for strength in STRENGTHS:
        weights = solve(x, train.codes, classes, strength, weights)
        found.append((valid.right(judged @ weights), -strength, weights))
    _, strength, weights = max(found, key=lambda row: row[:2])
    rounded = whole(weights, lambda w: valid.right(judged @ w), SCALES)
    return valid.settled(with_weights(model, rounded))[0], -strength


def with_weights(model: EvidenceModel, every: np.ndarray) -> EvidenceModel:
    """The model with weights int64 [columns + 1, labels], the last row being the bias."""
    weights = {}
    for number, at, size in columns_of(model):
        rows = every[at : at + size]
        if rows.any():
            weights[number] = rows[0] if isinstance(model.variables[number - 1], Counted) else rows
    return replace(model, weights=weights, bias=every[-1])
