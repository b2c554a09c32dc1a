"""Rules of `tidy` for arithmetic: neutral elements, signs, rounding, and constants brought to one side."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from pellucid.language.expressions import Apply, Const, Expression
from pellucid.language.operators import COMPARISONS
from pellucid.language.types import Type

Known = Callable[[Expression], Type]


def alike(a: Expression, b: Expression) -> bool:
    """Whether two expressions are the same; 1 and 1.0 are not."""
    return a == b and repr(a) == repr(b)


def is_number(expression: Expression, value: int) -> bool:
    """Whether an expression is this whole number, as a constant; 1.0 is not, as it makes a float of what it meets."""
    return isinstance(expression, Const) and type(expression.value) is int and expression.value == value


def _neutral(expression: Expression, known: Known) -> Expression:
    """x + 0, x * 1, x - 0, x // 1 and the like."""
    match expression:
        case Apply("+" | "*" as name, args):
            one = int(name == "*")
            kept = tuple(arg for arg in args if not is_number(arg, one))
            if len(kept) < len(args):
                return Const(one) if not kept else kept[0] if len(kept) == 1 else Apply(name, kept)
        case Apply("-", (left, right)) if is_number(right, 0):
            return left
        case Apply("-", (left, right)) if is_number(left, 0):
            return Apply("neg", (right,))
        case Apply("-", (left, right)) if alike(left, right) and _exact(known(left)):
            return Const(0)
        case Apply("/" | "pow", (left, right)) if is_number(right, 1):
            return left
        case Apply("//", (left, right)) if is_number(right, 1) and known(left).is_whole:
            return left
        case Apply("pow", (left, right)) if is_number(right, 2):
            return Apply("square", (left,))
        case Apply("*", (left, right)) if alike(left, right):
            return Apply("square", (left,))
    return expression


def _exact(t: Type) -> bool:
    """Whether all values are whole numbers."""
    return t.is_whole and not t.nothing


def _signs(expression: Expression, known: Known) -> Expression:
    """Signs: none twice, and subtraction for adding what is negative; a constant factor comes first."""
    match expression:
        case Apply("neg", (Apply("neg", (arg,)),)):
            return arg
        case Apply("neg", (Apply("-", (left, right)),)):
            return Apply("-", (right, left))
        case Apply("*", (left, right)) if is_number(left, -1):
            return Apply("neg", (right,))
        case Apply("*", (left, Const() as right)) if not isinstance(left, Const):
            return Apply("*", (right, left))
        case Apply("+", (left, Apply("neg", (right,)))):
            return Apply("-", (left, right))
        case Apply("+", (Apply("neg", (left,)), right)):
            return Apply("-", (right, left))
        case Apply("-", (left, Apply("neg", (right,)))):
            return Apply("+", (left, right))
        case Apply("+", (left, Const(int(value)))) if value < 0:
            return Apply("-", (left, Const(-value)))
        case Apply("-", (left, Const(int(value)))) if value < 0:
            return Apply("+", (left, Const(-value)))
        case Apply("abs" | "square" as name, (Apply("neg", (arg,)),)):
            return Apply(name, (arg,))
    return expression


def _bounds(expression: Expression, known: Known) -> Expression:
    """What intervals make idle: `abs` of what is not negative, rounding of whole numbers, a bound never met."""
    match expression:
        case Apply("floor" | "round", (arg,)) if known(arg).is_whole:
            return arg
        case Apply("abs", (arg,)) if (n := known(arg).numbers) is not None and n.low >= 0:
            return arg
        case Apply("%", (left, right)) if _exact(known(left)) and _exact(known(right)):
            a, b = known(left).numbers, known(right).numbers
            if a is not None and b is not None and a.low >= 0 and a.high < b.low:
                return left
        case Apply("min" | "max" as name, args):
            return _extreme(name, args, known)
    return expression


def _extreme(name: str, args: tuple[Expression, ...], known: Known) -> Expression:
    """No nested minima and the like, none of the same thing twice, none that another always beats."""
    flat: dict[str, Expression] = {}
    for arg in args:
        for part in arg.args if isinstance(arg, Apply) and arg.operator == name else (arg,):
            flat[repr(part)] = part
    parts = list(flat.values())
    kept = [part for i, part in enumerate(parts) if not any(_beaten(name, part, other, known) and i != j
            for j, other in enumerate(parts))]  # fmt: skip
    return kept[0] if len(kept) == 1 else Apply(name, tuple(kept or parts))


def _beaten(name: str, part: Expression, other: Expression, known: Known) -> bool:
    """Whether the other one is always at least as extreme, by the intervals of whole numbers alone."""
    a, b = known(part), known(other)
    if not _exact(a) or not _exact(b) or a.numbers is None or b.numbers is None:
        return False
    if name == "min":
        return b.numbers.high <= a.numbers.low and b.numbers.low != a.numbers.high
    return b.numbers.low >= a.numbers.high and b.numbers.high != a.numbers.low


def _rounded(expression: Expression, known: Known) -> Expression:
    """Rounding down a quotient is floor division; a remainder's remainder is the remainder."""
    match expression:
        case Apply("floor", (Apply("/", (left, Const(int(value)))),)) if value:
            return Apply("floor", (Apply("//", (left, Const(value))),))
        case Apply("floor", (Apply("*", (Const(Fraction(numerator=1, denominator=below)), arg)),)):
            return Apply("floor", (Apply("//", (arg, Const(below))),))
        case Apply("%", (Apply("%", (left, Const(int(inner)))), Const(int(outer)))) if inner > 0 and inner == outer:
            return Apply("%", (left, Const(inner)))
    return expression


def _gathered(expression: Expression, known: Known) -> Expression:
    """Constants of whole-number sums brought together, and to the other side of a comparison."""
    match expression:
        case Apply("+" | "-" as name, (inner, Const(int(value)))) if (shift := shifted(inner, known)) is not None:
            return plus(shift[0], shift[1] + (value if name == "+" else -value))
        case Apply(name, (inner, Const(int(value)))) if name in COMPARISONS:
            if (shift := shifted(inner, known)) is not None:
                return Apply(name, (shift[0], Const(value - shift[1])))
            match inner:
                case Apply("-", (left, right)) if value == 0 and _exact(known(left)) and _exact(known(right)):
                    return Apply(name, (left, right))
        case Apply("-", (Const(int(value)), inner)) if (shift := shifted(inner, known)) is not None:
            return Apply("-", (Const(value - shift[1]), shift[0]))
        case Apply("+", (Const(int(value)), inner)) if not isinstance(inner, Const) and known(inner).is_whole:
            return plus(inner, value)
    return expression


def shifted(expression: Expression, known: Known) -> tuple[Expression, int] | None:
    """(x, c) of a whole-number `x + c` or `x - c`."""
    match expression:
        case Apply("+" | "-" as name, (inner, Const(int(value)))) if known(inner).is_whole:
            return inner, value if name == "+" else -value
    return None


def plus(expression: Expression, value: int) -> Expression:
    """`x + c`, or `x - c` where c is negative."""
    return Apply("+" if value >= 0 else "-", (expression, Const(abs(value))))


RULES = (_neutral, _signs, _bounds, _rounded, _gathered)
