"""Readable names of variables, from what they are alone: the same program always gets the same names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from pellucid.emit.writer import usable
from pellucid.language.aggregates import AGGREGATES
from pellucid.language.expressions import Apply, Cases, Const, Expression, Table, Var, names_in, values_among
from pellucid.language.nodes import Aggregate, Assign, Delay, Input, Let, Select, Vote, reads, renamed
from pellucid.language.operators import COMPARISONS, OPERATORS
from pellucid.language.program import Program
from pellucid.language.types import Value

LONGEST = 24
SHAPE = re.compile("[a-z][a-z0-9]*(_[a-z0-9]+)*")
SIDES = {"before": "earlier_", "after": "later_"}
POSITION = Input("", "position")
Ones = Mapping[str, str]


def with_readable_names(program: Program) -> Program:
    """The program with every variable renamed; a number tells variables of the same kind apart.

    Inputs and outputs are called as the user calls them, all else by what it is.
    """
    names: dict[str, str] = {}
    fixed = {output.variable: plain(output.name) for output in reversed(program.outputs)}
    for a in program:
        if isinstance(a.node, Input):
            fixed[a.name] = _input(program, a.node)
    for name in sorted(fixed, key=lambda name: not isinstance(program[name], Input)):
        names[name] = _free(fixed[name], names)
    rest = [a for a in program if a.name not in names]
    unnamed = {a.name: i for i, a in enumerate(rest)}

    def ahead(a: Assign) -> bool:
        """Whether it delays what comes after it, and so has no name yet."""
        return isinstance(a.node, Delay) and unnamed.get(a.node.variable, -1) >= unnamed[a.name]

    for a in sorted(rest, key=ahead):
        fitting = filter(_short, _candidates(program, a.name, names))
        names[a.name] = _free(next(fitting, "variable"), names)
    assigns = tuple(Assign(names[a.name], renamed(a.node, names)) for a in program)
    outputs = tuple(replace(output, variable=names[output.variable]) for output in program.outputs)
    return replace(program, assignments=assigns, outputs=outputs)


def plain(called: str) -> str:
    """A column's name as an identifier."""
    found = _identifier(called)
    return found if found and not found[0].isdigit() else f"column_{found}".rstrip("_")


def _input(program: Program, node: Input) -> str:
    if node.of in ("position", "length"):
        return node.of
    words = next(column for column in program.inputs if column.name == node.column).words is not None
    called = "words" if words and len(program.inputs) == 1 else plain(node.column)
    return called if node.of == "value" else f"{_singular(called)}_form"


def _short(base: str) -> bool:
    return len(base) <= LONGEST and SHAPE.fullmatch(base) is not None


def _free(base: str, names: Mapping[str, str]) -> str:
    found, number, taken = base, 1, set(names.values())
    while found in taken or not usable(found):
        number += 1
        found = f"{base}_{number}"
    return found


def _singular(called: str) -> str:
    return called[:-1] if called.endswith("s") and not called.endswith("ss") and len(called) > 3 else called


def _candidates(program: Program, name: str, names: Mapping[str, str]) -> Iterator[str]:
    """Names for a variable, the most telling first; one that is too long is passed over."""
    ones = defaultdict[str, str](str)  # what one value of each is called; nothing, which never fits, without a name yet
    ones |= {v: _singular(called) if isinstance(program[v], Input) else called for v, called in names.items()}
    node = program[name]
    if any(program[v] == Delay(name, 1, d.default) for v in reads(node) if isinstance(d := program[v], Delay)):
        yield "state"
    if isinstance(node, Let) and isinstance(node.expression, Table | Cases) and _is_kept(program, name):
        yield "state"
    match node:
        case Let(expression):
            yield from _expression(expression, ones)
        case Delay(variable, amount):
            yield from _moved(ones[variable], amount)
        case Aggregate():
            yield from _aggregate(program, node, ones)
        case Vote():
            yield "label"


def _is_kept(program: Program, name: str) -> bool:
    """Whether what a variable will be hangs on what it was a step before."""
    group = next(names for names, _ in program.groups if name in names)
    return any(isinstance(d := program[v], Delay) and (d.variable, d.amount) == (name, 1) for v in group)


def _moved(one: str, amount: int) -> Iterator[str]:
    if abs(amount) == 1:
        yield from (f"{'previous' if amount > 0 else 'next'}_{one}", "previous" if amount > 0 else "next")
    side = "before" if amount > 0 else "after"
    yield from (f"{one}_{abs(amount)}_{side}", f"{abs(amount)}_{side}", side)


# ---------------------------------------------------------------- expressions


def _expression(expression: Expression, ones: Ones) -> Iterator[str]:
    match expression:
        case Const():
            yield "constant"
        case Apply("==", (Apply("%", (Var(name), Const(2))), Const(0 | 1 as rest))):
            yield f"{ones[name]}_is_{'odd' if rest else 'even'}"
        case Apply("%", (Var(name), Const(2))):
            yield f"{ones[name]}_is_odd"
        case Apply(operator, (Var(name), right)) if operator in COMPARISONS:
            yield from _test(operator, ones[name], right, ones)
        case Table((Var(name),)) if (values := values_among(expression)) is not None:
            if all(map(_is_word, values)):
                yield f"is_{'_or_'.join(str(v).lower() for v in values)}"
            if all(type(v) is int and v >= 0 for v in values):
                yield f"{ones[name]}_is_{'_or_'.join(map(str, values))}"
            yield f"{ones[name]}_flag"
        case Apply("not", (Var(name),)):
            yield f"not_{ones[name].removeprefix('is_')}"
        case Apply(operator, args):
            noun = OPERATORS[operator].noun if operator not in COMPARISONS else "test"
            if len(args) == 1 and isinstance(args[0], Var):
                yield f"{noun}_{ones[args[0].name]}"
            yield noun
        case Table() | Cases():
            yield from _decided(expression, ones)


def _test(operator: str, one: str, right: Expression, ones: Ones) -> Iterator[str]:
    noun = OPERATORS[operator].noun
    match right:
        case Const(0):
            yield f"{one}_{noun}_zero"
        case Const(str() as word) if _is_word(word):
            yield from (f"{noun}_{word.lower()}", f"{one}_{noun}_{word.lower()}")
        case Const(int(number)):
            yield f"{one}_{noun}_{str(number).replace('-', 'minus_')}"
        case Var(other):
            yield f"{one}_{noun}_{ones[other]}"
    yield from (f"{one}_test", "test")


def _is_word(text: Value) -> bool:
    return isinstance(text, str) and re.fullmatch("[A-Za-z][A-Za-z0-9_]*", text) is not None


def _decided(expression: Table | Cases, ones: Ones) -> Iterator[str]:
    """A flag gives 0 and 1, a value whole numbers, a rule anything else."""
    if isinstance(expression, Table):
        outcomes = {expression.default, *(out for _, out in expression.cases)}
    else:
        told = (expression.default, *(out for _, out in expression.rules))
        outcomes = {out.value if isinstance(out, Const) else str(out) for out in told}
    numbers = all(isinstance(outcome, int) for outcome in outcomes)
    read = list(dict.fromkeys(ones[name] for name in names_in(expression)))
    words = isinstance(expression, Table) and any("word" in name for name in read)
    what = "flag" if outcomes <= {0, 1} else "value" if numbers else "kind" if words else "rule"
    if len(read) <= 2:
        yield "_and_".join(read) + f"_{what}"
    yield "code" if what == "value" else what


# ---------------------------------------------------------------- aggregates


def _aggregate(program: Program, node: Aggregate, ones: Ones) -> Iterator[str]:
    select, row = node.select, AGGREGATES[node.how]
    of = "" if node.value is None else ones[node.value]
    if select.window is not None:
        of, reached = f"last_{select.window}_{of}" if select.reach == "upto" else f"near_{of}", ""
    else:
        reached = SIDES.get(select.reach, "")
    if not row.reads:
        for which in _which(program, select, ones):
            yield f"{which}_count" if node.how == "count" else f"{node.how}_{which}"
        yield node.how
        return
    by = "" if node.by is None else ones[node.by]
    noun = row.noun or row.words
    if row.picks and (place := _place(program, select, ones)) is not None:
        yield f"{of}_at_{place}"
    picked = [f"_where_{which}" for which in _which(program, select, ones)] if _picky(select) else [""]
    called = _identifier(noun.format(value=f"{reached}{of}", by=by))
    yield from (f"{called}{where}" for where in picked)
    if _picky(select) and select.key:
        yield f"{_identifier(noun.format(value=of, by=by))}_by_{ones.get(select.key[0], '')}"
    yield from (f"{called}_picked" if _picky(select) else called, f"picked_{of}", "head")


def _picky(select: Select) -> bool:
    return select.match is not None or select.mask is not None


def _identifier(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def _place(program: Program, select: Select, ones: Ones) -> str | None:
    """What a value is called after that stands at one place: `token_at_3`, `token_at_wanted`."""
    if len(select.key) != 1 or program[select.key[0]] != POSITION or select.mask is not None:
        return None
    match select.match:
        case Apply("==", (Var("k"), Const(int(number)))) if number >= 0:
            return str(number)
        case Apply("==", (Var("k"), Var("q"))):
            return ones[select.query[0]]
    return None


def _which(program: Program, select: Select, ones: Ones) -> Iterator[str]:
    """Which keys are counted: where they are, how they compare, of which variable."""
    where = SIDES.get(select.reach, "")
    mask = "" if select.mask is None else ones[select.mask].removeprefix("is_")
    mask = f"not_{mask}" if select.negated else mask
    if select.match is None:
        yield f"{where}{mask}".rstrip("_") or "position"
        return
    key = ones[select.key[0]] if len(select.key) == 1 else "key"
    where = f"{where}{mask}_" if mask else where
    match select.match:
        case Apply(operator, (Var("k"), Var("q"))) if operator in COMPARISONS and select.query == select.key:
            if program[select.key[0]] == POSITION and operator in "<>":
                yield "earlier" if operator == "<" else "later"
            compared = OPERATORS[operator].compared + ("_or_tied" if select.ties else "")
            yield from (f"{where}{compared}_{key}", f"{compared}_{key}", f"{where}{compared}", compared)
        case Apply("==", (Var("k"), Const(str() as value))) if _is_word(value):
            yield from (f"{where}{value.lower()}", f"{where}{key}")
        case Apply(operator, (Var("k"), Const(int(value)))) if value >= 0 and operator in COMPARISONS:
            noun = "" if operator == "==" else f"_{OPERATORS[operator].noun}"
            yield f"{where}{key}{noun}_{value}"
    yield from (f"{where}matching_{key}", f"matching_{key}", f"{where}matching")
