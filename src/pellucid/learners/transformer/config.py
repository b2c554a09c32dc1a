"""Sizes of the models, and how each is trained where nothing else is said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pellucid.errors import PellucidError
from pellucid.learners.transformer.marked import Kind
from pellucid.learners.transformer.training import Training

LARGEST = 1024  # of a size; beyond it, a model would not fit into memory
READ = 64  # sub-MLPs and heads of a Discrete Transformer beyond it are not read by anybody
MAX_COUNT = 64
FAR_BUCKETS = 3


def _check(config: Any, least: int, most: int, *names: str) -> None:
    """Refuse a size out of range."""
    for name in names:
        if not least <= getattr(config, name) <= most:
            raise PellucidError(f"--set {name}={getattr(config, name)}: expected a number from {least} to {most}")


def _check_share(config: Any, name: str) -> None:
    if not 0 <= getattr(config, name) < 1:
        raise PellucidError(f"--set {name}={getattr(config, name)}: expected a share, at least 0 and below 1")


@dataclass(frozen=True)
class Coded:
    """What the data decides of a model over codes.

    n_symbols: token codes, of which those below n_tokens are the user's own and the rest markers. width: positions.
    """

    n_symbols: int
    n_tokens: int
    n_classes: int
    width: int
    kind: Kind = "tagging"
    causal: bool = False

    @property
    def pooled(self) -> bool:
        """Whether there is one label per sequence."""
        return self.kind == "classification"


@dataclass(frozen=True)
class ProgramsConfig(Coded):
    """Architecture of one Transformer Program (Friedman et al., 2023, sections 3 and 5).

    `variables` = 0 means one-hot tokens; otherwise every symbol has `variables` learnt categorical variables of k
    values. `nested_counts` lets a numerical head sum a lower count, not only ones. `free_counts` lets a row of a
    numerical predicate match any set of key values instead of exactly one.

    `words`: tokens are words of texts, as far as they go in training. A head's value may also be NONE, so a variable
    has k + 1 codes. `queries`: what a categorical head wants may depend on its query's value, as in the paper; else it
    wants the same of every word, one kind or any, which reads as a sentence. `dropout` is the share of variables that
    the readout does not see of a text in training.
    """

    k: int = 0
    layers: int = 3
    heads_cat: int = 4
    heads_num: int = 4
    mlps_cat: int = 1
    mlps_num: int = 1
    hidden: int = 64
    variables: int = 0
    nested_counts: bool = False
    free_counts: bool = False
    words: bool = False
    queries: bool = True
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Fill in k and check the sizes."""
        least = 1 if self.words else max(self.width, 0 if self.variables else self.n_symbols)
        if self.k == 0 and not self.words:
            object.__setattr__(self, "k", least)
        if self.k < least:
            raise PellucidError(f"--set k={self.k}: too small; {least} values are needed")
        _check(self, 0, LARGEST, "layers", "heads_cat", "heads_num", "mlps_cat", "mlps_num")
        _check(self, int(self.words), LARGEST, "variables")
        _check(self, 1, LARGEST, "hidden", *(("k",) if self.words else ()))
        _check_share(self, "dropout")

    @property
    def codes(self) -> int:
        """Codes of a categorical variable in training: its values and, of words, NONE, the last."""
        return self.k + self.words

    @property
    def gates(self) -> tuple[str, ...]:
        """The choices of variables that a categorical head makes."""
        return ("query", "key", "value") if self.queries else ("key", "value")

    @property
    def n_embedded(self) -> int:
        """Number of categorical variables a symbol is embedded as."""
        return self.variables or 1

    def n_cat(self, layer: int) -> int:
        """Categorical variables that the heads of `layer` can read, of symbols the position among them."""
        return self.n_embedded + (not self.words) + layer * (self.heads_cat + self.mlps_cat + self.mlps_num)

    def n_num(self, layer: int) -> int:
        """Numerical variables that the heads of `layer` can read, of symbols the number one among them."""
        return (not self.words) + layer * self.heads_num

    def count_range(self, layer: int) -> int:
        """R: the numerical MLPs of `layer` tell the values 0..R-1 apart; larger ones are clipped."""
        largest = self.width ** (layer + 1) if self.nested_counts else self.width
        return min(largest, MAX_COUNT) + 1

    def before(self, head: int) -> bool:
        """Whether a head over words looks at earlier ones; every other one looks at later ones."""
        return head % 2 == 0


@dataclass(frozen=True)
class DiscreteConfig:
    """Architecture of one Discrete Transformer.

    Args:
        columns: input scalars per step, past outputs included.
        outputs: output scalars per step.
        layers: each of `heads` attention heads and then `units` sub-MLPs.
        hidden: ReLUs of a sub-MLP.
        before: steps of zeros before the start that attention can reach; the largest distance with an own bias.
        knots: bends of the piecewise linear encoding of query and key scalars.
        encoding: width of that encoding.
        content: whether attention looks at query and key at all, besides their distance.
    """

    columns: int
    outputs: int = 1
    layers: int = 1
    heads: int = 2
    units: int = 2
    hidden: int = 16
    before: int = 8
    knots: int = 6
    encoding: int = 8
    content: bool = True

    def __post_init__(self) -> None:
        """Check the sizes."""
        _check(self, 0, READ, "layers", "heads", "units")
        _check(self, 1, 4 * READ, "hidden", "knots", "encoding", "before")

    def readable(self, layer: int, units: bool = False) -> int:
        """Scalars in the stream that the heads (`units`: the sub-MLPs) of `layer` can read."""
        return self.columns + layer * (self.heads + self.units) + (self.heads if units else 0)

    @property
    def variables(self) -> int:
        """Scalars in the final stream."""
        return self.readable(self.layers)

    @property
    def buckets(self) -> int:
        """Relative biases of a head: one per distance up to `before`, then a few for ranges of doubling width (T5)."""
        return self.before + 1 + FAR_BUCKETS


@dataclass(frozen=True)
class StandardConfig(Coded):
    """Sizes of a standard Transformer.

    hidden: size of the residual stream. mlp: width of an MLP in units of hidden. dropout: share dropped in training.
    """

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


# ---------------------------------------------------------------- training

# Later rounds have more seeds and steps. The Gumbel noise fades (the paper keeps it and ends at temperature 0.01).
PROGRAMS = Training(least=6.0)
WORDS = Training(
    seeds=4, group=2, steps=600, lr_end=0.2, noise_end=1.0, chunk=20, budget=270.0, reserve=0.2, structured=4.0,
    word_dropout=0.1,
)  # fmt: skip
DISCRETE = Training(
    seeds=8, group=8, steps=1500, lr=0.01, lr_end=0.02, cosine=True, tau_start=10.0, checks=15, rungs=(0.5,),
    budget=240.0,
)  # fmt: skip
# AdamW with gradients clipped, warm-up, cosine decay. The paper's rate, 3e-4, is for hidden 256; this suits 64.
STANDARD = Training(
    seeds=1, steps=6000, lr=1e-3, lr_end=0.1, cosine=True, warmup=100, noise_end=1.0, chunk=25, checks=60, budget=240.0,
    reserve=0.0,
)  # fmt: skip
STANDARD_OF_WORDS = replace(STANDARD, steps=3000, lr=3e-3, checks=30, patience=8, word_dropout=0.1)
