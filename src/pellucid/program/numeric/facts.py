"""What is known of the values of a program's variables without running it: intervals, and which are whole numbers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from pellucid.program.numeric.expression import COMPARISONS, Apply, Const, Expression, Number, Var
from pellucid.program.numeric.nodes import Column, Formula, Lookup, Node, Position, Route, Running
from pellucid.program.numeric.program import NumericProgram

INF = math.inf
WHOLE_IF_ARGUMENTS_ARE = ("+", "-", "*", "//", "%", "neg", "abs", "min", "max", "square", "pow")
TRUTHS = (*COMPARISONS, "and", "or", "not")


@dataclass(frozen=True)
class Fact:
    """Every value lies in [low, high]; `whole`: every value is a Python int."""

    low: Number = -INF
    high: Number = INF
    whole: bool = False

    @property
    def truth(self) -> bool:
        """Whether all values are the whole numbers 0 and 1."""
        return self.whole and self.low >= 0 and self.high <= 1

    def __or__(self, other: Fact) -> Fact:
        return Fact(min(self.low, other.low), max(self.high, other.high), self.whole and other.whole)


TRUTH = Fact(0, 1, True)


class Known(Protocol):
    """Something beside an expression whose fact is known."""

    @property
    def fact(self) -> Fact:
        """The fact about it."""
        ...


def facts(program: NumericProgram) -> dict[str, Fact]:
    """A fact for every variable."""
    found = {a.name: Fact(whole=True) for a in program}
    # Which are whole: from "all" downwards until nothing changes. Then intervals, the second round from the first.
    while (found := _round(program, before := found, wide=True)) != before:
        pass
    return _round(program, _round(program, found))


def fact_of(value: Number | Fraction) -> Fact:
    """The fact about a constant."""
    number = float(value) if isinstance(value, Fraction) else value
    return Fact(number, number, isinstance(value, int))


def _round(program: NumericProgram, before: Mapping[str, Fact], wide: bool = False) -> dict[str, Fact]:
    found = dict(before)
    for a in program:
        fact = _node(a.node, found, program.whole_inputs)
        found[a.name] = Fact(whole=fact.whole) if wide else fact
    return found


def _node(node: Node, known: Mapping[str, Fact], whole: bool) -> Fact:
    match node:
        case Column():
            return Fact(whole=whole)
        case Position(start):
            return Fact(start, INF, True)
        case Formula(expression):
            return about(expression, known)
        case Lookup(_, cases, default):
            return _any(fact_of(default), *(fact_of(outcome) for _, outcome in cases))
        case Route(variable, rule, default=default):
            fact = known[variable]
            return fact | fact_of(default) if rule in ("offset", "last where") else fact
        case Running("count", where=where):
            return Fact(0 if where else 1, INF, True)
        case Running(how, str(variable), default=default):
            fact = known[variable]
            if how == "sum":
                return Fact(0 if fact.low >= 0 else -INF, 0 if fact.high <= 0 else INF, fact.whole)
            fact = fact | fact_of(default)
            return Fact(fact.low, fact.high, fact.whole and how != "mean")
    raise ValueError(f"unknown node {node}")


def _any(first: Fact, *rest: Fact) -> Fact:
    for fact in rest:
        first = first | fact
    return first


def about(expression: Expression | Known, known: Mapping[str, Fact]) -> Fact:
    """The fact about an expression, or about something that knows its own."""
    match expression:
        case Var(name):
            return known[name]
        case Const(value):
            return fact_of(value)
        case Apply(op, args):
            parts = [about(arg, known) for arg in args]
            whole = op in WHOLE_IF_ARGUMENTS_ARE and all(part.whole for part in parts)
            if op == "*" and len(args) == 2 and args[0] == args[1]:
                op = "square"
            low, high, certain = _interval(op, args, parts)
            return Fact(low, high, whole or certain)
    return expression.fact


def _interval(op: str, args: tuple[Expression, ...], parts: list[Fact]) -> tuple[Number, Number, bool]:
    """(low, high, whether whole whatever the arguments are)."""
    first = parts[0]
    if op in TRUTHS:
        return 0, 1, True
    match op:
        case "+":
            return sum(p.low for p in parts), sum(p.high for p in parts), False
        case "-":
            return first.low - parts[1].high, first.high - parts[1].low, False
        case "*":
            return *_product(parts), False
        case "neg":
            return -first.high, -first.low, False
        case "abs" | "square" | "sqrt" | "exp":
            return 0, max(-first.low, first.high) if op == "abs" else INF, False
        case "pow":
            power = args[1]
            return 0 if first.low >= 0 or (isinstance(power, Const) and power.value % 2 == 0) else -INF, INF, False
        case "min":
            return min(p.low for p in parts), min(p.high for p in parts), False
        case "max":
            return max(p.low for p in parts), max(p.high for p in parts), False
        case "sin" | "cos":
            return -1, 1, False
        case "sign":
            return -1, 1, True
        case "where":
            both = parts[1] | parts[2]
            return both.low, both.high, both.whole
        case "floor":
            return first.low - 1, first.high, True
        case "%":
            low, high = parts[1].low, parts[1].high
            return min(0, low), max(0, high - 1 if first.whole and parts[1].whole else high), False
        case "//" | "/" if first.low >= 0 and parts[1].low >= 0:
            return 0, INF, False
    return -INF, INF, False


def _product(parts: list[Fact]) -> tuple[Number, Number]:
    low, high = parts[0].low, parts[0].high
    for part in parts[1:]:
        corners = [0 if 0 in (a, b) else a * b for a, b in itertools.product((low, high), (part.low, part.high))]
        low, high = min(corners), max(corners)
    return low, high
