"""Sub-MLPs read off: a formula found by enumeration, a table, or the small ReLU network as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from pellucid.language.expressions import Const
from pellucid.learners.enumerate.pool import made
from pellucid.learners.formulas.affine import plain, snapped, weighted_sum
from pellucid.learners.formulas.grid import Grid
from pellucid.learners.formulas.terms import Op, Table, Term, show, size
from pellucid.learners.transformer.discrete.formulas import Grammar, Question, best, terms
from pellucid.learners.transformer.discrete.frame import known
from pellucid.learners.transformer.discrete.hardened import HardUnits
from pellucid.learners.transformer.discrete.linear import NOISE_FLOOR, Fit, Least, keeps
from pellucid.learners.transformer.discrete.regress import regressed

ROWS = 500  # data points a formula is looked for on
KEEP = 6
CLOSE = 0.9999  # least share of its variance for a formula to stand for a sub-MLP inside the model
TABLE = 64  # most pairs of values of a table
MOST_ROWS = 6000
PRICED = 12  # formulas that fit equally well are compared by the size of the whole, the smallest so many
LONGEST = 80  # signs of a term in a report
Pair = tuple[Term, Term]


@dataclass(frozen=True, eq=False)
class Unit:
    """A live sub-MLP: the two terms it reads, and it as a term, a sum of weights times ReLUs.

    arguments: the terms a formula may read instead of `reads`: those found for sub-MLPs that it reads.
    """

    name: str
    reads: Pair
    network: Term
    arguments: Pair


@dataclass(frozen=True, eq=False)
class Reading:
    """What a sub-MLP may be, or was found to be: a formula, a table, its network, or left out.

    term: None where left out. error: of the whole model with it. share: of the variance of the network's output that it
    explains, up to an affine function.
    """

    unit: Unit
    how: str
    term: Term | None = None
    error: float = 0.0
    share: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "unit": self.unit.name,
            "reads": [label(term) for term in self.unit.reads],
            "how": self.how,
            "formula": show(self.term) if self.how == "formula" and self.term is not None else None,
            "share_of_variance": round(self.share, 9),
        }


@dataclass(frozen=True)
class Law:
    """An output as a weighted sum of terms. coefficients: of these and of the constant, before they were snapped."""

    term: Term
    error: float
    coefficients: dict[str, float]


def label(term: Term) -> str:
    """A term in a report, a long one cut short."""
    text = show(term)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def network(units: HardUnits, unit: int, reads: Pair, scales: tuple[float, float]) -> Term:
    """One sub-MLP as a term of the unscaled variables."""
    parts: list[Term] = [Const(float(units.b2[unit]))]
    for j in range(units.w1.shape[2]):
        weights: dict[Term, float] = {}
        for i, term in enumerate(reads):
            weights[term] = weights.get(term, 0.0) + float(units.w1[unit, i, j] / scales[i])
        inside = [Op("*", (Const(weight), term)) for term, weight in weights.items()]
        relu = Op("max", (Const(0), Op("+", (*inside, Const(float(units.b1[unit, j]))))))
        parts.append(Op("*", (Const(float(units.w2[unit, j])), relu)))
    return Op("+", tuple(parts))


@dataclass(frozen=True, eq=False)
class Material:
    """The data as the output head sees it, at the places with a target.

    fitted: how many of the examples, the first ones, are fitted. regression: whether symbolic regression may be asked
    where enumeration finds nothing.
    """

    grid: Grid
    fitted: int
    grammar: Grammar
    regression: bool = False

    @cached_property
    def targets(self) -> np.ndarray:
        """The outputs, [places, outputs]."""
        return np.column_stack([self.grid.target(name) for name in self.grid.targets])

    @cached_property
    def _is_fitted(self) -> np.ndarray:
        return self.grid.points % self.grid.shape[1] < self.fitted

    @cached_property
    def _rows(self) -> np.ndarray:
        return np.sort(np.random.default_rng(0).permutation(np.flatnonzero(self._is_fitted))[:ROWS])

    @cached_property
    def _kept(self) -> np.ndarray:
        return np.sort(np.random.default_rng(1).permutation(len(self._is_fitted))[:MOST_ROWS])

    def at(self, term: Term) -> np.ndarray:
        """Values at some fitted places at random, those that formulas are looked for on."""
        return self._values(term)[self._rows]

    def wanted(self) -> list[np.ndarray]:
        """The outputs there."""
        return list(self.targets[self._rows].T)

    def _values(self, term: Term) -> np.ndarray:
        return known(self.grid, term).ravel()[self.grid.points]

    def least(self, columns: Sequence[Term], more: Sequence[np.ndarray] = ()) -> Least:
        """Least squares of all outputs on terms, more columns [places], and a constant, which comes last."""
        values = [*map(self._values, columns), *more, np.ones(len(self.targets))]
        return Least(np.column_stack(values)[self._kept], self.targets[self._kept], self._is_fitted[self._kept])

    def error(self, columns: Sequence[Term]) -> float:
        """Mean error of all outputs, each divided by its variance, of the best head on terms and a constant."""
        least, every = self.least(columns), range(len(columns) + 1)
        return float(np.mean([least.fit(every, output).error for output in range(self.targets.shape[1])]))

    def laws(self, columns: Sequence[Term]) -> list[Law]:
        """Each output as the best weighted sum of terms and a constant, once what is not needed is left out."""
        least, every = self.least(columns), [*columns, Const(1)]
        costs = [*map(size, every)]
        return [self._law(least, least.sparse(costs, output), every, output) for output in range(self.targets.shape[1])]

    def _law(self, least: Least, fit: Fit, columns: Sequence[Term], output: int) -> Law:
        weights = dict(zip(fit.columns, least.snapped(fit, output), strict=True))
        constant = weights.pop(len(columns) - 1, 0)
        labels = [label(columns[i]) for i in fit.columns]
        term = weighted_sum(list(weights.values()), [columns[i] for i in weights], constant)
        return Law(term, fit.error, dict(zip(labels, fit.coefficients.tolist(), strict=True)))

    def price(self, columns: Sequence[Term]) -> float:
        """Size of the outputs as weighted sums of terms."""
        return sum(size(law.term) for law in self.laws(columns))


def read_units(units: Sequence[Unit], direct: Sequence[Term], material: Material) -> list[Reading]:
    """A reading for every sub-MLP, each given what the others are by then."""
    arguments = [term for unit in units for term in unit.reads]
    networks = [unit.network for unit in units]
    current = dict.fromkeys((*direct, *arguments, *networks))
    inside: dict[Term, Term] = {}
    found = []
    for unit in units:
        first, second = (inside.get(term, term) for term in unit.reads)
        unit = replace(unit, arguments=(first, second))
        current |= dict.fromkeys(unit.arguments)
        others = [term for term in current if term != unit.network]
        reading = _read(unit, others, [term for term in others if term not in networks], material)
        found.append(reading)
        if unit.network not in arguments:
            current.pop(unit.network)
        elif (extra := _inside(unit, material)) is not None:
            found.append(extra)
            inside[unit.network] = extra.term or unit.network
        if reading.term is not None:
            current[reading.term] = None
    return found


def _read(unit: Unit, others: Sequence[Term], given: Sequence[Term], material: Material) -> Reading:
    """The first that keeps the error: an exact formula or table, another formula, another table, one by regression."""
    limit = keeps(material.error([*others, unit.network]))
    if material.error(others) <= limit:
        return Reading(unit, "left out")
    found = [_formula(proposals(unit, material, material.wanted(), given, others), unit, others, material)]
    if found[0] is None or found[0].error > NOISE_FLOOR:
        found.append(_table(unit, others, material))
    if material.regression and not any(r is not None and r.error <= limit for r in found):
        a, b, own, *columns = map(material.at, (*unit.arguments, unit.network, *given))
        formulas = regressed(a, b, own, material.wanted(), columns, material.grammar.operators)
        found.append(_formula(formulas, unit, others, material))
    good = sorted((r for r in found if r is not None and r.error <= limit), key=lambda r: r.error > NOISE_FLOOR)
    return good[0] if good else Reading(unit, "network", unit.network)


def proposals(
    unit: Unit,
    material: Material,
    targets: Sequence[np.ndarray] = (),
    given: Sequence[Term] = (),
    others: Sequence[Term] = (),
) -> list[Term]:
    """Formulas of `A` and `B` that may stand for a sub-MLP: by its own output, and by what the true outputs need.

    targets: true outputs; given: terms of the head that are no units; others: all terms of the head but this unit.
    """
    a, b = map(material.at, unit.arguments)
    questions = [Question(material.at(unit.network), np.column_stack([a, b]))]
    for free, columns in (
        ([np.zeros_like(a)], ()),
        ([np.zeros_like(a)], [term for term in given if term not in unit.arguments]),
        ([a, b], given),
        ([a, b], others),
    ):
        basis = np.column_stack([*free, *map(material.at, columns)])
        questions += [Question(target, basis) for target in targets]
    found = best(terms(a, b, material.grammar), questions, KEEP)
    return list(dict.fromkeys(match.term for matches in found for match in matches))


def _formula(formulas: Sequence[Term], unit: Unit, others: Sequence[Term], material: Material) -> Reading | None:
    """The smallest of the formulas with the least error of the whole model; None without any."""
    placed = [made(formula, unit.arguments) for formula in formulas]
    tried = [(material.error([*others, t]), t) for t in placed if material.grid.value(t) is not None]
    if not tried:
        return None
    limit = keeps(min(error for error, _ in tried))
    good = sorted((some for some in tried if some[0] <= limit), key=lambda some: size(some[1]))[:PRICED]
    error, term = min(good, key=lambda some: material.price([*others, some[1]]))
    return Reading(unit, "formula", term, error, own_share(unit, term, material))


def own_share(unit: Unit, term: Term, material: Material) -> float:
    """Share of the variance of a sub-MLP's output that p + q a + r b + s term explains."""
    target = material.at(unit.network)
    basis = np.column_stack([np.ones_like(target), *map(material.at, (*unit.arguments, term))])
    rest = target - basis @ np.linalg.lstsq(basis, target, rcond=None)[0]
    return float(1.0 - (rest @ rest) / max(((target - target.mean()) ** 2).sum(), 1e-300))


def _inside(unit: Unit, material: Material) -> Reading | None:
    """A formula for a sub-MLP that another one reads, by its own output alone."""
    for formula in proposals(unit, material)[:1]:
        term = made(formula, unit.arguments)
        if (share := own_share(unit, term, material)) >= CLOSE:
            return Reading(unit, "formula", term, share=share)
    return None


def _table(unit: Unit, others: Sequence[Term], material: Material) -> Reading | None:
    """A table of the pairs of values, its cells by least squares next to the other variables.

    Only for one output, for the cells hold what is missing from it; None where there are too many pairs, or not all
    are of whole numbers.
    """
    pair = tuple(dict.fromkeys(unit.arguments))
    both = np.stack([known(material.grid, term).ravel() for term in pair], -1)
    cells, place = np.unique(both, axis=0, return_inverse=True)
    if len(cells) > TABLE or (cells != np.floor(cells)).any() or material.targets.shape[1] != 1:
        return None
    place = place.ravel()[material.grid.points]
    rest = [term for term in others if term not in unit.arguments]
    onehot = [(place == i).astype(float) for i in range(len(cells))]
    fit = material.least(rest, onehot).fit(range(len(rest) + len(cells)), 0)
    content = [plain(float(snapped(float(c)))) for c in fit.coefficients[len(rest) :]]
    cases = tuple((tuple(map(int, cell)), outcome) for cell, outcome in zip(cells, content, strict=True))
    table = Table(pair, cases, 0)
    return Reading(unit, "table", table, material.error([*others, table]), own_share(unit, table, material))
