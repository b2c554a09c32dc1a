"""What a program for texts did on one text: the decision, what every word said, and the phrases and rules that fired.

All values come from `interpret.evaluate`, the meaning of the program; nothing is computed a second way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.data.tokens import Token
from pellucid.errors import PellucidError
from pellucid.program.direct import direct_heads
from pellucid.program.inspect.fired import fired
from pellucid.program.inspect.reasons import Piece, Reason, fired_text, reasons
from pellucid.program.interpret import Env, evaluate, evidence_table, numbers_of, predict, values_of
from pellucid.program.ir import Embed, Evidence, Lookup, Program, Readout, Rules, stretched
from pellucid.program.predicates import Value


@dataclass(frozen=True)
class Word:
    """One word of a text, at a position from 1.

    word: as the user has it; read: as the program knows it, the class of an unknown one. kinds: by embedding.
    label: of a tagger. weights: what the word says for each label, the winner first, all its evidence together.
    evidence: what that is made of, weights in the same order, what decided most first.
    """

    position: int
    word: str
    read: Token
    kinds: tuple[tuple[str, Value], ...]
    label: Value | None
    weights: tuple[int, ...]
    evidence: tuple[Piece, ...]

    @property
    def lead(self) -> int:
        """How far it moves the decision towards the winner and away from the next label."""
        return self.weights[0] - self.weights[1] if len(self.weights) > 1 else 0


@dataclass(frozen=True)
class Fired:
    """A case of a table of several variables, or a rule, in words, and the positions where it applied.

    values, outcome: of a case, what the variables were and what that gives. lead: the most that its outcome moved the
    decision anywhere, if it is evidence itself.
    """

    variable: str
    case: str
    positions: tuple[int, ...]
    values: tuple[Value, ...] = ()
    outcome: Value | None = None
    lead: int | None = None


@dataclass(frozen=True)
class TextTrace:
    """One run of a program for texts.

    scores: of a classifier, every label's, the winner first. orders: of a tagger, the labels of every word's weights.
    bias: what is added for every word whatever it is, in the order of `scores`.
    """

    text: str | tuple[Token, ...]
    output: Any
    words: tuple[Word, ...]
    fired: tuple[Fired, ...]
    scores: tuple[tuple[Value, int], ...] = ()
    bias: tuple[int, ...] = ()
    orders: tuple[tuple[tuple[Value, int], ...], ...] = ()

    def __str__(self) -> str:
        from pellucid.program.text.trace_text import text

        return text(self)

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        from pellucid.program.text.trace_text import to_json

        return to_json(self)


def explain_text(program: Program, text: str | Sequence[Token], position: int | None = None) -> TextTrace:
    """The trace of a program on one text.

    Args:
        program: a program for texts.
        text: a raw text, or a list of words.
        position: keep only the word at this position (from 1).

    Raises:
        PellucidError: no text, no word in it, or a position that is not in it.
    """
    reading = program.vocab.text
    assert reading is not None
    read = program.vocab.read(text)
    own = reading.words.tokens(text) if isinstance(text, str) else tuple(text)
    if position is not None and not 1 <= position <= len(read):
        raise PellucidError(f"--position {position}: expected a number from 1 to {len(read)}, the number of words")
    (output,) = predict(program, [read])
    if not read:
        return TextTrace(text if isinstance(text, str) else own, output, (), ())
    program = stretched(program, len(read))
    tokens = program.vocab.encode_inputs([read])[:, : len(read) + 1]
    env = evaluate(program, tokens, direct=direct_heads(program))
    why = reasons(program, tokens, env, range(len(read)))
    node = program[program.output]
    if isinstance(node, Readout) and node.pooled:
        ranks = [_ranks(node, why[0])] * len(read)
        pieces = [_pieces(program, node, env, row, ranks[row]) for row in range(len(read))]
    else:
        ranks = [_ranks(node, reason) for reason in why] if isinstance(node, Readout) else [()] * len(read)
        pieces = [tuple(p for p in reason.evidence if p.variable is not None) for reason in why]
        pieces = pieces if len(pieces) == len(read) else [()] * len(read)
    pooled = isinstance(node, Readout) and node.pooled
    tagged = output if isinstance(output, list) else [None] * len(read)
    embeds = _embeddings(program)
    words = [
        Word(
            i + 1,
            str(own[i]),
            read[i],
            tuple((name, _value(program, env, name, i)) for name in embeds),
            tagged[i],
            tuple(map(sum, zip(*(p.weights for p in pieces[i]), strict=True))) or (0,) * len(ranks[i]),
            pieces[i],
        )
        for i in range(len(read))
    ]
    shown = range(len(read)) if position is None else [position - 1]
    return TextTrace(
        text if isinstance(text, str) else own,
        output,
        tuple(words[i] for i in shown),
        tuple(_fired(program, tokens, env, [words[i] for i in shown])),
        why[0].scores if pooled else (),
        tuple(node.bias[c] for c in ranks[0]) if pooled and isinstance(node, Readout) else (),
        () if pooled else tuple(why[i].scores for i in shown if len(why) == len(read)),
    )


def _embeddings(program: Program) -> list[str]:
    """Kinds and forms of the words, those that are evidence themselves first."""
    told = {e.variable for e in _evidence(program)}
    names = [a.name for a in program if isinstance(a.node, Embed) and a.node.variable == program.tokens]
    return sorted(names, key=lambda name: name not in told)


def _value(program: Program, env: Env, name: str, row: int) -> Value:
    return values_of(program, name)[int(env[name][0, row])]


def _ranks(node: Readout, reason: Reason) -> tuple[int, ...]:
    """Numbers of the labels, the winner first."""
    return tuple(node.labels.index(label) for label, _ in reason.scores)


def _pieces(program: Program, node: Readout, env: Env, row: int, ranks: Sequence[int]) -> tuple[Piece, ...]:
    """What one word adds to the sums, without what is the same for all labels."""
    found = []
    for i, e in enumerate(node.evidence):
        weights = evidence_table(node, i, [value := _value(program, env, e.variable, row)])[0].tolist()
        found.append(Piece(e.variable, value, tuple(weights[c] for c in ranks)))
    for name, weights in node.scaled:
        number = int(numbers_of(program.types[name], env[name][0, row]))
        found.append(Piece(name, number, tuple(number * weights[c] for c in ranks)))
    telling = [p for p in found if len(set(p.weights)) > 1]
    return tuple(sorted(telling, key=lambda p: (-abs(p.weights[0] - p.weights[1]), -max(map(abs, p.weights)))))


def _fired(program: Program, tokens: np.ndarray, env: Env, words: Sequence[Word]) -> Iterator[Fired]:
    """Cases of tables of several variables, and rules; the default apart."""
    for a in program:
        node = a.node
        if not isinstance(node, Rules) and not (isinstance(node, Lookup) and len(node.variables) > 1):
            continue
        numbers = fired(program, a.name, tokens, env)
        assert numbers is not None
        groups: dict[int, list[Word]] = {}
        for word in words:
            groups.setdefault(int(numbers[0, word.position - 1]), []).append(word)
        for number, there in groups.items():
            if number < 0:
                continue
            positions, told = tuple(word.position for word in there), fired_text(node, number)
            if isinstance(node, Rules):
                yield Fired(a.name, told, positions)
                continue
            moved = [p.lead for word in there for p in word.evidence if p.variable == a.name]
            used = any(e.variable == a.name for e in _evidence(program))
            lead = max(moved, key=abs, default=0) if used else None
            yield Fired(a.name, told, positions, *node.cases[number], lead)


def _evidence(program: Program) -> tuple[Evidence, ...]:
    node = program[program.output]
    return node.evidence if isinstance(node, Readout) else ()
