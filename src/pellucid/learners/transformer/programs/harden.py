"""From relaxed parameters to a discrete program: argmax of every choice, MLPs enumerated into tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from pellucid.learners.transformer.programs.config import ProgramsConfig
from pellucid.learners.transformer.programs.hardened import Hardened, Module

Tree = dict[str, Any]
SOFT_SCALE = 100.0  # whole weights of a readout as trained, by its weights


def harden(params: Tree, config: ProgramsConfig) -> Hardened:
    """Discrete program of one seed's parameters (NumPy arrays); the readout weights are rounded, to be refitted."""
    c = config
    embedding = params["embed"].argmax(1) if c.variables else np.arange(c.n_symbols)[None]
    out = {name: np.rint(SOFT_SCALE * np.asarray(w)).astype(np.int32) for name, w in params["readout"].items()}
    modules = [m for i, layer in enumerate(params["layers"]) for m in _modules(layer, i, c)]
    n_cat = c.n_cat(c.layers)
    readout = (*out["cat"], *out["num"])
    return Hardened(
        c.k, c.kind, c.causal, c.n_tokens, n_cat, embedding.astype(np.int32), tuple(modules), readout, out["bias"]
    )


def _modules(layer: Tree, number: int, c: ProgramsConfig) -> Iterator[Module]:
    """The modules of a layer; numerical variables come after all categorical ones."""
    first, numbers = c.n_cat(number), c.n_cat(c.layers)
    for h, (query, key, value) in enumerate(_best(layer["cat"], "query", "key", "value")):
        yield Module("cat", number, first + h, (query, key, value), one_hot_rows(layer["cat"]["predicate"][h]))
    for h, (query, key, value) in enumerate(_best(layer["num"], "query", "key", "value")):
        predicate = layer["num"]["predicate"][h]
        table = np.asarray(predicate) > 0 if c.free_counts else one_hot_rows(predicate)
        reads = (query, key, numbers + (value if c.nested_counts else 0))
        yield Module("num", number, numbers + c.n_num(number) + h, reads, table)
    for i, (a, b) in enumerate(layer["cat_mlp"]["read"].argmax(-1).tolist()):
        codes = np.eye(c.k)
        yield Module("cat_mlp", number, first + c.heads_cat + i, (a, b), _table(layer["cat_mlp"], i, codes))
    for i, (a, b) in enumerate(layer["num_mlp"]["read"].argmax(-1).tolist()):
        table = _table(layer["num_mlp"], i, np.arange(c.count_range(number))[:, None])
        yield Module("num_mlp", number, first + c.heads_cat + c.mlps_cat + i, (numbers + a, numbers + b), table)


def _best(head: Tree, *names: str) -> list[tuple[int, ...]]:
    """The variables that each head reads."""
    return list(zip(*(np.asarray(head[name]).argmax(-1).tolist() for name in names), strict=True))


def one_hot_rows(logits: np.ndarray) -> np.ndarray:
    """Bool array with one True per row, at the largest logit."""
    return np.eye(logits.shape[-1], dtype=bool)[np.asarray(logits).argmax(-1)]


def _table(mlp: Tree, i: int, codes: np.ndarray) -> np.ndarray:
    """Most likely output value for every pair of inputs, each a row of `codes`: int32 [side, side]."""
    half = codes.shape[1]
    first, second = codes @ mlp["w1"][i][:half], codes @ mlp["w1"][i][half:]
    hidden = np.maximum(first[:, None] + second + mlp["b1"][i], 0.0)
    return (hidden @ mlp["w2"][i] + mlp["b2"][i]).argmax(-1).astype(np.int32)
