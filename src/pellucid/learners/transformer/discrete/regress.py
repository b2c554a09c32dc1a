"""Symbolic regression with pyoperon (extra `sr`), for real-valued sub-MLPs that no enumerated formula fits.

It finds structures; their constants are then fitted in float64 and snapped, since it knows them to a few digits only.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import least_squares

from pellucid.errors import PellucidError
from pellucid.language.expressions import Apply, Const, Expression, mapped, walk
from pellucid.learners.transformer.discrete.formulas import A, B
from pellucid.learners.transformer.discrete.linear import SAME, shortest
from pellucid.learners.transformer.discrete.symbols import evaluate

if TYPE_CHECKING:
    from pellucid.learners.transformer.discrete.symbols import Symbol
    from pellucid.learners.transformer.discrete.units import Material, Unit

SYMBOLS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "sin": "sin", "cos": "cos", "exp": "exp", "sqrt": "sqrt"}
SECONDS = 5
EVALUATIONS = 200_000
LONGEST = 20
FRONT = 6
INFIX = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
CALLS = {"sin", "cos", "exp", "sqrt", "square", "log", "abs"}


def regressed(unit: Unit, material: Material, given: Sequence[Symbol]) -> list[Expression]:
    """Formulas of `a` and `b` for a sub-MLP, from its own output and from what the true outputs need.

    Raises:
        PellucidError: pyoperon is not installed.
    """
    a, b = (material.at(s.values) for s in unit.arguments)
    basis = np.column_stack([np.ones_like(a), a, b, *(material.at(s.values) for s in given)])
    found: dict[Expression, None] = {}
    for target in (material.at(unit.values), *(material.at(y) for y in material.targets)):
        rest = target - basis @ np.linalg.lstsq(basis, target, rcond=None)[0]
        for expression in structures(a, b, rest, material.grammar.operators):
            found[with_constants(expression, a, b, target, basis)] = None
    return list(found)


def structures(a: np.ndarray, b: np.ndarray, target: np.ndarray, operators: frozenset[str]) -> list[Expression]:
    """Formulas on the front of accuracy against length, the most accurate ones."""
    try:
        sklearn = importlib.import_module("pyoperon.sklearn")
    except ImportError:
        raise PellucidError("symbolic regression needs pyoperon; install it with: pip install 'pellucid[sr]'") from None
    allowed = ",".join([name for op, name in SYMBOLS.items() if op in operators] + ["constant", "variable"])
    search = sklearn.SymbolicRegressor(
        allowed_symbols=allowed, max_length=LONGEST, objectives=["r2", "length"], population_size=500, n_threads=1,
        random_state=0, max_evaluations=EVALUATIONS, max_time=SECONDS,
    )  # fmt: skip
    search.fit(np.column_stack([a, b]), target / max(float(target.std()), 1e-300))
    front = sorted(search.pareto_front_, key=lambda model: model["mean_squared_error"])[:FRONT]
    return [bare(parsed(search.get_model_string(model["tree"], 12))) for model in front]


def parsed(text: str) -> Expression:
    """An expression from pyoperon's text, with variables X1 and X2; nothing is evaluated.

    Raises:
        PellucidError: text that is no such expression.
    """
    try:
        return _converted(ast.parse(text.replace("^", "**"), mode="eval").body)
    except (SyntaxError, KeyError) as error:
        raise PellucidError(f"symbolic regression gave {text[:80]!r}, which cannot be read: {error}") from None


def _converted(node: ast.expr) -> Expression:
    match node:
        case ast.Name(id="X1"):
            return A
        case ast.Name(id="X2"):
            return B
        case ast.Constant(value=float() | int() as value):
            return Const(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Apply("*", (Const(-1), _converted(operand)))
        case ast.BinOp(op=ast.Pow(), left=left, right=ast.Constant(value=power)) if power == 2:
            return Apply("square", (_converted(left),))
        case ast.BinOp(op=op, left=left, right=right):
            return Apply(INFIX[type(op)], (_converted(left), _converted(right)))
        case ast.Call(func=ast.Name(id=name), args=[arg]) if name in CALLS:
            return Apply(name, (_converted(arg),))
    raise KeyError(type(node).__name__)


def bare(expression: Expression) -> Expression:
    """Without added constants and factors on the outside, which the output head provides; products flattened."""
    match expression:
        case Apply("+", (Const(), rest)) | Apply("+" | "-", (rest, Const())) | Apply("-", (Const(), rest)):
            return bare(rest)
        case Apply("*" | "/", _):
            _, factors = _factors(expression)
            kept = [f for f in factors if not isinstance(f, Const)]
            return bare(kept[0]) if len(kept) == 1 and kept[0] != expression else _product(kept)
        case Apply(op, args):
            return Apply(op, tuple(map(_inner, args)))
    return expression


def _inner(expression: Expression) -> Expression:
    """Products with at most one constant, in front."""
    if isinstance(expression, Apply) and expression.operator in ("*", "/"):
        constant, factors = _factors(expression)
        return _product(factors if constant == 1 else [Const(constant), *factors])
    if isinstance(expression, Apply):
        return Apply(expression.operator, tuple(map(_inner, expression.args)))
    return expression


def _factors(expression: Expression) -> tuple[float, list[Expression]]:
    """A product as one number and the other factors, what is divided by as a quotient of 1."""
    match expression:
        case Const(int() | float() as value):
            return float(value), []
        case Apply("*", args):
            parts = [_factors(arg) for arg in args]
            return float(np.prod([c for c, _ in parts])), [f for _, some in parts for f in some]
        case Apply("/", (over, under)):
            (c, some), (d, others) = _factors(over), _factors(under)
            rest = [Apply("/", (Const(1), _product(others)))] if others else []
            return c / d if d else 0.0, some + rest
        case Apply("sin", (arg,)):
            constant, factors = _factors(arg)
            sign = -1.0 if constant < 0 else 1.0
            return sign, [Apply("sin", (_product([*([Const(abs(constant))] if factors else []), *factors]),))]
        case Apply(op, args):
            return 1.0, [Apply(op, tuple(map(_inner, args)))]
    return 1.0, [expression]


def _product(factors: Sequence[Expression]) -> Expression:
    if len(factors) < 2:
        return factors[0] if factors else Const(1)
    return Apply("*", tuple(factors))


def with_constants(
    expression: Expression, a: np.ndarray, b: np.ndarray, target: np.ndarray, basis: np.ndarray
) -> Expression:
    """The formula with its constants fitted to the target next to the columns of the basis, snapped where that fits."""
    start = np.array([float(v) for v in constants(expression)])
    if not len(start):
        return expression
    q = np.linalg.qr(basis)[0]
    rest = target - q @ (q.T @ target)

    def apart(values: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            g = evaluate(filled(expression, values.tolist()), {"a": a, "b": b})
        if not np.isfinite(g).all():
            return np.full_like(rest, 1e6)
        g = g - q @ (q.T @ g)
        return rest - g * (g @ rest) / max(g @ g, 1e-300)

    fitted = least_squares(apart, start, xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=200).x
    return filled(expression, [shortest(v, SAME * abs(v)) or v for v in fitted.tolist()])


def constants(expression: Expression) -> list[float]:
    """Constants from left to right."""
    return [float(e.value) for e in walk(expression) if isinstance(e, Const) and isinstance(e.value, int | float)]


def filled(expression: Expression, values: Sequence[float]) -> Expression:
    """The formula with other constants."""
    left = iter(values)
    return mapped(expression, lambda e: Const(next(left)) if isinstance(e, Const) else e)
