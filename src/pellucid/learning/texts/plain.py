"""Plainer heads: one that wants many kinds of words becomes that of the neighbour, or asks the same of every word."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from pellucid.learning.texts.readout import Judged, matrix, quality, rounded, solve, with_weights
from pellucid.text.model import Counted, Nearest, Pairs, Shifted, TextModel, Variable

TOLERATED = 0.005  # of quality on validation, that a plainer head may cost; less than its standard error on 1000 texts


def plainer(
    model: TextModel, train: Judged, valid: Judged, entities: bool, strength: float, end: float
) -> Iterator[TextModel]:
    """Plainer models, each about as good on validation as the one before; ends at `end`.

    Args:
        model: with a readout. train, valid: the texts. entities: whether F1 of entities is what counts.
        strength: of the prior on the weights. end: time.monotonic() at which to stop.
    """
    # The weights before and after are fitted alike, without the choices made once at the end.
    model = _refitted(model, train, valid, strength)
    best, slowest = quality(model, valid, entities), 0.0
    for i, variable in enumerate(model.variables):
        if not isinstance(variable, Nearest):
            continue
        for form in _plainer(variable, model, train):
            began = time.monotonic()
            if began + slowest > end:
                return
            variables = (*model.variables[:i], form, *model.variables[i + 1 :])
            changed = _fitting(replace(model, variables=variables, weights={}))
            tried = _refitted(changed, train, valid, strength)
            found = quality(tried, valid, entities)
            slowest = max(slowest, time.monotonic() - began)
            if found >= best - TOLERATED:
                model, best = tried, max(best, found)
                yield model
                break


def _fitting(model: TextModel) -> TextModel:
    """The model where all that reads a head knows its codes; the last is what there is where no word was found."""
    for i, variable in enumerate(model.variables):
        fitting = variable
        if isinstance(variable, Nearest | Counted):
            rows = 1 if variable.query is None else model.size_of(variable.query)
            fitting = replace(variable, truth=_resized(variable.truth, rows, model.size_of(variable.key)))
        elif isinstance(variable, Pairs):
            sizes = model.size_of(variable.first), model.size_of(variable.second)
            held = (variable.cells < sizes).all(1)
            fitting = replace(variable, cells=variable.cells[held], codes=variable.codes[held])
        model = replace(model, variables=(*model.variables[:i], fitting, *model.variables[i + 1 :]))
    return model


def _resized(truth: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """The array with its last row and column repeated, or cut."""
    missing = max(0, rows - truth.shape[0]), max(0, columns - truth.shape[1])
    return np.pad(truth, ((0, missing[0]), (0, missing[1])), mode="edge")[:rows, :columns]


def _plainer(head: Nearest, model: TextModel, train: Judged) -> list[Variable]:
    """Forms to try, the plainest first."""
    forms: list[Variable] = [Shifted(head.name, head.value, -1 if head.before else 1)]
    if head.query is not None:
        asked = np.bincount(model.values(train.corpus)[head.query], minlength=len(head.truth))
        wanted = (asked @ head.truth) >= asked.sum() / 2
        usual = wanted if wanted.any() else head.truth[asked.argmax()]
        if usual.any():
            forms.append(Nearest(head.name, None, head.key, usual[None], head.value, head.before))
    return forms


def _refitted(model: TextModel, train: Judged, valid: Judged, strength: float) -> TextModel:
    weights = solve(matrix(model, train.corpus), train.labels, len(model.labels), strength)
    return with_weights(model, rounded(weights, matrix(model, valid.corpus), valid.labels))
