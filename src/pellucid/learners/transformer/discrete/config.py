"""Sizes of a Discrete Transformer and settings of its training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pellucid.bias import Bias
from pellucid.learners.transformer.training import Training, check_sizes

LARGEST = 64  # of a size: sub-MLPs and heads beyond it are not read by anybody
FAR_BUCKETS = 3
SMALL = {"layers": 1, "heads": 2, "units": 2}
LARGER = {"layers": 2, "heads": 4, "units": 3}
FEEDBACK = 2  # past outputs that are offered where the learner decides
CONTENT_MODES = frozenset({"min", "max", "argmin", "argmax", "last"})


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
        check_sizes(self, ("layers", "heads", "units"), 0, LARGEST)
        check_sizes(self, ("hidden", "knots", "encoding", "before"), 1, 4 * LARGEST)

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
class DiscreteTraining(Training):
    """How a population is trained: AdamW, cosine decay, in up to `rounds` rounds with new seeds and larger models.

    `gate_lr` multiplies the rate for the choices, which do not `decay`; `attention_noise` is the strength of the noise
    in attention. `regression`: ask pyoperon (extra `sr`) about real-valued sub-MLPs that no enumerated formula fits.
    """

    seeds: int = 8
    group: int = 8
    steps: int = 1500
    lr: float = 0.01
    lr_end: float = 0.02
    cosine: bool = True
    tau_start: float = 10.0
    checks: int = 15
    rungs: tuple[float, ...] = (0.5,)
    budget: float = 240.0
    gate_lr: float = 5.0
    decay: float = 0.01
    attention_noise: float = 1.0
    rounds: int = 4
    regression: bool = False


@dataclass(frozen=True)
class Attempt:
    """One round of training: past outputs offered, sizes, and how much longer than usual."""

    feedback: int
    sizes: Mapping[str, Any]
    longer: int = 1


def attempts(bias: Bias, sizes: Mapping[str, Any], past: bool) -> list[Attempt]:
    """Small models first, without past outputs and with them, then larger ones; what is fixed stays as it is.

    Args:
        bias: what a model may be made of.
        sizes: those that the user set.
        past: whether there are past outputs.
    """
    given = {k: v for k in ("layers", "heads", "units") if (v := getattr(bias, k)) is not None}
    given = {"before": bias.window, "content": bool(bias.modes & CONTENT_MODES)} | given | dict(sizes)
    offered = [0] if not past else [bias.feedback] if bias.feedback is not None else [0, min(FEEDBACK, bias.window)]
    found = [Attempt(n, {**SMALL, **given}) for n in offered]
    return found + [Attempt(n, {**LARGER, **given}, 2) for n in offered]
