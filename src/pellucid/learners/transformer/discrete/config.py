"""Sizes of a Discrete Transformer and settings of its training."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.errors import PellucidError

LARGEST = 64  # of a size: sub-MLPs and heads beyond it are not read by anybody
FAR_BUCKETS = 3


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
        for name in ("layers", "heads", "units"):
            if not 0 <= getattr(self, name) <= LARGEST:
                raise PellucidError(f"--{name} {getattr(self, name)}: expected a number from 0 to {LARGEST}")
        for name in ("hidden", "knots", "encoding", "before"):
            if not 1 <= getattr(self, name) <= 4 * LARGEST:
                raise PellucidError(f"--set {name}={getattr(self, name)}: expected a number from 1 to {4 * LARGEST}")

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
class DiscreteTraining:
    """How a population is trained.

    `seeds` in a round, `group` of them at once in one compiled computation; at `rung` (a share of `steps`) the better
    half goes on. Learning rates fall along a cosine, the temperature geometrically from `tau_start` to `tau_end`, the
    Gumbel noise linearly to `noise_end` of its strength. `gate_lr` multiplies the rate for the choices. `budget` in
    seconds for everything; `rounds` of training with new seeds at most.
    """

    seed: int = 0
    seeds: int = 8
    group: int = 8
    steps: int = 1500
    batch: int = 64
    lr: float = 0.01
    gate_lr: float = 5.0
    decay: float = 0.01
    tau_start: float = 10.0
    tau_end: float = 0.1
    noise_end: float = 0.0
    attention_noise: float = 1.0
    chunk: int = 50
    checks: int = 15
    rung: float = 0.5
    rounds: int = 4
    budget: float = 240.0
