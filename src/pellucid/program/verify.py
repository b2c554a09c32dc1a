"""model = IR = emitted text, checked input by input.

Up to a million possible inputs every one is checked; beyond that a sample, and the statement is a bound: with n random
inputs and no mismatch, the share of inputs that disagree is below 1 - 0.05 ** (1 / n) with 95 % confidence. A program
that takes inputs longer than it was learned on is checked on a sample of those as well.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data.tokens import Token
from pellucid.data.vocab import Vocab
from pellucid.errors import PellucidError
from pellucid.program.interpret import predict
from pellucid.program.ir import Program

EXHAUSTIVE = 1_000_000
SAMPLES = 20_000
LONGER = 2_000  # inputs longer than `max_length` that are checked, up to twice as long
HOPELESS = 100_000_000
ATTEMPTS = 20  # times a program is started again after it failed on an input
BATCH = 400_000  # inputs held in memory at once
Inputs = Sequence[tuple[Token, ...]]
Texts = Sequence[str | tuple[Token, ...]]
Model = Callable[[Inputs], list]


@dataclass(frozen=True)
class Verdict:
    """Outcome of a check.

    `checked` inputs up to the longest in the data; `bound`: largest share of disagreeing ones compatible with the
    sample, 0 if exhaustive; beside them `longer` inputs of up to `longest` tokens. `mismatches` counts all.
    `own`: of a program for texts, how many of those checked are the user's; the bound is for the random ones.
    """

    checked: int
    mismatches: int
    exhaustive: bool
    bound: float
    counterexample: dict[str, Any] | None = None
    longer: int = 0
    longest: int = 0
    own: int | None = None

    @property
    def faithful(self) -> bool:
        """Whether every input checked agreed."""
        return self.mismatches == 0

    def to_json(self) -> dict[str, Any]:
        """The entry `faithful` of `report.json`."""
        data = {
            "checked": self.checked,
            "mismatches": self.mismatches,
            "exhaustive": self.exhaustive,
            "bound": self.bound,
        }
        data |= {"longer": self.longer, "longest": self.longest} if self.longer else {}
        data |= {} if self.own is None else {"own": self.own}
        return data if self.counterexample is None else {**data, "counterexample": self.counterexample}

    def __str__(self) -> str:
        if self.counterexample:
            told = ", ".join(f"{who}: {json.dumps(out)}" for who, out in self.counterexample["outputs"].items())
            return (
                f"{self.mismatches} of {self.checked + self.longer} inputs disagree; "
                f"the first: input {json.dumps(self.counterexample['input'])}: {told}"
            )
        longer = f", and {self.longer:,} longer ones up to {self.longest:,} tokens" if self.longer else ""
        if self.exhaustive:
            return f"all {self.checked:,} possible inputs agree{longer}"
        if self.own is not None:
            bound = f"fewer than {self.bound:.3%} of random ones differ (95 % confidence)"
            if not self.own:
                return f"{self.checked:,} texts of random words agree: {bound}"
            return f"{self.checked:,} texts agree, {self.own:,} of the data and others of random words: {bound}"
        bound = f"fewer than {self.bound:.3%} of inputs differ (95 % confidence)"
        return f"{self.checked:,} sampled inputs agree: {bound}{longer}"


def domain_size(vocab: Vocab) -> int:
    """Number of possible inputs: all sequences of 1 to `max_length` tokens."""
    return sum(len(vocab.tokens) ** length for length in range(1, vocab.max_length + 1))


def all_inputs(vocab: Vocab) -> Iterator[tuple[Token, ...]]:
    """Every possible input, shortest first."""
    for length in range(1, vocab.max_length + 1):
        yield from itertools.product(vocab.tokens, repeat=length)


def sample_inputs(vocab: Vocab, count: int, seed: int) -> list[tuple[Token, ...]]:
    """Random inputs: length uniform, then each token uniform."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, vocab.max_length + 1, count)
    codes = rng.integers(0, len(vocab.tokens), (count, vocab.max_length))
    return [tuple(vocab.tokens[c] for c in row[:n]) for row, n in zip(codes.tolist(), lengths, strict=True)]


def longer_inputs(vocab: Vocab, count: int, seed: int) -> list[tuple[Token, ...]]:
    """Random inputs of more than `max_length` and at most twice as many tokens."""
    rng = np.random.default_rng(seed)
    longest = 2 * vocab.max_length
    lengths = rng.integers(vocab.max_length + 1, longest + 1, count)
    codes = rng.integers(0, len(vocab.tokens), (count, longest))
    return [tuple(vocab.tokens[c] for c in row[:n]) for row, n in zip(codes.tolist(), lengths, strict=True)]


def verify(
    program: Program,
    source: str,
    model: Model | None,
    *,
    known: Iterable = (),
    seed: int = 0,
    samples: int = SAMPLES,
    exhaustive: bool = False,
    longer: bool = False,
    raw: Iterable = (),
) -> Verdict:
    """Compare model, IR and emitted text.

    Args:
        program: the IR.
        source: text of `program.py`, run in isolated Python processes.
        model: the trained model, from inputs to outputs; None to compare the other two only.
        known: inputs to check beside the random ones where the domain is too large (data the program was learnt from).
        seed, samples: of the random inputs.
        exhaustive: check every input even if there are more than a million.
        longer: whether the model takes longer inputs, too; else the other two alone are compared on those.
        raw: of a program for texts, texts as the user has them, raw ones or lists of words. Such a program is never
            checked exhaustively, and its random inputs have up to 64 words whatever `longer` says.

    Raises:
        PellucidError: an exhaustive check of more than a hundred million inputs.
    """
    if program.vocab.text is not None:
        from pellucid.program.text.verify import verify_texts

        if exhaustive:
            raise PellucidError(
                "--exhaustive: there is no end of texts; without it, the data and random ones are checked"
            )
        return verify_texts(program, source, model, known, raw, seed, samples)
    size = domain_size(program.vocab)
    whole = exhaustive or size <= EXHAUSTIVE
    if whole and size > HOPELESS:
        raise PellucidError(f"--exhaustive: {size:,} possible inputs are too many; at most {HOPELESS:,}")
    sampled = [] if whole else [*sample_inputs(program.vocab, samples, seed), *known]
    inputs = all_inputs(program.vocab) if whole else iter(dict.fromkeys(sampled))
    checked, mismatches, example = _compare(program, source, model, inputs)
    verdict = Verdict(checked, mismatches, whole, 0.0 if whole else 1 - 0.05 ** (1 / samples), example)
    return _and_longer(verdict, program, source, model if longer else None, seed) if program.unbounded else verdict


def _and_longer(verdict: Verdict, program: Program, source: str, model: Model | None, seed: int) -> Verdict:
    inputs = dict.fromkeys(longer_inputs(program.vocab, LONGER, seed))
    checked, mismatches, example = _compare(program, source, model, iter(inputs))
    return replace(
        verdict,
        longer=checked,
        longest=2 * program.vocab.max_length,
        mismatches=verdict.mismatches + mismatches,
        counterexample=verdict.counterexample or example,
    )


def _compare(
    program: Program, source: str, model: Model | None, inputs: Iterator[tuple[Token, ...]]
) -> tuple[int, int, dict[str, Any] | None]:
    """(inputs checked, inputs that disagree, the first of those)."""
    checked = mismatches = 0
    example = None
    while batch := list(itertools.islice(inputs, BATCH)):
        outputs = _outputs(program, source, model, batch)
        wrong = [i for i, told in enumerate(zip(*outputs.values(), strict=True)) if any(t != told[0] for t in told[1:])]
        if wrong and example is None:
            example = {"input": list(batch[wrong[0]]), "outputs": {who: out[wrong[0]] for who, out in outputs.items()}}
        checked, mismatches = checked + len(batch), mismatches + len(wrong)
    return checked, mismatches, example


def _outputs(program: Program, source: str, model: Model | None, inputs: Inputs) -> dict[str, list]:
    told = {} if model is None else {"model": model(inputs)}
    return {**told, "program.json": predict(program, inputs), "program.py": run_text(source, inputs)}


def run_text(source: str, inputs: Texts) -> list:
    """Outputs of an emitted program, run as a user would: `python -I -S program.py --jsonl`, one process per core.

    An input on which the program fails gives the string `error: ...`.
    """
    workers = min(os.cpu_count() or 1, 1 + len(inputs) // 2000)
    parts = [inputs[i::workers] for i in range(workers)]
    with tempfile.TemporaryDirectory(prefix="pellucid-") as folder:
        path = Path(folder, "program.py")
        path.write_text(source, encoding="utf-8")
        jobs = [_Job(path, part, Path(folder, str(i))) for i, part in enumerate(parts)]
        results = [job.outputs() for job in jobs]
    outputs: list = [None] * len(inputs)
    for i, result in enumerate(results):
        outputs[i::workers] = result
    return outputs


class _Job:
    """One process working through its share of the inputs; restarted after an input that fails."""

    def __init__(self, path: Path, inputs: Texts, files: Path) -> None:
        self._path, self._inputs, self._files = path, inputs, files
        self._start(0)

    def _start(self, first: int) -> None:
        given = (sequence if isinstance(sequence, str) else list(sequence) for sequence in self._inputs[first:])
        lines = "".join(json.dumps(sequence) + "\n" for sequence in given)
        self._files.with_suffix(".in").write_text(lines, encoding="utf-8")
        command = [sys.executable, "-I", "-S", str(self._path), "--jsonl"]
        with self._files.with_suffix(".in").open() as given, self._files.with_suffix(".out").open("w") as told:
            self._process = subprocess.Popen(command, stdin=given, stdout=told, stderr=subprocess.PIPE)

    def outputs(self) -> list:
        """One output per input; after `ATTEMPTS` failures the rest are not tried."""
        found: list = []
        size = len(self._inputs)
        for attempt in range(ATTEMPTS):
            if attempt:
                self._start(len(found))
            failure = self._wait()
            text = self._files.with_suffix(".out").read_text(encoding="utf-8", errors="replace")
            found += [_parsed(line) for line in text.split("\n")[:-1]]
            if failure is None or len(found) >= size:
                break
            found.append(f"error: {failure}")
            if len(found) == size:
                break
        if len(found) > size:
            return [*found[: size - 1], "error: more outputs than inputs"]
        return found + ["error: no output"] * (size - len(found))

    def _wait(self) -> str | None:
        """What went wrong, None if nothing did."""
        limit = 60 + len(self._inputs) // 100
        try:
            _, errors = self._process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            return f"still running after {limit} seconds"
        if self._process.returncode == 0:
            return None
        last = errors.decode("utf-8", "replace").strip().splitlines()
        return last[-1] if last else f"exit code {self._process.returncode}"


def _parsed(line: str) -> Any:
    try:
        output = json.loads(line)
    except (ValueError, RecursionError):
        return f"error: not JSON: {line[:80]}"
    if set(map(type, output if isinstance(output, list) else [output])) <= {int, str}:  # 1 is no True and no 1.0
        return output
    return f"error: not labels: {line[:80]}"
