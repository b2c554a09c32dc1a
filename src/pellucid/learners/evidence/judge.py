"""Inputs that a hard model is judged by: accuracy, or F1 of entities with a threshold of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from pellucid.data.data import Data
from pellucid.data.schema import Field
from pellucid.data.tags import OUTSIDE
from pellucid.language.types import Plain, Value
from pellucid.learners.evidence.model import Corpus, EvidenceModel
from pellucid.problem import Problem
from pellucid.semantics.scores import entity_scores

SHARES = np.linspace(0.0, 0.5, 48)  # of the positions, those whose O gives way to the next best label: thresholds tried


@dataclass(frozen=True)
class Judge:
    """Data with what the labels should be.

    corpus: the inputs. wanted: the label of each sequence, or of each position of all (None: not scored). labels: what
    scores stand for. entities: whether they are entity tags.
    """

    corpus: Corpus
    wanted: tuple[Value, ...]
    labels: tuple[Plain, ...]
    entities: bool

    @classmethod
    def of(cls, problem: Problem, fields: Sequence[Field], data: Data) -> Judge:
        """A judge by data of a problem, of whose columns these are read."""
        corpus = Corpus.of([data.column(field.name) for field in fields], [field.values or () for field in fields])
        every = problem.schema.when == "every"
        wanted = tuple(label for output in data.outputs for label in output) if every else data.outputs
        return cls(corpus, wanted, problem.schema.outputs[0].values or (), problem.entities)

    @cached_property
    def codes(self) -> np.ndarray:
        """Code of the wanted label, int64 [sequences] or [positions]; -1: not scored, or not known."""
        places: dict[Value, int] = {label: i for i, label in enumerate(self.labels)}
        return np.array([places.get(label, -1) for label in self.wanted], np.int64)

    def right(self, scores: np.ndarray) -> float:
        """Share of right labels, of scores [sequences, labels] or [positions, labels]."""
        scored = self.codes >= 0
        return float((scores.argmax(1) == self.codes)[scored].mean()) if scored.any() else 0.0

    def figure(self, model: EvidenceModel) -> float:
        """The figure that counts, with the model's own threshold."""
        scores = model.scores(self.corpus)
        return self._f1(scores) if self.entities else self.right(scores)

    def of_scores(self, scores: np.ndarray) -> tuple[float, float]:
        """The figure that counts, with the best threshold, and one to break ties by."""
        return self._best(scores)[1]

    def settled(self, model: EvidenceModel) -> tuple[EvidenceModel, tuple[float, float]]:
        """The model, for entities with the bias of `O` that suits F1 best; and its figures."""
        shift, score = self._best(model.scores(self.corpus).astype(np.float64))
        if not shift:
            return model, score
        bias = model.bias.copy()
        bias[self.labels.index(OUTSIDE)] += shift
        return replace(model, bias=bias), score

    def _best(self, scores: np.ndarray) -> tuple[int, tuple[float, float]]:
        """What to add to the scores of `O`, the least of those that are equally good; and the figures then."""
        if not self.entities or OUTSIDE not in self.labels:
            return 0, (self.right(scores), self._lead(scores))
        outside = self.labels.index(OUTSIDE)
        ahead = scores[:, outside] - np.delete(scores, outside, 1).max(1)
        shifts = {0, *np.rint(-np.quantile(ahead, SHARES)).astype(int).tolist()}
        column = np.arange(len(self.labels)) == outside
        score, _, shift = max((self._f1(scores + shift * column), -abs(shift), shift) for shift in shifts)
        return shift, (score, self.right(scores))

    def _f1(self, scores: np.ndarray) -> float:
        """F1 of all entities together."""
        told = [str(self.labels[code]) for code in scores.argmax(1).tolist()]
        given = [OUTSIDE if b is None else a for a, b in zip(told, self.wanted, strict=True)]
        wanted = [OUTSIDE if b is None else str(b) for b in self.wanted]
        ends = list(pairwise(self.corpus.starts.tolist()))
        return entity_scores([given[a:b] for a, b in ends], [wanted[a:b] for a, b in ends])["all"].f1

    def _lead(self, scores: np.ndarray) -> float:
        """Mean lead of the right label, which tells near ties apart."""
        rows = scores[self.codes >= 0]
        lead = rows[np.arange(len(rows)), self.codes[self.codes >= 0]] - rows.max(1)
        return float(lead.mean() / (rows.std() or 1.0)) if len(rows) else 0.0
