"""Train, valid and test from one to three files."""

from pathlib import Path

import pytest

from pellucid.data import Dataset, load_splits, write_jsonl
from pellucid.errors import PellucidError


def table(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("input,output\n" + "".join(f"{x},{y}\n" for x, y in rows))
    return path


def many(n: int = 50) -> list[tuple[str, str]]:
    return [(f"{i} {i + 1}", f"{i + 1} {i}") for i in range(n)]


def test_one_file_is_divided(tmp_path: Path):
    path = table(tmp_path / "a.csv", many(100))
    splits = load_splits(path, seed=1)
    assert [len(d) for d in splits.parts().values()] == [81, 9, 10]
    assert splits == load_splits(path, seed=1) != load_splits(path, seed=2)


def test_only_what_is_missing_is_split_off(tmp_path: Path):
    train = table(tmp_path / "a.csv", many(100))
    other = table(tmp_path / "b.csv", [("1 2", "2 1"), ("3 4", "4 3")])
    with_valid = load_splits(train, valid=other)
    assert [len(d) for d in with_valid.parts().values()] == [89, 2, 11]
    with_test = load_splits(train, test=other)
    assert [len(d) for d in with_test.parts().values()] == [90, 10, 2]
    whole = load_splits(other, other, other)
    assert [len(d) for d in whole.parts().values()] == [2, 2, 2]


def test_equal_inputs_stay_together(tmp_path: Path):
    splits = load_splits(table(tmp_path / "a.csv", many(12) * 4))
    inputs = [set(d.inputs) for d in splits.parts().values()]
    assert sum(map(len, inputs)) == len(set.union(*inputs)) == 12


def test_tables_share_one_type_per_column(tmp_path: Path):
    train = table(tmp_path / "a.csv", [("1 2", "2 1"), ("3 4", "4 3")])
    valid = table(tmp_path / "b.csv", [("1 x", "2 <s>")])
    splits = load_splits(train, valid, train)
    assert splits.train.inputs == (("1", "2"), ("3", "4"))
    assert splits.train.outputs == (("2", "1"), ("4", "3"))
    assert load_splits(train, train, train).train.inputs == ((1, 2), (3, 4))


def test_tables_follow_jsonl(tmp_path: Path):
    write_jsonl(tmp_path / "a.jsonl", Dataset.of([[1, "x"]], [["5", 6]]))
    valid = table(tmp_path / "b.csv", [("1 1", "5 6")])
    splits = load_splits(tmp_path / "a.jsonl", valid, valid)
    assert splits.valid == Dataset(((1, 1),), (("5", 6),), "tagging")


def test_tables_of_single_symbols_follow_the_train_file(tmp_path: Path):
    train = table(tmp_path / "a.csv", [("1 2", "x")])
    valid = table(tmp_path / "b.csv", [("1", "x")])
    assert load_splits(train, valid, valid).valid.outputs == ("x",)


def test_kinds_must_agree(tmp_path: Path):
    train = table(tmp_path / "a.csv", many())
    write_jsonl(tmp_path / "b.jsonl", Dataset.of([[1, 2]], ["x"]))
    with pytest.raises(PellucidError, match=r"b\.jsonl: holds classification, .*a\.csv tagging; all files"):
        load_splits(train, tmp_path / "b.jsonl")
    other = table(tmp_path / "c.csv", [("1 2 3", "1")])
    with pytest.raises(PellucidError, match=r"c\.csv:2: input has 3 symbols, output 1; .*\(tagging\)"):
        load_splits(train, test=other)


def test_too_few_examples(tmp_path: Path):
    path = table(tmp_path / "a.csv", many(9))
    with pytest.raises(
        PellucidError, match=r"a\.csv: 9 examples with 9 different inputs are too few to divide into train"
    ):
        load_splits(path)
