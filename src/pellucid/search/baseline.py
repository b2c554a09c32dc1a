"""What random programs reach with the same readouts: the part of a result that the bank and the closed forms earn."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid.data import Dataset
from pellucid.old_problem import Problem
from pellucid.program.metrics import accuracy
from pellucid.search.data import alphabet_of, bank_of, batch_of, numbers_of
from pellucid.search.engine import POINTED, Searcher
from pellucid.search.fitting import fit
from pellucid.search.learn import predictor
from pellucid.search.seek import Data, batch_size, variant


def random_programs(problem: Problem, seed: int, programs: int, end: float) -> dict[str, Any]:
    """Accuracy on validation data of the best of so many random programs, its tables fitted on all training data.

    Args:
        problem: as for the search.
        seed: of the random programs; half of them may read the previous output, as in the search.
        programs: how many are scored; fewer where the time `end` (of `time.monotonic`) comes first.
    """
    began, vocab = time.monotonic(), problem.vocab
    data = Data(batch_of(problem.splits.train, vocab), alphabet_of(vocab), bank_of(vocab), numbers_of(vocab))
    best, tried = None, 0
    for half in (0, 1):
        rng = np.random.default_rng([seed, half])
        first = rng.choice(len(data.train), batch_size(data.train), replace=False)
        base = variant(half, data)
        searcher = Searcher(data.train.take(first), data.alphabet, data.bank, base, data.numbers, seed)
        limit = began + (end - began) * (half + 1) / 2
        while searcher.effort < programs // 2 and time.monotonic() < limit:
            found = searcher.score(searcher.filled(()))
            if found.pointer is not None and found.score < POINTED:
                found = searcher.completed(found)
            if best is None or found.fit < best[0].fit:
                best = found, searcher
        tried += searcher.effort
    if best is None:
        return {"programs": 0, "seconds": 0.0, "valid": None}
    model = fit(best[0], data.train, best[1])
    seconds = round(time.monotonic() - began, 3)
    return {"programs": tried, "seconds": seconds, "valid": _accuracy(predictor(model, vocab), problem.splits.valid)}


def _accuracy(outputs: Any, dataset: Dataset) -> dict[str, float]:
    inputs: Sequence = dataset.inputs
    return {key: round(value, 6) for key, value in accuracy(outputs(inputs), dataset).items()}
