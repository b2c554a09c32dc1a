"""Sizes of a Transformer Program over words, and how it is trained where nothing else is said."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.errors import PellucidError
from pellucid.learners.transformer.programs.config import LARGEST
from pellucid.learners.transformer.training import Training, check_sizes


@dataclass(frozen=True)
class WordsTraining(Training):
    """How a population of text programs is trained: one round.

    `structured`: logit bonus of plain choices at the start. `word_dropout`: share of words replaced by the class they
    would have, were they unknown.
    """

    seeds: int = 4
    group: int = 2
    steps: int = 600
    lr_end: float = 0.2
    noise_end: float = 1.0
    chunk: int = 20
    budget: float = 270.0
    reserve: float = 0.2
    structured: float = 4.0
    word_dropout: float = 0.1

    def __post_init__(self) -> None:
        """Check the share."""
        if not 0 <= self.word_dropout < 1:
            raise PellucidError(f"--set word_dropout={self.word_dropout}: expected a share, at least 0 and below 1")


@dataclass(frozen=True)
class WordsConfig:
    """Architecture of a Transformer Program over words (Friedman et al., 2023, section 5).

    Every word has `variables` learnt values of `k`; a head's value may also be NONE, so a variable has k + 1 codes in
    training. `pooled`: there is one label per text. `queries`: what a head wants may depend on its query's value, as in
    the paper; else it wants the same of every word, one kind or any, which reads as a sentence. `dropout` is the share
    of variables that the readout does not see of a text in training.
    """

    n_words: int
    n_classes: int
    pooled: bool
    layers: int = 2
    heads_cat: int = 4
    heads_num: int = 0
    mlps_cat: int = 2
    hidden: int = 64
    variables: int = 2
    k: int = 32
    dropout: float = 0.3
    queries: bool = False

    def __post_init__(self) -> None:
        """Check the sizes."""
        check_sizes(self, ("layers", "heads_cat", "heads_num", "mlps_cat"), 0, LARGEST)
        check_sizes(self, ("hidden", "variables", "k"), 1, LARGEST)
        if not 0 <= self.dropout < 1:
            raise PellucidError(f"--set dropout={self.dropout}: expected a share, at least 0 and below 1")

    @property
    def codes(self) -> int:
        """Codes of a variable in training: k values and NONE, the last."""
        return self.k + 1

    @property
    def gates(self) -> tuple[str, ...]:
        """The choices of variables that a categorical head makes."""
        return ("query", "key", "value") if self.queries else ("key", "value")

    def n_cat(self, layer: int) -> int:
        """Categorical variables that the heads of `layer` can read; of layer `layers`: all."""
        return self.variables + layer * (self.heads_cat + self.mlps_cat)

    def before(self, head: int) -> bool:
        """Whether a head looks at earlier words; every other one looks at later words."""
        return head % 2 == 0
