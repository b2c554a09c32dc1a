"""Train, valid and test from one to three files of any formats."""

from pathlib import Path

import pytest

from pellucid.data.data import Data
from pellucid.data.readers import read_splits
from pellucid.data.readers.jsonl import write_jsonl
from pellucid.data.split import Splits
from pellucid.errors import PellucidError
from pellucid.language.words import Reading, Words


def table(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("input,output\n" + "".join(f"{x},{y}\n" for x, y in rows))
    return path


def many(n: int = 50) -> list[tuple[str, str]]:
    return [(f"{i} {i + 1}", f"{i + 1} {i}") for i in range(n)]


def sizes(splits: Splits) -> list[int]:
    return [len(d) for d in splits.parts().values()]


def test_one_file_is_divided(tmp_path: Path):
    path = table(tmp_path / "a.csv", many(100))
    found = read_splits(path, seed=1)
    assert sizes(found.splits) == [81, 9, 10]
    assert found == read_splits(path, seed=1) != read_splits(path, seed=2)
    assert found.divided


def test_only_what_is_missing_is_split_off(tmp_path: Path):
    train = table(tmp_path / "a.csv", many(100))
    other = table(tmp_path / "b.csv", [("1 2", "2 1"), ("3 4", "4 3")])
    with_valid = read_splits(train, valid=other)
    assert (sizes(with_valid.splits), with_valid.divided) == ([89, 2, 11], False)
    assert sizes(read_splits(train, test=other).splits) == [90, 10, 2]
    assert sizes(read_splits(other, other, other).splits) == [2, 2, 2]


def test_equal_inputs_stay_together(tmp_path: Path):
    splits = read_splits(table(tmp_path / "a.csv", many(12) * 4)).splits
    inputs = [set(d.inputs) for d in splits.parts().values()]
    assert sum(map(len, inputs)) == len(set.union(*inputs)) == 12


def test_files_share_one_kind_of_value(tmp_path: Path):
    train = table(tmp_path / "a.csv", [("1 2", "2 1"), ("3 4", "4 3")])
    valid = table(tmp_path / "b.csv", [("1 x", "2 <s>")])
    splits = read_splits(train, valid, train).splits
    assert splits.train.inputs == (("1", "2"), ("3", "4"))
    assert splits.train.outputs == (("2", "1"), ("4", "3"))
    assert splits.train.schema is splits.valid.schema
    assert splits.schema["y"].values == ("1", "2", "3", "4", "<s>")
    assert read_splits(train, train, train).splits.train.inputs == ((1, 2), (3, 4))
    real = table(tmp_path / "c.csv", [("1 2.5", "2 1")])
    assert read_splits(train, train, real).splits.train.inputs == ((1.0, 2.0), (3.0, 4.0))


def test_tables_follow_jsonl(tmp_path: Path):
    write_jsonl(tmp_path / "a.jsonl", Data.of([[1, "x"]], [["5", 6]]))
    valid = table(tmp_path / "b.csv", [("1 1", "5 6")])
    splits = read_splits(tmp_path / "a.jsonl", valid, valid).splits
    assert (splits.valid.inputs, splits.valid.outputs) == (((1, 1),), (("5", 6),))


def test_tables_of_single_values_follow_the_train_file(tmp_path: Path):
    train = table(tmp_path / "a.csv", [("1 2", "x")])
    valid = table(tmp_path / "b.csv", [("1", "x")])
    assert read_splits(train, valid, valid).splits.valid.outputs == ("x",)


def test_files_must_agree(tmp_path: Path):
    train = table(tmp_path / "a.csv", many())
    write_jsonl(tmp_path / "b.jsonl", Data.of([[1, 2]], ["x"]))
    with pytest.raises(PellucidError, match=r"b\.jsonl: outputs: one per sequence; the training data has one per step"):
        read_splits(train, tmp_path / "b.jsonl")
    other = table(tmp_path / "c.csv", [("1 2 3", "1")])
    with pytest.raises(PellucidError, match=r"c\.csv:2: input has 3 values, output 1; expected one output per input"):
        read_splits(train, test=other)
    (tmp_path / "d.csv").write_text("id,a,b\n1,1,1\n")
    (tmp_path / "e.csv").write_text("id,c,b\n1,1,1\n")
    with pytest.raises(PellucidError, match=r"e\.csv: input columns: 'c'; the training data has 'a'"):
        read_splits(tmp_path / "d.csv", tmp_path / "e.csv")


def test_longer_data_is_read_as_the_training_data(tmp_path: Path):
    train = table(tmp_path / "a.csv", many())
    found = read_splits(train, longer=table(tmp_path / "long.csv", [("1 2 3 4", "4 3 2 x")]))
    assert found.longer["long.csv"].outputs == ((4, 3, 2, "x"),)
    assert "x" not in (found.splits.schema["y"].values or ())


def test_texts(tmp_path: Path):
    (tmp_path / "a.tsv").write_text("".join(f"{'xy'[i % 2]}\ttext {chr(97 + i % 26)}{i // 26}b\n" for i in range(40)))
    (tmp_path / "b.tsv").write_text("1\tother\n")
    (tmp_path / "c.tsv").write_text("".join(f"{i % 3 if i else 'z'}\ttext {i}a\n" for i in range(40)))
    (tmp_path / "d.jsonl").write_text('{"tokens": ["Other"], "label": "x"}\n')
    (tmp_path / "e.conll").write_text("Ann B-X\nsat O\n")
    splits = read_splits(tmp_path / "a.tsv", seed=1).splits
    assert sum(sizes(splits)) == 40
    assert splits == read_splits(tmp_path / "a.tsv", seed=1).splits
    found = read_splits(tmp_path / "c.tsv", test=tmp_path / "b.tsv").splits
    assert (found.test.outputs, found.schema.words) == (("1",), Reading(Words()))
    lists = read_splits(tmp_path / "a.tsv", test=tmp_path / "d.jsonl").splits
    assert lists.test.column("text") == [["other"]]
    with pytest.raises(PellucidError, match=r"e\.conll: outputs: one per step; the training data has one per sequence"):
        read_splits(tmp_path / "a.tsv", test=tmp_path / "e.conll")
    with pytest.raises(PellucidError, match=r"e\.conll: 1 example with 1 different input, too few to learn from"):
        read_splits(tmp_path / "e.conll")


def test_too_few_examples(tmp_path: Path):
    few = read_splits(table(tmp_path / "a.csv", many(9))).splits
    assert (few.few, sizes(few)) == (True, [9, 9, 0])
    valid = table(tmp_path / "b.csv", many(9))
    assert not read_splits(tmp_path / "a.csv", valid).splits.few
    with pytest.raises(PellucidError, match=r"c\.csv: 1 example with 1 different input, too few to learn from"):
        read_splits(table(tmp_path / "c.csv", many(1)))
