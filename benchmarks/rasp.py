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
import shutil
import tempfile
from pathlib import Path
from typing import Any

from common import PUBLISHED, RESULTS, judge, learn, microseconds

from pellucid.data.tasks import get_task

MODELS = ("programs", "standard")


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
    parser.add_argument("--out", type=Path, default=RESULTS / "rasp.json")
    parser.add_argument("--programs", type=Path, help="folder to copy the learned programs to")
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = json.loads(options.out.read_text()) if options.out.exists() else {"tasks": {}}
    results |= {"command": "python benchmarks/rasp.py", "seed": options.seed, "cores": os.cpu_count()}
    results["python"] = platform.python_version()
    for task in options.tasks:
        instance = get_task(task).at()
        row = results["tasks"].get(task, {})
        with tempfile.TemporaryDirectory() as scratch:
            if "programs" in options.models:
                row |= learn(task, options.seed, Path(scratch, "programs"), "--model", "programs")
                program = Path(scratch, "programs", "program.py")
                row |= {"judged": judge(program, instance), "microseconds": microseconds(program, instance)}
                if options.programs:
                    shutil.copyfile(program, options.programs / f"{task}.py")
            if "standard" in options.models:
                baseline = learn(task, options.seed, Path(scratch, "standard"), "--model", "standard")
                row["standard"] = {**baseline["report"]["accuracy"]["test"], "cpu_seconds": baseline["cpu_seconds"]}
        done = results["tasks"] | {task: row}
        results["tasks"] = {name: done[name] for name in PUBLISHED if name in done}
        options.out.write_text(json.dumps(results, indent=1) + "\n")
        if all("judged" in row for row in results["tasks"].values()):
            options.out.with_suffix(".md").write_text(table(results))
        print(task, json.dumps({key: row.get(key) for key in ("judged", "standard", "cpu_seconds")}), flush=True)


if __name__ == "__main__":
    main()
