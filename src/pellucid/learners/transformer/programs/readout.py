"""The readout as a convex problem: multinomial logistic regression over the hardened variables, then integers."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from pellucid.learners.transformer.programs.features import Arrays, Features, collect, drop_idle
from pellucid.learners.transformer.programs.hardened import Hardened

PENALTY = 1e-6
HOPELESS = 0.05
ROWS, THIN_ROWS = 4000, 4000
SOFT_SCALE = 100.0


def solve(
    f: Features,
    start: np.ndarray | None = None,
    steps: int = 200,
    penalty: float = PENALTY,
    end: float = math.inf,
) -> np.ndarray:
    """Weights float [columns + 1, C] (last row the bias) of the regularised maximum likelihood fit; ends at `end`."""
    x = np.concatenate([f.x, np.ones((len(f.x), 1), np.float32)], 1)
    total, per_row = f.counts.sum(), f.counts.sum(1, keepdims=True)
    shape = (x.shape[1], f.counts.shape[1])

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w = flat.reshape(shape).astype(np.float32)
        scores = x @ w
        scores -= scores.max(1, keepdims=True)
        p = np.exp(scores)
        norm = p.sum(1, keepdims=True)
        value = -(f.counts * (scores - np.log(norm))).sum() / total
        grad = x.T @ (p / norm * per_row - f.counts) / total + 2 * penalty * w
        return float(value + penalty * (w**2).sum()), grad.ravel().astype(np.float64)

    def in_time(_: np.ndarray) -> None:
        if time.monotonic() > end:
            raise StopIteration

    first = np.zeros(shape) if start is None else start
    options = {"maxiter": steps, "maxcor": 20}
    result = minimize(objective, first.ravel(), jac=True, method="L-BFGS-B", options=options, callback=in_time)
    return result.x.reshape(shape)


def correct(f: Features, weights: np.ndarray) -> float:
    """Share of the weighted rows whose best class is the label."""
    best = (f.x.astype(weights.dtype) @ weights[:-1] + weights[-1]).argmax(1)
    return float(f.counts[np.arange(len(best)), best].sum() / f.counts.sum())


def quantise(f: Features, weights: np.ndarray) -> np.ndarray:
    """Integer weights: the coarsest scale at which training accuracy does not fall."""
    target = correct(f, weights)
    best, best_score = weights, -1.0
    for scale in (1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096):
        whole = np.rint(weights * scale)
        score = correct(f, whole)
        if score > best_score:
            best, best_score = whole, score
        if score >= target:
            break
    return best.astype(np.int32)


def centred(f: Features, weights: np.ndarray) -> np.ndarray:
    """The same function with the mean over classes and, per categorical variable, over values moved into the bias."""
    w = weights - weights.mean(1, keepdims=True)
    for i in range(len(f.cat)):
        block = slice(i * f.k, (i + 1) * f.k)
        seen = np.flatnonzero(f.x[:, block].sum(0))
        mean = w[block][seen].mean(0) if len(seen) else np.zeros(w.shape[1])
        fresh = np.zeros_like(w[block])
        fresh[seen] = w[block][seen] - mean
        w[block] = fresh
        w[-1] += mean
    return w


def install(hardened: Hardened, f: Features, weights: np.ndarray) -> Hardened:
    """The program with these integer readout weights; variables outside `f` get zero."""
    cat, num = np.zeros_like(hardened.readout_cat), np.zeros_like(hardened.readout_num)
    for i, v in enumerate(f.cat):
        cat[v] = weights[i * f.k : (i + 1) * f.k]
    for i, u in enumerate(f.num):
        num[u] = weights[f.k * len(f.cat) + i]
    return replace(hardened, readout_cat=cat, readout_num=num, bias=weights[-1].astype(np.int32))


def fit_readout(
    h: Hardened, train: Arrays, valid: Arrays, only_marked: bool = False, end: float = math.inf
) -> Hardened:
    """Refit the readout on the hardened variables, drop variables it can do without, round to integers.

    Backward elimination: a variable goes when, after refitting, accuracy on training and validation sequences together
    does not fall; it ends at time `end` (of time.monotonic). `only_marked` leaves out variables without weight now.
    """
    part = (train[0][:ROWS], train[1][:ROWS])
    cat = [v for v, weights in enumerate(h.readout_cat) if weights.any() or not only_marked]
    num = [u for u, weights in enumerate(h.readout_num) if weights.any() or not only_marked]
    full = drop_idle(collect(h, part, cat, num))
    check = collect(h, valid, full.cat, full.num).thin(THIN_ROWS)
    soft = [*(h.readout_cat / SOFT_SCALE), *(h.readout_num / SOFT_SCALE)]
    start = full.pack(soft, h.bias / SOFT_SCALE, len(h.readout_cat))
    thin = full.thin(THIN_ROWS)
    small, check, weights = eliminate(thin, check, solve(thin, start, steps=80, end=end), end)
    full = full.keep(small.cat, small.num)
    weights = solve(full, weights, steps=150, end=end)
    return install(h, full, quantise(full, centred(full, weights)))


def eliminate(
    full: Features, check: Features, weights: np.ndarray, end: float
) -> tuple[Features, Features, np.ndarray]:
    """Drop variables while accuracy on `full` and `check` together does not fall: many at a time, then single ones.

    Those that are missed least (their weights set to zero) go first; variables missed by more than HOPELESS stay.
    """
    score = correct(full, weights) + correct(check, weights)
    kept: set[tuple[bool, int]] = set()
    share = 0.5
    while True:
        now = correct(full, weights)
        order = sorted(_without(full, weights), key=lambda item: -item[0])
        order = [item for item in order if item[1:] not in kept and item[0] >= now - HOPELESS]
        if not order or time.monotonic() > end:
            return full, check, weights
        gone = {item[1:] for item in order[: max(1, int(share * len(order)))]}
        cat = tuple(v for v in full.cat if (True, v) not in gone)
        num = tuple(u for u in full.num if (False, u) not in gone)
        smaller, smaller_check = full.keep(cat, num), check.keep(cat, num)
        refitted = solve(smaller, weights[_rows_of(full, cat, num)], steps=40, end=end)
        new_score = correct(smaller, refitted) + correct(smaller_check, refitted)
        if new_score >= score:
            full, check, weights, score = smaller, smaller_check, refitted, new_score
        elif len(gone) == 1:
            kept |= gone
        else:
            share /= 2


def _rows_of(f: Features, cat: tuple[int, ...], num: tuple[int, ...]) -> np.ndarray:
    """Rows of the weight matrix of `f` that belong to these variables and the bias."""
    blocks = [np.arange(f.k) + f.k * f.cat.index(v) for v in cat]
    blocks += [np.array([f.k * len(f.cat) + f.num.index(u)]) for u in num]
    return np.concatenate([*blocks, [f.x.shape[1]]]).astype(int)


def _without(f: Features, weights: np.ndarray) -> list[tuple[float, bool, int]]:
    """(accuracy when the variable's weights are zeroed, is categorical, variable) of every variable."""
    scores = f.x.astype(np.float32) @ weights[:-1].astype(np.float32) + weights[-1].astype(np.float32)
    out = []
    for i, (is_cat, variable) in enumerate([(True, v) for v in f.cat] + [(False, u) for u in f.num]):
        start = i * f.k if is_cat else f.k * len(f.cat) + i - len(f.cat)
        block = slice(start, start + (f.k if is_cat else 1))
        mean = f.counts.sum(1) @ (f.x[:, block] @ weights[block]) / f.counts.sum()
        best = (scores - f.x[:, block] @ weights[block].astype(np.float32) + mean.astype(np.float32)).argmax(1)
        out.append((float(f.counts[np.arange(len(best)), best].sum() / f.counts.sum()), is_cat, variable))
    return out
