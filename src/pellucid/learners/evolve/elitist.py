"""Elitist (1+1) search, the loop that the symbol and the numeric search share: propose, keep what is not worse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

BETTER = 1e-9  # gain of the score that counts as one


class HasScore(Protocol):
    """Anything with a score, of which lower is better."""

    @property
    def score(self) -> float:
        """What a search makes as small as it can."""
        ...


S = TypeVar("S", bound=HasScore)


def climb(
    current: S,
    propose: Callable[[S], S],
    patience: int,
    more: Callable[[], bool],
    improved: Callable[[S], S] = lambda found: found,
    taken: Callable[[S], None] = lambda found: None,
    enough: Callable[[S], bool] = lambda found: False,
) -> S:
    """Go on from a scored program until nothing better came for a while, or it is good enough.

    Args:
        current: where to start.
        propose: a new scored program from the present one.
        patience: proposals in a row without a gain after which it stops.
        more: whether there is effort left; asked before every proposal.
        improved: called with every better program; what it gives back is gone on with.
        taken: called with every program that takes the place of the present one, better or as good.
        enough: whether a better program ends the search.
    """
    stalled = 0
    while stalled < patience and more():
        candidate = propose(current)
        if candidate.score > current.score:
            stalled += 1
            continue
        better = candidate.score < current.score - BETTER
        taken(candidate)
        stalled, current = 0 if better else stalled + 1, candidate
        if better:
            current = improved(current)
            if enough(current):
                break
    return current
