"""Symbolic regression with pyoperon (extra `sr`), for real-valued sub-MLPs that no enumerated formula fits.

It finds structures; their constants are then fitted in float64 and snapped, since it knows them to a few digits only.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.optimize import least_squares

from pellucid.errors import PellucidError
from pellucid.language.expressions import Const
from pellucid.learners.formulas.grid import Coding, Grid
from pellucid.learners.formulas.terms import Op, Term
from pellucid.learners.transformer.discrete.formulas import A, B
from pellucid.learners.transformer.discrete.linear import SAME, shortest

SYMBOLS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "sin": "sin", "cos": "cos", "exp": "exp", "sqrt": "sqrt"}
SECONDS = 5
EVALUATIONS = 200_000
LONGEST = 20
FRONT = 6
INFIX = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
CALLS = {"sin", "cos", "exp", "sqrt", "square", "log", "abs"}


def regressed(
    a: np.ndarray, b: np.ndarray, own: np.ndarray, targets: Sequence[np.ndarray], given: Sequence[np.ndarray],
    operators: frozenset[str],
) -> list[Term]:  # fmt: skip
    """Formulas of `A` and `B` for a sub-MLP, from its own output and from what the true outputs need.

    Args:
        a, b: what it reads; own: its output; targets: the true outputs; given: other columns of the head. All [rows].
        operators: those that may be used.

    Raises:
        PellucidError: pyoperon is not installed.
    """
    basis = np.column_stack([np.ones_like(a), a, b, *given])
    found: dict[Term, None] = {}
    for target in (own, *targets):
        rest = target - basis @ np.linalg.lstsq(basis, target, rcond=None)[0]
        for term in structures(a, b, rest, operators):
            found[with_constants(term, a, b, target, basis)] = None
    return list(found)


def structures(a: np.ndarray, b: np.ndarray, target: np.ndarray, operators: frozenset[str]) -> list[Term]:
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


def parsed(text: str) -> Term:
    """A term from pyoperon's text, with variables X1 and X2; nothing is evaluated.

    Raises:
        PellucidError: text that is no such term.
    """
    try:
        return _converted(ast.parse(text.replace("^", "**"), mode="eval").body)
    except (SyntaxError, KeyError) as error:
        raise PellucidError(f"symbolic regression gave {text[:80]!r}, which cannot be read: {error}") from None


def _converted(node: ast.expr) -> Term:
    match node:
        case ast.Name(id="X1"):
            return A
        case ast.Name(id="X2"):
            return B
        case ast.Constant(value=float() | int() as value):
            return Const(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Op("*", (Const(-1), _converted(operand)))
        case ast.BinOp(op=ast.Pow(), left=left, right=ast.Constant(value=power)) if power == 2:
            return Op("square", (_converted(left),))
        case ast.BinOp(op=op, left=left, right=right):
            return Op(INFIX[type(op)], (_converted(left), _converted(right)))
        case ast.Call(func=ast.Name(id=name), args=[arg]) if name in CALLS:
            return Op(name, (_converted(arg),))
    raise KeyError(type(node).__name__)


def bare(term: Term) -> Term:
    """Without added constants and factors on the outside, which the output head provides; products flattened."""
    match term:
        case Op("+", (Const(), rest)) | Op("+" | "-", (rest, Const())) | Op("-", (Const(), rest)):
            return bare(rest)
    _, factors = _factors(term)
    kept = _product(1.0, factors)
    return kept if kept == term or len(factors) != 1 else bare(kept)


def _factors(term: Term) -> tuple[float, list[Term]]:
    """A product as one number and the other factors, what is divided by as a quotient of 1; so in all its parts."""
    match term:
        case Const(int() | float() as value):
            return float(value), []
        case Op("*", args):
            parts = [_factors(arg) for arg in args]
            return float(np.prod([c for c, _ in parts])), [f for _, some in parts for f in some]
        case Op("/", (over, under)):
            (c, some), (d, others) = _factors(over), _factors(under)
            rest = [Op("/", (Const(1), _product(1.0, others)))] if others else []
            return c / d if d else 0.0, some + rest
        case Op("sin", (arg,)):
            constant, factors = _factors(arg)
            return -1.0 if constant < 0 else 1.0, [Op("sin", (_product(abs(constant), factors),))]
        case Op(op, args):
            return 1.0, [Op(op, tuple(_product(*_factors(arg)) for arg in args))]
    return 1.0, [term]


def _product(constant: float, factors: Sequence[Term]) -> Term:
    every = [*([Const(constant)] if constant != 1 or not factors else []), *factors]
    return every[0] if len(every) == 1 else Op("*", tuple(every))


def with_constants(term: Term, a: np.ndarray, b: np.ndarray, target: np.ndarray, basis: np.ndarray) -> Term:
    """The formula with its constants fitted to the target next to the columns of the basis, snapped where that fits."""
    start = constants(term)
    if not start:
        return term
    q = np.linalg.qr(basis)[0]
    rest = target - q @ (q.T @ target)

    def apart(values: np.ndarray) -> np.ndarray:
        grid = Grid({A.name: a[None], B.name: b[None]}, {}, np.ones((1, len(a)), bool), Coding(()))
        g = grid.value(filled(term, iter(values.tolist())))
        if g is None:
            return np.full_like(rest, 1e6)
        g = g[0] - q @ (q.T @ g[0])
        return rest - g * (g @ rest) / max(g @ g, 1e-300)

    fitted = least_squares(apart, np.array(start), xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=200).x
    return filled(term, iter([shortest(v, SAME * abs(v)) or v for v in fitted.tolist()]))


def constants(term: Term) -> list[float]:
    """Constants from left to right."""
    match term:
        case Const(int() | float() as value):
            return [float(value)]
        case Op(_, args):
            return [value for arg in args for value in constants(arg)]
    return []


def filled(term: Term, values: Iterator[float]) -> Term:
    """The formula with other constants."""
    match term:
        case Const():
            return Const(next(values))
        case Op(name, args):
            return Op(name, tuple(filled(arg, values) for arg in args))
    return term
