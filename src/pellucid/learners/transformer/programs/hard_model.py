"""The hardened model as a JAX computation: what verification calls "the model". Only live modules are run."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from pellucid.learners.transformer.programs.hardened import PAD, Hardened, live_modules, priority, variable_offsets

CHUNK = 1 << 14


@jax.jit
def _closest(query, key, value, predicate, order, real):
    """Value at the closest matching key. query, key, value [n, width]; predicate [k, k]; real [n, width]."""
    score = jnp.where(_match(query, key, predicate) & real[:, None, :], order, 0)
    return jnp.take_along_axis(value, score.argmax(-1), axis=1)


@jax.jit
def _count(query, key, value, predicate, order, real):
    """Sum of the values at all matching keys."""
    match = _match(query, key, predicate) & real[:, None, :] & (order > 0)
    return jnp.where(match, value[:, None, :], 0).sum(-1)


def _match(query, key, predicate):
    """Does query i match key j: bool [n, i, j]. A row of the predicate is kept as one 32-bit mask per 32 key values."""
    k = predicate.shape[0]
    shifts = jnp.arange(32, dtype=jnp.uint32)
    found = jnp.zeros((*query.shape, key.shape[1]), bool)
    for start in range(0, k, 32):
        part = predicate[:, start : start + 32].astype(jnp.uint32)
        masks = (part << shifts[: part.shape[1]]).sum(1, dtype=jnp.uint32)
        offset = key - start
        bit = (masks[query][:, :, None] >> jnp.clip(offset, 0, 31).astype(jnp.uint32)[:, None, :]) & 1
        found |= (bit == 1) & ((offset >= 0) & (offset < 32))[:, None, :]
    return found


@jax.jit
def _lookup(table, first, second):
    top = table.shape[0] - 1
    return table[jnp.clip(first, 0, top), jnp.clip(second, 0, top)]


@jax.jit
def _add_cat(scores, weights, variable):
    return scores + weights[variable]


@jax.jit
def _add_num(scores, weights, variable):
    return scores + variable[..., None] * weights


@partial(jax.jit, static_argnames="pooled")
def _answer(scores, own, pooled: bool):
    return (jnp.where(own[..., None], scores, 0).sum(1) if pooled else scores).argmax(-1)


def predict(hardened: Hardened, tokens: np.ndarray) -> np.ndarray:
    """Class codes int32 [n, width] (tagging) or [n] (classification) of tokens int [n, width] (padding -1)."""
    tokens = np.asarray(tokens, np.int32)
    size = min(CHUNK, max(1, len(tokens)))
    out = []
    for start in range(0, len(tokens), size):
        part = tokens[start : start + size]
        padded = np.concatenate([part, np.broadcast_to(part[:1], (size - len(part), part.shape[1]))])
        out.append(np.asarray(_predict(hardened, jnp.asarray(padded)))[: len(part)])
    if not out:
        return np.zeros(tokens.shape if hardened.kind == "tagging" else 0, np.int32)
    return np.concatenate(out).astype(np.int32)


def _predict(h: Hardened, tokens: jax.Array) -> jax.Array:
    cat, num = _variables(h, tokens)
    scores = jnp.broadcast_to(jnp.asarray(h.bias, jnp.int32), (*tokens.shape, len(h.bias)))
    for i, weights in enumerate(h.readout_cat):
        if weights.any():
            scores = _add_cat(scores, jnp.asarray(weights, jnp.int32), cat[i])
    for i, weights in enumerate(h.readout_num):
        if weights.any():
            scores = _add_num(scores, jnp.asarray(weights, jnp.int32), num[i])
    return _answer(scores, (tokens >= 0) & (tokens < h.n_tokens), h.kind == "classification")


def _variables(h: Hardened, tokens: jax.Array) -> tuple[dict[int, jax.Array], dict[int, jax.Array]]:
    """The live variables by number, each int32 [n, width]."""
    width = tokens.shape[1]
    live_cat, live_num = live_modules(h)
    order, real = jnp.asarray(priority(width, h.causal)), tokens != PAD
    embedding = jnp.asarray(h.embedding, jnp.int32)
    cat = {i: row[jnp.maximum(tokens, 0)] for i, row in enumerate(embedding)}
    cat[len(embedding)] = jnp.broadcast_to(jnp.arange(width, dtype=jnp.int32), tokens.shape)
    num = {0: jnp.ones_like(tokens)}
    for layer, c, u in zip(h.layers, *variable_offsets(h), strict=True):
        heads, mlps = len(layer.cat_query), len(layer.cat_mlp_read)
        for i in range(heads):
            if c + i in live_cat:
                query, key, value = (cat[int(x[i])] for x in (layer.cat_query, layer.cat_key, layer.cat_value))
                cat[c + i] = _closest(query, key, value, layer.cat_predicate[i], order, real)
        for i in range(len(layer.num_query)):
            if u + i in live_num:
                query, key, value = (
                    cat[int(layer.num_query[i])],
                    cat[int(layer.num_key[i])],
                    num[int(layer.num_value[i])],
                )
                num[u + i] = _count(query, key, value, layer.num_predicate[i], order, real)
        for i, (a, b) in enumerate(layer.cat_mlp_read):
            if c + heads + i in live_cat:
                cat[c + heads + i] = _lookup(layer.cat_mlp_table[i].astype(np.int32), cat[int(a)], cat[int(b)])
        for i, (a, b) in enumerate(layer.num_mlp_read):
            if c + heads + mlps + i in live_cat:
                cat[c + heads + mlps + i] = _lookup(layer.num_mlp_table[i].astype(np.int32), num[int(a)], num[int(b)])
    return cat, num
