"""Every node, reach, operator and aggregate x every back end, against outputs written by hand."""

from dataclasses import fields, replace

import pytest

from language_backends import BACKENDS, check_cells, same
from language_random import parts_of
from language_samples import AGGREGATED, NUMBERS, OPERATED, SAMPLES, attend, operate, program
from pellucid.language import aggregates, forms, operators
from pellucid.language.aggregates import AGGREGATES, Aggregation
from pellucid.language.forms import Form
from pellucid.language.json import dumps, loads
from pellucid.language.nodes import Aggregate, Delay, Input, Let, Select, Vote
from pellucid.language.operators import OPERATORS, Operator
from pellucid.language.types import whole
from pellucid.semantics import batch
from pellucid.semantics.reference import run


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", SAMPLES)
def test_every_back_end(name, backend):
    made, given, meant = SAMPLES[name]
    sequence = list(given)
    told = BACKENDS[backend](made, [sequence, sequence])
    if told is not None:
        assert same([meant, meant], told), f"expected {meant!r}, got {told[0]!r}"


@pytest.mark.parametrize("name", SAMPLES)
def test_every_variable(name):
    made, given, _ = SAMPLES[name]
    if len(given):
        check_cells(made, [list(given), list(given)[:1]])


def test_every_row_has_a_sample():
    assert set(OPERATORS) <= set(OPERATED)
    assert set(AGGREGATES) <= set(AGGREGATED)
    seen = set().union(*(parts_of(made) for made, _, _ in SAMPLES.values()))
    assert seen >= {"any", "upto", "before", "after", "from", "window", "ties", "mask", "negated", "several keys"}
    assert seen >= {cls.__name__ for cls in (Input, Let, Delay, Aggregate, Vote)}
    assert {f.name for f in fields(Select)} == {
        "match", "query", "key", "reach", "window", "mask", "negated", "ties"
    }  # fmt: skip


@pytest.mark.parametrize("scale", [1, 30])
def test_many_sequences_of_different_lengths_at_once(scale):
    for name, (made, given, _) in SAMPLES.items():
        given = list(given)
        parts = [given[: n % (len(given) + 1)] for n in range(3 * scale)] if made.when == "every" else [given] * scale
        assert same([run(made, part) for part in parts], batch.predict(made, parts)), name


@pytest.fixture
def _more_rows(monkeypatch):
    """An operator and an aggregate of which everything is one row."""
    plus = OPERATORS["+"]

    def doubled(types):
        return Form("2 * {0}", forms.PRODUCT, (forms.SIGN,))

    twice = Operator("twice", (1, 1), lambda a: 2 * a, lambda t: plus.rule([*t, *t]), doubled, "twice {0}")
    spread = Aggregation("spread", lambda p: max(p.values) - min(p.values), lambda t: whole(0), "spread of {value}")
    monkeypatch.setitem(operators.OPERATORS, "twice", twice)
    monkeypatch.setitem(aggregates.AGGREGATES, "spread", spread)


@pytest.mark.usefixtures("_more_rows")
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_row_alone_adds_an_operator(backend):
    made = operate("twice", ("+", "x", 1))
    assert BACKENDS[backend](made, [[1, 2**70]]) == [[4, 2**71 + 2]]


@pytest.mark.usefixtures("_more_rows")
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_row_alone_adds_an_aggregate(backend):
    made = attend("spread", "x", kind=NUMBERS, reach="upto")
    assert BACKENDS[backend](made, [[3, 5, 1]]) == [[0, 2, 4]]


@pytest.mark.usefixtures("_more_rows")
def test_a_row_alone_is_read_and_written():
    made = operate("twice", "x")
    assert loads(dumps(made)) == made
    made = attend("spread", "x", kind=NUMBERS)
    assert loads(dumps(made)) == made


def test_rows_without_array_meaning_give_the_same(monkeypatch):
    """What a row lacks is made up for by its meaning on Python values."""
    for name, row in OPERATORS.items():
        monkeypatch.setitem(operators.OPERATORS, name, replace(row, batch=None))
    for name, row in AGGREGATES.items():
        monkeypatch.setitem(
            aggregates.AGGREGATES, name, replace(row, batch=None, chosen=None, running=None, recent=None)
        )
    for name, (made, given, meant) in SAMPLES.items():
        assert same(meant, batch.predict(made, [list(given)])[0]), name


def test_running_forms_give_the_same(monkeypatch):
    for name, row in AGGREGATES.items():
        monkeypatch.setitem(aggregates.AGGREGATES, name, replace(row, batch=None, chosen=None))
    for name, (made, given, meant) in AGGREGATED.items():
        assert same(meant, batch.predict(made, [list(given)])[0]), name


def test_an_empty_batch():
    made = program(NUMBERS)
    assert batch.predict(made, []) == []
    assert batch.evaluate(made, [])["x"].tolist() == []
    assert batch.predict(made, [[], [1], []]) == [[], [1], []]
