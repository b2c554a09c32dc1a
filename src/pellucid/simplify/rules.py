"""Decision lists from tables: few rules with short tests, found by a beam search for the least description length.

A list is grown rule by rule from the top. What is not decided yet is charged like a table of exceptions to its
commonest outcome, so a rule is worth its tests and outcome only where it makes that rest shorter. The result decides
every row of the table as the table does, and any other combination by its rules, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.language.expressions import Apply, Cases, Const, Var, conjunction
from pellucid.language.operators import NEGATED
from pellucid.language.types import Value, order
from pellucid.simplify.conditions import Columns, Test, conditions, listing
from pellucid.simplify.sizes import conjunction_size, expression_size

WIDTH = 6  # lists kept at each length
CHOICES = 10  # next rules tried for each
LONGEST = 16
PAIRS = 70  # tests that are tried in pairs
LISTED = 20  # tests that are tried with a listing of another variable
EXCEPTION = 6  # nodes of one row of a table of exceptions
Tests = tuple[Test, ...]
Outcome = Var | Const


@dataclass(frozen=True)
class _Rest:
    """A list in the making: its rules, their cost, and the rows it leaves undecided."""

    rules: tuple[tuple[Tests, Outcome], ...]
    cost: int
    rows: np.ndarray
    default: Outcome
    left: int  # undecided rows that the default gets wrong

    @property
    def whole(self) -> int:
        """Cost with the default's."""
        return self.cost + expression_size(self.default)

    @property
    def rank(self) -> tuple[float, int, int, str]:
        """Smaller is better: at equal length, rules of one test, then few rules."""
        joined = sum(len(tests) - 1 for tests, _ in self.rules)
        told = repr([([t.expression for t in tests], outcome) for tests, outcome in self.rules])
        return (self.whole + EXCEPTION * self.left, joined, len(self.rules), told)


def decision_list(columns: Columns, outputs: Sequence[Value], limit: int) -> Cases | None:
    """The shortest decision list found that gives these outputs, None where none costs less than `limit`.

    Args:
        columns: the rows of the table; no two alike.
        outputs: the outcome of each row.
        limit: AST nodes.
    """
    search = _Search(columns, outputs)
    beam = [search.rest((), 0, np.ones(len(columns), bool))]
    best: _Rest | None = None
    for _ in range(LONGEST):
        for rest in beam:
            if rest.left == 0 and rest.whole < limit and (best is None or rest.rank < best.rank):
                best = rest
        grown: dict[bytes, _Rest] = {}
        for longer in (longer for rest in beam for longer in search.longer(rest)):
            key = longer.rows.tobytes()
            dear = longer.cost >= (limit if best is None else best.whole + 1)
            if not dear and (key not in grown or longer.rank < grown[key].rank):
                grown[key] = longer
        beam = sorted(grown.values(), key=lambda r: r.rank)[:WIDTH]
    return None if best is None else _settled(best, columns)


def _settled(best: _Rest, columns: Columns) -> Cases:
    """The list with the better of two sides as default: the one without end, or that is not a single value."""
    rules = [(conjunction(t.expression for t in tests), outcome) for tests, outcome in best.rules]
    default = best.default
    if rules and isinstance(test := rules[-1][0], Apply) and _turns(test, best.rules[-1][0][0].variable, columns):
        turned = Apply(NEGATED[test.operator], test.args)
        rules[-1], default = (turned, default), rules[-1][1]
    return Cases(tuple(rules), default)


def _turns(test: Apply, variable: str, columns: Columns) -> bool:
    if test.operator not in NEGATED:
        return False
    down, up = columns.growing.get(variable, (False, False))
    endless = (test.operator in (">", ">=") and up) or (test.operator in ("<", "<=") and down and not up)
    return test.operator == "!=" or (isinstance(test.args[1], Const) and endless)


class _Search:
    """What stays the same while lists grow: tests, outcomes, and which outcome is right in which row."""

    def __init__(self, columns: Columns, outputs: Sequence[Value]) -> None:
        self.columns = columns
        self.tests = conditions(columns)
        self.truth = np.array([t.truth for t in self.tests], bool).reshape(len(self.tests), len(columns))
        constants = order(outputs)
        self.outcomes: list[Outcome] = [*map(Const, constants), *map(Var, columns.values)]
        told = [*([constant] * len(outputs) for constant in constants), *columns.values.values()]
        right = [[out == v and type(out) is type(v) for out, v in zip(outputs, column, strict=True)] for column in told]
        self.right = np.array(right, np.float32)  # [outcome, row]
        self.prices = np.array([expression_size(outcome) for outcome in self.outcomes])

    def rest(self, rules: tuple[tuple[Tests, Outcome], ...], cost: int, rows: np.ndarray) -> _Rest:
        """The list with these rules; the default is the outcome that is right most often, constants first."""
        hits = self.right[:, rows].sum(1)
        # A value of its own says more than a variable that agrees by chance on as many rows.
        variable = [isinstance(outcome, Var) for outcome in self.outcomes]
        best = int((hits - 0.5 * np.array(variable)).argmax())
        return _Rest(rules, cost, rows, self.outcomes[best], int(rows.sum() - hits[best]))

    def longer(self, rest: _Rest) -> list[_Rest]:
        """The list with one more rule, in the most promising ways."""
        if rest.left == 0:
            return []
        found: dict[bytes, tuple[float, Tests, int, np.ndarray]] = {}
        for tests, outcome in self._pure(rest.rows):
            covered = rest.rows & np.logical_and.reduce([t.truth for t in tests])
            price = 1 + conjunction_size(t.cost for t in tests) + int(self.prices[outcome])
            hits = int((self.right[:, rest.rows & ~covered].sum(1)).max(initial=0))
            total = price + EXCEPTION * (int(rest.rows.sum() - covered.sum()) - hits)
            key = covered.tobytes()
            if key not in found or total < found[key][0]:
                found[key] = (total, tests, outcome, covered)
        chosen = sorted(found.values(), key=lambda f: (f[0], len(f[1]), repr([t.expression for t in f[1]])))[:CHOICES]
        grown = []
        for _, tests, outcome, covered in chosen:
            cost = rest.cost + 1 + conjunction_size(t.cost for t in tests) + int(self.prices[outcome])
            grown.append(self.rest((*rest.rules, (tests, self.outcomes[outcome])), cost, rest.rows & ~covered))
        return grown

    def _pure(self, rows: np.ndarray) -> Iterator[tuple[Tests, int]]:
        """(tests, outcome): all undecided rows where the tests hold have the outcome."""
        live = np.flatnonzero(rows)
        right = self.right[:, live]
        truth = self.truth[:, live].astype(np.float32)
        for i, k in _all_right(truth, right):
            yield (self.tests[i],), k
        yield from self._listed((), rows)
        hopeful = self._hopeful(truth, right)
        for n, i in enumerate(hopeful):
            both = truth[hopeful[n + 1 :]] * truth[i]
            for j, k in _all_right(both, right):
                yield (self.tests[i], self.tests[hopeful[n + 1 + j]]), k
        for i in hopeful[:LISTED]:
            yield from self._listed((self.tests[i],), rows & self.truth[i])

    def _hopeful(self, truth: np.ndarray, right: np.ndarray) -> list[int]:
        """Tests that are worth a second one beside them: mostly of one outcome, on many rows."""
        if not len(truth):
            return []
        hits = (truth @ right.T).max(1)
        score = hits - 0.5 * (truth.sum(1) - hits)
        ranked = np.argsort(-score, kind="stable")
        return [int(i) for i in ranked[:PAIRS] if truth[i].any()]

    def _listed(self, tests: Tests, rows: np.ndarray) -> Iterator[tuple[Tests, int]]:
        """Rules that list every value of a variable that has one outcome only."""
        tested = {test.variable for test in tests}
        live = np.flatnonzero(rows)
        for name, column in self.columns.values.items():
            here = [column[i] for i in live.tolist()]
            values = order(here)
            if name in tested or not 2 < len(values) <= 40:
                continue
            which = np.array([[h == v for h in here] for v in values], np.float32)
            pure = (which @ self.right[:, live].T) == which.sum(1, keepdims=True)  # [value, outcome]
            for k in np.flatnonzero(pure.sum(0) >= 2).tolist():
                listed = tuple(v for v, ok in zip(values, pure[:, k], strict=True) if ok)
                others = tuple(v for v in values if v not in listed)
                if others:
                    yield (*tests, listing(name, listed, others, self.columns)), k


def _all_right(truth: np.ndarray, right: np.ndarray) -> list[tuple[int, int]]:
    """(condition, outcome) pairs where the condition holds somewhere and the outcome is right wherever it does."""
    sizes = truth.sum(1)
    pure = (truth @ right.T == sizes[:, None]) & (sizes > 0)[:, None]
    return [(int(i), int(k)) for i, k in zip(*np.nonzero(pure), strict=True)]
