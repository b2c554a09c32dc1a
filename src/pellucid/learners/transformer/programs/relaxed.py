"""The relaxed Transformer Program: parameters and forward pass (Friedman et al., 2023, sections 3 and 5).

The disentangled stream is a list of categorical and numerical variables. Every module reads a few of them through gates
and appends a new one; gates, predicates, word clusters and MLP outputs are annealed Gumbel-softmax choices.

Over words it differs in three things: a word is learnt values only, without a position; a categorical head takes the
nearest earlier or later match (NONE where nothing matches); and a query may want any key, which makes the head that of
the word before or after.
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

NEIGHBOURS = 0.6  # share of the heads over words that start near "any key", that is at the neighbours
PACE, RARE = 0.5, 30.0  # of the logits of a frequent word, beside all else; occurrences below which a word is slower
RECORDED = 2000  # words whose values are recorded, at most
SHARP = 4.0  # scores of a text are its mean scores times this


def init_params(
    rng: np.random.Generator,
    config: ProgramsConfig,
    structured: float,
    start: np.ndarray | None = None,
    counts: np.ndarray | None = None,
) -> Tree:
    """Random parameters of one seed (NumPy arrays).

    Args:
        rng: of the seed. config: the sizes. structured: logit bonus of simple predicates, or of plain choices.
        start: float [variables, k, words], logits of the words' values.
        counts: how often the words occur; rare ones stay near their start, for little is known of them.
    """
    c, layers = config, []
    for layer in range(c.layers):
        cat, num = (_word_heads if c.words else _heads)(rng, layer, c, structured)
        seen_cat, seen_num = c.n_cat(layer) + c.heads_cat, c.n_num(layer) + c.heads_num
        gates = normal(rng, (c.mlps_cat, 2, seen_cat), seen_cat)
        if c.words:
            _lean_to_pairs(rng, gates, c.n_cat(layer), c, structured)
        cat_mlp = table_params(rng, gates, 2 * c.codes, c.hidden, c.k)
        num_mlp = table_params(rng, normal(rng, (c.mlps_num, 2, seen_num), seen_num), 2, c.hidden, c.k)
        layers.append({"cat": cat, "num": num, "cat_mlp": cat_mlp, "num_mlp": num_mlp})
    cat, num = (c.n_cat(c.layers), c.codes, c.n_classes), (c.n_num(c.layers), c.n_classes)
    readout = {
        "cat": 0.3 * normal(rng, cat) if c.words else normal(rng, cat, c.n_classes),
        "num": np.zeros(num, np.float32) if c.words else normal(rng, num, c.n_classes),
        "bias": np.zeros(c.n_classes, np.float32),
    }
    params: Tree = {"layers": layers, "readout": readout}
    if start is not None and counts is not None:
        pace = (PACE * np.sqrt((counts + 0.5) / (counts + RARE))).astype(np.float32)
        params |= {"embed": (start.astype(np.float32) + 0.1 * normal(rng, start.shape)) / pace, "pace": pace}
    elif c.variables:
        params["embed"] = normal(rng, (c.variables, c.k, c.n_symbols), c.k)
    return params


def _heads(rng: np.random.Generator, layer: int, c: ProgramsConfig, structured: float) -> tuple[Tree, Tree]:
    n_cat, n_num = c.n_cat(layer), c.n_num(layer)
    cat = _leaning(rng, c.heads_cat, n_cat, n_cat, False, c, structured)
    return cat, _leaning(rng, c.heads_num, n_cat, n_num, c.free_counts, c, structured)


def _leaning(
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


def _word_heads(rng: np.random.Generator, layer: int, c: ProgramsConfig, structured: float) -> tuple[Tree, Tree]:
    n = c.n_cat(layer)
    cat = {name: normal(rng, (c.heads_cat, n), n) for name in c.gates}
    cat["predicate"] = normal(rng, (c.heads_cat, c.codes if c.queries else 1, c.codes + 1), c.codes)
    for head in range(c.heads_cat):
        if rng.random() < NEIGHBOURS:
            cat["predicate"][head, :, -1] += structured
        cat["value"][head, rng.integers(n)] += structured
    num = {name: normal(rng, (c.heads_num, n), n) for name in ("query", "key")}
    num["predicate"] = normal(rng, (c.heads_num, c.codes, c.codes), c.codes) - 1.0
    return cat, num


def _lean_to_pairs(rng: np.random.Generator, gates: np.ndarray, n: int, c: ProgramsConfig, structured: float) -> None:
    """Let tables start near pairs: a kind of the word here with what a head of this layer found."""
    for module in range(c.mlps_cat if c.heads_cat else 0):
        gates[module, 0, rng.integers(c.variables)] += structured
        gates[module, 1, n + (module + rng.integers(2) * 2) % c.heads_cat] += structured


def loss_of(
    params: Tree,
    tokens: jax.Array,
    labels: jax.Array,
    tau: jax.Array | float,
    tape: NoiseTape,
    config: ProgramsConfig,
    keep: jax.Array | None = None,
) -> jax.Array:
    """Mean cross entropy (nats) over scored positions, or over sequences for classification.

    Args:
        tokens: int32 [batch, width], padding -1. labels: int32 [batch, width] with -1 unscored, or [batch].
        tau, tape: of the choices.
        keep: float32 [batch, variables], by what the readout multiplies the variables (dropout); None: nothing.
    """
    scores = forward(params, tokens, tau, tape, config, keep)
    if config.pooled:
        own = (tokens >= 0) & (tokens < config.n_tokens)
        scores = jnp.where(own, scores, 0.0).sum(-1) / jnp.maximum(own.sum(-1), 1)
        scores = SHARP * scores if config.words else scores
    return cross_entropy(scores, labels)


def forward(
    params: Tree, tokens: jax.Array, tau: Any, tape: NoiseTape, config: ProgramsConfig, keep: jax.Array | None = None
) -> jax.Array:
    """Class scores [classes, batch, width] of int tokens [batch, width] (padding -1) at temperature tau."""
    c, real = config, (tokens >= 0).astype(jnp.float32)
    cat, num = _embed(params, tokens, tau, tape, c), jnp.ones((c.n_num(0), *tokens.shape))
    for index, layer in enumerate(params["layers"]):
        cat, num = _layer(layer, cat, num, real, tau, tape, c, c.count_range(index) - 1)
    out = params["readout"]
    kept = cat if keep is None else cat * keep.T[:, None, :, None]
    scores = jnp.einsum("vkc,vkbt->cbt", out["cat"], kept) + jnp.einsum("uc,ubt->cbt", out["num"], num)
    return scores + out["bias"][:, None, None]


def _embed(params: Tree, tokens: jax.Array, tau: jax.Array | float, tape: NoiseTape, c: ProgramsConfig) -> jax.Array:
    if c.words:
        logits = params["embed"] * jax.lax.stop_gradient(params["pace"])
        return _padded(sample(logits[:, :, jnp.maximum(tokens, 0)], tau, tape, axis=1), c)
    if c.variables:
        table = sample(params["embed"], tau, tape, axis=1)
        values = table[:, :, jnp.maximum(tokens, 0)]
    else:
        values = (tokens[None] == jnp.arange(c.k)[:, None, None]).astype(jnp.float32)[None]
    positions = jnp.broadcast_to(jnp.eye(c.k, c.width)[None, :, None, :], (1, c.k, *tokens.shape))
    return jnp.concatenate([values, positions])


def _padded(values: jax.Array, c: ProgramsConfig) -> jax.Array:
    """Variables of k values as ones of all codes, NONE never taken."""
    return jnp.pad(values, ((0, 0), (0, c.codes - c.k), (0, 0), (0, 0)))


def _layer(layer: Tree, cat, num, real, tau, tape: NoiseTape, c: ProgramsConfig, top: int):
    """One layer: heads read the stream, MLPs read the stream and these heads; all outputs are appended."""
    gates = [*(("cat", gate) for gate in c.gates), ("num", "query"), ("num", "key")]
    mixed = read(jnp.concatenate([sample(layer[kind][gate], tau, tape) for kind, gate in gates]), cat)
    of_cat, g = c.heads_cat * len(c.gates), c.heads_num
    new_cat, new_num = [cat], [num]
    if of_cat:
        predicate = sample(layer["cat"]["predicate"], tau, tape)
        found = (_neighbours if c.words else _closest)(jnp.split(mixed[:of_cat], len(c.gates)), predicate, real, c)
        new_cat.append(found)
    if g:
        logits = layer["num"]["predicate"]
        predicate = sample_binary(logits, tau, tape) if c.free_counts else sample(logits, tau, tape)
        match = matches(mixed[of_cat : of_cat + g], mixed[of_cat + g :], predicate, _allowed(real, c))
        new_num.append(_count(layer["num"].get("value"), match, num, tau, tape, c))
    seen_cat, seen_num = jnp.concatenate(new_cat), jnp.concatenate(new_num)
    out = [seen_cat]
    if c.mlps_cat:
        out.append(_padded(tables(layer["cat_mlp"], seen_cat, tau, tape), c))
    if c.mlps_num:
        out.append(tables(layer["num_mlp"], jnp.minimum(seen_num, top)[:, None], tau, tape))
    return jnp.concatenate(out), seen_num


def _allowed(real: jax.Array, c: ProgramsConfig) -> jax.Array:
    """Which key j query i may match, [batch, i, j]."""
    return real[:, None, :] * (priority(real.shape[-1], c.causal) > 0)


def _closest(inputs: list[jax.Array], predicate: jax.Array, real: jax.Array, c: ProgramsConfig) -> jax.Array:
    """The value at the closest match, at the begin marker where there is none."""
    query, key, value = inputs
    order = priority(real.shape[-1], c.causal)
    preferred = (order[:, :, None] > order[:, None, :]).astype(np.float32)  # [i, l, j]: l to j
    weight, rest = closest(matches(query, key, predicate, _allowed(real, c)), preferred, "i")
    return attend(weight.at[..., 0].add(rest), value)


def _neighbours(inputs: list[jax.Array], predicate: jax.Array, real: jax.Array, c: ProgramsConfig) -> jax.Array:
    """The value at the nearest match, among earlier words for every other head, else among later ones; or NONE."""
    *query, key, value = inputs
    asked = jnp.einsum("hqk,hqbi->hkbi", predicate, query[0] if query else jnp.ones((c.heads_cat, 1, *real.shape)))
    match = jnp.einsum("hkbi,hkbj->hbij", asked[:, :-1], key) + asked[:, -1][..., None]
    weight, rest = nearest(match, real, np.array([c.before(head) for head in range(c.heads_cat)]))
    return attend(weight, value).at[:, -1].add(rest)


def nearest(match: jax.Array, own: jax.Array, before: np.ndarray) -> tuple[jax.Array, jax.Array]:
    """As `closest`, among earlier words (later ones, of heads not in `before`). own: [batch, j], 0 at padding."""
    earlier = np.tri(own.shape[-1], k=-1, dtype=np.float32)
    seen = np.where(before[:, None, None], earlier, earlier.T)  # and, as [l, j]: l is nearer than j
    return closest(match * own[None, :, None, :] * seen[:, None], seen, "h")


def _count(gate: jax.Array | None, match: jax.Array, num: jax.Array, tau, tape: NoiseTape, c: ProgramsConfig):
    """How many keys match, or the sum of a numerical variable at them."""
    if not c.nested_counts or gate is None:
        return match.sum(-1)
    return jnp.einsum("gbij,gbj->gbi", match, read(sample(gate, tau, tape), num))


def choice_logits(params: Tree, config: ProgramsConfig) -> list[np.ndarray]:
    """Logits of all gates, predicates and word clusters (of words some), options last."""
    found = []
    for layer in params["layers"]:
        found += [layer["cat"][name] for name in (*config.gates, "predicate")]
        found += [layer["num"][name] for name in ("query", "key", "predicate")]
        found += [layer["num"]["value"]] if config.nested_counts else []
        found += [layer["cat_mlp"]["read"], layer["num_mlp"]["read"]]
    if config.variables:
        found.append(np.swapaxes(params["embed"] * params.get("pace", 1), 1, 2)[:, :RECORDED])
    return found
