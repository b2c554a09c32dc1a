"""What counts as right, and figures made of it: the one place, for everything that compares outputs with data.

Symbols and whole numbers must be equal. A real number may differ by 1e-9 of it, or of the spread (standard deviation)
of its column in the data, whichever is larger. A row of several columns is judged column by column, and is right where
every one is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import chain, compress
from typing import Any

import numpy as np

from pellucid.language.nodes import When
from pellucid.language.types import Value

Entity = tuple[str, int, int]  # type, first and last position
_OUTSIDE, _LAST, _FIRST = frozenset("O."), frozenset("ES"), frozenset("BS")


@dataclass(frozen=True)
class ClassScore:
    """Precision, recall and F1 of one class, in 0..1 (0 where nothing was said, or nothing was there).

    support: how often it is the right answer.
    """

    label: Value
    precision: float
    recall: float
    f1: float
    support: int

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


def class_score(label: Value, right: int, said: int, there: int) -> ClassScore:
    """The row of a class that was right, said and there so many times."""
    return ClassScore(label, right / max(1, said), right / max(1, there), 2 * right / max(1, said + there), there)


def class_scores(pairs: Iterable[tuple[Value, Value]], labels: Iterable[Value]) -> tuple[ClassScore, ...]:
    """A row per label, from pairs of given and wanted ones."""
    pairs = list(pairs)
    right, said, there = (Counter(p) for p in ([a for a, b in pairs if a == b], *zip(*pairs, strict=True)))
    return tuple(class_score(label, right[label], said[label], there[label]) for label in labels)


def is_entity_tag(label: Hashable) -> bool:
    """Whether a label marks a word of an entity: one of B I E S, a hyphen, a type."""
    return isinstance(label, str) and label[:2] in ("B-", "I-", "E-", "S-")


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

    Raises:
        ValueError: sentences of different lengths.
    """
    ours, theirs = list[str](), list[str]()
    for a, b in zip(given, wanted, strict=True):
        if len(a) != len(b):
            raise ValueError(f"{len(a)} tags given for {len(b)} words")
        ours += [*a, "O"]  # end to end, as in seqeval, which matters for tags that are none, as `.`
        theirs += [*b, "O"]
    found = set(entities(ours)), set(entities(theirs))
    right, said, there = (Counter(kind for kind, _, _ in items) for items in (found[0] & found[1], *found))
    table = {kind: class_score(kind, right[kind], said[kind], there[kind]) for kind in sorted({*said, *there})}
    return {**table, "all": class_score("all", right.total(), said.total(), there.total())}


RELATIVE = 1e-9
Row = tuple[Value, ...]


@dataclass(frozen=True)
class Judged:
    """Outputs beside what is right, a row for each answer that is scored.

    Args:
        examples: how many there are.
        example, position: of each row, int64 [rows]; the position is -1 where there is one answer for a sequence.
        given, wanted: the values by row.
        scored, right: bool [rows, columns]; a cell that is not scored counts as right.
        error: float64 [rows, columns], how far off a real number is; 0 elsewhere.
        spread: float64 [columns], of the real numbers in a column; not a number where there are none.
    """

    examples: int
    example: np.ndarray
    position: np.ndarray
    given: Sequence[Row]
    wanted: Sequence[Row]
    scored: np.ndarray
    right: np.ndarray
    error: np.ndarray
    spread: np.ndarray

    @cached_property
    def wrong(self) -> np.ndarray:
        """Numbers of the rows that are wrong in some column."""
        return np.flatnonzero(~self.right.all(1))

    def pairs(self) -> list[tuple[Value, Value]]:
        """Given and wanted value of every row, of its first column."""
        return [(a[0], b[0]) for a, b in zip(self.given, self.wanted, strict=True)]

    def column(self, column: int) -> Judged:
        """One column alone."""
        rows, one = np.flatnonzero(self.scored[:, column]), slice(column, column + 1)
        given, wanted = ([(side[i][column],) for i in rows.tolist()] for side in (self.given, self.wanted))
        scored, right, error = (cells[rows, one] for cells in (self.scored, self.right, self.error))
        places = self.example[rows], self.position[rows]
        return Judged(self.examples, *places, given, wanted, scored, right, error, self.spread[one])

    def counts(self) -> np.ndarray:
        """Right and scored rows of each example, int64 [examples, 2]."""
        every = np.bincount(self.example, minlength=self.examples)
        return np.stack([np.bincount(self.example[self.right.all(1)], minlength=self.examples), every], 1)


def judge(given: Sequence[Any], wanted: Sequence[Any], when: When) -> Judged:
    """Compare outputs with what is right, both in the user's form.

    Args:
        given, wanted: an output per example: a row at every position, or one row; a row is a value, or a list of one
            per column. A wanted row, or cell, that is None is not scored.
        when: whether there is a row at `every` position.

    Raises:
        ValueError: outputs of another number or length.
    """
    if len(given) != len(wanted):
        raise ValueError(f"{len(given)} outputs for {len(wanted)} inputs")
    example, position, ours, theirs = _rows(given, wanted, when)
    columns = list(zip(*theirs, strict=True)) or [()]
    made = list(zip(*ours, strict=True)) or [()]
    if len(made) != len(columns):
        raise ValueError(f"outputs of {len(made)} columns; expected {len(columns)}")
    judged = [_column(a, b) for a, b in zip(made, columns, strict=True)]
    scored = np.array([[value is not None for value in column] for column in columns], bool).T
    right, error = (np.stack([part[k] for part in judged], 1) for k in (0, 1))
    spread = np.array([part[2] for part in judged])
    return Judged(len(given), example, position, ours, theirs, scored, right, error, spread)


def _rows(
    given: Sequence[Any], wanted: Sequence[Any], when: When
) -> tuple[np.ndarray, np.ndarray, Sequence[Row], Sequence[Row]]:
    """Of every scored row its example, its position, and what was given and wanted there."""
    every = when == "every"
    counts = [len(rows) if every else 1 for rows in wanted]
    for i, (a, count) in enumerate(zip(given, counts, strict=True)):
        if every and len(a) != count:
            raise ValueError(f"example {i + 1}: {len(a)} outputs; expected {count}")
    ours, theirs = (list(map(_row, chain.from_iterable(side) if every else side)) for side in (given, wanted))
    example = np.repeat(np.arange(len(counts)), counts)
    position = np.concatenate([np.arange(count) for count in counts] or [example]) if every else np.full(len(ours), -1)
    kept = [row.count(None) < len(row) for row in theirs]
    return example[kept], position[kept], list(compress(ours, kept)), list(compress(theirs, kept))


def _row(row: Any) -> Row:
    return tuple(row) if isinstance(row, list | tuple) else (row,)


def _column(given: Sequence[Value], wanted: Sequence[Value]) -> tuple[np.ndarray, np.ndarray, float]:
    """Which cells of a column are right, how far off they are, and the spread of real numbers."""
    kinds = set(map(type, wanted))
    if float not in kinds or str in kinds:
        return (
            np.array([a == b or b is None for a, b in zip(given, wanted, strict=True)], bool),
            np.zeros(len(given)),
            np.nan,
        )
    theirs, ours = _floats(wanted), _floats(given)
    told = ~np.isnan(theirs)
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(np.nan_to_num(np.std(theirs[told])))
    right, error = close(ours, theirs, spread)
    return right | ~told, np.where(told, error, 0.0), spread


def _floats(values: Sequence[Value]) -> np.ndarray:
    """The values as float64; NaN where there is no number."""
    if str in set(map(type, values)):
        values = [None if isinstance(value, str) else value for value in values]
    return np.array(values, np.float64)


def close(given: np.ndarray, wanted: np.ndarray, spread: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which real numbers are right, and how far off each is (endless where it is no finite number).

    Args:
        given, wanted: float64 of one shape; spread: of the wanted ones, by column where there are several.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(given - wanted)
    error = np.where(np.isfinite(error), error, np.inf)
    return error <= RELATIVE * np.maximum(np.abs(wanted), spread), error


def figures(given: Sequence[Any], wanted: Sequence[Any], when: When) -> dict[str, float]:
    """The figures of outputs on data, arguments as of `judge`: see `figures_of`."""
    return figures_of(judge(given, wanted, when))


def figures_of(judged: Judged) -> dict[str, float]:
    """`token`: share of right rows; `sequence`: of examples without a wrong row, among those with a scored one.

    Beside them `f1` of entities where the labels are entity tags; `mse`, `max_error` and `r2` (the mean over the
    columns) where there are real numbers. Nothing scored counts as right.
    """
    right, scored = judged.counts().T
    asked = scored > 0
    found = {
        "token": float(right.sum() / scored.sum()) if asked.any() else 1.0,
        "sequence": float((right == scored)[asked].mean()) if asked.any() else 1.0,
    }
    if has_entities(judged):
        found["f1"] = entity_scores(*entity_tags(judged))["all"].f1
    return found | _distances(judged)


def _distances(judged: Judged) -> dict[str, float]:
    real = np.flatnonzero(~np.isnan(judged.spread))
    if not len(real):
        return {}
    error, count = judged.error[:, real], judged.scored[:, real].sum(0)
    with np.errstate(over="ignore", invalid="ignore"):
        squares = (error**2).sum(0)
        r2 = 1 - squares / count / np.maximum(judged.spread[real] ** 2, 1e-300)
    return {"mse": float(squares.sum() / count.sum()), "max_error": float(error.max()), "r2": float(r2.mean())}


def by_column(judged: Judged) -> list[dict[str, float]]:
    """The figures of each column on its own: `token`, and the distances of real numbers."""
    parts = [judged.column(c) for c in range(judged.right.shape[1])]
    return [{"token": float(p.right.mean()) if len(p.right) else 1.0, **_distances(p)} for p in parts]


def has_entities(judged: Judged) -> bool:
    """Whether the labels at the positions are entity tags: `O` and others as `B-PER`, nothing else."""
    if judged.scored.shape[1] != 1 or (judged.position < 0).any():
        return False
    labels = {row[0] for row in judged.wanted} - {"O"}
    return bool(labels) and all(map(is_entity_tag, labels))


def entity_tags(judged: Judged) -> tuple[list[list[str]], list[list[str]]]:
    """Tags given and wanted; positions that are not scored count as `O` in both."""
    ends = np.zeros(judged.examples, np.int64)
    np.maximum.at(ends, judged.example, judged.position + 1)
    sides = [[["O"] * end for end in ends.tolist()] for _ in range(2)]
    for i, j, *rows in zip(judged.example, judged.position, judged.given, judged.wanted, strict=True):
        for side, (tag,) in zip(sides, rows, strict=True):
            side[i][j] = str(tag)
    return sides[0], sides[1]


ROUNDS, LEVEL = 1000, 0.95


@dataclass(frozen=True)
class Interval:
    """A figure, and where it lies in the middle `level` of the resampled data sets."""

    value: float
    low: float
    high: float
    level: float = LEVEL

    def __str__(self) -> str:
        return f"{self.value:.2%} ({self.low:.2%} to {self.high:.2%})"


def bootstrap(counts: np.ndarray, seed: int = 0, rounds: int = ROUNDS, level: float = LEVEL) -> Interval:
    """A share of summed counts with its percentile bootstrap interval (Efron and Tibshirani, 1993, chapter 13).

    Args:
        counts: [examples, 2]: hits of each example, and out of how many.
        seed: the same seed gives the same interval.
        rounds: data sets drawn, with replacement, of the same size.
        level: share of the drawn data sets within the interval.

    Raises:
        ValueError: no examples, no rounds, or a level outside 0..1.
    """
    if not len(counts) or rounds < 1 or not 0 < level < 1:
        raise ValueError(f"bootstrap of {len(counts)} examples, {rounds} rounds, level {level}; expected 1, 1, 0 to 1")
    rng, n = np.random.default_rng(seed), len(counts)
    drawn = np.stack([np.bincount(rng.integers(n, size=n), minlength=n) @ counts for _ in range(rounds)])
    low, high = np.quantile(_share(drawn), [(1 - level) / 2, (1 + level) / 2]).tolist()
    return Interval(float(_share(counts.sum(0, keepdims=True))[0]), low, high, level)


def _share(sums: np.ndarray) -> np.ndarray:
    return sums[:, 0] / np.maximum(1, sums[:, 1])


def entity_counts(given: Iterable[Sequence[str]], wanted: Iterable[Sequence[str]]) -> np.ndarray:
    """Of each sentence what the F1 of entities is the share of: twice the right ones, and all given and wanted ones."""
    pairs = [(set(entities(a)), set(entities(b))) for a, b in zip(given, wanted, strict=True)]
    return np.array([(2 * len(a & b), len(a) + len(b)) for a, b in pairs], np.int64).reshape(-1, 2)
