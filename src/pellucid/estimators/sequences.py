"""The estimators: of a label for a sequence or text, of one for every token, of numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin

from pellucid.bias import Bias
from pellucid.data.data import Data
from pellucid.data.split import split
from pellucid.data.tags import scheme_of, to_iob2
from pellucid.errors import PellucidError
from pellucid.estimators.base import ProgramEstimator, paired, plain, rows, weighted
from pellucid.explain.cells import calibrated, decides_by_votes, label_sums, probabilities
from pellucid.language.types import Plain, order
from pellucid.language.words import AS_WRITTEN, Words
from pellucid.resolve import WORD_SETTINGS
from pellucid.semantics.reading import read
from pellucid.semantics.scores import entity_scores
from pellucid.values import show

REFUSED = ("error", "majority")
METRICS = ("token", "sequence", "entity")
WORD_LEARNER = ("kinds", "phrases")  # settings that only learners of words have
MANY = 200  # different words above which lists of words are learned as texts


@dataclass(repr=False, eq=False)
class LabelEstimator(ProgramEstimator):
    """Programs on tokens, or on texts; subclasses say what their outputs are.

    Data are learned as texts, to which no word is unknown and none too long, where one of the inputs is a string, where
    `words` or `vectors` is given, and where the inputs are lists of words with more than 200 different ones.

    Args:
        words: how raw texts are split, and whether capitals and numbers in lists of words are kept.
        vectors: file of word vectors in GloVe text format, from which the gradient learner of words may start.
        refused: what `predict` does with an input that the program does not take, because a token is unknown to it or
            there are too many (of texts: because there is no word): `error`, or `majority`, the most frequent label.
    """

    when = "sequence"
    kept = ("majority", "labels", "scheme")

    words: Words | None = None
    vectors: str | PathLike[str] | None = None
    refused: str = "error"

    def _fit(self, X: Any, y: Any) -> Data:
        """Learn; held-out data is returned, to which nothing was fitted."""
        if self.refused not in REFUSED:
            raise PellucidError(f"refused is {show(self.refused)}; expected {' or '.join(REFUSED)}")
        inputs, outputs = paired(X, y)
        found = Data.of(inputs, outputs, words=self._rule(inputs))
        if found.schema.when != self.when:
            form, other = ("one label", "a list") if self.when == "sequence" else ("a list of labels", "one")
            raise PellucidError(f"y has {other} for each input; {type(self).__name__} needs {form}")
        self.scheme_, found = _as_iob2(found)
        splits = split(found, self.seed)
        texts = found.schema.words is not None
        self.learned_ = self._learned(found if texts else splits, vectors=self.vectors)
        flat = [y for row in found.outputs for y in (row if self.when == "every" else (row,)) if y is not None]
        self.labels_: tuple[Plain, ...] = order(flat)  # pyright: ignore[reportAttributeAccessIssue]
        counts = Counter(flat)
        self.majority_ = min(self.labels_, key=lambda label: -counts[label])
        # a program for texts is fitted to all but the test part in the end
        return splits.test if texts else splits.valid

    def _rule(self, inputs: Sequence[Any]) -> Words | None:
        """How words are split, where the inputs are texts; None: they are sequences of a few symbols."""
        asked = {*(self.settings or {})} & {*WORD_SETTINGS, *WORD_LEARNER}
        if self.words is not None or self.vectors is not None or asked or any(isinstance(x, str) for x in inputs):
            return self._words
        tokens = {token for x in inputs for token in plain(x) if not isinstance(token, list)}
        return self._words if len(tokens) > MANY and all(isinstance(token, str) for token in tokens) else None

    @property
    def _words(self) -> Words:
        return self.words or Words()

    def _answers(self, X: Any, majority: Callable[[Any], Any]) -> list[Any]:
        """Outputs in order; `majority` of an input that the program does not take, where so asked."""
        learned, given = self._fitted(), rows(X)
        taken = self._taken(given)
        found = dict(zip(taken, learned.outputs(list(taken.values())), strict=True)) if taken else {}
        return [found[i] if i in found else majority(x) for i, x in enumerate(given)]

    def _taken(self, given: Sequence[Any]) -> dict[int, Any]:
        """The inputs that the program takes, by number.

        Raises:
            PellucidError: there are others, and they are not to have the most frequent label.
        """
        taken, program = {}, self.learned_.program
        for i, x in enumerate(map(plain, given)):
            try:
                if program is not None and not any(map(len, read(program, x).values())):
                    raise PellucidError("no tokens; expected at least 1")
                taken[i] = x
            except PellucidError as error:
                if self.refused == "error":
                    raise PellucidError(f"input {i + 1}: {error}; or use refused='majority'") from None
        return taken


def _as_iob2(data: Data) -> tuple[str | None, Data]:
    """The scheme of entity tags, and the data with IOB2 in its place; None where the labels are others."""
    if data.schema.when != "every":
        return None, data
    told = [[str(y) for y in row if y is not None] for row in data.outputs]
    scheme = scheme_of(told)
    if scheme is None or scheme == "IOB2" or any(None in row for row in data.outputs):
        return scheme, data
    inputs = data.sequences
    words = None if data.schema.words is None else data.schema.words.words
    return scheme, Data.of(inputs, [to_iob2(row) for row in told], words=words)


def as_array(labels: Sequence[Plain]) -> np.ndarray:
    """Labels as an array of numbers, of text, or of objects where both occur."""
    kinds = {type(label) for label in labels}
    return np.array(labels) if len(kinds) == 1 else np.array(labels, dtype=object)


@dataclass(repr=False, eq=False)
class ProgramClassifier(ClassifierMixin, LabelEstimator):
    """One label for a sequence or a text."""

    kept = (*LabelEstimator.kept, "factor")

    @property
    def classes_(self) -> np.ndarray:
        """The labels, in the order of the columns of `predict_proba`."""
        return as_array(self.labels_)

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn a program from sequences and a label each.

        Raises:
            PellucidError: in one line, for data from which nothing can be learned.
        """
        self.factor_ = self._calibration(self._fit(X, y))
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
            labels = learned.program[learned.program.results[0]].labels
            shares = probabilities(label_sums(learned.program, list(taken.values())), self.factor_ or 1.0)
            found[np.ix_(list(taken), [place[label] for label in labels])] = shares
        return found

    def _calibration(self, held: Data) -> float | None:
        program = self.learned_.program
        if program is None or not decides_by_votes(program):
            return None
        labels = list(program[program.results[0]].labels)
        wanted = np.array([labels.index(y) if y in labels else -1 for y in held.outputs])
        return calibrated(label_sums(program, held.sequences), wanted)


@dataclass(repr=False, eq=False)
class ProgramTagger(LabelEstimator):
    """A label for every token. Not a classifier to scikit-learn, which would take lists of labels for many outputs.

    Entity tags may come in any scheme; the program's are IOB2.

    Args:
        metric: what `score` gives: `token` (share of right labels), `sequence` (share of sequences without a wrong
            one) or `entity` (F1 of the entities that the tags mark).
    """

    when = "every"

    metric: str = "token"

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn a program from sequences and a list of labels each, as long as its sequence (None: not scored).

        Raises:
            PellucidError: in one line, for data from which nothing can be learned.
        """
        if self.metric not in METRICS:
            raise PellucidError(f"metric is {show(self.metric)}; expected one of {', '.join(METRICS)}")
        self._fit(X, y)
        return self

    def predict(self, X: Any) -> list[list[Plain]]:
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
        if self.metric == "sequence":
            hits = [[all(row)] if row else [] for row in hits]
        weights = [1.0] * len(hits) if sample_weight is None else sample_weight
        each = [weight for row, weight in zip(hits, weights, strict=True) for _ in row]
        return weighted([hit for row in hits for hit in row], each)

    @property
    def _words(self) -> Words:
        return self.words or AS_WRITTEN


def _entity_f1(pairs: Sequence[tuple[Sequence[Any], Sequence[Any]]]) -> float:
    given = [["O" if b is None else str(a) for a, b in zip(*pair, strict=True)] for pair in pairs]
    wanted = [["O" if b is None else str(b) for b in right] for _, right in pairs]
    return entity_scores(given, wanted)["all"].f1


# ---------------------------------------------------------------- numbers


@dataclass(repr=False, eq=False)
class ProgramRegressor(RegressorMixin, ProgramEstimator):
    """Numbers from number sequences: one per step, or one for the whole sequence.

    An input is a list of numbers, or of lists of numbers where there are several columns; an array [n, steps] has a
    sequence per row.

    Args:
        bias: which pieces a program may be made of.
        model, budget, seed, seeds, steps, simplify, settings: as for `pellucid.learn`.
    """

    kept = ("last",)

    bias: Bias | None = None

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn a program from number sequences and what should come out, a list as long, or one number, for each.

        Raises:
            PellucidError: in one line, for data from which nothing can be learned.
        """
        inputs, outputs = paired(X, y)
        data = Data.of(map(plain, inputs), map(plain, outputs))
        self.learned_ = self._learned(data, bias=self.bias)
        self.last_ = data.schema.when != "every"
        return self

    def predict(self, X: Any) -> Any:
        """Outputs: an array with one row of numbers per input where a sequence has one output, else a list of arrays.

        Raises:
            PellucidError: an input that the program does not take.
        """
        learned = self._fitted()
        found = [np.asarray(row) for row in learned.outputs([plain(x) for x in rows(X)])]
        return np.array(found) if self.last_ else found

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R squared over the outputs of all steps, the mean of the columns'; 1 is exact, 0 as good as the mean.

        Weights are for sequences.
        """
        self._fitted()
        inputs, outputs = paired(X, y)
        wanted = [np.asarray(plain(row), float).reshape(1 if self.last_ else len(row), -1) for row in outputs]
        pairs = zip(self.predict(inputs), wanted, strict=True)
        given = [np.asarray(a, float).reshape(b.shape) for a, b in pairs]
        weights = [1.0] * len(wanted) if sample_weight is None else [float(w) for w in sample_weight]
        each = np.repeat(weights, [len(row) for row in wanted])[:, None]
        return _r_squared(np.concatenate(given), np.concatenate(wanted), each)


def _r_squared(given: np.ndarray, wanted: np.ndarray, weights: np.ndarray) -> float:
    """The mean over columns; of a constant column 1 where it is met and 0 elsewhere."""
    mean = (weights * wanted).sum(0) / weights.sum()
    rest, spread = (weights * (given - wanted) ** 2).sum(0), (weights * (wanted - mean) ** 2).sum(0)
    shares = np.where(spread > 0, 1 - rest / np.where(spread > 0, spread, 1), (rest == 0).astype(float))
    return float(shares.mean())
