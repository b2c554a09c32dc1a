"""The hard text model, its program, its files; and the search that makes such models."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load

import pellucid
from made_texts import questions, sentences
from pellucid import folder
from pellucid.data import Dataset, Vocab
from pellucid.data.texts import split_texts, texts_of
from pellucid.errors import PellucidError
from pellucid.language.words import AS_WRITTEN, Reading
from pellucid.program.interpret import predict
from pellucid.program.scores import figures
from pellucid.settings import parse_text
from pellucid.text.clusters import NEUTRAL, Grouped, Tightening, grouped, merged, named
from pellucid.text.corpus import Corpus
from pellucid.text.decode import decode
from pellucid.text.files import FittedText, from_arrays
from pellucid.text.judge import Judge
from pellucid.text.model import END, NONE, START, Counted, Kinds, Nearest, Pairs, Shifted, TextModel
from pellucid.text.problem import on_texts, resolve_texts
from pellucid.text.search import Size, search_texts
from pellucid.text.vectors import read_vectors
from pellucid.text.weights import Recipe, fitted, log_ratios

WORDS = ("<unk>", "a", "b", "c")
VOCAB = {
    pooled: Vocab(WORDS, ("no", "yes"), "classification" if pooled else "tagging", 5, text=Reading(AS_WRITTEN))
    for pooled in (True, False)
}


def rng_model(seed: int, pooled: bool) -> TextModel:
    """A model with a variable of every kind, random codes and weights."""
    rng = np.random.default_rng(seed)
    variables = (
        Kinds("sort", rng.integers(0, 3, 4), ("x", "y", "z")),  # 1
        Shifted("earlier", 0, -int(rng.integers(1, 3))),  # 2: words
        Shifted("later_sort", 1, 1),  # 3
        Nearest("near", None, 1, rng.random((1, 3)) < 0.5, 0, bool(rng.integers(2))),  # 4: words
        Nearest("asked", 1, 1, rng.random((3, 3)) < 0.5, 3, bool(rng.integers(2))),  # 5
        Pairs("pair", 2, 0, np.array([(i, j) for i in range(5) for j in range(4) if rng.random() < 0.4]).reshape(-1, 2),
              np.zeros(0, np.int64), (NEUTRAL, "p", "q")),
        Counted("number", 1, 1, rng.random((3, 3)) < 0.5),  # 7
    )  # fmt: skip
    pair = variables[5]
    variables = (*variables[:5], replace(pair, codes=rng.integers(0, 3, len(pair.cells))), variables[6])
    bias = rng.integers(-3, 4, 2)
    frame = TextModel(WORDS, ("no", "yes"), pooled, variables, {}, bias, rng.integers(1, 9, 4))
    weights = {n: rng.integers(-9, 10, (frame.size_of(n), 2)) for n in range(7)}
    weights[7] = rng.integers(-9, 10, 2)
    return replace(frame, weights={n: w for n, w in weights.items() if rng.random() < 0.7})


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.booleans(),
    st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=7), min_size=1),
)
def test_a_model_is_its_program_and_its_files(seed, pooled, texts):
    model, vocab = rng_model(seed, pooled), VOCAB[pooled]
    told = model.predict(texts)
    assert predict(decode(model, vocab), texts) == told
    files = FittedText(model, "search").files(vocab)
    again = from_arrays(json.loads(files[folder.MODEL])["config"], load(files[folder.WEIGHTS]), vocab, "here")
    assert again.predict(texts) == told
    assert decode(again, vocab) == decode(model, vocab)


def test_heads_end_at_the_text():
    corpus = Corpus.of([("a", "b"), ("c",), ("b", "a", "c")], {w: i for i, w in enumerate(WORDS)})
    variables = (
        Kinds("is_b", np.array([0, 0, 1, 0]), ("other", "b")),
        Shifted("before", 0, -1),
        Shifted("after", 0, 1),
        Nearest("b_before", None, 1, np.array([[False, True]]), 0, True),
    )
    model = TextModel(WORDS, ("no", "yes"), True, variables, {}, np.zeros(2, np.int64))
    values = model.values(corpus)
    shown = [[model.names_of(n)[c] for c in values[n].tolist()] for n in (2, 3, 4)]
    assert shown[0] == [START, "a", START, START, "b", "a"]
    assert shown[1] == ["b", END, END, "a", "c", END]
    assert shown[2] == [NONE, NONE, NONE, NONE, "b", "b"]


def test_a_model_of_another_form_is_refused():
    files = FittedText(rng_model(3, True), "search").files(VOCAB[True])
    config, arrays = json.loads(files[folder.MODEL])["config"], load(files[folder.WEIGHTS])
    del config["variables"][0]["names"]
    with pytest.raises(PellucidError, match=r"here: not the description of a text model"):
        from_arrays(config, arrays, VOCAB[True], "here")


# ---------------------------------------------------------------- weights


def counts(seed=0, rows=200, columns=12, classes=3):
    rng = np.random.default_rng(seed)
    x = sp.csr_matrix(rng.poisson(0.4, (rows, columns)).astype(float))
    y = (x @ rng.normal(size=(columns, classes)) + rng.normal(size=(rows, classes))).argmax(1)
    return x, y


def test_naive_bayes_prefers_the_class_in_which_a_feature_occurs():
    x, y = sp.csr_matrix(np.eye(3)[[0, 0, 1, 1, 2, 2]]), np.array([0, 0, 1, 1, 2, 2])
    weights, ratio = log_ratios(x, y, 3)
    assert (weights.argmax(1) == [0, 1, 2]).all()
    assert (np.diag(ratio) > 0).all()
    mixed = list(fitted(*counts(), 3, [Recipe(1.0, 1.0, 0.0), Recipe(1.0, 1.0, 0.5)]))
    assert all(np.allclose(w.sum(1), 0) for w in mixed)
    assert not np.allclose(mixed[0], mixed[1])


# ---------------------------------------------------------------- kinds


def test_tightening_brings_the_scores_nearer():
    x, y = counts(columns=60, rows=400)
    weights = next(fitted(x, y, 3, [Recipe(0.0, 1.0, 0.0)]))
    group = grouped(weights, np.ones(60), 12, 0)
    before = np.square(x @ (group.centres[group.codes] - weights)).mean()
    allowed = np.tile([0, len(group.centres)], (60, 1))
    work = Tightening(x, weights, group.codes.copy(), group.centres.copy(), allowed)
    work.run()
    assert np.square(x @ (work.centres[work.codes] - weights)).mean() < 0.95 * before
    assert not work.centres[0].any()


def test_equal_kinds_become_one_and_empty_ones_neutral():
    group = Grouped(np.array([1, 2, 3, 4, 1]), np.zeros((5, 2)))
    whole = np.array([[0, 0], [5, -5], [0, 0], [5, -5], [-9, 9]])
    found = merged(group, whole)
    assert found.centres.tolist() == [[0, 0], [-9, 9], [5, -5]]
    assert found.codes.tolist() == [2, 0, 2, 1, 2]


def test_kinds_are_named_after_their_typical_members():
    group = Grouped(np.array([1, 1, 1, 1, 2, 2]), np.zeros((3, 2)))
    names = named(group, ["rare", "often", "more", "most", "x", "x"], np.array([1, 50, 60, 70, 2, 1]), np.zeros(6))
    assert names == (NEUTRAL, "most, more, often", "x, x")


# ---------------------------------------------------------------- problem and search


def problem_of(data, **settings):
    return resolve_texts(data, settings, 0)


def tagged():
    words, tags = sentences()
    return split_texts(texts_of(words, tags))


def test_rare_words_are_unknown_by_their_form(tmp_path):
    texts, labels = questions()
    path = tmp_path / "train.tsv"
    lines = [f"{label}\t{text}" for text, label in zip(texts, labels, strict=True)]
    path.write_text("\n".join([*lines, *["HUM\tWho is xylophoning?"] * 1]))
    assert on_texts(path)
    problem = resolve_texts(path, {}, 0)
    assert "xylophoning" not in problem.vocab.tokens
    assert problem.refit
    assert problem.vocab.read("Who is Jumping?")[2] == "<xxx>"  # no word in training ends so
    assert not resolve_texts(path, {}, 0, valid=path).refit
    assert problem_of(path, forms="no").vocab.read("zzz") == ("<unk>",)
    assert len(problem_of(path, most="5").vocab.tokens) < len(problem.vocab.tokens)


@pytest.mark.parametrize("data", ["texts", "words"])
def test_search_learns_made_data(data):
    splits = split_texts(texts_of(*questions())) if data == "texts" else tagged()
    problem = problem_of(splits)
    result = search_texts(problem, 0, time.monotonic() + 60, lambda share, message: None, [Size(12, 8, 50)])
    test = problem.splits.test
    assert figures(result.found[0].model.predict(test.inputs), test)["token"] == 1.0
    again = search_texts(problem, 0, time.monotonic() + 60, lambda share, message: None, [Size(12, 8, 50)])
    first, second = (decode(r.found[0].model, problem.vocab) for r in (result, again))
    assert first == second


def test_the_budget_ends_the_search():
    problem = problem_of(split_texts(texts_of(*questions())))
    result = search_texts(problem, 0, time.monotonic() - 1, lambda share, message: None)
    assert len(result.found) == 1
    assert result.stopped == "budget spent"


def test_the_threshold_for_entities_is_chosen_on_validation_data():
    problem = problem_of(tagged())
    places = {label: i for i, label in enumerate(problem.vocab.labels)}
    judge = Judge.of(problem, problem.splits.valid)
    flat = [places[b] for row in problem.splits.valid.outputs for b in row]
    scores = 10 * np.eye(len(places), dtype=np.int64)[flat]
    scores[:, places["O"]] += 15  # so that nothing is an entity
    assert judge.of_scores(scores.astype(float))[0] == 1.0
    assert Judge(judge.data, judge.corpus, judge.labels, False).of_scores(scores.astype(float))[0] < 1.0


def test_the_form_of_a_known_word_is_that_of_new_ones():
    words, tags = sentences()
    problem = problem_of(split_texts(texts_of(words, tags)))
    assert problem.vocab.read(["Xanten"]) == ("<Xxx-en>",) or "<Xxx>" in problem.vocab.tokens
    assert problem.vocab.read(["Zelda"])[0].startswith("<Xxx")


def test_one_label_is_nothing_to_learn():
    texts, _ = questions()
    with pytest.raises(PellucidError, match=r"every label is 'x'; expected at least two different ones"):
        problem_of(texts_of(texts, ["x"] * len(texts)))


@pytest.mark.parametrize(
    ("model", "settings", "message"),
    [
        ("search", {"kinds": "0"}, r"--set kinds=0: expected at least 1"),
        ("auto", {"phrases": "-1"}, r"--set phrases=-1: expected at least 0"),
        ("search", {"layers": "2"}, r"--set layers: of the gradient learner, which --model search does not run"),
        ("programs", {"kinds": "9"}, r"--set kinds: of the search, which --model programs does not run"),
    ],
)
def test_settings_out_of_range_or_of_another_learner(model, settings, message):
    data = texts_of(*questions())
    with pytest.raises(PellucidError, match=message):
        pellucid.learn(data, model=model, settings=settings)


def test_unknown_settings_are_named():
    with pytest.raises(PellucidError, match=r"--set phrase: unknown setting; did you mean phrases\?"):
        parse_text({"phrase": "3"})


# ---------------------------------------------------------------- vectors


def test_vectors_are_read_for_the_words_wanted(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("the 1 2\nrome 3 4\nother 5 6\n")
    rows = read_vectors(path, ("Rome", "the", "missing"))
    assert rows[0].tolist() == [3, 4]
    assert rows[1].tolist() == [1, 2]
    assert np.isnan(rows[2]).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("the 1 2\nrome 3\n", r"vectors.txt:2: 1 numbers after 'rome'; expected 2"),
        ("the 1 x\n", r"vectors.txt:1: not all of '1 x' are numbers"),
        ("the 1 nan\n", r"vectors.txt:1: a vector with a number that is not finite"),
        ("king 1 2\n", r"has a vector for none of the 1 words"),
    ],
)
def test_bad_vectors_are_named(tmp_path, content, message):
    path = tmp_path / "vectors.txt"
    path.write_text(content)
    with pytest.raises(PellucidError, match=message):
        read_vectors(path, ("the",))
    with pytest.raises(PellucidError, match="no such file"):
        read_vectors(tmp_path / "none", ("the",))


def test_a_data_set_of_symbols_is_no_text():
    assert not on_texts(Dataset.of([["a"]], ["x"]))
    assert not on_texts("sort")
