"""From what learners found to candidates: simplified, named, judged; equal programs once."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace

from pellucid.candidates import Candidate, judged
from pellucid.data.data import Data
from pellucid.language.program import Program
from pellucid.learners.base import Found, Run
from pellucid.learners.columns import opened
from pellucid.learners.evolve.learn import Evolve
from pellucid.problem import Problem
from pellucid.progress import Stages, TimeIsUpError, stopped
from pellucid.semantics.batch import predict
from pellucid.semantics.scores import figures
from pellucid.simplify import simplify
from pellucid.simplify.closed import closed
from pellucid.simplify.facts import known
from pellucid.simplify.names import with_readable_names
from pellucid.simplify.rounding import rounded

SIMPLIFY = ("none", "exact", "compact")
SIMPLIFYING = "simplify"  # the stage
COMPACT = 120.0  # seconds that making a program compact may take
FULLY = 8  # wrong programs that are simplified, the best ones
SOME = 200  # validation examples by which programs are put in order
LATE = 0.2  # seconds after its time when simplifying is stopped that does not end by itself


def read_off(found: Sequence[tuple[Found, float]], problem: Problem, how: str, stages: Stages) -> list[Candidate]:
    """Every program found, simplified and judged, or those there is time for: the best ones, and one in any case.

    Wrong ones that many others are better than stay as they are.

    Args:
        found: programs, with the seconds after which each was found.
        problem: with the data that judges.
        how: the simplification asked for.
        stages: whom to tell of the progress, and until when there is time.
    """
    made: dict[int, tuple[Program, Candidate]] = {}
    quality, until = _qualities([one.program for one, _ in found], problem), stages.end(SIMPLIFYING)
    order = sorted(range(len(found)), key=lambda i: quality[i], reverse=True)

    def make(i: int, how: str) -> None:
        one, after = found[i]
        program, whole = simplified(one.program, how, min(until, (time.monotonic() + until) / 2))
        program = opened(program, problem) if one.model is None else program
        if not whole:
            stages.cut(SIMPLIFYING)
        if all(program != other for other, _ in made.values()):
            made[i] = program, _candidate(one, program, problem, how, after)

    try:
        with stopped(until):
            for done, i in enumerate(order):
                stages.on_progress(SIMPLIFYING, done / len(found), f"program {done + 1} of {len(found)}")
                make(i, how if done < FULLY or quality[i][0] == 1.0 else "none")
    except KeyboardInterrupt:
        stages.cut(SIMPLIFYING)
        if not made:
            make(order[0], "none")
    candidates = [candidate for _, (_, candidate) in sorted(made.items(), key=lambda pair: pair[0])]
    if how == "compact" and time.monotonic() < until:
        best = max(candidates, key=lambda c: c.rank)
        return [*candidates, *_compact(best, problem, stages)]
    return candidates


def _qualities(programs: Sequence[Program], problem: Problem) -> list[tuple[float, float]]:
    """How right programs are on some of the data that judge: the share of outputs, then the error; larger is better."""
    data = problem.valid if len(problem.valid) else problem.train
    some = data.take(range(min(SOME, len(data))))

    def quality(program: Program) -> tuple[float, float]:
        found = figures(predict(program, some.sequences), some.outputs, some.schema.when)
        if found["token"] < 1.0 and "mse" in found:  # that real numbers happen to be equal says nothing
            return 0.0, -found["mse"] if math.isfinite(found["mse"]) else -math.inf
        return found["token"], 0.0

    return list(map(quality, programs))


def _candidate(one: Found, program: Program, problem: Problem, how: str, after: float) -> Candidate:
    if how != "none" and one.model is None and _approximate(program, problem.valid):
        program = rounded(program, problem.train)
    return judged(one.learner, one.model, program, problem, found_after=after, details=one.details)


def _approximate(program: Program, data: Data) -> bool:
    """Whether its real numbers are near what is right, and not what is right."""
    valid = figures(predict(program, data.sequences), data.outputs, data.schema.when)
    return "mse" in valid and valid["token"] < 1.0


def simplified(program: Program, how: str, until: float = math.inf) -> tuple[Program, bool]:
    """The program after the passes asked for, with readable names; whether there was time for them all."""
    plain = with_readable_names(program.pruned())
    if how == "none":
        return plain, True
    try:
        with stopped(until + LATE):
            facts = known(program)
            shorter = simplify(closed(simplify(program, facts, until), facts), facts, until)
            return with_readable_names(shorter), time.monotonic() < until
    except TimeIsUpError:
        return plain, False


def _compact(candidate: Candidate, problem: Problem, stages: Stages) -> list[Candidate]:
    """Smaller programs that say nearly the same: searched with the program's own outputs as what is right.

    They start from its pieces; each says how many of its outputs on validation data it changes.
    """
    search, splits = Evolve(trained=candidate.program), problem.splits
    if search.refuses(problem) is not None:
        return []
    train, valid = (_said(candidate.program, part) for part in (splits.train, splits.valid))
    distilled = replace(problem, splits=replace(splits, train=train, valid=valid))
    end = min(time.monotonic() + COMPACT, stages.end(SIMPLIFYING))

    def report(share: float, message: str) -> None:
        stages.on_progress("compact", share, message)

    run = Run(problem.seed, deadline=end, on_progress=report)
    found: dict[Program, Candidate] = {}
    for one in filter(None, search.learn(distilled, run)):
        program, _ = simplified(one.program, "exact")
        changed = _changed(program, valid)
        given_up = {"valid": {"changed": changed, "of": len(valid)}}
        rest = {"found_after": candidate.found_after, "given_up": given_up}
        found.setdefault(program, judged(candidate.learner, candidate.model, program, problem, **rest))
    return [c for c in found.values() if c.nodes < candidate.nodes]


def _said(program: Program, data: Data) -> Data:
    """The data with the program's outputs as what is right."""
    outputs = predict(program, data.sequences)
    every = data.schema.when == "every"
    return replace(data, outputs=tuple(tuple(y) if every else y for y in outputs))


def _changed(program: Program, data: Data) -> int:
    outputs = predict(program, data.sequences)
    every = data.schema.when == "every"
    return sum((tuple(a) if every else a) != b for a, b in zip(outputs, data.outputs, strict=True))
