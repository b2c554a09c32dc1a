"""What a selection's match can be instead, on the pairs of values that it compares.

That is a plainer match (`plainest`), or, by an exact pass (`thresholds`), for a match over a table whose rows are all
`k OP t` for some t, a comparison with t.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pellucid.language.expressions import Apply, Const, Expression, Table, Var, names_in, renamed
from pellucid.language.nodes import Aggregate, Assign, Let, Node, Select
from pellucid.language.operators import COMPARISONS, apply
from pellucid.language.program import Program
from pellucid.language.types import Type, Value, order
from pellucid.simplify.facts import Facts, Row, in_rows
from pellucid.simplify.rewrite import attempt, before, expression_size, fresh, on_each, with_nodes
from pellucid.simplify.tables import Listed
from pellucid.simplify.tidy import as_test, comparable, tidy
from pellucid.simplify.tidy_rules import plus

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
