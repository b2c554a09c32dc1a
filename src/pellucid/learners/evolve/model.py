"""A searched program with its readout fitted: what runs, is saved, and is decoded into the IR.

Variables are numbered: base variables, genes, then the outcomes of the readout's `stages` (further tables).
`PREVIOUS` is the output one position before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.learners.evolve.columns import Batch, Columns
from pellucid.learners.evolve.engine import PREVIOUS, Base, base_columns
from pellucid.learners.evolve.genes import Gene
from pellucid.learners.evolve.readouts import Alphabet, Copy, Switch, variables_of

CHUNK = 2_000_000  # query-key pairs evaluated at once


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
