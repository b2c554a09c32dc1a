"""The relaxed Transformer Program over words: parameters and loss.

As `programs.relaxed`, with three differences: words are learnt values only, a head takes the nearest earlier or later
match (NONE where nothing matches), and a query may want any key, which makes the head that of the word before or after.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from pellucid.learners.transformer.config import WordsConfig
from pellucid.learners.transformer.layers import (
    NoiseTape,
    attend,
    closest,
    cross_entropy,
    normal,
    read,
    sample,
    sample_binary,
    table_params,
    tables,
)
from pellucid.learners.transformer.training import Tree

NEIGHBOURS = 0.6  # share of the heads that start near "any key", that is at the neighbours
PACE, RARE = 0.5, 30.0  # of the logits of a frequent word, beside all else; occurrences below which a word is slower
RECORDED = 2000  # words whose values are recorded, at most
SHARP = 4.0  # scores of a text are its mean scores times this


def init_params(
    rng: np.random.Generator, config: WordsConfig, structured: float, start: np.ndarray, counts: np.ndarray
) -> Tree:
    """Random parameters of one seed.

    Args:
        rng: of the seed. config: the sizes. structured: bonus of the choices that a plain program makes.
        start: float [variables, k, words], logits of the words' values.
        counts: how often the words occur; rare ones stay near their start, for little is known of them.
    """
    c, layers = config, []
    for layer in range(c.layers):
        n = c.n_cat(layer)
        cat = _gates(rng, c.heads_cat, n, c.gates)
        cat["predicate"] = normal(rng, (c.heads_cat, c.codes if c.queries else 1, c.codes + 1), c.codes)
        for head in range(c.heads_cat):
            if rng.random() < NEIGHBOURS:
                cat["predicate"][head, :, -1] += structured
            cat["value"][head, rng.integers(n)] += structured
        num = _gates(rng, c.heads_num, n, ("query", "key"))
        num["predicate"] = normal(rng, (c.heads_num, c.codes, c.codes), c.codes) - 1.0
        layers.append({"cat": cat, "num": num, "mlp": _mlp(rng, n, c, structured)})
    n = c.n_cat(c.layers)
    readout = {
        "cat": 0.3 * normal(rng, (n, c.codes, c.n_classes), 1),
        "num": np.zeros((c.layers * c.heads_num, c.n_classes), np.float32),
        "bias": np.zeros(c.n_classes, np.float32),
    }
    noise = 0.1 * normal(rng, start.shape, 1)
    pace = (PACE * np.sqrt((counts + 0.5) / (counts + RARE))).astype(np.float32)
    return {"embed": (start.astype(np.float32) + noise) / pace, "pace": pace, "layers": layers, "readout": readout}


def _gates(rng: np.random.Generator, heads: int, n: int, names: tuple[str, ...]) -> Tree:
    return {name: normal(rng, (heads, n), n) for name in names}


def _mlp(rng: np.random.Generator, n: int, c: WordsConfig, structured: float) -> Tree:
    """Tables that start near pairs: a kind of the word here with what a head of this layer found."""
    modules, features = c.mlps_cat, 2 * c.codes
    gates = normal(rng, (modules, 2, n + c.heads_cat), n + c.heads_cat)
    for module in range(modules if c.heads_cat else 0):
        gates[module, 0, rng.integers(c.variables)] += structured
        gates[module, 1, n + (module + rng.integers(2) * 2) % c.heads_cat] += structured
    return table_params(rng, gates, features, c.hidden, c.k)


def loss_of(
    params: Tree,
    tokens: jax.Array,
    labels: jax.Array,
    keep: jax.Array,
    tau: jax.Array | float,
    tape: NoiseTape,
    config: WordsConfig,
) -> jax.Array:
    """Mean cross entropy (nats) of texts, or of scored words in tagging.

    Args:
        tokens: int32 [batch, width], padding -1. labels: int32 [batch], or [batch, width] with -1 unscored.
        keep: float32 [batch, variables], by what the readout multiplies the variables of a text (dropout).
        tau, tape: of the choices.
    """
    scores = forward(params, tokens, keep, tau, tape, config)
    if config.pooled:
        own = (tokens >= 0).astype(jnp.float32)
        scores = SHARP * (scores * own).sum(-1) / jnp.maximum(own.sum(-1), 1)
    return cross_entropy(scores, labels)


def forward(params: Tree, tokens: jax.Array, keep: jax.Array, tau, tape: NoiseTape, c: WordsConfig) -> jax.Array:
    """Class scores [classes, batch, width]."""
    own = (tokens >= 0).astype(jnp.float32)
    logits = params["embed"] * jax.lax.stop_gradient(params["pace"])
    words = sample(logits[:, :, jnp.maximum(tokens, 0)], tau, tape, axis=1)
    stream, counts = _padded(words), []
    for layer in params["layers"]:
        added = [stream]
        if c.heads_cat:
            added.append(_heads(layer["cat"], stream, own, tau, tape, c))
        if c.heads_num:
            counts.append(_counts(layer["num"], stream, own, tau, tape))
        stream = jnp.concatenate(added)
        if c.mlps_cat:
            stream = jnp.concatenate([stream, _padded(tables(layer["mlp"], stream, tau, tape))])
    out = params["readout"]
    scores = jnp.einsum("vkc,vkbt->cbt", out["cat"], stream * keep.T[:, None, :, None])
    if counts:
        scores = scores + jnp.einsum("uc,ubt->cbt", out["num"], jnp.concatenate(counts))
    return scores + out["bias"][:, None, None]


def _padded(values: jax.Array) -> jax.Array:
    """Variables of k values as ones of k + 1 codes, NONE never taken."""
    return jnp.pad(values, ((0, 0), (0, 1), (0, 0), (0, 0)))


def _heads(head: Tree, stream: jax.Array, own: jax.Array, tau, tape: NoiseTape, c: WordsConfig) -> jax.Array:
    h = c.heads_cat
    mixed = read(jnp.concatenate([sample(head[name], tau, tape) for name in c.gates]), stream)
    predicate = sample(head["predicate"], tau, tape)
    query = mixed[:h] if c.queries else jnp.ones((h, 1, *own.shape))
    asked = jnp.einsum("hqk,hqbi->hkbi", predicate, query)
    match = jnp.einsum("hkbi,hkbj->hbij", asked[:, :-1], mixed[-2 * h : -h]) + asked[:, -1][..., None]
    weight, rest = nearest(match, own, np.array([c.before(i) for i in range(h)]))
    found = attend(weight, mixed[-h:])
    return found.at[:, -1].add(rest)


def nearest(match: jax.Array, own: jax.Array, before: np.ndarray) -> tuple[jax.Array, jax.Array]:
    """As `closest`, among earlier words (later ones, of heads not in `before`). own: [batch, j], 0 at padding."""
    earlier = np.tri(own.shape[-1], k=-1, dtype=np.float32)
    seen = np.where(before[:, None, None], earlier, earlier.T)  # and, as [l, j]: l is nearer than j
    return closest(match * own[None, :, None, :] * seen[:, None], seen, "h")


def _counts(head: Tree, stream: jax.Array, own: jax.Array, tau, tape: NoiseTape) -> jax.Array:
    """How many words of the text have a key that the query wants, [heads, batch, width]."""
    query, key = (read(sample(head[name], tau, tape), stream) for name in ("query", "key"))
    predicate = sample_binary(head["predicate"], tau, tape)
    held = jnp.einsum("hkbj,bj->hkb", key, own)
    return jnp.einsum("hqk,hqbi,hkb->hbi", predicate, query, held)


def choice_logits(params: Tree) -> list[np.ndarray]:
    """Logits of all gates, predicates and (some) words' values, options last."""
    found = [np.swapaxes(params["embed"] * params["pace"], 1, 2)[:, :RECORDED]]
    for layer in params["layers"]:
        found += [layer["cat"][name] for name in ("query", "key", "value", "predicate") if name in layer["cat"]]
        found += [layer["num"]["query"], layer["num"]["key"], layer["mlp"]["read"]]
    return found
