"""`pellucid circuit`: every slice keeps its promise, runs on its own, and holds what was used and nothing else."""

import json
from collections import Counter
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_samples import COUNTS, DYCK, HIST, LAST, POOLED, PROGRAMS, VOTE, call, call_json, domain, write_folder
from pellucid.data.dataset import Dataset
from pellucid.errors import PellucidError
from pellucid.program.circuit import Check, slice_for_input, slice_for_label, slice_for_position, slice_for_wrong
from pellucid.program.inspect.ablate import ablate, overview, variables
from pellucid.program.inspect.scope import domain as whole_domain
from pellucid.program.inspect.scope import scope_of
from pellucid.program.interpret import predict
from pellucid.program.ir import Lookup, Readout, Rules, Scan, Select
from pellucid.program.metrics import accuracy
from pellucid.program.predicates import Match
from pellucid.program.verify import run_text
from program_samples import loaded
from random_programs import random_ir

few = settings(max_examples=12, deadline=None)
seeds = st.integers(0, 10**6)


def labels_said(program, inputs):
    outputs = predict(program, inputs)
    return {label for out in outputs for label in (out if isinstance(out, list) else [out])}


def is_part(small, large):
    """Whether each node of a slice is the whole program's, or it with fewer cases, or a constant."""
    for a in small:
        node, whole = a.node, large[a.name]
        if node == whole or (isinstance(node, Lookup) and not node.cases):
            continue
        match node:
            case Lookup(_, cases, default):
                assert isinstance(whole, Lookup)
                assert set(cases) < set(whole.cases)
                assert default == whole.default
            case Rules(rules, default):
                assert [r for r in whole.rules if r in rules] == list(rules)
                assert default == whole.default
            case Scan(initial, step):
                assert initial == whole.initial
                parts = "cases" if isinstance(step, Lookup) else "rules"
                assert set(getattr(step, parts)) < set(getattr(whole.step, parts))
            case Select(predicate=Match(cases)):
                assert set(cases) <= set(whole.predicate.cases)
            case Readout():
                assert {e.variable for e in node.evidence} <= {e.variable for e in whole.evidence}
                assert node.bias == whole.bias
            case _:
                raise AssertionError(f"{a.name} was rewritten")


@few
@given(seeds, st.data())
def test_a_slice_for_an_input_gives_the_same_output_and_is_made_of_the_programs_parts(seed, data):
    program = random_ir(seed, markers=bool(seed % 2))
    sequence = data.draw(st.sampled_from(domain(program)))
    found = slice_for_input(program, sequence)
    assert found.check.mismatches == 0
    assert run_text(found.source, [sequence]) == predict(program, [sequence])
    if not any(type(a.node).__name__ == "Embed" for a in program):
        is_part(found.program, program)


@few
@given(seeds)
def test_a_slice_for_a_label_says_it_in_the_same_places(seed):
    program = random_ir(seed, markers=bool(seed % 2))
    inputs = domain(program)
    for label in labels_said(program, inputs) & set(program.vocab.labels):
        found = slice_for_label(program, label)
        assert found.check == Check(len(inputs), 0, True, found.check.on)
        for told, right in zip(run_text(found.source, inputs), predict(program, inputs), strict=True):
            pairs = zip(told, right, strict=True) if isinstance(right, list) else [(told, right)]
            assert all((a == label) == (b == label) for a, b in pairs)


@few
@given(seeds, st.integers(1, 4))
def test_a_slice_for_a_position_gives_the_same_there(seed, position):
    program = random_ir(seed, markers=bool(seed % 2), kind="tagging")
    inputs = [s for s in domain(program) if len(s) >= position]
    if not inputs:
        with pytest.raises(PellucidError, match="--position"):
            slice_for_position(program, position)
        return
    found = slice_for_position(program, position)
    assert found.check.mismatches == 0
    told = run_text(found.source, inputs)
    assert [out[position - 1] for out in told] == [out[position - 1] for out in predict(program, inputs)]


def test_the_slice_of_an_input_has_only_what_fired():
    found = slice_for_input(VOTE, "abca")
    assert [a.name for a in found.program] == ["tokens", "positions", "left", "before", "sought", "place", "output"]
    vote = found.program["output"]
    assert [e.variable for e in vote.evidence] == ["before", "place"]
    assert found.size["ast_nodes"] < found.whole["ast_nodes"]
    dyck = slice_for_input(DYCK, "(())")
    assert [r.outcome for r in dyck.program["output"].step.rules] == ["T"]
    assert slice_for_input(DYCK, "()))").program["output"] == DYCK["output"]


def test_the_slice_of_a_label():
    found = slice_for_label(VOTE, "x")
    assert found.program["output"] == Lookup(("before",), ((("a",), "x"),), "other")
    assert {*found.program.vocab.labels} == {"x", "other"}
    assert "place" not in [a.name for a in found.program]
    assert 'says "x" exactly where the whole program does; "other" stands for all other labels' in found.promise
    assert '"other"' in found.source
    assert "MAX_LENGTH: nothing longer than 4 tokens was checked, so longer inputs are refused." in found.source
    assert slice_for_label(LAST, "yes").check.mismatches == 0
    assert slice_for_label(POOLED, "no").check.mismatches == 0
    assert slice_for_label(HIST, "3").promise == slice_for_label(HIST, 3).promise
    with pytest.raises(PellucidError, match="--label 9: unknown label; known: 1, 2, 3, 4, 5"):
        slice_for_label(HIST, 9)


def test_a_slice_larger_than_the_whole_gives_the_whole():
    found = slice_for_label(HIST, 3)
    assert (found.program, found.size, found.check.mismatches) == (HIST, found.whole, 0)
    assert found.cut > found.whole["ast_nodes"]
    told = " ".join(found.source.split())
    assert f"This is the whole program: what was cut out of it would be larger ({found.cut} AST nodes)." in told
    assert "any other label means: not this one" in told
    assert "MAX_LENGTH: nothing" not in told  # it takes longer inputs
    assert run_text(found.source, [(3, 3, 3, 1), (1,) * 9]) == [[3, 3, 3, 1], [9] * 9]
    for name, program in PROGRAMS.items():
        for label in labels_said(program, domain(program)[:50]):
            part = slice_for_label(program, label)
            assert part.size["ast_nodes"] <= part.whole["ast_nodes"], name
    assert "of 1 variable" in str(slice_for_input(LAST, "ab").summary())


def test_the_slice_of_a_position():
    first = slice_for_position(VOTE, 1)
    assert "left" not in [a.name for a in first.program]  # nothing stands before the first token but the marker
    assert first.check.on == "all 120 inputs of up to 4 tokens"
    assert slice_for_position(VOTE, 2).check.on == "all 117 inputs of 2 to 4 tokens"
    with pytest.raises(PellucidError, match="a classifier gives one label"):
        slice_for_position(POOLED, 1)
    for wrong in (0, 9):
        with pytest.raises(PellucidError, match=f"--position {wrong}: expected a number from 1 to 4"):
            slice_for_position(VOTE, wrong)


def test_the_slice_of_wrong_answers():
    data = Dataset((tuple("abc"), tuple("cab")), (tuple(predict(VOTE, ["abc"])[0]), ("z", None, "y")), "tagging")
    found = slice_for_wrong(VOTE, data, "data")
    assert found.check.on == "the 1 wrong input of data"
    assert predict(found.program, [tuple("cab")])[0][0] == predict(VOTE, [tuple("cab")])[0][0]
    right = Dataset(data.inputs, tuple(tuple(out) for out in predict(VOTE, data.inputs)), "tagging")
    assert slice_for_wrong(VOTE, right, "data") is None


def test_slices_on_some_inputs_only():
    found = slice_for_label(DYCK, "F", [tuple("()"), tuple("(())")], "my data")
    assert found.check == Check(2, 0, False, "my data")
    assert "Checked on my data: it holds." in found.source


def test_a_slice_cut_for_random_inputs_is_checked_on_others(monkeypatch):
    from pellucid.program import circuit
    from pellucid.program.inspect import scope

    monkeypatch.setattr(scope, "EXHAUSTIVE", 10)
    found = slice_for_label(VOTE, "x")
    assert not found.check.exhaustive
    assert found.fresh is not None
    assert found.fresh.mismatches == 0
    assert f"Checked on {found.fresh.inputs} other random inputs: it holds." in found.source
    some, every = [("b", "b"), ("b", "c")], [x for x in domain(VOTE) if len(x) > 1]
    monkeypatch.setattr(
        circuit, "domain", lambda program, seed=0, fewest=1: scope_of(program, every if seed else some, "x")
    )
    few = slice_for_position(VOTE, 2)
    assert few.check.mismatches == 0
    assert 0 < few.fresh.mismatches < few.fresh.inputs == len(every)
    assert "IT DOES NOT HOLD" in few.source


def test_a_slice_that_breaks_its_promise_is_reported(monkeypatch):
    """The check is seen to fail: a slice cut for one input is no slice for all of them."""
    from pellucid.program import circuit

    monkeypatch.setattr(circuit, "pruned", lambda program, scope: VOTE.map(
        lambda a: Lookup(("tokens",), (), "x") if a.name == "output" else a.node))  # fmt: skip
    found = slice_for_position(VOTE, 1)
    assert found.check.mismatches > 0
    assert "IT DOES NOT HOLD" in found.source


def test_a_longer_input_than_learned():
    found = slice_for_input(HIST, (1,) * 9)
    assert found.check.mismatches == 0
    assert predict(found.program, [(1,) * 9]) == [[9] * 9]


# ---------------------------------------------------------------- ablation


def test_ablation_holds_the_commonest_value():
    scope = whole_domain(DYCK)
    found = ablate(DYCK, ["depth"], scope)
    depths = Counter(depth for s in scope.inputs for depth in accumulate(1 if t == "(" else -1 for t in s))
    assert found.constants == {"depth": -1}
    assert depths[-1] == max(depths.values())
    # Where the depth is -1 everywhere, the answer is "F" everywhere.
    assert found.changed == sum(a != "F" for out in predict(DYCK, scope.inputs) for a in out)
    assert found.examples[0] == {"input": ["("], "before": ["P"], "after": ["F"]}
    assert [len(e["input"]) for e in found.examples] == [1, 2, 2]
    labels = {label: (answers, changed, to) for label, answers, changed, to in found.labels}
    assert labels["F"][1:] == (0, None)
    assert labels["P"][0] == labels["P"][1]
    assert labels["P"][2] == "F"
    assert sum(changed for _, _, changed in found.positions) == found.changed
    assert "Held at the commonest value: depth = -1." in str(found)


@few
@given(seeds)
def test_ablation_counts_are_those_of_outputs_compared_one_by_one(seed):
    program = random_ir(seed, markers=bool(seed % 2))
    names = variables(program)[:-1]
    inputs = domain(program)
    scope = scope_of(program, inputs, "all")
    data = Dataset(tuple(inputs), tuple(map(_frozen, predict(program, inputs))), program.vocab.kind)
    for name in names[-3:]:
        found = ablate(program, [name], scope, data)
        assert found.before == {"token": 1.0, "sequence": 1.0}
        assert found.answers == sum(map(len, inputs)) if program.vocab.kind == "tagging" else len(inputs)
        assert found.after["token"] == pytest.approx(1 - found.changed / found.answers)


def _frozen(output):
    return tuple(output) if isinstance(output, list) else output


def test_what_is_never_read_does_not_matter_and_the_output_does():
    shares = {name: share for name, _, share in overview(VOTE, whole_domain(VOTE)).rows}
    assert shares["before"] > 0
    assert 0 < shares["output"] <= 1
    assert shares["unused"] < shares["place"]


# ---------------------------------------------------------------- the command


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.jsonl").write_text(
        json.dumps({"input": list("(()"), "output": ["P", "P", "T"]}) + "\n"
        + json.dumps({"input": list("()"), "output": ["P", "T"]}) + "\n"
    )  # fmt: skip
    write_folder(tmp_path / "dyck", DYCK)
    write_folder(tmp_path / "vote", VOTE)
    return tmp_path


def test_the_command_prints_a_program_that_runs(place):
    source = call("circuit", "vote", "--label", "x")
    assert loaded(source)["run"]("aba") == ["other", "x", "other"]
    assert 'Promise: says "x" exactly where the whole program does' in source.replace("\\", "")
    told = call("circuit", "dyck", "--input", "( ) )", "--out", "slice.py")
    assert told.splitlines()[0] == "wrote slice.py"
    assert loaded((place / "slice.py").read_text())["run"]("())") == ["P", "T", "F"]
    assert call("circuit", "dyck", "--input", '["(", ")"]') == call("circuit", "dyck", "--input", "( )")
    assert "exists; choose another file" in call("circuit", "dyck", "--input", "(", "--out", "slice.py", code=2)


def test_the_command_prints_one_json_object(place):
    data = call_json("circuit", "vote", "--position", "1")
    assert data["checked"] == {
        "inputs": 120,
        "mismatches": 0,
        "exhaustive": True,
        "on": "all 120 inputs of up to 4 tokens",
    }
    assert data["size"]["ast_nodes"] < data["whole"]["ast_nodes"]
    assert {v["name"] for v in data["variables"]} < {a.name for a in VOTE}
    compile(data["source"], "slice.py", "exec")
    assert call_json("circuit", "dyck", "--wrong", "data.jsonl")["promise"].endswith(
        "where that is wrong on data.jsonl"
    )
    whole = call_json("circuit", "dyck")
    assert [v["name"] for v in whole["variables"]] == ["ones", "step", "depth", "output"]


def test_ablation_on_a_data_file(place):
    data = call_json("circuit", "dyck", "--ablate", "depth", "--ablate", "step", "--data", "data.jsonl")
    assert data["constants"] == {"depth": 1, "step": 1}
    assert data["before"]["token"] == pytest.approx(4 / 5)
    assert data["answers"] == 5
    told = call("circuit", "dyck", "--ablate", "depth", "--data", "data.jsonl")
    assert "Accuracy: tokens 80.000% -> 60.000%" in told
    assert "Smallest inputs that change:" in told


def test_no_wrong_answer(place):
    (place / "right.jsonl").write_text(json.dumps({"input": ["("], "output": ["P"]}) + "\n")
    assert call("circuit", "dyck", "--wrong", "right.jsonl") == "No wrong answer on right.jsonl.\n"
    assert call_json("circuit", "dyck", "--wrong", "right.jsonl") == {"slice": "wrong", "wrong": 0}


BAD = [
    (["--ablate", "depht"], "--ablate depht: no variable of this name; variables: ones, step, depth, output"),
    (["--ablate", "tokens"], "--ablate tokens: this is the input itself"),
    (["--ablate", "earlier"], "--ablate earlier: no variable"),
    (["--label", "Q"], "--label Q: unknown label"),
    (["--label", "F", "--position", "1"], "--label and --position: one of them at a time"),
    (["--label", "F", "--ablate", "depth"], "--label and --ablate: one of them at a time"),
    (["--position", "99"], "--position 99: expected a number from 1 to 8"),
    (["--position", "x"], "is not a valid integer"),
    (["--input", "( x"], "unknown token 'x'"),
    (["--input", "[1"], "--input: not JSON"),
    (["--input", ""], "no tokens; expected 1 to 8"),
    (["--input", "( " * 9], "9 tokens; expected 1 to 8: the program takes no more"),
    (["--input", "(", "--data", "data.jsonl"], "--data: goes with --label, --position or --ablate, not with --input"),
    (["--wrong", "absent.jsonl"], "absent.jsonl: no such file"),
    (["--wrong", "task"], "which is no built-in task"),
    (["--label", "F", "--out", "no/such/folder.py"], "cannot be written"),
    (["--out", "x.py"], "--out: goes with"),
]


@pytest.mark.parametrize(("arguments", "told"), BAD, ids=[" ".join(a) for a, _ in BAD])
def test_bad_input_is_one_line(place, arguments, told):
    assert told in call("circuit", "dyck", *arguments, code=2)


def test_all_samples_have_slices():
    for name, program in PROGRAMS.items():
        for label in labels_said(program, domain(program)[:50]):
            assert slice_for_label(program, label).check.mismatches == 0, name
    outputs = predict(COUNTS, [(1, 1, 2)])
    data = Dataset(((1, 1, 2),), (tuple(outputs[0]),), "tagging")
    assert accuracy(outputs, data)["token"] == 1
