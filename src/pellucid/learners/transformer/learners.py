"""The learners that train Transformers, and the standard one as a baseline: what they take, their sizes and settings.

Each trains a population by gradient descent; the three learners harden the best and read a program off. JAX is loaded
when it is needed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.language.program import Program
from pellucid.learners.base import Found, Run, Steps
from pellucid.learners.columns import answered, program_of
from pellucid.learners.evidence.decode import OUTPUT as LABEL
from pellucid.learners.evidence.decode import EvidenceFiles, decode, opened
from pellucid.learners.stored import opened as opened_model
from pellucid.learners.stored import packed
from pellucid.learners.transformer.config import (
    DISCRETE,
    PROGRAMS,
    STANDARD_OF_WORDS,
    WORDS,
    Coded,
    DiscreteConfig,
    ProgramsConfig,
    StandardConfig,
)
from pellucid.learners.transformer.config import STANDARD as USUAL_STANDARD
from pellucid.learners.transformer.marked import Kind, Marked, refusal
from pellucid.learners.transformer.programs.hardened import Hardened, Module, predict
from pellucid.learners.transformer.programs.reading import OUTPUT, extract
from pellucid.learners.transformer.training import Training, with_given
from pellucid.learners.transformer.words.batches import LONGEST
from pellucid.problem import Problem
from pellucid.semantics.reading import Columns
from pellucid.settings import taken

if TYPE_CHECKING:
    from pellucid.learners.transformer.standard import StandardModel

PLAIN = {"int": int, "float": float, "bool": bool, "str": str}
OWN = tuple(f.name for f in dataclasses.fields(Coded))  # of a model's sizes, what the data decides
TRAINED = (  # settings of every training
    "batch", "lr", "lr_end", "cosine", "warmup", "noise_end", "tau_start", "tau_end", "chunk", "checks", "reserve",
)  # fmt: skip


def keys_of(config: type, but: Sequence[str] = ()) -> dict[str, type]:
    """Settings that are fields of a class, with their types."""
    found = {f.name: PLAIN.get(str(f.type)) for f in dataclasses.fields(config) if f.name not in but}
    return {name: kind for name, kind in found.items() if kind is not None}


def training_keys(*own: str) -> dict[str, type]:
    """Settings of a training: those of all models, and some that not every one has."""
    return {name: kind for name, kind in keys_of(Training).items() if name in (*TRAINED, *own)}


def training_of(usual: Training, run: Run, *given: Mapping[str, Any]) -> Training:
    """How a model is trained: as usual at this effort, but for what was given, later ones first, and what the run says.

    Effort multiplies seeds, in whole groups, and what else is counted; steps stay, for a schedule needs them all.
    """
    more = {"seeds": max(usual.group, run.times(usual.seeds))}
    more |= {name: run.times(getattr(usual, name)) for name in ("rounds", "refine_slices")}
    asked = {"seed": run.seed, "seeds": run.seeds, "steps": run.steps, "budget": run.left}
    return with_given(usual, more, *given, asked)


# ---------------------------------------------------------------- Transformer Programs over symbols

ONLY_WORDS = ("words", "queries", "dropout")
PROGRAMS_SIZES = {**keys_of(ProgramsConfig, (*OWN, *ONLY_WORDS)), "heads": int, "mlps": int}
REFINED = ("refine", "refined", "refine_effort", "refine_slices", "refine_patience")
PROGRAMS_TRAINING = training_keys("group", "structured", *REFINED)
MAX_ONE_HOT = 64  # symbols; beyond it, predicates over single tokens are too large, and tokens are clustered instead
USUAL = {"layers": 2, "heads_cat": 4, "heads_num": 4, "mlps_cat": 2, "mlps_num": 2}


@dataclass(frozen=True)
class ProgramsModel:
    """A hardened model, between the user's symbols and labels. params: soft parameters of its seed, by flat names."""

    hardened: Hardened
    params: Mapping[str, np.ndarray]
    config: ProgramsConfig
    marked: Marked


@dataclass(frozen=True)
class TrainedProgram:
    """A model beside the program read off it."""

    model: ProgramsModel
    program: Program

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """Outputs for the user's inputs; ABSENT for those longer than the model."""
        hardened, marked = self.model.hardened, self.model.marked

        def answers(rows: Sequence[Columns]) -> list[Any]:
            symbols = [row[marked.column] for row in rows]
            return marked.outputs(predict(hardened, marked.inputs(symbols)), list(map(len, symbols)))

        return answered(self.program, inputs, answers, lambda row: len(row[marked.column]) <= marked.longest)

    def described(self) -> tuple[Mapping[str, Any], Mapping[str, np.ndarray]]:
        """Configuration, and arrays by name."""
        return packed(self.model)


@dataclass(frozen=True)
class Programs:
    """Trains Transformer Programs (Friedman et al., 2023) on one column of symbols."""

    name: str = "programs"
    settings = {**PROGRAMS_SIZES, **PROGRAMS_TRAINING, "markers": str, "causal": bool}  # noqa: RUF012  # a constant

    def refuses(self, problem: Problem) -> str | None:
        """Why it cannot take a problem; None: it takes it."""
        return refusal(problem)

    def learn(self, problem: Problem, run: Run) -> Steps:
        """The best program of a population of seeds."""
        from pellucid.learners.transformer.programs.fit import ProgramsTrainer

        marked = Marked.of(problem)
        config, hints = programs_sizes(problem, marked), taken(problem.settings, {"steps": int, "seeds": int})
        training = training_of(with_given(PROGRAMS, hints), run, taken(problem.settings, PROGRAMS_TRAINING))
        train, valid = marked.arrays(problem.train), marked.arrays(problem.valid)
        hardened, params = ProgramsTrainer(train, valid, config, training, run).run()
        program = program_of(problem, extract(hardened, marked), (OUTPUT,))
        yield Found(program, self.name, TrainedProgram(ProgramsModel(hardened, params, config, marked), program))

    @staticmethod
    def opened(config: Mapping[str, Any], arrays: Mapping[str, np.ndarray], program: Program, where: str) -> Any:
        """The model that `described` described.

        Raises:
            PellucidError: naming `where`, for anything that is not such a description.
        """
        parts = (Hardened, Module, ProgramsConfig, Marked)
        model = opened_model(config, arrays, ProgramsModel, parts, where, "a Transformer Program")
        return TrainedProgram(model, program)


def programs_sizes(problem: Problem, marked: Marked) -> ProgramsConfig:
    """Sizes of the model: what the data decides, what suits it, what was set; `heads` and `mlps` come in halves."""
    given = taken(problem.settings, PROGRAMS_SIZES)
    suits: dict[str, Any] = dict(USUAL)
    for both in {"heads", "mlps"} & {*given}:
        number = given.pop(both)
        suits |= {f"{both}_cat": number - number // 2, f"{both}_num": number // 2}
    if marked.n_symbols > MAX_ONE_HOT and "variables" not in given:
        suits |= {"variables": 4, "k": max(32, marked.width)}
    clustered = given.get("variables", suits.get("variables", 0)) > 0
    if given.get("k", 0) < max(marked.width, 0 if clustered else marked.n_symbols) and problem.oracle is not None:
        given.pop("k", None)  # larger sizes than the task's hint was chosen for: as many values as they need
    return ProgramsConfig(**marked.sizes, **(suits | given))


# ---------------------------------------------------------------- Transformer Programs over words

ONLY_SYMBOLS = ("words", "mlps_num", "nested_counts", "free_counts")
WORDS_SIZES = {**keys_of(ProgramsConfig, (*OWN, *ONLY_SYMBOLS)), "heads": int}
WORDS_TRAINING = training_keys("group", "structured", "word_dropout")
USUAL_WORDS = {"layers": 2, "heads_num": 0, "mlps_cat": 2, "variables": 2, "k": 32, "queries": False, "dropout": 0.3}


@dataclass(frozen=True)
class Words:
    """Trains Transformer Programs (Friedman et al., 2023, section 5) on one column of words."""

    name: str = "words"
    settings = {**WORDS_SIZES, **WORDS_TRAINING}  # noqa: RUF012  # a constant of the class
    opened = staticmethod(opened)

    def refuses(self, problem: Problem) -> str | None:
        """Why it cannot take a problem; None: it takes it."""
        return refusal(problem, words=True)

    def learn(self, problem: Problem, run: Run) -> Steps:
        """The best program of a population of seeds."""
        from pellucid.learners.transformer.words.fit import WordsTrainer

        training = training_of(WORDS, run, taken(problem.settings, WORDS_TRAINING))
        model = WordsTrainer(problem, words_sizes(problem), training, run).run()
        names = [field.name for field in problem.schema.inputs]
        program = program_of(problem, decode(model, names), (LABEL,))
        yield Found(program, self.name, EvidenceFiles(model, program, names))


def words_sizes(problem: Problem) -> ProgramsConfig:
    """Sizes of the model: what the data decides, and what was set."""
    given = {**USUAL_WORDS, **taken(problem.settings, WORDS_SIZES)}
    if "heads" in given:
        given["heads_cat"] = given.pop("heads")
    return ProgramsConfig(**_coded_words(problem), mlps_num=0, free_counts=True, words=True, **given)


def _coded_words(problem: Problem) -> dict[str, Any]:
    """What texts decide of the sizes of a model, as fields of `Coded`."""
    schema = problem.schema
    words, classes = (len(fields[0].values or ()) for fields in (schema.inputs, schema.outputs))
    kind: Kind = "tagging" if schema.when == "every" else "classification"
    return {"n_symbols": words, "n_tokens": words, "n_classes": classes, "width": LONGEST, "kind": kind}


# ---------------------------------------------------------------- Discrete Transformers over numbers

DISCRETE_SIZES = keys_of(DiscreteConfig, ("columns", "outputs"))
DISCRETE_TRAINING = training_keys("group", "gate_lr", "decay", "attention_noise", "rounds", "regression")
KEPT = 3  # programs given back, the best ones


@dataclass(frozen=True)
class Discrete:
    """Trains Discrete Transformers (Zhang et al., 2026) on columns of numbers.

    What is read off is fitted to the data once more, so each program is its own model.
    """

    name: str = "discrete"
    settings = {**DISCRETE_SIZES, **DISCRETE_TRAINING}  # noqa: RUF012  # a constant of the class

    def refuses(self, problem: Problem) -> str | None:
        """Why it cannot take a problem; None: it takes it."""
        schema = problem.schema
        for field in (*schema.inputs, *schema.outputs):
            if not field.type.is_number or field.type.nothing:
                return f"column {field.name!r}: expected numbers"
        parts = (problem.train, problem.valid, *problem.longer.values())
        if schema.when != "every" and not all(len(x) for data in parts for x in data.inputs):
            return "an output for an input without steps"
        return None

    def learn(self, problem: Problem, run: Run) -> Steps:
        """The best programs of populations of seeds, small models first."""
        from pellucid.learners.transformer.discrete.fit import DiscreteTrainer

        training = training_of(DISCRETE, run, taken(problem.settings, DISCRETE_TRAINING))
        sizes = taken(problem.settings, DISCRETE_SIZES)
        for one in DiscreteTrainer(problem, sizes, training, run).run()[:KEPT]:
            yield Found(one.extraction.program, self.name, details=one.details)


# ---------------------------------------------------------------- the standard Transformer

STANDARD = "standard"
STANDARD_SIZES = keys_of(StandardConfig, OWN)
STANDARD_TRAINING = training_keys("weight_decay", "clip", "patience", "word_dropout")
SETTINGS = {**STANDARD_SIZES, **STANDARD_TRAINING}
CHECK_COST = 0.1  # share of the time that checks on validation may take
OF_WORDS = {"layers": 2, "heads": 4, "hidden": 64, "mlp": 2, "dropout": 0.3}


def train_standard(problem: Problem, given: Mapping[str, Any], run: Run) -> StandardModel:
    """Train a standard Transformer and keep the best on validation; in training, texts are cut at 64 words.

    Args:
        problem: one column of symbols or words, one output.
        given: settings as the user gave them; what suits a task's programs says nothing about this model.
        run: seed, steps, deadline; its report and history are filled in.

    Raises:
        PellucidError: data that it does not take, a setting that makes no sense.
    """
    from pellucid.learners.transformer.standard import StandardModel, StandardTrainer, task_of

    if run.seeds is not None:
        raise PellucidError("--seeds: a standard Transformer is trained with one seed")
    if (why := refusal(problem, problem.schema.words is not None)) is not None:
        raise PellucidError(f"{problem.name}: not for --model {STANDARD} ({why})")
    config, training = standard_sizes(problem, given), standard_training(problem, given, run)
    params = StandardTrainer(task_of(problem, config, training), config, training, run).run()
    return StandardModel(params, config, problem.schema)


def standard_sizes(problem: Problem, given: Mapping[str, Any]) -> StandardConfig:
    """Sizes of the model: what the data decides, and what was set."""
    sizes = taken(given, STANDARD_SIZES)
    if problem.schema.words is None:
        return StandardConfig(**Marked.of(problem).sizes, **sizes)
    return StandardConfig(**_coded_words(problem), **{**OF_WORDS, **sizes})


def standard_training(problem: Problem, given: Mapping[str, Any], run: Run) -> Training:
    """How it is trained; symbols: with as many checks as cost little, a forward pass costing a third of a step."""
    texts, asked = problem.schema.words is not None, taken(given, STANDARD_TRAINING)
    training = training_of(STANDARD_OF_WORDS if texts else USUAL_STANDARD, run, asked)
    cheap = len(problem.valid) / (3 * training.batch * CHECK_COST)
    most = training.checks if texts else max(5, min(training.checks, int(training.steps / max(cheap, 1))))
    return replace(training, checks=most)
