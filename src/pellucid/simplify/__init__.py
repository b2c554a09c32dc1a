"""Exact simplification, and beside it closed forms, readable names and rounding.

Passes `Program -> Program` keep every output, for every input, and are repeated until none helps. Every pass leaves
each variable that it keeps its values, given true facts, and makes no program larger. Facts that come from inputs up to
the longest are checked on longer ones where a program takes those.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from pellucid.language.program import Program
from pellucid.semantics import domain
from pellucid.semantics.batch import predict
from pellucid.simplify.facts import Facts, known
from pellucid.simplify.heads import (
    inlined,
    merged,
    plainer_heads,
    tidied,
    with_constants,
    with_longer_delays,
    words_in_defaults,
)
from pellucid.simplify.tables import composed, shrunk
from pellucid.simplify.votes import shrunk_votes, votes_to_tables

Pass = Callable[[Program, Facts], Program]
MOST_ROUNDS = 8
LONGER, FURTHER = 100, 2  # longer inputs that the passes must agree on, up to so many times the longest
PASSES: tuple[Pass, ...] = (
    tidied,
    with_constants,
    merged,
    with_longer_delays,
    plainer_heads,
    words_in_defaults,
    shrunk_votes,
    votes_to_tables,
    shrunk,
    composed,
    inlined,
)


def simplify(program: Program, facts: Facts | None = None, until: float = math.inf) -> Program:
    """The program with the same outputs, made shorter in every way that is known to be exact.

    Args:
        program: any program.
        facts: what can happen in it; default: what running it on all inputs tells, where those are few, else its types.
        until: when (of `time.monotonic`) to stop with what there is.
    """
    return repeated(program, facts or known(program), PASSES, until)


def repeated(program: Program, facts: Facts, passes: Sequence[Pass], until: float = math.inf) -> Program:
    """The passes one after the other until none changes the program, or time is up."""
    program, longer = program.pruned(), longer_inputs(program)
    for _ in range(MOST_ROUNDS):
        before = program
        for step in passes:
            if time.monotonic() > until:
                return program
            changed = step(program, facts)
            if changed is not program and predict(changed, longer) == predict(program, longer):
                program = changed
        if repr(program.assignments) == repr(before.assignments):
            break
    return program


def longer_inputs(program: Program) -> list[Any]:
    """Inputs longer than the longest, of a program that takes them."""
    if program.longest is None or not program.takes_longer:
        return []
    return domain.sample(program, LONGER, 1, FURTHER * program.longest)
