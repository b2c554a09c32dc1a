"""`compact`: candidates smaller than a program, measured; the front of size against accuracy, and the one chosen."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from pellucid.data.vocab import Encoded
from pellucid.program.compact.judge import Candidate, Judge
from pellucid.program.compact.measure import Changes, differing, whole_domain
from pellucid.program.compact.search import rebuild
from pellucid.program.ir import Program

WORK = 20_000  # units of effort, counted so that the outcome does not depend on the machine


@dataclass(frozen=True)
class Compacted:
    """The outcome of `compact`.

    front: candidates that no other one beats, the largest first; the given program may be among them.
    chosen: of those no worse on validation data than the given one, that with the least sum of AST nodes and wrong
    labels there. Where only few labels are wrong it is the smallest.
    given: the given program. changes: outputs on which the chosen one differs from it, by data set: `train`, `valid`,
    and `domain`, every possible input, where those can be run.
    """

    front: tuple[Candidate, ...]
    chosen: Candidate
    given: Candidate
    changes: dict[str, Changes] = field(default_factory=dict)


def compact(
    program: Program,
    train: Encoded,
    valid: Encoded,
    *,
    end: float = math.inf,
    work: float = WORK,
    on_progress: Callable[[str], None] = lambda message: None,
) -> Compacted:
    """A smaller program that is no worse on the validation data, and what else is worth a choice.

    Args:
        program: the program after exact simplification.
        train: data that readouts are fitted to. valid: data that decides.
        end: time (of `time.monotonic`) to stop looking at.
        work: effort, counted so that without `end` the same input gives the same result.
        on_progress: called with a short message.
    """
    judge = Judge(program, train, valid, end, work, on_progress)
    rebuild(program, train, judge)
    judge.finish()
    chosen = min(filter(judge.no_worse, judge.front), key=lambda c: (judge.cost(c), c.size))
    sets = {"train": train.tokens, "valid": valid.tokens, **whole_domain(program)}
    changes = {name: differing(program, chosen.program, tokens) for name, tokens in sets.items()}
    return Compacted(tuple(judge.front), chosen, judge.given, changes)
