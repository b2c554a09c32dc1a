"""Longer inputs of the built-in tasks, on which programs are judged."""

import pytest

from pellucid.data.old_tasks import get_task, task_names
from pellucid.old_problem import longer_data


@pytest.mark.parametrize("name", task_names())
def test_longer_inputs_are_longer_and_labelled_by_the_oracle(name):
    instance = get_task(name).build()
    longest = instance.domain.lengths[-1]
    found = longer_data(instance, 0)
    assert set(found) == {"2N", "4N"}
    for factor, data in found.items():
        assert min(map(len, data.inputs)) > {"2N": 1, "4N": 2}[factor] * longest
        assert all(instance.oracle(x) == y for x, y in zip(data.inputs[:50], data.outputs[:50], strict=True))
        assert len(set(data.inputs)) == len(data) > 100


def test_the_same_seed_gives_the_same():
    instance = get_task("sort").build()
    assert longer_data(instance, 3) == longer_data(instance, 3) != longer_data(instance, 4)
