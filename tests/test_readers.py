"""Data files: what is read, and what is said about every kind of bad file."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data import Dataset, read_file, write_jsonl
from pellucid.errors import PellucidError

DEEP = '{"input": ' + "[" * 100_000
LONG = '{"input": [' + "9" * 5000 + '], "output": 1}'
OK = '{"input": [1], "output": [1]}\n'

BAD = [
    ("a.jsonl", "", "a.jsonl: the file is empty; expected examples"),
    ("a.jsonl", "\n \r\n\t\n", "a.jsonl: only blank lines; expected examples"),
    ("a.csv", "", "a.csv: the file is empty"),
    ("a.txt", "1 2", "a.txt: unknown kind of file; known are .jsonl, .csv, .tsv"),
    ("a.json", "[]", "a.json: unknown kind of file"),
    ("a", "x", "a: unknown kind of file"),
    (
        "a.jsonl",
        OK + "\n{nope\n",
        "a.jsonl:3: not JSON (Expecting property name enclosed in double quotes at column 2)",
    ),
    ("a.jsonl", OK + "[1, 2]\n", "a.jsonl:2: [1, 2] is no JSON object; expected"),
    ("a.jsonl", OK + '{"input": [1], "label": 1}\n', "a.jsonl:2: no key \"output\"; the keys are 'input', 'label'"),
    ("a.jsonl", "{}\n", 'a.jsonl:1: no key "input"; the keys are none'),
    ("a.jsonl", '{"input": "1 2", "output": [1]}', "a.jsonl:1: input '1 2' is of type str; expected a list of symbols"),
    ("a.jsonl", '{"input": [], "output": []}', "a.jsonl:1: input is empty"),
    ("a.jsonl", '{"input": [1, true], "output": 1}', "a.jsonl:1: input True is a boolean; a symbol is a string or an"),
    ("a.jsonl", '{"input": [1.5], "output": 1}', "a.jsonl:1: input 1.5 is a float"),
    ("a.jsonl", '{"input": [null], "output": 1}', "a.jsonl:1: input None is null"),
    ("a.jsonl", '{"input": [[1]], "output": 1}', "a.jsonl:1: input [1] is a list"),
    ("a.jsonl", '{"input": [1], "output": null}', "a.jsonl:1: output None is null"),
    ("a.jsonl", '{"input": [1], "output": {"a": 1}}', "a.jsonl:1: output {'a': 1} is an object"),
    ("a.jsonl", '{"input": [1], "output": NaN}', "a.jsonl:1: output nan is a float"),
    ("a.jsonl", OK + '{"input": [1,2,3,4], "output": [1,2,3]}', "a.jsonl:2: input has 4 symbols, output 3; tagging"),
    ("a.jsonl", OK + '{"input": [1], "output": 1}', "a.jsonl:2: output is one label, on line 1 it is a list; a file"),
    ("a.jsonl", '{"input": [1], "output": 1}\n' + OK, "a.jsonl:2: output is a list, on line 1 it is one label"),
    ("a.jsonl", '{"input": [1], "output": [null]}', "a.jsonl: every output is null; expected at least one label"),
    ("a.jsonl", DEEP, "a.jsonl:1: JSON with a too long number or too deep a list"),
    ("a.jsonl", LONG, "a.jsonl:1: JSON with a too long number or too deep a list"),
    ("a.csv", "a,b\n1,2\n", "a.csv:1: the header is 'a', 'b'; expected the columns \"input\" and \"output\""),
    ("a.csv", "input\toutput\n1\t2\n", "(is it tab-separated? then name it .tsv)"),
    ("a.tsv", "input,output\n1,2\n", "(is it comma-separated? then name it .csv)"),
    ("a.csv", "input,output,input\n1,2,3\n", "a.csv:1: the header is 'input', 'output', 'input'"),
    ("a.csv", "\ninput,output\n\n", "a.csv: a header but no examples"),
    (
        "a.csv",
        "input,output\n1 2,3 4\n\n1 2 3 4,1 2 3\n",
        "a.csv:4: input has 4 symbols, output 3; expected one output",
    ),
    (
        "a.csv",
        "input,output\n1 2,3 4\n1 2 3,1\n",
        "a.csv:3: input has 3 symbols, output 1; expected one output symbol per",
    ),
    ("a.csv", "input,output\n1 2,3\n1 2 3,1 2 3\n", "expected one output symbol (classification as on line 2)"),
    (
        "a.csv",
        "input,output\n1,1\n1 2 3,1 2\n",
        "a.csv:3: input has 3 symbols, output 2; expected as many output as input",
    ),
    ("a.csv", "input,output\n1,\n", "a.csv:2: output is empty; expected symbols separated by spaces"),
    ("a.csv", "input,output\n ,1\n", "a.csv:2: input is empty"),
    ("a.csv", "input,output\n,\n", "a.csv:2: input is empty"),
    ("a.csv", "input,output\n1,2,3\n", "a.csv:2: 3 fields; the header has 2"),
    ("a.csv", 'input,output\n1,2\n"1,2\n', "a.csv:3: not a well-formed table: unexpected end of data"),
    ("a.csv", 'input,output\n"1"2,2\n', "a.csv:2: not a well-formed table"),
    ("a.csv", "input,output\n" + "1 " * 100_000 + ",2\n", "a.csv:2: not a well-formed table: field larger than"),
]


def put(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def message_of(path: str, **options: Any) -> str:
    with pytest.raises(PellucidError) as caught:
        read_file(path, **options)
    message = str(caught.value)
    assert message.startswith(path)
    assert "\n" not in message
    assert len(message) < len(path) + 250
    return message


@pytest.mark.parametrize(("name", "content", "expected"), BAD)
def test_bad_file(tmp_path: Path, name: str, content: str, expected: str):
    assert expected in message_of(put(tmp_path, name, content))


def test_bad_paths(tmp_path: Path):
    assert "no such file" in message_of(str(tmp_path / "none.csv"))
    assert "no such file" in message_of(str(tmp_path / "none"))
    assert "is a directory; expected a data file" in message_of(str(tmp_path))
    (tmp_path / "dir.jsonl").mkdir()
    assert "is a directory" in message_of(str(tmp_path / "dir.jsonl"))
    assert "cannot be read: File name too long" in message_of(str(tmp_path / ("x" * 5000 + ".csv")))
    with pytest.raises(PellucidError, match="kind is 'text'; expected tagging or classification"):
        read_file("a.csv", kind="text")  # type: ignore[arg-type]


def test_undecodable_bytes(tmp_path: Path):
    path = put(tmp_path, "a.jsonl", OK.encode() + b'{"input": ["\xe9"]}')
    assert ":2: byte 0xe9 is not UTF-8" in message_of(path)
    assert ":1: byte 0xff is not UTF-8" in message_of(put(tmp_path, "b.csv", "input,output\n1,2\n".encode("utf-16")))


def test_jsonl_tagging_and_classification(tmp_path: Path):
    text = '\ufeff{"input": [1, "a"], "output": ["x", null], "id": 7}\r\n\r\n{"input": ["\u2028"], "output": [2]}\r\n'
    expected = Dataset(((1, "a"), ("\u2028",)), (("x", None), (2,)), "tagging")
    assert read_file(put(tmp_path, "a.jsonl", text)) == expected
    text = '{"input": [1, 2], "output": "yes"}\n{"input": [3], "output": 0}'
    assert read_file(put(tmp_path, "b.JSONL", text)) == Dataset(((1, 2), (3,)), ("yes", 0), "classification")


def test_jsonl_of_the_other_kind_than_asked(tmp_path: Path):
    path = put(tmp_path, "a.jsonl", OK)
    assert ":1: output is a list; classification needs one label" in message_of(path, kind="classification")


TABLES = [
    ("a.csv", "input,output\n3 1 2,1 2 3\n", Dataset(((3, 1, 2),), ((1, 2, 3),), "tagging")),
    ("a.tsv", "output\tnote\tinput\nb\t, ,\ta b\n", Dataset((("a", "b"),), ("b",), "classification")),
    ("a.csv", "input,output\n1,x\n1 2,y\n", Dataset(((1,), (1, 2)), ("x", "y"), "classification")),
    ("a.csv", "input,output\n1,x\n1 2,y z\n", Dataset(((1,), (1, 2)), (("x",), ("y", "z")), "tagging")),
    ("a.csv", "input,output\n1,x\n2,y\n", Dataset(((1,), (2,)), (("x",), ("y",)), "tagging")),
    ("a.csv", "input,output\n01 2,1 2\n", Dataset((("01", "2"),), ((1, 2),), "tagging")),
    ("a.csv", "input,output\n+1 2,-1 -0\n", Dataset((("+1", "2"),), (("-1", "-0"),), "tagging")),
    ("a.csv", "input,output\n-1 2,٣ 3\n", Dataset(((-1, 2),), (("٣", "3"),), "tagging")),
    ("a.csv", "\ufeffinput,output\n1,2\n", Dataset(((1,),), ((2,),), "tagging")),
    ("a.csv", 'input,output\r\n\r\n"a , ""b""",x\r\n \r\n', Dataset((("a", ",", '"b"'),), ("x",), "classification")),
    ("a.csv", "input,output\n" + "1" * 30 + ",2\n", Dataset((("1" * 30,),), ((2,),), "tagging")),
]


@pytest.mark.parametrize(("name", "content", "expected"), TABLES)
def test_tables(tmp_path: Path, name: str, content: str, expected: Dataset):
    assert read_file(put(tmp_path, name, content)) == expected


def test_table_kind_may_be_given(tmp_path: Path):
    path = put(tmp_path, "a.csv", "input,output\n1,x\n2,y\n")
    assert read_file(path, kind="classification").outputs == ("x", "y")
    path = put(tmp_path, "b.csv", "input,output\n1 2,x\n")
    expected = "input has 2 symbols, output 1; expected one output symbol per input symbol (tagging)"
    assert expected in message_of(path, kind="tagging")


token = st.one_of(st.integers(), st.text(max_size=4), st.sampled_from(["\n", '"', "\\", "\ud800", "\u2028", "<s>"]))


@given(st.lists(st.lists(token, min_size=1, max_size=5), min_size=1, max_size=5), st.booleans())
def test_write_and_read_again(tmp_path_factory: pytest.TempPathFactory, sequences: list[list[Any]], tagging: bool):
    outputs = [[None, *x[1:]] if len(x) > 1 else x for x in sequences] if tagging else [x[0] for x in sequences]
    data = Dataset.of(sequences, outputs)
    path = tmp_path_factory.mktemp("write") / "a.jsonl"
    write_jsonl(path, data)
    assert read_file(path) == data


def test_writing_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    data = Dataset.of([[1]], [[2]])
    path = tmp_path / "a.jsonl"
    path.write_text("before")

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(PellucidError, match=r"a\.jsonl: cannot be written: No space left on device"):
        write_jsonl(path, data)
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["a.jsonl"]
    with pytest.raises(PellucidError, match="cannot be written: No such file or directory"):
        write_jsonl(tmp_path / "none" / "a.jsonl", data)


def test_written_lines_are_plain_json(tmp_path: Path):
    write_jsonl(tmp_path / "a.jsonl", Dataset.of([[1, "b"]], ["c"]))
    assert json.loads((tmp_path / "a.jsonl").read_text()) == {"input": [1, "b"], "output": "c"}
