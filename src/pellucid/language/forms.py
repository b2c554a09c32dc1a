"""How an operator is written in Python: a template, how tightly it binds, and what it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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


def infix(sign: str, level: int, count: int, same_right: bool = False) -> Form:
    """`a + b + c`; the right operands bind tighter than the whole unless grouping does not matter."""
    places = (level, *[level if same_right else level + 1] * (count - 1))
    template, logic = f" {sign} ".join(f"{{{i}}}" for i in range(count)), level in (OR, AND)
    return Form(template, level, places, (), (), tuple(range(count)) if logic else (), level >= SUM, logic)


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
