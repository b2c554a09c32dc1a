"""The meaning of a program: NumPy, vectorised over a batch of sequences.

Arrays hold codes: a variable's value is `types[name].values[code]`. Padding positions hold arbitrary codes and are
never picked as keys.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np

from pellucid.errors import PellucidError
from pellucid.program.attention import aggregated, selected
from pellucid.program.direct import direct_aggregate, direct_heads
from pellucid.program.elementwise import Env as Env
from pellucid.program.elementwise import code_table as code_table
from pellucid.program.elementwise import codes_in, local_function
from pellucid.program.elementwise import numbers_of as numbers_of
from pellucid.program.elementwise import values_of as values_of
from pellucid.program.ir import (
    PREVIOUS,
    Aggregate,
    Input,
    Node,
    Program,
    ProgramError,
    Readout,
    Scan,
    Select,
    Type,
    reads,
    stretched,
)
from pellucid.program.predicates import Value

CHUNK_CELLS = 2_000_000  # query x key cells evaluated at once, so memory stays small
TEXT_CELLS = 200_000  # words of texts evaluated at once


def evaluate(
    program: Program,
    tokens: np.ndarray,
    env: Env | None = None,
    wanted: Collection[str] | None = None,
    direct: Collection[str] = (),
) -> Env:
    """Every variable of the program on a batch.

    Args:
        tokens: int [batch, columns] symbol codes with markers, -1 for padding (`Vocab.encode_inputs`).
        env: variables known already; they are not computed again.
        wanted: the variables to compute (default: all); what they read must be known or among them.
        direct: selections to leave out, and the aggregates that are computed without them (`direct_heads`).

    Returns:
        codes by name: int [batch, width]; selections: picked position int [batch, width] (`closest`) or bool
        [batch, query, key] (`all`); a pooled readout: int [batch]. A program without markers has no columns for them.
    """
    env = dict(env or {})
    tokens = own_tokens(program, tokens)
    for assign in program:
        if assign.name not in env and (wanted is None or assign.name in wanted):
            node, kind = assign.node, program.types[assign.name]
            if assign.name not in direct:
                env[assign.name] = _node(node, env, program, tokens, kind)
            elif isinstance(node, Aggregate):
                select = program[node.selector]
                assert isinstance(select, Select)
                env[assign.name] = direct_aggregate(node, select, env, program, tokens >= 0, kind)
    return env


def own_tokens(program: Program, tokens: np.ndarray) -> np.ndarray:
    """What the program sees of `Vocab.encode_inputs`: without the columns of markers where it has none."""
    if program.markers:
        return tokens
    last = tokens.shape[1] - (program.vocab.end is not None)
    inner = tokens[:, 1:last]
    return np.where(inner < len(program.vocab.tokens), inner, -1)


def chunks(tokens: np.ndarray) -> Iterator[slice]:
    """Slices of a batch small enough to evaluate at once."""
    step = max(1, CHUNK_CELLS // max(1, tokens.shape[1] ** 2))
    return (slice(i, i + step) for i in range(0, len(tokens), step))


def predict_codes(program: Program, tokens: np.ndarray) -> np.ndarray:
    """Output codes: int [batch, width] (padding arbitrary), or [batch] for a classifier with a pooled readout."""
    output = program.output
    return np.concatenate([evaluate(program, tokens[part])[output] for part in chunks(tokens)])


def predict(program: Program, sequences: Sequence[Sequence[Value]]) -> list:
    """Outputs for sequences of the user's tokens: a list of labels each, or one label each for a classifier.

    Raises:
        PellucidError: for an unknown token or a too long sequence; for a classifier, for an empty one.
    """
    labels = program.vocab.kind == "classification"
    filled = [i for i, sequence in enumerate(sequences) if len(sequence)]
    if labels and len(filled) < len(sequences):
        raise PellucidError("an empty sequence has no label")
    outputs: list = [[] for _ in sequences]
    if not filled:
        return outputs
    lengths = [len(sequences[i]) for i in filled]
    program = _long_enough(program, max(lengths))
    if program.vocab.text is not None:
        return _predict_texts(program, sequences, outputs)
    codes = predict_codes(program, program.vocab.encode_inputs([sequences[i] for i in filled]))
    values = values_of(program, program.output)
    first = int(program.markers)
    for i, row, length in zip(filled, codes, lengths, strict=True):
        if labels:
            outputs[i] = values[row if codes.ndim == 1 else row[length - 1]]
        else:
            outputs[i] = [values[c] for c in row[first : first + length]]
    return outputs


def _predict_texts(program: Program, texts: Sequence[Sequence[Value]], outputs: list) -> list:
    """As `predict`, a batch of texts of similar length at a time; `outputs` are filled in."""
    direct, values = direct_heads(program), values_of(program, program.output)
    for numbers, tokens in text_batches(program, texts):
        codes = evaluate(program, tokens, direct=direct)[program.output]
        for i, row in zip(numbers, codes, strict=True):
            if program.vocab.kind == "classification":
                outputs[i] = values[row if codes.ndim == 1 else row[len(texts[i]) - 1]]
            else:
                outputs[i] = [values[c] for c in row[: len(texts[i])]]
    return outputs


def text_batches(program: Program, texts: Sequence[Sequence[Value]]) -> Iterator[tuple[list[int], np.ndarray]]:
    """Numbers of the texts of a batch, those of similar length together, and their symbol codes; empty ones left out.

    Args:
        program: it must take inputs as long as the longest text.
        texts: words of the vocabulary.
    """
    order = sorted((i for i in range(len(texts)) if len(texts[i])), key=lambda i: len(texts[i]))
    while order:
        size = len(order)
        while size > 1 and size * len(texts[order[size - 1]]) > TEXT_CELLS:
            size = max(1, min(size - 1, TEXT_CELLS // len(texts[order[size - 1]])))
        batch, order = order[:size], order[size:]
        vocab = replace(program.vocab, max_length=len(texts[batch[-1]]))
        yield batch, vocab.encode_inputs([texts[i] for i in batch])


def _long_enough(program: Program, length: int) -> Program:
    if not program.unbounded:
        return program
    try:
        return stretched(program, length)
    except ProgramError as error:
        raise PellucidError(f"an input of {length:,} tokens is too long for this program: {error}") from None


def _node(node: Node, env: Env, program: Program, tokens: np.ndarray, kind: Type) -> np.ndarray:
    types = program.types
    match node:
        case Input("tokens"):
            return np.maximum(tokens, 0)
        case Input("positions"):
            return np.broadcast_to(np.arange(tokens.shape[1]), tokens.shape)
        case Input("length"):
            count = user_positions(tokens, len(program.vocab.tokens)).sum(1, keepdims=True)
            return np.broadcast_to(np.maximum(count - 1, 0), tokens.shape)
        case Input():
            return np.zeros_like(tokens)
        case Select():
            return selected(node, env, types, tokens >= 0)
        case Aggregate():
            return aggregated(node, env, types, kind)
        case Scan():
            return _scan(node, env, program, tokens, kind)
        case Readout():
            return _readout(node, env, program, tokens)
        case _:
            return np.broadcast_to(local_function(node, types, kind)(env), tokens.shape)


def _scan(node: Scan, env: Env, program: Program, tokens: np.ndarray, kind: Type) -> np.ndarray:
    step = local_function(node.step, {**program.types, PREVIOUS: kind}, kind)
    state = np.full(len(tokens), codes_in(kind, [node.initial])[0])
    names, states = reads(node), []
    for position in range(tokens.shape[1]):
        here = {name: env[name][:, position] for name in names}
        state = np.broadcast_to(step({**here, PREVIOUS: state}), state.shape)
        states.append(state)
    return np.stack(states, 1) if states else np.zeros(tokens.shape, np.int64)


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
