"""What simple models reach on the same data, so that a program has something to be better than (by scikit-learn).

| baseline | one label per sequence | one label per step | numbers |
|---|---|---|---|
| majority | the most frequent label | likewise | - |
| unigram | logistic regression on which symbols occur | the most frequent label of the symbol; of all, if new | - |
| naive Bayes | multinomial, on symbols and pairs | likewise, of the symbol with the one before and after | - |
| mean | - | - | the mean of the training outputs |

They see the same words as a program learned from the data, and need no settings: how much naive Bayes smooths is chosen
by cross-validation on the training data. Data with more than 64 labels
get no naive Bayes. Nothing is chosen on the test data.
"""

from __future__ import annotations

import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from pellucid.data.data import Data
from pellucid.language.types import Value
from pellucid.progress import TimeIsUpError
from pellucid.semantics.scores import Interval, bootstrap, entity_counts, entity_tags, figures_of, has_entities, judge

EDGE = "<edge>"
MAJORITY, NAIVE_BAYES = "majority", "naive Bayes"
LOADING = 2.0  # seconds that scikit-learn takes to load
STEPS = 1000  # of the logistic regression, at most
SMOOTHING = (1.0, 0.5, 0.3, 0.1, 0.03, 0.01)  # of naive Bayes: added to every count
FOLDS = 5
MOST_LABELS = 64  # of naive Bayes, which counts every feature for each of them
MOST_ROWS = 20_000  # that naive Bayes is fitted to, drawn at random where there are more
MOST_TRIED = 5000  # and that its smoothing is chosen on
Step = Any  # a value, or a tuple of values


@dataclass(frozen=True)
class Baseline:
    """A baseline's outputs on test data, and how right they are; `f1` of entities where the labels are entity tags."""

    name: str
    outputs: tuple[Any, ...]
    accuracy: Interval
    f1: Interval | None = None
    figures: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Name and figures."""
        told = {"accuracy": self.accuracy} | ({} if self.f1 is None else {"f1": self.f1})
        shown = {key: {"value": i.value, "low": i.low, "high": i.high} for key, i in told.items()}
        return {"name": self.name, **self.figures, **shown}


def baselines(train: Data, test: Data, seed: int = 0, until: float = math.inf) -> Iterator[Baseline]:
    """All baselines that fit the schema, fitted to `train` and judged on `test`; `seed` draws the intervals.

    Without test data there are none.

    Raises:
        TimeIsUpError: before one that cannot be fitted until (of `time.monotonic`) then.
    """
    schema = train.schema
    if not len(test):
        return
    if len(schema.outputs) != 1 or any(f.values is None for f in (*schema.outputs, *schema.inputs)) or _many(train):
        if all(f.type.is_number for f in schema.outputs):
            yield _judged("mean", _mean(train, test), test, seed)
        return
    models, labelled = _TAGGERS if schema.when == "every" else _CLASSIFIERS, _Labelled.of(train)
    few = len(set(labelled.labels)) <= MOST_LABELS
    for name in models:
        if name != MAJORITY and time.monotonic() + ("sklearn" not in sys.modules) * LOADING > until:
            raise TimeIsUpError
        if few or name != NAIVE_BAYES:
            yield _judged(name, models[name](labelled, _steps(test)), test, seed)


def _many(train: Data) -> bool:
    """Whether outputs are numbers, nearly all different, and no labels."""
    (output,) = train.schema.outputs
    values = () if output.values is None else output.values
    return output.type.is_number and train.schema.when == "sequence" and 2 * len(values) > len(train)


def _judged(name: str, outputs: Sequence[Any], test: Data, seed: int) -> Baseline:
    found = judge(outputs, test.outputs, test.schema.when)
    f1 = bootstrap(entity_counts(*entity_tags(found)), seed) if has_entities(found) else None
    distances = {key: value for key, value in figures_of(found).items() if key in ("mse", "max_error", "r2")}
    return Baseline(name, tuple(outputs), bootstrap(found.counts(), seed), f1, distances)


def table(rows: Sequence[Baseline]) -> str:
    """The figures with their 95 % intervals as text."""
    lines = [["baseline", "accuracy (95 % interval)"] + (["entity F1"] if rows and rows[0].f1 else [])]
    lines += [[row.name, str(row.accuracy)] + ([] if row.f1 is None else [str(row.f1)]) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines)


@dataclass(frozen=True)
class _Labelled:
    """Sequences with a label each, or one per step."""

    inputs: Sequence[Sequence[Step]]
    outputs: Sequence[Any]

    @classmethod
    def of(cls, data: Data) -> _Labelled:
        return cls(_steps(data), data.outputs)

    @property
    def labels(self) -> list[Value]:
        flat = [y for row in self.outputs for y in (row if isinstance(row, tuple | list) else (row,))]
        return [y for y in flat if y is not None]


def _steps(data: Data) -> list[list[Step]]:
    """The symbols of every sequence; of several columns the values of a step together."""
    columns = [data.column(field.name) for field in data.schema.inputs]
    if len(columns) == 1:
        return [list(row) for row in columns[0]]
    return [list(zip(*rows, strict=True)) for rows in zip(*columns, strict=True)]


def grams(tokens: Sequence[Step]) -> list[str]:
    """Symbols and pairs of neighbours, as features of a sequence."""
    words = list(map(_text, tokens))
    return words + [f"{a} {b}" for a, b in pairwise(words)]


def surroundings(tokens: Sequence[Step]) -> list[list[str]]:
    """For each symbol, the features of it and its neighbours."""
    words = [EDGE, *map(_text, tokens), EDGE]
    return [
        [f"word {b}", f"before {a}", f"after {c}", f"pair {a} {b}", f"pair after {b} {c}"]
        for a, b, c in zip(words, words[1:], words[2:], strict=False)
    ]


def _mean(train: Data, test: Data) -> list[Any]:
    rows = [row for y in train.outputs for row in (y if train.schema.when == "every" else (y,)) if row is not None]
    means = np.mean(np.array(rows, np.float64).reshape(len(rows), -1), axis=0).tolist()
    row = means[0] if len(means) == 1 else tuple(means)
    return [[row] * len(x) if test.schema.when == "every" else row for x in test.inputs]


def _majority_classes(train: _Labelled, inputs: Iterable[Sequence[Step]]) -> list[Any]:
    label = _commonest(train.labels)
    return [label for _ in inputs]


def _majority_tags(train: _Labelled, inputs: Iterable[Sequence[Step]]) -> list[Any]:
    label = _commonest(train.labels)
    return [[label] * len(tokens) for tokens in inputs]


def _unigram_tags(train: _Labelled, inputs: Iterable[Sequence[Step]]) -> list[Any]:
    counts: dict[Step, Counter[Value]] = {}
    for tokens, tags in zip(train.inputs, train.outputs, strict=True):
        for token, tag in zip(tokens, tags, strict=True):
            if tag is not None:
                counts.setdefault(token, Counter())[tag] += 1
    other = _commonest(train.labels)
    best = {token: _commonest(count) for token, count in counts.items()}
    return [[best.get(token, other) for token in tokens] for tokens in inputs]


def _unigram_classes(train: _Labelled, inputs: Iterable[Sequence[Step]]) -> list[Any]:
    from sklearn.linear_model import LogisticRegression

    return _classes(train, list(inputs), LogisticRegression(max_iter=STEPS), _plain)


def _naive_bayes_classes(train: _Labelled, inputs: Iterable[Sequence[Step]]) -> list[Any]:
    return _classes(train, list(inputs), _naive_bayes(len(train.inputs), "accuracy"), grams)


def _naive_bayes_tags(train: _Labelled, inputs: Iterable[Sequence[Step]]) -> list[Any]:
    rows, labels = [], []
    for tokens, tags in zip(train.inputs, train.outputs, strict=True):
        for features, tag in zip(surroundings(tokens), tags, strict=True):
            if tag is not None:
                rows.append(features)
                labels.append(tag)
    kept = _drawn(len(rows), MOST_ROWS).tolist()
    rows, labels = ([side[i] for i in kept] for side in (rows, labels))
    given = list(inputs)
    asked = [features for tokens in given for features in surroundings(tokens)]
    answers = iter(_fitted(_naive_bayes(len(rows), _f1_beyond_commonest), rows, labels, asked, _identity))
    return [[next(answers) for _ in tokens] for tokens in given]


def _f1_beyond_commonest(model: Any, rows: Any, labels: Sequence[int]) -> float:
    """F1 of all labels but the most frequent: where most words are `O`, accuracy would choose to say nothing else."""
    usual, given = Counter(labels).most_common(1)[0][0], model.predict(rows).tolist()
    right = sum(a == b != usual for a, b in zip(given, labels, strict=True))
    return 2 * right / max(1, sum((a != usual) + (b != usual) for a, b in zip(given, labels, strict=True)))


def _naive_bayes(examples: int, scoring: Any) -> Any:
    """Multinomial naive Bayes that chooses its smoothing, where there are enough examples to."""
    from sklearn.model_selection import GridSearchCV, KFold
    from sklearn.naive_bayes import MultinomialNB

    if examples < 2 * FOLDS:
        return MultinomialNB()
    tried = _drawn(examples, MOST_TRIED)
    folds = [(tried[fit], tried[judged]) for fit, judged in KFold(FOLDS).split(tried)]
    return GridSearchCV(MultinomialNB(), {"alpha": SMOOTHING}, scoring=scoring, cv=folds)


def _drawn(count: int, most: int) -> np.ndarray:
    """Indices of at most so many of `count` rows, at random."""
    return np.random.default_rng(0).permutation(count)[:most]


def _classes(train: _Labelled, inputs: Sequence[Any], model: Any, features: Callable) -> list[Any]:
    return _fitted(model, train.inputs, list(train.outputs), inputs, features)


def _fitted(
    model: Any, rows: Sequence[Any], labels: Sequence[Value], inputs: Sequence[Any], features: Callable
) -> list:
    """Predictions of a scikit-learn model on which features occur; the only label where there is but one."""
    from sklearn.feature_extraction.text import CountVectorizer

    known = list(dict.fromkeys(labels))  # by index: a vector of numbers and strings would turn all into strings
    if len(known) == 1:
        return known * len(inputs)
    vectorizer = CountVectorizer(analyzer=features, binary=True)  # pyright: ignore[reportArgumentType]
    place = {label: i for i, label in enumerate(known)}
    model.fit(vectorizer.fit_transform(rows), [place[label] for label in labels])
    return [known[i] for i in model.predict(vectorizer.transform(inputs))] if inputs else []


def _commonest(labels: Iterable[Value] | Counter[Value]) -> Value:
    """The most frequent label, the first in the alphabet of those as frequent."""
    counts = Counter(labels)
    return min(counts, key=lambda label: (-counts[label], str(label), isinstance(label, str)))


def _plain(tokens: Sequence[Step]) -> list[str]:
    return list(map(_text, tokens))


def _text(token: Step) -> str:
    """A feature's name; 1 and "1" are different symbols."""
    return token if isinstance(token, str) else f"{token}#"


def _identity(features: list[str]) -> list[str]:
    return features


_CLASSIFIERS = {MAJORITY: _majority_classes, "unigram": _unigram_classes, NAIVE_BAYES: _naive_bayes_classes}
_TAGGERS = {MAJORITY: _majority_tags, "unigram": _unigram_tags, NAIVE_BAYES: _naive_bayes_tags}
