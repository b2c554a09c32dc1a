"""Which case, rule or row applied at each position, told by the interpreter itself.

Each question is put to `interpret.evaluate` as one more variable of the program: the same table or decision list with
the numbers of its cases as outcomes. So the answer cannot disagree with what the program computed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pellucid.program.formula import Apply, Const, Var
from pellucid.program.interpret import Env, evaluate, values_of
from pellucid.program.ir import (
    Assign,
    Categorical,
    Embed,
    Formula,
    Integer,
    Lookup,
    Node,
    Program,
    Rules,
    Scan,
    Select,
    Selection,
    renamed,
)
from pellucid.program.nodes import PREVIOUS, Rule
from pellucid.program.predicates import Match

ASKED, BEFORE = "asked__", "before__"  # names no program has: a readable name never ends in an underscore


def fired(program: Program, name: str, tokens: np.ndarray, env: Env) -> np.ndarray | None:
    """Number of the case, rule or row that applied, int [batch, width]; -1 for the default.

    Args:
        name: a lookup, decision list, embedding or scan, or a selector whose predicate has rows.
        tokens, env: an input of `evaluate` and what it returned.

    Returns:
        None for a node without cases.
    """
    node = program[name]
    if isinstance(node, Scan):
        before = previous(program, name, env)
        step = numbered(renamed(node.step, {PREVIOUS: BEFORE}))
        stand_in = Assign(BEFORE, _of_type(program, name))
        return None if step is None else _ask(program, [stand_in], step, tokens, {**env, BEFORE: before})
    question = numbered(node)
    return None if question is None else _ask(program, [], question, tokens, env)


def numbered(node: Node) -> Lookup | Rules | None:
    """The node with the numbers of its cases as outcomes, -1 as default; None where it has no cases."""
    match node:
        case Lookup(variables, cases):
            return Lookup(variables, tuple((key, i) for i, (key, _) in enumerate(cases)), -1)
        case Embed(variable, cases):
            return Lookup((variable,), tuple(((token,), i) for i, (token, _) in enumerate(cases)), -1)
        case Rules(rules):
            return Rules(tuple(Rule(rule.tests, i) for i, rule in enumerate(rules)), -1)
        case Select(query, _, Match(cases)):
            return Lookup((query,), tuple(((value,), i) for i, (value, _) in enumerate(cases)), -1)
    return None


def previous(program: Program, name: str, env: Env) -> np.ndarray:
    """Codes of the state of a scan at the position before, int [batch, width]."""
    node = program[name]
    assert isinstance(node, Scan)
    first = list(values_of(program, name)).index(node.initial)
    return np.concatenate([np.full_like(env[name][:, :1], first), env[name][:, :-1]], 1)


def matching(program: Program, name: str, tokens: np.ndarray, env: Env) -> np.ndarray:
    """Every key that a selector's queries match, whatever kind it is, bool [batch, query, key]."""
    node = program[name]
    assert isinstance(node, Select)
    if node.kind == "all":
        return env[name]
    asked = replace(program, assignments=(*program.assignments, Assign(ASKED, replace(node, kind="all"))))
    return evaluate(asked, tokens, env, {ASKED})[ASKED]


def _ask(program: Program, extra: list[Assign], question: Node, tokens: np.ndarray, env: Env) -> np.ndarray:
    asked = replace(program, assignments=(*program.assignments, *extra, Assign(ASKED, question)))
    codes = evaluate(asked, tokens, env, {ASKED})[ASKED]
    return np.asarray(values_of(asked, ASKED), np.int64)[codes]


def _of_type(program: Program, name: str) -> Node:
    """Some node with the type of a variable; it is never computed."""
    kind = program.types[name]
    assert not isinstance(kind, Selection)
    if isinstance(kind, Categorical):
        cases = tuple(((token,), v) for token, v in zip(range(len(kind.domain)), kind.domain, strict=True))
        return Lookup((program.tokens,), cases, kind.domain[0])
    assert isinstance(kind, Integer)
    spread = Apply("%", Var(name), Const(kind.high - kind.low + 1))
    return Formula(Apply("+", Const(kind.low), spread))
