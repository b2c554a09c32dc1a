"""The numeric tasks against definitions written a second time, examples worked by hand, and documented ranges."""

import ast
import math
import operator
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import least_squares

from numeric_definitions import DEFINITIONS, DOCUMENTED
from pellucid.data.old_tasks import all_tasks, find_task, get_numeric_task, get_task, numeric_names, numeric_tasks
from pellucid.errors import PellucidError

MIPS = numeric_tasks("mips")
PHYSICS = numeric_tasks("physics")

BY_HAND = [
    ("bit_addition", [(1, 1), (1, 0), (1, 1), (0, 0)], [0, 0, 1, 1]),
    ("base_3_addition", [(2, 2), (1, 1), (0, 2), (0, 0)], [1, 0, 0, 1]),
    ("base_7_addition", [(6, 6), (6, 6), (0, 0)], [5, 6, 1]),
    ("abs_value_of_diff", [-3, 4, 4], [3, 7, 0]),
    ("diff_last2", [5, -2, 7], [5, -7, 9]),
    ("diff_of_abs_value", [-5, 3, -3], [5, -2, 0]),
    ("add_mod_3", [2, 2, 0, 1], [2, 1, 1, 2]),
    ("alternating_last3", [1, 0, 1, 0, 0, 1, 0], [0, 1, 1, 1, 0, 0, 1]),
    ("alternating_last3", [0, 1, 0], [0, 0, 1]),
    ("alternating_last4", [1, 0, 1, 0, 1, 1], [0, 0, 1, 1, 1, 0]),
    ("balanced_parenthesis", [0, 1, 0, 0, 1, 1, 1, 0, 1], [0, 1, 0, 0, 0, 1, 0, 0, 0]),
    ("bit_dot_prod_mod2", [(1, 1), (1, 0), (1, 1), (1, 1)], [1, 1, 0, 1]),
    ("bit_palindromes", [1, 0, 1, 1, 0, 1], [1, 0, 1, 0, 0, 1]),
    ("bit_shift_right", [1, 0, 1], [0, 1, 0]),
    ("dithering", [10, 10, 10, 15, 0], [0, 1, 1, 1, 0]),
    ("div_3", [1, 1, 0, 1, 1], [0, 1, 0, 0, 1]),  # 27 / 3 = 9
    ("div_5", [1, 1, 0, 0, 1], [0, 0, 1, 0, 1]),  # 25 / 5 = 5
    ("div_7", [1, 1, 1, 0], [0, 0, 1, 0]),  # 14 / 7 = 2
    ("evens_counter", [3, 4, 0, 5], [0, 1, 2, 2]),
    ("majority0_1", [1, 0, 1], [1, 0, 1]),
    ("majority0_3", [3, 2, 2, 3, 3], [3, 2, 2, 2, 3]),
    ("max", [3, 1, 5], [3, 3, 5]),
    ("min", [3, 1, 5], [3, 1, 1]),
    ("newton_freebody", [1, 0, -2], [1, 2, 1]),
    ("newton_gravity", [1, 0, 2], [0, -1, -1]),
    ("newton_spring", [1, 0, 0, 0, 0, 0, 0], [1, 1, 0, -1, -1, 0, 1]),
    ("newton_magnetic", [(1, 0), (0, 0), (0, 1)], [(1, 0), (2, 1), (2, 4)]),
    ("parity_last2", [1, 1, 0, 0], [1, 0, 1, 0]),
    ("parity_last3", [1, 1, 1, 0], [1, 0, 1, 0]),
    ("parity_of_index", [1, 1, 0], [0, 1, 0]),
    ("parity_of_zeros", [0, 1, 0], [1, 1, 0]),
    ("perfect_square_detector", [0, 1, 2, 4, 9, 16, 15], [1, 1, 0, 1, 1, 1, 0]),
    ("prev3", [7, 8, 9, 10], [0, 0, 0, 7]),
    ("sum_last3", [1, 2, 3, 4], [1, 3, 6, 9]),
    ("unique2", [0, 3, 3, 0], [1, 0, 1, 0]),
    ("maximum_prev2", [3, 1, 0, 2], [3, 3, 1, 2]),
    ("minimum_prev2", [3, 1, 4, 2], [0, 1, 1, 2]),
]


def expected(name: str, x: np.ndarray) -> list[list[int]]:
    rows = x.tolist()
    outputs = [DEFINITIONS[name](rows[: t + 1]) for t in range(len(rows))]
    return [list(y) if isinstance(y, tuple) else [y] for y in outputs]


def test_all_tasks_are_there():
    assert [task.name for task in MIPS] == [f"mips/{name}" for name in DEFINITIONS]
    assert list(DEFINITIONS) == [*DOCUMENTED, "maximum_prev2", "minimum_prev2"]
    assert len(DOCUMENTED) == 62
    assert len(PHYSICS) == 10
    assert numeric_names() == numeric_names("mips") + numeric_names("physics")


@pytest.mark.parametrize(("name", "inputs", "outputs"), BY_HAND)
def test_examples_by_hand(name, inputs, outputs):
    x = np.array(inputs).reshape(len(inputs), -1)
    assert get_numeric_task(f"mips/{name}").oracle(x).tolist() == np.array(outputs).reshape(len(inputs), -1).tolist()
    assert expected(name, x) == np.array(outputs).reshape(len(inputs), -1).tolist()


@pytest.mark.parametrize("task", MIPS, ids=lambda task: task.name)
@pytest.mark.parametrize("factor", [1, 3])
def test_oracle_is_the_definition(task, factor):
    data = task.dataset(seed=5, size=60, length=factor * task.length)
    assert data.whole_inputs
    assert data.whole_outputs
    for x, y in zip(data.inputs, data.outputs, strict=True):
        assert y.tolist() == expected(task.name.removeprefix("mips/"), x)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_ranges_are_met(name):
    klass, (low, high, least, most), columns, length = DOCUMENTED[name]
    task = get_numeric_task(f"mips/{name}")
    assert (task.klass, task.length) == (klass, length)
    data = task.dataset(seed=0, size=2000)
    x, y = np.concatenate(data.inputs), np.concatenate(data.outputs)
    assert x.shape == (2000 * length, columns)
    assert (x.min(), x.max()) == (low, high)
    slack = 0 if most - least <= 99 and "spring" not in name else 0.12 * (most - least)
    assert abs(y.min() - least) <= slack
    assert abs(y.max() - most) <= slack


@pytest.mark.parametrize("task", numeric_tasks(), ids=lambda task: task.name)
def test_an_output_depends_on_earlier_inputs_only(task):
    for x in task.dataset(seed=2, size=5).inputs:
        full = task.oracle(x)
        for t in (1, 2, len(x) // 2):
            assert (task.oracle(x[:t]) == full[:t]).all()


@pytest.mark.parametrize("task", numeric_tasks(), ids=lambda task: task.name)
def test_data_is_a_function_of_the_seed(task):
    first, again, other = (task.dataset(seed, size=20) for seed in (0, 0, 1))
    assert all((a == b).all() for a, b in zip(first.inputs, again.inputs, strict=True))
    assert all((a == b).all() for a, b in zip(first.outputs, again.outputs, strict=True))
    assert any((a != b).any() for a, b in zip(first.inputs, other.inputs, strict=True))
    assert (first.input_names, first.output_names) == (task.input_names, task.output_names)
    assert task.summary
    assert task.law
    assert "\n" not in task.summary


def test_numbers_beyond_64_bits_are_refused_and_never_wrap():
    task = get_numeric_task("mips/newton_magnetic")
    with pytest.raises(PellucidError, match="outputs at length 400 are beyond 64 bits"):
        task.dataset(size=2, length=400)
    huge = np.full((2, 1), 2**62)
    with pytest.raises(OverflowError):
        get_numeric_task("mips/sum").oracle(huge)


# --- physics ---

_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_FUNCTIONS = {"sin": np.sin, "sqrt": np.sqrt}


def value(expression: str, names):
    """The value of a law, from its text alone."""

    def walk(node):
        match node:
            case ast.BinOp(left, op, right):
                return _OPERATORS[type(op)](walk(left), walk(right))
            case ast.Name(name):
                return names[name]
            case ast.Constant(number):
                return number
            case ast.Call(ast.Name(function), [argument]):
                return _FUNCTIONS[function](walk(argument))
        raise AssertionError(ast.dump(node))

    return walk(ast.parse(expression, mode="eval").body)


def table(series):
    x = np.concatenate(series.inputs)
    return dict(zip(series.input_names, x.T, strict=True)), np.concatenate(series.outputs)


@pytest.mark.parametrize("task", PHYSICS, ids=lambda task: task.name)
def test_the_law_is_what_the_oracle_computes(task):
    columns, y = table(task.dataset(seed=1, size=50))
    assert tuple(task.laws) == task.output_names == tuple(f"{state}_next" for state in task.state)
    for i, law in enumerate(task.laws.values()):
        np.testing.assert_allclose(value(law, {**columns, **task.constants}), y[:, i], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("task", PHYSICS, ids=lambda task: task.name)
def test_inputs_are_trajectories_of_reals(task):
    data = task.dataset(seed=1, size=50, length=30)
    assert not data.whole_inputs
    assert not data.whole_outputs
    for x, y in zip(data.inputs, data.outputs, strict=True):
        assert np.isfinite(y).all()
        assert (x[1:, : len(task.state)] == y[:-1]).all()
        assert np.abs(y).max() < 1000


@pytest.mark.parametrize("task", PHYSICS, ids=lambda task: task.name)
def test_constants_are_irregular(task):
    assert task.constants
    for constant in task.constants.values():
        assert abs(constant - float(Fraction(constant).limit_denominator(20))) > 1e-4


@pytest.mark.parametrize("task", PHYSICS, ids=lambda task: task.name)
@pytest.mark.parametrize(("noise", "error"), [(0.0, 1e-9), (0.01, 0.01)])
def test_the_data_determine_the_constants(task, noise, error):
    """With 1 % noise too, and from each output by itself, as a learner that treats them one by one has to."""
    columns, y = table(task.dataset(seed=3, noise=noise))
    for i, law in enumerate(task.laws.values()):
        names = sorted({n.id for n in ast.walk(ast.parse(law)) if isinstance(n, ast.Name)} & {*task.constants})

        def residual(constants, law=law, names=names, i=i):
            return value(law, {**columns, **dict(zip(names, constants, strict=True))}) - y[:, i]

        true = np.array([task.constants[name] for name in names])
        found = least_squares(residual, 1.1 * true, xtol=1e-15, ftol=1e-15, gtol=1e-15).x
        np.testing.assert_allclose(found, true, rtol=error)


def test_noise_is_on_the_outputs_only_and_relative_to_their_spread():
    task = get_numeric_task("physics/projectile_drag")
    plain, noisy = task.dataset(seed=0), task.dataset(seed=0, noise=0.05)
    assert all((a == b).all() for a, b in zip(plain.inputs, noisy.inputs, strict=True))
    a, b = np.concatenate(plain.outputs), np.concatenate(noisy.outputs)
    np.testing.assert_allclose((b - a).std(axis=0) / a.std(axis=0), 0.05, rtol=0.03)


# --- settings and names ---


def test_settings():
    assert get_numeric_task("physics/spring").defaults == {"length": 10, "noise": 0.0}
    assert get_numeric_task("mips/prev5").defaults == {"length": 20}


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("mips/sum", {"noise": 0.1}, "task mips/sum has no setting 'noise'; its settings are length"),
        ("physics/spring", {"mass": 1}, "no setting 'mass'; its settings are length and noise"),
        ("physics/spring", {"noise": math.nan}, "noise is nan; expected a number from 0 to 1"),
        ("physics/spring", {"noise": "x"}, "noise is 'x'; expected a number"),
        ("mips/sum", {"size": 0}, "size is 0; expected a whole number from 1"),
        ("mips/sum", {"length": 2.5}, "length is 2.5; expected a whole number"),
    ],
)
def test_bad_settings(name, settings, message):
    with pytest.raises(PellucidError) as caught:
        get_numeric_task(name).dataset(**settings)
    assert message in str(caught.value)


def test_tasks_by_name():
    assert find_task("mips/sum") is get_numeric_task("mips/sum")
    assert find_task("sort") is get_task("sort")
    assert not {task.name for task in all_tasks()} & set(numeric_names())


@pytest.mark.parametrize(
    ("find", "name", "message"),
    [
        (find_task, "mips/sun", "did you mean mips/sum"),
        (find_task, "parity", "did you mean mips/parity"),
        (get_task, "sotr", "did you mean sort or hist? the tasks are reverse, sort"),
        (get_task, "mips/sum", "task mips/sum is on number sequences"),
        (get_numeric_task, "sort", "task sort is on symbols"),
        (get_numeric_task, "qqqqqq", "unknown task 'qqqqqq'; the tasks are reverse"),
    ],
)
def test_unknown_names(find, name, message):
    with pytest.raises(PellucidError) as caught:
        find(name)
    assert message in str(caught.value)
