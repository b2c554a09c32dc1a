"""Mini-batches by length: texts of similar length together, with words and variables dropped at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.schema import Field
from pellucid.learners.evidence.judge import Judge
from pellucid.learners.transformer.marked import PAD

LONGEST = 64  # words of a text in training; the program itself reads whole texts
WIDTHS = (16, 32, 64)
USUAL = 16  # width at which a batch has as many texts as was set
FEW = 0.08  # share of texts below which a width is not worth a compilation of its own


@dataclass(frozen=True)
class Bucket:
    """Texts of one width: tokens int32 [n, width] with padding -1, labels int32 [n] or [n, width] with -1 unscored."""

    tokens: np.ndarray
    labels: np.ndarray
    batch: int

    @property
    def shapes(self) -> tuple[tuple[tuple[int, ...], Any], ...]:
        """Shapes and types of a batch: tokens, labels."""
        wide = (self.batch, self.tokens.shape[1])
        return (wide, np.int32), (wide[: self.labels.ndim], np.int32)


def buckets_of(data: Judge, batch: int) -> list[Bucket]:
    """The texts by width; those longer than `LONGEST` words are cut.

    Args:
        data: texts with a label each, or with one per word.
        batch: texts of a batch of width `USUAL`; others have as many words.
    """
    starts, words = data.corpus.starts, data.corpus.columns[0]
    pooled = len(data.codes) == len(data.corpus)
    lengths, found = np.minimum(np.diff(starts), LONGEST), []
    for width, rows in _by_width(lengths):
        inside = np.arange(width) < lengths[rows, None]
        places = (starts[:-1][rows, None] + np.arange(width))[inside]
        tokens, labels = (np.full((len(rows), width), PAD, np.int32) for _ in range(2))
        tokens[inside] = words[places]
        if pooled:
            labels = data.codes[rows].astype(np.int32)
        else:
            labels[inside] = data.codes[places]
        found.append(Bucket(tokens, labels, max(4, batch * USUAL // width)))
    return found


def unknown_codes(column: Field) -> np.ndarray:
    """Code of the class that every word of a column would have, were it unknown; int64 [words]."""
    words, reading = column.values or (), column.words
    codes = {word: code for code, word in enumerate(words)}
    assert reading is not None
    return np.array([codes[reading.unknown(word)] for word in words], np.int64)


def _by_width(lengths: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Widths, each with the numbers of its texts; a width with few texts goes with the next larger."""
    found, left = [], np.arange(len(lengths))
    for width in WIDTHS:
        fits = lengths[left] <= width
        last = fits.all()
        if fits.mean() * len(left) >= FEW * len(lengths) or last:
            found.append((width, left[fits]))
            left = left[~fits]
        if not len(left):
            break
    return found


@dataclass(frozen=True)
class Draws:
    """The data of every chunk of steps, a function of seed and step only.

    unknown: int [words], the class that a dropped word becomes. variables: how many the readout reads.
    """

    buckets: Sequence[Bucket]
    unknown: np.ndarray
    variables: int
    seed: int
    word_dropout: float
    dropout: float

    def __call__(self, at: int) -> tuple[tuple[np.ndarray, ...], int]:
        """Arrays (tokens, labels, keep) of one width and the texts of a batch, for the chunk that begins at `at`."""
        rng = np.random.default_rng([self.seed, at, 31])
        sizes = np.array([bucket.tokens.size for bucket in self.buckets], float)
        bucket = self.buckets[int(rng.choice(len(sizes), p=sizes / sizes.sum()))]
        dropped = (rng.random(bucket.tokens.shape) < self.word_dropout) & (bucket.tokens >= 0)
        tokens = np.where(dropped, self.unknown[bucket.tokens], bucket.tokens).astype(np.int32)
        kept = rng.random((len(tokens), self.variables)) >= self.dropout
        return (tokens, bucket.labels, (kept / (1 - self.dropout)).astype(np.float32)), bucket.batch
