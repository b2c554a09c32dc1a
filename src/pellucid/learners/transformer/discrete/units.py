"""Sub-MLPs read off: a formula found by enumeration, a table, or the small ReLU network as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.explain.words import text
from pellucid.language.expressions import Apply, Const, Expression, Var, substitute
from pellucid.language.nodes import Let, Node
from pellucid.learners.transformer.discrete.formulas import Grammar, Match, Question, best, terms
from pellucid.learners.transformer.discrete.hardened import HardUnits
from pellucid.learners.transformer.discrete.symbols import Symbol

ROWS = 500  # data points a formula is looked for on
KEEP = 6
CLOSE = 0.9999  # least share of its variance for a formula to stand for a sub-MLP inside the model
TABLE = 64  # most pairs of values of a table


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
    """What a sub-MLP was found to be: formula, table, network or left out, as a variable and its node.

    share: of the variance of its output that this explains, up to an affine function.
    """

    unit: Unit
    how: str
    symbol: Symbol | None
    node: Node | None
    share: float

    def to_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "unit": self.unit.name,
            "reads": [s.label for s in self.unit.reads],
            "how": self.how,
            "formula": text(self.node.expression) if self.how == "formula" and isinstance(self.node, Let) else None,
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
class Rows:
    """The data points that formulas are looked for on: indices into the flat rows of the fitted data."""

    places: np.ndarray
    mask: np.ndarray

    def of(self, values: np.ndarray) -> np.ndarray:
        """Values [n, steps-with-zeros] at the data points."""
        return values[self.mask][self.places]


def proposals(
    unit: Unit,
    grammar: Grammar,
    rows: Rows,
    targets: Sequence[np.ndarray],
    given: Sequence[Symbol],
    others: Sequence[Symbol],
) -> list[Match]:
    """Formulas that may stand for a sub-MLP: by its own output, and by what the true outputs need.

    targets: true outputs [n, length]; given: symbols of the head that are no units; others: all symbols of the head
    but this unit.
    """
    a, b = (rows.of(s.values) for s in unit.arguments)
    own = Question(rows.of(unit.values), np.column_stack([a, b]))
    questions = [own]
    for columns in ((), [s for s in given if s.name not in {r.name for r in unit.arguments}]):
        basis = np.column_stack([np.zeros_like(a), *(rows.of(s.values) for s in columns)])
        questions += [Question(rows.of(y), basis) for y in targets]
    for columns in (given, others):
        basis = np.column_stack([a, b, *(rows.of(s.values) for s in columns)])
        questions += [Question(rows.of(y), basis) for y in targets]
    found: dict[Expression, Match] = {}
    for matches in best(terms(a, b, grammar), questions, KEEP):
        for match in matches:
            found.setdefault(match.expression, match)
    return list(found.values())


def own_share(unit: Unit, values: np.ndarray, rows: Rows) -> float:
    """Share of the variance of a sub-MLP's output that p + q a + r b + s values explains."""
    target = rows.of(unit.values)
    columns = [np.ones_like(target), *(rows.of(s.values) for s in unit.arguments), rows.of(values)]
    basis = np.column_stack(columns)
    rest = target - basis @ np.linalg.lstsq(basis, target, rcond=None)[0]
    return float(1.0 - (rest @ rest) / max(((target - target.mean()) ** 2).sum(), 1e-300))


def placed(expression: Expression, unit: Unit) -> Expression:
    """A formula of `a` and `b` over the symbols it reads."""
    first, second = unit.arguments
    return substitute(expression, {"a": Var(first.name), "b": Var(second.name)})


def pairs(unit: Unit, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Values of the pairs that occur [cells, 2], and the cell of every place [n, length].

    None where there are too many, or not all are whole numbers.
    """
    both = np.stack([s.values for s in unit.arguments], -1)
    cells, place = np.unique(both.reshape(-1, 2), axis=0, return_inverse=True)
    if len(cells) > TABLE or (cells != np.floor(cells)).any():
        return None
    return cells, place.reshape(mask.shape)
