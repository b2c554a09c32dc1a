"""Conditions over the columns of a table: the tests a decision list is made of, each behaviour once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.language.expressions import Apply, Const, Expression, Var, among
from pellucid.language.operators import COMPARISONS, apply
from pellucid.language.types import Value, order
from pellucid.simplify.sizes import expression_size
from pellucid.simplify.tidy import ORDERS

LISTED_EXTRA = 4  # charged per listed value of a number that grows with the length: thresholds say more


@dataclass(frozen=True)
class Columns:
    """The rows of a table, by variable.

    values: value of each variable in each row. ordered: variables that hold whole numbers only. growing: those of them
    whose range grows with the length of the input: whether its low end and its high end move.
    """

    values: Mapping[str, Sequence[Value]]
    ordered: Collection[str]
    growing: Mapping[str, tuple[bool, bool]]

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))


@dataclass(frozen=True)
class Test:
    """A test of a variable: its text, the rows where it holds, what it costs."""

    variable: str
    expression: Expression
    truth: np.ndarray
    cost: int


def listing(name: str, values: Sequence[Value], others: Sequence[Value], columns: Columns) -> Test:
    """A test for one of the values, or for none of the others where those are fewer."""
    negative = 1 < len(others) < len(values)
    told = among(Var(name), others if negative else values)
    test: Expression = Apply("not", (told,)) if negative else told
    extra = LISTED_EXTRA * len(told.cases) * (name in columns.growing)
    known = set(values)
    truth = np.array([value in known for value in columns.values[name]], bool)
    return Test(name, test, truth, expression_size(test) + extra)


def conditions(columns: Columns) -> list[Test]:
    """All single tests, simplest first; of those that hold on the same rows only the first.

    Tests of one value, of order between a whole number and a constant, and between two variables.
    """
    names = list(columns.values)
    made = [test for name in names for test in _against_constants(name, columns)]
    made += [test for i, a in enumerate(names) for b in names[i + 1 :] for test in _between(a, b, columns)]
    first: dict[bytes, tuple[float, Test]] = {}
    for test in made:
        if test.truth.all() or not test.truth.any():
            continue
        cost = test.cost + _taste(test, columns)
        best = first.get(test.truth.tobytes())
        if best is None or cost < best[0]:
            first[test.truth.tobytes()] = (cost, test)
    return [test for _, test in first.values()]


def _taste(test: Test, columns: Columns) -> float:
    """Between tests of equal length: equality reads best, but a growing end is better met by a threshold."""
    assert isinstance(test.expression, Apply)
    grows_down, grows_up = columns.growing.get(test.variable, (False, False))
    match test.expression.operator:
        case "<" | "<=":
            return -0.2 if grows_down else 0.2
        case ">" | ">=":
            return -0.2 if grows_up else 0.2
        case "!=":
            return 0.1
    return 0.0


def _against_constants(name: str, columns: Columns) -> Iterator[Test]:
    known = order(columns.values[name])
    place = {value: i for i, value in enumerate(known)}
    codes = np.array([place[value] for value in columns.values[name]])
    ordered = name in columns.ordered
    for operator in COMPARISONS if ordered else ("==", "!="):
        for i, value in enumerate(known):
            truth = {"==": codes == i, "!=": codes != i, "<=": codes <= i, ">": codes > i, "<": codes < i,
                     ">=": codes >= i}[operator]  # fmt: skip
            yield _test(operator, name, Const(value), truth)


def _test(operator: str, name: str, other: Var | Const, truth: np.ndarray) -> Test:
    test = Apply(operator, (Var(name), other))
    return Test(name, test, truth, expression_size(test))


def _between(a: str, b: str, columns: Columns) -> Iterator[Test]:
    pairs = list(zip(columns.values[a], columns.values[b], strict=True))
    for operator in COMPARISONS:
        if operator not in ORDERS or (a in columns.ordered and b in columns.ordered):
            yield _test(operator, a, Var(b), np.array([apply(operator, pair) for pair in pairs], bool))
