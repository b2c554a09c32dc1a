"""model = program = emitted text, checked input by input.

Up to a million possible inputs every one is checked; beyond that a sample, and the statement is a bound: with n random
inputs and no mismatch, the share of inputs that disagree is below 1 - 0.05 ** (1 / n) with 95 % confidence. A program
that takes inputs longer than it was made for is checked on a sample of those as well.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.language.program import Program
from pellucid.semantics import domain, reference
from pellucid.semantics.batch import predict
from pellucid.semantics.reading import read
from pellucid.verify.outputs import ABSENT, Comparison, Model, distinct, running_text

EXHAUSTIVE = 1_000_000
HOPELESS = 100_000_000
SAMPLES, LONGER = 20_000, 2_000
OPEN = 5_000  # random inputs where columns hold texts or any number: most that there are will never be seen
POSITIONS = 400_000  # positions held in memory at once
FIRST, GROWTH, TIMED = 4_000, 3, 500  # positions of a first batch where time counts, growth, inputs that are timed
SECOND, LENGTHY = 100, 300  # inputs of a batch that the plain reference runs on, and their positions
ODD = 400  # texts as no data set has them
SIGNS = "aeT9.,:-'’\"\\/{}[]()<>#@$%&*_ \t\n\u00a0\u2028éİßſΣ中🎉\u0301\x00"
NAMES = ("<unk>", "<num>", "<Xxx-son>", "<xxx-ing>", "<start>", "<none>", "<", "-")


def bound(samples: int) -> float:
    """Share of inputs that may disagree although none of so many random ones did (95 % confidence)."""
    return 1 - 0.05 ** (1 / max(1, samples))


@dataclass(frozen=True)
class Verdict:
    """Outcome of a check.

    Args:
        checked: inputs up to the longest in the data; mismatches: of those and the longer ones, how many disagree.
        exhaustive: whether these are all there are; bound: largest share of disagreeing ones that the sample leaves
            possible, 0 if exhaustive.
        counterexample: the first, shortest input that disagrees, with who said what.
        longer: inputs longer than the program was made for, of up to `longest` positions.
        own: of a program that reads texts, how many of those checked are the user's; the bound is for random ones.
        compared: what was, beside program.json and program.py: the `model`, or the plain `reference` on a sample.
        cut_short: whether more would have been checked, had there been the time.
    """

    checked: int
    mismatches: int
    exhaustive: bool
    bound: float
    counterexample: dict[str, Any] | None = None
    longer: int = 0
    longest: int = 0
    own: int | None = None
    compared: Sequence[str] = ()
    cut_short: bool = False

    @property
    def faithful(self) -> bool:
        """Whether every input checked agreed."""
        return self.mismatches == 0

    def to_json(self) -> dict[str, Any]:
        """The entry `faithful` of `report.json`."""
        data = {key: getattr(self, key) for key in ("checked", "mismatches", "exhaustive", "bound")}
        data |= {"longer": self.longer, "longest": self.longest} if self.longer else {}
        data |= {} if self.own is None else {"own": self.own}
        data |= {"compared": list(self.compared)} if self.compared else {}
        data |= {"cut_short": True} if self.cut_short else {}
        return data if self.counterexample is None else {**data, "counterexample": self.counterexample}

    def __str__(self) -> str:
        if self.counterexample:
            told = ", ".join(f"{who}: {_json(out)}" for who, out in self.counterexample["outputs"].items())
            return (
                f"{self.mismatches} of {self.checked + self.longer} inputs disagree; "
                f"the first: input {_json(self.counterexample['input'])}: {told}"
            )
        longer = f", and {self.longer:,} longer ones up to {self.longest:,} positions" if self.longer else ""
        if self.exhaustive:
            return f"all {self.checked:,} possible inputs agree{longer}"
        if self.own is None:
            return f"{self.checked:,} sampled inputs agree: {self._differ('inputs')}{longer}"
        kinds = f"{self.own:,} of the data and others of random words" if self.own else "of random words"
        return f"{self.checked:,} texts agree, {kinds}: {self._differ('random ones')}"

    def _differ(self, which: str) -> str:
        return f"fewer than {self.bound:.3%} of {which} differ (95 % confidence)"


def _json(value: Any) -> str:
    try:
        return json.dumps(value)
    except ValueError:
        return "a number too long to be printed"


def verify(
    program: Program,
    source: str,
    model: Model | None,
    *,
    longest: int | None = None,
    known: Iterable[Any] = (),
    seed: int = 0,
    samples: int = SAMPLES,
    exhaustive: bool = False,
    longer: bool = False,
    until: float = math.inf,
    on_progress: Callable[[float, str], None] = lambda share, message: None,
) -> Verdict:
    """Compare model, program and emitted text.

    Args:
        program: what `program.json` holds.
        source: text of `program.py`, run in isolated Python processes.
        model: the trained model, from inputs in the user's form to outputs, `same.ABSENT` where it says nothing; None:
            the plain reference is the second opinion, on a sample.
        longest: positions of an input; by default those that the program was made for, else those of the known ones.
        known: inputs in the user's form, raw texts too, that are checked where not all inputs are.
        seed, samples: of the random inputs.
        exhaustive: check every input even if there are more than a million.
        longer: whether the model takes longer inputs, too; else the others alone are compared on those.
        until: when (of `time.monotonic`) to stop; some inputs are compared in any case. If all cannot be in the time, a
            sample is.
        on_progress: told the share that is done, and a short message.

    Raises:
        PellucidError: an exhaustive check of inputs without end, or of more than a hundred million.
    """
    texts = any(column.words is not None for column in program.inputs)
    own = [plain for plain in map(plain_input, known) if len(plain)]
    longest = longest or program.longest or (None if texts else max(map(len, own), default=None))
    size = math.inf if texts else domain.size(program, longest)
    if exhaustive and size > HOPELESS:
        raise PellucidError(f"--exhaustive: {size:,} possible inputs are too many; at most {HOPELESS:,}")
    whole = exhaustive or size <= EXHAUSTIVE
    closed = all(column.type.values is not None and column.words is None for column in program.inputs)
    samples = samples if closed else min(samples, OPEN)
    who, said = ("reference", partial(_reference, program)) if model is None else ("model", model)
    comparing = _Comparing(program, source, until, on_progress)
    if late := whole and until < math.inf and not comparing.can_be_done(int(size), {who: said}, seed, longest):
        whole = False
    if whole:
        count, done = comparing.count(domain.every(program, longest), {who: said}, int(size))
    else:
        drawn = distinct([*domain.sample(program, samples, seed, longest), *own, *odd_texts(program, seed)])
        count, done = comparing.count(drawn, {who: said}, len(drawn))
    further = longer_inputs(program, seed, longest)
    beyond, all_done = comparing.count(further, {who: said} if longer and model is not None else {}, len(further), done)
    wrong = count if count.wrong else beyond
    example = {"input": wrong.example, "outputs": wrong.outputs} if wrong.wrong else None
    whole, random = whole and done, samples if done else min(samples, count.checked)
    return Verdict(
        count.checked, count.wrong + beyond.wrong, whole, 0.0 if whole else bound(random), example, beyond.checked,
        beyond.longest, (len(own) if done else max(0, count.checked - samples)) if texts else None,
        (who, "program.json", "program.py"), late or not (done and all_done),
    )  # fmt: skip


def plain_input(sequence: Any) -> Any:
    """An input as JSON has it: a raw text, or a list."""
    if isinstance(sequence, str):
        return sequence
    return json.loads(json.dumps(list(sequence), default=lambda array: array.tolist()))


def longer_inputs(program: Program, seed: int, longest: int | None) -> list[Any]:
    """Random inputs longer than those that the program was made for, up to twice as long."""
    if longest is None or not program.takes_longer:
        return []
    drawn = domain.sample(program, 2 * LONGER, seed + 1, 2 * longest)
    return distinct(sequence for sequence in drawn if len(sequence) > longest)[:LONGER]


@dataclass
class Count:
    """Inputs compared, how many have no right answer, how many are wrong, and the first of the shortest of those."""

    checked: int = 0
    skipped: int = 0
    wrong: int = 0
    longest: int = 0
    example: Any = None
    outputs: dict[str, Any] | None = None

    def add(self, sequence: Any, wrong: bool | None, outputs: dict[str, Any] | None = None) -> None:
        """One more input; None: it has no right answer. `outputs`: what is told of it."""
        if wrong is None:
            self.skipped += 1
            return
        self.checked, self.longest = self.checked + 1, max(self.longest, len(sequence))
        if wrong:
            self.wrong += 1
            if self.example is None or len(sequence) < len(self.example):
                self.example, self.outputs = sequence, outputs


@dataclass(frozen=True)
class _Comparing:
    """Who is compared, until when (of `time.monotonic`), and who is told of it."""

    program: Program
    source: str
    until: float
    on_progress: Callable[[float, str], None]

    def count(
        self, inputs: Iterable[Any], models: dict[str, Model], total: int, on_time: bool = True
    ) -> tuple[Count, bool]:
        """Compare what is said to all inputs, or to those there is time for; whether it was to all.

        Batches grow; the first one is compared in any case, unless it is too late already (not `on_time`).
        """
        count, same, first = Count(), Comparison(self.program).same, FIRST if self.until < math.inf else POSITIONS
        for batch in _batches(inputs if on_time else (), first):
            self.on_progress(count.checked / total, f"{count.checked:,} of {total:,} inputs")
            began = time.monotonic()
            with running_text(self.source, batch) as text:  # in processes of its own, while the others are asked
                told = {who: model(batch) for who, model in models.items()}
                told |= {"program.json": predict(self.program, batch), "program.py": text()}
            for sequence, *said in zip(batch, *told.values(), strict=True):
                outputs = {who: output for who, output in zip(told, said, strict=True) if output is not ABSENT}
                meant = outputs["program.json"]
                agrees = all(given is meant or same(meant, given, who != "model") for who, given in outputs.items())
                count.add(sequence, not agrees, outputs)
            now = time.monotonic()
            if count.checked < total and now + GROWTH * (now - began) > self.until:
                return count, False
        return count, on_time or not total

    def can_be_done(self, total: int, models: dict[str, Model], seed: int, longest: int | None) -> bool:
        """Whether there is time for so many inputs, by how long some random ones take."""
        drawn, began = domain.sample(self.program, min(TIMED, total), seed, longest), time.monotonic()
        self.count(drawn, models, len(drawn))
        return time.monotonic() + (time.monotonic() - began) * total / TIMED < self.until


def _reference(program: Program, batch: Sequence[Any]) -> list[Any]:
    """What the plain reference says to some of the inputs."""
    found: list[Any] = [ABSENT] * len(batch)
    for i in range(0, len(batch), 1 + len(batch) // SECOND):
        if len(batch[i]) <= LENGTHY:
            found[i] = reference.run(program, batch[i])
    return found


def _batches(inputs: Iterable[Any], first: int) -> Iterator[list[Any]]:
    """Batches of so many positions at first, then of more."""
    batch, size, most = list[Any](), 0, first
    for sequence in inputs:
        batch.append(sequence)
        size += 1 + len(sequence)
        if size >= most:
            yield batch
            batch, size, most = [], 0, min(POSITIONS, GROWTH * most)
    if batch:
        yield batch


def odd_texts(program: Program, seed: int) -> list[Any]:
    """Odd characters, unknown words, numbers and names of classes; of a program that does not read texts none."""
    column = program.inputs[0]
    if column.words is None or len(program.inputs) > 1:
        return []
    rng, known = np.random.default_rng(seed), column.type.texts

    def among(values: Any) -> Any:
        return values[int(rng.integers(len(values)))]

    makers: tuple[Callable[[], str], ...] = (
        lambda: "".join(among(SIGNS) for _ in range(int(rng.integers(1, 12)))),
        lambda: chr(int(among([rng.integers(32, 0x2FFF), rng.integers(0x10000, 0x1FFFF)]))) * 2,
        lambda: among(known),
        lambda: among(known).swapcase() + "son",
        lambda: f"{int(rng.integers(10**6)) * 1000},5",
        lambda: among(NAMES),
    )
    lists = [[among(makers)() for _ in range(int(rng.integers(1, 9)))] for _ in range(ODD)]
    texts = [words if i % 2 else " ".join(words) for i, words in enumerate(lists)]
    return [text for text in texts if _is_taken(program, text)]


def _is_taken(program: Program, text: Any) -> bool:
    try:
        return bool(read(program, text)[program.inputs[0].name])
    except PellucidError:  # no word in it
        return False
