"""Files and columns of texts: every form, and what is said about a bad line."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data.conll import looks_like_conll, parse_conll, write_conll
from pellucid.data.tags import scheme_of, to_iob2
from pellucid.data.text_columns import texts_from_columns
from pellucid.data.texts import is_text_file, load_texts, read_texts, texts_of
from pellucid.errors import PellucidError
from pellucid.language.words import AS_WRITTEN, Words
from pellucid.program.scores import entities

SAME = ["B-PER I-PER O B-PER B-PER O B-LOC I-LOC", "O B-LOC"]  # in IOB2
SCHEMES = {
    "IOB2": SAME,
    "IOB1": ["I-PER I-PER O I-PER B-PER O I-LOC I-LOC", "O I-LOC"],
    "BIOES": ["B-PER E-PER O S-PER S-PER O B-LOC E-LOC", "O S-LOC"],
}
NAMES = ("Ann", "Lee", "met", "Bo", "Al", "in", "New", "York")


def conll(sentences, separator="\t", extra=()):
    pairs = [zip(NAMES, tags.split(), strict=False) for tags in sentences]
    rows = ["".join(separator.join((word, *extra, tag)) + "\n" for word, tag in pair) for pair in pairs]
    return "\n".join(rows)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("separator", ["\t", " ", "  "])
def test_conll_schemes_become_iob2(scheme, separator):
    text = f"-DOCSTART- -X- O\n\n{conll(SCHEMES[scheme], separator)}\n\n"
    found = parse_conll("a.conll", text)
    assert found.scheme == scheme
    assert found.data.outputs == tuple(tuple(s.split()) for s in SAME)
    assert found.data.inputs == (NAMES, NAMES[:2])
    assert found.lines == (3, 12)


def test_io_and_bilou_and_bmes():
    io = parse_conll("a", "a I-X\nb I-X\nc O\nd I-X\ne I-Y\n")
    assert (io.scheme, io.data.outputs[0]) == ("IO", ("B-X", "I-X", "O", "B-X", "B-Y"))
    for tags in ("B-X L-X O U-X", "B-X E-X O S-X"):
        assert to_iob2(tags.split()) == ["B-X", "I-X", "O", "B-X"]
    assert to_iob2(["B-X", "M-X", "E-X"]) == ["B-X", "I-X", "I-X"]


TAGS = st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B", "E-A", "S-A"])


@given(st.lists(TAGS, max_size=10))
def test_conversion_keeps_the_entities_of_conlleval(tags):
    again = to_iob2(tags)
    assert entities(again) == entities(tags)
    assert to_iob2(again) == again


def test_other_columns_stay_as_they_are():
    text = "a DET X O\nb NOUN Y B-A\n"
    assert parse_conll("a", text, column=2).data.outputs == (("DET", "NOUN"),)
    assert parse_conll("a", text, column=-3).scheme is None
    assert parse_conll("a", text, column=4, words=3).data.inputs == (("X", "Y"),)
    assert parse_conll("a", "a I-A\nb O\n", convert=False).data.outputs == (("I-A", "O"),)
    assert scheme_of([["O", "DET"]]) is None


def test_comments_and_conll_u():
    row = "{}\t{}\tl\t{}\t_\t_\t_\t_\t_\t_"
    rows = [row.format(*r) for r in (("1-2", "du", "_"), ("1", "de", "ADP"), ("2", "le", "DET"), ("2.1", "x", "X"))]
    text = "# sent_id = 1\n# text = du\n" + "\n".join(rows) + "\n"
    assert parse_conll("a", text, column=4, words=2).data.inputs == (("de", "le"),)
    hashes = parse_conll("a", "# a comment here\n# O\n#tag O\nx B-A\n")
    assert hashes.data.inputs == (("#", "#tag", "x"),)


BAD_CONLL = [
    ("a\tO\nb\n", "a.conll:2: 'b' has 1 column; expected 2, separated by tabs, as in the lines before"),
    ("a O\nb c O\n", "a.conll:2: 'b c O' has 3 columns; expected 2, separated by spaces"),
    ("a\tO\n\tO\n", "a.conll:2: '\\tO' has an empty column; expected 2 columns with something in each"),
    ("a B-X\nb O\n\nc BX\n", "a.conll:4: 'BX' is no entity tag; expected O, or one as B-PER or I-PER"),
    ("a\nb\n", "a.conll:1: 1 column; expected a word and its label"),
    ("-DOCSTART- O\n\n", "a.conll: no sentence"),
]


@pytest.mark.parametrize(("text", "message"), BAD_CONLL)
def test_bad_conll_line_is_named(tmp_path, monkeypatch, text, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.conll").write_text(text)
    with pytest.raises(PellucidError) as caught:
        read_texts("a.conll")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("column", [0, 3, -3, True, "tag"])
def test_bad_column_is_named(column):
    with pytest.raises(PellucidError, match="the file has 2 columns; expected 1 to 2, or -1 for the last"):
        parse_conll("a", "a O\n", column=column)


def test_written_conll_is_read_back():
    pairs = [(("a", "#"), ("B-X", "O")), (("b",), ("O",))]
    data = parse_conll("a", write_conll(pairs)).data
    assert list(zip(data.inputs, data.outputs, strict=True)) == pairs


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
def test_forms_give_the_same_data(tmp_path, name):
    path = tmp_path / name
    path.write_text(FORMS[name], newline="")
    assert is_text_file(path)
    found = read_texts(path)
    assert found.data.inputs == (("how", "far", "?"), ("where", "is", "it", "?"))
    assert found.data.outputs == ("NUM", "LOC")
    assert found.words == (None if name == "g.jsonl" else Words())
    assert len(found.lines) == 2


def test_symbol_files_are_no_texts(tmp_path):
    for name, text in (
        ("a.csv", "input,output\n1 2,1 2\n"),
        ("a.tsv", "input\toutput\n1\t2\n"),
        ("a.jsonl", '{"input": [1], "output": 1}\n'),
        ("b.csv", "x,y\n1,2\n"),
        ("c.jsonl", "nonsense\n"),
    ):
        (tmp_path / name).write_text(text)
        assert not is_text_file(tmp_path / name)
    assert not is_text_file(tmp_path / "absent.csv")
    assert is_text_file(tmp_path / "absent.conll")


def test_columns_in_a_file_of_any_name(tmp_path):
    path = tmp_path / "test.annotated"
    path.write_text(conll(SAME))
    assert is_text_file(path)
    assert read_texts(path).scheme == "IOB2"
    assert not looks_like_conll("LOC\tWhere is it?\n\nNUM\tHow far is it?\n")


def test_tagged_records_are_converted(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = [{"tokens": list(NAMES), "tags": SCHEMES["BIOES"][0].split()}, {"tokens": ["x"], "ner_tags": ["O"]}]
    path.write_text("\n".join(map(json.dumps, rows)))
    found = read_texts(path)
    assert (found.scheme, found.words, found.splitting) == ("BIOES", None, AS_WRITTEN)
    assert found.data.outputs[0] == tuple(SAME[0].split())


BAD = [
    ("a.tsv", "A\tx y\nno tab\n", "a.tsv:2: no tab in 'no tab'; expected LABEL<TAB>text"),
    ("a.tsv", "A\tx\n\tx\n", "a.tsv:2: the label is empty"),
    ("a.tsv", "A\tx\nB\t \n", "a.tsv:2: the text is empty"),
    ("a.tsv", "".join(f"text {i}\t{'ab'[i % 2]}\n" for i in range(30)), "a.tsv: every line has a label of its own"),
    ("a.csv", "text,label\nx,A\ny\n", "a.csv:3: 1 field; the header has 2"),
    ("a.csv", "text,label\nx,A\n,B\n", "a.csv:3: the text is empty"),
    ("a.csv", "text,label\n", "a.csv: a header but no examples"),
    ("a.csv", 'text,label\nx,A\n"y,B\n', "a.csv:3: not a table with quoted fields"),
    ("a.csv", "text,lable\nx,A\n", "a.csv:1: the header is 'text', 'lable'; expected the columns"),
    (
        "a.jsonl",
        '{"text": "x", "label": "A"}\n{"text": "y"}\n',
        "a.jsonl:2: the keys are 'text'; expected one of label",
    ),
    ("a.jsonl", '{"text": "x", "label": "A"}\n[1]\n', "a.jsonl:2: '[1]' is no JSON object"),
    ("a.jsonl", '{"text": "x", "label": "A"}\n{"text": "y", "label": ["B"]}\n', "a.jsonl:2: a list of labels"),
    ("a.jsonl", '{"text": "x", "label": "A"}\n{"text": "\\u2003", "label": "B"}\n', "a.jsonl:2: no word in the text"),
    ("a.jsonl", '{"text": "x y", "tags": ["O", "O"]}\n', "a.jsonl:1: a label per word needs the words as a list"),
    ("a.jsonl", '{"tokens": ["x"], "tags": ["O", "O"]}\n', "a.jsonl:1: input has 1 symbol, output 2"),
    ("a.jsonl", '{"text": "x", "label": 1.5}\n', "a.jsonl:1: output 1.5 is a float"),
    ("a.txt", "only words\n", "a.txt:1: no tab in 'only words'"),
    ("a.doc", "only words\n", "a.doc: neither CoNLL columns nor a known kind of file"),
]


@pytest.mark.parametrize(("name", "text", "message"), BAD)
def test_bad_line_is_named(tmp_path, monkeypatch, name, text, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(PellucidError) as caught:
        read_texts(name)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


class Names:
    def __init__(self, names):
        self.names = names


class Several:
    def __init__(self, feature):
        self.feature = feature


class Faces(dict):
    """Looks like a Hugging Face data set."""

    def __init__(self, columns, features):
        super().__init__(columns)
        self.column_names, self.features = list(columns), features


def test_columns_of_data_frames_and_hugging_face():
    frame = pd.DataFrame({"text": ["How far?", "Where?"], "label": [1, 0]})
    assert texts_from_columns(frame).data.outputs == (1, 0)
    assert texts_from_columns({"text": np.array(["a", "b"]), "label": np.array(["x", "y"])}).data.outputs == ("x", "y")
    faces = Faces({"text": ["a", "b"], "label": [1, 0]}, {"label": Names(["no", "yes"])})
    assert texts_from_columns(faces).data.outputs == ("yes", "no")
    names = Names(["O", "B-PER"])
    for feature in (Several(names), [names]):
        tagged = Faces({"tokens": [["Ann", "sat"]], "ner_tags": [[1, 0]]}, {"ner_tags": feature})
        assert texts_from_columns(tagged).data.outputs == (("B-PER", "O"),)


@pytest.mark.parametrize(
    ("table", "more", "message"),
    [
        ({"text": ["a"]}, {}, "no column for the label; the columns are 'text'; expected one of label"),
        ({"text": ["a"], "label": ["x"]}, {"text": "body"}, "no column 'body'; the columns are 'text', 'label'"),
        (pd.DataFrame({"text": ["a", None], "label": ["x", "y"]}), {}, "row 2: nan is a float; expected a text"),
        (Faces({"text": ["a"], "label": [-1]}, {"label": Names(["x"])}), {}, "row 1: label is -1; expected 0 to 0"),
        ({"train": Faces({}, {}), "test": Faces({}, {})}, {}, "give one of them, as data['train']"),
        ([1], {}, "[1] has no columns"),
    ],
)
def test_bad_columns_are_named(table, more, message):
    with pytest.raises(PellucidError) as caught:
        texts_from_columns(table, **more)
    assert message in str(caught.value)


def test_lists_from_python():
    mixed = texts_of(["A b", ["A", "b"]], [1, 2])
    assert mixed.data.inputs == (("a", "b"), ("A", "b"))
    with pytest.raises(PellucidError, match="1 texts but 2 labels"):
        texts_of(["a"], [1, 2])
    with pytest.raises(PellucidError, match="no examples"):
        texts_of([], [])


def test_files_are_divided_or_taken_as_given(tmp_path):
    (tmp_path / "a.tsv").write_text("".join(f"{'xy'[i % 2]}\ttext {i}a\n" for i in range(40)))
    (tmp_path / "b.tsv").write_text("1\tother\n")
    (tmp_path / "c.tsv").write_text("".join(f"{i % 3 if i else 'z'}\ttext {i}a\n" for i in range(40)))
    (tmp_path / "d.conll").write_text(conll(SAME))
    parts = load_texts(tmp_path / "a.tsv", seed=1).splits.parts()
    assert sum(map(len, parts.values())) == 40
    assert parts == load_texts(tmp_path / "a.tsv", seed=1).splits.parts()
    found = load_texts(tmp_path / "c.tsv", test=tmp_path / "b.tsv")
    assert found.splits.test.outputs == ("1",)
    assert found.words == Words()
    with pytest.raises(PellucidError, match=r"d\.conll: holds tagging, .*a\.tsv classification"):
        load_texts(tmp_path / "a.tsv", test=tmp_path / "d.conll")
    with pytest.raises(PellucidError, match=r"d\.conll: 2 examples .* are too few"):
        load_texts(tmp_path / "d.conll")
