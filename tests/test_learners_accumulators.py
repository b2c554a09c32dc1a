"""Hidden levels that give an alarm."""

import random
from itertools import accumulate

import pytest

from learner_problems import best, found_by, learned, problem_of
from pellucid.learners.accumulators import ACCUMULATORS
from pellucid.semantics import reference

RNG = random.Random(6)
INPUTS = [[RNG.randint(0, 20) for _ in range(RNG.randint(12, 18))] for _ in range(120)]
LONG = [RNG.randint(0, 20) for _ in range(80)]


def alarms(step, limit, after):
    """What a level that goes on by `step` says: 1 where it is above the limit, after which it is what `after` gives."""

    def rule(x):
        level, out = 0, []
        for v in x:
            level = step(level, v)
            out.append(int(level > limit))
            level = after(level) if level > limit else level
        return out

    return rule


RULES = {
    "a control chart": alarms(lambda s, v: max(0, s + v - 13), 9, lambda s: 0),
    "one for what falls": alarms(lambda s, v: max(0, s - v + 7), 6, lambda s: 0),
    "a bucket": alarms(lambda s, v: s + v, 49, lambda s: s - 50),
    "a balance": alarms(lambda s, v: s + v - 10, 12, lambda s: s),
    "three in a row": alarms(lambda s, v: s + 1 if v > 10 else 0, 2, lambda s: s),
    "every third": alarms(lambda s, v: s + (v < 4), 2, lambda s: 0),
    "how many alarms": lambda x: list(accumulate(alarms(lambda s, v: max(0, s + v - 13), 9, lambda s: 0)(x))),
}


@pytest.mark.parametrize("name", RULES)
def test_a_level_is_found(name):
    rule = RULES[name]
    found = learned(ACCUMULATORS, problem_of(INPUTS, [rule(x) for x in INPUTS]))
    assert reference.run(found.program, LONG) == rule(LONG)


def test_two_columns_may_come_in_and_go_out():
    inputs = [[(a, RNG.randint(0, 20)) for a in x] for x in INPUTS]
    rule = alarms(lambda s, v: max(0, s + v[0] - v[1]), 15, lambda s: 0)
    assert "x1 - x2" in best(ACCUMULATORS, problem_of(inputs, [rule(x) for x in inputs])).replace("state + x1", "x1")


def test_what_is_no_level_has_none():
    assert found_by(ACCUMULATORS, problem_of(INPUTS, [[RNG.randint(0, 1) for _ in x] for x in INPUTS])) == []
