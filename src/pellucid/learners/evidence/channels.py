"""What a program of evidence may look at: the symbols here and around, their forms, and pairs, as features.

A channel is one piece of evidence of the program to come: a variable (the word here, the word before, its form), or a
table over two (the word before with the word here). Its features are the values that occur; the readout weighs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from pellucid.data.schema import Field
from pellucid.language.words import form
from pellucid.learners.evidence.model import Corpus, Kinds, Shifted, Variable

OFTEN = 2  # in how many texts a pair must occur to be a feature


@dataclass(frozen=True)
class Channel:
    """One piece of evidence: the values of one variable of the frame, or of two together."""

    name: str
    reads: tuple[int, ...]


def layout(fields: Sequence[Field], pooled: bool) -> tuple[tuple[Variable, ...], tuple[Channel, ...]]:
    """Variables, numbered behind the columns, and channels that read them.

    Args:
        fields: the columns of symbols. pooled: one output per sequence, of what stands anywhere; else one per position,
            of what stands around it.
    """
    variables: list[Variable] = []
    channels: list[Channel] = []

    def add(variable: Variable) -> int:
        variables.append(variable)
        return len(fields) + len(variables) - 1

    def look_around(here: int, heads: tuple[str, str], kinds: tuple[str, str, str], mark: str) -> None:
        """Channels for a variable here, before and after."""
        places = [here, *(add(Shifted(head + mark, here, offset)) for head, offset in zip(heads, (-1, 1), strict=True))]
        channels.extend(Channel(kind + mark, (place,)) for kind, place in zip(kinds, places, strict=True))

    for column, field in enumerate(fields):
        mark = "" if len(fields) == 1 else f"_{column + 1}"
        if pooled:
            before = add(Shifted(f"before{mark}", column, -1))
            channels += [Channel(f"word_kind{mark}", (column,)), Channel(f"phrase_kind{mark}", (before, column))]
            continue
        look_around(column, ("before", "after"), ("word_kind", "before_kind", "after_kind"), mark)
        if field.words is not None:
            here = add(_forms(f"word_form{mark}", field, column))
            kinds = "form_kind", "before_form_kind", "after_form_kind"
            look_around(here, ("form_before", "form_after"), kinds, mark)
    return tuple(variables), tuple(channels)


def _forms(name: str, field: Field, column: int) -> Kinds:
    forms = [form(word) if isinstance(word, str) else "9" for word in field.values or ()]
    names = tuple(sorted(set(forms)))
    return Kinds(name, np.array([names.index(f) for f in forms], np.int64), names, column)


@dataclass(frozen=True)
class Features:
    """The features of some channels: `keys` int64 by channel, sorted; columns are numbered through the channels."""

    channels: tuple[Channel, ...]
    keys: tuple[np.ndarray, ...]
    sizes: tuple[int, ...]

    @property
    def starts(self) -> np.ndarray:
        """First column of every channel, and the number of columns."""
        return np.concatenate([[0], np.cumsum([len(k) for k in self.keys])]).astype(np.int64)

    def of_channel(self, number: int) -> slice:
        """The columns of a channel."""
        return slice(int(self.starts[number]), int(self.starts[number + 1]))

    def codes(self, number: int) -> np.ndarray:
        """Codes of what a channel reads, by feature: int64 [features, 1 or 2]."""
        reads = self.channels[number].reads
        keys = self.keys[number]
        if len(reads) == 1:
            return keys[:, None]
        return np.stack(np.divmod(keys, self.sizes[reads[1]]), 1)

    def kept(self, columns: np.ndarray) -> Features:
        """Only the features with these columns (bool)."""
        keys = tuple(k[columns[self.of_channel(i)]] for i, k in enumerate(self.keys))
        return Features(self.channels, keys, self.sizes)

    def matrix(self, values: Sequence[np.ndarray], corpus: Corpus, pooled: bool) -> sp.csr_matrix:
        """Counts of the features: float64 [texts, features] where pooled, else [positions, features]."""
        rows, columns = [], []
        owner = corpus.owner if pooled else np.arange(corpus.size)
        for number, (channel, keys) in enumerate(zip(self.channels, self.keys, strict=True)):
            if len(keys):
                asked = keys_of(channel, values, self.sizes)
                place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
                hit = keys[place] == asked
                rows.append(owner[hit])
                columns.append(place[hit] + self.starts[number])
        shape = (len(corpus) if pooled else corpus.size, int(self.starts[-1]))
        at = (np.concatenate(rows or [[]]).astype(np.int64), np.concatenate(columns or [[]]).astype(np.int64))
        return sp.csr_matrix((np.ones(len(at[0])), at), shape)


def keys_of(channel: Channel, values: Sequence[np.ndarray], sizes: Sequence[int]) -> np.ndarray:
    """What a channel sees at every position, as one number."""
    first, *second = (values[v] for v in channel.reads)
    return first * sizes[channel.reads[1]] + second[0] if second else first


def features_of(
    channels: Sequence[Channel], values: Sequence[np.ndarray], corpus: Corpus, sizes: Sequence[int]
) -> Features:
    """The features that occur in the training texts; a pair must occur in `OFTEN` texts."""
    found = []
    for channel in channels:
        keys = keys_of(channel, values, sizes)
        if len(channel.reads) == 1:
            found.append(np.unique(keys))
            continue
        in_texts = np.unique(np.stack([keys, corpus.owner], 1), axis=0)[:, 0]
        distinct, counts = np.unique(in_texts, return_counts=True)
        found.append(distinct[counts >= OFTEN])
    return Features(tuple(channels), tuple(found), tuple(sizes))
