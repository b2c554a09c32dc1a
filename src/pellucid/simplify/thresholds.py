"""An exact pass for matches over a table whose rows are all `k OP t` for some t: they compare with t instead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from pellucid.language.columns import Assign
from pellucid.language.expressions import Apply, Table, Var
from pellucid.language.nodes import Aggregate, Let, Node
from pellucid.language.operators import apply
from pellucid.language.program import Program
from pellucid.language.types import Value, order
from pellucid.simplify.facts import Facts, Row, in_rows
from pellucid.simplify.rewrite import attempt, before, each, fresh, with_nodes
from pellucid.simplify.tables import smallest_table
from pellucid.simplify.tidy import tidy


def thresholds(program: Program, facts: Facts) -> Program:
    """A match over such a table compares the key with t, a variable of its own, where that is no longer."""

    def change(program: Program, name: str, node: Node) -> Program:
        if not isinstance(node, Aggregate) or not isinstance(node.select.match, Table) or node.select.ties:
            return program
        alone = len(node.select.query) == len(node.select.key) == 1
        pairs = facts.pairs(program, node.select) if alone else None
        for operator in ("==", "<=", ">=") if pairs else ():
            wanted = _wanted(operator, node.select.match, pairs or [])
            if wanted is not None:
                program = _reading(program, name, node, operator, wanted)
        return program

    return each(program, change)


def _wanted(operator: str, match: Table, pairs: Sequence[tuple[Row, Row]]) -> dict[Row, Value] | None:
    """The t of each query's value; None where some have none."""
    met: dict[Row, list[tuple[Value, bool]]] = defaultdict(list)
    for (q, k), true in zip(pairs, in_rows(match, ("q", "k"), [(*q, *k) for q, k in pairs]), strict=True):
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
    rows = list(wanted)
    table = tidy(smallest_table(node.select.query, rows, list(wanted.values())), program.types)
    match = Apply(operator, (Var("k"), Var("q")))
    changed = replace(node, select=replace(node.select, match=match, query=(own,)))
    return attempt(program, lambda: with_nodes(before(program, name, Assign(own, Let(table))), {name: changed}))
