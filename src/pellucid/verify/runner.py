"""Texts run as a user runs them: `python -I -S program.py --jsonl`, with bounded time, memory and output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
    workers = min(os.cpu_count() or 1, 1 + len(inputs) // 2000)
    with tempfile.TemporaryDirectory(prefix="pellucid-") as folder:
        path = Path(folder, "program.py")
        path.write_text(source, encoding="utf-8")
        command = ["-I", "-S", "-u", str(path), "--jsonl"]  # unbuffered, so that what stops it is told from the rest
        jobs = [_Job(command, inputs[i::workers], Path(folder, str(i))) for i in range(workers)]
        results = [job.outputs() for job in jobs]
    outputs: list[Any] = [None] * len(inputs)
    for i, result in enumerate(results):
        outputs[i::workers] = result
    return outputs


def limited(arguments: Sequence[str], seconds: int, **options: Any) -> subprocess.Popen[Any]:
    """Python started with bounded processor time, memory and files."""
    limits = map(str, (seconds, MEMORY, OUTPUT))
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
            self._process = limited(self._command, self._seconds, stdin=given, stdout=told, stderr=subprocess.PIPE)

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
