"""What `eval` tells of a program on data: figures and how sure they are, a row per class, confusion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.explain.words import aligned, shortened
from pellucid.language.nodes import When
from pellucid.language.types import Value, order
from pellucid.semantics.scores import (
    ClassScore,
    Interval,
    Judged,
    bootstrap,
    by_column,
    class_scores,
    entity_counts,
    entity_scores,
    entity_tags,
    figures_of,
    has_entities,
    judge,
)
from pellucid.values import counted, listing

FEW = 12  # labels up to which the confusion of one answer per sequence is printed
LONGEST = 12  # characters of a label at the head of a column
Confusion = tuple[tuple[Value, ...], np.ndarray]


@dataclass(frozen=True)
class Evaluation:
    """Outputs compared with data.

    Args:
        when: whether there is an answer at `every` position.
        examples: how many.
        figures: as `scores.figures_of` gives them.
        columns: likewise by output, where there are several.
        interval: of `f1` for entities, of `token` else.
        classes: a row per label, or per type of entity; none for numbers.
        whole: the row of all entities together.
        confusion: where there is one label per sequence: labels, and how often each (column) was given where each (row)
            was right.
        unknown: labels of the data that the program never says.
    """

    when: When
    examples: int
    figures: Mapping[str, float]
    columns: Mapping[str, Mapping[str, float]]
    interval: Interval | None
    classes: tuple[ClassScore, ...] = ()
    whole: ClassScore | None = None
    confusion: Confusion | None = None
    unknown: tuple[Value, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """One JSON object: the figures, and the rest beside them."""
        sure = self.interval
        return {
            **self.figures,
            "examples": self.examples,
            "columns": {name: dict(row) for name, row in self.columns.items()},
            "interval": None if sure is None else {"of": "token" if self.whole is None else "f1", **vars(sure)},
            "classes": [row.to_json() for row in self.classes],
            "entities": None if self.whole is None else self.whole.to_json(),
            "confusion": None if self.confusion is None else {"labels": list(self.confusion[0]),
                                                              "counts": self.confusion[1].tolist()},
            "unknown_labels": list(self.unknown),
        }  # fmt: skip

    def __str__(self) -> str:
        lines = [f"{told(self.figures, self.when)}   on {counted(self.examples, 'example')}"]
        if self.interval is not None:
            low, high = f"{self.interval.low:.2%}", f"{self.interval.high:.2%}"
            lines.append(f"{self.interval.level:.0%} bootstrap interval of the {self._of()}: {low} to {high}")
        if self.columns:
            rows = [[name, told(row, self.when)] for name, row in self.columns.items()]
            lines += ["", *aligned(rows, "<<")]
        if self.classes:
            lines += ["", *self._classes()]
        if self.confusion is not None and len(self.confusion[0]) <= FEW:
            lines += ["", *_matrix(*self.confusion)]
        return "\n".join(lines)

    def warning(self) -> str:
        """A line about labels that the program does not know; empty if there are none."""
        if not self.unknown:
            return ""
        labels = "a label" if len(self.unknown) == 1 else "labels"
        return f"{labels} of the data that the program never says, counted as misses: {listing(self.unknown, 8)}"

    def _of(self) -> str:
        return "entity F1" if self.whole else "accuracy" if self.when != "every" else "token accuracy"

    def _classes(self) -> list[str]:
        rows = [["", "precision", "recall", "F1", "support"]]
        for row in (*self.classes, *([self.whole] if self.whole else [])):
            shares = [f"{share:.2%}" for share in (row.precision, row.recall, row.f1)]
            rows.append([str(row.label), *shares, f"{row.support:,}"])
        return aligned(rows, "<>>>>")


def evaluation(
    given: Sequence[Any], wanted: Sequence[Any], when: When, names: Sequence[str], known: Iterable[Value] | None = None
) -> Evaluation:
    """Everything about outputs on data.

    Args:
        given, wanted, when: as of `scores.judge`.
        names: of the outputs.
        known: the labels that the program can say; None: its outputs are no labels.
    """
    judged = judge(given, wanted, when)
    columns = dict(zip(names, by_column(judged), strict=True)) if len(names) > 1 else {}
    if known is None or len(names) > 1 or not len(judged.right):
        interval = bootstrap(judged.counts()) if judged.examples else None
        return Evaluation(when, judged.examples, figures_of(judged), columns, interval)
    whole, labels = None, order(label for pair in judged.pairs() for label in pair)
    if has_entities(judged):
        tags = entity_tags(judged)
        table = entity_scores(*tags)
        whole, interval = table.pop("all"), bootstrap(entity_counts(*tags))
        classes = tuple(table.values())
    else:
        interval, classes = bootstrap(judged.counts()), class_scores(judged.pairs(), labels)
    return Evaluation(
        when,
        judged.examples,
        figures_of(judged),
        columns,
        interval,
        classes,
        whole,
        confusion(judged, labels) if when != "every" else None,
        order({row[0] for row in judged.wanted} - set(known)),
    )


def confusion(judged: Judged, labels: Sequence[Value]) -> Confusion:
    """The labels, and how often each was given where each was wanted, int64 [wanted, given]."""
    place = {label: i for i, label in enumerate(labels)}
    counts = np.zeros((len(place), len(place)), np.int64)
    for made, right in judged.pairs():
        counts[place[right], place[made]] += 1
    return tuple(labels), counts


def told(figures: Mapping[str, float], when: When, width: int = 0) -> str:
    """The figures in a line; one answer per sequence has one share, real numbers that are hardly ever exact none."""
    distances = [f"{name} {figures[key]:.6g}" for key, name in DISTANCES.items() if key in figures]
    if distances and figures["token"] < HARDLY:
        return "   ".join(distances)
    if "f1" in figures:
        return f"entity F1 {figures['f1']:{width}.3%}   words {figures['token']:{width}.3%}"
    parts = [f"{'tokens' if when == 'every' else 'accuracy'} {figures['token']:{width}.3%}"]
    if when == "every" and "sequence" in figures:
        parts.append(f"sequences {figures['sequence']:{width}.3%}")
    return "   ".join([*parts, *distances])


HARDLY = 0.01  # share of right answers below which distances alone are told
DISTANCES = {"r2": "R2", "mse": "mse", "max_error": "max error"}


def _matrix(labels: Sequence[Value], counts: np.ndarray) -> list[str]:
    heads = [shortened(str(label), LONGEST) for label in labels]
    rows = [[str(label), *(f"{n:,}" if n else "." for n in row)] for label, row in zip(labels, counts, strict=True)]
    return ["right label by row, given label by column", *aligned([["", *heads], *rows], "<" + ">" * len(heads))]
