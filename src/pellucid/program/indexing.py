"""What is certain about a selector on inputs of any length: that it picks all, or that a query is a position."""

from __future__ import annotations

from pellucid.program.attention import truth_table
from pellucid.program.formula import Apply, Const, Expression, Var
from pellucid.program.ir import Formula, Input, Program, Select, Selection, constant_types

MAX_PAIRS = 1_000_000


def always(program: Program, select: Select) -> bool:
    """Whether the predicate holds for every query and key there can be."""
    kinds = program.types[select.query], program.types[select.key]
    if program.unbounded and not constant_types(program).issuperset((select.query, select.key)):
        return False
    sizes = [len(kind.values) for kind in kinds if not isinstance(kind, Selection)]
    return sizes[0] * sizes[1] <= MAX_PAIRS and bool(truth_table(select, program.types).all())


def is_index(program: Program, name: str, offset: int) -> bool:
    """Whether `name + offset` is a position on every input, whatever its length; False where that is not plain.

    It is where it is linear in the own position i and the number n of positions, and in 0..n-1 at both ends of i.
    """
    if (line := _linear(program, name)) is None:
        return False
    slope, rise, constant = line[0], line[1], line[2] + offset
    ends = [(rise, constant), (rise + slope, constant - slope)]  # at i = 0 and i = n - 1: (factor of n, constant)
    below = all(a >= 0 and a + b >= 0 for a, b in ends)
    above = all(a <= 1 and a + b <= 0 for a, b in ends)
    return below and above


def _linear(program: Program, name: str) -> tuple[int, int, int] | None:
    """(factor of the position, factor of the number of positions, constant) of a variable linear in them."""
    match program[name]:
        case Input("positions"):
            return 1, 0, 0
        case Input("length"):
            # With markers there are more positions than user tokens.
            return (0, 1, 0) if not program.markers else None
        case Input("ones"):
            return 0, 0, 1
        case Formula(expression):
            return _of(expression, program)
    return None


def _of(expression: Expression, program: Program) -> tuple[int, int, int] | None:
    match expression:
        case Var(name):
            return _linear(program, name)
        case Const(value):
            return 0, 0, value
        case Apply("+" | "-" as op, left, right):
            a, b = _of(left, program), _of(right, program)
            sign = 1 if op == "+" else -1
            if a is None or b is None:
                return None
            return a[0] + sign * b[0], a[1] + sign * b[1], a[2] + sign * b[2]
    return None
