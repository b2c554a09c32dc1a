"""Exact passes for tables and cases: fewer cases, fewer variables, and one table instead of two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from pellucid.language.expressions import (
    Cases,
    Const,
    Expression,
    Table,
    Var,
    mapped,
    names_in,
    substitute,
)
from pellucid.language.nodes import Let, Node, reads
from pellucid.language.program import Program
from pellucid.language.types import Value, order
from pellucid.simplify.facts import Facts, Row, in_rows, ordered
from pellucid.simplify.rewrite import each, with_node
from pellucid.simplify.sizes import expression_size
from pellucid.simplify.tidy import tidy
from pellucid.simplify.tidy_arithmetic import alike
from pellucid.simplify.tidy_tables import equal

MOST_VARIABLES = 3  # of a table that two become


def shrunk(program: Program, facts: Facts) -> Program:
    """Tables and cases of what occurs alone, and of the variables that matter; one that repeats a variable is that."""

    def smaller(part: Table | Cases) -> Expression:
        names = tuple(dict.fromkeys(names_in(part)))
        rows = facts.rows(program, names) if names else None
        return part if not rows else smallest(part, shorter(part, names, rows))

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


def smallest(part: Expression, others: Iterator[Expression]) -> Expression:
    """The first of the shortest ones; the part itself where none is shorter."""
    return min((part, *others), key=expression_size)


def shorter(part: Table | Cases, names: Sequence[str], rows: Sequence[Row]) -> Iterator[Expression]:
    """What gives the same in these rows of the variables that it reads."""
    outputs = in_rows(part, names, rows)
    yield from variables_alike(names, rows, outputs)
    if isinstance(part, Cases):
        yield _deciding(part, names, rows)
    yield smallest_table(names, rows, outputs)


def variables_alike(names: Sequence[str], rows: Sequence[Row], outputs: Sequence[Value]) -> Iterator[Expression]:
    """The variables that have the outputs as their values."""
    for name, column in zip(names, zip(*rows, strict=True), strict=True):
        if all(map(equal, column, outputs)):
            yield Var(name)


def _deciding(part: Cases, names: Sequence[str], rows: Sequence[Row]) -> Cases:
    """The cases without rules that never decide."""
    left, kept = list(rows), []
    for test, outcome in part.rules:
        truth = in_rows(test, names, left)
        kept += [(test, outcome)] if any(truth) else []
        left = [row for row, true in zip(left, truth, strict=True) if not true]
    return Cases(tuple(kept), part.default)


def smallest_table(names: Sequence[str], rows: Sequence[Row], outputs: Sequence[Value]) -> Expression:
    """The table of these outputs over the variables that matter; the commonest output is the default."""
    kept = needed(rows, outputs)
    told = {tuple(row[i] for i in kept): out for row, out in zip(rows, outputs, strict=True)}
    counts = Counter((type(out), out) for out in told.values())
    most = max(counts.values())
    default = order(out for (_, out), count in counts.items() if count == most)[0]
    cases = tuple((key, told[key]) for key in ordered(told) if not equal(told[key], default))
    return Table(tuple(Var(names[i]) for i in kept), cases, default) if cases else Const(default)


def needed(rows: Sequence[Row], outputs: Sequence[Value]) -> list[int]:
    """Columns that determine the output, none of which could be left out."""
    keep = list(range(len(rows[0])))
    for column in reversed(range(len(rows[0]))):
        rest = [c for c in keep if c != column]
        told: dict[Row, tuple] = {}
        if all(
            told.setdefault(tuple(row[c] for c in rest), (type(out), out)) == (type(out), out)
            for row, out in zip(rows, outputs, strict=True)
        ):
            keep = rest
    return keep


def composed(program: Program, facts: Facts) -> Program:
    """A table of a table becomes one, where that is no longer."""

    def change(program: Program, name: str, node: Node) -> Program:
        for inner in reads(node) if isinstance(node, Let) else ():
            outer, within = program.nodes.get(name), program.nodes.get(inner)
            if isinstance(outer, Let) and isinstance(within, Let):
                program = _composed(program, name, outer.expression, inner, within.expression, facts)
        return program

    return each(program, change)


def _composed(program: Program, name: str, outer: Expression, inner: str, within: Expression, facts: Facts) -> Program:
    if not isinstance(outer, Table | Cases) or not isinstance(within, Table | Cases):
        return program
    whole = substitute(outer, {inner: within})
    names = tuple(dict.fromkeys(names_in(whole)))
    rows = facts.rows(program, names) if len(names) <= MOST_VARIABLES else None
    if not rows:
        return program
    outputs = in_rows(whole, names, rows)
    found = smallest(smallest_table(names, rows, outputs), variables_alike(names, rows, outputs))
    return with_node(program, name, Let(tidy(found, program.types)))
