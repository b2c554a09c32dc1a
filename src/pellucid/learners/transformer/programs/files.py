"""A trained Transformer Program as the pipeline sees it: to read off, to run, as files and from files (no pickle)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from safetensors.numpy import save

from pellucid import folder
from pellucid.data import Vocab
from pellucid.errors import PellucidError
from pellucid.learners.transformer.arrays import read_arrays, under
from pellucid.learners.transformer.programs.config import ProgramsConfig
from pellucid.learners.transformer.programs.extract import extract
from pellucid.learners.transformer.programs.hardened import Hardened, Module, ModuleKind, predict
from pellucid.program.ir import Program

Predictor = Callable[[Sequence], list]


@dataclass(frozen=True)
class FittedPrograms:
    """A trained Transformer Program: hardened, and the soft parameters of its seed (flat names); times in seconds."""

    config: ProgramsConfig
    hardened: Hardened
    params: dict[str, np.ndarray]
    seconds: dict[str, float]
    history: dict[str, Any]

    @property
    def summary(self) -> dict[str, Any]:
        """What the report says of the training."""
        told = {name: self.history[name] for name in ("best_seed", "stopped")}
        return {**told, "seeds_tried": len(self.history["seeds"])}

    def extract(self, vocab: Vocab) -> Program:
        """The model as an IR program."""
        return extract(self.hardened, vocab)

    def predictor(self, vocab: Vocab) -> Predictor:
        """The hardened model, from the user's inputs to outputs."""
        return lambda inputs: as_lists(vocab, predict(self.hardened, vocab.encode_inputs(inputs)), inputs)

    def files(self, vocab: Vocab) -> dict[str, str | bytes]:
        """Model files by name."""
        return model_files("programs", asdict(self.config), vocab, arrays_of(self.params, self.hardened))


def predictor_from_folder(place: Path, model: Mapping[str, Any], vocab: Vocab) -> Predictor:
    """The trained model of a learned folder, from the user's inputs to outputs."""
    config = config_from_json(model["config"])
    if (config.n_tokens, config.n_classes, config.width) != (len(vocab.tokens), len(vocab.labels), vocab.width):
        raise PellucidError(f"{place / folder.MODEL}: its configuration and its vocabulary do not fit together")
    params, hardened = load(place / folder.WEIGHTS, config)
    return FittedPrograms(config, hardened, params, {}, {}).predictor(vocab)


def as_lists(vocab: Vocab, codes: np.ndarray, inputs: Sequence) -> list:
    """Label codes as the program would give them: a list per sequence, or one label."""
    decoded = vocab.decode(codes, inputs)
    return list(decoded) if vocab.kind == "classification" else [list(labels) for labels in decoded]


def model_files(
    family: str, config: dict[str, Any], vocab: Vocab, arrays: Mapping[str, np.ndarray]
) -> dict[str, str | bytes]:
    """Description and weights of a model, as `learned.load` reads them."""
    described = {"family": family, "config": config, "vocabulary": vocab.to_json()}
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return {folder.MODEL: folder.dump(described), folder.WEIGHTS: save(contiguous)}


def arrays_of(params: Mapping[str, np.ndarray], h: Hardened) -> dict[str, np.ndarray]:
    """All arrays by name: `soft.` trained parameters, `hard.` the hardened program."""
    arrays = {f"soft.{name}": array for name, array in params.items()}
    arrays |= {"hard.embedding": h.embedding, "hard.bias": h.bias}
    arrays |= {f"hard.readout.{i}": weights for i, weights in enumerate(h.readout)}
    for i, m in enumerate(h.modules):
        arrays |= {f"hard.{m.kind}.{i}.{name}": array for name, array in (("reads", m.place), ("table", m.table))}
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def hardened_from(arrays: Mapping[str, np.ndarray], c: ProgramsConfig) -> Hardened:
    """A hardened program from its arrays by name, without `hard.`."""
    modules = {}
    for name in arrays:
        kind, _, rest = name.partition(".")
        if rest.endswith(".reads"):
            layer, out, *reads = arrays[name].tolist()
            number = rest.removesuffix(".reads")
            modules[int(number)] = Module(
                cast(ModuleKind, kind), layer, out, tuple(reads), arrays[f"{kind}.{number}.table"]
            )
    n_cat, n_num = c.n_cat(c.layers), c.n_num(c.layers)
    if len(modules) != c.modules:
        raise KeyError(f"{c.modules} modules, of which {len(modules)} are there")
    readout = tuple(arrays[f"readout.{i}"] for i in range(n_cat + n_num))
    made = tuple(modules[i] for i in range(c.modules))
    return Hardened(c.k, c.kind, c.causal, c.n_tokens, n_cat, arrays["embedding"], made, readout, arrays["bias"])


def load(path: Path, config: ProgramsConfig) -> tuple[dict[str, np.ndarray], Hardened]:
    """Soft parameters and the hardened program.

    Raises:
        PellucidError: naming the file if it is missing, damaged or of another shape.
    """
    arrays = read_arrays(path)
    try:
        return under("soft.", arrays), hardened_from(under("hard.", arrays), config)
    except KeyError as error:
        raise PellucidError(f"{path}: not of this model: hard.{error.args[0]} expected") from None


def config_from_json(data: Any) -> ProgramsConfig:
    """Rebuild a configuration; raises `PellucidError` if a key is unknown or missing."""
    if not isinstance(data, dict):
        raise PellucidError(f"the model description must be a JSON object, got {type(data).__name__}")
    unknown = set(data) - set(ProgramsConfig.__dataclass_fields__)
    if unknown:
        raise PellucidError(f"unknown key in the model description: {sorted(unknown)[0]!r}")
    try:
        return ProgramsConfig(**data)
    except TypeError as error:
        raise PellucidError(f"incomplete model description: {error}") from None
