"""`learn` on texts end to end: every model, from files and from Python, verified on the raw texts."""

import json
import subprocess
import sys

import pandas as pd
import pytest

import pellucid
from made_texts import questions, sentences
from pellucid import folder
from pellucid.data.texts import texts_of
from pellucid.errors import MismatchError, PellucidError
from pellucid.learned import tampering
from pellucid.pipeline import MODELS
from pellucid.program.serialise import loads

QUICK = {"steps": 50, "seeds": 2, "budget": 30}
TINY = {"variables": "1", "k": "8", "layers": "1", "group": "2"}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    place = tmp_path_factory.mktemp("data") / "train.tsv"
    pairs = zip(*questions(), strict=True)
    place.write_text("".join(f"{label}\t{text}\n" for text, label in pairs))
    return place


@pytest.fixture(scope="module")
def learned(file, tmp_path_factory):
    return pellucid.learn(file, model="search", out=tmp_path_factory.mktemp("out") / "learned")


def test_a_learned_classifier(learned):
    report = learned.report
    assert report["accuracy"]["test"]["token"] == 1.0
    assert report["faithful"]["mismatches"] == 0
    assert report["faithful"]["checked"] > 100
    assert set(report["accuracy"]) == {"train", "valid", "test"}
    assert learned.run("Where does Zorro live?") == "LOC"
    assert learned.run(["Who", "is", "it", "?"]) == "HUM"


def test_the_candidates_are_kept_a_line_each(learned):
    text = learned.files[folder.FRONT]
    table = json.loads(text)
    assert text.count("\n") == len(table["candidates"]) + 5
    assert all(row["ast_nodes"] > 0 for row in table["candidates"])


def test_a_folder_says_the_same_again(file, learned, tmp_path):
    again = pellucid.learn(file, model="search", out=tmp_path / "again")
    assert again.source == learned.source
    loaded = pellucid.load(tmp_path / "again")
    texts = [("where", "is", "oslo"), ("?",)]
    read = [loaded.vocab.read(text) for text in texts]
    assert loaded.predictor(read) == loaded.outputs(read)
    assert not tampering(loaded)
    assert loaded.verify(raw=["Who?", "How many?"]).faithful


def test_a_notebook_shows_a_line_and_the_program(learned):
    assert len(repr(learned)) < 300
    shown = learned._repr_html_()
    assert "WORD_KIND_EVIDENCE" in shown
    assert "&lt;xxx" in shown or "&lt;start&gt;" in shown
    assert "def main" not in shown


def test_the_program_stands_alone(learned, tmp_path):
    place = tmp_path / "program.py"
    place.write_text(learned.source)
    lines = '"Where does it live?"\n["who", "is", "it"]\n'
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(place), "--jsonl"], input=lines, capture_output=True, text=True, check=True
    )
    assert [json.loads(line) for line in done.stdout.splitlines()] == ["LOC", "HUM"]


def test_a_program_that_disagrees_is_never_written(file, tmp_path, monkeypatch):
    import pellucid.text.files as files

    decode = files.decode

    def wrong(model, vocab):
        program = decode(model, vocab)
        text = json.dumps(pellucid.program.serialise.to_json(program))
        label = json.dumps(vocab.labels[0]), json.dumps(vocab.labels[1])
        return loads(text.replace(f'"labels": [{label[0]}, {label[1]}', f'"labels": [{label[1]}, {label[0]}', 2))

    monkeypatch.setattr(files, "decode", wrong)
    with pytest.raises((MismatchError, PellucidError)):
        pellucid.learn(file, model="search", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_table_in_memory():
    texts, labels = questions()
    frame = pd.DataFrame({"text": texts, "label": labels})
    found = pellucid.learn(pellucid.texts_from_columns(frame), model="search", settings={"kinds": "8", "phrases": "20"})
    assert found.report["task"] == "texts"
    assert found.report["accuracy"]["test"]["token"] == 1.0


def test_a_tagger_reports_the_f1_of_entities():
    found = pellucid.learn(texts_of(*sentences()), model="search", settings={"kinds": "8"})
    assert found.report["accuracy"]["test"]["f1"] == 1.0
    assert "F1 of entities: train 100.00%" in found.source
    assert found.run(["Rome", "visits", "Oslo", "."]) == ["B-LOC", "O", "B-LOC", "O"]


@pytest.mark.slow
@pytest.mark.parametrize("model", ["programs", "standard"])
def test_trained_models(file, tmp_path, model):
    more = {"seeds": None} if model == "standard" else {}
    settings = {} if model == "standard" else TINY
    pellucid.learn(file, model=model, out=tmp_path / model, settings=settings, **{**QUICK, **more})
    found = pellucid.load(tmp_path / model)
    assert found.report["model"] == model
    read = [found.vocab.read("Where does the king of Rome live?")]
    assert found.outputs(read) == found.predictor(read)


def test_models_of_other_data_are_refused(file):
    assert "discrete" in MODELS
    with pytest.raises(PellucidError, match=r"--model discrete: for texts expected one of auto, search, programs"):
        pellucid.learn(file, model="discrete")
    with pytest.raises(PellucidError, match=r"--longer: not for texts"):
        pellucid.learn(file, longer=file)
    with pytest.raises(PellucidError, match=r"sort: holds no texts; --vectors and --column go with texts"):
        pellucid.learn("sort", vectors="some.txt")
