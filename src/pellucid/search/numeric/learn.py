"""The numeric search: learners one after the other, the cheap exact ones first, until one has a short right program."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from pellucid.numeric import FoundProgram, SeriesProblem
from pellucid.search.numeric.approximate import approximations
from pellucid.search.numeric.build import build
from pellucid.search.numeric.cases import cases
from pellucid.search.numeric.dynamics import dynamics
from pellucid.search.numeric.enumerated import MOST_COLUMNS, enumerated
from pellucid.search.numeric.evolve import compared, evolved
from pellucid.search.numeric.judge import exact_on, judged
from pellucid.search.numeric.linear import linear
from pellucid.search.numeric.machines import machines
from pellucid.search.numeric.sparse import settled, sparse
from pellucid.search.numeric.terms import Term, show, size
from pellucid.search.numeric.work import Answer, Work

OBVIOUS = 3.0  # size of a right term that needs no second opinion
QUICK = 30.0  # seconds of the first enumeration
SHORT = 14.0  # size of a right term beside which another is not looked for at length
SECOND_OPINION = 6_000  # columns of the first enumeration where something short is right already
DEEP = 100_000  # columns of the second enumeration
DEEP_SECONDS = 60.0
EFFORT = 200_000  # programs of the elitist search
COMPARED = 1000  # programs of each baseline
COMPARED_SECONDS = 2.0
SPARSE = 30.0  # seconds of the sparse regression
STATES = 10.0  # seconds of the state learner
KEPT = 6  # programs given back
AS_GOOD = 1.01  # times the smallest error: an error that is as good
Progress = Callable[[float, str], None]


@dataclass
class Result:
    """Programs found, best first, and how it went."""

    found: list[FoundProgram] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)


def search_numeric(problem: SeriesProblem, seed: int, end: float, on_progress: Progress) -> Result:
    """Look for programs for a numeric problem.

    Args:
        problem: what to learn.
        seed: of the search; the same seed gives the same programs where the time suffices.
        end: time (of `time.monotonic`) when to stop.
        on_progress: called with the share of the time spent and a short message.
    """
    with np.errstate(all="ignore"):  # a term that overflows is left out
        return _searched(Work(problem, seed, end), on_progress)


def _searched(work: Work, on_progress: Progress) -> Result:
    end = work.end
    answers: dict[str, list[Answer]] = {}
    tried: dict[str, list[dict[str, Any]]] = {}
    for number, output in enumerate(work.outputs):
        share = work.began + (end - work.began) * (number + 1) / len(work.outputs)
        tried[output] = []
        if work.stopped:
            answers[output] = approximations(work, output)[:1]
            continue
        answers[output] = _for_output(work, output, share, on_progress, tried[output])
    found = list(islice(_programs(work, answers), KEPT))
    report: dict[str, Any] = {"tried": tried, "settled": _settled(work, answers), "seconds": round(work.spent(), 3)}
    if work.stopped:
        report["stopped"] = "interrupted"
    elif work.left() > 3 * COMPARED_SECONDS:
        report["baselines"] = compared(work, work.outputs[0], COMPARED, COMPARED_SECONDS)
    return Result(found, report)


def _settled(work: Work, answers: Mapping[str, list[Answer]]) -> bool:
    """Whether every output is explained: by a right law, or by one that leaves nothing but noise."""
    if work.problem.train.whole_outputs:
        return all(found[0].exact for found in answers.values())
    return all(found[0].exact or settled(work, name, found[0]) for name, found in answers.items())


def _for_output(
    work: Work, output: str, end: float, on_progress: Progress, tried: list[dict[str, Any]]
) -> list[Answer]:
    """Answers for one output, best first: right ones by size, else the one with the smallest error."""
    found: list[Answer] = []
    for name, learner in _learners(work, output, end, found):
        began = time.monotonic()
        on_progress(min(work.spent() / max(work.end - work.began, 1e-9), 1.0), f"{output}: {name}")
        try:
            here = learner()
        except KeyboardInterrupt:  # what is known by now is kept
            work.stopped = True
            break
        found[:] = _ranked([*found, *here])
        seconds = round(time.monotonic() - began, 3)
        tried.append({"learner": name, "seconds": seconds, "right": sum(a.exact for a in here)})
        if found and found[0].exact and size(found[0].term) <= OBVIOUS:
            break
        if time.monotonic() > end:
            break
    if found and found[0].exact:
        return found
    return _ranked([*found, *approximations(work, output)])


def _learners(
    work: Work, output: str, end: float, found: list[Answer]
) -> Iterator[tuple[str, Callable[[], list[Answer]]]]:
    """Learners in the order in which they are tried; later ones only while there is nothing right."""

    def within(seconds: float) -> float:
        return min(end, time.monotonic() + seconds)

    if not work.problem.train.whole_outputs:
        yield "dynamics", lambda: dynamics(work, output)
        if found and found[0].exact:
            return
        yield "cases", lambda: cases(work, output)
        if found and found[0].exact:
            return
        yield "sparse", lambda: sparse(work, output, within(SPARSE))
        if found and (found[0].exact or settled(work, output, found[0])):
            return
    yield "linear", lambda: linear(work, output)
    if not found and work.problem.train.whole_outputs:
        yield "dynamics", lambda: dynamics(work, output)
    if not found and work.problem.train.whole_outputs:
        yield "cases", lambda: cases(work, output)
    yield "machine", lambda: machines(work, output, within(STATES))
    short = found and found[0].exact and size(found[0].term) <= SHORT
    most = SECOND_OPINION if short else MOST_COLUMNS
    yield "search", lambda: enumerated(work, output, within(QUICK), most)
    if not any(answer.exact for answer in found) and work.whole:
        yield "search", lambda: enumerated(work, output, within(DEEP_SECONDS), DEEP)
    if not any(answer.exact for answer in found):
        yield "evolution", lambda: evolved(work, output, end, EFFORT)


def _ranked(found: list[Answer]) -> list[Answer]:
    """Right answers by size; behind them the others by loss, those as good as the best by size."""
    right = sorted((a for a in found if a.exact), key=lambda a: size(a.term))
    others = sorted((a for a in found if not a.exact), key=lambda a: a.loss)
    good = [a for a in others if a.loss <= AS_GOOD * others[0].loss]
    ordered = [*right, *sorted(good, key=lambda a: size(a.term)), *others[len(good) :]]
    return list({a.term: a for a in reversed(ordered)}.values())[::-1]


def _programs(work: Work, answers: Mapping[str, list[Answer]]) -> Iterator[FoundProgram]:
    """Programs of the best answers for all outputs, then with the next best ones for one of them."""
    if not all(answers.values()):
        return
    best = {name: known[0] for name, known in answers.items()}
    yield program_of(work, best)
    for name, known in answers.items():
        for other in known[1:]:
            yield program_of(work, {**best, name: other})


def program_of(work: Work, answers: Mapping[str, Answer]) -> FoundProgram:
    """The program of one answer per output, judged on the data."""
    problem = work.problem
    terms: dict[str, Term] = {name: answer.term for name, answer in answers.items()}
    program = build(terms, problem.train)
    valid = judged(program, problem.valid)
    exact = valid.exact and exact_on(program, [problem.train, *problem.longer.values()])
    learners = list(dict.fromkeys(answer.learner for answer in answers.values()))
    return FoundProgram(
        "+".join(learners),
        program,
        exact,
        valid.mse,
        valid.max_error,
        round(sum(answer.seconds for answer in answers.values()), 3),
        {"terms": {name: show(term) for name, term in terms.items()}, "size": sum(map(size, terms.values()))},
    )


def quiet(share: float, message: str) -> None:
    """Progress that nobody looks at."""
    del share, message
