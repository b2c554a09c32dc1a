"""Sizes of a Transformer Program and settings of its training."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.errors import PellucidError
from pellucid.learners.transformer.marked import Kind
from pellucid.learners.transformer.training import Training, check_sizes

MAX_COUNT = 64
LARGEST = 1024  # of a size; beyond it, a model would not fit into memory


@dataclass(frozen=True)
class ProgramsConfig:
    """Architecture of one Transformer Program (Friedman et al., 2023, section 3).

    `n_tokens` of the `n_symbols` symbols are the user's own; the rest are markers. `variables` = 0 means
    one-hot tokens; otherwise every symbol has `variables` learnt categorical variables of k values.
    `nested_counts` lets a numerical head sum a lower count, not only ones. `free_counts` lets a row of a numerical
    predicate match any set of key values instead of exactly one.
    """

    n_symbols: int
    n_tokens: int
    n_classes: int
    width: int
    kind: Kind = "tagging"
    causal: bool = False
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

    def __post_init__(self) -> None:
        """Fill in k and check the sizes."""
        least = max(self.width, 0 if self.variables else self.n_symbols)
        if self.k == 0:
            object.__setattr__(self, "k", least)
        if self.k < least:
            raise PellucidError(f"--set k={self.k}: too small; {least} values are needed")
        check_sizes(self, ("layers", "heads_cat", "heads_num", "mlps_cat", "mlps_num", "variables"), 0, LARGEST)
        check_sizes(self, ("hidden",), 1, LARGEST)

    @property
    def modules(self) -> int:
        """Heads and MLPs of all layers."""
        return self.layers * (self.heads_cat + self.heads_num + self.mlps_cat + self.mlps_num)

    @property
    def n_embedded(self) -> int:
        """Number of categorical variables a symbol is embedded as."""
        return self.variables or 1

    def n_cat(self, layer: int) -> int:
        """Categorical variables that the heads of `layer` can read."""
        return self.n_embedded + 1 + layer * (self.heads_cat + self.mlps_cat + self.mlps_num)

    def n_num(self, layer: int) -> int:
        """Numerical variables that the heads of `layer` can read."""
        return 1 + layer * self.heads_num

    def count_range(self, layer: int) -> int:
        """R: the numerical MLPs of `layer` tell the values 0..R-1 apart; larger ones are clipped."""
        largest = self.width ** (layer + 1) if self.nested_counts else self.width
        return min(largest, MAX_COUNT) + 1


@dataclass(frozen=True)
class ProgramsTraining(Training):
    """How a population of Transformer Programs is trained (later rounds have more seeds and steps), and refined.

    The Gumbel noise fades (the paper keeps it and ends at temperature 0.01). `structured`: logit bonus of simple forms
    at the start. After hardening the best `refined` seeds are refined in up to `refine_slices` slices of
    `refine_effort` million judged sequences each, until `refine_patience` of them bring nothing.
    """

    structured: float = 2.0
    refine: bool = True
    refined: int = 2
    refine_effort: float = 5.0
    refine_slices: int = 8
    refine_patience: int = 2

    @property
    def kept(self) -> float:
        """Seconds kept for hardening and refinement."""
        return max(super().kept, min(6.0, 0.5 * self.budget))
