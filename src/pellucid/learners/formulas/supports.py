"""Smallest sets of columns whose weighted sum is a target: all sets of up to four by Gram matrices, larger greedily."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

CLOSE = 1e-7  # unexplained share below which a set is looked at with full precision
FIT = 1e-8  # relative residual of a set worth checking
EXACT = 1e-9  # relative residual that counts as none
WORK = 4_000_000  # sets of columns looked at in one go


def supports(columns: np.ndarray, y: np.ndarray, most: int = 8) -> Iterator[tuple[int, ...]]:
    """Sets of columns that explain y (up to a constant), the smallest sets first; within a size in column order.

    columns: [points, k], the preferred columns first. most: largest set that is looked for greedily.
    """
    scaled, wanted, live = standardised(columns, y)
    if not live:
        return
    gram, along = scaled.T @ scaled, scaled.T @ wanted
    found = False
    for count in range(1, 5):
        if len(live) ** count > WORK:
            break
        for chosen in _search(gram, along, count, 1.0, ()):
            if np.linalg.norm(_rest(scaled, wanted, list(chosen))) <= FIT:  # near fits do not end the search
                found = True
                yield tuple(live[i] for i in chosen)
        if found:
            return
    if chosen := _greedy(scaled, wanted, most):
        yield tuple(live[i] for i in chosen)


def standardised(columns: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Columns and target with mean 0 and length 1; constant columns and repetitions left out; which are left."""
    centred = columns - columns.mean(0)
    norms = np.linalg.norm(centred, axis=0)
    live = [i for i in range(columns.shape[1]) if norms[i] > 1e-9 * max(1.0, np.abs(columns[:, i]).max())]
    scaled = centred[:, live] / norms[live]
    alike = np.abs(scaled.T @ scaled) > 1 - 1e-11
    keep = [i for i in range(len(live)) if not alike[i, :i].any()]
    wanted = y - y.mean()
    return scaled[:, keep], wanted / max(np.linalg.norm(wanted), 1e-300), [live[i] for i in keep]


def _search(
    gram: np.ndarray, along: np.ndarray, count: int, left: float, fixed: tuple[int, ...]
) -> Iterator[tuple[int, ...]]:
    """Sets of `count` more columns, in rising order, that leave nothing unexplained; `fixed` are projected out."""
    own = np.diag(gram).copy()
    begin = fixed[-1] + 1 if fixed else 0
    usable = own > 1e-10
    safe = np.where(usable, own, 1.0)
    if count == 1:
        rest = left - along**2 / safe
        for i in np.flatnonzero(usable & (rest < CLOSE)):
            if i >= begin:
                yield (*fixed, int(i))
        return
    if count == 2:
        yield from _pairs(gram, along, own, left, fixed, begin)
        return
    for i in range(begin, len(along)):
        if usable[i]:
            across = gram[i] / own[i]
            step = along[i] / own[i]
            yield from _search(
                gram - np.outer(gram[i], across),
                along - gram[i] * step,
                count - 1,
                left - along[i] * step,
                (*fixed, i),
            )


def _pairs(
    gram: np.ndarray, along: np.ndarray, own: np.ndarray, left: float, fixed: tuple[int, ...], begin: int
) -> Iterator[tuple[int, ...]]:
    det = np.outer(own, own) - gram**2
    share = np.outer(along**2, own) + np.outer(own, along**2) - 2 * gram * np.outer(along, along)
    usable = det > 1e-10
    rest = left - share / np.where(usable, det, 1.0)
    for i, j in np.argwhere(np.triu(usable & (rest < CLOSE), 1)):
        if i >= begin:
            yield (*fixed, int(i), int(j))


def _greedy(scaled: np.ndarray, wanted: np.ndarray, most: int) -> tuple[int, ...]:
    """Columns taken one by one, each the most useful next to those before, then thinned out; empty if not exact."""
    chosen: list[int] = []
    rest = wanted
    while len(chosen) < min(2 * most, scaled.shape[1]) and np.linalg.norm(rest) > EXACT:
        gain = np.abs(scaled.T @ rest)
        gain[chosen] = -1
        chosen.append(int(gain.argmax()))
        rest = _rest(scaled, wanted, chosen)
    if np.linalg.norm(rest) > EXACT:
        return ()
    return thinned(scaled, wanted, chosen)


def thinned(scaled: np.ndarray, wanted: np.ndarray, chosen: list[int]) -> tuple[int, ...]:
    """The columns without those whose removal leaves the fit exact, the last ones tried first."""
    for one in sorted(chosen, reverse=True):
        fewer = [c for c in chosen if c != one]
        if np.linalg.norm(_rest(scaled, wanted, fewer)) <= EXACT:
            chosen = fewer
    return tuple(sorted(chosen))


def _rest(scaled: np.ndarray, wanted: np.ndarray, chosen: list[int]) -> np.ndarray:
    if not chosen:
        return wanted
    part = scaled[:, chosen]
    return wanted - part @ np.linalg.lstsq(part, wanted, rcond=1e-13)[0]
