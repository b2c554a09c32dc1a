"""The learner: a Discrete Transformer over numbers, trained by gradient descent, hardened and read off as formulas."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.learners.base import Found, Run, Steps
from pellucid.learners.transformer.discrete.config import DiscreteConfig, DiscreteTraining
from pellucid.learners.transformer.programs.learner import keys_of
from pellucid.learners.transformer.training import with_given
from pellucid.problem import Problem
from pellucid.settings import taken

ARCHITECTURE = keys_of(DiscreteConfig, ("columns", "outputs"))
TRAINING = keys_of(DiscreteTraining, ("seed", "seeds", "steps", "budget"))
KEPT = 3  # programs given back, the best ones


@dataclass(frozen=True)
class Discrete:
    """Trains Discrete Transformers (Zhang et al., 2026) on columns of numbers.

    What is read off is fitted to the data once more, so each program is its own model.
    """

    name: str = "discrete"
    settings = {**ARCHITECTURE, **TRAINING}  # noqa: RUF012  # a constant of the class

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
        from pellucid.learners.transformer.discrete.fit import fit  # JAX is loaded when it is needed

        asked = {"seed": run.seed, "seeds": run.seeds, "steps": run.steps, "budget": run.left}
        training = with_given(DiscreteTraining(), taken(problem.settings, TRAINING), asked)
        checkpoint = None if run.checkpoint is None else run.checkpoint / f"{self.name}.safetensors"
        resume = checkpoint is not None and checkpoint.exists()
        fitted = fit(problem, taken(problem.settings, ARCHITECTURE), training, run.on_progress, checkpoint, resume)
        run.report |= fitted.report
        run.history |= fitted.history
        for one in fitted.found[:KEPT]:
            yield Found(one.extraction.program, self.name, details=one.details)
