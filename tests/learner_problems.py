"""Problems for the tests of learners that search."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pellucid.bias import Bias
from pellucid.data.data import Data
from pellucid.data.split import Splits
from pellucid.data.tasks import get_task
from pellucid.learners.base import Found, Run
from pellucid.learners.formulas.learner import FormulaLearner
from pellucid.learners.formulas.terms import Term, show
from pellucid.learners.formulas.work import Work
from pellucid.problem import Problem
from pellucid.semantics import reference


def task_problem(name: str, size: int = 500, bias: Bias | None = None, **settings: Any) -> Problem:
    """A built-in task's data, with longer sequences beside it."""
    instance = get_task(name).at(**settings)
    splits = instance.splits(0, size)
    longer = {k: data.take(range(100)) for k, data in instance.longer(splits.schema).items()}
    return Problem(name, splits, longer, bias or Bias())


def problem_of(inputs: Sequence[Any], outputs: Sequence[Any], bias: Bias | None = None) -> Problem:
    """The first four fifths to learn from, the others to choose by."""
    data = Data.of(inputs, outputs)
    cut = len(inputs) * 4 // 5
    train, valid = data.take(range(cut)), data.take(range(cut, len(inputs)))
    return Problem("made", Splits(train, valid, valid), bias=bias or Bias())


def rule_problem(
    rule: Callable[[list[Any]], Any],
    values: Sequence[Any],
    count: int = 400,
    longest: int = 9,
    bias: Bias | None = None,
) -> Problem:
    """Random sequences of some values, of lengths from 1, and what a rule says of each."""
    rng = np.random.default_rng(7)
    inputs = [[values[i] for i in rng.integers(len(values), size=n)] for n in rng.integers(1, longest + 1, count)]
    return problem_of(inputs, [rule(x) for x in inputs], bias)


def work_on(problem: Problem, effort: float = 1.0) -> Work:
    """The work on a problem in a run of its own."""
    return Work.of(problem, Run(effort=effort))


def found_by(learner: FormulaLearner, problem: Problem, output: str | None = None, effort: float = 1.0) -> list[Term]:
    """The terms that a learner finds for an output, right ones first and short ones before long."""
    work = work_on(problem, effort)
    name = output or next(iter(work.results))
    with np.errstate(all="ignore"):
        for terms in learner.terms:
            if learner.needed(work, name):
                work.take(name, learner.name, terms(work, name))
    return [answer.term for answer in work.answers[name]]


def best(learner: FormulaLearner, problem: Problem, output: str | None = None) -> str:
    """The first of those as text."""
    found = found_by(learner, problem, output)
    return show(found[0]) if found else "nothing"


def learned(learner: FormulaLearner, problem: Problem, effort: float = 1.0) -> Found:
    """The best program that a learner alone finds for a problem."""
    return next(filter(None, learner.learn(problem, Run(effort=effort))))


def agrees(program, sequences: Sequence[Any], rule: Callable[[list[Any]], Any]) -> bool:
    """Whether a program gives what a rule says."""
    return all(reference.run(program, list(x)) == rule(list(x)) for x in sequences)


def drawn(values: Sequence[Any], count: int, length: int, seed: int = 11) -> list[list[Any]]:
    """Random sequences of a length."""
    rng = np.random.default_rng(seed)
    return [[values[i] for i in rng.integers(len(values), size=length)] for _ in range(count)]
