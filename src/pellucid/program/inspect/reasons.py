"""Why the output is what it is: the case or rule that gave it, or the evidence that weighed most, for one input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.program import formula
from pellucid.program.formula import Const, Var
from pellucid.program.inspect.demand import answer_rows, user_rows
from pellucid.program.inspect.fired import fired
from pellucid.program.inspect.words import among, case, expression, outcome, plain, tests
from pellucid.program.interpret import Env, evidence_table, numbers_of, scores, values_of
from pellucid.program.ir import (
    Embed,
    Formula,
    Input,
    Lookup,
    Node,
    Program,
    Readout,
    Rules,
    Scan,
    Select,
)
from pellucid.program.literals import literal
from pellucid.program.predicates import Match, Value

DEFAULT, NO_CASE = "default", "-"


@dataclass(frozen=True)
class Piece:
    """What one value of a variable said: its weights, the best label's first. `variable` None: the bias.

    times: at how many positions, in a pooled readout.
    """

    variable: str | None
    value: Value | None
    weights: tuple[int, ...]
    times: int = 1

    @property
    def lead(self) -> int:
        """The difference it makes between the two best labels."""
        return self.weights[0] - self.weights[1] if len(self.weights) > 1 else 0


@dataclass(frozen=True)
class Reason:
    """Why one output is what it is. `row` None: one label for the whole sequence.

    text: in words; scores: every label's, the best first; evidence: its pieces, those that decided most first.
    """

    row: int | None
    label: Value
    text: str
    scores: tuple[tuple[Value, int], ...] = ()
    evidence: tuple[Piece, ...] = ()


def fired_text(node: Node, number: int) -> str:
    """The case, rule or row with that number, in words; a negative number stands for the default."""
    match node:
        case Scan(_, step):
            return fired_text(step, number)
        case Rules(rules, default):
            if number < 0:
                return f"{DEFAULT}: {outcome(default)}"
            return f"rule {number + 1}: if {tests(rules[number])}: {outcome(rules[number].outcome)}"
        case Lookup(_, cases, default):
            return (
                f"{DEFAULT}: {literal(default)}" if number < 0 else f"{case(node, number)}: {literal(cases[number][1])}"
            )
        case Embed(variable, cases):
            return f"{variable} == {literal(cases[number][0])}: {literal(cases[number][1])}"
        case Select(query, key, Match(cases, default)):
            asked = f"any other {query}" if number < 0 else f"{query}[q] == {literal(cases[number][0])}"
            wanted = default if number < 0 else cases[number][1]
            return f"{asked}: {among(f'{key}[k]', wanted) if wanted else 'no k'}"
    raise TypeError(f"{type(node).__name__} has no cases")


def fired_short(node: Node, number: int) -> str:
    """The same in a cell of a table: the number of a rule, the values of a case."""
    match node:
        case Scan(_, step):
            return fired_short(step, number)
        case Lookup(_, cases):
            return NO_CASE if number < 0 else ",".join(map(plain, cases[number][0]))
    return NO_CASE if number < 0 else str(number + 1)


def reasons(program: Program, tokens: np.ndarray, env: Env, rows: Sequence[int]) -> tuple[Reason, ...]:
    """Why the outputs of a single input (a batch of one) at these rows are what they are."""
    node, values = program[program.output], values_of(program, program.output)
    if isinstance(node, Readout) and node.pooled:
        return (_pooled(program, node, tokens, env),)
    if program.vocab.kind == "classification":
        rows = [r for r in rows if answer_rows(program, tokens)[0, r]]
    if isinstance(node, Readout):
        return tuple(_vote(program, node, tokens, env, row) for row in rows)
    said = env[program.output][0]
    return tuple(Reason(r, values[int(said[r])], _because(program, node, tokens, env, r)) for r in rows)


def _because(program: Program, node: Node, tokens: np.ndarray, env: Env, row: int) -> str:
    """In words, what gave the output at a row."""
    match node:
        case Input("tokens"):
            return "the token itself"
        case Lookup() | Rules() | Embed() | Scan():
            number = fired(program, program.output, tokens, env)
            return expression(program, node) if number is None else fired_text(node, int(number[0, row]))
        case Formula(inner):
            held = {name: Const(int(_value(program, name, env, row))) for name in formula.names_in(inner)}
            label = literal(_value(program, program.output, env, row))
            return f"{formula.text(inner)} = {formula.text(_filled(inner, held))} = {label}"
    return expression(program, node)


def _value(program: Program, name: str, env: Env, row: int) -> Value:
    return values_of(program, name)[int(env[name][0, row])]


def _filled(expression: formula.Expression, held: dict[str, Const]) -> formula.Expression:
    match expression:
        case Var(name):
            return held[name]
        case formula.Apply(op, left, right):
            return formula.Apply(op, _filled(left, held), _filled(right, held))
    return expression


# ---------------------------------------------------------------- evidence


def _vote(program: Program, node: Readout, tokens: np.ndarray, env: Env, row: int) -> Reason:
    total = scores(node, env, program, env[program.output].shape)[0, row]
    pieces = [Piece(None, None, tuple(node.bias))]
    for i, e in enumerate(node.evidence):
        code = int(env[e.variable][0, row])
        table = evidence_table(node, i, values_of(program, e.variable))
        pieces.append(Piece(e.variable, values_of(program, e.variable)[code], tuple(table[code].tolist())))
    for name, weights in node.scaled:
        number = int(numbers_of(program.types[name], env[name][0, row]))
        pieces.append(Piece(name, number, tuple(number * w for w in weights)))
    return _reason(node, row, total, pieces)


def _pooled(program: Program, node: Readout, tokens: np.ndarray, env: Env) -> Reason:
    user = user_rows(program, tokens)[0]
    shape = (1, len(user))
    total = (scores(node, env, program, shape)[0] * user[:, None]).sum(0)
    pieces = [Piece(None, None, tuple(int(user.sum()) * b for b in node.bias), int(user.sum()))]
    for i, e in enumerate(node.evidence):
        table = evidence_table(node, i, values_of(program, e.variable))
        pieces += _pooled_pieces(program, e.variable, env, user, table)
    for name, weights in node.scaled:
        codes, times = np.unique(env[name][0][user], return_counts=True)
        for number, n in zip(numbers_of(program.types[name], codes).tolist(), times.tolist(), strict=True):
            pieces.append(Piece(name, number, tuple(n * number * w for w in weights), n))
    return _reason(node, None, total, pieces)


def _pooled_pieces(program: Program, name: str, env: Env, user: np.ndarray, table: np.ndarray) -> list[Piece]:
    codes, times = np.unique(env[name][0][user], return_counts=True)
    values = values_of(program, name)
    return [
        Piece(name, values[c], tuple((table[c] * n).tolist()), n)
        for c, n in zip(codes.tolist(), times.tolist(), strict=True)
    ]


def _reason(node: Readout, row: int | None, total: np.ndarray, pieces: list[Piece]) -> Reason:
    ranked = sorted(range(len(total)), key=lambda c: (-int(total[c]), c))
    best, second = ranked[0], ranked[min(1, len(ranked) - 1)]
    pieces = [p for p in pieces if len(set(p.weights)) > 1]
    # What moved the decision between the two best labels comes first.
    pieces.sort(key=lambda p: (-abs(p.weights[best] - p.weights[second]), -max(map(abs, p.weights))))
    ordered = tuple(Piece(p.variable, p.value, tuple(p.weights[c] for c in ranked), p.times) for p in pieces)
    standing = tuple((node.labels[c], int(total[c])) for c in ranked)
    return Reason(row, node.labels[best], "most evidence", standing, ordered)
