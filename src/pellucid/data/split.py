"""How data is divided for training, choosing and judging."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pellucid.data.data import Data, typed
from pellucid.data.examples import check_same
from pellucid.data.schema import Schema, type_of
from pellucid.errors import PellucidError

SHARES = {"train": 0.81, "valid": 0.09, "test": 0.10}  # of the paper: 10 % test, then 10 % of the rest valid
LEAST = 10  # examples below which a division into three means nothing


@dataclass(frozen=True)
class Splits:
    """Data divided for training, choosing and judging; all three have one schema."""

    train: Data
    valid: Data
    test: Data

    @classmethod
    def of(cls, train: Data, valid: Data, test: Data) -> Splits:
        """Data that were made one by one: what a column holds is decided from all three together.

        Raises:
            PellucidError: other columns in one than in the others.
        """
        parts = {"train": train, "valid": valid, "test": test}
        for name, part in parts.items():
            check_same(f"{name}: ", part.schema.shape, train.schema.shape)
        return cls(**typed({name: part.examples for name, part in parts.items()}))

    @property
    def schema(self) -> Schema:
        """That of all three."""
        return self.train.schema

    def parts(self) -> dict[str, Data]:
        """The three by name."""
        return {"train": self.train, "valid": self.valid, "test": self.test}

    def with_schema(self, schema: Schema) -> Splits:
        """The same examples, read by another schema."""
        return Splits(**{name: part.with_schema(schema) for name, part in self.parts().items()})

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

    Raises:
        PellucidError: fewer than 10 examples, or fewer than 3 different inputs.
    """
    return Splits(**partition(data, SHARES, seed))


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
    if len(data) < LEAST or len(groups) < len(shares):
        raise PellucidError(
            f"{len(data)} examples with {len(groups)} different inputs are too few to divide into "
            f"{' and '.join(shares)}; give at least {LEAST} examples, or a file for each part"
        )
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
