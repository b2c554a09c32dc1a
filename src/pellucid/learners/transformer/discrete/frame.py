"""Data as the columns of a Discrete Transformer: inputs, position, past outputs, zeros before the start, masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pellucid.bias import POSITION, Bias
from pellucid.data.data import Data
from pellucid.data.schema import Schema
from pellucid.language.ranges import shifted
from pellucid.learners.formulas.grid import TEXTS, Coding, Grid, grid_of


@dataclass(frozen=True)
class Column:
    """One input scalar: a column of the data or `position`; lag >= 1: an output that many steps back."""

    name: str
    lag: int = 0

    @property
    def label(self) -> str:
        """As a person names it: `x`, `y[t-1]`."""
        return f"{self.name}[t-{self.lag}]" if self.lag else self.name


@dataclass(frozen=True, eq=False)
class Frame:
    """Arrays of the examples that have steps, all filled up with zeros to one length.

    values: float64 [columns, examples, before + steps], zeros before the start and beyond the end.
    targets: float64 [outputs, examples, steps]; scored: bool [examples, steps], where a target counts; present:
    likewise, where there is a step at all.
    """

    columns: tuple[Column, ...]
    values: np.ndarray
    targets: np.ndarray
    scored: np.ndarray
    present: np.ndarray


def columns_for(schema: Schema, bias: Bias, feedback: int) -> tuple[Column, ...]:
    """The scalars of the stream at the start. Masked past outputs stay: attention may route to earlier ones."""
    inputs = [Column(f.name) for f in schema.inputs if bias.readable(f.name)]
    if bias.readable_inputs is not None and POSITION in bias.readable_inputs and bias.readable(POSITION):
        inputs.append(Column(POSITION))
    lags, names = range(1, feedback + 1), [f.name for f in schema.outputs if f.name not in bias.mask]
    return (*inputs, *(Column(name, lag) for name in names for lag in lags))


def make_frame(data: Data, columns: tuple[Column, ...], before: int, longest: int | None = None) -> Frame:
    """Fill the arrays; sequences are cut after `longest` steps, where given."""
    grid = grid_of(data, Coding(()))
    steps = min(grid.shape[0], longest or grid.shape[0])
    present = np.arange(steps) < data.lengths[data.lengths > 0][:, None]
    targets = np.stack([values[:steps].T for values in grid.targets.values()])
    scored = grid.scored[:steps].T & (targets != TEXTS).all(0)
    values = np.zeros((len(columns), len(present), before + steps))
    for row, column in zip(values, columns, strict=True):
        row[:, before:] = np.where(present, _values(column, grid)[:steps].T, 0.0)
    return Frame(columns, values, np.where(scored, targets, 0.0), scored, present)


def _values(column: Column, grid: Grid) -> np.ndarray:
    if column.lag:
        return shifted(grid.targets[column.name], column.lag, 0.0)
    if column.name in grid.inputs:
        return grid.inputs[column.name]
    return np.arange(1.0, grid.shape[0] + 1)[:, None]


def allowed(columns: Sequence[Column], bias: Bias, distances: int) -> np.ndarray:
    """Which column may be read from so many steps back: bool [columns, distances]."""
    return np.array([[not bias.masked(c.name, c.lag + d) for d in range(distances)] for c in columns], bool)


@dataclass(frozen=True, eq=False)
class Scaling:
    """Units of the model: root mean squares of the columns; means and standard deviations of the targets."""

    columns: np.ndarray
    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, frame: Frame, before: int) -> Scaling:
        """From training data; what does not vary keeps its units."""
        seen = frame.values[:, :, before:][:, frame.present]
        targets = frame.targets[:, frame.scored]
        return cls(_nonzero(np.sqrt((seen**2).mean(1))), targets.mean(1), _nonzero(targets.std(1)))

    def apply(self, frame: Frame) -> Frame:
        """The frame with scaled columns (zero stays zero) and standardised targets."""
        targets = (frame.targets - self.mean[:, None, None]) / self.spread[:, None, None]
        return replace(frame, values=frame.values / self.columns[:, None, None], targets=targets)


def _nonzero(scale: np.ndarray) -> np.ndarray:
    return np.where(scale > 0, scale, 1.0)
