"""A learner of formulas: it finds terms for one output at a time; programs are made of what all of them found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pellucid.learners.base import Run, Steps
from pellucid.learners.formulas.terms import Term
from pellucid.learners.formulas.work import Work, is_real
from pellucid.problem import Problem


def of_numbers(problem: Problem) -> str | None:
    """Why numbers do not come out of a problem, or words go in; None: they come, or one of two labels does."""
    if any(f.words is not None for f in problem.schema.inputs):
        return "texts of words"
    symbols = [f.name for f in problem.schema.outputs if f.type.texts and (f.type.numbers or len(f.type.texts) != 2)]
    return f"output {symbols[0]!r}: expected numbers, or two labels" if symbols else None


def of_columns(problem: Problem) -> str | None:
    """Why no columns of numbers or symbols go into a problem."""
    return "texts of words" if any(f.words is not None for f in problem.schema.inputs) else None


def unsure(work: Work, output: str) -> bool:
    """Whether no right term is known for an output."""
    return work.right(output) is None


def unexplained(work: Work, output: str) -> bool:
    """Whether nothing is known that is right, or right up to noise."""
    return unsure(work, output) and output not in work.settled


def not_obvious(work: Work, output: str) -> bool:
    """Whether something right, or something shorter that is, may be worth looking for."""
    return unexplained(work, output) if is_real(work.results[output]) else not work.obvious(output)


@dataclass(frozen=True)
class FormulaLearner:
    """A learner, from a function that gives terms for an output.

    Args:
        name: of the learner.
        terms: give terms for an output of the work, right ones or the best there are; each with more work than the one
            before, and other learners have their turn in between.
        needed: whether an output needs it, given what is known.
        objection: why it cannot take a problem.
        settings: keys of `--set` that it reads: none.
    """

    name: str
    terms: Sequence[Callable[[Work, str], Iterable[Term]]]
    needed: Callable[[Work, str], bool] = unsure
    objection: Callable[[Problem], str | None] = of_numbers
    settings: Mapping[str, type] = field(default_factory=dict)

    def refuses(self, problem: Problem) -> str | None:
        """Why it cannot take a problem, read off its schema and bias; None: it takes it."""
        return self.objection(problem)

    def learn(self, problem: Problem, run: Run) -> Steps:
        """Programs, once every output has an answer, by this learner or by those before it in the run."""
        for i, terms in enumerate(self.terms):
            if i:
                yield None
            work = Work.of(problem, run)
            if not work.train.points.size:
                return
            with np.errstate(all="ignore"):  # a term that overflows is left out
                found = [self._taken(work, output, run, terms) for output in work.results]
                programs = list(work.programs()) if any(found) else []
            yield from programs

    def _taken(self, work: Work, output: str, run: Run, terms: Callable[[Work, str], Iterable[Term]]) -> bool:
        if not self.needed(work, output) or run.over:
            return False
        run.on_progress(list(work.results).index(output) / len(work.results), f"{output}: {self.name}")
        return work.take(output, self.name, terms(work, output))
