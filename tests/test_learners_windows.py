"""Windows of any size: sums, means, extremes, lags, ranks, medians."""

import random
import statistics

import pytest

from learner_problems import best, found_by, problem_of
from pellucid.bias import Bias
from pellucid.learners.base import Run
from pellucid.learners.windows import WINDOWS
from pellucid.semantics import reference

RNG = random.Random(2)
INPUTS = [[RNG.randint(-50, 50) for _ in range(RNG.randint(14, 20))] for _ in range(80)]
LONG = [RNG.randint(-50, 50) for _ in range(60)]

LAWS = {
    "mean12(x)": (12, statistics.fmean),
    "(max10(x) - min10(x))": (10, lambda last: max(last) - min(last)),
    "(x - x[-11])": (12, lambda last: last[-1] - (last[0] if len(last) == 12 else 0)),
    "ranked3(x by (min(t, 2) // 2))": (3, statistics.median_low),
    "ranked(x by (n // 2))": (99, statistics.median_high),
    "((ranked4(x by (min(t, 3) // 2)) + ranked4(x by (min(n, 4) // 2))) / 2)": (
        4, lambda last: float(statistics.median(last)),
    ),
    "((ranked4(x by (min(t, 3) // 2)) + ranked4(x by (min(n, 4) // 2))) // 2)": (
        4, lambda last: int(statistics.median(last) // 1),
    ),
    "(x - ranked7(x by (min(t, 6) // 2)))": (7, lambda last: last[-1] - statistics.median_low(last)),
    "ranked5(x by min(t, 1))": (5, lambda last: sorted(last)[:2][-1]),
    "ranked(x by max((t - 2), 0))": (99, lambda last: sorted(last)[-3:][0]),
}  # fmt: skip


def over_last(size, law):
    return lambda x: [law(x[max(0, i - size + 1) : i + 1]) for i in range(len(x))]


@pytest.mark.parametrize("term", LAWS)
def test_what_the_last_so_many_give(term):
    rule = over_last(*LAWS[term])
    assert best(WINDOWS, problem_of(INPUTS, [rule(x) for x in INPUTS])) == term


def test_a_median_is_right_on_longer_sequences():
    rule = over_last(5, statistics.median_low)
    (found, *_) = filter(None, WINDOWS.learn(problem_of(INPUTS, [rule(x) for x in INPUTS]), Run()))
    assert reference.run(found.program, LONG) == rule(LONG)


def test_no_window_is_longer_than_the_user_says():
    rule = over_last(12, max)
    problem = problem_of(INPUTS, [rule(x) for x in INPUTS], Bias(window=9))
    assert found_by(WINDOWS, problem) == []
