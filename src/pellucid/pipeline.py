"""`learn`: data -> train -> harden -> program -> simplify -> emit -> verify -> files. One call per stage."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pellucid import folder
from pellucid.data import Dataset, Series, SeriesSplits, Splits, Vocab
from pellucid.data.dataset import together
from pellucid.data.texts import Texts, TextSplits
from pellucid.errors import MismatchError, PellucidError
from pellucid.first.candidates import Candidate, best_of, best_of_texts, front, judged, program_of
from pellucid.first.certificate import certificate
from pellucid.first.turns import Found, learn_models
from pellucid.learned import Learned, load
from pellucid.numeric import Bias
from pellucid.old_problem import Problem, resolve
from pellucid.program.bounds import Bounded
from pellucid.program.closed import closed
from pellucid.program.compact.front import Compacted, compact, differing
from pellucid.program.emit import emit
from pellucid.program.facts import MAX_CELLS, Facts, Observed
from pellucid.program.inspect.words import counted
from pellucid.program.interpret import predict
from pellucid.program.ir import Program
from pellucid.program.longer import opened
from pellucid.program.names import with_readable_names
from pellucid.program.scores import figures
from pellucid.program.serialise import dumps
from pellucid.program.simplify import drop_unused, simplify
from pellucid.program.size import ast_nodes, code_lines
from pellucid.program.verify import EXHAUSTIVE, all_inputs, domain_size, verify
from pellucid.series.pipeline import learn_series, picked_series
from pellucid.series.problem import on_numbers, resolve_series
from pellucid.text.learners import learn_text_models
from pellucid.text.problem import TextProblem, on_texts, resolve_texts

MODELS = ("auto", "programs", "search", "standard", "discrete")
SIMPLIFY = ("none", "exact", "compact")
COMPACT = 120.0  # seconds that making a program compact may take
BASELINE = 10.0  # seconds at most for the random programs that a search is compared with
OnProgress = Callable[[str, float, str], None]


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
    what: str | Path | Dataset | Splits | Texts | TextSplits | Series | SeriesSplits,
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
    longer: str | Path | None = None,
    simplify: str = "exact",
    pick: int | None = None,
    resume: bool = False,
    outputs: Sequence[str] | None = None,
    bias: Bias | None = None,
    column: int = -1,
    vectors: str | Path | None = None,
    on_progress: OnProgress | None = None,
) -> Any:
    """Learn a program from a built-in task or from data, verified against the model it was read off.

    Symbols and texts give a `Learned`; numbers (a task on numbers, a file of numbers, a `Series`) a `LearnedSeries`.

    Args:
        what: name of a built-in task, path of a JSONL, CSV or TSV file, or data in memory; or, with `pick`, a folder
            that `learn` wrote.
        out: folder to write, which must not exist or be empty; None writes nothing.
        model: `programs` (a Transformer Program trained by gradient descent), `search` (hard programs searched),
            `auto` (both within the budget, the best verified program), `standard` (a Transformer, accuracy only) or
            `discrete` (a Discrete Transformer, for numbers; the others for numbers are `auto` and `search`).
        seed: decides data, split and training: the same seed on the same machine gives the same program text.
        seeds, steps: size of the population and training steps of each (defaults suit 2 cores).
        budget: seconds for learning.
        settings: task sizes, architecture and training, as `--set` on the command line.
        valid, test: files with held-out data; split off `what` where missing.
        longer: file with longer inputs, on which programs that take them are judged.
        simplify: `none`, `exact` (preserves the function on the whole domain) or `compact` (may change it, never at the
            cost of validation accuracy).
        pick: number of the candidate to take from the table that the run prints, instead of the best.
        resume: go on where a killed run with the same arguments was; a finished `out` is returned as it is.
        outputs: output columns of a table of numbers with one step a row.
        bias: which pieces a program on numbers may be made of.
        column: of the labels of a CoNLL file, from 1, or from the end as -1.
        vectors: file of word vectors in GloVe text format, from which the gradient learner of texts may start.
        on_progress: called with a stage, the share of it done (0..1) and a short message.

    Raises:
        PellucidError: bad input, in one line. MismatchError: the program would not equal its model.
    """
    for name, value, known in (("model", model, MODELS), ("simplify", simplify, SIMPLIFY)):
        if value not in known:
            raise PellucidError(f"--{name} {value}: expected one of {', '.join(known)}")
    if seed < 0:
        raise PellucidError(f"--seed {seed}: expected 0 or more")
    for name, value in (("seeds", seeds), ("steps", steps), ("budget", budget)):
        if value is not None and not 0 < value < float("inf"):
            raise PellucidError(f"{name}: expected a positive number, got {value}")
    if pick is not None and pick < 1:
        raise PellucidError(f"--pick {pick}: expected the number of a candidate, from 1")
    if resume and out is not None and Path(out, folder.REPORT).exists():
        return load(out)
    if out is not None:
        folder.check_free(Path(out))
    if pick is not None and isinstance(what, str | Path) and Path(what, folder.FRONT).exists():
        found = load(what)
        return _kept(picked(found, pick) if isinstance(found, Learned) else picked_series(found, pick), out)
    stages = _Stages(on_progress or (lambda stage, share, message: None))
    checkpoint = None if out is None else folder.checkpoint_of(Path(out))
    options = {"seed": seed, "seeds": seeds, "steps": steps, "budget": budget}
    asks_numbers = bias is not None or outputs is not None
    if on_texts(what):
        _only_texts(longer=longer, bias=bias, outputs=outputs)
        assert not isinstance(what, Dataset | Splits | Series | SeriesSplits)
        problem: Problem = resolve_texts(what, settings or {}, seed, valid, test, column, vectors)
    elif vectors is not None or column != -1:
        raise PellucidError(f"{what}: holds no texts; --vectors and --column go with texts")
    elif not isinstance(what, Dataset | Splits | Texts | TextSplits) and on_numbers(what, model, asks_numbers):
        task = resolve_series(what, settings or {}, seed, bias or Bias(), outputs, valid, test, longer)
        return _kept(learn_series(task, model, options, simplify, pick, checkpoint, resume, stages.on_progress), out)
    elif bias is not None or outputs is not None or model == "discrete" or isinstance(what, Series | SeriesSplits):
        raise PellucidError(f"{what}: options for numbers, but this holds symbols; expected a file or task of numbers")
    else:
        assert not isinstance(what, Texts | TextSplits)
        problem = resolve(what, settings or {}, seed, valid, test, longer)
    if model == "standard":
        return _kept(_learn_standard(problem, options, stages, checkpoint, resume), out)
    if isinstance(problem, TextProblem):
        found = learn_text_models(model, problem, options, stages.on_progress, checkpoint, resume)
    else:
        found = learn_models(model, problem, options, stages.on_progress, checkpoint, resume)
    with stages.stage("simplify"):
        candidates = read_off(found, problem, simplify, stages.on_progress)
    if isinstance(problem, TextProblem):
        best = best_of_texts(candidates, simplify, len(problem.splits.valid))
    else:
        best = best_of(candidates, simplify)
    rows = front(candidates)
    chosen = best if pick is None or pick > len(rows) else rows[pick - 1]
    learned = _written(chosen, rows, found, problem, {**options, "simplify": simplify}, stages)
    learned = _kept(learned, out)
    if pick is not None and pick > len(rows):
        raise PellucidError(f"--pick {pick}: of {counted(len(rows), 'candidate')}, the best was taken")
    return learned


def _only_texts(**other: Any) -> None:
    for name, value in other.items():
        if value is not None:
            raise PellucidError(f"--{name}: not for texts")


def _kept(learned: Any, out: str | Path | None) -> Any:
    """Write the folder, if one is asked for."""
    if out is not None:
        learned.save(out)
        folder.checkpoint_of(Path(out)).unlink(missing_ok=True)
    return learned


def _written(
    chosen: Candidate, rows: list[Candidate], found: Found, problem: Problem, options: dict[str, Any], stages: _Stages
) -> Learned:
    """The chosen program verified against its model, with its files and its report."""
    program, fitted, vocab = chosen.program, chosen.fitted, problem.vocab
    scores = _scores(problem, program, chosen)
    story = {"learner": chosen.learner, "longer": chosen.longer, "given_up": chosen.given_up}
    story["refitted"] = getattr(fitted, "valid", None) is not None
    with stages.stage("verify"):
        source = emit(program, certificate(problem.name, options["seed"], scores, None, program, **story))
        model = fitted.predictor(vocab) if chosen.given_up is None else None
        draft = Learned(vocab, {}, program, source, model, {})
        known, raw = problem.splits.train.inputs + problem.splits.test.inputs, ()
        if isinstance(problem, TextProblem):
            known, raw = (), [text for part in problem.raw.values() for text in part]
        verdict = draft.verify(known, options["seed"], raw=raw)
    if not verdict.faithful:
        raise MismatchError(verdict)
    source = emit(program, certificate(problem.name, options["seed"], scores, verdict, program, **story))
    report = _report(problem, chosen.learner, options, scores, stages, found.seconds)
    report["faithful"] = verdict.to_json()
    report["size"] = {
        "ast_nodes": ast_nodes(source),
        "lines": code_lines(source),
        "variables": sum(a.name != "tokens" for a in program),
    }
    report["longer"] = {name: dict(score) for name, score in chosen.longer.items()} if program.unbounded else None
    report["given_up"] = None if chosen.given_up is None else dict(chosen.given_up)
    report["found"] = {"by": chosen.learner, "after_seconds": chosen.found_after, "learners": found.report}
    with stages.stage("baseline"):
        report["found"] |= _simple(found, problem, options["seed"])
    number = 1 + next(i for i, row in enumerate(rows) if row is chosen)
    table = {"chosen": number, "candidates": [row.to_json() for row in rows]}
    files = {
        folder.PROGRAM: source,
        folder.IR: dumps(program),
        folder.FRONT: folder.dump_rows(table, "candidates"),
        **fitted.files(vocab),
    }
    report["training"] = found.report.get("programs", {}) if chosen.learner == "programs" else {}
    return _finish(vocab, report, program, source, model, found.history, files)


def _simple(found: Found, problem: Problem, seed: int) -> dict[str, Any]:
    """What a program must be better than: for texts, simple models; else random programs."""
    if not isinstance(problem, TextProblem):
        return {"random_programs": _random_programs(found, problem, seed)}
    from pellucid.first.baseline import baselines

    splits = problem.written or problem.splits
    return {"baselines": [row.to_json() for row in baselines(together(splits.train, splits.valid), splits.test, seed)]}


def _random_programs(found: Found, problem: Problem, seed: int) -> dict[str, Any] | None:
    """The baseline of the search: random programs with the same readouts, as many and for as long at most."""
    if "search" not in found.report:
        return None
    from pellucid.search.baseline import random_programs

    longest = min(found.seconds["search"], BASELINE)
    return random_programs(problem, seed, found.report["search"]["programs"], time.monotonic() + longest)


def read_off(
    found: Found, problem: Problem, how: str, on_progress: OnProgress, seconds: float = COMPACT
) -> list[Candidate]:
    """Every model found as a program, simplified and judged; equal ones once.

    Args:
        found: the models.
        problem: with the data that judges.
        how: the simplification asked for.
        on_progress: as for `learn`.
        seconds: for `compact`, at most, for each learner.
    """
    candidates: list[Candidate] = []
    seen: list[Program] = []
    for i, (learner, fitted, after) in enumerate(found.models):
        on_progress("simplify", i / len(found.models), f"program {i + 1} of {len(found.models)}")
        program = fitted.extract(problem.vocab)
        if program in seen:
            continue
        seen.append(program)
        simpler = program if isinstance(problem, TextProblem) else _simplified(program, how, facts_about(program))
        candidates.append(judged(learner, fitted, simpler, problem, after))
        if (
            how == "compact"
            and not isinstance(problem, TextProblem)
            and candidates[-1] is max((c for c in candidates if c.learner == learner), key=_rank)
        ):
            smaller = _compacted(candidates[-1], problem, seconds, on_progress)
            candidates += smaller
    return candidates


def _rank(candidate: Candidate) -> tuple:
    return candidate.rank


def _compacted(candidate: Candidate, problem: Problem, seconds: float, on_progress: OnProgress) -> list[Candidate]:
    """Smaller programs, those that are worse on validation data among them; each says what it gives up."""
    vocab, end = problem.vocab, time.monotonic() + seconds
    train, valid = (vocab.encode(part) for part in (problem.splits.train, problem.splits.valid))

    def report(message: str) -> None:
        on_progress("compact", 1 - max(0.0, end - time.monotonic()) / seconds, message)

    result: Compacted = compact(candidate.program, train, valid, end=end, on_progress=report)
    found = []
    for row in result.front:
        if row is result.given:
            continue
        program = with_readable_names(opened(row.program))
        lost = {"valid": differing(candidate.program, row.program, valid.tokens)}
        lost = result.changes if row is result.chosen else lost
        given_up = {name: {"changed": change.outputs, "of": change.of} for name, change in lost.items()}
        after = candidate.found_after
        found.append(judged(candidate.learner, candidate.fitted, program, problem, after, given_up=given_up))
    return found


def picked(learned: Learned, number: int) -> Learned:
    """A learned folder's candidate of that number in place of its program.

    It is verified anew: emitted text against intermediate form, and against the folder's model where it is that one's.

    Raises:
        PellucidError: there is no such candidate. MismatchError: text and intermediate form disagree.
    """
    table = json.loads(learned.files[folder.FRONT])
    rows = table["candidates"]
    if number > len(rows):
        count = len(rows)
        raise PellucidError(f"--pick {number}: there {'is' if count == 1 else 'are'} {counted(count, 'candidate')}")
    row, report = rows[number - 1], dict(learned.report)
    program = program_of(row, f"{folder.FRONT}, candidate {number}")
    if number == table["chosen"]:
        return learned
    given_up = row.get("given_up") or {}
    if not all(isinstance(change, dict) and {"changed", "of"} <= change.keys() for change in given_up.values()):
        raise PellucidError(f"{folder.FRONT}, candidate {number}: given_up is not in the form that learn writes")
    longer = {name: score for name, score in row["longer"].items() if score is not None}
    story = {"learner": row["learner"], "longer": longer, "given_up": given_up}
    scores = {part: row[part] for part in ("valid", "test") if row.get(part)}
    verdict = verify(program, emit(program, ""), None, seed=report["seed"])
    if not verdict.faithful:
        raise MismatchError(verdict)
    source = emit(program, certificate(report["task"], report["seed"], scores, verdict, program, **story))
    variables = sum(a.name != "tokens" for a in program)
    size = {"ast_nodes": ast_nodes(source), "lines": code_lines(source), "variables": variables}
    report |= {"accuracy": scores, "faithful": verdict.to_json(), "size": size, "given_up": given_up, "picked": number}
    report |= {"longer": longer if program.unbounded else None, "model": row["learner"]}
    models = {name: learned.files[name] for name in (folder.MODEL, folder.WEIGHTS)}
    front_text = folder.dump_rows({**table, "chosen": number}, "candidates")
    files = {folder.PROGRAM: source, folder.IR: dumps(program), folder.FRONT: front_text, **models}
    return _finish(learned.vocab, report, program, source, None, {}, files)


def _learn_standard(
    problem: Problem, options: dict[str, Any], stages: _Stages, checkpoint: Path | None, resume: bool
) -> Learned:
    from pellucid.learners.transformer.standard.model import fit_standard

    fitted = fit_standard(problem, options, stages.on_progress, checkpoint, resume)
    predict_all, result = fitted.model.predict, fitted.result
    scores = {name: figures(predict_all(part.inputs), part) for name, part in problem.splits.parts().items()}
    report = _report(problem, "standard", options, scores, stages, result.seconds)
    report["training"] = fitted.summary
    return _finish(problem.vocab, report, None, None, predict_all, result.history, fitted.files())


def _finish(
    vocab: Vocab, report: dict, program: Program | None, source: str | None, model: Any, history: dict, files: dict
) -> Learned:
    report["sha256"] = {name: folder.digest(content) for name, content in files.items()}
    files = {**files, folder.HISTORY: folder.dump(history), folder.REPORT: folder.dump(report)}
    return Learned(vocab, report, program, source, model, files)


def _simplified(program: Program, how: str, facts: Facts) -> Program:
    """The program after the passes asked for, with readable names, open to longer inputs where it makes sense there."""
    if how == "none":
        return with_readable_names(drop_unused(program))
    short = closed(simplify(opened(program), facts), facts)
    return with_readable_names(opened(simplify(short, facts)))


def facts_about(program: Program) -> Facts:
    """Everything that happens, where all inputs can be run; else what the types say."""
    vocab, size = program.vocab, domain_size(program.vocab)
    if size <= EXHAUSTIVE and size * vocab.width <= MAX_CELLS:
        return Observed(vocab.encode_inputs(list(all_inputs(vocab))), len(vocab.tokens))
    return Bounded()


def _scores(problem: Problem, program: Program, chosen: Candidate) -> dict[str, dict[str, float]]:
    parts = problem.splits.parts()
    found = {name: figures(predict(program, part.inputs), part) for name, part in parts.items() if name != "valid"}
    return {name: dict(chosen.valid) if name == "valid" else found[name] for name in parts}


def _report(
    problem: Problem, model: str, options: dict, scores: dict, stages: _Stages, seconds: dict
) -> dict[str, Any]:
    spent = {"compile": 0.0, "train": 0.0, "extract": 0.0, **seconds, **stages.seconds}
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
