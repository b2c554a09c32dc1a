"""The table of the Transformer Programs paper, measured here: accuracy on every possible input, size, time.

    python benchmarks/rasp.py [TASK ...] [--seed 0] [--models programs standard]
                              [--programs examples/learned] [--out benchmarks/results/rasp.json]

Runs `pellucid learn TASK --model programs` as a user would, one task after the other, and judges the written program.py
against the task's oracle on the whole domain where it can be enumerated, else on 3,000 fresh inputs. Results are saved
after every task, beside the markdown table; `--programs` keeps the learned programs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data import Dataset
from pellucid.data.tasks import TaskInstance, get_task
from pellucid.program.metrics import accuracy
from pellucid.program.verify import run_text

HERE = Path(__file__).parent
FRESH = 3000
MODELS = ("programs", "standard")
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
    data: Dataset = (
        instance.sample(np.random.default_rng(987_654_321), FRESH) if inputs is None else instance.label(inputs)
    )
    score = accuracy(run_text(program.read_text(encoding="utf-8"), data.inputs), data)
    return {**score, "inputs": len(data), "whole_domain": inputs is not None}


def learn(task: str, seed: int, model: str, out: Path) -> dict:
    """One run of the command line; its report, wall and CPU seconds."""
    command = [
        sys.executable,
        "-m",
        "pellucid",
        "learn",
        task,
        "--model",
        model,
        "--seed",
        str(seed),
        "--out",
        str(out),
    ]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([*command, "--quiet"], check=True)
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


def table(results: dict) -> str:
    """Markdown: measured beside published."""
    lines = [
        "| task | published tokens / sequences (%) | measured tokens / sequences (%) | judged on "
        "| standard Transformer | size: released nodes + rows | size: ours (nodes) "
        "| us a sequence | CPU s | model = program |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for task, row in results["tasks"].items():
        old, report = PUBLISHED[task], row["report"]
        size = "-" if old["nodes"] is None else f"{old['nodes']} + {old['rows']}"
        faithful = report["faithful"]
        standard = f"{100 * row['standard']['token']:.2f}" if "standard" in row else "-"
        lines.append(
            f"| {task} | {old['token']:.2f} / {old['sequence']:g} "
            f"| {100 * row['judged']['token']:.3f} / {100 * row['judged']['sequence']:.3f} "
            f"| {'all ' if row['judged']['whole_domain'] else ''}{row['judged']['inputs']:,} | {standard} "
            f"| {size} | {report['size']['ast_nodes']} | {row['microseconds']} | {row['cpu_seconds']} "
            f"| {faithful['checked'] - faithful['mismatches']:,} of {faithful['checked']:,} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the table of the Transformer Programs paper.")
    parser.add_argument("tasks", nargs="*", default=[*PUBLISHED])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS, help="which to train")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "rasp.json")
    parser.add_argument("--programs", type=Path, help="folder to copy the learned programs to")
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = json.loads(options.out.read_text()) if options.out.exists() else {"tasks": {}}
    results |= {"command": "python benchmarks/rasp.py", "seed": options.seed, "cores": os.cpu_count()}
    results["python"] = platform.python_version()
    for task in options.tasks:
        instance = get_task(task).build()
        row = results["tasks"].get(task, {})
        with tempfile.TemporaryDirectory() as scratch:
            if "programs" in options.models:
                row |= learn(task, options.seed, "programs", Path(scratch, "programs"))
                program = Path(scratch, "programs", "program.py")
                row |= {"judged": judge(program, instance), "microseconds": microseconds(program, instance)}
                if options.programs:
                    shutil.copyfile(program, options.programs / f"{task}.py")
            if "standard" in options.models:
                baseline = learn(task, options.seed, "standard", Path(scratch, "standard"))
                row["standard"] = {**baseline["report"]["accuracy"]["test"], "cpu_seconds": baseline["cpu_seconds"]}
        done = results["tasks"] | {task: row}
        results["tasks"] = {name: done[name] for name in PUBLISHED if name in done}
        options.out.write_text(json.dumps(results, indent=1) + "\n")
        if all("judged" in row for row in results["tasks"].values()):
            options.out.with_suffix(".md").write_text(table(results))
        print(task, json.dumps({key: row.get(key) for key in ("judged", "standard", "cpu_seconds")}), flush=True)


if __name__ == "__main__":
    main()
