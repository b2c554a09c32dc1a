"""Inputs on which the best candidates differ: what a person, or a teacher, can settle where the examples do not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from pellucid.candidates import Candidate
from pellucid.data.kinds import number
from pellucid.errors import PellucidError
from pellucid.problem import Problem
from pellucid.semantics import domain
from pellucid.values import grouped
from pellucid.verify import plain_input
from pellucid.verify.oracle import OtherProgram
from pellucid.verify.outputs import ABSENT, Comparison, distinct
from pellucid.verify.spec import narrowed, shown, shrunk

RIVALS = 12  # candidates compared, the chosen one among them
MOST = 3  # of them that differ, and so questions
DRAWN = 2000  # inputs on which they are compared
ASKED = "asked.jsonl"  # file of the folder with the questions and their answers
Pairs = list[tuple[Any, Any]]  # inputs with what is right


@dataclass(frozen=True)
class Question:
    """An input, and each output that candidates give to it, with the numbers of those candidates in the table."""

    input: Any
    answers: tuple[tuple[Any, tuple[int, ...]], ...]

    def to_json(self) -> dict[str, Any]:
        """The entry among `questions` of `report.json`."""
        answers = [{"output": output, "candidates": list(numbers)} for output, numbers in self.answers]
        return {"input": self.input, "answers": answers}

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> Question:
        """The inverse of `to_json`."""
        return cls(data["input"], tuple((a["output"], tuple(a["candidates"])) for a in data["answers"]))

    def __str__(self) -> str:
        told = ", ".join(f"{shown(output)} (says {' and '.join(map(str, by))})" for output, by in self.answers)
        return f"{shown(self.input)} -> {told}"


@dataclass(frozen=True)
class Round:
    """What was found for a problem.

    Args:
        best: the candidate chosen.
        others: candidates as right as that on all data, which differ from it and each other, each with an input.
        rows: the table of candidates, all of these among them.
    """

    problem: Problem
    best: Candidate
    others: Sequence[tuple[Candidate, Any]]
    rows: Sequence[Candidate]

    def without_model(self) -> Round:
        """The same with a program that is its own model: where the data may be wrong, a search's own tables of them
        may say something else where no data are."""
        best = replace(self.best, model=None)
        return replace(self, best=best, rows=[best if row is self.best else row for row in self.rows])


@dataclass(frozen=True)
class Answers:
    """What came of asking, for those who write it down.

    Args:
        report: entries of `report.json`. told: sentences of the certificate. files: of the folder, by name.
        agrees: whether somebody who knows what is right found nothing wrong. cut_short: why asking ended early.
    """

    report: Mapping[str, Any] = field(default_factory=dict)
    told: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    agrees: bool = True
    cut_short: str | None = None


class Asker(Protocol):
    """Somebody who may know what is right."""

    def more(self, found: Round, seed: int) -> Pairs:
        """What is right for inputs that a round leaves open, or has wrong; none: it is the last."""
        ...

    def chosen(self) -> int:
        """The number of the round to take, from 0, or from the last as -1."""
        ...

    def outcome(self, found: Round, seed: int) -> Answers:
        """What came of it all, for the round taken."""
        ...


@dataclass
class Person:
    """The user, who sees the questions in the end, or answers them.

    ask: gives the right output; None: no answer, and no more questions. Without it nobody answers.
    """

    ask: Callable[[Question], Any] | None = None
    answered: Pairs = field(default_factory=list)

    def more(self, found: Round, seed: int) -> Pairs:
        """The answers to the questions of a round."""
        pairs = Pairs()
        for question in _questions(found) if self.ask else ():
            if (output := self.ask(question)) is None:  # pyright: ignore[reportOptionalCall]
                break
            pairs.append((question.input, output))
        self.answered += pairs
        return pairs

    def chosen(self) -> int:
        """The last round, which knows all answers."""
        return -1

    def outcome(self, found: Round, seed: int) -> Answers:
        """The questions left."""
        few = found.problem.splits.few
        report = {"questions": [question.to_json() for question in _questions(found)]} if few else {}
        if not self.answered:
            return Answers(report)
        told = f"{len(self.answered)} of the examples are answers to questions of the learner."
        return Answers({**report, "answered": len(self.answered)}, [told], {ASKED: lines(self.answered)})


def typed(question: Question, text: str) -> Any:
    """What a person answers: the number of an output, `=` and an output, or nothing (None).

    Raises:
        PellucidError: it is none of these.
    """
    if not text:
        return None
    if text.isdecimal() and 0 < int(text) <= len(question.answers):
        return question.answers[int(text) - 1][0]
    example, words = question.answers[0][0], text.removeprefix("=").split()
    several = isinstance(example, list)
    if not text.startswith("=") or (len(words) != len(example) if several else not words):
        form = f"{len(example)} outputs" if several else "the output"
        raise PellucidError(f"expected a number from 1 to {len(question.answers)}, or = and {form}")
    outputs = [output for answer, _ in question.answers for output in (answer if several else [answer])]
    values = [_value(word, outputs) for word in (words if several else [" ".join(words)])]
    return values if several else values[0]


def _value(word: str, like: Sequence[Any]) -> Any:
    """A word as a number where numbers are expected, else as it is."""
    found = number(word)
    if found is None and not any(isinstance(value, str) for value in like):
        raise PellucidError(f"{word!r} is no number; expected numbers")
    return word if found is None or all(isinstance(value, str) for value in like) else found


def lines(pairs: Pairs) -> str:
    """Examples as a data file."""
    return "".join(json.dumps({"input": x, "output": y}) + "\n" for x, y in pairs)


def rivals(candidates: Sequence[Candidate], best: Candidate) -> list[Candidate]:
    """The chosen one and the shortest others that are as right as it is on all data."""
    others = [c for c in candidates if c is not best and c.exact == best.exact and c.rank[:3] == best.rank[:3]]
    return [best, *sorted(others, key=lambda c: c.nodes)][:RIVALS]


def different(candidates: Sequence[Candidate], problem: Problem, seed: int) -> Iterator[tuple[Candidate, Any]]:
    """Of rivals, the first being the chosen one, those that differ from all before, each with a smallest such input."""
    chosen, known = candidates[0].program, [plain_input(x) for x in problem.train.sequences]
    program = narrowed(chosen, known)
    inputs = [*known, *sorted(domain.sample(program, DRAWN, seed, problem.longest), key=len)]
    same, said = Comparison(program).same, [OtherProgram(chosen, "").answers(inputs)]
    for candidate in candidates[1:]:
        other = OtherProgram(candidate.program, "")
        told = other.answers(inputs)
        apart = [
            next((i for i, (a, b) in enumerate(zip(old, told, strict=True)) if _differ(same, a, b)), None)
            for old in said
        ]
        if None not in apart:
            said.append(told)
            if len(said) > MOST + 1:
                return
            yield candidate, shrunk(program, other, list(inputs[apart[0]]))  # pyright: ignore[reportArgumentType, reportCallIssue]


def _differ(same: Callable[..., bool], a: Any, b: Any) -> bool:
    return a is not ABSENT and b is not ABSENT and not same(a, b)


def _questions(found: Round) -> list[Question]:
    """What the candidates of a round say to the inputs on which they differ."""
    numbers = {id(row): i for i, row in enumerate(found.rows, 1)}
    compared = [found.best, *(candidate for candidate, _ in found.others)]
    inputs = distinct(given for _, given in found.others)
    return [_question(given, [(c, numbers[id(c)]) for c in compared]) for given in inputs]


def _question(given: Any, compared: Sequence[tuple[Candidate, int]]) -> Question:
    told = [(OtherProgram(c.program, "").answers([given])[0], number) for c, number in compared]
    told = [(output, number) for output, number in told if output is not ABSENT]
    outputs = {shown(output): output for output, _ in told}
    by = grouped((shown(output), number) for output, number in told)
    return Question(given, tuple((outputs[key], tuple(numbers)) for key, numbers in by.items()))
