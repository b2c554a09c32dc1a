"""What a run tells of its candidates: choice, front, table, certificate, and a candidate taken later."""

import json
from dataclasses import replace

import pytest

from made_folders import call, folder_of, learned_of, problem_of, rows_of, said_by
from pellucid import folder, load
from pellucid.candidates import best_of, front, table
from pellucid.certificate import Story, certificate
from pellucid.cli.learning import summary
from pellucid.data.data import Data
from pellucid.errors import PellucidError
from pellucid.language.expressions import Apply, Cases, Const, Var
from pellucid.language.nodes import Input, Let
from pellucid.learners.turns import Turns
from pellucid.verify import Verdict
from pellucid.writing import picked
from verify_samples import COUNTS, DIGITS, HIST, made

INPUTS = [[0, 1], [1, 1], [2, 2, 3], [4], [0, 4, 0]]
LONG = [[1] * 9]
RIGHT = {"token": 1.0, "sequence": 1.0}
# says nothing of positions that it was not made for
FIRST = Let(Cases(((Apply("==", (Var("p"), Const(0))), Const(1)),), Const(2)))
PLACES = made(DIGITS, ("p", Input("", "position")), ("y", FIRST), longest=5)


def scored(candidate, nodes, share, **rest):
    score = {"token": share, "sequence": share}
    return replace(candidate, nodes=nodes, scores=dict.fromkeys(("train", "valid", "test"), score), **rest)


@pytest.fixture(scope="module")
def rows():
    """Two programs on data that the first gets right."""
    return rows_of(problem_of(said_by(HIST, INPUTS), test=Data.of([[2], [3]], [[1], [2]])), HIST, COUNTS)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A learned folder with two candidates, the first chosen."""
    return folder_of(tmp_path_factory.mktemp("candidates") / "learned", INPUTS, HIST, COUNTS)


# ---------------------------------------------------------------- choice


def test_without_an_error_the_shortest_wins_whoever_found_it(rows):
    big, small = scored(rows[0], 90, 1.0), scored(rows[1], 40, 1.0, learner="later")
    assert best_of([big, small], "exact") is small
    assert best_of([big, scored(small, 20, 0.99)], "exact") is big


def test_within_chance_an_earlier_learner_wins(rows):
    early = scored(rows[0], 50, 0.90, examples=100)
    late = scored(rows[1], 50, 0.92, examples=100, learner="later")
    assert best_of([early, late], "exact") is early
    assert best_of([replace(c, examples=100_000) for c in (early, late)], "exact").learner == "later"


def test_compact_takes_the_smallest_that_is_as_good(rows):
    whole, small = scored(rows[0], 90, 0.90), scored(rows[0], 30, 0.90, given_up={})
    worse = scored(rows[0], 10, 0.80, given_up={})
    assert best_of([whole, small, worse], "compact") is small
    assert best_of([whole, worse], "compact") is whole


def test_a_law_that_is_nearer_wins_among_approximations(rows):
    told = [{"token": 0.5, "sequence": 0.0, "mse": 1e-2}, {"token": 0.1, "sequence": 0.0, "mse": 1e-6}]
    far, near = (replace(rows[0], scores={"train": t, "valid": t, "test": t}) for t in told)
    assert best_of([far, near], "exact") is near
    assert far.quality < near.quality < scored(rows[0], 1, 0.0).quality


def test_test_data_never_choose(rows):
    one, two = (replace(scored(rows[0], n, 1.0), scores={**scored(rows[0], n, 1.0).scores, "test": score})
                for n, score in ((30, {"token": 0.0, "sequence": 0.0}), (40, RIGHT)))  # fmt: skip
    assert best_of([one, two], "exact") is one


def test_the_front_holds_what_no_other_beats(rows):
    better, small, beaten = scored(rows[0], 90, 0.9), scored(rows[0], 20, 0.5), scored(rows[1], 95, 0.8)
    assert front([better, small, beaten], better) == [small, better]
    assert front([better, small, beaten], beaten) == [small, better, beaten]
    many = [scored(rows[0], n, n / 100) for n in range(1, 20)]
    assert len(front(many, many[0])) == 12
    assert many[0] in front(many, many[0])


# ---------------------------------------------------------------- longer inputs, table, summary, certificate


def test_what_is_refused_is_told_in_rows_table_and_summary(tmp_path):
    told = problem_of(said_by(PLACES, INPUTS), **{"long.jsonl": said_by(HIST, LONG)})
    one, two = rows_of(told, replace(PLACES, longest=None), HIST)
    bounded = replace(one, longer={"long.jsonl": None})
    assert (bounded.reach, bounded.exact) == (0.0, False)
    assert two.to_json()["longer"] == {"long.jsonl": RIGHT}
    lines = table([bounded.to_json(), two.to_json()], 1).splitlines()
    assert lines[0].split() == ["#", "nodes", "valid", "tokens", "sequences", "at", "long.jsonl", "learner"]
    assert lines[1].split()[0] == "->"
    assert "refused" in lines[1]
    assert "100.00%" in lines[2]
    text = summary(learned_of(told, [bounded, two]), tmp_path, None)
    assert "  long.jsonl refused" in text.splitlines()


def test_a_program_that_refuses_longer_inputs_is_judged_so():
    closed = made(DIGITS, ("n", Input("", "length")), ("y", Let(Apply("+", (Var("n"), Var("x"))))), longest=5)
    (row,) = rows_of(problem_of(said_by(closed, INPUTS), long=said_by(closed, LONG)), closed)
    assert row.longer == {"long": RIGHT}
    assert row.exact


@pytest.mark.parametrize(
    ("longer", "told"),
    [
        ({}, "Longer inputs: not measured."),
        ({"2N": None}, "On longer inputs, 2N: refused."),
        ({"2N": RIGHT}, "On longer inputs, 2N: tokens 100.000%   sequences 100.000%."),
    ],
)
def test_the_certificate_says_what_was_measured_on_longer_inputs(longer, told):
    text = certificate(HIST, Story("data", 0, "search", {"valid": RIGHT}, longer, True))
    assert told in text.splitlines()


@pytest.mark.parametrize(
    ("story", "told"),
    [
        ({"exact": True}, "No errors on any of its data."),
        ({"exact": False}, "Not without errors: an approximation, with those below."),
        ({"cut_short": ["evolve"]}, "Cut short, before all of its work was done: evolve."),
        ({"given_up": {"valid": {"changed": 3, "of": 10}}}, "differs from it in 3 of 10 outputs on valid data."),
        ({"given_up": {}}, "Picked from the candidates of a run;"),
        ({"verdict": Verdict(7, 0, True, 0.0)}, "Verified: "),
        ({"details": ["Found by luck."]}, "Found by luck."),
    ],
)
def test_the_certificate_tells_its_story(story, told):
    given = {"exact": True, **story}
    text = certificate(HIST, Story("data", 3, "search", {"valid": RIGHT}, {}, **given))
    assert told in " ".join(text.split())
    assert text.startswith("data: a program learned by pellucid (search, seed 3).\n")
    assert "Longest input: 5 positions in training; longer ones are taken." in text
    assert "Input x: 0, 1, 2, 3, 4; others are refused." in text


def test_a_program_for_one_position_says_so():
    assert "Longest input: 1 position in" in certificate(
        replace(HIST, longest=1), Story("data", 0, "search", {}, {}, True)
    )


def test_a_run_that_was_cut_short_says_so(rows, tmp_path):
    turns = Turns(report={"evolve": {"stopped": "budget spent"}, "cases": {"seconds": 0.1}})
    found = learned_of(problem_of(said_by(HIST, INPUTS)), rows, turns=turns)
    assert found.report["cut_short"] == ["evolve"]
    assert "Cut short, before all of its work was done: evolve." in found.source
    assert "cut short, before all of its work was done: evolve" in summary(found, tmp_path, None)


# ---------------------------------------------------------------- picking


def test_a_candidate_taken_later_has_its_test_figures_and_no_seconds(rows, tmp_path):
    old = learned_of(problem_of(said_by(HIST, INPUTS)), rows)
    new = picked(old, 2)
    assert new.report["accuracy"] == rows[1].scores
    assert new.report["picked"] == 2
    assert new.run([4, 4]) == [1, 1]
    assert "Picked from the candidates of a run" in str(new)
    assert summary(new, tmp_path, 2).splitlines()[0] == "made.jsonl (evolve, seed 0): candidate 2"
    assert " s" in summary(old, tmp_path, None).splitlines()[0]
    assert picked(old, 1) is old


def test_pick_on_a_folder_writes_another(place, tmp_path):
    table = json.loads((place / "front.json").read_text())
    other = 3 - table["chosen"]
    assert len(table["candidates"]) == 2
    done = call("learn", place, "--pick", other, "--out", tmp_path / "b")
    assert f"candidate {other}" in done.output
    assert load(tmp_path / "b").report["picked"] == other
    assert json.loads((tmp_path / "b/front.json").read_text())["chosen"] == other
    assert call("verify", tmp_path / "b").exit_code == 0
    again = call("learn", tmp_path / "b", "--pick", other, "--out", tmp_path / "c", "--quiet")
    assert (tmp_path / "c/program.py").read_text() == (tmp_path / "b/program.py").read_text(), again.output


def test_pick_of_no_candidate_writes_nothing(place, tmp_path):
    done = call("learn", place, "--pick", 99, "--out", tmp_path / "b")
    assert done.exit_code == 2
    assert done.stderr == "error: --pick 99: there are 2 candidates\n"
    assert not list(tmp_path.iterdir())


def test_one_candidate_is_singular(rows):
    alone = learned_of(problem_of(said_by(HIST, INPUTS)), rows[:1])
    with pytest.raises(PellucidError, match=r"--pick 2: there is 1 candidate$"):
        picked(alone, 2)


def test_a_damaged_front_is_named(place):
    old = load(place)
    found = json.loads(old.files[folder.FRONT])
    other = 3 - found["chosen"]
    found["candidates"][other - 1]["program"] = {"nodes": 1}
    with pytest.raises(PellucidError, match=rf"^front\.json, candidate {other}: "):
        picked(replace(old, files={**old.files, folder.FRONT: folder.dump(found)}), other)
