"""Sub-MLPs read off: a formula found by enumeration, a table, or the small ReLU network as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from pellucid.explain.words import text
from pellucid.language.expressions import Apply, Const, Expression, Table, Var, substitute
from pellucid.learners.formulas.affine import snapped
from pellucid.learners.transformer.discrete.formulas import Grammar, Question, best, terms, weight
from pellucid.learners.transformer.discrete.hardened import HardUnits
from pellucid.learners.transformer.discrete.linear import NOISE_FLOOR, Fit, Least, keeps
from pellucid.learners.transformer.discrete.regress import regressed
from pellucid.learners.transformer.discrete.symbols import Symbol, plain, values_of

ROWS = 500  # data points a formula is looked for on
KEEP = 6
CLOSE = 0.9999  # least share of its variance for a formula to stand for a sub-MLP inside the model
TABLE = 64  # most pairs of values of a table
MOST_ROWS = 6000
PRICED = 12  # formulas that fit equally well are compared by the size of the whole, the smallest so many
CONSTANT, TERM, MULTIPLE = 0.5, 1.0, 2.0


@dataclass(frozen=True, eq=False)
class Unit:
    """A live sub-MLP: the two symbols its network reads, its output on the data and the network as an expression.

    arguments: the symbols a formula may read instead of `reads`: those found for sub-MLPs that it reads.
    """

    name: str
    reads: tuple[Symbol, Symbol]
    values: np.ndarray
    network: Expression
    arguments: tuple[Symbol, Symbol]

    @property
    def symbol(self) -> Symbol:
        """The network's output as a variable."""
        label = f"network({self.reads[0].label}, {self.reads[1].label})"
        return Symbol(self.name, label, self.values, 30.0)


@dataclass(frozen=True, eq=False)
class Reading:
    """What a sub-MLP may be, or was found to be: a formula, a table, its network, or left out.

    symbol, expression: it as a variable; None where left out. error: of the whole model with it. share: of the variance
    of the network's output that it explains, up to an affine function.
    """

    unit: Unit
    how: str
    symbol: Symbol | None = None
    expression: Expression | None = None
    error: float = 0.0
    share: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "unit": self.unit.name,
            "reads": [s.label for s in self.unit.reads],
            "how": self.how,
            "formula": text(self.expression) if self.how == "formula" and self.expression is not None else None,
            "share_of_variance": round(self.share, 9),
        }


def network_expression(
    units: HardUnits, unit: int, reads: tuple[Symbol, Symbol], scales: tuple[float, float]
) -> Expression:
    """One sub-MLP as an expression of the unscaled variables: sum of weights times ReLUs."""
    parts: list[Expression] = [Const(float(units.b2[unit]))]
    for j in range(units.w1.shape[2]):
        weights: dict[str, float] = {}
        for i, symbol in enumerate(reads):
            weights[symbol.name] = weights.get(symbol.name, 0.0) + float(units.w1[unit, i, j] / scales[i])
        inside = [Apply("*", (Const(weight), Var(name))) for name, weight in weights.items()]
        relu = Apply("max", (Const(0), Apply("+", (*inside, Const(float(units.b1[unit, j]))))))
        parts.append(Apply("*", (Const(float(units.w2[unit, j])), relu)))
    return Apply("+", tuple(parts))


@dataclass(frozen=True, eq=False)
class Material:
    """The data as the output head sees it.

    mask: bool [n, length], the places with a target; fitted: bool [places]; targets: per output [n, length];
    regression: whether symbolic regression may be asked where enumeration finds nothing.
    """

    mask: np.ndarray
    fitted: np.ndarray
    targets: list[np.ndarray]
    grammar: Grammar
    regression: bool = False

    @cached_property
    def _places(self) -> np.ndarray:
        return np.sort(np.random.default_rng(0).permutation(np.nonzero(self.fitted)[0])[:ROWS])

    def at(self, values: np.ndarray) -> np.ndarray:
        """Values [n, steps-with-zeros] at some fitted places at random, those that formulas are looked for on."""
        return values[self.mask][self._places]

    def least(self, columns: Sequence[np.ndarray]) -> Least:
        """Least squares of all outputs on columns [n, length] and a constant, which comes last."""
        keep = np.sort(np.random.default_rng(1).permutation(len(self.fitted))[:MOST_ROWS])
        stacked = [c[self.mask][keep] for c in columns] + [np.ones(len(keep))]
        targets = np.column_stack([y[self.mask][keep] for y in self.targets])
        return Least(np.column_stack(stacked), targets, self.fitted[keep])

    def error(self, columns: Sequence[np.ndarray]) -> float:
        """Mean error of all outputs, each divided by its variance, of the best head on columns and a constant."""
        least = self.least(columns)
        every = range(len(columns) + 1)
        return float(np.mean([least.fit(every, o).error for o in range(len(self.targets))]))

    def heads(self, symbols: Sequence[Symbol]) -> tuple[Least, list[Fit]]:
        """The best head on symbols and a constant for each output, once what is not needed is left out."""
        least, costs = self.least([s.values for s in symbols]), [*(s.cost for s in symbols), CONSTANT]
        return least, [least.sparse(costs, output) for output in range(len(self.targets))]

    def price(self, symbols: Sequence[Symbol]) -> float:
        """Size of the output heads on symbols."""
        _, fits = self.heads(symbols)
        multiples = sum(TERM + MULTIPLE * (abs(abs(c) - 1) > 1e-6) for fit in fits for c in fit.coefficients)
        costs = [*(s.cost for s in symbols), CONSTANT]
        return multiples + sum(costs[c] for c in {c for fit in fits for c in fit.columns})


def read_units(units: Sequence[Unit], direct: Sequence[Symbol], material: Material) -> list[Reading]:
    """A reading for every sub-MLP, each given what the others are by then."""
    arguments = [symbol for unit in units for symbol in unit.reads]
    names = {u.name for u in units}
    current = {s.name: s for s in (*direct, *arguments, *(u.symbol for u in units))}
    inside: dict[str, Symbol] = {}
    found = []
    for unit in units:
        first, second = (inside.get(s.name, s) for s in unit.reads)
        unit = replace(unit, arguments=(first, second))
        current |= {s.name: s for s in unit.arguments}
        others = [s for name, s in current.items() if name != unit.name]
        reading = _read(unit, others, [s for s in others if s.name not in names], material)
        found.append(reading)
        if unit.name not in {s.name for s in arguments}:
            current.pop(unit.name)
        elif (extra := _inside(unit, material)) is not None:
            found.append(extra)
            inside[unit.name] = extra.symbol or unit.symbol
        if reading.symbol is not None:
            current[reading.symbol.name] = reading.symbol
    return found


def _read(unit: Unit, others: Sequence[Symbol], given: Sequence[Symbol], material: Material) -> Reading:
    """The first that keeps the error: an exact formula or table, another formula, another table, one by regression."""
    columns = [s.values for s in others]
    limit = keeps(material.error([*columns, unit.values]))
    if material.error(columns) <= limit:
        return Reading(unit, "left out")
    found = [_formula(proposals(unit, material, material.targets, given, others), unit, others, material)]
    if found[0] is None or found[0].error > NOISE_FLOOR:
        found.append(_table(unit, others, material))
    if material.regression and not any(r is not None and r.error <= limit for r in found):
        found.append(_formula(regressed(unit, material, given), unit, others, material))
    good = sorted((r for r in found if r is not None and r.error <= limit), key=lambda r: r.error > NOISE_FLOOR)
    return good[0] if good else Reading(unit, "network", unit.symbol, unit.network)


def proposals(
    unit: Unit,
    material: Material,
    targets: Sequence[np.ndarray] = (),
    given: Sequence[Symbol] = (),
    others: Sequence[Symbol] = (),
) -> list[Expression]:
    """Formulas of `a` and `b` that may stand for a sub-MLP: by its own output, and by what the true outputs need.

    targets: true outputs [n, length]; given: symbols of the head that are no units; others: all symbols of the head
    but this unit.
    """
    a, b = (material.at(s.values) for s in unit.arguments)
    read = {s.name for s in unit.arguments}
    questions = [Question(material.at(unit.values), np.column_stack([a, b]))]
    for free, columns in (
        ([np.zeros_like(a)], ()),
        ([np.zeros_like(a)], [s for s in given if s.name not in read]),
        ([a, b], given),
        ([a, b], others),
    ):
        basis = np.column_stack([*free, *(material.at(s.values) for s in columns)])
        questions += [Question(material.at(y), basis) for y in targets]
    found = best(terms(a, b, material.grammar), questions, KEEP)
    return list(dict.fromkeys(match.expression for matches in found for match in matches))


def _formula(
    formulas: Sequence[Expression], unit: Unit, others: Sequence[Symbol], material: Material
) -> Reading | None:
    """The smallest of the formulas with the least error of the whole model; None without any."""
    tried, columns = [], [s.values for s in others]
    for expression in formulas:
        symbol, over = _placed(expression, unit, "formula")
        if np.isfinite(symbol.values).all():
            tried.append((material.error([*columns, symbol.values]), symbol, over))
    if not tried:
        return None
    limit = keeps(min(error for error, *_ in tried))
    good = sorted((some for some in tried if some[0] <= limit), key=lambda some: some[1].cost)[:PRICED]
    error, symbol, over = min(good, key=lambda some: material.price([*others, some[1]]))
    return Reading(unit, "formula", symbol, over, error, own_share(unit, symbol.values, material))


def _placed(expression: Expression, unit: Unit, kind: str) -> tuple[Symbol, Expression]:
    """A formula of `a` and `b` over the symbols that it reads, as a variable."""
    first, second = unit.arguments
    over = substitute(expression, {"a": Var(first.name), "b": Var(second.name)})
    return Symbol(f"{unit.name}_{kind}", text(over), values_of(over, unit.arguments), 1.0 + weight(over)), over


def own_share(unit: Unit, values: np.ndarray, material: Material) -> float:
    """Share of the variance of a sub-MLP's output that p + q a + r b + s values explains."""
    target = material.at(unit.values)
    columns = [np.ones_like(target), *(material.at(s.values) for s in unit.arguments), material.at(values)]
    basis = np.column_stack(columns)
    rest = target - basis @ np.linalg.lstsq(basis, target, rcond=None)[0]
    return float(1.0 - (rest @ rest) / max(((target - target.mean()) ** 2).sum(), 1e-300))


def _inside(unit: Unit, material: Material) -> Reading | None:
    """A formula for a sub-MLP that another one reads, by its own output alone."""
    for expression in proposals(unit, material)[:1]:
        symbol, over = _placed(expression, unit, "inside")
        if (share := own_share(unit, symbol.values, material)) >= CLOSE:
            return Reading(unit, "formula", symbol, over, share=share)
    return None


def _table(unit: Unit, others: Sequence[Symbol], material: Material) -> Reading | None:
    """A table of the pairs of values, its cells by least squares next to the other variables.

    Only for one output, for the cells hold what is missing from it; None where there are too many pairs, or not all
    are of whole numbers.
    """
    both = np.stack([s.values for s in unit.arguments], -1)
    cells, place = np.unique(both.reshape(-1, 2), axis=0, return_inverse=True)
    if len(cells) > TABLE or (cells != np.floor(cells)).any() or len(material.targets) != 1:
        return None
    place, read = place.reshape(material.mask.shape), {s.name for s in unit.arguments}
    rest = [s.values for s in others if s.name not in read]
    onehot = [(place == i).astype(float) for i in range(len(cells))]
    fit = material.least([*rest, *onehot]).fit(range(len(rest) + len(cells)), 0)
    content = [plain(float(snapped(float(c)))) for c in fit.coefficients[len(rest) :]]
    values = np.array(content, float)[place]
    pair = unit.arguments[: 1 + (unit.arguments[0].name != unit.arguments[1].name)]
    cases = tuple((tuple(map(int, cell[: len(pair)])), out) for cell, out in zip(cells, content, strict=True))
    symbol = Symbol(f"{unit.name}_table", f"table({', '.join(s.label for s in pair)})", values, 4.0 + len(cells))
    error = material.error([*(s.values for s in others), values])
    table = Table(tuple(Var(s.name) for s in pair), cases, 0)
    return Reading(unit, "table", symbol, table, error, own_share(unit, values, material))
