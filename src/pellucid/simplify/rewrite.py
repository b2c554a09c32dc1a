"""Small changes of a program that the passes share: each is made only where the program stays well formed.

Passes and searches go by how long the text will be, in AST nodes, about.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache, wraps

from pellucid.language.expressions import Apply, Cases, Const, Expression, Table, Var, values_among
from pellucid.language.nodes import Aggregate, Assign, Delay, Input, Let, Node, ProgramError, Select, Vote, renamed
from pellucid.language.operators import operator
from pellucid.language.program import Program
from pellucid.language.types import Value, whole
from pellucid.simplify.facts import Facts

LOOP = 12  # a name, and the loop over the positions
LOOKUP = 8  # asking a table
HEAD, PICKED = 16, 8  # a loop over the keys; more where values are picked
VOTES, EVIDENCE, SCALED = 40, 22, 20


def program_size(program: Program) -> int:
    """AST nodes of the program's text, about."""
    return sum(node_size(a.node) for a in program)


def node_size(node: Node) -> int:
    """AST nodes of the statement and the tables of a node, about."""
    match node:
        case Input():
            return 0
        case Let(expression):
            return LOOP + expression_size(expression)
        case Delay(_, _, default):
            return LOOP + 2 + expression_size(default)
        case Aggregate(select, _, value, default):
            return HEAD + _select_size(select) + (PICKED + expression_size(default)) * (value is not None)
        case Vote(labels, _, evidence, scaled):
            rows = sum(len(e.rows) for e in evidence) * (len(labels) + 3)
            return VOTES + EVIDENCE * len(evidence) + rows + (SCALED + 2 * len(labels)) * len(scaled)


def _select_size(select: Select) -> int:
    looked = 6 * (select.reach != "any") + 6 * (select.window is not None)
    masked = (4 + 2 * select.negated) * (select.mask is not None)
    matched = 0 if select.match is None else expression_size(select.match) + 2 * len(select.query) + 2 * len(select.key)
    return looked + masked + matched + 12 * select.ties


def expression_size(expression: Expression) -> int:
    """AST nodes of the expression's text, tables that it asks included."""
    match expression:
        case Var():
            return 2
        case Const(value):
            return value_size(value)
        case Apply(name, args):
            return operator_size(name, len(args)) + sum(map(expression_size, args))
        case Table((arg,), _) if (values := values_among(expression)) is not None:
            return 3 + expression_size(arg) + sum(map(value_size, values))
        case Table(args, cases, default):
            keys = 1 if len(args) == 1 else 2
            rows = sum(keys + sum(map(value_size, (*key, outcome))) for key, outcome in cases)
            return LOOKUP + sum(map(expression_size, args)) + value_size(default) + rows
        case Cases(rules, default):
            return expression_size(default) + sum(1 + expression_size(t) + expression_size(o) for t, o in rules)


def value_size(value: Value | Fraction) -> int:
    """AST nodes of a constant."""
    if isinstance(value, Fraction):
        return 4 + value_size(value.numerator)
    return 3 if value is not None and not isinstance(value, str) and value < 0 else 1


@cache
def operator_size(name: str, count: int) -> int:
    """AST nodes of an operator's text, its arguments aside."""
    form = operator(name).python([whole(1, 2)] * count)
    text = form.template.format(*["x"] * count)
    return sum(1 for _ in ast.walk(ast.parse(text, mode="eval").body)) - 2 * count


def attempt(program: Program, make: Callable[[], Program], spare: int = 0) -> Program:
    """What `make` gives without what nothing needs, where that is as good as the program; else the program.

    It must be well formed, take inputs as long, and be no larger, by more than `spare` AST nodes.
    """
    try:
        changed = make().pruned()
        _ = changed.types
    except ProgramError:
        return program
    if program.takes_longer and not changed.takes_longer:
        return program
    return changed if program_size(changed) <= program_size(program) + spare else program


def each(program: Program, change: Callable[[Program, str, Node], Program]) -> Program:
    """The program after `change(program, name, node)` for every variable that is still there."""
    for name in tuple(program.nodes):
        if name in program.nodes:
            program = change(program, name, program[name])
    return program


def on_each(change: Callable[[Program, str, Node, Facts], Program]) -> Callable[[Program, Facts], Program]:
    """A pass that changes the program for every variable that is still there, the one after the other."""

    @wraps(change)
    def made(program: Program, facts: Facts) -> Program:
        return each(program, lambda program, name, node: change(program, name, node, facts))

    return made


def with_node(program: Program, name: str, node: Node, spare: int = 0) -> Program:
    """The program with another node of this name, or with the variable that it copies, where that is as good."""
    match node:
        case Let(Var(other)):
            return attempt(program, lambda: aliased(program, name, other), spare)
    return attempt(program, lambda: with_nodes(program, {name: node}), spare)


def with_nodes(program: Program, nodes: Mapping[str, Node]) -> Program:
    """The program with other nodes of these names."""
    return program.map(lambda a: nodes.get(a.name, a.node))


def aliased(program: Program, old: str, new: str) -> Program:
    """`new` read wherever `old` is, and given out where `old` is."""
    outputs = tuple(replace(o, variable=new) if o.variable == old else o for o in program.outputs)
    kept = tuple(Assign(a.name, renamed(a.node, {old: new})) for a in program if a.name != old)
    return replace(program, assignments=kept, outputs=outputs)


def before(program: Program, name: str, extra: Assign) -> Program:
    """The program with one more assignment before that of `name`."""
    at = [a.name for a in program].index(name)
    assigns = program.assignments
    return replace(program, assignments=(*assigns[:at], extra, *assigns[at:]))


def fresh(program: Program, base: str) -> str:
    """A name like `base` that the program does not have."""
    while base in program.nodes:
        base += "_"
    return base
