"""The learner: rounds of a search, seeds in parallel, more effort each round, until a program is right."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.data import Data as Examples
from pellucid.data.schema import Field, Schema
from pellucid.errors import PellucidError
from pellucid.language.nodes import When
from pellucid.language.program import Program
from pellucid.language.types import Plain, Value, order
from pellucid.learners.base import Found, Run, Steps
from pellucid.learners.columns import answered, program_of
from pellucid.learners.evolve.columns import LARGEST, Batch, Source
from pellucid.learners.evolve.genes import Bank
from pellucid.learners.evolve.model import PARTS, Model
from pellucid.learners.evolve.pool import InterruptedSearchError, Job, run_jobs, write_data
from pellucid.learners.evolve.programs import OUTPUT, decode, starts_from
from pellucid.learners.evolve.readouts import Alphabet
from pellucid.learners.evolve.seek import Data, variant
from pellucid.learners.evolve.seek import Found as Scored
from pellucid.learners.stored import opened, packed
from pellucid.problem import Problem
from pellucid.semantics.reading import Columns

SEEDS = 2  # searched in a round: one with and one without the previous output
FIRST_EFFORT = 10_000
MORE = 3  # times as much in the next round
LEAST_CONFIRMED = 10_000  # programs for seeds that look for something simpler once a right program is known
PLAIN = 8.0  # price in nats of a right program that hardly can be simpler: two plain genes and a copy
WORTH = 0.99  # of what it costs to tell all outputs, after a round, that another round is worth its work
KEPT = 6  # programs that are read off
MOST_SYMBOLS = 1_000  # of all columns together
MOST_LABELS = 500


@dataclass(frozen=True)
class Evolve:
    """Searches attention in both directions, units and closed-form readouts over symbols and whole numbers.

    trained: a program of another learner whose pieces are where the search starts.
    """

    name: str = "evolve"
    rounds: int = 3
    settings: Mapping[str, type] = field(default_factory=lambda: {"causal": bool})
    trained: Program | None = None

    def refuses(self, problem: Problem) -> str | None:
        """Why it cannot take a problem; None: it takes it."""
        return refusal(problem.schema)

    def learn(self, problem: Problem, run: Run) -> Steps:
        """The best programs of each round, best first."""
        search = _Search(problem, run, self.trained, self.rounds)
        for _ in search.all_rounds():
            run.history["rounds"] = search.rounds
            run.report |= {"programs": search.effort, "rounds": len(search.rounds)}
            for found in search.best_of_round():
                searched = Searched(found.model, search.coding, self._program(found.model, problem, search.coding))
                details = {"misses": found.misses, "price": found.price, "programs": found.effort}
                yield Found(searched.program, self.name, searched, details)
            if not search.stopped:
                yield None
        run.report["stopped"] = search.stopped

    @staticmethod
    def opened(config: Mapping[str, Any], arrays: Mapping[str, np.ndarray], program: Program, where: str) -> Searched:
        """The model that `described` described.

        Raises:
            PellucidError: naming `where`, for anything that is not such a description.
        """
        what = "a searched program"
        coding = opened(config.get("coding"), arrays, Coding, PARTS, where, what)
        return Searched(opened(config.get("model"), arrays, Model, PARTS, where, what), coding, program)

    @staticmethod
    def _program(model: Model, problem: Problem, coding: Coding) -> Program:
        return program_of(problem, decode(model, coding.symbols, coding.labels), (OUTPUT,))


# ---------------------------------------------------------------- data as the search sees them


def refusal(schema: Schema) -> str | None:
    """Why the search cannot take such data; None: it can."""
    if any(field.words is not None for field in schema.inputs):
        return "texts of words"
    if len(schema.outputs) != 1:
        return "several outputs"
    if any(field.type.numbers is not None and not field.type.numbers.whole for field in schema.inputs):
        return "inputs that are not whole numbers"
    labels = schema.outputs[0].values
    if labels is None or len(labels) > MOST_LABELS:
        return f"outputs of more than {MOST_LABELS} values"
    if len(symbols_of(schema)) > MOST_SYMBOLS:
        return f"more than {MOST_SYMBOLS} symbols"
    return None if sources_of(schema) else "numbers that are too large"


def symbols_of(schema: Schema) -> tuple[Plain, ...]:
    """What the codes of symbols stand for, the same for all columns."""
    return order(v for field in schema.inputs if _listed(field) for v in field.values or ())  # pyright: ignore[reportReturnType]


def sources_of(schema: Schema) -> tuple[Source, ...]:
    """What programs may read; every column of whole numbers is there as symbols, too, where they are few."""
    tokens = [Source("token", field.name) for field in schema.inputs if _listed(field)]
    numbers = [Source("number", field.name) for field in schema.inputs if _small(field)]
    if len({*tokens, *(Source("token", n.column) for n in numbers)}) < len(schema.inputs):
        return ()
    return (*tokens, Source("position"), Source("length"), *numbers)


def _listed(field: Field) -> bool:
    return field.values is not None and len(field.values) <= MOST_SYMBOLS


def _small(field: Field) -> bool:
    n = field.type.numbers
    return field.type.is_whole and n is not None and n.low >= -LARGEST and n.high <= LARGEST


@dataclass(frozen=True)
class Coding:
    """Between a user's sequences and the arrays of a search: what codes stand for, and when outputs come."""

    sources: tuple[Source, ...]
    symbols: tuple[Plain, ...]
    labels: tuple[Plain, ...]
    when: When

    @classmethod
    def of(cls, schema: Schema) -> Coding:
        """The coding of data with this schema."""
        return cls(sources_of(schema), symbols_of(schema), schema.outputs[0].values or (), schema.when)

    @cached_property
    def alphabet(self) -> Alphabet:
        """Codes of symbols and labels."""
        return Alphabet.of(self.symbols, self.labels)

    @cached_property
    def _symbol(self) -> dict[Value, int]:
        return {symbol: code for code, symbol in enumerate(self.symbols)}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that are read."""
        return tuple(dict.fromkeys(source.column for source in self.sources if source.column))

    def data(self, problem: Problem) -> Data:
        """The training data, and the pieces that may be used."""
        ordered = len({type(symbol) for symbol in self.symbols}) < 2
        bank = Bank(len(self.symbols), problem.causal, ordered)
        return Data(self.batch(problem.splits.train), self.sources, self.alphabet, bank)

    def batch(self, examples: Examples) -> Batch:
        """Examples without the empty ones; one output of a sequence stands at its last position."""
        examples = examples.take(np.flatnonzero(examples.lengths))
        batch = self.inputs({name: examples.column(name) for name in self.columns})
        code = {label: i for i, label in enumerate(self.labels)}
        labels = np.full(batch.valid.shape, -1, np.int32)
        for i, output in enumerate(examples.outputs):
            if self.when == "every":
                labels[: len(output), i] = [-1 if y is None else code[y] for y in output]
            else:
                labels[len(examples.inputs[i]) - 1, i] = -1 if output is None else code[output]
        return Batch(batch.values, batch.valid, labels)

    def inputs(self, columns: Mapping[str, Sequence[Sequence[Value]]]) -> Batch:
        """Sequences of at least one position each, by column, without labels."""
        first = columns[self.columns[0]]
        lengths = np.array([len(sequence) for sequence in first], np.int64)
        place = np.arange(int(lengths.max(initial=0)))[:, None]
        valid = place < lengths
        values = np.zeros((len(self.sources), *valid.shape), np.int16)
        for n, source in enumerate(self.sources):
            if source.of in ("position", "length"):
                values[n] = np.where(valid, place if source.of == "position" else lengths, 0)
                continue
            flat = [v for sequence in columns[source.column] for v in sequence]
            codes = [self._symbol[v] for v in flat] if source.of == "token" else flat  # pyright: ignore[reportArgumentType]
            values[n].T[valid.T] = codes
        return Batch(values, valid, np.full(valid.shape, -1, np.int32))

    def takes(self, columns: Mapping[str, Sequence[Value]]) -> bool:
        """Whether the arrays can hold a sequence: known symbols, and numbers as small as the sources'."""
        known = {"token": self._symbol.__contains__, "number": lambda v: abs(v) <= LARGEST}
        return all(all(map(known[s.of], columns[s.column])) for s in self.sources if s.of in known)

    def outputs(self, codes: np.ndarray, lengths: Sequence[int]) -> list:
        """Codes [position, sequence] as the user's outputs."""
        rows = [[self.alphabet.value(c, self.symbols, self.labels) for c in column[:n]]
                for column, n in zip(codes.T.tolist(), lengths, strict=True)]  # fmt: skip
        return rows if self.when == "every" else [row[-1] for row in rows]


@dataclass(frozen=True)
class Searched:
    """A searched model beside the program read off it."""

    model: Model
    coding: Coding
    program: Program

    def predict(self, inputs: Sequence) -> list:
        """Outputs for the user's inputs, of any length; ABSENT where an input holds what no example did."""

        def answers(rows: Sequence[Columns]) -> list:
            joined = {name: [row[name] for row in rows] for name in rows[0]}
            codes = self.model.predict(self.coding.inputs(joined))
            return self.coding.outputs(codes, [len(next(iter(row.values()))) for row in rows])

        return answered(self.program, inputs, answers, self.coding.takes)

    def described(self) -> tuple[Mapping[str, Any], Mapping[str, np.ndarray]]:
        """Configuration, and arrays by name."""
        config, arrays = packed(self.model)
        return {"model": config, "coding": packed(self.coding)[0]}, arrays


# ---------------------------------------------------------------- rounds


@dataclass
class _Search:
    """The rounds of one search and what they found."""

    problem: Problem
    run: Run
    trained: Program | None
    most: int
    found: list[tuple[int, Scored]] = field(default_factory=list)  # with the seed
    rounds: list[dict[str, Any]] = field(default_factory=list)
    stopped: str = ""

    def __post_init__(self) -> None:
        self.coding = Coding.of(self.problem.schema)

    @property
    def exact(self) -> list[Scored]:
        """Those that miss nothing on the training data, or no more than may be wrong there."""
        train, tolerance = self.problem.train, self.problem.tolerance
        labels = len(train.flat(self.problem.schema.outputs[0].name))
        allowed = max(2 * train.longest, 2 * tolerance * labels) if tolerance else 0  # of sequences, all labels
        return [f for _, f in self.found if f.misses <= allowed]

    @property
    def effort(self) -> int:
        """Programs scored by all seeds."""
        return sum(job["effort"] for r in self.rounds for job in r["seeds"])

    def best_of_round(self) -> list[Scored]:
        """Those of the last round among the best so far: right ones, or cheaper than all that miss less."""
        seeds = {job["seed"] for job in self.rounds[-1]["seeds"]}
        ranked = sorted(self.found, key=lambda f: (f[1].misses, f[1].price, f[0], f[1].effort))[:KEPT]
        best = [f for _, f in ranked]
        kept = [not f.misses or all(f.price < g.price for g in best[:i]) for i, f in enumerate(best)]
        return [f for (seed, f), keep in zip(ranked, kept, strict=True) if keep and seed in seeds]

    def all_rounds(self) -> Iterator[None]:
        """Search until a program is right on all training data, nothing new comes, or time is up; a round at a time."""
        per_round = self.run.seeds or SEEDS
        with tempfile.TemporaryDirectory(prefix="pellucid-search-") as place:
            data = self.coding.data(self.problem)
            if not len(data.train):
                raise PellucidError(f"{self.problem.name}: every training sequence is empty; expected some positions")
            base, reaches = variant(0, data), data.bank.reaches
            library = starts_from(self.trained, base, self.coding.symbols, reaches) if self.trained else ()
            write_data(Path(place), data, library)
            for number, effort in enumerate(self._efforts()):
                first = 1000 * self.run.seed + number * per_round + (500 if self.trained else 0)
                jobs = [Job(first + i, effort) for i in range(per_round)]
                end = math.inf if self.run.deadline is None else self.run.deadline
                try:
                    run_jobs(Path(place), jobs, end, self._report(sum(job.effort for job in jobs)))
                except InterruptedSearchError:
                    self.stopped = "interrupted"
                self._take(jobs)
                if not self.stopped and time.monotonic() >= end:
                    self.stopped = "budget spent"
                yield
                if self.stopped:
                    return
            self.stopped = self.stopped or "all rounds done"

    def _report(self, allowed: int):
        done = self.effort

        def report(spent: int, fit: float) -> None:
            self.run.on_progress(min(1.0, spent / allowed), f"{done + spent:,} programs, unexplained {fit:.1%}")

        return report

    def _efforts(self) -> Iterator[int]:
        """Effort per seed of each round: more each time until one is right, then once more for a simpler one."""
        effort = self.run.times(FIRST_EFFORT)
        for number in range(self.most):
            yield effort
            if right := self.exact:
                if min(f.price for f in right) > PLAIN and not self.problem.tolerance:
                    yield max(2 * min(f.effort for f in right), self.run.times(LEAST_CONFIRMED))
                self.stopped = "a program is right on all training data"
                return
            if number and self._settled():
                self.stopped = "next to nothing better in another round"
                return
            effort *= MORE

    def _settled(self) -> bool:
        """Whether the last round brought next to nothing."""
        best = [min((f["price"] for f in r["seeds"] if f["price"] is not None), default=math.inf) for r in self.rounds]
        return best[-1] > WORTH * min(best[:-1])

    def _take(self, jobs: list[Job]) -> None:
        self.found += [(job.seed, found) for job in jobs for found in job.found]
        seeds = [
            {
                "seed": job.seed,
                "allowed": job.effort,
                "effort": job.spent,
                "misses": min((f.misses for f in job.found), default=None),
                "price": min((f.price for f in job.found), default=None),
                "exact_after": job.exact_at,
            }
            for job in jobs
        ]
        self.rounds.append({"seeds": seeds})
