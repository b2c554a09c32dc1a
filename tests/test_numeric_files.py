"""Files of numbers: read back what was written, tables of both kinds, errors that name file and line."""

import json
import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data import Series
from pellucid.data.numeric_files import is_numeric_file, load_series_splits, read_series, write_series
from pellucid.errors import PellucidError

INTS = st.integers(-(2**63), 2**63 - 1)
REALS = st.floats(allow_nan=False, allow_infinity=False)
COLUMNS, LAST = st.integers(1, 3), st.booleans()
SEQUENCES = st.lists(st.one_of(INTS, REALS), min_size=1, max_size=5)


def written(folder, name: str, text: str) -> Path:
    path = Path(folder) / name
    path.write_text(text, encoding="utf-8")
    return path


def same(a: Series, b: Series) -> bool:
    """Equal numbers, types and columns."""
    arrays = zip((*a.inputs, *a.outputs), (*b.inputs, *b.outputs), strict=True)
    alike = (a.input_names, a.output_names, a.last) == (b.input_names, b.output_names, b.last)
    return alike and all(x.dtype == y.dtype and x.tolist() == y.tolist() for x, y in arrays)


def step_table(series: Series, comma: str) -> str:
    lines = [comma.join(("sequence", *series.input_names, *series.output_names))]
    for i, (x, y) in enumerate(zip(series.inputs, series.outputs, strict=True)):
        lines += [comma.join(map(repr, [i, *a, *b])) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    return "\n".join(lines) + "\n"


@st.composite
def all_series(draw, columns=COLUMNS, last=LAST):
    """Series of one to three columns on either side, of whole or of any numbers."""
    width, wide, one = draw(columns), draw(columns), draw(last)
    number = draw(st.sampled_from([INTS, REALS]))
    row, result = (st.lists(number, min_size=n, max_size=n) for n in (width, wide))
    inputs = draw(st.lists(st.lists(row, min_size=1, max_size=4), min_size=1, max_size=4))
    if one:
        return Series.of(inputs, [draw(number) for _ in inputs], last=True)
    return Series.of(inputs, [[draw(result) for _ in x] for x in inputs])


@given(all_series())
def test_jsonl_round_trip(series):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.jsonl"
        write_series(path, series)
        assert same(read_series(path), series)


@given(all_series(last=st.just(False)), st.sampled_from([(".csv", ","), (".tsv", "\t")]))
def test_step_table_round_trip(series, form):
    suffix, comma = form
    with tempfile.TemporaryDirectory() as folder:
        path = written(folder, f"data{suffix}", step_table(series, comma))
        assert same(read_series(path), series)
        assert same(read_series(path, outputs=series.output_names), series)
        assert is_numeric_file(path)


@given(all_series(columns=st.just(1)), st.sampled_from([(".csv", ","), (".tsv", "\t")]))
def test_cells_round_trip(series, form):
    suffix, comma = form
    lines = [comma.join(("input", "output"))]
    for i in range(len(series)):
        y = series.expected(i)
        lines.append(comma.join(" ".join(map(repr, part)) for part in (series.rows(i), [y] if series.last else y)))
    with tempfile.TemporaryDirectory() as folder:
        back = read_series(written(folder, f"data{suffix}", "\n".join(lines)))
    if series.last and all(len(x) == 1 for x in series.inputs):  # one in, one out is read as one per step
        assert not back.last
        back = Series(back.inputs, back.outputs, last=True)
    assert same(back, series)


BAD = st.sampled_from(["abc", "1,5", "nan", "-inf", "1_000", "0x1F", "", "1e999", str(2**63), "--1", "true", "9" * 500])


@given(st.lists(st.integers(-9, 9), min_size=3, max_size=12), st.data(), BAD)
def test_a_bad_field_of_a_step_table_is_named(values, data, bad):
    rows = [["1", str(v), str(v)] for v in values]
    line, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(1, 2))
    rows[line][column] = bad
    text = "\n".join("\t".join(row) for row in [["sequence", "force", "speed"], *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = written(folder, "data.tsv", text)
        with pytest.raises(PellucidError) as caught:
            read_series(path)
    assert str(caught.value).startswith(f"{path}:{line + 2}: column {('force', 'speed')[column - 1]}: ")
    assert "\n" not in str(caught.value)


@given(st.lists(SEQUENCES, min_size=2, max_size=6), st.data())
def test_a_bad_value_of_a_jsonl_line_is_named(rows, data):
    bad = data.draw(st.sampled_from(["text", None, True, math.nan, math.inf, 2**63, -(2**70), [1], {}]))
    line = data.draw(st.integers(0, len(rows) - 1))
    side = data.draw(st.sampled_from(["input", "output"]))
    records = [{"input": row, "output": list(row)} for row in rows]
    records[line] = {**records[line], side: [*rows[line], bad]}
    with tempfile.TemporaryDirectory() as folder:
        path = written(folder, "data.jsonl", "\n".join(map(json.dumps, records)))
        with pytest.raises(PellucidError) as caught:
            read_series(path)
    assert str(caught.value).startswith(f"{path}:{line + 1}: {side} at step {len(rows[line]) + 1}: ")
    assert "\n" not in str(caught.value)


@given(st.text(max_size=80), st.sampled_from([".jsonl", ".csv", ".tsv"]))
def test_any_text_is_read_or_refused_in_one_line(text, suffix):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"data{suffix}"
        path.write_bytes(text.encode("utf-8", "replace"))
        is_numeric_file(path)
        try:
            problem = None if len(read_series(path)) else "no examples"
        except PellucidError as error:
            problem = str(error)
        assert problem is None or (problem.startswith(str(path)) and "\n" not in problem)


def test_step_table_columns(tmp_path):
    text = "time,Sequence,force,y\n0,a,1.5,2\n1,a,2,3\n0,b,1,1\n"
    path = written(tmp_path, "data.csv", text)
    series = read_series(path)
    assert (series.input_names, series.output_names) == (("time", "force"), ("y",))
    assert [series.rows(i) for i in range(2)] == [[[0, 1.5], [1, 2]], [[0, 1]]]
    assert series.expected(0) == [2, 3]
    assert read_series(path, outputs=["y", "time"]).output_names == ("y", "time")
    last = written(tmp_path, "last.csv", text.replace(",y", ",speed"))
    assert read_series(last).output_names == ("speed",)
    several = written(tmp_path, "several.csv", "id,y2,y1,x\n1,1,2,3\n1,1,2,3\n")
    assert read_series(several).output_names == ("y2", "y1")


def test_a_step_table_may_name_its_columns_input_and_output(tmp_path):
    path = written(tmp_path, "data.csv", "sequence,input,output\n1,5,5\n1,6,11\n2,7,7\n")
    series = read_series(path)
    assert [series.rows(i) for i in range(2)] == [[5, 6], [7]]
    assert (series.input_names, series.output_names) == (("input",), ("output",))


CASES = [
    ("a.csv", "x,y\n1,2\n", "a.csv:1: the columns are 'x', 'y'; add one named sequence that says to which sequence"),
    ("a.csv", "1,2\n3,4\n", "a.csv:1: the header is '1', '2'; expected names of columns"),
    ("a.csv", "id,x,y\n1,1,1\n2,1,1\n1,2,2\n", "a.csv:4: sequence '1' began on line 2 and was left since"),
    ("a.csv", "id,x,y\n1,1,1\n,1,1\n", "a.csv:3: no sequence given"),
    ("a.csv", "id,x,x\n1,1,1\n", "a.csv:1: 2 columns are named 'x'; expected different names"),
    ("a.csv", "id,,x\n1,1,1\n", "a.csv:1: a column has no name"),
    ("a.csv", "id,y\n1,1\n", "a.csv:1: no input column is left"),
    ("a.csv", "id,x,y\n1,1\n", "a.csv:2: 2 fields; the header has 3"),
    ("a.csv", "id,x,y\n1,,1\n", "a.csv:2: column x: is empty; expected a number"),
    ("a.csv", 'id,x,y\n1,"1,1\n', "a.csv:2: not a well-formed table"),
    ("a.csv", "id,x,y\n", "a.csv: a header but no examples"),
    ("a.csv", "input,output\n1 2,1 2 3\n", "a.csv:2: input has 2 numbers, output 3; expected one output per step"),
    ("a.csv", "input,output\n1 2,1 2\n1 2,3\n", "a.csv:2: input has 2 numbers, output 2; expected one output per seq"),
    ("a.csv", "input,output\n1 b,1 2\n", "a.csv:2: input at step 2: 'b' is text; expected a number"),
    ("a.csv", "input,output\n1 2,1 inf\n", "a.csv:2: output at step 2: inf is not finite"),
    ("a.csv", "input,output\n,1\n", "a.csv:2: input is empty; expected numbers separated by spaces"),
    ("a.jsonl", "[1]\n", "a.jsonl:1: [1] is no JSON object"),
    ("a.jsonl", '{"input": [1]}\n', "a.jsonl:1: no key \"output\"; the keys are 'input'"),
    ("a.jsonl", '{"input": [1], "output": [1]}\n{"input": [\n', "a.jsonl:2: not JSON"),
    ("a.jsonl", '{"input": [1], "output": [1]}\n{"input": [1], "output": 1}\n', "a.jsonl:2: output is 1, on line 1"),
    ("a.jsonl", '{"input": [1], "output": 1}\n{"input": [1], "output": [1]}\n', "a.jsonl:2: output is a list, on line"),
    ("a.jsonl", '{"input": [1, 2], "output": [1]}\n', "a.jsonl:1: input has 2 steps, output 1 step;"),
    ("a.jsonl", '{"input": [[1, 2], [3]], "output": [1, 2]}\n', "a.jsonl:1: input has 1 number at step 2, 2 at step 1"),
    ("a.jsonl", f'{{"input": [{"9" * 5000}], "output": [1]}}\n', "a.jsonl:1: JSON with a too long number"),
    ("a.txt", "1", "a.txt: unknown kind of file; known are .jsonl, .csv, .tsv"),
    ("a.csv", "", "a.csv: the file is empty"),
]


@pytest.mark.parametrize(("name", "text", "message"), CASES)
def test_what_is_refused(tmp_path, name, text, message):
    path = written(tmp_path, name, text)
    with pytest.raises(PellucidError) as caught:
        read_series(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (["z"], "a.csv:1: no output column 'z'; the columns are 'x', 'y'"),
        (["id"], "no output column 'id'"),
        (["y", "y"], "the outputs are 'y', 'y'; expected different columns"),
        (["x", "y"], "no input column is left"),
    ],
)
def test_outputs_that_are_refused(tmp_path, outputs, message):
    path = written(tmp_path, "a.csv", "id,x,y\n1,1,1\n")
    with pytest.raises(PellucidError) as caught:
        read_series(path, outputs)
    assert message in str(caught.value)


def test_outputs_go_with_step_tables(tmp_path):
    path = written(tmp_path, "a.jsonl", '{"input": [1], "output": [1]}')
    with pytest.raises(PellucidError, match="only tables with one step a row have named columns"):
        read_series(path, ["y"])


def test_what_cannot_be_written(tmp_path):
    with pytest.raises(PellucidError, match="has no form in JSONL"):
        write_series(tmp_path / "a.jsonl", Series.of([[1, 2]], [[1, 2]], last=True))


MANY = list(range(70))


@pytest.mark.parametrize(
    ("name", "text", "numeric"),
    [
        ("a.jsonl", '{"input": [1, 2], "output": [1, 3]}', False),
        ("a.jsonl", '{"input": [1, 2.5], "output": [1, 3]}', True),
        ("a.jsonl", '{"input": [1, 2], "output": 0.5}', True),
        ("a.jsonl", '{"input": [[1, 2]], "output": [1]}', True),
        ("a.jsonl", '{"input": [1, NaN], "output": [1, 3]}', True),
        ("a.jsonl", f'{{"input": {MANY}, "output": {[0] * 70}}}', True),
        ("a.jsonl", f'{{"input": {[0] * 70}, "output": {MANY}}}', True),
        ("a.jsonl", f'{{"input": {[*MANY, "a"]}, "output": {[*MANY, 1]}}}'.replace("'", '"'), False),
        ("a.jsonl", '{"input": ["a", "b"], "output": ["a", "b"]}', False),
        ("a.jsonl", "not JSON", False),
        ("a.jsonl", "", False),
        ("a.csv", "input,output\n1 2,1 3\n", False),
        ("a.csv", "input,output\n1 2.5,1 3\n", True),
        ("a.csv", "input,output\n1.5 2 x,1 3 4\n", True),
        ("a.csv", "input,output\nit costs 2.5,a b c\n", False),
        ("a.csv", f"input,output\n{' '.join(map(str, MANY))},1\n", True),
        ("a.csv", "input,output\na b,a b\n", False),
        ("a.csv", "sequence,x,y\n1,1,2\n1,2,3\n", True),
        ("a.csv", "x,y\n1,2\n", True),
        ("a.csv", "text,label\na good film,1\n", False),
        ("a.csv", "id,input,output\n1,1 2,1 3\n", False),
        ("a.csv", "sequence,input,output\n1,1,1\n1,2,3\n", True),
        ("a.conll", "1.5 2.5\n", False),
    ],
)
def test_numbers_or_symbols(tmp_path, name, text, numeric):
    assert is_numeric_file(written(tmp_path, name, text)) is numeric


def test_no_such_file_is_left_to_the_reader(tmp_path):
    assert not is_numeric_file(tmp_path / "none.jsonl")
    with pytest.raises(PellucidError, match="no such file"):
        read_series(tmp_path / "none.jsonl")


def jsonl(rows) -> str:
    return "".join(json.dumps({"input": row, "output": row}) + "\n" for row in rows)


def test_splits_from_one_file(tmp_path):
    path = written(tmp_path, "a.jsonl", jsonl([i, i + 1] for i in range(100)))
    splits = load_series_splits(path, seed=1)
    assert [len(part) for part in splits.parts().values()] == [81, 9, 10]


def test_splits_from_several_files_have_one_type(tmp_path):
    train = written(tmp_path, "train.jsonl", jsonl([i, i + 1] for i in range(20)))
    test = written(tmp_path, "test.jsonl", jsonl([[1, 2.5]]))
    splits = load_series_splits(train, test=test)
    assert (len(splits.train) + len(splits.valid), len(splits.test)) == (20, 1)
    assert not any(part.whole_inputs for part in splits.parts().values())


def test_splits_need_the_same_columns(tmp_path):
    train = written(tmp_path, "train.jsonl", jsonl([i, i + 1] for i in range(20)))
    test = written(tmp_path, "test.jsonl", '{"input": [[1, 2]], "output": [1]}')
    with pytest.raises(PellucidError, match=r"test\.jsonl: input columns: 'x1', 'x2'; the training data has 'x'"):
        load_series_splits(train, test=test)
    last = written(tmp_path, "last.jsonl", '{"input": [1, 2], "output": 1}')
    with pytest.raises(PellucidError, match=r"last\.jsonl: outputs: one per sequence; the training data has one per"):
        load_series_splits(train, valid=last)
    few = written(tmp_path, "few.jsonl", jsonl([[1]]))
    with pytest.raises(PellucidError, match=r"few\.jsonl: 1 examples with 1 different inputs are too few"):
        load_series_splits(few)
