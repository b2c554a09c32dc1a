"""Shorter expressions with the same value for every input (whole numbers beyond 2**53 under `/` and `floor` aside)."""

from __future__ import annotations

import math
from fractions import Fraction

from pellucid.program.numeric.expression import SCALAR, Apply, Const, Expression, Number, evaluate
from pellucid.program.numeric.facts import TRUTHS

OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
IDEMPOTENT = ("min", "max", "and", "or")


def tidy(expression: Expression) -> Expression:
    """The expression, simplified from its leaves upwards."""
    if not isinstance(expression, Apply):
        return expression
    expression = Apply(expression.op, tuple(map(tidy, expression.args)))
    for rule in (_folded, _flat, _neutral, _negated, _logic, _rounded):
        changed = rule(expression)
        if changed != expression:
            return tidy(changed)
    return expression


def is_number(expression: Expression, value: Number) -> bool:
    """Whether an expression is this whole number, as a constant; 1.0 is not, as it makes a float of what it meets."""
    return isinstance(expression, Const) and type(expression.value) is int and expression.value == value


def gives_truth(expression: Expression) -> bool:
    """Whether an expression gives 0 or 1 whatever its variables are."""
    return isinstance(expression, Apply) and expression.op in TRUTHS


def _folded(expression: Apply) -> Expression:
    """A number for an operator on numbers."""
    if not all(isinstance(arg, Const) for arg in expression.args) or expression.op == "pow":
        return expression
    value = SCALAR[expression.op](*(evaluate(arg, {}) for arg in expression.args))
    return Const(value) if math.isfinite(value) else expression


def _flat(expression: Apply) -> Expression:
    """No nested minima and the like, and none of the same thing twice."""
    if expression.op not in IDEMPOTENT:
        return expression
    args: list[Expression] = []
    for arg in expression.args:
        args += arg.args if isinstance(arg, Apply) and arg.op == expression.op else [arg]
    args = list(dict.fromkeys(args))
    if len(args) > 1:
        return Apply(expression.op, tuple(args))
    return args[0] if expression.op in ("min", "max") else _as_truth(args[0])


def _neutral(expression: Apply) -> Expression:
    """x + 0, x * 1, x - 0, x // 1 and the like."""
    op, args = expression.op, expression.args
    match op:
        case "+" | "*":
            kept = tuple(arg for arg in args if not is_number(arg, 1 if op == "*" else 0))
            if len(kept) < len(args):
                return Const(int(op == "*")) if not kept else kept[0] if len(kept) == 1 else Apply(op, kept)
        case "-" if is_number(args[1], 0):
            return args[0]
        case "-" if is_number(args[0], 0):
            return Apply("neg", (args[1],))
        case "/" if is_number(args[1], 1):
            return args[0]
        case "pow" if is_number(args[1], 1):
            return args[0]
        case "pow" if is_number(args[1], 2):
            return Apply("square", (args[0],))
        case "where" if args[1] == args[2]:
            return args[1]
        case "where" if isinstance(args[0], Const):
            return args[1] if args[0].value else args[2]
    return expression


def _negated(expression: Apply) -> Expression:
    """Signs: none twice, and subtraction for adding what is negative."""
    match expression:
        case Apply("neg", (Apply("neg", (arg,)),)):
            return arg
        case Apply("neg", (Apply("-", (left, right)),)):
            return Apply("-", (right, left))
        case Apply("*", (Const(int(-1)), arg)) | Apply("*", (arg, Const(int(-1)))):
            return Apply("neg", (arg,))
        case Apply("*", (left, Const() as right)) if not isinstance(left, Const):
            return Apply("*", (right, left))
        case Apply("+", (left, Apply("neg", (right,)))):
            return Apply("-", (left, right))
        case Apply("+", (Apply("neg", (left,)), right)):
            return Apply("-", (right, left))
        case Apply("-", (left, Apply("neg", (right,)))):
            return Apply("+", (left, right))
        case Apply("abs" | "square" as op, (Apply("neg", (arg,)),)):
            return Apply(op, (arg,))
        case Apply("abs", (Apply("abs") as inner,)):
            return inner
    return expression


def _logic(expression: Apply) -> Expression:
    """Conditions: `not` of a comparison is the opposite one; a test of a 0 or 1 is the thing itself."""
    match expression:
        case Apply("not", (Apply(op, args),)) if op in OPPOSITE:
            return Apply(OPPOSITE[op], args)
        case Apply("not", (Apply("not", (arg,)),)):
            return _as_truth(arg)
        case Apply("==" | "!=" as op, (left, Const(0 | 1 as value))) if gives_truth(left) and type(value) is int:
            return left if (op == "==") == (value == 1) else Apply("not", (left,))
        case Apply("-", (left, right)) if is_number(left, 1) and gives_truth(right):
            return Apply("not", (right,))
        case Apply(op, (Const() as left, right)) if op in MIRRORED:
            return Apply(MIRRORED[op], (right, left))
        case Apply("where", (test, yes, no)) if is_number(yes, 1) and is_number(no, 0):
            return _as_truth(test)
        case Apply("where", (test, yes, no)) if is_number(yes, 0) and is_number(no, 1):
            return Apply("not", (test,))
        case Apply("where", (Apply("not", (test,)), yes, no)):
            return Apply("where", (test, no, yes))
        case Apply("where" | "and" | "or" | "not" as op, args):
            tests = len(args) if op != "where" else 1
            return Apply(op, (*(_tested(arg) for arg in args[:tests]), *args[tests:]))
    return expression


def _tested(expression: Expression) -> Expression:
    """As a condition, x != 0 where x is a 0 or 1 anyway is x."""
    match expression:
        case Apply("!=", (left, right)) if is_number(right, 0) and gives_truth(left):
            return left
    return expression


def _as_truth(expression: Expression) -> Expression:
    return expression if gives_truth(expression) else Apply("!=", (expression, Const(0)))


def _rounded(expression: Apply) -> Expression:
    """Rounding down a quotient is floor division; a remainder's remainder is the remainder."""
    match expression:
        case Apply("floor", (Apply("/", (left, Const(int(value)))),)) if value:
            return Apply("floor", (Apply("//", (left, Const(value))),))
        case Apply("floor", (Apply("*", (Const(Fraction(numerator=1, denominator=below)), arg)),)):
            return Apply("floor", (Apply("//", (arg, Const(below))),))
        case Apply("floor", (Apply("floor"),)):
            return expression.args[0]
        case Apply("%", (Apply("%", (left, Const(int(inner)))), Const(int(outer)))) if inner > 0 and inner == outer:
            return Apply("%", (left, Const(inner)))
    return expression
