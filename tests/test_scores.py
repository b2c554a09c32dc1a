"""Figures in detail, against seqeval, scikit-learn and counting by hand."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from pellucid.data import Dataset
from pellucid.program.metrics import accuracy
from pellucid.program.scores import (
    Interval,
    accuracy_interval,
    bootstrap,
    class_scores,
    confusion,
    entities,
    entity_interval,
    entity_scores,
    entity_tags,
    has_entities,
)

CLEAN = ["O", *(f"{p}-{t}" for p in "BIES" for t in ("PER", "LOC"))]
ODD = [*CLEAN, "B", "I", "E", "S", "I-", "B-a-b", "PER", ".", "X-PER", "U-LOC"]


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


LABELS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1, max_size=30)


@given(LABELS)
@settings(deadline=None)
def test_class_table_and_confusion_are_those_of_scikit_learn(pairs):
    given, wanted = zip(*pairs, strict=True)
    data = Dataset(tuple((i,) for i in range(len(pairs))), wanted, "classification")
    rows, (labels, counts) = class_scores(given, data), confusion(given, data)
    table = precision_recall_fscore_support(wanted, given, labels=labels, zero_division=0)
    assert [(r.precision, r.recall, r.f1, r.support) for r in rows] == [
        pytest.approx(t) for t in zip(*table, strict=True)
    ]
    if len(labels) > 1:
        assert (counts == confusion_matrix(wanted, given, labels=labels)).all()
    assert np.trace(counts) / len(pairs) == pytest.approx(accuracy(given, data)["token"])


TAGGED = Dataset((("x", "y"), ("z",)), (("B-A", None), ("O",)), "tagging")


def test_positions_not_scored_do_not_count():
    outputs = [["B-A", "B-A"], ["B-A"]]
    labels, counts = confusion(outputs, TAGGED)
    assert (labels, counts.tolist()) == (("B-A", "O"), [[1, 0], [1, 0]])
    assert entity_tags(outputs, TAGGED) == ([["B-A", "O"], ["B-A"]], [["B-A", "O"], ["O"]])
    assert accuracy_interval(outputs, TAGGED).value == accuracy(outputs, TAGGED)["token"] == 0.5
    assert has_entities(TAGGED)
    assert not has_entities(Dataset((("x",),), (("DET",),), "tagging"))
    assert not has_entities(Dataset((("x",),), ("B-A",), "classification"))
    with pytest.raises(ValueError, match="1 outputs for 2 inputs"):
        class_scores([["O"]], TAGGED)


def test_interval_is_seeded_and_covers_the_normal_one():
    right = np.zeros((1000, 2))
    right[:, 1], right[:800, 0] = 1, 1

    def share(c):
        return c[:, 0] / c[:, 1]

    found = bootstrap(right, share, seed=3)
    assert found == bootstrap(right, share, seed=3)
    assert found != bootstrap(right, share, seed=4)
    half = 1.96 * (0.8 * 0.2 / 1000) ** 0.5
    assert found.value == 0.8
    assert found.low == pytest.approx(0.8 - half, abs=0.004)
    assert found.high == pytest.approx(0.8 + half, abs=0.004)
    assert str(Interval(0.5, 0.25, 0.75)) == "50.00% (25.00% to 75.00%)"
    for bad in ({"rounds": 0}, {"level": 1.0}):
        with pytest.raises(ValueError, match="bootstrap of 1000 examples"):
            bootstrap(right, share, **bad)


def test_entity_interval_holds_the_f1():
    given = [["B-A", "O"], ["O", "B-B"]] * 20
    wanted = [["B-A", "O"], ["B-B", "O"]] * 20
    found = entity_interval(given, wanted)
    assert found.value == entity_scores(given, wanted)["all"].f1 == 0.5
    assert 0.3 < found.low < 0.5 < found.high < 0.7
    assert entity_interval([["O"]], [["O"]]).value == 0.0
