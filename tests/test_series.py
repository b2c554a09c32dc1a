"""Data sets of number sequences: what they take, what they refuse, how they are divided."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data import Series, check_learnable, split_series
from pellucid.data.series import constant_columns, same_types
from pellucid.errors import PellucidError

INTS = st.integers(-(2**63), 2**63 - 1)
REALS = st.floats(allow_nan=False, allow_infinity=False)


def test_one_column_of_whole_numbers():
    series = Series.of([[1, 2, 3], [4]], [[1, 3, 6], [4]])
    assert (series.input_names, series.output_names, series.last, series.kind) == (("x",), ("y",), False, "numeric")
    assert series.whole_inputs
    assert series.whole_outputs
    assert [x.shape for x in series.inputs] == [(3, 1), (1, 1)]
    assert series.inputs[0].dtype == np.int64
    assert (series.rows(0), series.expected(0)) == ([1, 2, 3], [1, 3, 6])
    assert type(series.rows(0)[0]) is int


def test_several_columns_and_reals():
    series = Series.of([[[1, 2], [3, 4]]], [[0.5, 1]])
    assert series.input_names == ("x1", "x2")
    assert series.whole_inputs
    assert not series.whole_outputs
    assert series.rows(0) == [[1, 2], [3, 4]]
    assert series.expected(0) == [0.5, 1.0]


def test_one_output_per_sequence():
    series = Series.of([[1, 2], [3]], [3, 3])
    assert series.last
    assert series.outputs[0].shape == (1, 1)
    assert series.expected(0) == 3
    several = Series.of([[1, 2], [3]], [[3, 2], [3, 3]], last=True)
    assert several.output_names == ("y1", "y2")
    assert several.expected(0) == [3, 2]


def test_one_real_value_makes_its_side_real():
    assert Series.of([[1, 2.0]], [[1, 2]]).whole_inputs
    mixed = Series.of([[1, 2], [1, 2.5]], [[1, 2], [3, 4]])
    assert not mixed.whole_inputs
    assert mixed.inputs[0].dtype == np.float64
    assert mixed.whole_outputs
    assert not Series.of([[1e300]], [[1]]).whole_inputs


def test_arrays_and_tuples():
    x = np.arange(6, dtype=np.int32).reshape(3, 2)
    series = Series.of([x, x.astype(float)], [(1, 2, 3), np.array([1, 2, 3])], ["a", "b"], ["c"])
    assert series.whole_inputs
    assert series.rows(1) == x.tolist()
    assert series.input_names == ("a", "b")


def test_data_is_copied():
    x = np.zeros((3, 1), np.int64)
    series = Series.of([x], [[0, 0, 0]])
    x[0] = 7
    assert series.rows(0) == [0, 0, 0]


@given(st.lists(st.lists(st.tuples(INTS, INTS), min_size=1, max_size=5), min_size=1, max_size=4))
def test_whole_numbers_come_back_exactly(rows):
    series = Series.of(rows, [[a for a, _ in row] for row in rows])
    assert [series.rows(i) for i in range(len(series))] == [[list(step) for step in row] for row in rows]
    assert [series.expected(i) for i in range(len(series))] == [[a for a, _ in row] for row in rows]


@given(st.lists(st.lists(REALS, min_size=1, max_size=5), min_size=1, max_size=4))
def test_reals_come_back_exactly(rows):
    series = Series.of(rows, rows)
    assert [series.rows(i) for i in range(len(series))] == rows


GOOD = [1, 2, 3]


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([1, math.nan], [1, 2], "example 2: input at step 2: nan is not finite"),
        ([1, 2], [1, -math.inf], "example 2: output at step 2: -inf is not finite"),
        (np.array([1.0, np.inf]), [1, 2], "example 2: input at step 2: inf is not finite"),
        ([1, "2"], [1, 2], "example 2: input at step 2: '2' is text; expected a number"),
        ([True, 2], [1, 2], "example 2: input at step 1: True is a boolean; expected a number"),
        (np.array([True, False]), [1, 2], "True is a boolean"),
        ([1, None], [1, 2], "None is null (None); expected a number"),
        ([1, 1j], [1, 2], "1j is of type complex"),
        ([1, 2**63], [1, 2], "9223372036854775808 is beyond 64 bits"),
        ([1, 2], [1, -(2**63) - 1], "output at step 2: -9223372036854775809 is beyond 64 bits"),
        (np.array([1, 2**63], np.uint64), [1, 2], "9223372036854775808 is beyond 64 bits"),
        ([1, [2]], [1, 2], "input at step 2: [2] is a list, step 1 is a number; every step needs the same columns"),
        ([[1], 2], [1, 2], "input at step 2: 2 is a number, step 1 is a list"),
        ([[1], "a"], [1, 2], "input at step 2: 'a' is text"),
        ([[1], [1, 2]], [1, 2], "input has 2 numbers at step 2, 1 at step 1"),
        ([[], []], [1, 2], "input at step 1: an empty list"),
        ([[1, 2], [3, 4]], [1, 2], "example 2: input has 2 numbers per step, the first example 1"),
        ([1, 2], [[1, 2], [3, 4]], "example 2: output has 2 numbers per step, the first example 1"),
        ([1, 2], [1, 2, 3], "example 2: input has 2 steps, output 3 steps; one output per step is needed"),
        ([], [], "example 2: input is empty; expected at least one number"),
        (np.zeros((0, 1)), [1], "example 2: input is empty"),
        ([1], 1, "example 2: output 1 is of type int; expected a list of numbers"),
        ("12", [1, 2], "example 2: input '12' is of type str; expected a list of numbers"),
        ([[[1]]], [1], "expected a number"),
    ],
)
def test_what_is_refused(x, y, message):
    with pytest.raises(PellucidError) as caught:
        Series.of([GOOD, x], [GOOD, y])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], []), "no examples"),
        (([GOOD], [GOOD, GOOD]), "1 inputs but 2 outputs"),
        ((7, []), "inputs: 7 is of type int; expected a list with one item per example"),
        (([GOOD], [GOOD], ["a", "b"]), "input has 1 columns; the names are 'a', 'b'"),
        (([[[1, 2]]], [[1]], ["a", "a"]), "input names are 'a', 'a'; expected different, non-empty strings"),
        (([GOOD], [GOOD], ["a"], ["a"]), "column 'a' is both input and output"),
        (([GOOD], [GOOD], [" "]), "expected different, non-empty strings"),
    ],
)
def test_what_is_refused_as_a_whole(arguments, message):
    with pytest.raises(PellucidError, match=message.replace("(", r"\(")):
        Series.of(*arguments)


def test_the_place_of_an_error_is_the_callers():
    with pytest.raises(PellucidError, match=r"^data\.csv:9: input at step 1: 'a' is text"):
        Series.of([["a"]], [[1]], where=lambda i: f"data.csv:{i + 9}: ")


def numbered(n: int) -> Series:
    return Series.of([[i, i + 1] for i in range(n)], [[i, 2 * i + 1] for i in range(n)])


def test_split():
    parts = split_series(numbered(100), seed=3).parts()
    assert {name: len(part) for name, part in parts.items()} == {"train": 81, "valid": 9, "test": 10}
    seen = [tuple(part.rows(i)) for part in parts.values() for i in range(len(part))]
    assert sorted(seen) == [(i, i + 1) for i in range(100)]
    for part in parts.values():
        assert all(part.expected(i)[1] == sum(part.rows(i)) for i in range(len(part)))
    again = split_series(numbered(100), seed=3)
    assert [again.test.rows(i) for i in range(10)] == [parts["test"].rows(i) for i in range(10)]


def test_split_keeps_equal_inputs_together_and_types():
    rows = [[i % 12, 1.5] for i in range(60)]
    parts = split_series(Series.of(rows, rows), seed=0).parts().values()
    inputs = [{tuple(part.rows(i)) for i in range(len(part))} for part in parts]
    assert sum(map(len, inputs)) == 12
    assert not any(part.whole_inputs for part in parts)


def test_too_few():
    with pytest.raises(PellucidError, match="9 examples with 9 different inputs are too few to divide"):
        split_series(numbered(9))
    with pytest.raises(PellucidError, match=r"my\.csv: 9 sequences are too few to learn from; give at least 10"):
        check_learnable(numbered(9), "my.csv")
    check_learnable(numbered(10))


def test_same_types():
    whole, real = Series.of([[1]], [[1]]), Series.of([[1.5]], [[1]])
    a, b = same_types([whole, real])
    assert (a.whole_inputs, b.whole_inputs, a.whole_outputs) == (False, False, True)
    assert same_types([whole, whole]) == (whole, whole)


def test_constant_columns():
    series = Series.of([[1, 2], [3, 4]], [[[5, 1], [5, 2]], [[5, 3], [5, 4]]], output_names=["level", "count"])
    assert constant_columns(series) == ("level",)
