"""Search rounds for a problem: seeds in parallel, more effort each round, until a program is right or time is up."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from pellucid import folder
from pellucid.data import Vocab
from pellucid.old_problem import Problem
from pellucid.program.ir import Program
from pellucid.search.data import alphabet_of, bank_of, batch_of, numbers_of, symbols_of
from pellucid.search.decode import decode
from pellucid.search.files import from_json, to_json
from pellucid.search.library import starts_from
from pellucid.search.model import Model
from pellucid.search.pool import InterruptedSearchError, Job, run_jobs
from pellucid.search.seek import Data, variant
from pellucid.search.worker import write_data

SEEDS = 2  # searched in a round: one with and one without the previous output
FIRST_EFFORT = 30_000
LEAST_CONFIRMED = 10_000  # programs for seeds that look for something simpler once a right program is known
PLAIN = 8.0  # price in nats of a right program that hardly can be simpler: two plain genes and a copy
ROUNDS = 12
Predictor = Callable[[Sequence], list]


@dataclass(frozen=True)
class Searched:
    """A program that the search found."""

    model: Model
    seed: int
    misses: int
    price: float
    effort: int

    def extract(self, vocab: Vocab) -> Program:
        """The program in the IR."""
        return decode(self.model, vocab)

    def predictor(self, vocab: Vocab) -> Predictor:
        """The model, from the user's inputs to outputs."""
        return predictor(self.model, vocab)

    def files(self, vocab: Vocab) -> dict[str, str | bytes]:
        """Model files by name."""
        config, arrays = to_json(self.model)
        described = {"family": "search", "config": config, "vocabulary": vocab.to_json()}
        return {folder.MODEL: folder.dump(described), folder.WEIGHTS: save(arrays)}


@dataclass
class SearchResult:
    """What a search found, best first, and how it went."""

    found: list[Searched] = field(default_factory=list)
    rounds: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    stopped: str = "all rounds done"

    @property
    def exact(self) -> bool:
        """Whether some program misses nothing on the training data."""
        return any(not f.misses for f in self.found)

    @property
    def effort(self) -> int:
        """Programs scored by all seeds."""
        return sum(job["effort"] for r in self.rounds for job in r["seeds"])


def search(
    problem: Problem,
    seed: int,
    end: float,
    on_progress: Callable[[float, str], None],
    seeds: int | None = None,
    trained: Program | None = None,
) -> SearchResult:
    """Search a problem until a program is right on all training data, nothing new comes, or time is up.

    Args:
        problem: what to learn.
        seed: of the search; the same seed gives the same programs.
        end: time (of `time.monotonic`) when to stop.
        on_progress: called with the share of the time spent and a short message.
        seeds: how many are searched in a round.
        trained: a gradient-trained program whose pieces are where the search starts.
    """
    result, began, per_round = SearchResult(), time.monotonic(), seeds or SEEDS
    with tempfile.TemporaryDirectory(prefix="pellucid-search-") as place:
        vocab = problem.vocab
        data = Data(batch_of(problem.splits.train, vocab), alphabet_of(vocab), bank_of(vocab), numbers_of(vocab))
        write_data(Path(place), data, starts_from(trained, variant(0, data), data.bank) if trained else ())
        for number, effort in enumerate(_efforts(result)):
            first = 1000 * seed + number * per_round + (500 if trained else 0)
            jobs = [Job(first + i, effort) for i in range(per_round)]
            done = result.effort

            def report(spent: int, fit: float, done: int = done) -> None:
                share = (time.monotonic() - began) / max(end - began, 1e-9)
                on_progress(min(share, 1.0), f"{done + spent:,} programs, unexplained {fit:.1%}")

            try:
                run_jobs(Path(place), jobs, end, report)
            except InterruptedSearchError:
                result.stopped = "interrupted"
            _take(result, jobs)
            if result.stopped == "interrupted" or time.monotonic() >= end:
                result.stopped = result.stopped if result.stopped == "interrupted" else "budget spent"
                break
    result.seconds = round(time.monotonic() - began, 3)
    result.found.sort(key=lambda f: (f.misses, f.price, f.seed, f.effort))
    return result


def _efforts(result: SearchResult) -> Iterator[int]:
    """Effort per seed of each round: doubled until something is right, then one round more for something simpler."""
    effort = FIRST_EFFORT
    for number in range(ROUNDS):
        yield effort
        if result.exact:
            right = [f for f in result.found if not f.misses]
            if min(f.price for f in right) > PLAIN:
                yield max(2 * min(f.effort for f in right), LEAST_CONFIRMED)
            result.stopped = "a program is right on all training data"
            return
        if number and _settled(result):
            result.stopped = "nothing better in several restarts"
            return
        effort *= 2


def _settled(result: SearchResult) -> bool:
    """Whether the last round brought nothing and its seeds stopped by themselves."""
    last = result.rounds[-1]["seeds"]
    before = min((f["price"] for r in result.rounds[:-1] for f in r["seeds"] if f["price"] is not None), default=None)
    now = min((f["price"] for f in last if f["price"] is not None), default=None)
    early = all(f["effort"] < f["allowed"] for f in last)
    return early and before is not None and now is not None and now > before - 1.0


def _take(result: SearchResult, jobs: list[Job]) -> None:
    for job in jobs:
        for told in job.found:
            arrays = {name: np.array(values, np.int64) for name, values in told["tables"].items()}
            model = from_json(told["config"], arrays, "search worker")
            result.found.append(Searched(model, job.seed, told["misses"], told["price"], told["effort"]))
    seeds = [
        {
            "seed": job.seed,
            "allowed": job.effort,
            "effort": job.spent,
            "misses": min((f["misses"] for f in job.found), default=None),
            "price": min((f["price"] for f in job.found), default=None),
            "exact_after": job.exact_at,
        }
        for job in jobs
    ]
    result.rounds.append({"seeds": seeds})


def predictor(model: Model, vocab: Vocab) -> Predictor:
    """A searched model, from the user's inputs to outputs; inputs longer than any seen in training as well."""
    numbers = numbers_of(vocab)

    def outputs(inputs: Sequence) -> list:
        longest = max([vocab.max_length, *map(len, inputs)])
        wide = vocab if longest == vocab.max_length else replace(vocab, max_length=longest)
        codes = model.predict(symbols_of(wide.encode_inputs(inputs), wide), numbers)
        if vocab.kind == "classification":
            last = codes[np.array([len(s) - 1 for s in inputs]), np.arange(len(inputs))]
            return [model.alphabet.value(c, vocab.tokens, vocab.labels) for c in last.tolist()]
        columns = zip(codes.T.tolist(), inputs, strict=True)
        return [[model.alphabet.value(c, vocab.tokens, vocab.labels) for c in row[: len(s)]] for row, s in columns]

    return outputs


def predictor_from_folder(place: Path, model: Mapping[str, Any], vocab: Vocab) -> Predictor:
    """The searched model of a learned folder, from the user's inputs to outputs."""
    arrays = load(folder.read_bytes(place, folder.WEIGHTS))
    return predictor(from_json(model["config"], arrays, str(place / folder.MODEL)), vocab)
