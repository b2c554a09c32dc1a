"""What a learner is given: data divided three ways, with what a program for it may be made of; and what a model is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from pellucid.bias import Bias
from pellucid.data.data import Data
from pellucid.data.schema import Schema
from pellucid.data.split import Splits
from pellucid.data.tags import OUTSIDE
from pellucid.errors import PellucidError
from pellucid.semantics.scores import is_entity_tag
from pellucid.settings import taken

Oracle = Callable[[Any], Any]


class Model(Protocol):
    """A model that a program was read off: the two are compared on every input that is checked."""

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """Outputs in the user's form for inputs in the user's form."""
        ...

    def described(self) -> tuple[Mapping[str, Any], Mapping[str, np.ndarray]]:
        """Configuration as JSON, and arrays by name: what `model.json` and `model.safetensors` hold."""
        ...


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
        tolerance: share of the sequences whose outputs may be wrong in the data themselves.
        warmup: so many first outputs of every sequence cannot be known, and are not scored.
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
    tolerance: float = 0.0
    warmup: int = 0
    notes: tuple[str, ...] = ()

    def warmed(self, steps: int) -> Problem:
        """The same problem without so many first outputs of every sequence.

        Raises:
            PellucidError: no sequence has more, or outputs do not come at every step.
        """
        if not steps:
            return self
        if steps < 0 or self.schema.when != "every" or self.train.longest <= steps:
            raise PellucidError(f"--warmup {steps}: expected outputs at every step, and longer sequences")
        longer = {name: data.unscored(steps) for name, data in self.longer.items()}
        told = "first output of a sequence is" if steps == 1 else f"first {steps} outputs of a sequence are"
        note = f"the {told} not known from it, and not scored (--warmup 0 to score all)"
        return replace(self, splits=self.splits.unscored(steps), longer=longer, warmup=steps, notes=(*self.notes, note))

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

    @property
    def longest(self) -> int | None:
        """Steps of the longest input of the data; None for words of texts, where length says nothing."""
        if self.schema.words is not None:
            return None
        return max(part.longest for part in self.splits.parts().values())

    @property
    def causal(self) -> bool:
        """Whether an output may depend on earlier steps and its own alone."""
        return bool(taken(self.settings, {"causal": bool}).get("causal", False))

    @property
    def entities(self) -> bool:
        """Whether the outputs mark entities: `O`, and tags as `B-PER`."""
        labels = {*(self.schema.outputs[0].values or ())} - {OUTSIDE}
        return self.schema.when == "every" and bool(labels) and all(map(is_entity_tag, labels))
