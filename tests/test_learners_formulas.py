"""Terms: their values, the programs they become, and what a bias lets them read; several outputs in one program."""

from itertools import pairwise

import numpy as np
import pytest

from learner_problems import problem_of, task_problem
from pellucid.bias import Bias
from pellucid.data.data import Data
from pellucid.data.split import Splits
from pellucid.language.expressions import Const
from pellucid.learners.base import Run
from pellucid.learners.formulas.build import at_start, build
from pellucid.learners.formulas.grid import Coding, grid_of
from pellucid.learners.formulas.terms import (
    Carry,
    Col,
    Op,
    Over,
    Past,
    Pos,
    Self,
    Shift,
    Table,
    Term,
    allowed,
    reads,
    show,
    size,
)
from pellucid.learners.portfolio import LEARNERS
from pellucid.problem import Problem
from pellucid.semantics import reference

X, W = Col("x"), Col("w")
TERMS: list[Term] = [
    Op("+", (X, Shift(X, 2))),
    Op("-", (X, Shift(X, 1, same=True))),
    Op("%", (Over("sum", X), Const(3))),
    Over("max", X, 3),
    Over("sum", X, 2),
    Over("mean", X),
    Over("mode", X),
    Over("first", X),
    Over("distinct", X),
    Over("nearest", X),
    Over("first", X, 3),
    Over("last", X, where=Op("==", (Op("%", (X, Const(2))), Const(0))), before=True),
    Over("last", W, where=Op("<", (X, Const(3))), default=None),
    Over("argmax", Pos(0), 4, by=X),
    Op("and", (Op("<", (X, Const(4))), Op("<", (Const(1), X)), Op("!=", (X, Const(3))))),
    Carry(0, Op("%", (Op("+", (Self(), X)), Const(5))), Op("//", (Op("+", (Self(), X)), Const(5)))),
    Over("sum", Op("*", (X, Carry(1, Op("%", (Op("*", (Const(2), Self())), Const(7))), Self())))),
    Carry(1, Table((Self(), X), (((1, 3), 2), ((2, 4), 1)), 1), Table((Self(),), (((2,), 7),), 0)),
    Table((Carry(0, Op("!=", (Self(), Op("==", (W, Const("b"))))), Op("!=", (Self(), Op("==", (W, Const("b"))))),),),
          (((0,), "even"), ((1,), "odd")), None),
    Op("floor", (Op("sqrt", (X,)),)),
    Op("sqrt", (Op("-", (X, Const(3))),)),
    Op("^", (X, Const(5))),
    Op("where", (Op("==", (W, Shift(W, 1, None))), W, Const("new"))),
]  # fmt: skip


@pytest.mark.parametrize("term", TERMS, ids=show)
def test_programs_compute_what_terms_do(term):
    rng = np.random.default_rng(0)
    inputs = [[(int(v), "abc"[v % 3]) for v in rng.integers(0, 6, n)] for n in (1, 4, 9, 9, 9)]
    data = Data.of(inputs, [[0] * len(x) for x in inputs], names=("xw", "y"))
    problem = Problem("made", Splits(data, data, data))
    coding = Coding(["a", "b", "c", "even", "odd", "new"])
    grid = grid_of(problem.train, coding)
    values = grid.value(term)
    assert values is not None
    program = build({"y": term}, problem, {})
    assert program.types
    for i, x in enumerate(problem.train.inputs):
        for made, number in zip(reference.run(program, list(x)), values[: len(x), i].tolist(), strict=True):
            told = coding.value(number)
            assert made == told or made == pytest.approx(told, rel=1e-12)


def test_reads_tells_how_far_back_a_term_looks():
    assert reads(Shift(Shift(X, 2), 1)) == {("x", 3)}
    assert reads(Shift(X, 1, same=True)) == {("x", 0), ("x", 1)}
    assert reads(Over("sum", X, 2)) == {("x", 0), ("x", 1)}
    assert reads(Op("+", (Past("y", 2), X))) == {("y", 2), ("x", 0)}
    assert not allowed(Shift(Shift(X, 1), 1), Bias.parse(mask="x[t-2]"))
    assert not allowed(Over("min", X), Bias.parse(mask="x[t-2]"))


def test_a_bias_counts_modes_and_operators_but_not_the_readout():
    bias = Bias.parse(modes="shift", operators="+")
    assert not allowed(Over("sum", X), bias)
    assert not allowed(Op("%", (X, Const(2))), bias)
    assert allowed(Op("-", (X, Op("*", (Const(2), Shift(X))))), bias)
    assert not allowed(Over("sum", Over("sum", X)), Bias.parse(layers=1))
    assert not allowed(Op("+", (Over("sum", X), Shift(X))), Bias.parse(heads=1))


def test_shorter_terms_are_smaller():
    assert size(Over("sum", X)) < size(Op("+", (X, Past("y", 1))))
    assert size(Op("+", (X, X))) < size(Op("+", (X, Shift(X))))
    assert size(Op("<", (X, Const(0)))) < size(Op("//", (X, Const(10))))


def test_what_terms_are_before_the_first_step():
    state = Carry(2, Op("+", (Self(), X)), Op("+", (Self(), X)))
    assert at_start(Op("%", (Over("sum", X), Const(3)))) == 0
    assert at_start(Table((state,), (((2,), "two"),), "none")) == "two"
    with pytest.raises(LookupError):
        at_start(Over("max", X))


FORMULAS = [learner for learner in LEARNERS if learner.name != "simple"]


def learn(problem):
    run = Run()
    willing = [learner for learner in FORMULAS if learner.refuses(problem) is None]
    return [found for learner in willing for found in filter(None, learner.learn(problem, run))]


def test_several_outputs_in_one_program_by_several_learners():
    problem = task_problem("physics/pendulum", 200)
    found = learn(problem)
    assert found[0].program.outputs[0].name == "angle_next"
    assert set(found[-1].learner.split("+")) == {"dynamics", "sparse"}


def test_state_that_goes_through_the_other_output():
    problem = task_problem("mips/newton_magnetic", 300)
    program = learn(problem)[0].program
    for x, y in zip(problem.valid.inputs[:20], problem.valid.outputs, strict=False):
        assert reference.run(program, list(x)) == list(map(list, y))


def test_learners_say_what_they_do_not_take():
    texts = problem_of(["a good film", "a bad film"] * 10, ["pos", "neg"] * 10)
    assert all(learner.refuses(texts) for learner in FORMULAS)
    labels = problem_of([["a"], ["b"], ["c"]] * 10, [["x"], ["y"], ["z"]] * 10)
    refused = {learner.name for learner in FORMULAS if learner.refuses(labels)}
    assert refused == {learner.name for learner in FORMULAS} - {"automaton", "enumerate"}


def test_steps_that_are_not_scored_take_no_part():
    inputs = [[1, 2, 3, 4], [5, 0, 2, 2], [3, 3, 1, 0]] * 10
    outputs = [[None, *(a + b for a, b in pairwise(x))] for x in inputs]
    found = learn(problem_of(inputs, outputs))
    assert reference.run(found[0].program, [4, 4, 9])[1:] == [8, 13]


def test_the_rarer_of_two_labels_is_what_a_flag_tells():
    inputs = [[1, 2, 3, 9, 8], [5, 6, 0, 2, 2], [3, 3, 7, 1, 4]] * 10
    found = learn(problem_of(inputs, [["high" if v > 6 else "low" for v in x] for x in inputs]))
    assert reference.run(found[0].program, [9, 0, 7]) == ["high", "low", "high"]
