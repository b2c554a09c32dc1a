"""The learner: a Transformer Program over words, trained by gradient descent, hardened to a model of evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pellucid.language.program import Program
from pellucid.learners.base import Found, Run, Steps
from pellucid.learners.columns import program_of
from pellucid.learners.evidence.decode import OUTPUT, EvidenceFiles, decode, opened
from pellucid.learners.transformer.marked import MOST_LABELS
from pellucid.learners.transformer.programs.learner import keys_of
from pellucid.learners.transformer.training import with_given
from pellucid.learners.transformer.words.config import WordsConfig, WordsTraining
from pellucid.problem import Problem
from pellucid.settings import taken

ARCHITECTURE = {**keys_of(WordsConfig, ("n_words", "n_classes", "pooled")), "heads": int}
TRAINING = keys_of(WordsTraining, ("seed", "seeds", "steps", "budget"))


@dataclass(frozen=True)
class Words:
    """Trains Transformer Programs (Friedman et al., 2023, section 5) on one column of words."""

    name: str = "words"
    settings = {**ARCHITECTURE, **TRAINING}  # noqa: RUF012  # a constant of the class

    def refuses(self, problem: Problem) -> str | None:
        """Why it cannot take a problem; None: it takes it."""
        schema = problem.schema
        if len(schema.inputs) != 1 or len(schema.outputs) != 1:
            return "several columns"
        if schema.words is None:
            return "an input that is not of words"
        labels = schema.outputs[0].values
        if labels is None or len(labels) > MOST_LABELS:
            return f"outputs of more than {MOST_LABELS} labels"
        return None

    def learn(self, problem: Problem, run: Run) -> Steps:
        """The best program of a population of seeds."""
        from pellucid.learners.transformer.words.fit import fit  # JAX is loaded when it is needed

        checkpoint = None if run.checkpoint is None else run.checkpoint / f"{self.name}.safetensors"
        resume = checkpoint is not None and checkpoint.exists()
        fitted = fit(problem, architecture(problem), settings_of(problem, run), run.on_progress, checkpoint, resume)
        run.report |= fitted.summary
        run.history |= fitted.history
        names = [field.name for field in problem.schema.inputs]
        program = program_of(problem, decode(fitted.model, names), (OUTPUT,))
        yield Found(program, self.name, EvidenceFiles(fitted.model, program, names))

    @staticmethod
    def opened(
        config: Mapping[str, object], arrays: Mapping[str, np.ndarray], program: Program, where: str
    ) -> EvidenceFiles:
        """The model that a folder holds; raises `PellucidError` naming `where` for anything else."""
        return opened(config, arrays, program, where)


def architecture(problem: Problem) -> WordsConfig:
    """Sizes of the model: what the data decides, and what was set."""
    given = taken(problem.settings, ARCHITECTURE)
    if "heads" in given:
        given["heads_cat"] = given.pop("heads")
    schema = problem.schema
    words, labels = schema.inputs[0].values or (), schema.outputs[0].values or ()
    return WordsConfig(len(words), len(labels), schema.when != "every", **given)


def settings_of(problem: Problem, run: Run) -> WordsTraining:
    """How it is trained."""
    asked = {"seed": run.seed, "seeds": run.seeds, "steps": run.steps, "budget": run.left}
    return with_given(WordsTraining(), taken(problem.settings, TRAINING), asked)
