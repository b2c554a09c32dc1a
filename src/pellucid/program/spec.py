"""A program against a Python function that says what is right: every input, or a search that ends in a smallest one.

The search is our own: sequences of tokens need two moves to shrink (delete some, replace one by an earlier token), and
what finds small mistakes best is trying every short input first. Hypothesis would do the same with a dependency that
users of a learned program do not have.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.data.old_tasks import get_task, task_names
from pellucid.data.old_tasks.base import TaskInstance, mixed_draw
from pellucid.data.tokens import Token
from pellucid.data.vocab import Vocab
from pellucid.errors import PellucidError
from pellucid.program.inspect.words import plain
from pellucid.program.interpret import predict
from pellucid.program.ir import Program
from pellucid.program.oracle import OUTSIDE, Oracle, OtherProgram, Reference, differs
from pellucid.program.verify import EXHAUSTIVE, domain_size, longer_inputs, sample_inputs
from pellucid.values import show

SAMPLES = 20_000  # random inputs, and as many of the shortest ones
LONGER = 2_000
BATCH = 50_000
Input = tuple[Token, ...]


@dataclass(frozen=True)
class SpecVerdict:
    """Outcome of a check against a spec.

    Args:
        spec: its name; checked: inputs compared; skipped: inputs the spec has no answer to (it raises ValueError).
        mismatches: inputs with a difference; exhaustive: whether `checked` and `skipped` are all of the domain's.
        bound: largest share of random inputs that may differ all the same (95 % confidence); 0 if exhaustive.
        longer: how many of `checked` were longer than the program was learned on; longest: of all, in tokens.
        counterexample: the smallest input found: `input`, `program`, `expected`.
        mismatches_longer: how many of `mismatches` were longer than the program was learned on.
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
            lines = [f"{self._differing()}{skipped}; the smallest:"]
            lines += [f"  {key + ':':<10}{_shown(value)}" for key, value in self.counterexample.items()]
            return "\n".join(lines)
        longer = f", {self.longer:,} of them longer, up to {self.longest:,} tokens" if self.longer else ""
        if self.exhaustive:
            every = self.checked - self.longer
            longer = f", and so do {self.longer:,} longer ones of up to {self.longest:,} tokens" if self.longer else ""
            which = "inputs inside the spec" if self.skipped else "possible inputs"
            return f"all {every:,} {which} agree with {self.spec}{skipped}{longer}"
        bound = f"fewer than {self.bound:.3%} of random inputs differ (95 % confidence)"
        return f"{self.checked:,} inputs agree with {self.spec}{skipped}{longer}: {bound}"

    def _differing(self) -> str:
        """How many inputs differ, those that are longer than in training apart."""
        wrong, wrong_longer = self.mismatches - self.mismatches_longer, self.mismatches_longer
        every = self.checked - self.longer
        if not self.longer:
            return f"{_share(wrong, every)} inputs {_verb(wrong)} from {self.spec}"
        longer = f"of the longer ones {_share(wrong_longer, self.longer)} {_verb(wrong_longer)}"
        if wrong:
            same = "" if wrong_longer else "the longer ones agree"
            told = f"{_share(wrong, every)} inputs of the lengths learned from {_verb(wrong)} from {self.spec}"
            return f"{told}; {same or longer}"
        which = "all" if self.exhaustive else "the"
        return f"{which} {every:,} inputs of the lengths learned from agree with {self.spec}; {longer}"


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,}"


def _verb(number: int) -> str:
    return "differs" if number == 1 else "differ"


def _shown(value: Any) -> str:
    items = value if isinstance(value, list) else [value]
    quote = any(isinstance(v, str) for v in items) and any(isinstance(v, int) for v in items)
    return " ".join("-" if v is None else plain(v, quote) for v in items)


# ---------------------------------------------------------------- what is compared


def check_spec(program: Program, reference: Reference, seed: int = 0, longest: int | None = None) -> SpecVerdict:
    """Compare a program with a reference on every possible input, or on every short one and random ones.

    Args:
        reference: an oracle, or another program.
        longest: input to compare on; by default as long as the program was learned on, and longer if it takes those.

    Raises:
        PellucidError: the oracle fails on an input, has an answer to none, or answers in the wrong form.
    """
    vocab = replace(program.vocab, max_length=min(longest or program.vocab.max_length, program.vocab.max_length))
    exhaustive = domain_size(vocab) <= EXHAUSTIVE
    inputs = _every(vocab.tokens, vocab.max_length) if exhaustive else _some(vocab, seed)
    longer = _longer(program, seed) if program.unbounded and longest is None else []
    return _compared(program, reference, inputs, longer, 0 if exhaustive else SAMPLES, exhaustive)


def check_same(program: Program, other: Program, name: str, seed: int = 0) -> SpecVerdict:
    """Compare two programs on the inputs that both take.

    Raises:
        PellucidError: they are for other tokens, or of another kind.
    """
    reference = OtherProgram(program, other, name)
    shortest = min(program.vocab.max_length, other.vocab.max_length)
    return check_spec(program, reference, seed, None if other.unbounded else shortest)


def check_task(program: Program, report: Mapping[str, Any], seed: int = 0) -> SpecVerdict:
    """Compare a program with the oracle of the built-in task it was learned from, on that task's own inputs.

    Raises:
        PellucidError: it was learned from something else.
    """
    instance = task_of(report)
    walk = instance.enumerate()
    rng = np.random.default_rng(seed)
    inputs = walk if walk is not None else iter(dict.fromkeys(instance.domain.draw(rng, SAMPLES)))
    longer = list(dict.fromkeys(_longer_draws(instance, rng))) if program.unbounded else []
    oracle = Oracle(f"the task {instance.name}", instance.oracle, program.vocab.kind)
    return _compared(program, oracle, inputs, longer, 0, walk is not None, instance.valid_input)


def task_oracle(instance: TaskInstance) -> Oracle:
    """A task's oracle, which has no answer to what is no input of the task."""

    def right(sequence: list) -> Any:
        if not instance.valid_input(sequence):
            raise ValueError("no input of the task")
        return instance.oracle(sequence)

    return Oracle(f"the task {instance.name}", right, instance.kind)


def task_of(report: Mapping[str, Any]) -> TaskInstance:
    """The built-in task that a folder was learned from, at its sizes."""
    name, settings = report.get("task"), report.get("settings", {})
    if name not in task_names():
        raise PellucidError(f"task: this folder was learned from {show(name)}, which is no built-in task")
    task = get_task(str(name))
    return task.build(**{key: settings[key] for key in task.sizes if key in settings})


def task_data(report: Mapping[str, Any], seed: int = 0) -> Dataset:
    """Every input of the task a folder was learned from, or a sample where they are too many, with right answers."""
    instance = task_of(report)
    walk = instance.enumerate()
    drawn = walk if walk is not None else instance.domain.draw(np.random.default_rng(seed), SAMPLES)
    return instance.label(dict.fromkeys(drawn))


def _every(tokens: Sequence[Token], longest: int) -> Iterator[Input]:
    for length in range(1, longest + 1):
        yield from itertools.product(tokens, repeat=length)


def _some(vocab: Vocab, seed: int) -> Iterator[Input]:
    """As many short inputs as are samples, shortest first; then random ones, half of them of few different tokens."""
    short = itertools.islice(_every(vocab.tokens, vocab.max_length), SAMPLES)
    few = mixed_draw(vocab.tokens, range(1, vocab.max_length + 1))(np.random.default_rng(seed), SAMPLES // 2)
    return iter(dict.fromkeys([*short, *sample_inputs(vocab, SAMPLES, seed), *few]))


def _longer(program: Program, seed: int) -> list[Input]:
    lengths = range(program.vocab.max_length + 1, 2 * program.vocab.max_length + 1)
    few = mixed_draw(program.vocab.tokens, lengths)(np.random.default_rng(seed), LONGER // 2)
    return list(dict.fromkeys([*longer_inputs(program.vocab, LONGER // 2, seed), *few]))


def _longer_draws(instance: TaskInstance, rng: np.random.Generator) -> list[Input]:
    """Inputs of the task at about twice its length; none where it has no such size."""
    longest, length = instance.domain.lengths[-1], instance.settings.get("length")
    for more in (longest, longest + 1):
        try:
            twice = instance.task.build(**{**instance.settings, "length": (length or 0) + more})
        except PellucidError:
            continue
        known = set(instance.domain.tokens)
        return [s for s in twice.domain.draw(rng, LONGER) if len(s) > longest and known.issuperset(s)]
    return []


def _compared(
    program: Program,
    reference: Reference,
    inputs: Iterable[Input],
    longer: list[Input],
    chosen: int,
    exhaustive: bool,
    valid: Callable[[Input], bool] = lambda sequence: True,
) -> SpecVerdict:
    """Compare; the first so many inputs are `chosen`, the others up to the longest are random."""
    checked = skipped = mismatches = wrong_beyond = beyond = drawn = seen = 0
    longest, example, stream = 0, None, iter(inputs)
    parts: Iterator[list[Input]] = iter(lambda: list(itertools.islice(stream, BATCH)), [])
    for batch in itertools.chain(parts, [longer] if longer else []):
        for sequence, told, right in zip(batch, predict(program, batch), reference.answers(batch), strict=True):
            seen += 1
            if right is OUTSIDE:
                skipped += 1
                continue
            checked, longest = checked + 1, max(longest, len(sequence))
            beyond += len(sequence) > program.vocab.max_length
            drawn += seen > chosen and len(sequence) <= program.vocab.max_length
            if differs(told, right):
                mismatches += 1
                wrong_beyond += len(sequence) > program.vocab.max_length
                example = sequence if example is None or len(sequence) < len(example) else example
    if not checked:
        raise PellucidError(f"{reference.name}: has no answer to any of {skipped:,} inputs (ValueError on all)")
    found = None if example is None else _explained(program, reference, shrunk(program, reference, example, valid))
    bound = 0.0 if exhaustive else 1 - 0.05 ** (1 / max(1, min(drawn, SAMPLES)))
    return SpecVerdict(
        reference.name, checked, skipped, mismatches, exhaustive, bound, beyond, longest, found, wrong_beyond
    )


# ---------------------------------------------------------------- the smallest counterexample


def shrunk(
    program: Program, reference: Reference, sequence: Input, valid: Callable[[Input], bool] = lambda sequence: True
) -> Input:
    """A failing input of which nothing smaller fails: no run of tokens deleted, no token replaced by an earlier one."""

    def fails(candidate: Input) -> bool:
        if not candidate or not valid(candidate):
            return False
        return differs(predict(program, [candidate])[0], reference.answers([candidate])[0])

    while True:
        smaller = next((c for c in _smaller(sequence, program.vocab.tokens) if fails(c)), None)
        if smaller is None:
            return sequence
        sequence = smaller


def _smaller(sequence: Input, tokens: Sequence[Token]) -> Iterator[Input]:
    """Runs of tokens deleted, long ones first; then a token replaced by an earlier one, everywhere or at one place."""
    size = len(sequence) // 2
    while size:
        for start in range(len(sequence) - size + 1):
            yield sequence[:start] + sequence[start + size :]
        size //= 2
    for token in dict.fromkeys(sequence):
        for earlier in tokens[: tokens.index(token)]:
            yield tuple(earlier if t == token else t for t in sequence)
    for i, token in enumerate(sequence):
        for earlier in tokens[: tokens.index(token)]:
            yield (*sequence[:i], earlier, *sequence[i + 1 :])


def _explained(program: Program, reference: Reference, sequence: Input) -> dict[str, Any]:
    (output,), (right,) = predict(program, [sequence]), reference.answers([sequence])
    return {"input": list(sequence), "program": output, "expected": right}
