# ruff: noqa: E501
"""Programs for texts: interpreter, emitted text, JSON, verification, with hostile words among the known ones."""

import json
import random
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from pellucid.data import Dataset
from pellucid.errors import PellucidError
from pellucid.first.certificate import certificate
from pellucid.language.words import AS_WRITTEN, Words
from pellucid.program.blame import blame
from pellucid.program.circuit import slice_for_input, slice_for_label, slice_for_position, slice_for_wrong
from pellucid.program.direct import direct_heads
from pellucid.program.emit import emit
from pellucid.program.evidence import label_scores
from pellucid.program.inspect.ablate import ablate, overview
from pellucid.program.inspect.scope import domain, scope_of
from pellucid.program.inspect.trace_text import text
from pellucid.program.interpret import evaluate, predict, values_of
from pellucid.program.ir import Aggregate, Embed, Evidence, Input, Lookup, Readout, Rule, Rules, Select, stretched
from pellucid.program.ir import Test as Check
from pellucid.program.names import with_readable_names
from pellucid.program.predicates import Match, OneOf
from pellucid.program.serialise import dumps, loads
from pellucid.program.simplify import drop_unused
from pellucid.program.size import ast_nodes, code_lines
from pellucid.program.text.lists import separator
from pellucid.program.trace import explain
from pellucid.program.verify import verify
from text_samples import HOSTILE, QUESTIONS, classifier, program, random_text, shifted, tagger, vocabulary

SAMPLES = {
    "classifier": classifier(),
    "tagger": tagger(),
    "hostile classifier": classifier(tuple(w.lower() for w in HOSTILE)),
    "hostile tagger": tagger(HOSTILE),
}


def module(source: str) -> dict:
    space: dict = {"__name__": "emitted"}
    exec(compile(source, "program.py", "exec"), space)
    return space


def run(p, *arguments: str, given: str = "", folder) -> subprocess.CompletedProcess:
    path = folder / "program.py"
    path.write_text(emit(p), encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(path), *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, encoding="utf-8")


@pytest.mark.parametrize("name", SAMPLES)
def test_all_forms_agree(name: str) -> None:
    p, rng = SAMPLES[name], random.Random(0)
    raw = [random_text(rng, p, rng.randrange(1, 30)) for _ in range(200)]
    raw += [" ".join(random_text(rng, p, 5)) + " x" for _ in range(200)]
    assert loads(dumps(p)) == p
    verdict = verify(loads(dumps(p)), emit(p), lambda texts: predict(p, texts), raw=raw, samples=300)
    assert verdict.faithful, verdict
    assert verdict.checked > 900
    outputs = predict(p, [p.vocab.read(text) for text in raw])
    assert len({str(label) for output in outputs for label in output}) > 2


@pytest.mark.parametrize("name", SAMPLES)
def test_emitted_text_is_formatted(name: str, tmp_path) -> None:
    (tmp_path / "program.py").write_text(emit(SAMPLES[name], 'Say """hello""" \\ \n'), encoding="utf-8")
    for command in (["format", "--check", "--diff"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", str(tmp_path)], capture_output=True
        )
        assert not done.returncode, done.stdout


def test_what_a_classifier_says() -> None:
    told = module(emit(classifier()))["run"]
    assert [told(text) for text in ("Who is the president?", "When is it?", "How many years")] == [
        "person",
        "time",
        "count",
    ]
    assert told(["how", "many"]) == "count"
    assert told(np.array(["When"])) == "time"
    for wrong in ([], "", " ", None, 3, b"who", ["who", None], [True], [1.5], {"who": 1}):
        with pytest.raises(ValueError, match=r"expected|no word|no label"):
            told(wrong)


def test_what_a_tagger_says() -> None:
    told = module(emit(tagger()))["run"]
    assert told(["Mr.", "Jackson", "said"]) == ["O", "B", "O"]
    assert told([]) == []
    with pytest.raises(ValueError, match="no word"):
        told("")


@pytest.mark.parametrize("name", SAMPLES)
def test_text_of_a_program(name: str) -> None:
    source = emit(SAMPLES[name])
    assert (
        source.index("def run(")
        < source.index("OUTPUT_LABELS =")
        < source.index("WORD_KIND = {")
        < source.index("def main(")
    )
    assert ast_nodes(source) < 600
    assert code_lines(source) < 120
    assert not module(source)["INDEXES"]  # no work at import
    assert "def form(" in source


def test_other_ways_of_reading() -> None:
    words = ("words", Input("tokens"))
    plain = vocabulary(QUESTIONS, ("a", "b"), "classification", AS_WRITTEN, forms=False)
    p = program(
        plain,
        words,
        ("output", Readout(("a", "b"), (0, 1), (Evidence("words", (("who", (2, 0)),), (0, 0)),), (), True)),
    )
    source = emit(p)
    assert "def form(" not in source
    assert "KNOWN_WORDS = {" in source
    assert verify(p, source, None, samples=200, raw=["Who is who", "who who who"]).faithful
    for made in (
        program(plain, words, ("output", Readout(("a", "b"), (0, 1), (), (), True))),
        program(plain, words, ("output", Lookup(("words",), (), "a"))),
        program(vocabulary(QUESTIONS, ("a",), "tagging", Words(numbers=False)), words, ("output", Lookup(("words",), tuple(((w,), k) for w, k in QUESTIONS.items()), "-"))),
        program(vocabulary(QUESTIONS, ("a",), "tagging", Words()), words),
    ):  # fmt: skip
        assert verify(made, emit(made), None, samples=100).faithful


@pytest.mark.parametrize("change", ["evidence", "word", "phrase", "reading", "form"])
def test_a_program_that_differs_is_refused(change: str) -> None:
    p = classifier()
    source = emit(p)
    cut = {
        "evidence": ('"time": (0, 0, 9)', '"time": (0, 9, 0)'), "word": ("who whose", "whose"), "phrase": ("how_much how_<unk>", "how_much"),
        "reading": ("LOWERCASE = True", "LOWERCASE = False"), "form": ('"unk", "num"', '"num"'),
    }[change]  # fmt: skip
    assert source.count(cut[0]) == 1, source
    raw = ["Who was how much", "WHEN is it", "how much", "who <unk>"]
    verdict = verify(p, source.replace(*cut), lambda texts: predict(p, texts), raw=raw, samples=500)
    assert verdict.faithful == (change == "form")
    if not verdict.faithful:
        assert verdict.counterexample is not None
        assert set(verdict.counterexample["outputs"]) == {"model", "program.json", "program.py"}
    assert not verify(p, source, lambda texts: ["time"] * len(texts), samples=50).faithful


def test_command_line(tmp_path) -> None:
    assert run(classifier(), "Who", "is it?", folder=tmp_path).stdout == "person\n"
    assert run(tagger(), "--", "Mr. Jackson", "said", folder=tmp_path).stdout == "O O B O\n"
    done = run(classifier(), "--jsonl", given='"When?"\n\n["how", "many"]\n', folder=tmp_path)
    assert done.stdout.splitlines() == ['"time"', '"count"']
    for line, message in (
        ("3\n", "expected a text or a list of words, got 3"),
        ("{\n", "not JSON"),
        ('""\n', "no word"),
        ("[]\n", "no label"),
    ):
        failed = run(classifier(), "--jsonl", given='"who"\n' + line, folder=tmp_path)
        assert failed.returncode == 2
        assert f"line 2: {message}" in failed.stderr or message in failed.stderr
    assert run(classifier(), folder=tmp_path).stdout == "A program for texts emitted by Pellucid.\n"


# ---------------------------------------------------------------- the interpreter


def heads(rng: random.Random):
    """A tagger of random heads, all of which are computed without their selections."""
    words = tuple("abcdef")
    vocab = vocabulary(words, ("x",), "tagging", AS_WRITTEN, forms=False)
    rows = tuple((w, tuple(rng.sample(words, rng.randrange(4)))) for w in rng.sample(words, 4))
    one = OneOf(tuple(rng.sample(words, 2)))
    parts = [
        ("words", Input("tokens")),
        ("positions", Input("positions")),
        ("flag", Lookup(("words",), ((("a",), 1), (("b",), 1)), 0)),
    ]
    for i, reach in enumerate(("before", "upto", "after", "from", "any")):
        for j, predicate in enumerate((one, Match(rows, tuple(rng.sample(words, 1))))):
            mask = rng.choice([None, "flag"])
            parts.append(
                (f"s{i}{j}", Select("words", "words", predicate, "all", reach, mask, bool(mask) and rng.random() < 0.5))
            )
            how = "last" if reach in ("before", "upto") else "first"
            if reach != "any":
                parts.append((f"near{i}{j}", Aggregate(f"s{i}{j}", how, "words", "<none>")))
            parts += [
                (f"n{i}{j}", Aggregate(f"s{i}{j}", "count")),
                (f"a{i}{j}", Aggregate(f"s{i}{j}", "any")),
                (f"t{i}{j}", Aggregate(f"s{i}{j}", "sum", "positions")),
            ]
    for offset in (-20, -2, -1, 0, 1, 3):
        parts += shifted(f"by_{offset + 20}", "words", offset)
    return program(vocab, *parts, ("output", Lookup(("words",), (), "x")))


@pytest.mark.parametrize("seed", range(5))
def test_heads_without_selections(seed: int) -> None:
    rng = random.Random(seed)
    p = heads(rng)
    texts = [rng.choices(p.vocab.tokens, k=rng.randrange(1, 12)) for _ in range(40)]
    p = stretched(p, 12)
    tokens = p.vocab.encode_inputs(texts)
    direct = direct_heads(p)
    assert {a.name for a in p if isinstance(a.node, Select)} < direct
    quick, whole = evaluate(p, tokens, direct=direct), evaluate(p, tokens)
    inside = tokens[:, 1:] >= 0
    for name in quick:
        assert (quick[name][inside] == whole[name][inside]).all(), name


def test_texts_of_all_lengths_together() -> None:
    p, rng = tagger(), random.Random(3)
    texts = [tuple(rng.choices(p.vocab.tokens, k=rng.choice([0, 1, 5, 40, 700]))) for _ in range(400)]
    assert predict(p, texts) == [predict(p, [text])[0] for text in texts]
    c = classifier()
    texts = [tuple(rng.choices(c.vocab.tokens, k=rng.choice([1, 5, 40, 700]))) for _ in range(100)]
    scores = label_scores(c, texts)
    assert [values_of(c, "output")[i] for i in scores.argmax(1)] == predict(c, texts)


def test_unlike_words_have_no_common_separator() -> None:
    assert separator([("a", "b")], [("a", "b")]) == "_"
    assert separator([("a_c", "b")], [("a_c", "b")]) == "+"
    assert separator([("a b", "b")], [("a b", "b")]) is None
    assert separator([("a", "b")], [("a", "b"), (1, 2)]) is None
    p = tagger()
    words = (*p.vocab.tokens, "a_b", "b", "a", "@")
    vocab = vocabulary(words, ("x", "-"), "tagging", AS_WRITTEN)
    cases = ((("a_b", "b"), "x"), (("a", "b"), "x"), (("@", "a"), "x"), (("b", "@"), "x"))
    made = program(vocab, ("words", Input("tokens")), ("positions", Input("positions")), *shifted("previous_word", "words", -1),
                   ("output", Lookup(("previous_word", "words"), cases, "-")))  # fmt: skip
    assert '"a_b+b a+b @+a b+@"' in emit(made)
    assert verify(made, emit(made), None, samples=300).faithful


# ---------------------------------------------------------------- passes


def test_passes_on_a_large_program() -> None:
    words = tuple(f"w{i}" for i in range(10_000))
    vocab = vocabulary(words, ("a", "b"), "classification", Words())
    kinds = tuple((w, f"kind_{len(w)}" if w in words else "-") for w in vocab.tokens)
    cases = tuple(((words[i], words[i * 7 % 9000]), f"p{i % 5}") for i in range(3000))
    p = program(
        vocab, ("words", Input("tokens")), ("positions", Input("positions")), ("v1", Embed("words", kinds)), ("v9", Embed("words", kinds)),
        *shifted("v2", "words", -1), *shifted("v4", "v1", 1), ("v3", Lookup(("v2", "words"), cases, "-")),
        ("out", Readout(("a", "b"), (0, 1), (Evidence("v1", (("kind_3", (3, 0)),), (0, 0)), Evidence("v3", (("p1", (9, 0)), ("p2", (0, 9))), (0, 0)), Evidence("v4", (("kind_4", (1, 0)),), (0, 0))), (), True)),
    )  # fmt: skip
    named = with_readable_names(drop_unused(p))
    assert [a.name for a in named if not isinstance(a.node, Select)] == [
        "words", "positions", "word_kind", "previous_word", "next_word_kind", "phrase_kind", "output",
    ]  # fmt: skip
    rng = random.Random(0)
    raw = [" ".join(rng.choices(words, k=40)) for _ in range(500)]
    assert verify(named, emit(named), lambda texts: predict(p, texts), samples=100, raw=raw).faithful


def test_not_for_texts() -> None:
    with pytest.raises(PellucidError, match="no markers"):
        emit(replace(classifier(), unbounded=False))
    p = classifier()
    for name in ("kinds", "read", "text", "votes"):
        renamed = replace(p, assignments=(p.assignments[0], replace(p.assignments[2], name=name)), output=name)
        with pytest.raises(PellucidError, match=f"variable '{name}'"):
            emit(renamed)


# ---------------------------------------------------------------- explain


def test_explaining_a_label() -> None:
    p = classifier()
    trace = explain(p, "Who was the president, running?")
    told = str(trace).splitlines()
    assert told[:2] == ["text    Who was the president, running?", "output  person"]
    assert told[4].split() == ["person", "32"]
    assert next(line.split()[:6] for line in told if "*1" in line) == ["*1", "1", "who", "person", "person", "+11"]
    assert any("running <xxx-ing>" in line for line in told)
    assert "  phrase_kind: <start> who is starts_0 +3 (at 1)" in told
    data = json.loads(json.dumps(trace.to_json()))
    totals = {row["label"]: row["score"] for row in data["scores"]}
    for label, score in totals.items():  # what the words say adds up to the totals
        words = sum(w["weight"] for word in data["words"] for w in word["says"] if w["label"] == label)
        always = next(w["weight"] for w in data["every_word_adds"] if w["label"] == label)
        assert words + always * len(data["words"]) == score
        assert (
            score == label_scores(p, [p.vocab.read("Who was the president, running?")])[0][p.vocab.labels.index(label)]
        )
    assert data["words"][5]["read"] == "<xxx-ing>"
    assert [word["position"] for word in explain(p, ["who", "is"], 2).to_json()["words"]] == [2]
    for wrong, position in (("", None), ([], None), (3, None), ("who", 2), ("who", 0)):
        with pytest.raises(PellucidError):
            explain(p, wrong, position)  # pyright: ignore[reportArgumentType]


def test_explaining_tags() -> None:
    p = tagger()
    trace = explain(p, ["Mr.", "Jackson", "of", "Paris", "\n"])
    assert trace.output == predict(p, [p.vocab.read(["Mr.", "Jackson", "of", "Paris", "\n"])])[0]
    told = text(trace)
    assert "  2  Jackson <Xxx-son>  Xxx-son" in told
    assert 'title_case, rule 1: if word_form in {"Xxx", "Xxx-son"} and latest_link == "Mr.": "B"   at 2' in told
    assert "\\n" in told
    data = json.loads(json.dumps(trace.to_json()))
    assert [word["label"] for word in data["words"]] == data["output"]
    assert all(word["scores"][0]["label"] == word["label"] for word in data["words"])
    assert explain(p, []).output == []
    rules = program(p.vocab, *((a.name, a.node) for a in p.assignments if a.name in ("words", "word_form")),
                    ("output", Rules((Rule((Check("word_form", "==", ("Xxx",)),), "B"),), "O")))  # fmt: skip
    assert "output, rule 1" in str(explain(rules, ["Bob", "said"]))


@pytest.mark.parametrize("name", SAMPLES)
def test_explaining_any_text(name: str) -> None:
    p, rng = SAMPLES[name], random.Random(5)
    for i in range(30):
        words = random_text(rng, p, rng.randrange(1, 40))
        value = words if i % 2 else " ".join(words) + " x"
        trace = explain(p, value)
        assert trace.output == predict(p, [p.vocab.read(value)])[0]
        assert json.dumps(trace.to_json())
        assert all(line.isprintable() for line in str(trace).splitlines())


# ---------------------------------------------------------------- other views


def test_what_matters_and_what_goes_wrong() -> None:
    for p in (classifier(), tagger()):
        rng = random.Random(0)
        inputs = tuple(p.vocab.read(random_text(rng, p, rng.randrange(3, 20))) for _ in range(100))
        outputs = [o if isinstance(o, str) else tuple(o) for o in predict(p, inputs)]
        wrong = [p.vocab.labels[0] if isinstance(o, str) else (p.vocab.labels[1], *o[1:]) for o in outputs]
        data = Dataset(inputs, tuple(wrong), p.vocab.kind)
        assert "word_kind" in str(overview(p, scope_of(p, inputs, "these")))
        assert "texts of random words" in str(overview(p, domain(p)))
        assert ablate(p, ("word_kind",), scope_of(p, inputs, "these"), data).changed
        found = blame(p, data)
        assert found.wrong == sum(a != b for a, b in zip(outputs, wrong, strict=True))
        assert found.text(3)
        for cut in (
            lambda p=p, x=inputs[0]: slice_for_input(p, x),
            lambda p=p: slice_for_label(p, p.vocab.labels[0]),
            lambda p=p: slice_for_position(p, 1),
            lambda p=p, d=data: slice_for_wrong(p, d, "these"),
        ):
            with pytest.raises(PellucidError, match="explain shows"):
                cut()


def test_certificate_of_a_text_program() -> None:
    score = {"test": {"token": 0.5, "sequence": 0.25}}
    verdict = verify(classifier(), emit(classifier()), None, raw=["who is"], samples=50)
    assert verdict.own == 1
    assert verdict.to_json()["own"] == 1
    told = " ".join(certificate("trec", 0, score, verdict, classifier(), "search", {}, None).split())
    assert (
        'Words: 11 words known; others are told apart by what they look like (3 classes, such as "<xxx-ing>").' in told
    )
    assert 'small letters, numbers become "<num>"' in told
    assert "Longest training text: 9 words; longer ones are taken." in told
    assert "1 of the data and others of random words" in told
    assert 'run("a text")' in told
    assert "Tokens" not in told
    assert "onger inputs" not in told
    told = certificate("wiki", 0, score, None, tagger(), "programs", {}, None)
    assert "Accuracy on test data (words, whole texts): 50.00%, 25.00%." in told
    assert "numbers as they" in told
