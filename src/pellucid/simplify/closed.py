"""Exact passes from tables to closed forms: formulas and decision lists, as a good programmer would write them.

They come after those of `simplify`, since a table composes and shrinks better than a formula. A closed form is taken
where its text is no longer than that of the table; a table over numbers that grow with the input also gives way to
somewhat longer rules that use thresholds, because these go on to make sense for longer inputs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from pellucid.language.expressions import Cases, Expression, Table, Var, names_in, values_among, walk
from pellucid.language.program import Program
from pellucid.language.types import Value
from pellucid.simplify import Pass, repeated
from pellucid.simplify.enumerate import smallest_formula
from pellucid.simplify.facts import Facts, known
from pellucid.simplify.rewrite import expression_size
from pellucid.simplify.rules import Columns, decision_list
from pellucid.simplify.tables import Listed, each_part, listed, thresholds
from pellucid.simplify.votes import votes_to_tables

MOST_ROWS = 400  # of a table that is worth a closed form
ROW = 8  # AST nodes that a row of a table takes at most
LONGEST = 14  # AST nodes of a formula that a reader makes more of than of a table
LONGER = 20  # AST nodes that rules may be longer than a table of growing numbers


def closed(program: Program, facts: Facts | None = None) -> Program:
    """The program with tables, votes and matches in closed forms, where those are short.

    Args:
        program: any program, best one that is simplified.
        facts: what can happen in it; default: as for `simplify`.
    """
    return repeated(program, facts or known(program), CLOSED)


def tables_to_formulas(program: Program, facts: Facts) -> Program:
    """Tables of whole numbers that are a small formula become that."""
    return each_part(program, lambda part: with_formula(program, part, facts))


def tables_to_rules(program: Program, facts: Facts) -> Program:
    """Tables that a short decision list says better become one."""
    longer = growing(program)

    def change(part: Table | Cases) -> Expression:
        table = worth_while(program, part, facts)
        found = None if table is None else as_rules(program, table, longer)
        if found is None:
            return part
        spare = LONGER if longer.keys() & set(names_in(part)) and _goes_on(found, part, longer.keys()) else 1
        return found if expression_size(found) < expression_size(part) + spare else part

    return each_part(program, change, LONGER)


def _goes_on(found: Cases, part: Expression, longer: Collection[str]) -> bool:
    """Whether rules say more of longer inputs than the table: few thresholds, not each value by itself."""
    lists = any(isinstance(e, Table) and set(longer) & set(names_in(e)) for e in walk(found))
    return isinstance(part, Table) and not lists and 2 * len(found.rules) <= len(part.cases)


def with_formula(program: Program, part: Expression, facts: Facts) -> Expression:
    """An expression over whole numbers as the smallest formula, where that is no longer."""
    table = worth_while(program, part, facts)
    if table is None or not all(isinstance(v, int) for v in table.outputs):
        return part
    whole = [v for v in table.names if program.types[v].is_integer]
    columns = {v: np.array(table.columns[v], np.int64) for v in whole if _fits(table.columns[v])}
    if not columns or not _fits(table.outputs):
        return part
    found = smallest_formula(columns, np.array(table.outputs, np.int64))
    if found is None or not any(isinstance(e, Var) for e in walk(found)):
        return part
    return found if expression_size(found) <= min(LONGEST, expression_size(part)) else part


def _fits(values: Sequence[Value]) -> bool:
    return all(isinstance(v, int) and abs(v) < 2**62 for v in values)


def worth_while(program: Program, part: Expression, facts: Facts) -> Listed | None:
    """The expression as a table of what occurs; None where that is too long, or one test of one value."""
    found = None if len(values_among(part) or (0, 0)) < 2 else listed(program, part, facts)
    return None if found is None or len(found.rows) > MOST_ROWS else found


def as_rules(program: Program, table: Listed, longer: dict[str, tuple[bool, bool]]) -> Cases | None:
    """The shortest decision list found."""
    ordered = {v for v in table.names if program.types[v].is_integer}
    columns = Columns(table.columns, ordered, {v: longer[v] for v in ordered if v in longer})
    return decision_list(columns, table.outputs, ROW * len(table.outputs) + LONGER)


def growing(program: Program) -> dict[str, tuple[bool, bool]]:
    """Whole-number variables whose range is wider for longer inputs: whether its low end and its high end move."""
    found = {}
    for name, t in program.types.items():
        now, then = t.numbers, program.types_of_any_length[name].numbers
        if now is not None and then is not None and now.whole and (then.low == -np.inf or then.high == np.inf):
            found[name] = (then.low == -np.inf, then.high == np.inf)
    return found


def votes_to_rules(program: Program, facts: Facts) -> Program:
    """Votes that up to three of their variables decide become tables or rules over those."""
    longer = growing(program)

    def forms(few: Listed) -> list[Expression]:
        found = as_rules(program, few, longer)
        return [] if found is None else [found]

    return votes_to_tables(program, facts, forms)


CLOSED: tuple[Pass, ...] = (votes_to_rules, thresholds, tables_to_formulas, tables_to_rules)
