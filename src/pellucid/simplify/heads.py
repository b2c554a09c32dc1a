"""Exact passes over variables: expressions tidied, equal ones merged, short ones written inside others; and what delays
and aggregates can be instead, selections in plainer form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from pellucid.emit.plan import gives_one
from pellucid.emit.prepare import POSITION, asked_place
from pellucid.language.aggregates import AGGREGATES
from pellucid.language.expressions import (
    Apply,
    Cases,
    Const,
    Expression,
    Table,
    Var,
    depth,
    names_in,
    renamed,
    size,
    substitute,
)
from pellucid.language.inference import type_of
from pellucid.language.nodes import REACHES, ZERO, Aggregate, Assign, Delay, Input, Let, Node, Reach, Select, reads
from pellucid.language.program import Program
from pellucid.language.types import Type, Value
from pellucid.simplify.facts import Facts, in_rows
from pellucid.simplify.rewrite import aliased, attempt, each, fresh, on_each, with_node
from pellucid.simplify.tables import plainest
from pellucid.simplify.tidy import as_test, tidy
from pellucid.simplify.tidy_rules import alike, equal

SHORT = 8  # size of an expression that may be written inside another
DEEP = 6  # levels of what it is written into


@on_each
def tidied(program: Program, name: str, node: Node, _: Facts) -> Program:
    """Every expression in its plainest form."""
    match node:
        case Let(expression) if not alike(found := tidy(expression, program.types), expression):
            return with_node(program, name, Let(found))
        case Aggregate(Select(match=match) as select) if match is not None:
            types = local_types(program, select)
            found = as_test(tidy(match, types), lambda part: type_of(part, types))
            if not alike(found, match):
                return with_node(program, name, replace(node, select=replace(select, match=found)))
    return program


def local_types(program: Program, select: Select) -> dict[str, Type]:
    """Types of `q`, `k`, ... in a selection's match."""
    return {local: program.types[name] for local, name in select.local.items()}


def merged(program: Program, facts: Facts) -> Program:
    """A copy of a variable is that variable; so is one that is computed alike, or always equal."""
    first: dict[str, str] = {}

    def change(program: Program, name: str, node: Node) -> Program:
        match node:
            case Let(Var()):
                return with_node(program, name, node)
        earlier = first.setdefault(repr(node), name)  # tells 1 from 1.0, which compare as equal
        return program if earlier == name else attempt(program, lambda: aliased(program, name, earlier))

    program = each(program, change)
    for later, earlier in facts.same(program).items():
        if later in program.nodes and earlier in program.nodes:
            program = attempt(program, lambda p=program, old=later, new=earlier: aliased(p, old, new))
    return program


def with_constants(program: Program, facts: Facts) -> Program:
    """A variable with one value is that constant; those that read it in expressions have it there."""

    def constant(program: Program, name: str, node: Node) -> Program:
        known = isinstance(node, Let) and isinstance(node.expression, Const)
        n = program.types[name].numbers  # 1 may have been taken for 1.0 among real numbers
        rows = None if known or (n is not None and not n.whole) else facts.rows(program, (name,))
        return program if rows is None or len(rows) != 1 else with_node(program, name, Let(Const(rows[0][0])))

    def written(program: Program, name: str, node: Node) -> Program:
        if not isinstance(node, Let) or not isinstance(node.expression, Const):
            return program
        value = node.expression
        return attempt(program, lambda: program.map(lambda a: _filled(a.node, name, value)))

    return each(each(program, constant), written)


def _filled(node: Node, name: str, value: Const) -> Node:
    """The node with a constant in the place of a variable, where it can have one."""
    match node:
        case Let(expression):
            return Let(substitute(expression, {name: value}))
        case Delay(_, _, Var(read)) | Aggregate(_, _, _, Var(read)) if read == name:
            return replace(node, default=value)
        case Delay(read, _, default) if read == name and alike(value, default):
            return Let(default)
    return node


@on_each
def with_longer_delays(program: Program, name: str, node: Node, _: Facts) -> Program:
    """The value one step back of the value two steps back is that of three steps back, if the defaults are equal."""
    if not isinstance(node, Delay) or not isinstance(inner := program[node.variable], Delay):
        return program
    together = node.amount * inner.amount > 0 and isinstance(node.default, Const)
    if not together or not alike(inner.default, node.default) or inner.variable == node.variable:
        return program
    return with_node(program, name, Delay(inner.variable, node.amount + inner.amount, node.default))


@on_each
def inlined(program: Program, name: str, node: Node, _: Facts) -> Program:
    """A short expression that one other expression reads once becomes part of it."""
    users = [a for a in program if name in reads(a.node)]
    if len(users) != 1 or name in program.results:
        return program
    match node, users[0].node:
        case Let(inner), Let(outer) if size(inner) <= SHORT and list(names_in(outer)).count(name) == 1:
            found = tidy(substitute(outer, {name: inner}), program.types)
            if depth(found) <= DEEP:
                return with_node(program, users[0].name, Let(found))
    return program


LENGTH = Input("", "length")

NEIGHBOURS: dict[tuple[str, Reach], int] = {
    ("last", "before"): -1, ("nearest", "before"): -1, ("first", "after"): 1, ("nearest", "after"): 1,
    ("last", "upto"): 0, ("first", "from"): 0,
}  # fmt: skip


@on_each
def plainer_heads(program: Program, name: str, node: Node, facts: Facts) -> Program:
    """Every aggregate in the first plainer form there is."""
    if isinstance(node, Aggregate):
        wide = _with_inputs(program)
        for found in _plainer(wide, node, facts):
            changed = with_node(wide, name, found)
            if changed is not wide:
                return changed
    return program


def _with_inputs(program: Program) -> Program:
    """The program with the position and the length, which a plainer form may read."""
    missing = [node for node in (POSITION, LENGTH) if _input(program, node) is None]
    extra = tuple(Assign(fresh(program, f"{node.of}__"), node) for node in missing)
    return replace(program, assignments=(*extra, *program.assignments))


def _input(program: Program, node: Input) -> str | None:
    return next((a.name for a in program if a.node == node), None)


def _plainer(program: Program, node: Aggregate, facts: Facts) -> Iterator[Node]:
    """Nodes that give the same, each simpler than this one."""
    select = node.select
    mask = None if select.mask is None else facts.rows(program, (select.mask,))
    if mask is not None:
        let_through = {bool(value) != select.negated for (value,) in mask}
        if let_through == {True}:
            yield replace(node, select=replace(select, mask=None, negated=False))
        if let_through == {False}:
            yield _nothing_picked(node)
    if isinstance(node.default, Var) and _always_picks(program, node, facts):
        yield replace(node, default=_some(program.types[node.value or ""]))
    yield from _by_position(program, node)
    yield from _counted(program, node)
    if select.match is not None and not select.ties and (pairs := facts.pairs(program, select)) is not None:
        if not pairs:
            yield _nothing_picked(node)
        found = plainest(select, pairs, local_types(program, select))
        if found is not None:
            yield _nothing_picked(node) if found.match == Const(0) else replace(node, select=found)
    yield from _mask_as_match(program, node)


def _always_picks(program: Program, node: Aggregate, facts: Facts) -> bool:
    """Whether there is a key for every query, so that the default is never needed."""
    if node.value is None or node.by is not None or program.types[node.value].nothing:
        return False
    select, q, k = node.select, Var("q"), Var("k")
    itself = select.match in (Apply("==", (k, q)), Apply("==", (q, k))) and select.query == select.key
    if itself and select.mask is None and select.reaches_itself:
        return program.types[select.key[0]].values is not None  # what is "not a number" is not equal to itself
    own = fresh(program, "picks__")
    wide = replace(program, assignments=(*program.assignments, Assign(own, Aggregate(select, "count"))))
    counts = facts.rows(wide, (own,))
    return counts is not None and (0,) not in counts


def _some(t: Type) -> Const:
    """A value of a type."""
    n = t.numbers
    return Const(t.texts[0] if n is None else max(n.low, min(0, n.high)))


def _nothing_picked(node: Aggregate) -> Let:
    return Let(node.default if AGGREGATES[node.how].reads else ZERO)


def _by_position(program: Program, node: Aggregate) -> Iterator[Node]:
    """A match of positions alone is a reach, or one place so far away."""
    select = node.select
    if select.match is None and (node.how, select.reach) in NEIGHBOURS:
        yield from _at(program, node, NEIGHBOURS[node.how, select.reach])
    place = asked_place(program, select)
    if isinstance(place, int):
        yield from _at(program, node, place)
    elif place is not None:
        (first, last), (low, high) = REACHES[select.reach], REACHES[place]
        both = max(first, low), min(last, high)
        for reach in (reach for reach, ends in REACHES.items() if ends == both):
            yield replace(node, select=replace(select, match=None, query=(), key=(), reach=reach))


def _at(program: Program, node: Aggregate, offset: int) -> Iterator[Node]:
    """What stands at one distance: a delay, where the selection looks there."""
    select = node.select
    if not select.offsets[0] <= offset <= select.offsets[1]:
        yield _nothing_picked(node)
    elif (
        select.mask is None
        and node.value is not None
        and (gives_one(node, program.types) or (node.how == "sum" and program.types[node.value].is_integer))
    ):
        yield Delay(node.value, -offset, node.default) if offset else Let(Var(node.value))


def _counted(program: Program, node: Aggregate) -> Iterator[Node]:
    """Counts that the position and the length tell; sums of ones, which are counts."""
    select = node.select
    if node.how == "sum" and program[node.value or ""] == Let(Const(1)) and node.default == ZERO:
        yield Aggregate(select, "count")
    if node.how == "count" and select.match is select.mask is select.window is None:
        place, length = Var(_input(program, POSITION) or ""), Var(_input(program, LENGTH) or "")
        counts: dict[Reach, Expression] = {
            "before": place, "upto": Apply("+", (place, Const(1))), "any": length,
            "from": Apply("-", (length, place)), "after": Apply("-", (Apply("-", (length, place)), Const(1))),
        }  # fmt: skip
        yield Let(counts[select.reach])


def _mask_as_match(program: Program, node: Aggregate) -> Iterator[Node]:
    """Keys where a flag says that a variable has a value are those with the value."""
    select = node.select
    if select.mask is None or select.match is not None:
        return
    match program[select.mask]:
        case Let(Apply("==" | "!=", (Var(name), Const())) | Table((Var(name),)) as said) if name in program.nodes:
            match = renamed(said, {name: "k"})
            match = tidy(Apply("not", (match,)) if select.negated else match, {"k": program.types[name]})
            yield replace(node, select=Select(match, (), (name,), select.reach, select.window))


@on_each
def words_in_defaults(program: Program, name: str, node: Node, facts: Facts) -> Program:
    """A table, or cases, that only give another word for "none picked" become the default itself."""
    match node:
        case Let(Table() | Cases() as part) if len(sources := set(names_in(part))) == 1:
            (source,) = sources
            if isinstance(head := program[source], Aggregate):
                return _with_default(program, name, source, head, part, facts)
    return program


def _with_default(
    program: Program, name: str, source: str, head: Aggregate, part: Table | Cases, facts: Facts
) -> Program:
    if head.value is None or not isinstance(head.default, Const) or not AGGREGATES[head.how].alone:
        return program
    none = head.default.value
    if isinstance(none, Fraction) or _may_pick(program, head.value, none, facts):
        return program
    word, copy = Const(in_rows(part, (source,), [(none,)])[0]), Var(source)
    if part != Cases(((Apply("==", (copy, Const(none))), word),), copy):
        given = facts.rows(program, (source,))
        kept = None if given is None else [row for row in given if row != (none,)]
        if kept is None or not all(map(equal, in_rows(part, (source,), kept), (v for (v,) in kept))):
            return program
    return with_node(program, name, replace(head, default=word))


def _may_pick(program: Program, value: str, word: Value, facts: Facts) -> bool:
    """Whether the word may be among what is picked, which nothing never is."""
    picked = None if word is None else facts.rows(program, (value,))
    return word is not None and (picked is None or (word,) in picked)
