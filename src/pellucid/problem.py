"""What a learner is given: data divided three ways, with what a program for it may be made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pellucid.bias import Bias
from pellucid.data.data import Data
from pellucid.data.schema import Schema
from pellucid.data.split import Splits

Oracle = Callable[[Any], Any]


@dataclass(frozen=True)
class Problem:
    """A problem ready to learn.

    Args:
        name: the task or file.
        splits: learners see `train` and `valid`; `test` is for judging what was chosen.
        longer: data with longer inputs, by what it is; it takes part in choosing.
        bias: which pieces a program may be made of.
        settings: `--set key=value`, beside those of the data; of a built-in task also what suits it.
        seed: of all that is random in learning.
        oracle: of a built-in task, the exact output for an input.
        vectors: file of word vectors.
        refit: the validation data was split off the training data here, so a program may be fitted to both in the end.
        notes: what a reader of the results should know about the data.
    """

    name: str
    splits: Splits
    longer: Mapping[str, Data] = field(default_factory=dict)
    bias: Bias = field(default_factory=Bias)
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    oracle: Oracle | None = None
    vectors: Path | None = None
    refit: bool = False
    notes: tuple[str, ...] = ()

    @property
    def schema(self) -> Schema:
        """The columns, and when outputs come."""
        return self.splits.schema

    @property
    def train(self) -> Data:
        """What programs are made from."""
        return self.splits.train

    @property
    def valid(self) -> Data:
        """What they are chosen by."""
        return self.splits.valid
