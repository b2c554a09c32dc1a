"""Batches, streams and the domain of inputs: what they promise beside being equal to the reference."""

import itertools
import math
import time

import numpy as np
import pytest

from language_random import KINDS
from language_samples import EQUAL, LETTERS, NUMBERS, REALS, attend, let, program
from pellucid.errors import PellucidError
from pellucid.language.expressions import Const, Table, Var
from pellucid.language.nodes import Aggregate, Assign, Column, Delay, Input, Output, Select
from pellucid.language.program import Program
from pellucid.language.types import symbol, whole
from pellucid.language.words import Reading
from pellucid.semantics import batch, domain
from pellucid.semantics.reference import run
from pellucid.semantics.stream import Stream

LONG = 100_000
TOTAL = program(NUMBERS, ("b", Delay("s", 1)), ("s", let(("+", "b", "x"))))
LIGHT = program(
    symbol(["go", "stop"]),
    ("b", Delay("s", 1, Const("red"))),
    ("s", let(Table((Var("b"), Var("x")), ((("red", "go"), "green"), (("green", "go"), "red")), "red"))),
)
BALANCE = program(
    NUMBERS,
    ("b", Delay("t", 1)),
    ("s", Aggregate(Select(reach="upto"), "sum", "b", Const(0))),
    ("t", let(("%", ("+", "s", "x"), 7))),
)
TWO = Program(
    (Column("a", LETTERS), Column("b", NUMBERS)),
    (Assign("a", Input("a")), Assign("b", Input("b"))),
    (Output("y", "a"), Output("z", "b")),
)
TEXT = Program(
    (Column("t", symbol(["<unk>", "a", "bad", "movie", "not"]), "<unk>", Reading()),),
    (Assign("w", Input("t")), Assign("d", Delay("w", 1, Const(None))),
     Assign("v", let(Table((Var("d"), Var("w")), ((("not", "bad"), "good"),), "none")))),
    (Output("y", "v"),),
)  # fmt: skip


@pytest.mark.parametrize("made", [TOTAL, BALANCE, LIGHT])
def test_a_state_of_100_000_steps_needs_no_recursion_and_little_time(made):
    values = ["go", "stop"] if made is LIGHT else [1, -2, 3]
    sequence = list(itertools.islice(itertools.cycle(values), LONG))
    start = time.process_time()
    (told,) = batch.predict(made, [sequence])
    stream = Stream(made)
    assert told[:20_000] == [stream.step(value) for value in sequence[:20_000]]
    assert told[:200] == run(made, sequence[:200])
    assert time.process_time() - start < 20


def test_the_reference_of_100_000_steps():
    assert run(TOTAL, [1] * LONG)[-1] == LONG


LINEAR = [
    attend("count", match=EQUAL, reach="upto"), attend("last", "i", -1, match=EQUAL, reach="before"),
    attend("mode", "x", reach="upto"), attend("nearest", "i", match=EQUAL, reach="before"),
    attend("distinct", "x", reach="upto"), attend("argmax", "x", by="x", reach="upto"),
    attend("max", "x", window=5, reach="upto"), attend("mean", "i", reach="upto"),
]  # fmt: skip


@pytest.mark.parametrize("made", LINEAR, ids=lambda made: made[made.results[0]].how)
def test_a_stream_takes_linear_time(made):
    sequence = list(itertools.islice(itertools.cycle("abcacb"), 30_000))
    stream, start = Stream(made), time.process_time()
    told = [stream.step(value) for value in sequence]
    assert time.process_time() - start < 6
    assert told == batch.predict(made, [sequence])[0]


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (attend("count"), "out"),
        (program(LETTERS, ("v", Delay("x", -1))), "v"),
        (program(LETTERS, ("v", let("n"))), "n"),
    ],
)
def test_a_stream_does_not_look_ahead(made, name):
    with pytest.raises(PellucidError, match=f"{name} looks at later positions"):
        Stream(made)


def test_a_stream_of_several_columns():
    stream = Stream(TWO)
    assert stream.step(["a", 3]) == ["a", 3]
    with pytest.raises(PellucidError, match="expected 2 values, got 1"):
        stream.step(["a"])


def test_values_of_a_batch():
    values = batch.evaluate(TWO, [[["a", 1], ["b", 2]], [], [["c", 3]]])
    assert values.starts.tolist() == [0, 2, 2, 3]
    assert values["a"].tolist() == ["a", "b", "c"]
    assert values["b"].dtype == np.int64
    assert batch.evaluate(program(REALS), [[0.5], [2]])["x"].dtype == np.float64
    assert batch.evaluate(program(NUMBERS), [[2**70]])["x"].tolist() == [2**70]


@pytest.mark.parametrize("sequence", [["a", "z"], [True], [None], "ab", 7, [["a"], ["b", "c"]], [math.nan], ["a", 1.0]])
def test_a_batch_refuses_what_the_reference_refuses(sequence):
    made = program(LETTERS)
    with pytest.raises(PellucidError) as meant:
        run(made, sequence)
    with pytest.raises(PellucidError) as told:
        batch.predict(made, [["a"], sequence])
    assert str(told.value) == str(meant.value)


@pytest.mark.parametrize("sequence", [[1.0, 2], ["3", 4], [np.int64(5)], np.array([6, 7]), ([8],), [2**70]])
def test_a_batch_takes_what_the_reference_takes(sequence):
    made = program(NUMBERS)
    assert batch.predict(made, [sequence]) == [run(made, sequence)]


def test_too_long_and_empty_sequences():
    ends = program(LETTERS, ("v", let(Table((Var("i"),), (((1,), 1),), 0))), longest=2)
    with pytest.raises(PellucidError, match="3 positions are too many; the longest this program takes has 2"):
        batch.predict(ends, [list("abc")])
    with pytest.raises(PellucidError, match="an empty sequence has no last position"):
        batch.predict(program(LETTERS, when="last"), [[]])
    assert batch.predict(program(LETTERS, when="last", empty=("c",)), [[], ["a"]]) == ["c", "a"]


def test_a_batch_reads_raw_texts():
    assert batch.predict(TEXT, ["not bad", ["a", "Movie"], "never bad!"]) == [
        run(TEXT, "not bad"),
        ["none"] * 2,
        ["none"] * 3,
    ]


def test_memory_is_bounded(monkeypatch):
    """Parts of a batch, and of the pairs that attention compares, give what the whole gives."""
    made = [attend("count", match=Table((Var("q"), Var("k")), ((("a", "b"), 1),), 0)), attend("last", "i", match=EQUAL)]
    inputs = [list("abcab"), list("cab"), [], list("bbaacca")]
    whole_ones = [batch.predict(one, inputs) for one in made]
    monkeypatch.setattr(batch, "POSITIONS", 2)
    monkeypatch.setattr("pellucid.semantics.selection.MOST_PAIRS", 3)
    monkeypatch.setattr("pellucid.language.ranges.CELLS", 2)
    assert [batch.predict(one, inputs) for one in made] == whole_ones
    assert batch.evaluate(made[0], inputs).starts[-1] == 15


def test_size_and_every_input():
    made = program(symbol([1, "b"]), ("v", let(Table((Var("i"),), (((1,), 1),), 0))), longest=3)
    assert domain.size(made) == 2 + 4 + 8 == len(list(domain.every(made)))
    assert list(domain.every(made, 2)) == [[1], ["b"], [1, 1], [1, "b"], ["b", 1], ["b", "b"]]
    assert domain.size(program(NUMBERS), 3) == domain.size(program(LETTERS)) == math.inf
    with pytest.raises(ValueError, match="finitely many"):
        next(domain.every(program(NUMBERS), 3))
    pairs = Program((Column("a", LETTERS), Column("b", whole(0, 1))), TWO.assignments, TWO.outputs, longest=1)
    assert list(domain.every(pairs))[:3] == [[["a", 0]], [["a", 1]], [["b", 0]]]
    assert next(domain.every(program(LETTERS, when="last", empty=("a",)), 1)) == []


@pytest.mark.parametrize("name", KINDS)
def test_samples_of_every_kind_of_column(name):
    made = program(KINDS[name], longest=9)
    found = domain.sample(made, 200, 1)
    assert found == domain.sample(made, 200, 1)
    assert found != domain.sample(made, 200, 2)
    assert {len(x) for x in found} == set(range(1, 10))
    assert batch.predict(made, found) == found
    values = {v for x in found for v in x}
    listed = KINDS[name].values
    assert values == set(listed) if listed is not None else len(values) > 25
    assert sum(len(set(x)) == 1 for x in found if len(x) > 4) > 3  # repeats


def test_samples_hold_what_a_program_asks_for():
    found = domain.sample(TEXT, 200, 0)
    phrases = sum(pair == ("not", "bad") for x in found for pair in itertools.pairwise(x))
    assert phrases > 100
    assert max(map(len, found)) > 40
    near = {v for x in domain.sample(program(NUMBERS, ("v", let((">", "x", 1234)))), 50, 0) for v in x}
    assert {1233, 1234, 1235} <= near
