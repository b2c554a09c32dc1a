"""The program put together: the output head as formulas over the variables that are left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from pellucid.bias import LARGEST_WINDOW, Bias
from pellucid.language.columns import Assign
from pellucid.language.expressions import Apply, Const, Expression, Var
from pellucid.language.nodes import Aggregate, Delay, Input, Let, Node, reads
from pellucid.language.program import Program
from pellucid.learners.columns import program_of
from pellucid.learners.formulas.affine import weighted_sum
from pellucid.learners.formulas.build import constant as constant_of
from pellucid.learners.formulas.terms import Col, Op, Term
from pellucid.learners.transformer.discrete.symbols import Builder
from pellucid.problem import Problem


def linear_expression(
    names: Sequence[str], weights: Sequence[Fraction | float], constant: Fraction | float
) -> Expression:
    """Sum of multiples; with rational weights one division at the end, so that whole numbers stay exact."""
    *factors, rest = (constant_of(number).value for number in (*weights, constant))
    return _expression(weighted_sum(factors, [Col(name) for name in names], rest))  # pyright: ignore[reportArgumentType]


def _expression(term: Term) -> Expression:
    match term:
        case Col(name):
            return Var(name)
        case Op(operator, args):
            return Apply(operator, tuple(map(_expression, args)))
        case Const():
            return constant_of(term.value)
    raise TypeError(f"no weighted sum: {term}")


def assemble(builder: Builder, heads: Mapping[str, Expression], problem: Problem) -> Program:
    """The program whose output columns are the expressions in `heads`."""
    results = [builder.results[field.name] for field in problem.schema.outputs]
    nodes: dict[str, Node] = builder.assignments | {builder.results[name]: Let(e) for name, e in heads.items()}
    program = program_of(problem, [Assign(name, node) for name, node in nodes.items()], results)
    return program if program.when == "every" else replace(program, when="last")


def keeps_mask(program: Program, bias: Bias) -> bool:
    """Whether a program reads nothing that the bias masks, not even by way of several heads."""
    columns = {output.variable: output.name for output in program.outputs}
    columns |= {a.name: a.node.column for a in program if isinstance(a.node, Input)}
    read = {(columns[name], lag) for a in program for name, lag in _reads(a.node) if name in columns}
    return not any(bias.masked(name, lag) for name, lag in read)


def _reads(node: Node) -> Iterator[tuple[str, int]]:
    """Variables that a node reads, and how many steps back."""
    match node:
        case Delay(variable, amount):
            yield variable, amount
        case Aggregate(select):
            lags = range(select.window or LARGEST_WINDOW + 1)
            yield from ((name, lag) for name in reads(node) for lag in lags)
        case _:
            yield from ((name, 0) for name in reads(node))
