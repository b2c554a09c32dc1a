"""The numeric tasks against definitions written a second time, examples worked by hand, and documented ranges."""

import ast
import math
import operator
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import least_squares

from numeric_definitions import DEFINITIONS, DOCUMENTED
from pellucid.data.data import Data
from pellucid.data.tasks import TASKS, Task, get_task
from pellucid.errors import PellucidError

MIPS = [task for task in TASKS.values() if task.group == "mips"]
PHYSICS = [task for task in TASKS.values() if task.group == "physics"]


def sample(task: Task, seed: int = 0, size: int | None = None, **settings) -> Data:
    return task.at(**settings).sample(np.random.default_rng(seed), size or task.examples)


def rows(sequences) -> np.ndarray:
    """All steps of all sequences, [steps, columns]."""
    return np.concatenate([np.reshape(x, (len(x), -1)) for x in sequences])


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


def expected(name: str, x) -> tuple:
    steps = [step if isinstance(step, tuple) else (step,) for step in x]
    return tuple(DEFINITIONS[name](steps[: t + 1]) for t in range(len(steps)))


def test_all_tasks_are_there():
    assert [task.name for task in MIPS] == [f"mips/{name}" for name in DEFINITIONS]
    assert list(DEFINITIONS) == [*DOCUMENTED, "maximum_prev2", "minimum_prev2"]
    assert len(DOCUMENTED) == 62
    assert len(PHYSICS) == 10


@pytest.mark.parametrize(("name", "inputs", "outputs"), BY_HAND)
def test_examples_by_hand(name, inputs, outputs):
    assert get_task(f"mips/{name}").oracle(tuple(inputs)) == tuple(outputs) == expected(name, inputs)


@pytest.mark.parametrize("task", MIPS, ids=lambda task: task.name)
@pytest.mark.parametrize("factor", [1, 3])
def test_oracle_is_the_definition(task, factor):
    data = sample(task, seed=5, size=60, length=factor * task.sizes["length"])
    assert all(f.type.is_whole for f in (*data.schema.inputs, *data.schema.outputs))
    for x, y in zip(data.inputs, data.outputs, strict=True):
        assert y == expected(task.name.removeprefix("mips/"), x)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_documented_ranges_are_met(name):
    klass, (low, high, least, most), columns, length = DOCUMENTED[name]
    task = get_task(f"mips/{name}")
    assert (task.klass, task.sizes) == (klass, {"length": length})
    data = sample(task, size=2000)
    x, y = rows(data.inputs), rows(data.outputs)
    assert x.shape == (2000 * length, columns)
    assert (x.min(), x.max()) == (low, high)
    slack = 0 if most - least <= 99 and "spring" not in name else 0.12 * (most - least)
    assert abs(y.min() - least) <= slack
    assert abs(y.max() - most) <= slack


@pytest.mark.parametrize("task", [*MIPS, *PHYSICS], ids=lambda task: task.name)
def test_an_output_depends_on_earlier_inputs_only(task):
    for x in sample(task, seed=2, size=5).inputs:
        full = task.oracle(x)
        for t in (1, 2, len(x) // 2):
            assert task.oracle(x[:t]) == full[:t]


@pytest.mark.parametrize("task", [*MIPS, *PHYSICS], ids=lambda task: task.name)
def test_data_is_a_function_of_the_seed(task):
    first, again, other = (task.at().splits(seed, size=20) for seed in (0, 0, 1))
    assert first == again
    assert first.train.inputs != other.train.inputs
    assert first.schema.shape == (*task.names, "every")
    assert task.summary
    assert task.law
    assert "\n" not in task.summary


@pytest.mark.parametrize("task", MIPS, ids=lambda task: task.name)
def test_domains_of_whole_numbers(task):
    instance = task.at(length=2)
    assert all(map(instance.holds, sample(task, size=100, length=2).inputs))
    walk = instance.enumerate()
    assert walk is not None
    assert len(set(walk)) == instance.domain.size
    assert not instance.holds((0,))


def test_numbers_of_any_size_are_exact():
    y = get_task("mips/newton_magnetic").oracle([(10, -10)] * 400)
    assert max(abs(v) for v in y[-1]) > 2**150
    assert get_task("mips/sum").oracle([2**62, 2**62]) == (2**62, 2**63)


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


def table(data):
    return dict(zip(data.schema.shape[0], rows(data.inputs).T, strict=True)), rows(data.outputs)


@pytest.mark.parametrize("task", PHYSICS, ids=lambda task: task.name)
def test_the_law_is_what_the_oracle_computes(task):
    columns, y = table(sample(task, seed=1, size=50))
    assert tuple(task.laws) == task.names[1] == tuple(f"{state}_next" for state in task.state)
    for i, law in enumerate(task.laws.values()):
        np.testing.assert_allclose(value(law, {**columns, **task.constants}), y[:, i], rtol=1e-12, atol=1e-12)


def test_physics_by_hand():
    assert get_task("physics/gravity").oracle([(10.0, 2.0)]) == ((10 + 0.1337 * 2, 2 - 1.3113),)
    assert get_task("physics/logistic_map").oracle([0.5, 0.25]) == (3.7713 * 0.5 * 0.5, 3.7713 * 0.25 * 0.75)
    (planet,) = get_task("physics/kepler").oracle([(2.0, 0.0, 0.0, 0.5)])
    np.testing.assert_allclose(planet, (2 - 0.3173 * 0.2917 / 4, 0.3173 * 0.5, -0.2917 / 4, 0.5))


@pytest.mark.parametrize("task", PHYSICS, ids=lambda task: task.name)
def test_inputs_are_trajectories_of_reals(task):
    data = sample(task, seed=1, size=50, length=30)
    assert not any(f.type.is_whole for f in (*data.schema.inputs, *data.schema.outputs))
    for x, y in zip(data.inputs, data.outputs, strict=True):
        x, y = rows([x]), rows([y])
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
    columns, y = table(task.at(noise=noise).splits(3).train)
    for i, law in enumerate(task.laws.values()):
        names = sorted({n.id for n in ast.walk(ast.parse(law)) if isinstance(n, ast.Name)} & {*task.constants})

        def residual(constants, law=law, names=names, i=i):
            return value(law, {**columns, **dict(zip(names, constants, strict=True))}) - y[:, i]

        true = np.array([task.constants[name] for name in names])
        found = least_squares(residual, 1.1 * true, xtol=1e-15, ftol=1e-15, gtol=1e-15).x
        np.testing.assert_allclose(found, true, rtol=error)


def test_noise_is_on_the_outputs_only_and_relative_to_their_spread():
    task = get_task("physics/projectile_drag")
    plain, noisy = (task.at(noise=noise).splits().train for noise in (0.0, 0.05))
    assert plain.inputs == noisy.inputs
    a, b = rows(plain.outputs), rows(noisy.outputs)
    np.testing.assert_allclose((b - a).std(axis=0) / a.std(axis=0), 0.05, rtol=0.03)


# --- settings and names ---


def test_settings():
    assert get_task("physics/spring").sizes == {"length": 10, "noise": 0.0}
    assert get_task("mips/prev5").sizes == {"length": 20}


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("mips/sum", {"noise": 0.1}, "task mips/sum has no setting 'noise'; its settings are length"),
        ("physics/spring", {"mass": 1}, "no setting 'mass'; its settings are length and noise"),
        ("physics/spring", {"noise": math.nan}, "noise is nan; expected a number from 0 to 1"),
        ("physics/spring", {"noise": "x"}, "noise is 'x'; expected a number"),
        ("mips/sum", {"length": 2.5}, "length is 2.5; expected a whole number from 1 to 100000"),
    ],
)
def test_bad_settings(name, settings, message):
    with pytest.raises(PellucidError) as caught:
        get_task(name).at(**settings)
    assert message in str(caught.value)


def test_longer_data_is_without_noise():
    task = get_task("physics/spring").at(noise=0.5)
    found = task.longer(task.splits(size=50).schema)
    assert {name: (len(data), data.longest) for name, data in found.items()} == {"2N": (1000, 20), "4N": (1000, 40)}
    for data in found.values():
        np.testing.assert_allclose(rows(data.outputs[:3]), rows(map(task.oracle, data.inputs[:3])))
