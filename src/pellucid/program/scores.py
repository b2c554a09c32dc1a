"""How right outputs are in detail: a row per class, confusion, entities, and how sure the figures are.

Entities are counted as by `conlleval`, the script of the CoNLL shared tasks, and by seqeval's default mode: an entity
is right where type, first and last word are; tags that break the scheme still make entities.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.data.tokens import Token, sort_tokens
from pellucid.program.metrics import accuracy

Entity = tuple[str, int, int]  # type, first and last position, from 0
ROUNDS, LEVEL = 1000, 0.95
_OUTSIDE, _LAST, _FIRST = frozenset("O."), frozenset("ES"), frozenset("BS")


@dataclass(frozen=True)
class ClassScore:
    """Precision, recall and F1 of one class, in 0..1 (0 where nothing was said, or nothing was there).

    support: how often it is the right answer.
    """

    label: Token
    precision: float
    recall: float
    f1: float
    support: int

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


@dataclass(frozen=True)
class Interval:
    """A figure with its bootstrap interval: where it lies in the middle `level` of the resampled data sets."""

    value: float
    low: float
    high: float
    level: float = LEVEL

    def __str__(self) -> str:
        return f"{self.value:.2%} ({self.low:.2%} to {self.high:.2%})"


def scored_pairs(outputs: Sequence, dataset: Dataset) -> list[list[tuple[Token, Token]]]:
    """Per example, given and wanted label of every scored position (one in classification).

    Raises:
        ValueError: outputs of another number or length than the data set's.
    """
    if len(outputs) != len(dataset):
        raise ValueError(f"{len(outputs)} outputs for {len(dataset)} inputs")
    if dataset.kind == "classification":
        return [[(given, wanted)] for given, wanted in zip(outputs, dataset.outputs, strict=True)]
    rows = zip(outputs, dataset.outputs, strict=True)
    return [[(a, b) for a, b in zip(given, wanted, strict=True) if b is not None] for given, wanted in rows]


def class_scores(outputs: Sequence, dataset: Dataset) -> tuple[ClassScore, ...]:
    """Every label that was given or wanted at a scored position, in canonical order."""
    return _class_rows([pair for row in scored_pairs(outputs, dataset) for pair in row])


def confusion(outputs: Sequence, dataset: Dataset) -> tuple[tuple[Token, ...], np.ndarray]:
    """Labels in canonical order, and how often each was given where each was wanted, int64 [wanted, given]."""
    pairs = [pair for row in scored_pairs(outputs, dataset) for pair in row]
    labels = sort_tokens(label for pair in pairs for label in pair)
    place = {label: i for i, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), np.int64)
    for given, wanted in pairs:
        counts[place[wanted], place[given]] += 1
    return labels, counts


def entities(tags: Sequence[str]) -> list[Entity]:
    """The entities that a sequence of tags marks: type, first and last position.

    Tags are `O`, or one of B I E S with a type, as `B-PER`. A new entity begins at B and S, at a change of type, and
    after E, S and O; it ends before the next one and before O. So every tag but O belongs to an entity.
    """
    found: list[Entity] = []
    start, before, kind = 0, "O", ""
    for i, tag in enumerate([*tags, "O"]):
        prefix, here = tag[:1], tag[1:].split("-", 1)[-1] or "_"
        inside, was_inside = prefix not in _OUTSIDE, before not in _OUTSIDE
        if was_inside and _ends(before, prefix, kind, here):
            found.append((kind, start, i - 1))
        resumed = (before in _LAST or before == "O") and prefix in ("E", "I")
        if inside and (kind != here or prefix in _FIRST or resumed):
            start = i
        before, kind = prefix, here
    return found


def _ends(before: str, prefix: str, kind: str, here: str) -> bool:
    return before in _LAST or (before in ("B", "I") and prefix in ("B", "S", "O")) or kind != here


def entity_scores(given: Iterable[Sequence[str]], wanted: Iterable[Sequence[str]]) -> dict[str, ClassScore]:
    """Precision, recall and F1 of entities by type, and of all together under `all`; support counts the wanted ones.

    Args:
        given, wanted: tags of the same sentences, as `entities` takes them.
    """
    ours, theirs = list[str](), list[str]()
    for a, b in zip(given, wanted, strict=True):
        if len(a) != len(b):
            raise ValueError(f"{len(a)} tags given for {len(b)} words")
        ours += [*a, "O"]  # end to end, as in seqeval, which matters for tags that are none, as `.`
        theirs += [*b, "O"]
    found = set(entities(ours)), set(entities(theirs))
    right, said, there = (Counter(kind for kind, _, _ in items) for items in (found[0] & found[1], *found))
    kinds = sorted({*said, *there})
    table = {kind: _row(kind, right[kind], said[kind], there[kind]) for kind in kinds}
    return {**table, "all": _row("all", right.total(), said.total(), there.total())}


def has_entities(dataset: Dataset) -> bool:
    """Whether the labels are entity tags: `O` and others that begin with one of B I E S and a hyphen, nothing else."""
    labels = dataset.labels() - {"O"} if dataset.kind == "tagging" else set()
    return bool(labels) and all(isinstance(y, str) and y[:2] in ("B-", "I-", "E-", "S-") for y in labels)


def figures(outputs: Sequence, dataset: Dataset) -> dict[str, float]:
    """`token` and `sequence` accuracy in 0..1; and `f1` of the entities where the labels are entity tags."""
    found = accuracy(outputs, dataset)
    if has_entities(dataset):
        found["f1"] = entity_scores(*entity_tags(outputs, dataset))["all"].f1
    return found


def entity_tags(outputs: Sequence, dataset: Dataset) -> tuple[list[list[str]], list[list[str]]]:
    """Tags given and wanted; a position that is not scored counts as `O` in both."""
    rows = list(zip(outputs, dataset.outputs, strict=True))
    given = [["O" if b is None else str(a) for a, b in zip(x, y, strict=True)] for x, y in rows]
    return given, [["O" if b is None else str(b) for b in y] for _, y in rows]


def accuracy_interval(outputs: Sequence, dataset: Dataset, seed: int = 0, rounds: int = ROUNDS) -> Interval:
    """Share of right labels, examples resampled whole: words of one sentence depend on each other."""
    rows = scored_pairs(outputs, dataset)
    counts = np.array([(sum(a == b for a, b in row), len(row)) for row in rows], np.float64).reshape(-1, 2)
    return bootstrap(counts, lambda c: c[:, 0] / np.maximum(1, c[:, 1]), seed, rounds)


def entity_interval(
    given: Iterable[Sequence[str]], wanted: Iterable[Sequence[str]], seed: int = 0, rounds: int = ROUNDS
) -> Interval:
    """F1 of all entities together, sentences resampled whole."""
    pairs = [(set(entities(a)), set(entities(b))) for a, b in zip(given, wanted, strict=True)]
    counts = np.array([(2 * len(a & b), len(a) + len(b)) for a, b in pairs], np.float64).reshape(-1, 2)
    return bootstrap(counts, lambda c: c[:, 0] / np.maximum(1, c[:, 1]), seed, rounds)


def bootstrap(
    counts: np.ndarray,
    figure: Callable[[np.ndarray], np.ndarray],
    seed: int = 0,
    rounds: int = ROUNDS,
    level: float = LEVEL,
) -> Interval:
    """A figure of summed counts with its percentile bootstrap interval (Efron and Tibshirani, 1993, chapter 13).

    Args:
        counts: [examples, k], what each example adds.
        figure: from sums [rounds, k] to figures [rounds].
        seed: the same seed gives the same interval.
        rounds: data sets drawn, with replacement, of the same size.
        level: share of the drawn data sets within the interval.

    Raises:
        ValueError: no examples, no rounds, or a level outside 0..1.
    """
    if not len(counts) or rounds < 1 or not 0 < level < 1:
        raise ValueError(f"bootstrap of {len(counts)} examples, {rounds} rounds, level {level}; expected 1, 1, 0 to 1")
    rng, n = np.random.default_rng(seed), len(counts)
    drawn = [np.bincount(rng.integers(n, size=n), minlength=n) @ counts for _ in range(rounds)]
    low, high = np.quantile(figure(np.stack(drawn)), [(1 - level) / 2, (1 + level) / 2]).tolist()
    return Interval(float(figure(counts.sum(0, keepdims=True))[0]), low, high, level)


def _class_rows(pairs: Sequence[tuple[Token, Token]]) -> tuple[ClassScore, ...]:
    right = Counter(a for a, b in pairs if a == b)
    said, there = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    return tuple(_row(label, right[label], said[label], there[label]) for label in sort_tokens({*said, *there}))


def _row(label: Token, right: int, said: int, there: int) -> ClassScore:
    precision, recall = right / max(1, said), right / max(1, there)
    f1 = 2 * right / max(1, said + there)
    return ClassScore(label, precision, recall, f1, there)
