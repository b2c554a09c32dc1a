"""Data: examples with the schema that they fit, and the same as columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from pellucid.data.examples import Examples, Side, Where, cells, examples_from, examples_of
from pellucid.data.kinds import Source, settled
from pellucid.data.schema import Field, Schema, type_of
from pellucid.errors import PellucidError
from pellucid.language.nodes import When
from pellucid.language.types import Value, symbol
from pellucid.language.words import UNKNOWN, Reading, Words

Rows = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Data:
    """Examples.

    Args:
        schema: the columns of both sides.
        inputs: per example its steps, each a value, or a tuple with one per column where there are several. Of texts
            the user's own words.
        outputs: per example likewise where an output comes at every step (None: it does not count); else one value, or
            a tuple with one per column.
        texts: the raw texts that inputs were split from.
    """

    schema: Schema
    inputs: Rows
    outputs: tuple[Any, ...]
    texts: tuple[str | None, ...] | None = None

    @classmethod
    def of(
        cls,
        inputs: Iterable[Any],
        outputs: Iterable[Any],
        *,
        names: tuple[Sequence[str] | None, Sequence[str] | None] = (None, None),
        when: When | None = None,
        words: Words | None = None,
        where: Where = lambda i: f"example {i + 1}: ",
    ) -> Data:
        """Check and copy sequences from Python: lists, tuples, arrays, data-frame columns.

        Args:
            inputs: per example a value per step, or a list with one per column; or a raw text, which is split.
            outputs: per example one such sequence of the same length, or one value (or list of them) in all.
            names: of the input and of the output columns; `x` and `y`, or `x1`, `x2`, ..., where not given.
            when: `every` or `sequence`; found out from the first output where not given.
            words: how raw texts are split (default: `Words()`); lists of values then are lists of words, too.
            where: the beginning of an error message about example i (counted from 0).

        Raises:
            PellucidError: what is no text or number, an empty input, outputs of another length, names that do not fit.
        """
        found = examples_of(inputs, outputs, names=names, when=when, words=words, where=where)
        return typed({"data": found})["data"]

    @classmethod
    def from_columns(
        cls,
        table: Any,
        inputs: str | None = None,
        outputs: str | None = None,
        words: Words | None = None,
    ) -> Data:
        """The data in columns of a dict, a data frame or a Hugging Face data set: an example a row.

        Args:
            table: anything with columns by name. Labels that are numbers with names (`ClassLabel`) get their names.
            inputs, outputs: names of the columns; the first of the usual ones where not given.
            words: as for `of`.

        Raises:
            PellucidError: no such column, or as for `of`; rows are counted from 1.
        """
        return typed({"data": examples_from(table, inputs, outputs, words)})["data"]

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, indices: Iterable[int]) -> Data:
        """The examples at `indices`, in that order."""
        chosen = [int(i) for i in indices]
        texts = None if self.texts is None else tuple(self.texts[i] for i in chosen)
        inputs, outputs = (tuple(side[i] for i in chosen) for side in (self.inputs, self.outputs))
        return Data(self.schema, inputs, outputs, texts)

    def unscored(self, steps: int) -> Data:
        """The same, but that so many first outputs of every example do not count."""
        if self.schema.when != "every" or not steps:
            return self
        return replace(self, outputs=tuple((*[None] * min(steps, len(y)), *y[steps:]) for y in self.outputs))

    def with_schema(self, schema: Schema) -> Data:
        """The same examples, read by another schema (other words known)."""
        return replace(self, schema=schema)

    def __add__(self, other: Data) -> Data:
        texts = None
        if self.texts is not None or other.texts is not None:
            texts = (self.texts or (None,) * len(self)) + (other.texts or (None,) * len(other))
        return Data(self.schema, self.inputs + other.inputs, self.outputs + other.outputs, texts)

    @property
    def examples(self) -> Examples:
        """The same with types that are open again, to be decided together with others'."""
        x, y, when = self.schema.shape
        rows = self.outputs if when == "every" else [(row,) for row in self.outputs]
        words = None if self.schema.words is None else self.schema.words.words
        inputs, outputs = (
            Side(what, names, values, cells(lambda i: f"example {i + 1}: ", what, True))
            for what, names, values in (("input", x, self.inputs), ("output", y, rows))
        )
        return Examples(inputs, outputs, when, words, self.texts)

    @cached_property
    def lengths(self) -> np.ndarray:
        """Steps of every example, int64 [n]."""
        return np.fromiter(map(len, self.inputs), np.int64, len(self.inputs))

    @cached_property
    def starts(self) -> np.ndarray:
        """Where every example begins among all steps of all examples, and where they end: int64 [n + 1]."""
        return np.concatenate([[0], np.cumsum(self.lengths)])

    @property
    def longest(self) -> int:
        """Steps of the longest example."""
        return int(self.lengths.max(initial=0))

    @property
    def sequences(self) -> list[Any]:
        """The inputs as a user gives them to a program: raw texts where they came as such."""
        if self.texts is None:
            return list(self.inputs)
        return [x if text is None else text for x, text in zip(self.inputs, self.texts, strict=True)]

    def column(self, name: str) -> Sequence[Any]:
        """The values of a column: per example a sequence of them; of an output per sequence one value per example.

        Words are those that are known, or classes of unknown ones.
        """
        side, i = self.schema.place(name)
        several = len(getattr(self.schema, side)) > 1
        rows: Sequence[Any] = getattr(self, side)
        if side == "inputs" and self.schema.words is not None:
            known = self._known_words
            return [[known[word] for word in row] for row in rows]
        if not several:
            return rows
        if side == "outputs" and self.schema.when != "every":
            return [row[i] for row in rows]
        return [[None if step is None else step[i] for step in row] for row in rows]

    def flat(self, name: str) -> list[Any]:
        """The values of a column of all examples, one after the other."""
        rows = self.column(name)
        stepwise = self.schema.when == "every" or self.schema.place(name)[0] == "inputs"
        return [value for row in rows for value in row] if stepwise else list(rows)

    @cached_property
    def _known_words(self) -> dict[Value, str]:
        """What the schema makes of the user's own words."""
        column = self.schema.inputs[0]
        assert column.words is not None
        known = frozenset(column.type.texts)
        distinct = dict.fromkeys(word for row in self.inputs for word in row)
        found = {word: column.words.known(word, known) for word in distinct}
        return {word: UNKNOWN if name is None else name for word, name in found.items()}


def typed(parts: Mapping[str, Examples], like: Schema | None = None) -> dict[str, Data]:
    """Data of several files as of one kind, so that a value means the same in all of them.

    Args:
        parts: examples by what they are for.
        like: schema of the training data, where these are not among it.

    Raises:
        PellucidError: a value that is none, a text among numbers, an output that is null throughout.
    """
    inputs, outputs = _side(parts, "inputs", like), _side(parts, "outputs", like)
    schema = like or _schema(next(iter(parts.values())), inputs, outputs)
    found = {}
    for name, part in parts.items():
        y = part.outputs.grouped(outputs[name])
        if part.when != "every":
            y = tuple(row[0] for row in y)
        found[name] = Data(schema, part.inputs.grouped(inputs[name]), y, part.texts)
    return found


def _schema(first: Examples, inputs: Mapping[str, list], outputs: Mapping[str, list]) -> Schema:
    """The schema of all parts together, named as the first."""
    x, y = _fields(first.inputs.names, inputs), _fields(first.outputs.names, outputs)
    if first.words is not None:
        reading = Reading(first.words)
        words = reading.normal({word for columns in inputs.values() for word in columns[0]})
        x = (Field(first.inputs.names[0], symbol(words), reading),)
    for column in y:
        if column.type.is_empty:
            raise PellucidError(f"every output {column.name} is null; expected at least one")
    return Schema(x, y, first.when)


def _fields(names: Sequence[str], parts: Mapping[str, list]) -> tuple[Field, ...]:
    return tuple(
        Field(name, type_of([v for columns in parts.values() for v in columns[i]])) for i, name in enumerate(names)
    )


def _side(parts: Mapping[str, Examples], side: str, like: Schema | None) -> dict[str, list[list[Any]]]:
    """Per part the flat columns of a side."""
    first = next(iter(parts.values()))
    nothing = side == "outputs" and first.when == "every"
    words = side == "inputs" and (first.words if like is None else like.words) is not None
    columns = []
    for i in range(len(getattr(first, side).names)):
        sources = [Source(getattr(part, side), i, nothing, words) for part in parts.values()]
        columns.append(settled(sources, None if like is None else getattr(like, side)[i].type))
    return {name: [column[n] for column in columns] for n, name in enumerate(parts)}


LEAST, MOST = 2, 20_000  # the models of Friedman et al. (2023) know 10,000 words


def known_words(data: Data, least: int = LEAST, most: int = MOST, forms: bool = True) -> Field:
    """The column of texts with the words that are known in place of all that occur.

    Args:
        data: training data, with all words.
        least, most: words that occur at least so often, at most so many of them; of equally frequent ones the first by
            alphabet.
        forms: other words are told apart by their form, as in `<Xxx-ing>`; else all are `<unk>`. The forms of known
            words are known, too: what is learned of a form then holds for new words of it.

    Raises:
        PellucidError: a limit below 1.
    """
    for name, value in (("least", least), ("most", most)):
        if value < 1:
            raise PellucidError(f"--set {name}={value}: expected at least 1")
    column = data.schema.inputs[0]
    assert column.words is not None
    reading = Reading(column.words.words, forms)
    counts = Counter(chain.from_iterable(data.column(column.name)))
    classes = {reading.unknown(word) for word in counts}
    counts.pop(UNKNOWN, None)
    ranked = sorted((word for word in counts if counts[word] >= least), key=lambda word: (-counts[word], word))
    return Field(column.name, symbol({*ranked[:most], *classes, UNKNOWN}), reading)
