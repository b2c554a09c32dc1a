"""Learning with the published architecture alone, end to end: the tasks of the paper and its two demonstrations."""

import json

import numpy as np
import pytest
from pellucid.data.old_tasks.registry import get_numeric_task
from pellucid.numeric import Bias, SeriesProblem
from pellucid.program.numeric import Route, Running
from safetensors.numpy import load

from pellucid.learners.transformer.discrete.fit import fit_discrete
from pellucid.learners.transformer.discrete.judge import judge
from pellucid.learners.transformer.discrete.words import to_text

FREE = Bias()


def problem(name: str, bias: Bias, **settings) -> SeriesProblem:
    task = get_numeric_task(name)
    data = task.dataset(0, size=1500)
    parts = (data.take(range(1200)), data.take(range(1200, 1350)), data.take(range(1350, 1500)))
    longer = {"3T": task.dataset(1, size=100, length=3 * task.length)}
    return SeriesProblem(name, *parts, longer, bias, data.whole_outputs, settings)


def learned(name: str, bias: Bias = FREE, seeds: int | None = None, steps: int | None = None, **settings):
    return fit_discrete(problem(name, bias, **settings), {"seed": 0, "seeds": seeds, "steps": steps})


def strictly(program, name: str) -> bool:
    task = get_numeric_task(name)
    lengths = (task.length, 3 * task.length)
    return all(judge(program, task.dataset(9, size=2000, length=length)).exact for length in lengths)


@pytest.fixture(scope="module")
def quick():
    return learned("mips/sum_last2", seeds=2, steps=500)


def test_a_short_fit_gives_program_report_history_and_files(quick):
    assert quick.found[0].exact
    assert strictly(quick.program, "mips/sum_last2")
    assert to_text(quick.program["y"].expression) == "x + x_1_before"
    report = json.loads(json.dumps(quick.report))
    assert report["stopped"] == "exact program found"
    assert report["heads"][0]["matched"]
    history = quick.history["seeds"]["0"]
    assert set(history) == {"step", "loss", "hard_loss", "gap", "tau", "agreement", "entropy"}
    assert len({len(column) for column in history.values()}) == 1
    assert history["agreement"][-1] == 1.0
    assert history["loss"][-1] < 0.1 < history["loss"][0]
    files = quick.files()
    assert json.loads(files["model.json"])["columns"] == ["x"]
    assert load(files["model.safetensors"])["head.w"].shape == (1, 5)


def test_the_same_seed_gives_the_same_program(quick):
    again = learned("mips/sum_last2", seeds=2, steps=500)
    assert again.program == quick.program
    assert again.history == quick.history
    assert all((again.params[name] == quick.params[name]).all() for name in quick.params)


def test_an_approximate_program_is_not_called_exact():
    done = learned("mips/perfect_square_detector", Bias(units=0, feedback=0), seeds=2, steps=100, rounds=1)
    assert not done.found[0].exact
    assert done.report["exact"] is False
    assert np.isfinite(done.found[0].mse)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "feedback"), [("add_mod_3", 1), ("newton_gravity", 2)])
def test_tasks_of_the_paper(name, feedback):
    done = learned(f"mips/{name}", Bias(feedback=feedback))
    assert done.found[0].exact
    assert strictly(done.program, f"mips/{name}")


@pytest.mark.slow
def test_without_units_the_larger_of_two_is_a_windowed_maximum():
    program = learned("mips/maximum_prev2", Bias(units=0)).program
    assert Running("max", "x", 2) in program.nodes.values()
    assert strictly(program, "mips/maximum_prev2")


@pytest.mark.slow
def test_a_spring_without_its_last_two_outputs():
    done = learned("mips/newton_spring", Bias(feedback=2, mask=frozenset({"y[t-1]", "y[t-2]"})))
    routes = {(n.variable, n.amount) for n in done.program.nodes.values() if isinstance(n, Route)}
    assert routes == {("x", 1), ("y", 3)}
    assert to_text(done.program["y"].expression) == "(x + x_1_before) - y_3_before"
    assert strictly(done.program, "mips/newton_spring")
