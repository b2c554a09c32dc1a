"""The learner: a Transformer Program over symbols, trained by gradient descent, hardened, refined and read off."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.language.program import Program
from pellucid.learners.base import Found, Run, Steps
from pellucid.learners.columns import program_of
from pellucid.learners.transformer.arrays import under
from pellucid.learners.transformer.marked import Marked, refusal
from pellucid.learners.transformer.programs.config import ProgramsConfig, ProgramsTraining
from pellucid.learners.transformer.programs.files import arrays_of, config_from_json, hardened_from
from pellucid.learners.transformer.programs.hardened import Hardened, predict
from pellucid.learners.transformer.programs.reading import OUTPUT, extract
from pellucid.learners.transformer.training import with_given
from pellucid.problem import Problem
from pellucid.settings import taken
from pellucid.verify.outputs import ABSENT

MAX_ONE_HOT = 64  # symbols; beyond it, predicates over single tokens are too large, and tokens are clustered instead
SIZES = {"layers": 2, "heads_cat": 4, "heads_num": 4, "mlps_cat": 2, "mlps_num": 2}
OWN = ("n_symbols", "n_tokens", "n_classes", "width", "kind", "causal")  # of an architecture, what the data decides
PLAIN = {"int": int, "float": float, "bool": bool, "str": str}


def keys_of(config: type, but: Sequence[str] = ()) -> dict[str, type]:
    """Settings that are fields of a class, with their types."""
    found = {f.name: PLAIN.get(str(f.type)) for f in dataclasses.fields(config) if f.name not in but}
    return {name: kind for name, kind in found.items() if kind is not None}


ARCHITECTURE = {**keys_of(ProgramsConfig, OWN), "heads": int, "mlps": int}
TRAINING = keys_of(ProgramsTraining, ("seed", "seeds", "steps", "budget"))


@dataclass(frozen=True)
class TrainedProgram:
    """A hardened model beside the program read off it. params: soft parameters of its seed, by flat names."""

    hardened: Hardened
    params: Mapping[str, np.ndarray]
    config: ProgramsConfig
    marked: Marked
    program: Program

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """Outputs for the user's inputs; ABSENT for those longer than the model."""
        rows = self.marked.rows(self.program, inputs)
        fits = [row for row in rows if len(row) <= self.marked.longest]
        told = iter(self.marked.outputs(predict(self.hardened, self.marked.inputs(fits)), list(map(len, fits))))
        return [next(told) if len(row) <= self.marked.longest else ABSENT for row in rows]

    def described(self) -> tuple[Mapping[str, Any], Mapping[str, np.ndarray]]:
        """Configuration, and arrays by name."""
        config = {"architecture": asdict(self.config), "coding": self.marked.to_json()}
        return config, arrays_of(self.params, self.hardened)


@dataclass(frozen=True)
class Programs:
    """Trains Transformer Programs (Friedman et al., 2023) on one column of symbols."""

    name: str = "programs"
    settings = {**ARCHITECTURE, **TRAINING, "markers": str, "causal": bool}  # noqa: RUF012  # a constant of the class

    def refuses(self, problem: Problem) -> str | None:
        """Why it cannot take a problem; None: it takes it."""
        return refusal(problem)

    def learn(self, problem: Problem, run: Run) -> Steps:
        """The best program of a population of seeds."""
        from pellucid.learners.transformer.programs.fit import fit  # JAX is loaded when it is needed

        marked = Marked.of(problem)
        config, training = architecture(problem, marked), settings_of(problem, run)
        train, valid = marked.arrays(problem.train), marked.arrays(problem.valid)
        checkpoint = None if run.checkpoint is None else run.checkpoint / f"{self.name}.safetensors"
        resume = checkpoint is not None and checkpoint.exists()
        fitted = fit(train, valid, config, training, run.on_progress, checkpoint, resume)
        run.report |= fitted.summary
        run.history |= fitted.history
        program = program_of(problem, extract(fitted.hardened, marked), (OUTPUT,))
        yield Found(program, self.name, TrainedProgram(fitted.hardened, fitted.params, config, marked, program))

    @staticmethod
    def opened(config: Mapping[str, Any], arrays: Mapping[str, np.ndarray], program: Program, where: str) -> Any:
        """The model that `described` described.

        Raises:
            PellucidError: naming `where`, for anything that is not such a description.
        """
        try:
            sizes, marked = config_from_json(config["architecture"]), Marked.from_json(config["coding"])
            hardened = hardened_from(under("hard.", arrays), sizes)
        except (KeyError, TypeError, ValueError) as error:
            raise PellucidError(f"{where}: not the description of a Transformer Program: {error!r}") from None
        return TrainedProgram(hardened, under("soft.", arrays), sizes, marked, program)


def architecture(problem: Problem, marked: Marked) -> ProgramsConfig:
    """Sizes of the model: what the data decides, what suits it, what was set; `heads` and `mlps` come in halves."""
    given = taken(problem.settings, ARCHITECTURE)
    suits: dict[str, Any] = dict(SIZES)
    for both in {"heads", "mlps"} & {*given}:
        number = given.pop(both)
        suits |= {f"{both}_cat": number - number // 2, f"{both}_num": number // 2}
    if marked.n_symbols > MAX_ONE_HOT and "variables" not in given:
        suits |= {"variables": 4, "k": max(32, marked.width)}
    clustered = given.get("variables", suits.get("variables", 0)) > 0
    if given.get("k", 0) < max(marked.width, 0 if clustered else marked.n_symbols) and problem.oracle is not None:
        given.pop("k", None)  # larger sizes than the task's hint was chosen for: as many values as they need
    sizes = {"n_symbols": marked.n_symbols, "n_tokens": len(marked.tokens), "n_classes": len(marked.labels)}
    return ProgramsConfig(**sizes, width=marked.width, kind=marked.kind, causal=marked.causal, **(suits | given))


def settings_of(problem: Problem, run: Run) -> ProgramsTraining:
    """How it is trained."""
    asked = {"seed": run.seed, "seeds": run.seeds, "steps": run.steps, "budget": run.left}
    hints = taken(problem.settings, {"steps": int, "seeds": int})
    return with_given(ProgramsTraining(), hints, taken(problem.settings, TRAINING), asked)
