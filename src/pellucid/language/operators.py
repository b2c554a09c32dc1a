"""The operators of expressions: one row each, with everything that is to be known of it.

Every operator is total: dividing by zero, the remainder of it, the root of a negative number and the logarithm of one
that is not positive give 0; what lies beyond all floats is "not a number", which is 0 when rounded. Comparisons and
logic give 0 or 1, and take every number but 0 for true. Arithmetic on nothing gives nothing, order with nothing or
between text and number is false, `==` is defined on everything.

To add one, add a row: interpreters, emitter, JSON, explanations, proofs and searches read this table.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import add, mul
from typing import Any

import numpy as np

from pellucid.language import arrays, forms
from pellucid.language.arrays import Batch
from pellucid.language.forms import ATOM, CONDITION, Form, Python, safe
from pellucid.language.types import INF, NOTHING, TRUTH, Number, Numbers, Type, Value, whole

Rule = Callable[[Sequence[Type]], Type]
HIGHEST_POWER = 64


@dataclass(frozen=True)
class Operator:
    """A row of the table.

    Args:
        name: as in `Apply.operator`.
        arity: fewest and most arguments; None for any number.
        scalar: the meaning on Python values. Of a `strict` operator: on numbers (`min`, `max`: or texts) alone.
        rule: type of the result for types of the arguments, an interval that holds every result.
            Raises `TypeError` for arguments it cannot take.
        python: how it is written, for the types of its arguments.
        words: how explanations tell it, `{0}`, `{1}` standing for the arguments.
        batch: the meaning on int64 and float64 arrays without nothing, None where those cannot hold it; of operators
            that take any number of arguments on two. Without one, the scalar meaning is applied element by element.
        smt: the meaning on terms that stand for texts and whole numbers, `smt(solver, *terms)`, of operators that take
            any number of arguments on two; None: cannot be proved about.
        price: what a use costs in a search, beside its arguments.
        strict: nothing among the arguments gives nothing.
        symmetric: the order of two arguments does not matter.
        searched: whether searches try it.
        finite: finite arguments give a finite result.
        kernel: a faster `batch` that takes and gives float64 alone, where whole numbers are below 2**52; for searches.
        noun: what names of variables call the result; of a comparison what they put between its sides.
        compared: how names of variables call keys that compare so with the query.
    """

    name: str
    arity: tuple[int, int | None]
    scalar: Callable[..., Value]
    rule: Rule
    python: Python
    words: str
    batch: Batch | None = None
    smt: Callable[..., Any] | None = None
    price: float = 1.0
    strict: bool = True
    symmetric: bool = False
    searched: bool = True
    finite: bool = False
    kernel: Callable[..., np.ndarray] | None = None
    noun: str = "value"
    compared: str = "matching"

    @property
    def folds(self) -> bool:
        """Whether it takes any number of arguments."""
        return self.arity[1] is None


# ---------------------------------------------------------------- types of results


def _numbers(types: Sequence[Type]) -> list[Numbers]:
    """The numbers of each argument; an argument that holds none (nothing alone) has the number 0."""
    for t in types:
        if t.texts:
            raise TypeError(f"expected numbers, got {t}")
    return [t.numbers or Numbers(0, 0, True) for t in types]


def _arithmetic(interval: Callable[..., tuple[Number, Number]], stays_whole: bool = True) -> Rule:
    """Whole where all arguments are; the interval from theirs."""

    def rule(types: Sequence[Type]) -> Type:
        ns = _numbers(types)
        low, high = interval(*((n.low, n.high) for n in ns))
        return Type((), Numbers(low, high, stays_whole and all(n.whole for n in ns)))

    return rule


def _fixed(low: Number, high: Number, is_whole: bool = False) -> Rule:
    def rule(types: Sequence[Type]) -> Type:
        _numbers(types)
        return Type((), Numbers(low, high, is_whole))

    return rule


def _whole_only(interval: Callable[..., tuple[Number, Number]]) -> Rule:
    def rule(types: Sequence[Type]) -> Type:
        for t in types:
            check_whole(t)
        return _arithmetic(interval)(types)

    return rule


def check_whole(t: Type) -> None:
    """Raise `TypeError` for a type that holds anything but whole numbers."""
    if t.texts or (t.numbers is not None and not t.numbers.whole):
        raise TypeError(f"expected whole numbers, got {t}")


def _any_to_flag(types: Sequence[Type]) -> Type:
    del types
    return TRUTH


def _logic(types: Sequence[Type]) -> Type:
    _numbers(types)
    return TRUTH


def _where(types: Sequence[Type]) -> Type:
    _numbers(types[:1])
    return types[1] | types[2]


def _extremum(pick: Callable[..., Number]) -> Rule:
    def rule(types: Sequence[Type]) -> Type:
        if all(not t.numbers for t in types) and any(t.texts for t in types):
            return Type(tuple(sorted({text for t in types for text in t.texts})))
        ns = _numbers(types)
        return Type((), Numbers(pick(n.low for n in ns), pick(n.high for n in ns), all(n.whole for n in ns)))

    return rule


def _number(types: Sequence[Type]) -> Type:
    (t,) = types
    return Type((), t.numbers, t.nothing or bool(t.texts)) if t.numbers else NOTHING


Ends = tuple[Number, Number]


def _times(a: Number, b: Number) -> Number:
    return 0 if 0 in (a, b) else a * b


def _product(*ends: Ends) -> Ends:
    low, high = ends[0]
    for pair in ends[1:]:
        corners = [_times(a, b) for a, b in itertools.product((low, high), pair)]
        low, high = min(corners), max(corners)
    return low, high


def _remainder(types: Sequence[Type]) -> Type:
    a, b = _numbers(types)
    if a.whole and b.whole:
        return whole(min(0, b.low + 1), max(0, b.high - 1))
    return Type((), Numbers(min(0, b.low), max(0, b.high)))


def _whole_quotient(a: Ends, b: Ends) -> Ends:
    if all(map(math.isfinite, (*a, *b))):
        divisors = [y for y in (b[0], -1, 1, b[1]) if y and b[0] <= y <= b[1]]
        corners = [x // y for x, y in itertools.product(a, divisors)] + ([0] if b[0] <= 0 <= b[1] else [])
        return min(corners, default=0), max(corners, default=0)
    return _quotient(a, b)


def _quotient(a: Ends, b: Ends) -> Ends:
    if b[0] >= 1:  # the absolute value shrinks, but for the rounding down
        return _rounded_ends(math.floor, (min(a[0], 0), max(a[1], 0)))
    return _ratio(a, b)


def _rounded_quotient(types: Sequence[Type]) -> Type:
    are_whole = all(n.whole for n in _numbers(types))
    return _arithmetic(_whole_quotient if are_whole else _quotient)(types)


def _ratio(a: Ends, b: Ends) -> Ends:
    return (0, INF) if a[0] >= 0 and b[0] >= 0 else (-INF, INF)


def _absolute(a: Ends) -> Ends:
    return max(0, a[0], -a[1]), max(-a[0], a[1])


def _square(a: Ends) -> Ends:
    low, high = _absolute(a)
    return _times(low, low), _times(high, high)


def _power(types: Sequence[Type]) -> Type:
    base, exponent = _numbers(types)
    if exponent.low != exponent.high or not exponent.whole or not 0 <= exponent.low <= HIGHEST_POWER:
        raise TypeError(f"pow: expected a constant whole exponent from 0 to {HIGHEST_POWER}")
    low, high = (base.low, base.high) if exponent.low % 2 else _absolute((base.low, base.high))
    return Type((), Numbers(_raised(low, int(exponent.low)), _raised(high, int(exponent.low)), base.whole))


def _raised(value: Number, exponent: int) -> Number:
    try:
        return value**exponent
    except OverflowError:
        return math.copysign(INF, value) if exponent % 2 else INF


def _rounded_ends(function: Callable[[Number], int], a: Ends) -> Ends:
    low, high = (e if math.isinf(e) else function(e) for e in a)
    return low, high


def _to_whole(function: Callable[[Number], int]) -> Rule:
    def rule(types: Sequence[Type]) -> Type:
        (n,) = _numbers(types)
        return whole(*_rounded_ends(function, (n.low, n.high)))

    return rule


def _bits(a: Ends, b: Ends) -> Ends:
    """Bitwise results of numbers that are not negative stay below the next power of two."""
    if a[0] < 0 or b[0] < 0 or INF in (a[1], b[1]):
        return _ratio(a, b)
    return 0, 2 ** int(max(a[1], b[1])).bit_length() - 1


def _common_bits(a: Ends, b: Ends) -> Ends:
    tops = [e[1] for e in (a, b) if e[0] >= 0]
    return (0, min(tops)) if tops else (-INF, INF)


# ---------------------------------------------------------------- meanings


def divide(a, b):
    """a / b; a whole number where both are and it divides, 0 where b is 0."""
    if b == 0:
        return 0
    if isinstance(a, int) and isinstance(b, int) and a % b == 0:
        return a // b
    return a / b


def rounded(function, number):
    """The number rounded by the function; 0 for one that is not finite."""
    return function(number) if math.isfinite(number) else 0


def _arcsine(a: Number) -> Number:
    return math.asin(a) if -1 <= a <= 1 else 0


def _arccosine(a: Number) -> Number:
    return math.acos(a) if -1 <= a <= 1 else 0


def _logarithm(a: Number) -> Number:
    return math.log(a) if a > 0 else 0


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Value, Value], int]:
    def meaning(a: Value, b: Value) -> int:
        if a is None or b is None or isinstance(a, str) != isinstance(b, str):
            return 0
        return int(compare(a, b))

    return meaning


def _order_row(name: str, compare: Callable, ufunc: Callable, words: str, noun: str, compared: str) -> Operator:
    return Operator(
        name, (2, 2), _ordered(compare), _any_to_flag, forms.compare(name), words, arrays.compared(ufunc),
        lambda z, a, b: compare(a, b), strict=False, noun=noun, compared=compared,
    )  # fmt: skip


OPERATORS: Mapping[str, Operator] = {row.name: row for row in (
    Operator("+", (2, None), lambda *args: reduce(add, args),
             _arithmetic(lambda *e: (sum(a for a, _ in e), sum(b for _, b in e))), forms.between("+", forms.SUM),
             "{0} + {1}", arrays.plus, lambda z, a, b: a + b, symmetric=True, noun="sum"),
    Operator("-", (2, 2), lambda a, b: a - b, _arithmetic(lambda a, b: (a[0] - b[1], a[1] - b[0])),
             forms.between("-", forms.SUM), "{0} - {1}", arrays.minus, lambda z, a, b: a - b, noun="difference"),
    Operator("*", (2, None), lambda *args: reduce(mul, args), _arithmetic(_product), forms.between("*", forms.PRODUCT),
             "{0} * {1}", arrays.times, lambda z, a, b: a * b, symmetric=True, noun="product"),
    Operator("/", (2, 2), divide, _arithmetic(_ratio, False), forms.function("divide", helpers=(divide,)),
             "{0} / {1}", arrays.divided, noun="quotient"),
    Operator("//", (2, 2), lambda a, b: a // b if b else 0, _rounded_quotient, forms.guarded("//"),
             "{0} // {1}", arrays.quotient, kernel=arrays.fast_quotient, smt=lambda z, a, b: a // b, noun="quotient"),
    Operator("%", (2, 2), lambda a, b: a % b if b else 0, _remainder, forms.guarded("%"),
             "{0} % {1}", arrays.remainder, kernel=arrays.fast_remainder, smt=lambda z, a, b: a % b, noun="remainder"),
    Operator("neg", (1, 1), lambda a: -a, _arithmetic(lambda a: (-a[1], -a[0])),
             lambda types: Form("-{0}", forms.SIGN, (ATOM,), loose=True), "-{0}", lambda a: np.asarray(-a),
             lambda z, a: -a, searched=False, finite=True, noun="negative"),
    Operator("abs", (1, 1), lambda a: abs(a), _arithmetic(_absolute), forms.function("abs"), "abs({0})",
             np.abs, lambda z, a: z.If(a >= 0, a, -a), finite=True, noun="size"),
    Operator("min", (2, None), min, _extremum(min), forms.function("min"), "min({0}, {1})",
             arrays.extreme(np.less), lambda z, a, b: z.If(b < a, b, a), symmetric=True, finite=True, noun="smaller"),
    Operator("max", (2, None), max, _extremum(max), forms.function("max"), "max({0}, {1})",
             arrays.extreme(np.greater), lambda z, a, b: z.If(b > a, b, a), symmetric=True, finite=True, noun="larger"),
    Operator("==", (2, 2), lambda a, b: int(a == b), _any_to_flag, forms.compare("=="), "{0} == {1}",
             arrays.compared(np.equal), lambda z, a, b: a == b, strict=False, symmetric=True,
             noun="is", compared="same"),
    Operator("!=", (2, 2), lambda a, b: int(a != b), _any_to_flag, forms.compare("!="), "{0} != {1}",
             arrays.compared(np.not_equal), lambda z, a, b: a != b, strict=False, symmetric=True,
             noun="is_not", compared="other"),
    _order_row("<", lambda a, b: a < b, np.less, "{0} < {1}", "below", "smaller"),
    _order_row("<=", lambda a, b: a <= b, np.less_equal, "{0} <= {1}", "up_to", "not_larger"),
    _order_row(">", lambda a, b: a > b, np.greater, "{0} > {1}", "above", "larger"),
    _order_row(">=", lambda a, b: a >= b, np.greater_equal, "{0} >= {1}", "at_least", "not_smaller"),
    Operator("and", (2, None), lambda *args: int(all(args)), _logic, forms.between("and", forms.AND, True),
             "{0} and {1}", lambda a, b: (arrays.truth(a) & arrays.truth(b)).astype(np.int64),
             lambda z, a, b: z.And(a, b), strict=False, symmetric=True, noun="both"),
    Operator("or", (2, None), lambda *args: int(any(args)), _logic, forms.between("or", forms.OR, True),
             "{0} or {1}", lambda a, b: (arrays.truth(a) | arrays.truth(b)).astype(np.int64),
             lambda z, a, b: z.Or(a, b), strict=False, symmetric=True, noun="either"),
    Operator("not", (1, 1), lambda a: int(not a), _logic,
             lambda types: Form("not {0}", forms.NOT, (forms.NOT,), tests=(0,)),
             "not {0}", lambda a: (~arrays.truth(a)).astype(np.int64), lambda z, a: z.Not(a), strict=False, noun="not"),
    Operator("where", (3, 3), lambda c, a, b: a if c else b, _where,
             lambda types: Form("{1} if {0} else {2}", CONDITION, (forms.OR, forms.OR, CONDITION), tests=(0,)),
             "{1} if {0}, else {2}", arrays.chosen, lambda z, c, a, b: z.If(c, a, b), strict=False, finite=True,
             noun="choice"),
    Operator("^", (2, 2), lambda a, b: a ^ b, _whole_only(_bits), forms.between("^", forms.BITXOR), "{0} ^ {1}",
             arrays.whole_only(np.bitwise_xor), price=2.0, symmetric=True, smt=lambda z, a, b: a ^ b, noun="bits"),
    Operator("&", (2, 2), lambda a, b: a & b, _whole_only(_common_bits), forms.between("&", forms.BITAND),
             "{0} & {1}", arrays.whole_only(np.bitwise_and), price=2.0, symmetric=True, smt=lambda z, a, b: a & b,
             noun="bits"),
    Operator("|", (2, 2), lambda a, b: a | b, _whole_only(_bits), forms.between("|", forms.BITOR), "{0} | {1}",
             arrays.whole_only(np.bitwise_or), price=2.0, symmetric=True, smt=lambda z, a, b: a | b, noun="bits"),
    Operator("floor", (1, 1), partial(rounded, math.floor), _to_whole(math.floor),
             forms.function("math.floor", "math", guard=rounded), "floor({0})", arrays.to_whole(np.floor),
             smt=lambda z, a: a, finite=True, noun="whole"),
    Operator("round", (1, 1), partial(rounded, round), _to_whole(round), forms.function("round", guard=rounded),
             "round({0})", arrays.to_whole(np.round), smt=lambda z, a: a, finite=True, noun="rounded"),
    Operator("sqrt", (1, 1), lambda a: math.sqrt(a) if a > 0 else 0, _fixed(0, INF), forms.positive_only("math.sqrt"),
             "sqrt({0})", arrays.root, finite=True, noun="root"),
    Operator("sin", (1, 1), math.sin, _fixed(-1, 1), forms.function("math.sin", "math", guard=safe), "sin({0})",
             arrays.each(math.sin), kernel=np.sin, finite=True, noun="sine"),
    Operator("cos", (1, 1), math.cos, _fixed(-1, 1), forms.function("math.cos", "math", guard=safe), "cos({0})",
             arrays.each(math.cos), kernel=np.cos, finite=True, noun="cosine"),
    Operator("tan", (1, 1), math.tan, _fixed(-INF, INF), forms.function("math.tan", "math", guard=safe), "tan({0})",
             arrays.each(math.tan), kernel=np.tan, searched=False, noun="tangent"),
    Operator("asin", (1, 1), _arcsine, _fixed(-1.6, 1.6), forms.inside_one("math.asin"), "asin({0})",
             arrays.each(_arcsine), searched=False, finite=True),
    Operator("acos", (1, 1), _arccosine, _fixed(0, 3.2), forms.inside_one("math.acos"), "acos({0})",
             arrays.each(_arccosine), searched=False, finite=True),
    Operator("tanh", (1, 1), math.tanh, _fixed(-1, 1), forms.function("math.tanh", "math"),
             "tanh({0})", arrays.each(math.tanh), kernel=np.tanh, searched=False, finite=True),
    Operator("exp", (1, 1), math.exp, _fixed(0, INF), forms.function("math.exp", "math", guard=safe), "exp({0})",
             arrays.each(math.exp), kernel=np.exp, noun="growth"),
    Operator("log", (1, 1), _logarithm, _fixed(-INF, INF), forms.positive_only("math.log"), "log({0})",
             arrays.each(_logarithm), kernel=lambda a: np.where(a > 0, np.log(np.where(a > 0, a, 1)), 0), finite=True,
             noun="logarithm"),
    Operator("square", (1, 1), lambda a: a * a, _arithmetic(_square), forms.squared, "{0} ** 2",
             lambda a: arrays.times(a, a), lambda z, a: a * a, noun="square"),
    Operator("sign", (1, 1), lambda a: (a > 0) - (a < 0), _fixed(-1, 1, True),
             lambda types: Form("({0} > 0) - ({0} < 0)", forms.SUM, (forms.COMPARISON + 1,)), "sign({0})",
             lambda a: (a > 0).astype(np.int64) - (a < 0), lambda z, a: z.If(a > 0, 1, z.If(a < 0, -1, 0)),
             price=2.0, finite=True, noun="sign"),
    Operator("pow", (2, 2), lambda a, n: a**n, _power, lambda types: forms.powered(types, "{1}"),
             "{0} ** {1}", arrays.power, smt=lambda z, a, n: z.power(a, n), noun="power"),
    Operator("number", (1, 1), lambda a: None if isinstance(a, str) else a, _number,
             lambda types: Form("None if isinstance({0}, str) else {0}", CONDITION, (forms.OR,)),
             "{0} where it is a number", strict=False, searched=False, smt=lambda z, a: z.If(a.is_text, None, a),
             finite=True),
)}  # fmt: skip
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
NEGATED = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def operator(name: str, arguments: int | None = None) -> Operator:
    """The row of an operator, which takes so many arguments.

    Raises:
        ValueError: there is none of this name, or it takes more or fewer.
    """
    if name not in OPERATORS:
        raise ValueError(f"unknown operator {name!r:.60}; known: {' '.join(OPERATORS)}")
    row = OPERATORS[name]
    least, most = row.arity
    if arguments is not None and not least <= arguments <= (arguments if most is None else most):
        raise ValueError(f"{name} of {arguments} arguments; expected {least}")
    return row


def apply(name: str, args: Sequence[Value]) -> Value:
    """Value of an operator for values that its types admit."""
    row = OPERATORS[name]
    if row.strict and None in args:
        return None
    try:
        return row.scalar(*args)
    except (ArithmeticError, ValueError):  # beyond all floats, or undefined there
        return math.nan


def result_type(name: str, types: Sequence[Type]) -> Type:
    """Type of an operator's result.

    Raises:
        TypeError: an argument of a type it does not take. ValueError: unknown, or a wrong number of arguments.
    """
    row = operator(name, len(types))
    if any(t.is_empty for t in types):  # no value ever comes: nothing is known yet of a state that is computed from it
        return Type()
    if not row.strict:
        return row.rule(types)
    try:
        found = row.rule([t.something() for t in types])
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from None
    if any(t == NOTHING for t in types):
        return NOTHING
    return found.or_nothing() if any(t.nothing for t in types) else found
