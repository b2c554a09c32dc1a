"""What a run tells of its candidates: longer inputs, test figures, and a candidate taken later."""

import json
from dataclasses import replace

import pytest

from inspect_samples import COUNTS, HIST, call, write_folder
from pellucid import folder, load
from pellucid.data.dataset import Dataset, Splits
from pellucid.errors import PellucidError
from pellucid.first.candidates import Candidate, best_of_texts, judged, longer_scores, table
from pellucid.first.certificate import certificate
from pellucid.first.cli import _summary
from pellucid.old_problem import Problem
from pellucid.pipeline import picked
from pellucid.program.ir import Aggregate
from pellucid.program.verify import Verdict
from pellucid.settings import Settings
from program_samples import plain

RIGHT = {"token": 1.0, "sequence": 1.0}
BOUNDED = replace(HIST, unbounded=False)


def hist(*inputs):
    return Dataset(inputs, tuple(tuple(s.count(t) for t in s) for s in inputs), "tagging")


def problem(**longer):
    splits = Splits(hist((0, 1)), hist((1, 1)), Dataset(((2,), (3,)), ((1,), (2,)), "tagging"))
    return Problem("data.jsonl", splits, HIST.vocab, {}, {}, Settings({}, {}, {}, {}), longer)


def rows_of(*programs, **longer) -> list[Candidate]:
    given = problem(**longer)
    return [judged("search", None, program, given, 1.0) for program in programs]  # pyright: ignore


def learned(place, program, chosen, rows, **report):
    """A folder as `learn` writes it, with a table of candidates."""
    write_folder(place, program)
    told = {"chosen": chosen, "candidates": [row.to_json() for row in rows]}
    (place / folder.FRONT).write_text(folder.dump(told))
    old = json.loads((place / folder.REPORT).read_text())
    size = {"ast_nodes": 1, "lines": 1, "variables": 1}
    old |= {"model": "search", "seed": 0, "accuracy": {"valid": RIGHT}, "seconds": {"total": 99.9}, "size": size}
    old |= {"faithful": Verdict(3905, 0, True, 0.0).to_json(), "given_up": None, "longer": None, **report}
    (place / folder.REPORT).write_text(folder.dump(old))
    return load(place)


def test_the_smallest_within_a_standard_error():
    big, small = rows_of(HIST, COUNTS)
    big, small, tiny = (
        replace(c, nodes=nodes, valid={"token": token, "sequence": token})
        for c, nodes, token in ((big, 90, 0.90), (small, 40, 0.88), (small, 20, 0.80))
    )
    assert best_of_texts([big, small, tiny], "compact", 100) is small
    assert best_of_texts([big, small, tiny], "compact", 100_000) is big
    trained = replace(big, learner="programs", valid={"token": 0.91, "sequence": 0.91})
    assert best_of_texts([trained, big], "exact", 100) is big
    assert best_of_texts([trained, big], "exact", 100_000) is trained


def test_what_is_refused_is_told_in_rows_table_and_summary(tmp_path):
    rows = rows_of(BOUNDED, HIST, **{"long.jsonl": hist((1,) * 9)})
    assert [row.to_json()["longer"] for row in rows] == [{"long.jsonl": None}, {"long.jsonl": RIGHT}]
    assert [row.reach for row in rows] == [0.0, 1.0]
    told = table([rows[0].to_json()], 1).splitlines()
    assert "at long.jsonl" in told[0]
    assert "refused" in told[1]
    summary = _summary(learned(tmp_path / "a", BOUNDED, 1, rows), tmp_path, None).splitlines()
    assert "  long.jsonl refused" in summary
    summary = _summary(learned(tmp_path / "b", HIST, 2, rows, longer=rows[1].longer), tmp_path, None).splitlines()
    assert "  long.jsonl tokens 100.000%   sequences 100.000%" in summary
    assert longer_scores(BOUNDED, {"x": hist((1,) * 9)}) == {}


def test_without_longer_data_it_was_not_measured(tmp_path):
    rows = rows_of(BOUNDED, HIST)
    for i, (program, told) in enumerate([(BOUNDED, "refused"), (HIST, "taken, accuracy not measured")]):
        summary = _summary(learned(tmp_path / str(i), program, i + 1, rows), tmp_path, None).splitlines()
        assert f"  longer inputs: {told}" in summary


@pytest.mark.parametrize(
    ("program", "longer", "told"),
    [
        (BOUNDED, {}, "\nLonger inputs: refused.\n"),
        (HIST, {}, "\nAccuracy on longer inputs: not measured.\n"),
        (HIST, {"2N": RIGHT}, "\nAccuracy on longer inputs, 2N (tokens, whole sequences): 100.00%, 100.00%.\n"),
    ],
)
def test_the_certificate_says_what_was_measured_on_longer_inputs(program, longer, told):
    text = certificate("data", 0, {"valid": RIGHT}, None, program, "search", longer, None)
    assert told in text
    assert sum("onger inputs" in line for line in text.splitlines()) == 1


def test_a_program_for_one_token_says_so():
    short = replace(BOUNDED, vocab=replace(BOUNDED.vocab, max_length=1))
    assert "Longest input: 1 token.\n" in certificate("data", 0, {}, None, short, "search", {}, None)


def test_a_candidate_taken_later_has_its_test_figures_and_no_seconds(tmp_path):
    rows = rows_of(COUNTS, HIST)
    assert rows[1].to_json()["test"] == {"token": 0.5, "sequence": 0.5}
    old = learned(tmp_path / "a", COUNTS, 1, rows)
    new = picked(old, 2)
    assert new.report["accuracy"]["test"] == {"token": 0.5, "sequence": 0.5}
    assert "Accuracy on test data (tokens, whole sequences): 50.00%, 50.00%." in str(new)
    told = _summary(new, tmp_path, 2)
    assert told.splitlines()[0] == "data.jsonl (search, seed 0): candidate 2"
    assert "  test   tokens  50.000%   sequences  50.000%" in told.splitlines()
    assert "99.9" not in told
    assert "99.9 s" in _summary(old, tmp_path, None)
    assert "candidate 2" in call("learn", tmp_path / "a", "--pick", "2", "--out", tmp_path / "b")
    assert "candidate 1" in call("learn", tmp_path / "a", "--pick", "1", "--out", tmp_path / "c")


def test_a_table_without_test_figures_can_still_be_picked_from(tmp_path):
    old = learned(tmp_path / "a", COUNTS, 1, rows_of(COUNTS, HIST))
    found = json.loads(old.files[folder.FRONT])
    for row in found["candidates"]:
        del row["test"]
    new = picked(replace(old, files={**old.files, folder.FRONT: folder.dump(found)}), 2)
    assert list(new.report["accuracy"]) == ["valid"]


def test_one_of_a_thing_is_singular(tmp_path):
    one = plain(HIST.vocab, *((a.name, a.node) for a in HIST), unbounded=True)
    assert isinstance(one["output"], Aggregate)
    told = _summary(learned(tmp_path / "a", one, 1, rows_of(one)), tmp_path, None)
    assert "  program: 1 line, 1 variable, 1 AST node\n" in told
    with pytest.raises(PellucidError, match=r"--pick 2: there is 1 candidate$"):
        picked(load(tmp_path / "a"), 2)
    with pytest.raises(PellucidError, match=r"--pick 3: there are 2 candidates$"):
        picked(learned(tmp_path / "b", HIST, 1, rows_of(HIST, COUNTS)), 3)
