"""Closed-form readouts: how well the labels follow from a set of variables, priced as a description length in nats.

Price = what it costs to tell the labels given the readout (its mistakes) + what it costs to tell the readout itself
(`CELL` nats per table cell in use), so memorising does not pay and wrong labels do not disturb (Rissanen 1978).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from itertools import combinations, product
from typing import Concatenate, ParamSpec, TypeVar

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


def mistakes(samples: int, hits: float, labels: int) -> float:
    """Nats to tell so many labels of which a readout gets `hits` right: where it is wrong, and what is right there."""
    wrong = samples - hits
    if wrong <= 0:
        return 0.0
    split = samples * np.log(samples) - hits * np.log(max(hits, 1)) - wrong * np.log(wrong)
    return float(split + wrong * np.log(max(labels - 1, 2)))


def label_counts(code: np.ndarray, labels: np.ndarray, cells: int, size: int) -> np.ndarray:
    """How often each of `size` labels occurs in each of `cells` cells: int [cell, label]."""
    return np.bincount(code * size + labels, minlength=cells * size).reshape(cells, size)


@dataclass(frozen=True)
class _Pairs:
    """Scored places (their position and sequence, and labels) with every key.

    void: bool [place, key], those that are no key. equal: flat numbers of the pairs whose key is the label; hit: bool
    by flat number, likewise.
    """

    place: np.ndarray
    sequence: np.ndarray
    labels: np.ndarray
    void: np.ndarray
    equal: np.ndarray
    hit: np.ndarray


P = ParamSpec("P")
R = TypeVar("R")


def _kept(method: Callable[Concatenate[Readouts, P], R]) -> Callable[Concatenate[Readouts, P], R]:
    """The method, its results kept by their arguments in `known` of its object."""

    @wraps(method)
    def found(self: Readouts, *args: P.args, **kwargs: P.kwargs) -> R:
        known = self.known[method.__name__]
        if args not in known:
            known[args] = method(self, *args, **kwargs)
        return known[args]  # pyright: ignore[reportReturnType]

    return found


class Readouts:
    """Prices of readouts on one batch, each worked out once. known: results of methods, by name and arguments."""

    def __init__(self, columns: Columns, labels: np.ndarray, alphabet: Alphabet, previous: int | None) -> None:
        """`labels` int [position, sequence] (-1 not scored); `previous`: column of the previous output."""
        self.columns, self.alphabet, self.previous = columns, alphabet, previous
        self._labels2d = labels
        self._at = np.flatnonzero(labels.ravel() >= 0)
        self.labels = labels.ravel()[self._at].astype(np.int64)
        self.samples = len(self.labels)
        counts = np.bincount(self.labels, minlength=alphabet.size)
        self.entropy = max(float(entropy_cost(counts[None])), 1e-9)
        self.copying = bool((alphabet.of_symbol < alphabet.size).any())
        self.known: defaultdict[str, dict[tuple, object]] = defaultdict(dict)

    # ------------------------------------------------------------ parts

    def _scored(self, variable: int) -> np.ndarray:
        """Values at the scored places."""
        return self.columns.found[variable].values.ravel()[self._at].astype(np.int64)

    @_kept
    def codes(self, variable: int) -> tuple[np.ndarray, int, int] | None:
        """(codes 0.. at the scored places, how many, smallest value); None where there are too many for a table."""
        values = self._scored(variable)
        low = int(values.min(initial=0))
        size = int(values.max(initial=0)) - low + 1
        return (values - low, size, low) if size <= MOST_VALUES else None

    def _joint(
        self, variables: Sequence[int], code: np.ndarray | int = 0, cells: int = 1
    ) -> tuple[np.ndarray, int] | None:
        """One code for the values of several variables (and one more) together, and how many there can be.

        None where there are too many for a table.
        """
        for v in variables:
            part = self.codes(v)
            if part is None or cells * part[1] > MOST_CELLS:
                return None
            code, cells = code * part[1] + part[0], cells * part[1]
        return np.asarray(code), cells

    def _missing(self, hits: float) -> float:
        return mistakes(self.samples, hits, self.alphabet.size)

    @_kept
    def copy(self, variable: int) -> tuple[float, Copy, np.ndarray] | None:
        """Price, readout and hits (bool per sample) of copying one variable."""
        column = self.columns.found[variable]
        if column.kind == "label":
            return None
        values = self._scored(variable)
        if column.kind == "token":
            missing, nothing = values >= self.columns.symbols, None
            if missing.any():
                nothing = int(np.bincount(self.labels[missing], minlength=self.alphabet.size).argmax())
            codes = self.alphabet.copied(values, "token", 0, nothing)
            if not (codes < self.alphabet.size).any():
                return None
            hits = codes == self.labels
            price = self._missing(int(hits.sum())) + PICK + CELL * (nothing is not None)
            return price, Copy(variable, "token", 0, nothing), hits
        if not self.alphabet.of_number:
            return None
        best = None
        for offset in (0, *self._offsets(values)):
            hits = self.alphabet.copied(values, "number", offset, None) == self.labels
            price = self._missing(int(hits.sum())) + PICK + CELL * (offset != 0)
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

    def _priced(self, joint: tuple[np.ndarray, int] | None, variables: Iterable[int]) -> float:
        """Price of a table over joint codes, and of reading variables; infinite where there are no codes."""
        if joint is None:
            return np.inf
        counts, used = label_counts(joint[0], self.labels, joint[1], self.alphabet.size), set(variables)
        price = float(entropy_cost(counts)) + CELL * np.count_nonzero(counts.any(1))
        return price + PICK * len(used) + RECURRENT * (self.previous in used)

    @_kept
    def table(self, variables: tuple[int, ...]) -> float:
        """Price of a table over one or two variables; infinite where it would be too large."""
        return self._priced(self._joint(variables), variables)

    @_kept
    def _counts_by(self, by: int) -> np.ndarray | None:
        """Label counts for each value of a variable, int [value, label]; None where it has many."""
        part = self.codes(by)
        if part is None or part[1] > SWITCHED:
            return None
        return label_counts(part[0], self.labels, part[1], self.alphabet.size)

    @_kept
    def _hits_by(self, by: int, variable: int) -> np.ndarray:
        """How often copying a variable is right, for each value of another."""
        part, copied = self.codes(by), self.copy(variable)
        assert part is not None
        assert copied is not None
        return np.bincount(part[0][copied[2]], minlength=part[1])

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
        price = self._missing(hits) + CELL * len(used) + PICK * (1 + len(set(best[used].tolist())))
        return price + RECURRENT * (by == self.previous), Switch(by, tuple(cases))

    @_kept
    def _first(self, first: tuple[int, ...]) -> tuple[np.ndarray, int, int] | None:
        """Outcome of a first table at every sample, 2 x majority label + mixed or not; how many; how many cells."""
        joint = self._joint(first)
        if joint is None:
            return None
        counts = label_counts(joint[0], self.labels, joint[1], self.alphabet.size)
        return outcomes(counts)[joint[0]], 2 * self.alphabet.size, int(np.count_nonzero(counts.any(1)))

    @_kept
    def chain(self, first: tuple[int, ...], then: tuple[int, ...]) -> float:
        """Price of a chain of two tables; infinite where it would be too large."""
        told = self._first(first)
        if told is None:
            return np.inf
        code, size, cells = told
        return CELL * cells + self._priced(self._joint(then, code, size), (*first, *then))

    @cached_property
    def _pointing(self) -> _Pairs:
        """The places that pointers are fitted on, with every key each of them may pick."""
        batch = self.columns.batch
        tokens, valid, width = batch.values[0], batch.valid, batch.width  # the first column is what is pointed at
        sequence, place = np.nonzero((self._labels2d >= 0).T)
        sequence, place = sequence[: POINTER_PAIRS // width], place[: POINTER_PAIRS // width]
        labels = self._labels2d[place, sequence].astype(np.int64)
        symbols = np.where(valid, self.alphabet.of_symbol[tokens], -2).T[sequence]
        hit = (symbols == labels[:, None]) & valid.T[sequence]
        return _Pairs(place, sequence, labels, ~valid.T[sequence], np.flatnonzero(hit), hit.ravel())

    @_kept
    def pointer(self, query: int, key: int, flag: int | None) -> float:
        """Price of the best pointer from values of `query` to values of `key` (and of a flag there)."""
        pairs, found = self._pointing, self.columns.found
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
        hits = pairs.hit[best]
        # Where even the best key is a poor guess there may be nothing to point at: one label for all such places.
        sure = (rates.ravel()[best] * 7.999).astype(np.int64)
        constant = label_counts(sure, pairs.labels, 8, self.alphabet.size).max(1)
        gain = np.maximum(constant, np.bincount(sure[hits], minlength=8)).sum()
        share = gain / max(1, len(pairs.labels))
        cells = np.count_nonzero(total[:nowhere])
        return self._missing(share * self.samples) + cells + (2 + (flag is not None)) * PICK

    # ------------------------------------------------------------ the best of all

    @_kept
    def best(self, variables: tuple[int, ...]) -> tuple[float, Readout, float, Pointer | None]:
        """Price and form of the best exact readout over distinct variables, and those of the best pointer."""
        candidates: list[tuple[float, Readout]] = []
        copies = []
        for v in variables:
            if (copied := self.copy(v)) is not None:
                candidates.append(copied[:2])
                copies.append(v)
            candidates.append((self.table((v,)), Table((v,))))
        price, found = self._cheapest(self.table, ((pair,) for pair in combinations(variables, 2)))
        if found is not None:
            candidates.append((price, Table(*found)))
            # one or two variables more: two that only together tell something are found too
            thens = (then for i, v in enumerate(variables) for then in ((v,), *((v, w) for w in variables[i + 1 :])))
            price, both = self._cheapest(self.chain, ((*found, then) for then in thens))
            if both is not None:
                candidates.append((price, Chain(*both)))
        if copies:
            candidates += [s for v in variables if (s := self.switch(v, copies)) is not None]
        price, readout = min(candidates, key=lambda candidate: candidate[0])
        if price <= 0.02 * self.entropy or not self.copying:
            return price, readout, np.inf, None
        return price, readout, *self._best_pointer([v for v in variables if self.columns.found[v].kind != "label"])

    def _best_pointer(self, variables: Sequence[int]) -> tuple[float, Pointer | None]:
        price, plain = self._cheapest(self.pointer, product(variables, variables, (None,)))
        if plain is None:
            return np.inf, None
        flags = [v for v in variables if self.columns.found[v].kind == "flag"]
        flagged, found = self._cheapest(self.pointer, ((*plain[:2], flag) for flag in flags))
        return (flagged, Pointer(*found)) if found is not None and flagged < price else (price, Pointer(*plain))

    def _cheapest(self, price: Callable[..., float], options: Iterable[tuple]) -> tuple[float, tuple | None]:
        """The smallest price and its arguments, the first of equal ones; None where all are infinite."""
        known, best, found = self.known[price.__name__], np.inf, None
        for option in options:
            cost = known.get(option)
            if cost is None:
                cost = price(*option)
            if cost < best:  # pyright: ignore[reportOperatorIssue]
                best, found = cost, option
        return best, found  # pyright: ignore[reportReturnType]


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
