"""Laws that are one product of powers, `c * a * b / r**2`: linear in the logarithms of columns and output.

Where the square of an output is a weighted sum of squares and products of columns (a length), its root is the law.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import reduce
from itertools import combinations_with_replacement

import numpy as np

from pellucid.language.expressions import Const
from pellucid.learners.formulas.affine import law_of, least_squares, simple
from pellucid.learners.formulas.learner import FormulaLearner, not_obvious
from pellucid.learners.formulas.terms import Op, Term
from pellucid.learners.formulas.work import Work, is_real

FIT = 1e-8  # relative residual of a fit worth checking
STEPS = 6  # exponents are multiples of 1 / STEPS
LARGEST = 6  # exponent
MOST = 8  # columns whose products of two are looked at


def powers(work: Work, output: str) -> list[Term]:
    """Right laws of those forms for an output of real numbers."""
    needed = {"*", "/", "square", "sqrt", "pow"} <= set(work.bias.operators)
    if not is_real(work.results[output]) or not needed or work.bias.units == 0:
        return []
    kept, columns = work.sample([term for term in work.columns() if work.allowed(term)])
    y = work.wanted(output)
    if not kept or len(y) <= 2 * len(kept) or not np.isfinite(columns).all():
        return []
    laws = [*_product(kept, columns, y), *_root(kept, columns, y)]
    return [law for law in laws if work.exact(law, output)]


def _product(terms: Sequence[Term], columns: np.ndarray, y: np.ndarray) -> Iterator[Term]:
    told = (columns != 0).all(0) & (np.ptp(columns, axis=0) > 0)
    if not told.any() or (y == 0).any():
        return
    logs, wanted = np.log(np.abs(columns[:, told])), np.log(np.abs(y))
    weights, _, rest = least_squares(logs, wanted)
    exponents = [Fraction(round(weight * STEPS), STEPS) for weight in weights.tolist()]
    if rest > FIT or any(abs(e) > LARGEST for e in exponents):
        return
    kept = [term for term, good in zip(terms, told, strict=True) if good]
    yield product(list(zip(kept, columns[:, told].T, exponents, strict=True)), y)


def product(parts: Sequence[tuple[Term, np.ndarray, Fraction]], y: np.ndarray) -> Term:
    """The product of powers of terms, and the constant that makes it y; per term its values [points] and exponent."""
    made = np.prod([np.abs(c) ** float(e) * (np.sign(c) if e % 2 else 1) for _, c, e in parts], axis=0)
    factor = float(np.median(y / made))
    above, below = ([_power(t, abs(e)) for t, _, e in parts if e and (e > 0) == over] for over in (True, False))
    constant = Const(simple(factor, abs(factor)))
    law = joined("*", above if above and constant == Const(1) else [constant, *above])
    return Op("/", (law, joined("*", below))) if below else law


def _power(term: Term, exponent: Fraction) -> Term:
    named: dict[Fraction, Term] = {
        Fraction(1): term, Fraction(2): Op("square", (term,)), Fraction(1, 2): Op("sqrt", (term,)),
    }  # fmt: skip
    whole = exponent.denominator == 1
    return named.get(exponent) or Op("pow", (term, Const(int(exponent) if whole else exponent)))


def joined(operator: str, parts: Sequence[Term]) -> Term:
    """An operator of two between all parts."""
    return reduce(lambda left, right: Op(operator, (left, right)), parts)


def _root(terms: Sequence[Term], columns: np.ndarray, y: np.ndarray) -> Iterator[Term]:
    """The root of a quadratic form; `(a - b)**2` where its parts are such squares."""
    if (y < 0).any() or len(terms) > MOST:
        return
    pairs = list(combinations_with_replacement(range(len(terms)), 2))
    products = np.stack([columns[:, i] * columns[:, j] for i, j in pairs], 1)
    if len(y) <= 2 * len(pairs):
        return
    weights, constant, rest = least_squares(products, y**2)
    if rest > FIT:
        return
    weight = dict(zip(pairs, weights.tolist(), strict=True))
    squares: list[Term] = []
    for i, j in pairs:
        w = weight[i, j]
        if i != j and np.allclose([weight[i, i], weight[j, j], abs(w) / 2], 1, rtol=1e-6):
            squares.append(Op("square", (Op("+" if w > 0 else "-", (terms[i], terms[j])),)))
            weight |= {(i, i): 0.0, (j, j): 0.0, (i, j): 0.0}
    rest_terms = [Op("square", (terms[i],)) if i == j else Op("*", (terms[i], terms[j])) for i, j in pairs]
    law = law_of([*weight.values(), constant], rest_terms, products.std(0), float((y**2).std()))
    parts = squares + ([] if law == Const(0) else [law])
    if parts:
        yield Op("sqrt", (joined("+", parts),))


POWERS = FormulaLearner("powers", (powers,), not_obvious)
