"""A problem made ready for the learners: sequences as grids, what may be read, and whether a term is right."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from pellucid.numeric import POSITION, Bias, SeriesProblem
from pellucid.search.numeric.grid import Grid, grid_of
from pellucid.search.numeric.reach import allowed
from pellucid.search.numeric.terms import Col, Past, Pos, Shift, Term

MOST_TRAIN = 3000  # training sequences looked at
RELATIVE = 1e-9  # error of a real output that counts as none, relative to it or to the outputs' spread
SAMPLE = 4000  # points a fit is made on


@dataclass(frozen=True)
class Answer:
    """A term for one output that a learner found, and what it says about it."""

    learner: str
    term: Term
    seconds: float
    exact: bool = True
    loss: float = 0.0  # mean squared error on validation data, where not exact


@dataclass(eq=False)
class Work:
    """One problem on its way through the learners."""

    problem: SeriesProblem
    seed: int
    end: float
    began: float = field(default_factory=time.monotonic)
    stopped: bool = False  # by Ctrl-C

    @property
    def bias(self) -> Bias:
        """Which pieces may be used."""
        return self.problem.bias

    @property
    def whole(self) -> bool:
        """Whether whole numbers go in and come out."""
        return self.problem.whole and self.problem.train.whole_inputs

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the output columns."""
        return self.problem.train.output_names

    def left(self) -> float:
        """Seconds until the time is up."""
        return self.end - time.monotonic()

    def spent(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self.began

    @cached_property
    def train(self) -> Grid:
        """Training sequences, at most `MOST_TRAIN`."""
        series = self.problem.train
        return grid_of(series, range(min(len(series), MOST_TRAIN)))

    @cached_property
    def checks(self) -> list[Grid]:
        """What a right term must be right on: training, validation and longer data."""
        parts = [self.problem.valid, *self.problem.longer.values()]
        return [self.train, *(grid_of(part) for part in parts if len(part))]

    @cached_property
    def chosen(self) -> np.ndarray:
        """Indices of the points of the training grid that fits are made on."""
        rng = np.random.default_rng([self.seed, 17])
        points = self.train.points
        return points if len(points) <= SAMPLE else np.sort(rng.choice(points, SAMPLE, replace=False))

    # ------------------------------------------------------------ what may be read

    def columns(self) -> list[Term]:
        """Input columns that may be read at this step."""
        names = [n for n in self.problem.train.input_names if self.bias.readable(n)]
        return [Col(n) for n in names if not self.bias.masked(n, 0)]

    def lags(self, furthest: int) -> list[Term]:
        """Earlier values of the input columns that may be read, up to `furthest` steps back."""
        if "shift" not in self.bias.modes:
            return []
        names = [n for n in self.problem.train.input_names if self.bias.readable(n)]
        lags = range(1, furthest + 1)
        return [Shift(Col(n), lag) for lag in lags for n in names if not self.bias.masked(n, lag)]

    def position(self) -> list[Term]:
        """The number of the step, where it may be read."""
        return [Pos(0), Pos(1)] if self.bias.readable(POSITION) else []

    def past(self, furthest: int) -> list[Term]:
        """Past outputs that may be read, up to `furthest` steps back."""
        if self.problem.train.last:
            return []
        lags = range(1, min(furthest, self.bias.past_outputs()) + 1)
        return [Past(n, lag) for lag in lags for n in self.outputs if not self.bias.masked(n, lag)]

    def allowed(self, term: Term) -> bool:
        """Whether the bias allows a term."""
        return allowed(term, self.bias)

    # ------------------------------------------------------------ right or not

    def sample(self, terms: Sequence[Term]) -> tuple[list[Term], np.ndarray]:
        """The terms that can be computed, with their values at the chosen points: [points, terms]."""
        kept, values = [], []
        for term in terms:
            if (found := self.train.value(term)) is not None:
                kept.append(term)
                values.append(found.ravel()[self.chosen])
        return kept, np.stack(values, 1) if values else np.zeros((len(self.chosen), 0))

    def wanted(self, output: str) -> np.ndarray:
        """The output at the chosen points."""
        return self.train.targets[output].ravel()[self.chosen]

    def exact(self, term: Term, output: str) -> bool:
        """Whether a term is right wherever it is known what should come out."""
        return self.allowed(term) and all(self.errors(term, output, grid) is None for grid in self.checks)

    def errors(self, term: Term, output: str, grid: Grid) -> np.ndarray | None:
        """The examples of a grid on which a term is wrong; None where there are none."""
        value = grid.value(term)
        wanted = grid.targets[output]
        if value is None:
            return np.arange(grid.shape[1])
        if self.problem.train.whole_outputs:
            wrong = value != wanted
        else:
            wrong = np.abs(value - wanted) > RELATIVE * np.maximum(np.abs(wanted), wanted[grid.scored].std())
        bad = np.flatnonzero((wrong & grid.scored).any(0))
        return bad if len(bad) else None

    def loss(self, term: Term, output: str) -> float:
        """Mean squared error on validation data."""
        grid = self.checks[1] if len(self.checks) > 1 else self.train
        value = grid.at_points(term)
        return np.inf if value is None else float(np.mean((value - grid.target(output)) ** 2))
