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
    ternary's branches only where they are asked for, a template may name an operand twice.
    """

    template: str
    level: int
    operands: tuple[int, ...]
    modules: tuple[str, ...] = ()
    helpers: tuple[Callable, ...] = ()

    def repeats(self, index: int) -> bool:
        """Whether an operand's text stands there more than once."""
        return self.template.count(f"{{{index}}}") > 1


def infix(sign: str, level: int, count: int, same_right: bool = False) -> Form:
    """`a + b + c`; the right operands bind tighter than the whole unless grouping does not matter."""
    places = (level, *[level if same_right else level + 1] * (count - 1))
    return Form(f" {sign} ".join(f"{{{i}}}" for i in range(count)), level, places)


def call(name: str, count: int, modules: tuple[str, ...] = (), helpers: tuple[Callable, ...] = ()) -> Form:
    """`f(a, b)`."""
    inside = ", ".join(f"{{{i}}}" for i in range(count))
    return Form(f"{name}({inside})", ATOM, (CONDITION,) * count, modules, helpers)
