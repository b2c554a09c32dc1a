"""The readout of a hard model as a convex problem, in integers; and words moved between kinds, as the texts say.

A move is judged by what it does to the scores directly, the readout held fixed; what it does to heads and tables that
read the variable is left to the refitted readout, and the whole to validation.
"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.special import log_softmax

from pellucid.learners.evidence.judge import Judge
from pellucid.learners.evidence.model import Corpus, Counted, EvidenceModel, Kinds
from pellucid.learners.logistic import regression, whole

STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # variance of the prior on the weights
SCALES = (4, 8, 16, 32, 64, 128)
STEPS = 150
LEAST_GAIN = 1.0  # nats over all texts
OFTEN = 3  # texts in which some word must occur to be moved
ROWS = 400  # texts by which a move is judged, at most


def columns_of(model: EvidenceModel) -> dict[int, slice]:
    """By number, the columns of the variables that the readout may weigh: one per code, or one for a number."""
    variables = enumerate(model.variables, 1)
    sizes = [1 if isinstance(variable, Counted) else model.size_of(number) for number, variable in variables]
    ends = np.cumsum([0, *sizes]).tolist()
    return {number: slice(*columns) for number, columns in enumerate(pairwise(ends), 1)}


def matrix(model: EvidenceModel, corpus: Corpus) -> sp.csr_matrix:
    """One-hot values of all variables and a column of ones: [texts, columns + 1] summed where pooled, else by word."""
    values, positions = model.values(corpus), corpus.size
    places, data, width = [], [], 0
    for number, columns in columns_of(model).items():
        count, width = isinstance(model.variables[number - 1], Counted), columns.stop
        places.append(np.full(positions, columns.start) if count else columns.start + values[number])
        data.append(values[number].astype(float) if count else np.ones(positions))
    places.append(np.full(positions, width))
    data.append(np.ones(positions))
    rows = np.tile(corpus.owner if model.pooled else np.arange(positions), len(places))
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
    weights: np.ndarray | None = None
    found: list[tuple[float, float, np.ndarray]] = []
    for strength in STRENGTHS:
        weights = solve(x, train.codes, len(model.labels), strength, weights)
        found.append((valid.right(judged @ weights), -strength, weights))
    _, strength, weights = max(found, key=lambda row: row[:2])
    rounded = whole(weights, lambda w: valid.right(judged @ w), SCALES)
    return valid.settled(with_weights(model, rounded))[0], -strength


def with_weights(model: EvidenceModel, every: np.ndarray) -> EvidenceModel:
    """The model with weights int64 [columns + 1, labels], the last row being the bias."""
    weights = {}
    for number, columns in columns_of(model).items():
        rows = every[columns]
        if rows.any():
            weights[number] = rows[0] if isinstance(model.variables[number - 1], Counted) else rows
    return replace(model, weights=weights, bias=every[-1])


def refine(model: EvidenceModel, train: Judge, strength: float, end: float) -> EvidenceModel:
    """The model with words moved between kinds, where that is clearly better; its readout is to be fitted afresh.

    Args:
        model: with a readout. train: the texts.
        strength: of the prior on the weights. end: time.monotonic() at which to stop.
    """
    slowest = 0.0
    for number, variable in enumerate(model.variables, 1):
        began = time.monotonic()
        if not isinstance(variable, Kinds) or began + slowest > end:
            continue
        weights = solve(matrix(model, train.corpus), train.codes, len(model.labels), strength)
        codes = _moved(model, number, weights, train)
        if (codes != variable.codes).any():
            variables = list(model.variables)
            variables[number - 1] = replace(variable, codes=codes)
            model = replace(model, variables=tuple(variables))
        slowest = max(slowest, time.monotonic() - began)
    return model


def _moved(model: EvidenceModel, number: int, weights: np.ndarray, train: Judge) -> np.ndarray:
    """New kinds of the words."""
    variable, corpus = model.variables[number - 1], train.corpus
    assert isinstance(variable, Kinds)
    weight, scores = weights[columns_of(model)[number]], matrix(model, corpus) @ weights
    words, codes = corpus.columns[0], np.array(variable.codes)
    owner = corpus.owner if model.pooled else np.arange(corpus.size)
    order = np.argsort(words, kind="stable")
    edges = np.searchsorted(words[order], np.arange(len(codes) + 1))
    frequent = np.argsort(-np.diff(edges), kind="stable")
    for word in frequent.tolist():
        rows, times = np.unique(owner[order[edges[word] : edges[word + 1]]], return_counts=True)
        scored = train.codes[rows] >= 0
        rows, times = rows[scored][:ROWS], times[scored][:ROWS]
        if len(rows) < OFTEN:
            continue
        now = int(codes[word])
        better = _best(scores[rows] - times[:, None] * weight[now], times, weight, train.codes[rows], now)
        scores[rows] += times[:, None] * (weight[better] - weight[now])
        codes[word] = better
    return codes


def _best(base: np.ndarray, times: np.ndarray, weight: np.ndarray, labels: np.ndarray, now: int) -> int:
    """The code that explains the labels best, if clearly better than the one now: by more than its standard error."""
    scores = base[:, None] + times[:, None, None] * weight
    loss = -np.take_along_axis(log_softmax(scores, -1), labels[:, None, None], -1)[..., 0]
    gain = loss[:, now, None] - loss
    clear = gain.sum(0) - np.sqrt((gain**2).sum(0))
    choice = int(clear.argmax())
    return choice if clear[choice] > LEAST_GAIN else now
