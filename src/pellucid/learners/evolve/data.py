"""A problem as the search sees it: what programs may read as arrays, labels as codes, positions first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pellucid.data.data import Data as Examples
from pellucid.data.schema import Field, Schema
from pellucid.language.columns import When
from pellucid.language.types import Plain, Value, order
from pellucid.learners.evolve.columns import LARGEST, Batch, Source
from pellucid.learners.evolve.genes import Bank
from pellucid.learners.evolve.readouts import Alphabet
from pellucid.learners.evolve.seek import Data
from pellucid.problem import Problem

MOST_SYMBOLS = 1_000  # of all columns together
MOST_LABELS = 500


def refusal(schema: Schema) -> str | None:
    """Why the search cannot take such data; None: it can."""
    if any(field.words is not None for field in schema.inputs):
        return "texts of words"
    if len(schema.outputs) != 1:
        return "several outputs"
    if any(field.type.numbers is not None and not field.type.numbers.whole for field in schema.inputs):
        return "inputs that are not whole numbers"
    labels = schema.outputs[0].values
    if labels is None or len(labels) > MOST_LABELS:
        return f"outputs of more than {MOST_LABELS} values"
    if len(symbols_of(schema)) > MOST_SYMBOLS:
        return f"more than {MOST_SYMBOLS} symbols"
    return None if sources_of(schema) else "numbers that are too large"


def symbols_of(schema: Schema) -> tuple[Plain, ...]:
    """What the codes of symbols stand for, the same for all columns."""
    return order(v for field in schema.inputs if _listed(field) for v in field.values or ())  # pyright: ignore[reportReturnType]


def sources_of(schema: Schema) -> tuple[Source, ...]:
    """What programs may read; every column of whole numbers is there as symbols, too, where they are few."""
    tokens = [Source("token", field.name) for field in schema.inputs if _listed(field)]
    numbers = [Source("number", field.name) for field in schema.inputs if _small(field)]
    if len({*tokens, *(Source("token", n.column) for n in numbers)}) < len(schema.inputs):
        return ()
    return (*tokens, Source("position"), Source("length"), *numbers)


def _listed(field: Field) -> bool:
    return field.values is not None and len(field.values) <= MOST_SYMBOLS


def _small(field: Field) -> bool:
    n = field.type.numbers
    return field.type.is_whole and n is not None and n.low >= -LARGEST and n.high <= LARGEST


@dataclass(frozen=True)
class Coding:
    """Between a user's sequences and the arrays of a search: what codes stand for, and when outputs come."""

    sources: tuple[Source, ...]
    symbols: tuple[Plain, ...]
    labels: tuple[Plain, ...]
    when: When

    @classmethod
    def of(cls, schema: Schema) -> Coding:
        """The coding of data with this schema."""
        return cls(sources_of(schema), symbols_of(schema), schema.outputs[0].values or (), schema.when)

    @cached_property
    def alphabet(self) -> Alphabet:
        """Codes of symbols and labels."""
        return Alphabet.of(self.symbols, self.labels)

    @cached_property
    def _symbol(self) -> dict[Value, int]:
        return {symbol: code for code, symbol in enumerate(self.symbols)}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that are read."""
        return tuple(dict.fromkeys(source.column for source in self.sources if source.column))

    def data(self, problem: Problem) -> Data:
        """The training data, and the pieces that may be used."""
        ordered = len({type(symbol) for symbol in self.symbols}) < 2
        bank = Bank(len(self.symbols), problem.causal, ordered)
        return Data(self.batch(problem.splits.train), self.sources, self.alphabet, bank)

    def batch(self, examples: Examples) -> Batch:
        """Examples without the empty ones; one output of a sequence stands at its last position."""
        examples = examples.take(np.flatnonzero(examples.lengths))
        batch = self.inputs({name: examples.column(name) for name in self.columns})
        code = {label: i for i, label in enumerate(self.labels)}
        labels = np.full(batch.valid.shape, -1, np.int32)
        for i, output in enumerate(examples.outputs):
            if self.when == "every":
                labels[: len(output), i] = [-1 if y is None else code[y] for y in output]
            else:
                labels[len(examples.inputs[i]) - 1, i] = -1 if output is None else code[output]
        return Batch(batch.values, batch.valid, labels)

    def inputs(self, columns: Mapping[str, Sequence[Sequence[Value]]]) -> Batch:
        """Sequences of at least one position each, by column, without labels."""
        first = columns[self.columns[0]]
        lengths = np.array([len(sequence) for sequence in first], np.int64)
        place = np.arange(int(lengths.max(initial=0)))[:, None]
        valid = place < lengths
        values = np.zeros((len(self.sources), *valid.shape), np.int16)
        for n, source in enumerate(self.sources):
            if source.of in ("position", "length"):
                values[n] = np.where(valid, place if source.of == "position" else lengths, 0)
                continue
            flat = [v for sequence in columns[source.column] for v in sequence]
            codes = [self._symbol[v] for v in flat] if source.of == "token" else flat  # pyright: ignore[reportArgumentType]
            values[n].T[valid.T] = codes
        return Batch(values, valid, np.full(valid.shape, -1, np.int32))

    def takes(self, columns: Mapping[str, Sequence[Value]]) -> bool:
        """Whether the arrays can hold a sequence: known symbols, and numbers as small as the sources'."""
        known = {"token": self._symbol.__contains__, "number": lambda v: abs(v) <= LARGEST}
        return all(all(map(known[s.of], columns[s.column])) for s in self.sources if s.of in known)

    def outputs(self, codes: np.ndarray, lengths: Sequence[int]) -> list:
        """Codes [position, sequence] as the user's outputs."""
        rows = [[self.alphabet.value(c, self.symbols, self.labels) for c in column[:n]]
                for column, n in zip(codes.T.tolist(), lengths, strict=True)]  # fmt: skip
        return rows if self.when == "every" else [row[-1] for row in rows]
