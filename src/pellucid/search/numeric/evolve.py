"""Elitist search over hard numeric programs with a least-squares readout, its gates trained by the score function.

Hard programs are scored by a closed-form readout over all their variables; gates start as independent softmaxes whose
logits follow the policy gradient (REINFORCE, Williams 1992) of the normalised scores of sampled programs. The best
samples are where the elitist search (`search/elitist.py`) starts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.search.elitist import climb
from pellucid.search.numeric.bank import Bank
from pellucid.search.numeric.closings import constants_for
from pellucid.search.numeric.enumerated import first_sample
from pellucid.search.numeric.genes import Gene, Space
from pellucid.search.numeric.grid import side_by_side
from pellucid.search.numeric.linear import fitted
from pellucid.search.numeric.supports import supports
from pellucid.search.numeric.terms import Term, size
from pellucid.search.numeric.work import Answer, Work

SLOTS = 6
RIDGE = 1e-4
PRICE = 0.01  # of the score, per distinct live variable
SAMPLED = 32  # programs per step of the gates
RATE = 0.06  # of gates that a mutation draws anew
STALLED = 400
SOLVED = 1e-9  # unexplained share below which a program is looked at closely
STEPS = 40  # of the gates


@dataclass(frozen=True)
class Scored:
    """A program with its score (lower is better) and the share its readout leaves unexplained."""

    genes: tuple[Gene, ...]
    score: float
    rest: float


class Evolution:
    """The search for one output with one seed."""

    def __init__(self, work: Work, output: str, seed: int, end: float) -> None:
        self.work, self.output, self.end = work, output, end
        self.rng = np.random.default_rng([seed, 11])
        grid = side_by_side(first_sample(work, output))
        bases = [*work.columns(), *work.position()[1:], *work.past(2)]
        known = np.concatenate([grid.inputs[n].ravel() for n in grid.inputs])
        constants = constants_for(known, grid.target(output)) if work.whole else []
        self.space = Space(grid, bases, Bank.of(work.bias, not work.whole), constants, SLOTS)
        target = grid.target(output)
        self.wanted = (target - target.mean()) / max(float(target.std()), 1e-300)
        self.effort = 0
        self.found: list[Term] = []

    @property
    def possible(self) -> bool:
        """Whether there is anything to read and anything to do with it."""
        return bool(self.space.bases and self.space.pieces)

    def over(self, limit: int) -> bool:
        """Whether the effort or the time is spent, or a right program is known."""
        return self.effort >= limit or bool(self.found) or time.monotonic() > self.end

    def score(self, genes: tuple[Gene, ...]) -> Scored:
        """Score of a program: logarithms of what its readout and its best variable leave unexplained, and its size."""
        self.effort += 1
        terms = [t for t in dict.fromkeys(self.space.terms(genes)) if t is not None]
        points = self.space.grid.points
        columns = np.stack([self._values(t).ravel()[points] for t in terms], 1)
        spread = columns.std(0)
        live = spread > 0
        columns = (columns[:, live] - columns[:, live].mean(0)) / spread[live]
        gram = columns.T @ columns / len(points)
        along = columns.T @ self.wanted / len(points)
        weights = np.linalg.solve(gram + RIDGE * np.eye(len(gram)), along)
        rest = float(np.mean((self.wanted - columns @ weights) ** 2))
        alone = float(1 - (along**2).max(initial=0.0))
        score = 0.5 * np.log(rest + 1e-4) + 0.5 * np.log(alone + 1e-4) + PRICE * len(terms)
        if rest < 1e-4:
            self._look([t for t, keep in zip(terms, live, strict=True) if keep])
        return Scored(genes, float(score), rest)

    def _values(self, term: Term) -> np.ndarray:
        values = self.space.values(term)
        return np.zeros(self.space.grid.shape) if values is None else values

    def _look(self, terms: Sequence[Term]) -> None:
        """Take the program if some weighted sum of its variables is right on all data."""
        kept, columns = self.work.sample(sorted(terms, key=size))
        for chosen in supports(columns, self.work.wanted(self.output)):
            law = fitted(self.work, self.output, [kept[i] for i in chosen])
            if law is not None and self.work.exact(law, self.output):
                self.found.append(law)
            return

    # ------------------------------------------------------------ the three ways

    def random(self, limit: int) -> Scored:
        """The best of uniformly random programs."""
        best = self.score(self.space.program(self.rng))
        while not self.over(limit):
            best = min(best, self.score(self.space.program(self.rng)), key=lambda s: s.score)
        return best

    def climbed(self, start: Scored, limit: int) -> Scored:
        """The elitist search from one program, with restarts from random ones."""
        best = current = start
        while not self.over(limit):
            current = climb(
                current,
                lambda c: self.score(self.space.mutant(c.genes, self.rng, RATE)),
                STALLED,
                lambda: not self.over(limit),
            )
            best = min(best, current, key=lambda s: s.score)
            if not self.over(limit):
                current = self.score(self.space.program(self.rng))
        return best

    def trained(self, limit: int) -> Scored:
        """The best program that gates trained by the score function put out."""
        gates = Gates(self.space)
        best: Scored | None = None
        for step in range(STEPS):
            if best is not None and self.over(limit):
                break
            codes = gates.sample(self.rng, SAMPLED, 1.0 - 0.7 * step / STEPS)
            scored = [self.score(gates.program(row)) for row in codes]
            best = min([*scored, *([best] if best else [])], key=lambda s: s.score)
            gates.learn(codes, np.array([s.score for s in scored]))
        return best or self.score(self.space.program(self.rng))


class Gates:
    """Independent choices, one softmax each: piece, two variables and constant of every slot."""

    def __init__(self, space: Space) -> None:
        self.space = space
        width, pieces, constants = space.width, len(space.pieces), max(len(space.constants), 1)
        self.counts = [n for s in range(space.slots) for n in (pieces, width + s, width + s, constants)]
        self.logits = np.zeros((len(self.counts), max(self.counts)))
        self.logits[np.arange(self.logits.shape[1]) >= np.array(self.counts)[:, None]] = -np.inf
        self.first, self.second, self.steps = np.zeros_like(self.logits), np.zeros_like(self.logits), 0

    def shares(self, tau: float = 1.0) -> np.ndarray:
        """Probabilities of all choices: [gates, options]."""
        raised = np.exp((self.logits - self.logits.max(1, keepdims=True)) / tau)
        return raised / raised.sum(1, keepdims=True)

    def sample(self, rng: np.random.Generator, count: int, tau: float) -> np.ndarray:
        """Choices of several programs: [programs, gates]."""
        edges = self.shares(tau).cumsum(1)
        drawn = (rng.random((count, len(self.counts), 1)) > edges).sum(2)
        return np.minimum(drawn, np.array(self.counts) - 1)

    def program(self, codes: np.ndarray) -> tuple[Gene, ...]:
        """The genes of one row of choices."""
        return tuple(Gene(*(int(v) for v in codes[i : i + 4])) for i in range(0, len(codes), 4))

    def learn(self, codes: np.ndarray, scores: np.ndarray, rate: float = 0.1) -> None:
        """One step of Adam (Kingma & Ba 2015) along the policy gradient of the normalised scores."""
        advantage = -(scores - scores.mean()) / (scores.std() + 1e-9)
        chosen = np.zeros((len(codes), *self.logits.shape))
        np.put_along_axis(chosen, codes[:, :, None], 1.0, 2)
        gradient = np.tensordot(advantage, chosen - self.shares(), 1) / len(codes)
        self.steps += 1
        self.first = 0.9 * self.first + 0.1 * gradient
        self.second = 0.999 * self.second + 0.001 * gradient**2
        move = self.first / (1 - 0.9**self.steps) / (np.sqrt(self.second / (1 - 0.999**self.steps)) + 1e-8)
        self.logits = self.logits + rate * move


def evolved(work: Work, output: str, end: float, effort: int) -> list[Answer]:
    """Right programs of the search with trained gates; none where it finds none with this effort."""
    began = time.monotonic()
    evolution = Evolution(work, output, work.seed, end)
    if not evolution.possible:
        return []
    evolution.climbed(evolution.trained(effort // 3), effort)
    return [Answer("evolution", term, time.monotonic() - began) for term in evolution.found]


def compared(work: Work, output: str, effort: int, seconds: float) -> dict[str, dict[str, float | int | bool]]:
    """What random programs, search alone, and search with trained gates do at equal effort (the two baselines)."""
    ways: dict[str, Callable[[Evolution], Scored]] = {
        "random_programs": lambda e: e.random(effort),
        "search_only": lambda e: e.climbed(e.score(e.space.program(e.rng)), effort),
        "trained_gates": lambda e: e.climbed(e.trained(effort // 3), effort),
    }
    found: dict[str, dict[str, float | int | bool]] = {}
    for name, way in ways.items():
        began = time.monotonic()
        evolution = Evolution(work, output, work.seed, began + seconds)
        if not evolution.possible:
            return {}
        best = way(evolution)
        found[name] = {
            "exact": bool(evolution.found),
            "programs": evolution.effort,
            "unexplained": round(best.rest, 9),
            "seconds": round(time.monotonic() - began, 3),
        }
    return found
