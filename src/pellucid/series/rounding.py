"""Constants of an approximate program, shortened to the digits that the data can tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pellucid.data import Series
from pellucid.program.numeric import Apply, Assign, Const, Expression, Formula, NumericProgram, outputs

WORSE = 1.0001  # times the mean squared error that shorter constants may cost, all together
SEQUENCES = 400
DIGITS = range(4, 12)


def rounded(program: NumericProgram, data: Series) -> NumericProgram:
    """The program with each float constant in the fewest digits that leave its error as it is.

    For programs that are wrong by more than rounding; an exact one keeps its constants.
    """
    sample = data.take(range(min(len(data), SEQUENCES)))
    before = _error(program, sample)
    places = [
        (a.name, i) for a in program if isinstance(a.node, Formula) for i in range(len(_floats(a.node.expression)))
    ]
    if not places or not np.isfinite(before) or before == 0:
        return program
    allowed = WORSE ** (1 / len(places))
    limit = before
    for name, place in places:
        limit *= allowed
        for digits in DIGITS:
            shorter = _with(program, name, place, digits)
            if shorter == program or _error(shorter, sample) <= limit:
                program = shorter
                break
    return program


def _error(program: NumericProgram, data: Series) -> float:
    """Mean squared error, each output column relative to its variance."""
    found = np.concatenate([np.asarray(y, float) for y in outputs(program, data.inputs)])
    wanted = np.concatenate([np.asarray(y, float) for y in data.outputs])
    return float((((found - wanted) ** 2).mean(0) / np.maximum(wanted.var(0), 1e-300)).sum())


def _floats(expression: Expression) -> list[float]:
    match expression:
        case Const(float() as value):
            return [value]
        case Apply(_, args):
            return [value for arg in args for value in _floats(arg)]
    return []


def _with(program: NumericProgram, name: str, place: int, digits: int) -> NumericProgram:
    """The program with one constant of a variable's formula in so many digits."""
    count = -1

    def short(expression: Expression) -> Expression:
        nonlocal count
        match expression:
            case Const(float() as value):
                count += 1
                return Const(float(f"{value:.{digits}g}")) if count == place else expression
            case Apply(op, args):
                return Apply(op, tuple(map(short, args)))
        return expression

    def change(a: Assign) -> Assign:
        return Assign(a.name, Formula(short(a.node.expression))) if a.name == name else a  # pyright: ignore[reportAttributeAccessIssue]

    return replace(program, assignments=tuple(map(change, program.assignments)))
