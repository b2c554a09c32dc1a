"""Whether a term keeps to the bias: which steps of which columns it reads, and how many pieces it is made of."""

from __future__ import annotations

from functools import lru_cache

from pellucid.bias import POSITION, SHIFT, Bias, parsed_mask
from pellucid.language.expressions import Const
from pellucid.learners.formulas.terms import Carry, Col, Op, Over, Past, Pos, Self, Shift, Table, Term, children, walk

ANY = -1  # lag of a column read over all earlier steps
Reads = frozenset[tuple[str, int]]
ROUTES = Shift | Over | Carry
LINEAR = ("+", "-", "*", "/", "neg")


@lru_cache(maxsize=50_000)
def reads(term: Term) -> Reads:
    """Columns a term reads, with how many steps back each time; `ANY` for all earlier steps."""
    match term:
        case Col():
            return frozenset({(term.name, 0)})
        case Pos():
            return frozenset({(POSITION, 0)})
        case Past():
            return frozenset({(term.name, term.amount)})
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
    if any(isinstance(part, Op) and part.op not in bias.operators for part in units):
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
    if not isinstance(term, Op) or term.op not in LINEAR:
        return set()
    if term.op in ("*", "/") and not any(isinstance(arg, Const) for arg in term.args):
        return set()
    return {term}.union(*(readout(arg) for arg in term.args))
