"""Formulas of two scalars, enumerated: what a sub-MLP may turn out to compute, found by exact search.

A candidate stands for itself up to an affine function: `target = p + q a + r b + s candidate` is what is fitted, so
that sums and multiples need no candidates of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from pellucid.language.expressions import Const
from pellucid.learners.enumerate.pool import ONE as A
from pellucid.learners.enumerate.pool import TWO as B
from pellucid.learners.formulas import kernels
from pellucid.learners.formulas.terms import Op, Term, size, walk

LARGEST_MODULUS = 16
MOST_VALUES = 16
CHUNK = 2048
DIVISION = 2
SHAPES, SMOOTH = ("abs", "square", "sign"), ("sin", "cos", "exp", "sqrt", "log")
JOINS = ("*", "max", "min", "==", "!=", "<", "<=")
DIVISIONS = ("/", "//", "%")  # either way round
Valued = tuple[Term, np.ndarray]


@dataclass(frozen=True)
class Grammar:
    """What formulas are made of: operators, and whether the scalars are whole numbers."""

    operators: frozenset[str]
    whole: bool

    def made(self, name: str, *args: Valued) -> Iterator[Valued]:
        """An operator on formulas, if it may be used."""
        if name in self.operators:
            yield Op(name, tuple(term for term, _ in args)), kernels.apply(name, *(values for _, values in args))


@dataclass(frozen=True)
class Match:
    """A formula over `A` and `B`: share of the variance it explains beyond the basis."""

    term: Term
    share: float


def terms(a: np.ndarray, b: np.ndarray, grammar: Grammar) -> Iterator[Valued]:
    """All formulas with their values on the rows of `a` and `b` [rows], small ones first."""
    same = bool(np.array_equal(a, b))
    singles: list[Valued] = [(A, a)] if same else [(A, a), (B, b)]
    shaped = [list(_shapes(term, grammar)) for term in singles]
    for some in shaped:
        yield from some
    deeper = [term for some in shaped for term in some]
    joined = [] if same else list(_joins(singles[0], singles[1], grammar))
    yield from joined
    sums = [] if same else list(_sums(singles[0], singles[1], grammar))
    for term in (*joined, *sums):
        yield from _shapes(term, grammar)
    for term in (*joined, *sums):
        for leaf in singles:
            yield from _joins(term, leaf, grammar)
    if not same:
        small = [some[:40] for some in shaped]
        for left in small[0]:
            for right in (singles[1], *small[1]):
                yield from _joins(left, right, grammar)
        for right in small[1]:
            yield from _joins(singles[0], right, grammar)
    for term in deeper[:60]:
        yield from _shapes(term, grammar)


def _constant(value: int, like: Valued) -> Valued:
    return Const(value), np.full_like(like[1], value)


def _sums(a: Valued, b: Valued, g: Grammar) -> Iterator[Valued]:
    """Sums and differences, worth having only inside something else."""
    yield from g.made("+", a, b)
    yield from g.made("-", a, b)
    for k in (2, 3, 4, 5):
        for multiple in g.made("*", _constant(k, a), a):
            yield from g.made("+", multiple, b)
        for multiple in g.made("*", _constant(k, b), b):
            yield from g.made("+", a, multiple)


def _shapes(of: Valued, g: Grammar) -> Iterator[Valued]:
    """A formula inside one more operator."""
    term, values = of
    for name in SHAPES if g.whole else SHAPES + SMOOTH:
        yield from g.made(name, of)
    if "pow" in g.operators and not g.whole:
        yield Op("pow", (term, Const(3))), values**3
    found = np.unique(values)
    if not (found == np.floor(found)).all():
        return
    top = int(min(max(found[-1] - found[0], abs(found[-1])), LARGEST_MODULUS))
    for modulus in range(2, top + 1):
        yield from g.made("%", of, _constant(modulus, of))
        yield from g.made("//", of, _constant(modulus, of))
    if 2 < len(found) <= MOST_VALUES:
        for value in found.astype(int).tolist():
            for name in ("==", "!=", "<=", ">"):
                yield from g.made(name, of, _constant(value, of))


def _joins(left: Valued, right: Valued, g: Grammar) -> Iterator[Valued]:
    """Two formulas under one operator."""
    for name in JOINS:
        yield from g.made(name, left, right)
    for name in DIVISIONS:
        yield from g.made(name, left, right)
        yield from g.made(name, right, left)


@dataclass(frozen=True, eq=False)
class Question:
    """What is to be explained: values [rows], and the columns [rows, k] that are free (a constant is added)."""

    target: np.ndarray
    basis: np.ndarray


def best(found: Iterable[Valued], questions: Collection[Question], keep: int) -> list[list[Match]]:
    """For every question the best few formulas: by explained share (to 1e-9), then by weight."""
    prepared = [_prepare(q) for q in questions]
    kept: list[list[tuple[float, float, int, Term]]] = [[] for _ in questions]
    count = 0
    for chunk in _chunks(found):
        values = np.stack([v for _, v in chunk], 1)
        sizes = np.array([weight(term) for term, _ in chunk])
        for i, (q, rest) in enumerate(prepared):
            shares = _shares(q, rest, values)
            rounded = -np.round(shares, 9)
            for j in np.lexsort((np.arange(len(chunk)), sizes, rounded))[:keep]:
                kept[i].append((float(rounded[j]), float(sizes[j]), count + int(j), chunk[j][0]))
            kept[i] = sorted(kept[i], key=lambda k: k[:3])[:keep]
        count += len(chunk)
    return [[Match(term, -share) for share, _, _, term in some] for some in kept]


def weight(term: Term) -> float:
    """Size; dividing by what may be 0 counts more, since its meaning there is a convention."""
    return size(term) + DIVISION * sum(map(_may_divide_by_zero, walk(term)))


def _may_divide_by_zero(term: Term) -> bool:
    return isinstance(term, Op) and term.operator in DIVISIONS and not isinstance(term.args[1], Const)


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


def _chunks(found: Iterable[Valued]) -> Iterator[list[Valued]]:
    usable = (term for term in found if np.isfinite(term[1]).all() and np.abs(term[1]).max() < 1e12)
    while chunk := list(islice(usable, CHUNK)):
        yield chunk
