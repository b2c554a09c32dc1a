"""The search of one seed: climb, check against all training data, feed counterexamples back, polish what is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.learners.evolve.columns import Batch, Source
from pellucid.learners.evolve.engine import SLOTS, Base, Scored, Searcher, complexity, merged
from pellucid.learners.evolve.genes import Bank, Gene
from pellucid.learners.evolve.model import Model, fit
from pellucid.learners.evolve.readouts import CELL, Alphabet, mistakes

SEQUENCES = 256  # in the batch a search starts on
MOST_SEQUENCES = 1024
LEAST_SEQUENCES = 16
MUCH = 0.25  # share of the score that plain genes must gain, or else all are looked at, in a careful start
MOST_PAIRS = 4_000_000  # query-key pairs in the first batch
FED_BACK = 64  # counterexamples at most at a time
POOL = 4096  # training sequences checked before all of them are
REPEATED = 3  # local optima that say the same about the training data: there is nothing better nearby
POLISH = 6000  # programs tried to make a right one simpler
GENE = 4.0  # nats to tell a plain gene


@dataclass(frozen=True)
class Data:
    """What a search learns from: codes and labels as in `Batch`, its sources, the alphabet, the bank."""

    train: Batch
    sources: tuple[Source, ...]
    alphabet: Alphabet
    bank: Bank


@dataclass(frozen=True)
class Found:
    """A program with its misses on the training data (scored places) and its price there in nats."""

    model: Model
    misses: int
    price: float
    effort: int


def variant(seed: int, data: Data) -> Base:
    """What the programs of a seed may read: every other seed adds the previous output and symbols as numbers."""
    more = bool(seed % 2)
    symbols = {source.column for source in data.sources if source.of == "token"}

    def read(source: Source) -> bool:
        if source.of == "length":
            return not data.bank.causal
        return more or source.of != "number" or source.column not in symbols

    return Base(tuple((i, s) for i, s in enumerate(data.sources) if read(s)), previous=more and data.train.tagging)


def seek(
    data: Data,
    base: Base,
    seed: int,
    effort: int,
    told: Callable[[int, float], None],
    library: Sequence[tuple[Gene, ...]] = (),
) -> Iterator[Found]:
    """Programs found by one seed, in the order they are found, until the effort (programs scored) is spent.

    Args:
        data: what to learn.
        base: what programs may read.
        seed: of every random choice.
        effort: how many programs may be scored.
        told: called now and then with the effort spent and the share of the labels' entropy left unexplained.
        library: programs over the base variables; every other start begins with some of them.
    """
    rng = np.random.default_rng(seed)
    first = rng.choice(len(data.train), batch_size(data.train), replace=False)
    searcher = Searcher(data.train.take(first), data.alphabet, data.bank, base, seed, told)
    pool = data.train.take(rng.permutation(len(data.train))[:POOL])
    best, ended = _measured(searcher.score(()), data.train, searcher), None
    yield best  # however soon the search is stopped
    repeats = starts = 0
    while searcher.effort < effort and repeats < REPEATED:
        current = _start(searcher, starts, library, seed % 4 < 2)
        starts += 1
        while searcher.effort < effort:
            if not _perfect(current, searcher):
                current = searcher.climb(current, effort, lambda s: _perfect(s, searcher))
            if _perfect(current, searcher):
                found = _measured(current, pool, searcher)
                if not found.misses:
                    found = _measured(current, data.train, searcher)
                if not found.misses:
                    yield found
                    yield from _polished(current, data.train, searcher)
                    return
                _feed_back(found.model, data.train, searcher, rng)
                current = searcher.score(current.genes)
                continue
            found = _measured(current, data.train, searcher)
            if found.price < best.price - 1e-6:
                best = found
                yield found
            lifted = searcher.lifted(current)
            if lifted is current:
                break
            current = lifted
        found = _measured(current, data.train, searcher)
        if found.price < best.price - 1e-6:
            best = found
            yield found
        same = ended is not None and found.misses == ended.misses
        if ended is None or found.price < ended.price - 1e-6:
            repeats, ended = repeats * same, found
        repeats += same
        _renew(searcher, data.train, rng)


def batch_size(train: Batch) -> int:
    """Sequences a search starts on: fewer where they are long, for time and memory."""
    return min(SEQUENCES, len(train), max(LEAST_SEQUENCES, MOST_PAIRS // max(1, train.width) ** 2))


def _start(searcher: Searcher, number: int, library: Sequence[tuple[Gene, ...]], careful: bool) -> Scored:
    """Grown, random, or from the library, in turns; careful (every other pair of seeds): at first by the best genes."""
    if library and number % 2 == 0:
        several = searcher.rng.sample(library, min(len(library), searcher.rng.randint(1, 3)))
        return searcher.score(searcher.filled(merged(several, searcher.base.count)[:SLOTS]))
    if number % 4 == 1:
        return searcher.score(searcher.filled(()))
    return searcher.grown(1, MUCH) if careful and not number else searcher.grown(searcher.rng.choice((1, 2, 3)), 0.0)


def _perfect(scored: Scored, searcher: Searcher) -> bool:
    """Whether every label of the batch is right."""
    if scored.fit > 0.2 or scored.pointer is not None:
        return False
    model = fit(scored, searcher.batch, searcher)
    return not _wrong(model, searcher.batch).any()


def _wrong(model: Model, batch: Batch) -> np.ndarray:
    return (model.predict(batch) != batch.labels) & (batch.labels >= 0)


def _measured(scored: Scored, batch: Batch, searcher: Searcher) -> Found:
    """The program fitted on a batch, and what it gets wrong there."""
    model = fit(scored, batch, searcher)
    misses = int(_wrong(model, batch).sum())
    samples = int((batch.labels >= 0).sum())
    price = mistakes(samples, samples - misses, searcher.alphabet.size)
    size = CELL * sum(len(table.outcomes) for table in model.tables()) + GENE * sum(map(complexity, model.genes))
    return Found(model, misses, float(price + size), searcher.effort)


def _feed_back(model: Model, train: Batch, searcher: Searcher, rng: np.random.Generator) -> None:
    """Sequences that the program gets wrong join the batch."""
    wrong = np.flatnonzero(_wrong(model, train).any(0))
    new = train.take(rng.permutation(wrong)[:FED_BACK])
    old = searcher.batch
    most = MOST_SEQUENCES // SEQUENCES * batch_size(train)
    keep = slice(max(0, len(old) + len(new) - most), None)
    searcher.use(old.take(keep).joined(new))


def _renew(searcher: Searcher, train: Batch, rng: np.random.Generator) -> None:
    """Half the batch is drawn anew, so that the next start sees other examples."""
    old = searcher.batch
    half = max(1, batch_size(train) // 2)
    new = train.take(rng.choice(len(train), half, replace=False))
    keep = rng.permutation(len(old))[: max(half, len(old) - half)]
    searcher.use(old.take(keep).joined(new))


def _polished(current: Scored, train: Batch, searcher: Searcher) -> Iterator[Found]:
    """Simpler programs that are right too."""
    end = searcher.effort + POLISH
    best = current
    while searcher.effort < end:
        simpler = searcher.simpler(searcher.climb(best, end, lambda s: False))
        if simpler.score > best.score - 1e-6:
            return
        found = _measured(simpler, train, searcher)
        if found.misses:
            rng = np.random.default_rng(searcher.effort)
            _feed_back(found.model, train, searcher, rng)
            best = searcher.score(best.genes)
            continue
        best = simpler
        yield found
