"""From programs found to candidates: all of them, or what there is time for, the best first."""

import time
from dataclasses import replace

import pytest

from learner_problems import problem_of
from pellucid import reading_off
from pellucid.data.data import Data
from pellucid.language.expressions import Apply, Const, Var
from pellucid.language.nodes import Let
from pellucid.learners.base import Found, Run
from pellucid.learners.dynamics import DYNAMICS
from pellucid.progress import Budget, Stages
from pellucid.reading_off import read_off, simplified
from pellucid.writing import _baselines

PROBLEM = problem_of([[1, 2, 5], [3, 0], [4, 4, 1], [2]] * 10, [[2, 4, 10], [6, 0], [8, 8, 2], [4]] * 10)
RIGHT = next(filter(None, DYNAMICS.learn(PROBLEM, Run()))).program
(*OTHERS, LAST) = RIGHT.assignments
WRONG, ROUNDABOUT = (
    replace(RIGHT, assignments=(*OTHERS, replace(LAST, node=Let(made))))
    for made in (Const(7), Apply("-", (Apply("*", (Var("x"), Const(2))), Apply("-", (Const(1), Const(1))))))
)
FOUND = [(Found(program, f"learner {i}"), 0.0) for i, program in enumerate((WRONG, ROUNDABOUT))]


def stages(seconds: float) -> Stages:
    """With a simplify stage that ends in so many seconds."""
    budget = Budget(20.0, began=0.0)
    return Stages(lambda *told: None, replace(budget, began=time.monotonic() + seconds - budget.end("simplify")))


def test_with_time_all_are_simplified_in_the_order_in_which_they_were_found():
    given = stages(60)
    made = read_off(FOUND, PROBLEM, "exact", given)
    assert [c.learner for c in made] == ["learner 0", "learner 1"]
    assert made[1].nodes < reading_off.judged("", None, ROUNDABOUT, PROBLEM).nodes
    assert given.cut_short == []


def test_without_time_the_best_one_is_there_as_it_is():
    given = stages(-1)
    (only,) = read_off(FOUND, PROBLEM, "exact", given)
    assert only.learner == "learner 1"
    assert only.exact
    assert given.cut_short == ["simplify"]


def test_ctrl_c_while_simplifying_keeps_what_there_is(monkeypatch):
    def interrupted(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(reading_off, "simplify", interrupted)
    given = Stages(lambda *told: None)
    (only,) = read_off(FOUND, PROBLEM, "exact", given)
    assert only.exact
    assert given.cut_short == ["simplify"]


def test_simplifying_that_does_not_end_is_stopped(monkeypatch):
    monkeypatch.setattr(reading_off, "known", lambda program: time.sleep(60))
    began = time.monotonic()
    program, whole = simplified(ROUNDABOUT, "exact", began + 0.1)
    assert time.monotonic() - began < 2
    assert not whole
    assert len(program.assignments) == len(ROUNDABOUT.assignments)


@pytest.mark.parametrize(("seconds", "names"), [(-60, ["majority"]), (60, ["majority", "unigram", "naive Bayes"])])
def test_simple_models_that_there_is_no_time_for_are_left_out_and_said(seconds, names):
    data = Data.of([["good", "film"], ["bad", "film"]] * 10, ["pos", "neg"] * 10)
    given = stages(seconds)
    rows = _baselines(replace(PROBLEM, splits=replace(PROBLEM.splits, train=data, valid=data, test=data)), 0, given)
    assert [row["name"] for row in rows] == names
    assert given.cut_short == ["baseline"] * (len(names) == 1)
