"""Every built-in task against a restatement of its definition, its generator against its domain."""

import string
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.data.tasks import TASKS, TaskInstance, get_task
from pellucid.errors import PellucidError
from pellucid.learners.transformer.learners import Programs

SIZES = {
    "reverse": 19_530,
    "sort": 19_530,
    "hist": 335_922,
    "double_hist": 335_922,
    "most_freq": 335_922,
    "dyck1": 2**15,
    "dyck2": 4**15,
    "induction": 133_760,
}


def by_exchange(x: tuple) -> tuple:
    out = list(x)
    for _ in out:
        for i in range(len(out) - 1):
            if out[i] > out[i + 1]:
                out[i], out[i + 1] = out[i + 1], out[i]
    return tuple(out)


def brute_double_hist(x: tuple) -> tuple:
    return tuple(sum(x.count(u) == x.count(t) for u in set(x)) for t in x)


def brute_most_freq(x: tuple) -> tuple:
    out = []
    left = list(x)
    while left:
        best = max(left, key=lambda t: (x.count(t), -x.index(t)))
        out.append(best)
        left = [t for t in left if t != best]
    return tuple(out + ["<s>"] * (len(x) - len(out)))


def brute_dyck(x: tuple) -> tuple:
    def judge(prefix: str) -> str:
        while "()" in prefix or "{}" in prefix:
            prefix = prefix.replace("()", "").replace("{}", "")
        return "T" if not prefix else "F" if set(prefix) & set(")}") else "P"

    return tuple(judge("".join(x[: i + 1])) for i in range(len(x)))


def brute_induction(x: tuple) -> tuple:
    def recall(i: int) -> str | None:
        if x[i] not in string.ascii_lowercase:
            return None
        return next((x[j + 1] for j in range(i) if x[j] == x[i]), "<unk>")

    return tuple(recall(i) for i in range(len(x)))


BRUTE: dict[str, Callable[[tuple], tuple]] = {
    "reverse": lambda x: tuple(x[len(x) - 1 - i] for i in range(len(x))),
    "sort": by_exchange,
    "hist": lambda x: tuple(x.count(t) for t in x),
    "double_hist": brute_double_hist,
    "most_freq": brute_most_freq,
    "dyck1": brute_dyck,
    "dyck2": brute_dyck,
    "induction": brute_induction,
}
EXAMPLES = {
    "reverse": ([3, 1, 2], [2, 1, 3]),
    "sort": ([3, 1, 2, 1], [1, 1, 2, 3]),
    "hist": ([1, 0, 1], [2, 1, 2]),
    "double_hist": ([1, 0, 1, 3, 3, 2], [2, 2, 2, 2, 2, 2]),
    "most_freq": ([2, 0, 1, 1, 0, 2], [2, 0, 1, "<s>", "<s>", "<s>"]),
    "dyck1": (list("(())()))("), list("PPPTPTFFF")),
    "dyck2": (list("({})(}"), list("PPPTPF")),
    "induction": (list("a1b2a1b"), ["<unk>", None, "<unk>", None, "1", None, "2"]),
}


def tokens(task: TaskInstance) -> tuple:
    return task.domain.types["x"].values or ()


def labels(task: TaskInstance) -> tuple:
    return task.domain.types["y"].values or ()


def test_every_task_has_its_rows():
    assert {name for name, task in TASKS.items() if not task.group} == set(SIZES) == set(BRUTE) == set(EXAMPLES)
    assert list(TASKS)[:8] == list(SIZES)
    assert all(name == task.name for name, task in TASKS.items())


@pytest.mark.parametrize("name", SIZES)
def test_example(name: str):
    sequence, expected = EXAMPLES[name]
    assert list(get_task(name).at().oracle(sequence)) == expected


@pytest.mark.parametrize("name", SIZES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_oracle_agrees_with_definition(name: str, data: Any):
    task = get_task(name).at()
    if name == "induction":
        x = task.sample(np.random.default_rng(data.draw(st.integers(0, 10**6))), 1).inputs[0]
    else:
        lengths = task.domain.lengths
        token = st.sampled_from(tokens(task))
        x = tuple(data.draw(st.lists(token, min_size=lengths[0], max_size=lengths[-1])))
    y = task.oracle(x)
    assert y == BRUTE[name](x)
    assert len(y) == len(x)
    assert {label for label in y if label is not None} <= set(labels(task))


@pytest.mark.parametrize("name", SIZES)
def test_sample_lies_in_the_domain_and_is_labelled_right(name: str):
    task = get_task(name).at()
    data = task.sample(np.random.default_rng(3), 300)
    assert len(data) == 300
    assert (data.schema.shape, data.schema["x"].values) == ((("x",), ("y",), "every"), tokens(task))
    assert data.schema["y"].values == labels(task)
    assert all(task.holds(x) for x in data.inputs)
    assert all(y == BRUTE[name](x) for x, y in zip(data.inputs, data.outputs, strict=True))
    assert {len(x) for x in data.inputs} == set(task.domain.lengths)
    assert {t for x in data.inputs for t in x} == set(tokens(task))


@pytest.mark.parametrize("name", SIZES)
def test_domain(name: str):
    task = get_task(name).at()
    assert task.domain.size == SIZES[name]
    walk = task.enumerate()
    if SIZES[name] > 1_000_000:
        assert walk is None
        return
    assert walk is not None
    inputs = set(walk)
    assert len(inputs) == SIZES[name]
    assert set(task.sample(np.random.default_rng(0), 2000).inputs) <= inputs


@pytest.mark.parametrize("sizes", [{"vocab": 6, "length": 5}, {"vocab": 8, "length": 5}, {"vocab": 8, "length": 7}])
def test_induction_domain_by_brute_force(sizes: dict[str, int]):
    task = get_task("induction").at(**sizes)
    everything = product(tokens(task), repeat=sizes["length"])
    walk = task.enumerate()
    assert walk is not None
    walked = list(walk)
    assert set(walked) == {x for x in everything if task.holds(x)}
    assert len(walked) == len(set(walked)) == task.domain.size


@pytest.mark.parametrize("name", SIZES)
def test_splits(name: str):
    task = get_task(name).at()
    a, b, c = (task.splits(seed=s, size=1000) for s in (5, 5, 6))
    assert a == b
    assert a != c
    assert {n: len(d) for n, d in a.parts().items()} == {"train": 810, "valid": 90, "test": 100}
    inputs = [x for d in a.parts().values() for x in d.inputs]
    assert len(set(inputs)) == 1000
    assert a.schema == a.test.schema == task.label(inputs).schema


def test_splits_of_a_small_domain_use_what_there_is():
    task = get_task("reverse").at(vocab=6, length=5)
    splits = task.splits(seed=0)
    assert len({x for d in splits.parts().values() for x in d.inputs}) == task.domain.size == 39


@pytest.mark.parametrize("name", SIZES)
def test_hints_are_settings(name: str):
    task = get_task(name)
    assert set(task.hints) <= {*Programs.settings, "steps", "seeds"}
    assert bool(task.hints.get("causal")) == (name in ("dyck1", "dyck2", "induction"))
    lengths = {"reverse": 6, "sort": 6, "dyck1": 15, "dyck2": 15, "induction": 9}
    assert task.at().domain.lengths[-1] == lengths.get(name, 7)


@pytest.mark.parametrize("name", SIZES)
def test_longer_inputs_are_longer_and_labelled_by_the_oracle(name: str):
    task = get_task(name).at()
    schema = task.splits(size=100).schema
    longest = task.domain.lengths[-1]
    found = task.longer(schema)
    assert set(found) == {"2N", "4N"}
    for factor, data in found.items():
        assert data.schema is schema
        assert min(map(len, data.inputs)) > {"2N": 1, "4N": 2}[factor] * longest
        assert all(task.oracle(x) == y for x, y in zip(data.inputs[:50], data.outputs[:50], strict=True))
        assert len(set(data.inputs)) == len(data) > 100
    assert found == task.longer(schema, 0) != task.longer(schema, 1)


@pytest.mark.parametrize("name", ["hist", "double_hist", "most_freq", "sort"])
def test_labels_are_exactly_the_reachable_ones(name: str):
    task = get_task(name).at(vocab=6, length=7)
    walk = task.enumerate()
    assert walk is not None
    assert {y for row in task.label(walk).outputs for y in row} == set(labels(task))


def test_larger_sizes():
    task = get_task("sort").at(vocab=16, length=16)
    assert tokens(task) == tuple(range(13))
    assert task.domain.lengths == range(1, 15)
    assert task.enumerate() is None
    assert len(task.splits(0, 500).train) == 405


def test_valid_input():
    task = get_task("induction").at()
    assert task.holds(tuple("a1b2a1b2c"))
    assert task.holds(tuple("0a1b2a1b2"))
    assert not task.holds(tuple("a1b2a2b2c"))  # a with two numbers
    assert not task.holds(tuple("a1b2a1b2"))  # too short
    assert not task.holds(tuple("ab12a1b2c"))
    assert not get_task("hist").at().holds((True, 1))
    assert not get_task("hist").at().holds(())


BAD = [
    ("hst", {}, "unknown task 'hst'; did you mean hist"),
    ("doublehist", {}, "did you mean double_hist"),
    ("zzzzzz", {}, "unknown task 'zzzzzz'; the tasks are reverse, sort, hist"),
    ("parity", {}, "did you mean mips/parity"),
    ("mips/sun", {}, "did you mean mips/sum"),
    ("hist", {"size": 3}, "task hist has no setting 'size'; its settings are vocab and length"),
    ("dyck1", {"vocab": 3}, "task dyck1 has no setting 'vocab'; its settings are length"),
    ("hist", {"vocab": 2}, "task hist: vocab is 2; expected at least 4"),
    ("sort", {"vocab": 4}, "task sort: vocab is 4; expected at least 5"),
    ("hist", {"length": 1}, "task hist: length is 1; expected at least 2"),
    ("sort", {"length": 2}, "task sort: length is 2; expected at least 3"),
    ("hist", {"vocab": "8"}, "task hist: vocab is '8'; expected a whole number from 1 to 512"),
    ("hist", {"vocab": True}, "vocab is True; expected a whole number"),
    ("hist", {"vocab": 8.0}, "vocab is 8.0; expected a whole number"),
    ("hist", {"length": -1}, "length is -1; expected a whole number"),
    ("hist", {"length": 10**6}, "length is 1000000; expected a whole number from 1 to 512"),
    ("dyck1", {"length": 2}, "task dyck1: length is 2; expected at least 3"),
    ("induction", {"vocab": 9}, "task induction: vocab is 9; expected an even number from 6 to 22"),
    ("induction", {"length": 8}, "task induction: length is 8; expected an odd number from 3"),
]


@pytest.mark.parametrize(("name", "sizes", "message"), BAD)
def test_bad_requests(name: str, sizes: dict[str, Any], message: str):
    with pytest.raises(PellucidError) as caught:
        get_task(name).at(**sizes)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_splits_need_two_inputs():
    assert len(get_task("reverse").at(vocab=5, length=4).splits().train) == 6
    with pytest.raises(PellucidError, match="size is 1"):
        get_task("reverse").at().splits(size=1)
