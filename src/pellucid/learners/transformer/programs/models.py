"""The trained models as the pipeline sees them: fit one, run it, write it, load it again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from pellucid import folder
from pellucid.data import Vocab
from pellucid.errors import PellucidError
from pellucid.learners.transformer.programs import checkpoint
from pellucid.learners.transformer.programs.config import ProgramsConfig, TrainConfig
from pellucid.learners.transformer.programs.extract import extract
from pellucid.learners.transformer.programs.fit import Fit, fit
from pellucid.learners.transformer.programs.hard_model import predict
from pellucid.learners.transformer.programs.hardened import Hardened
from pellucid.old_problem import Problem
from pellucid.program.ir import Program

Predictor = Callable[[Sequence], list]
MAX_ONE_HOT = 64  # symbols; beyond it, predicates over single tokens are too large, and tokens are clustered instead
OnProgress = Callable[[str, float, str], None]


@dataclass(frozen=True)
class FittedPrograms:
    """A trained Transformer Program."""

    config: ProgramsConfig
    result: Fit

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds of compiling and of training (refinement included)."""
        spent = self.result.seconds
        return {"compile": spent["compile"], "train": round(spent["train"] + spent["refine"], 3)}

    @property
    def history(self) -> dict[str, Any]:
        """Course of the training of every seed."""
        return self.result.history

    @property
    def summary(self) -> dict[str, Any]:
        """What the report says of the training."""
        tried = len(self.result.history["seeds"])
        return {"best_seed": self.result.best_seed, "seeds_tried": tried, "stopped": self.result.stopped}

    def extract(self, vocab: Vocab) -> Program:
        """The model as an IR program."""
        return extract(self.result.hardened, vocab)

    def predictor(self, vocab: Vocab) -> Predictor:
        """The hardened model, from the user's inputs to outputs."""
        return _hardened_predictor(self.result.hardened, vocab)

    def files(self, vocab: Vocab) -> dict[str, str | bytes]:
        """Model files by name."""
        arrays = checkpoint.arrays_of(self.result.params, self.result.hardened)
        return model_files("programs", checkpoint.config_to_json(self.config), vocab, arrays)


def fit_programs(
    problem: Problem,
    options: Mapping[str, Any],
    on_progress: OnProgress,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> FittedPrograms:
    """Train a Transformer Program on a problem; `options` as `learn` takes them, None for the default.

    `checkpoint`: file that holds the state of the training; `resume`: go on from it.
    """
    vocab = problem.vocab
    config, settings = configurations(problem, options)
    train, valid = (vocab.encode(part) for part in (problem.splits.train, problem.splits.valid))
    result = fit(
        (train.tokens, train.labels),
        (valid.tokens, valid.labels),
        config,
        settings,
        lambda share, message: on_progress("train", share, message),
        checkpoint,
        resume,
    )
    return FittedPrograms(config, result)


def configurations(problem: Problem, options: Mapping[str, Any]) -> tuple[ProgramsConfig, TrainConfig]:
    """Architecture and training of a problem, with what was set; `PellucidError` where that makes no sense."""
    config = ProgramsConfig(**(shape_of(problem.vocab) | architecture(problem)))
    chosen = {key: value for key, value in options.items() if value is not None}
    return config, replaced(TrainConfig(), {**problem.training, **chosen, **problem.settings.training})


def architecture(problem: Problem) -> dict[str, Any]:
    """Architecture settings of a problem: what suits it, overridden by what was set; `heads` and `mlps` in halves."""
    suits, given = dict(problem.model), dict(problem.settings.model)
    known = {"heads", "mlps", *(f.name for f in dataclasses.fields(ProgramsConfig))}
    if unknown := [key for key in given if key not in known]:
        raise PellucidError(f"--set {unknown[0]}: not of a Transformer Program; it goes with --model standard")
    for both in {"heads", "mlps"} & {*given}:
        number = given.pop(both)
        suits |= {f"{both}_cat": number - number // 2, f"{both}_num": number // 2}
    if len(problem.vocab.symbols) > MAX_ONE_HOT and "variables" not in given:
        suits |= {"variables": 4, "k": max(32, problem.vocab.width)}
    clustered = given.get("variables", suits.get("variables", 0)) > 0
    if suits.get("k", 0) < max(problem.vocab.width, 0 if clustered else len(problem.vocab.symbols)):
        suits.pop("k", None)  # larger sizes than the default was chosen for: as many values as they need
    return suits | given


def predictor_from_folder(place: Path, model: Mapping[str, Any], vocab: Vocab) -> Predictor:
    """The trained model of a learned folder, from the user's inputs to outputs."""
    if model.get("family") == "standard":
        from pellucid.learners.transformer.standard.symbols import load_standard

        return load_standard(place, model, vocab)
    config = checkpoint.config_from_json(model["config"])
    if (config.n_tokens, config.n_classes, config.width) != (len(vocab.tokens), len(vocab.labels), vocab.width):
        raise PellucidError(f"{place / folder.MODEL}: its configuration and its vocabulary do not fit together")
    _, hardened = checkpoint.load(place / folder.WEIGHTS, config)
    return _hardened_predictor(hardened, vocab)


def _hardened_predictor(hardened: Hardened, vocab: Vocab) -> Predictor:
    def outputs(inputs: Sequence) -> list:
        return as_lists(vocab, predict(hardened, vocab.encode_inputs(inputs)), inputs)

    return outputs


def as_lists(vocab: Vocab, codes: np.ndarray, inputs: Sequence) -> list:
    """Label codes as the program would give them: a list per sequence, or one label."""
    decoded = vocab.decode(codes, inputs)
    return list(decoded) if vocab.kind == "classification" else [list(labels) for labels in decoded]


def shape_of(vocab: Vocab) -> dict[str, Any]:
    """Sizes of a model that the vocabulary decides."""
    return {
        "n_symbols": len(vocab.symbols),
        "n_tokens": len(vocab.tokens),
        "n_classes": len(vocab.labels),
        "width": vocab.width,
        "kind": vocab.kind,
        "causal": vocab.causal,
    }


def replaced(settings: Any, values: Mapping[str, Any]) -> Any:
    """Settings with the values given; one that this model does not have is an error."""
    known = {f.name for f in dataclasses.fields(settings)}
    for key, value in values.items():
        if key not in known:
            raise PellucidError(f"--set {key}: the {type(settings).__name__} of this model has no such setting")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and key != "seed" and not 0 < value < float("inf"):
            raise PellucidError(f"{key}: expected a positive number, got {value}")
    return dataclasses.replace(settings, **values)


def model_files(
    family: str, config: dict[str, Any], vocab: Vocab, arrays: dict[str, np.ndarray]
) -> dict[str, str | bytes]:
    """Description and weights of a model, as `predictor_from_folder` reads them."""
    described = {"family": family, "config": config, "vocabulary": vocab.to_json()}
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return {folder.MODEL: folder.dump(described), folder.WEIGHTS: save(contiguous)}
