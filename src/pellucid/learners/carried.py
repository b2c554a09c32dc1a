"""States that are a formula: what an addition carries over, what a division leaves.

State and inputs are added up, the state a few times over: `total = 2 * state + x`. Of `total // m` and `total % m` one
is the next state; the output is another short formula of the total. A few numbers decide all of it, so a few examples
show it where a machine of as many states would need every step of every state.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from pellucid.bias import SHIFT
from pellucid.language.expressions import Const
from pellucid.learners.formulas import kernels
from pellucid.learners.formulas.affine import weighted_sum
from pellucid.learners.formulas.grid import Grid
from pellucid.learners.formulas.learner import FormulaLearner, not_obvious
from pellucid.learners.formulas.terms import Carry, Op, Self, Term, size
from pellucid.learners.formulas.work import Work

FACTORS = range(1, 11)  # how often a state counts
BOUNDS = range(2, 13)  # what a total is divided by, or compared with
STATES, OUTPUTS = ("//", "%"), ("//", "%", "==", "<", ">=")
MOST_COLUMNS = 4
EXAMPLES = 30  # sequences on which all formulas are tried
KEPT = 3


def carried(work: Work, output: str) -> list[Term]:
    """Right formulas of that form for an output, the shortest ones."""
    columns, grid = work.columns(), work.train.take(range(min(EXAMPLES, work.train.shape[1])))
    able = work.whole and work.has_past and SHIFT in work.bias.modes and not work.is_symbolic(output)
    if not able or not 0 < len(columns) <= MOST_COLUMNS:
        return []
    found = (term for total in _totals(columns) for term in _read(grid, output, total, work))
    right = sorted((term for term in found if work.exact(term, output)), key=size)
    return [term for term in right[:KEPT] if size(term) < size(right[0]) + 1]


def _totals(columns: Sequence[Term]) -> Iterator[Term]:
    """The state, so many times over, plus all columns or one."""
    chosen = dict.fromkeys([tuple(columns), *((column,) for column in columns)])
    for factor, some in product(FACTORS, chosen):
        yield weighted_sum((factor, *[1] * len(some)), (Self(), *some))


def _read(grid: Grid, output: str, total: Term, work: Work) -> Iterator[Term]:
    """Carried states whose output, worked out from a total, is right on a few sequences."""
    wanted = grid.target(output)
    for name, bound in product(STATES, BOUNDS):
        step = Op(name, (total, Const(bound)))
        totals = grid.at_points(Carry(0, step, total))
        if totals is None or work.run.over:
            continue
        if np.array_equal(totals, wanted):
            yield Carry(0, step, total)
        for how, other in product(OUTPUTS, BOUNDS):
            if np.array_equal(kernels.apply(how, totals, np.array(float(other))), wanted):
                yield Carry(0, step, Op(how, (total, Const(other))))


CARRIED = FormulaLearner("carried", (carried,), not_obvious)
