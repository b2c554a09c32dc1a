"""Values, expressions and nodes in a few words: what explanations, circuits and groups of errors are told in.

What operators and aggregates are called stands in their rows. In a selection `query.x` is a variable at the position
that looks, `key.x` one at a position that is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from rich.cells import cell_len

from pellucid.language.aggregates import aggregation
from pellucid.language.expressions import Apply, Cases, Const, Expression, Table, Var, names_in, substitute
from pellucid.language.forms import ATOM, CONDITION, OR
from pellucid.language.nodes import NOTHING, Aggregate, Delay, Input, Let, Node, Select, Vote
from pellucid.language.operators import operator
from pellucid.language.types import Value, whole
from pellucid.values import counted, literal, runs

REACH = {"any": "", "upto": "up to the query", "before": "before the query", "after": "after the query",
         "from": "from the query on"}  # fmt: skip
INPUTS = {"position": "position, counted from 0", "length": "number of positions"}
FEW = 6  # values, and cases, that are written out
SHORT = 60  # characters of rules that are written out
DIGITS = 6  # of a number in a table


def plain(value: Value, most: int | None = None) -> str:
    """A value in a table: bare where nothing can be mistaken, numbers in a few digits, `-` for nothing."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}"
    bare = not isinstance(value, str) or (value.isprintable() and value.strip() == value and value not in ("", "-"))
    return shortened(str(value) if bare else literal(value), most)


def shown(value: Any) -> str:
    """An input or an output in a line: rows of several columns with commas."""
    rows = value if isinstance(value, list | tuple) else [value]
    return " ".join(",".join(map(plain, row)) if isinstance(row, list | tuple) else plain(row) for row in rows)


def shortened(text: str, most: int | None) -> str:
    """The text, cut to so many characters."""
    return text if most is None or len(text) <= most else text[: most - 3] + "..."


def spans(positions: Iterable[int]) -> str:
    """Increasing positions, neighbours as `2-5`, those of the language (from 0) told as people count, from 1."""
    return ",".join(f"{low + 1}-{high + 1}" if high > low else str(low + 1) for low, high in runs(positions))


def aligned(rows: Sequence[Sequence[str]], sides: str) -> list[str]:
    """Lines of a table; `sides` has `<` or `>` for each column. Wide characters count as two."""
    sizes = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            " " * (size - cell_len(cell)) + cell if side == ">" else cell + " " * (size - cell_len(cell))
            for cell, size, side in zip(row, sizes, sides, strict=True)
        ]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return lines


# ---------------------------------------------------------------- expressions


def text(expression: Expression) -> str:
    """An expression in a line."""
    return _text(expression)[0]


def _text(expression: Expression) -> tuple[str, int]:
    """The text, and how tightly it binds (see `forms`)."""
    match expression:
        case Var(name):
            return name, ATOM
        case Const(value):
            return str(value) if isinstance(value, Fraction) else literal(value), ATOM
        case Apply(name, args):
            return _applied(name, args)
        case Table(args, cases, default):
            return _table(expression, args, cases, default), CONDITION
        case Cases(rules, default):
            if len(rules) <= 1:
                told = [f"{_inside(outcome, OR)} if {text(test)}, else " for test, outcome in rules]
                return "".join(told) + text(default), CONDITION
            return f"first of {counted(len(rules), 'rule')} that holds, else {text(default)}", CONDITION


def _applied(name: str, args: Sequence[Expression]) -> tuple[str, int]:
    """By the words of the row; brackets as Python would need them, which the row knows, too."""
    row = operator(name)
    form = row.python([whole(1, 2)] * len(args))
    if "(" in row.words:
        least, level = (CONDITION,) * len(args), ATOM
    elif form.level < ATOM:
        least, level = form.operands[: len(args)], form.level
    else:
        least, level = (ATOM,) * len(args), CONDITION
    first, *rest = (_inside(arg, need) for arg, need in zip(args, least, strict=True))
    if not row.folds:
        return row.words.format(first, *rest), level
    for told in rest:
        first = row.words.format(first, told)
    return first, level


def _inside(expression: Expression, level: int) -> str:
    told, own = _text(expression)
    return told if own >= level else f"({told})"


def _table(whole_one: Table, args: Sequence[Expression], cases: Sequence, default: Value) -> str:
    outcomes, names = {outcome for _, outcome in cases}, " and ".join(map(text, args))
    if outcomes == {1} and default == 0:  # a test
        pair = f"({', '.join(map(text, args))})" if len(args) > 1 else names
        return _among(pair, [key if len(args) > 1 else key[0] for key, _ in cases])
    if len(args) == 1 and len(outcomes) == 1 and len(cases) <= FEW:
        held = _among(names, [key[0] for key, _ in cases])
        return f"{literal(cases[0][1])} if {held}, else {literal(default)}"
    if len(cases) == 1:
        return f"{literal(cases[0][1])} if {case(whole_one, 0)}, else {literal(default)}"
    if not cases:
        return f"always {literal(default)}"
    return f"by {names}: table of {counted(len(cases), 'case')}, else {literal(default)}"


def _among(name: str, values: Sequence[Any]) -> str:
    told = [literal(value) for value in values[:FEW]]
    if len(values) == 1:
        return f"{name} == {told[0]}"
    return f"{name} in {{{', '.join(told)}{', ...' if len(values) > FEW else ''}}}"


def case(table: Table, number: int) -> str:
    """Condition of one case of a table."""
    pairs = zip(table.args, table.cases[number][0], strict=True)
    return " and ".join(f"{_inside(arg, OR)} == {literal(value)}" for arg, value in pairs)


def fired(expression: Table | Cases, number: int) -> str:
    """The case or rule of that number with its outcome, in words; a negative number stands for the default."""
    if number < 0:
        default = expression.default
        return f"default: {text(default) if isinstance(expression, Cases) else literal(default)}"  # pyright: ignore[reportArgumentType]
    if isinstance(expression, Cases):
        test, outcome = expression.rules[number]
        return f"rule {number + 1}: {text(outcome)} if {text(test)}"
    return f"{literal(expression.cases[number][1])} if {case(expression, number)}"


# ---------------------------------------------------------------- nodes


def meaning(node: Node) -> str:
    """What a node computes, in a line."""
    match node:
        case Input("", of):
            return INPUTS[of]
        case Input(column, of):
            return f"input {column}" if of == "value" else f"form of {column}"
        case Let(expression):
            return text(expression)
        case Delay(variable, amount, default):
            away = f"{abs(amount)} position{'' if abs(amount) == 1 else 's'} {'back' if amount > 0 else 'ahead'}"
            return f"{variable} {away}, else {text(default)}"
        case Aggregate(select, how, value, default, by):
            told = " ".join([aggregation(how).words.format(value=value, by=by), *condition(select)])
            return told if default == NOTHING else f"{told}, else {text(default)}"
        case Vote(_, _, evidence, scaled, pooled):
            names = dict.fromkeys([e.variable for e in evidence] + [name for name, _ in scaled])
            return f"label with most votes{' at all positions' if pooled else ''}, by {', '.join(names) or 'nothing'}"


def condition(select: Select) -> list[str]:
    """Which keys are looked at and match, in parts of a sentence."""
    parts = [REACH[select.reach]] if select.reach != "any" else []
    if select.window is not None:
        parts.append(f"at most {counted(select.window - 1, 'position')} away")
    tests = []
    if select.match is not None:
        names = select.queries.items()
        local = {name: Var(f"query.{variable}") for name, variable in names}
        local |= {name: Var(f"key.{v}") for name, v in select.keys.items()}
        tests.append(_match(substitute(select.match, local)) + (" (or equal, before the query)" if select.ties else ""))
    if select.mask is not None:
        tests.append(f"{'not ' if select.negated else ''}key.{select.mask}")
    return [*parts, *([f"where {' and '.join(tests)}"] if tests else [])]


def _match(test: Expression) -> str:
    """A test of a key; one by rules in full where that is short."""
    if not isinstance(test, Cases) or len(test.rules) < 2:
        return text(test)
    told = "; ".join([*(f"{text(out)} if {text(held)}" for held, out in test.rules), f"else {text(test.default)}"])
    names = " and ".join(dict.fromkeys(names_in(test)))
    return f"({told})" if len(told) <= SHORT else f"one of {len(test.rules)} rules of {names} holds"
