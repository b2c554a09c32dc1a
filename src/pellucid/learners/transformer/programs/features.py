"""What the readout sees: distinct rows of the hardened variables with how often each label occurs there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.learners.transformer.programs.hardened import Hardened, variables

Arrays = tuple[np.ndarray, np.ndarray]


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
