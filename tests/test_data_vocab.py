"""The vocabulary: codes, markers, lenient matching, JSON."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data import Dataset, Splits, Vocab
from pellucid.errors import PellucidError

HOSTILE = [
    "'",
    '"',
    "\\",
    "\n",
    "\r\n",
    "",
    " ",
    "<s>",
    "</s>",
    "<s>_",
    '"""',
    "{x}",
    "__import__('os')",
    "\u2028",
    "é",
]
token = st.one_of(st.integers(-(10**20), 10**20), st.text(max_size=5), st.sampled_from(HOSTILE))
rows = st.lists(st.lists(token, min_size=1, max_size=6), min_size=1, max_size=8)


def vocab_of(tokens: list[Any], labels: list[Any] | None = None, **options: Any) -> Vocab:
    return Vocab.from_dataset(Dataset.of([tokens], [labels or tokens]), **options)


def test_order_symbols_and_width():
    vocab = vocab_of([10, "b", 9, "10", "a"], [1, 1, "x", None, 0], markers="both", causal=True)
    assert vocab.tokens == (9, 10, "10", "a", "b")
    assert vocab.labels == (0, 1, "x")
    assert vocab.symbols == (9, 10, "10", "a", "b", "<s>", "</s>")
    assert (vocab.max_length, vocab.width, vocab.causal) == (5, 7, True)


def test_encode_tagging():
    vocab = Vocab(("a", "b"), (1, 2), "tagging", 3, end="</s>")
    encoded = vocab.encode(Dataset.of([["a", "b", "a"], ["b"]], [[1, None, 2], [2]]))
    assert encoded.tokens.tolist() == [[2, 0, 1, 0, 3], [2, 1, 3, -1, -1]]
    assert encoded.labels.tolist() == [[-1, 0, -1, 1, -1], [-1, 1, -1, -1, -1]]
    assert encoded.tokens.dtype == encoded.labels.dtype == np.int32
    assert vocab.encode_inputs([]).shape == (0, 5)


def test_encode_classification():
    vocab = Vocab((1, 2), ("no", "yes"), "classification", 3)
    encoded = vocab.encode(Dataset.of([[1, 2], [2, 2, 1]], ["yes", "no"]))
    assert encoded.tokens.tolist() == [[2, 0, 1, -1], [2, 1, 1, 0]]
    assert encoded.labels.tolist() == [1, 0]
    assert vocab.decode(encoded.labels, [[1, 2], [2, 2, 1]]) == ("yes", "no")


def test_numpy_tokens_are_encoded():
    assert Vocab((1, 2), (1,), "tagging", 3).encode_inputs([list(np.array([2, 1])), tuple(np.array([1]))]).tolist() == [
        [2, 1, 0, -1],
        [2, 0, -1, -1],
    ]


@given(rows, st.sampled_from(["begin", "both"]))
def test_any_tokens_go_there_and_back(sequences: list[list[Any]], markers: Any):
    data = Dataset.of(sequences, sequences)
    vocab = Vocab.from_dataset(data, markers=markers)
    assert vocab.begin not in vocab.tokens
    assert vocab.end not in vocab.tokens
    encoded = vocab.encode(data)
    assert vocab.decode(encoded.labels, data.inputs) == data.outputs
    symbols = vocab.symbols
    for row, sequence in zip(encoded.tokens, data.inputs, strict=True):
        end = () if vocab.end is None else (vocab.end,)
        assert tuple(symbols[c] for c in row if c >= 0) == (vocab.begin, *sequence, *end)
    assert Vocab.from_json(json.loads(json.dumps(vocab.to_json()))) == vocab
    assert all(vocab.match(t) == t and type(vocab.match(t)) is type(t) for t in vocab.tokens)


def test_markers_give_way_to_user_tokens():
    vocab = vocab_of(["<s>", "<s>_", "</s>"], markers="both")
    assert (vocab.begin, vocab.end) == ("<s>__", "</s>_")


def test_labels_and_tokens_of_all_splits_count():
    train, valid, test = (Dataset.of([[i]], [[f"label {i}"]]) for i in range(3))
    vocab = Vocab.from_dataset(Splits(train, valid, test))
    assert vocab.tokens == (0, 1, 2)
    assert vocab.labels == ("label 0", "label 1", "label 2")


@pytest.mark.parametrize(
    ("sequences", "message"),
    [
        ([["a"], ["a", "z"]], "input 2: unknown token 'z'; known: 1, 2, 'a'"),
        ([["<s>"]], "input 1: unknown token '<s>'"),
        ([[True]], "input 1: True is a boolean"),
        ([[1.0]], "input 1: 1.0 is a float"),
        ([[None]], "input 1: unknown token None"),
        ([[["a"]]], "input 1: ['a'] is a list"),
        ([["1"]], "unknown token '1'"),
        ([[1], [1] * 5], "input 2 has 5 symbols; the longest this vocabulary takes has 3"),
        ([[1], []], "input 2 is empty; expected at least one symbol"),
    ],
)
def test_bad_inputs(sequences: list[Any], message: str):
    with pytest.raises(PellucidError) as caught:
        Vocab((1, 2, "a"), ("x",), "classification", 3).encode_inputs(sequences)
    assert message in str(caught.value)


def test_unknown_label_and_wrong_kind():
    vocab = Vocab((1,), ("x",), "tagging", 3)
    with pytest.raises(PellucidError, match="output 1: unknown label 'y'; known: 'x'"):
        vocab.encode(Dataset.of([[1]], [["y"]]))
    with pytest.raises(PellucidError, match="the data is for classification; this vocabulary is for tagging"):
        vocab.encode(Dataset.of([[1]], ["x"]))
    with pytest.raises(PellucidError, match="inputs and outputs differ in length"):
        vocab.encode(Dataset(((1, 1),), (("x",),), "tagging"))


def test_from_dataset_errors():
    with pytest.raises(PellucidError, match="no scored position"):
        vocab_of([1], [None])
    with pytest.raises(PellucidError, match="one kind; got 'classification', 'tagging'"):
        Vocab.from_dataset(Dataset.of([[1]], [[1]]), Dataset.of([[1]], [1]))
    with pytest.raises(PellucidError, match="got none"):
        Vocab.from_dataset()


def test_lenient_match():
    vocab = Vocab((1, 2, "01", "2", "7", "a"), ("x",), "classification", 3)
    assert [vocab.match(t) for t in ("1", 1, "01", 2, "2", 7, "7", "a")] == [1, 1, "01", 2, "2", "7", "7", "a"]
    for unknown in ("b", 3, "+1", " 1"):
        with pytest.raises(PellucidError, match=r"unknown token .*; known: 1, 2, '01', '2', '7', 'a'"):
            vocab.match(unknown)
    with pytest.raises(PellucidError, match="True is a boolean"):
        vocab.match(True)
    with pytest.raises(PellucidError, match=r"\.\.\. \(100 in all\)"):
        Vocab(tuple(range(100)), ("x",), "tagging", 3).match("z")


def test_match_dataset():
    vocab = Vocab((1, 2), (5, "y"), "tagging", 3)
    data = Dataset.of([["1", "2"]], [["5", "new"]])
    assert vocab.match_dataset(data) == Dataset(((1, 2),), ((5, "new"),), "tagging")
    labels = Vocab((1,), (5, "y"), "classification", 3)
    assert labels.match_dataset(Dataset.of([["1"], ["1"]], ["5", "z"])).outputs == (5, "z")
    with pytest.raises(PellucidError, match="example 2: unknown token '3'"):
        vocab.match_dataset(Dataset.of([["1"], ["3"]], [["y"], ["y"]]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokens": [2, 1]}, "vocabulary: tokens is [2, 1]; expected a list of different strings and integers"),
        ({"tokens": [1, 1]}, "vocabulary: tokens is"),
        ({"tokens": []}, "vocabulary: tokens is []"),
        ({"tokens": [True]}, "vocabulary: tokens is [True]"),
        ({"tokens": "ab"}, "vocabulary: tokens is 'ab'"),
        ({"labels": [[1]]}, "vocabulary: labels is [[1]]"),
        ({"kind": "regression"}, "vocabulary: kind is 'regression'; expected tagging or classification"),
        ({"kind": []}, "vocabulary: kind is []"),
        ({"max_length": 0}, "vocabulary: max_length is 0"),
        ({"max_length": True}, "vocabulary: max_length is True"),
        ({"begin": "a"}, "vocabulary: begin is 'a'; expected a string that is no token"),
        ({"begin": None}, "vocabulary: begin is None"),
        ({"end": "<s>"}, "vocabulary: end is '<s>'"),
        ({"end": 3}, "vocabulary: end is 3"),
        ({"causal": 1}, "vocabulary: causal is 1; expected true or false"),
        ({"more": 1}, "vocabulary: expected an object with the keys"),
    ],
)
def test_bad_json(change: dict[str, Any], message: str):
    good = Vocab((1, "a"), ("x",), "tagging", 3, end="</s>").to_json()
    with pytest.raises(PellucidError) as caught:
        Vocab.from_json(good | change)
    assert message in str(caught.value)


@pytest.mark.parametrize("value", [None, [], "text", {}])
def test_json_of_another_shape(value: Any):
    with pytest.raises(PellucidError, match="vocabulary: expected an object"):
        Vocab.from_json(value)
