"""Physics: are the laws of motion recovered, without noise and with 1 % of it?

    python benchmarks/physics.py [TASK ...] [--noise 0 0.01] [--seeds 0] [--again]

Runs `pellucid learn physics/TASK --seed S --set noise=N` and compares the written program with the law: the one-step
error on 10,000 fresh noise-free sequences; whether it is the same law, algebraically (both turned into SymPy
expressions of the input columns, expanded, and compared term by term); and the largest relative error of a coefficient.
Saved after every run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import sympy
from common import RESULTS, learn

from pellucid.data.tasks import TASKS
from pellucid.data.tasks.base import Task
from pellucid.language.expressions import Apply, Const, Expression, Var
from pellucid.language.json import loads
from pellucid.language.nodes import Input, Let
from pellucid.language.program import Program
from pellucid.semantics.batch import predict
from pellucid.semantics.scores import figures

NAMES = [name for name, task in TASKS.items() if task.group == "physics"]
FRESH = 10_000
JUDGE = 555_000_001
TINY = 1e-9  # a coefficient below it, beside the largest, is rounding
FUNCTIONS = {
    "+": lambda *a: sum(a), "*": lambda *a: sympy.Mul(*a), "-": lambda a, b: a - b, "/": lambda a, b: a / b,
    "neg": lambda a: -a, "square": lambda a: a**2, "pow": lambda a, b: a**b, "sqrt": sympy.sqrt, "sin": sympy.sin,
    "cos": sympy.cos, "exp": sympy.exp, "log": sympy.log, "abs": sympy.Abs, "sign": sympy.sign,
}  # fmt: skip


def meaning(program: Program, result: str, symbols: dict[str, sympy.Symbol]) -> sympy.Expr | None:
    """A result as an expression of the input columns at the same step; None where it is more than that."""

    def of(expression: Expression) -> sympy.Expr:
        match expression:
            case Var(name):
                return named(name)
            case Const(value):
                return sympy.Float(float(value), 17) if isinstance(value, float) else sympy.Rational(value)
            case Apply(op, args):
                return FUNCTIONS[op](*map(of, args))
        raise KeyError(expression)

    def named(name: str) -> sympy.Expr:
        match program[name]:
            case Input(column, "value"):
                return symbols[column]
            case Let(expression):
                return of(expression)
        raise KeyError(name)

    try:
        return named(result)
    except KeyError:
        return None


def terms(expression: sympy.Expr) -> dict[sympy.Expr, float]:
    """Coefficient of each term of the expanded expression, rounding errors aside."""
    expanded = sympy.expand(sympy.powsimp(sympy.expand(expression)))
    found: dict[sympy.Expr, float] = {}
    for term in sympy.Add.make_args(expanded):
        number, rest = term.as_coeff_Mul()
        key = sympy.powsimp(sympy.nsimplify(rest, rational=True), force=True)
        found[key] = found.get(key, 0.0) + float(number)
    most = max(map(abs, found.values()), default=0.0)
    return {key: value for key, value in found.items() if abs(value) > TINY * most}


def compared(program: Program, task: Task) -> dict[str, dict[str, Any]]:
    """For each output column: whether the terms are those of the law, and the largest relative error of one."""
    symbols: dict[str, Any] = {name: sympy.Symbol(name, real=True) for name in task.names[0]}
    found = {}
    for result, (name, law) in zip(program.results, task.laws.items(), strict=True):
        wanted = terms(sympy.parse_expr(law, local_dict={**symbols, **task.constants}))
        made = meaning(program, result, symbols)
        mine = {} if made is None else terms(made)
        same = mine.keys() == wanted.keys()
        off = max((abs(mine[key] / value - 1) for key, value in wanted.items()), default=0.0) if same else None
        found[name] = {"law": law, "same_terms": same, "coefficient_error": off, "found": str(made)}
    return found


def measure(name: str, seed: int, noise: float) -> dict[str, Any]:
    """One run, judged."""
    task = TASKS[name]
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, "learned")
        row = learn(name, seed, out, "--set", f"noise={noise}")
        program = loads((out / "program.json").read_text(encoding="utf-8"), str(out / "program.json"))
        source = (out / "program.py").read_text(encoding="utf-8")
    report = row.pop("report")
    fresh = task.at().sample(np.random.default_rng(JUDGE), FRESH)
    clean = figures(predict(program, fresh.sequences), fresh.outputs, "every")
    body = source[source.index("def run(") :]
    row |= {"mse": clean["mse"], "max_error": clean["max_error"], "laws": compared(program, task)}
    row |= {"model": report["model"], "claimed": report["exact"], "size": report["size"]}
    return {**row, "program": body[: body.index("\n\n\n")]}


def table(results: dict[str, Any]) -> str:
    """Markdown: a row per task and noise."""
    lines = [
        "| task | noise | laws found | largest error of a coefficient | one-step MSE, clean fresh data | learner "
        "| CPU s |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, by_noise in results.items():
        for noise, runs in by_noise.items():
            run = runs[min(runs, key=int)]
            laws = run["laws"].values()
            same = sum(law["same_terms"] for law in laws)
            off = max((law["coefficient_error"] for law in laws if law["same_terms"]), default=None)
            lines.append(
                f"| {name.removeprefix('physics/')} | {noise} | {same} of {len(laws)} "
                f"| {'-' if off is None else format(off, '.1e')} | {run['mse']:.1e} | {run['model']} "
                f"| {run['cpu_seconds']} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Check whether the laws of motion are recovered.")
    parser.add_argument("tasks", nargs="*", default=NAMES)
    parser.add_argument("--noise", type=float, nargs="+", default=[0.0, 0.01])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--again", action="store_true", help="repeat runs that were made already")
    options = parser.parse_args()
    out = RESULTS / "physics.json"
    results: dict[str, Any] = json.loads(out.read_text()) if out.exists() else {"runs": {}}
    results |= {"command": "python benchmarks/physics.py", "cores": os.cpu_count()}
    runs = results["runs"]
    for name in options.tasks:
        name = name if name.startswith("physics/") else f"physics/{name}"
        for noise, seed in ((n, s) for n in options.noise for s in options.seeds):
            done = runs.setdefault(name, {}).setdefault(str(noise), {})
            if str(seed) in done and not options.again:
                continue
            try:
                done[str(seed)] = row = measure(name, seed, noise)
            except subprocess.CalledProcessError as error:
                print(f"{name}, noise {noise}, seed {seed}: {error}", file=sys.stderr, flush=True)
                continue
            out.write_text(json.dumps(results, indent=1) + "\n")
            out.with_suffix(".md").write_text(table({n: {k: v for k, v in r.items() if v} for n, r in runs.items()}))
            same = [law["same_terms"] for law in row["laws"].values()]
            print(f"{name}, noise {noise}: laws {sum(same)} of {len(same)}, MSE {row['mse']:.1e}", flush=True)


if __name__ == "__main__":
    main()
