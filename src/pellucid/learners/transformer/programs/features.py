"""What the readout sees: distinct rows of the hardened variables with how often each label occurs there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.learners.transformer.programs.hardened import Hardened, variables_numpy

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


def collect(hardened: Hardened, data: Arrays, cat, num) -> Features:
    """Features of the given variables of a program on (tokens, labels)."""
    values = variables_numpy(hardened, data[0])
    n_classes = len(hardened.bias)
    return features(*values, *data, tuple(cat), tuple(num), hardened.k, n_classes, hardened.n_tokens)


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
