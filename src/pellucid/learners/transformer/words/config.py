"""Sizes of a Transformer Program over words, and how it is trained where nothing else is said."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.data.tokens import Kind
from pellucid.errors import PellucidError
from pellucid.learners.transformer.programs.config import LARGEST, TrainConfig

WORD_DROPOUT = 0.1
DEFAULTS = TrainConfig(
    seeds=4, group=2, steps=600, batch=64, lr=0.05, lr_end=0.01, noise_end=1.0, tau_start=3.0, tau_end=0.1, chunk=20,
    structured=4.0, budget=270.0,
)  # fmt: skip


@dataclass(frozen=True)
class TextConfig:
    """Architecture of a Transformer Program over words (Friedman et al., 2023, section 5).

    Every word has `variables` learnt values of `k`; a head's value may also be NONE, so a variable has k + 1 codes in
    training. `queries`: what a head wants may depend on its query's value, as in the paper; else it wants the same of
    every word, one kind or any, which reads as a sentence. `dropout` is the share of variables that the readout does
    not see of a text in training.
    """

    n_words: int
    n_classes: int
    kind: Kind
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
        for name in ("layers", "heads_cat", "heads_num", "mlps_cat"):
            if not 0 <= getattr(self, name) <= LARGEST:
                raise PellucidError(f"--set {name}={getattr(self, name)}: expected a number from 0 to {LARGEST}")
        for name in ("hidden", "variables", "k"):
            if not 1 <= getattr(self, name) <= LARGEST:
                raise PellucidError(f"--set {name}={getattr(self, name)}: expected a number from 1 to {LARGEST}")
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

    @property
    def pooled(self) -> bool:
        """Whether there is one label per text."""
        return self.kind == "classification"

    def n_cat(self, layer: int) -> int:
        """Categorical variables that the heads of `layer` can read; of layer `layers`: all."""
        return self.variables + layer * (self.heads_cat + self.mlps_cat)

    def before(self, head: int) -> bool:
        """Whether a head looks at earlier words; every other one looks at later words."""
        return head % 2 == 0
