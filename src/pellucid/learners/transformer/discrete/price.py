"""Size of a program before it is text."""

from __future__ import annotations

from pellucid.learners.transformer.discrete.formulas import weight
from pellucid.program.numeric import Formula, Lookup, NumericProgram


def price(program: NumericProgram) -> float:
    """Operators, variables and constants of all formulas, cells of all tables, 2 for every other variable."""
    total = 0.0
    for assign in program.assignments:
        match assign.node:
            case Formula(expression):
                total += weight(expression)
            case Lookup(cases=cases):
                total += 2 + 2 * len(cases)
            case _:
                total += 2
    return total
