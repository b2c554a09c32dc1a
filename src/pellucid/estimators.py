"""Estimators in the manner of scikit-learn: fit, predict, score, and the program that does it.

They work with `clone`, `GridSearchCV`, `cross_val_score` and pipelines. An input is a sequence of tokens (strings or
whole numbers), or a raw text, which is split into words; arrays and data frames have an input per row, a frame with one
column of texts or lists a text or list per row. Raw texts, and lists of many different words, are learned as texts: a
word that was not seen in training is then no error, but taken by what it looks like. As `learn` does,
`fit` divides what it is given: 81 % to learn from, 9 % to choose the program with, 10 % to state its accuracy on
(`accuracy_`).

    model = ProgramClassifier(model="search", budget=20).fit(sequences, labels)
    print(model.source_)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin

from pellucid.data import Dataset, Token
from pellucid.data.tags import to_iob2
from pellucid.errors import PellucidError
from pellucid.estimator_base import paired, rows, weighted
from pellucid.estimator_series import ProgramRegressor
from pellucid.estimator_symbols import SymbolEstimator, as_array
from pellucid.language.words import AS_WRITTEN, Words
from pellucid.program.evidence import calibrated, decides_by_scores, label_scores, probabilities
from pellucid.program.scores import entity_scores
from pellucid.values import show

METRICS = ("token", "sequence", "entity")

__all__ = ["ProgramClassifier", "ProgramRegressor", "ProgramTagger"]


class ProgramClassifier(ClassifierMixin, SymbolEstimator):
    """One label for a sequence or a text."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn a program from sequences and a label each.

        Raises:
            PellucidError: in one line, for data from which nothing can be learned.
        """
        held = self._fit(X, y, "classification")
        self.classes_ = as_array(self.labels_)
        self.factor_ = self._calibration(held)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """A label for each input.

        Raises:
            PellucidError: an input that the program does not take, by its number; see `refused`.
        """
        return as_array(self._answers(X, lambda x: self.majority_))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Share of right labels."""
        inputs, wanted = paired(X, y)
        pairs = zip(self.predict(inputs).tolist(), wanted, strict=True)
        return weighted([float(a == b) for a, b in pairs], sample_weight)

    @property
    def predict_proba(self) -> Callable[[Any], np.ndarray]:
        """Probabilities [inputs, classes_] of a program that adds up scores; others have no such method.

        The scores are calibrated by one factor, on the 9 % of the data that chose the program; for texts, to which a
        program is fitted on those as well, on the 10 % of its accuracy. The columns are in the order of `classes_`.
        """
        program = self._fitted().program
        if program is None or self.factor_ is None:
            reason = "the program decides by rules, not by scores" if program else "a Transformer without a program"
            raise AttributeError(f"predict_proba: {reason}, so it has no probabilities; use predict")
        return self._probabilities

    def _probabilities(self, X: Any) -> np.ndarray:
        learned, given = self._fitted(), rows(X)
        place = {label: i for i, label in enumerate(self.labels_)}
        taken, found = self._taken(given), np.zeros((len(given), len(place)))
        found[[i for i in range(len(given)) if i not in taken], place[self.majority_]] = 1.0
        if taken:
            labels = learned.program[learned.program.output].labels
            shares = probabilities(label_scores(learned.program, list(taken.values())), self.factor_ or 1.0)
            found[np.ix_(list(taken), [place[label] for label in labels])] = shares
        return found

    def _calibration(self, held: Dataset) -> float | None:
        program = self.learned_.program
        if program is None or not decides_by_scores(program):
            return None
        labels = list(program[program.output].labels)
        wanted = np.array([labels.index(y) if y in labels else -1 for y in held.outputs])
        return calibrated(label_scores(program, held.inputs), wanted)

    def _state(self) -> dict[str, Any]:
        return {**super()._state(), "factor": self.factor_}

    def _restore(self, state: dict[str, Any]) -> None:
        super()._restore(state)
        self.classes_, self.factor_ = as_array(self.labels_), state["factor"]


class ProgramTagger(SymbolEstimator):
    """A label for every token. Not a classifier to scikit-learn, which would take lists of labels for many outputs.

    Entity tags may come in any scheme; the program's are IOB2.

    Args:
        metric: what `score` gives: `token` (share of right labels), `sequence` (share of sequences without a wrong
            one) or `entity` (F1 of the entities that the tags mark).
    """

    def __init__(
        self,
        model: str = "auto",
        *,
        budget: float | None = None,
        seed: int = 0,
        seeds: int | None = None,
        steps: int | None = None,
        simplify: str = "exact",
        settings: Mapping[str, Any] | None = None,
        words: Words | None = None,
        vectors: str | PathLike[str] | None = None,
        refused: str = "error",
        metric: str = "token",
    ) -> None:
        super().__init__(
            model,
            budget=budget,
            seed=seed,
            seeds=seeds,
            steps=steps,
            simplify=simplify,
            settings=settings,
            words=words,
            vectors=vectors,
            refused=refused,
        )
        self.metric = metric

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn a program from sequences and a list of labels each, as long as its sequence (None: not scored).

        Raises:
            PellucidError: in one line, for data from which nothing can be learned.
        """
        if self.metric not in METRICS:
            raise PellucidError(f"metric is {show(self.metric)}; expected one of {', '.join(METRICS)}")
        self._fit(X, y, "tagging")
        return self

    def predict(self, X: Any) -> list[list[Token]]:
        """A list of labels for each input.

        Raises:
            PellucidError: an input that the program does not take, by its number; see `refused`.
        """
        return self._answers(X, lambda x: [self.majority_] * len(self._words.tokens(x)))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """How right the labels are, by `metric`; weights are for sequences, and not for entities."""
        inputs, wanted = paired(X, y)
        if getattr(self, "scheme_", None) is not None:  # the program's labels are IOB2
            wanted = [row if None in row else to_iob2(row) for row in map(list, wanted)]
        pairs = list(zip(self.predict(inputs), wanted, strict=True))
        if self.metric == "entity":
            return _entity_f1(pairs)
        hits = [[a == b for a, b in zip(given, right, strict=True) if b is not None] for given, right in pairs]
        weights = [1.0] * len(hits) if sample_weight is None else [float(w) for w in sample_weight]
        if self.metric == "sequence":
            kept = [(float(all(row)), w) for row, w in zip(hits, weights, strict=True) if row]
            return weighted([right for right, _ in kept], [w for _, w in kept])
        kept = [(float(hit), w) for row, w in zip(hits, weights, strict=True) for hit in row]
        return weighted([right for right, _ in kept], [w for _, w in kept])

    @property
    def _words(self) -> Words:
        return self.words or AS_WRITTEN


def _entity_f1(pairs: Sequence[tuple[Sequence[Any], Sequence[Any]]]) -> float:
    given = [["O" if b is None else str(a) for a, b in zip(*pair, strict=True)] for pair in pairs]
    wanted = [["O" if b is None else str(b) for b in right] for _, right in pairs]
    return entity_scores(given, wanted)["all"].f1
