"""Unknown values that a user's Python function can compute with, and all ways that it can go on them.

`==`, `<`, `+`, ... of unknowns give unknowns. Where Python must know (`if`, `range`, a key of a dict), `Paths` decides:
each way that some input takes is run in turn, from the start.
"""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pellucid.language.types import Value
from pellucid.verify.terms import Term, Terms, Truth, UnsupportedError, sure

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


class Unknown:
    """An unknown value: text, or a whole number.

    Args:
        paths: says what it is, where that must be known.
        term: what it stands for.
    """

    def __init__(self, paths: Paths, term: Term) -> None:
        self._paths, self.term = paths, term

    @property
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]  # so that isinstance tells
        t = self.term.type
        return str if t.is_text else int if t.is_number else type(self.known())

    def known(self) -> Any:
        """The value itself, on this path."""
        return self._paths.known(self.term)

    # ------------------------------------------------------------ comparisons

    def _compare(self, operation: Callable[[Any, Any], Any], other: Any) -> Any:
        term, ordered = self._term_of(other), operation not in (operator.eq, operator.ne)
        if term is NotImplemented:
            return NotImplemented
        if ordered and self._mixed(other):
            return operation(self.known(), plain(other))  # Python's own error of types, or none
        if term is not None:
            truth = operation(self.term, term)
        elif not ordered:
            truth = operation is operator.ne  # a value that never occurs
        elif isinstance(other, float):  # infinite
            truth = operation(0, other)
        else:
            fitting = [v for v in self.term.type.texts if operation(v, other)]
            truth = self._paths.terms.member(self.term, fitting)
        return truth if isinstance(truth, bool) else UnknownBool(self._paths, truth)

    def _mixed(self, other: Any) -> bool:
        """Whether order with the other may be an error of types."""
        mine = self.term.type
        if _is_unknown(other):
            theirs = other.term.type
            return not (mine.is_text and theirs.is_text) and not (mine.is_number and theirs.is_number)
        return not (mine.is_text if isinstance(other, str) else mine.is_number)

    def _term_of(self, other: Any) -> Any:
        """The other's term; None if it cannot occur among the program's values."""
        if _is_unknown(other):
            return other.term
        if isinstance(other, int | float | str):
            value = int(other) if isinstance(other, bool) else other
            return self._paths.terms.term(value) if self._paths.terms.knows(value) else None
        return NotImplemented

    # ------------------------------------------------------------ arithmetic

    def _apply(self, operation: Callable[[Any, Any], Any], other: Any, swapped: bool) -> Any:
        term = self._term_of(other)
        if isinstance(term, Term) and term.type.is_whole and self.term.type.is_number:
            a, b = (term, self.term) if swapped else (self.term, term)
            divides = operation in (operator.floordiv, operator.mod)
            if divides and self._paths.decide(b == 0):
                raise ZeroDivisionError("integer division or modulo by zero")
            try:
                return Unknown(self._paths, operation(a, b))
            except UnsupportedError:
                pass
        mine, theirs = self.known(), plain(other)
        return operation(theirs, mine) if swapped else operation(mine, theirs)

    def __divmod__(self, other: Any) -> Any:
        return self._apply(operator.floordiv, other, False), self._apply(operator.mod, other, False)

    def __rdivmod__(self, other: Any) -> Any:
        return self._apply(operator.floordiv, other, True), self._apply(operator.mod, other, True)

    def __neg__(self) -> Any:
        return self._apply(operator.mul, -1, False)

    def __abs__(self) -> Any:
        return self if self._compare(operator.ge, 0) else -self

    # ------------------------------------------------------------ where Python must know

    def __bool__(self) -> bool:
        known = not self.term.type.is_number
        return bool(self.known()) if known else self._paths.decide(self._paths.terms.truth(self.term))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.known(), name)


class UnknownBool(Unknown):
    """An unknown truth: counts as 0 or 1, and forks where it is asked for."""

    def __init__(self, paths: Paths, truth: Truth) -> None:
        super().__init__(paths, paths.terms.term(truth))

    def known(self) -> bool:
        """The truth itself, on this path."""
        return bool(self)


def _is_unknown(value: object) -> bool:
    return issubclass(type(value), Unknown)  # `isinstance` tells what it stands for


def _delegated(name: str) -> Callable[..., Any]:
    def method(self: Unknown, *args: Any) -> Any:
        known = self.known()
        found = getattr(type(known), name, None)
        if found is None:
            raise TypeError(f"{type(known).__name__!r} object has no {name}")
        return found(known, *map(plain, args))

    return method


def _comparing(name: str) -> Callable[..., Any]:
    return lambda self, other: self._compare(getattr(operator, name), other)


def _computing(name: str, swapped: bool) -> Callable[..., Any]:
    return lambda self, other: self._apply(getattr(operator, name), other, swapped)


for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Unknown, f"__{_name}__", _comparing(_name))
for _name in ("add", "sub", "mul", "floordiv", "mod", "and_", "or_", "xor"):
    for _side in ("", "r"):
        setattr(Unknown, f"__{_side}{_name.rstrip('_')}__", _computing(_name, bool(_side)))
for _name in (
    "hash", "index", "int", "float", "truediv", "rtruediv", "pow", "rpow", "str", "repr", "format", "len", "iter",
    "getitem", "contains",
):  # fmt: skip
    setattr(Unknown, f"__{_name}__", _delegated(f"__{_name}__"))


def plain(value: Any) -> Any:
    """The value with whatever is unknown in it known on this path."""
    return value.known() if _is_unknown(value) else value


def term_of(value: Any, paths: Paths) -> Term | None:
    """The term of a label that a function gave; None for one that no program could give.

    Raises:
        UnsupportedError: a truth value, which is no label.
    """
    if type(value) is Unknown:
        return value.term
    if type(value) in (UnknownBool, bool):
        raise UnsupportedError("a label that is a truth value")
    value = value.item() if hasattr(value, "item") else value
    return paths.terms.term(value) if paths.terms.knows(value) else None
