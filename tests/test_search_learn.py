"""Searching from the outside: what is found, that it does not depend on the machine, and what happens to bad luck."""

import json
import time

import numpy as np
import pytest

import pellucid
from pellucid.data import Dataset
from pellucid.errors import PellucidError
from pellucid.first.cli import main
from pellucid.old_problem import resolve
from pellucid.search import learn as search_learn
from pellucid.search import pool
from pellucid.search.data import alphabet_of, bank_of, batch_of, numbers_of
from pellucid.search.seek import Data, seek, variant
from pellucid.search.worker import found_json, read_data, write_data


def examples(rule, count: int = 300, tokens=("a", "b", "c"), longest: int = 6, seed: int = 0, noise: float = 0.0):
    rng = np.random.default_rng(seed)
    inputs = [[tokens[i] for i in rng.integers(0, len(tokens), rng.integers(1, longest + 1))] for _ in range(count)]
    outputs = [rule(x) for x in inputs]
    if noise:
        labels = sorted({y for out in outputs for y in out}, key=str)
        outputs = [[labels[rng.integers(len(labels))] if rng.random() < noise else y for y in out] for out in outputs]
    return Dataset.of(inputs, outputs)


def previous(x: list) -> list:
    return ["-", *x[:-1]]


def seen_before(x: list) -> list:
    return ["again" if t in x[:i] else "new" for i, t in enumerate(x)]


def running_parity(x: list) -> list:
    return ["odd" if x[: i + 1].count("a") % 2 else "even" for i in range(len(x))]


def rank(x: list) -> list:
    return [sum(k < t for k in x) for t in x]


def more_than(x: list) -> str:
    return "yes" if x.count("a") > x.count("b") else "no"


def has_both(x: list) -> str:
    return "yes" if "a" in x and "b" in x else "no"


RULES = {"previous": previous, "seen_before": seen_before, "running_parity": running_parity, "rank": rank,
         "has_both": has_both, "more_than": more_than}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_finds_a_short_program_that_holds_for_longer_inputs(name: str) -> None:
    learned = pellucid.learn(examples(RULES[name]), model="search", budget=150)
    assert learned.report["accuracy"]["test"]["token"] == 1.0
    assert learned.report["faithful"]["mismatches"] == 0
    assert learned.report["size"]["ast_nodes"] < 200
    longer = examples(RULES[name], 50, longest=20, seed=9)
    assert learned.evaluate(longer)["token"] == 1.0


def test_a_search_stopped_at_once_has_a_program() -> None:
    learned = pellucid.learn(examples(rank), model="search", budget=1.5)
    assert learned.report["faithful"]["mismatches"] == 0


def test_wrong_labels_do_not_hide_the_clean_program() -> None:
    noisy = examples(rank, 1500, tokens=(0, 1, 2, 3), noise=0.05)
    learned = pellucid.learn(noisy, model="search", budget=45)
    assert learned.evaluate(examples(rank, 300, tokens=(0, 1, 2, 3), seed=3))["token"] == 1.0


def problem():
    return resolve(examples(seen_before), {}, 0)


def data_of(problem) -> Data:
    vocab = problem.vocab
    return Data(batch_of(problem.splits.train, vocab), alphabet_of(vocab), bank_of(vocab), numbers_of(vocab))


def test_the_same_on_one_core_and_two(tmp_path) -> None:
    write_data(tmp_path, data_of(problem()))
    told = []
    for cores in (1, 2):
        jobs = [pool.Job(seed, 4000) for seed in (0, 1)]
        pool.run_jobs(tmp_path, jobs, time.monotonic() + 100, lambda spent, fit: None, cores)
        told.append([job.found for job in jobs])
    assert told[0] == told[1]
    assert any(not f["misses"] for found in told[0] for f in found)


def test_a_worker_reads_what_was_written(tmp_path) -> None:
    data = data_of(problem())
    write_data(tmp_path, data)
    again, library = read_data(tmp_path)
    assert (again.train.tokens == data.train.tokens).all()
    assert (again.train.labels == data.train.labels).all()
    assert again.bank == data.bank
    assert library == []


def test_the_same_seed_finds_the_same() -> None:
    data = data_of(problem())
    runs = [[found_json(f) for f in seek(data, variant(0, data), 0, 1500, lambda effort, fit: None)] for _ in range(2)]
    assert runs[0] == runs[1] != []


def test_a_failing_worker_is_told(tmp_path, monkeypatch) -> None:
    write_data(tmp_path, data_of(problem()))
    (tmp_path / "search.json").write_text("{}")
    with pytest.raises(RuntimeError, match="search worker of seed 7 failed: KeyError"):
        pool.run_jobs(tmp_path, [pool.Job(7, 100)], time.monotonic() + 60, lambda spent, fit: None)


def test_the_budget_cuts_but_keeps_what_was_found() -> None:
    result = search_learn.search(resolve("most_freq", {"size": 500}, 0), 0, time.monotonic() + 8, lambda s, m: None)
    assert result.stopped == "budget spent"
    assert result.seconds < 20


def test_an_interrupt_keeps_what_was_found(monkeypatch) -> None:
    def interrupted(folder, jobs, end, on_progress, cores=None) -> None:
        data, _ = read_data(folder)
        jobs[0].found = [found_json(f) for f in seek(data, variant(0, data), 0, 600, lambda effort, fit: None)]
        raise pool.InterruptedSearchError

    monkeypatch.setattr(search_learn, "run_jobs", interrupted)
    learned = pellucid.learn(examples(seen_before), budget=60)
    assert learned.report["found"]["learners"]["search"]["stopped"] == "interrupted"
    assert learned.report["accuracy"]["valid"]["token"] > 0.5


def test_the_front_can_be_picked_from(tmp_path) -> None:
    learned = pellucid.learn(examples(rank, tokens=(0, 1, 2)), model="search", budget=30, out=tmp_path / "one")
    table = json.loads((tmp_path / "one" / "front.json").read_text())
    assert table["candidates"][table["chosen"] - 1]["ast_nodes"] == learned.report["size"]["ast_nodes"]
    number = 1 if table["chosen"] != 1 or len(table["candidates"]) == 1 else 2
    other = pellucid.learn(tmp_path / "one", pick=number, out=tmp_path / "two")
    assert other.report["size"]["ast_nodes"] == table["candidates"][number - 1]["ast_nodes"]
    assert pellucid.load(tmp_path / "two").verify().faithful
    with pytest.raises(PellucidError, match="--pick 99: there"):
        pellucid.learn(tmp_path / "one", pick=99)


def test_the_report_says_what_random_programs_reach() -> None:
    learned = pellucid.learn(examples(seen_before), budget=30)
    found = learned.report["found"]
    assert found["by"] == "search"
    assert 0 < found["random_programs"]["programs"] <= found["learners"]["search"]["programs"]
    assert "skipped" in found["learners"]["programs"]


def test_a_program_with_a_table_of_counts_refuses_longer_inputs(tmp_path) -> None:
    odd = {1: "p", 2: "x", 3: "q", 4: "p", 5: "q", 6: "x"}
    learned = pellucid.learn(examples(lambda x: [odd[len(x)]] * len(x)), model="search", budget=150)
    assert learned.report["longer"] is None
    assert "Longest input: 6 tokens." in learned.source
    with pytest.raises(PellucidError, match="the longest this vocabulary takes has 6"):
        learned.run(["a"] * 7)


def test_pick_needs_a_number_from_1(capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["learn", "hist", "--pick", "0", "--out", "nowhere"])
    assert ended.value.code == 2
    assert "--pick 0: expected the number of a candidate" in capsys.readouterr().err
