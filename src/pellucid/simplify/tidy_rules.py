"""Rules of `tidy`.

Of arithmetic: neutral elements, signs, rounding, and constants brought to one side. Of tables: no idle case, no
constant or repeated argument, a plain test where it is one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from pellucid.language.expressions import Apply, Cases, Const, Expression, Table, among, values_among
from pellucid.language.operators import COMPARISONS, apply
from pellucid.language.types import Type, Value, order

Known = Callable[[Expression], Type]
Rule = Callable[[Expression, Known], Expression]


def alike(a: Expression, b: Expression) -> bool:
    """Whether two expressions are the same; 1 and 1.0 are not."""
    return a == b and repr(a) == repr(b)


def equal(a: Value, b: Value) -> bool:
    """Whether two values are the same; 1 and 1.0 are not."""
    return a == b and type(a) is type(b)


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
        case Apply("-", (left, right)) if alike(left, right) and known(left).is_integer:
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
        case Apply("%", (left, right)) if known(left).is_integer and known(right).is_integer:
            a, b = known(left).numbers, known(right).numbers
            if a is not None and b is not None and a.low >= 0 and a.high < b.low:
                return left
        case Apply("min" | "max" as name, args):
            return _extreme(name, args, known)
    return expression


def _absolute(expression: Expression, known: Known) -> Expression:
    """`-x if x < 0 else x`, and its like, is the absolute value."""
    match expression:
        case Cases(((Apply("<" | "<=" as sign, (x, bound)), Apply("neg", (low,))),), high):
            beyond = 1 if sign == "<" else -1
        case Cases(((Apply(">" | ">=" as sign, (x, bound)), high),), Apply("neg", (low,))):
            beyond = -1 if sign == ">" else 1
        case _:
            return expression
    near = is_number(bound, 0) or (known(x).is_whole and is_number(bound, beyond))
    return Apply("abs", (x,)) if near and alike(x, low) and alike(x, high) else expression


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
    if not a.is_integer or not b.is_integer or a.numbers is None or b.numbers is None:
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
                case Apply("-", (left, right)) if value == 0 and known(left).is_integer and known(right).is_integer:
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


# ---------------------------------------------------------------- tables


def folded(expression: Expression, known: Known) -> Expression:
    """A constant for an operator on constants; a table of what it gives for one on a table's or rules' outcomes."""
    del known
    if not isinstance(expression, Apply) or expression.operator == "pow":
        return expression
    if expression.operator == "not" and values_among(expression.args[0]):
        return expression
    places = [i for i, arg in enumerate(expression.args) if not isinstance(arg, Const)]
    if not places:
        return _applied(expression, 0, _plain(expression.args[0])) or expression
    match expression.args[places[0]] if len(places) == 1 else None:
        case Table(args, cases, default):
            told = [_applied(expression, places[0], outcome) for outcome in (default, *(out for _, out in cases))]
            values = [outcome.value for outcome in told if outcome is not None]
            if len(values) == len(told):
                pairs = zip((key for key, _ in cases), values[1:], strict=True)
                return Table(args, tuple(pairs), values[0])  # pyright: ignore[reportArgumentType]
        case Cases(rules, default) if all(isinstance(out, Const) for out in (default, *(out for _, out in rules))):
            told = [_applied(expression, places[0], _plain(out)) for out in (default, *(out for _, out in rules))]
            found = [outcome for outcome in told if outcome is not None]
            if len(found) == len(told):
                return Cases(tuple(zip((test for test, _ in rules), found[1:], strict=True)), found[0])
    return expression


def _applied(expression: Apply, place: int, value: Value) -> Const | None:
    """The result with this value at that place; None where it is no constant of the language."""
    values = [value if i == place else _plain(arg) for i, arg in enumerate(expression.args)]
    found = apply(expression.operator, values)
    return None if isinstance(found, float) and not math.isfinite(found) else Const(found)


def _plain(expression: Expression) -> Value:
    value = expression.value if isinstance(expression, Const) else None
    return float(value) if isinstance(value, Fraction) else value


def either(first: Expression, second: Expression, known: Known) -> Expression | None:
    """One test for both, where both ask for values of the same thing, which has few."""
    one, other = _asked(first), _asked(second)
    if one is None or other is None or not alike(one[0], other[0]) or known(one[0]).values is None:
        return None
    return among(one[0], order((*one[1], *other[1])))


def _asked(test: Expression) -> tuple[Expression, tuple[Value, ...]] | None:
    match test:
        case Apply("==", (left, Const(value))) if not isinstance(value, float | Fraction):
            return left, (value,)
        case Table((arg,)) if (values := values_among(test)) is not None:
            return arg, values
    return None


def _cut(expression: Expression, known: Known) -> Expression:
    """A table without cases that cannot occur or that say what the default says."""
    if not isinstance(expression, Table):
        return expression
    args, cases, default = expression.args, expression.cases, expression.default
    types = [known(arg) for arg in args]
    kept = tuple(
        (key, outcome)
        for key, outcome in cases
        if not equal(outcome, default) and all(_may_be(t, v) for t, v in zip(types, key, strict=True))
    )
    return Table(args, kept, default) if kept else Const(default)


def _may_be(t: Type, value: Value) -> bool:
    return t.is_empty or t.holds(value) or (isinstance(value, float) and t.numbers is not None)


def _narrowed(expression: Expression, known: Known) -> Expression:
    """A table asked with a constant, or twice with the same, is one of fewer arguments."""
    if not isinstance(expression, Table):
        return expression
    args, cases, default = expression.args, expression.cases, expression.default
    for i, arg in enumerate(args):
        earlier = next((j for j in range(i) if alike(args[j], arg)), None)
        if isinstance(arg, Const):
            cases = tuple(case for case in cases if case[0][i] == arg.value)
        elif earlier is not None:
            cases = tuple(case for case in cases if case[0][i] == case[0][earlier])
        else:
            continue
        rest = tuple((key[:i] + key[i + 1 :], outcome) for key, outcome in cases)
        if len(args) == 1:
            return Const(rest[0][1] if rest else default)
        return Table(args[:i] + args[i + 1 :], rest, default)
    return expression


def _moved(expression: Expression, known: Known) -> Expression:
    """A table over `x + 2`, for whole numbers, is one over `x`."""
    if not isinstance(expression, Table):
        return expression
    for i, arg in enumerate(expression.args):
        found = shifted(arg, known)
        listed = found is not None and known(found[0]).values is not None
        if found is not None and listed and all(isinstance(key[i], int) for key, _ in expression.cases):
            args = (*expression.args[:i], found[0], *expression.args[i + 1 :])
            moved = tuple(((*k[:i], _less(k[i], found[1]), *k[i + 1 :]), out) for k, out in expression.cases)
            return Table(args, moved, expression.default)
    return expression


def _less(value: Value, by: int) -> Value:
    return value - by if isinstance(value, int) else value


def _membership(expression: Expression, known: Known) -> Expression:
    """A table of 1 and 0 is a test."""
    match expression:
        case Table((arg,), (((value,), 1),), 0) if values_among(expression):
            return Apply("==", (arg, Const(value)))
        case Table((arg,), cases, 1) if all(equal(out, 0) for _, out in cases) and type(expression.default) is int:
            return Apply("not", (among(arg, [key[0] for key, _ in cases]),))
    return expression


RULES: tuple[Rule, ...] = (
    _neutral, _signs, _bounds, _absolute, _rounded, _gathered, _cut, _narrowed, _moved, _membership,
)  # fmt: skip
