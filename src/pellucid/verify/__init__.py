"""model = program = emitted text, checked input by input.

Up to a million possible inputs every one is checked; beyond that a sample, and the statement is a bound: with n random
inputs and no mismatch, the share of inputs that disagree is below 1 - 0.05 ** (1 / n) with 95 % confidence. A program
that takes inputs longer than it was made for is checked on a sample of those as well.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pellucid.errors import PellucidError
from pellucid.language.program import Program
from pellucid.semantics import domain, reference
from pellucid.semantics.batch import predict
from pellucid.verify.odd import odd_texts
from pellucid.verify.runner import run_text
from pellucid.verify.same import ABSENT, Comparison
from pellucid.verify.verdict import Verdict, bound

EXHAUSTIVE = 1_000_000
HOPELESS = 100_000_000
SAMPLES, TEXTS, LONGER = 20_000, 5_000, 2_000
POSITIONS = 400_000  # positions held in memory at once
SECOND, LENGTHY = 100, 300  # inputs of a batch that the plain reference runs on, and their positions
Model = Callable[[Sequence[Any]], list[Any]]


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

    Raises:
        PellucidError: an exhaustive check of inputs without end, or of more than a hundred million.
    """
    texts = any(column.words is not None for column in program.inputs)
    own = [plain for plain in map(_plain, known) if len(plain)]
    longest = longest or program.longest or (None if texts else max(map(len, own), default=None))
    size = math.inf if texts else domain.size(program, longest)
    if exhaustive and size > HOPELESS:
        raise PellucidError(f"--exhaustive: {size:,} possible inputs are too many; at most {HOPELESS:,}")
    whole = exhaustive or size <= EXHAUSTIVE
    samples = min(samples, TEXTS if texts else samples)
    inputs = domain.every(program, longest) if whole else _some(program, own, samples, seed, longest)
    check = _Check(program, source)
    check.all(inputs, check.reference if model is None else model)
    checked, further = check.checked, longer_inputs(program, seed, longest)
    check.all(further, model if longer else None)
    return Verdict(
        checked, check.mismatches, whole, 0.0 if whole else bound(samples), check.example, check.checked - checked,
        max(map(len, further), default=0), len(own) if texts else None,
        ("reference" if model is None else "model", "program.json", "program.py"),
    )  # fmt: skip


def _plain(sequence: Any) -> Any:
    """An input as JSON has it: a raw text, or a list."""
    return (
        sequence if isinstance(sequence, str) else json.loads(json.dumps(list(sequence), default=lambda a: a.tolist()))
    )


def _some(program: Program, own: Iterable[Any], samples: int, seed: int, longest: int | None) -> list[Any]:
    """The user's inputs and random ones, each once."""
    return distinct([*own, *domain.sample(program, samples, seed, longest), *odd_texts(program, seed)])


def distinct(inputs: Iterable[Any]) -> list[Any]:
    """Each input once, in order."""
    return list({json.dumps(sequence): sequence for sequence in inputs}.values())


def longer_inputs(program: Program, seed: int, longest: int | None) -> list[Any]:
    """Random inputs longer than those that the program was made for, up to twice as long."""
    if longest is None or not program.takes_longer:
        return []
    drawn = domain.sample(program, 2 * LONGER, seed + 1, 2 * longest)
    return distinct(sequence for sequence in drawn if len(sequence) > longest)[:LONGER]


class _Check:
    """Compares on batch after batch, and counts."""

    def __init__(self, program: Program, source: str) -> None:
        self._program, self._source, self._compare = program, source, Comparison(program)
        self.checked = self.mismatches = 0
        self.example: dict[str, Any] | None = None

    def all(self, inputs: Iterable[Any], model: Model | None) -> None:
        """Compare what is said to all inputs; the first of the shortest that disagrees is the example."""
        for batch in _batches(inputs):
            told = {} if model is None else {"model" if model != self.reference else "reference": model(batch)}
            told |= {"program.json": predict(self._program, batch), "program.py": run_text(self._source, batch)}
            wrong = [i for i in range(len(batch)) if not self._agree({who: out[i] for who, out in told.items()})]
            self.checked, self.mismatches = self.checked + len(batch), self.mismatches + len(wrong)
            for i in wrong:
                if self.example is None or len(batch[i]) < len(self.example["input"]):
                    outputs = {who: out[i] for who, out in told.items() if out[i] is not ABSENT}
                    self.example = {"input": batch[i], "outputs": outputs}

    def _agree(self, told: Mapping[str, Any]) -> bool:
        meant = told["program.json"]
        return all(self._compare.same(meant, given, strict=who != "model") for who, given in told.items())

    def reference(self, batch: Sequence[Any]) -> list[Any]:
        """What the plain reference says to some of the inputs."""
        found: list[Any] = [ABSENT] * len(batch)
        for i in range(0, len(batch), 1 + len(batch) // SECOND):
            if len(batch[i]) <= LENGTHY:
                found[i] = reference.run(self._program, batch[i])
        return found


def _batches(inputs: Iterable[Any]) -> Iterator[list[Any]]:
    batch, size = list[Any](), 0
    for sequence in inputs:
        batch.append(sequence)
        size += 1 + len(sequence)
        if size >= POSITIONS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
