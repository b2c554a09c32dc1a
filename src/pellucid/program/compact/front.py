"""`compact`: candidates smaller than a program, measured; the front of size against accuracy, and the one chosen."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from pellucid.data.vocab import Encoded
from pellucid.program.closed import closed
from pellucid.program.closed_forms import text_size
from pellucid.program.compact.search import rebuild
from pellucid.program.facts import MAX_CELLS, Observed
from pellucid.program.interpret import own_tokens, predict_codes, user_positions, values_of
from pellucid.program.ir import Program
from pellucid.program.names import with_readable_names
from pellucid.program.simplify import simplify
from pellucid.program.verify import EXHAUSTIVE, all_inputs, domain_size

WORK = 60_000  # milliseconds, about: effort is counted, so that it does not depend on the machine
FINISHED = 150  # of bringing one candidate into its shortest form
FACTS = 600_000  # query x key cells of the sequences whose variables decide what occurs
ROUGH, SLACK = 1.5, 50  # how far an estimated size may be off: by a factor, and nodes
BETTER = 0.8  # estimated size of one that is clearly smaller


@dataclass(frozen=True)
class Candidate:
    """A program with the AST nodes of its text and its accuracy on validation data, token and sequence in 0..1."""

    program: Program
    size: int
    token: float
    sequence: float

    def beats(self, other: Candidate) -> bool:
        """Whether it is at least as good in everything, and better in something."""
        ours, theirs = (-self.size, self.token, self.sequence), (-other.size, other.token, other.sequence)
        return ours != theirs and all(a >= b for a, b in zip(ours, theirs, strict=True))


@dataclass(frozen=True)
class Changes:
    """Outputs (labels of tokens; of whole inputs for a classifier) on which two programs differ, among how many."""

    outputs: int
    of: int

    @property
    def share(self) -> float:
        """Share of the outputs, in 0..1."""
        return self.outputs / max(1, self.of)


@dataclass(frozen=True)
class Compacted:
    """The outcome of `compact`.

    front: candidates that no other one beats, the largest first; the given program may be among them.
    chosen: of those no worse on validation data than the given one, that with the least sum of AST nodes and wrong
    labels there. Where only few labels are wrong it is the smallest.
    given: the given program. changes: outputs on which the chosen one differs from it, by data set: `train`, `valid`,
    and `domain`, every possible input, where those can be run.
    """

    front: tuple[Candidate, ...]
    chosen: Candidate
    given: Candidate
    changes: dict[str, Changes] = field(default_factory=dict)


def compact(
    program: Program,
    train: Encoded,
    valid: Encoded,
    *,
    end: float = math.inf,
    work: float = WORK,
    on_progress: Callable[[str], None] = lambda message: None,
) -> Compacted:
    """A smaller program that is no worse on the validation data, and what else is worth a choice.

    Args:
        program: the program after exact simplification.
        train: data that readouts are fitted to. valid: data that decides.
        end: time (of `time.monotonic`) to stop looking at.
        work: effort, counted so that without `end` the same input gives the same result.
        on_progress: called with a short message.
    """
    judge = _Judge(program, train, valid, end, work, on_progress)
    rebuild(program, train, judge)
    chosen = min(filter(judge.no_worse, judge.front), key=lambda c: (judge.cost(c), c.size))
    sets = {"train": train.tokens, "valid": valid.tokens, **whole_domain(program)}
    changes = {name: differing(program, chosen.program, tokens) for name, tokens in sets.items()}
    return Compacted(tuple(judge.front), chosen, judge.given, changes)


def whole_domain(program: Program) -> dict[str, np.ndarray]:
    """Every possible input as the one data set `domain`; nothing where there are too many to run."""
    size = domain_size(program.vocab)
    if size > EXHAUSTIVE or size * program.vocab.width > MAX_CELLS:
        return {}
    return {"domain": program.vocab.encode_inputs(list(all_inputs(program.vocab)))}


def front_of(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Candidates that no other one beats, one of each size and accuracy, the largest first."""
    distinct = {(c.size, c.token, c.sequence): c for c in reversed(list(candidates))}
    kept = [c for c in distinct.values() if not any(other.beats(c) for other in distinct.values())]
    return sorted(kept, key=lambda c: (-c.size, -c.token))


class _Judge:
    """Measures candidates on one problem's data and keeps the front."""

    def __init__(
        self,
        program: Program,
        train: Encoded,
        valid: Encoded,
        end: float,
        work: float,
        on_progress: Callable[[str], None],
    ) -> None:
        self.valid, self.end, self.left, self.on_progress = valid, end, work, on_progress
        both = np.concatenate([valid.tokens, train.tokens])
        self.seen = both[: max(100, FACTS // both.shape[1] ** 2)]
        self.right = accuracies(program, train)[0]
        self.labels = int((valid.labels >= 0).sum())
        self.given = Candidate(program, text_size(program), *accuracies(program, valid))
        self.front = [self.given]
        self.least = self.own = self.cost(self.given)  # of those that are no worse; of the given one in any form
        self.begun: list[Candidate] = []  # as they came, by estimated size

    def going(self, units: float = 1.0) -> bool:
        """Whether there is effort and time left."""
        self.left -= units
        return self.left > 0 and time.monotonic() < self.end

    @property
    def succeeded(self) -> bool:
        """Whether something better was found that is no form of the given program itself."""
        return self.least < self.own

    def cost(self, candidate: Candidate) -> float:
        """AST nodes and wrong validation labels: what is chosen has least of them."""
        return candidate.size + (1 - candidate.token) * self.labels

    def hopeless(self, size: int) -> bool:
        """Whether it could not be chosen; estimates are rough, and closed forms make programs shorter."""
        return size > ROUGH * self.least + SLACK

    def no_worse(self, candidate: Candidate) -> bool:
        """Whether it is as good as the given program on validation data."""
        return candidate.token >= self.given.token and candidate.sequence >= self.given.sequence

    def fine(self, program: Program, size: int) -> bool:
        """Measure a program as it is; what could be on the front is brought into its shortest form.

        Size 0 stands for the given program.
        """
        rough = Candidate(program, size, *accuracies(program, self.valid))
        if self._promising(rough):
            self.begun += [rough] if size else []
            self.left -= FINISHED
            made = self._finished(program)
            self.front = front_of([*self.front, made])
            if self.no_worse(made):
                self.least = min(self.least, self.cost(made))
                self.own = self.own if size else self.least
            if made in self.front:
                self.on_progress(f"{made.size} nodes, {made.token:.2%} of tokens")
        return self.no_worse(rough)

    def _promising(self, rough: Candidate) -> bool:
        """Whether no candidate begun before was clearly better, by the estimate."""
        tighter = replace(rough, size=int(rough.size * BETTER))
        return not self.hopeless(rough.size) and not any(other.beats(tighter) for other in self.begun)

    def _finished(self, program: Program) -> Candidate:
        facts = Observed(self.seen, len(program.vocab.tokens))
        short = simplify(closed(simplify(program, facts), facts), facts)
        return Candidate(with_readable_names(short), text_size(short), *accuracies(short, self.valid))


def answers(program: Program, tokens: np.ndarray) -> np.ndarray:
    """Label codes at the user's tokens, int [sequences, longest], -1 elsewhere; [sequences] for a classifier."""
    vocab = program.vocab
    codes = predict_codes(program, tokens)
    places = {label: i for i, label in enumerate(vocab.labels)}
    table = np.array([places.get(value, len(places)) for value in values_of(program, program.output)])
    user = user_positions(own_tokens(program, tokens), len(vocab.tokens))
    if codes.ndim == 1:
        return table[codes]
    told = np.where(user, table[codes], -1)
    if vocab.kind == "classification":
        last = user.sum(1) - 1 + int(program.markers)
        return told[np.arange(len(told)), last]
    return told[:, int(program.markers) :][:, : vocab.max_length]


def accuracies(program: Program, data: Encoded) -> tuple[float, float]:
    """Share of scored tokens, and of whole sequences, that the program gets right."""
    told = answers(program, data.tokens)
    if told.ndim == 1:
        share = float((told == data.labels).mean()) if len(told) else 0.0
        return share, share
    labels = data.labels[:, 1 : told.shape[1] + 1]
    scored, hit = labels >= 0, (told == labels) & (labels >= 0)
    counted = scored.any(1)
    whole = (hit == scored).all(1) & counted
    return float(hit.sum() / max(1, scored.sum())), float(whole.sum() / max(1, counted.sum()))


def differing(program: Program, other: Program, tokens: np.ndarray) -> Changes:
    """On how many outputs two programs differ."""
    ours, theirs = answers(program, tokens), answers(other, tokens)
    return Changes(int((ours != theirs).sum()), int((ours >= 0).sum()))
