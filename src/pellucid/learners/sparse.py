"""Sparse regression for real outputs: the few features whose weighted sum is the output, up to noise.

Features are added one by one along a beam of supports; the number of them is chosen by a description length (the
extended Bayesian criterion of Chen & Chen 2008, which also charges for the size of the library). Weights are refitted
in float64 on all training data; with noise, those next to a whole number are set to it and the others refitted.

Features are what laws of nature are usually sums of: quantities (columns, their differences) go through functions
(powers, sine, cosine, exponential, distance of two columns and its powers); a feature is such a factor, or a column
times such a factor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from pellucid.bias import Bias
from pellucid.language.expressions import Const
from pellucid.learners.base import Run
from pellucid.learners.formulas.affine import Number, neat, snapped, weighted_sum
from pellucid.learners.formulas.learner import FormulaLearner
from pellucid.learners.formulas.terms import Op, Over, Term, op, size
from pellucid.learners.formulas.work import Work, is_real
from pellucid.learners.linear import plain_features

BEAM = 64
NEXT = 60  # features by which a support is extended, the best ones
MOST_TERMS = 8
MOST_WIDER = 600  # features where lags and sums are among them
POINTS = 2000  # on which supports are searched
NO_NOISE = 1e-10  # relative residual below which there is none
CHARGE = 1.5  # of the extended criterion, per feature
NOISE_SHARE = 0.05  # of the output's variance, at most noise
ALIKE = 0.01  # relative difference of weights that may be the same one
MOST_COLUMNS = 6  # of which features of two are built
MOST_FEATURES = 1500
WITHIN = 3.0  # standard errors within which a weight counts as a whole number


def sparse(work: Work, output: str) -> list[Term]:
    """Laws for an output: right ones where there is no noise, else the best by description length."""
    found: list[Term] = []
    for features in _feature_sets(work):
        if found and (work.run.over or not _more_in(work, output, found[-1], features)):
            break
        laws = [law for law in _laws(work, output, features) if work.allowed(law)]
        found += laws
        if any(work.exact(law, output) for law in laws):
            return found
    if found and _is_settled(work, output, found[-1]):
        work.settled.add(output)
    return found


def _feature_sets(work: Work) -> list[list[Term]]:
    """Functions of the columns; with them sums, lags and past outputs, where there is a past."""
    columns = work.columns()
    own = library(columns, work.bias)
    so_far = [Over(how, c) for how in ("max", "min") if how in work.bias.modes for c in columns]
    wider = [*plain_features(work), *so_far, *work.past(min(4, work.bias.window))] if work.has_past else []
    sets = [own, list(dict.fromkeys([*own[: max(0, MOST_WIDER - len(wider))], *wider]))]
    return [[f for f in features if work.allowed(f)] for features in sets[: 1 if work.last or not wider else 2]]


def _is_settled(work: Work, output: str, law: Term) -> bool:
    """Whether a law explains nearly all there is, and what is left looks like noise."""
    spread = float(np.var(work.wanted(output)))
    features = [*library(work.columns(), work.bias), *plain_features(work), *work.past(4)]
    return work.loss(law, output) < NOISE_SHARE * spread and not _more_in(work, output, law, features)


def _more_in(work: Work, output: str, law: Term, features: Sequence[Term]) -> bool:
    """Whether what a law leaves unexplained goes along with any of the features."""
    value = work.train.value(law)
    if value is None:
        return True
    rest = work.wanted(output) - value.ravel()[work.chosen]
    _, columns = work.sample([f for f in features if work.allowed(f)])
    columns = columns[:, np.isfinite(columns).all(0)]
    columns = columns - columns.mean(0)
    spread = np.maximum(np.linalg.norm(columns, axis=0) * max(float(np.linalg.norm(rest)), 1e-300), 1e-300)
    share = np.abs(columns.T @ rest) / spread
    return bool(share.max(initial=0.0) ** 2 * len(rest) > 4 * np.log(max(columns.shape[1], 2)) + 12)


def _laws(work: Work, output: str, features: Sequence[Term]) -> list[Term]:
    terms, columns = work.sample(features)
    keep = [
        i for i in range(columns.shape[1]) if np.isfinite(columns[:, i]).all() and np.abs(columns[:, i]).max() < 1e9
    ]
    if not keep:
        return []
    terms, columns, y = [terms[i] for i in keep], columns[:POINTS, keep], work.wanted(output)[:POINTS]
    order = np.random.default_rng(work.run.seed).permutation(len(y))
    search = Beam(columns[order], y[order], np.array([size(t) for t in terms]))
    exact, best = search.run(work.run)
    supports = exact or best
    return list(dict.fromkeys(law for s in supports if (law := refitted(work, output, [terms[i] for i in s]))))


@dataclass(frozen=True)
class _Support:
    chosen: tuple[int, ...]
    rest: float  # residual sum of squares, as a share of the target's


class Beam:
    """Supports of rising size. columns: [points, features]; sizes: of the features' terms.

    What one more feature leaves is told from inner products alone; of the supports kept it is computed anew.
    """

    def __init__(self, columns: np.ndarray, y: np.ndarray, sizes: np.ndarray) -> None:
        norms = np.linalg.norm(columns, axis=0)
        scaled = columns / np.where(norms > 0, norms, 1)
        signs = np.sign(scaled[np.abs(scaled).argmax(0), np.arange(scaled.shape[1])])
        _, first = np.unique(np.round(scaled * signs, 9), axis=1, return_index=True)
        self.live = np.array([i for i in sorted(first.tolist()) if norms[i] > 0], int)
        self.columns = columns[:, self.live] / norms[self.live]
        self.y = y / max(float(np.linalg.norm(y)), 1e-300)
        self.sizes = sizes[self.live]
        self.gram, self.along = self.columns.T @ self.columns, self.columns.T @ self.y

    def run(self, run: Run, start: Sequence[int] = ()) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
        """Supports without any residual, the simplest first, and else the one of least description length.

        start: columns that are in all of them.
        """
        first = _Support(tuple(int(i) for i in np.flatnonzero(np.isin(self.live, start))), 1.0)
        first = _Support(first.chosen, self.rest(first.chosen))
        beam, best = [first], (self.length(first), first)
        for _ in range(MOST_TERMS):
            beam = self.wider(beam)
            exact = [s for s in beam if s.rest < NO_NOISE**2]
            if exact:
                exact.sort(key=lambda s: float(self.sizes[list(s.chosen)].sum()))
                return [self.named(s) for s in exact[:3]], []
            lengths = [(self.length(s), i) for i, s in enumerate(beam)]
            if not lengths or (min(lengths)[0] > best[0] and len(beam[0].chosen) > len(best[1].chosen) + 1):
                break
            if min(lengths)[0] < best[0]:
                best = min(lengths)[0], beam[min(lengths)[1]]
            if run.over:
                break
        return [], [self.named(best[1])] if best[1].chosen else []

    def wider(self, beam: Sequence[_Support]) -> list[_Support]:
        """The best supports with one more feature."""
        found: dict[tuple[int, ...], float] = {}
        for support in beam:
            for chosen, rest in self.extended(support):
                found.setdefault(chosen, rest)
        kept = sorted(found, key=lambda chosen: (found[chosen], chosen))[:BEAM]
        return sorted((_Support(chosen, self.rest(chosen)) for chosen in kept), key=lambda s: (s.rest, s.chosen))

    def extended(self, support: _Support) -> list[tuple[tuple[int, ...], float]]:
        """The support with one more feature, for each of the most useful ones, and about what it leaves."""
        chosen = list(support.chosen)
        across = np.linalg.pinv(self.gram[np.ix_(chosen, chosen)], 1e-12, True) @ self.gram[chosen]
        norms = 1 - (self.gram[chosen] * across).sum(0)
        gain = np.where(norms > 1e-9, (self.along - self.along[chosen] @ across) ** 2 / np.maximum(norms, 1e-9), -1)
        gain[chosen] = -1
        best = np.argsort(-gain, kind="stable")[:NEXT].tolist()
        return [(tuple(sorted((*chosen, j))), support.rest - float(gain[j])) for j in best if gain[j] > 0]

    def rest(self, chosen: Sequence[int]) -> float:
        """What a support leaves, from the columns themselves."""
        basis = np.linalg.qr(self.columns[:, list(chosen)])[0]
        rest = self.y - basis @ (basis.T @ self.y)
        rest = rest - basis @ (basis.T @ rest)
        return float(rest @ rest)

    def length(self, support: _Support) -> float:
        """Description length in nats, up to a constant."""
        count, features = len(self.y), self.columns.shape[1]
        words = sum(np.log(count) / 2 + np.log(features) + 0.3 * self.sizes[i] for i in support.chosen)
        return count / 2 * np.log(max(support.rest, 1e-30)) + CHARGE * float(words)

    def named(self, support: _Support) -> tuple[int, ...]:
        """The support in the numbers of all columns."""
        return tuple(int(self.live[i]) for i in support.chosen)


def refitted(work: Work, output: str, terms: Sequence[Term]) -> Term | None:
    """The weighted sum of some terms, fitted on all training data in float64."""
    grid = work.train
    values = [v for t in terms if (v := grid.at_points(t)) is not None]
    if len(values) < len(terms) or not terms:
        return None
    columns, y = np.stack(values, 1), grid.target(output)
    weights, errors = solved(columns, y)
    fixed: dict[int, Number] = {}
    noisy = errors.max() > 1e-9
    for i, (weight, error) in enumerate(zip(weights, errors, strict=True)):
        near = snapped(float(weight), 1 if noisy else 12, 1e-9)
        if noisy and abs(round(float(weight)) - weight) <= min(WITHIN * error, 0.02) and round(float(weight)):
            fixed[i] = round(float(weight))
        elif not noisy and not isinstance(near, float):
            fixed[i] = near
    free = [i for i in range(len(terms)) if i not in fixed]
    values_of: list[Number] = [fixed.get(i, 0) for i in range(len(terms))]
    if free:
        known = sum((float(fixed[i]) * columns[:, i] for i in fixed), np.zeros(len(y)))
        tied = _tied(free, weights, errors) if noisy else {i: (i, 1) for i in free}
        leaders = sorted({leader for leader, _ in tied.values()})
        merged = [sum(sign * columns[:, i] for i, (at, sign) in tied.items() if at == leader) for leader in leaders]
        solution = dict(zip(leaders, solved(np.stack(merged, 1), y - known)[0].tolist(), strict=True))
        for i, (leader, sign) in tied.items():
            values_of[i] = sign * solution[leader] if noisy else neat(solution[leader])
    constant: Number = 0
    parts: list[tuple[Number, Term]] = []
    for value, term in zip(values_of, terms, strict=True):
        if term == Const(1):
            constant = value
        else:
            parts.append((value, term))
    return weighted_sum([w for w, _ in parts], [t for _, t in parts], constant)


def _tied(free: Sequence[int], weights: np.ndarray, errors: np.ndarray) -> dict[int, tuple[int, int]]:
    """For each weight the first one that is as large up to its error, and whether their signs agree (1, else -1)."""
    found: dict[int, tuple[int, int]] = {}
    for i in free:
        for leader in [j for j in found if found[j][0] == j]:
            apart = abs(abs(weights[i]) - abs(weights[leader]))
            if apart <= min(WITHIN * float(np.hypot(errors[i], errors[leader])), ALIKE * abs(weights[i])):
                found[i] = leader, 1 if weights[i] * weights[leader] > 0 else -1
                break
        else:
            found[i] = i, 1
    return found


def solved(columns: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares weights, refined once, and their standard errors."""
    norms = np.maximum(np.linalg.norm(columns, axis=0), 1e-300)
    scaled = columns / norms
    weights = np.linalg.lstsq(scaled, y, rcond=1e-14)[0]
    weights += np.linalg.lstsq(scaled, y - scaled @ weights, rcond=1e-14)[0]
    rest = y - scaled @ weights
    spread = float(rest @ rest) / max(len(y) - columns.shape[1], 1)
    inverse = np.linalg.pinv(scaled.T @ scaled)
    return weights / norms, np.sqrt(np.maximum(np.diag(inverse), 0) * spread) / norms


# ---------------------------------------------------------------- features


def library(columns: Sequence[Term], bias: Bias) -> list[Term]:
    """Features that the bias allows, the shortest first; the constant 1 and the columns among them.

    Of flags (which text a column holds) there are products alone.
    """
    factors = list(columns)
    if bias.units != 0:
        known = [c for c in columns if not is_flag(c)][:MOST_COLUMNS]
        factors += [*_of_one(known), *_of_two(known)]
        if len(known) < len(columns):
            factors += [_times(a, b) for a, b in combinations(known, 2)]
    products = [_times(c, f) for f in factors for c in columns if not _cancels(c, f)] if bias.units != 0 else []
    features = dict.fromkeys([Const(1), *factors, *products])
    allowed = (f for f in features if _operators(f) <= bias.operators)
    return sorted(allowed, key=size)[:MOST_FEATURES]


def is_flag(column: Term) -> bool:
    """Whether a column says which text another one holds."""
    return isinstance(column, Op) and column.operator == "=="


def _of_one(columns: Sequence[Term]) -> Iterator[Term]:
    for c in columns:
        square = op("square", c)
        yield from (square, op("sin", c), op("cos", c), op("abs", c), op("exp", c), op("/", Const(1), c))
        yield from (op("exp", op("neg", c)), op("sqrt", c), op("log", c), op("/", Const(1), square))


def _of_two(columns: Sequence[Term]) -> Iterator[Term]:
    for a, b in combinations(columns, 2):
        squared = op("+", op("square", a), op("square", b))
        distance = op("sqrt", squared)
        yield from (squared, distance, op("/", Const(1), distance), op("/", Const(1), squared))
        yield op("/", Const(1), op("*", squared, distance))
        difference = op("-", a, b)
        yield from (op("sin", difference), op("abs", difference), op("square", difference))
        yield from (op("/", a, b), op("/", b, a))


def _cancels(column: Term, factor: Term) -> bool:
    return isinstance(factor, Op) and factor.operator == "/" and factor.args[1] in (column, op("square", column))


def _times(column: Term, factor: Term) -> Term:
    """A column times a factor; into a ratio's numerator where it is one over something."""
    match factor:
        case Op("/", (Const(value=1), below)):
            return Op("/", (column, below))
        case _ if factor == column:
            return op("square", column)
    first, second = sorted((column, factor), key=lambda term: (size(term), repr(term)))
    return Op("*", (first, second))


def _operators(term: Term) -> set[str]:
    if not isinstance(term, Op):
        return set()
    return {term.operator}.union(*map(_operators, term.args))


def _needed(work: Work, output: str) -> bool:
    return is_real(work.results[output]) and work.right(output) is None


SPARSE = FormulaLearner("sparse", (sparse,), _needed)
