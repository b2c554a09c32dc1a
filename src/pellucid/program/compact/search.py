"""Programs that could take the place of another, small ones first: built anew from a library of variables."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np

from pellucid.data.vocab import Encoded
from pellucid.program.compact.bare import add_without_markers
from pellucid.program.compact.graph import Graph
from pellucid.program.compact.library import library
from pellucid.program.compact.select import Chosen, Evidences
from pellucid.program.compact.tables import Tabled, Tables, table_node
from pellucid.program.compact.target import Target
from pellucid.program.ir import Lookup, Program, Readout

SMALL, MIDDLE, LARGE = 4000, 10_000, 60_000  # rows: to look for variables, to choose among them, to fit weights
SETTINGS = ((0.3, 0.5), (1.0, 1.0), (0.1, 0.3))  # (price of a node, how much size counts in the shortlist)
MOST_PIECES = 12
CANDIDATES = 1500  # of the library that evidence is chosen from
NEAR = 0.998  # share of the wanted accuracy below which less evidence is not tried
TABLES = 8
PRICE = 3.0  # AST nodes that an example decided wrongly is worth, in the order of tables


class Jury(Protocol):
    """Measures programs, keeps the good ones, and says how far to go."""

    right: float  # share of the training labels that is wanted

    @property
    def succeeded(self) -> bool:
        """Whether a program other than the given one is fine, and better."""
        ...

    def going(self, units: float = 1.0) -> bool:
        """Whether to go on; see `Going`."""
        ...

    def hopeless(self, size: int) -> bool:
        """Whether a program of this estimated size is too large to matter."""
        ...

    def worthwhile(self, size: int, share: float) -> bool:
        """Whether a readout of this estimated size, right on this share of the labels, is worth a measurement."""
        ...

    def fine(self, program: Program, size: int) -> bool:
        """Consider a program of this estimated size (0: the given one): whether it is no worse than that."""
        ...


def rebuild(program: Program, train: Encoded, judge: Jury) -> None:
    """Put programs made of a program's variables and simple stand-ins, with new readouts, before the judge.

    The given program comes first, to be brought into its shortest form on the data.
    """
    judge.fine(program, 0)
    for bare in (True, False) if program.markers else (False,):
        if judge.going() and not judge.succeeded:
            _Search(program, train, bare, judge).run()


class _Search:
    """One search: in a graph with the program's markers, or (`bare`) on the user's tokens alone."""

    def __init__(self, given: Program, train: Encoded, bare: bool, judge: Jury) -> None:
        self.given, self.train, self.judge = given, train, judge
        self.graph = Graph(replace(given, markers=False) if bare else given)
        self.numbers = add_without_markers(self.graph, given) if bare else self.graph.add_program(given)
        self.order = np.random.default_rng(0).permutation(len(train.tokens))
        self.large = self._target(LARGE)
        small, middle = self._target(SMALL), self._target(MIDDLE)
        found = library(self.graph, self.numbers.values(), small, judge.going)
        going = judge.going
        self.tables = Tables(self.graph, small, Evidences(self.graph, small, found.variables, going))
        likely = sorted(found.ranked(found.variables)[:CANDIDATES])
        self.middle = Evidences(self.graph, middle, likely, going)
        self.fitted = Evidences(self.graph, self.large, (), going)
        self.floor = judge.right * len(middle)

    def _target(self, rows: int) -> Target:
        """The first sequences of a random order."""
        labels = self.train.labels
        each = 1 if labels.ndim == 1 else max(1.0, float((labels >= 0).sum()) / max(1, len(labels)))
        part = self.order[: max(50, int(rows / each))]
        return Target(self.graph, self.train.tokens[part], labels[part])

    def run(self) -> None:
        """One table first, then sums of evidence; the given readout with less evidence where nothing else is fine."""
        for found in self.tables.best(PRICE, TABLES, self.judge.going):
            self._tabled(found)
        for price, alpha in SETTINGS:
            self._by_evidence(price, alpha)
        if not self.judge.succeeded and (own := self._own()):
            self._less(own)

    def _tabled(self, found: Tabled) -> None:
        fits = all(self.large.column(number) is not None for number in found.variables)
        if fits and self.judge.going() and not self.judge.hopeless(found.least):
            self._considered(table_node(self.large, found.variables), found.least)

    def _by_evidence(self, price: float, alpha: float) -> None:
        for chosen in self.middle.forward(MOST_PIECES, price, alpha):
            if not self.judge.going() or self.judge.hopeless(self.middle.size(chosen.pieces)):
                return
            sharp = self.middle.sharp(chosen, 4) if chosen.correct > 0.9 * len(self.middle.target) else chosen
            if self._fitted(sharp):
                self._less(sharp)
                return
            if sharp.correct >= len(self.middle.target):
                return

    def _less(self, chosen: Chosen) -> None:
        """Drop evidence, or use it as a plain number, the largest saving first, while it stays fine."""

        def holds(smaller: Chosen) -> bool:
            return smaller.correct >= NEAR * self.floor and self._fitted(smaller)

        self.middle.backward(chosen, holds)

    def _own(self) -> Chosen | None:
        """The given program's evidence, as far as there is a variable for it."""
        node = self.given[self.given.output]
        if not isinstance(node, Readout):
            return None
        pairs = [(e.variable, False) for e in node.evidence] + [(v, True) for v, _ in node.scaled]
        pieces = [(self.numbers[v], scaled) for v, scaled in pairs if v in self.numbers]
        pieces = [piece for piece in dict.fromkeys(pieces) if self.middle.target.column(*piece) is not None]
        return self.middle.sharp(self.middle.fit(tuple(pieces))) if pieces else None

    def _fitted(self, chosen: Chosen) -> bool:
        """Whether the program with this evidence, its weights fitted to all the data, is fine."""
        size, share = self.middle.size(chosen.pieces), chosen.correct / max(1, len(self.middle.target))
        fits = all(self.large.column(*piece) is not None for piece in chosen.pieces)
        if not fits or not self.judge.worthwhile(size, share) or not self.judge.going(len(self.large) / 2000):
            return False
        start = self.fitted.weights_for(chosen, self.middle)
        return self._considered(self.fitted.node(self.fitted.sharp(self.fitted.fit(chosen.pieces, start), 3)), size)

    def _considered(self, node: Lookup | Readout, size: int) -> bool:
        return self.judge.fine(self.graph.program(self.graph.add(node)), size)
