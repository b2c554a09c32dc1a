"""A problem made ready for learners of formulas: sequences as grids, what may be read, and which terms are right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

import numpy as np

from pellucid.bias import POSITION, SHIFT, Bias
from pellucid.data.data import Data
from pellucid.language.expressions import Const
from pellucid.language.nodes import ProgramError
from pellucid.language.types import Type
from pellucid.learners.base import Found, Run
from pellucid.learners.formulas.build import Labels, build
from pellucid.learners.formulas.grid import Coding, Grid, grid_of
from pellucid.learners.formulas.kernels import LARGEST
from pellucid.learners.formulas.terms import Col, Op, Past, Pos, Shift, Table, Term, allowed, show, size
from pellucid.problem import Problem

MOST_TRAIN = 3000  # training sequences looked at
RELATIVE = 1e-9  # error of a real output that counts as none, relative to it or to the outputs' spread
SAMPLE = 4000  # points a fit is made on
MOST_FLAGS = 24  # values of a column of texts that are told one by one
KEPT = 6  # programs given back at a time
AS_GOOD = 1.01  # times the smallest error: an error that is as good
OBVIOUS = 3.0  # size of a right term that needs no second opinion


@dataclass(frozen=True)
class Answer:
    """A term for one output that a learner found. loss: mean squared error on validation data, where not exact."""

    learner: str
    term: Term
    exact: bool
    loss: float


@dataclass(eq=False)
class Work:
    """One problem on its way through the learners of one run. answers: by output, best first."""

    problem: Problem
    run: Run
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)  # outputs that are explained up to noise

    @classmethod
    def of(cls, problem: Problem, run: Run) -> Work:
        """The work on a problem that the learners of a run share, at the turn of one of them."""
        work = run.shared.setdefault("formulas", cls(problem, run))
        work.run = run
        return work

    @property
    def bias(self) -> Bias:
        """Which pieces may be used."""
        return self.problem.bias

    @property
    def data(self) -> Data:
        """The training data."""
        return self.problem.train

    @cached_property
    def inputs(self) -> dict[str, Type]:
        """Types of the input columns."""
        return {f.name: f.type for f in self.problem.schema.inputs}

    @cached_property
    def results(self) -> dict[str, Type]:
        """Types of the output columns."""
        return {f.name: f.type for f in self.problem.schema.outputs}

    @property
    def last(self) -> bool:
        """Whether there is one output for a whole sequence."""
        return self.problem.schema.when != "every"

    @cached_property
    def whole(self) -> bool:
        """Whether no column holds real numbers, so that answers are right or wrong."""
        return not any(map(is_real, (*self.inputs.values(), *self.results.values())))

    @cached_property
    def coding(self) -> Coding:
        """Numbers for all texts."""
        return Coding(text for t in (*self.inputs.values(), *self.results.values()) for text in t.texts)

    @cached_property
    def labels(self) -> Labels:
        """(Label where 1 comes out, label where 0 does) of outputs with two texts as labels; the rarer one is 1."""
        found = {}
        for i, (name, t) in enumerate(self.results.items()):
            if t.is_text and len(t.texts) == 2:
                values = [_cell(row, i) for y in self.data.outputs for row in ([y] if self.last else y)]
                found[name] = tuple(sorted(t.texts, key=values.count))
        return found

    # ------------------------------------------------------------ data

    @cached_property
    def train(self) -> Grid:
        """Training sequences, at most `MOST_TRAIN`."""
        return self._grid(self.data, range(min(len(self.data), MOST_TRAIN)))

    def longest(self, most: int) -> Grid:
        """Those of the training sequences with the most outputs, in order."""
        order = np.argsort(-self.train.scored.sum(0), kind="stable")
        return self.train.take(np.sort(order[:most]).tolist())

    @cached_property
    def checks(self) -> list[Grid]:
        """What a right term must be right on: training, validation and longer data."""
        parts = [self.problem.valid, *self.problem.longer.values()]
        grids = [self._grid(part) for part in parts if len(part)]
        return [self.train, *(grid for grid in grids if grid.points.size)]

    def _grid(self, data: Data, examples: Sequence[int] | None = None) -> Grid:
        grid = grid_of(data, self.coding, examples)
        if self.whole:  # what floats cannot tell exactly is left to those who judge whole programs
            sides = (*grid.inputs.values(), *grid.targets.values())
            small = np.all([(np.abs(values) <= LARGEST).all(0) for values in sides], axis=0)
            grid = grid if small.all() else grid.take(np.flatnonzero(small).tolist())
        for name, (label, _) in self.labels.items():
            grid.targets[name] = (grid.targets[name] == self.coding.number(label)).astype(float)
        return grid

    @cached_property
    def chosen(self) -> np.ndarray:
        """Indices of the points of the training grid that fits are made on."""
        return few(self.train.points, SAMPLE, np.random.default_rng([self.run.seed, 17]))

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

    def is_symbolic(self, output: str) -> bool:
        """Whether an output is one of several texts, and so no number."""
        return bool(self.results[output].texts) and output not in self.labels

    # ------------------------------------------------------------ what may be read

    def _readable(self) -> list[str]:
        return [name for name in self.inputs if self.bias.readable(name)]

    def columns(self, lag: int = 0) -> list[Term]:
        """The inputs as numbers, where they may be read: columns of numbers, a flag for each text of the others."""
        return [part for name in self._readable() if not self.bias.masked(name, lag) for part in self._numbers(name)]

    def _numbers(self, name: str) -> Iterator[Term]:
        t = self.inputs[name]
        if t.is_number:
            yield Col(name)
            return
        if t.numbers is not None and t.numbers.listed:
            cases = tuple(((value,), value) for value in t.numbers.listed if value)
            yield Table((Col(name),), cases, 0)
        yield from (Op("==", (Col(name), Const(text))) for text in t.texts[:MOST_FLAGS])

    def symbols(self) -> list[Term]:
        """The inputs that hold texts, where they may be read at this step."""
        return [Col(n) for n in self._readable() if self.inputs[n].texts and not self.bias.masked(n, 0)]

    @property
    def has_past(self) -> bool:
        """Whether there are earlier steps that may be read; data of single steps have none."""
        return self.train.shape[0] > 1

    def lags(self, furthest: int) -> list[Term]:
        """Earlier values of the inputs as numbers, up to `furthest` steps back."""
        if SHIFT not in self.bias.modes or not self.has_past:
            return []
        return [Shift(column, lag) for lag in range(1, furthest + 1) for column in self.columns(lag)]

    def position(self) -> list[Term]:
        """The number of the step, where it may be read."""
        return [Pos(0), Pos(1)] if self.bias.readable(POSITION) and self.has_past else []

    def past(self, furthest: int) -> list[Term]:
        """Past outputs that are numbers and may be read, up to `furthest` steps back; all of them must be known."""
        if self.last or not self.has_past or any(row is None for y in self.data.outputs for row in y):
            return []
        lags = range(1, min(furthest, self.bias.past_outputs()) + 1)
        names = [name for name in self.results if not self.is_symbolic(name)]
        return [Past(n, lag) for lag in lags for n in names if not self.bias.masked(n, lag)]

    def allowed(self, term: Term) -> bool:
        """Whether the bias allows a term."""
        return allowed(term, self.bias)

    # ------------------------------------------------------------ right or not

    def exact(self, term: Term, output: str) -> bool:
        """Whether a term is right wherever it is known what should come out."""
        return self.allowed(term) and all(self.errors(term, output, grid) is None for grid in self.checks)

    def errors(self, term: Term, output: str, grid: Grid) -> np.ndarray | None:
        """The examples of a grid on which a term is wrong; None where there are none."""
        value = grid.value(term)
        wanted = grid.targets[output]
        if value is None:
            return np.arange(grid.shape[1])
        if not is_real(self.results[output]):
            wrong = value != wanted
        else:
            wrong = np.abs(value - wanted) > RELATIVE * np.maximum(np.abs(wanted), wanted[grid.scored].std())
        bad = np.flatnonzero((wrong & grid.scored).any(0))
        return bad if len(bad) else None

    def loss(self, term: Term, output: str) -> float:
        """Mean squared error on validation data; of texts the share of wrong ones."""
        grid = self.checks[1] if len(self.checks) > 1 else self.train
        value = grid.at_points(term)
        if value is None or not len(value):
            return np.inf
        wanted = grid.target(output)
        return float(np.mean(value != wanted if self.is_symbolic(output) else (value - wanted) ** 2))

    def right(self, output: str) -> Term | None:
        """The shortest right term that is known for an output."""
        known = self.answers.get(output)
        return known[0].term if known and known[0].exact else None

    def obvious(self, output: str) -> bool:
        """Whether a right term is known that is so short that nobody need look on; of few examples none is."""
        term = self.right(output)
        return term is not None and size(term) <= OBVIOUS and not self.problem.splits.few

    def take(self, output: str, learner: str, terms: Iterable[Term]) -> bool:
        """Keep what a learner found for an output; whether there was anything."""
        known = self.answers.get(output, [])
        new = [Answer(learner, t, self.exact(t, output), self.loss(t, output)) for t in terms if self.allowed(t)]
        self.answers[output] = _ranked([*known, *new])
        return bool(new)

    # ------------------------------------------------------------ programs

    def programs(self) -> Iterator[Found]:
        """Programs of the best answers for all outputs, then with the next best ones for one of them."""
        return islice(self._programs(), KEPT)

    def _programs(self) -> Iterator[Found]:
        if not all(self.answers.get(name) for name in self.results):
            return
        best = {name: self.answers[name][0] for name in self.results}
        for name, other in [(None, None), *((n, a) for n in best for a in self.answers[n][1:])]:
            found = self._program(best if name is None or other is None else {**best, name: other})
            if found is not None:
                yield found

    def _program(self, answers: Mapping[str, Answer]) -> Found | None:
        terms = {name: answer.term for name, answer in answers.items()}
        try:
            program = build(terms, self.problem, self.labels)
            program.types  # noqa: B018  (what the language cannot type is no program)
        except ProgramError:
            return None
        learners = "+".join(dict.fromkeys(answer.learner for answer in answers.values()))
        explained = all(answer.exact or name in self.settled for name, answer in answers.items())
        details = {
            "terms": {name: show(term) for name, term in terms.items()}, "size": sum(map(size, terms.values())),
            "explained": explained,
        }  # fmt: skip
        return Found(program, learners, details=details)


def few(points: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """At most so many of some points, in order."""
    return points if len(points) <= most else np.sort(rng.choice(points, most, replace=False))


def is_real(t: Type) -> bool:
    """Whether a type holds numbers that are not whole."""
    return t.numbers is not None and not t.numbers.whole


def _cell(row: object, column: int) -> object:
    return row[column] if isinstance(row, tuple | list) else row


def _ranked(found: list[Answer]) -> list[Answer]:
    """Right answers by size; behind them the others by loss, those as good as the best by size."""
    right = sorted((a for a in found if a.exact), key=lambda a: size(a.term))
    others = sorted((a for a in found if not a.exact), key=lambda a: a.loss)
    good = [a for a in others if a.loss <= AS_GOOD * others[0].loss]
    ordered = [*right, *sorted(good, key=lambda a: size(a.term)), *others[len(good) :]]
    return list({a.term: a for a in reversed(ordered)}.values())[::-1]
