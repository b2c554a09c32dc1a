"""Every built-in task against a restatement of its definition, its generator against its domain."""

import string
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.data.old_tasks import all_tasks, get_task, task_names
from pellucid.errors import PellucidError
from pellucid.settings import MODEL, TRAINING

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


def test_every_task_has_its_rows():
    assert set(task_names()) == set(SIZES) == set(BRUTE) == set(EXAMPLES)
    assert [t.name for t in all_tasks()] == list(task_names())


@pytest.mark.parametrize("name", SIZES)
def test_example(name: str):
    sequence, expected = EXAMPLES[name]
    assert list(get_task(name).build().oracle(sequence)) == expected


@pytest.mark.parametrize("name", SIZES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_oracle_agrees_with_definition(name: str, data: Any):
    task = get_task(name).build()
    if name == "induction":
        x = task.sample(np.random.default_rng(data.draw(st.integers(0, 10**6))), 1).inputs[0]
    else:
        lengths = task.domain.lengths
        symbol = st.sampled_from(task.domain.tokens)
        x = tuple(data.draw(st.lists(symbol, min_size=lengths[0], max_size=lengths[-1])))
    y = task.oracle(x)
    assert y == BRUTE[name](x)
    assert len(y) == len(x)
    assert {label for label in y if label is not None} <= set(task.domain.labels)


@pytest.mark.parametrize("name", SIZES)
def test_sample_lies_in_the_domain_and_is_labelled_right(name: str):
    task = get_task(name).build()
    data = task.sample(np.random.default_rng(3), 300)
    assert len(data) == 300
    assert data.kind == task.kind == "tagging"
    assert all(task.valid_input(x) for x in data.inputs)
    assert all(y == BRUTE[name](x) for x, y in zip(data.inputs, data.outputs, strict=True))
    assert {len(x) for x in data.inputs} == set(task.domain.lengths)
    assert {t for x in data.inputs for t in x} == set(task.domain.tokens)


@pytest.mark.parametrize("name", SIZES)
def test_domain(name: str):
    task = get_task(name).build()
    assert task.domain_size == SIZES[name]
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
    task = get_task("induction").build(**sizes)
    everything = product(task.domain.tokens, repeat=sizes["length"])
    walk = task.enumerate()
    assert walk is not None
    walked = list(walk)
    assert set(walked) == {x for x in everything if task.valid_input(x)}
    assert len(walked) == len(set(walked)) == task.domain_size


@pytest.mark.parametrize("name", SIZES)
def test_splits(name: str):
    task = get_task(name).build()
    a, b, c = (task.splits(seed=s, size=1000) for s in (5, 5, 6))
    assert a == b
    assert a != c
    assert {n: len(d) for n, d in a.parts().items()} == {"train": 810, "valid": 90, "test": 100}
    inputs = [x for d in a.parts().values() for x in d.inputs]
    assert len(set(inputs)) == 1000
    encoded = task.vocab().encode(a.train)
    assert encoded.tokens.shape == (810, task.vocab().width) == encoded.labels.shape


def test_splits_of_a_small_domain_use_what_there_is():
    task = get_task("reverse").build(vocab=6, length=5)
    splits = task.splits(seed=0)
    assert len({x for d in splits.parts().values() for x in d.inputs}) == task.domain_size == 39


@pytest.mark.parametrize("name", SIZES)
def test_vocabulary_covers_the_domain(name: str):
    task = get_task(name).build()
    vocab = task.vocab()
    assert vocab.causal == task.causal == (name in ("dyck1", "dyck2", "induction"))
    assert vocab.begin == "<s>"
    assert vocab.end == ("</s>" if name in ("reverse", "sort") else None)
    assert vocab.max_length == {"reverse": 6, "sort": 6, "dyck1": 15, "dyck2": 15, "induction": 9}.get(name, 7)
    assert set(task.model) <= set(MODEL)
    assert set(task.training) <= {*TRAINING, "steps", "seeds", "budget"}


@pytest.mark.parametrize("name", ["hist", "double_hist", "most_freq", "sort"])
def test_labels_are_exactly_the_reachable_ones(name: str):
    task = get_task(name).build(vocab=6, length=7)
    walk = task.enumerate()
    assert walk is not None
    assert task.label(walk).labels() == set(task.domain.labels)


def test_larger_sizes():
    task = get_task("sort").build(vocab=16, length=16)
    assert task.domain.tokens == tuple(range(13))
    assert task.domain.lengths == range(1, 15)
    assert task.enumerate() is None
    assert len(task.splits(0, 500).train) == 405


def test_valid_input():
    task = get_task("induction").build()
    assert task.valid_input(tuple("a1b2a1b2c"))
    assert task.valid_input(tuple("0a1b2a1b2"))
    assert not task.valid_input(tuple("a1b2a2b2c"))  # a with two numbers
    assert not task.valid_input(tuple("a1b2a1b2"))  # too short
    assert not task.valid_input(tuple("ab12a1b2c"))
    assert not get_task("hist").build().valid_input((True, 1))
    assert not get_task("hist").build().valid_input(())


BAD = [
    ("hst", {}, "unknown task 'hst'; did you mean hist"),
    ("doublehist", {}, "did you mean double_hist"),
    ("zzzzzz", {}, "unknown task 'zzzzzz'; the tasks are reverse, sort, hist"),
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
        get_task(name).build(**sizes)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_splits_need_ten_inputs():
    with pytest.raises(PellucidError, match="6 different inputs drawn; at least 10"):
        get_task("reverse").build(vocab=5, length=4).splits()
    with pytest.raises(PellucidError, match="size is 3"):
        get_task("reverse").build().splits(size=3)
