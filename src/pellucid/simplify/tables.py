"""Exact passes for tables and cases: fewer cases, fewer variables, and one table instead of two."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pellucid.language.expressions import (
    Apply,
    Cases,
    Const,
    Expression,
    Table,
    Var,
    mapped,
    names_in,
    renamed,
    substitute,
)
from pellucid.language.nodes import Aggregate, Assign, Let, Node, Select, reads
from pellucid.language.operators import COMPARISONS, apply
from pellucid.language.program import Program
from pellucid.language.types import Type, Value, order
from pellucid.simplify.facts import Facts, Row, in_rows, ordered
from pellucid.simplify.rewrite import attempt, before, each, expression_size, fresh, on_each, with_node, with_nodes
from pellucid.simplify.tidy import as_test, comparable, tidy
from pellucid.simplify.tidy_rules import alike, equal, plus

MOST_VARIABLES = 3  # of a table that two become


@dataclass(frozen=True)
class Listed:
    """What an expression gives on the values of its variables that occur together."""

    names: tuple[str, ...]
    rows: Sequence[Row]
    outputs: Sequence[Value]

    @property
    def columns(self) -> dict[str, Sequence[Value]]:
        """Values in each row, by variable."""
        return dict(zip(self.names, zip(*self.rows, strict=True), strict=True))

    def copies(self) -> Iterator[Expression]:
        """The variables that have the outputs as their values."""
        return (Var(name) for name, column in self.columns.items() if all(map(equal, column, self.outputs)))

    def over(self, kept: Sequence[int]) -> Listed:
        """The same over some of the variables, which determine the outputs."""
        told = {tuple(row[i] for i in kept): out for row, out in zip(self.rows, self.outputs, strict=True)}
        return Listed(tuple(self.names[i] for i in kept), list(told), list(told.values()))

    def table(self) -> Expression:
        """The smallest table, over the variables that matter; the commonest output is the default."""
        told = self.over(needed(self.rows, self.outputs))
        counts = Counter((type(out), out) for out in told.outputs)
        most = max(counts.values())
        default = order(out for (_, out), count in counts.items() if count == most)[0]
        outcome = dict(zip(told.rows, told.outputs, strict=True))
        cases = tuple((key, outcome[key]) for key in ordered(told.rows) if not equal(outcome[key], default))
        return Table(tuple(map(Var, told.names)), cases, default) if cases else Const(default)


def listed(program: Program, part: Expression, facts: Facts, most: int | None = None) -> Listed | None:
    """The expression on what occurs; None where that is not known, or of no variable, or of more than so many."""
    names = tuple(dict.fromkeys(names_in(part)))
    asked = names and (most is None or len(names) <= most)
    rows = facts.rows(program, names) if asked else None
    return Listed(names, rows, in_rows(part, names, rows)) if rows else None


def shortest(expressions: Iterable[Expression]) -> Expression:
    """The first of the shortest ones."""
    return min(expressions, key=expression_size)


def shrunk(program: Program, facts: Facts) -> Program:
    """Tables and cases of what occurs alone, and of the variables that matter; one that repeats a variable is that."""

    def smaller(part: Table | Cases) -> Expression:
        found = listed(program, part, facts)
        if found is None:
            return part
        deciding = [_deciding(part, found)] if isinstance(part, Cases) else []
        return shortest([part, *found.copies(), *deciding, found.table()])

    return each_part(program, smaller)


def each_part(program: Program, change: Callable[[Table | Cases], Expression], spare: int = 0) -> Program:
    """The program with every table and every list of cases changed, where that is as good."""

    def changed(part: Expression) -> Expression:
        return change(part) if isinstance(part, Table | Cases) else part

    def of(program: Program, name: str, node: Node) -> Program:
        if not isinstance(node, Let) or alike(found := mapped(node.expression, changed), node.expression):
            return program
        return with_node(program, name, Let(tidy(found, program.types)), spare)

    return each(program, of)


def _deciding(part: Cases, found: Listed) -> Cases:
    """The cases without rules that never decide."""
    left, kept = list(found.rows), []
    for test, outcome in part.rules:
        truth = in_rows(test, found.names, left)
        kept += [(test, outcome)] if any(truth) else []
        left = [row for row, true in zip(left, truth, strict=True) if not true]
    return Cases(tuple(kept), part.default)


def needed(rows: Sequence[Row], outputs: Sequence[Value]) -> list[int]:
    """Columns that determine the output, none of which could be left out."""
    keep = list(range(len(rows[0])))
    for column in reversed(range(len(rows[0]))):
        rest = [c for c in keep if c != column]
        keep = rest if determined(rows, outputs, rest) else keep
    return keep


def determined(rows: Sequence[Row], outputs: Sequence[Value], columns: Sequence[int]) -> bool:
    """Whether rows that are alike in these columns have the same output."""
    told: dict[Row, Value] = {}
    pairs = zip(rows, outputs, strict=True)
    return all(equal(told.setdefault(tuple(row[c] for c in columns), out), out) for row, out in pairs)


@on_each
def composed(program: Program, name: str, node: Node, facts: Facts) -> Program:
    """A table of a table becomes one, where that is no longer."""
    for inner in reads(node) if isinstance(node, Let) else ():
        match program.nodes.get(name), program.nodes.get(inner):
            case Let(Table() | Cases() as outer), Let(Table() | Cases() as within):
                found = listed(program, substitute(outer, {inner: within}), facts, MOST_VARIABLES)
                if found is not None:
                    made = tidy(shortest([found.table(), *found.copies()]), program.types)
                    program = with_node(program, name, Let(made))
    return program


MOST_CELLS = 2_000  # pairs of a match that is worth a table
Q, K = Var("q"), Var("k")
Pairs = Sequence[tuple[Row, Row]]


def plainest(select: Select, pairs: Pairs, types: Mapping[str, Type]) -> Select | None:
    """The selection with the shortest match that says the same of these pairs, None where none is shorter.

    A match that is never true is the constant 0.
    """
    assert select.match is not None
    names = tuple(select.local)
    rows = [(*q, *k) for q, k in pairs]
    best = select
    for match in _candidates(Listed(names, rows, _truth(select.match, names, rows)), types):
        found = _trimmed(replace(select, match=as_test(tidy(match, types), lambda e: Type())))
        if _size(found) < _size(best):
            best = found
    return None if best is select else best


def _truth(match: Expression, names: Sequence[str], rows: Sequence[Row]) -> list[int]:
    return [int(bool(v)) for v in in_rows(match, names, rows)]


def _size(select: Select) -> int:
    return 0 if select.match is None else expression_size(select.match) + 2 * len(select.query + select.key)


def _candidates(pairs: Listed, types: Mapping[str, Type]) -> Iterator[Expression]:
    if len(set(pairs.outputs)) == 1:
        yield Const(pairs.outputs[0])
        return
    if pairs.names == ("q", "k"):
        yield from (m for m in _comparisons(pairs, types) if _truth(m, pairs.names, pairs.rows) == pairs.outputs)
    if len(pairs.rows) <= MOST_CELLS:
        yield pairs.table()


def _comparisons(pairs: Listed, types: Mapping[str, Type]) -> Iterator[Expression]:
    """The key against the query, and against a number more or less."""
    ordered = comparable(types["q"], types["k"])
    yield from (Apply(operator, (K, Q)) for operator in COMPARISONS if ordered or operator in ("==", "!="))
    if ordered and types["q"].is_whole:
        q, k = pairs.rows[pairs.outputs.index(1)]
        assert isinstance(q, int)
        assert isinstance(k, int)
        yield Apply("==", (K, plus(Q, k - q)))


def _trimmed(select: Select) -> Select:
    """The selection without variables that its match does not read."""
    match = select.match
    if match is None or (isinstance(match, Const) and match.value):
        return replace(select, match=None, query=(), key=())
    used, new = set(names_in(match)), dict[str, str]()

    def kept(names: Mapping[str, str]) -> tuple[str, ...]:
        found = [name for name in names if name in used]
        new.update(zip(found, names, strict=False))
        return tuple(names[name] for name in found)

    query, key = kept(select.queries), kept(select.keys)
    return replace(select, match=renamed(match, new), query=query, key=key)


@on_each
def thresholds(program: Program, name: str, node: Node, facts: Facts) -> Program:
    """A match over such a table compares the key with t, a variable of its own, where that is no longer."""
    if not isinstance(node, Aggregate) or not isinstance(node.select.match, Table) or node.select.ties:
        return program
    alone = len(node.select.query) == len(node.select.key) == 1
    pairs = facts.pairs(program, node.select) if alone else None
    for operator in ("==", "<=", ">=") if pairs else ():
        wanted = _wanted(operator, node.select.match, pairs or [])
        if wanted is not None:
            program = _reading(program, name, node, operator, wanted)
    return program


def _wanted(operator: str, match: Table, pairs: Pairs) -> dict[Row, Value] | None:
    """The t of each query's value; None where some have none."""
    met: dict[Row, list[tuple[Value, bool]]] = defaultdict(list)
    for (q, k), true in zip(pairs, _truth(match, ("q", "k"), [(*q, *k) for q, k in pairs]), strict=True):
        met[q].append((k[0], bool(true)))
    if operator != "==" and not all(type(k) is int for row in met.values() for k, _ in row):
        return None
    found = {q: _threshold(operator, row) for q, row in met.items()}
    return None if any(t is None for t in found.values()) else found


def _threshold(operator: str, row: Sequence[tuple[Value, bool]]) -> Value:
    """The t for which `k OP t` holds for exactly the keys that match; None for none."""
    matching = order(k for k, true in row if true)
    if operator == "==":
        t = matching[0] if len(matching) == 1 else None
    elif matching:
        t = matching[-1 if operator == "<=" else 0]
    else:
        numbers = [k for k, _ in row if isinstance(k, int)]
        t = min(numbers) - 1 if operator == "<=" else max(numbers) + 1
    return t if t is not None and all(apply(operator, (k, t)) == true for k, true in row) else None


def _reading(program: Program, name: str, node: Aggregate, operator: str, wanted: dict[Row, Value]) -> Program:
    """The program with a variable for t, and the selection comparing keys with it."""
    own = fresh(program, f"{name}_wanted")
    table = tidy(Listed(node.select.query, list(wanted), list(wanted.values())).table(), program.types)
    changed = replace(node, select=replace(node.select, match=Apply(operator, (K, Q)), query=(own,)))
    return attempt(program, lambda: with_nodes(before(program, name, Assign(own, Let(table))), {name: changed}))
