"""Linear laws, recurrences and sparse regression: the right law, its constants, and what the bias forbids."""

import time

import numpy as np
import pytest

from pellucid.data.old_tasks import get_numeric_task
from pellucid.data.series import Series
from pellucid.errors import PellucidError
from pellucid.numeric import Bias, SeriesProblem
from pellucid.search.numeric.affine import neat, snapped, weighted_sum
from pellucid.search.numeric.linear import linear
from pellucid.search.numeric.sparse import sparse
from pellucid.search.numeric.supports import supports
from pellucid.search.numeric.terms import Col, Num, Op, Past, Run, Shift, Term, show, walk
from pellucid.search.numeric.work import Work


def work_on(name: str, size: int = 400, bias: Bias | None = None, **settings: float) -> Work:
    """A task's data, a tenth of it for validation, with longer sequences beside it."""
    task = get_numeric_task(name)
    data = task.dataset(0, size=size, **settings)
    valid = task.dataset(1, size=size // 10, **settings)
    longer = {"3T": task.dataset(2, size=50, length=3 * task.length, **settings)}
    problem = SeriesProblem(name, data, valid, valid, longer, bias or Bias(), data.whole_outputs)
    return Work(problem, 0, time.monotonic() + 60)


def best(answers: list) -> str:
    return show(answers[0].term) if answers else "nothing"


@pytest.mark.parametrize(
    ("name", "law"),
    [
        ("mips/sum_last2", "sum2(x)"),
        ("mips/sum_last7", "sum7(x)"),
        ("mips/diff_last2", "(x - x[-1])"),
        ("mips/prev5", "x[-5]"),
        ("mips/bitwise_not", "(1 - x)"),
        ("mips/newton_freebody", "sum(sum(x))"),
        ("mips/newton_spring", "((x + y[t-1]) - y[t-2])"),
        ("mips/newton_magnetic", "((((x1 + y2[t-2]) + (2 * y1[t-1])) - y2[t-1]) - y1[t-2])"),
    ],
)
def test_whole_laws(name, law):
    work = work_on(name)
    assert best(linear(work, work.outputs[0])) == law


def test_masked_outputs_give_the_other_recurrence():
    work = work_on("mips/newton_spring", bias=Bias.parse(mask="y[t-1],y[t-2]"))
    weights = {part for part in walk(linear(work, "y")[0].term) if isinstance(part, Past | Col | Shift)}
    assert weights == {Past("y", 3), Col("x"), Shift(Col("x"), 1)}


def test_a_masked_lag_is_not_read_through_an_aggregate():
    work = work_on("mips/sum", bias=Bias.parse(mask="x[t-2]"))
    assert not any(isinstance(part, Run) for answer in linear(work, "y") for part in walk(answer.term))


def test_no_feedback_where_none_is_offered():
    assert linear(work_on("mips/newton_spring", bias=Bias.parse(feedback=0)), "y") == []


@pytest.mark.parametrize(
    ("name", "output", "law"),
    [
        ("physics/spring", "v_next", "((v + (0.3517 * force)) - (0.4139 * x))"),
        ("physics/pendulum", "v_next", "((0.9743 * v) - (0.6137 * sin(angle)))"),
        ("physics/lotka_volterra", "prey_next", "((1.1733 * prey) - (0.1129 * (hunters * prey)))"),
        ("physics/gravity", "v_next", "(v - 1.3113)"),
    ],
)
def test_laws_without_noise_have_the_true_constants(name, output, law):
    found = sparse(work_on(name), output, time.monotonic() + 60)
    assert found[0].exact
    assert best(found) == law


@pytest.mark.parametrize("name", ["physics/pendulum", "physics/logistic_map", "physics/projectile_drag"])
def test_noise_keeps_the_structure_and_constants_within_a_percent(name):
    output = get_numeric_task(name).output_names[-1]
    clean = sparse(work_on(name, 2000), output, time.monotonic() + 60)[0].term
    noisy = sparse(work_on(name, 2000, noise=0.01), output, time.monotonic() + 60)[0]
    assert not noisy.exact
    assert skeleton(noisy.term) == skeleton(clean)
    for a, b in zip(constants(noisy.term), constants(clean), strict=True):
        assert a == pytest.approx(b, rel=0.01)


def skeleton(term: Term) -> str:
    return "".join(c for c in show(term) if not (c.isdigit() or c == "."))


def constants(term: Term) -> list[float]:
    if isinstance(term, Num):
        return [float(term.value)]
    return [c for arg in term.args for c in constants(arg)] if isinstance(term, Op) else []


def test_supports_are_the_smallest_ones():
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(200, 30))
    y = columns[:, 3] - 2 * columns[:, 7] + 0.5 * columns[:, 20] + 1
    assert next(supports(columns, y)) == (3, 7, 20)
    wide = columns @ rng.normal(size=30)
    assert list(supports(columns, wide, most=8)) == []


def test_weights_are_snapped_and_written_as_one_would():
    x, z = Col("x"), Col("z")
    assert snapped(0.3333333333) != 0.3333333333
    assert neat(0.21730000000000002) == 0.2173
    assert show(weighted_sum([-1, 1], [x, z])) == "(z - x)"
    assert show(weighted_sum([snapped(1 / 3), snapped(0.5)], [x, z], 1)) == "((((2 * x) + (3 * z)) + 6) / 6)"
    assert show(weighted_sum([0, 0], [x, z], 4)) == "4"


def test_unsolvable_data_gives_nothing():
    rng = np.random.default_rng(0)
    series = Series.of(list(rng.integers(0, 9, (60, 8, 1))), list(rng.integers(0, 9, (60, 8, 1))))
    work = Work(SeriesProblem("noise", series, series, series, whole=True), 0, time.monotonic() + 20)
    assert linear(work, "y") == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"modes": "shift,sums"}, "--modes: unknown 'sums'; did you mean sum?"),
        ({"operators": "plus"}, "--operators: unknown 'plus'"),
        ({"window": 0}, "--window 0: expected a number of steps"),
        ({"units": -1}, "--units -1: expected 0 or more"),
    ],
)
def test_unknown_pieces_are_refused(arguments, message):
    with pytest.raises(PellucidError, match=message.replace("?", r"\?")):
        Bias.parse(**arguments)


@pytest.mark.parametrize("mask", ["z", "z[t-1]", "y[t]"])
def test_masks_name_columns_of_the_data(mask):
    with pytest.raises(PellucidError, match="--mask"):
        Bias.parse(mask=mask).check(["x"], ["y"])
    Bias.parse(mask="x[t], y[t - 1], position", readable_inputs="x").check(["x"], ["y"])


def test_equal_weights_are_bracketed_and_tied_under_noise():
    x, square = Col("x"), Op("square", (Col("x"),))
    assert show(weighted_sum([3.5, -3.5], [x, square])) == "(3.5 * (x - square(x)))"
    noisy = sparse(work_on("physics/logistic_map", 2000, noise=0.01), "x_next", time.monotonic() + 60)[0].term
    assert skeleton(noisy) == "( * (x - square(x)))"
