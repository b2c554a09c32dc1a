"""Closed-form integer expressions over variables: the `Formula` node's language."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

DEEPEST = 50
Operator = Literal["+", "-", "*", "//", "%", "min", "max"]

FUNCTIONS: dict[str, Callable] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
    "//": operator.floordiv, "%": operator.mod, "min": min, "max": max,
}  # fmt: skip
ARRAY_FUNCTIONS: dict[str, Callable] = {**FUNCTIONS, "min": np.minimum, "max": np.maximum}


@dataclass(frozen=True)
class Var:
    """A variable of the program, by name."""

    name: str


@dataclass(frozen=True)
class Const:
    """An integer constant."""

    value: int


@dataclass(frozen=True)
class Apply:
    """A binary operator applied to two expressions. `//` and `%` need a non-zero constant on the right."""

    op: Operator
    left: Expression
    right: Expression


Expression = Var | Const | Apply


def names_in(expression: Expression) -> Iterator[str]:
    """Names of the variables an expression reads, left to right, with repeats."""
    match expression:
        case Var(name):
            yield name
        case Apply(_, left, right):
            yield from names_in(left)
            yield from names_in(right)


def rename_in(expression: Expression, names: Mapping[str, str]) -> Expression:
    """The expression with its variables renamed."""
    match expression:
        case Var(name):
            return Var(names.get(name, name))
        case Apply(op, left, right):
            return Apply(op, rename_in(left, names), rename_in(right, names))
    return expression


def evaluate(expression: Expression, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Value of the expression on int64 arrays of one shape."""
    match expression:
        case Var(name):
            return arrays[name]
        case Const(value):
            return np.int64(value)  # pyright: ignore[reportReturnType]  # broadcasts
        case Apply(op, left, right):
            return ARRAY_FUNCTIONS[op](evaluate(left, arrays), evaluate(right, arrays))


def bounds(expression: Expression, ranges: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    """Interval that contains every value of the expression, given intervals for its variables.

    Raises:
        ValueError: a value on the way might not fit into 64 bits.
    """
    low, high = _bounds(expression, ranges)
    if max(-low, high) >= 2**62:
        raise ValueError(f"{text(expression)} may grow too large")
    return low, high


def _bounds(expression: Expression, ranges: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    match expression:
        case Var(name):
            return ranges[name]
        case Const(value):
            return value, value
        case Apply("%", _, Const(m)):
            return (0, m - 1) if m > 0 else (m + 1, 0)
        case Apply(op, left, right):
            ends = bounds(left, ranges), bounds(right, ranges)
            corners = [FUNCTIONS[op](x, y) for x, y in itertools.product(*ends)]
            return min(corners), max(corners)


def check(expression: Expression, depth: int = 1) -> None:
    """Raise `ValueError` where `//` or `%` does not divide by a non-zero constant, so evaluation cannot fail.

    Nesting deeper than Python's own parser takes is refused as well.
    """
    if depth > DEEPEST:
        raise ValueError(f"an expression nested deeper than {DEEPEST}")
    if isinstance(expression, Apply):
        if expression.op not in FUNCTIONS:
            raise ValueError(f"unknown operator {expression.op!r}; known: {' '.join(FUNCTIONS)}")
        if expression.op in ("//", "%") and not (isinstance(expression.right, Const) and expression.right.value):
            raise ValueError(f"{expression.op} needs a non-zero constant on its right")
        check(expression.left, depth + 1)
        check(expression.right, depth + 1)


def text(expression: Expression) -> str:
    """Python source of the expression, every variable by its name."""
    match expression:
        case Var(name):
            return name
        case Const(value):
            return str(value)
        case Apply("min" | "max" as op, left, right):
            return f"{op}({text(left)}, {text(right)})"
        case Apply(op, left, right):
            return f"{_operand(left)} {op} {_operand(right)}"


def _operand(expression: Expression) -> str:
    inner = text(expression)
    atomic = isinstance(expression, Var | Const) or (isinstance(expression, Apply) and expression.op in ("min", "max"))
    return inner if atomic else f"({inner})"
