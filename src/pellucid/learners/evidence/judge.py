"""How good scores are on validation data: accuracy, or F1 of entities with a threshold of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from pellucid.data.tags import OUTSIDE
from pellucid.language.types import Plain, Value
from pellucid.learners.evidence.corpus import Corpus
from pellucid.learners.evidence.model import EvidenceModel
from pellucid.semantics.entities import entity_scores

TRIED = 24  # thresholds tried for entities


@dataclass(frozen=True)
class Judge:
    """Validation data.

    corpus: the inputs. wanted: the label of each sequence, or of each position of all (None: not scored). labels: what
    scores stand for. entities: whether they are entity tags.
    """

    corpus: Corpus
    wanted: tuple[Value, ...]
    labels: tuple[Plain, ...]
    entities: bool

    def of_scores(self, scores: np.ndarray) -> tuple[float, float]:
        """The figure that counts, and one to break ties by: [texts, labels] or [positions, labels]."""
        return self._best(scores)[1]

    def settled(self, model: EvidenceModel) -> tuple[EvidenceModel, tuple[float, float]]:
        """The model, for entities with the bias of `O` that suits F1 best; and its figures."""
        shift, score = self._best(model.scores(self.corpus).astype(np.float64))
        if not shift:
            return model, score
        bias = model.bias.copy()
        bias[self.labels.index(OUTSIDE)] += round(shift)
        return replace(model, bias=bias), score

    def _best(self, scores: np.ndarray) -> tuple[float, tuple[float, float]]:
        if not self.entities or OUTSIDE not in self.labels:
            return 0.0, self._accuracy(scores)
        outside = self.labels.index(OUTSIDE)
        lead = scores[:, outside] - np.delete(scores, outside, 1).max(1)
        near = np.quantile(lead, np.linspace(0.0, 0.25, TRIED))
        found = [(self._f1(scores, outside, shift), -abs(shift), shift) for shift in (0.0, *np.rint(-near).tolist())]
        score, _, shift = max(found)
        return shift, (score, self._accuracy(scores)[0])

    def _f1(self, scores: np.ndarray, outside: int, shift: float) -> float:
        moved = scores.copy()
        moved[:, outside] += shift
        told = [str(self.labels[c]) for c in moved.argmax(1).tolist()]
        given = [OUTSIDE if b is None else a for a, b in zip(told, self.wanted, strict=True)]
        wanted = [OUTSIDE if b is None else str(b) for b in self.wanted]
        ends = list(pairwise(self.corpus.starts.tolist()))
        return entity_scores([given[a:b] for a, b in ends], [wanted[a:b] for a, b in ends])["all"].f1

    def _accuracy(self, scores: np.ndarray) -> tuple[float, float]:
        """Share of right labels, and the mean lead of the right one, which tells near ties apart."""
        places: dict[Value, int] = {label: i for i, label in enumerate(self.labels)}
        wanted = np.array([-1 if b is None else places[b] for b in self.wanted])
        kept = wanted >= 0
        rows, wanted = scores[kept], wanted[kept]
        right = rows.argmax(1) == wanted
        spread = rows.std() or 1.0
        lead = (rows[np.arange(len(rows)), wanted] - rows.max(1)) / spread
        return float(right.mean()), float(lead.mean())
