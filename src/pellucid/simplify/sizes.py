"""How long the text of a program will be, in AST nodes, about: what passes and searches go by."""

from __future__ import annotations

import ast
from fractions import Fraction
from functools import cache

from pellucid.language.expressions import Apply, Cases, Const, Expression, Table, Var, values_among
from pellucid.language.nodes import Aggregate, Delay, Input, Let, Node, Select, Vote
from pellucid.language.operators import operator
from pellucid.language.program import Program
from pellucid.language.types import Value, whole

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
