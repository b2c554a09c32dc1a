"""A program against what is right: every input, or a search that ends in a smallest one on which it is wrong.

The search is our own: sequences need two moves to shrink (delete some, replace one by a simpler value), and what finds
small mistakes best is trying every short input first. Hypothesis would do the same with a dependency that users of a
learned program do not have.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pellucid.errors import PellucidError
from pellucid.language.nodes import Column
from pellucid.language.program import Program
from pellucid.language.types import Numbers, Value
from pellucid.semantics import domain
from pellucid.semantics.batch import predict
from pellucid.verify import EXHAUSTIVE, Count, bound, longer_inputs
from pellucid.verify.oracle import Reference, comparable
from pellucid.verify.outputs import ABSENT, Comparison, distinct

SAMPLES = 20_000  # random inputs, and as many of the shortest ones
BATCH = 20_000
CLOSE = 1e-9


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


def shown(output: Any) -> str:
    """An input or output on one line, `-` for nothing; texts quoted where they are odd or numbers stand beside them."""
    items = output if isinstance(output, list) else [output]
    quote = len({isinstance(value, str) for value in items if value is not None}) > 1
    return " ".join(_word(value, quote) for value in items)


def _word(value: Any, quote: bool) -> str:
    if isinstance(value, list):
        return f"({shown(value)})"
    if isinstance(value, str):
        return repr(value) if quote or not value.isprintable() or not value or " " in value else value
    return "-" if value is None else str(value)


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
    beyond = longer_inputs(narrow, seed, most) if longest is None else []
    if domain.size(narrow, most) <= EXHAUSTIVE:
        return agreement(narrow, reference, domain.every(narrow, most), None, beyond)
    chosen = distinct([*_short(narrow, most), *known])
    inputs = distinct([*chosen, *domain.sample(narrow, SAMPLES, seed, most)])
    return agreement(narrow, reference, inputs, min(SAMPLES, len(inputs) - len(chosen)), beyond)


def agreement(
    program: Program,
    reference: Reference,
    inputs: Iterable[Any],
    random: int | None,
    beyond: Iterable[Any] = (),
    differing: list[Any] | None = None,
) -> SpecVerdict:
    """Compare a program with what is right on some inputs.

    Args:
        random: how many of them are random ones; None: they are all that are possible.
        beyond: further inputs, longer than those that the program was made for.
        differing: takes up the inputs on which the two differ.

    Raises:
        PellucidError: as `check_spec`.
    """
    usual, longer = (_counted(program, reference, part, differing) for part in (inputs, beyond))
    checked, skipped = usual.checked + longer.checked, usual.skipped + longer.skipped
    if not checked:
        raise PellucidError(f"{reference.name}: has no answer to any of {skipped:,} inputs (ValueError on all)")
    example = usual.example or longer.example
    return SpecVerdict(
        reference.name, checked, skipped, usual.wrong + longer.wrong, random is None,
        0.0 if random is None else bound(max(1, random)), longer.checked, max(usual.longest, longer.longest),
        None if example is None else smallest(program, reference, example), longer.wrong,
    )  # fmt: skip


def check_same(program: Program, other: Program, name: str, seed: int = 0, known: Sequence[Any] = ()) -> SpecVerdict:
    """Compare two programs on the inputs that both take.

    Raises:
        PellucidError: they take different columns, or give different outputs.
    """
    reference = comparable(program, other, name)
    shortest = min((p.longest for p in (program, other) if p.longest), default=None)
    return check_spec(program, reference, seed, None if other.takes_longer else shortest, known)


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


def _counted(
    program: Program, reference: Reference, inputs: Iterable[Any], differing: list[Any] | None = None
) -> Count:
    count = Count()
    for sequence, wrong in compared(program, reference, inputs):
        count.add(sequence, wrong)
        if wrong and differing is not None:
            differing.append(sequence)
    return count


def compared(program: Program, reference: Reference, inputs: Iterable[Any]) -> Iterator[tuple[list[Any], bool | None]]:
    """Each input with whether the program is wrong on it; None where there is no right answer."""
    stream, differs = iter(inputs), Comparison(program, CLOSE).differs
    while batch := list(itertools.islice(stream, BATCH)):
        for sequence, told, right in zip(batch, predict(program, batch), reference.answers(batch), strict=True):
            yield sequence, None if right is ABSENT else differs(told, right)


# ---------------------------------------------------------------- the smallest counterexample


def smallest(program: Program, reference: Reference, sequence: Sequence[Any]) -> dict[str, Any]:
    """A smallest input on which the program is wrong, starting from one; what the program says, and what is right."""
    found = shrunk(program, reference, sequence)
    return {"input": found, "program": predict(program, [found])[0], "expected": reference.answers([found])[0]}


def shrunk(program: Program, reference: Reference, sequence: Sequence[Any]) -> list[Any]:
    """A failing input of which nothing smaller fails: no run of steps deleted, no value replaced by a simpler."""

    def fails(candidate: list[Any]) -> bool:
        return any(wrong for _, wrong in compared(program, reference, [candidate] if candidate else []))

    found = list(sequence)
    while (smaller := next(filter(fails, _smaller(found, program)), None)) is not None:
        found = smaller
    return found


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
