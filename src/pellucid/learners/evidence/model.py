"""The hard model of evidence: a Transformer Program over symbols, in integers, for sequences of any length (NumPy).

It is what this learner and the gradient learner of words end in, what `model.safetensors` holds, and what verification
compares the program with. Variables are numbered: the columns of the data first, then each of `variables` in order.
Every variable has codes 0..size-1 with a name for each code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pellucid.language.types import Plain
from pellucid.semantics.cells import Layout

START, END, NONE = "<start>", "<end>", "<none>"  # what a head gives where there is no such word


@dataclass(frozen=True)
class Corpus:
    """Sequences one after the other, without padding.

    columns: int64 [positions] each, codes of the symbols. starts: int64 [sequences + 1], where each sequence begins;
    the last is the number of positions.
    """

    columns: tuple[np.ndarray, ...]
    starts: np.ndarray

    @classmethod
    def of(cls, columns: Sequence[Sequence[Sequence[Plain]]], domains: Sequence[Sequence[Plain]]) -> Corpus:
        """Sequences of known symbols.

        Args:
            columns: for each column the symbols of every sequence, none empty.
            domains: the symbols of each column, in the order of their codes.
        """
        found = []
        for rows, domain in zip(columns, domains, strict=True):
            codes = {symbol: code for code, symbol in enumerate(domain)}
            found.append(np.array([codes[symbol] for row in rows for symbol in row], np.int64))
        return cls(tuple(found), Layout.of([len(row) for row in columns[0]]).starts)

    @cached_property
    def layout(self) -> Layout:
        """Where the sequences lie."""
        return Layout(self.starts)

    @property
    def size(self) -> int:
        """Number of positions."""
        return self.layout.size

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def owner(self) -> np.ndarray:
        """Number of the sequence that each position belongs to, int64 [positions]."""
        return self.layout.sequence

    def added_up(self, rows: np.ndarray) -> np.ndarray:
        """Sums over each sequence of rows [positions, ...], exact for integers."""
        return np.add.reduceat(rows, self.starts[:-1], axis=0)


@dataclass(frozen=True)
class Kinds:
    """An embedding: the kind of every symbol of a column. `codes` int [symbols], `names` of the kinds."""

    name: str
    codes: np.ndarray
    names: tuple[Plain, ...]
    column: int = 0


@dataclass(frozen=True)
class Shifted:
    """A head by position: `value` at the word `offset` places on (negative: before); else START or END, the last code.

    The paper's heads do this with a predicate over positions; here distance is all that counts, so texts may be long.
    """

    name: str
    value: int
    offset: int


@dataclass(frozen=True)
class Nearest:
    """A head by content: `value` at the nearest earlier (`before`) or later word whose key the query wants, else NONE.

    truth: bool [query values, key values]; `query` None: one row, wanted by every query.
    """

    name: str
    query: int | None
    key: int
    truth: np.ndarray
    value: int
    before: bool


@dataclass(frozen=True)
class Pairs:
    """A table (an MLP) over two variables: `cells` int [n, 2] of their codes, `codes` int [n]; all others code 0."""

    name: str
    first: int
    second: int
    cells: np.ndarray
    codes: np.ndarray
    names: tuple[Plain, ...]


@dataclass(frozen=True)
class Counted:
    """A numerical head: how many words of the text have a key that the query wants; a number, not a category."""

    name: str
    query: int | None
    key: int
    truth: np.ndarray


Variable = Kinds | Shifted | Nearest | Pairs | Counted


@dataclass(frozen=True)
class EvidenceModel:
    """A hard model with its readout.

    domains: the symbols of each column. labels: what may come out. pooled: one label per sequence, of the summed
    scores; else one per position. weights: by variable number, int64 [size, labels] (of a number: [labels], times its
    value). bias: int64 [labels], added at every position. The first label of the largest score is the answer. counts:
    how often each symbol of the first column occurs in training, int64; only the order of symbols in the program comes
    from it. None: not known.
    """

    domains: tuple[tuple[Plain, ...], ...]
    labels: tuple[Plain, ...]
    pooled: bool
    variables: tuple[Variable, ...]
    weights: dict[int, np.ndarray]
    bias: np.ndarray
    counts: np.ndarray | None = None

    def names_of(self, number: int) -> tuple[Plain, ...]:
        """What the codes of a variable stand for."""
        if number < len(self.domains):
            return self.domains[number]
        match self.variables[number - len(self.domains)]:
            case Kinds() | Pairs() as made:
                return made.names
            case Shifted(value=value) | Nearest(value=value) as head:
                names = self.names_of(value)
                return names if missing_name(head) in names else (*names, missing_name(head))
            case Counted(name):
                raise ValueError(f"{name} is a number")

    def size_of(self, number: int) -> int:
        """How many codes a variable has."""
        return len(self.names_of(number))

    def values(self, corpus: Corpus) -> list[np.ndarray]:
        """Codes (or numbers) of all variables, int64 [positions] each."""
        found = [*corpus.columns]
        for variable in self.variables:
            found.append(evaluate(variable, found, corpus, self))
        return found

    def scores(self, corpus: Corpus) -> np.ndarray:
        """Class scores, int64 [texts, labels] where pooled, else [positions, labels]."""
        values = self.values(corpus)
        total = np.broadcast_to(self.bias, (corpus.size, len(self.labels))).copy()
        for number, weight in self.weights.items():
            total += weight[values[number]] if weight.ndim == 2 else values[number][:, None] * weight
        return corpus.added_up(total) if self.pooled else total

    def predict(self, columns: Sequence[Sequence[Sequence[Plain]]]) -> list:
        """A label per sequence, or a list with one per position.

        Args:
            columns: for each column the symbols of every sequence, none empty.
        """
        if not len(columns[0]):
            return []
        corpus = Corpus.of(columns, self.domains)
        labels = [self.labels[i] for i in self.scores(corpus).argmax(-1).tolist()]
        if self.pooled:
            return labels
        return [labels[a:b] for a, b in zip(corpus.starts[:-1].tolist(), corpus.starts[1:].tolist(), strict=True)]


def missing_name(head: Shifted | Nearest) -> str:
    """What a head gives where there is no such word."""
    if isinstance(head, Nearest):
        return NONE
    return START if head.offset < 0 else END


def _missing_code(head: Shifted | Nearest, model: EvidenceModel) -> int:
    """Code of `missing_name`: that of the value read, where a head before gave the same name; else one more."""
    names, missing = model.names_of(head.value), missing_name(head)
    return names.index(missing) if missing in names else len(names)


def evaluate(variable: Variable, values: Sequence[np.ndarray], corpus: Corpus, model: EvidenceModel) -> np.ndarray:
    """Codes of one variable at every position, given those of the variables before it."""
    match variable:
        case Kinds():
            return variable.codes[corpus.columns[variable.column]]
        case Shifted(_, value, offset):
            return shifted(values[value], offset, corpus, _missing_code(variable, model))
        case Nearest():
            return _nearest(variable, values, corpus, _missing_code(variable, model))
        case Pairs():
            return pair_codes(variable, values[variable.first], values[variable.second])
        case Counted():
            return _counted(variable, values, corpus)


def shifted(values: np.ndarray, offset: int, corpus: Corpus, missing: int) -> np.ndarray:
    """Values `offset` places on, `missing` beyond the ends of a text."""
    place = corpus.layout.shifted(-offset)
    return np.where(place >= 0, values[place], missing)


def _asked(head: Nearest | Counted, values: Sequence[np.ndarray], corpus: Corpus) -> Iterator[tuple[int, np.ndarray]]:
    """Each query value that wants any key, and the positions that have it."""
    query = np.zeros(corpus.size, np.int64) if head.query is None else values[head.query]
    for row in np.flatnonzero(head.truth.any(1)).tolist():
        yield row, query == row


def _nearest(head: Nearest, values: Sequence[np.ndarray], corpus: Corpus, missing: int) -> np.ndarray:
    found = np.full(corpus.size, missing, np.int64)
    for row, here in _asked(head, values, corpus):
        place = _nearest_places(head.truth[row][values[head.key]], corpus, head.before)[here]
        found[here] = np.where(place >= 0, values[head.value][np.maximum(place, 0)], missing)
    return found


def _nearest_places(wanted: np.ndarray, corpus: Corpus, before: bool) -> np.ndarray:
    """Position of the nearest earlier (or later) wanted word of the same text, -1 where there is none."""
    size, own = len(wanted), corpus.layout.here
    if before:
        latest = np.maximum.accumulate(np.where(wanted, own, -1))
        latest = np.concatenate([[-1], latest[:-1]])
        return np.where(latest >= corpus.layout.first, latest, -1)
    nearest = np.minimum.accumulate(np.where(wanted, own, size)[::-1])[::-1]
    nearest = np.concatenate([nearest[1:], [size]])
    return np.where(nearest < corpus.layout.end, nearest, -1)


def pair_codes(table: Pairs, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Codes of a table for two arrays of codes."""
    if not len(table.cells):
        return np.zeros(len(first), np.int64)
    width = int(max(second.max(initial=0), table.cells[:, 1].max())) + 1
    keys = table.cells[:, 0] * width + table.cells[:, 1]
    order = np.argsort(keys, kind="stable")
    asked = first * width + second
    place = np.minimum(np.searchsorted(keys[order], asked), len(keys) - 1)
    return np.where(keys[order][place] == asked, table.codes[order][place], 0)


def _counted(head: Counted, values: Sequence[np.ndarray], corpus: Corpus) -> np.ndarray:
    found = np.zeros(corpus.size, np.int64)
    for row, here in _asked(head, values, corpus):
        per_text = corpus.added_up(head.truth[row][values[head.key]].astype(np.int64))
        found[here] = per_text[corpus.owner[here]]
    return found
