"""A program against what is right: every input, or a search that ends in a smallest one on which it is wrong.

The search is our own: sequences need two moves to shrink (delete some, replace one by a simpler value), and what finds
small mistakes best is trying every short input first. Hypothesis would do the same with a dependency that users of a
learned program do not have.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pellucid.errors import PellucidError
from pellucid.language.columns import Column
from pellucid.language.program import Program
from pellucid.language.types import Numbers, Value
from pellucid.semantics import domain
from pellucid.semantics.batch import predict
from pellucid.verify import EXHAUSTIVE, distinct, longer_inputs
from pellucid.verify.oracle import OtherProgram, Reference
from pellucid.verify.same import ABSENT, Comparison
from pellucid.verify.verdict import bound, shown

SAMPLES = 20_000  # random inputs, and as many of the shortest ones
BATCH = 20_000
CLOSE = 1e-9
Valid = Callable[[Any], bool]


@dataclass(frozen=True)
class SpecVerdict:
    """Outcome of a check against a spec.

    Args:
        spec: its name; checked: inputs compared; skipped: inputs the spec has no answer to (it raises ValueError).
        mismatches: inputs with a difference; exhaustive: whether `checked` and `skipped` are all of the domain's.
        bound: largest share of random inputs that may differ all the same (95 % confidence); 0 if exhaustive.
        longer: how many of `checked` were longer than the program was made for; longest: of all, in positions.
        counterexample: the smallest input found: `input`, `program`, `expected`.
        mismatches_longer: how many of `mismatches` were longer than the program was made for.
    """

    spec: str
    checked: int
    skipped: int
    mismatches: int
    exhaustive: bool
    bound: float
    longer: int
    longest: int
    counterexample: dict[str, Any] | None = None
    mismatches_longer: int = 0

    @property
    def agrees(self) -> bool:
        """Whether every input compared agreed."""
        return self.mismatches == 0

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        return {"agrees": self.agrees, **vars(self)}

    def __str__(self) -> str:
        skipped = f" ({self.skipped:,} more are outside the spec)" if self.skipped else ""
        if self.counterexample is not None:
            return "\n".join([f"{self._differing()}{skipped}; the smallest:", *told(self.counterexample)])
        if self.exhaustive:
            longer = f", and so do {self.longer:,} longer ones of up to {self.longest:,} positions"
            which = "inputs inside the spec" if self.skipped else "possible inputs"
            start = f"all {self.checked - self.longer:,} {which} agree with {self.spec}{skipped}"
            return start + (longer if self.longer else "")
        longer = f", {self.longer:,} of them longer, up to {self.longest:,} positions" if self.longer else ""
        differ = f"fewer than {self.bound:.3%} of random inputs differ (95 % confidence)"
        return f"{self.checked:,} inputs agree with {self.spec}{skipped}{longer}: {differ}"

    def _differing(self) -> str:
        """How many inputs differ, those that are longer than in training apart."""
        wrong, wrong_longer = self.mismatches - self.mismatches_longer, self.mismatches_longer
        every = self.checked - self.longer
        if not self.longer:
            return f"{_share(wrong, every)} inputs {_verb(wrong)} from {self.spec}"
        longer = f"of the longer ones {_share(wrong_longer, self.longer)} {_verb(wrong_longer)}"
        if wrong:
            start = f"{_share(wrong, every)} inputs of the lengths learned from {_verb(wrong)} from {self.spec}"
            return f"{start}; {longer if wrong_longer else 'the longer ones agree'}"
        which = "all" if self.exhaustive else "the"
        return f"{which} {every:,} inputs of the lengths learned from agree with {self.spec}; {longer}"


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,}"


def _verb(number: int) -> str:
    return "differs" if number == 1 else "differ"


def told(counterexample: dict[str, Any]) -> list[str]:
    """A line for the input, what the program says and what is right."""
    return [f"  {name + ':':<10}{shown(value)}" for name, value in counterexample.items()]


# ---------------------------------------------------------------- what is compared


def check_spec(
    program: Program,
    reference: Reference,
    seed: int = 0,
    longest: int | None = None,
    known: Sequence[Any] = (),
) -> SpecVerdict:
    """Compare a program with what is right on every possible input, or on every short one and random ones.

    Args:
        reference: an oracle, or another program.
        longest: input to compare on; by default as long as the program was made for, and longer if it takes those.
        known: inputs in the user's form. Where a column is open, numbers stay between the smallest and the largest in
            them: what is right elsewhere, a spec need not know.

    Raises:
        PellucidError: the oracle fails on an input, has an answer to none, or answers in the wrong form.
    """
    narrow = narrowed(program, known)
    most = longest or program.longest or max(map(len, known), default=None)
    exhaustive = domain.size(narrow, most) <= EXHAUSTIVE
    chosen = [] if exhaustive else distinct([*_short(narrow, most), *known])
    random = () if exhaustive else domain.sample(narrow, SAMPLES, seed, most)
    inputs = domain.every(narrow, most) if exhaustive else distinct([*chosen, *random])
    longer = longer_inputs(narrow, seed, most) if longest is None else []
    return _Comparing(narrow, reference).verdict(inputs, longer, len(chosen), exhaustive)


def check_same(program: Program, other: Program, name: str, seed: int = 0, known: Sequence[Any] = ()) -> SpecVerdict:
    """Compare two programs on the inputs that both take.

    Raises:
        PellucidError: they take different columns, or give different outputs.
    """
    reference = OtherProgram(program, other, name)
    shortest = min((p.longest for p in (program, other) if p.longest), default=None)
    return check_spec(program, reference, seed, None if other.takes_longer else shortest, known)


def check_on(
    program: Program, reference: Reference, inputs: Iterable[Any], exhaustive: bool, longer: Sequence[Any], valid: Valid
) -> SpecVerdict:
    """Compare a program with what is right on given inputs, those of a task say; `valid`: whether one is of them."""
    return _Comparing(program, reference, valid).verdict(inputs, longer, 0, exhaustive)


def narrowed(program: Program, known: Sequence[Any]) -> Program:
    """The program with its open columns closed to the numbers that stand in some inputs."""
    rows = [step if isinstance(step, list) else [step] for sequence in known for step in sequence]

    def column(index: int, given: Column) -> Column:
        numbers = [row[index] for row in rows if isinstance(row[index], int | float)]
        if not numbers or given.type.numbers is None or given.type.values is not None:
            return given
        whole = given.type.numbers.whole
        return replace(given, type=replace(given.type, numbers=Numbers(min(numbers), max(numbers), whole)))

    return replace(program, inputs=tuple(column(i, c) for i, c in enumerate(program.inputs)))


def _short(program: Program, longest: int | None) -> list[Any]:
    """The inputs of the greatest length of which not too many are possible, as many as are samples."""
    short = list[Any]()
    for length in range(1, (longest or 1) + 1):
        if domain.size(program, length) > 100 * SAMPLES:
            break
        short = list(itertools.islice(domain.every(program, length), SAMPLES))
    return short


class _Comparing:
    """Compares a program with what is right, and counts.

    Args:
        valid: whether an input is one that may be a counterexample.
    """

    def __init__(self, program: Program, reference: Reference, valid: Valid = lambda sequence: True) -> None:
        self.program, self.reference, self.valid = program, reference, valid
        self.differs = Comparison(program, CLOSE).differs

    def verdict(self, inputs: Iterable[Any], longer: Sequence[Any], chosen: int, exhaustive: bool) -> SpecVerdict:
        """Compare; the first so many inputs are `chosen`, the others up to the longest are random."""
        stream = iter(inputs)
        parts: Iterator[list[Any]] = iter(lambda: list(itertools.islice(stream, BATCH)), [])
        usual, beyond = _Count(), _Count()
        for batch in parts:
            self._count(batch, usual)
        self._count(longer, beyond)
        checked, skipped = usual.checked + beyond.checked, usual.skipped + beyond.skipped
        if not checked:
            raise PellucidError(
                f"{self.reference.name}: has no answer to any of {skipped:,} inputs (ValueError on all)"
            )
        example = usual.example or beyond.example
        random = min(SAMPLES, max(1, usual.checked + usual.skipped - chosen))
        return SpecVerdict(
            self.reference.name, checked, skipped, usual.wrong + beyond.wrong, exhaustive,
            0.0 if exhaustive else bound(random), beyond.checked, max(usual.longest, beyond.longest),
            None if example is None else explained(self.program, self.reference, self.shrunk(example)), beyond.wrong,
        )  # fmt: skip

    def _count(self, batch: Sequence[Any], count: _Count) -> None:
        pairs = zip(predict(self.program, batch), self.reference.answers(batch), strict=True)
        for sequence, (output, right) in zip(batch, pairs, strict=True):
            if right is ABSENT:
                count.skipped += 1
                continue
            count.checked, count.longest = count.checked + 1, max(count.longest, len(sequence))
            if self.differs(output, right):
                count.wrong += 1
                if count.example is None or len(sequence) < len(count.example):
                    count.example = sequence

    def shrunk(self, sequence: list[Any]) -> list[Any]:
        """A failing input of which nothing smaller fails: no run of steps deleted, no value replaced by a simpler."""
        while (smaller := next((c for c in _smaller(sequence, self.program) if self._fails(c)), None)) is not None:
            sequence = smaller
        return sequence

    def _fails(self, sequence: list[Any]) -> bool:
        if not sequence or not self.valid(sequence):
            return False
        return self.differs(predict(self.program, [sequence])[0], self.reference.answers([sequence])[0])


@dataclass
class _Count:
    checked: int = 0
    skipped: int = 0
    wrong: int = 0
    longest: int = 0
    example: Any = None


def explained(program: Program, reference: Reference, sequence: list[Any]) -> dict[str, Any]:
    """The input, what the program says to it and what is right."""
    return {"input": sequence, "program": predict(program, [sequence])[0], "expected": reference.answers([sequence])[0]}


# ---------------------------------------------------------------- the smallest counterexample


def shrunk(program: Program, reference: Reference, sequence: Sequence[Any]) -> list[Any]:
    """A smallest input on which the program is wrong, starting from one."""
    return _Comparing(program, reference).shrunk(list(sequence))


def _smaller(sequence: list[Any], program: Program) -> Iterator[list[Any]]:
    """Runs of steps deleted, long ones first; then a value replaced by a simpler one, everywhere or at one place."""
    size = len(sequence) // 2
    while size:
        for start in range(len(sequence) - size + 1):
            yield sequence[:start] + sequence[start + size :]
        size //= 2
    for step in distinct(sequence):
        for simpler in _simpler_steps(step, program):
            yield [simpler if s == step else s for s in sequence]
    for i, step in enumerate(sequence):
        for simpler in _simpler_steps(step, program):
            yield [*sequence[:i], simpler, *sequence[i + 1 :]]


def _simpler_steps(step: Any, program: Program) -> Iterator[Any]:
    if len(program.inputs) == 1:
        yield from _simpler(step, program.inputs[0])
        return
    for i, (column, value) in enumerate(zip(program.inputs, step, strict=True)):
        for simpler in _simpler(value, column):
            yield [*step[:i], simpler, *step[i + 1 :]]


def _simpler(value: Value, column: Column) -> Iterator[Value]:
    """Values that stand before it in its domain; for numbers of an open one, those nearer to 0."""
    values = column.type.values
    if values is not None:
        yield from values[: values.index(value) if value in values else 0]
    elif isinstance(value, str):
        yield from column.type.texts[: column.type.texts.index(value)]
    elif value:
        sign, size = (1 if value > 0 else -1), int(abs(value))
        nearer = dict.fromkeys(type(value)(sign * n) for n in (0, size // 2, size - 1, size) if n < abs(value))
        yield from (n for n in nearer if column.type.holds(n))
