"""Decision lists from tables: few rules with short tests, found by a beam search for the least description length.

A list is grown rule by rule from the top. What is not decided yet is charged like a table of exceptions to its
commonest outcome, so a rule is worth its tests and outcome only where it makes that rest shorter. The result decides
every row of the table as the table does, and any other combination by its rules, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pellucid.program.conditions import Columns, Conditions, conditions, test_cost
from pellucid.program.formula import Var
from pellucid.program.nodes import Rule, Rules, Test, order
from pellucid.program.predicates import Value

WIDTH = 6  # lists kept at each length
CHOICES = 10  # next rules tried for each
LONGEST = 16
PAIRS = 70  # tests that are tried in pairs
EXCEPTION = 6  # nodes of one row of a table of exceptions
Outcome = Value | Var
Op = Literal["==", "!=", "<", "<=", ">", ">=", "in", "not in"]


@dataclass(frozen=True)
class _Rest:
    """A list in the making: its rules, their cost, and the rows it leaves undecided."""

    rules: tuple[Rule, ...]
    cost: int
    rows: np.ndarray
    default: Outcome
    left: int  # undecided rows that the default gets wrong

    @property
    def whole(self) -> int:
        """Cost with the default's."""
        return self.cost + _outcome_cost(self.default)

    @property
    def rank(self) -> tuple[float, int, int, str]:
        """Smaller is better: at equal length, rules of one test, then few rules."""
        joined = sum(len(rule.tests) - 1 for rule in self.rules)
        return (self.whole + EXCEPTION * self.left, joined, len(self.rules), repr(self.rules))


def decision_list(columns: Columns, outputs: Sequence[Value], limit: int) -> Rules | None:
    """The shortest decision list found that gives these outputs, None where none costs less than `limit`.

    Args:
        columns: the rows of the table; no two alike.
        outputs: the outcome of each row.
        limit: AST nodes, as `rules_cost` counts them.
    """
    search = _Search(columns, outputs)
    beam = [search.rest((), 0, np.ones(len(columns), bool))]
    best: _Rest | None = None
    for _ in range(LONGEST):
        for rest in beam:
            if rest.left == 0 and rest.whole < limit and (best is None or rest.rank < best.rank):
                best = rest
        grown: dict[bytes, _Rest] = {}
        for rest in beam:
            for longer in search.longer(rest):
                key = longer.rows.tobytes()
                if longer.cost < (limit if best is None else best.whole + 1) and (
                    key not in grown or longer.rank < grown[key].rank
                ):
                    grown[key] = longer
        beam = sorted(grown.values(), key=lambda r: r.rank)[:WIDTH]
    return None if best is None else _settled(Rules(best.rules, best.default), columns)


OPPOSITE: dict[str, Op] = {
    "==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in", "not in": "in",
}  # fmt: skip


def _settled(rules: Rules, columns: Columns) -> Rules:
    """The same list with the better of two sides as default: the one without end, or that is not a single value."""
    if not rules.rules or len(rules.rules[-1].tests) != 1:
        return rules
    last = rules.rules[-1]
    (test,) = last.tests
    grows_down, grows_up = columns.growing.get(test.variable, (False, False))
    endless = (test.op in (">", ">=") and grows_up) or (test.op in ("<", "<=") and grows_down and not grows_up)
    if test.op != "!=" and (test.against is not None or not endless):
        return rules
    turned = Rule((replace(test, op=OPPOSITE[test.op]),), rules.default)
    return Rules((*rules.rules[:-1], turned), last.outcome)


def rules_cost(rules: Rules, columns: Columns) -> int:
    """AST nodes of a decision list's text, names of the loop aside."""
    return _outcome_cost(rules.default) + sum(_rule_cost(rule, columns) for rule in rules.rules)


def _rule_cost(rule: Rule, columns: Columns) -> int:
    tests = sum(test_cost(test, columns) for test in rule.tests)
    return 1 + tests + 2 * (len(rule.tests) > 1) + _outcome_cost(rule.outcome)


def _outcome_cost(outcome: Outcome) -> int:
    if isinstance(outcome, Var):
        return 2
    return 3 if isinstance(outcome, int) and outcome < 0 else 1


class _Search:
    """What stays the same while lists grow: tests, outcomes, and which outcome is right in which row."""

    def __init__(self, columns: Columns, outputs: Sequence[Value]) -> None:
        self.columns = columns
        self.atoms: Conditions = conditions(columns)
        constants = order(set(outputs))
        self.outcomes: list[Outcome] = [*constants, *map(Var, columns.values)]
        right = [[out == constant for out in outputs] for constant in constants]
        right += [[out == v for out, v in zip(outputs, column, strict=True)] for column in columns.values.values()]
        self.right = np.array(right, np.float32)  # [outcome, row]
        self.prices = np.array([_outcome_cost(outcome) for outcome in self.outcomes])

    def rest(self, rules: tuple[Rule, ...], cost: int, rows: np.ndarray) -> _Rest:
        """The list with these rules; the default is the outcome that is right most often, constants first."""
        hits = self.right[:, rows].sum(1)
        # A value of its own says more than a variable that agrees by chance on as many rows.
        best = int((hits - 0.5 * (self.prices > 1)).argmax())
        return _Rest(rules, cost, rows, self.outcomes[best], int(rows.sum() - hits[best]))

    def longer(self, rest: _Rest) -> list[_Rest]:
        """The list with one more rule, in the most promising ways."""
        if rest.left == 0:
            return []
        found: dict[bytes, tuple[float, tuple[Test, ...], int, np.ndarray]] = {}
        for tests, cost, covered, outcome in self._pure(rest.rows):
            price = 1 + cost + int(self.prices[outcome])
            hits = int((self.right[:, rest.rows & ~covered].sum(1)).max(initial=0))
            total = price + EXCEPTION * (int(rest.rows.sum() - covered.sum()) - hits)
            key = covered.tobytes()
            if key not in found or total < found[key][0]:
                found[key] = (total, tests, outcome, covered)
        chosen = sorted(found.values(), key=lambda f: (f[0], len(f[1]), repr(f[1])))[:CHOICES]
        grown = []
        for _, tests, outcome, covered in chosen:
            rule = Rule(tests, self.outcomes[outcome])
            cost = rest.cost + _rule_cost(rule, self.columns)
            grown.append(self.rest((*rest.rules, rule), cost, rest.rows & ~covered))
        return grown

    def _pure(self, rows: np.ndarray):
        """(tests, their cost, undecided rows where they hold, outcome): all those rows have the same outcome."""
        live = np.flatnonzero(rows)
        right = self.right[:, live]
        truth = self.atoms.truth[:, live].astype(np.float32)
        for i, k in _all_right(truth, right):
            yield (self.atoms.tests[i],), int(self.atoms.costs[i]), rows & self.atoms.truth[i], k
        yield from self._listed((), 0, rows)
        hopeful = self._hopeful(truth, right)
        for n, i in enumerate(hopeful):
            both = truth[hopeful[n + 1 :]] * truth[i]
            for j, k in _all_right(both, right):
                other = hopeful[n + 1 + j]
                cost = int(self.atoms.costs[i] + self.atoms.costs[other]) + 2
                covered = rows & self.atoms.truth[i] & self.atoms.truth[other]
                yield (self.atoms.tests[i], self.atoms.tests[other]), cost, covered, k
        for i in hopeful[:20]:
            yield from self._listed((self.atoms.tests[i],), int(self.atoms.costs[i]) + 2, rows & self.atoms.truth[i])

    def _hopeful(self, truth: np.ndarray, right: np.ndarray) -> list[int]:
        """Tests that are worth a second one beside them: mostly of one outcome, on many rows."""
        hits = (truth @ right.T).max(1)
        score = hits - 0.5 * (truth.sum(1) - hits)
        ranked = np.argsort(-score, kind="stable")
        return [int(i) for i in ranked[:PAIRS] if truth[i].any()]

    def _listed(self, tests: tuple[Test, ...], cost: int, rows: np.ndarray):
        """Rules with an `in` or `not in`: every value of a variable that has one outcome only."""
        tested = {test.variable for test in tests}
        for name, column in self.columns.values.items():
            live = np.flatnonzero(rows)
            values = order({column[i] for i in live})
            if name in tested or not 2 < len(values) <= 40:
                continue
            which = np.array([[column[i] == v for i in live] for v in values], np.float32)
            pure = (which @ self.right[:, live].T) == which.sum(1, keepdims=True)  # [value, outcome]
            for k in np.flatnonzero(pure.sum(0) >= 2).tolist():
                listed = tuple(v for v, ok in zip(values, pure[:, k], strict=True) if ok)
                others = tuple(v for v in values if v not in listed)
                if not others:
                    continue
                negative = 1 < len(others) < len(listed)
                test = Test(name, "not in", others) if negative else Test(name, "in", listed)
                covered = rows & np.array([v in listed for v in column])
                yield (*tests, test), cost + test_cost(test, self.columns), covered, k


def _all_right(truth: np.ndarray, right: np.ndarray) -> list[tuple[int, int]]:
    """(condition, outcome) pairs where the condition holds somewhere and the outcome is right wherever it does."""
    sizes = truth.sum(1)
    pure = (truth @ right.T == sizes[:, None]) & (sizes > 0)[:, None]
    return [(int(i), int(k)) for i, k in zip(*np.nonzero(pure), strict=True)]
