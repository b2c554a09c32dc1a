"""Laws that are a sum in the logarithm, the square, the reciprocal or the sine of the output."""

import math
import random

import pytest

from learner_problems import best, learned, problem_of
from pellucid.learners.base import Run
from pellucid.learners.guises import GUISES
from pellucid.learners.sparse import SPARSE
from pellucid.semantics.reference import run

LAWS = {
    "a root of a sum below": lambda a, b, c: a / math.sqrt(1 + b * b / c / c),
    "an exponent": lambda a, b, c: c * math.exp(-((a / b) ** 2) / 2),
    "parallel sums": lambda a, b, c: 1 / (1 / a + c / b),
    "a root of a sum with a cosine": lambda a, b, c: math.sqrt(a * a + b * b - 2 * a * b * math.cos(c)),
    "an arcsine": lambda a, b, c: math.asin(a / 5 * math.sin(b)),
    "a mean with weights": lambda a, b, c: (a * a + b * c) / (a + c),
    "a half angle": lambda a, b, c: a * math.sin(b / 2),
}


def rows(law, count):
    rng = random.Random(5)
    inputs = [[tuple(rng.uniform(1.0, 4.0) for _ in range(3))] for _ in range(count)]
    return inputs, [[law(*x[0])] for x in inputs]


@pytest.mark.parametrize("name", LAWS)
def test_a_law_is_found(name):
    found = learned(GUISES, problem_of(*rows(LAWS[name], 200)))
    for x, (y,) in zip(*rows(LAWS[name], 230), strict=True):
        assert run(found.program, [list(x[0])])[0] == pytest.approx(y, rel=1e-9)


def test_what_is_no_such_law_has_none():
    other = problem_of(*rows(lambda a, b, c: math.sin(a * b * c) + math.tanh(b), 200))
    assert not list(filter(None, GUISES.learn(other, Run())))


def test_a_factor_for_each_text_multiplies_a_product():
    rng, shares = random.Random(8), {"basic": 1.0, "plus": 0.9, "pro": 0.8}
    inputs = [[(rng.choice([*shares]), rng.uniform(1, 9), rng.uniform(1, 9))] for _ in range(150)]
    term = best(SPARSE, problem_of(inputs, [[shares[x[0][0]] * x[0][1] * x[0][2]] for x in inputs]))
    assert "x2 * x3" in term
    assert "/ (x1" not in term
