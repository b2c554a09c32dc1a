"""A program: input columns, a short list of named assignments, outputs. Immutable; passes return a new one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from pellucid.language.aggregates import aggregation
from pellucid.language.expressions import DEEPEST, Apply, Const, Expression, Table, depth, names_in, walk
from pellucid.language.inference import ends, infer
from pellucid.language.nodes import (
    LARGEST_WINDOW,
    REACHES,
    Aggregate,
    Assign,
    Column,
    Delay,
    Groups,
    Input,
    Let,
    Node,
    Output,
    ProgramError,
    Select,
    Vote,
    When,
    components,
    looks_ahead,
    needed,
    reads,
)
from pellucid.language.operators import operator
from pellucid.language.types import Type, Value

MOST_VARIABLES = 5_000


def check_columns(inputs: Sequence[Column], outputs: Sequence[Output], when: When, longest: int | None) -> None:
    """Names of columns, and what a column says of unknown values.

    Raises:
        ProgramError: from here and the functions below, naming the column or the variable.
    """
    for what, names in (("input", [c.name for c in inputs]), ("output", [o.name for o in outputs])):
        if not names or len(set(names)) != len(names):
            raise ProgramError(f"expected one or more {what} columns of different names, got {names!r:.60}")
    for column in inputs:
        if column.type.is_empty or column.type.nothing:
            raise ProgramError(f"column {column.name!r}: holds {column.type}; expected texts or numbers")
        if column.unknown is not None and not column.type.holds(column.unknown):
            raise ProgramError(f"column {column.name!r}: {column.unknown!r:.60} for unknown ones is itself unknown")
    if longest is not None and not 1 <= longest <= LARGEST_WINDOW:
        raise ProgramError(f"longest: expected a whole number from 1, got {longest!r:.60}")
    if when not in ("every", "last", "sequence"):
        raise ProgramError(f"when: expected every, last or sequence, got {when!r:.60}")


def check_empty(empty: tuple | None, outputs: Sequence[Output], when: When) -> None:
    """What comes out for an empty sequence: a value per output, where outputs are of the whole sequence."""
    if empty is None:
        return
    if when == "every":
        raise ProgramError("empty: outputs come at every position, so none come out for an empty sequence")
    if len(empty) != len(outputs):
        raise ProgramError(f"empty: expected {len(outputs)} values, one per output, got {len(empty)}")
    try:
        for value in empty:
            _check_entry(value)
    except ValueError as error:
        raise ProgramError(f"empty: {error}") from None


def check_variables(inputs: Iterable[Column], assignments: Sequence[Assign], outputs: Iterable[Output]) -> None:
    """Names, what each node holds, and that each is defined before it is read."""
    if len(assignments) > MOST_VARIABLES:
        raise ProgramError(f"{len(assignments)} variables; at most {MOST_VARIABLES}")
    columns, known, seen = {c.name for c in inputs}, {a.name for a in assignments}, set[str]()
    for a in assignments:
        if not a.name.isidentifier():
            raise ProgramError(f"{a.name!r:.60}: a variable's name must be an identifier")
        if a.name in seen:
            raise ProgramError(f"{a.name}: defined twice")
        try:
            _check_node(a.node, columns)
        except ValueError as error:
            raise ProgramError(f"{a.name}: {error}") from None
        backwards = isinstance(a.node, Delay) and a.node.amount > 0
        for name in reads(a.node):
            if name not in known:
                raise ProgramError(f"{a.name}: reads {name}, which is not defined")
            if name not in seen and not (backwards and name == a.node.variable):  # pyright: ignore[reportAttributeAccessIssue]
                raise ProgramError(f"{a.name}: reads {name}, which is not defined before it")
        seen.add(a.name)
    for output in outputs:
        if output.variable not in known:
            raise ProgramError(f"output {output.name!r}: {output.variable!r:.60} is no variable of the program")


def check_state(nodes: Mapping[str, Node], groups: Groups) -> None:
    """Inside a cycle everything looks backwards, so that it can be computed position by position."""
    for names, cyclic in groups:
        for name in names if cyclic else ():
            if looks_ahead(nodes[name]):
                raise ProgramError(f"{name}: looks ahead inside a state; expected earlier positions only")


def _check_node(node: Node, columns: set[str]) -> None:
    match node:
        case Input(column, of):
            if of in ("position", "length"):
                if column:
                    raise ValueError(f"the {of} is of no column; got {column!r:.60}")
            elif column not in columns:
                raise ValueError(f"no input column {column!r:.60}; there are {', '.join(sorted(columns))}")
        case Let(expression):
            check_expression(expression)
        case Delay(_, amount, default):
            _check_whole("amount", amount, -LARGEST_WINDOW)
            if amount == 0:
                raise ValueError("amount: expected another position than this one, got 0")
            check_expression(default)
        case Aggregate():
            _check_aggregate(node)
        case Vote():
            _check_vote(node)


def _check_whole(what: str, value: object, least: int) -> None:
    if type(value) is not int or not least <= value <= LARGEST_WINDOW:
        raise ValueError(f"{what}: expected a whole number from {least}, got {value!r:.60}")


def check_expression(expression: Expression) -> None:
    """Raise `ValueError` for an unknown operator, a wrong constant or table, or nesting that Python could not read."""
    if depth(expression) > DEEPEST:
        raise ValueError(f"an expression nested deeper than {DEEPEST}")
    for part in walk(expression):
        match part:
            case Const(value):
                check_value(value)
            case Apply(name, args):
                operator(name, len(args))
            case Table():
                _check_table(part)


def _check_table(table: Table) -> None:
    if not table.args:
        raise ValueError("a table of no variables")
    for key, outcome in table.cases:
        if len(key) != len(table.args):
            raise ValueError(f"a case of {len(key)} values for {len(table.args)} variables")
        for value in (*key, outcome):
            _check_entry(value)
    _check_entry(table.default)
    if len({key for key, _ in table.cases}) != len(table.cases):
        raise ValueError("two cases for the same values")


def _check_entry(value: object) -> None:
    if isinstance(value, Fraction):
        raise ValueError(f"expected text, a finite number or nothing in a table, got the fraction {value}")
    check_value(value)


def check_value(value: object) -> None:
    """Raise `ValueError` for anything but text, a finite number, or nothing."""
    if value is None or isinstance(value, str):
        return
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction) or not math.isfinite(value):
        raise ValueError(f"expected text, a finite number or nothing, got {value!r:.60}")


def _check_select(select: Select) -> None:
    if select.reach not in REACHES:
        raise ValueError(f"unknown reach {select.reach!r:.60}; known: {', '.join(REACHES)}")
    if select.window is not None:
        _check_whole("window", select.window, 1)
    if select.match is not None:
        check_expression(select.match)
        for name in names_in(select.match):
            if name not in select.local:
                raise ValueError(f"a match over {name!r:.60}; known: {', '.join(sorted(select.local))}")
    elif select.query or select.key:
        raise ValueError("a query or a key without a match")
    if select.ties and (select.match is None or len(select.query) != 1 or len(select.key) != 1):
        raise ValueError("ties: expected a match of one query and one key")
    if select.negated and select.mask is None:
        raise ValueError("negated: expected a mask")


def _check_aggregate(node: Aggregate) -> None:
    row = aggregation(node.how)
    _check_select(node.select)
    if (node.value is None) == row.reads:
        raise ValueError(f"{node.how}: {'needs' if row.reads else 'takes no'} value")
    if (node.by is None) == bool(row.by):
        raise ValueError(f"{node.how}: {'needs' if row.by else 'takes no'} by")
    if not row.reads and node.default != Const(None):
        raise ValueError(f"{node.how}: takes no default; it is 0 where nothing is picked")
    check_expression(node.default)


def _check_vote(node: Vote) -> None:
    count = len(node.labels)
    if not count or len(set(node.labels)) != count:
        raise ValueError("expected one or more different labels")
    rows = [node.bias, *(w for _, w in node.scaled), *(r for e in node.evidence for _, r in e.rows)]
    for row in (*rows, *(e.default for e in node.evidence)):
        if len(row) != count or any(type(weight) is not int for weight in row):
            raise ValueError(f"expected {count} whole weights, one per label, got {row!r:.60}")
    for part in node.evidence:
        if len({value for value, _ in part.rows}) != len(part.rows):
            raise ValueError(f"two rows for the same value of {part.variable}")


@dataclass(frozen=True)
class Program:
    """Assignments in order, each reading earlier ones, or earlier positions of any.

    Args:
        inputs: the columns; a step of an input is one value, or a list with one per column where there are several.
        assignments: the variables.
        outputs: the columns that come out, likewise.
        when: whether they come out at `every` position, at the `last` one, or once for the `sequence` (a value that is
            the same at every position, and so is known for no positions, too: `empty`).
        longest: positions of the longest input it was made for; None: it was made for any. Whether it takes longer ones
            follows from what it does: see `takes_longer`.
        empty: what comes out for an empty sequence, a value per output; None: it is refused, or an empty list where
            outputs come at every position.

    Raises:
        ProgramError: when it is not well formed.
    """

    inputs: tuple[Column, ...]
    assignments: tuple[Assign, ...]
    outputs: tuple[Output, ...]
    when: When = "every"
    longest: int | None = None
    empty: tuple[Value, ...] | None = None

    def __post_init__(self) -> None:
        check_columns(self.inputs, self.outputs, self.when, self.longest)
        check_empty(self.empty, self.outputs, self.when)
        check_variables(self.inputs, self.assignments, self.outputs)
        check_state(self.nodes, self.groups)

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Node of every variable, in order."""
        return {a.name: a.node for a in self.assignments}

    @cached_property
    def groups(self) -> Groups:
        """(variables in program order, whether they need each other's earlier values), each after those it reads."""
        return components(self.nodes)

    @cached_property
    def types(self) -> dict[str, Type]:
        """Type of every variable, a promise for all inputs.

        Raises:
            ProgramError: a node is given what it cannot take.
        """
        return self.types_of_any_length if self.takes_longer else self._types_up_to_longest

    @cached_property
    def takes_longer(self) -> bool:
        """Whether every piece says something of inputs longer than `longest`.

        Comparisons, formulas and thresholds do; a table, or evidence, over a number that grows with the input does not:
        it ends where the data ended.
        """
        return self.longest is None or not any(
            ends(a.node, self.types_of_any_length, self._types_up_to_longest) for a in self
        )

    @cached_property
    def types_of_any_length(self) -> dict[str, Type]:
        """Type of every variable for inputs of any length, whether it takes them or not."""
        return infer({c.name: c for c in self.inputs}, self.nodes, self.groups, None)

    @cached_property
    def _types_up_to_longest(self) -> dict[str, Type]:
        return infer({c.name: c for c in self.inputs}, self.nodes, self.groups, self.longest)

    @property
    def results(self) -> tuple[str, ...]:
        """The variables that come out."""
        return tuple(output.variable for output in self.outputs)

    def __getitem__(self, name: str) -> Node:
        return self.nodes[name]

    def __iter__(self) -> Iterator[Assign]:
        return iter(self.assignments)

    def map(self, change: Callable[[Assign], Node]) -> Program:
        """The program with every node replaced by `change(assign)`."""
        return replace(self, assignments=tuple(Assign(a.name, change(a)) for a in self.assignments))

    def pruned(self) -> Program:
        """The program without the variables that no output depends on."""
        live = needed(self.nodes, self.results)
        kept = tuple(a for a in self.assignments if a.name in live)
        return self if len(kept) == len(self.assignments) else replace(self, assignments=kept)
