"""Discrete refinement: words move between kinds where the training texts say so clearly.

A move is judged by what it does to the scores directly, the readout held fixed; what it does to heads and tables that
read the variable is left to the refitted readout, and the whole to validation.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from pellucid.learners.evidence.judge import Judge
from pellucid.learners.evidence.model import EvidenceModel, Kinds
from pellucid.learners.transformer.words.readout import columns_of, matrix, solve

LEAST_GAIN = 1.0  # nats over all texts
OFTEN = 3  # texts in which someword must occur to be moved
ROWS = 400  # texts by which a move is judged, at most


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
    _, at, size = columns_of(model)[number - 1]
    weight, scores = weights[at : at + size], matrix(model, corpus) @ weights
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
    top = scores.max(-1, keepdims=True)
    loss = (np.log(np.exp(scores - top).sum(-1)) + top[..., 0]) - np.take_along_axis(
        scores, labels[:, None, None].repeat(scores.shape[1], 1), -1
    )[..., 0]
    gain = loss[:, now, None] - loss
    clear = gain.sum(0) - np.sqrt((gain**2).sum(0))
    choice = int(clear.argmax())
    return choice if clear[choice] > LEAST_GAIN else now
