"""Terms: what a searched numeric program computes, as a tree of plain data; `build.py` turns them into a program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

Value = int | float | Fraction
How = Literal["sum", "mean", "min", "max", "mode"]


@dataclass(frozen=True)
class Col:
    """An input column at this step."""

    name: str


@dataclass(frozen=True)
class Pos:
    """The number of the step, counted from `start`."""

    start: int = 0


@dataclass(frozen=True)
class Past:
    """The output `name`, `amount` steps back; `start` before the first step."""

    name: str
    amount: int
    start: Value = 0


@dataclass(frozen=True)
class Num:
    """A constant."""

    value: Value


@dataclass(frozen=True)
class Self:
    """Inside a `Carry`: its state before this step."""


@dataclass(frozen=True)
class Op:
    """An element-wise operator, named as in the program's expressions."""

    op: str
    args: tuple[Term, ...]


@dataclass(frozen=True)
class Shift:
    """A term's value `amount` steps back, `default` before the start."""

    term: Term
    amount: int = 1
    default: Value = 0


@dataclass(frozen=True)
class First:
    """A term's value at the first step."""

    term: Term


@dataclass(frozen=True)
class Extreme:
    """The value of a term where `key` is largest or smallest (the first of equal ones)."""

    term: Term
    key: Term
    rule: Literal["argmax", "argmin"]
    window: int | None = None


@dataclass(frozen=True)
class LastWhere:
    """A term's value at the last step (up to this one, or before it with `reach` 1) where a condition held."""

    term: Term
    where: Term
    reach: int = 0
    default: Value = 0


@dataclass(frozen=True)
class Run:
    """An aggregate of a term over all steps so far, or over the last `window` ones."""

    how: How
    term: Term
    window: int | None = None


@dataclass(frozen=True)
class Carry:
    """A carried state: `read` is the value at a step, `update` the next state; both may read `Self`."""

    init: Value
    update: Term
    read: Term


@dataclass(frozen=True)
class Table:
    """A value for each combination of the terms' values; `default` for all others."""

    terms: tuple[Term, ...]
    cases: tuple[tuple[tuple[Value, ...], Value], ...]
    default: Value = 0


Term = Col | Pos | Past | Num | Self | Op | Shift | First | Extreme | LastWhere | Run | Carry | Table
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
LOGIC = ("and", "or", "not", "where")


def children(term: Term) -> tuple[Term, ...]:
    """The terms a term is made of, left to right."""
    match term:
        case Op():
            return term.args
        case Shift() | First() | Run():
            return (term.term,)
        case Extreme():
            return (term.term, term.key) if term.term != term.key else (term.term,)
        case LastWhere():
            return (term.term, term.where)
        case Carry():
            return (term.update, term.read)
        case Table():
            return term.terms
    return ()


def walk(term: Term) -> Iterator[Term]:
    """A term and all its parts."""
    yield term
    for child in children(term):
        yield from walk(child)


@lru_cache(maxsize=100_000)
def size(term: Term) -> float:
    """How much there is to read: nodes that differ, constants and table cells weighed."""
    return sum(weight(part) for part in set(walk(term)))


def weight(term: Term) -> float:
    """What a node alone adds to a term's size."""
    match term:
        case Num():
            return 0.7 if isinstance(term.value, int) else 1.5
        case Table():
            return 2 + sum(1 + len(key) for key, _ in term.cases)
        case Carry():
            return 3 if term.init == 0 else 3.5
        case Past():
            return 3
        case Run(how="mode"):
            return 2 if isinstance(term.term, Col) else 4
        case Run() | Shift() if any(isinstance(part, Past) for part in walk(term)):
            return 3
        case Op(name, args) if name not in LOGIC and any(isinstance(a, Op) and a.op in COMPARISONS for a in args):
            return 2
        case Run():
            return 1.5 if term.window is not None else 1
        case LastWhere() | Extreme():
            return 1.5
        case Self():
            return 0
    return 1


def has_self(term: Term) -> bool:
    """Whether a term reads the state of a carry around it."""
    if isinstance(term, Self):
        return True
    return not isinstance(term, Carry) and any(has_self(c) for c in children(term))


def num(value: Value) -> Num:
    """A constant; a whole fraction becomes an int."""
    if isinstance(value, Fraction) and value.denominator == 1:
        return Num(int(value))
    return Num(value)


def op(name: str, *args: Term) -> Op:
    """An operator on terms."""
    return Op(name, args)


def show(term: Term) -> str:
    """A term as text, for reports and tests."""
    match term:
        case Col():
            return term.name
        case Pos():
            return "n" if term.start else "t"
        case Past():
            return f"{term.name}[t-{term.amount}]" + (f" from {term.start}" if term.start else "")
        case Num():
            return str(term.value)
        case Self():
            return "state"
        case Op(name, (left, right)) if not name.isalpha() or name in ("and", "or"):
            return f"({show(left)} {name} {show(right)})"
        case Op(name, args):
            return f"{name}({', '.join(map(show, args))})"
        case Shift():
            return f"{show(term.term)}[-{term.amount}]"
        case First():
            return f"first({show(term.term)})"
        case Extreme():
            last = f", last {term.window}" if term.window else ""
            return f"{show(term.term)} at {term.rule}({show(term.key)}{last})"
        case LastWhere():
            return f"last{'_before' * term.reach}({show(term.term)} where {show(term.where)})"
        case Run():
            return f"{term.how}{term.window or ''}({show(term.term)})"
        case Carry():
            return f"carry(state := {show(term.update)} from {term.init}; {show(term.read)})"
    return f"table{len(term.cases)}({', '.join(map(show, term.terms))})"
