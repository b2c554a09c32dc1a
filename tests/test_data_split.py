"""How data is divided."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.data.data import Data
from pellucid.data.split import Splits, partition, split
from pellucid.errors import PellucidError


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=30, max_size=80), st.integers(0, 5))
def test_split_keeps_equal_inputs_together_and_loses_nothing(rows: list[tuple[int, int]], seed: int):
    data = Data.of([[a] for a, _ in rows], [b for _, b in rows])
    if len(set(data.inputs)) < 3:
        with pytest.raises(PellucidError, match="too few to learn from"):
            split(data, seed)
        return
    parts = split(data, seed).parts()
    sets = [set(d.inputs) for d in parts.values()]
    assert all(sets)
    assert sum(map(len, sets)) == len(set.union(*sets))
    pairs = [pair for d in parts.values() for pair in zip(d.inputs, d.outputs, strict=True)]
    assert sorted(pairs) == sorted(zip(data.inputs, data.outputs, strict=True))
    assert split(data, seed) == split(data, seed)


def test_shares():
    data = Data.of([[i] for i in range(1000)], ["x"] * 1000)
    assert [len(d) for d in split(data).parts().values()] == [810, 90, 100]
    assert split(data, 1) != split(data, 2)
    few = Data.of([[i] for i in range(30)], ["x"] * 30)
    assert [len(d) for d in split(few).parts().values()] == [24, 3, 3]


def test_every_part_has_its_share_of_every_label():
    data = Data.of([[i] for i in range(1000)], ["rare" if i % 50 == 0 else "common" for i in range(1000)])
    for seed in range(5):
        assert [d.outputs.count("rare") for d in split(data, seed).parts().values()] in ([16, 2, 2], [17, 1, 2])


def test_parts_share_a_schema_and_keep_raw_texts():
    texts = [f"word {chr(97 + i % 26)}{i}" for i in range(40)]
    splits = split(Data.of(texts, [i % 2 for i in range(40)]))
    assert all(part.schema is splits.schema for part in splits.parts().values())
    assert sorted(text for part in splits.parts().values() for text in part.sequences) == sorted(texts)


def test_data_made_one_by_one_become_of_one_kind():
    train, valid, test = Data.of([[1, 2]], ["a"]), Data.of([[1, 2.5]], ["b"]), Data.of([[3]], ["c"])
    splits = Splits.of(train, valid, test)
    assert splits.schema["y"].values == ("a", "b", "c")
    assert splits.train.inputs == ((1.0, 2.0),)
    assert all(part.schema is splits.schema for part in splits.parts().values())
    texts = Splits.of(*(Data.of([text], [[1, 2]], when="sequence") for text in ("a b", "b c", "C")))
    assert texts.schema["x"].values == ("a", "b", "c")
    assert (texts.test.sequences, texts.test.outputs) == (["C"], ((1, 2),))
    columns = Data.of([[[1, "u"], [2, "v"]]], [[[1, None], [2, 3]]])
    assert Splits.of(columns, columns, columns).test == columns
    with pytest.raises(PellucidError, match="valid: outputs: one per step; the training data has one per sequence"):
        Splits.of(train, Data.of([[1]], [["a"]]), test)


def test_one_giant_group():
    data = Data.of([[0]] * 97 + [[1], [2], [3]], ["x"] * 100)
    parts = split(data).parts()
    assert len(parts["train"]) >= 97
    assert min(len(d) for d in parts.values()) >= 1


def test_two_parts():
    data = Data.of([[i] for i in range(100)], [[i] for i in range(100)])
    assert [len(d) for d in partition(data, {"train": 0.81, "valid": 0.09}, 0).values()] == [90, 10]


def test_two_examples_are_needed():
    with pytest.raises(
        PellucidError, match="9 examples with 1 different input, too few to learn from; give at least 2"
    ):
        split(Data.of([[0]] * 9, ["x"] * 9))
    with pytest.raises(
        PellucidError, match="30 examples with 2 different inputs, too few to learn from; give at least 3"
    ):
        split(Data.of([[i % 2] for i in range(30)], ["x"] * 30))
