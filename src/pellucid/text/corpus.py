"""Texts as one long row of word codes: what a hard model is evaluated on, without padding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.data.codes import flat_codes
from pellucid.data.tokens import Token


@dataclass(frozen=True)
class Corpus:
    """Texts one after the other.

    tokens: int64 [positions], codes of the words. starts: int64 [texts + 1], where each text begins; the last is the
    number of positions.
    """

    tokens: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, inputs: Iterable[Sequence[Token]], codes: dict[Token, int]) -> Corpus:
        """Texts of known words.

        Args:
            inputs: one sequence of words per text, none empty.
            codes: of every word that occurs.
        """
        rows = [tuple(row) for row in inputs]
        starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        return cls(np.asarray(flat_codes(rows, codes, "input"), np.int64), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def owner(self) -> np.ndarray:
        """Number of the text that each position belongs to, int64 [positions]."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @property
    def first(self) -> np.ndarray:
        """Where the text of each position begins, int64 [positions]."""
        return np.repeat(self.starts[:-1], np.diff(self.starts))

    @property
    def last(self) -> np.ndarray:
        """Where the text of each position ends (its last position), int64 [positions]."""
        return np.repeat(self.starts[1:] - 1, np.diff(self.starts))

    def added_up(self, rows: np.ndarray) -> np.ndarray:
        """Sums over each text of rows [positions, ...], exact for integers."""
        return np.add.reduceat(rows, self.starts[:-1], axis=0)
