"""Data sets from Python objects, and their division."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data import Dataset, split
from pellucid.errors import PellucidError


class Column:
    """As much of a data-frame column as is used: iterable, with `tolist` and `ndim`."""

    ndim = 1

    def __init__(self, values: list[Any]):
        self.values = values

    def __iter__(self):
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def tolist(self) -> list[Any]:
        return self.values


def test_of_takes_lists_tuples_arrays_and_columns():
    expected = Dataset(((1, 2), ("a",)), ((3, None), ("b",)), "tagging")
    assert Dataset.of([[1, 2], ["a"]], [(3, None), ("b",)]) == expected
    assert Dataset.of(Column([np.array([1, 2]), Column(["a"])]), ([np.int32(3), None], np.array(["b"]))) == expected


def test_of_makes_plain_types():
    data = Dataset.of([np.array([1, 2], np.int8)], [np.str_("x")])
    assert data.kind == "classification"
    assert [type(t) for t in (*data.inputs[0], data.outputs[0])] == [int, int, str]
    assert Dataset.of(np.array([[1, 2], [2, 1]]), np.array([0, 1])).outputs == (0, 1)


def test_from_columns():
    table = {"input": [["a", "b"]], "output": ["yes"], "words": [["c"]]}
    assert Dataset.from_columns(table) == Dataset((("a", "b"),), ("yes",), "classification")
    assert Dataset.from_columns(table, input="words").inputs == (("c",),)
    with pytest.raises(PellucidError, match="no column 'x'; the columns are 'input', 'output', 'words'"):
        Dataset.from_columns(table, output="x")
    with pytest.raises(PellucidError, match="no column 'input'"):
        Dataset.from_columns([[1, 2]])


BAD: list[tuple[Any, Any, dict[str, Any], str]] = [
    ([], [], {}, "no examples; at least one is needed"),
    ([[1]], [], {}, "1 inputs but 0 outputs"),
    ("abc", ["x"], {}, "inputs: 'abc' is of type str; expected a list"),
    ([[1]], 7, {}, "outputs: 7 is of type int; expected a list"),
    (["abc"], ["x"], {}, "example 1: input 'abc' is of type str; expected a list of symbols"),
    ([[1], []], ["x", "y"], {}, "example 2: input is empty"),
    ([[True]], ["x"], {}, "example 1: input True is a boolean; a symbol is a string or an integer"),
    ([[1.0]], ["x"], {}, "input 1.0 is a float"),
    ([np.array([0.5])], ["x"], {}, "input 0.5 is a float"),
    ([[None]], ["x"], {}, "input None is null (None)"),
    ([[[1, 2]]], ["x"], {}, "input [1, 2] is a list"),
    ([[b"x"]], ["x"], {}, "input b'x' is bytes"),
    ([[{"a": 1}]], ["x"], {}, "input {'a': 1} is an object"),
    ([[1]], [True], {}, "output True is a boolean"),
    ([[1]], [None], {}, "output None is null (None)"),
    ([[1]], [np.nan], {}, "output nan is a float"),
    ([[1, 2, 3, 4]], [[1, 2, 3]], {}, "example 1: input has 4 symbols, output 3; tagging needs one label per input"),
    ([[1], [2]], [[1], 2], {}, "example 2: output 2 is of type int; tagging needs a list"),
    ([[1], [2]], [1, [2]], {}, "example 2: output is a list; classification needs one label"),
    ([[1]], [[1]], {"kind": "classification"}, "output is a list"),
    ([[1]], [[1]], {"kind": "regression"}, "kind is 'regression'; expected tagging or classification"),
    ([["x" * 500]], [["y" * 500, "line\nbreak"]], {}, "input has 1 symbol, output 2"),
    ([["line\nbreak", 1.5]], ["x"], {}, "1.5 is a float"),
]


@pytest.mark.parametrize(("inputs", "outputs", "options", "message"), BAD)
def test_bad_data(inputs: Any, outputs: Any, options: dict[str, Any], message: str):
    with pytest.raises(PellucidError) as caught:
        Dataset.of(inputs, outputs, **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=10, max_size=80), st.integers(0, 5))
def test_split_keeps_equal_inputs_together_and_loses_nothing(rows: list[tuple[int, int]], seed: int):
    data = Dataset.of([[a] for a, _ in rows], [b for _, b in rows])
    if len(set(data.inputs)) < 3:
        with pytest.raises(PellucidError, match="too few to divide"):
            split(data, seed)
        return
    parts = split(data, seed).parts()
    sets = [set(d.inputs) for d in parts.values()]
    assert all(sets)
    assert sum(map(len, sets)) == len(set.union(*sets))
    pairs = [pair for d in parts.values() for pair in zip(d.inputs, d.outputs, strict=True)]
    assert sorted(pairs) == sorted(zip(data.inputs, data.outputs, strict=True))
    assert split(data, seed) == split(data, seed)


def test_split_shares():
    data = Dataset.of([[i] for i in range(1000)], ["x"] * 1000)
    assert [len(d) for d in split(data).parts().values()] == [810, 90, 100]
    assert split(data, 1) != split(data, 2)
    ten = Dataset.of([[i] for i in range(10)], ["x"] * 10)
    assert [len(d) for d in split(ten).parts().values()] == [8, 1, 1]


def test_split_with_one_giant_group():
    data = Dataset.of([[0]] * 97 + [[1], [2], [3]], ["x"] * 100)
    parts = split(data).parts()
    assert len(parts["train"]) >= 97
    assert min(len(d) for d in parts.values()) >= 1


def test_split_needs_ten_examples():
    with pytest.raises(PellucidError, match="9 examples with 9 different inputs are too few"):
        split(Dataset.of([[i] for i in range(9)], ["x"] * 9))
