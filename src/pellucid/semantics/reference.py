"""What a program means, in plain Python: slow and obvious. Everything else is compared with this.

Variables are computed group by group (see `Program.groups`), those of a state position by position, so that 100,000
steps need no recursion. Positions count from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeVar

from pellucid.errors import PellucidError
from pellucid.language.aggregates import AGGREGATES, Picked
from pellucid.language.expressions import Apply, Cases, Const, Expression, Table, Var
from pellucid.language.nodes import Aggregate, Delay, Input, Let, Node, Select, Vote, reads
from pellucid.language.operators import apply
from pellucid.language.program import Program
from pellucid.language.types import Value
from pellucid.language.words import form
from pellucid.semantics.reading import Columns, read

V = TypeVar("V")
Cells = dict[str, list[Value]]
Here = Callable[[str], Value]
Function = Callable[[Mapping[str, Value]], Value]


def run(program: Program, sequence: Any) -> Any:
    """The output in the user's form for an input in the user's form.

    Returns:
        A value, or a list of one per output where there are several; a list of those where they come at every position.

    Raises:
        PellucidError: an input that the program does not take.
    """
    columns = read(program, sequence)
    size = len(columns[program.inputs[0].name])
    return outputs(program, evaluate(program, columns, size), size)


def outputs(program: Program, cells: Mapping[str, Sequence[Value]], size: int) -> Any:
    """What comes out, from the values of all variables at `size` positions."""
    rows = [_row([cells[name][i] for name in program.results]) for i in range(size)]
    if program.when == "every":
        return rows
    if rows:
        return rows[-1]
    if program.empty is None:
        raise PellucidError("an empty sequence has no last position; expected at least one")
    return _row(list(program.empty))


def _row(values: list[Value]) -> Any:
    return values[0] if len(values) == 1 else values


def evaluate(program: Program, columns: Columns, size: int) -> Cells:
    """Every variable at every position.

    Args:
        program: any program.
        columns: values by column, as `reading.read` gives them.
        size: number of positions.
    """
    cells: Cells = {name: [] for name in program.nodes}
    for names, _ in program.groups:
        for i in range(size):
            for name in names:
                cells[name].append(_cell(program[name], i, size, cells, columns))
    return cells


def _cell(node: Node, i: int, size: int, cells: Cells, columns: Columns) -> Value:
    def here(name: str) -> Value:
        return cells[name][i]

    match node:
        case Input(column, of):
            return {"position": i, "length": size}[of] if not column else from_form(columns[column][i], of)
        case Let(expression):
            return value(expression, here)
        case Delay(variable, amount, default):
            return cells[variable][i - amount] if 0 <= i - amount < size else value(default, here)
        case Aggregate():
            return _aggregate(node, i, size, cells)
        case Vote(labels):
            places = range(size) if node.pooled else [i]
            totals = [sum(column) for column in zip(*(votes(node, _at(cells, node, j)) for j in places), strict=True)]
            return winner(labels, totals)


def _at(cells: Cells, node: Node, j: int) -> dict[str, Value]:
    return {name: cells[name][j] for name in reads(node)}


def from_form(word: Value, of: str) -> Value:
    """A word, or its form."""
    return word if of == "value" else form(str(word))


def value(expression: Expression, here: Here) -> Value:
    """Value of an expression, given that of each variable."""
    match expression:
        case Var(name):
            return here(name)
        case Const(constant):
            return float(constant) if isinstance(constant, Fraction) else constant
        case Apply(operator, args):
            return apply(operator, [value(arg, here) for arg in args])
        case Table(args, _, default):
            return expression.outcomes.get(tuple(value(arg, here) for arg in args), default)
        case Cases(rules, default):
            return value(next((outcome for test, outcome in rules if value(test, here)), default), here)


def function_of(expression: Expression) -> Function:
    """The same as a function of the values of its variables, made ready once."""
    match expression:
        case Var(name):
            return lambda here: here[name]
        case Const(value):
            constant = float(value) if isinstance(value, Fraction) else value
            return lambda here: constant
        case Apply(operator, args):
            parts = [function_of(arg) for arg in args]
            return lambda here: apply(operator, [part(here) for part in parts])
        case Table(args, _, default):
            parts, table = [function_of(arg) for arg in args], expression.outcomes
            return lambda here: table.get(tuple([part(here) for part in parts]), default)
        case Cases(rules, default):
            pairs = [(function_of(test), function_of(outcome)) for test, outcome in rules]
            otherwise = function_of(default)
            return lambda here: next((outcome for test, outcome in pairs if test(here)), otherwise)(here)


def picked(select: Select, i: int, size: int, cells: Cells) -> Iterator[int]:
    """The positions that a selection picks from position i, left to right."""
    for j in positions(select, i, size):
        if select.mask is not None and bool(cells[select.mask][j]) == select.negated:
            continue
        pair = compared(select, cells, i, j)
        matches = select.match is None or value(select.match, pair.__getitem__)
        if matches or (select.ties and j < i and pair["q"] == pair["k"]):
            yield j


def compared(select: Select, cells: Mapping[str, Sequence[V]], i: int, j: int) -> dict[str, V]:
    """What a selection's match is about: the variables at the query and at a key, by the names it has for them."""
    return {local: cells[name][i if local in select.queries else j] for local, name in select.local.items()}


def positions(select: Select, i: int, size: int) -> range:
    """The positions that are looked at from position i."""
    first, last = select.offsets
    return range(max(i + first, 0), min(i + last + 1, size))


def _aggregate(node: Aggregate, i: int, size: int, cells: Cells) -> Value:
    row, found = AGGREGATES[node.how], gathered(node, i, picked(node.select, i, size, cells), cells)
    if not found.positions and not row.reads:
        return 0
    result = row.meaning(found) if found.positions else None
    return value(node.default, lambda name: cells[name][i]) if result is None else result


def gathered(node: Aggregate, i: int, places: Iterable[int], cells: Mapping[str, Sequence[Value]]) -> Picked:
    """What an aggregate is made of, of the positions picked: those where nothing that it reads is missing."""
    by_key = node.by if AGGREGATES[node.how].by == "key" else None
    read = [cells[name] for name in (node.value, by_key) if name is not None]
    left = [j for j in places if all(values[j] is not None for values in read)]
    values = [] if node.value is None else [cells[node.value][j] for j in left]
    keys = [] if by_key is None else [cells[by_key][j] for j in left]
    return Picked(values, keys, left, i, None if node.by is None else cells[node.by][i])


def winner(labels: Sequence[Value], totals: list[int]) -> Value:
    """The label with the largest sum, the first at a tie."""
    return labels[totals.index(max(totals))]


def votes(node: Vote, here: Mapping[str, Value]) -> list[int]:
    """The weight of each label, from the values of the variables at one position."""
    total = list(node.bias)
    for part in node.evidence:
        weights = part.weights.get(here[part.variable], part.default)
        total = [a + b for a, b in zip(total, weights, strict=True)]
    for name, row in node.scaled:
        count = here[name]
        assert count is None or isinstance(count, int)
        total = [a + (count or 0) * b for a, b in zip(total, row, strict=True)]
    return total
