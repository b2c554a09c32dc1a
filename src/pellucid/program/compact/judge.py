"""Which candidates are worth what: measured on validation data, brought into their shortest form, kept in a front."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from pellucid.data.vocab import Encoded
from pellucid.program.closed import closed
from pellucid.program.closed_forms import text_size
from pellucid.program.compact.measure import accuracies
from pellucid.program.facts import Observed
from pellucid.program.ir import Program
from pellucid.program.names import with_readable_names
from pellucid.program.simplify import simplify

FACTS = 600_000  # query x key cells of the sequences whose variables decide what occurs
FINISHED = 150  # units of effort of bringing one candidate into its shortest form
ROUGH, SLACK = 1.5, 50  # how far an estimated size may be off: by a factor, and nodes
BETTER = 0.8  # estimated size of one that is clearly smaller
NEAR = 0.998  # share of the wanted accuracy from which on a readout is always measured
STEPS = 10  # candidates below the given accuracy that are finished


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


def front_of(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Candidates that no other one beats, one of each size and accuracy, the largest first."""
    distinct = {(c.size, c.token, c.sequence): c for c in reversed(list(candidates))}
    kept = [c for c in distinct.values() if not any(other.beats(c) for other in distinct.values())]
    return sorted(kept, key=lambda c: (-c.size, -c.token))


class Judge:
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
        self.measured: list[tuple[Candidate, bool]] = []  # with estimated sizes; whether no worse

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

    def worthwhile(self, size: int, share: float) -> bool:
        """Whether a readout of this estimated size, right on this share of the labels, is worth a measurement."""
        if self.hopeless(size):
            return False
        return share >= NEAR * self.right or not self._beaten(size, share)

    def _beaten(self, size: int, token: float) -> bool:
        """Whether some candidate is clearly smaller, by the estimate, and as good."""
        return any(rough.size <= BETTER * size and rough.token >= token for rough, _ in self.measured)

    def fine(self, program: Program, size: int) -> bool:
        """Measure a program; one that is no worse than the given one is brought into its shortest form at once.

        Size 0 stands for the given program.
        """
        rough = Candidate(program, size, *accuracies(program, self.valid))
        good = self.no_worse(rough)
        if not self.hopeless(size) and (not size or not self._beaten(size, rough.token)):
            if size:
                self.measured.append((rough, good))
            if good:
                made = self._finish(program)
                self.own = self.own if size else min(self.own, self.cost(made))
        return good

    def finish(self) -> None:
        """Bring those into their shortest form that are worse than the given program, but smaller."""
        roughs = [rough for rough, good in self.measured if not good]
        front = front_of(roughs)
        below = [candidate.token for candidate in front[1:]] + [0.0]
        steps = [candidate.token - token for candidate, token in zip(front, below, strict=False)]
        largest = sorted(range(len(front)), key=lambda i: (-steps[i], i))[:STEPS]
        for i in sorted(largest):
            self._finish(front[i].program)

    def _finish(self, program: Program) -> Candidate:
        self.left -= FINISHED
        facts = Observed(self.seen, len(program.vocab.tokens))
        short = simplify(closed(simplify(program, facts), facts), facts)
        made = Candidate(with_readable_names(short), text_size(short), *accuracies(short, self.valid))
        self.front = front_of([*self.front, made])
        if self.no_worse(made):
            self.least = min(self.least, self.cost(made))
        if made in self.front:
            self.on_progress(f"{made.size} nodes, {made.token:.2%} of tokens")
        return made
