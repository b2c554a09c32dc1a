"""Roughly how long the text of a node will be, in AST nodes: a guide while searching; what counts is the real text."""

from __future__ import annotations

from pellucid.program.enumerate import expression_size
from pellucid.program.ir import Aggregate, Embed, Formula, Input, Lookup, Node, Readout, Rules, Scan, Select
from pellucid.program.predicates import Compare, OneOf, Predicate

BASE = 45  # of a program: reading the tokens, returning the output
VOTES = 40  # of a readout, besides its evidence


def estimated_size(node: Node) -> int:
    """AST nodes of the statement and tables of a node, about."""
    match node:
        case Input(which):
            return 0 if which == "tokens" else 12
        case Embed(_, cases):
            return 16 + 2 * len(cases)
        case Select():
            extra = 8 * (node.mask is not None) + 12 * (node.ties != "none") + 6 * (node.reach not in ("any", "upto"))
            return _predicate(node.predicate) + extra + 12 * (node.kind == "closest")
        case Aggregate(_, how):
            return {"take": 14, "count": 18, "any": 18}.get(how, 26)
        case Lookup(variables, cases):
            return 24 + 4 * len(variables) + sum((1 if len(key) == 1 else 2 + len(key)) + 1 for key, _ in cases)
        case Rules(rules):
            tests = [test for rule in rules for test in rule.tests]
            return 16 + 3 * len(rules) + sum(6 + max(0, len(test.values) - 1) for test in tests) + 2 * len(tests)
        case Formula(expression):
            return 12 + expression_size(expression)
        case Scan(_, step):
            return 20 + estimated_size(step)
        case Readout():
            labels = len(node.labels)
            rows = sum(len(e.rows) for e in node.evidence)
            return VOTES + 22 * len(node.evidence) + rows * (labels + 3) + (20 + 2 * labels) * len(node.scaled)


def _predicate(predicate: Predicate) -> int:
    match predicate:
        case Compare(_, offset):
            return 8 + 3 * (offset != 0)
        case OneOf(values):
            return 4 + len(values)
    rows = sum(1 + (1 if len(row) < 2 else 2 + len(row)) for _, row in predicate.cases)
    return 22 + rows + len(predicate.default)


def evidence_size(values: int, labels: int) -> int:
    """AST nodes that one more variable of a readout takes, one row per value but the commonest."""
    return 22 + (values - 1) * (labels + 3)


def scaled_size(labels: int) -> int:
    """AST nodes that one more number of a readout takes."""
    return 20 + 2 * labels
