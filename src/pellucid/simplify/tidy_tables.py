"""Rules of `tidy` for tables: no idle case, no constant or repeated argument, a plain test where it is one."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from pellucid.language.expressions import Apply, Cases, Const, Expression, Table, among, values_among
from pellucid.language.operators import apply
from pellucid.language.types import Type, Value, order
from pellucid.simplify.tidy_arithmetic import Known, alike, shifted


def folded(expression: Expression, known: Known) -> Expression:
    """A constant for an operator on constants; a table of what it gives for one on a table's or rules' outcomes."""
    del known
    if not isinstance(expression, Apply) or expression.operator == "pow":
        return expression
    if expression.operator == "not" and values_among(expression.args[0]):
        return expression
    places = [i for i, arg in enumerate(expression.args) if not isinstance(arg, Const)]
    inner = expression.args[places[0]] if len(places) == 1 else None
    match inner:
        case Table(args, cases, default):
            told = [_applied(expression, places[0], outcome) for outcome in (default, *(out for _, out in cases))]
            if None not in told:
                values = [value.value for value in told if value is not None]
                pairs = zip((key for key, _ in cases), values[1:], strict=True)
                return Table(args, tuple(pairs), values[0])  # pyright: ignore[reportArgumentType]
        case Cases(rules, default) if all(isinstance(out, Const) for out in (default, *(out for _, out in rules))):
            told = [_applied(expression, places[0], _plain(out)) for out in (default, *(out for _, out in rules))]
            if None not in told:
                found = [value for value in told if value is not None]
                return Cases(tuple(zip((test for test, _ in rules), found[1:], strict=True)), found[0])
    return expression if places else _applied(expression, 0, _plain(expression.args[0])) or expression


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


def equal(a: Value, b: Value) -> bool:
    """Whether two values are the same; 1 and 1.0 are not."""
    return a == b and type(a) is type(b)


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


RULES: tuple[Callable[[Expression, Known], Expression], ...] = (_cut, _narrowed, _moved, _membership)
