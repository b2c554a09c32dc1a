"""Expressions as functions of Python's own values: what the reference says, made ready once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from pellucid.language.expressions import Apply, Cases, Const, Expression, Table, Var
from pellucid.language.operators import apply
from pellucid.language.types import Value

Function = Callable[[Mapping[str, Value]], Value]


def function_of(expression: Expression) -> Function:
    """An expression as a function of the values of its variables."""
    match expression:
        case Var(name):
            return lambda here: here[name]
        case Const(value):
            constant = float(value) if isinstance(value, Fraction) else value
            return lambda here: constant
        case Apply(operator, args):
            parts = [function_of(arg) for arg in args]
            return lambda here: apply(operator, [part(here) for part in parts])
        case Table(args, _, default):
            parts, table = [function_of(arg) for arg in args], expression.outcomes
            return lambda here: table.get(tuple([part(here) for part in parts]), default)
        case Cases(rules, default):
            pairs = [(function_of(test), function_of(outcome)) for test, outcome in rules]
            otherwise = function_of(default)
            return lambda here: next((outcome for test, outcome in pairs if test(here)), otherwise)(here)
