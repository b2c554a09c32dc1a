"""Exact passes for tables and cases: fewer cases, fewer variables, and one table instead of two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pellucid.language.expressions import Cases, Const, Expression, Table, Var, mapped, names_in, substitute
from pellucid.language.nodes import Let, Node, reads
from pellucid.language.program import Program
from pellucid.language.types import Value, order
from pellucid.simplify.facts import Facts, Row, in_rows, ordered
from pellucid.simplify.rewrite import each, expression_size, on_each, with_node
from pellucid.simplify.tidy import tidy
from pellucid.simplify.tidy_rules import alike, equal

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
