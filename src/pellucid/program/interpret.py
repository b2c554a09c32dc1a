"""The meaning of a program: NumPy, vectorised over a batch of sequences.

Arrays hold codes: a variable's value is `types[name].values[code]`. Padding positions hold arbitrary codes and are
never picked as keys.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from pellucid.program import formula
from pellucid.program.ir import (
    Aggregate,
    Embed,
    Formula,
    Input,
    Integer,
    Lookup,
    Node,
    Program,
    Readout,
    Select,
    Selection,
    Type,
    order,
)
from pellucid.program.predicates import Value, matrix

Env = dict[str, np.ndarray]
CHUNK_CELLS = 2_000_000  # query x key cells evaluated at once, so memory stays small


def evaluate(
    program: Program, tokens: np.ndarray, env: Env | None = None, wanted: Collection[str] | None = None
) -> Env:
    """Every variable of the program on a batch.

    Args:
        tokens: int [batch, width] symbol codes with markers, -1 for padding (`Vocab.encode_inputs`).
        env: variables known already; they are not computed again.
        wanted: the variables to compute (default: all); what they read must be known or among them.

    Returns:
        codes by name: int [batch, width]; selections: picked position int [batch, width] (`closest`) or bool
        [batch, query, key] (`all`); a pooled readout: int [batch].
    """
    env = dict(env or {})
    valid = tokens >= 0
    for assign in program:
        if assign.name not in env and (wanted is None or assign.name in wanted):
            env[assign.name] = _node(assign.node, env, program, tokens, valid)
    return env


def chunks(tokens: np.ndarray) -> Iterator[slice]:
    """Slices of a batch small enough to evaluate at once."""
    step = max(1, CHUNK_CELLS // max(1, tokens.shape[1] ** 2))
    return (slice(i, i + step) for i in range(0, len(tokens), step))


def predict_codes(program: Program, tokens: np.ndarray) -> np.ndarray:
    """Output codes: int [batch, width] (padding arbitrary), or [batch] for a classifier."""
    return np.concatenate([evaluate(program, tokens[part])[program.output] for part in chunks(tokens)])


def predict(program: Program, sequences: Sequence[Sequence[Value]]) -> list:
    """Outputs for sequences of the user's tokens: a list of labels each, or one label each for a classifier.

    Raises:
        PellucidError: for an unknown token or a too long sequence.
    """
    if not sequences:
        return []
    codes = predict_codes(program, program.vocab.encode_inputs(sequences))
    values = values_of(program, program.output)
    if codes.ndim == 1:
        return [values[c] for c in codes]
    return [[values[c] for c in row[1 : len(s) + 1]] for row, s in zip(codes, sequences, strict=True)]


def values_of(program: Program, name: str) -> Sequence[Value]:
    """The values behind a variable's codes."""
    kind = program.types[name]
    assert not isinstance(kind, Selection)
    return kind.values


def _node(node: Node, env: Env, program: Program, tokens: np.ndarray, valid: np.ndarray) -> np.ndarray:
    types = program.types
    match node:
        case Input("tokens"):
            return np.maximum(tokens, 0)
        case Input("positions"):
            return np.broadcast_to(np.arange(tokens.shape[1]), tokens.shape)
        case Input():
            return np.zeros_like(tokens)
        case Embed(variable):
            return code_table(node, program)[env[variable]]
        case Select():
            return _select(node, env, types, valid)
        case Aggregate():
            return _aggregate(node, env, types)
        case Lookup(variables):
            return code_table(node, program)[tuple(env[name] for name in variables)]
        case Formula(expression):
            numbers = {name: numbers_of(types[name], env[name]) for name in formula.names_in(expression)}
            low, _ = formula.bounds(expression, {n: _ends(types[n]) for n in numbers})
            return np.broadcast_to(formula.evaluate(expression, numbers) - low, tokens.shape)
        case Readout():
            return _readout(node, env, program, tokens)


def numbers_of(kind: Type, codes: np.ndarray) -> np.ndarray:
    """The integers behind codes."""
    assert not isinstance(kind, Selection)
    if isinstance(kind, Integer):
        return codes.astype(np.int64) + kind.low
    return np.asarray(kind.values, np.int64)[codes]


def _ends(kind: Type) -> tuple[int, int]:
    if isinstance(kind, Integer):
        return kind.low, kind.high
    assert not isinstance(kind, Selection)
    return min(kind.values), max(kind.values)  # pyright: ignore[reportReturnType]


def code_table(node: Lookup | Embed, program: Program) -> np.ndarray:
    """A lookup as an array from argument codes to output code."""
    names = node.variables if isinstance(node, Lookup) else (node.variable,)
    domains = [values_of(program, name) for name in names]
    places = [{value: i for i, value in enumerate(domain)} for domain in domains]
    if isinstance(node, Lookup):
        cases, outputs = node.cases, {node.default, *(out for _, out in node.cases)}
    else:
        cases = tuple(((token,), cluster) for token, cluster in node.cases)
        outputs = {cluster for _, cluster in node.cases}
    code = {value: i for i, value in enumerate(order(outputs))}
    start = code[node.default] if isinstance(node, Lookup) else 0
    table = np.full([len(domain) for domain in domains], start, np.int32)
    for key, out in cases:
        if all(value in place for value, place in zip(key, places, strict=True)):
            table[tuple(place[value] for value, place in zip(key, places, strict=True))] = code[out]
    return table


def _select(node: Select, env: Env, types: dict[str, Type], valid: np.ndarray) -> np.ndarray:
    query, key = types[node.query], types[node.key]
    assert not isinstance(query, Selection)
    assert not isinstance(key, Selection)
    truth = matrix(node.predicate, query.values, key.values)
    picked = truth[env[node.query][:, :, None], env[node.key][:, None, :]] & valid[:, None, :]
    width = valid.shape[1]
    if node.reach == "upto":
        picked &= np.tril(np.ones((width, width), bool))
    if node.kind == "all":
        return picked
    # Distance, left before right, and the query's own position after all others.
    i, j = np.indices((width, width))
    cost = np.where(i == j, 2 * width, 2 * abs(i - j) + (j > i))
    cost = np.where(picked, cost, 4 * width)
    return np.where(picked.any(2), cost.argmin(2), 0)


def _aggregate(node: Aggregate, env: Env, types: dict[str, Type]) -> np.ndarray:
    picked = env[node.selector]
    if node.value is None:
        return picked.sum(2)
    if node.how == "take":
        return np.take_along_axis(env[node.value], picked, 1)
    low, _ = _ends(types[node.value])
    numbers = numbers_of(types[node.value], env[node.value])
    return np.einsum("bqk,bk->bq", picked.astype(np.int64), numbers) - min(0, low * picked.shape[2])


def evidence_table(node: Readout, index: int, values: Sequence[Value]) -> np.ndarray:
    """Weights of one piece of evidence, int64 [value, class]."""
    evidence = node.evidence[index]
    rows = dict(evidence.rows)
    return np.array([rows.get(value, evidence.default) for value in values], np.int64)


def scores(node: Readout, env: Env, program: Program, shape: tuple[int, ...]) -> np.ndarray:
    """Integer class scores before pooling, int64 [*shape, class]."""
    total = np.broadcast_to(np.array(node.bias, np.int64), (*shape, len(node.bias))).copy()
    for i, evidence in enumerate(node.evidence):
        total += evidence_table(node, i, values_of(program, evidence.variable))[env[evidence.variable]]
    for name, weights in node.scaled:
        total += numbers_of(program.types[name], env[name])[..., None] * np.array(weights, np.int64)
    return total


def user_positions(tokens: np.ndarray, symbols: int) -> np.ndarray:
    """bool [batch, width]: where the user's own symbols (codes below `symbols`) stand."""
    return (tokens >= 0) & (tokens < symbols)


def _readout(node: Readout, env: Env, program: Program, tokens: np.ndarray) -> np.ndarray:
    total = scores(node, env, program, tokens.shape)
    if node.pooled:
        total = (total * user_positions(tokens, len(program.vocab.tokens))[..., None]).sum(1)
    return total.argmax(-1)
