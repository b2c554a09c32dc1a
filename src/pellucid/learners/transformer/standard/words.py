"""The standard Transformer on texts: fixed widths by length, words dropped at random, early stopping on validation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from pellucid import folder
from pellucid.data import Vocab
from pellucid.data.tokens import PAD, Token
from pellucid.errors import PellucidError
from pellucid.learners.transformer.cache import enable_cache
from pellucid.learners.transformer.programs.models import model_files, replaced
from pellucid.learners.transformer.standard.net import StandardConfig, predict_standard
from pellucid.learners.transformer.standard.train import Reported, Run, StandardFit, StandardTraining, compiled, plan_of
from pellucid.learners.transformer.words.batches import LONGEST, WIDTHS, Draws, buckets_of, unknown_codes
from pellucid.program.scores import entity_scores, entity_tags, scored_pairs
from pellucid.text.problem import TextProblem

OnProgress = Callable[[str, float, str], None]
FAMILY = "standard"
SIZES = ("layers", "heads", "hidden", "mlp", "dropout")
ARCHITECTURE = {"layers": 2, "heads": 4, "hidden": 64, "mlp": 2, "dropout": 0.3}
TRAINING = StandardTraining(steps=3000, lr=3e-3, batch=64, checks=30)
WORD_DROPOUT = 0.1
PATIENCE = 8  # checks without a better one before the training stops


@dataclass(frozen=True)
class TextStandard:
    """A standard Transformer over words; it classifies by the first 64 words of a text, and tags 64 at a time."""

    params: Mapping[str, np.ndarray]
    config: StandardConfig
    vocab: Vocab

    def predict(self, inputs: Sequence[Sequence[Token]]) -> list:
        """A label per text, or a list with one per word; words as `vocab.read` gives them."""
        labels = self.vocab.labels
        if self.config.kind == "classification":
            return [labels[code[0]] for code in self._codes([row[:LONGEST] for row in inputs])]
        pieces = [row[i : i + LONGEST] for row in inputs for i in range(0, len(row), LONGEST)]
        tagged = iter(self._codes(pieces))
        return [[labels[c] for _ in range(0, len(row), LONGEST) for c in next(tagged)] for row in inputs]

    def _codes(self, rows: Sequence[Sequence[Token]]) -> list[list[int]]:
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
            codes = predict_standard(dict(self.params), self.config, tokens).reshape(len(chosen), -1).tolist()
            for number, row in zip(chosen, codes, strict=True):
                found[number] = row[: len(rows[number])]
        return found


@dataclass(frozen=True)
class FittedTextStandard(Reported):
    """A trained standard Transformer over words, and how it was trained."""

    model: TextStandard
    result: StandardFit

    def predict(self, inputs: Sequence[Sequence[Token]]) -> list:
        """As `TextStandard.predict`."""
        return self.model.predict(inputs)

    def files(self) -> dict[str, str | bytes]:
        """Model files by name, for `load_text_standard`."""
        model = self.model
        return model_files(FAMILY, dataclasses.asdict(model.config), model.vocab, dict(model.params))


def fit_text_standard(problem: TextProblem, options: Mapping[str, Any], on_progress: OnProgress) -> FittedTextStandard:
    """Train a standard Transformer on texts (those longer than 64 words are cut) and keep the best on validation.

    Args:
        problem: the texts, with the settings of architecture and training.
        options: as `learn` takes them (seed, steps, budget in seconds), None for the default.
        on_progress: called with the stage, the share done (0..1) and a short message.

    Ctrl-C keeps the best so far; before the first step it is passed on.

    Raises:
        PellucidError: a setting that makes no sense.
    """
    if options.get("seeds") is not None:
        raise PellucidError("--seeds: a standard Transformer is trained with one seed")
    vocab, given = problem.vocab, dict(problem.settings.model)
    if unknown := [key for key in given if key not in SIZES]:
        raise PellucidError(f"--set {unknown[0]}: not of a standard Transformer; it has {', '.join(SIZES)}")
    size = len(vocab.tokens)
    config = StandardConfig(size, size, len(vocab.labels), LONGEST, vocab.kind, **(ARCHITECTURE | given))
    training = dict(problem.settings.training)
    dropped = training.pop("word_dropout", WORD_DROPOUT)
    chosen = {key: value for key, value in options.items() if value is not None}
    settings = replaced(TRAINING, {**chosen, **training})
    enable_cache()
    buckets = buckets_of(problem.splits.train, vocab, settings.batch)
    draws = Draws(buckets, unknown_codes(vocab), 1, settings.seed, dropped, 0.0)
    run = _TextRun(((), ()), ((), ()), config, settings, lambda share, m: on_progress("train", share, m))  # pyright: ignore[reportArgumentType]
    run.problem, run.draws = problem, draws
    try:
        run.compile()
        run.steps()
    except KeyboardInterrupt:
        if run.step == 0:
            raise
        run.stopped = "interrupted"
    result = run.result()
    return FittedTextStandard(TextStandard(result.params, config, vocab), result)


def load_text_standard(place: Path, model: Mapping[str, Any], vocab: Vocab) -> TextStandard:
    """The trained model of a learned folder; `model` is its description."""
    path = place / folder.WEIGHTS
    try:
        return TextStandard(load_file(path), StandardConfig(**model["config"]), vocab)
    except (TypeError, ValueError, KeyError, OSError, SafetensorError) as error:
        raise PellucidError(f"{path}: cannot be read with {folder.MODEL}: {error}") from None


@dataclass
class _TextRun(Run):
    """A training run over texts; `train` and `valid` of the base are not used."""

    problem: TextProblem = field(init=False)
    draws: Draws = field(init=False)
    idle: int = 0

    def compile(self) -> None:
        """Compile a chunk of steps for every width."""
        self.on_progress(0.0, "compiling")
        plain = replace(self.settings, seed=0, budget=0.0)
        for bucket in self.draws.buckets:
            compiled(self.config, replace(plain, batch=bucket.batch), *bucket.tokens.shape)
        self.compile_seconds = self._spent()

    def _chunk(self) -> None:
        (tokens, labels, _), batch = self.draws(self.step)
        settings = replace(self.settings, batch=batch)
        advance = compiled(self.config, replace(settings, seed=0, budget=0.0), *tokens.shape)
        plan = plan_of(settings, self.step, len(tokens))
        self._take(advance, (jnp.asarray(tokens), jnp.asarray(labels)), plan)

    def _check_every(self) -> int:
        s = self.settings
        return max(1, round(s.steps / s.checks / s.chunk)) * s.chunk

    def done(self) -> bool:
        """Whether `PATIENCE` checks have brought nothing."""
        if self.idle >= PATIENCE:
            self.stopped = "no better on validation"
        return self.idle >= PATIENCE

    def measured(self) -> dict[str, float]:
        """Share of right labels (or F1 of entities, where the labels are entity tags) and of texts all right."""
        valid = self.problem.splits.valid
        given = TextStandard(jax.device_get(self.params), self.config, self.problem.vocab).predict(valid.inputs)
        whole = [a == (b if isinstance(a, str | int) else list(b)) for a, b in zip(given, valid.outputs, strict=True)]
        if self.problem.entities:
            score = entity_scores(*entity_tags(given, valid))["all"].f1
        elif valid.kind == "tagging":
            score = float(np.mean([a == b for row in scored_pairs(given, valid) for a, b in row]))
        else:
            score = float(np.mean(whole))
        self.idle = self.idle + 1 if score <= self.best_score[0] else 0
        return {"token": score, "sequence": float(np.mean(whole))}
