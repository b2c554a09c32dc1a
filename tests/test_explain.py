"""`explain`: the explanation equals the reference, and says what was looked at, what fired, and what decided."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explain_samples import ANY, COUNTS, DYCK, HIST, LAST, MIXED, POOLED, PROGRAMS, SORT, TANK, VOTE, WORDS, program
from pellucid.errors import PellucidError
from pellucid.explain.cells import Cells
from pellucid.explain.explanation import explain, text
from pellucid.explain.words import plain
from pellucid.language import aggregates, operators
from pellucid.language.expressions import Apply, Cases, Table, Var
from pellucid.language.nodes import Aggregate, Column, Input, Let, Select
from pellucid.language.types import whole
from pellucid.semantics import reference
from pellucid.semantics.domain import sample
from pellucid.semantics.reading import read

few = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 10**6)


def one_input(made, seed):
    return sample(made, 1, seed, min(made.longest or 6, 6))[0]


def same(a, b):
    """Equal, of the same type, and what is not a number is equal to itself."""
    return repr(a) == repr(b)


def rows(told):
    """The lines of a table, columns one space apart."""
    return [" ".join(line.split()) for line in str(told).splitlines()]


@few
@given(ANY, seeds)
def test_every_value_pick_rule_and_vote_is_the_references(made, seed):
    sequence = one_input(made, seed)
    found = explain(made, sequence)
    assert same(found.output, reference.run(made, sequence))
    size = len(sequence)
    cells = reference.evaluate(made, read(made, sequence), size)
    for v in found.variables:
        assert same(list(v.values), cells[v.name])
        for i in range(size):
            if v.looked is not None:
                looked, select = v.looked[i], v.node.select
                assert list(looked.compared) == list(reference.positions(select, i, size))
                assert list(looked.matched) == list(reference.picked(select, i, size, cells))
                assert set(looked.picked) <= set(looked.matched)
                if aggregates.AGGREGATES[v.node.how].picks and looked.picked:
                    assert same([cells[v.node.value][j] for j in looked.picked], [v.values[i]])
            if v.numbers is not None:
                check_rule(v, i, lambda name, i=i: cells[name][i])
            if v.votes is not None:
                vote = v.votes[0 if len(v.votes) == 1 else i]
                assert vote.sums[0][0] == v.values[i]
                told = [sum(p.weights[c] - p.weights[-1] for p in vote.pieces) for c in range(len(vote.sums))]
                assert told == [total - vote.sums[-1][1] for _, total in vote.sums]
    json.dumps(found.to_json())
    assert str(found)


def check_rule(v, i, here):
    """The case that is said to have fired gives the value, and it is the first that holds."""
    expression, number = v.node.expression, v.numbers[i]
    if isinstance(expression, Cases):
        tests = [bool(reference.value(test, here)) for test, _ in expression.rules]
        assert number == (tests.index(True) if True in tests else -1)
        outcome = expression.default if number < 0 else expression.rules[number][1]
        assert same(reference.value(outcome, here), v.values[i])
    else:
        assert isinstance(expression, Table)
        assert (expression.default if number < 0 else expression.cases[number][1]) == v.values[i]
    assert v.fired[i].startswith("default: ") == (number < 0)


@few
@given(ANY, seeds, st.data())
def test_an_output_depends_on_nothing_but_the_needed_cells(made, seed, data):
    """Whatever else stands at positions whose input is not needed, the output stays."""
    sequence, other = one_input(made, seed), one_input(made, seed + 1)
    cells = Cells(made, sequence)
    inputs = [a.name for a in made if isinstance(a.node, Input) and a.node.column]
    answer = data.draw(st.sampled_from(cells.answers()))
    needed = cells.needed([answer])
    kept = [any((n, j) in needed for n in inputs) for j in range(len(sequence))]
    changed = [
        step if keep or j >= len(other) else other[j] for j, (step, keep) in enumerate(zip(sequence, kept, strict=True))
    ]
    assert same(Cells(made, changed)[answer], cells[answer])


def test_keys_that_were_compared_and_rejected_count_as_needed():
    found = explain(HIST, [1, 2, 1], 1)
    assert found["token"].used == (True, True, True)
    assert found["output"].used == (True, False, False)
    assert found["output"].looked[0].compared == (0, 1, 2)
    assert found["output"].looked[0].picked == (0, 2)
    assert explain(HIST, [1, 2, 1]).to_json()["variables"][1]["picked"] == [[1, 3], [2], [1, 3]]


def test_of_rules_only_those_tried_are_needed():
    broken = explain(DYCK, [*")(("])
    assert [v.name for v in broken.variables if v.used[0]] == ["token", "step", "depth", "before", "output"]
    assert [v.name for v in broken.variables if v.used[2]] == ["before", "output"]
    assert broken["output"].numbers == (1, 0, 0)
    assert [broken["output"].fired[i] for i in (0, 1)] == ['rule 2: "F" if depth < 0', 'rule 1: "F" if before == "F"']


def test_a_program_with_rules_and_state_is_told_in_a_table():
    assert str(explain(DYCK, [*"())("])).splitlines() == [
        "input   ( ) ) (",
        "output  P T F F",
        "",
        "Variables",
        "  position  1   2   3  4",
        "  token     (   )   )  .   input token",
        '  step      1  -1  -1  .   1 if token == "(", else -1',
        "  depth     1   0  -1  .   sum of step up to the query, else 0",
        '  before    P   P   T  F   output 1 position back, else "P"',
        '  output    P   T   F  F   first of 3 rules that holds, else "P"',
        "    rule    -   3   2  1",
        "",
        "Rules",
        '  output, default: "P"   at 1',
        '  output, rule 3: "T" if depth == 0   at 2',
        '  output, rule 2: "F" if depth < 0   at 3',
        '  output, rule 1: "F" if before == "F"   at 4',
    ]


def test_counts_are_told_with_their_keys_and_formulas_with_the_values_they_read():
    told = rows(explain(COUNTS, [1, 1, 2, 2, 0]))
    assert "keys 1-2 1-2 3-4 3-4 5" in told
    assert "twice 4 4 4 4 1 number of keys where key.count == query.count" in told
    assert "output 2 2 2 2 1 twice // count" in told
    assert "keys none 1 1-2" in rows(explain(SORT, [0, 1, 2]))


def test_votes_for_and_against_each_label():
    found = explain(VOTE, [*"abca"])
    assert found["output"].votes[3].to_json() == {
        "labels": ["z", "y", "x"], "sums": [4, 1, 0],
        "pieces": [{"variable": "place", "position": 4, "value": 1, "weights": [4, 0, 0]},
                   {"variable": None, "position": None, "value": None, "weights": [0, 1, 0]}],
    }  # fmt: skip
    assert 'output, y 4, z 4 (the first label wins a tie): place 1 -4, left "-" +3, always +1 at 1' in rows(found)
    assert "output, x 5, y 1: left a +5, always -1 at 2" in rows(found)
    assert 'where (query.token, key.token) in {("a", "b"), ("b", "a"), ("c", "a")}, else -1' in " ".join(rows(found))


def test_the_vote_of_a_whole_sequence():
    told = rows(explain(POOLED, [*"abb"]))
    assert "no 3, yes 2" in told
    assert "What moved it, no over yes:" in told
    assert "+3 always" in told
    assert "-2 1 a token a" in told
    assert explain(POOLED, [*"abb"]).output == "no"
    assert explain(LAST, [*"ab"])["token"].used == (False, True)


def test_words_are_shown_with_the_class_they_are_read_as():
    found = explain(WORDS, "Who is Zed?")
    assert found.output == "HUM"
    told = rows(found)
    assert told[0] == "input Who is Zed ?"
    assert "written Who Zed ?" in told  # what the second word says moved nothing
    assert "word Who . . input word" in told
    assert "form Xxx Xxx . form of word" in told
    assert found["word"].used == (True,) * 4
    assert "HUM 15, LOC 6, NUM 0" in told
    assert "+5 1 Who word Who" in told
    assert explain(WORDS, ["Who", "is"]).sequence == ("Who", "is")


def test_several_columns_and_outputs():
    found = explain(TANK, [[5.5, 0], [7.25, 1], [-20, 1]])
    told = rows(found)
    assert told[:2] == ["input 5.5,0 7.25,1 -20,1", "output 5.5,0 12.75,1 0,1"]
    assert "keys none 2 2-3" in told
    assert "state 0 1 1 1 if peak > 10, else 0" in told
    assert "largest level up to the query at most 1 position away where key.open, else 0.0" in " ".join(told)
    assert found.results == {"level": "level", "state": "state"}


def test_one_position_alone():
    found = explain(DYCK, [*"(())"], 2)
    assert found["depth"].used == (True, True, False, False)
    assert "position 1 2" in rows(found)
    for wrong in (0, 5, -1):
        with pytest.raises(PellucidError, match=f"position {wrong}: expected a number from 1 to 4"):
            explain(DYCK, [*"(())"], wrong)
    with pytest.raises(PellucidError, match="one output for the whole sequence"):
        explain(POOLED, [*"ab"], 1)


def test_long_inputs_wrap_in_blocks_of_the_width_asked_for():
    told = text(explain(HIST, [0, 1, 2, 3, 4] * 12), width=60)
    assert max(map(len, told.splitlines())) <= 60
    heads = [line.split()[1:] for line in told.splitlines() if line.startswith("  position ")]
    assert len(heads) > 2
    assert [int(n) for head in heads for n in head] == list(range(1, 61))
    assert "12 keys" in told


def test_a_short_input_has_a_short_explanation():
    for name, made in PROGRAMS.items():
        assert len(str(explain(made, one_input(made, 3)[:3])).splitlines()) <= 10 + 3 * len(made.nodes), name


def test_values_that_look_alike_are_told_apart():
    values = (1, "a", "", " ", "two words", "a\nb", None, "-", 1 / 3)
    assert [plain(v) for v in values] == ["1", "a", '""', '" "', "two words", '"a\\nb"', "-", '"-"', "0.333333"]


def test_bad_input_is_refused():
    with pytest.raises(PellucidError, match="unknown token 'x'"):
        explain(DYCK, [*"x"])
    with pytest.raises(PellucidError, match="9 positions are too many"):
        explain(VOTE, [*"abcabcabc"])
    with pytest.raises(PellucidError, match="an empty sequence"):
        explain(POOLED, [*""])
    with pytest.raises(PellucidError, match="3,000 positions; too many to explain"):
        explain(HIST, [1] * 3000)
    assert explain(HIST, []).output == []
    assert str(explain(HIST, []))


def test_a_row_added_to_the_tables_is_told_with_its_words(monkeypatch):
    row = operators.Operator("gcd", (2, 2), lambda a, b: a + b, operators.OPERATORS["+"].rule,
                             operators.OPERATORS["min"].python, "the common divisor of {0} and {1}")  # fmt: skip
    product = aggregates.Aggregation("product", lambda p: 7, lambda t: t, "product of {value}")
    monkeypatch.setitem(operators.OPERATORS, "gcd", row)  # pyright: ignore[reportArgumentType]
    monkeypatch.setitem(aggregates.AGGREGATES, "product", product)  # pyright: ignore[reportArgumentType]
    made = program(
        Column("x", whole()), ("x", Input("x")), ("all", Aggregate(Select(reach="upto"), "product", "x")),
        ("output", Let(Apply("+", (Var("x"), Apply("gcd", (Var("x"), Var("all"))))))),
    )  # fmt: skip
    told = rows(explain(made, [3, 4]))
    assert "all 7 7 product of x up to the query" in told
    assert "output 13 15 x + (the common divisor of x and all)" in told


def test_nothing_is_a_value():
    found = explain(MIXED, [1, 3, 5])
    assert found["only"].values == (None, None, None)
    assert "only . - - token if even, else None" in rows(found)
