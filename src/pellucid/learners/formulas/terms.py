"""Terms: what a search puts together for one output, a tree of plain data; `build.py` turns terms into a program.

A bias says which steps of which columns a term may read, and how many pieces it may be made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import fsum

from pellucid.bias import POSITION, SHIFT, Bias, parsed_mask
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
    """The output `name`, `amount` steps back; before the first step `start`, a value or that of a column here."""

    name: str
    amount: int
    start: Constant | Col = 0


@dataclass(frozen=True)
class Self:
    """Inside a `Carry`: its state before this step."""


@dataclass(frozen=True)
class Op:
    """An element-wise operator, by its name in the language."""

    operator: str
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
    """A value for each combination of the arguments' values; `default` for all others."""

    args: tuple[Term, ...]
    cases: tuple[tuple[tuple[Value, ...], Value], ...]
    default: Value = 0


Term = Col | Pos | Past | Const | Self | Op | Shift | Over | Carry | Table
LOGIC = ("and", "or", "not", "where", "==", "!=")  # what flags are good for

LARGE = 10  # of constants; smaller ones are preferred
ANY = -1  # lag of a column read over all earlier steps
Reads = frozenset[tuple[str, int]]
ROUTES = Shift | Over | Carry
LINEAR = ("+", "-", "*", "/", "neg")


def children(term: Term) -> tuple[Term, ...]:
    """The terms a term is made of, left to right, without repeats."""
    match term:
        case Op(_, args) | Table(args):
            return args
        case Shift():
            return (term.term,)
        case Over():
            return tuple(dict.fromkeys(t for t in (term.term, term.where, term.by) if t is not None))
        case Carry():
            return (term.update, term.read)
    return ()


def walk(term: Term) -> Iterator[Term]:
    """A term and all its parts."""
    yield term
    for child in children(term):
        yield from walk(child)


@lru_cache(maxsize=100_000)
def size(term: Term) -> float:
    """How much there is to read: nodes that differ, constants and table cells weighed."""
    return fsum(weight(part) for part in set(walk(term)))  # exact, so the same in whatever order a set comes


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
        case Op(name, args) if name not in LOGIC and any(isinstance(a, Op) and a.operator in COMPARISONS for a in args):
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
            start = show(term.start) if isinstance(term.start, Col) else term.start
            return f"{term.name}[t-{term.amount}]" + (f" from {start}" if start else "")
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
    return f"table{len(term.cases)}({', '.join(map(show, children(term)))})"


# ---------------------------------------------------------------- what a bias allows


@lru_cache(maxsize=50_000)
def reads(term: Term) -> Reads:
    """Columns a term reads, with how many steps back each time; `ANY` for all earlier steps."""
    match term:
        case Col():
            return frozenset({(term.name, 0)})
        case Pos():
            return frozenset({(POSITION, 0)})
        case Past():
            here = {(term.start.name, 0)} if isinstance(term.start, Col) else set()
            return frozenset({(term.name, term.amount), *here})
        case Shift():
            return frozenset((n, at) for n, lag in reads(term.term) for at in _moved(lag, term))
        case Over(window=int() as window, by=None):
            inner = reads(term.term)
            return frozenset((n, ANY if lag == ANY else lag + back) for n, lag in inner for back in range(window))
    inner = frozenset().union(*(reads(child) for child in children(term)))
    if isinstance(term, Op | Const | Self | Table):
        return inner
    return frozenset({*inner, *((n, ANY) for n, _ in inner)})


def _moved(lag: int, shift: Shift) -> set[int]:
    """How far back a shift reads what its term reads `lag` steps back."""
    return {lag} if lag == ANY else {lag + shift.amount, lag} if shift.same else {lag + shift.amount}


def readable(term: Term, bias: Bias) -> bool:
    """Whether a term reads only what may be read."""
    found = reads(term)
    if any(not bias.readable(name) for name, _ in found if bias.readable_inputs is not None and not _past(term, name)):
        return False
    for item in bias.mask:
        name, lag = parsed_mask(item)
        if any(n == name and (lag is None or at in (lag, ANY)) for n, at in found):
            return False
    return True


def _past(term: Term, name: str) -> bool:
    return any(isinstance(part, Past) and part.name == name for part in walk(term))


def allowed(term: Term, bias: Bias) -> bool:
    """Whether a term keeps to all of the bias; the linear readout on top of it is free."""
    parts = set(walk(term))
    modes = {part for part in parts if isinstance(part, ROUTES)}
    if any(mode_of(part) not in bias.modes for part in modes):
        return False
    if bias.heads is not None and len(modes) > bias.heads:
        return False
    if bias.layers is not None and depth(term) > bias.layers:
        return False
    units = {part for part in parts - readout(term) if isinstance(part, Op | Table)}
    if bias.units is not None and len(units) > bias.units:
        return False
    if any(isinstance(part, Op) and part.operator not in bias.operators for part in units):
        return False
    return readable(term, bias)


def mode_of(term: Shift | Over | Carry) -> str:
    """Name of the mode a routing or aggregating term uses."""
    return term.how if isinstance(term, Over) else SHIFT


def depth(term: Term) -> int:
    """Most routing or aggregating terms on one way from the output to an input."""
    below = max((depth(child) for child in children(term)), default=0)
    return below + isinstance(term, ROUTES)


def readout(term: Term) -> set[Term]:
    """The operators at the top of a term that only weigh and add: its linear readout."""
    if not isinstance(term, Op) or term.operator not in LINEAR:
        return set()
    if term.operator in ("*", "/") and not any(isinstance(arg, Const) for arg in term.args):
        return set()
    return {term}.union(*(readout(arg) for arg in term.args))
