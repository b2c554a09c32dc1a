"""Learning from a function instead of a file: inputs of its own, counterexamples, agreement in the end.

Angluin (1988): the learner asks what is right for inputs that it makes up, and for inputs on which its hypothesis is
wrong; without somebody who knows, these are looked for among random, extreme and repeating inputs, and where candidates
differ.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from typing import Any, Protocol

import numpy as np

from pellucid.data.data import Data
from pellucid.data.kinds import number
from pellucid.data.schema import Schema
from pellucid.data.split import LEAST
from pellucid.errors import PellucidError
from pellucid.language.expressions import Const
from pellucid.language.nodes import Assign, Column, Let, Output
from pellucid.language.program import Program
from pellucid.language.types import Plain, real, symbol, whole
from pellucid.questions import ASKED, Answers, Pairs, Round, lines
from pellucid.semantics import domain
from pellucid.values import as_token, is_integer, listing, show
from pellucid.verify import EXHAUSTIVE
from pellucid.verify.asked import Asked
from pellucid.verify.oracle import Form, OtherProgram, split_spec
from pellucid.verify.outputs import ABSENT, Comparison, distinct
from pellucid.verify.spec import CLOSE, SpecVerdict, agreement, shrunk

FIRST, FRESH, FINAL = 1_500, 4_000, 20_000  # questions before learning, in each search for counterexamples, at the end
SECONDS = 30.0  # that a teacher may take for each of these: a slow one is asked less
LISTED, JUDGED = 20, 1_000  # disagreements that a report lists, and of which it counts who is right
REPEATED = 30  # questions asked twice
WRONG = 200  # counterexamples that go into the next round, at most
MOST_WRONG, WEIGHT = 0.01, 10  # share of the examples that may be wrong, and of what is wrong among draws
ROUNDS = 4
PROGRESS = 0.7  # of the counterexamples of the round before; with more, another round is not worth its work
LONGEST = 1_000  # steps of an input
BATCH, SECOND = 2_000, 0.5  # inputs asked at once, and seconds that these may take
Function = Callable[[Sequence[Any]], Iterable[Any]]  # outputs, one by one


class Source(Protocol):
    """The inputs that a teacher may be asked."""

    @property
    def size(self) -> float:
        """How many there are."""
        ...

    def draw(self, count: int, seed: int, program: Program | None = None) -> list[Any]:
        """Random ones, repeats possible; those that a program's own constants suggest among them."""
        ...

    def extreme(self) -> list[Any]:
        """The shortest ones, and those of repeats, of ends, in order."""
        ...

    def every(self) -> Iterator[Any]:
        """Each of them once."""
        ...

    def typed(self, schema: Schema) -> Schema:
        """The schema with all that may stand in the inputs."""
        ...


@dataclass(frozen=True)
class Sequences:
    """Sequences of the values of a column, of 1 to `longest` steps."""

    column: Column
    longest: int

    @property
    def _program(self) -> Program:
        """A program that takes them."""
        return Program((self.column,), (Assign("y", Let(Const(0))),), (Output("y", "y"),), "every", self.longest)

    @property
    def size(self) -> float:
        """How many there are; endless for real numbers."""
        return domain.size(self._program)

    def draw(self, count: int, seed: int, program: Program | None = None) -> list[Any]:
        """Random ones of all lengths."""
        like = program and replace(program, inputs=(replace(self.column, name=program.inputs[0].name),))
        drawn = domain.sample(like or self._program, count, seed, self.longest)
        return [self._spread(x, random.Random(seed + i)) if i % 2 else x for i, x in enumerate(drawn)]

    def _spread(self, sequence: list[Any], rng: random.Random) -> list[Any]:
        """As long a sequence, of numbers from all of an interval of which small ones and its ends are but a part."""
        numbers = self.column.type.numbers
        if self.column.type.values is not None or numbers is None:
            return sequence
        pick = rng.randint if numbers.whole else rng.uniform
        return [pick(numbers.low, numbers.high) for _ in sequence]  # pyright: ignore[reportArgumentType]

    def extreme(self) -> list[Any]:
        """Up to three steps of every value, or of the ends of an interval; repeats of each; all in order and back."""
        numbers = self.column.type.numbers
        ends = [] if numbers is None else [numbers.low, numbers.high]
        values = list(self.column.type.values or ends)[:12]
        short = [[*x] for x in _products(values, 3) if len(x) <= self.longest]
        repeats = [[value] * n for value in values for n in {self.longest, (self.longest + 1) // 2}]
        return distinct([*short, *repeats, values[: self.longest], values[::-1][: self.longest]])

    def every(self) -> Iterator[Any]:
        """Each of them, the shortest first."""
        return domain.every(self._program)

    def typed(self, schema: Schema) -> Schema:
        """The schema with the column's type."""
        (own,) = schema.inputs
        return schema.with_input(replace(own, type=self.column.type))


def _products(values: Sequence[Any], longest: int) -> Iterator[tuple[Any, ...]]:
    for length in range(1, longest + 1):
        if len(values) ** length <= 300:
            yield from product(values, repeat=length)


@dataclass
class Teacher:
    """A function that says what is right, asked with patience.

    Args:
        name: in reports.
        function: gives outputs one by one; raises `PellucidError` where it fails.
        source: the inputs that it may be asked.
        seconds: that it may take before learning, in each search for counterexamples, and at the end.
        tolerance: share of inputs on which it may be wrong itself, so that nobody is asked to explain them.
        right: what is right, where somebody else knows, or ABSENT.
        answered: what it said, by input as JSON; failed: why it is asked no more.
    """

    name: str
    function: Function
    source: Source
    seconds: float = SECONDS
    tolerance: float = 0.0
    right: Callable[[Any], Any] = lambda sequence: ABSENT
    questions: int = 0
    answered: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    shares: list[float] = field(default_factory=list)
    failed: str | None = None
    form: Form | None = None
    spent: float = 0.0
    closing: Callable[[], None] = lambda: None

    @classmethod
    def of(
        cls,
        function: Callable[[Any], Any],
        *,
        tokens: Sequence[Plain] | None = None,
        numbers: tuple[float, float] | None = None,
        length: int,
    ) -> Teacher:
        """A teacher for `learn`: a Python function from a list to a list of as many outputs, or to one output.

        Args:
            function: may raise ValueError where an input has no answer; it is called in this process.
            tokens, numbers: what stands in inputs: these values, or the numbers between two ends, whole where both are.
            length: steps of the longest input.

        Raises:
            PellucidError: inputs that cannot be.
        """
        name = getattr(function, "__name__", type(function).__name__)
        return cls(name, partial(_called, name, function), sequences(tokens, numbers, length))

    def close(self) -> None:
        """End the process that it runs in, where it has one."""
        self.closing()

    @property
    def noise(self) -> float:
        """Share of the examples that may be wrong: each input is one example, however rarely it is drawn."""
        return min(MOST_WRONG, WEIGHT * self.tolerance)

    # ------------------------------------------------------------ asking

    def answers(self, inputs: Sequence[Any]) -> list[Any]:
        """What is right for each input; `ABSENT` where the teacher has no answer or no more time."""
        found: list[Any] = []
        until, size = time.monotonic() + self.seconds, 8
        while len(found) < len(inputs) and not self.failed:
            began = time.monotonic()
            part = inputs[len(found) : len(found) + size]
            try:
                for sequence, told in zip(part, self.function(part), strict=True):
                    self.questions += 1
                    found.append(self._checked(sequence, told))
            except PellucidError as error:
                self.failed = str(error)
            now = time.monotonic()
            self.spent += now - began
            size = min(BATCH, 2 * size) if now - began < SECOND else max(1, size // 2)
            if now > until:
                break
        return [*found, *[ABSENT] * (len(inputs) - len(found))]

    def _checked(self, sequence: Any, told: Any) -> Any:
        if told is ABSENT:
            return ABSENT
        self.form = self.form or Form(isinstance(told, list | tuple) or getattr(told, "ndim", 0) > 0)
        try:
            found = self.form.checked(told, len(sequence))
            for value in found if isinstance(found, list) else [found]:
                if isinstance(value, float) and not math.isfinite(value):
                    raise PellucidError(f"returned {value}; expected finite numbers")
            return found
        except PellucidError as error:
            raise PellucidError(f"{self.name}: on input {show(sequence)}: {error}") from None

    def told(self, inputs: Sequence[Any]) -> Pairs:
        """Inputs that were not asked before, with what is right, kept; those without an answer left out."""
        new = [x for x in distinct(inputs) if json.dumps(x) not in self.answered]
        pairs = [(x, y) for x, y in zip(new, self.answers(new), strict=True) if y is not ABSENT]
        self.answered |= {json.dumps(x): (x, y) for x, y in pairs}
        return pairs

    def first(self, seed: int) -> Data:
        """What learning begins with.

        Raises:
            PellucidError: too few answers, or others the second time.
        """
        pairs = self.told([*self.source.extreme(), *self.source.draw(FIRST, seed)])
        if len(pairs) < LEAST:
            raise PellucidError(self.failed or f"{self.name}: has no answer to {self.questions} inputs; expected some")
        again = [pairs[i] for i in np.random.default_rng(seed).permutation(len(pairs))[:REPEATED]]
        for (sequence, told), once_more in zip(again, self.answers([x for x, _ in again]), strict=True):
            if once_more is not ABSENT and repr(told) != repr(once_more):
                both = f"{show(told)} and then {show(once_more)}"
                raise PellucidError(f"{self.name}: answered {both} on input {show(sequence)}; expected one answer")
        labels = [label for _, told in pairs for label in (told if isinstance(told, list) else [told])]
        if len(set(labels)) == 1:
            told = f"gives {show(labels[0])} for all {len(pairs)} inputs asked"
            raise PellucidError(f"{self.name}: {told}; there is nothing to learn")
        data = Data.of([x for x, _ in pairs], [y for _, y in pairs])
        return data.with_schema(self.source.typed(data.schema))

    # ------------------------------------------------------------ judging

    def more(self, found: Round, seed: int) -> Pairs:
        """Counterexamples to what a round chose; none where all is well, or more would not help."""
        program, number = found.best.program, len(self.shares) + 1
        apart = [x for _, x in found.others]
        pairs = self.told([*apart, *self.source.draw(FRESH, 1000 * number + seed, program)])
        wrong = _wrong(program, pairs)
        self.shares.append(len(wrong) / max(1, len(pairs)))
        before = min(self.shares[:-1], default=math.inf)
        if self.shares[-1] <= self.tolerance or self.failed or number > ROUNDS or self.shares[-1] > PROGRESS * before:
            return []
        smallest = shrunk(program, self, wrong[0][0])
        known = {json.dumps(x) for x, _ in wrong}
        right = [(x, y) for x, y in pairs if json.dumps(x) not in known]
        return [*self.told([smallest]), *wrong[:WRONG], *right[: len(wrong[:WRONG])]]

    def chosen(self) -> int:
        """The round with the fewest errors on fresh inputs, the last of those."""
        return max(range(len(self.shares)), key=lambda i: (-self.shares[i], i))

    def outcome(self, found: Round, seed: int) -> Answers:
        """How well the program agrees with the teacher."""
        program, differing = found.best.program, list[Any]()
        verdict = self.agreement(program, seed, differing)
        report = {
            "name": self.name,
            "questions": self.questions,
            "rounds": len(self.shares),
            "seconds": round(self.spent, 3),
            "failed": self.failed,
            "agreement": None if verdict is None else verdict.to_json(),
            **(self._disagreements(program, differing) if differing else {}),
        }
        told = [f"Learned from a teacher, {self.name}, by {self.questions:,} questions."]
        told.append(f"Agreement: {verdict}." if verdict is not None else "It gave no answers in the end.")
        if self.failed:
            told.append(f"The teacher failed: {self.failed}.")
        agrees = verdict is not None and verdict.agrees
        return Answers({"teacher": report}, told, {ASKED: lines(list(self.answered.values()))}, agrees, self.failed)

    def _disagreements(self, program: Program, differing: Sequence[Any]) -> dict[str, Any]:
        """Inputs on which the program and the teacher differ, and how often each of them is right."""
        inputs, differs = sorted(distinct(differing)[:JUDGED], key=len), Comparison(program, CLOSE).differs
        told = zip(inputs, OtherProgram(program, "").answers(inputs), self.answers(inputs), strict=True)
        rows, counts = list[dict[str, Any]](), dict.fromkeys(("teacher", "program", "neither"), 0)
        for given, ours, theirs in told:
            rows.append({"input": given, "teacher": theirs, "program": ours})
            if (right := self.right(given)) is not ABSENT:
                who = "program" if not differs(ours, right) else "neither" if theirs != right else "teacher"
                counts[who] += 1
                rows[-1] |= {"right": right, "who": who}
        return {"disagreements": rows[:LISTED], **({"who_is_right": counts} if any(counts.values()) else {})}

    def agreement(self, program: Program, seed: int, differing: list[Any] | None = None) -> SpecVerdict | None:
        """The program compared with the teacher: on every input where they are few, else on fresh ones.

        None: the teacher has no more answers.
        """
        if self.failed:
            return None
        affordable = int(self.seconds / max(1e-9, self.spent / max(1, self.questions)))
        if self.source.size <= min(EXHAUSTIVE, affordable):
            return agreement(program, self, self.source.every(), None, differing=differing)
        fresh = self.source.draw(min(FINAL, max(1, affordable)), seed + 99, program)
        try:
            return agreement(program, self, fresh, len(fresh), differing=differing)
        except PellucidError:  # it has no answer
            return None


def _called(name: str, function: Callable[[Any], Any], inputs: Sequence[Any]) -> Iterator[Any]:
    """What a function of this process gives to each input; ABSENT where it raises ValueError."""
    for sequence in inputs:
        try:
            yield function(list(sequence))
        except ValueError:
            yield ABSENT
        except Exception as error:
            raise PellucidError(f"{name}: raised {type(error).__name__}: {error} on input {show(sequence)}") from error


def _wrong(program: Program, pairs: Pairs) -> Pairs:
    """Those on which a program is wrong."""
    differs, told = Comparison(program, CLOSE).differs, OtherProgram(program, "").answers([x for x, _ in pairs])
    return [pair for pair, t in zip(pairs, told, strict=True) if t is ABSENT or differs(t, pair[1])]


def of_file(spec: str, tokens: str | None, numbers: str | None, length: int | None) -> Teacher:
    """The teacher `FILE.py:function`, in a process of its own; `close` ends it. The rest as the command line has it.

    Raises:
        PellucidError: bad options; no such file or function, or it cannot be loaded.
    """
    split_spec(spec, "--teacher")
    if length is None or (tokens is None) == (numbers is None):
        raise PellucidError("--teacher: needs --length N, and either --tokens A,B,... or --numbers LO:HI")
    listed = None if tokens is None else _read(tokens.split(","))
    source = sequences(listed, None if numbers is None else parsed_range(numbers), length)
    asked = Asked(spec)
    return Teacher(spec, asked, source, closing=asked.close)


def _read(tokens: Sequence[str]) -> list[Plain]:
    """Tokens as a table would hold them: whole numbers where all are."""
    return [int(t) for t in tokens] if all(map(is_integer, tokens)) else list(tokens)


def parsed_range(text: str) -> tuple[float, float]:
    """The two ends of `LO:HI`.

    Raises:
        PellucidError: it is something else.
    """
    ends = [number(part.strip()) for part in text.split(":")]
    if len(ends) != 2 or any(end is None or not math.isfinite(end) for end in ends):
        raise PellucidError(f"--numbers {text}: expected LO:HI, as 0:9 or -1.0:1.0")
    return ends[0], ends[1]  # pyright: ignore[reportReturnType]


def sequences(tokens: Sequence[Plain] | None, numbers: tuple[float, float] | None, length: int) -> Sequences:
    """Inputs of up to `length` steps: of tokens, or of the numbers between two ends, whole where both are.

    Raises:
        PellucidError: both or neither, fewer than two tokens, one twice or empty, a length out of range.
    """
    if (tokens is None) == (numbers is None):
        raise PellucidError("a teacher: needs either tokens or numbers")
    if not isinstance(length, int) or not 1 <= length <= LONGEST:
        raise PellucidError(f"--length {length}: expected a whole number from 1 to {LONGEST}")
    if numbers is not None:
        low, high = numbers
        if not low < high:
            raise PellucidError(f"--numbers {low}:{high}: expected the smaller one first")
        span = whole(low, high) if isinstance(low, int) and isinstance(high, int) else real(float(low), float(high))
        return Sequences(Column("x", span), length)
    known = [as_token(value) for value in tokens or ()]
    if len(set(known)) != len(known) or len(known) < 2 or "" in known:
        raise PellucidError(f"--tokens: {listing(known)}; expected two or more different ones")
    return Sequences(Column("x", symbol(known)), length)
