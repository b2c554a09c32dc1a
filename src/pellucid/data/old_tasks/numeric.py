"""What every built-in numeric task offers: inputs to draw, an exact oracle, and data sets made of both."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from pellucid.data.series import Series
from pellucid.errors import PellucidError
from pellucid.values import show

LONGEST = 100_000  # steps of a built-in sequence
Draw = Callable[[np.random.Generator, int, int], list[np.ndarray]]
Class = Literal["a", "b", "c", "physics"]


@dataclass(frozen=True, eq=False)
class NumericTask:
    """A family of number sequences.

    Args:
        name: in the registry, `mips/parity` or `physics/spring`.
        summary: one line.
        length: steps of a sequence where no other length is asked for.
        draw: (generator, how many, steps) -> inputs, each [steps, columns].
        oracle: the exact output [steps, outputs] for one input; whole numbers in, whole numbers out.
        input_names, output_names: names of the columns.
        klass: a = window of the last inputs, b = cumulative statistic, c = neither, or physics.
        law: the definition as a formula; for physics one line `OUTPUT = EXPRESSION` per output column.
        constants: what the law holds fixed, by name; the learner is not told.
        state: for each output column the input column it is the next value of; empty where there is none.
        noisy: whether noise on the outputs has a meaning.
        examples: sequences to draw where no other number is asked for.
    """

    name: str
    summary: str
    length: int
    draw: Draw
    oracle: Callable[[np.ndarray], np.ndarray]
    input_names: tuple[str, ...] = ("x",)
    output_names: tuple[str, ...] = ("y",)
    klass: Class = "a"
    law: str = ""
    constants: Mapping[str, float] = field(default_factory=dict)
    state: tuple[str, ...] = ()
    noisy: bool = False
    examples: int = 2000

    @property
    def defaults(self) -> dict[str, float]:
        """Settings and their default values, as `--set` takes them."""
        return {"length": self.length} | ({"noise": 0.0} if self.noisy else {})

    @property
    def laws(self) -> dict[str, str]:
        """For physics the law of each output column, an expression in input columns and constants."""
        return dict(line.split(" = ") for line in self.law.splitlines()) if self.klass == "physics" else {}

    @property
    def group(self) -> str:
        """The part of the name before the slash."""
        return self.name.split("/")[0]

    def dataset(self, seed: int = 0, size: int | None = None, length: int | None = None, **settings: Any) -> Series:
        """Fresh sequences with the oracle's outputs; the same seed gives the same data.

        Args:
            seed: of the generator.
            size: how many sequences; `examples` where not given.
            length: steps of each; the task's own where not given.
            settings: `noise`: standard deviation of Gaussian noise on each output column, relative to the standard
                deviation of that column.

        Raises:
            PellucidError: an unknown setting or a value without meaning.
        """
        size = self._whole("size", size, self.examples, 1, 10_000_000)
        length = self._whole("length", length, self.length, 1, LONGEST)
        noise = self._noise(settings)
        rng = np.random.default_rng([_SALT, *_key(self.name), seed])
        inputs = self.draw(rng, size, length)
        try:
            outputs = [self.oracle(x) for x in inputs]
        except OverflowError:
            raise PellucidError(f"task {self.name}: outputs at length {length} are beyond 64 bits; give less") from None
        if noise:
            spread = noise * np.concatenate(outputs).std(axis=0)
            outputs = [y + spread * rng.standard_normal(y.shape) for y in outputs]
        return Series.of(inputs, outputs, self.input_names, self.output_names)

    def _whole(self, name: str, value: Any, default: int, least: int, most: int) -> int:
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not least <= value <= most:
            raise PellucidError(
                f"task {self.name}: {name} is {show(value)}; expected a whole number from {least} to {most}"
            )
        return int(value)

    def _noise(self, settings: Mapping[str, Any]) -> float:
        for name in settings:
            if name not in self.defaults:
                known = " and ".join(self.defaults)
                raise PellucidError(f"task {self.name} has no setting {show(name)}; its settings are {known}")
        noise = settings.get("noise", 0.0)
        if isinstance(noise, bool) or not isinstance(noise, (int, float)) or not 0 <= noise <= 1:
            raise PellucidError(f"task {self.name}: noise is {show(noise)}; expected a number from 0 to 1")
        return float(noise)


_SALT = 0x5E71E5  # keeps the sequences of numeric tasks apart from other uses of the same seed


def _key(name: str) -> list[int]:
    return list(name.encode())


def uniform(low: int, high: int, columns: int = 1) -> Draw:
    """Draws whole numbers from `low` to `high`, both included, independent of each other."""

    def draw(rng: np.random.Generator, count: int, length: int) -> list[np.ndarray]:
        return list(rng.integers(low, high, (count, length, columns), endpoint=True))

    return draw
