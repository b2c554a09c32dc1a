"""Closed-form expressions over variables: what a `Formula` of a numeric program holds.

Every operator is total on finite numbers: dividing by zero, and the remainder of it, give 0; so do the square root of a
negative number and the logarithm of one that is not positive. Comparisons and logic give 0 or 1, and take every number
but 0 for true. `/` of two whole numbers is whole where it divides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

Number = int | float
DEEPEST = 50
HIGHEST_POWER = 64
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
ARITY = {
    "+": (2, None), "-": (2, 2), "*": (2, None), "/": (2, 2), "//": (2, 2), "%": (2, 2), "neg": (1, 1), "abs": (1, 1),
    "min": (2, None), "max": (2, None), **dict.fromkeys(COMPARISONS, (2, 2)), "and": (2, None), "or": (2, None),
    "not": (1, 1), "where": (3, 3), "floor": (1, 1), "sqrt": (1, 1), "sin": (1, 1), "cos": (1, 1), "exp": (1, 1),
    "log": (1, 1), "square": (1, 1), "sign": (1, 1), "pow": (2, 2),
}  # fmt: skip
OPERATORS = frozenset(ARITY)


@dataclass(frozen=True)
class Var:
    """A variable of the program, by name."""

    name: str


@dataclass(frozen=True)
class Const:
    """A finite constant; a fraction means the float nearest to it."""

    value: int | float | Fraction


@dataclass(frozen=True)
class Apply:
    """An operator of `OPERATORS` applied to expressions: `+ * min max and or` to two or more.

    `pow` takes a constant whole exponent from 0 to 64; `where` a condition and two values.
    """

    op: str
    args: tuple[Expression, ...]


Expression = Var | Const | Apply


def names_in(expression: Expression) -> Iterator[str]:
    """Names of the variables an expression reads, left to right, with repeats."""
    match expression:
        case Var(name):
            yield name
        case Apply(_, args):
            for arg in args:
                yield from names_in(arg)


def substitute(expression: Expression, values: Mapping[str, Expression]) -> Expression:
    """The expression with variables replaced by expressions."""
    match expression:
        case Var(name):
            return values.get(name, expression)
        case Apply(op, args):
            return Apply(op, tuple(substitute(arg, values) for arg in args))
    return expression


def rename_in(expression: Expression, names: Mapping[str, str]) -> Expression:
    """The expression with its variables renamed."""
    return substitute(expression, {old: Var(new) for old, new in names.items()})


def size(expression: Expression) -> int:
    """Number of variables, constants and operators."""
    return 1 + sum(map(size, expression.args)) if isinstance(expression, Apply) else 1


def check(expression: Expression, depth: int = 1) -> None:
    """Raise `ValueError` for an unknown operator, wrong arguments, a constant that is not finite, or deep nesting."""
    if depth > DEEPEST:
        raise ValueError(f"an expression nested deeper than {DEEPEST}")
    if isinstance(expression, Const):
        check_number(expression.value)
    if not isinstance(expression, Apply):
        return
    if expression.op not in ARITY:
        raise ValueError(f"unknown operator {expression.op!r}; known: {' '.join(ARITY)}")
    least, most = ARITY[expression.op]
    if len(expression.args) < least or (most is not None and len(expression.args) > most):
        raise ValueError(f"{expression.op} of {len(expression.args)} arguments; expected {least}")
    if expression.op == "pow":
        power = expression.args[1]
        if not isinstance(power, Const) or type(power.value) is not int or not 0 <= power.value <= HIGHEST_POWER:
            raise ValueError(f"pow: expected a constant whole exponent from 0 to {HIGHEST_POWER}")
    for arg in expression.args:
        check(arg, depth + 1)


def check_number(value: object) -> None:
    """Raise `ValueError` for anything but a finite int, float or fraction."""
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction) or not math.isfinite(value):
        raise ValueError(f"expected a finite number, got {value!r:.60}")


def evaluate(expression: Expression, values: Mapping[str, Number]) -> Number:
    """Value of the expression for numbers; what it does is what the emitted text does."""
    match expression:
        case Var(name):
            return values[name]
        case Const(value):
            return float(value) if isinstance(value, Fraction) else value
        case Apply(op, args):
            return SCALAR[op](*(evaluate(arg, values) for arg in args))


def divide(a: Number, b: Number) -> Number:
    """a / b; a whole number where both are and it divides, 0 where b is 0."""
    if b == 0:
        return 0
    if isinstance(a, int) and isinstance(b, int) and a % b == 0:
        return a // b
    return a / b


def _sum(a: Number, *rest: Number) -> Number:
    for b in rest:
        a = a + b
    return a


def _product(a: Number, *rest: Number) -> Number:
    for b in rest:
        a = a * b
    return a


def _total(function: Callable[..., Number]) -> Callable[..., Number]:
    """The function, with "not a number" where Python has an error: a result or an argument beyond all floats."""

    def guarded(*args: Number) -> Number:
        try:
            return function(*args)
        except (ArithmeticError, ValueError):
            return math.nan

    return guarded


_PLAIN: dict[str, Callable[..., Number]] = {
    "+": _sum, "-": lambda a, b: a - b, "*": _product, "/": divide,
    "//": lambda a, b: a // b if b else 0, "%": lambda a, b: a % b if b else 0,
    "neg": lambda a: -a, "abs": lambda a: abs(a), "min": min, "max": max,
    "==": lambda a, b: int(a == b), "!=": lambda a, b: int(a != b), "<": lambda a, b: int(a < b),
    "<=": lambda a, b: int(a <= b), ">": lambda a, b: int(a > b), ">=": lambda a, b: int(a >= b),
    "and": lambda *args: int(all(args)), "or": lambda *args: int(any(args)), "not": lambda a: int(not a),
    "where": lambda c, a, b: a if c else b, "floor": math.floor, "sqrt": lambda a: math.sqrt(a) if a > 0 else 0,
    "sin": math.sin, "cos": math.cos, "exp": math.exp, "log": lambda a: math.log(a) if a > 0 else 0,
    "square": lambda a: a * a, "sign": lambda a: (a > 0) - (a < 0), "pow": lambda a, n: a**n,
}  # fmt: skip
SCALAR = {op: _total(function) for op, function in _PLAIN.items()}
