"""Which evidence a vote needs for some decisions: all other is dropped, weights stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pellucid.explain.cells import Cells
from pellucid.explain.votes import Part, variable, weights
from pellucid.language.nodes import Evidence, Vote
from pellucid.language.types import Plain, Value

Decide = Callable[[np.ndarray], np.ndarray]  # sums [decisions, labels] -> what must stay as it is
Key = tuple[int, Value]  # a part of the vote, by number, and a value of its variable


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
        for k, part in enumerate(parts(self.node)):
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
        for key in [key for key in sums.live if isinstance(parts(self.node)[key[0]], Evidence)]:
            sums.drop([key])
        found = _rebuilt(self.node, self.counts, sums.live)
        return found if wanted is None else _fewer_labels(found, sums.total, wanted)


def parts(node: Vote) -> tuple[Part, ...]:
    """Everything that votes, the bias aside."""
    return (*node.evidence, *node.scaled)


class _Sums:
    """The sums of all decisions, and what may be taken from them."""

    def __init__(self, found: Decisions, decide: Decide) -> None:
        node, self.decide = found.node, decide
        self.rows = {key: np.array(weights(parts(node)[key[0]], key[1]), object) for key in found.counts}
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
    for k, part in enumerate(parts(node)):
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
