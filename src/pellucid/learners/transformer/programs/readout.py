"""The readout as a convex problem: multinomial logistic regression over the hardened variables, then integers."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np

from pellucid.learners.logistic import regression, whole
from pellucid.learners.transformer.programs.features import Arrays, Features, collect, drop_idle
from pellucid.learners.transformer.programs.harden import SOFT_SCALE
from pellucid.learners.transformer.programs.hardened import Hardened

PENALTY = 1e-6
HOPELESS = 0.05
ROWS = 4000


def solve(
    f: Features, start: np.ndarray | None = None, steps: int = 200, penalty: float = PENALTY, end: float = math.inf
) -> np.ndarray:
    """Weights float [columns + 1, C] (last row the bias) of the regularised maximum likelihood fit; ends at `end`."""
    x = np.concatenate([f.x, np.ones((len(f.x), 1), np.float32)], 1)
    return regression(x, f.counts / f.counts.sum(), 0.5 / penalty, start, steps=steps, end=end)


def correct(f: Features, weights: np.ndarray) -> float:
    """Share of the weighted rows whose best class is the label."""
    return _right(f, f.x.astype(weights.dtype) @ weights[:-1] + weights[-1])


def _right(f: Features, scores: np.ndarray) -> float:
    return float(f.counts[np.arange(len(scores)), scores.argmax(1)].sum() / f.counts.sum())


def centred(f: Features, weights: np.ndarray) -> np.ndarray:
    """The same function with the mean over classes and, per categorical variable, over values moved into the bias."""
    w = weights - weights.mean(1, keepdims=True)
    for v, block in f.blocks.items():
        if f.sizes[v] == 1:
            continue
        seen = np.flatnonzero(f.x[:, block].sum(0))
        mean = w[block][seen].mean(0) if len(seen) else np.zeros(w.shape[1])
        fresh = np.zeros_like(w[block])
        fresh[seen] = w[block][seen] - mean
        w[block] = fresh
        w[-1] += mean
    return w


def fit_readout(
    h: Hardened, train: Arrays, valid: Arrays, only_marked: bool = False, end: float = math.inf
) -> Hardened:
    """Refit the readout on the hardened variables, drop variables it can do without, round to integers.

    Backward elimination: a variable goes when, after refitting, accuracy on training and validation sequences together
    does not fall; it ends at time `end` (of time.monotonic). `only_marked` leaves out variables without weight now.
    """
    used = h.marked if only_marked else range(len(h.readout))
    full = drop_idle(collect(h, (train[0][:ROWS], train[1][:ROWS]), used))
    check = collect(h, valid, list(full.sizes)).thin(ROWS)
    thin = full.thin(ROWS)
    start = full.pack([w / SOFT_SCALE for w in h.readout], h.bias / SOFT_SCALE)
    small, weights = eliminate(thin, check, solve(thin, start, steps=80, end=end), end)
    full = full.keep(small.sizes)
    weights = centred(full, solve(full, weights, steps=150, end=end))
    readout, bias = full.unpack(whole(weights, lambda w: correct(full, w)).astype(np.int32), h.readout)
    return replace(h, readout=tuple(readout), bias=bias)


def eliminate(full: Features, check: Features, weights: np.ndarray, end: float) -> tuple[Features, np.ndarray]:
    """Drop variables while accuracy on `full` and `check` together does not fall: many at a time, then single ones.

    Those that are missed least (their weights set to zero) go first; variables missed by more than HOPELESS stay.
    """
    score, share, kept = correct(full, weights) + correct(check, weights), 0.5, set()
    while True:
        least = correct(full, weights) - HOPELESS
        left = _without(full, weights)
        order = [v for v in sorted(left, key=lambda v: (-left[v], v)) if v not in kept and left[v] >= least]
        if not order or time.monotonic() > end:
            return full, weights
        gone = set(order[: max(1, int(share * len(order)))])
        some = [v for v in full.sizes if v not in gone]
        smaller, smaller_check = full.keep(some), check.keep(some)
        refitted = solve(smaller, weights[full.rows_of(some)], steps=40, end=end)
        new_score = correct(smaller, refitted) + correct(smaller_check, refitted)
        if new_score >= score:
            full, check, weights, score = smaller, smaller_check, refitted, new_score
        elif len(gone) == 1:
            kept |= gone
        else:
            share /= 2


def _without(f: Features, weights: np.ndarray) -> dict[int, float]:
    """Accuracy by variable when its weights are zeroed."""
    w = weights.astype(np.float32)
    scores, found = f.x @ w[:-1] + w[-1], {}
    for v, block in f.blocks.items():
        mean = f.counts.sum(1) @ (f.x[:, block] @ weights[block]) / f.counts.sum()
        found[v] = _right(f, scores - f.x[:, block] @ w[block] + mean.astype(np.float32))
    return found
