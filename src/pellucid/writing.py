"""The chosen program verified against its model, with its text, its files and its report."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from safetensors.numpy import save

from pellucid import folder
from pellucid.artifact import Learned
from pellucid.baseline import baselines
from pellucid.candidates import Candidate, Scores, numbered, program_of
from pellucid.certificate import Story, certificate
from pellucid.data.schema import Schema
from pellucid.emit.emit import ast_nodes, code_lines, emit
from pellucid.errors import MismatchError, PellucidError
from pellucid.folder import as_json
from pellucid.language.json import dumps, plain
from pellucid.language.nodes import Input
from pellucid.language.program import Program
from pellucid.learners.base import Run
from pellucid.learners.turns import INTERRUPTED, SPENT, Asked, Turns
from pellucid.problem import Model, Problem
from pellucid.progress import Stages, stopped
from pellucid.questions import Answers, Round
from pellucid.semantics.scores import figures
from pellucid.verify import Verdict, verify
from pellucid.verify.outputs import store

LATE = 0.3  # seconds after its time when a comparison is stopped that does not end by itself
LEARNERS: dict[str, str] = {
    "programs": "gradient-trained Transformer Program",
    "discrete": "Discrete Transformer",
    "automaton": "state merging",
    "linear": "linear recurrence",
    "dynamics": "a linear law of its own past",
    "sparse": "sparse regression",
    "evidence": "weighed evidence",
}


def written(found: Round, turns: Turns, asked: Asked, how: str, stages: Stages, answers: Answers) -> Learned:
    """What `learn` returns: nothing of it, unless model, program and text agree.

    Raises:
        MismatchError: they do not.
    """
    chosen, rows, problem = found.best, found.rows, found.problem
    program, model = chosen.program, chosen.model if chosen.given_up is None else None
    with stages.stage("verify"):
        verdict = _verdict(program, model, problem, asked.seed, stages)
    with stages.stage("baseline"):
        simple = _baselines(problem, asked.seed, stages)
    cut_short = [*turns.cut_short, *stages.cut_short, *(["the teacher"] if answers.cut_short else [])]
    story = _story(chosen, problem, asked.seed, verdict, cut_short, answers)
    source = emit(program, certificate(program, story))
    report = {**_report(chosen, story, problem, asked, how, stages), **answers.report}
    report["size"] = size(source, program)
    report["found"] = {"by": chosen.learner, "after_seconds": chosen.found_after, "effort": asked.effort,
                       "details": as_json(_told(chosen.details)), "learners": as_json(turns.report),
                       "baselines": simple}  # fmt: skip
    report["seconds"] = {"compile": 0.0, "train": 0.0, "extract": 0.0, **turns.seconds, **stages.seconds,
                         "total": stages.total}  # fmt: skip
    number = 1 + next(i for i, row in enumerate(rows) if row is chosen)
    files: dict[str, str | bytes] = {
        folder.PROGRAM: source,
        folder.IR: dumps(program),
        folder.FRONT: folder.dump_rows({"chosen": number, "candidates": [row.to_json() for row in rows]}, "candidates"),
        **model_files(chosen, problem),
        **answers.files,
    }
    return finished(
        problem.schema, program, source, None if model is None else model.predict, report, files, turns.history
    )


def _verdict(program: Program, model: Model | None, problem: Problem, seed: int, stages: Stages) -> Verdict:
    """What is found in the time; some inputs are compared after Ctrl-C, too, and where the clock stopped it."""
    known = [*problem.train.sequences, *problem.splits.test.sequences]
    predict = None if model is None else model.predict

    def compared(until: float) -> Verdict:
        return verify(program, emit(program, ""), predict, longest=problem.longest, known=known, seed=seed,
                      longer=predict is not None, until=until,
                      on_progress=lambda share, message: stages.on_progress("verify", share, message))  # fmt: skip

    until = stages.end("verify")
    try:
        with stopped(until + LATE):
            verdict = compared(until)
    except KeyboardInterrupt:
        verdict = compared(time.monotonic())
    if verdict.cut_short:
        stages.cut("verify")
    if not verdict.faithful:
        raise MismatchError(verdict)
    return verdict


def _baselines(problem: Problem, seed: int, stages: Stages) -> list[dict[str, Any]]:
    """What simple models reach, those there is time for."""
    rows, until = list[dict[str, Any]](), stages.end("baseline")
    try:
        with stopped(max(until, time.monotonic()) + LATE):
            for row in baselines(problem.train + problem.valid, problem.splits.test, seed, until):
                rows.append(row.to_json())
                stages.on_progress("baseline", 0.0, row.name)
    except KeyboardInterrupt:
        stages.cut("baseline")
    return rows


def _story(
    chosen: Candidate, problem: Problem, seed: int, verdict: Verdict, cut_short: Sequence[str], answers: Answers
) -> Story:
    details = [*answers.told, *(f"{note[0].upper()}{note[1:]}." for note in problem.notes)]
    if problem.splits.few:
        details.append(f"Few examples: all {len(problem.train)} of them chose the program.")
    if "before_refit" in chosen.details:
        details.append("Fitted to train and valid data in the end; the valid figure is of a fit to train alone.")
    if "error_before_refit" in chosen.details:
        before, after = chosen.details["error_before_refit"], chosen.details["error_after_refit"]
        details.append(f"Read off the trained model; its output head fitted again (error {before:.2g} to {after:.2g}).")
    return Story(
        problem.name, seed, LEARNERS.get(chosen.learner, chosen.learner), _own(chosen.scores, problem), chosen.longer,
        _exact(chosen) and answers.agrees, verdict, chosen.given_up, details, cut_short,
    )  # fmt: skip


def _exact(chosen: Candidate) -> bool:
    """Whether no output of any of its data is wrong, that which it was never judged on included."""
    return chosen.exact and all(score["token"] == 1.0 for score in chosen.scores.values())


def _report(
    chosen: Candidate, story: Story, problem: Problem, asked: Asked, how: str, stages: Stages
) -> dict[str, Any]:
    options = {**vars(asked), "simplify": how}
    assert story.verdict is not None
    return {
        **_head(chosen.learner, problem, asked, chosen.scores),
        "options": {k: v for k, v in options.items() if v is not None},
        "settings": {**as_json(problem.settings), **({"bias": bias} if (bias := problem.bias.changed) else {})},
        "longer": {name: None if score is None else _rounded(score) for name, score in chosen.longer.items()},
        "exact": story.exact,
        "faithful": story.verdict.to_json(),
        "given_up": None if chosen.given_up is None else dict(chosen.given_up),
        "cut_short": list(story.cut_short),
    }


def without_program(
    model: Model, learner: str, given: Mapping[str, Any], run: Run, problem: Problem, asked: Asked, stages: Stages
) -> Learned:
    """What `learn` returns of a model without a program: how right it is, and its files. given: settings it obeyed."""
    parts = problem.splits.parts()
    with stages.stage("judge"):
        scores = {n: figures(model.predict(p.sequences), p.outputs, p.schema.when) for n, p in parts.items()}
    config, arrays = model.described()
    described = {"family": learner, "config": as_json(config), "schema": plain(problem.schema)}
    files: dict[str, str | bytes] = {folder.MODEL: folder.dump(described), folder.WEIGHTS: save(dict(arrays))}
    report = {
        **_head(learner, problem, asked, scores),
        "options": {k: v for k, v in vars(asked).items() if v is not None},
        "settings": as_json(given),
        "longer": {},
        "exact": all(score["token"] == 1.0 for score in scores.values()),
        "cut_short": [learner] if run.report["stopped"] in (SPENT, INTERRUPTED) else [],
        "found": {"by": learner, "effort": asked.effort, "learners": {learner: as_json(run.report)}},
        "seconds": {**run.report["seconds"], **stages.seconds, "total": stages.total},
    }
    return finished(problem.schema, None, None, model.predict, report, files, {learner: run.history})


def _head(learner: str, problem: Problem, asked: Asked, scores: Mapping[str, Scores]) -> dict[str, Any]:
    """What the report of every model begins with."""
    return {
        "task": problem.name,
        "model": learner,
        "seed": asked.seed,
        "notes": list(problem.notes),
        **({"warmup": problem.warmup} if problem.warmup else {}),
        "examples": {name: len(part) for name, part in problem.splits.own().items()},
        "accuracy": {part: _rounded(score) for part, score in _own(scores, problem).items()},
        "versions": {name: version(name) for name in ("pellucid", "jax", "numpy", "scipy", "optax")},
    }


def _own(scores: Mapping[str, Scores], problem: Problem) -> dict[str, Scores]:
    """The figures of parts that have examples of their own."""
    return {part: score for part, score in scores.items() if len(problem.splits.own()[part])}


def model_files(chosen: Candidate, problem: Problem) -> dict[str, str | bytes]:
    """`model.json` and `model.safetensors`.

    Where the program is the model they say so, and what it said to a sample: a change to all its files is seen then.
    """
    learner, model = chosen.learner, chosen.model
    if model is None:
        said = store(chosen.program, None, problem.train.sequences, problem.seed).to_json()
        described: dict[str, Any] = {"family": "program", "learner": learner, "said": said}
        return {folder.MODEL: folder.dump(described), folder.WEIGHTS: save({"none": np.zeros(0)})}
    config, arrays = model.described()
    return {
        folder.MODEL: folder.dump({"family": learner, "config": as_json(config)}),
        folder.WEIGHTS: save(dict(arrays)),
    }


def finished(
    schema: Schema,
    program: Program | None,
    source: str | None,
    predictor: Any,
    report: dict[str, Any],
    files: dict[str, str | bytes],
    history: Mapping[str, Any],
) -> Learned:
    """The learned program with its files, digests among them."""
    report["sha256"] = {name: folder.digest(content) for name, content in files.items()}
    files = {**files, folder.HISTORY: folder.dump(as_json(history)), folder.REPORT: folder.dump(as_json(report))}
    return Learned(schema, program, source, report, predictor, files)


def picked(learned: Learned, number: int) -> Learned:
    """A learned folder's candidate of that number in place of its program, verified anew.

    Raises:
        PellucidError: there is no such candidate. MismatchError: text and program disagree.
    """
    table = json.loads(learned.files[folder.FRONT])
    row, report = numbered(table["candidates"], number), dict(learned.report)
    if number == table["chosen"]:
        return learned
    program = program_of(row, f"{folder.FRONT}, candidate {number}")
    given_up = row.get("given_up") or {}
    if not all(isinstance(change, dict) and {"changed", "of"} <= change.keys() for change in given_up.values()):
        raise PellucidError(f"{folder.FRONT}, candidate {number}: given_up is not in the form that learn writes")
    verdict = verify(program, emit(program, ""), None, seed=report["seed"])
    if not verdict.faithful:
        raise MismatchError(verdict)
    scores = {part: row[part] for part in ("train", "valid", "test") if row.get(part)}
    learner = LEARNERS.get(row["learner"], str(row["learner"]))
    exact = row["exact"] and all(score["token"] == 1.0 for score in scores.values())
    story = Story(report["task"], report["seed"], learner, scores, row["longer"], exact, verdict, given_up)
    source = emit(program, certificate(program, story))
    report |= {"accuracy": scores, "longer": row["longer"], "exact": exact, "model": row["learner"], "picked": number}
    report |= {"faithful": verdict.to_json(), "size": size(source, program), "given_up": given_up}
    kept = {name: learned.files[name] for name in (folder.MODEL, folder.WEIGHTS)}
    front_text = folder.dump_rows({**table, "chosen": number}, "candidates")
    files = {folder.PROGRAM: source, folder.IR: dumps(program), folder.FRONT: front_text, **kept}
    return finished(learned.schema, program, source, None, report, files, {})


def size(source: str, program: Program) -> dict[str, int]:
    """The entry `size` of `report.json`."""
    variables = sum(not isinstance(a.node, Input) for a in program)
    return {"ast_nodes": ast_nodes(source), "lines": code_lines(source), "variables": variables}


def _told(details: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in details.items() if not isinstance(value, Program)}


def _rounded(score: Mapping[str, float]) -> dict[str, float]:
    return {key: round(value, 6) if key in ("token", "sequence", "f1") else value for key, value in score.items()}
