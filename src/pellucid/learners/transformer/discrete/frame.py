"""Data as the columns of a Discrete Transformer: inputs, position, past outputs, zeros before the start, masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pellucid.bias import POSITION, Bias
from pellucid.data.data import Data
from pellucid.data.schema import Schema
from pellucid.language.nodes import ProgramError
from pellucid.learners.formulas.grid import Coding, Grid, grid_of
from pellucid.learners.formulas.terms import Col, Past, Pos, Term, reads

Columns = tuple[Term, ...]  # the scalars of the stream at the start: `Col`, `Pos`, `Past`


@dataclass(frozen=True, eq=False)
class Frame:
    """Arrays of the examples that have steps, all filled up with zeros to one length.

    grid: the data that they are of; columns: terms of the grid. values: float64 [columns, examples, before + steps],
    zeros before the start and beyond the end. targets: float64 [outputs, examples, steps]; scored: bool [examples,
    steps], where a target counts; present: likewise, where there is a step at all.
    """

    grid: Grid
    columns: Columns
    values: np.ndarray
    targets: np.ndarray
    scored: np.ndarray
    present: np.ndarray


def columns_for(schema: Schema, bias: Bias, feedback: int) -> Columns:
    """The scalars of the stream at the start. Masked past outputs stay: attention may route to earlier ones."""
    inputs: list[Term] = [Col(f.name) for f in schema.inputs if bias.readable(f.name)]
    if bias.readable_inputs is not None and POSITION in bias.readable_inputs and bias.readable(POSITION):
        inputs.append(Pos(1))
    lags, names = range(1, feedback + 1), [f.name for f in schema.outputs if f.name not in bias.mask]
    return (*inputs, *(Past(name, lag) for name in names for lag in lags))


def make_frame(data: Data, columns: Columns, before: int, longest: int | None = None) -> Frame:
    """Fill the arrays; sequences are cut after `longest` steps, where given."""
    grid = grid_of(data, Coding(()))
    inputs, targets = ({n: values[:longest] for n, values in side.items()} for side in (grid.inputs, grid.targets))
    grid = Grid(inputs, targets, grid.scored[:longest], grid.coding)
    present = np.arange(grid.shape[0]) < data.lengths[data.lengths > 0][:, None]
    values = np.zeros((len(columns), len(present), before + grid.shape[0]))
    for row, column in zip(values, columns, strict=True):
        row[:, before:] = np.where(present, known(grid, column).T, 0.0)
    targets = np.stack([np.where(grid.scored, values, 0.0).T for values in grid.targets.values()])
    return Frame(grid, columns, values, targets, grid.scored.T, present)


def known(grid: Grid, term: Term) -> np.ndarray:
    """A term's values [steps, examples].

    Raises:
        ProgramError: some are no finite numbers.
    """
    values = grid.value(term)
    if values is None:
        raise ProgramError("a value that is not finite")
    return values


def allowed(columns: Sequence[Term], bias: Bias, distances: int) -> np.ndarray:
    """Which column may be read from so many steps back: bool [columns, distances]."""
    lags = [next(iter(reads(column))) for column in columns]
    return np.array([[not bias.masked(name, lag + d) for d in range(distances)] for name, lag in lags], bool)


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
