"""The hardened Transformer Program: discrete, exact, integers only (NumPy)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.learners.transformer.programs.config import Kind

PAD = -1


@dataclass(frozen=True)
class HardLayer:
    """One layer. H categorical heads, G numerical heads, Mc and Mn categorical and numerical MLPs.

    cat_query, cat_key, cat_value [H] and num_query, num_key [G] are indices into the categorical variables, num_value
    [G] into the numerical ones; predicates are bool [heads, query value, key value]; MLPs read two variables each
    ([M, 2]) through a table [M, k, k] (numerical: [M, R, R], inputs clipped to 0..R-1) of output values.
    """

    cat_query: np.ndarray
    cat_key: np.ndarray
    cat_value: np.ndarray
    cat_predicate: np.ndarray
    num_query: np.ndarray
    num_key: np.ndarray
    num_value: np.ndarray
    num_predicate: np.ndarray
    cat_mlp_read: np.ndarray
    cat_mlp_table: np.ndarray
    num_mlp_read: np.ndarray
    num_mlp_table: np.ndarray


@dataclass(frozen=True)
class Hardened:
    """A discrete program; variables are numbered as they are made (see `variable_offsets`).

    Categorical: the m embedding variables, `positions`, then per layer the categorical heads, categorical MLPs and
    numerical MLPs. Numerical: `ones`, then per layer the numerical heads. `embedding` int [m, n_symbols];
    `readout_cat` int [variables, k, C], `readout_num` int [variables, C], `bias` int [C]. The answer is the first class
    of the largest score; for classification the scores are summed over the user's positions (codes below `n_tokens`).
    """

    k: int
    kind: Kind
    causal: bool
    n_tokens: int
    embedding: np.ndarray
    layers: tuple[HardLayer, ...]
    readout_cat: np.ndarray
    readout_num: np.ndarray
    bias: np.ndarray


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


SIMPLE_FORMS = ("equal", "before", "after", "less", "greater", "at_least", "constant", "not_constant")


def closest_head(query, key, value, predicate, order) -> np.ndarray:
    """Value at the closest matching key, else at position 0. Inputs int [n, width]; order int [n, width, width]."""
    match = predicate[query[:, :, None], key[:, None, :]] * order
    return np.take_along_axis(value, match.argmax(-1), axis=1)


def count_head(query, key, value, predicate, allowed) -> np.ndarray:
    """Sum of the values at all matching keys. Inputs int [n, width]; allowed bool [n, width, width]."""
    match = predicate[query[:, :, None], key[:, None, :]] & allowed
    return (match * value[:, None, :]).sum(-1, dtype=np.int32)


def variables_numpy(hardened: Hardened, tokens: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """All categorical and numerical variables, each int [n, width], of tokens int [n, width] (padding -1)."""
    h, width = hardened, tokens.shape[1]
    cat = [row[np.maximum(tokens, 0)] for row in h.embedding]
    cat.append(np.broadcast_to(np.arange(width), tokens.shape))
    num = [np.ones(tokens.shape, np.int32)]
    order = priority(width, h.causal)[None] * (tokens != PAD)[:, None, :]
    for layer in h.layers:
        heads = zip(layer.cat_query, layer.cat_key, layer.cat_value, layer.cat_predicate, strict=True)
        new = [closest_head(cat[q], cat[key], cat[v], table, order) for q, key, v, table in heads]
        heads = zip(layer.num_query, layer.num_key, layer.num_value, layer.num_predicate, strict=True)
        num = num + [count_head(cat[q], cat[key], num[v], table, order > 0) for q, key, v, table in heads]
        cat = cat + new
        new = [table[cat[a], cat[b]] for (a, b), table in zip(layer.cat_mlp_read, layer.cat_mlp_table, strict=True)]
        for (a, b), table in zip(layer.num_mlp_read, layer.num_mlp_table, strict=True):
            top = table.shape[0] - 1
            new.append(table[np.clip(num[a], 0, top), np.clip(num[b], 0, top)])
        cat = cat + new
    return cat, num


def scores_numpy(hardened: Hardened, cat: list[np.ndarray], num: list[np.ndarray]) -> np.ndarray:
    """Integer class scores per position, int64 [n, width, C]."""
    scores = np.broadcast_to(hardened.bias.astype(np.int64), (*num[0].shape, len(hardened.bias))).copy()
    for variable, weights in zip(cat, hardened.readout_cat, strict=True):
        if weights.any():
            scores += weights[variable]
    for variable, weights in zip(num, hardened.readout_num, strict=True):
        if weights.any():
            scores += variable[..., None].astype(np.int64) * weights
    return scores


def evaluate_numpy(hardened: Hardened, tokens: np.ndarray) -> np.ndarray:
    """Class codes int [n, width] (tagging; meaningless at markers and padding) or [n] (classification)."""
    scores = scores_numpy(hardened, *variables_numpy(hardened, tokens))
    if hardened.kind == "classification":
        own = (tokens >= 0) & (tokens < hardened.n_tokens)
        scores = np.where(own[..., None], scores, 0).sum(1)
    return scores.argmax(-1)


def accuracy(predicted: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Token and whole-sequence accuracy in [0, 1]; labels -1 are not scored."""
    scored = labels >= 0
    right = (predicted == labels) | ~scored
    if labels.ndim == 1:
        share = float(right[scored].mean()) if scored.any() else 1.0
        return {"token": share, "sequence": share}
    token = float(right[scored].mean()) if scored.any() else 1.0
    return {"token": token, "sequence": float(right.all(1).mean())}


def live_modules(hardened: Hardened) -> tuple[set[int], set[int]]:
    """Categorical and numerical variables that the output depends on (readout weights that are not all zero)."""
    h = hardened
    cat = {i for i, weights in enumerate(h.readout_cat) if weights.any()}
    num = {i for i, weights in enumerate(h.readout_num) if weights.any()}
    cat_at, num_at = variable_offsets(h)
    for layer, c, u in reversed(list(zip(h.layers, cat_at, num_at, strict=True))):
        heads, mlps = len(layer.cat_query), len(layer.cat_mlp_read)
        for i in range(len(layer.num_mlp_read)):
            if c + heads + mlps + i in cat:
                num |= {int(x) for x in layer.num_mlp_read[i]}
        for i in range(mlps):
            if c + heads + i in cat:
                cat |= {int(x) for x in layer.cat_mlp_read[i]}
        for i in range(heads):
            if c + i in cat:
                cat |= {int(layer.cat_query[i]), int(layer.cat_key[i]), int(layer.cat_value[i])}
        for i in range(len(layer.num_query)):
            if u + i in num:
                cat |= {int(layer.num_query[i]), int(layer.num_key[i])}
                num.add(int(layer.num_value[i]))
    return cat, num


def variable_offsets(hardened: Hardened) -> tuple[list[int], list[int]]:
    """Index of the first categorical and first numerical variable that each layer makes."""
    cat, num = [len(hardened.embedding) + 1], [1]
    for layer in hardened.layers:
        cat.append(cat[-1] + len(layer.cat_query) + len(layer.cat_mlp_read) + len(layer.num_mlp_read))
        num.append(num[-1] + len(layer.num_query))
    return cat[:-1], num[:-1]
