"""The standard Transformer, the baseline of every comparison (Friedman et al., 2023, section 4): model and training.

It is not interpretable and only says what a Transformer reaches. Deviations: a last layer norm, no square root of
`hidden` on the embeddings, an MLP `mlp` times as wide as the stream.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from pellucid.data.schema import Schema
from pellucid.errors import PellucidError
from pellucid.language.types import Plain, Value
from pellucid.learners.base import Run
from pellucid.learners.evidence.judge import Judge
from pellucid.learners.transformer import population
from pellucid.learners.transformer.config import StandardConfig
from pellucid.learners.transformer.layers import NoiseTape, cross_entropy
from pellucid.learners.transformer.marked import PAD, Arrays, Marked
from pellucid.learners.transformer.population import Relaxed, Shapes
from pellucid.learners.transformer.programs.hardened import accuracy
from pellucid.learners.transformer.trainer import Round, Trainer
from pellucid.learners.transformer.training import Measured, Trained, Training, Tree, fingerprint
from pellucid.learners.transformer.words.batches import LONGEST, WIDTHS, Draws, buckets_of, unknown_codes
from pellucid.problem import Problem
from pellucid.semantics.reading import columns_of
from pellucid.semantics.scores import figures

Params = dict[str, jax.Array]
HIDDEN_AWAY = -1e9
PREDICT_BATCH = 512
SMALL_VOCABULARY = 128


def init_params(rng: np.random.Generator, config: StandardConfig) -> dict[str, np.ndarray]:
    """Fresh parameters float32 by name; a matrix keeps the scale of its input, the residual branches start small."""
    c, d = config, config.hidden

    def normal(*shape: int, scale: float) -> np.ndarray:
        return (rng.standard_normal(shape) * scale).astype(np.float32)

    branch = (2 * c.layers) ** -0.5
    params = {"token": normal(c.n_symbols, d, scale=1.0), "position": normal(c.width, d, scale=1.0)}
    for i in range(c.layers):
        params |= {
            f"layers.{i}.qkv": normal(d, 3 * d, scale=d**-0.5),
            f"layers.{i}.qkv_bias": np.zeros(3 * d, np.float32),
            f"layers.{i}.mix": normal(d, d, scale=branch * d**-0.5),
            f"layers.{i}.mix_bias": np.zeros(d, np.float32),
            f"layers.{i}.up": normal(d, c.mlp * d, scale=(2 / d) ** 0.5),
            f"layers.{i}.up_bias": np.zeros(c.mlp * d, np.float32),
            f"layers.{i}.down": normal(c.mlp * d, d, scale=branch * (c.mlp * d) ** -0.5),
            f"layers.{i}.down_bias": np.zeros(d, np.float32),
        }
    norms = ["norm", *(f"layers.{i}.{part}_norm" for i in range(c.layers) for part in ("attention", "mlp"))]
    for name in norms:
        params |= {f"{name}.scale": np.ones(d, np.float32), f"{name}.shift": np.zeros(d, np.float32)}
    return params | {"readout": normal(d, c.n_classes, scale=d**-0.5), "bias": np.zeros(c.n_classes, np.float32)}


def loss_of(
    params: Params, tokens: jax.Array, labels: jax.Array, tau: Any, tape: NoiseTape, config: StandardConfig
) -> jax.Array:
    """Mean cross entropy (nats) over the scored positions, or over the sequences; there is nothing to choose at tau."""
    del tau
    return cross_entropy(forward(params, tokens, config, tape), labels, axis=-1)


def forward(params: Params, tokens: jax.Array, config: StandardConfig, tape: NoiseTape | None = None) -> jax.Array:
    """Scores of the classes.

    Args:
        tokens: int32 [n, w], w <= width, padding -1.
        tape: Gumbel noise for dropout; None means no dropout.

    Returns:
        float32 [n, w, classes], or [n, classes] from the mean state of the user's own positions.
    """
    c = config
    drop = functools.partial(_dropout, tape=tape, rate=c.dropout)
    visible = _visible(tokens, c.causal)
    x = drop(_embed(params["token"], tokens) + params["position"][: tokens.shape[1]])
    for i in range(c.layers):
        layer = f"layers.{i}"
        x = x + drop(_attention(params, layer, _norm(params, f"{layer}.attention_norm", x), visible, c.heads))
        x = x + drop(_mlp(params, layer, _norm(params, f"{layer}.mlp_norm", x)))
    x = _norm(params, "norm", x)
    if c.kind == "classification":
        own = ((tokens >= 0) & (tokens < c.n_tokens))[..., None]
        x = jnp.where(own, x, 0.0).sum(1) / jnp.maximum(own.sum(1), 1)
    return x @ params["readout"] + params["bias"]


def _embed(table: jax.Array, tokens: jax.Array) -> jax.Array:
    """Rows of the table, zeros for padding. A product is faster than gather and scatter where the table is small."""
    if len(table) <= SMALL_VOCABULARY:
        return jax.nn.one_hot(tokens, len(table)) @ table
    return jnp.where((tokens >= 0)[..., None], table[jnp.maximum(tokens, 0)], 0.0)


def _visible(tokens: jax.Array, causal: bool) -> jax.Array:
    """Which key a query may see: bool [n, 1, w, w], no padding, none later if causal."""
    w = tokens.shape[1]
    seen = (tokens >= 0)[:, None, None, :]
    return seen & jnp.tri(w, dtype=bool) if causal else jnp.broadcast_to(seen, (len(tokens), 1, w, w))


def _attention(params: Params, layer: str, x: jax.Array, visible: jax.Array, heads: int) -> jax.Array:
    n, w, d = x.shape
    qkv = (x @ params[f"{layer}.qkv"] + params[f"{layer}.qkv_bias"]).reshape(n, w, 3, heads, d // heads)
    query, key, value = qkv.transpose(2, 0, 3, 1, 4)
    scores = jnp.einsum("nhqd,nhkd->nhqk", query, key) * (d // heads) ** -0.5
    weights = jax.nn.softmax(jnp.where(visible, scores, HIDDEN_AWAY), axis=-1)
    mixed = jnp.einsum("nhqk,nhkd->nqhd", weights, value).reshape(n, w, d)
    return mixed @ params[f"{layer}.mix"] + params[f"{layer}.mix_bias"]


def _mlp(params: Params, layer: str, x: jax.Array) -> jax.Array:
    inner = jax.nn.relu(x @ params[f"{layer}.up"] + params[f"{layer}.up_bias"])
    return inner @ params[f"{layer}.down"] + params[f"{layer}.down_bias"]


def _norm(params: Params, name: str, x: jax.Array) -> jax.Array:
    return jax.nn.standardize(x, axis=-1, epsilon=1e-5) * params[f"{name}.scale"] + params[f"{name}.shift"]


def _dropout(x: jax.Array, tape: NoiseTape | None, rate: float) -> jax.Array:
    """Zero where the noise, uniform once more, is below the rate."""
    if tape is None or not rate:
        return x
    return jnp.where(tape.take(x.shape) > -math.log(-math.log(rate)), x / (1 - rate), 0.0)


@functools.partial(jax.jit, static_argnames="config")
def _codes(params: Params, tokens: jax.Array, config: StandardConfig) -> jax.Array:
    return forward(params, tokens, config).argmax(-1).astype(jnp.int32)


def predict_standard(params: dict, config: StandardConfig, tokens: np.ndarray) -> np.ndarray:
    """Label codes int32 [n, w] (also at markers and padding, where they mean nothing), or [n] in classification.

    Args:
        params: arrays by name, as `fit` gives them.
        tokens: int [n, w], padding -1; columns beyond the model's positions must be padding.

    Raises:
        PellucidError: a sequence longer than the model's positions.
    """
    tokens = np.asarray(tokens, np.int32)
    n, w = tokens.shape
    if (tokens[:, config.width :] >= 0).any():
        longest = int((tokens >= 0).sum(1).max())
        raise PellucidError(
            f"a sequence has {longest} symbols with its markers; the model has {config.width} positions"
        )
    narrow = tokens[:, : config.width]
    size = min(PREDICT_BATCH, 1 << max(n - 1, 0).bit_length())  # few shapes, so few compilations
    padded = np.pad(narrow, ((0, -n % size), (0, 0)), constant_values=-1)
    device = jax.device_put(params)
    pieces = [np.asarray(_codes(device, padded[i : i + size], config)) for i in range(0, len(padded), size)]
    if not pieces:
        return np.zeros((n, w) if config.kind == "tagging" else n, np.int32)
    codes = np.concatenate(pieces)[:n]
    return codes if config.kind == "classification" else np.pad(codes, ((0, 0), (0, w - narrow.shape[1])))


@dataclass(frozen=True)
class StandardModel:
    """A standard Transformer over one column; of words it classifies by the first 64 of a text, and tags 64 at a time.

    Args:
        params: arrays by name.
        config: its sizes.
        schema: the column that it reads, with the symbols or words that it knows, and its labels.
    """

    params: Mapping[str, np.ndarray]
    config: StandardConfig
    schema: Schema

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """Outputs in the user's form for inputs in the user's form: a label each, or one per step.

        Raises:
            PellucidError: a symbol that it does not know, too many of them.
        """
        column = self.schema.inputs[0].closed()
        return self.outputs([columns_of((column,), sequence)[column.name] for sequence in inputs])

    def outputs(self, rows: Sequence[Sequence[Value]]) -> list[Any]:
        """Outputs for rows of symbols or words as the schema knows them."""
        if self.schema.words is None:
            return self._of_symbols(rows)
        labels = self.labels
        if self.config.kind == "classification":
            return [labels[code[0]] for code in self._by_width([row[:LONGEST] for row in rows])]
        pieces = [row[i : i + LONGEST] for row in rows for i in range(0, len(row), LONGEST)]
        tagged = iter(self._by_width(pieces))
        return [[labels[c] for i in range(0, len(row), LONGEST) for c in next(tagged)[: len(row) - i]] for row in rows]

    def described(self) -> tuple[Mapping[str, Any], Mapping[str, np.ndarray]]:
        """Configuration, and arrays by name."""
        return asdict(self.config), {name: np.ascontiguousarray(array) for name, array in self.params.items()}

    @property
    def labels(self) -> tuple[Plain, ...]:
        """What it can say; the code of a label is its index."""
        return self.schema.outputs[0].values or ()

    @cached_property
    def _codes(self) -> dict[Value, int]:
        return {value: code for code, value in enumerate(self.schema.inputs[0].values or ())}

    def _predicted(self, tokens: np.ndarray) -> np.ndarray:
        return predict_standard(dict(self.params), self.config, tokens)

    def _of_symbols(self, rows: Sequence[Sequence[Value]]) -> list[Any]:
        c, column = self.config, self.schema.inputs[0]
        markers = c.n_symbols - c.n_tokens
        marked = Marked(column.name, column.values or (), self.labels, c.kind, c.width - markers, markers > 1, c.causal)
        longest = max(map(len, rows), default=0)
        if longest > marked.longest:
            raise PellucidError(f"{longest} positions are too many; the longest this model takes has {marked.longest}")
        return marked.outputs(self._predicted(marked.inputs(rows)), [len(row) for row in rows])

    def _by_width(self, rows: Sequence[Sequence[Value]]) -> list[list[int]]:
        """Label codes of texts of at most `LONGEST` words: of a text, or of each place up to the width."""
        found: list[list[int]] = [[] for _ in rows]
        wide = np.searchsorted(WIDTHS, [len(row) for row in rows])
        for place, width in enumerate(WIDTHS):
            chosen = np.flatnonzero(wide == place).tolist()
            tokens = np.full((len(chosen), width), PAD, np.int32)
            for i, number in enumerate(chosen):
                tokens[i, : len(rows[number])] = [self._codes[word] for word in rows[number]]
            codes = self._predicted(tokens).reshape(len(chosen), -1) if chosen else tokens
            for number, row in zip(chosen, codes.tolist(), strict=True):
                found[number] = row
        return found


def opened(config: Any, arrays: Mapping[str, np.ndarray], schema: Schema, where: str) -> StandardModel:
    """The model that `described` described.

    Raises:
        PellucidError: naming `where`, for a description, arrays and columns that do not fit together.
    """
    try:
        model = StandardModel(arrays, StandardConfig(**config), schema)
        expected = init_params(np.random.default_rng(0), model.config)
    except (TypeError, ValueError) as error:
        raise PellucidError(f"{where}: not the description of a standard Transformer: {error}") from None
    sizes = model.config.n_tokens, model.config.n_classes
    shapes = {name: array.shape for name, array in arrays.items()}
    if sizes != (len(model._codes), len(model.labels)) or shapes != {k: v.shape for k, v in expected.items()}:
        raise PellucidError(f"{where}: its configuration, its columns and the arrays beside it do not fit together")
    return model


# ---------------------------------------------------------------- training

Score = tuple[float, float]


@dataclass(frozen=True)
class Task:
    """What is learned. shapes: of the batches. draw: as of `Round`. score: of parameters on validation: what counts,
    whole sequences. mark: fingerprint of the data.
    """

    shapes: Sequence[Shapes]
    draw: Callable[[int], tuple[tuple[Any, ...], int]]
    score: Callable[[Mapping[str, np.ndarray]], Score]
    mark: str


def task_of(problem: Problem, config: StandardConfig, settings: Training) -> Task:
    """The task of a problem; of words some are replaced by their class at random."""
    if problem.schema.words is not None:
        return _words_task(problem, config, settings)
    coded = Marked.of(problem)
    return arrays_task(coded.arrays(problem.train), coded.arrays(problem.valid), config, settings)


def arrays_task(train: Arrays, valid: Arrays, config: StandardConfig, settings: Training) -> Task:
    """The task of arrays: tokens int32 [n, width] with padding -1, labels int32 [n, width] with -1 unscored, or [n]."""
    for name, (_, labels) in (("train", train), ("valid", valid)):
        if not (labels >= 0).any():
            raise PellucidError(f"{name}: no position is scored")
    data = tuple(jnp.asarray(array, jnp.int32) for array in train)

    def score(params: Mapping[str, np.ndarray]) -> Score:
        found = accuracy(predict_standard(dict(params), config, valid[0]), valid[1])
        return found["token"], found["sequence"]

    shapes = [((settings.batch, *array.shape[1:]), jnp.int32) for array in train]
    return Task([shapes], lambda at: (data, settings.batch), score, fingerprint(settings, None, *train, *valid))


def _words_task(problem: Problem, config: StandardConfig, settings: Training) -> Task:
    (column,), valid = problem.schema.inputs, problem.valid
    buckets = buckets_of(Judge.of(problem, (column,), problem.train), settings.batch)
    draws = Draws(buckets, unknown_codes(column), 1, settings.seed, settings.word_dropout, 0.0)
    arrays, rows = [array for bucket in buckets for array in (bucket.tokens, bucket.labels)], valid.column(column.name)

    def draw(at: int) -> tuple[tuple[Any, ...], int]:
        (tokens, labels, _), batch = draws(at)
        return (tokens, labels), batch

    def score(params: Mapping[str, np.ndarray]) -> Score:
        outputs = StandardModel(params, config, problem.schema).outputs(rows)
        found = figures(outputs, valid.outputs, valid.schema.when)
        return found.get("f1", found["token"]), found["sequence"]

    return Task([bucket.shapes for bucket in buckets], draw, score, fingerprint(settings, None, *arrays))


class StandardTrainer(Trainer[dict[str, np.ndarray]]):
    """Trains a standard Transformer; finds the parameters, by name, that are best on validation.

    Stops when perfect there or no longer better. best: what it reaches, and the parameters.
    """

    name = "standard"
    best: tuple[Score, dict[str, np.ndarray]] | None = None

    def __init__(self, task: Task, config: StandardConfig, settings: Training, run: Run) -> None:
        super().__init__(settings, run)
        self.task = task
        init, loss = functools.partial(init_params, config=config), functools.partial(loss_of, config=config)
        self.engine = population.build(Relaxed(init, loss, _optimiser(settings)), *task.shapes)
        self.mark = fingerprint(settings, [asdict(config), task.mark])

    def set_up(self, number: int) -> Round:
        """One seed."""
        return Round(self.engine, self.settings, (self.settings.seed,), self.task.draw)

    def measure(self, params: Tree, tau: float) -> Measured:
        """Token and sequence accuracy on validation; the best parameters are kept."""
        score = self.task.score(params)
        if self.best is None or score > self.best[0]:
            self.best = score, params
        row = {"valid_token": round(score[0], 6), "valid_sequence": round(score[1], 6)}
        return Measured(row, score[0], done=self._why_done([*self._tokens(), row["valid_token"]]) is not None)

    def finish(self, found: list[Trained], quick: bool = False) -> str | None:
        """Why to stop, if there is a reason."""
        return self._why_done(self._tokens())

    def _tokens(self) -> list[float]:
        """Token accuracy at each check so far."""
        return [row["valid_token"] for history in self.history.values() for row in history.rows]

    def _why_done(self, tokens: list[float]) -> str | None:
        if tokens and tokens[-1] == 1.0:
            return "perfect on validation"
        idle = len(tokens) - 1 - tokens.index(max(tokens)) if tokens else 0
        return "no better on validation" if idle >= self.settings.patience else None

    def result(self) -> dict[str, np.ndarray]:
        """The best parameters."""
        assert self.best is not None
        return self.best[1]


def _optimiser(s: Training) -> optax.GradientTransformation:
    return optax.chain(
        optax.clip_by_global_norm(s.clip), optax.scale_by_adam(), optax.add_decayed_weights(s.weight_decay)
    )
