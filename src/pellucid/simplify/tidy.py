"""Shorter expressions with the same value for all values that their variables can have by their types."""

from __future__ import annotations

from collections.abc import Mapping

from pellucid.language.expressions import Apply, Cases, Const, Expression, mapped
from pellucid.language.inference import type_of
from pellucid.language.operators import COMPARISONS, MIRRORED, NEGATED
from pellucid.language.types import Type
from pellucid.simplify import tidy_rules
from pellucid.simplify.tidy_rules import Known, Rule, alike, either, is_number

ORDERS = ("<", "<=", ">", ">=")
Rules = tuple[tuple[Expression, Expression], ...]


def tidy(expression: Expression, types: Mapping[str, Type]) -> Expression:
    """The expression, simplified from its leaves upwards.

    Args:
        expression: any.
        types: of its variables.
    """

    def known(part: Expression) -> Type:
        return type_of(part, types)

    def settled(part: Expression) -> Expression:
        for rule in RULES:
            changed = rule(part, known)
            if not alike(changed, part):
                return tidy(changed, types)
        return part

    return mapped(expression, settled)


def _logic(expression: Expression, known: Known) -> Expression:
    """`and`, `or` and `not`: flat, of different parts, none of them decided."""
    match expression:
        case Apply("and" | "or" as name, args):
            return _joined(name, args, known)
        case Apply("not", (Apply("not", (arg,)),)):
            return as_truth(arg, known)
        case Apply("not", (Apply(name, (left, right)),)) if name in NEGATED:
            if name in ("==", "!=") or comparable(known(left), known(right)):
                return Apply(NEGATED[name], (left, right))
    return expression


def _joined(name: str, args: tuple[Expression, ...], known: Known) -> Expression:
    parts: dict[str, Expression] = {}
    for arg in args:
        for part in arg.args if isinstance(arg, Apply) and arg.operator == name else (arg,):
            plain = as_test(part, known)
            if isinstance(plain, Const):
                if bool(plain.value) == (name == "or"):
                    return Const(int(name == "or"))
                continue
            parts[repr(plain)] = plain
    if any(repr(Apply("not", (part,))) in parts for part in parts.values()):
        return Const(int(name == "or"))
    found = tuple(parts.values())
    if name == "or" and len(found) > 1:
        found = tuple(test for test, _ in _together(tuple((part, Const(1)) for part in found), known))
    if len(found) > 1:
        return Apply(name, found)
    return as_truth(found[0], known) if found else Const(int(name == "and"))


def comparable(left: Type, right: Type) -> bool:
    """Whether two values are always in order: both text or whole numbers, never nothing, not "not a number"."""
    whole, text = left.is_whole and right.is_whole, left.is_text and right.is_text
    return (whole or text) and not left.nothing and not right.nothing


def as_truth(expression: Expression, known: Known) -> Expression:
    """1 where the expression is true, else 0."""
    if known(expression).is_flag:
        return expression
    if known(expression).nothing:
        return Apply("not", (Apply("not", (expression,)),))
    return Apply("!=", (expression, Const(0)))


def as_test(expression: Expression, known: Known) -> Expression:
    """What is true where the expression is: `x` for `x != 0` and `not not x`, `not x` for `1 - x`."""
    match expression:
        case Apply("!=", (left, right)) if is_number(right, 0) and known(left).is_number and not known(left).nothing:
            return left
        case Apply("not", (Apply("not", (arg,)),)):
            return arg
        case Apply("-", (left, right)) if is_number(left, 1) and known(right).is_flag:
            return Apply("not", (right,))
    return expression


def _compared(expression: Expression, known: Known) -> Expression:
    """Comparisons: the constant on the right; a test of a flag is the flag; decided by types."""
    match expression:
        case Apply(name, (Const() as left, right)) if name in COMPARISONS and not isinstance(right, Const):
            return Apply(MIRRORED[name], (right, left))
        case Apply("==" | "!=" as name, (left, right)) if known(left).is_flag:
            if is_number(right, 1 if name == "==" else 0):
                return left
            if is_number(right, 0 if name == "==" else 1):
                return Apply("not", (left,))
        case Apply("-", (left, Apply(name) as right)) if is_number(left, 1) and name in NEGATED:
            return Apply("not", (right,))
    return _decided(expression, known)


def _decided(expression: Expression, known: Known) -> Expression:
    """A constant for a comparison that the types decide."""
    match expression:
        case Apply(name, (left, right)) if name in COMPARISONS:
            a, b = known(left), known(right)
            if alike(left, right) and (a.is_whole or not a.numbers):
                return Const(int(name in ("==", "<=", ">="))) if not a.nothing or name not in ORDERS else expression
            if name in ("==", "!=") and _apart(a, b):
                return Const(int(name == "!="))
            if name in ORDERS and a.is_integer and b.is_integer:
                low, high = (a.numbers, b.numbers) if name in ("<", "<=") else (b.numbers, a.numbers)
                assert low is not None
                assert high is not None
                if low.high < high.low or (name in ("<=", ">=") and low.high == high.low):
                    return Const(1)
                return Const(0) if low.low > high.high else expression
    return expression


def _apart(a: Type, b: Type) -> bool:
    """Whether two types have no value in common."""
    if a.is_empty or b.is_empty or (a.nothing and b.nothing) or set(a.texts) & set(b.texts):
        return False
    m, n = a.numbers, b.numbers
    if m is None or n is None:
        return True
    if m.listed is not None and n.listed is not None:
        return not set(m.listed) & set(n.listed)
    return m.whole and n.whole and (m.high < n.low or n.high < m.low)


def _cases(expression: Expression, known: Known) -> Expression:
    """Rules: no idle ones, no list inside the default, a plain test where there are 1 and 0 to choose from."""
    match expression:
        case Apply("where", (test, yes, no)):
            return Cases(((test, yes),), no)
        case Cases(rules, default):
            return _shorter(_idle(rules, known), default, known)
    return expression


def _idle(rules: Rules, known: Known) -> Rules:
    """Rules whose test can be the first that is true."""
    kept: dict[str, tuple[Expression, Expression]] = {}
    for test, outcome in rules:
        plain = as_test(test, known)
        if isinstance(plain, Const) and not plain.value:
            continue
        kept.setdefault(repr(plain), (plain, outcome))
        if isinstance(plain, Const):
            break
    return tuple(kept.values())


def _shorter(rules: Rules, default: Expression, known: Known) -> Expression:
    if rules and isinstance(rules[-1][0], Const):
        return _shorter(rules[:-1], rules[-1][1], known)
    while rules and alike(rules[-1][1], default):
        rules = rules[:-1]
    if rules and isinstance(default, Cases):
        return Cases((*rules, *default.rules), default.default)
    if len(rules) != 1:
        return Cases(_together(rules, known), default) if rules else default
    test, outcome = rules[0]
    if is_number(outcome, 1) and known(default).is_flag:
        return Apply("or", (test, default))
    if is_number(outcome, 0) and known(default).is_flag:
        return Apply("and", (Apply("not", (test,)), default))
    if is_number(default, 0) and known(outcome).is_flag:
        return Apply("and", (test, outcome))
    if isinstance(test, Apply) and test.operator == "not":
        return Cases(((test.args[0], default),), outcome)
    return Cases(rules, default)


def _together(rules: Rules, known: Known) -> Rules:
    """Neighbours of one outcome that list values of one thing as one rule."""
    found = list(rules[:1])
    for test, outcome in rules[1:]:
        both = either(found[-1][0], test, known) if alike(outcome, found[-1][1]) else None
        if both is None:
            found.append((test, outcome))
        else:
            found[-1] = (both, outcome)
    return tuple(found)


RULES: tuple[Rule, ...] = (tidy_rules.folded, _cases, _logic, _compared, *tidy_rules.RULES)
