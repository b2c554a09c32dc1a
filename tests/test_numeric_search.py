"""The numeric search end to end: programs found are right on fresh data, honour the bias and repeat with the seed."""

import time

import numpy as np
import pytest

from pellucid.data.series import Series
from pellucid.numeric import Bias, SeriesProblem
from pellucid.program.numeric import outputs
from pellucid.search.elitist import climb
from pellucid.search.numeric import search_numeric
from pellucid.search.numeric.build import build
from pellucid.search.numeric.enumerated import enumerated
from pellucid.search.numeric.evolve import Evolution, Gates, compared, evolved
from pellucid.search.numeric.grid import grid_of
from pellucid.search.numeric.judge import judged
from pellucid.search.numeric.learn import quiet
from pellucid.search.numeric.reach import allowed, reads
from pellucid.search.numeric.terms import (
    Carry,
    Col,
    Extreme,
    First,
    LastWhere,
    Num,
    Op,
    Past,
    Pos,
    Run,
    Self,
    Shift,
    Table,
    Term,
    show,
    size,
)  # fmt: skip
from test_numeric_linear import best, work_on

X = Col("x")
TERMS: list[Term] = [
    Op("+", (X, Shift(X, 2))),
    Op("%", (Run("sum", X), Num(3))),
    Run("max", X, 3),
    Run("mean", X),
    Run("mode", X),
    First(X),
    LastWhere(X, Op("==", (Op("%", (X, Num(2))), Num(0))), 1),
    Extreme(Pos(0), X, "argmax", 4),
    Op("and", (Op("<", (X, Num(4))), Op("<", (Num(1), X)), Op("!=", (X, Num(3))))),
    Carry(0, Op("%", (Op("+", (Self(), X)), Num(5))), Op("//", (Op("+", (Self(), X)), Num(5)))),
    Run("sum", Op("*", (X, Carry(1, Op("*", (Num(2), Self())), Self())))),
    Carry(1, Table((Self(), X), (((1, 3), 2), ((2, 4), 1)), 1), Table((Self(),), (((2,), 7),), 0)),
    Op("floor", (Op("sqrt", (X,)),)),
]


@pytest.mark.parametrize("term", TERMS, ids=show)
def test_built_programs_compute_what_terms_do(term):
    rng = np.random.default_rng(0)
    inputs = [rng.integers(0, 6, (n, 1)) for n in (1, 4, 9, 9)]
    series = Series.of(inputs, [np.zeros((len(x), 1), int) for x in inputs])
    grid = grid_of(series)
    values = grid.value(term)
    assert values is not None
    for i, made in enumerate(outputs(build({"y": term}, series), series.inputs)):
        np.testing.assert_allclose(np.asarray(made[:, 0], float), values[: len(made), i], rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("mips/add_mod_5", "(sum(x) % 5)"),
        ("mips/abs_value_of_diff", "abs((x - x[-1]))"),
        ("mips/evens_counter", "sum(((x % 2) == 0))"),
        ("mips/majority0_2", "mode(x)"),
        ("mips/unique2", "(x == x[-1])"),
        ("mips/perfect_square_detector", "(x == square(floor(sqrt(x))))"),
        ("mips/dithering", "((sum(x) // 15) - (sum(x) // 15)[-1])"),
    ],
)
def test_enumeration_finds_short_programs(name, program):
    assert best(enumerated(work_on(name, 1000), "y", time.monotonic() + 60)) == program


@pytest.mark.parametrize("name", ["mips/bit_palindromes", "mips/balanced_parenthesis", "mips/alternating_last4"])
def test_search_is_right_on_fresh_and_longer_data(name):
    work = work_on(name, 1500)
    result = search_numeric(work.problem, 0, time.monotonic() + 100, quiet)
    assert result.found[0].exact
    assert judged(result.found[0].program, get(name, 11, 2000, 10)).exact
    assert judged(result.found[0].program, get(name, 12, 2000, 30)).exact
    assert {"random_programs", "search_only", "trained_gates"} <= set(result.report["baselines"])


def get(name: str, seed: int, count: int, length: int) -> Series:
    from pellucid.data.old_tasks import get_numeric_task

    return get_numeric_task(name).dataset(seed, size=count, length=length)


def test_several_outputs_in_one_program():
    work = work_on("mips/newton_magnetic")
    found = search_numeric(work.problem, 0, time.monotonic() + 60, quiet).found
    assert found[0].exact
    assert found[0].program.outputs == ("y1", "y2")


def test_no_units_leave_a_windowed_maximum():
    work = work_on("mips/maximum_prev2", bias=Bias.parse(units=0))
    found = search_numeric(work.problem, 0, time.monotonic() + 60, quiet).found
    assert found[0].details["terms"] == {"y": "max2(x)"}


def test_forbidden_operators_and_modes_are_not_used():
    work = work_on("mips/parity", bias=Bias.parse(modes="sum", operators="-,//,*"))
    for answer in enumerated(work, "y", time.monotonic() + 20):
        assert allowed(answer.term, work.bias)
    bias = Bias.parse(modes="shift", operators="+")
    assert not allowed(Run("sum", X), bias)
    assert not allowed(Op("%", (X, Num(2))), bias)
    assert allowed(Op("-", (X, Op("*", (Num(2), Shift(X))))), bias)  # the readout is free


def test_reads_tells_how_far_back_a_term_looks():
    assert reads(Shift(Shift(X, 2), 1)) == {("x", 3)}
    assert reads(Run("sum", X, 2)) == {("x", 0), ("x", 1)}
    assert reads(Op("+", (Past("y", 2), X))) == {("y", 2), ("x", 0)}
    assert not allowed(Shift(Shift(X, 1), 1), Bias.parse(mask="x[t-2]"))
    assert not allowed(Run("min", X), Bias.parse(mask="x[t-2]"))


def test_one_output_per_sequence():
    rng = np.random.default_rng(1)
    inputs = [rng.integers(0, 9, (n, 1)) for n in rng.integers(2, 9, 200)]
    series = Series.of(inputs, [int(x.sum()) % 4 for x in inputs])
    problem = SeriesProblem("last", series, series.take(range(50)), series, whole=True)
    found = search_numeric(problem, 0, time.monotonic() + 60, quiet).found
    assert found[0].exact
    assert found[0].program.last


def test_impossible_data_is_not_called_right():
    rng = np.random.default_rng(2)
    series = Series.of(list(rng.integers(0, 9, (80, 8, 1))), list(rng.integers(0, 9, (80, 8, 1))))
    problem = SeriesProblem("noise", series, series, series, whole=True)
    result = search_numeric(problem, 0, time.monotonic() + 8, quiet)
    assert not any(found.exact for found in result.found)


def test_the_same_seed_gives_the_same_answers():
    first, second = (best(enumerated(work_on("mips/parity_last3"), "y", time.monotonic() + 60)) for _ in range(2))
    assert first == second
    ways = [Evolution(work_on("mips/abs_value_of_diff"), "y", 3, time.monotonic() + 60) for _ in range(2)]
    assert ways[0].trained(200).score == ways[1].trained(200).score


def test_evolution_finds_a_program_and_its_baselines_are_reported():
    work = work_on("mips/abs_value_of_diff")
    found = evolved(work, "y", time.monotonic() + 60, 20_000)
    assert found
    assert work.exact(found[0].term, "y")
    ways = compared(work, "y", 200, 5.0)
    assert ways["random_programs"]["programs"] >= 200 or ways["random_programs"]["exact"]


def test_gates_learn_what_pays():
    space = Evolution(work_on("mips/sum"), "y", 0, time.monotonic() + 10).space
    gates, rng = Gates(space), np.random.default_rng(0)
    for _ in range(60):
        codes = gates.sample(rng, 32, 1.0)
        gates.learn(codes, -(codes[:, 0] == 2).astype(float))
    assert gates.shares()[0].argmax() == 2


def test_climbing_keeps_what_is_not_worse():
    class Point:
        def __init__(self, score: float) -> None:
            self.score = score

    steps = iter([5.0, 3.0, 3.0, 4.0, 1.0, 0.0])
    seen: list[float] = []
    found = climb(
        Point(4.0), lambda p: Point(next(steps)), 3, lambda: True, taken=lambda p: seen.append(p.score),
        enough=lambda p: p.score <= 1,
    )  # fmt: skip
    assert found.score == 1.0
    assert seen == [3.0, 3.0, 1.0]


def test_shorter_terms_are_smaller():
    assert size(Run("sum", X)) < size(Op("+", (X, Past("y", 1))))
    assert size(Op("+", (X, X))) < size(Op("+", (X, Shift(X))))


def test_a_threshold_on_reals_is_found():
    rng = np.random.default_rng(3)
    inputs = [rng.uniform(-1, 1, (8, 1)) for _ in range(200)]
    series = Series.of(inputs, [(np.cumsum(x, 0) > 0.25).astype(int) for x in inputs])
    problem = SeriesProblem("threshold", series, series.take(range(40)), series, whole=True)
    found = search_numeric(problem, 0, time.monotonic() + 30, quiet).found
    assert found[0].exact
    assert found[0].details["terms"]["y"].startswith("(sum(x) > 0.2")


@pytest.mark.parametrize("bias", [Bias.parse(readable_inputs=""), Bias.parse(modes="", units=0), Bias.parse(mask="x")])
def test_nothing_to_work_with_is_no_error(bias):
    work = work_on("mips/add_mod_3", 100, bias=bias)
    result = search_numeric(work.problem, 0, time.monotonic() + 6, quiet)
    assert not any(found.exact for found in result.found)
    assert compared(work, "y", 50, 1.0) is not None


def test_a_table_over_a_shifted_number_is_one_over_the_number() -> None:
    from pellucid.program.numeric import Apply, Assign, Column, Const, Formula, Lookup, NumericProgram, Var, predict
    from pellucid.program.numeric.simplify import simplify

    shifted = Formula(Apply("+", (Var("x"), Const(2))))
    table = Lookup(("s",), (((2,), 1), ((6,), 1)), 0)
    assigns = (Assign("x", Column("x")), Assign("s", shifted), Assign("y", table))
    program = NumericProgram(("x",), ("y",), assigns, ("y",), True)
    plain = simplify(program)
    assert plain.nodes["y"] == Lookup(("x",), (((0,), 1), ((4,), 1)), 0)
    assert predict(plain, [[0, 1, 4, 6]]) == predict(program, [[0, 1, 4, 6]]) == [[1, 0, 1, 0]]
