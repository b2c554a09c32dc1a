"""A searched program with its readout fitted: what runs, is saved, and is decoded into the IR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pellucid.search.columns import Batch, Columns
from pellucid.search.engine import PREVIOUS, Base, Scored, Searcher, base_columns, only_live, previous_column
from pellucid.search.genes import Gene
from pellucid.search.readouts import Alphabet, Chain, Copy, Switch, Table, majority, outcomes, renumbered, variables_of

CHUNK = 2_000_000  # query-key pairs evaluated at once


@dataclass(frozen=True)
class Cells:
    """A table over variables: `codes` of the cell values seen (int [cell, variable]), and `outcomes` int [cell].

    A combination never seen gives `default`.
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


Fitted = Copy | Switch | Cells | tuple[Cells, Cells]  # of a chain, the second reads PREVIOUS - 1 = the first's outcome
OUTCOME, LABELS = PREVIOUS - 1, PREVIOUS - 2


@dataclass(frozen=True)
class Model:
    """A hard program: genes (all live) over the base variables, and the fitted readout."""

    base: Base
    alphabet: Alphabet
    symbols: int
    genes: tuple[Gene, ...]
    readout: Fitted

    @property
    def recurrent(self) -> bool:
        """Whether the readout reads the output before."""
        return PREVIOUS in self.reads

    @property
    def reads(self) -> tuple[int, ...]:
        """Variables of the readout."""
        if isinstance(self.readout, tuple):
            return tuple(v for part in self.readout for v in part.variables if v != OUTCOME)
        return self.readout.variables if isinstance(self.readout, Cells) else variables_of(self.readout)

    def scored_columns(self, batch: Batch, numbers: np.ndarray | None) -> dict[int, np.ndarray]:
        """Values of the variables of the readout, and LABELS, at the scored places of a batch."""
        at = batch.labels >= 0
        found = {v: values[at] for v, values in self.columns(batch.tokens, numbers).items()}
        if self.recurrent:
            found[PREVIOUS] = previous_column(batch, self.alphabet.size).values[at].astype(np.int64)
        return {**found, LABELS: batch.labels[at].astype(np.int64)}

    def columns(self, tokens: np.ndarray, numbers: np.ndarray | None) -> dict[int, np.ndarray]:
        """Values of the variables the readout reads, int [position, sequence] each."""
        batch = Batch(tokens, np.full(tokens.shape, -1))
        columns = Columns(batch, self.symbols, base_columns(batch, self.base, self.symbols, numbers))
        known = columns.of(self.genes)
        found = {}
        for v in self.reads:
            if v != PREVIOUS:
                index = known[v]
                if index is None:
                    raise ValueError("a number grows too large on these inputs")
                found[v] = columns.found[index].values.astype(np.int64)
        return found

    def predict(self, tokens: np.ndarray, numbers: np.ndarray | None) -> np.ndarray:
        """Label codes (-1: a number that is no label) of codes int [position, sequence], -1 for padding."""
        step = max(1, CHUNK // max(1, len(tokens) ** 2))
        parts = [self._predict(tokens[:, i : i + step], numbers) for i in range(0, tokens.shape[1], step)]
        return np.concatenate(parts, 1)

    def _predict(self, tokens: np.ndarray, numbers: np.ndarray | None) -> np.ndarray:
        found = self.columns(tokens, numbers)
        if not self.recurrent:
            return self._read_out(found)
        out = np.zeros(tokens.shape, np.int64)
        before = np.full(tokens.shape[1], self.alphabet.size)
        for i in range(len(tokens)):
            here = {v: values[i] for v, values in found.items()}
            before = out[i] = self._read_out({**here, PREVIOUS: before})
        return out

    def _read_out(self, found: dict[int, np.ndarray]) -> np.ndarray:
        match self.readout:
            case Cells():
                return self.readout.look_up([found[v] for v in self.readout.variables])
            case (first, second):
                outcome = first.look_up([found[v] for v in first.variables])
                inner = {**found, OUTCOME: outcome}
                return second.look_up([inner[v] for v in second.variables])
            case Copy():
                return self._copied(self.readout, found)
            case Switch(by, cases):
                out = np.full(found[by].shape, -1)
                for value, case in cases:
                    told = self._copied(case, found) if isinstance(case, Copy) else case
                    out = np.where(found[by] == value, told, out)
                return out
        raise AssertionError

    def _copied(self, copy: Copy, found: dict[int, np.ndarray]) -> np.ndarray:
        return self.alphabet.copied(found[copy.variable], copy.kind, copy.offset, copy.nothing)


def fit(scored: Scored, batch: Batch, searched: Searcher) -> Model:
    """The program with its tables filled in from all of a batch: the majority label of each cell."""
    base = len(searched.kinds)
    genes, numbers = only_live(scored.genes, scored.live, base)
    readout = renumbered(scored.readout, numbers)
    draft = Model(searched.base, searched.alphabet, searched.bank.symbols, genes, readout)  # pyright: ignore[reportArgumentType]
    if isinstance(readout, Copy | Switch):
        return draft
    step = max(1, CHUNK // len(batch.tokens) ** 2)
    parts = [draft.scored_columns(batch.take(slice(i, i + step)), searched.numbers) for i in range(0, len(batch), step)]
    found = {v: np.concatenate([part[v] for part in parts]) for v in parts[0]}
    labels = found.pop(LABELS)
    if isinstance(readout, Table):
        return replace(draft, readout=_cells(readout.variables, found, labels, searched.alphabet.size))
    assert isinstance(readout, Chain)
    first = _cells(readout.first, found, labels, searched.alphabet.size, outcomes)
    found[OUTCOME] = first.look_up([found[v] for v in readout.first])
    second = _cells((OUTCOME, *readout.then), found, labels, searched.alphabet.size)
    return replace(draft, readout=(first, second))


def _cells(
    variables: tuple[int, ...], found: dict[int, np.ndarray], labels: np.ndarray, size: int, outcome=majority
) -> Cells:
    codes, cell = np.unique(np.stack([found[v] for v in variables], 1), axis=0, return_inverse=True)
    counts = np.bincount(cell.ravel() * size + labels, minlength=len(codes) * size).reshape(-1, size)
    told = outcome(counts)
    return Cells(variables, codes, told, int(outcome(counts.sum(0, keepdims=True))[0]))
