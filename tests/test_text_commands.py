"""`eval`, `run`, `verify`, `errors`, `circuit` and `explain` on programs that read texts."""

import json
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from inspect_samples import LAST, call, call_json, write_folder
from made_texts import questions, sentences
from pellucid.first.cli import main

ROWS = [("Who is the teacher of Rome, exactly?", "HUM"), ("Where does Zoe live?", "LOC"), ("Who?", "NUM")]
CONLL = """-DOCSTART- -X- O

The DT O
king NN O
sees VB O
Rome NNP I-LOC
Oslo NNP B-LOC

Lima NNP I-LOC
likes VB O
Nobody NNP I-PER
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A learned classifier and a learned tagger, and data that neither was learned from."""
    root = tmp_path_factory.mktemp("texts")
    texts, labels = questions()
    (root / "train.tsv").write_text("".join(f"{label}\t{text}\n" for text, label in zip(texts, labels, strict=True)))
    words, tags = sentences()
    pairs = [zip(*row, strict=True) for row in zip(words, tags, strict=True)]
    (root / "train.conll").write_text("\n".join("".join(f"{w} {t}\n" for w, t in row) for row in pairs))
    (root / "own.csv").write_text("text,label\n" + "".join(f'"{text}",{label}\n' for text, label in ROWS))
    (root / "own.conll").write_text(CONLL)
    (root / "bad.csv").write_text("text,label\nWho?,HUM\n,LOC\n")
    (root / "wordless.jsonl").write_text('{"text": "Who?", "label": "HUM"}\n{"text": " ", "label": "HUM"}\n')
    (root / "empty.csv").write_text("")
    for name, data in (("classifier", "train.tsv"), ("tagger", "train.conll")):
        call("learn", root / data, "--model", "search", "--budget", 5, "--out", root / name, "--quiet")
    return SimpleNamespace(root=root, classifier=root / "classifier", tagger=root / "tagger")


def told(*arguments, code=0, text=None):
    """What a command prints on both streams."""
    result = CliRunner().invoke(main, [*map(str, arguments)], input=text)
    assert result.exit_code == code, result.output + repr(result.exception)
    return result.stdout, result.stderr


@pytest.mark.parametrize("what", ["classifier", "classifier/program.py"])
def test_eval_of_a_classifier(place, what):
    found = call_json("eval", place.root / what, place.root / "own.csv")
    assert found["token"] == found["sequence"] == pytest.approx(2 / 3)
    assert found["interval"]["of"] == "token"
    assert found["interval"]["low"] < found["interval"]["value"] < found["interval"]["high"]
    assert found["confusion"] == {"labels": ["HUM", "LOC", "NUM"], "counts": [[1, 0, 0], [0, 1, 0], [1, 0, 0]]}
    assert [(row["label"], row["support"]) for row in found["classes"]] == [("HUM", 1), ("LOC", 1), ("NUM", 1)]
    assert found["classes"][0] == {"label": "HUM", "precision": 0.5, "recall": 1.0, "f1": 2 / 3, "support": 1}
    assert found["unknown_labels"] == []
    text = call("eval", place.root / what, place.root / "own.csv")
    assert text.startswith("accuracy 66.667%   on 3 examples\n95% bootstrap interval of the accuracy: ")
    assert ["HUM", "50.00%", "100.00%", "66.67%", "1"] in map(str.split, text.splitlines())
    assert "right label by row, given label by column" in text


@pytest.mark.parametrize("what", ["tagger", "tagger/program.py"])
def test_eval_of_a_tagger_of_entities(place, what):
    found = call_json("eval", place.root / what, place.root / "own.conll")
    assert {"token", "sequence", "f1"} <= set(found)
    assert found["interval"]["of"] == "f1"
    assert [row["label"] for row in found["classes"]] == ["LOC", "PER"]
    assert found["classes"][0]["support"] == 3
    assert found["entities"]["f1"] == found["f1"] > 0.5
    assert found["confusion"] is None
    assert found["unknown_labels"] == ["B-PER"]
    out, err = told("eval", place.root / what, place.root / "own.conll")
    assert out.startswith("entity F1 ")
    assert "95% bootstrap interval of the entity F1" in out
    assert err == "a label of the data that the program never says, counted as misses: 'B-PER'\n"


def test_eval_takes_another_column(place):
    found = call_json("eval", place.tagger, place.root / "own.conll", "--column", 2)
    assert found["token"] == 0
    assert "f1" not in found
    assert found["unknown_labels"] == ["DT", "NN", "NNP", "VB"]
    assert "column 7: the file has 3 columns" in call(
        "eval", place.tagger, place.root / "own.conll", "--column", 7, code=2
    )


@pytest.mark.parametrize("what", ["classifier", "classifier/program.py"])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("absent.csv", "absent.csv: no such file"),
        ("bad.csv", "bad.csv:3: the text is empty"),
        ("wordless.jsonl", "wordless.jsonl:2: no word in the text"),
        ("own.conll", "the data is for tagging; the program is for classification"),
        ("empty.csv", "empty.csv: the file is empty"),
    ],
)
def test_bad_data_is_named(place, what, data, message):
    assert message in call("eval", place.root / what, place.root / data, code=2)


def test_details_of_programs_on_symbols(tmp_path):
    given = write_folder(tmp_path / "last", LAST)
    data = tmp_path / "data.jsonl"
    rows = [(["a"], "yes"), (["b"], "no"), (["a", "b"], "maybe")]
    data.write_text("".join(json.dumps({"input": x, "output": y}) + "\n" for x, y in rows))
    for learned in (given, f"{given}/program.py"):
        assert call_json("eval", learned, data) == {"token": pytest.approx(2 / 3), "sequence": pytest.approx(2 / 3)}
        assert call("eval", learned, data) == "accuracy 66.667%\n"
        out, err = told("eval", learned, data, "--details")
        assert "right label by row" in out
        assert "'maybe'" in err
        assert call_json("eval", learned, data, "--details")["classes"][0]["label"] == "maybe"
        assert "--column: for programs on texts" in call("eval", learned, data, "--column", 1, code=2)


def test_run_takes_arguments_as_one_text(place):
    assert call("run", place.classifier, "Who is the teacher?") == "HUM\n"
    assert call("run", place.classifier, "Where", "does", "Zoe", "live", "?") == "LOC\n"
    assert call_json("run", place.classifier, "Who?") == {"input": "Who?", "words": ["Who", "?"], "output": "HUM"}
    assert call("run", place.tagger, "The king sees Rome.") == "The   O\nking  O\nsees  O\nRome  B-LOC\n.     O\n"
    assert "no word in the text" in call("run", place.classifier, " ", code=2)


def test_run_on_standard_input(place):
    out, _ = told("run", place.classifier, text='"Who is it?"\n\n["Where", "Does"]\n')
    assert out == '"HUM"\n"LOC"\n'
    out, _ = told("run", place.tagger, "--json", text='["Lima", "likes", "Rome"]\n')
    assert json.loads(out) == {"input": ["Lima", "likes", "Rome"], "words": ["Lima", "likes", "Rome"],
                               "output": ["B-LOC", "O", "B-LOC"]}  # fmt: skip
    out, _ = told("run", place.tagger, text='"Lima likes"\n["Oslo"]\n')
    assert out == "Lima   B-LOC\nlikes  O\n\nOslo  B-LOC\n\n"
    for line, message in (
        ("5", "expected a JSON string or a JSON list, got '5'"),
        ("Who?", "not JSON"),
        ("[]", "an empty list of words"),
        ("[1.5]", "1.5 is a float"),
    ):
        out, err = told("run", place.classifier, text=f'"Who?"\n{line}\n', code=2)
        assert out == '"HUM"\n'
        assert err.startswith("error: standard input, line 2: ")
        assert message in err


def test_verify(place):
    for folder in (place.classifier, place.tagger):
        assert "texts of random words agree" in call("verify", folder)
        assert call_json("verify", folder)["problems"] == []
    assert "--exhaustive: there is no end of texts" in call("verify", place.classifier, "--exhaustive", code=2)


def test_errors_show_the_words_as_they_are_written(place):
    text = call("errors", place.classifier, place.root / "own.csv")
    assert "1 of 3 answers are wrong" in text
    assert "smallest input:  Who ?" in text
    found = call_json("errors", place.tagger, place.root / "own.conll")
    assert any(case["words"] == ["Lima", "likes", "Nobody"] for g in found["groups"] for case in g["smallest"])
    assert call_json("errors", place.tagger, place.root / "own.conll", "--column", 2)["wrong"] == 8
    assert "is for tagging" in call("errors", place.classifier, place.root / "own.conll", code=2)


def test_circuit_and_explain(place):
    assert "output" in call("circuit", place.classifier, "--data", place.root / "train.tsv")
    assert "with --data, to see what matters there" in call("circuit", place.classifier, code=2)
    assert "is not cut into slices" in call("circuit", place.classifier, "--label", "HUM", code=2)
    assert "output  HUM" in call("explain", place.classifier, "Who is Zoe?")
    assert f'explain {place.tagger} "a text"' in call("explain", place.tagger, code=2)
