"""Outputs: when two are the same, and those that a model gave to a fixed sample of inputs, kept beside the program.

The same are equal texts, equal numbers, and ints where whole numbers are meant. What is kept shows a change to both the
files of a model and its program.
"""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from pellucid.errors import PellucidError
from pellucid.language.program import Program
from pellucid.semantics import domain
from pellucid.semantics.batch import predict

ATTEMPTS = 20  # times a program is started again after it failed on an input
MEMORY, OUTPUT = 4 << 30, 1 << 30  # bytes of a process
SECONDS, PATIENCE = 60, 30  # of the processor for few inputs; wall seconds for each, on a busy machine
_LIMITED = """import os, resource, sys
for what, most in zip((resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_FSIZE), sys.argv[1:4]):
    hard = resource.getrlimit(what)[1]
    soft = int(most) if hard == resource.RLIM_INFINITY else min(int(most), hard)
    try:
        resource.setrlimit(what, (soft, hard))
    except (ValueError, OSError):
        pass  # a system without this limit
os.execv(sys.executable, [sys.executable, *sys.argv[4:]])
"""


_LATE = "still running after"


class Failed(str):
    """What stands in place of an output: `error: ...`."""


def run_text(source: str, inputs: Sequence[Any]) -> list[Any]:
    """Outputs of an emitted program, one process per core.

    Args:
        source: its text.
        inputs: in the user's form: lists, or raw texts.

    Returns:
        An output per input; `Failed` where the program fails, and for the rest after `ATTEMPTS` failures, or when it
        takes too long.
    """
    with running_text(source, inputs) as outputs:
        return outputs()


@contextmanager
def running_text(source: str, inputs: Sequence[Any]) -> Iterator[Callable[[], list[Any]]]:
    """An emitted program at work; what it yields waits for its outputs, as `run_text` gives them."""
    workers = min(os.cpu_count() or 1, 1 + len(inputs) // 2000)
    with tempfile.TemporaryDirectory(prefix="pellucid-") as folder, ExitStack() as stack:
        path = Path(folder, "program.py")
        path.write_text(source, encoding="utf-8")
        command = ["-I", "-S", "-u", str(path), "--jsonl"]  # unbuffered, so that what stops it is told from the rest
        jobs = [_Job(command, inputs[i::workers], Path(folder, str(i))) for i in range(workers)]
        for job in jobs:
            stack.callback(job.stop)

        def outputs() -> list[Any]:
            found: list[Any] = [None] * len(inputs)
            for i, job in enumerate(jobs):
                found[i::workers] = job.outputs()
            return found

        yield outputs


def limited(arguments: Sequence[str], seconds: int, memory: int = MEMORY, **options: Any) -> subprocess.Popen[Any]:
    """Python started with bounded processor time, memory and files."""
    limits = map(str, (seconds, memory, OUTPUT))
    return subprocess.Popen([sys.executable, "-I", "-S", "-c", _LIMITED, *limits, *arguments], **options)


class _Job:
    """One process working through its share of the inputs; restarted after an input that fails."""

    def __init__(self, command: Sequence[str], inputs: Sequence[Any], files: Path) -> None:
        self._command, self._given, self._told = command, files.with_suffix(".in"), files.with_suffix(".out")
        self._lines = [json.dumps(sequence) for sequence in inputs]
        self._seconds = SECONDS + sum(map(len, self._lines)) // 5_000
        self._start(0)

    def _start(self, first: int) -> None:
        self._given.write_text("".join(f"{line}\n" for line in self._lines[first:]), encoding="utf-8")
        with self._given.open("rb") as given, self._told.open("wb") as told:
            files = {"stdin": given, "stdout": told, "stderr": subprocess.PIPE}
            # a session of its own: Ctrl-C is the business of who compares
            self._process = limited(self._command, self._seconds, start_new_session=True, **files)

    def stop(self) -> None:
        """End the process, where it has not ended."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def outputs(self) -> list[Any]:
        found: list[Any] = []
        size = len(self._lines)
        for attempt in range(1, ATTEMPTS + 1):
            failure = self._wait()
            found += parsed(self._told.read_text(encoding="utf-8", errors="replace").split("\n")[:-1])
            if failure is None or len(found) >= size:
                break
            found.append(Failed(f"error: {failure}"))
            if failure.startswith(_LATE) or len(found) == size or attempt == ATTEMPTS:
                break
            self._start(len(found))
        if len(found) > size:
            return [*found[: size - 1], Failed("error: more outputs than inputs")]
        return found + [Failed("error: no output")] * (size - len(found))

    def _wait(self) -> str | None:
        """What went wrong, None if nothing did."""
        try:
            _, errors = self._process.communicate(timeout=PATIENCE * self._seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            return f"{_LATE} {PATIENCE * self._seconds} seconds"
        if self._process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            return f"{_LATE} {self._seconds} seconds of the processor"
        if self._process.returncode == 0:
            return None
        last = errors.decode("utf-8", "replace").strip().splitlines()
        return last[-1][:1000].removeprefix("error: ") if last else f"exit code {self._process.returncode}"


def parsed(lines: Sequence[str]) -> list[Any]:
    """The JSON value of each line, `Failed` where it is none; all at once where all are."""
    try:
        found = json.loads(f"[{','.join(lines)}]")
        if len(found) == len(lines):
            return found
    except (ValueError, RecursionError):
        pass
    return [_value(line) for line in lines]


def _value(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return Failed(f"error: not JSON: {line[:80]}")


ABSENT: Final = object()  # in place of an output: nothing is said about this input
SAMPLES = 200  # inputs drawn to be kept
_LONGEST = 10**4_000  # Python reads and prints whole numbers of 4,300 digits
Model = Callable[[Sequence[Any]], list[Any]]


class Comparison:
    """Which outputs are the same.

    Real numbers are compared exactly, "not a number" equals itself, 0.0 is 0. A program may fail where a result is
    beyond all floats, or too long for Python to print.

    Args:
        program: says which outputs hold whole numbers, and when they come.
        close: how far floats may be apart, both relative and absolute.
    """

    def __init__(self, program: Program, close: float = 0.0) -> None:
        self._close = close
        numbers = [program.types[name].numbers for name in program.results]
        self._whole = [n is None or n.whole for n in numbers]
        self._rows = program.when == "every"

    def same(self, meant: Any, given: Any, strict: bool = True) -> bool:
        """Whether an output is the one meant.

        Args:
            meant: an output in the user's form. given: any value; `ABSENT` is always right.
            strict: whether whole numbers must be Python ints.
        """
        if given is ABSENT:
            return True
        if isinstance(given, Failed):
            return _beyond(meant)
        try:
            if repr(meant) == repr(given):
                return True
        except ValueError:  # a number too long to be printed
            pass
        return self._rows_same(meant, given, strict) if self._rows else self._row(meant, given, strict)

    def differs(self, told: Any, right: Any) -> bool:
        """Whether an output is wrong; ABSENT, and None at a position, are right whatever it is."""
        if right is ABSENT:
            return False
        if not self._rows:
            return not self._row(told, right, False)
        return any(r is not None and not self._row(t, r, False) for t, r in zip(told, right, strict=True))

    def _rows_same(self, meant: list[Any], given: Any, strict: bool) -> bool:
        if not isinstance(given, list) or len(given) != len(meant):
            return False
        return all(self._row(m, g, strict) for m, g in zip(meant, given, strict=True))

    def _row(self, meant: Any, given: Any, strict: bool) -> bool:
        if len(self._whole) == 1:
            return self._same(meant, given, strict and self._whole[0])
        if not isinstance(given, list) or len(given) != len(self._whole):
            return False
        return all(self._same(m, g, strict and w) for m, g, w in zip(meant, given, self._whole, strict=True))

    def _same(self, meant: Any, given: Any, strict: bool) -> bool:
        numbers = isinstance(meant, int | float) and isinstance(given, int | float) and not isinstance(given, bool)
        if not numbers or (strict and isinstance(given, float)):
            return type(meant) is type(given) and meant == given
        if meant == given or (math.isnan(meant) and math.isnan(given)):
            return True
        return float in (type(meant), type(given)) and self._near(meant, given)

    def _near(self, a: float, b: float) -> bool:
        try:
            return abs(a - b) <= self._close * max(1, abs(a), abs(b)) and math.isfinite(a) and math.isfinite(b)
        except OverflowError:
            return False


def _beyond(output: Any) -> bool:
    """Whether an output holds a number that is not finite, or too long to be printed."""
    if isinstance(output, list):
        return any(map(_beyond, output))
    if isinstance(output, float):
        return not math.isfinite(output)
    return isinstance(output, int) and not -_LONGEST < output < _LONGEST


def distinct(inputs: Iterable[Any]) -> list[Any]:
    """Each input once, in order."""
    return list({json.dumps(sequence): sequence for sequence in inputs}.values())


@dataclass(frozen=True)
class Stored:
    """Inputs in the user's form and the outputs to them; `predict` is a model for `verify`, `inputs` its known ones."""

    inputs: list[Any]
    outputs: list[Any]

    @cached_property
    def _known(self) -> dict[str, Any]:
        return {json.dumps(given): told for given, told in zip(self.inputs, self.outputs, strict=True)}

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """What was said to each input, ABSENT to all others."""
        return [self._known.get(json.dumps(sequence), ABSENT) for sequence in inputs]

    def to_json(self) -> dict[str, Any]:
        """Inputs, outputs and their digest."""
        return {"sha256": _digest([self.inputs, self.outputs]), "inputs": self.inputs, "outputs": self.outputs}


def store(program: Program, model: Model | None, known: Sequence[Any] = (), seed: int = 0) -> Stored:
    """What a model, else the program itself, says to some known inputs and to random ones."""
    inputs = distinct([*known[:SAMPLES], *domain.sample(program, SAMPLES, seed)])
    return Stored(inputs, predict(program, inputs) if model is None else model(inputs))


def from_json(data: Any, source: str) -> Stored:
    """What `Stored.to_json` gave.

    Raises:
        PellucidError: naming `source`; it is something else, or was changed.
    """
    try:
        found = Stored(data["inputs"], data["outputs"])
        whole = data["sha256"] == _digest([found.inputs, found.outputs])
    except (TypeError, KeyError):
        raise PellucidError(f"{source}: expected an object with inputs, outputs and their sha256") from None
    if not whole or len(found.inputs) != len(found.outputs):
        raise PellucidError(f"{source}: was changed; its digest does not fit")
    return found


def _digest(rows: list[Any]) -> str:
    return sha256(json.dumps(rows).encode()).hexdigest()
