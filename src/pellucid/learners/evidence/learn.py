"""The learner: evidence weighed by convex fits, then gathered into kinds of symbols and phrases.

Every program it makes is a Transformer Program: heads that look at the symbols around by position, embeddings that give
every symbol its kind, tables (MLPs) that give a pair of symbols its kind, and a readout that adds up integer evidence.
What the paper trains by gradient is fitted here in closed form: weights first, then as few kinds as keep the scores
(`assemble`). Settings are chosen on validation data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from pellucid.data.data import Data
from pellucid.data.schema import Field
from pellucid.data.tags import OUTSIDE
from pellucid.errors import PellucidError
from pellucid.language.program import Program
from pellucid.language.types import Plain
from pellucid.learners.base import Found, Run, Steps
from pellucid.learners.columns import program_of
from pellucid.learners.evidence.assemble import Fit, assembled
from pellucid.learners.evidence.channels import Features, features_of, layout
from pellucid.learners.evidence.decode import OUTPUT, EvidenceFiles, decode, opened
from pellucid.learners.evidence.judge import Judge
from pellucid.learners.evidence.model import EvidenceModel
from pellucid.learners.logistic import Recipe, fitted
from pellucid.problem import Problem
from pellucid.settings import taken

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
MOST_LABELS = 500


@dataclass(frozen=True)
class Size:
    """How large a program may be: kinds of words (by channel), of pairs or of forms, and pairs that are listed."""

    kinds: int
    other_kinds: int
    pairs: int


@dataclass(frozen=True)
class EvidenceLearner:
    """Votes over what stands where, for columns of symbols: words, letters, whole numbers of a few values."""

    name: str = "evidence"
    settings: Mapping[str, type] = field(default_factory=lambda: {"kinds": int, "phrases": int})

    def refuses(self, problem: Problem) -> str | None:
        """Why it cannot take a problem; None: it takes it."""
        schema = problem.schema
        labels = schema.outputs[0].values
        if len(schema.outputs) != 1:
            return "several outputs"
        if labels is None or not 2 <= len(labels) <= MOST_LABELS:
            return f"outputs that are not one of 2 to {MOST_LABELS} labels"
        return None if columns_of(problem) else "no column of symbols"

    def learn(self, problem: Problem, run: Run) -> Steps:
        """Programs of growing size.

        How evidence is weighed is chosen on validation data, among fits to the training data. Where the validation data
        was split off the training data by us, the models are then fitted to both.
        """
        with threadpool_limits(1):  # small products, where threads only wait for each other; the same on any machine
            yield from _Search(problem, run).found()

    @staticmethod
    def opened(
        config: Mapping[str, Any], arrays: Mapping[str, np.ndarray], program: Program, where: str
    ) -> EvidenceFiles:
        """The model that a folder holds; raises `PellucidError` naming `where` for anything else."""
        return opened(config, arrays, program, where)


def columns_of(problem: Problem) -> tuple[Field, ...]:
    """The columns whose values are listed."""
    return tuple(field for field in problem.schema.inputs if field.values is not None)


@dataclass(frozen=True)
class _Data:
    """Data as counts of features: x [rows, features]; y class of every row, -1 where not scored."""

    features: Features
    x: Any
    y: np.ndarray


class _Search:
    """The search of one problem."""

    def __init__(self, problem: Problem, run: Run) -> None:
        self.problem, self.run = problem, run
        self.fields = columns_of(problem)
        self.pooled = problem.schema.when != "every"
        self.labels: tuple[Plain, ...] = problem.schema.outputs[0].values or ()
        self.domains: tuple[tuple[Plain, ...], ...] = tuple(field.values or () for field in self.fields)
        variables, self.channels = layout(self.fields, self.pooled)
        train = self.judge(problem.splits.train).corpus
        counts = np.bincount(train.columns[0], minlength=len(self.domains[0]))
        bias = np.zeros(len(self.labels), np.int64)
        self.frame = EvidenceModel(self.domains, self.labels, self.pooled, variables, {}, bias, counts)
        self.sizes = tuple(self.frame.size_of(number) for number in range(len(self.fields) + len(variables)))

    def judge(self, data: Data) -> Judge:
        """Examples, with what should come out."""
        return Judge.of(self.problem, self.fields, data)

    def counted(self, data: Data, features: Features | None = None) -> _Data:
        """Data as counts of features; those that occur in it where none are given."""
        judge = self.judge(data)
        values = self.frame.values(judge.corpus)
        if features is None:
            features = features_of(self.channels, values, judge.corpus, self.sizes)
        return _Data(features, features.matrix(values, judge.corpus, self.pooled), judge.codes)

    def weights(self, data: _Data, recipes: Sequence[Recipe]) -> list[np.ndarray]:
        """Weights by every recipe that there is time for, all on one scale: [features, classes]."""
        scored = data.y >= 0
        x, found = data.x[scored], list[np.ndarray]()
        for w in fitted(x, data.y[scored], len(self.labels), list(recipes)):
            found.append(w / ((x @ w).std() or 1.0))
            if self.run.over:
                break
        return found

    def model(self, data: _Data, weights: np.ndarray, size: Size) -> tuple[EvidenceModel, float]:
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
        return assembled(self.frame, fit, self.run.seed), fit.scale

    def found(self) -> Iterator[Found]:
        """Programs, the smallest first."""
        splits, run, refit = self.problem.splits, self.run, self.problem.refit
        train = self.counted(splits.train)
        judge = self.judge(splits.valid)
        recipes = POOLED if self.pooled else TAGGING
        run.on_progress(0.05, f"weighing {train.x.shape[1]:,} features")
        weights = self.weights(train, recipes)
        recipes = recipes[: len(weights)]
        x = self.counted(splits.valid, train.features).x
        scores = [judge.of_scores(x @ w) for w in weights]
        told = [{**vars(r), "valid": round(score[0], 5)} for r, score in zip(recipes, scores, strict=True)]
        run.history["recipes"] = told
        order = sorted(range(len(recipes)), key=lambda i: scores[i], reverse=True)
        chosen = order[: min(COMMITTEE, -(-len(order) // 2))]
        mean = np.mean([weights[i] for i in chosen], axis=0)
        final, final_mean = train, mean
        refit = refit and not run.over
        if refit:
            run.on_progress(0.4, f"valid {scores[chosen[0]][0]:.2%}; fitting again")
            final = self.counted(splits.train + splits.valid)
            final_mean = np.mean(self.weights(final, [recipes[i] for i in chosen]), axis=0)
        sizes = self.asked_sizes()
        run.report |= {"programs": 0, "stopped": "all settings tried"}
        for i, size in enumerate(sizes):
            model, scale = self.model(train, mean, size)
            judged, score = judge.settled(model)
            model = judged
            if refit:
                model, again = self.model(final, final_mean, size)
                model = _with_bias(model, judged, again / scale)
            run.report["programs"] += 1
            phrases = f", {size.pairs} phrases" if size.pairs else ""
            run.on_progress(0.5 + 0.5 * (i + 1) / len(sizes), f"{size.kinds} kinds{phrases}: valid {score[0]:.2%}")
            yield self.read_off(model, judged if refit else None)
            if run.over:
                run.report["stopped"] = "budget spent"
                return

    def read_off(self, model: EvidenceModel, judged: EvidenceModel | None) -> Found:
        """The program of a model; `judged` is the same fitted to the training data alone, where it is not."""
        names = [field.name for field in self.fields]

        def program(of: EvidenceModel) -> Program:
            return program_of(self.problem, decode(of, names), (OUTPUT,))

        made = program(model)
        details = {} if judged is None else {"before_refit": program(judged)}
        return Found(made, "evidence", EvidenceFiles(model, made, names), details)

    def asked_sizes(self) -> list[Size]:
        """Sizes of programs to make: those set by the user, else the usual ones."""
        asked = taken(self.problem.settings, {"kinds": int, "phrases": int})
        for key, least in (("kinds", 1), ("phrases", 0)):
            if asked.get(key, least) < least:
                raise PellucidError(f"--set {key}={asked[key]}: expected at least {least}")
        if {"kinds", "phrases"} & {*asked}:
            kinds = asked.get("kinds", 64)
            return [Size(kinds, max(2, kinds // 2), asked.get("phrases", 3000))]
        return [Size(*s) for s in (SIZES if self.pooled else TAGGING_SIZES)]


def _with_bias(model: EvidenceModel, like: EvidenceModel, scale: float) -> EvidenceModel:
    """The model with the threshold for entities of another, on its own scale."""
    if OUTSIDE not in model.labels or not like.bias.any():
        return model
    return replace(model, bias=np.rint(like.bias * scale).astype(np.int64))
