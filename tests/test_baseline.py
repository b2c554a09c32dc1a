"""Baselines: figures counted by hand on small data, and the command."""

import json

import pytest
from click.testing import CliRunner

from pellucid.baseline import baselines, table
from pellucid.cli import main
from pellucid.data.data import Data

TAGS = Data.of([["Ann", "saw", "Bo"]] * 3 + [["Bo", "saw"]] * 3, [["B-PER", "O", "O"]] * 3 + [["B-PER", "O"]] * 3)
TEXTS = Data.of([["good", "film"], ["bad", "film"]] * 10, ["pos", "neg"] * 10)


WORDS_AND_TAGS = [*zip(TAGS.inputs, TAGS.outputs, strict=True)] * 4


def named(rows):
    return {row.name: row for row in rows}


def test_taggers_by_hand():
    rows = named(baselines(TAGS, Data.of([["Ann", "saw", "Zoe"]], [["B-PER", "O", None]])))
    assert rows["majority"].outputs == (["O", "O", "O"],)
    assert rows["unigram"].outputs == (["B-PER", "O", "O"],)
    assert rows["unigram"].accuracy.value == rows["unigram"].f1.value == 1.0
    assert rows["majority"].accuracy.value == 0.5
    assert rows["majority"].f1.value == 0.0
    assert len(rows["naive Bayes"].outputs[0]) == 3


def test_classifiers_by_hand():
    rows = named(baselines(TEXTS, Data.of([["a", "good", "one"], ["bad"]], ["pos", "neg"])))
    assert rows["unigram"].outputs == rows["naive Bayes"].outputs == ("pos", "neg")
    assert rows["majority"].outputs == ("neg", "neg")
    assert rows["naive Bayes"].f1 is None


@pytest.mark.parametrize(("one", "two"), [(1, "1"), (1, 2)])
def test_labels_and_tokens_keep_their_kind(one, two):
    data = Data.of([[one], [two]] * 10, [one, two] * 10)
    for row in list(baselines(data, data))[1:]:
        assert row.outputs == data.outputs
        assert set(map(type, row.outputs)) == set(map(type, data.outputs))


def test_one_label_needs_no_model():
    data = Data.of([["x"]] * 3, ["a"] * 3)
    assert [row.accuracy.value for row in baselines(data, data)] == [1.0] * 3


def test_intervals_are_seeded():
    rows = [table(list(baselines(TAGS, TAGS, seed))) for seed in (0, 0)]
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
    rows = [json.dumps({"input": words, "output": tags}) for words, tags in WORDS_AND_TAGS]
    (tmp_path / "tags.jsonl").write_text("\n".join(rows))
    (tmp_path / "sums.jsonl").write_text(
        "\n".join(json.dumps({"input": [i / 2, 1], "output": i / 2 + 1}) for i in range(20))
    )
    (tmp_path / "ner.conll").write_text("Ann I-PER\nsat O\n\nBo I-PER\n\n" * 6)
    return tmp_path


def call(*arguments):
    return CliRunner().invoke(main, ["baseline", *arguments], catch_exceptions=False)


def test_command_prints_a_table(files):
    lines = call("train.tsv", "--test", "test.tsv").output.splitlines()
    assert lines[0] == "40 examples to learn from, 6 to judge on (one for each sequence)"
    assert [line.split("  ")[0] for line in lines[2:]] == ["baseline", "majority", "unigram", "naive Bayes"]
    assert "100.00%" in lines[-1]


def test_command_gives_json(files):
    found = json.loads(call("train.tsv", "--json").output)
    assert (found["train"], found["test"]) == (36, 4)
    assert {row["name"] for row in found["baselines"]} == {"majority", "unigram", "naive Bayes"}
    assert set(found["baselines"][0]["accuracy"]) == {"value", "low", "high"}
    again = json.loads(call("tags.jsonl", "--test", "tags.jsonl", "--json").output)
    assert (again["when"], again["train"], again["test"]) == ("every", 24, 24)
    assert "f1" in json.loads(call("ner.conll", "--test", "ner.conll", "--json").output)["baselines"][0]


def test_numbers_have_the_mean():
    data = Data.of([[0.5], [1.5], [4.0]], [1.0, 2.5, 5.5])
    (row,) = baselines(data, Data.of([[9.0], [2.5]], [3.0, 5.5]))
    assert row.name == "mean"
    assert row.outputs == (3.0, 3.0)
    assert (row.accuracy.value, row.figures["mse"], row.figures["max_error"]) == (0.5, 3.125, 2.5)
    pairs = Data.of([[(1, 2.5)], [(3, 0.5)]], [[(1.0, 2.5)], [(3.0, 0.5)]])
    assert next(baselines(pairs, pairs)).outputs == ([(2.0, 1.5)], [(2.0, 1.5)])


def test_steps_of_several_columns_are_looked_up_together():
    data = Data.of([[("a", 1), ("b", 1)], [("a", 2)]] * 10, [["x", "y"], ["z"]] * 10)
    assert named(baselines(data, data))["unigram"].accuracy.value == 1.0


def test_command_on_numbers(files):
    (row,) = json.loads(call("sums.jsonl", "--json").output)["baselines"]
    assert row["name"] == "mean"
    assert row["mse"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.tsv"], "absent.tsv: no such file"),
        (["train.tsv", "--test", "ner.conll"], "ner.conll: "),
        (["train.tsv", "--seed", "-1"], "--seed -1: expected 0 or more"),
        (["ner.conll", "--tag", "5"], "ner.conll"),
    ],
)
def test_bad_input_is_one_line(files, arguments, message):
    done = call(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
