"""Sequences as one long row of codes: what a hard model is evaluated on, without padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.language.types import Plain


@dataclass(frozen=True)
class Corpus:
    """Sequences one after the other.

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
        starts = np.concatenate([[0], np.cumsum([len(row) for row in columns[0]])]).astype(np.int64)
        found = []
        for rows, domain in zip(columns, domains, strict=True):
            codes = {symbol: code for code, symbol in enumerate(domain)}
            found.append(np.array([codes[symbol] for row in rows for symbol in row], np.int64))
        return cls(tuple(found), starts)

    @property
    def size(self) -> int:
        """Number of positions."""
        return int(self.starts[-1])

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def owner(self) -> np.ndarray:
        """Number of the sequence that each position belongs to, int64 [positions]."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @property
    def first(self) -> np.ndarray:
        """Where the sequence of each position begins, int64 [positions]."""
        return np.repeat(self.starts[:-1], np.diff(self.starts))

    @property
    def last(self) -> np.ndarray:
        """Where the sequence of each position ends (its last position), int64 [positions]."""
        return np.repeat(self.starts[1:] - 1, np.diff(self.starts))

    def added_up(self, rows: np.ndarray) -> np.ndarray:
        """Sums over each sequence of rows [positions, ...], exact for integers."""
        return np.add.reduceat(rows, self.starts[:-1], axis=0)
