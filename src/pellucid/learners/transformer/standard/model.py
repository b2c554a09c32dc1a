"""A trained standard Transformer, over symbols and over words: from inputs to outputs, to a folder and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from pellucid.data.schema import Schema
from pellucid.errors import PellucidError
from pellucid.language.types import Plain, Value
from pellucid.learners.transformer.marked import PAD, Marked
from pellucid.learners.transformer.standard.config import StandardConfig
from pellucid.learners.transformer.standard.net import init_params, predict_standard
from pellucid.learners.transformer.words.batches import LONGEST, WIDTHS
from pellucid.semantics.reading import columns_of


@dataclass(frozen=True)
class StandardModel:
    """A standard Transformer over one column; of words it classifies by the first 64 of a text, and tags 64 at a time.

    Args:
        params: arrays by name.
        config: its sizes.
        schema: the column that it reads, with the symbols or words that it knows, and its labels.
    """

    params: Mapping[str, np.ndarray]
    config: StandardConfig
    schema: Schema

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """Outputs in the user's form for inputs in the user's form: a label each, or one per step.

        Raises:
            PellucidError: a symbol that it does not know, too many of them.
        """
        column = self.schema.inputs[0].closed()
        return self.outputs([columns_of((column,), sequence)[column.name] for sequence in inputs])

    def outputs(self, rows: Sequence[Sequence[Value]]) -> list[Any]:
        """Outputs for rows of symbols or words as the schema knows them."""
        if self.schema.words is None:
            return self._of_symbols(rows)
        labels = self.labels
        if self.config.kind == "classification":
            return [labels[code[0]] for code in self._by_width([row[:LONGEST] for row in rows])]
        pieces = [row[i : i + LONGEST] for row in rows for i in range(0, len(row), LONGEST)]
        tagged = iter(self._by_width(pieces))
        return [[labels[c] for i in range(0, len(row), LONGEST) for c in next(tagged)[: len(row) - i]] for row in rows]

    def described(self) -> tuple[Mapping[str, Any], Mapping[str, np.ndarray]]:
        """Configuration, and arrays by name."""
        return asdict(self.config), {name: np.ascontiguousarray(array) for name, array in self.params.items()}

    @property
    def labels(self) -> tuple[Plain, ...]:
        """What it can say; the code of a label is its index."""
        return self.schema.outputs[0].values or ()

    @cached_property
    def _codes(self) -> dict[Value, int]:
        return {value: code for code, value in enumerate(self.schema.inputs[0].values or ())}

    def _predicted(self, tokens: np.ndarray) -> np.ndarray:
        return predict_standard(dict(self.params), self.config, tokens)

    def _of_symbols(self, rows: Sequence[Sequence[Value]]) -> list[Any]:
        c, column = self.config, self.schema.inputs[0]
        markers = c.n_symbols - c.n_tokens
        marked = Marked(column.name, column.values or (), self.labels, c.kind, c.width - markers, markers > 1, c.causal)
        longest = max(map(len, rows), default=0)
        if longest > marked.longest:
            raise PellucidError(f"{longest} positions are too many; the longest this model takes has {marked.longest}")
        return marked.outputs(self._predicted(marked.inputs(rows)), [len(row) for row in rows])

    def _by_width(self, rows: Sequence[Sequence[Value]]) -> list[list[int]]:
        """Label codes of texts of at most `LONGEST` words: of a text, or of each place up to the width."""
        found: list[list[int]] = [[] for _ in rows]
        wide = np.searchsorted(WIDTHS, [len(row) for row in rows])
        for place, width in enumerate(WIDTHS):
            chosen = np.flatnonzero(wide == place).tolist()
            tokens = np.full((len(chosen), width), PAD, np.int32)
            for i, number in enumerate(chosen):
                tokens[i, : len(rows[number])] = [self._codes[word] for word in rows[number]]
            codes = self._predicted(tokens).reshape(len(chosen), -1) if chosen else tokens
            for number, row in zip(chosen, codes.tolist(), strict=True):
                found[number] = row
        return found


def opened(config: Any, arrays: Mapping[str, np.ndarray], schema: Schema, where: str) -> StandardModel:
    """The model that `described` described.

    Raises:
        PellucidError: naming `where`, for a description, arrays and columns that do not fit together.
    """
    try:
        model = StandardModel(arrays, StandardConfig(**config), schema)
        expected = init_params(np.random.default_rng(0), model.config)
    except (TypeError, ValueError) as error:
        raise PellucidError(f"{where}: not the description of a standard Transformer: {error}") from None
    sizes = model.config.n_tokens, model.config.n_classes
    shapes = {name: array.shape for name, array in arrays.items()}
    if sizes != (len(model._codes), len(model.labels)) or shapes != {k: v.shape for k, v in expected.items()}:
        raise PellucidError(f"{where}: its configuration, its columns and the arrays beside it do not fit together")
    return model
