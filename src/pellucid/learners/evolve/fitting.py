"""From a scored program to a `Model`: tables filled in from data, chains laid out so that a state is read only once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np

from pellucid.learners.evolve.columns import Batch
from pellucid.learners.evolve.engine import PREVIOUS, Scored, Searcher, live_genes, only_live, previous_column
from pellucid.learners.evolve.model import CHUNK, Cells, Model
from pellucid.learners.evolve.readouts import Chain, Copy, Switch, Table, majority, outcomes, renumbered, variables_of

LABELS = PREVIOUS - 1
Columns = dict[int, np.ndarray]


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


def _columns(model: Model, batch: Batch, searcher: Searcher) -> Columns:
    """Values of what a model reads, and LABELS, at the scored places of a batch."""
    step = max(1, CHUNK // max(1, batch.width) ** 2)
    parts: list[Columns] = []
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
    found: Columns,
    labels: np.ndarray,
    size: int,
    outcome: Callable[[np.ndarray], np.ndarray] = majority,
) -> Cells:
    codes, cell = np.unique(np.stack([found[v] for v in variables], 1), axis=0, return_inverse=True)
    counts = np.bincount(cell.ravel() * size + labels, minlength=len(codes) * size).reshape(-1, size)
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
