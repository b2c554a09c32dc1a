"""Size and accuracy of the programs that the default command writes, beside the released ones.

    python benchmarks/readability.py [TASK ...] [--seeds 0 1 2] [--compact] [--budget SECONDS]
                                     [--programs examples/learned] [--out benchmarks/results/readability.json]

Runs `pellucid learn TASK --seed S` for every task and seed and judges the written program.py against the task's oracle:
on every possible input where there are at most a million, else on 3,000 fresh ones, and on fresh inputs of twice the
length. `--compact` measures `--model programs --simplify compact` instead. Results are saved after every run; runs
that the results file holds already are not repeated unless `--again`. `--programs` keeps those of the first seed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from common import PUBLISHED, RESULTS, judge, learn, microseconds, score

from pellucid.data.tasks import get_task
from pellucid.data.tasks.base import TaskInstance
from pellucid.verify.outputs import Failed, run_text

TASKS = ("hist", "sort", "reverse", "double_hist", "most_freq", "dyck1", "dyck2", "induction")


def at_twice_the_length(program: Path, instance: TaskInstance) -> dict[str, float] | None:
    """Accuracy on fresh inputs of twice the length; None where the program refuses them."""
    schema = instance.sample(np.random.default_rng(0), 100).schema
    data = instance.longer(schema, 987_654_321).get("2N")
    if data is None or isinstance(run_text(program.read_text(encoding="utf-8"), data.sequences[:1])[0], Failed):
        return None
    return score(program, data)


def measure(task: str, seed: int, options: argparse.Namespace, keep: bool) -> dict[str, Any]:
    """One run, judged."""
    more = ["--budget", str(options.budget)] if options.budget else []
    more += ["--model", "programs", "--simplify", "compact"] if options.compact else []
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, "learned")
        row = learn(task, seed, out, *more)
        program = out / "program.py"
        report = row.pop("report")
        instance = get_task(task).at()
        row |= {"judged": judge(program, instance), "longer": at_twice_the_length(program, instance)}
        row |= {key: report[key] for key in ("model", "size", "faithful", "found", "seconds", "given_up")}
        row["microseconds"] = microseconds(program, instance)
        if keep and options.programs:
            shutil.copyfile(program, options.programs / f"{task}.py")
    return row


def table(results: dict[str, Any], compact: bool) -> str:
    """Markdown: measured beside the released programs."""
    name = "compact" if compact else "default"
    lines = [
        "| task | tokens / sequences (%) | at twice the length (%) | AST nodes | released nodes + rows "
        "| released tokens (%) | found by | CPU s | us a sequence | seeds exact |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for task, runs in results[name].items():
        first = runs[min(runs, key=int)]
        old = PUBLISHED[task]
        released = "-" if old["nodes"] is None else f"{old['nodes']} + {old['rows']}"
        exact = sum(run["judged"]["sequence"] == 1.0 for run in runs.values())
        longer = "refused" if first["longer"] is None else f"{100 * first['longer']['token']:.2f}"
        judged = first["judged"]
        lines.append(
            f"| {task} | {100 * judged['token']:.3f} / {100 * judged['sequence']:.3f} | {longer} "
            f"| {first['size']['ast_nodes']} | {released} | {old['token']:.2f} | {first['model']} "
            f"| {first['cpu_seconds']} | {first['microseconds']} | {exact} of {len(runs)} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how readable the learned programs are.")
    parser.add_argument("tasks", nargs="*", default=[*TASKS])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--compact", action="store_true", help="gradient programs, simplified")
    parser.add_argument("--budget", type=float, help="seconds for learning, as of the command line")
    parser.add_argument("--again", action="store_true", help="repeat runs that were made already")
    parser.add_argument("--programs", type=Path, help="folder to copy the programs of the first seed to")
    parser.add_argument("--out", type=Path, default=RESULTS / "readability.json")
    options = parser.parse_args()
    kind = "compact" if options.compact else "default"
    results: dict[str, Any] = json.loads(options.out.read_text()) if options.out.exists() else {}
    results |= {"command": "python benchmarks/readability.py", "cores": os.cpu_count()}
    results["python"] = platform.python_version()
    runs = results.setdefault(kind, {})
    for task in options.tasks:
        for seed in options.seeds:
            if str(seed) in runs.get(task, {}) and not options.again:
                continue
            try:
                row = measure(task, seed, options, seed == options.seeds[0])
            except subprocess.CalledProcessError as error:
                print(f"{task}, seed {seed}: {error}", file=sys.stderr, flush=True)
                continue
            runs.setdefault(task, {})[str(seed)] = row
            results[kind] = {name: runs[name] for name in PUBLISHED if name in runs}
            runs = results[kind]
            options.out.write_text(json.dumps(results, indent=1) + "\n")
            options.out.with_name(f"{options.out.stem}_{kind}.md").write_text(table(results, options.compact))
            nodes, judged = row["size"]["ast_nodes"], row["judged"]
            told = f"{nodes} nodes, {judged['token']:.5f} / {judged['sequence']:.5f}, longer {row['longer']}"
            print(f"{task}, seed {seed}: {told}, {row['cpu_seconds']} CPU s", flush=True)


if __name__ == "__main__":
    main()
