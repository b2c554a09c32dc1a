"""What stands before the start of a sequence: one value, a rule of its own, or nobody knows."""

import random
from itertools import pairwise

import pytest

from learner_problems import best, learned, problem_of
from pellucid import learn
from pellucid.data.data import Data
from pellucid.errors import PellucidError
from pellucid.learners.dynamics import DYNAMICS
from pellucid.learners.starts import STARTS, unknown_steps
from pellucid.semantics import reference

RNG = random.Random(4)
INPUTS = [[RNG.randint(0, 99) for _ in range(RNG.randint(6, 12))] for _ in range(100)]


def series(law, first, count=100):
    """Sequences and the same, one step on; each begins at random."""
    found = []
    for _ in range(count):
        s = [RNG.uniform(-5, 5) for _ in range(first)]
        while len(s) < 12:
            s.append(law(s))
        found.append((s[:-1], s[1:]))
    return zip(*found, strict=True)


@pytest.mark.parametrize(
    ("law", "first", "steps"),
    [
        (lambda s: 1.5 * s[-1] - 0.7 * s[-2], 2, 1),
        (lambda s: s[-1] - s[-2] + 0.5 * s[-3], 3, 2),
        (lambda s: 0.3 * s[-1] * s[-2] - 0.1, 2, 1),
        (lambda s: 0.9 * s[-1], 1, 0),
    ],
)
def test_how_many_steps_cannot_be_known(law, first, steps):
    inputs, outputs = series(law, first)
    assert unknown_steps(problem_of(inputs, outputs)) == steps


STARTED = {
    "one value before the start": lambda x: [b - a for a, b in zip([5, *x], x, strict=False)],
    "the first value before the start": lambda x: [b - a for a, b in zip([x[0], *x], x, strict=False)],
    "a constant first": lambda x: [7, *(b - a for a, b in pairwise(x))],
    "a rule for the first": lambda x: [x[0] ** 2, *(b - a for a, b in pairwise(x))],
}


@pytest.mark.parametrize("name", STARTED)
def test_what_is_before_the_start_is_found_out(name):
    problem = problem_of(INPUTS, [STARTED[name](x) for x in INPUTS])
    assert unknown_steps(problem) == 0
    assert reference.run(learned(STARTS, problem).program, [3, 50, 4]) == STARTED[name]([3, 50, 4])


def test_what_is_no_law_has_no_steps():
    noise = problem_of(INPUTS, [[RNG.random() for _ in x] for x in INPUTS])
    assert unknown_steps(noise) == 0
    assert best(STARTS, problem_of(INPUTS, [sorted(x) for x in INPUTS])) == "nothing"


def test_unknown_steps_are_not_scored_and_said():
    inputs, outputs = series(lambda s: 1.5 * s[-1] - 0.7 * s[-2], 2, 60)
    data = Data.of(inputs, outputs)
    found = learn(data, model="search")
    assert found.report["accuracy"]["test"]["token"] == 1.0
    assert (found.report["warmup"], "first output" in found.report["notes"][0]) == (1, True)
    assert "not known from it" in (found.source or "")
    with pytest.raises(PellucidError, match="--warmup 40: expected outputs at every step, and longer sequences"):
        learn(data, warmup=40)


def test_a_law_of_its_past_may_begin_with_a_column():
    def smooth(x):
        out = [float(x[0])]
        for v in x[1:]:
            out.append(0.3 * v + 0.7 * out[-1])
        return out

    problem = problem_of(INPUTS, [smooth(x) for x in INPUTS])
    assert "y[t-1] from x" in best(DYNAMICS, problem)
    assert reference.run(learned(DYNAMICS, problem).program, [50, 3, 4]) == pytest.approx(smooth([50, 3, 4]))
