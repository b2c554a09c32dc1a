"""Few examples: how many of the 62 MIPS tasks are right from 8 sequences, as IO2CodeBench (2026) sets them.

    python benchmarks/few.py [TASK ...] [--examples 8] [--seed 0] [--again]

Writes 8 random sequences of a task to a file, runs `pellucid learn FILE` on it, and judges the program.py that it
wrote on 15 other sequences of the same length (right: every position of all of them) and on 300 of three times the
length. Learning sees neither. Results are saved after every run; runs that the file holds already are not repeated.
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
from mips import EXTRA, NAMES

from pellucid.data.tasks import TASKS

HELD_OUT, LONGER = 15, 300
PUBLISHED = "an LLM agent 61.3 % (IO2CodeBench)"


def measure(name: str, examples: int, seed: int) -> dict[str, Any]:
    """One run, judged."""
    task = TASKS[name].at()
    rng = np.random.default_rng([seed, *name.encode()])
    drawn = task.domain.draw(rng, 4 * (examples + HELD_OUT))
    inputs = list(dict.fromkeys(drawn))[: examples + HELD_OUT] if len(set(drawn)) > examples else drawn
    with tempfile.TemporaryDirectory() as scratch:
        file, out = Path(scratch, "examples.jsonl"), Path(scratch, "learned")
        rows = [{"input": x, "output": task.oracle(x)} for x in inputs[:examples]]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        row = learn(str(file), seed, out)
        source = (out / "program.py").read_text(encoding="utf-8")
        longer = TASKS[name].at(length=3 * TASKS[name].sizes["length"])
        right = {
            "held_out": score(out / "program.py", task.label(inputs[examples:]))["sequence"],
            "longer": score(out / "program.py", longer.sample(rng, LONGER))["sequence"],
        }
    report, body = row.pop("report"), source[source.index("def run(") :]
    row |= {**right, "claimed": report["exact"], "model": report["model"], "size": report["size"]}
    return {**row, "questions": report["questions"], "program": body[: body.index("\n\n\n")]}


def table(runs: dict[str, Any]) -> str:
    """Markdown: a row per task."""
    lines = [
        "| task | 15 held out | three times as long | learner | CPU s | AST nodes | questions |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, run in runs.items():
        shares = " | ".join(f"{run[part]:.0%}" for part in ("held_out", "longer"))
        lines.append(
            f"| {name.removeprefix('mips/')} | {shares} | {run['model']} | {run['cpu_seconds']} "
            f"| {run['size']['ast_nodes']} | {len(run['questions'])} |"
        )
    right = sum(run["held_out"] == 1.0 for run in runs.values())
    beyond = sum(run["held_out"] == run["longer"] == 1.0 for run in runs.values())
    lines += [
        "",
        f"Right on all 15 held out: {right} of {len(runs)} tasks tried (of 62); at three times the length, too:",
    ]
    lines[-1] += f" {beyond}. Median {np.median([run['cpu_seconds'] for run in runs.values()]):.1f} CPU s."
    lines.append(f"Published, another program language and other draws: {PUBLISHED}.")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Count the MIPS tasks that are right from few sequences.")
    parser.add_argument("tasks", nargs="*", default=[name for name in NAMES if name not in EXTRA])
    parser.add_argument("--examples", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--again", action="store_true", help="repeat runs that were made already")
    options = parser.parse_args()
    out = RESULTS / "few.json"
    results: dict[str, Any] = json.loads(out.read_text()) if out.exists() else {"runs": {}}
    results |= {"command": "python benchmarks/few.py", "cores": os.cpu_count(), "python": platform.python_version()}
    runs = results["runs"]
    for name in options.tasks:
        name = name if name.startswith("mips/") else f"mips/{name}"
        if name in runs and not options.again:
            continue
        try:
            runs[name] = measure(name, options.examples, options.seed)
        except subprocess.CalledProcessError as error:
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            continue
        results["runs"] = runs = {n: runs[n] for n in NAMES if n in runs}
        out.write_text(json.dumps(results, indent=1) + "\n")
        out.with_suffix(".md").write_text(table(runs))
        print(f"{name}: {runs[name]['held_out']:.0%}, {runs[name]['cpu_seconds']} CPU s", flush=True)


if __name__ == "__main__":
    main()
