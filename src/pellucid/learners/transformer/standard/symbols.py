"""The standard Transformer as the pipeline sees it: accuracy only, no program."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from pellucid import folder
from pellucid.data import Vocab
from pellucid.errors import PellucidError
from pellucid.learners.transformer.programs.models import Predictor, as_lists, model_files, replaced, shape_of
from pellucid.learners.transformer.standard.net import StandardConfig, predict_standard
from pellucid.learners.transformer.standard.train import Reported, StandardFit, StandardTraining, fit_standard
from pellucid.old_problem import Problem

SIZES = ("layers", "heads", "hidden", "mlp", "dropout")


@dataclass(frozen=True)
class FittedStandard(Reported):
    """A trained standard Transformer."""

    config: StandardConfig
    result: StandardFit

    def predictor(self, vocab: Vocab) -> Predictor:
        """The model, from the user's inputs to outputs."""
        return _predictor(self.result.params, self.config, vocab)

    def files(self, vocab: Vocab) -> dict[str, str | bytes]:
        """Model files by name."""
        return model_files("standard", dataclasses.asdict(self.config), vocab, self.result.params)


def fit_standard_model(
    problem: Problem, options: Mapping[str, Any], on_progress: Callable[[str, float, str], None]
) -> FittedStandard:
    """Train a standard Transformer on a problem; `options` as `learn` takes them, None for the default."""
    vocab, model = problem.vocab, dict(problem.settings.model)
    if options.get("seeds") is not None:
        raise PellucidError("--seeds: a standard Transformer is trained with one seed")
    if unknown := [key for key in model if key not in SIZES]:
        raise PellucidError(f"--set {unknown[0]}: not of a standard Transformer; it has {', '.join(SIZES)}")
    config = StandardConfig(**(shape_of(vocab) | model))
    chosen = {key: value for key, value in options.items() if value is not None}
    settings = replaced(StandardTraining(), {**chosen, **problem.settings.training})
    train, valid = (vocab.encode(part) for part in (problem.splits.train, problem.splits.valid))
    result = fit_standard(
        (train.tokens, train.labels),
        (valid.tokens, valid.labels),
        config,
        settings,
        lambda share, message: on_progress("train", share, message),
    )
    return FittedStandard(config, result)


def load_standard(place: Path, model: Mapping[str, Any], vocab: Vocab) -> Predictor:
    """The trained model of a learned folder."""
    path = place / folder.WEIGHTS
    try:
        config = StandardConfig(**model["config"])
        params = load_file(path)
    except (TypeError, ValueError, OSError, SafetensorError) as error:
        raise PellucidError(f"{path}: cannot be read with {folder.MODEL}: {error}") from None
    return _predictor(params, config, vocab)


def _predictor(params: Mapping[str, np.ndarray], config: StandardConfig, vocab: Vocab) -> Predictor:
    def outputs(inputs: Sequence) -> list:
        return as_lists(vocab, predict_standard(dict(params), config, vocab.encode_inputs(inputs)), inputs)

    return outputs
