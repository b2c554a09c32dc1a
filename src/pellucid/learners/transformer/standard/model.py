"""The standard Transformer as the pipeline sees it, over symbols and over words: accuracy only, no program."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid import folder
from pellucid.data import Vocab
from pellucid.data.tokens import PAD
from pellucid.errors import PellucidError
from pellucid.learners.transformer.arrays import fingerprint, read_arrays
from pellucid.learners.transformer.programs.files import as_lists, model_files
from pellucid.learners.transformer.programs.problem import shape_of
from pellucid.learners.transformer.standard.fit import (
    Score,
    StandardFit,
    StandardTraining,
    Task,
    arrays_task,
    fit,
    often,
)
from pellucid.learners.transformer.standard.net import StandardConfig, predict_standard
from pellucid.learners.transformer.training import with_given
from pellucid.learners.transformer.words.batches import LONGEST, WIDTHS, Draws, buckets_of, unknown_codes
from pellucid.old_problem import Problem
from pellucid.program.scores import figures, has_entities
from pellucid.text.problem import TextProblem

SIZES = ("layers", "heads", "hidden", "mlp", "dropout")
TEXT_SIZES = {"layers": 2, "heads": 4, "hidden": 64, "mlp": 2, "dropout": 0.3}
WORD_DROPOUT = 0.1
OnProgress = Callable[[str, float, str], None]


@dataclass(frozen=True)
class StandardModel:
    """A standard Transformer; of words it classifies by the first 64 of a text, and tags 64 at a time."""

    params: Mapping[str, np.ndarray]
    config: StandardConfig
    vocab: Vocab

    def predict(self, inputs: Sequence[Sequence]) -> list:
        """A label per input, or a list with one per token or word; words as `vocab.read` gives them."""
        vocab = self.vocab
        if vocab.text is None:
            return as_lists(vocab, self._codes(vocab.encode_inputs(inputs)), inputs)
        if self.config.kind == "classification":
            return [vocab.labels[code[0]] for code in self._by_width([row[:LONGEST] for row in inputs])]
        pieces = [row[i : i + LONGEST] for row in inputs for i in range(0, len(row), LONGEST)]
        tagged = iter(self._by_width(pieces))
        return [[vocab.labels[c] for _ in range(0, len(row), LONGEST) for c in next(tagged)] for row in inputs]

    def _codes(self, tokens: np.ndarray) -> np.ndarray:
        return predict_standard(dict(self.params), self.config, tokens)

    def _by_width(self, rows: Sequence[Sequence]) -> list[list[int]]:
        """Label codes of texts of at most `LONGEST` words."""
        words = {word: i for i, word in enumerate(self.vocab.tokens)}
        found: list[list[int]] = [[] for _ in rows]
        wide = np.searchsorted(WIDTHS, [len(row) for row in rows])
        for place, width in enumerate(WIDTHS):
            chosen = np.flatnonzero(wide == place).tolist()
            if not chosen:
                continue
            tokens = np.full((len(chosen), width), PAD, np.int32)
            for i, number in enumerate(chosen):
                tokens[i, : len(rows[number])] = [words[word] for word in rows[number]]
            codes = self._codes(tokens).reshape(len(chosen), -1).tolist()
            for number, row in zip(chosen, codes, strict=True):
                found[number] = row[: len(rows[number])]
        return found


@dataclass(frozen=True)
class FittedStandard:
    """A trained standard Transformer, and how it was trained."""

    model: StandardModel
    result: StandardFit

    @property
    def summary(self) -> dict[str, Any]:
        """What the report says of the training."""
        return {"stopped": self.result.stopped}

    def files(self) -> dict[str, str | bytes]:
        """Model files by name, for `load_standard`."""
        model = self.model
        return model_files("standard", dataclasses.asdict(model.config), model.vocab, model.params)


def fit_standard(
    problem: Problem,
    options: Mapping[str, Any],
    on_progress: OnProgress,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> FittedStandard:
    """Train a standard Transformer on a problem and keep the best on validation; texts longer than 64 words are cut.

    Args:
        problem: symbols or texts, with the settings of architecture and training.
        options: as `learn` takes them (seed, steps, budget in seconds), None for the default.
        on_progress: called with the stage, the share done (0..1) and a short message.
        checkpoint, resume: as for `Trainer`.

    Raises:
        PellucidError: a setting that makes no sense.
    """
    if options.get("seeds") is not None:
        raise PellucidError("--seeds: a standard Transformer is trained with one seed")
    if unknown := [key for key in problem.settings.model if key not in SIZES]:
        raise PellucidError(f"--set {unknown[0]}: not of a standard Transformer; it has {', '.join(SIZES)}")
    posed = _text_task(problem, options) if isinstance(problem, TextProblem) else _task(problem, options)
    task, config, settings = posed
    told = fit(task, config, settings, lambda share, m: on_progress("train", share, m), checkpoint, resume)
    return FittedStandard(StandardModel(told.params, config, problem.vocab), told)


def load_standard(place: Path, model: Mapping[str, Any], vocab: Vocab) -> StandardModel:
    """The trained model of a learned folder; `model` is its description."""
    try:
        config = StandardConfig(**model["config"])
    except TypeError as error:
        raise PellucidError(f"{place / folder.MODEL}: cannot be read: {error}") from None
    return StandardModel(read_arrays(place / folder.WEIGHTS), config, vocab)


def _task(problem: Problem, options: Mapping[str, Any]) -> tuple[Task, StandardConfig, StandardTraining]:
    """The task of a problem over symbols."""
    vocab, splits = problem.vocab, problem.splits
    config = StandardConfig(**{**shape_of(vocab), **problem.settings.model})
    settings = with_given(StandardTraining(), options, problem.settings.training)
    train, valid = (vocab.encode(part) for part in (splits.train, splits.valid))
    settings = replace(settings, checks=often(settings, len(splits.valid)))
    data = (train.tokens, train.labels), (valid.tokens, valid.labels)
    return arrays_task(*data, config, settings), config, settings


def _text_task(problem: TextProblem, options: Mapping[str, Any]) -> tuple[Task, StandardConfig, StandardTraining]:
    """The task of a problem over words, some of them replaced by their class at random."""
    vocab, size, given = problem.vocab, len(problem.vocab.tokens), dict(problem.settings.training)
    config = StandardConfig(
        size, size, len(vocab.labels), LONGEST, vocab.kind, **{**TEXT_SIZES, **problem.settings.model}
    )
    dropped = given.pop("word_dropout", WORD_DROPOUT)
    defaults = StandardTraining(steps=3000, lr=3e-3, checks=30, patience=8)
    settings = with_given(defaults, options, given)
    buckets = buckets_of(problem.splits.train, vocab, settings.batch)
    draws = Draws(buckets, unknown_codes(vocab), 1, settings.seed, dropped, 0.0)
    arrays = [array for bucket in buckets for array in (bucket.tokens, bucket.labels)]

    def draw(at: int) -> tuple[tuple[Any, ...], int]:
        (tokens, labels, _), batch = draws(at)
        return (tokens, labels), batch

    def score(params: Mapping[str, np.ndarray]) -> Score:
        valid = problem.splits.valid
        found = figures(StandardModel(params, config, vocab).predict(valid.inputs), valid)
        return found["f1" if has_entities(valid) else "token"], found["sequence"]

    return Task([b.shapes for b in buckets], draw, score, fingerprint(settings, dropped, *arrays)), config, settings
