"""From relaxed parameters to a discrete program: argmax of every choice, MLPs enumerated into tables."""

from __future__ import annotations

import numpy as np

from pellucid.learners.transformer.programs.config import ProgramsConfig
from pellucid.learners.transformer.programs.hardened import Hardened, HardLayer
from pellucid.learners.transformer.programs.readout import SOFT_SCALE
from pellucid.learners.transformer.programs.relaxed import Tree


def harden(params: Tree, config: ProgramsConfig) -> Hardened:
    """Discrete program of one seed's parameters (NumPy arrays); the readout weights are rounded, to be refitted."""
    c = config
    layers = tuple(_harden_layer(layer, c, c.count_range(i)) for i, layer in enumerate(params["layers"]))
    embedding = params["embed"].argmax(1) if c.variables else np.arange(c.n_symbols)[None]
    out = params["readout"]
    whole = [np.rint(SOFT_SCALE * np.asarray(out[name])).astype(np.int32) for name in ("cat", "num", "bias")]
    return Hardened(c.k, c.kind, c.causal, c.n_tokens, embedding.astype(np.int32), layers, *whole)


def _harden_layer(layer: Tree, c: ProgramsConfig, count_range: int) -> HardLayer:
    cat, num = layer["cat"], layer["num"]
    free = np.asarray(num["predicate"]) > 0
    value = np.asarray(num["value"]).argmax(-1) if c.nested_counts and c.heads_num else np.zeros(c.heads_num, int)
    grid = np.stack(np.meshgrid(np.arange(c.k), np.arange(c.k), indexing="ij")).reshape(2, -1)
    codes = np.concatenate([np.eye(c.k)[grid[0]], np.eye(c.k)[grid[1]]], 1)
    numbers = np.stack(np.meshgrid(np.arange(count_range), np.arange(count_range), indexing="ij"), -1)
    return HardLayer(
        cat_query=_best(cat["query"]),
        cat_key=_best(cat["key"]),
        cat_value=_best(cat["value"]),
        cat_predicate=one_hot_rows(cat["predicate"]),
        num_query=_best(num["query"]),
        num_key=_best(num["key"]),
        num_value=value,
        num_predicate=free if c.free_counts else one_hot_rows(num["predicate"]),
        cat_mlp_read=_best(layer["cat_mlp"]["read"]),
        cat_mlp_table=_table(layer["cat_mlp"], codes, c.k),
        num_mlp_read=_best(layer["num_mlp"]["read"]),
        num_mlp_table=_table(layer["num_mlp"], numbers.reshape(-1, 2), count_range),
    )


def _best(logits: np.ndarray) -> np.ndarray:
    return np.asarray(logits).argmax(-1)


def one_hot_rows(logits: np.ndarray) -> np.ndarray:
    """Bool array with one True per row, at the largest logit."""
    return np.eye(logits.shape[-1], dtype=bool)[np.asarray(logits).argmax(-1)]


def _table(mlp: Tree, features: np.ndarray, side: int) -> np.ndarray:
    """Most likely output value for every pair of inputs: int [modules, side, side]."""
    hidden = np.maximum(np.einsum("mfh,nf->mnh", mlp["w1"], features) + mlp["b1"][:, None], 0.0)
    logits = np.einsum("mnh,mhk->mnk", hidden, mlp["w2"]) + mlp["b2"][:, None]
    return logits.argmax(-1).reshape(-1, side, side).astype(np.int32)
