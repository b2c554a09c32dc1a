"""Cutting a program down to what some answers use: cases, rules and evidence that never apply where it matters go.

Nothing is put in a new form but what is the same in all of them: a case that no needed cell reaches cannot change a
needed answer. Of the evidence of a vote what its decisions do not need is dropped; weights stay as they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pellucid.explain.cells import Cell, Cells, Path, evidence_of, variable, weights
from pellucid.language.aggregates import AGGREGATES
from pellucid.language.expressions import Cases, Const, Expression, Table, parts, with_parts
from pellucid.language.nodes import Aggregate, Delay, Evidence, Let, Node, Vote, reads
from pellucid.language.program import Program
from pellucid.language.types import Plain, Value

Decide = Callable[[np.ndarray], np.ndarray]  # sums [decisions, labels] -> what must stay as it is
Key = tuple[int, Value]  # a part of a vote, by number, and a value of its variable


class Uses:
    """What a program used for the answers seen so far."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.numbers: dict[str, dict[Path, set[int]]] = defaultdict(lambda: defaultdict(set))
        self.something = set[str]()  # delays and aggregates that did not always give their default
        self.votes = {a.name: Decisions(a.node) for a in program if isinstance(a.node, Vote)}

    def add(self, cells: Cells, answers: Iterable[Cell]) -> None:
        """Look at what one more input uses."""
        for name, i in sorted(cells.needed(answers)):  # in the same order on every run
            match self.program[name]:
                case Let(expression):
                    self._count(name, cells.steps(expression, cells.here(i)))
                case Delay(_, amount):
                    if 0 <= i - amount < cells.size:
                        self.something.add(name)
                case Aggregate(select):
                    looked = cells.looked(name, i)
                    if looked.picked:
                        self.something.add(name)
                    for j in cells.unmasked(select, looked.compared) if select.match is not None else ():
                        self._count(name, cells.steps(select.match, cells.pair(select, i, j)))  # pyright: ignore[reportArgumentType]
                case Vote():
                    self.votes[name].add(cells, i)

    def _count(self, name: str, steps: Iterable[tuple[Path, int | str]]) -> None:
        for path, number in steps:
            if isinstance(number, int):
                self.numbers[name][path].add(number)

    def pruned(self, label: Plain | None = None) -> Program:
        """The program with only what was used; of a vote that the answer alone reads, whether `label` wins stays."""
        result = self.program.results[0]
        asked = {name for name in self.votes if label is not None and self._feeds_only(name, result)}
        return self.program.map(lambda a: self._smaller(a.name, a.node, label if a.name in asked else None)).pruned()

    def _feeds_only(self, name: str, result: str) -> bool:
        return [a.name for a in self.program if name in reads(a.node)] == [result]

    def _smaller(self, name: str, node: Node, label: Plain | None) -> Node:
        numbers = self.numbers.get(name, {})
        match node:
            case Let(expression):
                return Let(_restricted(expression, numbers))
            case Delay(default=default) if name not in self.something:
                return Let(default)
            case Aggregate(how=how, default=default) if name not in self.something:
                return Let(default if AGGREGATES[how].reads else Const(0))
            case Aggregate(select) if select.match is not None:
                return replace(node, select=replace(select, match=_restricted(select.match, numbers)))
            case Vote() if self.votes[name].voters:
                vote = self.votes[name].spared(label)
                fixed = Const(vote.labels[vote.bias.index(max(vote.bias))])
                return vote if vote.evidence or vote.scaled else Let(fixed)
        return node


def _restricted(expression: Expression, numbers: dict[Path, set[int]]) -> Expression:
    """Tables and rules with the cases of these numbers only; where there is one outcome, that."""

    def change(path: Path, e: Expression) -> Expression:
        used = numbers.get(path, set())
        match e:
            case Table(args, cases, default):
                if len(used) <= 1:
                    return Const(default if used <= {-1} else cases[min(used)][1])
                return Table(args, tuple(case for n, case in enumerate(cases) if n in used), default)
            case Cases(rules, default):
                if len(used) <= 1:
                    return default if used <= {-1} else rules[min(used)][1]
                kept = tuple(rule for n, rule in enumerate(rules) if n in used)
                return Cases(kept, default) if -1 in used else Cases(kept[:-1], kept[-1][1])
        return e

    return _changed(expression, change)


def _changed(expression: Expression, change: Callable[[Path, Expression], Expression], path: Path = ()) -> Expression:
    """Every part changed, told its path, innermost first."""
    new = [_changed(part, change, (*path, k)) for k, part in enumerate(parts(expression))]
    return change(path, with_parts(expression, new) if new else expression)


# ---------------------------------------------------------------- votes


@dataclass
class Decisions:
    """What was decided at some cells: the values that voted, with how often each did in which decision."""

    node: Vote
    voters: list[int] = field(default_factory=list)
    counts: dict[Key, dict[int, int]] = field(default_factory=dict)

    def add(self, cells: Cells, i: int) -> None:
        """One more decision."""
        number, places = len(self.voters), cells.voters(self.node, i)
        self.voters.append(len(places) or 1)
        for k, part in enumerate(evidence_of(self.node)):
            for j in places:
                times = self.counts.setdefault((k, cells[variable(part), j]), {})
                times[number] = times.get(number, 0) + 1

    def spared(self, label: Plain | None = None) -> Vote:
        """The vote with only what these decisions need: the winner, or whether `label` wins, stays.

        Variables go first, as a whole, then value by value; with a label the other labels that never matter, too.
        """
        wanted = self.node.labels.index(label) if label in self.node.labels else None
        decide: Decide = (lambda s: s.argmax(1)) if wanted is None else (lambda s: s.argmax(1) == wanted)
        sums = _Sums(self, decide)
        for k in sorted({k for k, _ in self.counts}, key=lambda k: -len(sums.of(k))):
            sums.drop(sums.of(k))
        for key in [key for key in sums.live if isinstance(evidence_of(self.node)[key[0]], Evidence)]:
            sums.drop([key])
        found = _rebuilt(self.node, self.counts, sums.live)
        return found if wanted is None else _fewer_labels(found, sums.total, wanted)


class _Sums:
    """The sums of all decisions, and what may be taken from them."""

    def __init__(self, found: Decisions, decide: Decide) -> None:
        node, self.decide = found.node, decide
        self.rows = {key: np.array(weights(evidence_of(node)[key[0]], key[1]), object) for key in found.counts}
        self.live = dict.fromkeys(found.counts)
        self.counts = found.counts
        self.total = np.array(found.voters, object)[:, None] * np.array(node.bias, object)
        for key in self.live:
            at, change = self._change(key)
            self.total[at] += change
        self.decided = decide(self.total)

    def of(self, part: int) -> list[Key]:
        return [key for key in self.live if key[0] == part]

    def _change(self, key: Key) -> tuple[list[int], np.ndarray]:
        times = self.counts[key]
        return list(times), np.array(list(times.values()), object)[:, None] * self.rows[key]

    def drop(self, keys: Sequence[Key]) -> None:
        """Take these values out, if nothing is decided otherwise then."""
        changes = [self._change(key) for key in keys]
        for at, change in changes:
            self.total[at] -= change
        touched = sorted({i for at, _ in changes for i in at})
        if (self.decide(self.total[touched]) == self.decided[touched]).all():
            for key in keys:
                del self.live[key]
            return
        for at, change in changes:
            self.total[at] += change


def _rebuilt(node: Vote, seen: Iterable[Key], live: Collection[Key]) -> Vote:
    """The vote with the live values: of those seen the others say nothing, and one that is not listed, either."""
    evidence, scaled, nothing = list[Evidence](), [], (0,) * len(node.labels)
    for k, part in enumerate(evidence_of(node)):
        values = {value: (k, value) in live for number, value in seen if number == k}
        if not any(values.values()):
            continue
        if not isinstance(part, Evidence):
            scaled.append(part)
            continue
        default = part.default if values.get(None) else nothing  # which is what None says
        rows = ((value, weights(part, value) if kept else nothing) for value, kept in values.items())
        told = tuple((value, row) for value, row in rows if value is not None and row != default)
        evidence.append(Evidence(part.variable, told, default))  # pyright: ignore[reportArgumentType]
    return replace(node, evidence=tuple(evidence), scaled=tuple(scaled))


def _fewer_labels(node: Vote, total: np.ndarray, wanted: int) -> Vote:
    """Without the labels whose absence never changes whether the wanted one wins."""
    wins, columns = total.argmax(1) == wanted, list(range(len(node.labels)))
    for label in reversed(range(len(node.labels))):
        rest = [c for c in columns if c != label]
        if label != wanted and len(rest) > 1 and ((total[:, rest].argmax(1) == rest.index(wanted)) == wins).all():
            columns = rest

    def cut(row: tuple) -> tuple:
        return tuple(row[c] for c in columns)

    evidence = tuple(
        Evidence(e.variable, tuple((value, cut(row)) for value, row in e.rows), cut(e.default)) for e in node.evidence
    )
    scaled = tuple((name, cut(row)) for name, row in node.scaled)
    return replace(node, labels=cut(node.labels), bias=cut(node.bias), evidence=evidence, scaled=scaled)
