"""Closed-form readouts: how well the labels follow from a set of variables, priced as a description length in nats.

Price = what it costs to tell the labels given the readout (its mistakes) + what it costs to tell the readout itself
(`CELL` nats per table cell in use), so memorising does not pay and wrong labels do not disturb (Rissanen 1978).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pellucid.language.types import Plain, Value
from pellucid.learners.evolve.columns import LARGEST, Columns

CELL = 2.5  # nats to tell one table cell
PICK = 3.0  # nats to tell which variable
MOST_VALUES = 64  # of a variable in a table
SWITCHED = 4  # values at most of the variable a switch looks at
MOST_CELLS = 4096  # of a table of two variables
RECURRENT = 10.0  # extra price of reading the previous output
POINTER_PAIRS = 16_000  # query-key pairs looked at to fit a pointer


@dataclass(frozen=True)
class Copy:
    """The label is the variable's own value: the symbol, or the number plus `offset`.

    `nothing`: label code where a symbol is missing.
    """

    variable: int
    kind: str
    offset: int = 0
    nothing: int | None = None


@dataclass(frozen=True)
class Table:
    """The label is the majority one in the cell of one or two variables."""

    variables: tuple[int, ...]


@dataclass(frozen=True)
class Switch:
    """For each value of `by`, the label is a constant (label code) or the copy of a variable."""

    by: int
    cases: tuple[tuple[int, Copy | int], ...]


@dataclass(frozen=True)
class Chain:
    """A second table over the outcome of a first one (majority label and whether the cell is pure) and variables."""

    first: tuple[int, ...]
    then: tuple[int, ...]


@dataclass(frozen=True)
class Pointer:
    """The label is the symbol at the key that (query value, key value and flag) point to most. Guidance only."""

    query: int
    key: int
    flag: int | None = None


Readout = Copy | Table | Switch | Chain | Pointer
LEAST_NUMBER = -2 * LARGEST - 64  # that a copied number may be, its offset included


@dataclass(frozen=True)
class Alphabet:
    """How values become labels, as codes: the labels, `start` (no label yet), then values that are no label.

    of_symbol: code of each symbol; of_number: code of each whole number that is a label; size: how many labels. Numbers
    that are no label have the codes from `beyond` on, the number `LEAST_NUMBER` first.
    """

    of_symbol: np.ndarray
    of_number: dict[int, int]
    size: int

    @property
    def start(self) -> int:
        """Code of the output before the first one."""
        return self.size

    @property
    def beyond(self) -> int:
        """Code of the smallest number that is no label."""
        return self.size + 1 + len(self.of_symbol)

    @cached_property
    def _numbers(self) -> np.ndarray:
        table = self.beyond + np.arange(-2 * LEAST_NUMBER + 1)
        for number, code in self.of_number.items():
            if abs(number) <= -LEAST_NUMBER:
                table[number - LEAST_NUMBER] = code
        return table

    def copied(self, values: np.ndarray, kind: str, offset: int, nothing: int | None) -> np.ndarray:
        """Codes of symbols (missing ones: `nothing`) or of numbers plus `offset`."""
        if kind == "token":
            return np.append(self.of_symbol, self.start if nothing is None else nothing)[values]
        return self._numbers[values + (offset - LEAST_NUMBER)]

    @classmethod
    def of(cls, symbols: Sequence[Plain], labels: Sequence[Plain]) -> Alphabet:
        """The alphabet of symbols and labels that users see."""
        code = {label: i for i, label in enumerate(labels)}
        of_symbol = [code.get(symbol, len(labels) + 1 + i) for i, symbol in enumerate(symbols)]
        numbers = {label: i for i, label in enumerate(labels) if isinstance(label, int)}
        return cls(np.array(of_symbol), numbers, len(labels))

    def value(self, code: int, symbols: Sequence[Plain], labels: Sequence[Plain]) -> Value:
        """What a code stands for."""
        if code < self.size:
            return labels[code]
        if code < self.beyond:
            return symbols[code - self.size - 1] if code > self.size else None
        return code - self.beyond + LEAST_NUMBER


def entropy_cost(counts: np.ndarray) -> np.ndarray:
    """Nats to tell labels given cells, from counts [..., cell, label]: the sum of n log(total / n)."""
    totals = counts.sum(-1)
    return _xlogx(totals).sum(-1) - _xlogx(counts).sum((-1, -2))


_XLOGX = np.zeros(1)


def _xlogx(counts: np.ndarray) -> np.ndarray:
    global _XLOGX
    top = int(counts.max(initial=0))
    if top >= len(_XLOGX):
        n = np.arange(max(2 * top, 4096), dtype=float)
        _XLOGX = n * np.log(np.maximum(n, 1))
    return _XLOGX[counts]


class _Pairs:
    """Scored places (their position and sequence) with every key: void ones, and the flat numbers of equal ones."""

    def __init__(self, place, sequence, labels, void, equal) -> None:
        self.place, self.sequence, self.labels, self.void, self.equal = place, sequence, labels, void, equal
        self._is_equal = np.zeros(void.size, bool)
        self._is_equal[equal] = True

    def hit(self, pairs: np.ndarray) -> np.ndarray:
        """Whether the key of each pair is the label."""
        return self._is_equal[pairs]


class Readouts:
    """Prices of readouts on one batch, each worked out once."""

    def __init__(self, columns: Columns, labels: np.ndarray, alphabet: Alphabet, previous: int | None) -> None:
        """`labels` int [position, sequence] (-1 not scored); `previous`: column of the previous output."""
        self.columns, self.alphabet, self.previous = columns, alphabet, previous
        self._labels2d = labels
        self._at = np.flatnonzero(labels.ravel() >= 0)
        self.labels = labels.ravel()[self._at].astype(np.int64)
        self.samples = len(self.labels)
        counts = np.bincount(self.labels, minlength=alphabet.size)
        self.entropy = max(float(entropy_cost(counts[None])), 1e-9)
        self._codes: dict[int, tuple[np.ndarray, int, int] | None] = {}
        self._copies: dict[int, tuple[float, Copy, np.ndarray] | None] = {}
        self._tables: dict[tuple[int, ...], float] = {}
        self._switches: dict[tuple[int, int], np.ndarray] = {}
        self._chains: dict[tuple[tuple[int, ...], tuple[int, ...]], float] = {}
        self._firsts: dict[tuple[int, ...], tuple[np.ndarray, int]] = {}
        self._pointers: dict[tuple[int, int, int | None], float] = {}
        self._pairs: _Pairs | None = None
        self._best: dict[tuple[int, ...], tuple[float, Readout, float, Pointer | None]] = {}
        self.copying = bool((alphabet.of_symbol < alphabet.size).any())
        self._by_counts: dict[int, np.ndarray] = {}

    # ------------------------------------------------------------ parts

    def codes(self, variable: int) -> tuple[np.ndarray, int, int] | None:
        """(codes 0.. at the scored places, how many, smallest value); None where there are too many for a table."""
        if variable not in self._codes:
            values = self.columns.found[variable].values.ravel()[self._at].astype(np.int64)
            low = int(values.min(initial=0))
            size = int(values.max(initial=0)) - low + 1
            self._codes[variable] = (values - low, size, low) if size <= MOST_VALUES else None
        return self._codes[variable]

    def miss_cost(self, hits: float) -> float:
        """Nats to tell labels that a readout gets right `hits` times: where it is wrong, and what is right there."""
        n = self.samples
        wrong = n - hits
        if wrong <= 0:
            return 0.0
        split = n * np.log(n) - hits * np.log(max(hits, 1)) - wrong * np.log(wrong)
        return float(split + wrong * np.log(max(self.alphabet.size - 1, 2)))

    def copy(self, variable: int) -> tuple[float, Copy, np.ndarray] | None:
        """Price, readout and hits (bool per sample) of copying one variable."""
        if variable not in self._copies:
            self._copies[variable] = self._copy(variable)
        return self._copies[variable]

    def _copy(self, variable: int) -> tuple[float, Copy, np.ndarray] | None:
        column = self.columns.found[variable]
        if column.kind == "label":
            return None
        values = column.values.ravel()[self._at].astype(np.int64)
        if column.kind == "token":
            missing, nothing = values >= self.columns.symbols, None
            if missing.any():
                nothing = int(np.bincount(self.labels[missing], minlength=self.alphabet.size).argmax())
            codes = self.alphabet.copied(values, "token", 0, nothing)
            if not (codes < self.alphabet.size).any():
                return None
            hits = codes == self.labels
            price = self.miss_cost(int(hits.sum())) + PICK + CELL * (nothing is not None)
            return price, Copy(variable, "token", 0, nothing), hits
        if not self.alphabet.of_number:
            return None
        best = None
        for offset in (0, *self._offsets(values)):
            hits = self.alphabet.copied(values, "number", offset, None) == self.labels
            price = self.miss_cost(int(hits.sum())) + PICK + CELL * (offset != 0)
            if best is None or price < best[0]:
                best = price, Copy(variable, "number", offset), hits
        return best

    def _offsets(self, values: np.ndarray) -> list[int]:
        """The commonest difference between label and variable, if it is not 0."""
        numbers = np.full(self.alphabet.size, np.iinfo(np.int32).max, np.int64)
        for number, code in self.alphabet.of_number.items():
            numbers[code] = number
        gaps = (numbers[self.labels] - values)[numbers[self.labels] < np.iinfo(np.int32).max]
        gaps = gaps[np.abs(gaps) <= 64]
        if not len(gaps):
            return []
        common = int(np.bincount(gaps + 64).argmax()) - 64
        return [common] if common else []

    def _priced_table(self, code: np.ndarray, cells: int) -> float:
        size = self.alphabet.size
        counts = np.bincount(code * size + self.labels, minlength=cells * size).reshape(cells, size)
        return float(entropy_cost(counts)) + CELL * np.count_nonzero(counts.any(1))

    def table(self, variables: tuple[int, ...]) -> float:
        """Price of a table over one or two variables; infinite where it would be too large."""
        if variables not in self._tables:
            self._tables[variables] = self._table(variables)
        return self._tables[variables]

    def _table(self, variables: tuple[int, ...]) -> float:
        parts = [self.codes(v) for v in variables]
        code, cells = np.zeros(self.samples, np.int64), 1
        for part in parts:
            if part is None:
                return np.inf
            code, cells = code * part[1] + part[0], cells * part[1]
        if cells > MOST_CELLS:
            return np.inf
        extra = RECURRENT * (self.previous in variables)
        return self._priced_table(code, cells) + PICK * len(variables) + extra

    def _counts_by(self, by: int) -> np.ndarray | None:
        """Label counts for each value of a variable, int [value, label]."""
        part = self.codes(by)
        if part is None or part[1] > SWITCHED:
            return None
        if by not in self._by_counts:
            size = self.alphabet.size
            flat = np.bincount(part[0] * size + self.labels, minlength=part[1] * size)
            self._by_counts[by] = flat.reshape(part[1], size)
        return self._by_counts[by]

    def _hits_by(self, by: int, variable: int) -> np.ndarray:
        """How often copying a variable is right, for each value of another."""
        if (by, variable) not in self._switches:
            part, copied = self.codes(by), self.copy(variable)
            assert part is not None
            assert copied is not None
            self._switches[by, variable] = np.bincount(part[0][copied[2]], minlength=part[1])
        return self._switches[by, variable]

    def switch(self, by: int, copies: Sequence[int]) -> tuple[float, Switch] | None:
        """Price of the best switch on a variable."""
        counts = self._counts_by(by)
        if counts is None:
            return None
        options = np.stack([counts.max(1), *(self._hits_by(by, v) for v in copies)])
        best = options.argmax(0)
        hits = int(options.max(0).sum())
        used = np.flatnonzero(counts.any(1))
        low = self.codes(by)[2]  # pyright: ignore[reportOptionalSubscript]
        cases = []
        for value in used[counts[used].sum(1).argsort(kind="stable")].tolist():  # the commonest last
            choice = int(best[value])
            copied = self.copy(copies[choice - 1]) if choice else None
            cases.append((value + low, int(counts[value].argmax()) if copied is None else copied[1]))
        price = self.miss_cost(hits) + CELL * len(used) + PICK * (1 + len(set(best[used].tolist())))
        return price + RECURRENT * (by == self.previous), Switch(by, tuple(cases))

    def first_code(self, first: tuple[int, ...]) -> tuple[np.ndarray, int]:
        """Outcome of a first table at every sample: 2 x majority label + whether the cell is pure; and how many."""
        if first not in self._firsts:
            size, code, cells = self.alphabet.size, np.zeros(self.samples, np.int64), 1
            for v in first:
                part = self.codes(v)
                assert part is not None
                code, cells = code * part[1] + part[0], cells * part[1]
            counts = np.bincount(code * size + self.labels, minlength=cells * size).reshape(cells, size)
            self._firsts[first] = outcomes(counts)[code], 2 * size
        return self._firsts[first]

    def chain(self, first: tuple[int, ...], then: tuple[int, ...]) -> float:
        """Price of a chain of two tables."""
        key = first, then
        if key not in self._chains:
            code, cells = self.first_code(first)
            cost = CELL * self._cells_of(first)
            for v in then:
                part = self.codes(v)
                if part is None or cells * part[1] > MOST_CELLS:
                    self._chains[key] = np.inf
                    return np.inf
                code, cells = code * part[1] + part[0], cells * part[1]
            used = {*first, *then}
            cost += self._priced_table(code, cells) + PICK * len(used) + RECURRENT * (self.previous in used)
            self._chains[key] = cost
        return self._chains[key]

    def _cells_of(self, first: tuple[int, ...]) -> int:
        code, cells = np.zeros(self.samples, np.int64), 1
        for v in first:
            part = self.codes(v)
            assert part is not None
            code, cells = code * part[1] + part[0], cells * part[1]
        return int(np.count_nonzero(np.bincount(code, minlength=cells)))

    def pointer(self, query: int, key: int, flag: int | None = None) -> float:
        """Price of the best pointer from values of `query` to values of `key` (and of a flag there)."""
        place = query, key, flag
        if place not in self._pointers:
            self._pointers[place] = self._pointer(*place)
        return self._pointers[place]

    def _pointing(self) -> _Pairs:
        """The places that pointers are fitted on, with every key each of them may pick."""
        if self._pairs is None:
            batch = self.columns.batch
            tokens, valid, width = batch.values[0], batch.valid, batch.width  # the first column is what is pointed at
            sequence, place = np.nonzero((self._labels2d >= 0).T)
            sequence, place = sequence[: POINTER_PAIRS // width], place[: POINTER_PAIRS // width]
            labels = self._labels2d[place, sequence].astype(np.int64)
            symbols = np.where(valid, self.alphabet.of_symbol[tokens], -2).T[sequence]
            equal = np.flatnonzero((symbols == labels[:, None]) & valid.T[sequence])
            self._pairs = _Pairs(place, sequence, labels, ~valid.T[sequence], equal)
        return self._pairs

    def _pointer(self, query: int, key: int, flag: int | None) -> float:
        pairs, found = self._pointing(), self.columns.found
        a = found[query].values[pairs.place, pairs.sequence].astype(np.int32)
        b = found[key].values.T[pairs.sequence].astype(np.int32)
        if flag is not None:
            b = 2 * b + found[flag].values.T[pairs.sequence]
        a, b = a - a.min(), b - b.min()
        rows, columns = int(a.max()) + 1, int(b.max()) + 1
        if rows * columns > MOST_CELLS:
            return np.inf
        index = a[:, None] * columns + b
        index[pairs.void] = nowhere = rows * columns
        total = np.bincount(index.ravel(), minlength=nowhere + 1)
        rate = np.bincount(index.ravel()[pairs.equal], minlength=nowhere + 1) / np.maximum(total, 1)
        rate[nowhere] = -1.0
        rates = rate[index]
        best = rates.argmax(1) + np.arange(len(index)) * index.shape[1]
        hits = pairs.hit(best)
        # Where even the best key is a poor guess there may be nothing to point at: one label for all such places.
        sure = (rates.ravel()[best] * 7.999).astype(np.int64)
        size = self.alphabet.size
        constant = np.bincount(sure * size + pairs.labels, minlength=8 * size).reshape(8, size).max(1)
        gain = np.maximum(constant, np.bincount(sure[hits], minlength=8)).sum()
        share = gain / max(1, len(pairs.labels))
        cells = np.count_nonzero(total[:nowhere])
        return self.miss_cost(share * self.samples) + cells + (2 + (flag is not None)) * PICK

    # ------------------------------------------------------------ the best of all

    def best(self, variables: tuple[int, ...]) -> tuple[float, Readout, float, Pointer | None]:
        """Price and form of the best exact readout over distinct variables, and those of the best pointer."""
        if variables not in self._best:
            self._best[variables] = self._best_of(variables)
        return self._best[variables]

    def _best_of(self, variables: tuple[int, ...]) -> tuple[float, Readout, float, Pointer | None]:
        candidates: list[tuple[float, Readout]] = []
        copies = []
        for v in variables:
            if (copied := self.copy(v)) is not None:
                candidates.append(copied[:2])
                copies.append(v)
            candidates.append((self.table((v,)), Table((v,))))
        price, first = self._best_pair(variables)
        if price < np.inf:
            candidates.append((price, Table(first)))
            candidates.append(self._best_chain(first, variables))
        if copies:
            candidates += [s for v in variables if (s := self.switch(v, copies)) is not None]
        price, readout = min(candidates, key=_by_price)
        if price <= 0.02 * self.entropy or not self.copying:
            return price, readout, np.inf, None
        return price, readout, *self._best_pointer([v for v in variables if self.columns.found[v].kind != "label"])

    def _best_pair(self, variables: Sequence[int]) -> tuple[float, tuple[int, int]]:
        known, best, pair = self._tables, np.inf, (0, 0)
        for i, a in enumerate(variables):
            for b in variables[i + 1 :]:
                key = (a, b)
                price = known.get(key)
                if price is None:
                    price = self.table(key)
                if price < best:
                    best, pair = price, key
        return best, pair

    def _best_chain(self, first: tuple[int, int], variables: Sequence[int]) -> tuple[float, Chain]:
        """Over one or two variables more: two that only together tell something are found too."""
        known, best, chosen = self._chains, np.inf, (variables[0],)
        for i, a in enumerate(variables):
            for then in ((a,), *((a, b) for b in variables[i + 1 :])):
                price = known.get((first, then))
                if price is None:
                    price = self.chain(first, then)
                if price < best:
                    best, chosen = price, then
        return best, Chain(first, chosen)

    def _best_pointer(self, variables: Sequence[int]) -> tuple[float, Pointer | None]:
        known, best, pair = self._pointers, np.inf, (0, 0, None)
        for a in variables:
            for b in variables:
                key = (a, b, None)
                price = known.get(key)
                if price is None:
                    price = self.pointer(*key)
                if price < best:
                    best, pair = price, key
        for flag in variables:
            if self.columns.found[flag].kind == "flag":
                price = self.pointer(pair[0], pair[1], flag)
                if price < best:
                    best, pair = price, (pair[0], pair[1], flag)
        return best, Pointer(*pair) if best < np.inf else None


def _by_price(candidate: tuple[float, Readout]) -> float:
    return candidate[0]


def majority(counts: np.ndarray) -> np.ndarray:
    """The commonest label of each cell, from counts [cell, label]."""
    return counts.argmax(1)


def outcomes(counts: np.ndarray) -> np.ndarray:
    """What a chain's first table says of each cell, from counts [cell, label]: 2 x majority label + mixed or not."""
    top, total = counts.max(1), counts.sum(1)
    return 2 * counts.argmax(1) + (top < 0.9 * total)


def variables_of(readout: Readout) -> tuple[int, ...]:
    """Variables a readout reads."""
    match readout:
        case Copy(variable):
            found: tuple[int, ...] = (variable,)
        case Table(variables):
            found = variables
        case Switch(by, cases):
            found = (by, *(c.variable for _, c in cases if isinstance(c, Copy)))
        case Chain(first, then):
            found = (*first, *then)
        case Pointer(query, key, flag):
            found = (query, key) if flag is None else (query, key, flag)
    return tuple(dict.fromkeys(found))


def renumbered(readout: Readout, new: dict[int, int]) -> Readout:
    """The readout over other variable numbers."""
    match readout:
        case Copy():
            return replace(readout, variable=new[readout.variable])
        case Table(variables):
            return Table(tuple(new[v] for v in variables))
        case Switch(by, cases):
            renewed = tuple((v, replace(c, variable=new[c.variable]) if isinstance(c, Copy) else c) for v, c in cases)
            return Switch(new[by], renewed)
        case Chain(first, then):
            return Chain(tuple(new[v] for v in first), tuple(new[v] for v in then))
        case Pointer(query, key, flag):
            return Pointer(new[query], new[key], None if flag is None else new[flag])
