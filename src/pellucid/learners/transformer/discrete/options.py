"""What may be set about a fit, and the attempts it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from pellucid.errors import PellucidError
from pellucid.learners.transformer.discrete.config import DiscreteConfig, DiscreteTraining
from pellucid.numeric import Bias

SIZES = ("layers", "heads", "units", "hidden", "before", "knots", "encoding", "content")
SMALL = {"layers": 1, "heads": 2, "units": 2}
LARGER = {"layers": 2, "heads": 4, "units": 3}
FEEDBACK = 2  # past outputs that are offered where the learner decides
CONTENT_MODES = frozenset({"min", "max", "last-where"})


@dataclass(frozen=True)
class DiscreteOptions:
    """Settings of a fit; None: the default of `DiscreteTraining` or what the attempts try.

    Args:
        seed: of everything.
        seeds: how many are trained in a round.
        steps: of a round.
        budget: seconds for everything.
        regression: ask pyoperon (extra `sr`) about real-valued sub-MLPs that no enumerated formula fits.
        sizes: fixed sizes of the architecture, by name.
        training: other fields of `DiscreteTraining`.
    """

    seed: int = 0
    seeds: int | None = None
    steps: int | None = None
    budget: float = 240.0
    regression: bool = False
    sizes: Mapping[str, Any] | None = None
    training: Mapping[str, Any] | None = None

    def with_settings(self, settings: Mapping[str, Any]) -> DiscreteOptions:
        """The options with those of the settings (`--set key=value`) that are about the model or its training."""
        known = {f.name for f in fields(DiscreteTraining)} - {"seed", "budget"}
        sizes = {k: v for k, v in settings.items() if k in SIZES}
        training = {k: v for k, v in settings.items() if k in known}
        regression = settings.get("regression", self.regression)
        if not isinstance(regression, bool):
            raise PellucidError(f"--set regression={regression}: expected true or false")
        merged = {**(self.sizes or {}), **sizes}, {**(self.training or {}), **training}
        return replace(self, sizes=merged[0], training=merged[1], regression=regression)

    def trained(self) -> DiscreteTraining:
        """Settings of the training.

        Raises:
            PellucidError: a number out of range.
        """
        given = {k: v for k, v in (("seeds", self.seeds), ("steps", self.steps)) if v is not None}
        made = replace(DiscreteTraining(seed=self.seed, budget=self.budget), **given, **(self.training or {}))
        for name in ("seeds", "steps", "batch", "chunk", "checks", "group", "rounds"):
            value = getattr(made, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise PellucidError(f"--set {name}={value}: expected a whole number of at least 1")
        for name in ("lr", "tau_start", "tau_end", "budget"):
            if not getattr(made, name) > 0:
                raise PellucidError(f"--set {name}={getattr(made, name)}: expected a positive number")
        group = min(made.group, made.seeds)
        return replace(made, group=group, seeds=-(-made.seeds // group) * group, chunk=min(made.chunk, made.steps))


@dataclass(frozen=True)
class Attempt:
    """One round of training: past outputs offered, sizes, and how much longer than usual."""

    feedback: int
    sizes: Mapping[str, Any]
    longer: int = 1

    def config(self, columns: int, outputs: int) -> DiscreteConfig:
        """The architecture."""
        return DiscreteConfig(columns, outputs, **self.sizes)


def attempts(bias: Bias, options: DiscreteOptions, last: bool) -> list[Attempt]:
    """Small models first, without past outputs and with them, then larger ones; what is fixed stays as it is."""
    given = {k: v for k in ("layers", "heads", "units") if (v := getattr(bias, k)) is not None}
    given = {"before": bias.window, "content": bool(bias.modes & CONTENT_MODES)} | given | dict(options.sizes or {})
    offered = [0] if last else [bias.feedback] if bias.feedback is not None else [0, min(FEEDBACK, bias.window)]
    found = [Attempt(n, {**SMALL, **given}) for n in offered]
    found += [Attempt(n, {**LARGER, **given}, 2) for n in offered]
    return found
