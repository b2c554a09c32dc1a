"""Variables of the program under construction with their values, as assignments of the language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from pellucid.bias import LARGEST_WINDOW, POSITION, Bias
from pellucid.language.expressions import Apply, Const, Expression, Var
from pellucid.language.nodes import Aggregate, Assign, Delay, Input, Let, Node, Select, reads
from pellucid.language.program import Program
from pellucid.learners.columns import program_of
from pellucid.learners.formulas import kernels
from pellucid.learners.formulas.affine import weighted_sum
from pellucid.learners.formulas.build import constant as constant_of
from pellucid.learners.formulas.terms import Col, Op, Term
from pellucid.learners.transformer.discrete.frame import Column
from pellucid.learners.transformer.discrete.hypotheses import Attention, Hypothesis, routed
from pellucid.problem import Problem

Number = int | float


@dataclass(frozen=True, eq=False)
class Symbol:
    """A variable: its name in the program, what people call it, its values [n, length], what using it costs.

    base, lag: the program's variable of which this is an earlier value; None where it is none.
    """

    name: str
    label: str
    values: np.ndarray
    cost: float
    base: str | None = None
    lag: int = 0

    @property
    def origin(self) -> tuple[str, int]:
        """A variable of the program, and how many steps back this is its value."""
        return (self.name, 0) if self.base is None else (self.base, self.lag)


@dataclass
class Builder:
    """Collects assignments. results: the variable of every output column, by the column's name."""

    results: Mapping[str, str]
    assignments: dict[str, Node] = field(default_factory=dict)

    def define(self, wish: str, node: Node) -> str:
        """Name of a variable for a node; equal nodes share one."""
        known = (name for name, there in self.assignments.items() if there == node)
        name = next(known, None) or free_name(wish, {*self.assignments, *self.results.values()})
        self.assignments[name] = node
        return name

    def column(self, source: Column, values: np.ndarray) -> Symbol:
        """A column of the stream at the start."""
        if source.lag:
            return self.earlier(self.results[source.name], source.label, values, source.lag)
        if source.name == POSITION:
            before = self.define("position", Input("", "position"))
            name = self.define("step", Let(Apply("+", (Var(before), Const(1)))))
        else:
            name = self.define(source.name, Input(source.name))
        return Symbol(name, source.label, values, 1.0, name, 0)

    def earlier(self, base: str, label: str, values: np.ndarray, lag: int) -> Symbol:
        """An earlier value of a variable of the program."""
        name = self.define(f"{base}_{lag}_before", Delay(base, lag, Const(plain(values[0, 0]))))
        return Symbol(name, label, values, 1.0 + 0.1 * lag, base, lag)

    def routed(self, hypothesis: Hypothesis, value: Symbol, key: Symbol | None, head: Attention) -> Symbol:
        """What a head writes, by the hypothesis found for it."""
        told = routed(hypothesis, head) * summed(hypothesis)
        match hypothesis.kind:
            case "copy":
                return value
            case "offset":
                base, lag = value.origin
                lag += hypothesis.amount
                found = self.earlier(base, f"{root(value.label)}[t-{lag}]", told, lag)
                return Symbol(found.name, found.label, told, found.cost + 1.0, base, lag)
        label = f"{hypothesis.words} of {value.label}".replace("mean of", "sum of" if hypothesis.start else "mean of")
        return Symbol(self._selected(hypothesis, value, key), label, told, 3.0)

    def _selected(self, h: Hypothesis, value: Symbol, key: Symbol | None) -> str:
        so_far = Select(reach="upto", window=h.window)
        if h.start:  # the steps before the start take part: each one on its own
            how, name = ("+", "sum") if h.kind == "mean" else (h.kind, h.kind)
            base, lag = value.origin
            earlier = [self.earlier(base, value.label, value.values, lag + i) for i in range(1, h.window or 1)]
            return self.define(f"{name}_{value.name}", Let(Apply(how, tuple(Var(s.name) for s in (value, *earlier)))))
        if key is None:
            return self.define(f"{h.kind}_{value.name}", Aggregate(so_far, h.kind, value.name))
        if h.kind != "last where":
            return self.define(f"{h.kind}_{value.name}", Aggregate(so_far, h.kind, value.name, by=key.name))
        op, constant = h.predicate or ("==", 0.0)
        where = self.define(f"is_{key.name}", Let(Apply(op, (Var(key.name), Const(plain(constant))))))
        start = Const(plain(value.values[0, 0]))
        return self.define(f"last_{value.name}", Aggregate(Select(reach="upto", mask=where), "last", value.name, start))

    def formula(self, wish: str, expression: Expression, values: np.ndarray, label: str, cost: float) -> Symbol:
        """A variable computed from others at the same step."""
        return Symbol(self.define(wish, Let(expression)), label, values, cost)


def summed(hypothesis: Hypothesis) -> int:
    """What a head's mean is multiplied with in the program: a mean of so many steps always is written as their sum."""
    return (hypothesis.window or 1) if hypothesis.kind == "mean" and hypothesis.start else 1


def root(label: str) -> str:
    """The column of a label such as `y[t-1]`."""
    return re.sub(r"\[t-\d+\]$", "", label)


def plain(value: float) -> Number:
    """A whole number as int."""
    return int(value) if float(value).is_integer() else float(value)


def free_name(wish: str, taken: set[str]) -> str:
    """An identifier like the wish that is not taken."""
    name = re.sub(r"\W", "_", wish)
    name = name if name.isidentifier() and not name.startswith("__") else f"v_{name}"
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def values_of(expression: Expression, symbols: Sequence[Symbol]) -> np.ndarray:
    """Values [n, length] of an expression over symbols."""
    return evaluate(expression, {s.name: s.values for s in symbols})


def evaluate(expression: Expression, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """An expression of operators on float64 arrays of one shape, by name."""
    match expression:
        case Var(name):
            return values[name]
        case Const(int() | float() as value):
            return np.full(next(iter(values.values())).shape, float(value))
        case Apply(operator, args):
            return kernels.apply(operator, *(evaluate(arg, values) for arg in args))
    raise TypeError(f"no formula: {expression!r:.60}")


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
