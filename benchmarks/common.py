"""What the benchmarks share: running the command line as a user would, and judging the program it wrote."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from pellucid.data.data import Data
from pellucid.data.tasks.base import TaskInstance
from pellucid.semantics.scores import figures
from pellucid.verify.outputs import run_text

RESULTS = Path(__file__).parent / "results"
FRESH = 3000
# Friedman et al. 2023, table 1 (tokens, test, best of a grid and 5 seeds); of the released programs: whole sequences
# right (measured on them, at least), AST nodes of `run`, rows of the weight file.
PUBLISHED = {
    "reverse": {"token": 99.79, "sequence": 98.5, "nodes": 3570, "rows": 174},
    "hist": {"token": 100.0, "sequence": 100.0, "nodes": 813, "rows": 52},
    "double_hist": {"token": 98.40, "sequence": 97.0, "nodes": 4094, "rows": 174},
    "sort": {"token": 99.83, "sequence": 99.0, "nodes": 4550, "rows": 222},
    "most_freq": {"token": 75.69, "sequence": 20.0, "nodes": 5915, "rows": 222},
    "dyck1": {"token": 99.30, "sequence": 92.0, "nodes": 3934, "rows": 334},
    "dyck2": {"token": 99.09, "sequence": 90.0, "nodes": 4132, "rows": 328},
    "induction": {"token": 100.0, "sequence": 100.0, "nodes": None, "rows": None},
}


def judge(program: Path, instance: TaskInstance) -> dict:
    """Accuracy of a program on the task's domain: all of it, or fresh inputs."""
    inputs = instance.enumerate()
    data = instance.sample(np.random.default_rng(987_654_321), FRESH) if inputs is None else instance.label(inputs)
    return {**score(program, data), "inputs": len(data), "whole_domain": inputs is not None}


def score(program: Path, data: Data) -> dict[str, float]:
    """Figures of a program, run by itself, on some data."""
    told = run_text(program.read_text(encoding="utf-8"), data.sequences)
    return figures(told, data.outputs, data.schema.when)


def learn(what: str, seed: int, out: Path, *options: str) -> dict:
    """One run of the command line, which may end with errors left (3); report, wall and CPU seconds."""
    command = [sys.executable, "-m", "pellucid", "learn", what, "--seed", str(seed), "--out", str(out), *options]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([*command, "--quiet"])
    if done.returncode not in (0, 3):
        raise subprocess.CalledProcessError(done.returncode, command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    wall = time.monotonic() - began
    report = json.loads((out / "report.json").read_text())
    return {"wall_seconds": round(wall, 1), "cpu_seconds": round(cpu, 1), "report": report}


def microseconds(program: Path, instance: TaskInstance) -> float:
    """Time of one call of `run` on a longest input, best of five rounds over 200 inputs, in an isolated process."""
    data = instance.sample(np.random.default_rng(1), 1000)
    longest = [list(s) for s in data.inputs if len(s) == max(map(len, data.inputs))][:200]
    code = (
        "import json, runpy, sys, timeit\n"
        "run = runpy.run_path(sys.argv[1])['run']\n"
        "inputs = json.load(sys.stdin)\n"
        "best = min(timeit.repeat(lambda: [run(s) for s in inputs], number=1, repeat=5))\n"
        "print(best / len(inputs) * 1e6)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, str(program)],
        input=json.dumps(longest),
        capture_output=True,
        text=True,
        check=True,
    )
    return round(float(done.stdout), 1)
