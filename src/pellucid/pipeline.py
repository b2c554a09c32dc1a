"""`learn`: data -> train -> harden -> program -> simplify -> emit -> verify -> files. One call per stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pellucid import folder
from pellucid.certificate import certificate
from pellucid.data import Dataset, Splits
from pellucid.errors import PellucidError
from pellucid.learned import Learned, load
from pellucid.problem import Problem, resolve
from pellucid.program.bounds import Bounded
from pellucid.program.emit import emit
from pellucid.program.facts import MAX_CELLS, Facts, Observed
from pellucid.program.interpret import predict
from pellucid.program.ir import Program
from pellucid.program.metrics import accuracy
from pellucid.program.names import with_readable_names
from pellucid.program.serialise import dumps
from pellucid.program.simplify import drop_unused, simplify
from pellucid.program.size import ast_nodes, code_lines
from pellucid.program.verify import EXHAUSTIVE, Verdict, all_inputs, domain_size

MODELS = ("auto", "programs", "standard")
SIMPLIFY = ("none", "exact")
OnProgress = Callable[[str, float, str], None]


class MismatchError(PellucidError):
    """Model, IR and emitted text do not agree; nothing was written. `verdict` holds the counterexample."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(f"model and program disagree, nothing was written: {verdict}")
        self.verdict = verdict


@dataclass
class _Stages:
    """Time spent per stage, and progress reports."""

    on_progress: OnProgress
    seconds: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @contextmanager
    def stage(self, name: str):
        self.on_progress(name, 0.0, "")
        start = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - start, 3)


def learn(
    what: str | Path | Dataset | Splits,
    *,
    out: str | Path | None = None,
    model: str = "auto",
    seed: int = 0,
    seeds: int | None = None,
    steps: int | None = None,
    budget: float | None = None,
    settings: Mapping[str, Any] | None = None,
    valid: str | Path | None = None,
    test: str | Path | None = None,
    simplify: str = "exact",
    resume: bool = False,
    on_progress: OnProgress | None = None,
) -> Learned:
    """Learn a program from a built-in task or from data, verified against the model it was read off.

    Args:
        what: name of a built-in task, path of a JSONL, CSV or TSV file, or data in memory.
        out: folder to write, which must not exist or be empty; None writes nothing.
        model: `programs` (a Transformer Program; `auto` is the same for now) or `standard` (accuracy only).
        seed: decides data, split and training: the same seed on the same machine gives the same program text.
        seeds, steps: size of the population and training steps of each (defaults suit 2 cores).
        budget: seconds for training.
        settings: task sizes, architecture and training, as `--set` on the command line.
        valid, test: files with held-out data; split off `what` where missing.
        simplify: `none`, or `exact` (preserves the function on the whole domain).
        resume: go on where a killed run with the same arguments was; a finished `out` is returned as it is.
        on_progress: called with a stage, the share of it done (0..1) and a short message.

    Raises:
        PellucidError: bad input, in one line. MismatchError: the program would not equal its model.
    """
    for name, value, known in (("model", model, MODELS), ("simplify", simplify, SIMPLIFY)):
        if value not in known:
            raise PellucidError(f"--{name} {value}: expected one of {', '.join(known)}")
    if seed < 0:
        raise PellucidError(f"--seed {seed}: expected 0 or more")
    if resume and out is not None and Path(out, folder.REPORT).exists():
        return load(out)
    if out is not None:
        folder.check_free(Path(out))
    stages = _Stages(on_progress or (lambda stage, share, message: None))
    problem = resolve(what, settings or {}, seed, valid, test)
    options = {"seed": seed, "seeds": seeds, "steps": steps, "budget": budget}
    if model == "standard":
        learned = _learn_standard(problem, options, stages)
    else:
        checkpoint = None if out is None else folder.checkpoint_of(Path(out))
        learned = _learn_program(problem, options, simplify, stages, checkpoint, resume)
    if out is not None:
        learned.save(out)
        folder.checkpoint_of(Path(out)).unlink(missing_ok=True)
    return learned


def _learn_program(
    problem: Problem, options: dict[str, Any], how: str, stages: _Stages, checkpoint: Path | None, resume: bool
) -> Learned:
    from pellucid.learning.models import fit_programs

    fitted = fit_programs(problem, options, stages.on_progress, checkpoint, resume)
    with stages.stage("extract"):
        program = fitted.extract(problem.vocab)
    with stages.stage("simplify"):
        program = _simplified(program, how)
    scores = _scores(problem, program)
    with stages.stage("verify"):
        source = emit(program, certificate(problem.name, options["seed"], scores, None, program.vocab))
        draft = Learned(problem.vocab, {}, program, source, fitted.predictor(problem.vocab), {})
        verdict = draft.verify(problem.splits.train.inputs + problem.splits.test.inputs, options["seed"])
    if not verdict.faithful:
        raise MismatchError(verdict)
    source = emit(program, certificate(problem.name, options["seed"], scores, verdict, program.vocab))
    report = _report(problem, "programs", options, scores, stages, fitted.seconds)
    report["faithful"] = verdict.to_json()
    report["size"] = {
        "ast_nodes": ast_nodes(source),
        "lines": code_lines(source),
        "variables": sum(a.name != "tokens" for a in program),
    }
    report["training"] = fitted.summary
    files = {folder.PROGRAM: source, folder.IR: dumps(program), **fitted.files(problem.vocab)}
    return _finish(problem, report, program, source, fitted, files)


def _learn_standard(problem: Problem, options: dict[str, Any], stages: _Stages) -> Learned:
    from pellucid.learning.standard_model import fit_standard_model

    fitted = fit_standard_model(problem, options, stages.on_progress)
    predictor = fitted.predictor(problem.vocab)
    scores = {name: accuracy(predictor(part.inputs), part) for name, part in problem.splits.parts().items()}
    report = _report(problem, "standard", options, scores, stages, fitted.seconds)
    report["training"] = fitted.summary
    return _finish(problem, report, None, None, fitted, fitted.files(problem.vocab))


def _finish(
    problem: Problem, report: dict, program: Program | None, source: str | None, fitted: Any, files: dict
) -> Learned:
    report["sha256"] = {name: folder.digest(content) for name, content in files.items()}
    files = {**files, folder.HISTORY: folder.dump(fitted.history), folder.REPORT: folder.dump(report)}
    return Learned(problem.vocab, report, program, source, fitted.predictor(problem.vocab), files)


def _simplified(program: Program, how: str) -> Program:
    """The program after the passes asked for, with readable names."""
    if how == "none":
        return with_readable_names(drop_unused(program))
    return with_readable_names(simplify(program, facts_about(program)))


def facts_about(program: Program) -> Facts:
    """Everything that happens, where all inputs can be run; else what the types say."""
    vocab, size = program.vocab, domain_size(program.vocab)
    if size <= EXHAUSTIVE and size * vocab.width <= MAX_CELLS:
        return Observed(vocab.encode_inputs(list(all_inputs(vocab))), len(vocab.tokens))
    return Bounded()


def _scores(problem: Problem, program: Program) -> dict[str, dict[str, float]]:
    return {name: accuracy(predict(program, part.inputs), part) for name, part in problem.splits.parts().items()}


def _report(
    problem: Problem, model: str, options: dict, scores: dict, stages: _Stages, seconds: dict
) -> dict[str, Any]:
    spent = {**seconds, **stages.seconds}
    total = round(time.monotonic() - stages.began, 3)
    rounded = {name: {k: round(v, 6) for k, v in score.items()} for name, score in scores.items()}
    return {
        "task": problem.name,
        "model": model,
        "seed": options["seed"],
        "options": {k: v for k, v in options.items() if v is not None},
        "settings": problem.settings.to_json(),
        "examples": {name: len(part) for name, part in problem.splits.parts().items()},
        "accuracy": rounded,
        "seconds": {"total": total, **spent},
        "versions": {name: version(name) for name in ("pellucid", "jax", "numpy", "scipy", "optax")},
    }
