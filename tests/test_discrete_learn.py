"""Learning with the published architecture alone, end to end: the tasks of the paper and its two demonstrations."""

import json
from dataclasses import replace

import pytest

from learner_problems import task_problem
from pellucid.bias import Bias
from pellucid.data.tasks import get_task
from pellucid.explain.words import text
from pellucid.language.nodes import Aggregate, Delay, Select
from pellucid.learners.base import Run
from pellucid.learners.transformer.discrete.fit import judge
from pellucid.learners.transformer.learners import Discrete
from pellucid.problem import Problem


def learned(name: str, bias: Bias | None = None, seeds: int | None = None, steps=None, called="y", **settings):
    """The best program, and the run. called: name of the output column."""
    found = task_problem(f"mips/{name}", 1500, bias)
    schema = replace(found.schema, outputs=tuple(replace(f, name=called) for f in found.schema.outputs))
    problem = Problem(found.name, found.splits.with_schema(schema), found.longer, found.bias, settings)
    run = Run(seeds=seeds, steps=steps)
    return next(filter(None, Discrete().learn(problem, run))), run


def strictly(program, name: str) -> bool:
    instance = get_task(f"mips/{name}").at()
    splits = instance.splits(9, 2000)
    return all(judge(program, data).exact for data in (splits.train, *instance.longer(splits.schema).values()))


@pytest.fixture(scope="module")
def quick():
    return learned("sum_last2", seeds=2, steps=500)


def test_a_short_fit_gives_a_program_a_report_and_a_history(quick):
    found, run = quick
    assert strictly(found.program, "sum_last2")
    assert formula(found.program) == "x + x_before"
    assert found.model is None
    report = json.loads(json.dumps(run.report))
    assert report["stopped"] == "exact program found"
    assert report["exact"]
    assert report["heads"][0]["matched"]
    history = run.history["seeds"]["0"]
    assert set(history) == {"step", "loss", "hard_loss", "gap", "tau", "agreement", "entropy"}
    assert len({len(column) for column in history.values()}) == 1
    assert history["agreement"][-1] == 1.0
    assert history["loss"][-1] < 0.1 < history["loss"][0]


def formula(program) -> str:
    return text(program[program.results[0]].expression)


def test_the_same_seed_gives_the_same_program_whatever_the_column_is_called(quick):
    found, run = learned("sum_last2", seeds=2, steps=500, called="next")  # a name that no variable can have in a text
    assert formula(found.program) == formula(quick[0].program)
    assert run.history == quick[1].history


def test_an_approximate_program_is_not_called_exact():
    _, run = learned("perfect_square_detector", Bias(units=0, feedback=0), seeds=2, steps=100, rounds=1)
    assert run.report["exact"] is False


@pytest.mark.slow
@pytest.mark.parametrize(("name", "feedback"), [("add_mod_3", 1), ("newton_gravity", 2)])
def test_tasks_of_the_paper(name, feedback):
    found, run = learned(name, Bias(feedback=feedback))
    assert run.report["exact"]
    assert strictly(found.program, name)


@pytest.mark.slow
def test_without_units_the_larger_of_two_is_a_windowed_maximum():
    program = learned("maximum_prev2", Bias(units=0))[0].program
    assert Aggregate(Select(reach="upto", window=2), "max", "x") in program.nodes.values()
    assert strictly(program, "maximum_prev2")


@pytest.mark.slow
def test_a_spring_without_its_last_two_outputs():
    program = learned("newton_spring", Bias(feedback=2, mask=frozenset({"y[t-1]", "y[t-2]"})))[0].program
    assert {(n.variable, n.amount) for n in program.nodes.values() if isinstance(n, Delay)} == {("x", 1), ("y", 3)}
    assert formula(program) == "x + x_before - y_3_before"
    assert strictly(program, "newton_spring")
