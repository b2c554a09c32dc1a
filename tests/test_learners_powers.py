"""Laws that are products of powers, and roots of quadratic forms."""

import math
import random

import pytest

from learner_problems import learned, problem_of
from pellucid.learners.base import Run
from pellucid.learners.powers import POWERS
from pellucid.semantics.reference import run

LAWS = {
    "a force": (lambda a, b, r: a * b / (4 * math.pi * r * r), (1.0, 5.0)),
    "a period": (lambda a, b, r: 2 * math.pi * math.sqrt(a / b), (1.0, 5.0)),
    "a cube of what may be negative": (lambda a, b, r: -3 * a**3 / r, (-4.0, -0.5)),
    "a distance": (lambda a, b, r: math.sqrt((a - b) ** 2 + r * r), (-5.0, 5.0)),
    "a root of a square with a weight": (lambda a, b, r: math.sqrt(3 * (a - b) ** 2 + r * r), (-5.0, 5.0)),
    "a root with a constant": (lambda a, b, r: math.sqrt(2 * a * a + 0.5 * b * b + 7), (-5.0, 5.0)),
}


def steps(law, span, count):
    rng = random.Random(3)
    inputs = [[tuple(rng.uniform(*span) for _ in range(3))] for _ in range(count)]
    return inputs, [[law(*x[0])] for x in inputs]


@pytest.mark.parametrize("name", LAWS)
def test_a_law_is_found(name):
    law, span = LAWS[name]
    found = learned(POWERS, problem_of(*steps(law, span, 120)))
    for x, (y,) in zip(*steps(law, span, 150), strict=True):
        assert run(found.program, [list(x[0])])[0] == pytest.approx(y, rel=1e-9)


def test_what_is_no_such_law_has_none():
    other = problem_of(*steps(lambda a, b, r: a + math.sin(b), (1.0, 5.0), 120))
    assert not list(filter(None, POWERS.learn(other, Run())))
