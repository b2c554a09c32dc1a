"""Conditions over the columns of a table: the tests a decision list is made of, each behaviour once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from pellucid.program.nodes import Test, order
from pellucid.program.predicates import COMPARISONS, Value

LISTED_EXTRA = 4  # charged per listed value of a number that grows with the length: thresholds say more
ORDERS = ("<", "<=", ">", ">=")


@dataclass(frozen=True)
class Columns:
    """The rows of a table, by variable.

    values: value of each variable in each row. ordered: variables that hold integers only. growing: those of them whose
    range grows with the length of the input, `low` or `high` end first: (bool, bool).
    """

    values: Mapping[str, tuple[Value, ...]]
    ordered: Collection[str]
    growing: Mapping[str, tuple[bool, bool]]

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))


@dataclass(frozen=True)
class Conditions:
    """Tests with the rows where they hold: `truth` bool [test, row], `costs` int [test]."""

    tests: tuple[Test, ...]
    truth: np.ndarray
    costs: np.ndarray


def test_cost(test: Test, columns: Columns) -> int:
    """AST nodes of a test, and a surcharge for values listed where the range grows."""
    if test.against is not None:
        return 6
    numbers = sum(3 if isinstance(v, int) and v < 0 else 1 for v in test.values)
    if test.op in ("in", "not in"):
        return 5 + numbers + LISTED_EXTRA * len(test.values) * (test.variable in columns.growing)
    return 4 + numbers


def conditions(columns: Columns) -> Conditions:
    """All single tests, simplest first; of those that hold on the same rows only the first.

    Tests of one value, of order between an integer and a constant, and between two variables.
    """
    made: list[tuple[Test, np.ndarray]] = []
    for name, values in columns.values.items():
        made += _against_constants(name, values, columns)
    names = list(columns.values)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            made += _between(a, b, columns)
    first: dict[bytes, tuple[float, Test, np.ndarray]] = {}
    for test, truth in made:
        if truth.all() or not truth.any():
            continue
        cost = test_cost(test, columns) + _taste(test, columns)
        best = first.get(truth.tobytes())
        if best is None or cost < best[0]:
            first[truth.tobytes()] = (cost, test, truth)
    tests = tuple(test for _, test, _ in first.values())
    truth = np.array([truth for _, _, truth in first.values()], bool).reshape(len(tests), len(columns))
    return Conditions(tests, truth, np.array([test_cost(test, columns) for test in tests], np.int64))


def _taste(test: Test, columns: Columns) -> float:
    """Between tests of equal length: equality reads best, but a growing end is better met by a threshold."""
    grows_down, grows_up = columns.growing.get(test.variable, (False, False))
    if test.op in ("<", "<="):
        return -0.2 if grows_down else 0.2
    if test.op in (">", ">="):
        return -0.2 if grows_up else 0.2
    return 0.1 if test.op == "!=" else 0.0


def _against_constants(name: str, values: tuple[Value, ...], columns: Columns) -> list[tuple[Test, np.ndarray]]:
    known = order(set(values))
    place = {value: i for i, value in enumerate(known)}
    codes = np.array([place[value] for value in values])
    made = [(Test(name, "==", (v,)), codes == i) for i, v in enumerate(known)]
    made += [(Test(name, "!=", (v,)), codes != i) for i, v in enumerate(known)]
    if name in columns.ordered:
        for i, v in enumerate(known):
            made += [(Test(name, "<=", (v,)), codes <= i), (Test(name, ">", (v,)), codes > i)]
            made += [(Test(name, "<", (v,)), codes < i), (Test(name, ">=", (v,)), codes >= i)]
    return made


def _between(a: str, b: str, columns: Columns) -> list[tuple[Test, np.ndarray]]:
    ops = ("==", "!=", *(ORDERS if a in columns.ordered and b in columns.ordered else ()))
    pairs = list(zip(columns.values[a], columns.values[b], strict=True))
    return [(Test(a, op, (), b), _holds(COMPARISONS[op], pairs)) for op in ops]  # pyright: ignore[reportArgumentType]


def _holds(compare: Callable[..., bool], pairs: list[tuple[Value, Value]]) -> np.ndarray:
    return np.array([compare(x, y) for x, y in pairs], bool)
