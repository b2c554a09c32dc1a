"""Data files of all formats: what is read, what is written, and what is said about every kind of bad file."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.data import readers
from pellucid.data.data import Data
from pellucid.data.examples import Examples, examples_of
from pellucid.data.readers import FORMATS, Options, read
from pellucid.data.readers.base import File, Format
from pellucid.data.readers.conll import looks_like_conll
from pellucid.data.readers.jsonl import write_jsonl
from pellucid.data.tags import scheme_of, to_iob2
from pellucid.errors import PellucidError
from pellucid.language.types import real, symbol, whole
from pellucid.language.words import AS_WRITTEN, Reading, Words
from pellucid.semantics.scores import entities

DEEP = '{"input": ' + "[" * 100_000
LONG = '{"input": [' + "9" * 5000 + '], "output": 1}'
OK = '{"input": [1], "output": [1]}\n'
TEXT = '{"text": "x", "label": "A"}\n'

BAD = [
    ("a.jsonl", "", "a.jsonl: the file is empty; expected examples"),
    ("a.jsonl", "\n \r\n\t\n", "a.jsonl: only blank lines; expected examples"),
    ("a.csv", "", "a.csv: the file is empty"),
    ("a.json", "[]", "a.json: neither CoNLL columns nor a known kind of file; known are .conll, "),
    ("a.doc", "only words\n", "a.doc: neither CoNLL columns nor a known kind of file"),
    ("a", "x", "a: neither CoNLL columns nor a known kind of file"),
    (
        "a.jsonl",
        OK + "\n{nope\n",
        "a.jsonl:3: not JSON (Expecting property name enclosed in double",
    ),
    ("a.jsonl", OK + "[1, 2]\n", "a.jsonl:2: [1, 2] is no JSON object; expected"),
    ("a.jsonl", '{"input": [1]}\n', "a.jsonl:1: the keys are 'input'; expected one of label, "),
    ("a.jsonl", "{}\n", "a.jsonl:1: the keys are none; expected one of text, "),
    ("a.jsonl", '{"input": 3, "output": [1]}', "a.jsonl:1: input 3 is of type int; expected a list"),
    ("a.jsonl", '{"input": [], "output": []}', "a.jsonl:1: input is empty"),
    ("a.jsonl", '{"input": [1, true], "output": 1}', "a.jsonl:1: input at step 2: True is a boolean"),
    ("a.jsonl", '{"input": [null], "output": 1}', "a.jsonl:1: input at step 1: None is null"),
    ("a.jsonl", '{"input": [1, [1]], "output": 1}', "a.jsonl:1: input at step 2: [1] is a list, the first step is one"),
    ("a.jsonl", '{"input": [1, "a", 0.5], "output": 1}', "a.jsonl:1: input at step 2: 'a' is text; expected a number"),
    ("a.jsonl", '{"input": [[1, 2], [3]], "output": [1, 2]}\n', "a.jsonl:1: input at step 2: has 1 value, the first"),
    ("a.jsonl", '{"input": [1], "output": null}', "a.jsonl:1: output: None is null"),
    ("a.jsonl", '{"input": [1], "output": {"a": 1}}', "a.jsonl:1: output: {'a': 1} is an object"),
    ("a.jsonl", '{"input": [1], "output": NaN}', "a.jsonl:1: output: nan is not finite"),
    ("a.jsonl", OK + '{"input": [1,2,3,4], "output": [1,2,3]}', "a.jsonl:2: input has 4 steps, output 3; one output"),
    ("a.jsonl", OK + '{"input": [1], "output": 1}', "a.jsonl:2: output is one value, on line 1 it is a list; a file"),
    ("a.jsonl", '{"input": [1], "output": 1}\n' + OK, "a.jsonl:2: output is a list, on line 1 it is one value"),
    ("a.jsonl", '{"input": [1], "output": [null]}', "a.jsonl: every output y is null; expected at least one"),
    ("a.jsonl", DEEP, "a.jsonl:1: JSON with a too long number or too deep a list"),
    ("a.jsonl", LONG, "a.jsonl:1: JSON with a too long number or too deep a list"),
    ("a.jsonl", TEXT + '{"text": "y"}\n', "a.jsonl:2: the keys are 'text'; expected one of label"),
    ("a.jsonl", TEXT + '{"text": "\\u2003", "label": "B"}\n', "a.jsonl:2: no word in the text"),
    ("a.jsonl", '{"text": "x y", "tags": ["O", "O"]}\n', "a.jsonl:1: a label per word needs the words as a list"),
    ("a.jsonl", '{"tokens": ["x"], "tags": ["O", "O"]}\n', "a.jsonl:1: input has 1 step, output 2"),
    ("a.jsonl", '{"tokens": ["x", 1.5], "tags": ["O", "O"]}\n', "a.jsonl:1: input at step 2: 1.5 is a float; a symbol"),
    ("a.csv", "a\n1\n", "a.csv:1: no input column is left; the columns are 'a'; expected input and output (a sequence"),
    ("a.csv", "text,lable\nx,A\n", "a.csv:1: the columns are 'text', 'lable'; expected"),
    ("a.csv", "input\toutput\n1\t2\n", "(is it tab-separated? then name it .tsv)"),
    ("a.tsv", "input,output\n1,2\n", "(is it comma-separated? then name it .csv)"),
    ("a.csv", "input,output,input\n1,2,3\n", "a.csv:1: 2 columns are named 'input'; expected different names"),
    ("a.csv", "\ninput,output\n\n", "a.csv: a header but no examples"),
    (
        "a.csv",
        "input,output\n1 2,3 4\n\n1 2 3 4,1 2 3\n",
        "a.csv:4: input has 4 values, output 3; expected one",
    ),
    ("a.csv", "input,output\n1 2,3 4\n1 2 3,1\n", "output 1; expected one output per input value, as on line 2"),
    (
        "a.csv",
        "input,output\n1 2,3\n1 2 3,1 2 3\n",
        "output 3; expected one output, as on line 2",
    ),
    ("a.csv", "input,output\n1,1\n1 2 3,1 2\n", "output 2; expected as many outputs as inputs, or one"),
    ("a.csv", "input,output\n1,\n", "a.csv:2: output is empty; expected values separated by spaces"),
    ("a.csv", "input,output\n ,1\n", "a.csv:2: input is empty"),
    ("a.csv", "input,output\n,\n", "a.csv:2: input is empty"),
    ("a.csv", "input,output\n1.5 2 x,1 3 4\n", "a.csv:2: input at step 3: 'x' is text; expected a number"),
    ("a.csv", "input,output\n1 2,1 inf\n3 4,1 2.5\n", "a.csv:2: output at step 2: inf is not finite"),
    ("a.csv", "input,output\n1,2,3\n", "a.csv:2: 3 fields; the header has 2"),
    ("a.csv", 'input,output\n1,2\n"1,2\n', "a.csv:3: not a well-formed table: unexpected end of data"),
    ("a.csv", 'input,output\n"1"2,2\n', "a.csv:2: not a well-formed table"),
    ("a.csv", "input,output\n" + "1 " * 100_000 + ",2\n", "a.csv:2: not a well-formed table: field larger than"),
    ("a.csv", "1,2\n3,4\n", "a.csv:1: the header is '1', '2'; expected names of columns"),
    ("a.csv", "id,x,y\n1,1,1\n2,1,1\n1,2,2\n", "a.csv:4: sequence '1' began on line 2 and was left since"),
    ("a.csv", "id,x,y\n1,1,1\n,1,1\n", "a.csv:3: no sequence given"),
    ("a.csv", "id,,x\n1,1,1\n", "a.csv:1: a column has no name"),
    ("a.csv", "id,y\n1,1\n", "a.csv:1: no input column is left"),
    ("a.csv", "id,x,y\n1,1\n", "a.csv:2: 2 fields; the header has 3"),
    ("a.csv", "id,x,y\n1,,1\n", "a.csv:2: column x: is empty; expected a value"),
    ("a.csv", "id,x,y\n1,,1\n1,2,2\n", "a.csv:2: column x: is empty; expected a number"),
    ("a.csv", "text,label\nx,A\ny\n", "a.csv:3: 1 field; the header has 2"),
    ("a.csv", "text,label\nx,A\n,B\n", "a.csv:3: the text is empty"),
    ("a.csv", "text,label\n", "a.csv: a header but no examples"),
    ("a.tsv", "A\tx y\nno tab\n", "a.tsv:2: no tab in 'no tab'; expected LABEL<TAB>text"),
    ("a.tsv", "A\tx\n\tx\n", "a.tsv:2: the label is empty"),
    ("a.tsv", "A\tx\nB\t \n", "a.tsv:2: the text is empty"),
    ("a.tsv", "".join(f"text {i}\t{'ab'[i % 2]}\n" for i in range(30)), "a.tsv: every line has a label of its own"),
    ("a.txt", "only words\n", "a.txt:1: no tab in 'only words'"),
    ("a.conll", "a\tO\nb\n", "a.conll:2: 'b' has 1 column; expected 2, separated by tabs, as in the lines before"),
    ("a.conll", "a O\nb c O\n", "a.conll:2: 'b c O' has 3 columns; expected 2, separated by spaces"),
    ("a.conll", "a\tO\n\tO\n", "a.conll:2: '\\tO' has an empty column; expected 2 columns with something in each"),
    ("a.conll", "a B-X\nb O\n\nc BX\n", "a.conll:4: 'BX' is no entity tag; expected O, or one as B-PER or I-PER"),
    ("a.conll", "a\nb\n", "a.conll:1: 1 column; expected a word and its label"),
    ("a.conll", "-DOCSTART- O\n\n", "a.conll: no sentence"),
]


def put(folder: Path | str, name: str, content: str | bytes) -> str:
    path = Path(folder) / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def message_of(path: str, options: Options | None = None) -> str:
    with pytest.raises(PellucidError) as caught:
        read(path, options)
    message = str(caught.value)
    assert message.startswith(path)
    assert "\n" not in message
    assert len(message) < len(path) + 250
    return message


@pytest.mark.parametrize(("name", "content", "expected"), BAD)
def test_bad_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str, expected: str):
    monkeypatch.chdir(tmp_path)
    put(".", name, content)
    assert expected in message_of(name)


def test_bad_paths(tmp_path: Path):
    assert "no such file" in message_of(str(tmp_path / "none.csv"))
    assert "no such file" in message_of(str(tmp_path / "none"))
    assert "is a directory; expected a data file" in message_of(str(tmp_path))
    (tmp_path / "dir.jsonl").mkdir()
    assert "is a directory" in message_of(str(tmp_path / "dir.jsonl"))
    assert "cannot be read: File name too long" in message_of(str(tmp_path / ("x" * 5000 + ".csv")))


def test_undecodable_bytes(tmp_path: Path):
    path = put(tmp_path, "a.jsonl", OK.encode() + b'{"input": ["\xe9"]}')
    assert ":2: byte 0xe9 is not UTF-8" in message_of(path)
    assert ":1: byte 0xff is not UTF-8" in message_of(put(tmp_path, "b.csv", "input,output\n1,2\n".encode("utf-16")))


def test_every_format_has_its_suffixes():
    assert {suffix for found in FORMATS for suffix in found.suffixes} >= {".csv", ".tsv", ".jsonl", ".txt", ".conll"}
    assert len({found.name for found in FORMATS}) == len(FORMATS)


def test_a_format_is_a_file_and_an_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def parse(file: File, options: Options) -> Examples:
        pairs = [line.split("=>") for _, line in file.lines]
        found = examples_of([x.split() for x, _ in pairs], [y.strip() for _, y in pairs], words=options.words)
        return found.with_written_outputs()

    arrows = Format("arrows", (".arrow",), lambda file: file.suffix == ".arrow", parse)
    monkeypatch.setattr(readers, "FORMATS", (*FORMATS, arrows))
    data = read(put(tmp_path, "a.arrow", "a b => 1\nb => 2\n")).data
    assert (data.inputs, data.outputs) == ((("a", "b"), ("b",)), (1, 2))


# --- sequences of values ---

MANY = list(range(70))
ODD = " ".join(f"+{i}" for i in MANY)

SEQUENCES: list[tuple[str, str, tuple[Any, ...], tuple[Any, ...]]] = [
    ("a.csv", "input,output\n3 1 2,1 2 3\n", ((3, 1, 2),), ((1, 2, 3),)),
    ("a.tsv", "output\tnote\tinput\nb\t, ,\ta b\n", (("a", "b"),), ("b",)),
    ("a.csv", "input,output\n1,x\n1 2,y\n", ((1,), (1, 2)), ("x", "y")),
    ("a.csv", "input,output\n1,x\n1 2,y z\n", ((1,), (1, 2)), (("x",), ("y", "z"))),
    ("a.csv", "input,output\n1,x\n2,y\n", ((1,), (2,)), (("x",), ("y",))),
    ("a.csv", "input,output\n01 2,1 2\n", (("01", "2"),), ((1, 2),)),
    ("a.csv", "input,output\n+1 2,-1 -0\n", (("+1", "2"),), (("-1", "-0"),)),
    ("a.csv", "input,output\n-1 2,٣ 3\n", ((-1, 2),), (("٣", "3"),)),
    ("a.csv", f"input,output\n{ODD},x\n", (tuple(MANY),), ("x",)),
    ("a.csv", "\ufeffinput,output\n1,2\n", ((1,),), ((2,),)),
    ("a.csv", 'input,output\r\n\r\n"a , ""b""",x\r\n \r\n', (("a", ",", '"b"'),), ("x",)),
    ("a.csv", "input,output\n" + "1" * 30 + ",2\n", (("1" * 30,),), ((2,),)),
    ("a.csv", "input,output\n1 2.5,1 3\n", ((1.0, 2.5),), ((1, 3),)),
    ("a.csv", "input,output\n1 .5 1e3,up\n", ((1.0, 0.5, 1000.0),), ("up",)),
    ("a.csv", "input,output\n1.0 2,1 3\n", ((1, 2),), ((1, 3),)),
    ("a.csv", "input,output\nit costs 2.5,a b c\n", (("it", "costs", "2.5"),), (("a", "b", "c"),)),
    ("a.csv", "id,input,output\n1,1 2,1 3\n", ((1, 2),), ((1, 3),)),
    ("a.csv", "sequence,input,output\n1,5,5\n1,6,11\n2,7,7\n", ((5, 6), (7,)), ((5, 11), (7,))),
    ("a.csv", "sequence,x,y\n1,1,go\n1,2,stop\n", ((1, 2),), (("go", "stop"),)),
    ("a.jsonl", '{"input": [1, "a"], "output": ["x", null], "id": 7}\r\n\r\n{"input": ["\u2028"], "output": [2]}\r\n',
     ((1, "a"), ("\u2028",)), (("x", None), (2,))),
    ("a.JSONL", '\ufeff{"input": [1, 2], "output": "yes"}\n{"input": [3], "output": 0}', ((1, 2), (3,)), ("yes", 0)),
    ("a.jsonl", '{"input": [1, 2.5], "output": [1, 3.0]}', ((1.0, 2.5),), ((1, 3),)),
    ("a.jsonl", '{"input": [[1, "a"], [2, "b"]], "output": 0.5}', (((1, "a"), (2, "b")),), (0.5,)),
    ("a.jsonl", '{"input": [18446744073709551616], "output": 1}', ((2**64,),), (1,)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "inputs", "outputs"), SEQUENCES)
def test_sequences(tmp_path: Path, name: str, content: str, inputs: Any, outputs: Any):
    data = read(put(tmp_path, name, content)).data
    assert (data.inputs, data.outputs) == (inputs, outputs)
    plain = [v for x in data.inputs for step in x for v in (step if isinstance(step, tuple) else (step,))]
    wanted = [v for x in inputs for step in x for v in (step if isinstance(step, tuple) else (step,))]
    assert list(map(type, plain)) == list(map(type, wanted))


def test_steps_or_one_output_may_be_said(tmp_path: Path):
    path = put(tmp_path, "a.csv", "input,output\n1,x\n2,y\n")
    assert read(path, Options(when="sequence")).data.outputs == ("x", "y")
    path = put(tmp_path, "b.csv", "input,output\n1 2,x\n")
    assert "input has 2 values, output 1; expected one output per input value" in message_of(
        path, Options(when="every")
    )


def test_step_table_columns(tmp_path: Path):
    text = "time,Sequence,force,y\n0,a,1.5,2\n1,a,2,3\n0,b,1,1\n"
    path = put(tmp_path, "data.csv", text)
    data = read(path).data
    assert data.schema.shape == (("time", "force"), ("y",), "every")
    assert data.inputs == (((0, 1.5), (1, 2.0)), ((0, 1.0),))
    assert [f.type for f in data.schema.inputs] == [symbol([0, 1]), real(1.0, 2.0)]
    assert data.outputs == ((2, 3), (1,))
    assert read(path, Options(outputs=("y", "time"))).data.schema.shape[1] == ("y", "time")
    assert read(put(tmp_path, "last.csv", text.replace(",y", ",speed"))).data.schema.shape[1] == ("speed",)
    several = read(put(tmp_path, "several.csv", "id,y3,x,y2,y1\n1,1,2,3,4\n1,1,2,3,4\n")).data
    assert several.schema.shape[:2] == (("y3", "x"), ("y2", "y1"))
    first = read(put(tmp_path, "first.csv", "id,y,x\n1,1,2\n1,1,2\n")).data
    assert first.schema.shape[:2] == (("y",), ("x",))


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (("z",), ":1: no output column 'z'; the columns are 'x', 'y'"),
        (("id",), "no output column 'id'"),
        (("y", "y"), "the outputs are 'y', 'y'; expected different columns"),
        (("x", "y"), "no input column is left"),
    ],
)
def test_outputs_that_are_refused(tmp_path: Path, outputs: tuple[str, ...], message: str):
    assert message in message_of(put(tmp_path, "a.csv", "id,x,y\n1,1,1\n"), Options(outputs=outputs))


def test_outputs_go_with_step_tables(tmp_path: Path):
    path = put(tmp_path, "a.jsonl", OK)
    assert "only tables with one step a row have named columns" in message_of(path, Options(outputs=("y",)))


MISPRINTS = ["abc", "1,5", "nan", "-inf", "1_000", "0x1F", "", "1e999", "--1", "true", "9" * 500]


@settings(deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=3, max_size=12), st.data(), st.sampled_from(MISPRINTS))
def test_a_misprint_in_a_step_table_is_named(values: list[int], data: Any, bad: str):
    rows = [["1", str(v), str(v)] for v in values]
    line, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(1, 2))
    rows[line][column] = bad
    text = "\n".join("\t".join(row) for row in [["sequence", "force", "speed"], *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = put(folder, "data.tsv", text)
        assert message_of(path).startswith(f"{path}:{line + 2}: column {('force', 'speed')[column - 1]}: ")


INTS = st.integers(-(2**63), 2**63 - 1)
REALS = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def numbers_data(draw: Any, most: int = 3) -> Data:
    width, wide = draw(st.integers(1, most)), draw(st.integers(1, most))
    number = draw(st.sampled_from([INTS, REALS]))
    row, result = (st.lists(number, min_size=n, max_size=n) for n in (width, wide))
    inputs = draw(st.lists(st.lists(row, min_size=1, max_size=4), min_size=1, max_size=4))
    return Data.of(inputs, [[draw(result) for _ in x] for x in inputs])


@settings(deadline=None)
@given(numbers_data(), st.sampled_from([(".csv", ","), (".tsv", "\t")]))
def test_step_tables_are_read_back(data: Data, form: tuple[str, str]):
    suffix, comma = form
    names = data.schema.shape
    lines = [comma.join(("sequence", *names[0], *names[1]))]
    for i, (x, y) in enumerate(zip(data.inputs, data.outputs, strict=True)):
        for step in zip(x, y, strict=True):
            lines.append(comma.join(map(repr, [i, *(v for p in step for v in (p if isinstance(p, tuple) else (p,)))])))
    with tempfile.TemporaryDirectory() as folder:
        path = put(folder, f"data{suffix}", "\n".join(lines))
        assert read(path).data == data
        assert read(path, Options(outputs=names[1])).data == data


@settings(deadline=None)
@given(numbers_data(most=1))
def test_cells_are_read_back(data: Data):
    lines = [
        f"{' '.join(map(repr, x))},{' '.join(map(repr, y))}" for x, y in zip(data.inputs, data.outputs, strict=True)
    ]
    with tempfile.TemporaryDirectory() as folder:
        back = read(put(folder, "data.csv", "\n".join(["input,output", *lines]))).data
    if all(isinstance(v, float) or -(10**18) < v < 10**18 for x in (*data.inputs, *data.outputs) for v in x):
        assert back == data  # longer integers are symbols, written as text


token = st.one_of(st.integers(), st.text(max_size=4), st.sampled_from(["\n", '"', "\\", "\ud800", "\u2028", "<s>"]))


@settings(deadline=None)
@given(st.lists(st.lists(token, min_size=1, max_size=5), min_size=1, max_size=5), st.booleans())
def test_jsonl_is_read_back(sequences: list[list[Any]], every: bool):
    outputs = [[None, *x[1:]] if len(x) > 1 else x for x in sequences] if every else [x[0] for x in sequences]
    written_and_read(Data.of(sequences, outputs))


@settings(deadline=None)
@given(numbers_data())
def test_jsonl_of_numbers_is_read_back(data: Data):
    written_and_read(data)


def test_jsonl_of_texts_is_read_back():
    written_and_read(Data.of(["Don't!", ["A", "b"]], ["x", "y"], names=(("text",), None)))
    written_and_read(Data.of([["Ann", "sat"]], [["B-X", "O"]], words=AS_WRITTEN, names=(("tokens",), None)))


def written_and_read(data: Data) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        write_jsonl(path, data)
        assert read(path).data == data


def test_writing_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    data = Data.of([[1]], [[2]])
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
    with pytest.raises(PellucidError, match="has no form in JSONL"):
        write_jsonl(path, Data.of([[1, 2]], [[1, 2]], when="sequence"))


def test_written_lines_are_plain_json(tmp_path: Path):
    write_jsonl(tmp_path / "a.jsonl", Data.of([[1, "b"]], ["c"]))
    assert json.loads((tmp_path / "a.jsonl").read_text()) == {"input": [1, "b"], "output": "c"}


@settings(deadline=None)
@given(st.text(max_size=80), st.sampled_from([".jsonl", ".csv", ".tsv", ".txt", ".conll"]))
def test_any_text_is_read_or_refused_in_one_line(text: str, suffix: str):
    with tempfile.TemporaryDirectory() as folder:
        path = put(folder, f"data{suffix}", text.encode("utf-8", "replace"))
        try:
            problem = None if len(read(path).data) else "no examples"
        except PellucidError as error:
            problem = str(error)
        assert problem is None or (problem.startswith(path) and "\n" not in problem)


# --- texts ---

FORMS = {
    "a.tsv": "NUM\tHow far?\r\nLOC\tWhere\tis it?\n\n",
    "b.txt": "NUM\tHow far?\nLOC\tWhere is it?\n",
    "c.csv": 'id,text,label\n1,"How far?",NUM\n2,"Where\nis it?",LOC\n',
    "d.tsv": "label\ttext\nNUM\tHow far?\nLOC\tWhere is it?\n",
    "e.jsonl": '{"text": "How far?", "label": "NUM"}\n\n{"text": "Where is it?", "label": "LOC"}\n',
    "f.jsonl": '{"input": "How far?", "output": "NUM"}\n{"input": "Where is it?", "output": "LOC"}\n',
    "g.jsonl": json.dumps({"tokens": ["how", "far", "?"], "label": "NUM"})
    + "\n"
    + json.dumps({"words": ["where", "is", "it", "?"], "label": "LOC"}),
}


@pytest.mark.parametrize("name", FORMS)
def test_forms_of_texts_give_the_same_data(tmp_path: Path, name: str):
    data = read(put(tmp_path, name, FORMS[name])).data
    assert data.inputs == (("how", "far", "?"), ("where", "is", "it", "?"))
    assert data.outputs == ("NUM", "LOC")
    assert data.schema.words == Reading(AS_WRITTEN if name == "g.jsonl" else Words())
    assert (data.texts is None) == (name == "g.jsonl")


def test_how_texts_are_split_may_be_said(tmp_path: Path):
    path = put(tmp_path, "a.tsv", "1\tHow far?\n2\tWhere\n")
    data = read(path, Options(words=AS_WRITTEN)).data
    assert (data.inputs[0], data.outputs) == (("How", "far", "?"), (1, 2))


SAME = ["B-PER I-PER O B-PER B-PER O B-LOC I-LOC", "O B-LOC"]  # in IOB2
SCHEMES = {
    "IOB2": SAME,
    "IOB1": ["I-PER I-PER O I-PER B-PER O I-LOC I-LOC", "O I-LOC"],
    "BIOES": ["B-PER E-PER O S-PER S-PER O B-LOC E-LOC", "O S-LOC"],
}
NAMES = ("Ann", "Lee", "met", "Bo", "Al", "in", "New", "York")


def conll(sentences: list[str], separator: str = "\t") -> str:
    pairs = [zip(NAMES, tags.split(), strict=False) for tags in sentences]
    return "\n".join("".join(separator.join(pair) + "\n" for pair in sentence) for sentence in pairs)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("separator", ["\t", " ", "  "])
def test_conll_schemes_become_iob2(tmp_path: Path, scheme: str, separator: str):
    found = read(put(tmp_path, "a.conll", f"-DOCSTART- -X- O\n\n{conll(SCHEMES[scheme], separator)}\n\n"))
    assert found.notes == (() if scheme == "IOB2" else (f"entity tags are {scheme}, read as IOB2",))
    assert found.data.outputs == tuple(tuple(s.split()) for s in SAME)
    assert found.data.inputs == (NAMES, NAMES[:2])
    assert found.data.schema.words == Reading(AS_WRITTEN)


def columns(tmp_path: Path, text: str, **options: Any) -> Data:
    return read(put(tmp_path, "a.conll", text), Options(**options)).data


def test_io_and_bilou_and_bmes(tmp_path: Path):
    io = columns(tmp_path, "a I-X\nb I-X\nc O\nd I-X\ne I-Y\n")
    assert io.outputs[0] == ("B-X", "I-X", "O", "B-X", "B-Y")
    for tags in ("B-X L-X O U-X", "B-X E-X O S-X"):
        assert to_iob2(tags.split()) == ["B-X", "I-X", "O", "B-X"]
    assert to_iob2(["B-X", "M-X", "E-X"]) == ["B-X", "I-X", "I-X"]


TAGS = st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B", "E-A", "S-A"])


@settings(deadline=None)
@given(st.lists(TAGS, max_size=10))
def test_conversion_keeps_the_entities_of_conlleval(tags: list[str]):
    again = to_iob2(tags)
    assert entities(again) == entities(tags)
    assert to_iob2(again) == again


def test_other_columns_of_conll_stay_as_they_are(tmp_path: Path):
    text = "a DET X O\nb NOUN Y B-A\n"
    assert columns(tmp_path, text, column=2).outputs == (("DET", "NOUN"),)
    assert columns(tmp_path, text, column=-3).outputs == (("DET", "NOUN"),)
    assert scheme_of([["O", "DET"]]) is None


def test_comments_and_conll_u(tmp_path: Path):
    row = "{}\t{}\tl\t{}\t_\t_\t_\t_\t_\t_"
    rows = [row.format(*r) for r in (("1-2", "du", "_"), ("1", "de", "ADP"), ("2", "le", "DET"), ("2.1", "x", "X"))]
    text = "# sent_id = 1\n# text = du\n" + "\n".join(rows) + "\n"
    assert columns(tmp_path, text, column=4).inputs == (("de", "le"),)
    hashes = columns(tmp_path, "# a comment here\n# O\n#tag O\nx B-A\n")
    assert hashes.inputs == (("#", "#tag", "x"),)


@pytest.mark.parametrize("column", [0, 3, -3, True, "tag"])
def test_bad_column_is_named(tmp_path: Path, column: Any):
    with pytest.raises(PellucidError, match="the file has 2 columns; expected 1 to 2, or -1 for the last"):
        columns(tmp_path, "a O\n", column=column)


def test_columns_in_a_file_of_any_name(tmp_path: Path):
    assert read(put(tmp_path, "test.annotated", conll(SAME))).data.outputs[1] == ("O", "B-LOC")
    assert read(put(tmp_path, "test.txt", conll(SAME))).data.outputs[1] == ("O", "B-LOC")
    assert not looks_like_conll("LOC\tWhere is it?\n\nNUM\tHow far is it?\n")


def test_tagged_records_are_converted(tmp_path: Path):
    rows = [{"tokens": list(NAMES), "tags": SCHEMES["BIOES"][0].split()}, {"tokens": ["x"], "ner_tags": ["O"]}]
    data = read(put(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows)))).data
    assert data.outputs[0] == tuple(SAME[0].split())


# --- read as other data was ---


def test_a_file_is_read_as_the_training_data_was(tmp_path: Path):
    train = Data.of([[1, 2], ["a", 1]], [[5, "y"], [5, 5]])
    path = put(tmp_path, "a.jsonl", '{"input": ["1", "2"], "output": ["5", "new"]}')
    data = read(path, like=train.schema).data
    assert (data.inputs, data.outputs) == (((1, 2),), ((5, "new"),))
    assert data.schema is train.schema
    table = put(tmp_path, "a.csv", "input,output\n1,y\n")
    assert read(table, like=train.schema).data.inputs == ((1,),)
    reals = Data.of([[0.5, 2]], [1.5]).schema
    data = read(put(tmp_path, "b.csv", "input,output\n1 2,3\n"), like=reals).data
    assert [type(v) for v in (*data.inputs[0], *data.outputs)] == [float] * 3
    words = Data.of(["Don't"], ["x"]).schema
    assert read(put(tmp_path, "c.tsv", "x\tDon't\n"), like=words).data.inputs == (("do", "n't"),)


def test_files_of_other_columns_are_refused(tmp_path: Path):
    schema = Data.of([[1, 2]], [1]).schema
    for text, message in (
        ('{"input": [1], "output": [1]}', "outputs: one per step; the training data has one per sequence"),
        ('{"input": [[1, 2]], "output": 1}', "input columns: 'x1', 'x2'; the training data has 'x'"),
    ):
        with pytest.raises(PellucidError, match=message):
            read(put(tmp_path, "a.jsonl", text), like=schema)


def test_many_integers_are_whole_numbers(tmp_path: Path):
    values = list(range(0, 3000, 2))
    data = read(put(tmp_path, "a.csv", f"input,output\n{' '.join(map(str, values))},1\n")).data
    assert data.schema["x"].type == whole(0, 2998)


PLAIN = "mode,a,b,out\nup,3,1.5,4.5\ndown,1,0.5,0.5\nup,2,0.5,2.5\ndown,5,1,4\n"


def test_a_table_without_sequences_has_an_example_a_row_and_says_so(tmp_path):
    found = read(put(tmp_path, "a.csv", PLAIN))
    assert found.data.schema.shape == (("mode", "a", "b"), ("out",), "every")
    assert (found.data.inputs[1], found.data.outputs[1]) == ((("down", 1, 0.5),), (0.5,))
    assert "every row is an example of its own" in found.notes[0]


RISING = "t,x,y\n" + "".join(f"{i},{i % 3},{i % 2}\n" for i in range(12))


@pytest.mark.parametrize(
    ("text", "told"),
    [(RISING, "t rises from row to row"), ("a word,y\nof many,1\nnone twice,2\n", "a word holds texts")],
)
def test_rows_that_may_be_something_else_are_refused(tmp_path, text, told):
    assert told in message_of(put(tmp_path, "a.csv", text))


def test_a_column_or_no_column_is_named_as_the_one_of_sequences(tmp_path):
    path = put(tmp_path, "a.csv", RISING)
    assert [len(x) for x in read(path, Options(group="rows")).data.inputs] == [1] * 12
    grouped = read(put(tmp_path, "b.csv", "run,x,y\na,1,2\na,2,3\nb,1,2\n"), Options(group="run")).data
    assert [len(x) for x in grouped.inputs] == [2, 1]
    assert "no column 'way' for --group" in message_of(path, Options(group="way"))
