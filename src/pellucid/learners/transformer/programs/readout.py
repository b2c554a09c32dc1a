"""The readout as a convex problem: multinomial logistic regression over the hardened variables, then integers."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pellucid.learners.logistic import regression, whole
from pellucid.learners.transformer.marked import Arrays
from pellucid.learners.transformer.programs.hardened import SOFT_SCALE, Hardened, variables

PENALTY = 1e-6
HOPELESS = 0.05
ROWS = 4000


@dataclass(frozen=True)
class Features:
    """Distinct rows of the variables at scored positions (or pooled per sequence) with how often each label occurs.

    x: float32 [rows, columns], a block per variable: one-hot values of a categorical one, a column of a numerical one.
    counts: float32 [rows, C]. sizes: columns of the variables that the blocks stand for, by variable.
    """

    x: np.ndarray
    counts: np.ndarray
    sizes: dict[int, int]

    @property
    def blocks(self) -> dict[int, slice]:
        """Columns of each variable."""
        ends = np.cumsum([0, *self.sizes.values()]).tolist()
        return {v: slice(a, b) for v, a, b in zip(self.sizes, ends, ends[1:], strict=False)}

    def keep(self, kept: Iterable[int]) -> Features:
        """The same rows with fewer variables."""
        return Features(self.x[:, self.rows_of(kept)[:-1]], self.counts, {v: self.sizes[v] for v in kept})

    def rows_of(self, kept: Iterable[int]) -> np.ndarray:
        """Rows of a weight matrix that belong to these variables and the bias, which comes last."""
        every, blocks = np.arange(self.x.shape[1]), self.blocks
        return np.concatenate([*(every[blocks[v]] for v in kept), [len(every)]]).astype(int)

    def thin(self, rows: int) -> Features:
        """At most `rows` of the rows, evenly taken."""
        step = -(-len(self.x) // rows)
        return Features(self.x[::step], self.counts[::step], self.sizes)

    def unpack(self, weights: np.ndarray, like: Sequence[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray]:
        """Weights by variable of the whole program, zeros where absent, shaped as `like`; and the bias."""
        found = [np.zeros(old.shape, weights.dtype) for old in like]
        for v, block in self.blocks.items():
            found[v] = weights[block].reshape(found[v].shape)
        return found, weights[-1]

    def pack(self, weights: Sequence[np.ndarray], bias: np.ndarray) -> np.ndarray:
        """The inverse of `unpack` for the variables present."""
        rows = [np.atleast_2d(weights[v]) for v in self.sizes]
        return np.concatenate([*rows, bias[None]]).astype(np.float64)


def collect(h: Hardened, data: Arrays, used: Sequence[int]) -> Features:
    """Features of the given variables of a program on (tokens, labels), categorical ones first."""
    tokens, labels = data
    every = variables(h, tokens)
    values = np.stack([every[v].T for v in used], -1)
    categorical, classes = sum(v < h.n_cat for v in used), len(h.bias)
    sizes = {v: h.k if v < h.n_cat else 1 for v in used}
    if labels.ndim == 1:
        x = _pooled(values, h.own(tokens), categorical, h.k)
        return Features(x, np.eye(classes, dtype=np.float32)[labels], sizes)
    scored = labels >= 0
    rows, which = _distinct(values[scored].astype(np.int16))
    counts = np.zeros((len(rows), classes), np.float32)
    np.add.at(counts, (which, labels[scored]), 1.0)
    onehot = (rows[:, :categorical, None] == np.arange(h.k)).reshape(len(rows), -1)
    return Features(np.concatenate([onehot, rows[:, categorical:]], 1).astype(np.float32), counts, sizes)


def _distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    keys = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1])))[:, 0]
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return rows[first], which


def _pooled(values: np.ndarray, own: np.ndarray, categorical: int, k: int) -> np.ndarray:
    """Shares of the values, means of the numbers, over the user's positions."""
    share = (own / np.maximum(own.sum(1, keepdims=True), 1)).astype(np.float32)
    blocks = [np.einsum("ntk,nt->nk", values[:, :, i, None] == np.arange(k), share) for i in range(categorical)]
    blocks += [(values[:, :, i] * share).sum(1)[:, None] for i in range(categorical, values.shape[-1])]
    return np.concatenate(blocks, 1).astype(np.float32)


def drop_idle(full: Features) -> Features:
    """Leave out variables that are constant or equal to an earlier one on all rows."""
    kept, seen = [], set()
    for v, block in full.blocks.items():
        columns = full.x[:, block]
        mark = columns.tobytes()
        if np.any(columns != columns[:1]) and mark not in seen:
            kept.append(v)
            seen.add(mark)
    return full.keep(kept)


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
