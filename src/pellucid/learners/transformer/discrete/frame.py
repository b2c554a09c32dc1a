"""Series as the columns of a Discrete Transformer: inputs, position, past outputs, zeros before the start, masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pellucid.data.series import Series
from pellucid.numeric import POSITION, Bias


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
    """Arrays of a data set, all sequences filled up with zeros to one length.

    values: float64 [columns, examples, before + steps], zeros before the start and beyond the end.
    targets: float64 [outputs, examples, steps]; scored: bool [examples, steps], where a target counts; present:
    likewise, where there is a step at all.
    """

    columns: tuple[Column, ...]
    values: np.ndarray
    targets: np.ndarray
    scored: np.ndarray
    present: np.ndarray

    def take(self, rows: np.ndarray) -> Frame:
        """Some of the examples."""
        return Frame(self.columns, self.values[:, rows], self.targets[:, rows], self.scored[rows], self.present[rows])


def columns_for(series: Series, bias: Bias, feedback: int) -> tuple[Column, ...]:
    """The scalars of the stream at the start. Masked past outputs stay: attention may route to earlier ones."""
    inputs = [Column(name) for name in series.input_names if bias.readable(name)]
    if bias.readable_inputs is not None and POSITION in bias.readable_inputs and bias.readable(POSITION):
        inputs.append(Column(POSITION))
    lags = range(1, feedback + 1) if not series.last else ()
    return (*inputs, *(Column(name, lag) for name in series.output_names if name not in bias.mask for lag in lags))


def make_frame(series: Series, columns: tuple[Column, ...], before: int, longest: int | None = None) -> Frame:
    """Fill the arrays; sequences are cut after `longest` steps, where given."""
    steps = max(len(x) for x in series.inputs)
    if longest is not None:
        steps = min(steps, longest)
    n = len(series)
    values = np.zeros((len(columns), n, before + steps))
    targets = np.zeros((len(series.output_names), n, steps))
    scored, present = np.zeros((n, steps), bool), np.zeros((n, steps), bool)
    for i, (x, y) in enumerate(zip(series.inputs, series.outputs, strict=True)):
        _fill(values[:, i, before:], columns, series, x, y)
        used = min(len(x), steps)
        present[i, :used] = True
        if not series.last:
            targets[:, i, :used], scored[i, :used] = y[:used].T, True
        elif len(x) <= steps:
            targets[:, i, len(x) - 1], scored[i, len(x) - 1] = y[0], True
    return Frame(columns, values, targets, scored, present)


def _fill(row: np.ndarray, columns: Sequence[Column], series: Series, x: np.ndarray, y: np.ndarray) -> None:
    used = min(len(x), row.shape[1])
    for c, column in enumerate(columns):
        if column.lag:
            past = y[: max(used - column.lag, 0), series.output_names.index(column.name)]
            row[c, column.lag : column.lag + len(past)] = past
        elif column.name in series.input_names:
            row[c, :used] = x[:used, series.input_names.index(column.name)]
        else:
            row[c, :used] = np.arange(1, used + 1)


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
