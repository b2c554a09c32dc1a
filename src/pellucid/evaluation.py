"""What `eval` tells of a program on a data set: accuracy and how sure it is, a row per class, confusion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.data.tokens import Token, sort_tokens
from pellucid.program.inspect.words import counted
from pellucid.program.scores import (
    ClassScore,
    Interval,
    accuracy_interval,
    class_scores,
    confusion,
    entity_interval,
    entity_scores,
    entity_tags,
    figures,
    has_entities,
)
from pellucid.values import listing

FEW = 12  # labels of a classifier up to which its confusion is printed
LONGEST = 12  # characters of a label at the head of a column


@dataclass(frozen=True)
class Evaluation:
    """Outputs compared with a data set.

    figures: as `figures` gives them. interval: of the first of them, `f1` for entities and `token` else. classes: a row
    per label, or per type of entity. whole: the row of all entities together. confusion: of a classifier, labels and
    how often each (column) was given where each (row) was right. unknown: labels of the data that the program never
    says.
    """

    kind: str
    examples: int
    figures: Mapping[str, float]
    interval: Interval
    classes: tuple[ClassScore, ...]
    whole: ClassScore | None
    confusion: tuple[tuple[Token, ...], np.ndarray] | None
    unknown: tuple[Token, ...]

    @classmethod
    def of(cls, outputs: Sequence, data: Dataset, known: Iterable[Token], seed: int = 0) -> Evaluation:
        """Everything about the outputs for a data set; `known` are the labels that the program can say."""
        whole = None
        if has_entities(data):
            given, wanted = entity_tags(outputs, data)
            table = entity_scores(given, wanted)
            whole, interval = table.pop("all"), entity_interval(given, wanted, seed)
            classes = tuple(table.values())
        else:
            interval, classes = accuracy_interval(outputs, data, seed), class_scores(outputs, data)
        matrix = confusion(outputs, data) if data.kind == "classification" else None
        unknown = sort_tokens(data.labels() - set(known))
        return cls(data.kind, len(data), figures(outputs, data), interval, classes, whole, matrix, unknown)

    def to_json(self) -> dict[str, Any]:
        """One JSON object: the figures, and `interval`, `classes`, `confusion` beside them."""
        sure = self.interval
        return {
            **self.figures,
            "examples": self.examples,
            "interval": {"of": self._first(), "value": sure.value, "low": sure.low, "high": sure.high,
                         "level": sure.level},
            "classes": [row.to_json() for row in self.classes],
            "entities": None if self.whole is None else self.whole.to_json(),
            "confusion": None if self.confusion is None else {"labels": list(self.confusion[0]),
                                                              "counts": self.confusion[1].tolist()},
            "unknown_labels": list(self.unknown),
        }  # fmt: skip

    def __str__(self) -> str:
        sure = self.interval
        of = "entity F1" if self.whole else "accuracy" if self.kind == "classification" else "token accuracy"
        lines = [
            f"{scored(self.figures, self.kind)}   on {counted(self.examples, 'example')}",
            f"{sure.level:.0%} bootstrap interval of the {of}: {sure.low:.2%} to {sure.high:.2%}",
            "",
            *self._class_table(),
        ]
        if self.confusion is not None and len(self.confusion[0]) <= FEW:
            lines += ["", *_matrix(*self.confusion)]
        return "\n".join(lines)

    def warning(self) -> str:
        """A line about labels that the program does not know; empty if there are none."""
        if not self.unknown:
            return ""
        labels = "a label" if len(self.unknown) == 1 else "labels"
        return f"{labels} of the data that the program never says, counted as misses: {listing(self.unknown, 8)}"

    def _first(self) -> str:
        return "token" if self.whole is None else "f1"

    def _class_table(self) -> list[str]:
        rows = [["", "precision", "recall", "F1", "support"]]
        for row in (*self.classes, *([self.whole] if self.whole else [])):
            shares = [f"{share:.2%}" for share in (row.precision, row.recall, row.f1)]
            rows.append([str(row.label), *shares, f"{row.support:,}"])
        return _aligned(rows)


def scored(score: Mapping[str, float], kind: str, width: int = 0) -> str:
    """The figures of a score in a line; a classifier has one."""
    if kind == "classification":
        return f"accuracy {score['token']:{width}.3%}"
    if "f1" in score:
        return f"entity F1 {score['f1']:{width}.3%}   words {score['token']:{width}.3%}"
    return f"tokens {score['token']:{width}.3%}   sequences {score['sequence']:{width}.3%}"


def _matrix(labels: Sequence[Token], counts: np.ndarray) -> list[str]:
    """How often each label was given where each was right, as a table."""
    heads = [_short(str(label)) for label in labels]
    rows = [[str(label), *(f"{n:,}" if n else "." for n in row)] for label, row in zip(labels, counts, strict=True)]
    return ["right label by row, given label by column", *_aligned([["", *heads], *rows])]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _aligned(rows: list[list[str]]) -> list[str]:
    """Columns side by side, the first to the left, numbers to the right; wide characters count as two."""
    from rich.cells import cell_len

    sizes = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *rest in rows:
        cells = [" " * (size - cell_len(cell)) + cell for cell, size in zip(rest, sizes[1:], strict=True)]
        lines.append("  ".join(["", first + " " * (sizes[0] - cell_len(first)), *cells]))
    return lines
