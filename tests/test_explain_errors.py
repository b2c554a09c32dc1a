"""Wrong answers grouped by the rules they went through, each group with its smallest input."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explain_samples import ANY, COUNTS, DYCK, LAST, POOLED, TANK, VOTE, program, table
from pellucid.explain import errors as module
from pellucid.explain.errors import errors
from pellucid.explain.evaluation import evaluation
from pellucid.language.expressions import Apply, Cases, Const, Var
from pellucid.language.nodes import Column, Evidence, Input, Let, Vote
from pellucid.language.types import symbol
from pellucid.semantics.domain import every, sample
from pellucid.semantics.reference import run


def dyck(tokens):
    depth, told = 0, []
    for token in tokens:
        depth += 1 if token == "(" else -1
        told.append("F" if "F" in told or depth < 0 else "P" if depth else "T")
    return told


# Forgets that a broken prefix stays broken, and calls every balanced one open.
STEP = Cases(((Apply("<", (Var("depth"), Const(0))), Const("F")),
              (Apply("==", (Var("depth"), Const(0))), Const("P"))), Const("P"))  # fmt: skip
BROKEN = DYCK.map(lambda a: Let(STEP) if a.name == "output" else a.node)
INPUTS = list(every(DYCK, 4))
RIGHT = [dyck(s) for s in INPUTS]


def wrong_answers(made, inputs, right):
    return [
        (s, i, told, wanted)
        for s, out in zip(inputs, right, strict=True)
        for i, (told, wanted) in enumerate(zip(run(made, s), out, strict=True))
        if wanted is not None and told != wanted
    ]


def test_groups_are_by_rule_the_largest_first_with_the_smallest_input():
    found = errors(BROKEN, INPUTS, RIGHT)
    expected = wrong_answers(BROKEN, INPUTS, RIGHT)
    assert (found.wrong, found.answers, found.examples) == (len(expected), sum(map(len, INPUTS)), len(INPUTS))
    sizes = [len(g.cases) for g in found.groups]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == len(expected)
    for group in found.groups:
        first = group.cases[0]
        assert len(first.sequence) == min(len(c.sequence) for c in group.cases)
        assert (list(first.sequence), first.position, first.given, first.wanted) in expected
        (told,) = [step for step in group.path if step.startswith("output, ")]
        for case in group.cases:
            depth = sum(1 if t == "(" else -1 for t in case.sequence[: case.position + 1])
            assert told == ('output, rule 2: "P" if depth == 0' if depth == 0 else 'output, default: "P"')
    first = found.groups[0].cases[0]
    assert (first.sequence, first.position, first.given, first.wanted) == (("(", ")"), 1, "P", "T")
    assert str(found).splitlines()[0].startswith("24 of 98 answers are wrong (24.49%), in 16 of 30 examples.")
    assert "   smallest input:  ( )   at position 2" in str(found).splitlines()
    assert "and 1 smaller group with " in found.text(1)
    assert sum(g["share"] for g in found.to_json()["groups"]) == pytest.approx(1)


def test_no_error():
    found = errors(DYCK, INPUTS, RIGHT)
    assert str(found) == "No wrong answer: all 98 are right."
    assert found.to_json()["groups"] == []


def test_a_vote_is_blamed_on_the_least_evidence_that_beats_the_right_label():
    paths = [set(g.path) for g in errors(VOTE, [[*"abca"]], [["y", "y", "y", "y"]]).groups]
    assert any('left == "a" speaks for "x"' in path for path in paths)
    assert any('place == 1 speaks for "z"' in path for path in paths)
    assert errors(VOTE, [["c"]], [["Q"]]).groups[0].path == ('the program never gives "Q"',)


def test_no_more_evidence_is_blamed_than_needed():
    says = Evidence("token", (("a", (5, 0)),), (0, 0)), Evidence("same", (("a", (2, 0)),), (0, 0))
    same = table(["token"], {"a": "a"}, "b")
    vote = program(Column("token", symbol("ab")), ("token", Input("token")), ("same", same),
                   ("output", Vote(("x", "y"), (0, 1), says)))  # fmt: skip
    assert errors(vote, [["a"]], [["y"]]).groups[0].path == ('token == "a" speaks for "x"',)


def test_one_answer_per_sequence():
    found = errors(LAST, [["a"], ["b", "a"], ["a", "b"]], ["no", "yes", "yes"])
    assert (found.wrong, found.answers, found.wrong_examples) == (2, 3, 2)
    assert {g.path for g in found.groups} == {('output, "yes" if token == "a"',), ('output, default: "no"',)}
    pooled = errors(POOLED, [["b", "b"]], ["yes"])
    assert pooled.groups[0].cases[0].position is None
    assert any("speaks for" in step or "before any evidence" in step for step in pooled.groups[0].path)


def test_where_no_rule_is_on_the_way_the_answers_tell_the_groups_apart():
    found = errors(COUNTS, [[1, 1, 2], [0]], [[2, 2, 2], [2]])
    assert [g.path for g in found.groups] == [("gives 1 instead of 2",)]
    assert found.groups[0].cases[0].sequence == (0,)
    told = str(found)
    assert "Groups by answer (no rule or case is on their way), the largest first:" in told
    assert "   decided by:      twice = 1, count = 1\n" in told
    assert told.endswith("   also:            1 1 2   at position 1   twice = 2, count = 2")
    data = found.to_json()
    assert data["by"] == "answer"
    assert data["groups"][0]["smallest"][1]["deciding"] == {"twice": 2, "count": 2}


def test_a_vote_with_too_many_ways_is_grouped_by_answer(monkeypatch):
    inputs = list(every(VOTE))
    right = [["x"] * len(s) for s in inputs]
    assert errors(VOTE, inputs, right).to_json()["by"] == "path"
    monkeypatch.setattr(module, "MANY", 2)
    found = errors(VOTE, inputs, right)
    assert {g.path for g in found.groups} == {('gives "y" instead of "x"',), ('gives "z" instead of "x"',)}
    assert sum(len(g.cases) for g in found.groups) == found.wrong
    assert "Groups by answer (their paths are too many), the largest first:" in str(found)
    assert "   decided by:      left = " in str(found)
    assert [len(group["smallest"]) for group in found.to_json()["groups"]] == [3, 3]


def test_many_groups_follow_the_path_less_far(monkeypatch):
    chain = program(Column("token", symbol("abc")), ("token", Input("token")),
                    ("sort", table(["token"], {"a": 1, "b": 1}, 0)), ("output", table(["sort"], {1: "x"}, "y")),
                    longest=3)  # fmt: skip
    inputs = list(every(chain))
    right = [["?"] * len(s) for s in inputs]
    whole = errors(chain, inputs, right)
    assert (len(whole.groups), whole.depth) == (3, module.DEPTHS[0])
    assert whole.groups[0].path == ('sort, 1 if token == "a"', 'output, "x" if sort == 1')
    monkeypatch.setattr(module, "MANY", 2)
    shorter = errors(chain, inputs, right)
    assert (len(shorter.groups), shorter.depth) == (2, 0)
    assert shorter.groups[0].path == ('output, "x" if sort == 1',)
    assert "followed 0 steps back from the output" in str(shorter)
    monkeypatch.setattr(module, "MOST", 5)
    some = errors(chain, inputs, right)
    assert (some.grouped, some.wrong) == (5, shorter.wrong)
    assert "Only those of the smallest inputs are looked at: 5 wrong answers" in str(some)


@settings(max_examples=40, deadline=None)
@given(ANY, st.integers(0, 10**6))
def test_every_wrong_answer_is_in_one_group(made, seed):
    inputs = sample(made, 8, seed, min(made.longest or 5, 5))
    outputs = [run(made, s) for s in inputs]
    other = [run(made, s[::-1]) for s in inputs]
    found = errors(made, inputs, other)
    told = [(c.example, c.position, c.column) for g in found.groups for c in g.cases]
    assert len(set(told)) == len(told)
    if made.when == "every" and len(made.outputs) == 1 and made.types[made.results[0]].values is not None:
        pairs = enumerate(zip(outputs, other, strict=True))
        assert set(told) == {
            (i, j, 0) for i, (a, b) in pairs for j in range(len(a)) if b[j] is not None and a[j] != b[j]
        }
    assert all(g.path for g in found.groups)
    assert json.dumps(found.to_json())
    assert str(found)


def test_several_outputs_are_judged_and_blamed_column_by_column():
    """A program with several outputs could not be judged on a table like its own, and eval and errors disagreed."""
    inputs = [[[5.0, 1], [7.0, 1]], [[1e9, 0], [2.0, 1]]]
    right = [run(TANK, s) for s in inputs]
    assert errors(TANK, inputs, right).wrong == 0
    near = [[[level * (1 + 1e-12), state] for level, state in rows] for rows in right]
    far = [[[rows[0][0], 1 - rows[0][1]], [rows[1][0] + 10 * (i == 0), rows[1][1]]] for i, rows in enumerate(right)]
    for wanted, wrong in ((near, 0), (far, 3)):
        found, figures = errors(TANK, inputs, wanted), evaluation(right, wanted, "every", ["level", "state"])
        assert found.wrong == wrong
        assert figures.figures["token"] == pytest.approx(1 - wrong / 4)
    columns = evaluation(right, far, "every", ["level", "state"]).columns
    assert [columns[name]["token"] for name in ("level", "state")] == [0.75, 0.5]
    groups = {g.path: g for g in errors(TANK, inputs, far).groups}
    assert any(path[-1].startswith("state, ") for path in groups)
    assert {c.column for g in groups.values() for c in g.cases} == {0, 1}
    assert "   state   at position 1" in str(errors(TANK, inputs, far))


def test_positions_that_are_not_scored_do_not_count():
    found = errors(DYCK, [["(", ")"]], [[None, "F"]])
    assert (found.answers, found.wrong) == (1, 1)
