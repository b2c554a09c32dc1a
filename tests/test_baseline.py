"""Baselines: figures counted by hand on small data, and the command."""

import json

import pytest
from click.testing import CliRunner

from pellucid.data import Dataset, write_jsonl
from pellucid.errors import PellucidError
from pellucid.first.baseline import baselines, table
from pellucid.first.cli_text import baseline

TAGS = Dataset.of([["Ann", "saw", "Bo"]] * 3 + [["Bo", "saw"]] * 3, [["B-PER", "O", "O"]] * 3 + [["B-PER", "O"]] * 3)
TEXTS = Dataset.of([["good", "film"], ["bad", "film"]] * 10, ["pos", "neg"] * 10)


def named(rows):
    return {row.name: row for row in rows}


def test_taggers_by_hand():
    rows = named(baselines(TAGS, Dataset.of([["Ann", "saw", "Zoe"]], [["B-PER", "O", None]])))
    assert rows["majority"].outputs == (["O", "O", "O"],)
    assert rows["unigram"].outputs == (["B-PER", "O", "O"],)
    assert rows["unigram"].accuracy.value == rows["unigram"].f1.value == 1.0
    assert rows["majority"].accuracy.value == 0.5
    assert rows["majority"].f1.value == 0.0
    assert len(rows["naive Bayes"].outputs[0]) == 3


def test_classifiers_by_hand():
    rows = named(baselines(TEXTS, Dataset.of([["a", "good", "one"], ["bad"]], ["pos", "neg"])))
    assert rows["unigram"].outputs == rows["naive Bayes"].outputs == ("pos", "neg")
    assert rows["majority"].outputs == ("neg", "neg")
    assert rows["naive Bayes"].f1 is None


@pytest.mark.parametrize(("one", "two"), [(1, "1"), (1, 2)])
def test_labels_and_tokens_keep_their_kind(one, two):
    data = Dataset.of([[one], [two]] * 10, [one, two] * 10)
    for row in baselines(data, data)[1:]:
        assert row.outputs == data.outputs
        assert set(map(type, row.outputs)) == set(map(type, data.outputs))


def test_one_label_needs_no_model():
    data = Dataset.of([["x"]] * 3, ["a"] * 3)
    assert [row.accuracy.value for row in baselines(data, data)] == [1.0] * 3


def test_intervals_are_seeded():
    rows = [table(baselines(TAGS, TAGS, seed)) for seed in (0, 0)]
    assert rows[0] == rows[1]
    assert "95 % interval" in rows[0]
    assert "entity F1" in rows[0]


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [
        f"{label}\ta {word} film number{i}\n" for i in range(20) for label, word in (("pos", "good"), ("neg", "bad"))
    ]
    (tmp_path / "train.tsv").write_text("".join(lines))
    (tmp_path / "test.tsv").write_text("".join(lines[:6]))
    write_jsonl(tmp_path / "tags.jsonl", Dataset(TAGS.inputs * 4, TAGS.outputs * 4, "tagging"))
    (tmp_path / "ner.conll").write_text("Ann I-PER\nsat O\n\nBo I-PER\n\n" * 6)
    return tmp_path


def call(*arguments):
    return CliRunner().invoke(baseline, arguments, catch_exceptions=False, standalone_mode=False)


def test_command_prints_a_table(files):
    lines = call("train.tsv", "--test", "test.tsv").output.splitlines()
    assert lines[0] == "40 examples to learn from, 6 to judge on (classification)"
    assert [line.split("  ")[0] for line in lines[2:]] == ["baseline", "majority", "unigram", "naive Bayes"]
    assert "100.00%" in lines[-1]


def test_command_gives_json(files):
    found = json.loads(call("train.tsv", "--json").output)
    assert (found["train"], found["test"]) == (36, 4)
    assert {row["name"] for row in found["baselines"]} == {"majority", "unigram", "naive Bayes"}
    assert set(found["baselines"][0]["accuracy"]) == {"value", "low", "high"}
    again = json.loads(call("tags.jsonl", "--test", "tags.jsonl", "--json").output)
    assert (again["kind"], again["train"], again["test"]) == ("tagging", 24, 24)
    assert "f1" in json.loads(call("ner.conll", "--test", "ner.conll", "--json").output)["baselines"][0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.tsv"], "absent.tsv: no such file"),
        (["train.tsv", "--test", "ner.conll"], "ner.conll: holds tagging, train.tsv classification"),
        (["train.tsv", "--seed", "-1"], "--seed -1: expected 0 or more"),
        (["ner.conll", "--column", "5"], "ner.conll: column 5: the file has 2 columns"),
    ],
)
def test_bad_input_is_one_line(files, arguments, message):
    with pytest.raises(PellucidError) as caught:
        call(*arguments)
    assert message in str(caught.value)
