"""How data is divided for training, choosing and judging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.data.data import Data, typed
from pellucid.data.examples import check_same
from pellucid.data.schema import Schema, type_of
from pellucid.errors import PellucidError
from pellucid.values import counted

SHARES = {"train": 0.81, "valid": 0.09, "test": 0.10}  # of the paper: 10 % test, then 10 % of the rest valid
LEAST = 2  # examples below which there is nothing to learn from,
FEW = 30  # and below which all of them judge: a part would say nothing


@dataclass(frozen=True)
class Splits:
    """Data divided for training, choosing and judging; all three have one schema.

    few: there were too few examples to divide, so that all of them are in `train` and in `valid`.
    """

    train: Data
    valid: Data
    test: Data
    few: bool = False

    @classmethod
    def of(cls, train: Data, valid: Data, test: Data) -> Splits:
        """Data that were made one by one: what a column holds is decided from all three together.

        Raises:
            PellucidError: other columns in one than in the others.
        """
        parts = {"train": train, "valid": valid, "test": test}
        for name, part in parts.items():
            check_same(f"{name}: ", part.schema.shape, train.schema.shape)
        found = typed({name: part.examples for name, part in parts.items()})
        return cls(found["train"], found["valid"], found["test"])

    @property
    def schema(self) -> Schema:
        """That of all three."""
        return self.train.schema

    def parts(self) -> dict[str, Data]:
        """The three by name."""
        return {"train": self.train, "valid": self.valid, "test": self.test}

    def own(self) -> dict[str, Data]:
        """The three by name; where all examples judge, the second is no part of its own, and empty."""
        return {**self.parts(), "valid": self.valid.take([])} if self.few else self.parts()

    def with_schema(self, schema: Schema) -> Splits:
        """The same examples, read by another schema."""
        return replace(self, **{name: part.with_schema(schema) for name, part in self.parts().items()})

    def unscored(self, steps: int) -> Splits:
        """The same, but that so many first outputs of every example do not count."""
        return replace(self, **{name: part.unscored(steps) for name, part in self.parts().items()})

    def extended(self, inputs: Sequence[Any], outputs: Sequence[Any]) -> Splits:
        """With more training examples, in the user's form."""
        x, y, when = self.schema.shape
        words = None if self.schema.words is None else self.schema.words.words
        train = self.train + Data.of(inputs, outputs, names=(x, y), when=when, words=words)
        return replace(Splits.of(train, train if self.few else self.valid, self.test), few=self.few)

    def blind(self) -> Splits:
        """With outputs of what they are in training and validation data alone: test labels decide nothing."""
        seen = self.train + self.valid
        outputs = []
        for field in self.schema.outputs:
            values = seen.flat(field.name)
            outputs.append(replace(field, type=type_of(values)) if any(v is not None for v in values) else field)
        return self.with_schema(replace(self.schema, outputs=tuple(outputs)))


def split(data: Data, seed: int = 0) -> Splits:
    """Divide 81 / 9 / 10 at random, all examples with the same input into the same part, labels in proportion.

    Fewer than 30 examples are not divided: programs are made from all of them and judged by all of them, and none is
    left for a test.

    Raises:
        PellucidError: fewer than 2 examples with different inputs.
    """
    return Splits(**partition(data, SHARES, seed), few=len(data) < FEW)


def partition(data: Data, shares: Mapping[str, float], seed: int) -> dict[str, Data]:
    """Divide into parts of about the given shares, equal inputs kept together, no part empty.

    Groups of equal inputs come in random order, those of one label (where there is one per sequence, of few) after
    another; each goes where most examples are lacking by then, so that every part has its share of every label.

    Raises:
        PellucidError: too few examples.
    """
    groups: dict[object, list[int]] = {}
    for i, sequence in enumerate(data.inputs):
        groups.setdefault(sequence, []).append(i)
    if len(data) < FEW and len(groups) >= LEAST:
        return {name: data.take([] if name == "test" else range(len(data))) for name in shares}
    if len(groups) < max(LEAST, len(shares)):
        have = f"{counted(data, 'example')} with {counted(groups, 'different input')}"
        needed = max(LEAST, len(shares) if len(data) >= FEW else 0)
        raise PellucidError(f"{have}, too few to learn from; give at least {needed} different ones")
    parts = _dealt(_in_order(data, list(groups.values()), seed), shares)
    return {name: data.take(sorted(i for group in part for i in group)) for name, part in parts.items()}


def _in_order(data: Data, groups: list[list[int]], seed: int) -> list[list[int]]:
    """The groups in random order, by label."""
    order = [groups[g] for g in np.random.default_rng(seed).permutation(len(groups))]
    if data.schema.when == "every" or any(f.values is None for f in data.schema.outputs):
        return order
    rank: dict[object, int] = {}
    for group in order:
        rank.setdefault(data.outputs[group[0]], len(rank))
    return sorted(order, key=lambda group: rank[data.outputs[group[0]]])


def _dealt(groups: list[list[int]], shares: Mapping[str, float]) -> dict[str, list[list[int]]]:
    total, dealt = sum(shares.values()), 0
    parts: dict[str, list[list[int]]] = {name: [] for name in shares}
    sizes = dict.fromkeys(shares, 0)
    for group in groups:
        dealt += len(group)
        name = max(shares, key=lambda part: shares[part] / total * dealt - sizes[part])
        parts[name].append(group)
        sizes[name] += len(group)
    for part in parts.values():
        if not part:  # one group holds nearly all
            donor = max(parts.values(), key=len)
            part.append(donor.pop(min(range(len(donor)), key=lambda g: len(donor[g]))))
    return parts
