"""Laws that are a weighted sum in another guise: of the logarithm of the output, its square, reciprocal or sine.

A sum in the logarithm is a product: of powers of columns, of sums and differences of them, of sines, and of what stands
in an exponent, `m / sqrt(1 - v**2 / c**2)`, `exp(-x**2 / 2)`. The other guises give roots of sums and parallel sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, combinations_with_replacement, permutations

import numpy as np

from pellucid.language.expressions import Const
from pellucid.learners.formulas.affine import law_of, least_squares
from pellucid.learners.formulas.grid import Grid
from pellucid.learners.formulas.learner import FormulaLearner
from pellucid.learners.formulas.terms import Op, Term, op, size
from pellucid.learners.formulas.work import Work, is_real
from pellucid.learners.powers import FIT, LARGEST, STEPS, joined, product
from pellucid.learners.sparse import Beam, is_flag, library

POINTS = 1000  # on which laws are searched
MOST_COLUMNS = 6
MOST_FEATURES = 1500
NEAR = 1e-5  # of an exponent to a multiple of 1 / STEPS


@dataclass(frozen=True)
class Guise:
    """What is made of an output, and the term that undoes it; where: outputs of which it can be undone."""

    of: Callable[[np.ndarray], np.ndarray]
    back: Callable[[Term], Term]
    where: Callable[[np.ndarray], np.ndarray]


ITSELF = Guise(lambda y: y, lambda law: law, np.isfinite)
SINE = Guise(np.sin, lambda law: op("asin", law), lambda y: np.abs(y) <= np.pi / 2)
SQUARE = Guise(np.square, lambda law: op("sqrt", law), lambda y: y >= 0)
RECIPROCAL = Guise(lambda y: 1 / y, lambda law: op("/", Const(1), law), lambda y: y != 0)


def guises(work: Work, output: str) -> list[Term]:
    """Right laws of those forms for an output of real numbers; the first kind that there is."""
    columns = [c for c in work.columns() if work.allowed(c) and not is_flag(c)][:MOST_COLUMNS]
    if not is_real(work.results[output]) or work.bias.units == 0 or not columns:
        return []
    places = work.chosen[:: -(-len(work.chosen) // POINTS)]
    inputs = {name: values.ravel()[None, places] for name, values in work.train.inputs.items()}
    points = Grid(inputs, {}, np.ones((1, len(places)), bool), work.coding)
    y = work.train.targets[output].ravel()[places]
    for form, guise in ((_products, ITSELF), (_products, SINE), (_sums, SQUARE), (_sums, RECIPROCAL), (_sums, ITSELF)):
        if work.run.over or not guise.where(y).all():
            continue
        laws = [guise.back(law) for law in form(work, points, columns, guise.of(y))]
        if right := [law for law in laws if work.exact(law, output)]:
            return right
    return []


def _values(work: Work, points: Grid, terms: Sequence[Term]) -> tuple[list[Term], np.ndarray]:
    """The terms that the bias allows and that vary, with their values: [points, terms]."""
    found = [(t, v[0]) for t in terms if work.allowed(t) and (v := points.value(t)) is not None and np.ptp(v) > 0]
    return [t for t, _ in found], np.stack([v for _, v in found], 1) if found else np.zeros((len(points.points), 0))


# ---------------------------------------------------------------- products


def _products(work: Work, points: Grid, columns: Sequence[Term], y: np.ndarray) -> Iterator[Term]:
    if (y == 0).any():
        return
    factors, values = _values(work, points, factors_of(columns))
    told = np.flatnonzero((values != 0).all(0)).tolist()
    factors, values = _values(work, points, [_positive(factors[i], values[:, i]) for i in told])
    exponents, powers = _values(work, points, exponents_of(columns))
    features = np.concatenate([np.ones((len(y), 1)), np.log(np.abs(values)), powers], 1)
    sizes = np.array([0.0, *map(size, factors), *(size(e) + 1 for e in exponents)])
    own = [0, *(i + 1 for i, factor in enumerate(factors) if factor in columns)]  # any power of a column is free
    for support in Beam(features, np.log(np.abs(y)), sizes).run(work.run, own)[0]:
        chosen = [i - 1 for i in support if i]
        if chosen and (law := _product(chosen, factors, values, exponents, powers, y)) is not None:
            yield law


def _product(
    chosen: Sequence[int], factors: Sequence[Term], values: np.ndarray, exponents: Sequence[Term], powers: np.ndarray,
    y: np.ndarray,
) -> Term | None:  # fmt: skip
    """The law of chosen factors and exponents, numbered one after the other; None where a power is no simple one."""
    features, wanted = np.concatenate([np.log(np.abs(values)), powers], 1)[:, chosen], np.log(np.abs(y))
    weights, _, rest = least_squares(features, wanted)
    needed = np.abs(weights) * features.std(0) > NEAR * wanted.std()
    if not needed.all():
        chosen = [i for i, keep in zip(chosen, needed, strict=True) if keep]
        return _product(chosen, factors, values, exponents, powers, y) if chosen else None
    told = dict(zip(chosen, weights.tolist(), strict=True))
    simple = {i: Fraction(round(w * STEPS), STEPS) for i, w in told.items() if i < len(factors)}
    if rest > FIT or any(abs(e - told[i]) > NEAR or abs(e) > LARGEST for i, e in simple.items()):
        return None
    parts = [(factors[i], values[:, i], e) for i, e in simple.items() if e]
    above = [i - len(factors) for i in chosen if i >= len(factors)]
    if above:
        spread = powers[:, above].std(0)
        inside = law_of([*(told[i + len(factors)] for i in above), 0.0], [exponents[i] for i in above], spread, 1.0)
        grown = np.exp(powers[:, above] @ [told[i + len(factors)] for i in above])
        parts.append((op("exp", inside), grown, Fraction(1)))
    return product(parts, y)


def _positive(factor: Term, values: np.ndarray) -> Term:
    """A factor; the other way round if it is a difference that is negative throughout."""
    turned = isinstance(factor, Op) and factor.operator == "-" and bool((values < 0).all())
    return Op("-", factor.args[::-1]) if turned and isinstance(factor, Op) else factor


def factors_of(columns: Sequence[Term]) -> list[Term]:
    """What a product may be made of: columns, sums and differences of two, of squares, of products, and sines."""
    one, found = Const(1), list(columns)
    found += [op(name, one, c) for c in columns for name in "+-"]
    found += [op(name, one, op("square", c)) for c in columns for name in "+-"]
    pairs = list(combinations(columns, 2))
    for a, b in pairs:
        found += [op(name, *of) for of in ((a, b), (op("square", a), op("square", b))) for name in "+-"]
        found += [op("log", op("/", a, b))]
    arguments = [*columns, *(op(name, *pair) for pair in pairs for name in "-*")]
    arguments += [op("/", argument, Const(2)) for argument in arguments]
    found += [op(name, argument) for argument in arguments for name in ("sin", "cos")]
    for a, *rest in permutations(columns, 3):
        if columns.index(rest[0]) < columns.index(rest[1]):
            found += [op(name, of, op("*", *rest)) for of in (a, op("square", a)) for name in "+-"]
    for (a, b), (c, d) in combinations(pairs, 2):
        found += [op(name, op("*", a, b), op("*", c, d)) for name in "+-"]
    return list(dict.fromkeys(found))[:MOST_FEATURES]


def exponents_of(columns: Sequence[Term]) -> list[Term]:
    """What may stand in an exponent."""
    ratios = [op("/", a, b) for a, b in permutations(columns, 2)]
    pairs = list(combinations(columns, 2))
    products = [op("*", a, b) for a, b in pairs]
    found = [*columns, *(op("square", t) for t in (*columns, *ratios)), *ratios, *products]
    found += [op("/", op("*", a, b), c) for a, b in pairs for c in columns if c not in (a, b)]
    found += [op("/", a, op("*", b, c)) for b, c in pairs for a in columns if a not in (b, c)]
    found += [op("/", op("*", *top), op("*", *below)) for top, below in permutations(pairs, 2) if not {*top} & {*below}]
    return list(dict.fromkeys(found))[:MOST_FEATURES]


# ---------------------------------------------------------------- sums


def _sums(work: Work, points: Grid, columns: Sequence[Term], y: np.ndarray) -> Iterator[Term]:
    terms, values = _values(work, points, features_of(work, columns))
    features, sizes = np.concatenate([np.ones((len(y), 1)), values], 1), np.array([0.0, *map(size, terms)])
    for support in Beam(features, y, sizes).run(work.run)[0]:
        chosen = [i - 1 for i in support if i]
        weights, constant, rest = least_squares(values[:, chosen], y)
        if chosen and rest <= FIT:
            spread = values[:, chosen].std(0)
            yield law_of([*weights, constant], [terms[i] for i in chosen], spread, float(y.std()))


def features_of(work: Work, columns: Sequence[Term]) -> list[Term]:
    """Features of sparse laws, and products of up to three columns, alone and with a sine."""
    products = [joined("*", part) for n in (1, 2, 3) for part in combinations_with_replacement(columns, n)]
    arguments = [*columns, *(op("-", a, b) for a, b in combinations(columns, 2))]
    waves = [op(name, argument) for argument in arguments for name in ("sin", "cos")]
    found = [*library(columns, work.bias), *products, *(op("*", p, w) for p in products for w in waves)]
    return sorted((t for t in dict.fromkeys(found) if t != Const(1)), key=size)[:MOST_FEATURES]


GUISES = FormulaLearner("guises", (guises,))
