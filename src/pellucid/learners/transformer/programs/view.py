"""Some sequences with all variables of a program on them, for changing one module and judging what depends on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.learners.transformer.programs.hardened import (
    Hardened,
    Module,
    Places,
    contribution,
    places_of,
    run_module,
    variables,
)


@dataclass(frozen=True)
class View(Places):
    """Sequences with the values of the current program; the batch is the innermost axis, for speed.

    labels int [width, n], or [n] for classification; values int [width, n] each; scores float [C, width, n]; share
    float [width, n] = weight of a position in the pooled scores (classification).
    """

    labels: np.ndarray
    values: list[np.ndarray]
    scores: np.ndarray
    share: np.ndarray

    @property
    def size(self) -> int:
        """Number of sequences."""
        return self.real.shape[-1]

    def take(self, rows: np.ndarray) -> View:
        """The same for some of the sequences."""
        labels, scores, share, real = (a[..., rows] for a in (self.labels, self.scores, self.share, self.real))
        return View(self.order, real, labels, [v[:, rows] for v in self.values], scores, share)


def view_of(
    h: Hardened, tokens: np.ndarray, labels: np.ndarray, weights: Sequence[np.ndarray], bias: np.ndarray
) -> View:
    """Evaluate a program with float readout weights (per variable [k, C], numerical [C]) on some sequences."""
    values = variables(h, tokens)
    scores = np.zeros((len(bias), *values[0].shape), np.float32) + bias[:, None, None]
    for variable, weight in zip(values, weights, strict=True):
        if weight.any():
            scores += contribution(weight, variable)
    own = h.own(tokens).T
    share = (own / np.maximum(own.sum(0), 1)).astype(np.float32)
    places = places_of(h, tokens)
    return View(places.order, places.real, np.ascontiguousarray(labels.T), values, scores, share)


def propagate(modules: Sequence[Module], live: set[int], view: View, at: int, module: Module) -> dict[int, np.ndarray]:
    """New values of the variables that change when `modules[at]` becomes `module`; only live modules are followed."""
    new = run_module(module, view.values, view)
    if np.array_equal(new, view.values[module.out]):
        return {}
    changed = {module.out: new}
    values: list[np.ndarray] | None = None
    for later in modules[at + 1 :]:
        if later.out in live and any(r in changed for r in later.reads):
            values = list(view.values) if values is None else values
            for variable, array in changed.items():
                values[variable] = array
            out = run_module(later, values, view)
            if not np.array_equal(out, view.values[later.out]):
                changed[later.out] = out
    return changed
