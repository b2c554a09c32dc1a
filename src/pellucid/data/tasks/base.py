"""What every built-in task offers: a `Task` is a family, `at` fixes its sizes and gives a `TaskInstance`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pellucid.data.data import Data
from pellucid.data.schema import Schema
from pellucid.data.split import LEAST, Splits, split
from pellucid.errors import PellucidError
from pellucid.language.types import Type
from pellucid.values import show

Input = tuple[Any, ...]
ENUMERABLE = 1_000_000  # inputs up to which a domain is walked through as a whole
MOST_EXAMPLES = 10_000_000
DRAWS = 5  # batches drawn at most to find enough different inputs, as in the code of Friedman et al. (2023)
LONGER = 1000  # longer inputs drawn to judge a program on


@dataclass(frozen=True, eq=False)
class Domain:
    """The inputs of a task at fixed sizes: which they are, how many, and how to draw from them.

    Args:
        lengths: of an input, in steps.
        draw: n random inputs (repeats possible).
        types: of the columns whose values are known one by one, by name: rare ones may be missing from a sample.
        size: number of inputs; None: as good as infinite.
        walk: each input once.
        contains: whether a sequence of known values and of a right length is one of them.
    """

    lengths: range
    draw: Callable[[np.random.Generator, int], list[Input]]
    types: Mapping[str, Type] = field(default_factory=dict)
    size: int | None = None
    walk: Callable[[], Iterator[Input]] | None = None
    contains: Callable[[Sequence[Any]], bool] = lambda sequence: True


@dataclass(frozen=True, eq=False)
class Task:
    """A family of tasks.

    Args:
        name: in the registry, `sort` or `mips/parity`.
        summary: one line.
        sizes: settings with their default; whole numbers from 1 to `largest`, or shares from 0 to 1 where the default
            is a float. `noise`: standard deviation of Gaussian noise on the outputs, relative to that of their column.
        domain: sizes (but noise) -> Domain, raises PellucidError on bad ones.
        oracle: the exact output for an input: a tuple, None where a step is not scored.
        names: of the input and output columns.
        hints: settings that suit the task, by the names that `--set` gives them.
        examples: how many to draw.
        largest: of a size.
        law: the definition as a formula; of `physics` one line `OUTPUT = EXPRESSION` per output column.
        klass: a = window of the last inputs, b = cumulative statistic, c = neither.
        constants: what the law holds fixed, by name; the learner is not told.
        state: for each output column the input column it is the next value of; empty where there is none.
    """

    name: str
    summary: str
    sizes: Mapping[str, float]
    domain: Callable[..., Domain]
    oracle: Callable[[Any], tuple[Any, ...]]
    names: tuple[tuple[str, ...], tuple[str, ...]] = (("x",), ("y",))
    hints: Mapping[str, Any] = field(default_factory=dict)
    examples: int = 20_000
    largest: int = 512
    law: str = ""
    klass: str = ""
    constants: Mapping[str, float] = field(default_factory=dict)
    state: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """The part of the name before the slash, if there is one."""
        return self.name.rpartition("/")[0]

    @property
    def laws(self) -> dict[str, str]:
        """Of physics, the law of each output column, an expression in input columns and constants."""
        return dict(line.split(" = ") for line in self.law.splitlines()) if self.constants else {}

    def at(self, **settings: Any) -> TaskInstance:
        """The task at the sizes given, defaults for the others.

        Raises:
            PellucidError: an unknown setting, or a value the task has no meaning for.
        """
        for name, value in settings.items():
            if name not in self.sizes:
                known = " and ".join(self.sizes)
                raise PellucidError(f"task {self.name} has no setting {show(name)}; its settings are {known}")
            check_size(f"task {self.name}: {name}", value, self.sizes[name], self.largest)
        sizes = {**self.sizes, **settings}
        try:
            return TaskInstance(self, sizes, self.domain(**{k: int(v) for k, v in sizes.items() if k != "noise"}))
        except PellucidError as error:
            raise PellucidError(f"task {self.name}: {error}") from None


def check_size(what: str, value: Any, default: float, largest: int) -> None:
    """Refuse a setting out of range.

    Raises:
        PellucidError: the message begins with `what`.
    """
    share = isinstance(default, float)
    kinds = (int, float) if share else (int, np.integer)
    low, high = (0, 1) if share else (1, largest)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        expected = "a number from 0 to 1" if share else f"a whole number from 1 to {largest}"
        raise PellucidError(f"{what} is {show(value)}; expected {expected}")


@dataclass(frozen=True, eq=False)
class TaskInstance:
    """A task at fixed sizes: everything needed to learn it and to judge what was learned."""

    task: Task
    settings: Mapping[str, float]
    domain: Domain

    def oracle(self, sequence: Sequence[Any]) -> tuple[Any, ...]:
        """The exact output for one input of the domain: a tuple, None where a step is not scored."""
        return self.task.oracle(sequence)

    def holds(self, sequence: Sequence[Any]) -> bool:
        """Whether the sequence is an input of the domain."""
        columns = [self.domain.types.get(name) for name in self.task.names[0]]
        steps = [step if isinstance(step, tuple) else (step,) for step in sequence]
        known = all(len(step) == len(columns) and all(map(_is_one, step, columns)) for step in steps)
        return known and len(sequence) in self.domain.lengths and self.domain.contains(sequence)

    def enumerate(self) -> Iterator[Input] | None:
        """Every input of the domain once, or None where there are more than a million."""
        small = self.domain.size is not None and self.domain.size <= ENUMERABLE
        return self.domain.walk() if small and self.domain.walk is not None else None

    def label(self, inputs: Iterable[Input]) -> Data:
        """The data of these inputs with the oracle's outputs."""
        rows = list(inputs)
        data = Data.of(rows, map(self.task.oracle, rows), names=self.task.names)
        types = self.domain.types
        x, y = (
            tuple(replace(f, type=types.get(f.name, f.type)) for f in side)
            for side in (data.schema.inputs, data.schema.outputs)
        )
        return data.with_schema(Schema(x, y, "every"))

    def sample(self, rng: np.random.Generator, n: int) -> Data:
        """Draw n fresh random examples, repeats possible."""
        return self.label(self.domain.draw(rng, n))

    def splits(self, seed: int = 0, size: int | None = None) -> Splits:
        """Up to `size` different random inputs, divided 81 / 9 / 10 into train, valid and test where they are not few.

        Raises:
            PellucidError: a size below 2 or above 10 million, or fewer than 2 different inputs.
        """
        size = self.task.examples if size is None else size
        if isinstance(size, bool) or not isinstance(size, int) or not LEAST <= size <= MOST_EXAMPLES:
            raise PellucidError(f"size is {show(size)}; expected a whole number from {LEAST} to {MOST_EXAMPLES}")
        rng = self._generator(seed)
        found: dict[Input, None] = {}
        for _ in range(DRAWS):
            found |= dict.fromkeys(self.domain.draw(rng, size))
            if len(found) >= size:
                break
        inputs = list(found)[:size]
        if len(inputs) < LEAST:
            raise PellucidError(
                f"task {self.task.name} at {dict(self.settings)}: {len(inputs)} different inputs drawn; "
                f"at least {LEAST} are needed"
            )
        data, noise = self.label(inputs), self.settings.get("noise", 0.0)
        return split(_noisy(data, noise, rng) if noise else data, seed)

    def longer(self, schema: Schema, seed: int = 0) -> dict[str, Data]:
        """Fresh inputs at twice and four times the `length`, only those longer than this one's longest, without noise.

        Args:
            schema: of the data learned from.
            seed: of the generator.
        """
        found = {}
        for factor in (2, 4):
            wide = self._at_length(int(self.settings["length"]) * factor)
            if wide is None:
                continue
            least = self.domain.lengths[-1] * factor // 2
            drawn = wide.domain.draw(self._generator(seed, factor), 4 * LONGER)
            if inputs := list(dict.fromkeys(x for x in drawn if len(x) > least))[:LONGER]:
                found[f"{factor}N"] = wide.label(inputs).with_schema(schema)
        return found

    def _at_length(self, length: int) -> TaskInstance | None:
        """The task at another length, or one more; None where it has no meaning for either."""
        for size in (length, length + 1):
            try:
                return self.task.at(**{**self.settings, "length": size})
            except PellucidError:
                continue
        return None

    def _generator(self, *seeds: int) -> np.random.Generator:
        return np.random.default_rng([*seeds, *self.task.name.encode()])


def _is_one(value: Any, t: Type | None) -> bool:
    return not isinstance(value, bool) and (t is None or t.holds(value))


def _noisy(data: Data, noise: float, rng: np.random.Generator) -> Data:
    """The data with noise on its outputs: of every column its share of the column's standard deviation."""
    several = len(data.schema.outputs) > 1
    rows = np.concatenate([np.reshape(y, (len(y), -1)) for y in data.outputs]).astype(np.float64)
    rows += noise * rows.std(axis=0) * rng.standard_normal(rows.shape)
    steps = list(map(tuple, rows.tolist())) if several else rows[:, 0].tolist()
    names = data.schema.shape[:2]
    return Data.of(data.inputs, [steps[a:b] for a, b in zip(data.starts, data.starts[1:], strict=False)], names=names)
