"""Sizes of a standard Transformer, and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.errors import PellucidError
from pellucid.learners.transformer.marked import Kind
from pellucid.learners.transformer.training import Training


@dataclass(frozen=True)
class StandardConfig:
    """Sizes of a standard Transformer.

    n_symbols: token codes, of which those below n_tokens are the user's own and the rest markers. width: positions.
    hidden: size of the residual stream. mlp: width of an MLP in units of hidden. dropout: share dropped in training.
    """

    n_symbols: int
    n_tokens: int
    n_classes: int
    width: int
    kind: Kind = "tagging"
    causal: bool = False
    layers: int = 3
    heads: int = 4
    hidden: int = 64
    mlp: int = 4
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Check the sizes."""
        for name in ("n_symbols", "n_classes", "width", "layers", "heads", "hidden", "mlp"):
            if getattr(self, name) < 1:
                raise PellucidError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.kind not in ("tagging", "classification"):
            raise PellucidError(f"kind must be tagging or classification, got {self.kind!r}")
        if self.hidden % self.heads:
            raise PellucidError(f"hidden = {self.hidden} must be a multiple of heads = {self.heads}")
        if not 0 <= self.dropout < 1:
            raise PellucidError(f"dropout must be at least 0 and below 1, got {self.dropout}")


@dataclass(frozen=True)
class StandardTraining(Training):
    """How a standard Transformer is trained: AdamW with gradients clipped, warm-up, cosine decay; one seed.

    It stops when `patience` checks have brought nothing. `word_dropout`: share of words replaced by the class that they
    would have, were they unknown. The paper's rate, 3e-4, is for hidden 256; the defaults suit 2 cores and hidden 64.
    """

    seeds: int = 1
    steps: int = 6000
    lr: float = 1e-3
    lr_end: float = 0.1
    cosine: bool = True
    warmup: int = 100
    noise_end: float = 1.0
    chunk: int = 25
    checks: int = 60
    budget: float = 240.0
    reserve: float = 0.0
    weight_decay: float = 0.01
    clip: float = 1.0
    patience: int = 1000
    word_dropout: float = 0.0
