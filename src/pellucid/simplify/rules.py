"""Decision lists from tables: few rules with short tests, found by a beam search for the least description length.

A list is grown rule by rule from the top. What is not decided yet is charged like a table of exceptions to its
commonest outcome, so a rule is worth its tests and outcome only where it makes that rest shorter. The result decides
every row of the table as the table does, and any other combination by its rules, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.language.expressions import Apply, Cases, Const, Expression, Var, among, conjunction
from pellucid.language.operators import COMPARISONS, NEGATED, apply
from pellucid.language.types import Value, order
from pellucid.simplify.rewrite import expression_size
from pellucid.simplify.tidy import ORDERS

WIDTH = 6  # lists kept at each length
CHOICES = 10  # next rules tried for each
LONGEST = 16
PAIRS = 70  # tests that are tried in pairs
LISTED = 20  # tests that are tried with a listing of another variable
LISTED_EXTRA = 4  # charged per listed value of a number that grows with the length: thresholds say more
EXCEPTION = 6  # nodes of one row of a table of exceptions
Outcome = Var | Const


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


Tests = tuple[Test, ...]


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
        found: dict[bytes, tuple[float, Tests, int, np.ndarray, int]] = {}
        for tests, outcome in self._pure(rest.rows):
            covered = rest.rows & np.logical_and.reduce([t.truth for t in tests])
            price = 1 + sum(t.cost for t in tests) + 2 * (len(tests) > 1) + int(self.prices[outcome])
            hits = int((self.right[:, rest.rows & ~covered].sum(1)).max(initial=0))
            total = price + EXCEPTION * (int(rest.rows.sum() - covered.sum()) - hits)
            key = covered.tobytes()
            if key not in found or total < found[key][0]:
                found[key] = (total, tests, outcome, covered, rest.cost + price)
        chosen = sorted(found.values(), key=lambda f: (f[0], len(f[1]), repr([t.expression for t in f[1]])))[:CHOICES]
        return [self.rest((*rest.rules, (tests, self.outcomes[outcome])), cost, rest.rows & ~covered)
                for _, tests, outcome, covered, cost in chosen]  # fmt: skip

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


# ---------------------------------------------------------------- tests


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
