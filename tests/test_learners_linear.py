"""Linear laws, recurrences and sparse regression: the right law, its constants, and what the bias forbids."""

import numpy as np
import pytest

from learner_problems import best, found_by, problem_of, rule_problem, task_problem, work_on
from pellucid.bias import Bias
from pellucid.data.tasks import get_task
from pellucid.language.expressions import Const
from pellucid.learners.dynamics import DYNAMICS
from pellucid.learners.formulas.affine import neat, simple, snapped, supports, weighted_sum
from pellucid.learners.formulas.terms import Col, Op, Over, Past, Shift, Term, show, size, walk
from pellucid.learners.linear import LINEAR
from pellucid.learners.sparse import SPARSE


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
    assert best(LINEAR, task_problem(name)) == law


def test_flags_of_symbols_are_the_numbers():
    def rule(x):
        return [2 * x[: i + 1].count("up") - x[: i + 1].count("down") for i in range(len(x))]

    problem = rule_problem(rule, ("up", "down", "stay"))
    assert best(LINEAR, problem) == "((2 * sum((x == 'up'))) - sum((x == 'down')))"
    counts = problem_of(words(), [x.count("a") - 3 * x.count("b") for x in words()])
    assert best(LINEAR, counts) == "(sum((x == 'a')) - (3 * sum((x == 'b'))))"


def words() -> list[list[str]]:
    rng = np.random.default_rng(0)
    return [["abc"[i] for i in rng.integers(3, size=n)] for n in rng.integers(1, 9, 200)]


def test_recurrences_that_grow_are_not_ended_by_near_fits():
    def tribonacci(x):
        y = [0, 0, 0]
        for v in x:
            y.append(sum(y[-3:]) + v)
        return y[3:]

    rng = np.random.default_rng(3)
    inputs = [[*rng.integers(0, 10, 3).tolist(), *[0] * 17] for _ in range(200)]
    found = found_by(LINEAR, problem_of(inputs, list(map(tribonacci, inputs))))
    parts = {part for part in walk(found[0]) if isinstance(part, Past | Col)}
    assert parts == {Col("x"), Past("y", 1), Past("y", 2), Past("y", 3)}


def test_a_recurrence_is_shorter_than_sums_of_past_outputs():
    x, past = Col("x"), (Past("y", 1), Past("y", 2))
    assert size(Op("-", (Op("+", (x, past[0])), past[1]))) < size(Over("sum", Op("-", (x, past[1]))))


def test_what_is_largest_so_far_is_found_under_noise():
    rng = np.random.default_rng(4)
    walks = [np.cumsum(rng.integers(-9, 10, 30)) + 100 for _ in range(150)]
    falls = [(np.maximum.accumulate(w) - w + rng.normal(0, 0.05, 30)).tolist() for w in walks]
    assert best(SPARSE, problem_of([w.tolist() for w in walks], falls)) == "(max(x) - x)"


def test_masked_outputs_give_the_other_recurrence():
    problem = task_problem("mips/newton_spring", bias=Bias.parse(mask="y[t-1],y[t-2]"))
    weights = {part for part in walk(found_by(LINEAR, problem)[0]) if isinstance(part, Past | Col | Shift)}
    assert weights == {Past("y", 3), Col("x"), Shift(Col("x"), 1)}


def test_a_masked_lag_is_not_read_through_an_aggregate():
    problem = task_problem("mips/sum", bias=Bias.parse(mask="x[t-2]"))
    assert not any(isinstance(part, Over) for term in found_by(LINEAR, problem) for part in walk(term))


def test_no_feedback_where_none_is_offered():
    assert found_by(LINEAR, task_problem("mips/newton_spring", bias=Bias.parse(feedback=0))) == []


def test_single_steps_have_no_past():
    rng = np.random.default_rng(1)
    work = work_on(problem_of([[v] for v in rng.random(50)], [[v] for v in rng.random(50)]))
    assert work.lags(3) == work.past(3) == work.position() == []


@pytest.mark.parametrize(
    ("learner", "name", "output", "law"),
    [
        (DYNAMICS, "physics/spring", "v_next", "((v + (0.3517 * force)) - (0.4139 * x))"),
        (DYNAMICS, "physics/gravity", "v_next", "(v - 1.3113)"),
        (SPARSE, "physics/spring", "v_next", "((v + (0.3517 * force)) - (0.4139 * x))"),
        (SPARSE, "physics/pendulum", "v_next", "((0.9743 * v) - (0.6137 * sin(angle)))"),
        (SPARSE, "physics/lotka_volterra", "prey_next", "((1.1733 * prey) - (0.1129 * (hunters * prey)))"),
    ],
)
def test_laws_without_noise_have_the_true_constants(learner, name, output, law):
    assert best(learner, task_problem(name), output) == law


def test_a_wide_beam_finds_sums_that_a_narrow_one_walks_past():
    rng = np.random.default_rng(5)
    inputs = [rng.uniform([0.5, 0.2], [6, 3], (20, 2)).tolist() for _ in range(60)]
    outputs = [[3 * x - x * x - 2 * x * y for x, y in row] for row in inputs]
    assert best(SPARSE, problem_of(inputs, outputs)) == "(((3 * x1) - square(x1)) - (2 * (x1 * x2)))"


@pytest.mark.parametrize("name", ["physics/pendulum", "physics/logistic_map", "physics/projectile_drag"])
def test_noise_keeps_the_structure_and_constants_within_a_percent(name):
    output = get_task(name).names[1][-1]
    clean = found_by(SPARSE, task_problem(name, 2000), output)[0]
    noisy = found_by(SPARSE, task_problem(name, 2000, noise=0.01), output)[0]
    assert skeleton(noisy) == skeleton(clean)
    for a, b in zip(constants(noisy), constants(clean), strict=True):
        assert a == pytest.approx(b, rel=0.01)


def skeleton(term: Term) -> str:
    return "".join(c for c in show(term) if not (c.isdigit() or c == "."))


def constants(term: Term) -> list[float]:
    if isinstance(term, Const):
        assert isinstance(term.value, int | float)
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
    assert [simple(1e-12, 1.0), simple(0.49999999999, 1.0), simple(1.3112999999999997, 1.0)] == [0, 0.5, 1.3113]
    assert show(weighted_sum([-1, 1], [x, z])) == "(z - x)"
    assert show(weighted_sum([snapped(1 / 3), snapped(0.5)], [x, z], 1)) == "((((2 * x) + (3 * z)) + 6) / 6)"
    assert show(weighted_sum([0, 0], [x, z], 4)) == "4"


def test_unsolvable_data_gives_nothing():
    rng = np.random.default_rng(0)
    problem = problem_of(rng.integers(0, 9, (60, 8)).tolist(), rng.integers(0, 9, (60, 8)).tolist())
    assert found_by(LINEAR, problem) == found_by(DYNAMICS, problem) == []


def test_equal_weights_are_bracketed_and_tied_under_noise():
    x, square = Col("x"), Op("square", (Col("x"),))
    assert show(weighted_sum([3.5, -3.5], [x, square])) == "(3.5 * (x - square(x)))"
    noisy = found_by(SPARSE, task_problem("physics/logistic_map", 2000, noise=0.01), "x_next")[0]
    assert skeleton(noisy) == "( * (x - square(x)))"
