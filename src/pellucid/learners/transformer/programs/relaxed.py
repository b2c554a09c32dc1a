"""The relaxed Transformer Program: parameters and forward pass (Friedman et al., 2023, section 3).

The disentangled stream is a list of categorical and numerical variables. Every module reads a few of them through gates
and appends a new one; gates, predicates, word clusters and MLP outputs are annealed Gumbel-softmax choices.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pellucid.learners.transformer.config import ProgramsConfig
from pellucid.learners.transformer.layers import (
    NoiseTape,
    attend,
    closest,
    cross_entropy,
    matches,
    normal,
    read,
    sample,
    sample_binary,
    table_params,
    tables,
)
from pellucid.learners.transformer.programs.hardened import priority, simple_predicate
from pellucid.learners.transformer.training import Tree


def init_params(rng: np.random.Generator, config: ProgramsConfig, structured: float) -> Tree:
    """Random parameters of one seed (NumPy arrays); `structured` = logit bonus for simple predicates."""
    c, layers = config, []
    for layer in range(c.layers):
        n_cat, n_num = c.n_cat(layer), c.n_num(layer)
        cat = _head_params(rng, c.heads_cat, n_cat, n_cat, False, c, structured)
        num = _head_params(rng, c.heads_num, n_cat, n_num, c.free_counts, c, structured)
        cat_mlp, num_mlp = (
            table_params(rng, normal(rng, (modules, 2, n_read), n_read), features, c.hidden, c.k)
            for modules, n_read, features in (
                (c.mlps_cat, n_cat + c.heads_cat, 2 * c.k),
                (c.mlps_num, n_num + c.heads_num, 2),
            )
        )
        layers.append({"cat": cat, "num": num, "cat_mlp": cat_mlp, "num_mlp": num_mlp})
    n_cat, n_num = c.n_cat(c.layers), c.n_num(c.layers)
    readout = {
        "cat": normal(rng, (n_cat, c.k, c.n_classes), c.n_classes),
        "num": normal(rng, (n_num, c.n_classes), c.n_classes),
        "bias": np.zeros(c.n_classes, np.float32),
    }
    params: Tree = {"layers": layers, "readout": readout}
    if c.variables:
        params["embed"] = normal(rng, (c.variables, c.k, c.n_symbols), c.k)
    return params


def _head_params(
    rng: np.random.Generator, heads: int, n_cat: int, n_value: int, many: bool, c: ProgramsConfig, structured: float
) -> Tree:
    """Gates and predicates; most heads lean towards a simple form. `many`: a row may match several key values."""
    query, key = normal(rng, (heads, n_cat), n_cat), normal(rng, (heads, n_cat), n_cat)
    predicate = normal(rng, (heads, c.k, c.k), c.k)
    for h in range(heads):
        form = rng.choice(["none", "equal", "before", "after", "constant", *(("less", "greater") if many else ())])
        variable, constant = int(rng.integers(n_cat)), int(rng.integers(c.k))
        if form == "constant" and variable < c.n_embedded and not c.variables:
            constant = int(rng.integers(c.n_symbols))
        if form != "none":
            shape = simple_predicate(c.k, str(form), constant)
            predicate[h] += structured * (2.0 * shape - 1.0 if many else shape)
            key[h, variable] += structured
            query[h, variable] += structured * (form != "constant")
    return {"query": query, "key": key, "predicate": predicate, "value": normal(rng, (heads, n_value), n_value)}


def loss_of(
    params: Tree, tokens: jax.Array, labels: jax.Array, tau: Any, tape: NoiseTape, config: ProgramsConfig
) -> jax.Array:
    """Mean cross entropy (nats) over scored positions, or over sequences for classification."""
    scores = forward(params, tokens, tau, tape, config)
    if config.kind == "classification":
        own = (tokens >= 0) & (tokens < config.n_tokens)
        scores = jnp.where(own, scores, 0.0).sum(-1) / jnp.maximum(own.sum(-1), 1)
    return cross_entropy(scores, labels)


def forward(
    params: Tree, tokens: jax.Array, tau: jax.Array | float, tape: NoiseTape, config: ProgramsConfig
) -> jax.Array:
    """Class scores [classes, batch, width] of int tokens [batch, width] (padding -1) at temperature tau."""
    c = config
    cat, num = _embed(params, tokens, tau, tape, c)
    order = priority(c.width, c.causal)
    allowed = (tokens >= 0).astype(jnp.float32)[:, None, :] * (order > 0)
    for index, layer in enumerate(params["layers"]):
        cat, num = _layer(layer, cat, num, allowed, order, tau, tape, c, c.count_range(index) - 1)
    out = params["readout"]
    scores = jnp.einsum("vkc,vkbt->cbt", out["cat"], cat) + jnp.einsum("uc,ubt->cbt", out["num"], num)
    return scores + out["bias"][:, None, None]


def _embed(params: Tree, tokens: jax.Array, tau: jax.Array | float, tape: NoiseTape, c: ProgramsConfig):
    if c.variables:
        table = sample(params["embed"], tau, tape, axis=1)
        words = table[:, :, jnp.maximum(tokens, 0)]
    else:
        words = (tokens[None] == jnp.arange(c.k)[:, None, None]).astype(jnp.float32)[None]
    positions = jnp.broadcast_to(jnp.eye(c.k, c.width)[None, :, None, :], (1, c.k, *tokens.shape))
    return jnp.concatenate([words, positions]), jnp.ones((1, *tokens.shape))


def _layer(layer: Tree, cat, num, allowed, order: np.ndarray, tau, tape: NoiseTape, c: ProgramsConfig, top: int):
    """One layer: heads read the stream, MLPs read the stream and these heads; all outputs are appended."""
    gates = [("cat", "query"), ("cat", "key"), ("cat", "value"), ("num", "query"), ("num", "key")]
    mixed = read(jnp.concatenate([sample(layer[kind][gate], tau, tape) for kind, gate in gates]), cat)
    h, g = c.heads_cat, c.heads_num
    new_cat, new_num = [cat], [num]
    if h:
        match = matches(mixed[:h], mixed[h : 2 * h], sample(layer["cat"]["predicate"], tau, tape), allowed)
        preferred = (order[:, :, None] > order[:, None, :]).astype(np.float32)  # [i, l, j]: l to j
        weight, rest = closest(match, preferred, "i")
        new_cat.append(attend(weight.at[..., 0].add(rest), mixed[2 * h : 3 * h]))
    if g:
        logits = layer["num"]["predicate"]
        predicate = sample_binary(logits, tau, tape) if c.free_counts else sample(logits, tau, tape)
        match = matches(mixed[3 * h : 3 * h + g], mixed[3 * h + g :], predicate, allowed)
        new_num.append(_count(layer["num"]["value"], match, num, tau, tape, c))
    seen_cat, seen_num = jnp.concatenate(new_cat), jnp.concatenate(new_num)
    out = [seen_cat]
    if c.mlps_cat:
        out.append(tables(layer["cat_mlp"], seen_cat, tau, tape))
    if c.mlps_num:
        out.append(tables(layer["num_mlp"], jnp.minimum(seen_num, top)[:, None], tau, tape))
    return jnp.concatenate(out), seen_num


def _count(gate: jax.Array, match: jax.Array, num: jax.Array, tau, tape: NoiseTape, c: ProgramsConfig) -> jax.Array:
    if not c.nested_counts:
        return match.sum(-1)
    return jnp.einsum("gbij,gbj->gbi", match, read(sample(gate, tau, tape), num))


def choice_logits(params: Tree, config: ProgramsConfig) -> list[np.ndarray]:
    """Logits of all gates, predicates and word clusters, options last."""
    found = []
    for layer in params["layers"]:
        found += [layer["cat"][name] for name in ("query", "key", "value", "predicate")]
        found += [layer["num"][name] for name in ("query", "key", "predicate")]
        found += [layer["num"]["value"]] if config.nested_counts else []
        found += [layer["cat_mlp"]["read"], layer["num_mlp"]["read"]]
    return [*found, np.swapaxes(params["embed"], 1, 2)] if config.variables else found
