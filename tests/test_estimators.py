"""The contract of the estimators: one table of checks, run on each; a new estimator without its cases fails.

scikit-learn's own `check_estimator` runs one check of 45 on estimators that take sequences.
"""

import inspect
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags

from made_texts import questions, sentences
from pellucid import artifact, estimators
from pellucid.artifact import Learned, schema_of
from pellucid.bias import Bias
from pellucid.data.data import Data
from pellucid.data.tags import to_iob2
from pellucid.emit.emit import emit
from pellucid.errors import PellucidError
from pellucid.estimators import ProgramClassifier, ProgramEstimator, ProgramRegressor, ProgramTagger
from pellucid.language.expressions import Table, Var
from pellucid.language.nodes import Assign, Column, Evidence, Input, Let, Output, Vote
from pellucid.language.program import Program
from pellucid.language.types import symbol
from pellucid.language.words import Words

RNG = np.random.default_rng(0)
QUICK = {"model": "search", "budget": 60, "seeds": 1}
WORDY = {"model": "evidence", "budget": 60, "simplify": "none", "settings": {"kinds": 4, "phrases": 0}}
LETTERS, LABELS = Column("x", symbol("ab")), ("no", "yes")
SAME = Let(Table((Var("x"),), ((("a",), "yes"), (("b",), "no")), "no"))
LAST = Program((LETTERS,), (Assign("x", Input("x")), Assign("y", SAME)), (Output("y", "y", LABELS),), "last")
VOTES = Vote(LABELS, (1, 0), (Evidence("x", (("a", (0, 2)), ("b", (0, 0))), (0, 0)),), pooled=True)
POOLED = Program((LETTERS,), (Assign("x", Input("x")), Assign("y", VOTES)), (Output("y", "y", LABELS),), "sequence")
WORDS = [tuple(RNG.choice(list("ab"), size=RNG.integers(1, 4)).tolist()) for _ in range(80)]
NUMBERS = [RNG.integers(-9, 10, size=RNG.integers(3, 7)).tolist() for _ in range(60)]


@dataclass(frozen=True)
class Case:
    """An estimator with data it learns exactly."""

    estimator: Any
    X: Any
    y: Any
    bad: Any  # an input that the program refuses
    grid: dict[str, list]
    refusal: str = "z"


CASES = {
    "ProgramClassifier": Case(
        ProgramClassifier(**QUICK), WORDS, ["yes" if x[-1] == "a" else "no" for x in WORDS], ("z",), {"seed": [0, 1]}
    ),
    "ProgramTagger": Case(
        ProgramTagger(**QUICK),
        WORDS,
        [[t.upper() for t in x] for x in WORDS],
        ("z",),
        {"metric": ["token", "sequence"]},
    ),
    "ProgramRegressor": Case(
        ProgramRegressor(**QUICK), NUMBERS, [np.cumsum(x).tolist() for x in NUMBERS], ["z"], {"seed": [0, 1]}
    ),
}
TEXTS, WORD_LISTS = questions(), sentences()
TEXT_CASES = {
    "ProgramClassifier of texts": Case(ProgramClassifier(**WORDY), *TEXTS, "", {"seed": [0, 1]}, "no word in the text"),
    "ProgramTagger of words": Case(
        ProgramTagger(**WORDY, words=Words(lowercase=False)),
        WORD_LISTS[0],
        [to_iob2(tags) for tags in WORD_LISTS[1]],
        (),
        {"metric": ["token", "entity"]},
        "no tokens",
    ),
}
EVERY = CASES | TEXT_CASES
FITTED: dict[str, Any] = {}


def fitted(name):
    if name not in FITTED:
        FITTED[name] = clone(EVERY[name].estimator).fit(EVERY[name].X, EVERY[name].y)
    return FITTED[name]


def check_parameters(made, case):
    """`__init__` only stores; clone and get/set_params give and take every parameter."""
    names = [p for p in inspect.signature(type(made).__init__).parameters if p != "self"]
    assert set(names) == set(made.get_params())
    values = {name: object() for name in names}
    stored = type(made)(**values)
    assert all(getattr(stored, name) is value for name, value in values.items())
    again = clone(made)
    assert again.get_params() == made.get_params()
    assert not [name for name in vars(again) if name.endswith("_")]
    assert again.set_params(seed=7).seed == 7
    with pytest.raises(ValueError, match="Invalid parameter"):
        again.set_params(sede=7)


def check_not_fitted(made, case):
    """Before `fit`, everything that needs a program says so."""
    fresh = clone(made)
    for ask in (
        lambda: fresh.predict(case.X),
        lambda: fresh.score(case.X, case.y),
        lambda: fresh.explain(case.X[0]),
        lambda: fresh.program_,
        lambda: fresh.source_,
        lambda: fresh.save("never"),
    ):
        with pytest.raises(NotFittedError):
            ask()
    assert "not fitted" not in fresh._repr_html_()
    assert type(fresh).__name__ in fresh._repr_html_()


def check_prediction(made, case):
    """As many outputs as inputs, right ones; the data are left alone; other containers give the same."""
    assert made.fit.__self__ is made
    found = made.predict(case.X)
    assert len(found) == len(case.X)
    assert made.score(case.X, case.y) == 1.0
    assert made.score(case.X, case.y, sample_weight=np.ones(len(case.X))) == 1.0
    assert all(np.array_equal(a, b) for a, b in zip(found, case.y, strict=True))
    column = pd.Series(case.X, index=range(9, 9 + len(case.X)))
    assert all(np.array_equal(a, b) for a, b in zip(made.predict(column), found, strict=True))
    texts = isinstance(case.X[0], str)
    same = case.X if texts else [x for x in case.X if len(x) == len(case.X[0])]
    array = np.array(same)[:, None] if texts else np.array(same)
    for table in (array, pd.DataFrame(array)):
        assert all(np.array_equal(a, b) for a, b in zip(made.predict(table), made.predict(same), strict=True))


def check_score_counts(made, case):
    """Wrong answers lower the score: it is no constant."""
    wrong = [case.y[(i + 1) % len(case.y)] if i < 20 else y for i, y in enumerate(case.y)]
    keep = [i for i, y in enumerate(wrong) if np.shape(y) == np.shape(case.y[i])]
    assert made.score([case.X[i] for i in keep], [wrong[i] for i in keep]) < 1.0


def check_errors(made, case):
    """Bad data end in one line."""
    for ask, message in (
        (lambda: made.predict([*case.X[:2], case.bad]), case.refusal),
        (lambda: made.predict("text"), "expected one sequence per example"),
        (lambda: made.score(case.X, case.y[:-1]), "one output per input is needed"),
        (lambda: clone(made).fit(case.X, None), "y is None"),
        (lambda: clone(made).fit(case.X[:1], case.y[:1]), "too few"),
        (lambda: clone(made).set_params(model="bert").fit(case.X, case.y), "bert: expected one of"),
    ):
        with pytest.raises(PellucidError, match=message) as caught:
            ask()
        assert "\n" not in str(caught.value)


def check_looks_inside(made, case):
    """Program, source, figures and explanation; the source runs alone and says the same."""
    assert made.program_ is made.learned_.program
    assert {"train", "valid", "test"} <= set(made.accuracy_)
    namespace: dict[str, Any] = {"__name__": "program"}
    exec(made.source_, namespace)
    for x, y in zip(case.X[:20], made.predict(case.X[:20]), strict=True):
        assert np.array_equal(namespace["run"](x if isinstance(x, str) else list(x)), y)
    assert str(made.explain(case.X[0]))


def check_notebook(made, case):
    """A notebook shows the program and its accuracy, escaped."""
    bundle = made._repr_mimebundle_()
    for text in (bundle["text/plain"], str(made)):
        assert "def run(" in text
        assert "100.00%" in text
    assert "def run(" in bundle["text/html"]
    assert "100.00%" in bundle["text/html"]
    assert "<module>" not in bundle["text/html"]
    assert "->" not in bundle["text/html"]
    assert "def run(" not in repr(made)


def check_folder(made, case, place):
    """Saved without pickle and loaded equal; damage is named."""
    made.save(place)
    again = type(made).load(place)
    assert again.get_params() == made.get_params()
    assert again.source_ == made.source_
    assert all(np.array_equal(a, b) for a, b in zip(again.predict(case.X), made.predict(case.X), strict=True))
    assert again.score(case.X, case.y) == 1.0
    assert vars(again).keys() == vars(made).keys()
    with pytest.raises(PellucidError, match="not empty"):
        made.save(place)
    path = place / "estimator.json"
    state = json.loads(path.read_text())
    for change, message in (
        ({"class": "Other"}, f"class is 'Other'; expected {type(made).__name__}"),
        ({"params": {}}, "not in the form"),
        ({"state": {}}, "not in the form"),
    ):
        path.write_text(json.dumps({**state, **change}))
        with pytest.raises(PellucidError, match=message):
            type(made).load(place)
    path.write_text("{")
    with pytest.raises(PellucidError, match=r"estimator\.json: not JSON"):
        type(made).load(place)


def check_selection(made, case):
    """cross_val_score, cross_val_predict, GridSearchCV and pipelines."""
    scores = cross_val_score(clone(made), case.X, case.y, cv=2, error_score="raise")
    assert scores.shape == (2,)
    assert scores.min() > 0.9
    pipeline = make_pipeline(FunctionTransformer(list), clone(made))
    search = GridSearchCV(pipeline, {f"{type(made).__name__.lower()}__{k}": v for k, v in case.grid.items()}, cv=2)
    search.fit(case.X, case.y)
    assert search.best_score_ > 0.9
    assert search.best_estimator_.score(case.X, case.y) > 0.9


CHECKS = [
    check_parameters, check_not_fitted, check_prediction, check_score_counts, check_errors, check_looks_inside,
    check_notebook,
]  # fmt: skip


def test_every_estimator_has_its_cases():
    assert set(CASES) == set(estimators.__all__)
    found = {name for name, value in vars(estimators).items() if inspect.isclass(value) and name.startswith("Program")}
    assert found == {*CASES, "ProgramEstimator"}
    assert all(issubclass(type(case.estimator), ProgramEstimator) for case in CASES.values())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", EVERY)
def test_contract(name, check):
    check(fitted(name), EVERY[name])


@pytest.mark.parametrize("name", EVERY)
def test_folder(name, tmp_path):
    check_folder(fitted(name), EVERY[name], tmp_path / "folder")


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_selection(name):
    check_selection(fitted(name), EVERY[name])


class Changes(ProgramClassifier):
    """`__init__` that does not only store."""

    def __init__(self, model="auto", *, seed=0):
        super().__init__(model.upper() if isinstance(model, str) else None, seed=seed)


class Constant(ProgramTagger):
    """A score that is always right."""

    def score(self, X, y, sample_weight=None):
        return 1.0


class Silent(ProgramRegressor):
    """A notebook that shows no program."""

    def _repr_mimebundle_(self, **_):
        return {"text/plain": repr(self), "text/html": repr(self)}


class Lenient(ProgramClassifier):
    """Takes anything."""

    def predict(self, X):
        return np.array(["no"] * len(X))


@pytest.mark.parametrize(
    ("broken", "name", "check"),
    [
        (Changes, "ProgramClassifier", check_parameters),
        (Constant, "ProgramTagger", check_score_counts),
        (Silent, "ProgramRegressor", check_notebook),
        (Lenient, "ProgramClassifier", check_errors),
        (Lenient, "ProgramClassifier", check_prediction),
        (Lenient, "ProgramClassifier", check_not_fitted),
    ],
)
def test_checks_are_seen_to_fail(broken, name, check):
    made = broken()
    for key, value in vars(fitted(name)).items():
        setattr(made, key, value)
    with pytest.raises((AssertionError, TypeError, AttributeError, pytest.fail.Exception)):
        check(made, CASES[name])


def test_kinds_and_tags():
    assert is_classifier(ProgramClassifier())
    assert is_regressor(ProgramRegressor())
    assert not is_classifier(ProgramTagger())
    assert not is_regressor(ProgramTagger())
    for case in CASES.values():
        tags = get_tags(case.estimator)
        assert (tags.input_tags.two_d_array, tags.target_tags.required) == (False, True)


def given_program(program, cls=ProgramClassifier, **params):
    """An estimator around a program, without learning."""
    made = cls(**params)
    report = {"accuracy": {"test": {"token": 1.0, "sequence": 1.0}}}
    made.learned_ = Learned(schema_of(program), program, emit(program, "certificate"), report, None, {})
    made.labels_, made.majority_, made.scheme_ = LABELS, LABELS[0], None
    made.factor_ = 0.5 if program is POOLED else None
    return made


def test_probabilities_of_a_program_that_adds_up_scores():
    made = given_program(POOLED)
    inputs = [("a",), ("a", "b"), ("b",), ("b", "b", "a")]
    shares = made.predict_proba(inputs)
    assert shares.shape == (4, 2)
    assert shares.sum(1) == pytest.approx(1)
    assert made.classes_[shares.argmax(1)].tolist() == made.predict(inputs).tolist()
    assert shares[0, 1] == pytest.approx(1 / (1 + np.exp(-0.5 * (2 - 1))))  # bias 1 for no, evidence 2 for yes
    with pytest.raises(PellucidError, match="input 2: "):
        made.predict_proba([("a",), ("z",)])
    assert given_program(POOLED, refused="majority").predict_proba([("z",)]).tolist() == [[1.0, 0.0]]


def test_rules_have_no_probabilities():
    made = given_program(LAST)
    assert not hasattr(made, "predict_proba")
    with pytest.raises(
        AttributeError, match="decides by rules, not by scores, so it has no probabilities; use predict"
    ):
        _ = made.predict_proba
    assert not hasattr(fitted("ProgramClassifier"), "predict_proba")
    assert not hasattr(ProgramTagger(), "predict_proba")


def test_refused_inputs():
    assert given_program(LAST, refused="majority").predict([("a",), ("z",)]).tolist() == ["yes", "no"]
    with pytest.raises(PellucidError, match=r"input 2: .*or use refused='majority'"):
        given_program(LAST).predict([("a",), ("z",)])
    with pytest.raises(PellucidError, match="refused is 'never'; expected error or majority"):
        ProgramClassifier(refused="never").fit(WORDS, ["a"] * len(WORDS))


def test_raw_texts_are_for_programs_of_words():
    with pytest.raises(PellucidError, match="input 1: 'b A' is of type str; expected a sequence"):
        given_program(LAST).predict(["b A", "a b"])


def test_what_is_learned_as_texts():
    made = ProgramClassifier()
    for X, texts in ((["a b"], True), ([["a", "b"]], False), ([[f"w{i}"] for i in range(201)], True),
                     ([[i] for i in range(201)], False)):  # fmt: skip
        assert (made._rule(X) is not None) == texts
    assert ProgramClassifier(words=Words())._rule([["a"]]) is not None
    assert ProgramTagger(vectors="glove.txt")._rule([["a"]]) is not None


def test_texts_with_unknown_words_and_probabilities():
    made = fitted("ProgramClassifier of texts")
    assert made.predict(["Who saw Zorro?", ["Where", "does", "it"]]).tolist() == ["HUM", "LOC"]
    shares = made.predict_proba(["Who saw Zorro?", "xyzzy"])
    assert shares.shape == (2, 3)
    assert shares.sum(1) == pytest.approx(1)
    assert made.classes_.tolist() == ["HUM", "LOC", "NUM"]
    assert made.classes_[shares[0].argmax()] == "HUM"
    sure = clone(made).set_params(refused="majority")
    vars(sure).update({name: value for name, value in vars(made).items() if name.endswith("_")})
    assert sure.predict(["", "Where does"]).tolist() == [made.majority_, "LOC"]
    assert sure.predict_proba(["", "Where does"])[0].max() == 1.0
    assert "Zorro" in str(made.explain("Who saw Zorro?"))


def test_entity_tags_in_another_scheme():
    made, (words, tags) = fitted("ProgramTagger of words"), sentences()
    again = ProgramTagger(**WORDY, metric="entity").fit(words, tags)
    assert again.scheme_ == "IOB2"  # what words are read as, whatever they came in
    for metric in ("token", "sequence", "entity"):
        assert again.set_params(metric=metric).score(words, tags) == 1.0
    assert made.predict(["Lima sees Rome."]) == [["B-LOC", "O", "B-LOC", "O"]]
    assert "entity F1 100.00%" in str(made)


def test_long_word_lists_are_cut(monkeypatch):
    made = fitted("ProgramTagger of words")
    assert "more lines" not in str(made) or made.source_.count("\n") > 60
    monkeypatch.setattr(artifact, "MOST_LISTED", 5)
    for text in (str(made), made._repr_html_()):
        assert re.search(r"# \.\.\. \d+ more lines of words: see source_", text)
        assert "def words_of" not in text
        assert "def run(" in text


def test_kinds_of_output_are_told_apart():
    with pytest.raises(PellucidError, match="y has a list for each input; ProgramClassifier needs one label"):
        ProgramClassifier(**QUICK).fit([["a"]] * 10, [["x"]] * 10)
    with pytest.raises(PellucidError, match="y has one for each input; ProgramTagger needs a list of labels"):
        ProgramTagger(**QUICK).fit([["a"]] * 10, ["x"] * 10)
    with pytest.raises(PellucidError, match="metric is 'f2'; expected one of token, sequence, entity"):
        ProgramTagger(metric="f2").fit([["a"]], [["x"]])


def test_tagger_scores_by_metric():
    tagger = ProgramTagger(metric="sequence")
    tagger.predict = lambda X: [["B-X", "O"], ["O", "O"]]
    X, y = [("a", "b"), ("c", "d")], [["B-X", None], ["B-X", "O"]]
    assert tagger.score(X, y) == 0.5
    assert tagger.score(X, y, sample_weight=[3, 1]) == 0.75
    assert tagger.set_params(metric="token").score(X, y) == pytest.approx(2 / 3)
    assert tagger.set_params(metric="entity").score(X, y) == pytest.approx(2 / 3)


def test_regressor_with_one_output_per_sequence(tmp_path):
    array = RNG.integers(-9, 10, size=(60, 4))
    made = ProgramRegressor(**QUICK, bias=Bias(modes=frozenset({"sum"}), window=4)).fit(array, array.sum(1))
    assert made.predict(array).tolist() == array.sum(1).tolist()
    assert made.score(array, array.sum(1)) == 1.0
    assert made.score(array, array.sum(1) + 100) < 0
    assert cross_val_predict(made, array, array.sum(1), cv=2).tolist() == array.sum(1).tolist()
    made.save(tmp_path / "folder")
    assert ProgramRegressor.load(tmp_path / "folder").bias == made.bias


def test_parameters_that_are_no_json_are_named(tmp_path):
    made = given_program(LAST, settings={"k": {1, 2}})
    with pytest.raises(PellucidError, match="parameters cannot be saved as JSON"):
        made.save(tmp_path / "folder")


def test_texts_in_columns_are_data(tmp_path):
    texts, labels = questions(60)
    data = Data.from_columns(pd.DataFrame({"text": texts, "label": labels}))
    assert data.sequences == texts
    assert data.schema.words is not None
    made = ProgramClassifier(vectors=tmp_path / "glove.txt")
    assert made._params_to_json()["vectors"] == str(tmp_path / "glove.txt")


def test_importing_pellucid_stays_light():
    code = "import sys, pellucid; print([m for m in ('sklearn', 'jax', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
