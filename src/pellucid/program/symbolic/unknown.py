"""Unknown values that a user's Python function can compute with: where it needs to know, the run forks.

`==`, `<`, `+`, ... of unknowns give unknowns. Where Python must know (`if`, `range`, a key of a dict), `Paths` decides:
each way that some input takes is run in turn, from the start.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pellucid.program.symbolic.terms import Term, Terms, Truth, UnsupportedError

if TYPE_CHECKING:
    from pellucid.program.symbolic.paths import Paths


class UnknownBool:
    """An unknown truth: counts as 0 or 1, and forks where it is asked for."""

    def __init__(self, paths: Paths, truth: Truth) -> None:
        self._paths, self.truth = paths, truth

    def number(self) -> Unknown:
        """It as 0 or 1."""
        return Unknown(self._paths, self._paths.terms.choose(self.truth, 1, 0), None)

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

    def __add__(self, other: Any) -> Any:
        return self.number() + other

    def __radd__(self, other: Any) -> Any:
        return other + self.number()

    def __sub__(self, other: Any) -> Any:
        return self.number() - other

    def __rsub__(self, other: Any) -> Any:
        return other - self.number()

    def __mul__(self, other: Any) -> Any:
        return self.number() * other

    __rmul__ = __mul__


class Unknown:
    """An unknown token or number.

    Args:
        term: the number it stands for.
        values: what it can be, for a token; None for a number that was computed.
    """

    def __init__(self, paths: Paths, term: Term, values: tuple | None) -> None:
        self._paths, self.term, self._values = paths, term, values
        self._texts = values is not None and any(isinstance(v, str) for v in values)

    @property
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]  # so that isinstance tells
        if self._texts and not all(isinstance(v, str) for v in self._values or ()):
            return type(self.known())
        return str if self._texts else int

    def known(self) -> Any:
        """The value itself, on this path."""
        return self._paths.known(self.term, self._values)

    # ------------------------------------------------------------ comparisons

    def _compare(self, operation: Callable[[Any, Any], Any], other: Any) -> Any:
        term = self._term_of(other)
        if term is NotImplemented:
            return NotImplemented
        ordered = operation not in (operator.eq, operator.ne)
        if ordered and self._mixed(other):
            return operation(self.known(), plain(other))  # Python's own error of types, or none
        if term is not None:
            truth = self._paths.terms.compare(operation, self.term, term)
        elif not ordered:
            truth = operation is operator.ne  # a value that never occurs
        else:
            fitting = [self._paths.terms.code(v) for v in self._values or () if operation(v, other)]
            truth = self._paths.terms.member(self.term, fitting)
        return truth if isinstance(truth, bool) else UnknownBool(self._paths, truth)

    def _mixed(self, other: Any) -> bool:
        """Whether order with the other may be an error of types."""
        both = [*(self._values or ()), *((other._values or (0,)) if isinstance(other, Unknown) else (other,))]
        return len({isinstance(v, str) for v in both}) > 1

    def _term_of(self, other: Any) -> Any:
        """The other's term; None if it cannot occur among the program's values."""
        if type(other) is Unknown:
            return other.term
        if type(other) is UnknownBool:
            return other.number().term
        if isinstance(other, bool | int | str):
            return self._paths.terms.code(other) if self._paths.terms.knows(other) else None
        return NotImplemented

    def __eq__(self, other: object) -> Any:
        return self._compare(operator.eq, other)

    def __ne__(self, other: object) -> Any:
        return self._compare(operator.ne, other)

    def __lt__(self, other: Any) -> Any:
        return self._compare(operator.lt, other)

    def __le__(self, other: Any) -> Any:
        return self._compare(operator.le, other)

    def __gt__(self, other: Any) -> Any:
        return self._compare(operator.gt, other)

    def __ge__(self, other: Any) -> Any:
        return self._compare(operator.ge, other)

    # ------------------------------------------------------------ arithmetic

    def _number(self, other: Any) -> Term:
        """The other's term, both being numbers; None where Python must see the values."""
        if self._texts or (type(other) is Unknown and other._texts):
            return None
        if type(other) is Unknown:
            return other.term
        if type(other) is UnknownBool:
            return other.number().term
        return int(other) if isinstance(other, bool | int) else None

    def _apply(self, operation: Callable[[Any, Any], Any], other: Any, swapped: bool = False) -> Any:
        term = self._number(other)
        constant = isinstance(term, int)
        plain = operation in (operator.add, operator.sub) or (operation is operator.mul and constant)
        divides = operation in (operator.floordiv, operator.mod) and constant and term > 0 and not swapped
        if term is None or not (plain or divides):
            mine, theirs = self.known(), other.known() if type(other) is Unknown else other
            return operation(theirs, mine) if swapped else operation(mine, theirs)
        if divides:  # z3 rounds as Python does where the divisor is positive
            divided = self._paths.terms.divided(self.term, term, operation is operator.floordiv)
            return Unknown(self._paths, divided, None)
        found = operation(term, self.term) if swapped else operation(self.term, term)
        return Unknown(self._paths, found, None)

    def __add__(self, other: Any) -> Any:
        return self._apply(operator.add, other)

    def __radd__(self, other: Any) -> Any:
        return self._apply(operator.add, other, swapped=True)

    def __sub__(self, other: Any) -> Any:
        return self._apply(operator.sub, other)

    def __rsub__(self, other: Any) -> Any:
        return self._apply(operator.sub, other, swapped=True)

    def __mul__(self, other: Any) -> Any:
        return self._apply(operator.mul, other)

    def __rmul__(self, other: Any) -> Any:
        return self._apply(operator.mul, other, swapped=True)

    def __floordiv__(self, other: Any) -> Any:
        return self._apply(operator.floordiv, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return self._apply(operator.floordiv, other, swapped=True)

    def __mod__(self, other: Any) -> Any:
        return self._apply(operator.mod, other)

    def __rmod__(self, other: Any) -> Any:
        return self._apply(operator.mod, other, swapped=True)

    def __neg__(self) -> Any:
        return self * -1

    def __abs__(self) -> Any:
        return self if self >= 0 else -self

    # ------------------------------------------------------------ where Python must know

    def __bool__(self) -> bool:
        if self._texts:
            return bool(self.known())
        return self._paths.decide(self._paths.terms.compare(operator.ne, self.term, 0))

    def __hash__(self) -> int:
        return hash(self.known())

    def __index__(self) -> int:
        return operator.index(self.known())

    __int__ = __index__

    def __float__(self) -> float:
        return float(self.known())

    def __truediv__(self, other: Any) -> Any:
        return self.known() / other

    def __rtruediv__(self, other: Any) -> Any:
        return other / self.known()

    def __pow__(self, other: Any) -> Any:
        return self.known() ** other

    def __str__(self) -> str:
        return str(self.known())

    def __repr__(self) -> str:
        return repr(self.known())

    def __format__(self, form: str) -> str:
        return format(self.known(), form)

    def __len__(self) -> int:
        return len(self.known())

    def __iter__(self) -> Any:
        return iter(self.known())

    def __getitem__(self, index: Any) -> Any:
        return self.known()[index]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.known(), name)


def plain(value: Any) -> Any:
    """The value with whatever is unknown in it known on this path."""
    if type(value) is Unknown:
        return value.known()
    if type(value) is UnknownBool:
        return bool(value)
    return value


def term_of(value: Any, terms: Terms) -> Term:
    """The term of a label that a function gave; None for one that no program could give.

    Raises:
        UnsupportedError: a truth value, which is no label.
    """
    if type(value) is Unknown:
        return value.term
    if type(value) is UnknownBool:
        raise UnsupportedError("a label that is a truth value")
    return terms.code(value) if terms.knows(value) else None


def tokens(paths: Paths, symbols: Sequence[Term], values: tuple) -> list[Unknown]:
    """The unknown input."""
    return [Unknown(paths, symbol, values) for symbol in symbols]
