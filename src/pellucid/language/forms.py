"""How an operator is written in Python: a template, how tightly it binds, and what it needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.language.types import Type

CONDITION, OR, AND, NOT, COMPARISON, BITOR, BITXOR, BITAND, SUM, PRODUCT, SIGN, POWER, ATOM = range(13)


@dataclass(frozen=True)
class Form:
    """`template` with `{0}`, `{1}`, ... for the operands.

    level: how tightly the whole binds. operands: the least level that each operand's text must have to stand without
    brackets. modules: standard modules used. helpers: functions to paste, each standing alone. As Python evaluates a
    ternary's branches only where they are asked for, a template may name an operand twice. tests: operands of which
    only the truth matters. loose: an operand may be a bool where it should be 0 or 1. passes: gives an operand, which
    is 0 or 1 only if that is. guard: of a call that raises for what is not finite, the function that calls it instead.
    """

    template: str
    level: int
    operands: tuple[int, ...]
    modules: tuple[str, ...] = ()
    helpers: tuple[Callable, ...] = ()
    tests: tuple[int, ...] = ()
    loose: bool = False
    passes: bool = False
    guard: Callable | None = None

    def repeats(self, index: int) -> bool:
        """Whether an operand's text stands there more than once."""
        return self.template.count(f"{{{index}}}") > 1


Python = Callable[[Sequence[Type]], Form]  # for the types of the arguments


def safe(function, *arguments):
    """The function of the arguments; "not a number" where it has no result."""
    try:
        return function(*arguments)
    except (ArithmeticError, ValueError):
        return math.nan


def infix(sign: str, level: int, count: int, same_right: bool = False) -> Form:
    """`a + b + c`; the right operands bind tighter than the whole unless grouping does not matter."""
    places = (level, *[level if same_right else level + 1] * (count - 1))
    template, logic = f" {sign} ".join(f"{{{i}}}" for i in range(count)), level in (OR, AND)
    return Form(template, level, places, (), (), tuple(range(count)) if logic else (), level >= SUM, logic)


def between(sign: str, level: int, same_right: bool = False) -> Python:
    """The sign between the operands, as many as there are."""
    return lambda types: infix(sign, level, len(types), same_right)


def call(
    name: str,
    count: int,
    modules: tuple[str, ...] = (),
    helpers: tuple[Callable, ...] = (),
    guard: Callable | None = None,
) -> Form:
    """`f(a, b)`."""
    inside = ", ".join(f"{{{i}}}" for i in range(count))
    return Form(f"{name}({inside})", ATOM, (CONDITION,) * count, modules, helpers, guard=guard)


def function(name: str, *modules: str, **more: Any) -> Python:
    """A call; `guard` calls functions that raise for what is not finite."""
    return lambda types: call(name, len(types), modules, **more)


def guarded(sign: str) -> Python:
    """A division; 0 where its second operand is 0, which is asked where its type has that."""

    def python(types: Sequence[Type]) -> Form:
        plain, n = infix(sign, PRODUCT, 2), types[1].numbers
        if n is not None and not (n.low <= 0 <= n.high and (n.values is None or 0 in n.values)):
            return plain
        return Form(f"{plain.template} if {{1}} else 0", CONDITION, plain.operands, loose=True)

    return python


def positive_only(name: str) -> Python:
    """A function; 0 for what is not positive."""

    def python(types: Sequence[Type]) -> Form:
        n = types[0].numbers
        if n is not None and n.low > 0:
            return call(name, 1, ("math",))
        return Form(f"{name}({{0}}) if {{0}} > 0 else 0", CONDITION, (COMPARISON + 1,), ("math",))

    return python


def inside_one(name: str) -> Python:
    """A function; 0 for what lies outside -1 to 1."""
    return lambda types: Form(f"{name}({{0}}) if -1 <= {{0}} <= 1 else 0", CONDITION, (SUM,), ("math",))


def powered(types: Sequence[Type], exponent: str) -> Form:
    """A power: of floats, it may be beyond all of them."""
    if types[0].is_whole:
        return Form(f"{{0}} ** {exponent}", POWER, (ATOM, ATOM), loose=True)
    return Form(f"pow({{0}}, {exponent})", ATOM, (CONDITION, CONDITION), guard=safe)


def squared(types: Sequence[Type]) -> Form:
    """`x ** 2` of a float is not `x * x`: it rounds otherwise now and then."""
    if types[0].is_whole:
        return powered(types, "2")
    return Form("{0} * {0}", PRODUCT, (SIGN,), loose=True)


def compare(sign: str) -> Python:
    """A comparison; order asks for the kind first where text, numbers and nothing could meet."""

    def python(types: Sequence[Type]) -> Form:
        operands = (COMPARISON + 1,) * 2
        alike = all(t.is_number for t in types) or all(t.is_text for t in types)
        if sign in ("==", "!=") or (alike and not any(t.nothing for t in types)):
            return Form(f"{{0}} {sign} {{1}}", COMPARISON, operands, loose=True)
        same = "isinstance({0}, str) == isinstance({1}, str)"
        there = " and ".join(f"{{{i}}} is not None" for i, t in enumerate(types) if t.nothing)
        tests = [*([there] if there else []), *([] if alike else [same]), f"{{0}} {sign} {{1}}"]
        return Form(" and ".join(tests), AND, operands, loose=True)

    return python
