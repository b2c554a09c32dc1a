"""Features of real-valued columns: what laws of nature are usually sums of, built from general pieces.

Quantities (columns, their differences) go through functions (powers, sine, cosine, exponential, distance of two
columns and its powers); a feature is such a factor, or a column times such a factor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from pellucid.bias import Bias
from pellucid.language.expressions import Const
from pellucid.learners.formulas.terms import Op, Term, op, size

MOST_COLUMNS = 6  # of which features of two are built
MOST_FEATURES = 1500


def library(columns: Sequence[Term], bias: Bias) -> list[Term]:
    """Features that the bias allows, the shortest first; the constant 1 and the columns among them."""
    factors = list(columns)
    if bias.units != 0:
        known = list(columns[:MOST_COLUMNS])
        factors += [*_of_one(known), *_of_two(known)]
    products = [_times(c, f) for f in factors for c in columns if not _cancels(c, f)] if bias.units != 0 else []
    features = dict.fromkeys([Const(1), *factors, *products])
    allowed = (f for f in features if _operators(f) <= bias.operators)
    return sorted(allowed, key=size)[:MOST_FEATURES]


def _of_one(columns: Sequence[Term]) -> Iterator[Term]:
    for c in columns:
        square = op("square", c)
        yield from (square, op("sin", c), op("cos", c), op("abs", c), op("exp", c), op("/", Const(1), c))
        yield from (op("exp", op("neg", c)), op("sqrt", c), op("log", c), op("/", Const(1), square))


def _of_two(columns: Sequence[Term]) -> Iterator[Term]:
    for a, b in combinations(columns, 2):
        squared = op("+", op("square", a), op("square", b))
        distance = op("sqrt", squared)
        yield from (squared, distance, op("/", Const(1), distance), op("/", Const(1), squared))
        yield op("/", Const(1), op("*", squared, distance))
        difference = op("-", a, b)
        yield from (op("sin", difference), op("abs", difference), op("square", difference))
        yield from (op("/", a, b), op("/", b, a))


def _cancels(column: Term, factor: Term) -> bool:
    return isinstance(factor, Op) and factor.op == "/" and factor.args[1] in (column, op("square", column))


def _times(column: Term, factor: Term) -> Term:
    """A column times a factor; into a ratio's numerator where it is one over something."""
    match factor:
        case Op("/", (Const(value=1), below)):
            return Op("/", (column, below))
        case _ if factor == column:
            return op("square", column)
    first, second = sorted((column, factor), key=lambda term: (size(term), repr(term)))
    return Op("*", (first, second))


def _operators(term: Term) -> set[str]:
    if not isinstance(term, Op):
        return set()
    return {term.op}.union(*map(_operators, term.args))
