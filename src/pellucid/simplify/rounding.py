"""Constants of an approximate program, shortened to the digits that the data can tell."""

from __future__ import annotations

import itertools

import numpy as np

from pellucid.data.data import Data
from pellucid.language.expressions import Const, Expression, mapped, walk
from pellucid.language.nodes import Let
from pellucid.language.program import Program
from pellucid.semantics.batch import predict
from pellucid.semantics.scores import figures
from pellucid.simplify.rewrite import with_nodes

WORSE = 1.0001  # times the mean squared error that shorter constants may cost, all together
SEQUENCES = 400
DIGITS = range(4, 12)


def rounded(program: Program, data: Data) -> Program:
    """The program with each float constant in the fewest digits that leave its error as it is.

    For programs that are wrong by more than rounding; an exact one keeps its constants.
    """
    sample = data.take(range(min(len(data), SEQUENCES)))
    limit = _error(program, sample)
    places = [(a.name, i) for a in program if isinstance(a.node, Let) for i in range(_floats(a.node.expression))]
    if not places or not np.isfinite(limit) or limit == 0:
        return program
    allowed = WORSE ** (1 / len(places))
    for name, place in places:
        limit *= allowed
        for digits in DIGITS:
            shorter = _with(program, name, place, digits)
            if shorter == program or _error(shorter, sample) <= limit:
                program = shorter
                break
    return program


def _error(program: Program, data: Data) -> float:
    """What of the variance the outputs leave, columns averaged."""
    return 1 - figures(predict(program, data.sequences), data.outputs, data.schema.when).get("r2", 1.0)


def _floats(expression: Expression) -> int:
    return sum(isinstance(e, Const) and isinstance(e.value, float) for e in walk(expression))


def _with(program: Program, name: str, place: int, digits: int) -> Program:
    """The program with one constant of a variable's expression in so many digits."""
    floats, node = itertools.count(), program[name]
    assert isinstance(node, Let)

    def short(part: Expression) -> Expression:
        if isinstance(part, Const) and isinstance(part.value, float) and next(floats) == place:
            return Const(float(f"{part.value:.{digits}g}"))
        return part

    return with_nodes(program, {name: Let(mapped(node.expression, short))})
