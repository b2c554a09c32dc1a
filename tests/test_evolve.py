"""The search of heads and units: model and program compute the same; what is found does not depend on the machine."""

import json
import time

import numpy as np
import pytest

from pellucid.data.data import Data
from pellucid.data.split import split
from pellucid.language.expressions import Apply, Table, Var, among
from pellucid.language.nodes import NOTHING, Aggregate, Assign, Input, Let, Select
from pellucid.learners.base import Run
from pellucid.learners.columns import program_of
from pellucid.learners.evolve import learn as evolve_learn
from pellucid.learners.evolve import pool
from pellucid.learners.evolve.columns import Columns, Source
from pellucid.learners.evolve.engine import Base, Scored, Searcher, base_columns, live_genes
from pellucid.learners.evolve.genes import Bank, Member
from pellucid.learners.evolve.learn import Coding, Evolve, Searched
from pellucid.learners.evolve.model import fit
from pellucid.learners.evolve.pool import found_json, read_data, write_data
from pellucid.learners.evolve.programs import OUTPUT, decode, starts_from
from pellucid.learners.evolve.readouts import Chain, Copy, Switch, variables_of
from pellucid.learners.evolve.readouts import Table as TableOf
from pellucid.learners.evolve.seek import seek, variant
from pellucid.problem import Problem
from pellucid.semantics import reference
from pellucid.semantics.batch import predict
from pellucid.semantics.scores import figures

KINDS = {
    "numbers": ("every", [0, 1, 2, 5], [0, 1, 2, 3, "none"]),
    "words": ("every", ["a", "b", "nothing"], ["a", "b", "start"]),
    "mixed": ("every", [3, "x"], [3, "y", 7]),
    "classes": ("sequence", ["a", "b", "c"], ["yes", "no"]),
    "two columns": ("every", [("a", 1), ("b", 2), ("a", 3), ("b", 1)], ["a", 2, 4]),
}


def drawn(kind: str, seed: int, count: int = 120) -> Data:
    when, steps, labels = KINDS[kind]
    rng = np.random.default_rng(seed)
    inputs = [[steps[i] for i in rng.integers(0, len(steps), rng.integers(1, 7))] for _ in range(count)]
    if when == "sequence":
        return Data.of(inputs, [labels[i] for i in rng.integers(0, len(labels), count)])
    return Data.of(inputs, [[labels[i] for i in rng.integers(0, len(labels), len(x))] for x in inputs])


def models(kind: str, seed: int):
    """Random programs with every form of readout, fitted on random data."""
    problem = Problem("drawn", split(drawn(kind, seed)), settings={"causal": seed % 3 == 0})
    coding = Coding.of(problem.schema)
    data = coding.data(problem)
    base = Base(tuple(enumerate(coding.sources)), previous=data.train.tagging)
    searcher = Searcher(data.train, coding.alphabet, data.bank, base, seed)
    genes = searcher.filled(())
    scored = searcher.score(genes)
    alive = [n for n, index in enumerate(searcher.columns.of(genes)) if index is not None]
    small = [n for n in alive if searcher.readouts.codes(searcher.columns.of(genes)[n]) is not None]
    rng = np.random.default_rng(seed)
    a, b, c, d = (int(rng.choice(small)) for _ in range(4))
    p = -1 if base.previous else c
    kinds = searcher.kinds_of(genes)
    copies = [Copy(n, "token" if kinds[n] == "token" else "number", 0 if kinds[n] == "token" else 2,
                   1 if kinds[n] == "token" else None) for n in alive]  # fmt: skip
    first = copies[int(rng.integers(len(copies)))]
    readouts = [scored.readout, TableOf((a,)), TableOf((a, p)), Chain((a, b), (c,)), Chain((a, p), (c, d)),
                Chain((a, b), (p, d)), Chain((p, a), (a, c)), *copies,
                Switch(a, ((0, first), (1, 1), (2, 0)))]  # fmt: skip
    if base.previous:
        readouts.append(Switch(-1, ((0, first), (1, 1), (2, 0))))
    for readout in readouts:
        if len(set(getattr(readout, "variables", (0,)))) == len(getattr(readout, "variables", (0,))):
            live = live_genes(genes, variables_of(readout), base.count)
            model = fit(Scored(genes, readout, np.inf, np.inf, live), data.train, searcher)
            program = program_of(problem, decode(model, coding.symbols, coding.labels), (OUTPUT,))
            yield Searched(model, coding, program)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(8))
def test_model_equals_program(kind: str, seed: int) -> None:
    fresh = drawn(kind, seed + 1000, 30)
    for made in models(kind, seed):
        known = [x for x in fresh.sequences if len(x) <= made.program.longest]
        expected = [reference.run(made.program, x) for x in known]
        assert made.predict(known) == expected == predict(made.program, known), made.model.readout


@pytest.mark.parametrize("seed", range(4))
def test_model_equals_program_on_longer_inputs(seed: int) -> None:
    steps = KINDS["numbers"][1]
    rng = np.random.default_rng(seed)
    longer = [tuple(steps[i] for i in rng.integers(0, len(steps), 11)) for _ in range(20)]
    taken = [made for made in models("numbers", seed) if made.program.takes_longer]
    assert taken
    for made in taken:
        assert made.predict(longer) == [reference.run(made.program, x) for x in longer]


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_survives_its_json(kind: str) -> None:
    inputs = [[step] for step in KINDS[kind][1]]
    for made in models(kind, 3):
        config, arrays = made.described()
        again = Evolve.opened(json.loads(json.dumps(config)), arrays, made.program, "here")
        assert again.predict(inputs) == made.predict(inputs)
        assert again.model.genes == made.model.genes


# ---------------------------------------------------------------- what is found


def examples(rule, count: int = 300, tokens=("a", "b", "c"), longest: int = 6, seed: int = 0, noise: float = 0.0):
    rng = np.random.default_rng(seed)
    inputs = [[tokens[i] for i in rng.integers(0, len(tokens), rng.integers(1, longest + 1))] for _ in range(count)]
    outputs = [rule(x) for x in inputs]
    if noise:
        labels = sorted({y for out in outputs for y in out}, key=str)
        outputs = [[labels[rng.integers(len(labels))] if rng.random() < noise else y for y in out] for out in outputs]
    return Data.of(inputs, outputs)


def rank(x: list) -> list:
    return [sum(k < t for k in x) for t in x]


def seen_before(x: list) -> list:
    return ["again" if t in x[:i] else "new" for i, t in enumerate(x)]


def commonest_first(x: list) -> list:
    told = sorted(dict.fromkeys(x), key=lambda t: -x.count(t))
    return told + ["-"] * (len(x) - len(told))


RULES = {
    "previous": lambda x: ["-", *x[:-1]],
    "seen_before": seen_before,
    "running_parity": lambda x: ["odd" if x[: i + 1].count("a") % 2 else "even" for i in range(len(x))],
    "rank": rank,
    "has_both": lambda x: "yes" if "a" in x and "b" in x else "no",
    "more_than": lambda x: "yes" if x.count("a") > x.count("b") else "no",
}


def best(data: Data, **options):
    """The best program that the learner gives, and what it told."""
    run = Run(**options)
    found = filter(None, Evolve().learn(Problem("rule", split(data)), run))
    return min(found, key=lambda one: (one.details["misses"], one.details["price"])), run


def right(found, data: Data) -> float:
    return figures(predict(found.program, data.sequences), data.outputs, data.schema.when)["token"]


@pytest.mark.parametrize("name", RULES)
def test_finds_a_short_program_that_holds_for_longer_inputs(name: str) -> None:
    found, run = best(examples(RULES[name]), effort=0.2)
    assert right(found, examples(RULES[name], 50, longest=20, seed=9)) == 1.0
    assert run.report["stopped"] == "a program is right on all training data"
    assert run.report["programs"] > 0


def test_a_rank_that_leaves_out_what_came_before() -> None:
    problem = Problem("rule", split(examples(commonest_first)))
    data = Coding.of(problem.schema).data(problem)
    first = next(f for f in seek(data, variant(0, data), 0, 6000, lambda effort, fit: None) if not f.misses)
    assert len(first.model.genes) <= 5


@pytest.mark.parametrize("name", ["seen_before", "rank"])
def test_wrong_labels_do_not_hide_the_rule(name: str) -> None:
    data = examples(RULES[name], 600, noise=0.05)
    problem = Problem("rule", split(data))
    found = next(filter(None, Evolve().learn(problem, Run(effort=0.15))))
    assert right(found, data) < 0.99
    assert right(found, examples(RULES[name], 50, longest=20, seed=9)) == 1.0


def test_attention_over_numbers_that_are_no_symbols() -> None:
    rng = np.random.default_rng(0)
    inputs = [[*rng.integers(-400, 400, rng.integers(1, 7)).tolist(), i - 500] for i in range(1200)]
    data = Data.of(inputs, [[int(any(k > t for k in x[i + 1 :])) for i, t in enumerate(x)] for x in inputs])
    assert data.schema.inputs[0].values is None  # too many to be symbols
    found, _ = best(data, effort=0.2)
    assert right(found, data) == 1.0
    assert found.program.takes_longer


def prepared() -> tuple:
    problem = Problem("seen", split(examples(seen_before)))
    return problem, Coding.of(problem.schema).data(problem)


def test_the_same_on_one_core_and_two(tmp_path) -> None:
    write_data(tmp_path, prepared()[1])
    told = []
    for cores in (1, 2):
        jobs = [pool.Job(seed, 4000) for seed in (0, 1)]
        pool.run_jobs(tmp_path, jobs, time.monotonic() + 100, lambda spent, fit: None, cores)
        told.append([[found_json(f) for f in job.found] for job in jobs])
    assert told[0] == told[1]
    assert any(job.exact_at is not None for job in jobs)


def test_a_worker_reads_what_was_written(tmp_path) -> None:
    data = prepared()[1]
    write_data(tmp_path, data)
    again, library = read_data(tmp_path)
    for name in ("values", "valid", "labels"):
        assert (getattr(again.train, name) == getattr(data.train, name)).all()
    assert again.bank == data.bank
    assert again.sources == data.sources
    assert library == ()


def test_the_same_seed_finds_the_same() -> None:
    data = prepared()[1]
    runs = [[found_json(f) for f in seek(data, variant(0, data), 0, 1500, lambda effort, fit: None)] for _ in range(2)]
    assert runs[0] == runs[1] != []


def test_a_failing_worker_is_told(tmp_path) -> None:
    write_data(tmp_path, prepared()[1])
    (tmp_path / "search.json").write_text('{"is": "Nobody"}')
    with pytest.raises(RuntimeError, match="search worker of seed 7 failed: KeyError"):
        pool.run_jobs(tmp_path, [pool.Job(7, 100)], time.monotonic() + 60, lambda spent, fit: None)


def test_the_number_of_cores_asked_for_is_used_without_affinity(monkeypatch) -> None:
    monkeypatch.delattr(pool.os, "sched_getaffinity", raising=False)
    assert pool.available_cores() == (pool.os.cpu_count() or 1)


def test_the_budget_cuts_but_keeps_what_was_found() -> None:
    found, run = best(examples(lambda x: [int("".join(map(str, map(ord, x)))) % 7] * len(x)),
                      deadline=time.monotonic() + 3)  # fmt: skip
    assert run.report["stopped"] == "budget spent"
    assert found.program.outputs


def test_an_interrupt_keeps_what_was_found(monkeypatch) -> None:
    def interrupted(folder, jobs, end, on_progress, cores=None) -> None:
        data, _ = read_data(folder)
        jobs[0].found = list(seek(data, variant(0, data), 0, 600, lambda effort, fit: None))
        raise pool.InterruptedSearchError

    monkeypatch.setattr(evolve_learn, "run_jobs", interrupted)
    found, run = best(examples(seen_before), effort=0.1)
    assert run.report["stopped"] == "interrupted"
    assert right(found, examples(seen_before)) > 0.5


def test_what_it_does_not_take() -> None:
    def refused(step, label):
        data = Data.of([[step] * (i + 1) for i in range(12)], [[label] * (i + 1) for i in range(12)])
        return Evolve().refuses(Problem("data", split(data)))

    assert refused(0.5, "a") == "inputs that are not whole numbers"
    assert refused("a", 0.5) == "outputs of more than 500 values"
    assert refused("a", "b") is None


# ---------------------------------------------------------------- pieces of other programs


def trained(*pairs):
    problem = Problem("x", split(examples(rank)))
    assigns = [Assign("tokens", Input("x")), *(Assign(*pair) for pair in pairs)]
    return problem, program_of(problem, assigns, (pairs[-1][0],))


def same(*names: str) -> Select:
    return Select(Apply("==", (Var("k"), Var("q"))), names, names)


def base_of(coding: Coding) -> Base:
    return Base(tuple(enumerate(coding.sources)), False)


def test_the_last_piece_is_the_variable() -> None:
    more = Select(Apply(">", (Var("k"), Var("q"))), ("same",), ("same",), "upto")
    problem, program = trained(("same", Aggregate(same("tokens"), "count")), ("more", Aggregate(more, "count")))
    coding = Coding.of(problem.schema)
    base = base_of(coding)
    start = starts_from(program, base, coding.symbols, Bank(3, False).reaches)[0]
    inputs = [["a", "b", "a"], ["c", "c", "c", "a", "b", "b"]]
    batch = coding.inputs({"x": inputs})
    columns = Columns(batch, 3, base_columns(batch, base, True))
    index = columns.of(start)[-1]
    assert index is not None
    found = [columns.found[index].values[: len(x), i].tolist() for i, x in enumerate(inputs)]
    assert found == [reference.run(program, x) for x in inputs]
    assert len(start) == 2


def test_what_no_gene_can_say_is_left_out() -> None:
    problem, program = trained(
        ("as_", Aggregate(Select(among(Var("k"), ["a"]), (), ("tokens",)), "count")),
        ("table", Let(Table((Var("as_"), Var("tokens")), (((1, "a"), 3),), 0))),
        ("ts", Aggregate(same("table"), "count")),
    )
    coding = Coding.of(problem.schema)
    starts = starts_from(program, base_of(coding), coding.symbols, Bank(3, False).reaches)
    assert {len(genes) for genes in starts} == {1, 2}
    assert any(gene == Member(0, frozenset([0]), False) for genes in starts for gene in genes)


def test_what_is_nothing_is_not_picked() -> None:
    """A head over a symbol that may be missing skips it, as the language does."""
    before = Aggregate(Select(reach="before"), "last", "tokens", NOTHING)
    problem, program = trained(("before", before), ("firsts", Aggregate(Select(), "first", "before", NOTHING)))
    assert reference.run(program, ["a", "b"]) == ["a", "a"]
    assert Source("token", "x") in Coding.of(problem.schema).sources
