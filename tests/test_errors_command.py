"""`pellucid errors`: wrong answers grouped by the rules they went through, each group with its smallest input."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_samples import (
    BRACKETS,
    COUNTS,
    DYCK,
    LAST,
    POOLED,
    TOKENS,
    VOTE,
    call,
    call_json,
    domain,
    rule,
    write_folder,
)
from pellucid.data.dataset import Dataset
from pellucid.data.vocab import Vocab
from pellucid.program.blame import blame
from pellucid.program.interpret import predict
from pellucid.program.ir import Evidence, Lookup, Readout, Rules, Scan
from program_samples import plain
from random_programs import random_ir


def dyck(tokens):
    depth, told = 0, []
    for token in tokens:
        depth += 1 if token == "(" else -1
        told.append("F" if "F" in told or depth < 0 else "P" if depth else "T")
    return tuple(told)


# Forgets that a broken prefix stays broken, and calls every balanced one open.
STEP = Rules((rule("F", ("depth", "<", (0,))), rule("P", ("depth", "==", (0,)))), "P")
BROKEN = DYCK.map(lambda a: Scan("P", STEP) if a.name == "output" else a.node)
INPUTS = [s for s in domain(DYCK) if len(s) <= 4]
DATA = Dataset(tuple(INPUTS), tuple(map(dyck, INPUTS)), "tagging")


def wrong_answers(program, data):
    return [
        (s, i, told, right)
        for s, out, wanted in zip(data.inputs, predict(program, data.inputs), data.outputs, strict=True)
        for i, (told, right) in enumerate(zip(out, wanted, strict=True), 1)
        if right is not None and told != right
    ]


def test_groups_are_by_rule_the_largest_first_with_the_smallest_input():
    found = blame(BROKEN, DATA)
    expected = wrong_answers(BROKEN, DATA)
    assert (found.wrong, found.answers, found.examples) == (len(expected), sum(map(len, INPUTS)), len(INPUTS))
    sizes = [len(g.cases) for g in found.groups]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == len(expected)
    for group in found.groups:
        smallest = group.cases[0]
        assert len(smallest.sequence) == min(len(c.sequence) for c in group.cases)
        assert (smallest.sequence, smallest.position, smallest.given, smallest.wanted) in expected
        (told,) = [step for step in group.path if step.startswith("output, ")]
        for case in group.cases:
            depth = sum(1 if t == "(" else -1 for t in case.sequence[: case.position])
            assert told == ('output, rule 2: if depth == 0: "P"' if depth == 0 else 'output, default: "P"')
    first = found.groups[0].cases[0]
    assert (first.sequence, first.position, first.given, first.wanted) == (("(", ")"), 2, "P", "T")


def test_a_vote_is_blamed_on_the_least_evidence_that_beats_the_right_label():
    said = predict(VOTE, [tuple("abca")])[0]
    data = Dataset((tuple("abca"),), (("y", "y", "y", "y"),), "tagging")
    paths = [set(g.path) for g in blame(VOTE, data).groups]
    assert said == ["y", "x", "y", "z"]
    assert any('before == "a" speaks for "x"' in path for path in paths)
    assert any('place == 2 speaks for "z"' in path for path in paths)
    unknown = Dataset((tuple("c"),), (("Q",),), "tagging")
    assert blame(VOTE, unknown).groups[0].path == ('the program never gives "Q"',)


def test_no_more_evidence_is_blamed_than_needed():
    says = Evidence("tokens", (("a", (5, 0)),), (0, 0)), Evidence("same", (("a", (2, 0)),), (0, 0))
    vote = plain(Vocab.of("ab", "xy", "tagging", 2), TOKENS, ("same", Lookup(("tokens",), ((("a",), "a"),), "b")),
                 ("output", Readout(("x", "y"), (0, 1), says)))  # fmt: skip
    found = blame(vote, Dataset((("a",),), (("y",),), "tagging"))
    assert found.groups[0].path == ('tokens == "a" speaks for "x"',)


def test_a_classifier_has_one_answer_per_example():
    data = Dataset((("a",), ("b", "a"), ("a", "b")), ("no", "yes", "yes"), "classification")
    found = blame(LAST, data)
    assert (found.wrong, found.answers, found.wrong_examples) == (2, 3, 2)
    assert {g.path for g in found.groups} == {('output, tokens == "a": "yes"',), ('output, default: "no"',)}
    pooled = blame(POOLED, Dataset((("b", "b"),), ("yes",), "classification"))
    assert pooled.groups[0].cases[0].position is None
    assert any("speaks for" in step or "before any evidence" in step for step in pooled.groups[0].path)


def test_where_no_rule_is_on_the_way_the_answers_tell_the_groups_apart():
    data = Dataset(((1, 1, 2), (0,)), ((2, 2, 2), (2,)), "tagging")
    found = blame(COUNTS, data)
    assert [g.path for g in found.groups] == [("gives 1 instead of 2",)]
    assert found.groups[0].cases[0].sequence == (0,)
    told = found.text(10)
    assert "Groups by answer (no rule or case is on their way), the largest first:" in told
    assert "   decided by:      twice = 1, count = 1\n" in told
    assert told.endswith("   also:            1 1 2   at position 1   twice = 2, count = 2")
    data = found.to_json()
    assert data["by"] == "answer"
    assert data["groups"][0]["smallest"][1]["deciding"] == {"twice": 2, "count": 2}


def test_a_vote_with_too_many_ways_is_grouped_by_answer(monkeypatch):
    from pellucid.program import blame as module

    inputs = domain(VOTE)
    data = Dataset(tuple(inputs), tuple(("x",) * len(s) for s in inputs), "tagging")
    assert blame(VOTE, data).to_json()["by"] == "path"
    monkeypatch.setattr(module, "MANY", 2)
    found = blame(VOTE, data)
    assert {g.path for g in found.groups} == {('gives "y" instead of "x"',), ('gives "z" instead of "x"',)}
    assert sum(len(g.cases) for g in found.groups) == found.wrong
    told = found.text(10)
    assert "Groups by answer (their paths are too many), the largest first:" in told
    assert "   decided by:      before = " in told
    assert [len(group["smallest"]) for group in found.to_json()["groups"]] == [3, 3]


def test_positions_that_are_not_scored_do_not_count():
    data = Dataset((("(", ")"),), ((None, "F"),), "tagging")
    found = blame(DYCK, data)
    assert (found.answers, found.wrong) == (1, 1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_every_wrong_answer_is_in_one_group(seed, other):
    program = random_ir(seed, markers=bool(seed % 2))
    inputs = domain(program)
    labels = sorted(program.vocab.labels, key=str)
    kind = program.vocab.kind
    outputs = predict(program, inputs)
    spoilt = [
        tuple(labels[(other + i + j) % 3] if (other + i + j) % 4 == 0 else label for j, label in enumerate(out))
        if kind == "tagging"
        else labels[(other + i) % 3]
        for i, out in enumerate(outputs)
    ]
    data = Dataset(tuple(inputs), tuple(spoilt), kind)
    found = blame(program, data)
    told = [(c.index, c.position) for g in found.groups for c in g.cases]
    assert len(set(told)) == len(told) == found.wrong
    if kind == "tagging":
        expected = {(inputs.index(s), i) for s, i, _, _ in wrong_answers(program, data)}
        assert set(told) == expected
    assert all(g.path for g in found.groups)
    json.dumps(found.to_json())


def test_many_groups_follow_the_path_less_far(monkeypatch):
    from pellucid.program import blame as module

    sorts = Lookup(("tokens",), ((("a",), 1), (("b",), 1)), 0)
    chain = plain(Vocab.of("abc", "xy", "tagging", 3), TOKENS, ("sort", sorts),
                  ("output", Lookup(("sort",), (((1,), "x"),), "y")))  # fmt: skip
    inputs = domain(chain)
    data = Dataset(tuple(inputs), tuple(("?",) * len(s) for s in inputs), "tagging")
    whole = blame(chain, data)
    assert (len(whole.groups), whole.depth) == (3, module.DEPTHS[0])
    assert whole.groups[0].path == ('sort, tokens == "a": 1', 'output, sort == 1: "x"')
    monkeypatch.setattr(module, "MANY", 2)
    shorter = blame(chain, data)
    assert (len(shorter.groups), shorter.depth) == (2, 0)
    assert shorter.groups[0].path == ('output, sort == 1: "x"',)
    assert "followed 0 steps back from the output" in shorter.text(10)
    monkeypatch.setattr(module, "MOST", 5)
    some = blame(chain, data)
    assert (some.grouped, some.wrong) == (5, shorter.wrong)
    assert "Only those of the smallest inputs are looked at: 5 wrong answers" in some.text(10)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "broken", BROKEN)
    write_folder(tmp_path / "dyck", DYCK)
    task = replace(DYCK, vocab=replace(BRACKETS, max_length=7))
    write_folder(tmp_path / "task", task, "dyck1", {"length": 8})
    lines = [json.dumps({"input": list(s), "output": list(dyck(s))}) for s in INPUTS]
    (tmp_path / "data.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_the_command(place):
    told = call("errors", "broken", "data.jsonl").splitlines()
    assert told[0].startswith("24 of 98 answers are wrong (24.49%), in 16 of 30 examples.")
    assert "the largest first:" in told[0]
    assert told[2].startswith("1. ")
    assert any(line.split()[:4] == ["smallest", "input:", "(", ")"] for line in told)
    assert call("errors", "dyck", "data.jsonl") == "No wrong answer: all 98 are right.\n"
    assert "and 1 smaller group with " in call("errors", "broken", "data.jsonl", "--top", "1")
    data = call_json("errors", "broken", "data.jsonl")
    assert data["wrong"] == 24
    assert sum(g["wrong"] for g in data["groups"]) == 24
    assert sum(g["share"] for g in data["groups"]) == pytest.approx(1)
    smallest = data["groups"][0]["smallest"][0]
    assert set(smallest) == {"input", "position", "given", "wanted", "output", "right"}
    assert call_json("errors", "dyck", "data.jsonl")["groups"] == []


def test_the_data_of_the_task_itself(place):
    assert call("errors", "task", "task") == "No wrong answer: all 896 are right.\n"
    assert "which is no built-in task" in call("errors", "dyck", "task", code=2)


def test_bad_input_is_one_line(place):
    (place / "other.jsonl").write_text('{"input": ["("], "output": ["P"]}\n\n{"input": ["x"], "output": ["P"]}\n')
    (place / "other.csv").write_text('input,output\n"( (",P P\n\n"( x",P P\n')
    (place / "label.jsonl").write_text('{"input": ["("], "output": "P"}\n')
    (place / "long.jsonl").write_text("\n" + json.dumps({"input": ["("] * 9, "output": ["P"] * 9}) + "\n")
    for command in (["errors", "dyck"], ["eval", "dyck"], ["eval", "dyck/program.py"], ["circuit", "dyck", "--wrong"]):
        assert "other.jsonl:3: unknown token 'x'; known: '(', ')'" in call(*command, "other.jsonl", code=2)
        assert "other.csv:4: unknown token 'x'; known: '(', ')'" in call(*command, "other.csv", code=2)
        told = call(*command, "long.jsonl", code=2)
        assert "long.jsonl:2: 9 tokens" in told
        assert "this vocabulary" not in told
    assert "the data is for classification" in call("errors", "dyck", "label.jsonl", code=2)
    assert "absent.jsonl: no such file" in call("errors", "dyck", "absent.jsonl", code=2)
    assert "--top 0: expected 1 or more" in call("errors", "dyck", "data.jsonl", "--top", "0", code=2)
