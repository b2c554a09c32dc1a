"""Exact passes from tables to closed forms: formulas and decision lists, as a good programmer would write them.

As the passes in `simplify` they keep the output at the user's positions for every input, given true `Facts`. They come
after those, since a table composes and shrinks better than a formula. A closed form is taken where its text is no
longer than that of the table; a table over numbers that grow with the input also gives way to somewhat longer rules
that use thresholds, because these go on to make sense for longer inputs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from pellucid.program.conditions import Columns
from pellucid.program.elementwise import local_function
from pellucid.program.emit import emit
from pellucid.program.enumerate import expression_size, smallest_formula
from pellucid.program.facts import Facts, pointwise
from pellucid.program.formula import Var
from pellucid.program.ir import (
    PREVIOUS,
    Aggregate,
    Assign,
    Formula,
    Input,
    Integer,
    Lookup,
    Node,
    Program,
    Rules,
    Scan,
    Select,
    Type,
    reads,
)
from pellucid.program.names import with_readable_names
from pellucid.program.predicates import Compare, Value
from pellucid.program.rewrite import alias, drop_unused, where_valid
from pellucid.program.rules import decision_list
from pellucid.program.size import ast_nodes

MAX_ROWS = 400  # of a table that is worth a closed form
ROW = 8  # AST nodes that a row of a table takes at most
LONGEST = 14  # AST nodes of a formula that a reader makes more of than of a table
LONGER = 20  # AST nodes that rules may be longer than a table of growing numbers
STATE = "state__"  # name of the state before, while a step is looked at


@dataclass(frozen=True)
class Table:
    """What a lookup gives on the combinations that occur: codes [row, variable], values by column, outputs."""

    variables: tuple[str, ...]
    columns: dict[str, tuple[Value, ...]]
    outputs: tuple[Value, ...]


@lru_cache(maxsize=64)
def text_size(program: Program) -> int:
    """AST nodes of the program's text."""
    return ast_nodes(emit(with_readable_names(drop_unused(program))))


def lookups_to_formulas(program: Program, facts: Facts) -> Program:
    """Tables of numbers that are a variable or a small formula become that. Preserves the output."""
    for a in program:
        program = with_formula(program, a.name, facts)
    return drop_unused(program)


def lookups_to_rules(program: Program, facts: Facts) -> Program:
    """Tables that a short decision list says better become one. Preserves the output."""
    for a in program:
        program = with_rules(program, a.name, facts)
    return drop_unused(program)


def with_formula(program: Program, name: str, facts: Facts) -> Program:
    """One table of numbers as a variable or a formula, where that is no longer."""
    node = program[name]
    table = _occurring(program, name, facts)
    if table is None or not _numbers(table.outputs):
        return program
    whole = [v for v in table.variables if _whole(program, name, v) and _numbers(table.columns[v])]
    columns = {v: np.array(table.columns[v], np.int64) for v in whole}
    found = smallest_formula(columns, np.array(table.outputs, np.int64)) if columns else None
    if found is None or not reads(Formula(found)) or expression_size(found) > LONGEST:
        return program
    if isinstance(node, Lookup) and isinstance(found, Var):
        return _shorter(program, alias(program, name, found.name))
    return _shorter(program, _with_step(program, name, Formula(found)))


def with_rules(program: Program, name: str, facts: Facts) -> Program:
    """One table as a decision list, where that is no longer."""
    table = _occurring(program, name, facts)
    if table is None or len(set(table.outputs)) < 2:
        return program
    columns = rule_columns(program, name, table)
    found = decision_list(columns, table.outputs, ROW * len(table.outputs) + LONGER)
    if found is None:
        return program
    listed = any(len(t.values) > 1 and t.variable in columns.growing for rule in found.rules for t in rule.tests)
    # Only a program without markers can be made to take longer inputs.
    spare = LONGER if columns.growing and not listed and not program.markers else 0
    return _shorter(program, _with_step(program, name, found), spare)


def rule_columns(program: Program, name: str, table: Table) -> Columns:
    """The table's columns with what is known of their types."""
    longer = growing(program)
    ordered = {v for v in table.variables if _whole(program, name, v)}
    return Columns(table.columns, ordered, {v: longer[v] for v in ordered if v in longer})


def growing(program: Program) -> dict[str, tuple[bool, bool]]:
    """Integer variables whose range is wider for longer inputs: whether its low end and its high end move."""
    longer = replace(program, vocab=replace(program.vocab, max_length=2 * program.vocab.max_length))
    try:
        kinds = longer.types
    except ValueError:
        return {}
    found = {}
    for name, kind in program.types.items():
        other = kinds[name]
        if isinstance(kind, Integer) and isinstance(other, Integer) and kind != other:
            found[name] = (other.low < kind.low, other.high > kind.high)
    return found


def _shorter(program: Program, changed: Program, spare: int = 0) -> Program:
    """`changed` where it is well formed and its text is at most `spare` nodes longer."""
    changed = where_valid(program, changed)
    if changed is program or text_size(changed) > text_size(program) + spare:
        return program
    return changed


def _with_step(program: Program, name: str, node: Lookup | Rules | Formula) -> Program:
    """The program with another node, or another step of a scan, of this name."""

    def change(a: Assign) -> Node:
        if a.name != name:
            return a.node
        return replace(a.node, step=node) if isinstance(a.node, Scan) else node

    return program.map(change)


def _whole(program: Program, name: str, variable: str) -> bool:
    """Whether a variable that `name` reads holds integers only, whatever the input."""
    kind = program.types[name if variable == PREVIOUS else variable]
    return _numbers(kind.values)  # pyright: ignore[reportAttributeAccessIssue]  # no table reads a selection


def _numbers(values: tuple[Value, ...] | range) -> bool:
    return isinstance(values, range) or not any(isinstance(v, str) for v in values)


def _occurring(program: Program, name: str, facts: Facts) -> Table | None:
    """The table of a lookup or of a scan's step on the combinations that occur; None for anything else."""
    node = program[name]
    step = node.step if isinstance(node, Scan) else node
    if not isinstance(step, Lookup):
        return None
    asked = _with_state(program, name, node) if isinstance(node, Scan) else program
    names = tuple(STATE if v == PREVIOUS else v for v in step.variables)
    scope = "user" if name in pointwise(program) and not isinstance(node, Scan) else "all"
    tuples = facts.tuples(asked, names, scope)
    if tuples is None or not 0 < len(tuples) <= MAX_ROWS:
        return None
    kinds = dict(zip(step.variables, (asked.types[v] for v in names), strict=True))
    columns = dict(zip(step.variables, tuples.T, strict=True))
    outputs = _outputs(step, kinds, columns, program.types[name])
    told = {v: _values(kinds[v], column) for v, column in columns.items()}
    return Table(step.variables, told, outputs)


def _outputs(step: Lookup, kinds: dict[str, Type], columns: dict[str, np.ndarray], kind: Type) -> tuple[Value, ...]:
    codes = np.broadcast_to(local_function(step, kinds, kind)(columns), len(next(iter(columns.values()))))
    return _values(kind, codes)


def _values(kind: Type, codes: np.ndarray) -> tuple[Value, ...]:
    every = kind.values  # pyright: ignore[reportAttributeAccessIssue]  # no table reads a selection
    return tuple(every[c] for c in codes.tolist())


def _with_state(program: Program, name: str, node: Scan) -> Program:
    """The program with the state before each position as a variable `STATE`."""
    place, picked = "place__", "before__"
    equal = Select(place, place, Compare("==", -1), "all")
    extra = (
        Assign(place, Input("positions")),
        Assign(picked, equal),
        Assign(STATE, Aggregate(picked, "first", name, node.initial)),
    )
    return replace(program, assignments=(*program.assignments, *extra))
