"""What a slice is cut for: some inputs, and the positions of each whose answers count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pellucid.data.dataset import Dataset
from pellucid.data.tokens import Token
from pellucid.program.direct import direct_heads
from pellucid.program.facts import MAX_CELLS, Observed
from pellucid.program.inspect.demand import answer_rows
from pellucid.program.inspect.words import counted
from pellucid.program.interpret import Env, chunks, evaluate, predict
from pellucid.program.ir import Program, stretched
from pellucid.program.verify import EXHAUSTIVE, all_inputs, domain_size, sample_inputs

SAMPLES = 20_000
TEXTS = 2_000
Inputs = Sequence[tuple[Token, ...]]


@dataclass(frozen=True, eq=False)
class Scope:
    """Inputs a program is looked at on.

    Args:
        program: the program, made long enough for the inputs.
        inputs: all different, at least one.
        answers: bool [inputs, max_length]: the user's positions whose outputs count; of a pooled classifier: those that
            are added up, of another one: the last, where its label stands.
        exhaustive: whether these are all the inputs that matter, not a sample of them.
        words: which inputs they are, for a reader.
    """

    program: Program
    inputs: Inputs
    answers: np.ndarray
    exhaustive: bool
    words: str

    @cached_property
    def tokens(self) -> np.ndarray:
        """Codes of the inputs, as `evaluate` takes them."""
        return self.program.vocab.encode_inputs(self.inputs)

    def rows(self, program: Program) -> np.ndarray:
        """The answers as rows of the program's own arrays, bool [inputs, width]."""
        return in_rows(program, self.answers)

    def runs(self, program: Program) -> Iterator[tuple[np.ndarray, np.ndarray, Env]]:
        """Tokens, rows of answers and variables of a program on the inputs, part by part.

        Of a program for texts, selections that take much room are left out.
        """
        program, rows = same_length(program, self.program), self.rows(program)
        for part in chunks(self.tokens):
            direct = direct_heads(program) if program.vocab.text is not None else ()
            yield self.tokens[part], rows[part], evaluate(program, self.tokens[part], direct=direct)

    def facts(self) -> Observed:
        """Facts that hold on these inputs; the user's positions are those that count."""
        return ScopedFacts(self.tokens, len(self.program.vocab.tokens), self.answers)

    def said(self, program: Program) -> list[list]:
        """What a program answers where it counts: a list of outputs for each input."""
        outputs = predict(program, self.inputs)
        if program.vocab.kind == "classification":
            return [[label] for label in outputs]
        chosen = (np.flatnonzero(row).tolist() for row in self.answers)
        return [[output[i] for i in places] for output, places in zip(outputs, chosen, strict=True)]


class ScopedFacts(Observed):
    """What happens on some inputs; variables that only the output reads count at the answers alone."""

    def __init__(self, tokens: np.ndarray, user_symbols: int, answers: np.ndarray) -> None:
        super().__init__(tokens, user_symbols)
        self._answers = answers

    def env(self, program: Program) -> Env:
        """Codes of every variable on every input; `all` selections are left out."""
        found = super().env(program)
        self._masks["user"] = in_rows(program, self._answers)
        return found


def in_rows(program: Program, answers: np.ndarray) -> np.ndarray:
    """Flags of the user's positions, bool [inputs, max_length], as rows of a program's arrays."""
    if not program.markers:
        return answers
    after = int(program.vocab.end is not None)
    return np.pad(answers, ((0, 0), (1, after)))


def same_length(program: Program, like: Program) -> Program:
    """The program made long enough for the inputs of another one."""
    return stretched(program, like.vocab.max_length) if program.unbounded else program


def scope_of(program: Program, inputs: Inputs, words: str, exhaustive: bool = False) -> Scope:
    """All answers to some inputs.

    Raises:
        PellucidError: an input the program does not take.
    """
    inputs = list(dict.fromkeys(map(tuple, inputs)))
    predict(program, inputs[:1])  # tells of an input that is too long or empty
    longest = max(map(len, inputs))
    program = stretched(program, longest) if program.unbounded else program
    answers = answer_rows(program, program.vocab.encode_inputs(inputs))
    first = int(program.markers)
    return Scope(program, inputs, answers[:, first : first + program.vocab.max_length], exhaustive, words)


def domain(program: Program, seed: int = 0, fewest: int = 1) -> Scope:
    """Every possible input of at least `fewest` tokens, where they can all be run; else a sample."""
    if program.vocab.text is not None:
        from pellucid.program.text.verify import random_texts

        texts = [s for s in dict.fromkeys(random_texts(program.vocab, TEXTS, seed)) if len(s) >= fewest]
        return scope_of(program, texts, f"{len(texts):,} texts of random words")
    size = domain_size(program.vocab)
    if size <= EXHAUSTIVE and size * program.vocab.width <= MAX_CELLS:
        inputs = [s for s in all_inputs(program.vocab) if len(s) >= fewest]
        longest = program.vocab.max_length
        which = f"of {fewest} to {longest} tokens" if fewest > 1 else f"of up to {longest} tokens"
        return scope_of(program, inputs, f"all {len(inputs):,} inputs {which}", exhaustive=True)
    inputs = dict.fromkeys(s for s in sample_inputs(program.vocab, SAMPLES, seed) if len(s) >= fewest)
    return scope_of(program, list(inputs), f"{len(inputs):,} random inputs")


def few_of(scope: Scope, most: int = 5_000) -> Scope:
    """At most so many of the inputs, drawn at random."""
    if len(scope.inputs) <= most:
        return scope
    keep = np.sort(np.random.default_rng(0).permutation(len(scope.inputs))[:most]).tolist()
    inputs = [scope.inputs[i] for i in keep]
    return Scope(scope.program, inputs, scope.answers[keep], False, f"{most:,} random ones of {scope.words}")


def at_position(scope: Scope, position: int) -> Scope:
    """The same inputs as far as they have that position (from 1), which alone counts."""
    keep = [i for i, sequence in enumerate(scope.inputs) if len(sequence) >= position]
    answers = scope.answers[keep].copy()
    answers[:, np.arange(answers.shape[1]) != position - 1] = False
    inputs = [scope.inputs[i] for i in keep]
    return Scope(scope.program, inputs, answers, scope.exhaustive, scope.words)


def wrong_answers(program: Program, data: Dataset, name: str) -> Scope | None:
    """The inputs of a data set that the program gets wrong, and the positions of its wrong answers; None if none is."""
    whole = scope_of(program, data.inputs, name)
    wanted: dict[tuple, list] = {}
    for sequence, output in zip(data.inputs, data.outputs, strict=True):
        wanted.setdefault(tuple(sequence), output)
    answers = np.zeros_like(whole.answers)
    for i, (sequence, given) in enumerate(zip(whole.inputs, predict(program, whole.inputs), strict=True)):
        if data.kind == "classification":
            answers[i] = whole.answers[i] & (given != wanted[sequence])
            continue
        for j, (told, right) in enumerate(zip(given, wanted[sequence], strict=True)):
            answers[i, j] = right is not None and told != right
    keep = np.flatnonzero(answers.any(1)).tolist()
    if not keep:
        return None
    inputs = [whole.inputs[i] for i in keep]
    return Scope(whole.program, inputs, answers[keep], False, f"the {counted(len(keep), 'wrong input')} of {name}")
