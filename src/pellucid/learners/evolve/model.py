"""A searched program with its readout fitted: what runs, is saved, and is decoded; and how it is fitted to data.

Variables are numbered: base variables, genes, then the outcomes of the readout's `stages` (further tables).
`PREVIOUS` is the output one position before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from pellucid.learners.evolve.columns import Batch, Columns, Source
from pellucid.learners.evolve.engine import (
    PREVIOUS,
    Base,
    Scored,
    Searcher,
    base_columns,
    live_genes,
    only_live,
    previous_column,
)
from pellucid.learners.evolve.genes import Choose, Gene, Head, Member, Unit
from pellucid.learners.evolve.readouts import (
    Alphabet,
    Chain,
    Copy,
    Switch,
    Table,
    label_counts,
    majority,
    outcomes,
    renumbered,
    variables_of,
)

CHUNK = 2_000_000  # query-key pairs evaluated at once
LABELS = PREVIOUS - 1
Values = dict[int, np.ndarray]


@dataclass(frozen=True)
class Cells:
    """A table over variables: `codes` of the cells, int [cell, variable], and `outcomes` int [cell].

    A combination that is no cell gives `default`.
    """

    variables: tuple[int, ...]
    codes: np.ndarray
    outcomes: np.ndarray
    default: int

    def look_up(self, arguments: Sequence[np.ndarray]) -> np.ndarray:
        """Outcomes for int arrays of one shape, in the order of `variables`."""
        low, sizes = self.codes.min(0), np.ptp(self.codes, 0) + 1
        table = np.full(sizes, self.default)
        table[tuple((self.codes - low).T)] = self.outcomes
        inside = np.ones(np.shape(arguments[0]), bool)
        places = []
        for values, start, size in zip(arguments, low, sizes, strict=True):
            inside &= (values >= start) & (values < start + size)
            places.append(np.clip(values - start, 0, size - 1))
        return np.where(inside, table[tuple(places)], self.default)


@dataclass(frozen=True)
class Model:
    """A hard program: genes (all live) over the base variables, further tables, and the fitted readout.

    initial: label code that stands for the output before the first position.
    """

    base: Base
    alphabet: Alphabet
    symbols: int
    genes: tuple[Gene, ...]
    stages: tuple[Cells, ...]
    readout: Copy | Switch | Cells
    initial: int

    @property
    def recurrent(self) -> bool:
        """Whether the readout reads the output before."""
        return PREVIOUS in self.reads

    @property
    def reads(self) -> tuple[int, ...]:
        """Variables that the stages and the readout read, the outcomes of stages aside."""
        last = self.readout.variables if isinstance(self.readout, Cells) else variables_of(self.readout)
        every = [v for stage in self.stages for v in stage.variables] + list(last)
        return tuple(dict.fromkeys(v for v in every if v < self.first_stage))

    @property
    def first_stage(self) -> int:
        """Number of the variable that the first stage makes."""
        return self.base.count + len(self.genes)

    def columns(self, batch: Batch) -> dict[int, np.ndarray]:
        """Values of the variables the readout reads but the previous output, int [position, sequence] each."""
        columns = Columns(batch, self.symbols, base_columns(batch, self.base, True))
        known = columns.of(self.genes)
        found = {}
        for v in self.reads:
            if v != PREVIOUS:
                index = known[v]
                if index is None:
                    raise ValueError("a number grows too large on these inputs")
                found[v] = columns.found[index].values.astype(np.int64)
        return found

    def predict(self, batch: Batch) -> np.ndarray:
        """Codes of the alphabet, int [position, sequence]; those of padding say nothing."""
        step = max(1, CHUNK // max(1, batch.width**2))
        parts = [self._predict(batch.take(slice(i, i + step))) for i in range(0, len(batch), step)]
        return np.concatenate(parts, 1)

    def _predict(self, batch: Batch) -> np.ndarray:
        found = self.columns(batch)
        if not self.recurrent:
            return self.read_out(found)
        out = np.zeros(batch.valid.shape, np.int64)
        before = np.full(len(batch), self.initial)
        for i in range(batch.width):
            here = {v: values[i] for v, values in found.items()}
            before = out[i] = self.read_out({**here, PREVIOUS: before})
        return out

    def read_out(self, found: dict[int, np.ndarray]) -> np.ndarray:
        """Label codes from the values of the variables that are read."""
        for number, stage in enumerate(self.stages, self.first_stage):
            found = {**found, number: stage.look_up([found[v] for v in stage.variables])}
        match self.readout:
            case Cells(variables):
                return self.readout.look_up([found[v] for v in variables])
            case Copy():
                return self._copied(self.readout, found)
            case Switch(by, cases):
                told = [self._copied(c, found) if isinstance(c, Copy) else c for _, c in cases]
                out = np.broadcast_to(told[-1], found[by].shape)  # the last case also stands for values never seen
                for (value, _), case in zip(cases, told, strict=True):
                    out = np.where(found[by] == value, case, out)
                return out

    def _copied(self, copy: Copy, found: dict[int, np.ndarray]) -> np.ndarray:
        return self.alphabet.copied(found[copy.variable], copy.kind, copy.offset, copy.nothing)

    def tables(self) -> Iterator[Cells]:
        """The tables of the stages and the readout."""
        yield from self.stages
        if isinstance(self.readout, Cells):
            yield self.readout


# ---------------------------------------------------------------- fitting


PARTS = (Model, Base, Source, Alphabet, Head, Unit, Member, Choose, Cells, Copy, Switch)  # what a model is made of


def fit(scored: Scored, batch: Batch, searcher: Searcher) -> Model:
    """The program with its tables filled in from all of a batch: the majority label of each cell."""
    # what a guiding pointer reads may be live as well; only the readout counts here
    live = live_genes(scored.genes, variables_of(scored.readout), searcher.base.count)
    genes, numbers = only_live(scored.genes, live, searcher.base.count)
    readout, alphabet = renumbered(scored.readout, numbers), searcher.alphabet
    bare = Model(searcher.base, alphabet, searcher.bank.symbols, genes, (), Copy(0, "token"), alphabet.start)
    if isinstance(readout, Copy | Switch):
        return _started(replace(bare, readout=readout))
    variables = readout.variables if isinstance(readout, Table) else (*readout.first, *readout.then)  # pyright: ignore[reportAttributeAccessIssue]
    found = _columns(replace(bare, readout=Cells(variables, np.zeros((1, 1)), np.zeros(1), 0)), batch, searcher)
    labels = found.pop(LABELS)
    if isinstance(readout, Table):
        return _started(replace(bare, readout=_cells(variables, found, labels, alphabet.size)))
    assert isinstance(readout, Chain)
    first = _cells(readout.first, found, labels, alphabet.size, outcomes)
    number = bare.first_stage
    found[number] = first.look_up([found[v] for v in readout.first])
    second = _cells((number, *readout.then), found, labels, alphabet.size)
    if PREVIOUS in readout.first:
        return _started(_state_last(bare, first, second))
    return _started(replace(bare, stages=(first,), readout=second))


def _columns(model: Model, batch: Batch, searcher: Searcher) -> Values:
    """Values of what a model reads, and LABELS, at the scored places of a batch."""
    step = max(1, CHUNK // max(1, batch.width) ** 2)
    parts: list[Values] = []
    for i in range(0, len(batch), step):
        part = batch.take(slice(i, i + step))
        at = part.labels >= 0
        found = {v: values[at] for v, values in model.columns(part).items()}
        if model.recurrent:
            found[PREVIOUS] = previous_column(part, searcher.alphabet).values[at].astype(np.int64)
        parts.append({**found, LABELS: part.labels[at].astype(np.int64)})
    return {v: np.concatenate([part[v] for part in parts]) for v in parts[0]}


def _cells(
    variables: tuple[int, ...],
    found: Values,
    labels: np.ndarray,
    size: int,
    outcome: Callable[[np.ndarray], np.ndarray] = majority,
) -> Cells:
    codes, cell = np.unique(np.stack([found[v] for v in variables], 1), axis=0, return_inverse=True)
    counts = label_counts(cell.ravel(), labels, len(codes), size)
    return Cells(variables, codes, outcome(counts), int(outcome(counts.sum(0, keepdims=True))[0]))


def _state_last(bare: Model, first: Cells, second: Cells) -> Model:
    """A chain whose first table reads the previous output: what else it reads is grouped beforehand.

    The second table's arguments beyond the first's outcome become one: combinations that act alike share a group.
    """
    beside = tuple(v for v in second.variables[1:] if v not in first.variables)
    columns = [second.variables.index(v) for v in beside]
    combinations = np.unique(second.codes[:, columns], axis=0)
    seen = [np.unique(first.codes[:, i]) for i in range(len(first.variables))]
    grid = np.array(list(product(*seen)))
    told = first.look_up(list(grid.T))
    rows = {}
    for combination in [None, *combinations.tolist()]:
        arguments = {first_v: grid[:, i] for i, first_v in enumerate(first.variables)}
        far = np.full(len(grid), np.iinfo(np.int32).max)
        given = dict(zip(beside, combination, strict=True)) if combination is not None else {}
        inner = [given.get(v, far) if v in beside else arguments[v] for v in second.variables[1:]]
        inner = [np.broadcast_to(a, len(grid)) for a in inner]
        rows[None if combination is None else tuple(combination)] = tuple(second.look_up([told, *inner]).tolist())
    kinds = {row: i for i, row in enumerate(dict.fromkeys(rows.values()))}
    number = bare.first_stage
    if not beside:
        row = np.array(next(iter(rows.values())))
        return replace(bare, readout=Cells(first.variables, grid, row, second.default))
    groups = np.array([kinds[rows[tuple(c)]] for c in combinations.tolist()])
    group = Cells(beside, combinations, groups, kinds[rows[None]])
    codes = np.concatenate([np.column_stack([np.full(len(grid), k), grid]) for k in kinds.values()])
    answers = np.concatenate([np.array(row) for row in kinds])
    return replace(bare, stages=(group,), readout=Cells((number, *first.variables), codes, answers, second.default))


def _started(model: Model) -> Model:
    """A label that means the same before the first position as "nothing yet" takes its place, where there is one."""
    if not model.recurrent or not isinstance(model.readout, Cells):
        return model
    table, start = model.readout, model.alphabet.start
    column = table.variables.index(PREVIOUS)
    rest = [i for i in range(len(table.variables)) if i != column]
    by_state: dict[int, dict[tuple, int]] = {}
    for code, out in zip(table.codes.tolist(), table.outcomes.tolist(), strict=True):
        by_state.setdefault(code[column], {})[tuple(code[i] for i in rest)] = out
    first = by_state.get(start, {})
    for label, cells in sorted(by_state.items()):
        if label != start and all(cells.get(key, out) == out for key, out in first.items()):
            merged = {(label, *key): out for key, out in {**first, **cells}.items()}
            others = {(s, *key): out for s, c in by_state.items() if s not in (label, start) for key, out in c.items()}
            codes = np.array([*others, *merged])
            back = np.argsort([column, *rest])
            order = np.lexsort(codes[:, back].T[::-1])
            told = np.array([*others.values(), *merged.values()])
            return replace(
                model, initial=label, readout=replace(table, codes=codes[order][:, back], outcomes=told[order])
            )
    return model
