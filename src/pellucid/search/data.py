"""A problem as the search sees it: symbols and labels as codes, positions first, markers left out."""

from __future__ import annotations

import numpy as np

from pellucid.data import Dataset, Vocab
from pellucid.search.columns import Batch
from pellucid.search.genes import Bank
from pellucid.search.readouts import Alphabet


def batch_of(dataset: Dataset, vocab: Vocab) -> Batch:
    """A data set as codes [position, sequence]; a classifier's label stands at the last position."""
    encoded = vocab.encode(dataset)
    tokens = symbols_of(encoded.tokens, vocab)
    if vocab.kind == "tagging":
        return Batch(tokens, np.ascontiguousarray(encoded.labels[:, 1 : vocab.max_length + 1].T))
    labels = np.full(tokens.shape, -1, np.int32)
    labels[(tokens >= 0).sum(0) - 1, np.arange(tokens.shape[1])] = encoded.labels
    return Batch(tokens, labels)


def symbols_of(encoded: np.ndarray, vocab: Vocab) -> np.ndarray:
    """Codes [position, sequence] without markers, -1 for padding, from `Vocab.encode_inputs`."""
    tokens = np.ascontiguousarray(encoded[:, 1 : vocab.max_length + 1].T)
    return np.where(tokens < len(vocab.tokens), tokens, -1)


def numbers_of(vocab: Vocab) -> np.ndarray | None:
    """Value of each symbol where all are whole numbers of a handy size."""
    if all(isinstance(t, int) and abs(t) <= 100 for t in vocab.tokens):
        return np.array(vocab.tokens)
    return None


def alphabet_of(vocab: Vocab) -> Alphabet:
    """Codes of symbols and labels."""
    return Alphabet.of(vocab.tokens, vocab.labels)


def bank_of(vocab: Vocab) -> Bank:
    """The pieces that may be used."""
    return Bank(len(vocab.tokens), vocab.causal, ordered=len({type(t) for t in vocab.tokens}) == 1)
