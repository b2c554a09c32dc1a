"""`learn` on number sequences: problem -> learners -> program -> simplify -> emit -> verify -> files."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from pellucid import folder
from pellucid.errors import MismatchError, PellucidError
from pellucid.numeric import FoundProgram, SeriesProblem
from pellucid.program.numeric import NumericProgram
from pellucid.program.numeric.emit import emit
from pellucid.program.numeric.expression import Apply, Const, Expression
from pellucid.program.numeric.names import with_readable_names
from pellucid.program.numeric.nodes import Formula
from pellucid.program.numeric.serialise import dumps
from pellucid.program.numeric.simplify import simplify
from pellucid.program.numeric.verify import verify
from pellucid.program.size import ast_nodes, code_lines
from pellucid.program.verify import Verdict
from pellucid.series.candidates import SeriesCandidate, front, judged, program_of
from pellucid.series.certificate import series_certificate
from pellucid.series.learned import FAMILY, KNOWN, LearnedSeries
from pellucid.series.learners import SeriesFound, learn_series_models
from pellucid.series.rounding import rounded

OnProgress = Callable[[str, float, str], None]


def learn_series(
    problem: SeriesProblem,
    model: str,
    options: Mapping[str, Any],
    how: str,
    pick: int | None,
    checkpoint: Path | None,
    resume: bool,
    on_progress: OnProgress,
) -> LearnedSeries:
    """Learn a numeric program.

    Args:
        problem: what to learn.
        model: `auto`, `search` or `discrete`.
        options: seed, seeds, steps, budget.
        how: the simplification asked for; `compact` is as `exact` here, where a smaller program that is worse stands in
            the table of candidates.
        pick: number of the candidate to take instead of the best.
        checkpoint: file that holds the state of the training; None keeps none.
        resume: go on from it.
        on_progress: called with a stage, the share of it done and a message.

    Raises:
        PellucidError: no learner found any program. MismatchError: text and program would disagree.
    """
    began = time.monotonic()
    found = learn_series_models(model, problem, options, on_progress, checkpoint, resume)
    if not found.programs:
        raise PellucidError(f"{problem.name}: no program was found in the time given; give more with --budget")
    on_progress("simplify", 0.0, "")
    started = time.monotonic()
    candidates = _candidates(found.programs, problem, how)
    found.seconds["simplify"] = round(time.monotonic() - started, 3)
    best, rows = max(candidates, key=lambda c: c.rank), front(candidates)
    if all(best is not row for row in rows):
        rows.append(best)
    if pick is not None and pick > len(rows):
        raise PellucidError(f"--pick {pick}: of {len(rows)} candidates in all")
    chosen = best if pick is None else rows[pick - 1]
    on_progress("verify", 0.0, "")
    return _written(chosen, rows, found, problem, {**options, "simplify": how}, began)


def _candidates(programs: list[FoundProgram], problem: SeriesProblem, how: str) -> list[SeriesCandidate]:
    made: dict[NumericProgram, SeriesCandidate] = {}
    for found in programs:
        program = with_readable_names(found.program if how == "none" else simplify(found.program))
        if program in made:
            continue
        made[program] = candidate = judged(found, program, problem)
        if how != "none" and not candidate.exact and not problem.whole:
            shorter = rounded(program, problem.train)
            made[program] = judged(found, shorter, problem)
    return list(made.values())


def _written(
    chosen: SeriesCandidate,
    rows: list[SeriesCandidate],
    found: SeriesFound,
    problem: SeriesProblem,
    options: Mapping[str, Any],
    began: float,
) -> LearnedSeries:
    program, known = chosen.program, _known(problem)
    started = time.monotonic()
    verdict = verify(program, emit(program, ""), None, known, options["seed"])
    if not verdict.faithful:
        raise MismatchError(verdict)
    found.seconds["verify"] = round(time.monotonic() - started, 3)
    number = 1 + next(i for i, row in enumerate(rows) if row is chosen)
    figures = chosen.scores, chosen.longer
    source = emit(program, _certificate(problem.name, options["seed"], chosen, verdict, problem.whole))
    report = {
        "task": problem.name,
        "model": chosen.found.learner,
        "seed": options["seed"],
        "options": {k: v for k, v in options.items() if v is not None},
        "settings": {"bias": _bias(problem), **problem.settings},
        "examples": {"train": len(problem.train), "valid": len(problem.valid), "test": len(problem.test)},
        "exact": chosen.exact,
        "accuracy": figures[0],
        "longer": figures[1],
        "faithful": verdict.to_json(),
        "size": _size(source, program),
        "found": {
            "by": chosen.found.learner,
            "after_seconds": round(chosen.found.seconds, 3),
            "details": chosen.found.details,
            "learners": found.report,
        },
        "seconds": {"compile": 0.0, "train": 0.0, "extract": 0.0, **found.seconds},
        "versions": {"pellucid": version("pellucid"), "numpy": np.__version__},
    }
    report["seconds"]["total"] = round(time.monotonic() - began, 3)
    rows_json = [row.to_json() for row in rows]
    files: dict[str, str | bytes] = {
        folder.PROGRAM: source,
        folder.IR: dumps(program),
        folder.FRONT: folder.dump(_plain({"chosen": number, "candidates": rows_json})),
        **_model_files(found, chosen, problem, known),
    }
    return finished(program, source, known, report, files, found.history)


def finished(
    program: NumericProgram,
    source: str,
    known: list[np.ndarray],
    report: dict[str, Any],
    files: dict[str, str | bytes],
    history: dict[str, Any],
) -> LearnedSeries:
    """The learned program with its files, digests among them."""
    report = _plain(report)
    report["sha256"] = {name: folder.digest(content) for name, content in files.items()}
    files = {**files, folder.HISTORY: folder.dump(_plain(history)), folder.REPORT: folder.dump(report)}
    return LearnedSeries(report, program, source, known, files)


def picked_series(learned: LearnedSeries, number: int) -> LearnedSeries:
    """A learned folder's candidate of that number in place of its program, verified anew."""
    table = json.loads(learned.files[folder.FRONT])
    rows, report = table["candidates"], dict(learned.report)
    if number > len(rows):
        raise PellucidError(f"--pick {number}: of {len(rows)} candidates in all")
    row = rows[number - 1]
    if number == table["chosen"]:
        return learned
    program = program_of(row, f"{folder.FRONT}, candidate {number}")
    verdict = verify(program, emit(program, ""), None, learned.known, report["seed"])
    if not verdict.faithful:
        raise MismatchError(verdict)
    scores = {part: row[part] for part in ("train", "valid", "test")}
    whole = _whole(learned)
    text = series_certificate(
        report["task"], report["seed"], row["learner"], row["exact"], scores, row["longer"], verdict, program, whole,
        {},
    )  # fmt: skip
    source = emit(program, text)
    report |= {"accuracy": scores, "longer": row["longer"], "exact": row["exact"], "model": row["learner"]}
    report |= {"faithful": verdict.to_json(), "size": _size(source, program), "picked": number}
    kept = {name: learned.files[name] for name in (folder.MODEL, folder.WEIGHTS)}
    front_text = folder.dump({**table, "chosen": number})
    files = {folder.PROGRAM: source, folder.IR: dumps(program), folder.FRONT: front_text, **kept}
    return finished(program, source, list(learned.known), report, files, {})


def _whole(learned: LearnedSeries) -> bool:
    return bool(json.loads(learned.files[folder.MODEL]).get("whole_outputs", False))


def _certificate(name: str, seed: int, chosen: SeriesCandidate, verdict: Verdict, whole: bool) -> str:
    return series_certificate(
        name, seed, chosen.found.learner, chosen.exact, chosen.scores, chosen.longer, verdict, chosen.program, whole,
        chosen.found.details,
    )  # fmt: skip


def _known(problem: SeriesProblem) -> list[np.ndarray]:
    """Inputs that stay in the folder, as examples of what inputs look like."""
    return [*problem.train.inputs[:KNOWN]]


def _model_files(
    found: SeriesFound, chosen: SeriesCandidate, problem: SeriesProblem, known: list[np.ndarray]
) -> dict[str, str | bytes]:
    """Description and numbers of the model: the Transformer's where it found the program, else the constants."""
    described: dict[str, Any] = {"signature": FAMILY, "family": chosen.found.learner}
    weights: str | bytes
    if chosen.found.learner == "discrete" and found.files:
        described |= {"config": json.loads(found.files[folder.MODEL])}
        weights = found.files[folder.WEIGHTS]
    else:
        constants = [c for a in chosen.program if isinstance(a.node, Formula) for c in _constants(a.node.expression)]
        described |= {"config": {"constants": "of the formulas, in order"}}
        weights = save({"constants": np.array([float(c) for c in constants], np.float64)})
    described |= {"whole_outputs": problem.whole, "known": [rows.tolist() for rows in known]}
    return {folder.MODEL: json.dumps(described) + "\n", folder.WEIGHTS: weights}


def _constants(expression: Expression) -> list[Any]:
    """Constants of an expression, left to right."""
    match expression:
        case Const(value):
            return [value]
        case Apply(_, args):
            return [c for arg in args for c in _constants(arg)]
    return []


def _size(source: str, program: NumericProgram) -> dict[str, int]:
    return {
        "ast_nodes": ast_nodes(source),
        "lines": code_lines(source),
        "variables": len(program.assignments) - len(program.inputs),
    }


def _bias(problem: SeriesProblem) -> dict[str, Any]:
    """What was set of the bias."""
    default, bias = type(problem.bias)(), problem.bias
    changed = {k: v for k, v in vars(bias).items() if v != getattr(default, k)}
    return {k: sorted(v) if isinstance(v, frozenset) else v for k, v in changed.items()}


def _plain(value: Any) -> Any:
    """The value as JSON has it: NumPy numbers as Python's, no infinities."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)
