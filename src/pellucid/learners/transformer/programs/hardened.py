"""The hardened Transformer Program: discrete, exact, integers only (NumPy)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pellucid.learners.transformer.config import ProgramsConfig
from pellucid.learners.transformer.marked import PAD, Kind
from pellucid.learners.transformer.training import Tree

ModuleKind = Literal["cat", "num", "cat_mlp", "num_mlp"]
SIMPLE_FORMS = ("equal", "before", "after", "less", "greater", "at_least", "constant", "not_constant")
CHUNK = 1 << 13
SOFT_SCALE = 100.0  # whole weights of a readout as trained, by its weights


@dataclass(frozen=True)
class Module:
    """One head or MLP.

    kind: `cat` takes the value at the closest matching key, `num` sums the values at all matching keys; `cat_mlp` and
    `num_mlp` look up a table (what it does not reach is clipped). out: the variable it makes. reads: variables; of a
    head query, key and value, of an MLP two. table: predicate bool [query value, key value], or values int [side,
    side].
    """

    kind: ModuleKind
    layer: int
    out: int
    reads: tuple[int, ...]
    table: np.ndarray


@dataclass(frozen=True)
class Hardened:
    """A discrete program; variables are numbered, the `n_cat` categorical ones first.

    Categorical: the m embedding variables, `positions`, then per layer the categorical heads, categorical MLPs and
    numerical MLPs. Numerical: `ones`, then per layer the numerical heads. embedding: int [m, n_symbols]. modules: in
    the order in which they are computed. readout: by variable, int [k, C] or, of a numerical one, [C]; bias int [C].
    The answer is the first class of the largest score; for classification the scores are summed over the user's
    positions (codes below `n_tokens`).
    """

    k: int
    kind: Kind
    causal: bool
    n_tokens: int
    n_cat: int
    embedding: np.ndarray
    modules: tuple[Module, ...]
    readout: tuple[np.ndarray, ...]
    bias: np.ndarray

    @property
    def marked(self) -> list[int]:
        """Variables with a weight in the readout."""
        return [i for i, weights in enumerate(self.readout) if weights.any()]

    def own(self, tokens: np.ndarray) -> np.ndarray:
        """Where the user's tokens are."""
        return (tokens >= 0) & (tokens < self.n_tokens)


@dataclass(frozen=True)
class Places:
    """Who may look where, the batch innermost: order [width, width, 1] from `priority`, real bool [width, n]."""

    order: np.ndarray
    real: np.ndarray


def priority(width: int, causal: bool) -> np.ndarray:
    """How much query i (row) prefers key j (column), int [width, width]; 0 = not allowed.

    The closest first, at equal distance the left one, the own position last (paper, section 3.1).
    """
    query, key = np.arange(width)[:, None], np.arange(width)[None, :]
    rank = 2 * np.abs(query - key) - (key < query)
    value = np.where(query == key, 1, 2 * width + 2 - rank)
    return np.where(causal & (key > query), 0, value).astype(np.int32)


def simple_predicate(k: int, form: str, constant: int = 0) -> np.ndarray:
    """A predicate with a name, bool [query value, key value]; `constant` is the key value of the last two forms."""
    query, key = np.arange(k)[:, None], np.arange(k)[None, :]
    forms = {
        "equal": key == query,
        "before": key == query - 1,
        "after": key == query + 1,
        "less": key < query,
        "greater": key > query,
        "at_least": key >= query,
        "constant": key == constant,
        "not_constant": key != constant,
    }
    return np.broadcast_to(forms[form], (k, k)).copy()


def places_of(h: Hardened, tokens: np.ndarray) -> Places:
    """The places of tokens [n, width]."""
    return Places(priority(tokens.shape[1], h.causal).astype(np.uint32)[:, :, None], (tokens != PAD).T)


def variables(h: Hardened, tokens: np.ndarray, needed: set[int] | None = None) -> list[np.ndarray]:
    """Variables int32 [width, n] of tokens int [n, width] (padding -1); those not `needed` stay empty."""
    n, width = tokens.shape
    places, codes = places_of(h, tokens), np.maximum(tokens, 0).T
    nothing = np.zeros((width, 0), np.int32)
    values = [*h.embedding[:, codes].astype(np.int32), *[nothing] * (len(h.readout) - len(h.embedding))]
    values[len(h.embedding)] = np.broadcast_to(np.arange(width, dtype=np.int32)[:, None], (width, n))
    values[h.n_cat] = np.ones((width, n), np.int32)
    for module in h.modules:
        if needed is None or module.out in needed:
            values[module.out] = run_module(module, values, places)
    return values


def run_module(m: Module, values: Sequence[np.ndarray], places: Places) -> np.ndarray:
    """Output int32 [width, n] of one module."""
    if m.kind == "cat":
        return _closest(m, values, places)
    if m.kind == "num":
        match = _match(m, values, places) * (places.order > 0)
        return (match * values[m.reads[2]].astype(np.uint32)).sum(1, dtype=np.int32)
    top = len(m.table) - 1
    a, b = (np.minimum(values[r], top) for r in m.reads)
    return np.take(m.table.ravel(), a * len(m.table) + b).astype(np.int32, copy=False)


def _closest(m: Module, values: Sequence[np.ndarray], places: Places) -> np.ndarray:
    """Value at the closest matching key, else at position 0."""
    width = len(places.order)
    keyed = np.where(places.order > 0, places.order * np.uint32(width) + np.arange(width, dtype=np.uint32)[:, None], 0)
    best = (_match(m, values, places) * keyed.astype(np.uint32)).max(1) % np.uint32(width)
    return np.take_along_axis(values[m.reads[2]], best.astype(np.intp), axis=0)


def _match(m: Module, values: Sequence[np.ndarray], places: Places) -> np.ndarray:
    """Does query i match key j (no padding): 0 or 1, [i, j, n]. A predicate row is kept as a bit mask where it fits."""
    query, key = values[m.reads[0]], values[m.reads[1]]
    k = len(m.table)
    if k > 64:
        return (m.table[query[:, None], key[None]] & places.real[None]).astype(np.uint32)
    dtype = np.uint32 if k <= 32 else np.uint64
    masks = (m.table.astype(dtype) << np.arange(k, dtype=dtype)).sum(1, dtype=dtype)
    shift = np.where(places.real, key, 64).astype(dtype)
    return ((masks[query][:, None] >> shift[None]) & dtype(1)).astype(np.uint32, copy=False)


def contribution(weight: np.ndarray, variable: np.ndarray) -> np.ndarray:
    """Scores [C, ...] that a variable adds; weight [k, C] for a categorical, [C] for a numerical one."""
    return weight.T[:, variable] if weight.ndim == 2 else weight[:, None, None] * variable


def class_scores(h: Hardened, tokens: np.ndarray) -> np.ndarray:
    """Class scores int64 [n, width, C] of tokens int [n, width], or [n, C] for classification."""
    values = variables(h, tokens, live(h))
    scores = np.zeros((len(h.bias), *values[0].shape), np.int64) + h.bias[:, None, None]
    for i in h.marked:
        scores += contribution(h.readout[i], values[i])
    if h.kind == "classification":
        return np.where(h.own(tokens).T, scores, 0).sum(1).T
    return scores.transpose(2, 1, 0)


def predict(h: Hardened, tokens: np.ndarray) -> np.ndarray:
    """Class codes int32 [n, width] (tagging; meaningless at markers and padding) or [n] (classification)."""
    if not len(tokens):
        return np.zeros(tokens.shape if h.kind == "tagging" else 0, np.int32)
    starts = range(0, len(tokens), CHUNK)
    return np.concatenate([class_scores(h, tokens[i : i + CHUNK]).argmax(-1) for i in starts]).astype(np.int32)


def accuracy(predicted: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Token and whole-sequence accuracy in [0, 1]; labels -1 are not scored."""
    scored = labels >= 0
    right = (predicted == labels) | ~scored
    token = float(right[scored].mean()) if scored.any() else 1.0
    return {"token": token, "sequence": token if labels.ndim == 1 else float(right.all(1).mean())}


def live(h: Hardened) -> set[int]:
    """Variables that the output depends on."""
    found = set(h.marked)
    for module in reversed(h.modules):
        if module.out in found:
            found |= set(module.reads)
    return found


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
    out = first + c.heads_cat
    counts = np.arange(c.count_range(number))[:, None]
    mlps: list[tuple[ModuleKind, int, np.ndarray]] = [("cat_mlp", 0, np.eye(c.k)), ("num_mlp", numbers, counts)]
    for kind, start, codes in mlps:
        for i, (a, b) in enumerate(layer[kind]["read"].argmax(-1).tolist()):
            table = table_of(layer[kind], i, codes).astype(np.int32)
            yield Module(kind, number, out, (start + a, start + b), table)
            out += 1


def _best(head: Tree, *names: str) -> list[tuple[int, ...]]:
    """The variables that each head reads."""
    return list(zip(*(np.asarray(head[name]).argmax(-1).tolist() for name in names), strict=True))


def one_hot_rows(logits: np.ndarray) -> np.ndarray:
    """Bool array with one True per row, at the largest logit."""
    return np.eye(logits.shape[-1], dtype=bool)[np.asarray(logits).argmax(-1)]


def table_of(mlp: Tree, i: int, codes: np.ndarray) -> np.ndarray:
    """Most likely output value of network `i` for every pair of inputs, each a row of `codes`: int64 [side, side]."""
    half = codes.shape[1]
    first, second = codes @ mlp["w1"][i][:half], codes @ mlp["w1"][i][half:]
    hidden = np.maximum(first[:, None] + second + mlp["b1"][i], 0.0)
    return (hidden @ mlp["w2"][i] + mlp["b2"][i]).argmax(-1)
