"""The search learner of texts: evidence weighed by convex fits, then gathered into kinds of words and phrases.

Every program it makes is a Transformer Program: heads that look at the words around by position, embeddings that give
every word its kind, tables (MLPs) that give a pair of words its kind, and a readout that adds up integer evidence. What
the paper trains by gradient is fitted here in closed form: weights first, then as few kinds as keep the scores
(`clusters`). Settings are chosen on validation data.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from pellucid.data import Dataset
from pellucid.data.dataset import together
from pellucid.data.tags import OUTSIDE
from pellucid.text.assemble import Fit, assembled
from pellucid.text.channels import Features, features_of
from pellucid.text.corpus import Corpus
from pellucid.text.judge import Judge
from pellucid.text.layouts import layout
from pellucid.text.model import TextModel
from pellucid.text.problem import TextProblem
from pellucid.text.weights import Recipe, fitted

OnProgress = Callable[[float, str], None]
POOLED = [
    Recipe(power, strength, bayes)
    for power, strengths in ((0.0, (0.5, 2.0)), (0.5, (0.1, 0.3, 0.8)), (1.0, (0.03, 0.1, 0.3)))
    for strength in strengths
    for bayes in (0.0, 0.5)
]
TAGGING = [Recipe(power, strength, 0.0) for power in (0.0, 0.5) for strength in (0.3, 1.0, 4.0)]
COMMITTEE = 4  # recipes whose weights are averaged, at most half of them
TAGGING_SIZES = ((12, 8, 0), (24, 16, 0), (48, 24, 0), (96, 32, 0))
SIZES = ((12, 8, 100), (24, 12, 300), (32, 16, 1000), (64, 32, 1000), (64, 32, 3000), (96, 48, 3000), (128, 64, 10_000))


@dataclass(frozen=True)
class Size:
    """How large a program may be: kinds of words (by channel), of pairs or of forms, and pairs that are listed."""

    kinds: int
    other_kinds: int
    pairs: int


@dataclass(frozen=True)
class Searched:
    """A model with its size; `judged` is the same fitted to the training data alone, for a figure on validation."""

    model: TextModel
    judged: TextModel
    size: Size
    score: float


@dataclass
class SearchResult:
    """Models found, the settings tried, seconds."""

    found: list[Searched] = field(default_factory=list)
    history: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    stopped: str = "all settings tried"


@dataclass(frozen=True)
class _Data:
    """Data as counts of features: x [rows, features]; y class of every row, -1 where not scored."""

    features: Features
    x: Any
    y: np.ndarray


class Searcher:
    """The search of one problem."""

    def __init__(self, problem: TextProblem, seed: int) -> None:
        vocab = problem.vocab
        self.problem, self.seed = problem, seed
        self.pooled = vocab.kind == "classification"
        self.codes = {word: i for i, word in enumerate(vocab.tokens)}
        self.labels = {label: i for i, label in enumerate(vocab.labels)}
        variables, self.channels = layout(problem)
        bias = np.zeros(len(vocab.labels), np.int64)
        self.frame = TextModel(vocab.tokens, vocab.labels, self.pooled, variables, {}, bias)
        self.frame = replace(self.frame, counts=word_counts(problem.splits.train, self.codes))
        self.sizes = tuple(self.frame.size_of(number) for number in range(len(variables) + 1))

    def counted(self, data: Dataset, features: Features | None = None) -> _Data:
        """Data as counts of features; those that occur in it where none are given."""
        corpus = Corpus.of(data.inputs, self.codes)
        values = self.frame.values(corpus)
        if features is None:
            features = features_of(self.channels, values, corpus, self.sizes)
        rows = data.outputs if self.pooled else [label for output in data.outputs for label in output]
        y = np.array([-1 if label is None else self.labels[label] for label in rows], np.int64)
        return _Data(features, features.matrix(values, corpus, self.pooled), y)

    def weights(self, data: _Data, recipes: Sequence[Recipe]) -> list[np.ndarray]:
        """Weights by every recipe, all on one scale: [features, classes]."""
        scored = data.y >= 0
        x = data.x[scored]
        found = fitted(x, data.y[scored], len(self.labels), list(recipes))
        return [w / ((x @ w).std() or 1.0) for w in found]

    def model(self, data: _Data, weights: np.ndarray, size: Size) -> tuple[TextModel, float]:
        """The hard model of this size, and what its weights are multiplied by."""
        counts = np.asarray((data.x > 0).sum(0)).ravel()
        use = np.sqrt(counts) * np.abs(weights).max(1)
        for number, channel in enumerate(data.features.channels):
            if len(channel.reads) == 1:
                use[data.features.of_channel(number)] = np.inf
        columns = np.zeros(len(use), bool)
        columns[np.argsort(-use, kind="stable")[: int(np.isinf(use).sum()) + size.pairs]] = True
        x = data.x[:, np.flatnonzero(columns)]
        fit = Fit(data.features.kept(columns), weights[columns], counts[columns], x, size.kinds, size.other_kinds)
        return assembled(self.frame, fit, self.seed), fit.scale


def search_texts(
    problem: TextProblem, seed: int, end: float, on_progress: OnProgress, sizes: Sequence[Size] | None = None
) -> SearchResult:
    """Models of growing size.

    How evidence is weighed is chosen on validation data, among fits to the training data. Where the validation data was
    split off the training data by us, the models are then fitted to both.

    Args:
        problem: what to learn. seed: of the clustering. end: time (of `time.monotonic`) when to stop.
        on_progress: called with the share done and a short message.
        sizes: of programs to make; the usual ones where not given.
    """
    result, began = SearchResult(), time.monotonic()
    sizes = sizes or [Size(*s) for s in (SIZES if problem.vocab.kind == "classification" else TAGGING_SIZES)]
    try:
        with threadpool_limits(1):  # small products, where threads only wait for each other; the same on any machine
            _search(Searcher(problem, seed), sizes, result, end, on_progress)
    except KeyboardInterrupt:
        if not result.found:
            raise
        result.stopped = "interrupted"
    result.seconds = round(time.monotonic() - began, 3)
    return result


def _search(s: Searcher, sizes: Sequence[Size], result: SearchResult, end: float, on_progress: OnProgress) -> None:
    splits = s.problem.splits
    train = s.counted(splits.train)
    judge = Judge.of(s.problem, splits.valid)
    recipes = POOLED if s.pooled else TAGGING
    on_progress(0.05, f"weighing {train.x.shape[1]:,} features")
    weights = s.weights(train, recipes)
    x = s.counted(splits.valid, train.features).x
    scores = [judge.of_scores(x @ w) for w in weights]
    result.history["recipes"] = [
        {**vars(recipe), "valid": round(score[0], 5)} for recipe, score in zip(recipes, scores, strict=True)
    ]
    order = sorted(range(len(recipes)), key=lambda i: scores[i], reverse=True)
    chosen = order[: min(COMMITTEE, len(order) // 2)]
    mean = np.mean([weights[i] for i in chosen], axis=0)
    final, final_mean = train, mean
    if s.problem.refit:
        on_progress(0.4, f"valid {scores[chosen[0]][0]:.2%}; fitting again")
        final = s.counted(together(splits.train, splits.valid))
        final_mean = np.mean(s.weights(final, [recipes[i] for i in chosen]), axis=0)
    for i, size in enumerate(sizes):
        model, scale = s.model(train, mean, size)
        judged, score = judge.settled(model)
        if s.problem.refit:
            model, again = s.model(final, final_mean, size)
            model = _with_bias(model, judged, again / scale)
        else:
            model = judged
        result.found.append(Searched(model, judged, size, score[0]))
        share = 0.5 + 0.5 * (i + 1) / len(sizes)
        phrases = f", {size.pairs} phrases" if size.pairs else ""
        on_progress(share, f"{size.kinds} kinds of words{phrases}: valid {score[0]:.2%}")
        if time.monotonic() > end:
            result.stopped = "budget spent"
            return


def word_counts(data: Dataset, codes: dict) -> np.ndarray:
    """How often each word occurs, int64 [words]."""
    return np.bincount(Corpus.of(data.inputs, codes).tokens, minlength=len(codes))


def _with_bias(model: TextModel, like: TextModel, scale: float) -> TextModel:
    """The model with the threshold for entities of another, on its own scale."""
    if OUTSIDE not in model.labels or not like.bias.any():
        return model
    return replace(model, bias=np.rint(like.bias * scale).astype(np.int64))
