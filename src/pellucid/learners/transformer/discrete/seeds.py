"""A trained seed read off as a program, with what is known about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.learners.transformer.discrete.extract import Extraction
from pellucid.learners.transformer.discrete.judge import Verdict
from pellucid.learners.transformer.discrete.model import Tree
from pellucid.learners.transformer.discrete.options import Attempt
from pellucid.learners.transformer.discrete.price import price
from pellucid.numeric import FoundProgram


@dataclass(frozen=True, eq=False)
class Candidate:
    """A seed read off: its extraction, what it does on validation data, whether it is exact everywhere."""

    seed: int
    params: Tree
    extraction: Extraction
    verdict: Verdict
    exact: bool
    breaks_mask: bool
    seconds: float
    attempt: Attempt

    @property
    def rank(self) -> tuple[bool, bool, float, float, int]:
        """What breaks a mask last; else exact ones first, then by size, others by error."""
        error = 0.0 if self.exact else self.verdict.nmse
        return (self.breaks_mask, not self.exact, error, price(self.extraction.program), self.seed)

    def found(self) -> FoundProgram:
        """As the learners' common record."""
        details = {"seed": self.seed, **self.extraction.report}
        verdict, program = self.verdict, self.extraction.program
        return FoundProgram("discrete", program, self.exact, verdict.mse, verdict.max_error, self.seconds, details)


def flat(params: Tree) -> dict[str, np.ndarray]:
    """Parameters by dotted names."""
    found: dict[str, np.ndarray] = {}
    for i, layer in enumerate(params["layers"]):
        found |= {
            f"layers.{i}.{part}.{name}": np.asarray(v) for part, tree in layer.items() for name, v in tree.items()
        }
    return found | {f"head.{name}": np.asarray(v) for name, v in params["head"].items()}
