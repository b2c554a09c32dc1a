"""Expressions as Python source: as few brackets as the order of computing allows, every number to its last digit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from pellucid.program.numeric.expression import COMPARISONS, Apply, Const, Expression, Number, Var
from pellucid.program.numeric.facts import TRUTHS, Fact, about

CONDITIONAL, OR, AND, NOT, COMPARED, SUM, PRODUCT, SIGN, POWER, ATOM = range(10)
LEVELS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "//": PRODUCT, "%": PRODUCT}
FUNCTIONS = ("sin", "cos", "exp")
UNKNOWN = Fact()
Known = Mapping[str, Fact]


@dataclass(frozen=True)
class Raw:
    """Source text as an expression; `level`: how tightly its outermost operator binds."""

    text: str
    fact: Fact = UNKNOWN
    level: int = ATOM
    condition: bool = False  # a `bool`, which has to become 0 or 1 where its value matters


def value(expression: Expression | Raw, known: Known) -> str:
    """Source that gives the value."""
    return _text(expression, known)[0]


def condition(expression: Expression | Raw, known: Known) -> str:
    """Source that is true where the value is not 0."""
    return _condition(expression, known)[0]


def is_condition(expression: Expression | Raw) -> bool:
    """Whether Python's own text for it would be a `bool`."""
    return (isinstance(expression, Apply) and expression.op in TRUTHS) or getattr(expression, "condition", False)


def constant(number: Number | Fraction) -> tuple[str, int]:
    """The shortest source of a number, and how tightly it binds."""
    if isinstance(number, Fraction):
        decimal = repr(float(number))
        if number.denominator == 1 or ("e" not in decimal and Fraction(decimal) == number):
            return decimal, SIGN if number < 0 else ATOM
        return f"{number.numerator} / {number.denominator}", PRODUCT
    return repr(number), SIGN if repr(number).startswith("-") else ATOM


def terms(expression: Expression | Raw, known: Known) -> list[str]:
    """The parts of a sum, each with its sign but the first; one part for anything else."""
    match expression:
        case Apply("+", (first, *rest)):
            return [*terms(first, known), *(_added(arg, known) for arg in rest)]
        case Apply("-", (left, right)):
            return [*terms(left, known), _subtracted(right, known)]
    return [operand(expression, SUM, known)]


def _added(term: Expression, known: Known) -> str:
    match term:
        case Const(number) if number < 0:
            return f"- {operand(Const(-number), PRODUCT, known)}"
        case Apply("neg", (arg,)):
            return f"- {operand(arg, PRODUCT, known)}"
        case Apply("*", (Const(number), *rest)) if number < 0:
            return f"- {operand(_times(-number, rest), PRODUCT, known)}"
        case Apply("+" | "-") if about(term, known).whole:  # whole numbers can be added in any order
            return f"+ {operand(term, SUM, known)}"
    return f"+ {operand(term, PRODUCT, known)}"


def _subtracted(term: Expression, known: Known) -> str:
    match term:
        case Const(number) if number < 0:
            return f"+ {operand(Const(-number), PRODUCT, known)}"
        case Apply("*", (Const(number), *rest)) if number < 0:
            return f"+ {operand(_times(-number, rest), PRODUCT, known)}"
    return f"- {operand(term, PRODUCT, known)}"


def _times(number: Number | Fraction, rest: list[Expression]) -> Expression:
    if number == 1 and isinstance(number, int):
        return rest[0] if len(rest) == 1 else Apply("*", tuple(rest))
    return Apply("*", (Const(number), *rest))


def operand(expression: Expression | Raw, level: int, known: Known) -> str:
    """Source that gives the value, in brackets if it binds less tightly than `level`."""
    inner, own = _text(expression, known)
    return inner if own >= level else f"({inner})"


def _tested(expression: Expression | Raw, level: int, known: Known) -> str:
    inner, own = _condition(expression, known)
    return inner if own >= level else f"({inner})"


def _text(expression: Expression | Raw, known: Known) -> tuple[str, int]:
    if is_condition(expression):
        if isinstance(expression, Apply) and expression.op in ("and", "or") and _plain_truths(expression, known):
            return _condition(expression, known)
        return f"int({_truth(expression, known)})", ATOM
    match expression:
        case Raw(text, _, level):
            return text, level
        case Var(name):
            return name, ATOM
        case Const(number):
            return constant(number)
    assert isinstance(expression, Apply)
    return _applied(expression, known)


def _applied(expression: Apply, known: Known) -> tuple[str, int]:
    args = expression.args
    match expression.op:
        case "+" | "-":
            return " ".join(terms(expression, known)), SUM
        case "*":
            return _product(args, known), PRODUCT
        case "/" if about(args[0], known).whole and about(args[1], known).whole:
            return f"divide({value(args[0], known)}, {value(args[1], known)})", ATOM
        case "/" | "//" | "%" as op:
            return _quotient(op, args[0], args[1], known)
        case "ratio":  # of a total and a count that is not 0
            return f"{operand(args[0], PRODUCT, known)} / {operand(args[1], SIGN, known)}", PRODUCT
        case "neg":
            return f"-{operand(args[0], POWER, known)}", SIGN
        case "min" | "max" as op:
            return f"{op}({', '.join(value(arg, known) for arg in _flat(op, args))})", ATOM
        case "abs":
            return f"abs({value(args[0], known)})", ATOM
        case "where":
            yes, test = operand(args[1], OR, known), _tested(args[0], OR, known)
            return f"{yes} if {test} else {value(args[2], known)}", CONDITIONAL
        case "square":
            base = operand(args[0], ATOM, known)
            return (f"{base} * {base}", PRODUCT) if isinstance(args[0], Var) else (f"{base} ** 2", POWER)
        case "pow":
            base, space = operand(args[0], ATOM, known), "" if isinstance(args[0], Var) else " "
            return f"{base}{space}**{space}{value(args[1], known)}", POWER
        case "sign":
            base = operand(args[0], SUM, known)
            return f"({base} > 0) - ({base} < 0)", SUM
    return _called(expression.op, args[0], known)


def _called(op: str, arg: Expression, known: Known) -> tuple[str, int]:
    inner, fact = value(arg, known), about(arg, known)
    if op == "floor":
        return _text(arg, known) if fact.whole else (f"math.floor({inner})", ATOM)
    if op == "sqrt":
        return f"math.sqrt({inner})" if fact.low >= 0 else f"math.sqrt(max({inner}, 0))", ATOM
    if op == "log":
        if fact.low > 0:
            return f"math.log({inner})", ATOM
        return f"math.log({inner}) if {operand(arg, SUM, known)} > 0 else 0", CONDITIONAL
    assert op in FUNCTIONS, op
    return f"math.{op}({inner})", ATOM


def _product(args: tuple[Expression, ...], known: Known) -> str:
    whole = all(about(arg, known).whole for arg in args)  # these can be multiplied in any order
    parts = [operand(args[0], PRODUCT, known)]
    for arg in args[1:]:
        chain = arg.args if whole and isinstance(arg, Apply) and arg.op == "*" else (arg,)
        parts += [operand(part, SIGN, known) for part in chain]
    return " * ".join(parts)


def _quotient(op: str, left: Expression, right: Expression, known: Known) -> tuple[str, int]:
    text = f"{operand(left, PRODUCT, known)} {op} {operand(right, SIGN, known)}"
    fact = about(right, known)
    if fact.low > 0 or fact.high < 0:
        return text, PRODUCT
    return f"{text} if {_tested(right, OR, known)} else 0", CONDITIONAL


def _flat(op: str, args: tuple[Expression, ...]) -> list[Expression]:
    found: list[Expression] = []
    for arg in args:
        found += _flat(op, arg.args) if isinstance(arg, Apply) and arg.op == op else [arg]
    return found


def _condition(expression: Expression | Raw, known: Known) -> tuple[str, int]:
    """Source that is true where the value is not 0, and how tightly it binds."""
    match expression:
        case Raw(text, _, level, True):
            return text, level
        case Apply(op, (left, right)) if op in COMPARISONS:
            return f"{operand(left, SUM, known)} {op} {operand(right, SUM, known)}", COMPARED
        case Apply("and" | "or" as op, args):
            level = AND if op == "and" else OR
            return f" {op} ".join(_tested(arg, level, known) for arg in args), level
        case Apply("not", (arg,)):
            return f"not {_tested(arg, NOT, known)}", NOT
    return _text(expression, known)


def _truth(expression: Expression | Raw, known: Known) -> str:
    """Source of a `bool` or of a 0 or 1: what `int` turns into the value."""
    if isinstance(expression, Apply) and expression.op in ("and", "or"):
        parts = (_as_truth(arg, known) for arg in expression.args)
        return condition(Apply(expression.op, tuple(parts)), known)
    return condition(expression, known)


def _as_truth(expression: Expression, known: Known) -> Expression:
    if is_condition(expression) or about(expression, known).truth:
        if isinstance(expression, Apply) and expression.op in ("and", "or"):
            return Apply(expression.op, tuple(_as_truth(arg, known) for arg in expression.args))
        return expression
    return Apply("!=", (expression, Const(0)))


def _plain_truths(expression: Apply, known: Known) -> bool:
    """Whether `and` and `or` of numbers already give a 0 or 1."""
    return all(
        (_plain_truths(arg, known) if isinstance(arg, Apply) and arg.op in ("and", "or") else not is_condition(arg))
        and about(arg, known).truth
        for arg in expression.args
    )
