"""Unknown values that a user's Python function can compute with: where it needs to know, the run forks.

`==`, `<`, `+`, ... of unknowns give unknowns. Where Python must know (`if`, `range`, a key of a dict), `Paths` decides:
each way that some input takes is run in turn, from the start.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from pellucid.verify.symbolic.paths import Paths
from pellucid.verify.symbolic.terms import Term, Truth, UnsupportedError


class UnknownBool:
    """An unknown truth: counts as 0 or 1, and forks where it is asked for."""

    def __init__(self, paths: Paths, truth: Truth) -> None:
        self._paths, self.truth = paths, truth

    def number(self) -> Unknown:
        """It as 0 or 1."""
        return Unknown(self._paths, self._paths.terms.term(self.truth))

    def __bool__(self) -> bool:
        return self._paths.decide(self.truth)

    def __hash__(self) -> int:
        return hash(bool(self))

    def __index__(self) -> int:
        return int(bool(self))

    __int__ = __index__

    def __repr__(self) -> str:
        return repr(bool(self))

    def __eq__(self, other: object) -> Any:
        return bool(self) == other


class Unknown:
    """An unknown value: text, or a whole number.

    Args:
        paths: says what it is, where that must be known.
        term: what it stands for.
    """

    def __init__(self, paths: Paths, term: Term) -> None:
        self._paths, self.term = paths, term

    @property
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]  # so that isinstance tells
        t = self.term.type
        return str if t.is_text else int if t.is_number else type(self.known())

    def known(self) -> Any:
        """The value itself, on this path."""
        return self._paths.known(self.term)

    # ------------------------------------------------------------ comparisons

    def _compare(self, operation: Callable[[Any, Any], Any], other: Any) -> Any:
        term, ordered = self._term_of(other), operation not in (operator.eq, operator.ne)
        if term is NotImplemented:
            return NotImplemented
        if ordered and self._mixed(other):
            return operation(self.known(), plain(other))  # Python's own error of types, or none
        if term is not None:
            truth = operation(self.term, term)
        elif not ordered:
            truth = operation is operator.ne  # a value that never occurs
        elif isinstance(other, float):  # infinite
            truth = operation(0, other)
        else:
            fitting = [v for v in self.term.type.texts if operation(v, other)]
            truth = self._paths.terms.member(self.term, fitting)
        return truth if isinstance(truth, bool) else UnknownBool(self._paths, truth)

    def _mixed(self, other: Any) -> bool:
        """Whether order with the other may be an error of types."""
        mine = self.term.type
        if type(other) is Unknown:
            theirs = other.term.type
            return not (mine.is_text and theirs.is_text) and not (mine.is_number and theirs.is_number)
        return not (mine.is_text if isinstance(other, str) else mine.is_number)

    def _term_of(self, other: Any) -> Any:
        """The other's term; None if it cannot occur among the program's values."""
        if type(other) is Unknown:
            return other.term
        if type(other) is UnknownBool:
            return other.number().term
        if isinstance(other, bool | int | float | str):
            value = int(other) if isinstance(other, bool) else other
            return self._paths.terms.term(value) if self._paths.terms.knows(value) else None
        return NotImplemented

    # ------------------------------------------------------------ arithmetic

    def _number(self, other: Any) -> Term | None:
        """The other's term, both being whole numbers; None where Python must see the values."""
        if not self.term.type.is_number or (type(other) is Unknown and not other.term.type.is_number):
            return None
        if type(other) is Unknown:
            return other.term
        if type(other) is UnknownBool:
            return other.number().term
        return self._paths.terms.term(int(other)) if isinstance(other, bool | int) else None

    def _apply(self, operation: Callable[[Any, Any], Any], other: Any, swapped: bool) -> Any:
        term = self._number(other)
        if term is not None:
            a, b = (term, self.term) if swapped else (self.term, term)
            divides = operation in (operator.floordiv, operator.mod)
            if divides and self._paths.decide(b == 0):
                raise ZeroDivisionError("integer division or modulo by zero")
            try:
                return Unknown(self._paths, operation(a, b))
            except UnsupportedError:
                pass
        mine, theirs = self.known(), plain(other)
        return operation(theirs, mine) if swapped else operation(mine, theirs)

    def __divmod__(self, other: Any) -> Any:
        return self._apply(operator.floordiv, other, False), self._apply(operator.mod, other, False)

    def __rdivmod__(self, other: Any) -> Any:
        return self._apply(operator.floordiv, other, True), self._apply(operator.mod, other, True)

    def __neg__(self) -> Any:
        return self._apply(operator.mul, -1, False)

    def __abs__(self) -> Any:
        return self if self._compare(operator.ge, 0) else -self

    # ------------------------------------------------------------ where Python must know

    def __bool__(self) -> bool:
        return self._paths.decide(self.term != 0) if self.term.type.is_number else bool(self.known())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.known(), name)


def _delegated(name: str) -> Callable[..., Any]:
    def method(self: Unknown, *args: Any) -> Any:
        known = self.known()
        found = getattr(type(known), name, None)
        if found is None:
            raise TypeError(f"{type(known).__name__!r} object has no {name}")
        return found(known, *map(plain, args))

    return method


def _comparing(name: str) -> Callable[..., Any]:
    return lambda self, other: self._compare(getattr(operator, name), other)


def _computing(name: str, swapped: bool) -> Callable[..., Any]:
    return lambda self, other: self._apply(getattr(operator, name), other, swapped)


def _counting(name: str) -> Callable[..., Any]:
    return lambda self, other: getattr(self.number(), name)(other)


for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Unknown, f"__{_name}__", _comparing(_name))
for _name in ("add", "sub", "mul", "floordiv", "mod", "and_", "or_", "xor"):
    for _side in ("", "r"):
        _special = f"__{_side}{_name.rstrip('_')}__"
        setattr(Unknown, _special, _computing(_name, bool(_side)))
        setattr(UnknownBool, _special, _counting(_special))
for _name in (
    "hash", "index", "int", "float", "truediv", "rtruediv", "pow", "rpow", "str", "repr", "format", "len", "iter",
    "getitem", "contains",
):  # fmt: skip
    setattr(Unknown, f"__{_name}__", _delegated(f"__{_name}__"))


def plain(value: Any) -> Any:
    """The value with whatever is unknown in it known on this path."""
    if type(value) is Unknown:
        return value.known()
    return bool(value) if type(value) is UnknownBool else value


def term_of(value: Any, paths: Paths) -> Term | None:
    """The term of a label that a function gave; None for one that no program could give.

    Raises:
        UnsupportedError: a truth value, which is no label.
    """
    if type(value) is Unknown:
        return value.term
    if type(value) is UnknownBool or isinstance(value, bool):
        raise UnsupportedError("a label that is a truth value")
    value = value.item() if hasattr(value, "item") else value
    return paths.terms.term(value) if paths.terms.knows(value) else None
