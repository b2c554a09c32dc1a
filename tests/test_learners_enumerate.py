"""Enumeration: short terms over numbers, whole numbers and texts, right on fresh data, within the bias, repeatable."""

import numpy as np
import pytest

from learner_problems import agrees, best, drawn, found_by, learned, problem_of, rule_problem, task_problem, work_on
from pellucid.bias import Bias
from pellucid.data.tasks import get_task
from pellucid.language.aggregates import AGGREGATES, Aggregation
from pellucid.language.forms import call
from pellucid.language.operators import OPERATORS, Operator
from pellucid.language.types import whole
from pellucid.learners.enumerate.bank import Bank
from pellucid.learners.enumerate.learner import ENUMERATE
from pellucid.learners.enumerate.pool import ONE, Pool, Recipe
from pellucid.learners.formulas.grid import Coding
from pellucid.learners.formulas.terms import Col, Op, allowed


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("mips/add_mod_5", "(sum(x) % 5)"),
        ("mips/abs_value_of_diff", "abs((x - x[-1]))"),
        ("mips/majority0_2", "mode(x)"),
        ("mips/unique2", "(x == x[-1])"),
        ("mips/perfect_square_detector", "(x == square(floor(sqrt(x))))"),
        ("mips/dithering", "((sum(x) // 15) - (sum(x) // 15)[-1])"),
        ("mips/bit_dot_prod_mod2", "(sum((x1 and x2)) % 2)"),
    ],
)
def test_short_programs(name, program):
    assert best(ENUMERATE, task_problem(name, 1000)) == program


@pytest.mark.parametrize("name", ["mips/bit_palindromes", "mips/balanced_parenthesis"])
def test_programs_are_right_on_fresh_data(name):
    program = learned(ENUMERATE, task_problem(name, 1500)).program
    instance = get_task(name).at(length=25)
    fresh = instance.sample(np.random.default_rng(11), 50)
    assert agrees(program, fresh.inputs, lambda x: list(instance.oracle(tuple(x))))


DIGITS = range(-9, 10)


def running_range(x):
    return [max(x[: i + 1]) - min(x[: i + 1]) for i in range(len(x))]


def sign_changes(x):
    y = [0] * len(x)
    for i in range(1, len(x)):
        y[i] = y[i - 1] + ((x[i - 1] < 0) != (x[i] < 0))
    return y


@pytest.mark.parametrize(
    ("rule", "program"),
    [
        (running_range, "(max(x) - min(x))"),
        (sign_changes, "sum(((x < 0) != (x < 0)[-1, same]))"),
    ],
)
def test_whole_numbers_of_few_values_are_numbers(rule, program):
    problem = rule_problem(rule, DIGITS, 1000, 10)
    found = learned(ENUMERATE, problem)
    assert found.details["terms"] == {"y": program}
    assert agrees(found.program, [*drawn(DIGITS, 30, 40), [100, -200, 300]], rule)


@pytest.mark.parametrize(
    ("rule", "program"),
    [
        (lambda x: ["same" if i >= 2 and x[i] == x[i - 2] else "other" for i in range(len(x))], "(x == x[-2])"),
        (lambda x: ["start", *x[:-1]], None),
        (lambda x: [x[0]] * len(x), "first(x)"),
        (lambda x: ["X" if x[: i + 1].count("b") % 2 else "O" for i in range(len(x))], None),
        (lambda x: [x[: i + 1].count("a") - x[: i + 1].count("c") for i in range(len(x))], None),
    ],
)
def test_texts_are_compared_counted_and_passed_on(rule, program):
    problem = rule_problem(rule, "abcd")
    found = learned(ENUMERATE, problem)
    assert agrees(found.program, drawn("abcd", 40, 30), rule)
    assert program is None or found.details["terms"]["y"] == program


def streak(x):
    """How many rises in a row end here."""
    y = []
    for i, v in enumerate(x):
        y.append(y[-1] + 1 if i and v > x[i - 1] else 0)
    return y


def test_steps_in_a_row_are_counted():
    program = learned(ENUMERATE, rule_problem(streak, range(100))).program
    assert agrees(program, [*drawn(range(100), 30, 40), [0, 1, 2], [5, 5, 6]], streak)


def test_one_output_per_sequence():
    problem = rule_problem(lambda x: sum(x) % 4, range(9))
    found = learned(ENUMERATE, problem)
    assert found.details["terms"] == {"y": "(sum(x) % 4)"}
    assert (found.program.when, found.program.empty) == ("last", (0,))


def test_a_threshold_on_reals_is_found():
    rng = np.random.default_rng(3)
    inputs = [rng.uniform(-1, 1, 8) for _ in range(200)]
    problem = problem_of([x.tolist() for x in inputs], [(np.cumsum(x) > 0.25).astype(int).tolist() for x in inputs])
    assert best(ENUMERATE, problem).startswith("(sum(x) > 0.2")


def test_forbidden_operators_and_modes_are_not_used():
    bias = Bias.parse(modes="sum", operators="-,//,*")
    found = found_by(ENUMERATE, task_problem("mips/parity", bias=bias))
    assert found
    assert all(allowed(term, bias) for term in found)


def test_no_units_leave_a_windowed_maximum():
    assert best(ENUMERATE, task_problem("mips/maximum_prev2", bias=Bias.parse(units=0))) == "max2(x)"


def test_impossible_data_is_not_called_right():
    rng = np.random.default_rng(2)
    problem = problem_of(rng.integers(0, 9, (80, 8)).tolist(), rng.integers(0, 9, (80, 8)).tolist())
    assert found_by(ENUMERATE, problem, effort=0.05) == []


def test_the_same_seed_gives_the_same_answers():
    first, second = (best(ENUMERATE, task_problem("mips/parity_last3")) for _ in range(2))
    assert first == second


def test_where_another_column_is_largest():
    rng, inputs = np.random.default_rng(4), []
    for _ in range(200):
        inputs.append([tuple(row) for row in rng.integers(0, 50, (rng.integers(4, 9), 2)).tolist()])

    def best_so_far(x):
        return [max(x[: i + 1], key=lambda step: step[1])[0] for i in range(len(x))]

    found = learned(ENUMERATE, problem_of(inputs, list(map(best_so_far, inputs))), effort=0.1)
    assert agrees(found.program, [[list(step) for step in x] for x in inputs], best_so_far)


def test_differences_of_real_columns_are_at_hand():
    """A clock that ticks unevenly and a rate: what has come together."""
    rng, inputs, outputs = np.random.default_rng(5), [], []
    for _ in range(150):
        ticks, rates = rng.choice([0.1, 0.2, 0.5], 8), rng.integers(-5, 6, 8)
        clock = np.cumsum(ticks).round(6)
        inputs.append(list(zip(clock.tolist(), rates.tolist(), strict=True)))
        outputs.append(np.cumsum(np.diff(clock, prepend=0) * rates).tolist())
    assert best(ENUMERATE, problem_of(inputs, outputs)) == "sum((x2 * (x1 - x1[-1])))"


@pytest.mark.parametrize("bias", [Bias.parse(readable_inputs=""), Bias.parse(modes="", units=0), Bias.parse(mask="x")])
def test_nothing_to_work_with_is_no_error(bias):
    assert found_by(ENUMERATE, task_problem("mips/add_mod_3", 100, bias=bias), effort=0.05) == []


def test_effort_is_counted_and_a_deadline_cuts():
    work = work_on(task_problem("mips/parity", 200))
    work.run.deadline = 0.0
    assert list(filter(None, ENUMERATE.learn(work.problem, work.run))) == []


# ---------------------------------------------------------------- rows


def test_an_operator_is_one_row(monkeypatch):
    gap = Operator("gap", (2, 2), lambda a, b: (a - b) ** 3, lambda types: whole(), lambda types: call("gap", 2), "gap")
    monkeypatch.setitem(OPERATORS, "gap", gap)
    bias = Bias(operators=frozenset(OPERATORS), modes=frozenset(AGGREGATES) | {"shift"})

    def rule(x):
        return [(v - (x[i - 1] if i else 0)) ** 3 for i, v in enumerate(x)]

    assert best(ENUMERATE, rule_problem(rule, range(-3, 4), bias=bias)) == "gap(x, x[-1])"


def test_an_aggregate_is_one_row(monkeypatch):
    widest = Aggregation("widest", lambda p: max(map(abs, p.values)) * 2, lambda t: whole(), "widest {value}")
    monkeypatch.setitem(AGGREGATES, "widest", widest)
    bias = Bias(modes=frozenset(AGGREGATES) | {"shift"})

    def rule(x):
        return [2 * max(map(abs, x[: i + 1])) + 1 for i in range(len(x))]

    assert best(ENUMERATE, rule_problem(rule, range(-4, 6), bias=bias)) == "(widest(x) + 1)"


def test_operators_that_say_the_same_are_tried_once():
    bank = Bank.of(Bias(), False)
    assert {row.name for row in bank.binary} == {"==", "!=", "<", "<=", "and", "or", "+", "-", "*", "//", "%", "min",
                                                 "max", "^", "&", "|"}  # fmt: skip
    assert {row.name for row in bank.unary} == {"abs", "not", "square", "sign"}
    assert "/" in {row.name for row in Bank.of(Bias(), True).binary}


def test_pools_keep_one_column_of_each_kind():
    pool = Pool(np.ones((2, 2), bool), Coding(["a"]), False, 10)
    pool.base(Col("x"), np.array([[0.0, 1.0], [1.0, 0.0]]))
    block = np.array([[0.0, 1.0, 1.0, 0.0], [3.0, 3.0, 3.0, 3.0], [1.0, 2.0, 3.0, np.nan], [1.0, 2.0, 3.0, 4.0]])
    assert pool.add(lambda row: Recipe(Op("abs", (ONE,)), (0,)), block, 2) == [1]
    assert pool.flags.tolist() == [True, False]
    assert not pool.symbols.any()
