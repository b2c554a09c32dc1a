"""Terms: what a search puts together for one output, a tree of plain data; `build.py` turns terms into a program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from pellucid.language.expressions import Const
from pellucid.language.operators import COMPARISONS
from pellucid.language.types import Value

Constant = Value | Fraction


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
    start: Constant = 0


@dataclass(frozen=True)
class Self:
    """Inside a `Carry`: its state before this step."""


@dataclass(frozen=True)
class Op:
    """An element-wise operator, by its name in the language."""

    op: str
    args: tuple[Term, ...]


@dataclass(frozen=True)
class Shift:
    """A term's value `amount` steps back; before the start `default`, or with `same` the value at this step."""

    term: Term
    amount: int = 1
    default: Constant = 0
    same: bool = False


@dataclass(frozen=True)
class Over:
    """What an aggregate of the language makes of a term over the steps so far.

    window: over the last so many of them. where: over those where this is true; `default` where there is none.
    before: without this step. by: what orders them.
    """

    how: str
    term: Term
    window: int | None = None
    where: Term | None = None
    before: bool = False
    default: Constant = 0
    by: Term | None = None


@dataclass(frozen=True)
class Carry:
    """A carried state: `read` is the value at a step, `update` the next state; both may read `Self`.

    Where both are the same, the state is read after the step.
    """

    init: Constant
    update: Term
    read: Term


@dataclass(frozen=True)
class Table:
    """A value for each combination of the terms' values; `default` for all others."""

    terms: tuple[Term, ...]
    cases: tuple[tuple[tuple[Value, ...], Value], ...]
    default: Value = 0


Term = Col | Pos | Past | Const | Self | Op | Shift | Over | Carry | Table
LOGIC = ("and", "or", "not", "where", "==", "!=")  # what flags are good for


LARGE = 10  # of constants; smaller ones are preferred


def children(term: Term) -> tuple[Term, ...]:
    """The terms a term is made of, left to right, without repeats."""
    match term:
        case Op():
            return term.args
        case Shift():
            return (term.term,)
        case Over():
            return tuple(dict.fromkeys(t for t in (term.term, term.where, term.by) if t is not None))
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
        case Const(int(value)):
            return 0.7 + 0.1 * (abs(value) >= LARGE)
        case Const(value):
            return 1.5 if isinstance(value, float | Fraction) else 0.7
        case Table():
            return 2 + sum(1 + len(key) for key, _ in term.cases)
        case Carry():
            return 3 if term.init == 0 else 3.5
        case Past():
            return 3
        case Over(how="mode"):
            return 2 if isinstance(term.term, Col) else 4
        case Over(where=None) if any(isinstance(part, Past) for part in walk(term)):
            return 5  # a recurrence says it better
        case Shift() if any(isinstance(part, Past) for part in walk(term)):
            return 3
        case Op(name, args) if name not in LOGIC and any(isinstance(a, Op) and a.op in COMPARISONS for a in args):
            return 2
        case Over(window=None, where=None, by=None):
            return 1
        case Over():
            return 1.5
        case Shift():
            return 1 + 0.5 * term.same
        case Self():
            return 0
    return 1


def has_self(term: Term) -> bool:
    """Whether a term reads the state of a carry around it."""
    if isinstance(term, Self):
        return True
    return not isinstance(term, Carry) and any(has_self(c) for c in children(term))


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
        case Const(value):
            return repr(value) if isinstance(value, str) else str(value)
        case Self():
            return "state"
        case Op(name, (left, right)) if not name.isalpha() or name in ("and", "or"):
            return f"({show(left)} {name} {show(right)})"
        case Op(name, args):
            return f"{name}({', '.join(map(show, args))})"
        case Shift():
            return f"{show(term.term)}[-{term.amount}{', same' * term.same}]"
        case Over():
            more = "" if term.where is None else f" where {show(term.where)}"
            more += "" if term.by is None else f" by {show(term.by)}"
            return f"{term.how}{'_before' * term.before}{term.window or ''}({show(term.term)}{more})"
        case Carry():
            read = "" if term.read == term.update else f"; {show(term.read)}"
            return f"carry(state := {show(term.update)} from {term.init}{read})"
    return f"table{len(term.cases)}({', '.join(map(show, term.terms))})"
