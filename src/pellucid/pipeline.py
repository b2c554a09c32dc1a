"""`learn`: data -> learners -> program -> simplify -> choose -> emit -> verify -> folder. One call per stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pellucid import folder
from pellucid.artifact import Learned
from pellucid.bias import Bias
from pellucid.candidates import best_of, front, numbered
from pellucid.data.data import Data
from pellucid.data.readers import Options
from pellucid.data.split import Splits
from pellucid.errors import MismatchError, PellucidError
from pellucid.given import teacher_of
from pellucid.learners.base import Run
from pellucid.learners.starts import unknown_steps
from pellucid.learners.transformer.learners import STANDARD, train_standard
from pellucid.learners.turns import Asked, Turns, known_settings, learners_of, take_turns
from pellucid.loading import load
from pellucid.problem import Problem
from pellucid.progress import Budget, OnProgress, Stages, stopped
from pellucid.questions import Asker, Person, Question, Round, different, rivals
from pellucid.reading_off import SIMPLIFY, SIMPLIFYING, read_off
from pellucid.resolve import extended, resolve
from pellucid.settings import check_known
from pellucid.teaching import Teacher
from pellucid.writing import picked, without_program, written

LEAST_LEFT = 3.0  # seconds of a budget with which learning goes on after an answer
OF_TEACHER = 0.05  # share of a budget that a teacher may take at a time


def learn(
    what: str | Path | Data | Splits | Teacher,
    *,
    out: str | Path | None = None,
    model: str = "auto",
    seed: int = 0,
    seeds: int | None = None,
    steps: int | None = None,
    effort: float = 1.0,
    budget: float | Budget | None = None,
    settings: Mapping[str, Any] | None = None,
    valid: str | Path | None = None,
    test: str | Path | None = None,
    longer: str | Path | None = None,
    simplify: str = "exact",
    pick: int | None = None,
    resume: bool = False,
    output: Sequence[str] | None = None,
    tag: int = -1,
    group: str | None = None,
    warmup: int | None = None,
    vectors: str | Path | None = None,
    bias: Bias | None = None,
    ask: Callable[[Question], Any] | None = None,
    on_progress: OnProgress | None = None,
) -> Learned:
    """Learn a program from a built-in task or from data, verified against the model it was read off.

    Args:
        what: name of a built-in task, path of a data file, data in memory, or a `Teacher`, who is asked; or, with
            `pick`, a folder that `learn` wrote.
        out: folder to write, which must not exist or be empty; None writes nothing.
        model: `auto` (all learners that take the data, the cheap ones first), `search` (those that search), the name of
            one, `programs` or `discrete` (a Transformer trained by gradient descent) among them; or `standard` (an
            ordinary Transformer, accuracy only).
        seed: decides data, split and training: the same seed on the same machine gives the same program text.
        seeds, steps: random starts of a learner and steps of each (defaults suit 2 cores).
        effort: multiplies the default work of every learner.
        budget: seconds for all of it, at least 10; None: as long as the work takes.
        settings: sizes of a task, architecture and training, as `--set` on the command line.
        valid, test: files with held-out data; split off `what` where missing.
        longer: file with longer inputs, on which programs that take them are judged.
        simplify: `none`, `exact` (preserves the function on the whole domain) or `compact` (may change it, never at the
            cost of validation accuracy).
        pick: number of the candidate to take from the table that the run prints, instead of the best.
        resume: go on where a killed run with the same arguments was; a finished `out` is returned as it is.
        output: output columns of a table with one step a row.
        tag: column of the labels of a CoNLL file, from 1, or from the end as -1.
        group: column of a table that says to which sequence a row belongs; `rows`: each is an example of its own.
        warmup: so many first outputs of every sequence do not count; found out where a law looks back beyond the start.
        vectors: file of word vectors in GloVe text format, from which the gradient learner of words may start.
        bias: which pieces a program may be made of.
        ask: given an input on which the best candidates differ, the right output, in the user's form, or None to stop;
            each answer is one more example, and learning goes on.
        on_progress: called with a stage, the share of it done (0..1) and a short message.

    Raises:
        PellucidError: bad input, in one line. MismatchError: the program would not equal its model.
    """
    budget = budget if budget is None or isinstance(budget, Budget) else Budget(budget)
    _check(simplify, model, seed, {"seeds": seeds, "steps": steps, "effort": effort, "pick": pick})
    place = None if out is None else Path(out)
    if resume and place is not None and (place / folder.REPORT).exists():
        return load(place)
    if place is not None:
        folder.check_free(place)
    if pick is not None and isinstance(what, str | Path) and Path(what, folder.FRONT).exists():
        if simplify != "exact":
            raise PellucidError("--simplify: not with --pick of a learned folder; a candidate is taken as it is")
        return _kept(picked(load(what), pick), place)
    stages = Stages(on_progress or (lambda stage, share, message: None), budget)
    check_known(settings or {}, known_settings(model))
    options = Options(outputs=None if output is None else tuple(output), column=tag, group=group)
    asked = Asked(seed, seeds, steps, None if budget is None else budget.seconds, effort, group, warmup)
    checkpoint = None if place is None else folder.checkpoint_of(place, fresh=not resume)
    rest = {"settings": settings, "seed": seed, "bias": bias, "vectors": vectors}
    with stages.interruptible(), _resumable(place, resume, stages):
        if isinstance(what, Teacher):
            if valid or test or longer or options != Options():
                raise PellucidError("--valid, --test, --longer, options of files: not with a teacher, who is asked")
            if budget is not None:
                what = replace(what, seconds=min(what.seconds, OF_TEACHER * budget.seconds))
            with stages.stage("ask"):
                problem = replace(resolve(what.first(seed), **rest), name=what.name, tolerance=what.noise)
        else:
            options = None if options == Options() else options
            problem = resolve(what, valid=valid, test=test, longer=longer, options=options, **rest)
        problem = problem.warmed(unknown_steps(problem) if warmup is None else warmup)
        if model == STANDARD:
            return _kept(_standard(problem, settings or {}, asked, stages, checkpoint), place)
        asker = what if isinstance(what, Teacher) else Person(ask)
        found, turns = _learned(problem, asker, model, asked, simplify, stages, checkpoint)
        if pick is not None:
            found = replace(found, best=numbered(found.rows, pick))
        with stages.stage("ask"):
            answers = asker.outcome(found, seed)
        try:
            learned = written(found, turns, asked, simplify, stages, answers)
        except MismatchError:
            if not problem.tolerance:
                raise
            learned = written(found.without_model(), turns, asked, simplify, stages, answers)
        return _kept(learned, place)


def decompile(path: str | Path, *, out: str | Path | None = None, length: int | None = None, **options: Any) -> Learned:
    """A program for a Transformer that `learn --model standard` trained, found by asking it.

    Args:
        path: the folder that `learn` wrote.
        out, options: as for `learn`.
        length: steps of the longest input asked; by default the longest that the model takes.

    Raises:
        PellucidError: it has a program already, it reads words, or as for `learn`.
    """
    return learn(teacher_of(load(path), str(path), length), out=out, **options)


@contextmanager
def _resumable(place: Path | None, resume: bool, stages: Stages) -> Iterator[None]:
    """Say where there is nothing to go on from, and, where Ctrl-C left nothing to be written, that there is.

    A first run that ends with an error leaves nothing behind.
    """
    checkpoint = None if place is None else folder.checkpoint_of(place)
    if resume and (checkpoint is None or not checkpoint.exists()):
        stages.on_progress("resume", 0.0, "nothing is kept of such a run; from the start")
    try:
        yield
    except PellucidError:
        if place is not None and not resume:
            folder.forget_checkpoint(place)
        raise
    except KeyboardInterrupt:
        if checkpoint is None or not checkpoint.exists():
            raise
        raise KeyboardInterrupt("interrupted; what was found is kept, and --resume goes on from there") from None


def _learned(
    problem: Problem, asker: Asker, model: str, asked: Asked, how: str, stages: Stages, checkpoint: Path | None
) -> tuple[Round, Turns]:
    """Learn; ask, and learn again with the answers, until nothing is left to be asked."""
    rounds: list[tuple[Round, Turns]] = []
    while True:
        left = stages.end("learn") - time.monotonic()
        asked = asked if asked.budget is None else replace(asked, budget=left)
        turns = take_turns(problem, model, asked, stages.on_progress, checkpoint)
        wanted = problem.splits.few or isinstance(asker, Teacher)
        rounds.append((_read_off(problem, turns, asked, how, stages, wanted), turns))
        with stages.stage("ask"):
            pairs = asker.more(rounds[-1][0], asked.seed)
        if not pairs or turns.interrupted or stages.end("learn") - time.monotonic() < LEAST_LEFT:
            return rounds[asker.chosen()]
        problem = extended(problem, *zip(*pairs, strict=True))


def _read_off(problem: Problem, turns: Turns, asked: Asked, how: str, stages: Stages, wanted: bool) -> Round:
    """The candidates among what was found, the best of them, and, where wanted, those that differ from it."""
    others = []
    with stages.stage(SIMPLIFYING):
        candidates = read_off(turns.worth_showing(), problem, how, stages)
        best = best_of(candidates, how)
        try:
            with stopped(stages.end(SIMPLIFYING)):
                others = list(different(rivals(candidates, best), problem, asked.seed)) if wanted else []
        except KeyboardInterrupt:
            stages.cut(SIMPLIFYING)
    return Round(problem, best, others, front(candidates, best, [candidate for candidate, _ in others]))


def _standard(
    problem: Problem, given: Mapping[str, Any], asked: Asked, stages: Stages, checkpoint: Path | None
) -> Learned:
    """The standard Transformer, which has no program."""

    def report(share: float, message: str) -> None:
        stages.on_progress("train", share, message)

    deadline = None if asked.budget is None else stages.end("learn")
    run = Run(asked.seed, asked.effort, deadline, asked.seeds, asked.steps, report, checkpoint)
    return without_program(train_standard(problem, given, run), STANDARD, given, run, problem, asked, stages)


def _check(simplify: str, model: str, seed: int, numbers: Mapping[str, float | None]) -> None:
    if simplify not in SIMPLIFY:
        raise PellucidError(f"--simplify {simplify}: expected one of {', '.join(SIMPLIFY)}")
    if model != STANDARD:
        learners_of(model)
    if not isinstance(seed, int) or seed < 0:
        raise PellucidError(f"--seed {seed}: expected 0 or more")
    for name, value in numbers.items():
        if value is not None and not (isinstance(value, int | float) and 0 < value < float("inf")):
            raise PellucidError(f"--{name} {value}: expected a positive number")


def _kept(learned: Learned, out: Path | None) -> Learned:
    """Write the folder, if one is asked for."""
    if out is not None:
        learned.save(out)
        folder.forget_checkpoint(out)
    return learned
