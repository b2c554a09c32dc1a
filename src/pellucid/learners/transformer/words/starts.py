"""Where the words' learnt values start: words that are alike near the same value.

Alike means: similar vectors where some were given; else similar labels nearby, or similar neighbours. Rare words start
near the unknown class of their form, since nothing else is known of them.
"""

from __future__ import annotations

import gzip
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import svds

from pellucid.data.files import StrPath
from pellucid.errors import PellucidError
from pellucid.language.types import Plain
from pellucid.learners.evidence.judge import Judge
from pellucid.learners.evidence.model import Corpus, shifted
from pellucid.learners.transformer.words.readout import solve
from pellucid.values import show

COMMON = 400  # words that count as neighbours
DIMENSIONS = 24
PRIORS = (0.01, 0.03, 0.1, 0.3, 1.0)  # variances tried for the weights of words in the regression they start from
SECOND = 0.1  # variance of the weights of kinds, where kinds are judged
DOUBT = 3.0  # occurrences that the form of a word counts as much as
STRENGTH = 15.0  # logit between a word's value and one at average distance


@dataclass(frozen=True)
class Starts:
    """What is known of the words before training: float [words, features] each, and how often they occur."""

    by_label: np.ndarray
    by_company: np.ndarray
    counts: np.ndarray

    def logits(self, rng: np.random.Generator, variables: int, k: int) -> np.ndarray:
        """Logits float32 [variables, k, words]: labels decide the first variable, company the second, and so on."""
        found = []
        for variable in range(variables):
            mine, other = (self.by_label, self.by_company)[:: -1 if variable % 2 else 1]
            found.append(_near_centres(np.concatenate([mine, 0.3 * other], 1), self.counts, k, rng))
        return np.stack(found)


def starts_of(
    train: Judge, valid: Judge, classes: int, k: int, unknown: np.ndarray, vectors: np.ndarray | None
) -> Starts:
    """What the training texts (and vectors) say of the words.

    Args:
        train, valid: the texts. classes: how many labels there are. k: how many kinds of words.
        unknown: int [words], the class that every word would have, were it unknown.
        vectors: float [words, dimensions], rows of NaN for words without one; None where none were given.
    """
    corpus = train.corpus
    size = len(unknown)
    counts = np.bincount(corpus.columns[0], minlength=size).astype(float)
    by_label = _scaled(_label_weights(train, valid, counts, classes, k))
    if vectors is None:
        company = _backed(_company(corpus, counts), counts, unknown)
    else:
        company = np.where(np.isnan(vectors), np.nanmean(vectors, 0), vectors)
        company = np.where(np.isnan(vectors), _backed(company, counts, unknown), company)
    return Starts(by_label, _scaled(company), counts)


def _label_weights(train: Judge, valid: Judge, counts: np.ndarray, classes: int, k: int) -> np.ndarray:
    """What words say of the labels: weights of a logistic regression, small for rare words.

    Of several priors, the one whose weights make the best kinds on validation. In tagging, the words before and after
    count too, with weights of their own.

    Returns:
        [words, classes], or [words, 3 classes].
    """
    size, x = len(counts), _words(train, len(counts))
    places = 1 if len(train.codes) == len(train.corpus) else 3
    width = places * (size + 1)
    best, chosen, weights = -1.0, np.zeros((size, classes)), np.zeros((width, classes))
    for prior in PRIORS:
        weights = solve(x, train.codes, classes, prior, weights)
        rows = np.concatenate(list(weights.reshape(places, size + 1, classes)[:, :size]), 1)
        kinds = np.append(_near_centres(rows, counts, k, np.random.default_rng(0)).argmax(0), k)
        columns = np.concatenate([kinds + i * (k + 1) for i in range(places)])
        merged = _one_hot(np.arange(width), columns, (width, places * (k + 1)))
        fitted = solve(x @ merged, train.codes, classes, SECOND)
        found = valid.right(_words(valid, size) @ merged @ fitted)
        if found > best:
            best, chosen = found, rows
    return chosen


def _words(judged: Judge, size: int) -> sp.csr_matrix:
    """Counts of words by text; in tagging, by word, itself and those before and after: [rows, 1 or 3 (words + 1)]."""
    corpus, tokens = judged.corpus, judged.corpus.columns[0]
    if len(judged.codes) == len(corpus):
        return _one_hot(corpus.owner, tokens, (len(corpus), size + 1))
    rows, places = np.arange(len(tokens)), [shifted(tokens, offset, corpus, size) for offset in (0, -1, 1)]
    return sp.csr_matrix(sp.hstack([_one_hot(rows, place, (len(tokens), size + 1)) for place in places]))


def _one_hot(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sp.csr_matrix:
    return sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape)


def _company(corpus: Corpus, counts: np.ndarray) -> np.ndarray:
    """Words by their neighbours: information on common words before and after, in few dimensions, float [words, n]."""
    size, common = len(counts), min(COMMON, len(counts))
    place = np.full(size, -1)
    place[np.argsort(-counts, kind="stable")[:common]] = np.arange(common)
    owner, tokens = corpus.owner, corpus.columns[0]
    together = owner[1:] == owner[:-1]
    first, second = tokens[:-1][together], tokens[1:][together]
    rows = np.concatenate([second, first])
    columns = np.concatenate([place[first], np.where(place[second] < 0, -1, place[second] + common)])
    known = columns >= 0
    shape = (size, 2 * common)
    pairs = sp.csr_matrix((np.ones(known.sum()), (rows[known], columns[known])), shape)
    expected = np.asarray(pairs.sum(1)).ravel() + DOUBT, np.asarray(pairs.sum(0)).ravel() + DOUBT
    entries = pairs.tocoo()
    lift = np.log1p(entries.data * max(pairs.sum(), 1.0) / (expected[0][entries.row] * expected[1][entries.col]))
    matrix = sp.csr_matrix((lift, (entries.row, entries.col)), shape)
    dimensions = min(DIMENSIONS, min(shape) - 1)
    if dimensions < 1 or not matrix.nnz:
        return np.zeros((size, 1))
    left, strength, _ = svds(matrix, dimensions, v0=np.ones(min(shape)))
    return left * strength


def _backed(rows: np.ndarray, counts: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Rows drawn to that of the form class, the more the rarer the word."""
    weight = counts[:, None]
    return (weight * rows + DOUBT * rows[unknown]) / (weight + DOUBT)


def _scaled(rows: np.ndarray) -> np.ndarray:
    centred = rows - rows.mean(0)
    return centred / (np.sqrt((centred**2).sum(1).mean()) or 1.0)


def _near_centres(rows: np.ndarray, counts: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """Logits [k, words]: the nearer the centre, the larger; centres by k-means, frequent words counting more."""
    from sklearn.cluster import KMeans

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fewer different words than centres
        means = KMeans(min(k, len(rows)), n_init="auto", random_state=int(rng.integers(1 << 31)), max_iter=50)
        means.fit(rows, sample_weight=np.sqrt(counts) + 0.1)
    distance = means.transform(rows).T
    distance = np.pad(distance, ((0, k - len(distance)), (0, 0)), constant_values=float(distance.max()))
    return (STRENGTH * (distance.min(0) - distance) / (distance.mean() or 1.0)).astype(np.float32)


def read_vectors(path: StrPath, words: Sequence[Plain]) -> np.ndarray:
    """Vectors of the words, float32 [words, dimensions]; rows of NaN for words that the file does not have.

    Args:
        path: a text file, or one compressed with gzip (`.gz`). A first line `count dimensions` is passed over.
        words: the words wanted; one that is not there as it is written is looked for in lower case.

    Raises:
        PellucidError: naming file and line, what came and what was expected; none of the words is in the file.
    """
    wanted = {str(word) for word in words} | {str(word).lower() for word in words}
    found: dict[str, np.ndarray] = {}
    size = 0
    for number, line in enumerate(_lines(path), 1):
        word, *values = line.rstrip("\n").split(" ")
        if number == 1 and len(values) == 1:
            continue
        size = size or len(values)
        if len(values) != size or not size:
            got = f"{len(values)} numbers after {show(word)}"
            raise PellucidError(f"{path}:{number}: {got}; expected {size or 'a word and its vector'}")
        if word in wanted:
            found[word] = _numbers(values, path, number)
    if not found:
        raise PellucidError(f"{path}: has a vector for none of the {len(words):,} words of the data")
    rows = np.full((len(words), size), np.nan, np.float32)
    for i, word in enumerate(map(str, words)):
        if word in found or word.lower() in found:
            rows[i] = found[word] if word in found else found[word.lower()]
    return rows


def _numbers(values: list[str], path: StrPath, number: int) -> np.ndarray:
    try:
        row = np.array(values, np.float32)
    except ValueError:
        raise PellucidError(f"{path}:{number}: not all of {show(' '.join(values))} are numbers") from None
    if not np.isfinite(row).all():
        raise PellucidError(f"{path}:{number}: a vector with a number that is not finite")
    return row


def _lines(path: StrPath) -> Iterator[str]:
    opened = gzip.open if os.fspath(path).endswith(".gz") else open
    try:
        with opened(path, "rt", encoding="utf-8") as file:
            yield from file
    except FileNotFoundError:
        raise PellucidError(f"{path}: no such file") from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise PellucidError(f"{path}: cannot be read as word vectors: {error}") from None
