"""All ways a function can go on unknown tokens: run again and again, each time along another path."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pellucid.language.types import Value
from pellucid.verify.symbolic.terms import Term, Terms, Truth, UnsupportedError, sure

MOST_VALUES = 300  # of a number that Python must know


class TimeUpError(Exception):
    """The time given for a proof is over."""


class Checker:
    """Asks z3 whether conditions can hold together, until a deadline (`time.monotonic()`)."""

    def __init__(self, terms: Terms, deadline: float) -> None:
        self._terms, self._deadline = terms, deadline
        self._solver: Any = terms.z3.Solver()
        self._model: Any = None

    def push(self, truth: Truth) -> None:
        """Assume one more condition."""
        self._solver.push()
        self._solver.add(truth)

    def pop(self, count: int = 1) -> None:
        """Take back the last ones."""
        if count:
            self._solver.pop(count)

    def possible(self, truth: Truth = True) -> bool:
        """Whether the condition can hold with all that is assumed."""
        if truth is False:
            return False
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeUpError
        self._solver.set("timeout", max(1, int(left * 1000)))
        self.push(truth)
        try:
            found = self._solver.check()
            if found == self._terms.z3.unknown and time.monotonic() < self._deadline:
                raise UnsupportedError(f"z3 could not decide it: {self._solver.reason_unknown()}")
            if found == self._terms.z3.unknown:
                raise TimeUpError
            self._model = self._solver.model() if found == self._terms.z3.sat else None
        finally:
            self.pop()
        return self._model is not None

    def value(self, term: Term) -> Value:
        """A term's value in the example that `possible` found."""
        return self._terms.value(self._number(term.kind), self._number(term.code))

    def _number(self, code: Any) -> Any:
        return code if sure(code) else self._model.eval(code, model_completion=True).as_long()


@dataclass
class _Step:
    """One decision on a path: what was decided, and whether the other way is still to be gone."""

    truth: Truth
    answer: bool
    open: bool
    tried: Value = None  # the value, where one had to be known


class Paths:
    """Runs a function along every path.

    Args:
        terms, checker: what conditions are made of, and who says whether they can hold; what holds of the input in any
            case is assumed already.
    """

    def __init__(self, terms: Terms, checker: Checker) -> None:
        self.terms, self.checker = terms, checker
        self._steps: list[_Step] = []
        self._next = 0
        self._told: dict[int, tuple[Truth, bool]] = {}  # by identity of what was asked on this run

    def run(self, function: Callable[[], Any]) -> Iterator[Callable[[], Any]]:
        """Yield, for each path, a function that runs along it; the path's conditions are assumed from then on."""
        while True:

            def once() -> Any:
                self._next, self._told = 0, {}
                return function()

            yield once
            while self._steps and not self._steps[-1].open:
                self._steps.pop()
                self.checker.pop()
            if not self._steps:
                return
            last = self._steps[-1]
            last.answer, last.open = not last.answer, False
            self.checker.pop()
            self.checker.push(last.truth if last.answer else self.terms.Not(last.truth))

    def decide(self, truth: Truth, tried: Value = None) -> bool:
        """Whether a condition holds on this path; where both can be, the path that says yes comes first."""
        if isinstance(truth, bool):
            return truth
        told = self._told.get(truth.get_id())
        if told is None:
            told = self._told[truth.get_id()] = truth, self._decided(truth, tried)
        return told[1]

    def _decided(self, truth: Truth, tried: Value) -> bool:
        if self._next < len(self._steps):
            step = self._steps[self._next]
            self._next += 1
            return step.answer
        can = self.checker.possible(truth)
        both = can and self.checker.possible(self.terms.Not(truth))
        self._steps.append(_Step(truth, can, both, tried))
        self._next += 1
        self.checker.push(truth if can else self.terms.Not(truth))
        return can

    def known(self, term: Term) -> Value:
        """The value of a term on this path: one path for each."""
        if sure(term.kind) and sure(term.code):
            return self.terms.value(term.kind, term.code)
        values = term.type.values
        for _ in range(MOST_VALUES if values is None else len(values)):
            value = self._candidate(term)
            if self.decide(term == value, value):
                return value
        raise UnsupportedError(f"a number with more than {MOST_VALUES} possible values")

    def _candidate(self, term: Term) -> Value:
        """A value the term can still have: the one tried before, when a path is run again."""
        step = self._steps[self._next] if self._next < len(self._steps) else None
        if step is not None and step.tried is not None and self.terms.z3.eq(step.truth, term == step.tried):
            return step.tried
        self.checker.possible()
        return self.checker.value(term)
