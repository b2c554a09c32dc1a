"""Data as the papers' models see it: codes of symbols between a begin marker and, where there is one, an end marker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from pellucid.data.data import Data
from pellucid.errors import PellucidError
from pellucid.language.types import Plain, Value
from pellucid.problem import Problem
from pellucid.settings import taken

PAD = -1  # code of "nothing here", in symbols and in labels
Kind = Literal["tagging", "classification"]
Arrays = tuple[np.ndarray, np.ndarray]
MOST_SYMBOLS, MOST_LABELS = 1_000, 1_000


@dataclass(frozen=True)
class Marked:
    """Between a user's sequences and the arrays of a model.

    Args:
        column: name of the input column.
        tokens, labels: the user's symbols and labels; the code of one is its index. The begin marker has the code
            behind those of the tokens, the end marker the next one.
        kind: a label per position, or one per sequence.
        longest: positions of the longest input.
        end: whether there is an end marker.
        causal: whether outputs look back only.
    """

    column: str
    tokens: tuple[Plain, ...]
    labels: tuple[Plain, ...]
    kind: Kind
    longest: int
    end: bool
    causal: bool

    @classmethod
    def of(cls, problem: Problem) -> Marked:
        """The arrays of a problem."""
        (field,), (output,) = problem.schema.inputs, problem.schema.outputs
        markers = taken(problem.settings, {"markers": str}).get("markers", "both")
        if markers not in ("begin", "both"):
            raise PellucidError(f"--set markers={markers}: expected begin or both")
        kind: Kind = "tagging" if problem.schema.when == "every" else "classification"
        longest = problem.longest or problem.train.longest
        domains = field.values or (), output.values or ()
        return cls(field.name, *domains, kind, longest, markers == "both", problem.causal)

    @property
    def n_symbols(self) -> int:
        """Tokens and markers."""
        return len(self.tokens) + 1 + self.end

    @property
    def width(self) -> int:
        """Positions of the model, markers among them."""
        return self.longest + 1 + self.end

    @property
    def sizes(self) -> dict[str, Any]:
        """What the data decides of the sizes of a model, as fields of `Coded`."""
        counts = {"n_symbols": self.n_symbols, "n_tokens": len(self.tokens), "n_classes": len(self.labels)}
        return {**counts, "width": self.width, "kind": self.kind, "causal": self.causal}

    @cached_property
    def _codes(self) -> dict[Value, int]:
        return {token: code for code, token in enumerate(self.tokens)}

    def inputs(self, rows: Sequence[Sequence[Value]]) -> np.ndarray:
        """Codes of sequences with their markers, int32 [n, width], -1 after the end."""
        found = np.full((len(rows), self.width), PAD, np.int32)
        found[:, 0] = len(self.tokens)
        for i, row in enumerate(rows):
            found[i, 1 : len(row) + 1] = [self._codes[token] for token in row]
            if self.end:
                found[i, len(row) + 1] = len(self.tokens) + 1
        return found

    def arrays(self, data: Data) -> Arrays:
        """Inputs, and labels int32 [n, width] at position i + 1 for symbol i, or [n]; -1 where not scored."""
        tokens = self.inputs(data.column(self.column))
        codes: dict[Any, int] = {None: PAD} | {label: i for i, label in enumerate(self.labels)}
        if self.kind == "classification":
            return tokens, np.array([codes[y] for y in data.outputs], np.int32)
        labels = np.full(tokens.shape, PAD, np.int32)
        for i, output in enumerate(data.outputs):
            labels[i, 1 : len(output) + 1] = [codes[y] for y in output]
        return tokens, labels

    def outputs(self, codes: np.ndarray, lengths: Sequence[int]) -> list[Any]:
        """Predicted codes ([n, width], or [n]) as the user's labels."""
        if self.kind == "classification":
            return [self.labels[c] for c in codes.tolist()]
        pairs = zip(codes.tolist(), lengths, strict=True)
        return [[self.labels[c] for c in row[1 : n + 1]] for row, n in pairs]


def refusal(problem: Problem, words: bool = False) -> str | None:
    """Why a model of one column of symbols, or of words, cannot take a problem; None: it can."""
    schema = problem.schema
    if len(schema.inputs) != 1 or len(schema.outputs) != 1:
        return "several columns"
    symbols, labels = schema.inputs[0].values, schema.outputs[0].values
    if words and schema.words is None:
        return "an input that is not of words"
    if not words and (symbols is None or len(symbols) > MOST_SYMBOLS or schema.words is not None):
        return f"an input of more than {MOST_SYMBOLS} symbols, or of words"
    if labels is None or len(labels) > MOST_LABELS:
        return f"outputs of more than {MOST_LABELS} labels"
    return None
