"""Exact passes for heads: tables that a selector or an aggregate can say itself; see `closed_forms`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pellucid.program.attention import truth_table
from pellucid.program.closed_forms import text_size, with_formula, with_rules
from pellucid.program.facts import Facts, pointwise
from pellucid.program.interpret import values_of
from pellucid.program.ir import Aggregate, Assign, Lookup, Program, Select, order, reads
from pellucid.program.predicates import Compare, Comparison, Match, Value
from pellucid.program.rewrite import alias, drop_unused, lookup_from, where_valid

CHOICES = ("min", "max", "first", "last")


def tables_in_aggregates(program: Program, facts: Facts) -> Program:
    """A table that only gives another word for "none picked" becomes the default itself. Preserves the output."""
    for a in program:
        node = program[a.name]
        if isinstance(node, Lookup) and len(node.variables) == 1:
            program = _with_default(program, a.name, node, facts)
    return drop_unused(program)


def _with_default(program: Program, name: str, node: Lookup, facts: Facts) -> Program:
    source = node.variables[0]
    head = program[source]
    if not isinstance(head, Aggregate) or head.how not in CHOICES or head.default is None or head.value is None:
        return program
    if program.output == source or any(source in reads(a.node) and a.name != name for a in program):
        return program
    picked, given = facts.tuples(program, (head.value,)), facts.tuples(program, (source,))
    if picked is None or given is None:
        return program
    cases, values = dict(node.cases), values_of(program, source)
    known = values_of(program, head.value)
    if any(known[c] == head.default for c in picked[:, 0].tolist()):
        return program
    given_values = [values[c] for c in given[:, 0].tolist()]
    if any(cases.get((v,), node.default) != v for v in given_values if v != head.default):
        return program
    default = cases.get((head.default,), node.default)
    changed = program.map(lambda a: replace(head, default=default) if a.name == source else a.node)
    changed = where_valid(program, changed)
    return program if changed is program else alias(changed, name, source)


def thresholds_in_predicates(program: Program, facts: Facts) -> Program:
    """A predicate table whose rows are all `k OP t` for some t becomes that comparison with a table, or formula, of t.

    The new variable holds t for each query; the text must become shorter. Preserves the output.
    """
    for a in program:
        node = program[a.name]
        if isinstance(node, Select) and isinstance(node.predicate, Match):
            program = _with_threshold(program, a.name, node, facts)
    return drop_unused(program)


def _with_threshold(program: Program, name: str, node: Select, facts: Facts) -> Program:
    queries = facts.tuples(program, (node.query,), "user" if name in pointwise(program) else "all")
    offered = facts.tuples(program, (node.key,))
    if queries is None or offered is None or not len(queries):
        return program
    truth, keys = truth_table(node, program.types), values_of(program, node.key)
    occurs = np.zeros_like(truth)
    occurs[np.ix_(queries[:, 0], offered[:, 0])] = True  # more than can meet, and quicker to know
    asked, ordered = np.flatnonzero(occurs.any(1)), not any(isinstance(v, str) for v in keys)
    best, size = program, text_size(program)
    ops: tuple[Comparison, ...] = ("==", "<=", ">=") if ordered else ("==",)
    for op in ops:
        wanted = [_threshold(op, truth[q], occurs[q], keys) for q in asked]
        if any(t is None for t in wanted):
            continue
        table = lookup_from(
            (node.query,), [values_of(program, node.query)], asked[:, None], [t for t in wanted if t is not None]
        )
        wanted_name, changed = _reading(program, name, node, table, op)
        changed = where_valid(program, changed)
        if changed is not program:
            changed = with_rules(with_formula(changed, wanted_name, facts), wanted_name, facts)
        if changed is not program and text_size(changed) < size:
            best, size = changed, text_size(changed)
    return best


def _threshold(op: Comparison, truth: np.ndarray, occurs: np.ndarray, keys: Sequence[Value]) -> Value | None:
    """The t for which `k OP t` holds for exactly the keys that match, among those that occur; None for none."""
    live = [(v, bool(t)) for v, t, met in zip(keys, truth, occurs, strict=True) if met]
    matching = [v for v, t in live if t]
    if op == "==":
        candidates = matching[:1] if len(matching) == 1 else []
    elif not matching:
        bottom, top = int(min(v for v, _ in live)), int(max(v for v, _ in live))  # pyright: ignore[reportArgumentType]
        candidates = [bottom - 1 if op == "<=" else top + 1]
    else:
        candidates = [order(tuple(matching))[-1 if op == "<=" else 0]]
    for t in candidates:
        if all(Compare(op)(t, v) == holds for v, holds in live):
            return t
    return None


def _reading(program: Program, name: str, node: Select, table: Lookup, op: Comparison) -> tuple[str, Program]:
    """The program with a variable for the table and the selector comparing keys with it, and the variable's name."""
    wanted = f"{name}_wanted"
    while any(a.name == wanted for a in program):
        wanted += "_"
    assigns: list[Assign] = []
    for a in program:
        if a.name == name:
            assigns.append(Assign(wanted, table))
            assigns.append(Assign(name, replace(node, query=wanted, predicate=Compare(op))))
        else:
            assigns.append(a)
    return wanted, replace(program, assignments=tuple(assigns))
