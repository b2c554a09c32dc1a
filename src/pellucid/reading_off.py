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
from pellucid.progress import OnProgress
from pellucid.semantics.batch import predict
from pellucid.semantics.scores import figures
from pellucid.simplify import simplify
from pellucid.simplify.closed import closed
from pellucid.simplify.facts import known
from pellucid.simplify.names import with_readable_names
from pellucid.simplify.rounding import rounded

SIMPLIFY = ("none", "exact", "compact")
COMPACT = 120.0  # seconds that making a program compact may take


def read_off(
    found: Sequence[tuple[Found, float]], problem: Problem, how: str, on_progress: OnProgress, until: float = math.inf
) -> list[Candidate]:
    """Every program found, simplified and judged.

    Args:
        found: programs, with the seconds after which each was found.
        problem: with the data that judges.
        how: the simplification asked for.
        on_progress: as for `learn`.
        until: when (of `time.monotonic`) programs are left as they are.
    """
    candidates: dict[Program, Candidate] = {}
    for i, (one, after) in enumerate(found):
        on_progress("simplify", i / len(found), f"program {i + 1} of {len(found)}")
        program = simplified(one.program, how, until)
        program = opened(program, problem) if one.model is None else program
        if program not in candidates:
            candidates[program] = _candidate(one, program, problem, how, after)
    if how == "compact":
        best = max(candidates.values(), key=lambda c: c.rank)
        return [*candidates.values(), *_compact(best, problem, on_progress)]
    return list(candidates.values())


def _candidate(one: Found, program: Program, problem: Problem, how: str, after: float) -> Candidate:
    if how != "none" and one.model is None and _approximate(program, problem.valid):
        program = rounded(program, problem.train)
    return judged(one.learner, one.model, program, problem, found_after=after, details=one.details)


def _approximate(program: Program, data: Data) -> bool:
    """Whether its real numbers are near what is right, and not what is right."""
    valid = figures(predict(program, data.sequences), data.outputs, data.schema.when)
    return "mse" in valid and valid["token"] < 1.0


def simplified(program: Program, how: str, until: float = math.inf) -> Program:
    """The program after the passes asked for, with readable names."""
    if how == "none" or time.monotonic() > until:
        return with_readable_names(program.pruned())
    facts = known(program)
    return with_readable_names(simplify(closed(simplify(program, facts, until), facts), facts, until))


def _compact(candidate: Candidate, problem: Problem, on_progress: OnProgress) -> list[Candidate]:
    """Smaller programs that say nearly the same: searched with the program's own outputs as what is right.

    They start from its pieces; each says how many of its outputs on validation data it changes.
    """
    search, splits = Evolve(trained=candidate.program), problem.splits
    if search.refuses(problem) is not None:
        return []
    train, valid = (_said(candidate.program, part) for part in (splits.train, splits.valid))
    distilled = replace(problem, splits=replace(splits, train=train, valid=valid))
    end = time.monotonic() + COMPACT
    run = Run(problem.seed, deadline=end, on_progress=lambda share, message: on_progress("compact", share, message))
    found: dict[Program, Candidate] = {}
    for one in filter(None, search.learn(distilled, run)):
        program = simplified(one.program, "exact")
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
