"""What the commands do with a program on numbers: text or JSON on standard output, exit codes as for symbols."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from pellucid import folder
from pellucid.data import Series
from pellucid.data.numeric_files import check_columns, read_series
from pellucid.errors import PellucidError
from pellucid.program.inspect.words import counted
from pellucid.program.numeric import NumericProgram
from pellucid.series.certificate import said, told
from pellucid.series.learned import LearnedSeries, tampering

EXIT_DIFFERENT = 1
EXIT_INEXACT = 3
TASK = "task"


def summary(learned: LearnedSeries, out: Path, picked: int | None) -> str:
    """What was learned, as `learn` prints it."""
    from pellucid.program.verify import Verdict
    from pellucid.series.candidates import table

    report, whole = learned.report, is_whole(learned)
    what = f"{report['seconds']['total']:.1f} s" if picked is None else f"candidate {picked}"
    lines = [f"{report['task']} ({report['model']}, seed {report['seed']}): {what}", f"  {verdict_line(learned)}"]
    for part, figures in {**report["accuracy"], **report["longer"]}.items():
        lines.append(f"  {part:<6} {told(figures, whole)}")
    size = report["size"]
    parts = [counted(size["lines"], "line"), counted(size["variables"], "variable")]
    lines.append(f"  program: {', '.join(parts)}, {counted(size['ast_nodes'], 'AST node')}")
    lines.append(f"  IR = text: {said(Verdict(**report['faithful']))}")
    found = json.loads(learned.files[folder.FRONT])
    lines += ["", table(found["candidates"], found["chosen"]), "", *_body(learned.source), ""]
    return "\n".join([*lines, f"  wrote {out}/program.py"])


def verdict_line(learned: LearnedSeries) -> str:
    """Whether the program is exact, and if not, how wrong it is."""
    if learned.exact:
        return "exact on all data"
    worst = max((f["max_error"] for f in learned.report["accuracy"].values() if f["max_error"] is not None), default=0)
    valid = told(learned.report["accuracy"]["valid"], is_whole(learned))
    return f"no exact program found; best has error: on validation data {valid} (largest anywhere {worst:.3g})"


def _body(source: str) -> list[str]:
    """The lines of `run`, for the screen."""
    text = source[source.index("def run(") :]
    return ["  " + line if line else "" for line in text[: text.index("\n\n\n")].splitlines()]


def is_whole(learned: LearnedSeries) -> bool:
    """Whether outputs are whole numbers."""
    return bool(json.loads(learned.files[folder.MODEL]).get("whole_outputs", False))


def data_of(learned: LearnedSeries, name: str) -> Series:
    """A data file, or what `task` stands for, in the form of the data that the program was learned from."""
    if name == TASK:
        from pellucid.data.old_tasks import get_numeric_task, numeric_names

        if learned.report["task"] not in numeric_names():
            raise PellucidError(f"task: {learned.report['task']} is no built-in task; name a data file")
        return get_numeric_task(learned.report["task"]).dataset(learned.report["seed"] + 77, 1000)
    steps = len(learned.program.outputs) > 1 or len(learned.program.inputs) > 1
    try:
        series = read_series(name)
    except PellucidError:
        if not steps:
            raise
        series = read_series(name, learned.program.outputs)
    if series.output_names != learned.program.outputs and set(learned.program.outputs) <= set(series.input_names):
        series = read_series(name, learned.program.outputs)
    check_columns(f"{name}: ", series, learned.like)
    if learned.program.whole_inputs and not series.whole_inputs:
        raise PellucidError(f"{name}: the program takes whole numbers; the data has others")
    return series


def evaluate(learned: LearnedSeries, data: str, as_json: bool) -> None:
    """`pellucid eval`."""
    figures = learned.evaluate(data_of(learned, data))
    click.echo(json.dumps(figures) if as_json else told(figures, is_whole(learned)))


def run(learned: LearnedSeries, tokens: tuple[str, ...], lines: Iterable[tuple[str, list]], as_json: bool) -> None:
    """`pellucid run`: on the numbers typed, or on the sequences of standard input."""
    for place, sequence in [("", typed(tokens))] if tokens else lines:
        try:
            output = learned.run(sequence)
        except PellucidError as error:
            raise PellucidError(f"{place}{error}") from None
        if as_json:
            click.echo(json.dumps({"input": sequence, "output": output}))
        elif tokens:
            rows = output if isinstance(output, list) else [output]
            click.echo(" ".join(",".join(map(str, r)) if isinstance(r, list) else str(r) for r in rows))
        else:
            click.echo(json.dumps(output))


def typed(tokens: tuple[str, ...]) -> list:
    """Steps as they are typed: a number each, or numbers joined by commas."""
    found = []
    for place, token in enumerate(tokens, 1):
        try:
            row = [float(part) if not part.lstrip("+-").isdigit() else int(part) for part in token.split(",")]
        except ValueError:
            raise PellucidError(
                f"step {place}: expected a number (or 1,2 for two columns), got {token!r:.40}"
            ) from None
        found.append(row if len(row) > 1 else row[0])
    return found


def _one(row: Any) -> Any:
    """A row of outputs as the user has it: a number, or a list of them."""
    values = row.tolist()
    return values[0] if len(values) == 1 else values


def verify(learned: LearnedSeries, seed: int, as_json: bool, against: Mapping[str, Any]) -> None:
    """`pellucid verify`: text = IR on known, random, extreme and longer inputs; or against a function or a program."""
    if against["prove"] or against["length"] is not None or against["seconds"] is not None:
        raise PellucidError("--prove: for programs on symbols; one on numbers has no end of inputs")
    if against["spec"] is not None or against["equals"] is not None:
        from pellucid.series.against import check

        verdict: Any = check(learned, against["spec"], against["equals"], seed)
        good = verdict["mismatches"] == 0
        text, found = verdict["told"], verdict
    else:
        outcome = learned.verify(seed)
        good, text, found = outcome.faithful, said(outcome), outcome.to_json()
    problems = tampering(learned)
    click.echo(json.dumps({**found, "problems": problems}) if as_json else "\n".join([text, *problems]))
    if problems or not good:
        sys.exit(EXIT_DIFFERENT)


def explain(learned: LearnedSeries, tokens: tuple[str, ...], as_json: bool) -> None:
    """`pellucid explain`."""
    if not tokens:
        example = " ".join("1,2" if len(learned.program.inputs) > 1 else str(i) for i in (1, 2, 3))
        raise PellucidError(f"no numbers to explain; try: pellucid explain DIR {example}")
    trace = learned.explain(typed(tokens))
    click.echo(json.dumps(trace.to_json()) if as_json else str(trace))


def circuit(learned: LearnedSeries, kinds: Mapping[str, Any], ablate: tuple[str, ...], data: str | None, out, as_json):
    """`pellucid circuit`: the part that one output column uses, or what breaks without a variable."""
    from pellucid.data.files import write_atomic
    from pellucid.program.numeric.emit import emit
    from pellucid.program.numeric.slice import slice_program
    from pellucid.program.size import ast_nodes

    asked = [name for name, value in kinds.items() if value is not None]
    if asked and asked != ["label"]:
        raise PellucidError("a program on numbers has slices by output column: --label COLUMN; or --ablate VARIABLE")
    if not asked:
        from pellucid.series.ablation import ablated

        series = None if data is None else data_of(learned, data)
        rows = ablated(learned, ablate, series)
        width = max(len(row["variable"]) for row in rows)
        lines = [f"{r['variable']:<{width}}  {r['without']}: {told(r, is_whole(learned))}" for r in rows]
        click.echo(json.dumps({"ablated": rows}) if as_json else "\n".join(lines))
        return
    part: NumericProgram = slice_program(learned.program, kinds["label"])
    source = emit(part, f"The part of {learned.report['task']} that output {kinds['label']} uses.\n")
    if out is not None:
        write_atomic(out, source)
    if as_json:
        click.echo(json.dumps({"output": kinds["label"], "ast_nodes": ast_nodes(source), "source": source}))
    else:
        click.echo(f"wrote {out}" if out is not None else source, nl=out is not None)


def errors(learned: LearnedSeries, data: str, top: int, as_json: bool) -> None:
    """`pellucid errors`: wrong outputs on a data file, the smallest inputs first."""
    from pellucid.program.numeric import outputs
    from pellucid.series.scores import RELATIVE

    series, found = data_of(learned, data), []
    spread = max(float(abs(y).max()) for y in series.outputs)
    for i, made in enumerate(outputs(learned.program, series.inputs)):
        wanted = series.outputs[i]
        wrong = made != wanted if series.whole_outputs else abs(made - wanted) > RELATIVE * max(spread, 1e-300)
        if wrong.any():
            step = int(wrong.any(1).argmax())
            row = {"step": step + 1, "expected": _one(wanted[step]), "got": _one(made[step])}
            found.append({"example": i + 1, "input": series.rows(i), **row})
    found.sort(key=lambda row: (row["step"], len(row["input"]), str(row["input"])))
    if as_json:
        click.echo(json.dumps({"sequences": len(series), "wrong": len(found), "cases": found[:top]}))
        return
    click.echo(f"{len(found)} of {counted(len(series), 'sequence')} with a wrong output")
    for row in found[:top]:
        told = f"example {row['example']}, step {row['step']}: expected {row['expected']}, got {row['got']}"
        click.echo(f"  {told}; input {json.dumps(row['input'][: row['step']])}")
