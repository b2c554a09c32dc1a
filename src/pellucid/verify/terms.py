"""Terms over symbolic inputs: z3 integers and Booleans, or plain Python ones where a value is sure.

A value is a kind (nothing, number or text) and a code: of a number itself, of a text its place among all text that
occurs, so that `==` and `<` mean what they mean in the language. Whole numbers have no bounds; what holds floats is not
put into terms, but for constants that whole numbers are compared with, which is exact.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from pellucid.errors import PellucidError
from pellucid.language.operators import result_type
from pellucid.language.types import NOTHING, TRUTH, Type, Value, type_of_value, whole
from pellucid.values import runs

NONE, NUMBER, TEXT = range(3)  # kinds
MOST_FACTORS = 256  # values of a factor or divisor that are told apart
Code: TypeAlias = Any  # int, Fraction, or a z3 integer
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


def is_exact(t: Type) -> bool:
    """Whether a type holds texts, whole numbers and nothing only."""
    return t.numbers is None or t.numbers.whole


Operation: TypeAlias = Callable[[Any, Any], Any]
MIRRORED = {operator.lt: operator.gt, operator.le: operator.ge, operator.gt: operator.lt, operator.ge: operator.le}


def _ordered(compare: Operation) -> Callable[[Term, Any], Truth]:
    def method(self: Term, other: Any) -> Truth:
        b = self.build.term(other)
        some = self.build.Not(self.is_nothing)
        return self.build.And(_same(self.kind, b.kind), some, _compared(compare, self.code, b.code))

    return method


def _number(name: str, code: Callable[..., Code]) -> Callable[..., Term]:
    """An operator on whole numbers, by its name in the language and the code it gives for a builder and terms."""

    def method(self: Term, *others: Any) -> Term:
        terms = (self, *map(self.build.term, others))
        t = result_type(name, [term.type.something() for term in terms])
        return Term(self.build, code(self.build, *terms), NUMBER, t if is_exact(t) else whole())

    return method


class Term:
    """A value that depends on the input; compares and computes as the language does.

    Args:
        build: the builder it belongs to.
        code, kind: as above. type: what it can be. truth: of a flag, when it is 1.
    """

    __slots__ = ("build", "code", "kind", "truth", "type")

    def __init__(self, build: Terms, code: Code, kind: Code, t: Type, truth: Truth = None) -> None:
        if not t.nothing and (t.is_number or t.is_text):
            kind = NUMBER if t.is_number else TEXT
        elif t == NOTHING:
            code, kind = 0, NONE
        self.build, self.code, self.kind, self.type, self.truth = build, code, kind, t, truth

    def typed(self, t: Type) -> Term:
        """The same, known to be of a type."""
        return Term(self.build, self.code, self.kind, t, self.truth)

    @property
    def is_text(self) -> Truth:
        """Whether it is text."""
        return self.kind == TEXT

    @property
    def is_nothing(self) -> Truth:
        """Whether it is nothing."""
        return self.kind == NONE

    # ------------------------------------------------------------ comparisons

    def __eq__(self, other: object) -> Truth:  # pyright: ignore[reportIncompatibleMethodOverride]
        b = self.build.term(other)
        return self.build.And(_same(self.kind, b.kind), _compared(operator.eq, self.code, b.code))

    def __ne__(self, other: object) -> Truth:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self.build.Not(self == other)

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    __lt__, __le__ = _ordered(operator.lt), _ordered(operator.le)
    __gt__, __ge__ = _ordered(operator.gt), _ordered(operator.ge)

    # ------------------------------------------------------------ arithmetic on whole numbers

    __neg__ = _number("neg", lambda z, a: -a.code)
    __add__ = _number("+", lambda z, a, b: a.code + b.code)
    __sub__ = _number("-", lambda z, a, b: a.code - b.code)
    __mul__ = _number("*", lambda z, a, b: z.product(*sorted((a, b), key=_width)))
    __floordiv__ = _number("//", lambda z, a, b: z.split(b, lambda n: z.quotient(a.code, n)))
    __mod__ = _number("%", lambda z, a, b: z.split(b, lambda n: z.remainder(a.code, n)))
    __and__ = _number("&", lambda z, a, b: z.bits("&", operator.and_, z.And, a, b))
    __or__ = _number("|", lambda z, a, b: z.bits("|", operator.or_, z.Or, a, b))
    __xor__ = _number("^", lambda z, a, b: z.bits("^", operator.xor, lambda x, y: z.Not(_same(x, y)), a, b))


def sure(code: Code) -> bool:
    """Whether it is known whatever the input is."""
    return isinstance(code, int | Fraction)


def _same(a: Any, b: Any) -> Truth:
    return True if a is b else a == b


def _compared(compare: Operation, a: Code, b: Code) -> Truth:
    """A comparison of two codes, at most one of them a fraction beside one that is not sure."""
    if a is b:
        return compare(0, 0)
    if sure(a) and sure(b):
        return compare(a, b)
    if isinstance(b, Fraction):  # not whole: a lies on one side of it
        below = compare in (operator.lt, operator.le)
        return False if compare is operator.eq else a <= math.floor(b) if below else a > math.floor(b)
    if isinstance(a, Fraction):
        return _compared(MIRRORED.get(compare, compare), b, a)
    if compare is operator.eq and not sure(a) and not sure(b) and a.get_id() > b.get_id():
        a, b = b, a  # so that asking the other way round is the same question
    return compare(a, b)


def _width(term: Term) -> float:
    n = term.type.numbers
    return 0 if n is None else n.high - n.low


class Terms:
    """Builds terms; constants are folded as they come. What rows of the language's tables call the solver.

    Args:
        texts: every text that may occur.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self.z3 = load()
        self._texts = sorted(set(texts))
        self._codes = {text: i for i, text in enumerate(self._texts)}

    # ------------------------------------------------------------ values

    def term(self, value: Any) -> Term:
        """A term, a truth (as a flag) or a plain value as a term. Raises `KeyError` for text not announced."""
        if isinstance(value, Term):
            return value
        if isinstance(value, bool) or self._is_truth(value):
            return Term(self, self.choose(value, 1, 0), NUMBER, TRUTH, value)
        if value is None:
            return Term(self, 0, NONE, NOTHING)
        if isinstance(value, str):
            return Term(self, self._codes[value], TEXT, Type((value,)))
        number = Fraction(value)
        return Term(self, int(number) if number.denominator == 1 else number, NUMBER, type_of_value(value))

    def _is_truth(self, value: Any) -> bool:
        return isinstance(value, self.z3.BoolRef)

    def knows(self, value: object) -> bool:
        """Whether a plain value can occur at all."""
        if isinstance(value, str):
            return value in self._codes
        return value is None or (isinstance(value, int | float) and math.isfinite(value))

    def value(self, kind: int, code: int | Fraction) -> Value:
        """The value of a kind and a code."""
        if isinstance(code, Fraction):
            return float(code)
        return None if kind == NONE else self._texts[code] if kind == TEXT else code

    def symbol(self, name: str, t: Type) -> tuple[Term, Truth]:
        """A new unknown of a type, and the condition that it is one.

        Raises:
            UnsupportedError: it may be a float.
        """
        if not is_exact(t):
            raise UnsupportedError("numbers that may be floats: proofs are about texts and whole numbers")
        unknown = Term(self, self.z3.Int(name), self.z3.Int(f"{name}_kind"), t)
        if t.values is not None:
            return unknown, self.member(unknown, t.values)
        texts = self.member(unknown, t.texts)
        ends = [] if t.numbers is None else [(t.numbers.low, operator.ge), (t.numbers.high, operator.le)]
        within = self.And(*(compare(unknown, int(end)) for end, compare in ends if math.isfinite(end)))
        return unknown, self.Or(texts, self.And(unknown.kind == NUMBER, within))

    # ------------------------------------------------------------ truth

    def truth(self, value: Any) -> Truth:
        """Whether it is neither 0 nor nothing."""
        if not isinstance(value, Term):
            return value if isinstance(value, bool) or self._is_truth(value) else bool(value)
        if value.truth is not None:
            return value.truth
        return self.And(self.Not(value.is_nothing), self.Not(_same(value.code, 0)))

    def And(self, *parts: Any) -> Truth:  # noqa: N802  # as z3 calls it
        """Whether all hold."""
        return self._joined(self.z3.And, False, parts)

    def Or(self, *parts: Any) -> Truth:  # noqa: N802
        """Whether at least one holds."""
        return self._joined(self.z3.Or, True, parts)

    def _joined(self, join: Callable[[list], Any], decisive: bool, parts: Sequence[Any]) -> Truth:
        truths = [self.truth(part) for part in parts]
        left = [t for t in truths if not isinstance(t, bool)]
        if any(t is decisive for t in truths):
            return decisive
        return not decisive if not left else left[0] if len(left) == 1 else join(left)

    def Not(self, part: Any) -> Truth:  # noqa: N802
        """Whether it does not hold."""
        truth = self.truth(part)
        return not truth if isinstance(truth, bool) else self.z3.Not(truth)

    def member(self, term: Term, values: Iterable[Value]) -> Truth:
        """Whether a term is one of some values."""
        found = [self.term(v) for v in values if not isinstance(v, float) or v.is_integer()]
        kinds = {kind: sorted({t.code for t in found if t.kind == kind}) for kind in range(3)}
        return self.Or(
            *(self.And(_same(term.kind, k), self._within(term.code, codes)) for k, codes in kinds.items() if codes)
        )

    def _within(self, code: Code, codes: list[int]) -> Truth:
        if sure(code):
            return code in codes
        return self.Or(*(code == a if a == b else self.And(a <= code, code <= b) for a, b in runs(codes)))

    # ------------------------------------------------------------ choices

    def choose(self, condition: Truth, a: Code, b: Code) -> Code:
        """One of two codes."""
        if isinstance(condition, bool):
            return a if condition else b
        if a is b or (sure(a) and sure(b) and a == b):
            return a
        if isinstance(a, Fraction) or isinstance(b, Fraction):
            raise UnsupportedError("numbers that may be floats: proofs are about texts and whole numbers")
        return self.z3.If(condition, a, b)

    def If(self, condition: Any, a: Any, b: Any) -> Term:  # noqa: N802
        """a where the condition holds, else b."""
        truth, a, b = self.truth(condition), self.term(a), self.term(b)
        if isinstance(truth, bool):
            return a if truth else b
        found = Term(self, self.choose(truth, a.code, b.code), self.choose(truth, a.kind, b.kind), a.type | b.type)
        if a.truth is not None and b.truth is not None:
            found.truth = self.Or(self.And(truth, a.truth), self.And(self.Not(truth), b.truth))
        return found

    def first(self, cases: Sequence[tuple[Truth, Any]], default: Any) -> Term:
        """The term of the first case whose condition holds."""
        return functools.reduce(
            lambda found, case: self.If(case[0], case[1], found), reversed(cases), self.term(default)
        )

    # ------------------------------------------------------------ numbers

    def total(self, parts: Iterable[Any]) -> Term:
        """The sum of numbers and flags."""
        terms = [self.term(part) for part in parts]
        known = sum(t.code for t in terms if sure(t.code))
        left = [t.code for t in terms if not sure(t.code)]
        ends = [(0, 0) if t.type.numbers is None else (t.type.numbers.low, t.type.numbers.high) for t in terms]
        code = known if not left else self.z3.Sum(left + ([known] if known else []))
        return Term(self, code, NUMBER, whole(sum(low for low, _ in ends), sum(high for _, high in ends)))

    def split(self, term: Term, of: Callable[[Code], Code]) -> Code:
        """A function of a number, value by value where it has few."""
        n = term.type.numbers
        if sure(term.code) or n is None or n.high - n.low >= MOST_FACTORS:
            return of(term.code)
        found = of(int(n.high))
        for value in range(int(n.high) - 1, int(n.low) - 1, -1):
            found = self.choose(term.code == value, of(value), found)
        return found

    def product(self, narrow: Term, wide: Term) -> Code:
        """The product of two numbers, of which the first has no more values than the other."""
        return self.split(narrow, lambda n: n * wide.code)

    def power(self, base: Term, exponent: Term) -> Term:
        """A number times itself."""
        return functools.reduce(operator.mul, [base] * exponent.code, self.term(1))

    def quotient(self, a: Code, b: Code) -> Code:
        """a // b as the language has it; z3 rounds so that the remainder is not negative."""
        return self._divided(a, b, operator.floordiv, lambda: self.choose(b > 0, a / b, (-a) / (-b)))

    def remainder(self, a: Code, b: Code) -> Code:
        """a % b as the language has it."""
        return self._divided(a, b, operator.mod, lambda: self.choose(b > 0, a % b, -((-a) % (-b))))

    def _divided(self, a: Code, b: Code, plain: Operation, terms: Callable[[], Code]) -> Code:
        if sure(b) and (b == 0 or sure(a)):
            return plain(a, b) if b else 0
        if sure(a):
            a = self.z3.IntVal(a)
        return self.choose(_compared(operator.eq, b, 0), 0, terms())

    def bits(self, name: str, operation: Operation, choose: Operation, a: Term, b: Term) -> Code:
        """An operation bit by bit, of numbers that are not negative; `choose` is it on truths."""
        if sure(a.code) and sure(b.code):
            return operation(a.code, b.code)
        ends = [t.type.numbers for t in (a, b) if t.type.numbers is not None]
        if any(n.low < 0 or math.isinf(n.high) for n in ends):
            raise UnsupportedError(f"the bits ({name}) of numbers without bounds")
        places = range(max(int(n.high).bit_length() for n in ends))
        return sum(self.choose(choose(self._bit(a.code, i), self._bit(b.code, i)), 2**i, 0) for i in places)

    def _bit(self, code: Code, place: int) -> Truth:
        return self.remainder(self.quotient(code, 2**place), 2) == 1
