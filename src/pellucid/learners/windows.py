"""What is made of the last so many steps, where the data say of how many: sums, means, extremes, lags, ranks, medians.

A window of any size up to the length of the data is tried. Which rank a value has among the last ones is read off:
where an output is one of them, the oldest that it must be says how long the window is, and the ranks that it may have,
for each number of values there are, say the rule (the k-th smallest or largest, the lower or the upper middle).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, islice

import numpy as np

from pellucid.language.expressions import Const
from pellucid.learners.formulas.grid import Grid
from pellucid.learners.formulas.learner import FormulaLearner
from pellucid.learners.formulas.terms import Over, Pos, Shift, Term, op
from pellucid.learners.formulas.work import Work, is_real
from pellucid.learners.linear import exact_laws

EXAMPLES = 40  # sequences that windows are read off from
CELLS = 300_000_000  # values looked at, in all windows
MORE = 4  # windows tried beyond the shortest possible one
RANKS = 8  # from either end, of all values so far
MEDIANS = 64  # longest window of a median between two values
AGGREGATES = ("sum", "mean", "min", "max")


def windows(work: Work, output: str) -> list[Term]:
    """A right law of a window for an output; the first one found."""
    if not work.has_past or work.is_symbolic(output):
        return []
    return list(islice(chain(_sums(work, output), _ranks(work, output)), 1))


def _sizes(work: Work) -> range:
    """Sizes of windows that may be tried: what the user said, else all that the data and the work allow."""
    steps, examples = work.train.shape
    most = work.bias.window if "window" in work.bias.changed else min(steps - 1, CELLS // (steps * examples))
    return range(2, most + 1)


def _sums(work: Work, output: str) -> Iterator[Term]:
    """Weighted sums of a column and what one window makes of it."""
    for size in _sizes(work):
        for column in work.columns():
            made: list[Term] = [Over(how, column, size) for how in AGGREGATES if how in work.bias.modes]
            if not is_real(work.results[output]):
                made = [term for term in made if not (isinstance(term, Over) and term.how == "mean")]
            features = [column, *made, *(lag for lag in (Shift(column, size - 1), Shift(column, size)))]
            if work.run.over:
                return
            yield from exact_laws(work, output, [f for f in features if work.allowed(f)])


# ---------------------------------------------------------------- ranks


def _ranks(work: Work, output: str) -> Iterator[Term]:
    """Values of one rank among the last ones, and means of the two in the middle."""
    if not {"ranked"} <= work.bias.modes or not {"min", "//", "-"} <= set(work.bias.operators):
        return
    grid = work.longest(EXAMPLES)
    for column in work.columns():
        values = grid.value(column)
        if values is None or work.run.over:
            continue
        y = grid.targets[output]
        for wanted, above in (
            (y, None),
            (values - y, column),
        ):  # a value of the window, or how far this one is above it
            for size, rank in _rules(values, wanted, grid.scored, _sizes(work)):
                term = ranked(column, size, rank)
                term = term if above is None else op("-", above, term)
                if work.exact(term, output):
                    yield term
        for size in (None, *_sizes(work)[: MEDIANS - 1]):
            pair = ranked(column, size, _lower(size)), ranked(column, size, _upper(size))
            middle = op("/" if is_real(work.results[output]) else "//", op("+", *pair), Const(2))
            if _agree(middle, grid, output) and work.exact(middle, output):
                yield middle


def ranked(column: Term, size: int | None, rank: Term) -> Term:
    """The value of a rank, from 0, among the last so many."""
    return Over("ranked", column, size, by=rank)


def _agree(term: Term, grid: Grid, output: str) -> bool:
    """Whether a term is right on the first few examples."""
    part = grid.take(range(min(3, grid.shape[1])))
    found = part.at_points(term)
    return found is not None and bool(np.allclose(found, part.target(output), rtol=1e-9, atol=0))


def _count(size: int | None) -> Term:
    """How many values there are, at most `size`."""
    return Pos(1) if size is None else op("min", Pos(1), Const(size))


def _before(size: int | None) -> Term:
    """How many there are before this one."""
    return Pos(0) if size is None else op("min", Pos(0), Const(size - 1))


def _lower(size: int | None) -> Term:
    return op("//", _before(size), Const(2))


def _upper(size: int | None) -> Term:
    return op("//", _count(size), Const(2))


def _rules(
    values: np.ndarray, wanted: np.ndarray, scored: np.ndarray, sizes: range
) -> Iterator[tuple[int | None, Term]]:
    """Windows and ranks that fit. values, wanted, scored: [steps, examples]."""
    least = _shortest(values, wanted, scored)
    if least is None:
        return
    for size in (*range(max(2, least), min(least + MORE, sizes.stop)), None):
        bounds = _possible(values, wanted, scored, size)
        for rank, of in _candidates(size):
            if all(low <= of(count) <= high for count, (low, high) in bounds.items()):
                yield size, rank


def _shortest(values: np.ndarray, wanted: np.ndarray, scored: np.ndarray) -> int | None:
    """How many of the last values hold every output; None where no number does."""
    missing = scored.copy()
    for lag in range(len(values)):
        missing[lag:] &= values[: len(values) - lag] != wanted[lag:]
        if not missing[lag:].any():
            return None if missing[:lag].any() else lag + 1
    return None


def _possible(
    values: np.ndarray, wanted: np.ndarray, scored: np.ndarray, size: int | None
) -> dict[int, tuple[int, int]]:
    """By how many values there are, the least and the largest rank that all outputs may have."""
    found: dict[int, tuple[int, int]] = {}
    for step in range(len(values)):
        part = values[0 if size is None else max(0, step - size + 1) : step + 1, scored[step]]
        target = wanted[step, scored[step]]
        if not part.size:
            continue
        low, high = int((part < target).sum(0).max()), int((part <= target).sum(0).min()) - 1
        before = found.get(len(part), (0, len(part)))
        found[len(part)] = max(low, before[0]), min(high, before[1])
    return found


def _candidates(size: int | None) -> Iterator[tuple[Term, Callable[[int], int]]]:
    """Ranks, each as a term and as a function of how many values there are: middles, the k-th smallest or largest.

    Where there are fewer than k values, it is the last one there is.
    """
    yield _lower(size), lambda count: (count - 1) // 2
    yield _upper(size), lambda count: count // 2
    for k in range(1, RANKS if size is None else size - 1):
        yield op("min", Pos(0), Const(k)), lambda count, k=k: min(count - 1, k)
        yield op("max", op("-", _before(size), Const(k)), Const(0)), lambda count, k=k: max(count - 1 - k, 0)


WINDOWS = FormulaLearner("windows", (windows,))
