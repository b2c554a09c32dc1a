"""The program put together: the output head as formulas over the variables that are left."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from pellucid.data.series import Series
from pellucid.learners.transformer.discrete.symbols import Builder, plain
from pellucid.numeric import Bias
from pellucid.program.numeric import (
    Apply,
    Assign,
    Column,
    Const,
    Expression,
    Formula,
    Node,
    NumericProgram,
    Route,
    Var,
    outputs,
)
from pellucid.program.numeric.nodes import reads, renamed
from pellucid.program.numeric.simplify import simplify

LARGEST_DENOMINATOR = 10_000


def linear_expression(
    names: Sequence[str], weights: Sequence[Fraction | float], constant: Fraction | float
) -> Expression:
    """Sum of multiples; with rational weights one division at the end, so that whole numbers stay exact."""
    numbers = [*weights, constant]
    if all(isinstance(n, Fraction) for n in numbers):
        common = math.lcm(*(Fraction(n).denominator for n in numbers))
        if common <= LARGEST_DENOMINATOR:
            whole = [Fraction(n) * common for n in numbers]
            total = _sum(names, whole[:-1], whole[-1])
            return total if common == 1 else Apply("/", (total, Const(common)))
    return _sum(names, weights, constant)


def _sum(names: Sequence[str], weights: Sequence[Fraction | float], constant: Fraction | float) -> Expression:
    total: Expression | None = None
    for name, weight in sorted(zip(names, weights, strict=True), key=lambda pair: pair[1] < 0):
        if weight == 0:
            continue
        term = Var(name) if abs(weight) == 1 else Apply("*", (Const(plain(float(abs(weight)))), Var(name)))
        if total is None:
            total = term if weight > 0 else Apply("neg", (term,))
        else:
            total = Apply("+" if weight > 0 else "-", (total, term))
    if total is None:
        return Const(plain(float(constant)))
    if constant != 0:
        total = Apply("+" if constant > 0 else "-", (total, Const(plain(float(abs(constant))))))
    return total


def assemble(builder: Builder, heads: Mapping[str, Expression], like: Series) -> NumericProgram:
    """The program whose output columns are the expressions in `heads`."""
    nodes: dict[str, Node] = dict(builder.assignments)
    for column, expression in heads.items():
        nodes[builder.results[column]] = Formula(expression)
    results = tuple(builder.results[name] for name in like.output_names)
    assigns = tuple(Assign(name, node) for name, node in reachable(nodes, results).items())
    return NumericProgram(like.input_names, like.output_names, assigns, results, like.whole_inputs, like.last)


def reachable(nodes: Mapping[str, Node], results: Sequence[str]) -> dict[str, Node]:
    """The variables that the results need, in their order."""
    needed, todo = set(), list(results)
    while todo:
        name = todo.pop()
        if name not in needed:
            needed.add(name)
            todo += reads(nodes[name])
    return {name: node for name, node in nodes.items() if name in needed}


def tidied(program: NumericProgram, inputs: Sequence[np.ndarray]) -> NumericProgram:
    """The program simplified, unless that changes an output for one of the inputs."""
    simple = with_names(simplify(program), program.results)
    before, after = outputs(program, inputs), outputs(simple, inputs)
    same = all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    return simple if same else program


def with_names(program: NumericProgram, wishes: Sequence[str]) -> NumericProgram:
    """The program with its results named as they were, unless they are inputs or stand for several outputs."""
    names: dict[str, str] = {}
    for wish, name in zip(wishes, program.results, strict=True):
        if wish not in program.nodes and not isinstance(program[name], Column):
            names.setdefault(name, wish)
    assigns = tuple(Assign(names.get(a.name, a.name), renamed(a.node, names)) for a in program.assignments)
    return replace(program, assignments=assigns, results=tuple(names.get(name, name) for name in program.results))


def keeps_mask(program: NumericProgram, bias: Bias) -> bool:
    """Whether a program reads nothing that the bias masks, not even by way of several heads."""
    columns = {a.name: a.node.name for a in program.assignments if isinstance(a.node, Column)}
    columns |= dict(zip(program.results, program.outputs, strict=True))
    for assign in program.assignments:
        node = assign.node
        if isinstance(node, Route) and node.rule == "offset":
            if node.variable in columns and bias.masked(columns[node.variable], node.amount):
                return False
        elif any(name in columns and bias.masked(columns[name], 0) for name in reads(node)):
            return False
    return True
