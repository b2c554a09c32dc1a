"""Live sub-MLPs replaced, one after the other: by nothing, a formula or a table, where that keeps the fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from pellucid.explain.words import text
from pellucid.language.expressions import Expression, Table, Var
from pellucid.language.nodes import Let
from pellucid.learners.transformer.discrete.formulas import Grammar, weight
from pellucid.learners.transformer.discrete.linear import NOISE_FLOOR, Least, keeps
from pellucid.learners.transformer.discrete.regress import regressed
from pellucid.learners.transformer.discrete.symbols import Symbol, plain, values_of
from pellucid.learners.transformer.discrete.units import (
    CLOSE,
    ROWS,
    Reading,
    Rows,
    Unit,
    own_share,
    pairs,
    placed,
    proposals,
)

MOST_ROWS = 6000
PRICED = 12  # formulas that fit equally well are compared by the size of the whole, the smallest so many
CONSTANT, TERM, MULTIPLE = 0.5, 1.0, 2.0


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

    def rows(self) -> Rows:
        """Some fitted places at random."""
        places = np.nonzero(self.fitted)[0]
        chosen = np.random.default_rng(0).permutation(places)[:ROWS]
        return Rows(np.sort(chosen), self.mask)

    def least(self, columns: Sequence[np.ndarray]) -> Least:
        """Least squares of all outputs on columns [n, length] and a constant, which comes last."""
        keep = np.arange(len(self.fitted)) if len(self.fitted) <= MOST_ROWS else self._some()
        stacked = [c[self.mask][keep] for c in columns] + [np.ones(len(keep))]
        targets = np.column_stack([y[self.mask][keep] for y in self.targets])
        return Least(np.column_stack(stacked), targets, self.fitted[keep])

    def _some(self) -> np.ndarray:
        return np.sort(np.random.default_rng(1).permutation(len(self.fitted))[:MOST_ROWS])

    def error(self, columns: Sequence[np.ndarray]) -> float:
        """Mean error of all outputs, each divided by its variance, of the best head on columns and a constant."""
        least = self.least(columns)
        every = range(len(columns) + 1)
        return float(np.mean([least.fit(every, o).error for o in range(len(self.targets))]))

    def price(self, symbols: Sequence[Symbol]) -> float:
        """Size of the output head on symbols, once what is not needed is left out."""
        least = self.least([s.values for s in symbols])
        costs = [*(s.cost for s in symbols), CONSTANT]
        total, used = 0.0, set()
        for output in range(len(self.targets)):
            fit = least.sparse(range(len(costs)), costs, output)
            used |= set(fit.columns)
            total += sum(TERM + (MULTIPLE if abs(abs(c) - 1) > 1e-6 else 0.0) for c in fit.coefficients)
        return total + sum(costs[c] for c in used)


@dataclass(frozen=True, eq=False)
class Candidate:
    """A formula tried for a sub-MLP, and the error with it."""

    expression: Expression
    values: np.ndarray
    error: float


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
    columns = [s.values for s in others]
    limit = keeps(material.error([*columns, unit.values]))
    if material.error(columns) <= limit:
        return Reading(unit, "left out", None, None, 1.0)
    rows = material.rows()
    matches = proposals(unit, material.grammar, rows, material.targets, given, others)
    best = _best([m.expression for m in matches], unit, others, material)
    if best is not None and best.error <= min(limit, NOISE_FLOOR):
        return _formula(unit, best, rows)
    table = _table(unit, others, material)
    exact = table is not None and table.error <= NOISE_FLOOR
    if best is not None and best.error <= limit and not exact:
        return _formula(unit, best, rows)
    if table is not None and table.error <= limit:
        return Reading(unit, "table", table.symbol, table.node, own_share(unit, table.symbol.values, rows))
    if material.regression:
        best = _best(regressed(unit, material, rows, given), unit, others, material)
        if best is not None and best.error <= limit:
            return _formula(unit, best, rows)
    return Reading(unit, "network", unit.symbol, Let(unit.network), 1.0)


def _best(formulas: Sequence[Expression], unit: Unit, others: Sequence[Symbol], material: Material) -> Candidate | None:
    """The smallest of the formulas with the least error of the whole model; None without any."""
    tried, columns = [], [s.values for s in others]
    for expression in formulas:
        over = placed(expression, unit)
        values = values_of(over, unit.arguments)
        if np.isfinite(values).all():
            tried.append(Candidate(over, values, material.error([*columns, values])))
    if not tried:
        return None
    limit = keeps(min(c.error for c in tried))
    good = sorted((c for c in tried if c.error <= limit), key=lambda c: weight(c.expression))[:PRICED]
    return min(good, key=lambda c: material.price([*others, _symbol(unit, c)]))


def _symbol(unit: Unit, found: Candidate) -> Symbol:
    cost = 1.0 + weight(found.expression)
    return Symbol(f"{unit.name}_formula", text(found.expression), found.values, cost)


def _formula(unit: Unit, found: Candidate, rows: Rows) -> Reading:
    return Reading(unit, "formula", _symbol(unit, found), Let(found.expression), own_share(unit, found.values, rows))


def _inside(unit: Unit, material: Material) -> Reading | None:
    """A formula for a sub-MLP that another one reads, by its own output alone."""
    rows = material.rows()
    for match in proposals(unit, material.grammar, rows, [], [], [])[:1]:
        over = placed(match.expression, unit)
        values = values_of(over, unit.arguments)
        if (share := own_share(unit, values, rows)) >= CLOSE:
            symbol = Symbol(f"{unit.name}_inside", text(over), values, 1.0 + weight(over))
            return Reading(unit, "formula", symbol, Let(over), share)
    return None


@dataclass(frozen=True, eq=False)
class Tabled:
    """A table for a sub-MLP as a variable, and the error with it."""

    symbol: Symbol
    node: Let
    error: float


def _table(unit: Unit, others: Sequence[Symbol], material: Material) -> Tabled | None:
    """A table of the pairs of values, its cells by least squares next to the other variables; None where too many.

    Only for one output: the cells hold what is missing from it.
    """
    found = pairs(unit, material.mask)
    if found is None or len(material.targets) != 1:
        return None
    cells, place = found
    read = {s.name for s in unit.arguments}
    rest = [s.values for s in others if s.name not in read]
    onehot = [(place == i).astype(float) for i in range(len(cells))]
    least = material.least([*rest, *onehot])
    fit = least.fit(range(len(rest) + len(cells)), 0)
    content = [plain(_snap(float(c))) for c in fit.coefficients[len(rest) :]]
    values = np.array(content, float)[place]
    pair = unit.arguments[: 1 + (unit.arguments[0].name != unit.arguments[1].name)]
    cases = tuple((tuple(map(int, cell[: len(pair)])), out) for cell, out in zip(cells, content, strict=True))
    node = Let(Table(tuple(Var(s.name) for s in pair), cases, 0))
    symbol = Symbol(f"{unit.name}_table", f"table({', '.join(s.label for s in pair)})", values, 4.0 + len(cells))
    error = material.error([*(s.values for s in others), values])
    return Tabled(symbol, node, error)


def _snap(value: float) -> float:
    near = float(Fraction(value).limit_denominator(12))
    return near if abs(near - value) <= 1e-6 * max(abs(value), 1.0) else value
