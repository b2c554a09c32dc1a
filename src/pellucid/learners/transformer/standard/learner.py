"""The standard Transformer from data to trained model: which problems it takes, its sizes and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pellucid.errors import PellucidError
from pellucid.learners.base import Run
from pellucid.learners.transformer import marked
from pellucid.learners.transformer.marked import Marked
from pellucid.learners.transformer.programs.learner import OWN, keys_of
from pellucid.learners.transformer.standard.config import StandardConfig, StandardTraining
from pellucid.learners.transformer.training import with_given
from pellucid.learners.transformer.words.batches import LONGEST
from pellucid.learners.transformer.words.learner import Words
from pellucid.problem import Problem
from pellucid.settings import taken

if TYPE_CHECKING:
    from pellucid.learners.transformer.standard.model import StandardModel

STANDARD = "standard"
ARCHITECTURE = keys_of(StandardConfig, OWN)
TRAINING = keys_of(StandardTraining, ("seed", "seeds", "group", "steps", "budget"))
SETTINGS = {**ARCHITECTURE, **TRAINING}
CHECK_COST = 0.1  # share of the time that checks on validation may take
OF_WORDS = {"layers": 2, "heads": 4, "hidden": 64, "mlp": 2, "dropout": 0.3}
TRAINING_OF_WORDS = StandardTraining(steps=3000, lr=3e-3, checks=30, patience=8, word_dropout=0.1)


def refuses(problem: Problem) -> str | None:
    """Why it cannot take a problem; None: it takes it."""
    return marked.refusal(problem) if problem.schema.words is None else Words().refuses(problem)


def train(problem: Problem, given: Mapping[str, Any], run: Run) -> StandardModel:
    """Train a standard Transformer and keep the best on validation; in training, texts are cut at 64 words.

    Args:
        problem: one column of symbols or words, one output.
        given: settings as the user gave them; what suits a task's programs says nothing about this model.
        run: seed, steps, deadline; its report and history are filled in.

    Raises:
        PellucidError: data that it does not take, a setting that makes no sense.
    """
    from pellucid.learners.transformer.standard.fit import fit, task_of  # JAX is loaded when it is needed
    from pellucid.learners.transformer.standard.model import StandardModel

    if run.seeds is not None:
        raise PellucidError("--seeds: a standard Transformer is trained with one seed")
    if (why := refuses(problem)) is not None:
        raise PellucidError(f"{problem.name}: not for --model {STANDARD} ({why})")
    config, settings = architecture(problem, given), settings_of(problem, given, run)
    checkpoint = None if run.checkpoint is None else run.checkpoint / f"{STANDARD}.safetensors"
    resume = checkpoint is not None and checkpoint.exists()
    told = fit(task_of(problem, config, settings), config, settings, run.on_progress, checkpoint, resume)
    run.report |= {"stopped": told.stopped, "seconds": told.seconds}
    run.history["seeds"] = {str(run.seed): told.history}
    return StandardModel(told.params, config, problem.schema)


def architecture(problem: Problem, given: Mapping[str, Any]) -> StandardConfig:
    """Sizes of the model: what the data decides, and what was set."""
    sizes, schema = taken(given, ARCHITECTURE), problem.schema
    classes = len(schema.outputs[0].values or ())
    if schema.words is not None:
        words = len(schema.inputs[0].values or ())
        kind: marked.Kind = "tagging" if schema.when == "every" else "classification"
        return StandardConfig(words, words, classes, LONGEST, kind, **{**OF_WORDS, **sizes})
    m = Marked.of(problem)
    return StandardConfig(m.n_symbols, len(m.tokens), classes, m.width, m.kind, m.causal, **sizes)


def settings_of(problem: Problem, given: Mapping[str, Any], run: Run) -> StandardTraining:
    """How it is trained."""
    words = problem.schema.words is not None
    asked = {"seed": run.seed, "steps": run.steps, "budget": run.left}
    settings = with_given(TRAINING_OF_WORDS if words else StandardTraining(), taken(given, TRAINING), asked)
    return settings if words else replace(settings, checks=_often(settings, len(problem.valid)))


def _often(settings: StandardTraining, valid: int) -> int:
    """Number of checks that cost little, on so many validation sequences: a forward pass costs a third of a step."""
    cheap = valid / (3 * settings.batch * CHECK_COST)
    return max(5, min(settings.checks, int(settings.steps / max(cheap, 1))))
