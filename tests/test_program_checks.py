# ruff: noqa: E501
"""Verification finds what is wrong; predicates are recognised; JSON is refused with one clear line."""

import copy
import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.data.vocab import Vocab
from pellucid.errors import PellucidError
from pellucid.program import formula, ir
from pellucid.program.emit import emit
from pellucid.program.facts import Observed
from pellucid.program.formula import Apply, Const, Var
from pellucid.program.interpret import predict
from pellucid.program.ir import Aggregate, Embed, Evidence, Formula, Input, Lookup, Readout, Select
from pellucid.program.predicates import Compare, Match, OneOf, matrix, recognise, table_predicate
from pellucid.program.serialise import dumps, from_json, loads, to_json
from pellucid.program.simplify import simplify
from pellucid.program.verify import Verdict, all_inputs, domain_size, run_text, sample_inputs, verify
from program_samples import program, random_program

TOKENS, POSITIONS = ("tokens", Input("tokens")), ("positions", Input("positions"))


def flip(length):
    """a <-> b by a table, on inputs up to this length."""
    return program(
        Vocab.of("ab", "ab", "tagging", length),
        TOKENS,
        ("output", Lookup(("tokens",), ((("a",), "b"), (("b",), "a")), "?")),
    )


SMALL, LARGE = flip(4), flip(25)


@pytest.mark.parametrize(("given_program", "exhaustive"), [(SMALL, True), (LARGE, False)])
def test_agreement_and_its_bound(given_program, exhaustive):
    verdict = verify(
        given_program, emit(given_program), lambda s: predict(given_program, s), samples=300, known=[("b",) * 7]
    )
    assert verdict.faithful
    assert verdict.exhaustive is exhaustive
    if exhaustive:
        assert verdict.checked == domain_size(SMALL.vocab) == len(list(all_inputs(SMALL.vocab))) == 30
        assert (verdict.bound, str(verdict)) == (0.0, "all 30 possible inputs agree")
    else:
        assert 250 < verdict.checked <= 301
        assert verdict.bound == pytest.approx(1 - 0.05 ** (1 / 300))
        assert "fewer than 0.994% of inputs differ (95 % confidence)" in str(verdict)


@pytest.mark.parametrize("given_program", [SMALL, LARGE], ids=["exhaustive", "sampled"])
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"a": "b"', '"a": "a"', ["a"]),
        ('"b": "a"', '"b": 1', [1]),
        ("    return output", "    return sequence if len(sequence) == 3 else output", None),
        ("    return output[1", '    if sequence[0] == "b":\n        raise KeyError("boom")\n    return output[1', "error: KeyError: 'boom'"),
        ('    return output[1', '    if len(sequence) == 2:\n        raise ValueError("no")\n    return output[1', None),
        ("    return output[1", "    if len(sequence) == 2:\n        sys.exit(0)\n    return output[1", "error: no output"),
        ("                print(json.dumps(run(sequence)))", "                run(sequence)", "error: no output"),
        ("                print(json.dumps(run(sequence)))", "                print(run(sequence))", "error: not JSON: ['b']"),
        ("    return output[1", "    output = [label == 'b' for label in output]\n    return output[1", "error: not labels: [true]"),
        ("    return output[1", "    output[1] = 1.5\n    return output[1", "error: not labels: [1.5]"),
        ("    return 0\n\n\nif", '    print("more")\n    return 0\n\n\nif', "error: more outputs than inputs"),
        ("import json", "import json, nothing", "error: ModuleNotFoundError: No module named 'nothing'"),
        ("def run(", "def run(:", "error: SyntaxError: invalid syntax"),
    ],
)  # fmt: skip
def test_an_altered_text_is_caught(given_program, old, new, told):
    source = emit(given_program, "Flip.")
    assert old in source
    verdict = verify(given_program, source.replace(old, new, 1), None, samples=60)
    assert not verdict.faithful
    assert 0 < verdict.mismatches <= verdict.checked
    example = verdict.counterexample
    assert tuple(example["input"]) in all_inputs(given_program.vocab) or len(example["input"]) > 4
    assert example["outputs"]["program.json"] == predict(given_program, [example["input"]])[0]
    assert example["outputs"]["program.json"] != example["outputs"]["program.py"]
    assert told is None or example["outputs"]["program.py"] == told or len(example["input"]) > 1
    assert "inputs disagree; the first: input" in str(verdict)
    assert json.loads(json.dumps(verdict.to_json()))["mismatches"] == verdict.mismatches


def test_every_altered_table_entry_of_the_json_is_caught():
    _, before = random_program(0)
    vocab = before.vocab
    small = simplify(before, Observed(vocab.encode_inputs(all_inputs(vocab)), len(vocab.tokens)))
    source, data = emit(small), to_json(small)
    assert verify(small, source, None).faithful
    tables = [row for row in json.loads(json.dumps(data))["variables"] if row["node"] == "Lookup" and row["cases"]]
    row = next(i for i, r in enumerate(data["variables"]) if r["node"] == "Readout")
    changed = json.loads(json.dumps(data))
    changed["variables"][row]["bias"] = [w + 1000 * (i == 0) for i, w in enumerate(changed["variables"][row]["bias"])]
    assert not verify(from_json(changed), source, None).faithful
    assert tables
    altered = json.loads(dumps(SMALL))
    altered["variables"][1]["cases"][0][1] = "?"
    with pytest.raises(PellucidError, match="type is"):
        loads(json.dumps(altered))
    altered["variables"][1]["type"] = {"categorical": ["?", "a"]}
    verdict = verify(loads(json.dumps(altered)), emit(SMALL), None)
    assert verdict.mismatches == 26  # all but the four inputs without an a


def test_a_model_that_differs_is_caught():
    def model(inputs):
        return [
            ["b" if s == ("a", "b", "b") else x for x in out]
            for s, out in zip(inputs, predict(SMALL, inputs), strict=True)
        ]

    verdict = verify(SMALL, emit(SMALL), model)
    assert (verdict.mismatches, verdict.counterexample["input"]) == (1, ["a", "b", "b"])
    assert verdict.counterexample["outputs"]["model"] == ["b", "b", "b"]


def test_known_inputs_are_checked_beside_the_sample():
    rare = ("a",) * 25
    source = emit(LARGE).replace(
        "    return output", f"    if list(sequence) == {list(rare)!r}:\n        return []\n    return output"
    )
    assert verify(LARGE, source, None, samples=50).faithful
    assert verify(LARGE, source, None, samples=50, known=[rare]).counterexample["input"] == list(rare)


def test_sampling_is_reproducible_and_run_text_keeps_the_order():
    assert sample_inputs(LARGE.vocab, 20, 3) == sample_inputs(LARGE.vocab, 20, 3) != sample_inputs(LARGE.vocab, 20, 4)
    inputs = sample_inputs(LARGE.vocab, 5000, 0)
    assert run_text(emit(LARGE), inputs) == predict(LARGE, inputs)
    assert Verdict(3, 0, True, 0.0).to_json() == {"checked": 3, "mismatches": 0, "exhaustive": True, "bound": 0.0}


# ---------------------------------------------------------------- predicates

VALUES = st.lists(st.integers(-3, 4) | st.sampled_from(["a", "b", "<s>", "1"]), min_size=1, max_size=6, unique=True)


@settings(max_examples=300, deadline=None)
@given(VALUES, VALUES, st.data())
def test_recognised_predicates_agree_where_pairs_occur(queries, keys, data):
    def table():
        cells = st.lists(st.booleans(), min_size=len(keys), max_size=len(keys))
        return np.array(data.draw(st.lists(cells, min_size=len(queries), max_size=len(queries))), bool)

    truth, occurs = table(), table()
    found = recognise(truth, occurs, queries, keys)
    assert not ((matrix(found, queries, keys) != truth) & occurs).any()
    assert (matrix(table_predicate(truth, queries, keys), queries, keys) == truth).all()
    for i, query in enumerate(queries):
        for j, key in enumerate(keys):
            assert found(query, key) == matrix(found, queries, keys)[i, j]
    if isinstance(found, Compare) and found.needs_integers:
        assert all(isinstance(v, int) for v in (*queries, *keys))


@pytest.mark.parametrize(
    "predicate",
    [Compare("=="), Compare("=="  , -1), Compare("==", 3), Compare("<"), Compare("<=", 2), Compare(">"), Compare(">=", -2),
     Compare("!="), Compare("!=", 1), OneOf((3,)), OneOf((0, 5)), OneOf(())],
)  # fmt: skip
def test_forms_are_found(predicate):
    values = range(8)
    truth = matrix(predicate, values, values)
    found = recognise(truth, np.ones_like(truth), values, values)
    assert (matrix(found, values, values) == truth).all()
    same = {Compare("<=", 2): Compare("<", 3), Compare(">=", -2): Compare(">", -3)}
    assert found == same.get(predicate, predicate)


def test_forms_are_found_on_text_and_from_part_of_the_pairs():
    letters = ("a", "b", "<s>")
    truth = matrix(Compare("=="), letters, letters)
    assert recognise(truth, np.ones_like(truth), letters, letters) == Compare("==")
    assert recognise(~truth, np.ones_like(truth), letters, letters) == Compare("!=")
    odd = truth.copy()
    odd[2, 0] = True
    rows = (("b", ("b",)), ("<s>", ("a", "<s>")))
    assert recognise(odd, np.ones_like(truth), letters, letters) == Match(rows, ("a",))
    occurs = np.ones_like(truth)
    occurs[2] = False
    assert recognise(odd, occurs, letters, letters) == Compare("==")
    assert recognise(truth, np.zeros_like(truth), letters, letters) == OneOf(())


# ---------------------------------------------------------------- JSON


FULL = program(
    Vocab.of((1, 2, "x"), ("p", "q"), "classification", 3), TOKENS, POSITIONS,
    ("kind", Embed("tokens", ((1, 1), (2, 0), ("x", 0), ("<s>", 0)))),
    ("where", Select("positions", "positions", Compare("==", -1), "closest", "upto")),
    ("before", Aggregate("where", "take", "kind")),
    ("many", Select("tokens", "kind", Match(((1, (0,)), (2, (1, 0)))), "all")), ("count", Aggregate("many", "count")),
    ("some", Select("tokens", "kind", OneOf((1,)), "all")), ("total_kind", Aggregate("some", "sum", "kind")),
    ("rule", Lookup(("before", "count"), (((0, 1), "y"),), "n")),
    ("size", Formula(Apply("min", Apply("+", Var("count"), Var("total_kind")), Const(3)))),
    ("output", Readout(("p", "q"), (0, 1), (Evidence("rule", (("y", (2, 0)),), (0, 0)),), (("size", (1, 0)),), True)),
)  # fmt: skip


def edited(path, value):
    """JSON of FULL with one place changed."""
    data = json.loads(dumps(FULL))
    place = data
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(data)


def row(name):
    return [a.name for a in FULL].index(name)


V = "variables"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expecting value"),
        ("{", "Expecting"),
        ("[]", "expected a JSON object"),
        ("null", "expected a JSON object"),
        ("1" * 5000, "integer string conversion"),
        ("[" * 100_000, "nested too deeply"),
        (edited(["format"], "other"), 'with "format": "pellucid-program"'),
        (edited(["version"], 2), "version 2 of the format; this pellucid reads version 1"),
        (edited(["version"], True), "version True of the format"),
        (edited(["version"], [1]), "version .1. of the format"),
        (edited(["extra"], 1), "unknown key 'extra'"),
        (edited(["variables"], None), "variables: expected a JSON list"),
        (edited(["variables"], []), "output 'output' is no variable"),
        (edited(["output"], 3), "output: expected a JSON str"),
        (edited(["output"], "nothing"), "output 'nothing' is no variable"),
        (edited(["output"], "where"), "output 'where' is no variable"),
        (edited(["output"], "rule"), "a classifier, and nothing else, has a pooled readout"),
        (edited(["vocabulary", "kind"], "tagging"), "a classifier, and nothing else, has a pooled readout"),
        (edited(["vocabulary", "tokens"], [True]), "vocabulary: tokens is"),
        (edited(["vocabulary", "kind"], None), "vocabulary: expected an object with the keys"),
        (edited([V, 0], 7), "variable 0: expected an object with a name"),
        (edited([V, 0, "name"], "no name"), "variable 0: expected an object with a name"),
        (edited([V, 0, "node"], "Output"), 'variable tokens: expected an object whose "node" is one of'),
        (edited([V, 0, "node"], ["Input"]), 'variable tokens: expected an object whose "node" is one of'),
        (edited([V, 0, "node"], "Var"), 'variable tokens: expected an object whose "node" is one of'),
        (edited([V, 0, "which"], "words"), "variable tokens.which: expected one of tokens, positions, ones, got 'words'"),
        (edited([V, 0, "which"], ["tokens"]), "variable tokens.which: expected one of"),
        (edited([V, 0, "which"], "positions"), "kind: no cluster for 0"),
        (edited([V, 0, "which"], None), "variable tokens: Input needs exactly which"),
        (edited([V, 0, "extra"], 1), "variable tokens: Input needs exactly which"),
        (edited([V, 0, "type"], None), "variable tokens: type is"),
        (edited([V, 1, "name"], "tokens"), "tokens: defined twice"),
        (edited([V, row("where"), "query"], "output"), "where: reads output, which is not defined before it"),
        (edited([V, row("where"), "query"], "where"), "where: reads where, which is not defined before it"),
        (edited([V, row("where"), "query"], "tokens"), "where: tokens is not a whole number"),
        (edited([V, row("where"), "predicate", "op"], "=<"), "predicate.op: expected one of ==, !=, <, <=, >, >="),
        (edited([V, row("where"), "predicate", "offset"], True), "predicate.offset: expected int, got True"),
        (edited([V, row("where"), "predicate", "offset"], 1.0), "predicate.offset: expected int, got 1.0"),
        (edited([V, row("where"), "kind"], "all"), "take of a selector that picks all"),
        (edited([V, row("before"), "selector"], "kind"), "before: kind is not a selection"),
        (edited([V, row("before"), "value"], "where"), "before: where is a selection"),
        (edited([V, row("before"), "value"], 3), "before.value: expected str or NoneType, got 3"),
        (edited([V, row("count"), "value"], "kind"), "count takes no value"),
        (edited([V, row("kind"), "cases"], [[1, 1]]), "kind: no cluster for 2"),
        (edited([V, row("kind"), "cases", 1, 0], 1), "kind: token 1 is listed twice"),
        (edited([V, row("kind"), "cases", 0], [1]), "cases.0.: expected 2 items, got 1"),
        (edited([V, row("kind"), "cases", 0], {}), "cases.0.: expected a list, got {}"),
        (edited([V, row("many"), "predicate", "cases", 1, 0], 1), "many: query value 1 is listed twice"),
        (edited([V, row("rule"), "cases", 0, 0], [0]), "a lookup needs one to three variables and a value of each"),
        (edited([V, row("rule"), "variables"], []), "a lookup needs one to three variables"),
        (edited([V, row("rule"), "cases"], [[[0, 1], "y"], [[0, 1], "n"]]), "case .0, 1. is listed twice"),
        (edited([V, row("rule"), "default"], 1.5), "rule.default: expected str or int, got 1.5"),
        (edited([V, row("size"), "expression", "op"], "**"), "expression.op: expected one of"),
        (edited([V, row("size"), "expression", "op"], "//"), "min|type is"),
        (edited([V, row("size"), "expression", "right", "value"], 10**30), "may grow too large"),
        (edited([V, row("size"), "expression"], {"node": "Const", "value": 2**50}), "size: numbers from .* are too large"),
        (edited([V, row("output"), "bias"], [0]), "every weight row needs 2 numbers"),
        (edited([V, row("output"), "bias", 0], 10**25), "too large to add up in 64 bits"),
        (edited([V, row("output"), "labels"], ["p", "p"]), "labels must be distinct"),
        (edited([V, row("output"), "evidence", 0, "rows"], [["y", [1, 0]], ["y", [0, 1]]]), "value 'y' is listed twice"),
        (edited([V, row("output"), "scaled", 0, 0], "rule"), "rule is not a whole number"),
    ],
)  # fmt: skip
def test_malformed_json_is_one_clear_line(text, message):
    with pytest.raises(PellucidError, match=message) as caught:
        loads(text, "that.json")
    assert str(caught.value).startswith("that.json: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def deep(levels):
    tree = {"node": "Var", "name": "count"}
    for _ in range(levels):
        tree = {"node": "Apply", "op": "+", "left": {"node": "Const", "value": 1}, "right": tree}
    return edited([V, row("size"), "expression"], tree)


@pytest.mark.parametrize("levels", [60, 400, 20_000])
def test_deep_nesting_is_refused(levels):
    with pytest.raises(PellucidError, match="nested"):
        loads('{"node":' * levels if levels == 20_000 else deep(levels))


JUNK = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2,
    10**40,
    1.5,
    "",
    "x",
    "tokens",
    "output",
    [],
    {},
    [[]],
    [1],
    ["a", 1],
    {"node": "Var"},
)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 10**9))
def test_mutated_json_never_raises_anything_else(seed):
    rng = random.Random(seed)
    data = json.loads(dumps(FULL))
    for _ in range(rng.randint(1, 3)):
        place = data
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = rng.choice(keys)
            if isinstance(place[key], dict | list) and place[key] and rng.random() < 0.8:
                place = place[key]
                continue
            action = rng.randrange(4)
            if action == 0:
                del place[key]
            elif action == 1 and isinstance(place, list):
                place.append(copy.deepcopy(place[key]))
            elif action == 2 and isinstance(place, dict):
                place["extra"] = rng.choice(JUNK)
            else:
                place[key] = copy.deepcopy(rng.choice(JUNK))
            break
    try:
        changed = loads(json.dumps(data))
    except PellucidError as error:
        changed, message = None, str(error)
    if changed is None:
        assert "\n" not in message
        return
    inputs = sample_inputs(changed.vocab, 20, 0)
    assert len(predict(changed, inputs)) == 20
    assert loads(dumps(changed)) == changed


def test_the_tokens_come_first():
    with pytest.raises(ir.ProgramError, match="positions: the first variable must be the tokens"):
        _ = program(SMALL.vocab, POSITIONS, TOKENS).types


def test_a_full_program_survives_the_round_trip():
    assert loads(dumps(FULL)) == FULL
    assert dumps(loads(dumps(FULL))) == dumps(FULL)
    assert verify(FULL, emit(FULL), None).faithful
    assert {type(a.node) for a in FULL} == set(ir.Node.__args__)
    assert formula.text(Apply("-", Const(1), Apply("-", Var("x"), Const(-2)))) == "1 - (x - -2)"
