"""Sums of votes over many inputs equal those of one input at a time, and what probabilities are made of them."""

import numpy as np
import pytest

from explain_samples import DYCK, LAST, POOLED, TANK, VOTE, WORDS
from pellucid.explain.cells import calibrated, decides_by_votes, label_sums, probabilities
from pellucid.explain.explanation import explain
from pellucid.semantics.domain import every, sample


@pytest.mark.parametrize(("made", "inputs"), [(POOLED, list(every(POOLED, 3))), (WORDS, sample(WORDS, 20, 0, 5))])
def test_sums_are_those_of_the_explanations(made, inputs):
    node = made["output"]
    for sequence, sums in zip(inputs, label_sums(made, inputs).tolist(), strict=True):
        assert dict(explain(made, sequence)["output"].votes[0].sums) == dict(zip(node.labels, sums, strict=True))


def test_only_a_vote_over_all_positions_has_sums_for_its_answer():
    assert [decides_by_votes(made) for made in (POOLED, WORDS, LAST, VOTE, DYCK, TANK)] == [True, True, *[False] * 4]


def test_probabilities_are_those_under_which_the_right_labels_are_most_probable():
    sums = np.array([[9, 0], [8, 0], [0, 5], [3, 0]])
    shares = probabilities(sums, 0.5)
    assert shares.sum(1) == pytest.approx(1)
    assert shares[3, 0] == pytest.approx(1 / (1 + np.exp(-1.5)))
    sure, unsure = calibrated(sums, np.array([0, 0, 1, 0])), calibrated(sums, np.array([0, 1, 1, 0]))
    assert sure > unsure > 0
    assert calibrated(np.zeros((2, 2)), np.array([0, 1])) == 1
    assert calibrated(sums, np.array([-1, -1, -1, -1])) == 1
