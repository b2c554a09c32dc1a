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


def _quotient(x: int, y: int) -> int:
    return x // y if y else 0


def _remainder(x: int, y: int) -> int:
    return x % y if y else 0


def _array_quotient(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.where(y == 0, 0, x // np.where(y == 0, 1, y))


def _array_remainder(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.where(y == 0, 0, x % np.where(y == 0, 1, y))


FUNCTIONS: dict[str, Callable] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul,
    "//": _quotient, "%": _remainder, "min": min, "max": max,
}  # fmt: skip
ARRAY_FUNCTIONS: dict[str, Callable] = {
    **FUNCTIONS, "//": _array_quotient, "%": _array_remainder, "min": np.minimum, "max": np.maximum,
}  # fmt: skip
LEVELS = {"+": 1, "-": 1, "*": 2, "//": 2, "%": 2}  # how tightly an operator binds in Python
CONDITION, ATOM = 0, 3


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
    """A binary operator applied to two expressions. Dividing by zero, and the remainder of it, give 0."""

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
        case Apply("%", left, right):
            bounds(left, ranges)  # it must fit, too
            low, high = bounds(right, ranges)
            return min(0, low + 1), max(0, high - 1)
        case Apply("//", left, right):
            low, high = bounds(right, ranges)
            divisors = [y for y in (low, -1, 1, high) if y and low <= y <= high]
            corners = [x // y for x, y in itertools.product(bounds(left, ranges), divisors)]
            corners += [0] if low <= 0 <= high else []
            return min(corners), max(corners)
        case Apply(op, left, right):
            ends = bounds(left, ranges), bounds(right, ranges)
            corners = [FUNCTIONS[op](x, y) for x, y in itertools.product(*ends)]
            return min(corners), max(corners)


def check(expression: Expression, depth: int = 1) -> None:
    """Raise `ValueError` for an unknown operator, or nesting deeper than Python's own parser takes."""
    if depth > DEEPEST:
        raise ValueError(f"an expression nested deeper than {DEEPEST}")
    if isinstance(expression, Apply):
        if expression.op not in FUNCTIONS:
            raise ValueError(f"unknown operator {expression.op!r}; known: {' '.join(FUNCTIONS)}")
        check(expression.left, depth + 1)
        check(expression.right, depth + 1)


def text(expression: Expression, ranges: Mapping[str, tuple[int, int]] | None = None) -> str:
    """Python source of the expression, every variable by its name.

    A division whose divisor may be zero, as far as the `ranges` of the variables tell, says what happens then.
    """
    return _text(expression, ranges)[0]


def _text(expression: Expression, ranges: Mapping[str, tuple[int, int]] | None) -> tuple[str, int]:
    """Source and how tightly its outermost operator binds."""
    match expression:
        case Var(name):
            return name, ATOM
        case Const(value):
            return str(value), ATOM
        case Apply("min" | "max" as op, left, right):
            return f"{op}({text(left, ranges)}, {text(right, ranges)})", ATOM
        case Apply("+" | "-" as op, left, Const(value)) if value < 0:
            return _text(Apply("-" if op == "+" else "+", left, Const(-value)), ranges)
        case Apply(op, left, right):
            level = LEVELS[op]
            before, after = _operand(left, level, ranges), _operand(right, level + (op != "+"), ranges)
            if op in ("//", "%") and _may_be_zero(right, ranges):
                return f"{before} {op} {after} if {_operand(right, 1, ranges)} else 0", CONDITION
            return f"{before} {op} {after}", level


def _operand(expression: Expression, level: int, ranges: Mapping[str, tuple[int, int]] | None) -> str:
    inner, own = _text(expression, ranges)
    return inner if own >= level else f"({inner})"


def _may_be_zero(divisor: Expression, ranges: Mapping[str, tuple[int, int]] | None) -> bool:
    if isinstance(divisor, Const):
        return divisor.value == 0
    if ranges is None:
        return False
    try:
        low, high = bounds(divisor, ranges)
    except ValueError:  # no end is known
        return True
    return low <= 0 <= high
