"""The convex end of the learners: logistic regression, whole weights, the threshold of the tag O."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from pellucid.learners.evidence.judge import Judge
from pellucid.learners.evidence.model import Corpus
from pellucid.learners.logistic import regression, whole


def examples() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.poisson(0.6, (200, 12)).astype(float)
    return x, (x @ rng.normal(size=(12, 3)) + rng.normal(size=(200, 3))).argmax(1)


def centred(weights: np.ndarray) -> np.ndarray:
    return weights - weights.mean(1, keepdims=True)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
def test_regression_is_that_of_scikit_learn(form):
    x, y = examples()
    ours = regression(form(x), np.eye(3)[y], 0.5)
    theirs = LogisticRegression(C=0.5, fit_intercept=False, tol=1e-8, max_iter=2000).fit(x, y).coef_.T
    assert np.allclose(centred(ours), centred(theirs), atol=2e-3)


def test_rows_count_as_often_as_their_classes_occur():
    x, y = examples()
    twice = regression(np.concatenate([x, x]), np.eye(3)[np.concatenate([y, y])], 0.5)
    counted = regression(x, 2 * np.eye(3)[y], 0.5)
    assert np.allclose(centred(twice), centred(counted), atol=2e-3)


def test_a_scale_is_a_prior_of_its_own_for_every_weight():
    x, y = examples()
    scale = np.where(np.arange(12) < 6, 0.05, 1.0)
    weights = regression(x, np.eye(3)[y], 0.5, scale=scale[:, None])
    assert np.allclose(weights, scale[:, None] * regression(x * scale, np.eye(3)[y], 0.5), atol=2e-3)
    assert np.abs(weights[:6]).max() < 0.1 < np.abs(weights[6:]).max()


def test_regression_ends_in_time():
    x, y = examples()
    cut, full = (np.abs(regression(x, np.eye(3)[y], 10.0, end=end)).max() for end in (0.0, np.inf))
    assert 0 < cut < full


def test_whole_weights_have_the_coarsest_scale_that_loses_nothing():
    weights = np.array([[0.26, 0.0], [0.0, 0.24]])
    assert whole(weights, lambda w: float(w[0, 0] > w[1, 1]), (1, 2, 4)).tolist() == [[1, 0], [0, 0]]
    assert whole(weights, lambda w: 1.0, (1, 2)).tolist() == [[0, 0], [0, 0]]
    never = whole(weights, lambda w: 1.0 if w is weights else w.max() / 10, (2, 8))
    assert never.tolist() == [[2, 0], [0, 2]]


def test_the_threshold_of_o_suits_the_entities_and_moves_no_more_than_it_must():
    labels = ("O", "B-PER")
    scores = np.array([[9, 7], [9, 6], [9, 0], [9, 0]])  # an entity, an entity, none, none: O always leads
    judge = Judge(
        Corpus((np.zeros(4, np.int64),), np.array([0, 1, 2, 3, 4])), ("B-PER", "B-PER", "O", "O"), labels, True
    )
    figure, accuracy = judge.of_scores(scores)
    assert (figure, accuracy) == (1.0, 0.5)
    assert judge._best(scores)[0] == -4
    plain = Judge(judge.corpus, ("B-PER", None, "O", "unheard of"), labels, False)
    assert plain.codes.tolist() == [1, -1, 0, -1]
    assert plain.of_scores(scores)[0] == 0.5
