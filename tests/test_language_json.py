# ruff: noqa: E501
"""JSON of programs: there and back, and one clear message for what is not one."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from language_random import random_program
from language_samples import EQUAL, LETTERS, SAMPLES, let, program
from pellucid.errors import PellucidError
from pellucid.language.aggregates import AGGREGATES
from pellucid.language.json import dumps, loads, to_json
from pellucid.language.nodes import Aggregate, Select
from pellucid.language.operators import OPERATORS

PLAIN = program(LETTERS, ("c", Aggregate(Select(EQUAL, ("x",), ("x",)), "count")), ("v", let(("+", "c", 1))), longest=3)


@pytest.mark.parametrize("name", SAMPLES)
def test_there_and_back(name):
    made = SAMPLES[name][0]
    text = dumps(made)
    assert loads(text) == made
    assert dumps(loads(text)) == text


def test_random_programs_there_and_back():
    for seed in range(150):
        made = random_program(seed)
        assert loads(dumps(made)) == made


def test_a_line_per_variable():
    lines = dumps(PLAIN).splitlines()
    assert sum('"name": ' in line and '"node": ' in line for line in lines) == len(PLAIN.assignments)


def changed(*path, to):
    """The JSON of a program with one place changed."""
    data = json.loads(dumps(PLAIN))
    place = data
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return json.dumps(data)


NESTED = 1
for _ in range(60):
    NESTED = ["neg", NESTED]
WRONG = {
    "no JSON": ("{", "Expecting property name"),
    "a list": ("[]", 'expected a JSON object with "format": "pellucid-program"'),
    "another format": ('{"format": "x"}', "programs of version 0.1 must be learned again"),
    "an old version": (changed("version", to=2), "version 2 of the format; this pellucid reads version 3"),
    "version true": (changed("version", to=True), "of the format"),
    "a key more": (changed("more", to=1), "exactly the keys"),
    "variables": (changed("variables", to={}), "variables: expected a list"),
    "a variable": (changed("variables", 0, to=7), "variable 1: expected an object with a name"),
    "no node": (changed("variables", 0, "node", to="Exec"), 'an object whose "node" is one of Input, Let'),
    "a field missing": (changed("variables", 0, to={"name": "x", "node": "Input", "of": "value"}), "exactly the keys column, of"),
    "of": (changed("variables", 0, "of", to="values"), "expected one of value, form, position, length, got 'values'"),
    "a column": (changed("variables", 0, "column", to=3), "expected str, got 3"),
    "no such column": (changed("variables", 0, "column", to="z"), "no input column 'z'"),
    "reach": (changed("variables", 1, "select", "reach", to="far"), "expected one of any, upto"),
    "window": (changed("variables", 1, "select", "window", to="3"), "window: expected int, got '3'"),
    "negated": (changed("variables", 1, "select", "negated", to=1), "expected bool, got 1"),
    "keys": (changed("variables", 1, "select", "key", to="x"), "expected a list, got 'x'"),
    "an expression": (changed("variables", 2, "expression", to=[]), "expected an expression"),
    "true": (changed("variables", 2, "expression", to=True), "expected an expression, got"),
    "an operator": (changed("variables", 2, "expression", to=["plus", "c"]), "unknown operator 'plus'"),
    "a fraction": (changed("variables", 2, "expression", to={"fraction": "1/0"}), "expected an expression"),
    "a long fraction": (changed("variables", 2, "expression", to={"fraction": "1" * 500 + "/3"}), "expected an expression"),
    "a value": (changed("variables", 2, "expression", to={"value": 3, "more": 1}), "expected an expression"),
    "a table": (changed("variables", 2, "expression", to={"table": ["c"], "cases": [[1, 2]], "default": 0}), "expected a list, got 1"),
    "a rule": (changed("variables", 2, "expression", to={"rules": [["c"]], "default": 0}), "expected [test, outcome]"),
    "nesting": (changed("variables", 2, "expression", to=NESTED), "nested deeper than 50"),
    "deep brackets": ("[" * 100_000, "nested too deeply"),
    "infinity": (changed("variables", 2, "expression", to=1).replace('"expression": 1', '"expression": Infinity'), "no finite number"),
    "a huge float": (changed("variables", 2, "expression", to=1).replace('"expression": 1', '"expression": 1e999'), "expected an expression"),
    "a huge int": (changed("longest", to=1).replace('"longest": 1', f'"longest": {"9" * 5000}'), "digits"),
    "longest": (changed("longest", to=-1), "longest: expected a whole number from 1"),
    "a type": (changed("inputs", 0, "type", to={}), "expected a type"),
    "two kinds": (changed("inputs", 0, "type", to={"whole": [0, 1], "real": [0, 1]}), "whole or real, not both"),
    "ends": (changed("inputs", 0, "type", to={"whole": [2, 1]}), "expected [low, high]"),
    "real ends of whole": (changed("inputs", 0, "type", to={"whole": [0.5, 1]}), "expected [low, high]"),
    "texts": (changed("inputs", 0, "type", to={"texts": ["b", "a"]}), "in the order of their code points"),
    "listed": (changed("inputs", 0, "type", to={"whole": [3, 1], "listed": True}), "different whole numbers in order"),
    "an aggregate": (changed("variables", 1, "how", to="__class__"), "unknown aggregate '__class__'"),
    "an untyped program": (changed("variables", 2, "expression", to=["+", "c", {"value": "a"}]), "v: +: expected numbers"),
    "empty": (changed("empty", to=[1]), "empty: outputs come at every position"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_malformed(name):
    text, message = WRONG[name]
    with pytest.raises(PellucidError) as error:
        loads(text, "there.json")
    assert str(error.value).startswith("there.json: ")
    assert message in str(error.value)


def test_too_large(monkeypatch):
    monkeypatch.setattr("pellucid.language.json.LARGEST", 100)
    with pytest.raises(PellucidError, match="a program has at most 100"):
        loads(dumps(PLAIN))


PLACES = [*to_json(PLAIN)]
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4)
    | st.sampled_from(["x", "c", "value", *OPERATORS, *AGGREGATES]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "table", "node", "x"]), inner, max_size=2),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.data())
def test_whatever_stands_there_it_is_read_or_refused(data):
    """Any place of a program replaced by anything: a program, or one error."""
    made = json.loads(dumps(PLAIN))
    place = made
    while isinstance(place, list | dict) and len(place):
        key = data.draw(st.sampled_from([*place] if isinstance(place, dict) else range(len(place))))
        if data.draw(st.booleans()) or not isinstance(place[key], list | dict):
            place[key] = data.draw(ANY)
            break
        place = place[key]
    try:
        found = loads(json.dumps(made))
    except PellucidError:
        return
    assert loads(dumps(found)) == found
