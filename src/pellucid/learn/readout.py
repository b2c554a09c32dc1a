"""The readout as a convex problem: multinomial logistic regression over the hardened variables, then integers."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from pellucid.learn.hardened import Hardened, variables_numpy

PENALTY = 1e-6
HOPELESS = 0.05
ROWS, THIN_ROWS = 4000, 4000
SOFT_SCALE = 100.0
Arrays = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Features:
    """Distinct rows of the variables at scored positions (or pooled per sequence) with how often each label occurs.

    x float32 [rows, columns] (one-hot blocks of k columns per categorical variable, then numerical columns), counts
    float32 [rows, C]; `cat` and `num` name the variables the blocks stand for.
    """

    x: np.ndarray
    counts: np.ndarray
    cat: tuple[int, ...]
    num: tuple[int, ...]
    k: int

    def keep(self, cat: tuple[int, ...], num: tuple[int, ...]) -> Features:
        """The same rows with fewer variables."""
        columns = [np.arange(self.k) + self.k * self.cat.index(v) for v in cat]
        columns += [np.array([self.k * len(self.cat) + self.num.index(u)]) for u in num]
        picked = np.concatenate(columns) if columns else np.zeros(0, int)
        return Features(self.x[:, picked], self.counts, cat, num, self.k)

    def thin(self, rows: int) -> Features:
        """At most `rows` of the rows, evenly taken."""
        step = -(-len(self.x) // rows)
        return Features(self.x[::step], self.counts[::step], self.cat, self.num, self.k)

    def unpack(self, weights: np.ndarray, n_cat: int, n_num: int) -> tuple[list[np.ndarray], np.ndarray]:
        """Weights per variable of the whole program ([k, C], numerical [C]; zeros where absent) and the bias."""
        n_classes = weights.shape[1]
        out = [np.zeros((self.k, n_classes), np.float32) for _ in range(n_cat)]
        out += [np.zeros(n_classes, np.float32) for _ in range(n_num)]
        for i, v in enumerate(self.cat):
            out[v] = weights[i * self.k : (i + 1) * self.k].astype(np.float32)
        for i, u in enumerate(self.num):
            out[n_cat + u] = weights[len(self.cat) * self.k + i].astype(np.float32)
        return out, weights[-1].astype(np.float32)

    def pack(self, weights: list[np.ndarray], bias: np.ndarray, n_cat: int) -> np.ndarray:
        """The inverse of `unpack` for the variables present."""
        rows = [weights[v] for v in self.cat] + [weights[n_cat + u][None] for u in self.num]
        return np.concatenate([*rows, bias[None]]).astype(np.float64)


def features(cat_values, num_values, tokens, labels, cat, num, k: int, n_classes: int, n_tokens: int) -> Features:
    """Collect the readout's inputs. cat_values, num_values: all variables [n, width]; cat, num: which to use."""
    values = np.stack([cat_values[v] for v in cat] + [num_values[u] for u in num], -1)
    if labels.ndim == 1:
        return _pooled(values, tokens, labels, cat, num, k, n_classes, n_tokens)
    scored = labels >= 0
    rows, which = _distinct(values[scored].astype(np.int16))
    counts = np.zeros((len(rows), n_classes), np.float32)
    np.add.at(counts, (which, labels[scored]), 1.0)
    onehot = (rows[:, : len(cat), None] == np.arange(k)).reshape(len(rows), -1)
    x = np.concatenate([onehot, rows[:, len(cat) :]], 1).astype(np.float32)
    return Features(x, counts, tuple(cat), tuple(num), k)


def _distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    keys = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1])))[:, 0]
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return rows[first], which


def _pooled(values, tokens, labels, cat, num, k: int, n_classes: int, n_tokens: int) -> Features:
    own = (tokens >= 0) & (tokens < n_tokens)
    share = (own / np.maximum(own.sum(1, keepdims=True), 1)).astype(np.float32)
    blocks = [np.einsum("ntk,nt->nk", values[:, :, i, None] == np.arange(k), share) for i in range(len(cat))]
    blocks += [(values[:, :, len(cat) + i] * share).sum(1)[:, None] for i in range(len(num))]
    x = np.concatenate(blocks, 1).astype(np.float32)
    return Features(x, np.eye(n_classes, dtype=np.float32)[labels], tuple(cat), tuple(num), k)


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
        seen = np.asarray(f.x[:, block] != 0).any(0)
        mean = w[block][seen].mean(0) if seen.any() else 0.0
        w[block] = np.where(seen[:, None], w[block] - mean, 0.0)
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


def collect(hardened: Hardened, data: Arrays, cat, num) -> Features:
    """Features of the given variables of a program on (tokens, labels)."""
    values = variables_numpy(hardened, data[0])
    n_classes = len(hardened.bias)
    return features(*values, *data, tuple(cat), tuple(num), hardened.k, n_classes, hardened.n_tokens)


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


def drop_idle(full: Features) -> Features:
    """Leave out variables that are constant or equal to an earlier one on all rows."""
    cat, num, seen = [], [], set()
    for i, v in enumerate(full.cat):
        block = full.x[:, i * full.k : (i + 1) * full.k]
        mark = block.tobytes()
        if np.any(block != block[:1]) and mark not in seen:
            cat.append(v)
            seen.add(mark)
    for i, u in enumerate(full.num):
        column = full.x[:, full.k * len(full.cat) + i]
        if np.ptp(column) > 0 and column.tobytes() not in seen:
            num.append(u)
            seen.add(column.tobytes())
    return full.keep(tuple(cat), tuple(num))


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
