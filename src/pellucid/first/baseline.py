"""What simple models reach on the same data: majority, one word at a time, naive Bayes (by scikit-learn).

| baseline | one label per sequence | one label per word |
|---|---|---|
| majority | the most frequent label | likewise |
| unigram | logistic regression on which words occur | the most frequent label of the word; of all, where it is new |
| naive Bayes | multinomial, on which words and pairs occur | likewise, of the word with the one before and after |

They see the same words as a program learned from the data, and need no settings: how much naive Bayes smooths is chosen
by cross-validation on the training data. Nothing is chosen on the test data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pellucid.data import Dataset, Token
from pellucid.program.scores import (
    Interval,
    accuracy_interval,
    entity_interval,
    entity_tags,
    has_entities,
)

EDGE = "<edge>"
STEPS = 1000  # of the logistic regression, at most
SMOOTHING = (1.0, 0.5, 0.3, 0.1, 0.03, 0.01)  # of naive Bayes: added to every count
FOLDS = 5


@dataclass(frozen=True)
class Baseline:
    """A baseline's outputs on test data, and how right they are; `f1` of entities where the labels are entity tags."""

    name: str
    outputs: tuple[Any, ...]
    accuracy: Interval
    f1: Interval | None = None

    def to_json(self) -> dict[str, Any]:
        """Name and figures."""
        told = {"accuracy": self.accuracy} | ({} if self.f1 is None else {"f1": self.f1})
        return {"name": self.name, **{key: {"value": i.value, "low": i.low, "high": i.high} for key, i in told.items()}}


def baselines(train: Dataset, test: Dataset, seed: int = 0) -> list[Baseline]:
    """All baselines, fitted to `train` and judged on `test`; `seed` draws the confidence intervals.

    Raises:
        PellucidError: the data sets differ in kind.
    """
    models = _TAGGERS if train.kind == "tagging" else _CLASSIFIERS
    entities = has_entities(train)
    found = []
    for name, model in models.items():
        outputs = model(train, test.inputs)
        f1 = entity_interval(*entity_tags(outputs, test), seed) if entities else None
        found.append(Baseline(name, tuple(outputs), accuracy_interval(outputs, test, seed), f1))
    return found


def table(rows: Sequence[Baseline]) -> str:
    """The figures with their 95 % intervals as text."""
    lines = [["baseline", "accuracy (95 % interval)"] + (["entity F1"] if rows and rows[0].f1 else [])]
    lines += [[row.name, str(row.accuracy)] + ([] if row.f1 is None else [str(row.f1)]) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def grams(tokens: Sequence[Token]) -> list[str]:
    """Words and pairs of neighbours, as features of a sequence."""
    words = list(map(_text, tokens))
    return words + [f"{a} {b}" for a, b in pairwise(words)]


def surroundings(tokens: Sequence[Token]) -> list[list[str]]:
    """For each word, the features of it and its neighbours."""
    words = [EDGE, *map(_text, tokens), EDGE]
    return [
        [f"word {b}", f"before {a}", f"after {c}", f"pair {a} {b}", f"pair after {b} {c}"]
        for a, b, c in zip(words, words[1:], words[2:], strict=False)
    ]


def _majority(train: Dataset, inputs: Iterable[Sequence[Token]]) -> list[Any]:
    label = _commonest(_labels(train))
    return [label if train.kind == "classification" else [label] * len(tokens) for tokens in inputs]


def _unigram_tags(train: Dataset, inputs: Iterable[Sequence[Token]]) -> list[list[Token]]:
    counts: dict[Token, Counter[Token]] = {}
    for tokens, tags in zip(train.inputs, train.outputs, strict=True):
        for token, tag in zip(tokens, tags, strict=True):
            if tag is not None:
                counts.setdefault(token, Counter())[tag] += 1
    other = _commonest(_labels(train))
    best = {token: _commonest(count) for token, count in counts.items()}
    return [[best.get(token, other) for token in tokens] for tokens in inputs]


def _unigram_classes(train: Dataset, inputs: Iterable[Sequence[Token]]) -> list[Token]:
    from sklearn.linear_model import LogisticRegression

    return _classes(train, list(inputs), LogisticRegression(max_iter=STEPS), _plain)


def _naive_bayes_classes(train: Dataset, inputs: Iterable[Sequence[Token]]) -> list[Token]:
    return _classes(train, list(inputs), _naive_bayes(len(train), "accuracy"), grams)


def _naive_bayes_tags(train: Dataset, inputs: Iterable[Sequence[Token]]) -> list[list[Token]]:
    rows, labels = [], []
    for tokens, tags in zip(train.inputs, train.outputs, strict=True):
        for features, tag in zip(surroundings(tokens), tags, strict=True):
            if tag is not None:
                rows.append(features)
                labels.append(tag)
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
    folds = KFold(FOLDS, shuffle=True, random_state=0)
    return GridSearchCV(MultinomialNB(), {"alpha": SMOOTHING}, scoring=scoring, cv=folds)


def _classes(train: Dataset, inputs: Sequence[Any], model: Any, features: Any) -> list[Token]:
    return _fitted(model, train.inputs, list(train.outputs), inputs, features)


def _fitted(model: Any, rows: Sequence[Any], labels: Sequence[Token], inputs: Sequence[Any], features: Any) -> list:
    """Predictions of a scikit-learn model on which features occur; the only label where there is but one."""
    from sklearn.feature_extraction.text import CountVectorizer

    known = list(dict.fromkeys(labels))  # by index: a vector of numbers and strings would turn all into strings
    if len(known) == 1:
        return known * len(inputs)
    vectorizer = CountVectorizer(analyzer=features, binary=True)
    place = {label: i for i, label in enumerate(known)}
    model.fit(vectorizer.fit_transform(rows), [place[label] for label in labels])
    return [known[i] for i in model.predict(vectorizer.transform(inputs))] if inputs else []


def _labels(data: Dataset) -> list[Token]:
    if data.kind == "classification":
        return list(data.outputs)
    return [tag for tags in data.outputs for tag in tags if tag is not None]


def _commonest(labels: Iterable[Token] | Counter[Token]) -> Token:
    """The most frequent label, the first in the alphabet of those as frequent."""
    counts = Counter(labels)
    return min(counts, key=lambda label: (-counts[label], str(label), isinstance(label, str)))


def _plain(tokens: Sequence[Token]) -> list[str]:
    return list(map(_text, tokens))


def _text(token: Token) -> str:
    """A feature's name; 1 and "1" are different words."""
    return token if isinstance(token, str) else f"{token}#"


def _identity(features: list[str]) -> list[str]:
    return features


_CLASSIFIERS = {"majority": _majority, "unigram": _unigram_classes, "naive Bayes": _naive_bayes_classes}
_TAGGERS = {"majority": _majority, "unigram": _unigram_tags, "naive Bayes": _naive_bayes_tags}
