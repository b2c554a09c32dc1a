"""A hardened program as a flat list of modules, for changing one and re-evaluating only what depends on it (NumPy)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pellucid.learners.transformer.programs.hardened import (
    PAD,
    Hardened,
    HardLayer,
    priority,
    variable_offsets,
    variables_numpy,
)

ModuleKind = Literal["cat", "num", "cat_mlp", "num_mlp"]


@dataclass(frozen=True)
class Module:
    """One head or MLP. Variables are numbered categorical first, then numerical; `table` is the predicate or table."""

    kind: ModuleKind
    layer: int
    index: int
    out: int
    reads: tuple[int, ...]
    table: np.ndarray


def to_modules(h: Hardened) -> list[Module]:
    """All modules in the order in which they are computed."""
    n_cat, found = len(h.readout_cat), []
    for i, (layer, c, u) in enumerate(zip(h.layers, *variable_offsets(h), strict=True)):
        heads, mlps = len(layer.cat_query), len(layer.cat_mlp_read)
        for j in range(heads):
            reads = (int(layer.cat_query[j]), int(layer.cat_key[j]), int(layer.cat_value[j]))
            found.append(Module("cat", i, j, c + j, reads, layer.cat_predicate[j]))
        for j in range(len(layer.num_query)):
            reads = (int(layer.num_query[j]), int(layer.num_key[j]), n_cat + int(layer.num_value[j]))
            found.append(Module("num", i, j, n_cat + u + j, reads, layer.num_predicate[j]))
        for j in range(mlps):
            a, b = layer.cat_mlp_read[j]
            found.append(Module("cat_mlp", i, j, c + heads + j, (int(a), int(b)), layer.cat_mlp_table[j]))
        for j in range(len(layer.num_mlp_read)):
            a, b = layer.num_mlp_read[j]
            reads = (n_cat + int(a), n_cat + int(b))
            found.append(Module("num_mlp", i, j, c + heads + mlps + j, reads, layer.num_mlp_table[j]))
    return found


def from_modules(h: Hardened, modules: Sequence[Module]) -> Hardened:
    """The program `h` with its modules replaced."""
    n_cat = len(h.readout_cat)
    layers = []
    for i, old in enumerate(h.layers):
        own = {
            kind: [m for m in modules if m.layer == i and m.kind == kind]
            for kind in ("cat", "num", "cat_mlp", "num_mlp")
        }
        cat, num = own["cat"], own["num"]
        layers.append(
            HardLayer(
                cat_query=_column(cat, 0, 0),
                cat_key=_column(cat, 1, 0),
                cat_value=_column(cat, 2, 0),
                cat_predicate=_stack(cat, old.cat_predicate),
                num_query=_column(num, 0, 0),
                num_key=_column(num, 1, 0),
                num_value=_column(num, 2, n_cat),
                num_predicate=_stack(num, old.num_predicate),
                cat_mlp_read=np.array([m.reads for m in own["cat_mlp"]], int).reshape(-1, 2),
                cat_mlp_table=_stack(own["cat_mlp"], old.cat_mlp_table),
                num_mlp_read=np.array([m.reads for m in own["num_mlp"]], int).reshape(-1, 2) - n_cat,
                num_mlp_table=_stack(own["num_mlp"], old.num_mlp_table),
            )
        )
    return replace(h, layers=tuple(layers))


def _column(modules: list[Module], position: int, offset: int) -> np.ndarray:
    return np.array([m.reads[position] - offset for m in modules], int)


def _stack(modules: list[Module], like: np.ndarray) -> np.ndarray:
    return np.stack([m.table for m in modules]).astype(like.dtype) if modules else like


@dataclass(frozen=True)
class View:
    """Some sequences with all variables of the current program on them; the batch is the innermost axis, for speed.

    labels int [width, n], or [n] for classification; values int [width, n] each; scores float [C, width, n]; order int
    [width, width, 1]; share float [width, n] = weight of a position in the pooled scores (classification).
    """

    labels: np.ndarray
    values: list[np.ndarray]
    scores: np.ndarray
    order: np.ndarray
    real: np.ndarray
    share: np.ndarray

    @property
    def size(self) -> int:
        """Number of sequences."""
        return self.real.shape[-1]

    def take(self, rows: np.ndarray) -> View:
        """The same for some of the sequences."""
        last = [array[..., rows] for array in (self.labels, self.scores, self.real, self.share)]
        return View(last[0], [v[:, rows] for v in self.values], last[1], self.order, last[2], last[3])


def view_of(h: Hardened, tokens: np.ndarray, labels: np.ndarray, weights: list[np.ndarray], bias: np.ndarray) -> View:
    """Evaluate a program with float readout weights (per variable [k, C], numerical [C]) on some sequences."""
    cat, num = variables_numpy(h, tokens)
    values = [np.ascontiguousarray(v.T, np.int32) for v in (*cat, *num)]
    scores = np.zeros((len(bias), *values[0].shape), np.float32) + bias[:, None, None]
    for variable, weight in zip(values, weights, strict=True):
        if weight.any():
            scores += contribution(weight, variable)
    own = ((tokens >= 0) & (tokens < h.n_tokens)).T
    share = (own / np.maximum(own.sum(0), 1)).astype(np.float32)
    order = priority(tokens.shape[1], h.causal).astype(np.uint32)[:, :, None]
    return View(np.ascontiguousarray(labels.T), values, scores, order, (tokens != PAD).T, share)


def contribution(weight: np.ndarray, variable: np.ndarray) -> np.ndarray:
    """Scores [C, ...] that a variable adds; weight [k, C] for a categorical, [C] for a numerical one."""
    return weight.T[:, variable] if weight.ndim == 2 else weight[:, None, None] * variable


def run_module(m: Module, values: Sequence[np.ndarray], view: View) -> np.ndarray:
    """Output int [width, n] of one module."""
    if m.kind == "cat":
        return _closest(m, values, view)
    if m.kind == "num":
        match = _match(m, values, view) * (view.order > 0)
        value = values[m.reads[2]]
        return (match * value.astype(np.uint32)).sum(1, dtype=np.int32)
    a, b = (values[r] for r in m.reads)
    if m.kind == "num_mlp":
        top = m.table.shape[0] - 1
        a, b = np.minimum(a, top), np.minimum(b, top)
    return np.take(m.table.ravel(), a * m.table.shape[1] + b).astype(np.int32, copy=False)


def _closest(m: Module, values: Sequence[np.ndarray], view: View) -> np.ndarray:
    width = len(view.order)
    keyed = np.where(view.order > 0, view.order * np.uint32(width) + np.arange(width, dtype=np.uint32)[:, None], 0)
    best = (_match(m, values, view) * keyed.astype(np.uint32)).max(1) % np.uint32(width)
    return np.take_along_axis(values[m.reads[2]], best.astype(np.intp), axis=0)


def _match(m: Module, values: Sequence[np.ndarray], view: View) -> np.ndarray:
    """Does query i match key j (no padding): 0 or 1, [i, j, n]. A predicate row is kept as a bit mask where it fits."""
    query, key = values[m.reads[0]], values[m.reads[1]]
    k = len(m.table)
    if k > 64:
        return (m.table[query[:, None], key[None]] & view.real[None]).astype(np.uint32)
    dtype = np.uint32 if k <= 32 else np.uint64
    masks = (m.table.astype(dtype) << np.arange(k, dtype=dtype)).sum(1, dtype=dtype)
    shift = np.where(view.real, key, 64).astype(dtype)
    return ((masks[query][:, None] >> shift[None]) & dtype(1)).astype(np.uint32, copy=False)


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
