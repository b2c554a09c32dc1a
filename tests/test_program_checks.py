# ruff: noqa: E501
"""Verification finds what is wrong; predicates are recognised; JSON is refused with one clear line."""

import copy
import json
import random
from dataclasses import replace

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
from pellucid.program.ir import (
    Aggregate,
    Embed,
    Evidence,
    Formula,
    Input,
    Lookup,
    Readout,
    Rule,
    Rules,
    Scan,
    Select,
    stretched,
)
from pellucid.program.ir import Test as If
from pellucid.program.predicates import Compare, Match, OneOf, matrix, recognise, table_predicate
from pellucid.program.serialise import dumps, from_json, loads, to_json
from pellucid.program.simplify import simplify
from pellucid.program.verify import Verdict, all_inputs, domain_size, longer_inputs, run_text, sample_inputs, verify
from program_samples import plain, program, random_program

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


LONGER = plain(
    Vocab.of("ab", "ab", "tagging", 4), TOKENS, ("output", Lookup(("tokens",), ((("a",), "b"), (("b",), "a")), "?")), unbounded=True,
)  # fmt: skip


def short_model(inputs):
    if max(map(len, inputs)) > 4:
        raise PellucidError("too long for the model")
    return predict(LONGER, inputs)


def test_a_program_without_a_longest_input_is_checked_beyond():
    verdict = verify(LONGER, emit(LONGER), short_model)
    assert verdict.faithful
    assert str(verdict) == f"all 30 possible inputs agree, and {verdict.longer:,} longer ones up to 8 tokens"
    assert 400 < verdict.longer <= 480  # of the 480 that there are
    assert (verdict.to_json()["longer"], verdict.to_json()["longest"]) == (verdict.longer, 8)
    assert verify(LONGER, emit(LONGER), lambda s: predict(LONGER, s), longer=True) == verdict
    with pytest.raises(PellucidError, match="too long for the model"):
        verify(LONGER, emit(LONGER), short_model, longer=True)
    assert "longer" not in verify(SMALL, emit(SMALL), None).to_json()
    assert {len(s) for s in longer_inputs(LONGER.vocab, 300, 0)} == {5, 6, 7, 8}


def test_what_goes_wrong_on_longer_inputs_only_is_caught():
    wrong = emit(LONGER).replace("    return output", "    return output if len(sequence) < 7 else output[:-1]")
    verdict = verify(LONGER, wrong, None)
    assert not verdict.faithful
    assert 0 < verdict.mismatches < verdict.longer
    assert len(verdict.counterexample["input"]) > 6
    assert f"{verdict.mismatches} of {30 + verdict.longer} inputs disagree" in str(verdict)

    def model(inputs):
        return [["a"] * len(s) if len(s) == 8 else out for s, out in zip(inputs, predict(LONGER, inputs), strict=True)]

    assert verify(LONGER, emit(LONGER), model).faithful
    assert not verify(LONGER, emit(LONGER), model, longer=True).faithful


def test_inputs_longer_than_in_training():
    sums = plain(
        Vocab.of((1, 2), (1, 2), "tagging", 2), TOKENS, ("where", Select("tokens", "tokens", OneOf((1, 2)), "all", "upto")),
        ("output", Aggregate("where", "sum", "tokens")), unbounded=True,
    )  # fmt: skip
    assert predict(sums, [(1, 2, 2), (2,), (1,) * 9]) == [[1, 3, 5], [2], list(range(1, 10))]
    assert stretched(sums, 9).types["output"] == ir.Integer(0, 18)
    assert stretched(sums, 1) is sums
    with pytest.raises(PellucidError, match="input 1 has 3 symbols; the longest this vocabulary takes has 2"):
        predict(replace(sums, unbounded=False), [(1, 2, 2)])
    power = Formula(Apply("*", Var("previous"), Const(2)))
    grows = plain(Vocab.of((1, 2), (1, 2), "tagging", 9), TOKENS, ("output", Scan(1, power)), unbounded=True)
    assert predict(grows, [(1,) * 18])[0][-1] == 2**18
    with pytest.raises(PellucidError, match="an input of 99 tokens is too long for this program: output: numbers"):
        predict(grows, [(1,) * 99])


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("count", Aggregate("where", "count")), ("kind", Embed("count", ((0, 0), (1, 1), (2, 1))))], "kind: no cluster for 3"),
        ([("kind", Embed("length", ((1, 0), (2, 1))))], "kind: no cluster for 3"),
        ([("size", Formula(Apply("//", Var("length"), Const(2)))), ("some", Select("tokens", "tokens", Compare("=="), "all", "any", "size"))],
         "some: the mask size holds numbers from 0 to 3"),
    ],
)  # fmt: skip
def test_what_grows_must_fit_where_it_is_read(pairs, message):
    rest = [TOKENS, ("length", Input("length")), ("where", Select("tokens", "tokens", OneOf(("a",)), "all")), *pairs]
    short = Vocab.of("ab", "ab", "tagging", 2)
    _ = plain(short, *rest, ("output", Lookup(("tokens",), (), 1))).types
    with pytest.raises(ir.ProgramError, match=message):
        _ = plain(short, *rest, ("output", Lookup(("tokens",), (), 1)), unbounded=True).types


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
    assert found == predicate


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
    ("flag", Rules((Rule((If("tokens", "in", (1, 2)), If("count", ">", (), "size")), Var("kind")),), 0)),
    ("ahead", Select("size", "size", Compare(">"), "all", "before", "flag", True, "earlier")),
    ("largest", Aggregate("ahead", "max", "rule", "none")),
    ("state", Scan("none", Rules((Rule((If("previous", "==", ("none",)),), Var("largest")),), Var("previous")))),
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
        (edited(["version"], 1), "version 1 of the format; this pellucid reads version 2"),
        (edited(["markers"], 1), "markers: expected a JSON bool"),
        (edited(["markers"], None), "markers: expected a JSON bool"),
        (edited(["unbounded"], "no"), "unbounded: expected a JSON bool"),
        (edited(["unbounded"], True), "a program with markers takes inputs up to its longest only"),
        (edited(["markers"], False), "variable tokens: type is"),
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
        (edited([V, 0, "which"], "words"), "variable tokens.which: expected one of tokens, positions, ones, length, got 'words'"),
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
        (edited([V, row("ahead"), "mask"], "count"), "the mask count holds numbers from .* expected 0 and 1"),
        (edited([V, row("ahead"), "mask"], "nothing"), "ahead: reads nothing, which is not defined"),
        (edited([V, row("ahead"), "mask"], 1), "ahead.mask: expected str or NoneType, got 1"),
        (edited([V, row("ahead"), "negated"], 1), "ahead.negated: expected bool, got 1"),
        (edited([V, row("where"), "negated"], True), "where: negated needs a mask"),
        (edited([V, row("ahead"), "reach"], "above"), "reach: expected one of any, upto, before, after, from"),
        (edited([V, row("ahead"), "ties"], "later"), "ties: expected one of none, earlier"),
        (edited([V, row("ahead"), "predicate", "op"], "=="), "ahead: ties need a comparison by < or >"),
        (edited([V, row("ahead"), "query"], "rule"), "order needs numbers or text on both sides; rule holds text, size numbers"),
        (edited([V, row("ahead"), "query"], "tokens"), "order needs .* tokens holds a mixture"),
        (edited([V, row("largest"), "how"], "sum"), "largest: sum takes no default"),
        (edited([V, row("largest"), "value"], "size"), "variable largest: type is"),
        (edited([V, row("largest"), "how"], "max of"), "how: expected one of take, count, any, sum"),
        (edited([V, row("largest"), "how"], "any"), "largest: any takes no value"),
        (edited([V, row("flag"), "rules", 0, "tests", 0, "op"], "=="), "flag: tokens == needs one value, got 2"),
        (edited([V, row("flag"), "rules", 0, "tests", 0, "op"], "between"), "op: expected one of"),
        (edited([V, row("flag"), "rules", 0, "tests", 1, "op"], "in"), "takes no values and no set"),
        (edited([V, row("flag"), "rules", 0, "tests", 1, "against"], "rule"), "order needs numbers or text"),
        (edited([V, row("flag"), "rules", 0, "outcome"], 1.5), "outcome: expected str or int"),
        (edited([V, row("flag"), "rules", 0, "outcome"], {"node": "Const", "value": 1}), '"node" is one of Var'),
        (edited([V, row("flag"), "rules", 0, "outcome"], {"node": "Var", "name": "x"}), "flag: reads x, which is not"),
        (edited([V, row("flag"), "rules", 0], 3), 'rules.0.: expected an object whose "node" is one of Rule'),
        (edited([V, row("state"), "step"], {"node": "Input", "which": "ones"}), '"node" is one of Formula, Lookup, Rules'),
        (edited([V, row("state"), "initial"], None), "Scan needs exactly"),
        (edited([V, row("state"), "step"], {"node": "Formula", "expression": {"node": "Var", "name": "previous"}}),
         "state: the initial state 'none' of a formula is no whole number"),
        (edited([V, row("state"), "name"], "previous"), "previous: means a state"),
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
    assert formula.text(Apply("-", Const(1), Apply("-", Var("x"), Const(-2)))) == "1 - (x + 2)"
