"""Emitted numeric programs run as a user would run them: `python -I -S program.py --jsonl`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ATTEMPTS = 20  # times a program is started again after it failed on an input


def run_text(source: str, inputs: Sequence[Sequence]) -> list:
    """Outputs in the user's form; `error: ...` for an input on which the program fails.

    After `ATTEMPTS` failures the rest is not tried.
    """
    found: list = []
    with tempfile.TemporaryDirectory(prefix="pellucid-") as folder:
        path = Path(folder, "program.py")
        path.write_text(source, encoding="utf-8")
        for _ in range(ATTEMPTS):
            told, failure = _run(path, inputs[len(found) :])
            found += told
            if failure is None or len(found) >= len(inputs):
                break
            found.append(f"error: {failure}")
            if len(found) == len(inputs):
                break
    if len(found) > len(inputs):
        return [*found[: len(inputs) - 1], "error: more outputs than inputs"]
    return found + ["error: no output"] * (len(inputs) - len(found))


def _run(path: Path, inputs: Sequence[Sequence]) -> tuple[list, str | None]:
    """(outputs, what went wrong after them)."""
    text = "".join(json.dumps(list(sequence)) + "\n" for sequence in inputs)
    limit = 60 + sum(map(len, inputs)) // 1000
    command = [sys.executable, "-I", "-S", str(path), "--jsonl"]
    given, told = path.with_name("inputs.jsonl"), path.with_name("outputs.jsonl")
    given.write_text(text, encoding="utf-8")
    with given.open() as lines, told.open("w") as output:
        try:
            done = subprocess.run(
                command, stdin=lines, stdout=output, stderr=subprocess.PIPE, timeout=limit, check=False
            )
            failure = _failure(done)
        except subprocess.TimeoutExpired:
            failure = f"still running after {limit} seconds"
    rows = told.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]
    return [_parsed(row) for row in rows], failure


def _failure(done: subprocess.CompletedProcess) -> str | None:
    if done.returncode == 0:
        return None
    last = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return last[-1] if last else f"exit code {done.returncode}"


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return f"error: not JSON: {line[:80]}"
