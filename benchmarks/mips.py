"""MIPS: how many of the 62 tasks end as an exact program, with the default command or with one learner alone.

    python benchmarks/mips.py [TASK ...] [--model auto|search|discrete] [--seeds 0 1 2] [--again]

Runs `pellucid learn mips/TASK --seed S` and judges the written program.py strictly: solved = exact on every position
of 10,000 fresh sequences of the training length T and of 10,000 of 3T, drawn with other seeds than any that learning
saw. Past outputs are offered to `--model discrete` where the paper offers them (`DYNAMICS`). Results are saved after
every run; runs that the file holds already are not repeated.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from common import RESULTS, learn, score

from pellucid.data.tasks import TASKS
from pellucid.data.tasks.base import Task

NAMES = [name for name, task in TASKS.items() if task.group == "mips"]
FRESH = 10_000
JUDGE = 555_000_001  # seed of the sequences that judge
EXTRA = ("mips/maximum_prev2", "mips/minimum_prev2")  # of the paper, not among the 62
DYNAMICS = ("mips/newton_freebody", "mips/newton_gravity", "mips/newton_spring")
PUBLISHED = {"MIPS (RNN, integer autoencoder, symbolic regression)": 32, "GPT-4": 30, "best later claim": 41}


def solved(program: Path, task: Task, times: int) -> bool:
    """Whether a program is right on every position of fresh sequences of `times` the training length."""
    longer = task.at(length=times * task.sizes["length"])
    return score(program, longer.sample(np.random.default_rng(JUDGE + times), FRESH))["token"] == 1.0


def measure(name: str, seed: int, model: str, budget: float | None) -> dict[str, Any]:
    """One run, judged."""
    task = TASKS[name]
    more = ["--model", model, *(["--budget", str(budget)] if budget else [])]
    if model == "discrete" and name in DYNAMICS:
        more += ["--feedback", "2"]
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, "learned")
        row = learn(name, seed, out, *more)
        program = out / "program.py"
        source = program.read_text(encoding="utf-8")
        row |= {"T": solved(program, task, 1), "3T": solved(program, task, 3)}
    report = row.pop("report")
    row["claimed"] = report["exact"]
    body = source[source.index("def run(") :]
    row |= {"model": report["model"], "size": report["size"], "after": report["found"]["after_seconds"]}
    return {**row, "class": task.klass, "program": body[: body.index("\n\n\n")]}


def table(runs: dict[str, Any]) -> str:
    """Markdown: a row per task."""
    lines = [
        "| task | class | solved (T / 3T) | learner | CPU s | lines of `run` | AST nodes | seeds solved |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, seeds in runs.items():
        first = seeds[min(seeds, key=int)]
        every = sum(run["T"] and run["3T"] for run in seeds.values())
        marks = " / ".join("yes" if first[key] else "no" for key in ("T", "3T"))
        count = len(first["program"].splitlines())
        lines.append(
            f"| {name.removeprefix('mips/')} | {first['class']} | {marks} | {first['model']} | {first['cpu_seconds']} "
            f"| {count} | {first['size']['ast_nodes']} | {every} of {len(seeds)} |"
        )
    counted = [n for n in runs if n not in EXTRA]
    first_runs = [runs[n][min(runs[n], key=int)] for n in counted]
    good = sum(run["T"] and run["3T"] for run in first_runs)
    wrong_claims = sum(run["claimed"] and not (run["T"] and run["3T"]) for run in first_runs)
    lines += ["", f"Solved, strictly: {good} of {len(counted)} tasks tried (of 62; the two of the other paper aside)."]
    lines.append(f"Programs called exact that are not: {wrong_claims}.")
    lines.append("Published: " + ", ".join(f"{who} {n}" for who, n in PUBLISHED.items()) + ".")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Count the MIPS tasks that end as an exact program.")
    parser.add_argument("tasks", nargs="*", default=NAMES)
    parser.add_argument("--model", default="auto")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--budget", type=float, help="seconds for learning, as of the command line")
    parser.add_argument("--again", action="store_true", help="repeat runs that were made already")
    options = parser.parse_args()
    out = RESULTS / f"mips_{options.model}.json"
    results: dict[str, Any] = json.loads(out.read_text()) if out.exists() else {"runs": {}}
    results |= {"command": f"python benchmarks/mips.py --model {options.model}", "cores": os.cpu_count()}
    results["python"] = platform.python_version()
    runs = results["runs"]
    for name in options.tasks:
        name = name if name.startswith("mips/") else f"mips/{name}"
        for seed in options.seeds:
            if str(seed) in runs.get(name, {}) and not options.again:
                continue
            try:
                row = measure(name, seed, options.model, options.budget)
            except subprocess.CalledProcessError as error:
                print(f"{name}, seed {seed}: {error}", file=sys.stderr, flush=True)
                continue
            runs.setdefault(name, {})[str(seed)] = row
            results["runs"] = runs = {n: runs[n] for n in NAMES if n in runs}
            out.write_text(json.dumps(results, indent=1) + "\n")
            out.with_suffix(".md").write_text(table(runs))
            told = f"T {row['T']}, 3T {row['3T']}, {row['model']}, {row['cpu_seconds']} CPU s"
            print(f"{name}, seed {seed}: {told}", flush=True)


if __name__ == "__main__":
    main()
