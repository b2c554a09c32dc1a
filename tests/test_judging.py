"""What counts as right, and figures made of it: against seqeval, scikit-learn and counting by hand."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from pellucid.explain.evaluation import confusion, evaluation
from pellucid.language.types import order
from pellucid.semantics.scores import (
    Interval,
    bootstrap,
    by_column,
    class_scores,
    entities,
    entity_counts,
    entity_scores,
    entity_tags,
    figures,
    figures_of,
    has_entities,
    judge,
)

CLEAN = ["O", *(f"{p}-{t}" for p in "BIES" for t in ("PER", "LOC"))]
ODD = [*CLEAN, "B", "I", "E", "S", "I-", "B-a-b", "PER", ".", "X-PER", "U-LOC"]


# ---------------------------------------------------------------- what is right


def test_whole_numbers_and_symbols_must_be_equal():
    judged = judge([[1, 2, "1", 10**30 + 1]], [[1, 3, 1, 10**30]], "every")
    assert judged.right[:, 0].tolist() == [True, False, False, False]
    assert figures_of(judged) == {"token": 0.25, "sequence": 0.0}


def test_reals_may_miss_by_1e_9_of_themselves_or_of_the_spread_of_their_column():
    wanted = [[1000.0, 0.0, -1000.0]]
    near = [[1000.0 + 9e-7, 8e-7, -1000.0 - 2e-6]]
    judged = judge(near, wanted, "every")
    assert judged.right[:, 0].tolist() == [True, True, False]
    found = figures_of(judged)
    assert found["max_error"] == pytest.approx(2e-6)
    assert found["mse"] == pytest.approx((81 + 64 + 400) * 1e-14 / 3)
    assert found["r2"] == pytest.approx(1)
    broken = judge([[math.nan, math.inf, "x"]], wanted, "every")
    assert not broken.right.any()
    assert np.isinf(broken.error).all()


def test_numbers_near_the_end_of_all_floats_are_judged_without_warnings():
    wanted = [[1e308, -1e308, 2.0]]
    assert figures(wanted, wanted, "every")["token"] == 1
    assert figures([[1e308, 1e308, 2.0]], wanted, "every")["max_error"] == math.inf
    assert figures([[1e308, -1e308, 3e200]], [[1e-200, 2e-200, 1.5]], "every")["token"] == 0


def test_columns_are_judged_one_by_one_and_together():
    """A tolerance for all columns together would let the small column be wrong, or the large one."""
    wanted = [[[1e9, 1e-3, "a"], [2e9, 2e-3, "b"]], [[3e9, 3e-3, "a"]]]
    given_ = [[[1e9 + 0.1, 1e-3, "a"], [2e9, 2e-3 + 1e-6, "b"]], [[3e9, 3e-3, "b"]]]
    judged = judge(given_, wanted, "every")
    assert judged.right.tolist() == [[True, True, True], [True, False, True], [True, True, False]]
    assert judged.wrong.tolist() == [1, 2]
    assert figures_of(judged)["token"] == pytest.approx(1 / 3)
    assert figures_of(judged)["sequence"] == 0
    columns = by_column(judged)
    assert [c["token"] for c in columns] == [1, pytest.approx(2 / 3), pytest.approx(2 / 3)]
    assert columns[1]["max_error"] == pytest.approx(1e-6)
    assert "mse" not in columns[2]
    once = judge([[1, "x"], [2, "y"]], [[1, "x"], [2, "z"]], "last")
    assert once.right.tolist() == [[True, True], [True, False]]


def test_what_is_not_scored_does_not_count():
    judged = judge([["a", "b"], ["b"]], [["a", None], [None]], "every")
    assert (judged.examples, len(judged.right)) == (2, 1)
    assert figures_of(judged) == {"token": 1.0, "sequence": 1.0}
    cells = judge([[["a", 1.5], ["b", 2.5]]], [[["a", None], [None, 9.0]]], "every")
    assert cells.right.tolist() == [[True, True], [True, False]]
    assert cells.scored.tolist() == [[True, False], [False, True]]
    assert figures([], [], "every") == {"token": 1.0, "sequence": 1.0}
    assert figures([[None]], [["a"]], "every")["token"] == 0


def test_outputs_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="1 outputs for 2 inputs"):
        judge([["O"]], [["O"], ["O"]], "every")
    with pytest.raises(ValueError, match="example 2: 1 outputs; expected 2"):
        judge([["O"], ["O"]], [["O"], ["O", "O"]], "every")
    with pytest.raises(ValueError, match="outputs of 1 columns; expected 2"):
        judge([["O"]], [[["O", 1]]], "every")


# ---------------------------------------------------------------- entities


def tag_pairs(tags):
    pair = st.integers(1, 7).flatmap(
        lambda n: st.tuples(*[st.lists(st.sampled_from(tags), min_size=n, max_size=n)] * 2)
    )
    return st.lists(pair, min_size=1, max_size=6)


@given(tag_pairs(ODD))
@settings(max_examples=500, deadline=None)
def test_entities_are_those_of_seqeval(pairs):
    sequence_labeling = pytest.importorskip("seqeval.metrics.sequence_labeling", reason="seqeval is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for tags, _ in pairs:
            assert entities(tags) == sequence_labeling.get_entities(tags)


@given(tag_pairs(ODD))
@settings(max_examples=300, deadline=None)
def test_entity_figures_are_those_of_seqeval(pairs):
    metrics = pytest.importorskip("seqeval.metrics", reason="seqeval is not installed")
    given, wanted = ([list(side) for side in sides] for sides in zip(*pairs, strict=True))
    found = entity_scores(given, wanted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("precision", "recall", "f1"):
            theirs = getattr(metrics, f"{name}_score")(wanted, given, zero_division=0)
            assert getattr(found["all"], name) == pytest.approx(theirs)
        if len(found) == 1:
            return
        report = metrics.classification_report(wanted, given, output_dict=True, zero_division=0)
    kinds = {kind: row for kind, row in report.items() if not kind.endswith(" avg")}
    assert set(kinds) == {*found} - {"all"}
    for kind, row in kinds.items():
        assert (found[kind].precision, found[kind].recall, found[kind].f1, found[kind].support) == pytest.approx(
            (row["precision"], row["recall"], row["f1-score"], row["support"])
        )


def test_entities_by_hand():
    assert entities(["B-PER", "I-PER", "O", "I-LOC", "I-PER"]) == [("PER", 0, 1), ("LOC", 3, 3), ("PER", 4, 4)]
    assert entities([]) == []
    with pytest.raises(ValueError, match="1 tags given for 2 words"):
        entity_scores([["O"]], [["O", "O"]])


def test_f1_is_among_the_figures_where_labels_are_entity_tags():
    outputs, wanted = [["B-A", "B-A"], ["B-A"]], [["B-A", None], ["O"]]
    judged = judge(outputs, wanted, "every")
    assert entity_tags(judged) == ([["B-A"], ["B-A"]], [["B-A"], ["O"]])
    assert figures_of(judged)["f1"] == entity_scores([["B-A"], ["B-A"]], [["B-A"], ["O"]])["all"].f1
    assert not has_entities(judge([["DET"]], [["DET"]], "every"))
    assert not has_entities(judge(["B-A"], ["B-A"], "last"))
    assert not has_entities(judge([[["B-A", 1]]], [[["B-A", 1]]], "every"))


# ---------------------------------------------------------------- classes, intervals

LABELS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1, max_size=30)


@given(LABELS)
@settings(deadline=None)
def test_class_table_and_confusion_are_those_of_scikit_learn(pairs):
    given, wanted = zip(*pairs, strict=True)
    judged = judge(given, wanted, "last")
    labels = order([*given, *wanted])
    rows, (named, counts) = class_scores(pairs, labels), confusion(judged, labels)
    table = precision_recall_fscore_support(wanted, given, labels=labels, zero_division=0)
    assert [(r.precision, r.recall, r.f1, r.support) for r in rows] == [
        pytest.approx(t) for t in zip(*table, strict=True)
    ]
    assert named == labels
    if len(labels) > 1:
        assert (counts == confusion_matrix(wanted, given, labels=labels)).all()
    assert np.trace(counts) / len(pairs) == pytest.approx(figures(given, wanted, "last")["token"])


def test_interval_is_seeded_and_covers_the_normal_one():
    right = np.zeros((1000, 2))
    right[:, 1], right[:800, 0] = 1, 1
    found = bootstrap(right, seed=3)
    assert found == bootstrap(right, seed=3)
    assert found != bootstrap(right, seed=4)
    half = 1.96 * (0.8 * 0.2 / 1000) ** 0.5
    assert found.value == 0.8
    assert found.low == pytest.approx(0.8 - half, abs=0.004)
    assert found.high == pytest.approx(0.8 + half, abs=0.004)
    assert str(Interval(0.5, 0.25, 0.75)) == "50.00% (25.00% to 75.00%)"
    for bad in ({"rounds": 0}, {"level": 1.0}):
        with pytest.raises(ValueError, match="bootstrap of 1000 examples"):
            bootstrap(right, **bad)


def test_entity_interval_holds_the_f1():
    given = [["B-A", "O"], ["O", "B-B"]] * 20
    wanted = [["B-A", "O"], ["B-B", "O"]] * 20
    found = bootstrap(entity_counts(given, wanted))
    assert found.value == entity_scores(given, wanted)["all"].f1 == 0.5
    assert 0.3 < found.low < 0.5 < found.high < 0.7
    assert bootstrap(entity_counts([["O"]], [["O"]])).value == 0.0


def test_what_eval_tells():
    found = evaluation(["a", "b", "b"], ["a", "b", "c"], "last", ["y"], "ab")
    told = str(found).splitlines()
    assert told[0] == "accuracy 66.667%   on 3 examples"
    assert told[-4:] == ["     a  b  c", "  a  1  .  .", "  b  .  1  .", "  c  .  1  ."]
    assert found.warning() == "a label of the data that the program never says, counted as misses: 'c'"
    assert found.to_json()["confusion"] == {"labels": ["a", "b", "c"], "counts": [[1, 0, 0], [0, 1, 0], [0, 1, 0]]}
    tagged = evaluation([["B-A", "O"]], [["B-A", "O"]], "every", ["tag"], ["O", "B-A"])
    assert str(tagged).startswith(
        "entity F1 100.000%   words 100.000%   on 1 example\n95% bootstrap interval of the entity"
    )
    assert tagged.to_json()["interval"]["of"] == "f1"
    assert tagged.to_json()["entities"]["support"] == 1
    numbers = evaluation([[[1.0, 2], [2.5, 3]]], [[[1.0, 2], [2.0, 3]]], "every", ["x", "n"])
    assert "tokens 50.000%   sequences 0.000%   R2 0.5   mse 0.125   max error 0.5" in str(numbers)
    assert [line.split() for line in str(numbers).splitlines()[-1:]] == [["n", "tokens", "100.000%"]]
