"""Sequences of different lengths, one after another in one array: where each position stands, and what it can see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pellucid.language.nodes import Reach


@dataclass(frozen=True)
class Layout:
    """A batch of sequences.

    Args:
        starts: where each begins, and the end: int64 [sequences + 1].
    """

    starts: np.ndarray

    @classmethod
    def of(cls, sizes: Sequence[int]) -> Layout:
        """The layout of sequences of these lengths."""
        return cls(np.concatenate([[0], np.cumsum(np.array(sizes, np.int64))]).astype(np.int64))

    @cached_property
    def size(self) -> int:
        """Number of positions of all sequences."""
        return int(self.starts[-1])

    @cached_property
    def sizes(self) -> np.ndarray:
        """Length of each sequence."""
        return np.diff(self.starts)

    @cached_property
    def sequence(self) -> np.ndarray:
        """Which sequence each position belongs to."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @cached_property
    def first(self) -> np.ndarray:
        """Where the sequence of each position begins."""
        return self.starts[self.sequence]

    @cached_property
    def end(self) -> np.ndarray:
        """Where the sequence of each position ends."""
        return self.starts[self.sequence + 1]

    @cached_property
    def here(self) -> np.ndarray:
        """Each position itself."""
        return np.arange(self.size)

    @cached_property
    def place(self) -> np.ndarray:
        """The number of each position in its sequence."""
        return self.here - self.first

    def reach(self, reach: Reach, window: int | None) -> tuple[np.ndarray, np.ndarray]:
        """(first, end) of what each position looks at."""
        first = {"after": self.here + 1, "from": self.here}.get(reach, self.first)
        end = {"before": self.here, "upto": self.here + 1}.get(reach, self.end)
        if window is not None:
            first, end = np.maximum(first, self.here - window + 1), np.minimum(end, self.here + window)
        return first, end

    def shifted(self, amount: int) -> np.ndarray:
        """The position so many back (negative: ahead) of each; -1 where there is none."""
        place = self.place - amount
        return np.where((place >= 0) & (self.here - amount < self.end), self.here - amount, -1)

    def chunks(self, most: int) -> list[tuple[int, int]]:
        """(first, end) sequences of parts of at most so many positions, or of one sequence."""
        found, begin = [], 0
        while begin < len(self.sizes):
            end = int(np.searchsorted(self.starts, self.starts[begin] + most, side="right")) - 1
            end = min(max(end, begin + 1), len(self.sizes))
            found.append((begin, end))
            begin = end
        return found
