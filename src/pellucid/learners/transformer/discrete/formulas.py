"""Formulas of two scalars, enumerated: what a sub-MLP may turn out to compute, found by exact search.

A candidate stands for itself up to an affine function: `target = p + q a + r b + s candidate` is what is fitted, so
that sums and multiples need no candidates of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from pellucid.language.expressions import Apply, Const, Expression, Var, size, walk

A, B = Var("a"), Var("b")
LARGEST_MODULUS = 16
MOST_VALUES = 16
CHUNK = 2048
DIVISION = 2
Term = tuple[Expression, np.ndarray]


@dataclass(frozen=True)
class Grammar:
    """What formulas are made of: operators, and whether the scalars are whole numbers."""

    operators: frozenset[str]
    whole: bool


@dataclass(frozen=True)
class Match:
    """A formula over `a` and `b`: share of the variance it explains beyond the basis."""

    expression: Expression
    share: float


def terms(a: np.ndarray, b: np.ndarray, grammar: Grammar) -> Iterator[Term]:
    """All formulas with their values on the rows of `a` and `b` [rows], small ones first."""
    same = bool(np.array_equal(a, b))
    singles = [(A, a)] if same else [(A, a), (B, b)]
    shaped = [list(_shapes(term, grammar)) for term in singles]
    for some in shaped:
        yield from some
    deeper = [term for some in shaped for term in some]
    joined = [] if same else list(_join(singles[0], singles[1], grammar))
    yield from joined
    sums = [] if same else list(_linear(a, b, grammar))
    for term in (*joined, *sums):
        yield from _shapes(term, grammar)
    for term in (*joined, *sums):
        for leaf in singles:
            yield from _join(term, leaf, grammar)
    if not same:
        small = [some[:40] for some in shaped]
        for left in small[0]:
            for right in (singles[1], *small[1]):
                yield from _join(left, right, grammar)
        for right in small[1]:
            yield from _join(singles[0], right, grammar)
    for term in deeper[:60]:
        yield from _shapes(term, grammar)


def _linear(a: np.ndarray, b: np.ndarray, g: Grammar) -> Iterator[Term]:
    """Sums and differences, worth having only inside something else."""
    if "+" in g.operators:
        yield Apply("+", (A, B)), a + b
    if "-" in g.operators:
        yield Apply("-", (A, B)), a - b
    if {"+", "*"} <= g.operators:
        for k in (2, 3, 4, 5):
            yield Apply("+", (Apply("*", (Const(k), A)), B)), k * a + b
            yield Apply("+", (A, Apply("*", (Const(k), B)))), a + k * b


def _shapes(term: Term, g: Grammar) -> Iterator[Term]:
    """A formula inside one more operator."""
    e, v = term
    plain = {"abs": np.abs, "square": np.square, "sign": np.sign}
    smooth = {"sin": np.sin, "cos": np.cos, "exp": lambda x: np.exp(np.minimum(x, 50.0))}
    guarded = {"sqrt": lambda x: np.sqrt(np.maximum(x, 0.0)), "log": lambda x: np.log(np.where(x > 0, x, 1.0))}
    for op, function in (plain if g.whole else plain | smooth | guarded).items():
        if op in g.operators:
            yield Apply(op, (e,)), function(v)
    if "pow" in g.operators and not g.whole:
        yield Apply("pow", (e, Const(3))), v**3
    values = np.unique(v)
    whole = bool((values == np.floor(values)).all())
    if whole:
        top = int(min(max(values[-1] - values[0], abs(values[-1])), LARGEST_MODULUS))
        for m in range(2, top + 1):
            if "%" in g.operators:
                yield Apply("%", (e, Const(m))), np.mod(v, m)
            if "//" in g.operators:
                yield Apply("//", (e, Const(m))), np.floor_divide(v, m)
    if whole and len(values) <= MOST_VALUES:
        for c in values[: len(values) if len(values) > 2 else 0]:
            for op, holds in (("==", v == c), ("!=", v != c), ("<=", v <= c), (">", v > c)):
                if op in g.operators:
                    yield Apply(op, (e, Const(int(c)))), holds.astype(float)


def _join(left: Term, right: Term, g: Grammar) -> Iterator[Term]:
    """Two formulas under one operator."""
    (e, a), (f, b) = left, right
    safe_a, safe_b = np.where(a == 0, 1.0, a), np.where(b == 0, 1.0, b)
    made = (
        ("*", e, f, lambda: a * b),
        ("max", e, f, lambda: np.maximum(a, b)),
        ("min", e, f, lambda: np.minimum(a, b)),
        ("==", e, f, lambda: (a == b).astype(float)),
        ("!=", e, f, lambda: (a != b).astype(float)),
        ("<", e, f, lambda: (a < b).astype(float)),
        ("<=", e, f, lambda: (a <= b).astype(float)),
        ("/", e, f, lambda: np.where(b == 0, 0.0, a / safe_b)),
        ("/", f, e, lambda: np.where(a == 0, 0.0, b / safe_a)),
        ("//", e, f, lambda: np.where(b == 0, 0.0, np.floor_divide(a, safe_b))),
        ("//", f, e, lambda: np.where(a == 0, 0.0, np.floor_divide(b, safe_a))),
        ("%", e, f, lambda: np.where(b == 0, 0.0, np.mod(a, safe_b))),
        ("%", f, e, lambda: np.where(a == 0, 0.0, np.mod(b, safe_a))),
    )
    for op, first, second, value in made:
        if op in g.operators:
            yield Apply(op, (first, second)), value()


@dataclass(frozen=True, eq=False)
class Question:
    """What is to be explained: values [rows], and the columns [rows, k] that are free (a constant is added)."""

    target: np.ndarray
    basis: np.ndarray


def best(found: Iterable[Term], questions: Collection[Question], keep: int) -> list[list[Match]]:
    """For every question the best few formulas: by explained share (to 1e-9), then by weight."""
    prepared = [_prepare(q) for q in questions]
    kept: list[list[tuple[float, int, int, Expression]]] = [[] for _ in questions]
    count = 0
    for chunk in _chunks(found):
        values = np.stack([v for _, v in chunk], 1)
        sizes = np.array([weight(e) for e, _ in chunk])
        for i, (q, rest) in enumerate(prepared):
            shares = _shares(q, rest, values)
            rounded = -np.round(shares, 9)
            for j in np.lexsort((np.arange(len(chunk)), sizes, rounded))[:keep]:
                kept[i].append((float(rounded[j]), int(sizes[j]), count + int(j), chunk[j][0]))
            kept[i] = sorted(kept[i], key=lambda k: k[:3])[:keep]
        count += len(chunk)
    return [[Match(e, -share) for share, _, _, e in some] for some in kept]


def weight(expression: Expression) -> int:
    """Size; dividing by what may be 0 counts more, since its meaning there is a convention."""
    return size(expression) + DIVISION * sum(map(_may_divide_by_zero, walk(expression)))


def _may_divide_by_zero(expression: Expression) -> bool:
    match expression:
        case Apply("/" | "//" | "%", (_, under)):
            return not isinstance(under, Const)
    return False


def _prepare(question: Question) -> tuple[np.ndarray, np.ndarray]:
    basis = np.column_stack([np.ones(len(question.target)), question.basis])
    basis = basis / np.maximum(np.linalg.norm(basis, axis=0), 1e-300)
    left, singular, _ = np.linalg.svd(basis, full_matrices=False)
    q = left[:, singular > 1e-10 * singular[0]]
    rest = question.target - q @ (q.T @ question.target)
    return q, rest


def _shares(q: np.ndarray, rest: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Share of the squares of `rest` that each column of values explains."""
    total = rest @ rest
    if total <= 0:
        return np.zeros(values.shape[1])
    before = (values**2).sum(0)
    beyond = values - q @ (q.T @ values)
    own = (beyond**2).sum(0)
    shares = (rest @ beyond) ** 2 / np.where(own > 1e-12 * before, own * total, np.inf)
    return np.where(np.isfinite(shares), shares, 0.0)


def _chunks(found: Iterable[Term]) -> Iterator[list[Term]]:
    chunk: list[Term] = []
    for term in found:
        if np.isfinite(term[1]).all() and np.abs(term[1]).max() < 1e12:
            chunk.append(term)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
