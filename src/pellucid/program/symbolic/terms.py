"""Terms over symbolic tokens: z3 integers and Booleans, or plain Python ones where a value is sure.

A value of a program is a whole number here: a number stands for itself, text for its place among all text that occurs,
raised above every number. So `==` and `<` mean what they mean in the program.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from pellucid.errors import PellucidError
from pellucid.program.predicates import Value

TEXT = 2**50  # what the first text stands for; numbers of a program are smaller
MOST_FACTORS = 256  # values of a factor or divisor that are told apart
Term: TypeAlias = Any  # int, or a z3 integer
Truth: TypeAlias = Any  # bool, or a z3 Boolean


class UnsupportedError(Exception):
    """Something that cannot be put into terms."""


def load() -> Any:
    """The z3 module.

    Raises:
        PellucidError: it is not installed.
    """
    try:
        import z3
    except ImportError:
        raise PellucidError("--prove needs the z3 solver: pip install 'pellucid[proof]'") from None
    return z3


def _sure(term: Term) -> bool:
    return isinstance(term, int)


class Terms:
    """Builds terms; constants are folded as they come.

    Args:
        texts: every text that may occur.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.z3 = load()
        self._texts = sorted(set(texts))
        self._codes = {text: TEXT + i for i, text in enumerate(self._texts)}

    def code(self, value: Value) -> int:
        """The number a value stands for. Raises `KeyError` for text that was not announced."""
        return self._codes[value] if isinstance(value, str) else int(value)

    def value(self, code: int) -> Value:
        """The value that stands behind a number."""
        return self._texts[code - TEXT] if code >= TEXT else code

    def knows(self, value: object) -> bool:
        """Whether the value can occur at all."""
        return value in self._codes if isinstance(value, str) else isinstance(value, int) and abs(value) < TEXT // 2

    def symbol(self, name: str, values: Sequence[Value]) -> tuple[Term, Truth]:
        """A new unknown, and the condition that it is one of the values."""
        unknown = self.z3.Int(name)
        return unknown, self.member(unknown, map(self.code, values))

    # ------------------------------------------------------------ truth

    def all(self, parts: Iterable[Truth]) -> Truth:
        """Whether all hold."""
        left = [p for p in parts if p is not True]
        if any(p is False for p in left):
            return False
        return True if not left else left[0] if len(left) == 1 else self.z3.And(left)

    def any(self, parts: Iterable[Truth]) -> Truth:
        """Whether at least one holds."""
        left = [p for p in parts if p is not False]
        if any(p is True for p in left):
            return True
        return False if not left else left[0] if len(left) == 1 else self.z3.Or(left)

    def no(self, part: Truth) -> Truth:
        """Whether it does not hold."""
        return not part if isinstance(part, bool) else self.z3.Not(part)

    def compare(self, operation: Callable[[Any, Any], Any], left: Term, right: Term) -> Truth:
        """A comparison of two terms."""
        if left is right:
            return bool(operation(0, 0))
        symmetric = operation in (operator.eq, operator.ne) and not _sure(left) and not _sure(right)
        if symmetric and left.get_id() > right.get_id():
            left, right = right, left  # so that asking the other way round is the same question
        return operation(left, right)

    def member(self, term: Term, codes: Iterable[int]) -> Truth:
        """Whether a term is one of some numbers."""
        codes = sorted(set(codes))
        if isinstance(term, int):
            return term in codes
        runs: list[list[int]] = []
        for c in codes:
            if runs and c == runs[-1][1] + 1:
                runs[-1][1] = c
            else:
                runs.append([c, c])
        return self.any(term == a if a == b else self.z3.And(a <= term, term <= b) for a, b in runs)

    # ------------------------------------------------------------ numbers

    def choose(self, condition: Truth, a: Term, b: Term) -> Term:
        """a where the condition holds, else b."""
        if isinstance(condition, bool):
            return a if condition else b
        if a is b or (isinstance(a, int) and isinstance(b, int) and a == b):
            return a
        return self.z3.If(condition, a, b)

    def first(self, cases: Sequence[tuple[Truth, Term]], default: Term) -> Term:
        """The term of the first case whose condition holds."""
        found = default
        for condition, term in reversed(cases):
            found = self.choose(condition, term, found)
        return found

    def total(self, parts: Iterable[Term]) -> Term:
        """The sum."""
        parts = list(parts)
        sure = sum(p for p in parts if isinstance(p, int))
        left = [p for p in parts if not isinstance(p, int)]
        if not left:
            return sure
        return self.z3.Sum(left + ([sure] if sure else []))

    def apply(self, op: str, a: Term, b: Term, ends: tuple[int, int], others: tuple[int, int]) -> Term:
        """An operator of formulas; `ends`, `others`: intervals that hold a and b.

        Raises:
            UnsupportedError: a product or quotient of two wide ranges.
        """
        match op:
            case "+":
                return self.total([a, b])
            case "-":
                return a - b
            case "min":
                return self.choose(a <= b, a, b)
            case "max":
                return self.choose(a <= b, b, a)
            case "*":
                if isinstance(a, int) or isinstance(b, int):
                    return a * b
                if ends[1] - ends[0] < others[1] - others[0]:
                    a, b, others = b, a, ends
                return self._split(b, others, lambda n: a * n)
        quotient = op == "//"
        if isinstance(a, int) and isinstance(b, int):
            return (a // b if quotient else a % b) if b else 0
        return self._split(b, others, lambda n: self.divided(a, n, quotient))

    def _split(self, term: Term, ends: tuple[int, int], of: Callable[[int], Term]) -> Term:
        """A function of a term, value by value."""
        if isinstance(term, int):
            return of(term)
        low, high = ends
        if high - low >= MOST_FACTORS:
            raise UnsupportedError(f"a factor or divisor with {high - low + 1:,} possible values")
        return self.first([(term == n, of(n)) for n in range(low, high)], of(high))

    def divided(self, a: Term, n: int, quotient: bool) -> Term:
        """Quotient or remainder by a number, 0 by zero, rounded down.

        z3 rounds so that the remainder is not negative.
        """
        if n == 0:
            return 0
        if isinstance(a, int):
            return a // n if quotient else a % n
        if n > 0:
            return a / n if quotient else a % n
        return (-a) / (-n) if quotient else -((-a) % (-n))
