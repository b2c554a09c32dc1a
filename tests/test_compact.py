"""Compact simplification: smaller programs, never worse on validation data, measured and in a front."""

import time
from dataclasses import replace

import numpy as np
import pytest

from pellucid.data.dataset import Dataset
from pellucid.data.vocab import Encoded, Vocab
from pellucid.program.closed_forms import text_size
from pellucid.program.compact import compact
from pellucid.program.compact.bare import add_without_markers
from pellucid.program.compact.fit import Column, distinct_rows, solve, whole
from pellucid.program.compact.graph import Graph, Runs, name
from pellucid.program.compact.measure import accuracies, answers
from pellucid.program.interpret import evaluate, own_tokens, predict
from pellucid.program.ir import (
    Aggregate,
    Evidence,
    Input,
    Lookup,
    Program,
    Readout,
    Select,
    Selection,
)
from pellucid.program.metrics import accuracy
from pellucid.program.predicates import Compare, Match, OneOf
from pellucid.program.verify import all_inputs
from program_samples import program
from random_programs import random_ir

VOCAB = Vocab.of(range(3), range(6), "tagging", 5, markers="both")
INPUTS = list(all_inputs(VOCAB))


def split(vocab, outcome, inputs=None, flip=0.0):
    """Training and validation data of a function, encoded; a share of the training and validation labels wrong."""
    inputs = inputs or list(all_inputs(vocab))
    rng = np.random.default_rng(0)
    inputs = [inputs[i] for i in rng.permutation(len(inputs))]
    data = Dataset(tuple(inputs), tuple(outcome(s) for s in inputs), vocab.kind)
    encoded = vocab.encode(data)
    wrong = rng.random(encoded.labels.shape) < flip
    other = rng.integers(0, len(vocab.labels), encoded.labels.shape)
    labels = np.where(wrong & (encoded.labels >= 0), other, encoded.labels).astype(np.int32)
    part = len(inputs) // 5
    return Encoded(encoded.tokens[part:], labels[part:]), Encoded(encoded.tokens[:part], labels[:part])


def clumsy(right, wrong=0):
    """A program with three heads and a linear readout: `right` gives the label its weight, `wrong` is noise."""
    rng = np.random.default_rng(1)
    labels = VOCAB.labels
    table = tuple((q, tuple(int(k) for k in rng.permutation(7)[:2])) for q in range(7))
    rows = tuple((n, tuple(20 * (label == right(n)) for label in labels)) for n in range(8))
    junk = tuple((t, tuple(map(int, rng.integers(0, wrong + 1, len(labels))))) for t in (*range(3), "<s>", "</s>"))
    same = Match((*(((t, (t,))) for t in range(3)), ("<s>", ("<s>",)), ("</s>", ("</s>",))))
    return program(
        VOCAB,
        ("tokens", Input("tokens")),
        ("positions", Input("positions")),
        ("where", Select("positions", "positions", Match(table), "closest")),
        ("head", Aggregate("where", "take", "tokens")),
        ("all_same", Select("tokens", "tokens", same, "all")),
        ("count", Aggregate("all_same", "count")),
        ("mixed", Lookup(("head", "count"), tuple(((t, n), (t + n) % 3) for t in range(3) for n in range(6)), 0)),
        ("out", Readout(labels, (0,) * len(labels), (Evidence("count", rows, (0,) * len(labels)),
                                                     Evidence("head", junk, (0,) * len(labels))))),
    )  # fmt: skip


def counts(sequence):
    return tuple(sequence.count(token) for token in sequence)


# ---------------------------------------------------------------- parts


@pytest.mark.parametrize("seed", range(40))
def test_a_graph_computes_what_the_interpreter_computes(seed):
    made = random_ir(seed, markers=seed % 2 == 0)
    tokens = made.vocab.encode_inputs(list(all_inputs(made.vocab)))
    graph = Graph(made)
    numbers, runs = graph.add_program(made), Runs(graph, tokens)
    env, valid = evaluate(made, tokens), own_tokens(made, tokens) >= 0
    for a in made:
        if made.types[a.name] == Selection("all"):
            continue
        assert graph.kind(numbers[a.name]) == made.types[a.name]
        ours, theirs = runs.codes(numbers[a.name]), env[a.name]
        assert (ours == theirs if theirs.ndim == 1 else (ours == theirs)[valid]).all(), a


def test_equal_nodes_are_one_and_a_change_reaches_all_readers():
    made = clumsy(lambda n: n)
    graph = Graph(made)
    numbers = graph.add_program(made)
    assert graph.add_program(made) == numbers
    size = len(graph.nodes)
    other = graph.changed(numbers["out"], {numbers["head"]: numbers["tokens"]})
    assert len(graph.nodes) == size + 1  # the readout; the other table is no part of the output
    assert name(numbers["head"]) not in {a.name for a in graph.program(other)}
    assert graph.changed(other, {}) == other


def test_a_node_that_cannot_read_what_it_is_given_is_refused_again():
    graph = Graph(clumsy(lambda n: n))
    for _ in range(2):
        with pytest.raises(ValueError, match="order needs"):
            graph.add(Select("n0", "n0", Compare("<"), "all"))


@pytest.mark.parametrize("how", ["any", "before"])
def test_without_markers_positions_still_mean_the_same(how):
    made = program(
        VOCAB,
        ("tokens", Input("tokens")),
        ("positions", Input("positions")),
        ("there", Select("positions", "positions", Match(((1, (2, 3)), (3, (1,))), (1, 2)), "all", how)),
        ("near", Aggregate("there", "count")),
        ("two", Select("tokens", "positions", OneOf((2, 4)), "all", how)),
        ("from_two", Aggregate("two", "count")),
        ("table", Lookup(("positions", "near"), (((1, 2), 5), ((3, 1), 4)), 0)),
        ("sum", Select("positions", "table", Compare(">", 1), "all", how)),
        ("more", Aggregate("sum", "count")),
        ("out", Lookup(("table", "from_two", "more"), (((5, 2, 3), 1), ((4, 1, 0), 2)), 3)),
    )
    inputs = [s for s in INPUTS if len(s) == VOCAB.max_length]
    graph = Graph(replace(made, markers=False))
    numbers = add_without_markers(graph, made)
    env = evaluate(made, VOCAB.encode_inputs(inputs))
    runs = Runs(graph, VOCAB.encode_inputs(inputs))
    for which in ("near", "from_two", "table"):
        values, own = graph.kind(numbers[which]).values, made.types[which].values
        ours = [[values[c] for c in row] for row in runs.codes(numbers[which])]
        assert ours == [[own[c] for c in row[1:-1]] for row in env[which]]


def test_readout_weights_become_whole_numbers_that_decide_alike():
    rng = np.random.default_rng(0)
    codes, numbers = rng.integers(0, 4, 3000), rng.integers(0, 9, 3000)
    label = np.where(numbers > 5, 2, np.where(codes == 1, 1, 0))
    columns = [Column(codes, 4), Column(numbers, 9, np.arange(9.0))]
    rows = distinct_rows(columns, np.eye(3)[label])
    assert rows.counts.sum() == 3000
    assert len(rows.x) == 36
    weights, _ = solve(rows, steps=400)
    integers = whole(rows, columns, weights, 3000)
    assert rows.correct(weights) == 3000
    scaled = integers.astype(float)
    scaled[4] *= 8  # features of plain numbers are at most 1
    assert rows.correct(scaled) == 3000
    assert np.abs(integers).max() < 5000


@pytest.mark.parametrize("seed", range(16))
def test_accuracies_are_those_of_the_metrics(seed):
    made = random_ir(seed, markers=seed % 2 == 0)
    vocab = made.vocab
    rng = np.random.default_rng(seed)
    inputs = list(all_inputs(vocab))[:200]
    if vocab.kind == "tagging":
        outputs = tuple(tuple(str(rng.choice(["p", "q"])) for _ in s) for s in inputs)
    else:
        outputs = tuple(str(rng.choice(["p", "q"])) for _ in inputs)
    data = Dataset(tuple(inputs), outputs, vocab.kind)
    wanted = accuracy(predict(made, inputs), data)
    assert accuracies(made, vocab.encode(data)) == pytest.approx((wanted["token"], wanted["sequence"]))


# ---------------------------------------------------------------- the whole


def test_a_clumsy_count_becomes_one_line_and_the_front_goes_on_below():
    made = clumsy(lambda n: n)
    train, valid = split(VOCAB, counts)
    found = compact(made, train, valid, work=9000)
    assert found.given.size == text_size(made)
    assert found.chosen.size <= 30
    assert (found.chosen.token, found.chosen.sequence) == (1.0, 1.0)
    assert not found.chosen.program.markers
    assert predict(found.chosen.program, INPUTS) == [list(counts(s)) for s in INPUTS]
    sizes, tokens = [c.size for c in found.front], [c.token for c in found.front]
    assert sizes == sorted(sizes, reverse=True)
    assert tokens == sorted(tokens, reverse=True)
    assert not any(a.beats(b) for a in found.front for b in found.front)
    assert found.chosen in found.front
    assert found.front[-1].size < found.chosen.size
    assert {name: change.outputs for name, change in found.changes.items()} == {"train": 0, "valid": 0, "domain": 0}


def test_what_was_given_up_is_counted():
    made = clumsy(lambda n: n, wrong=60)
    train, valid = split(VOCAB, counts)
    found = compact(made, train, valid, work=9000)
    assert found.given.token < 1
    told = predict(made, INPUTS), predict(found.chosen.program, INPUTS)
    differ = sum(a != b for x, y in zip(*told, strict=True) for a, b in zip(x, y, strict=True))
    assert differ > 0
    assert found.changes["domain"].outputs == differ
    assert found.changes["domain"].of == sum(map(len, INPUTS))
    assert found.changes["train"].outputs + found.changes["valid"].outputs == differ  # together they are all inputs
    assert found.chosen.token >= found.given.token
    assert found.chosen.sequence >= found.given.sequence


def test_wrong_labels_do_not_hide_the_short_program():
    train, valid = split(VOCAB, counts, flip=0.05)
    found = compact(clumsy(lambda n: n), train, valid, work=9000)
    assert found.chosen.size <= 30
    assert predict(found.chosen.program, INPUTS) == [list(counts(s)) for s in INPUTS]


@pytest.mark.parametrize(
    ("outcome", "size"),
    [
        (lambda s: tuple(reversed(s)), 80),
        (lambda s: tuple(sorted(s)), 110),
        (lambda s: tuple(s[: i + 1].count(1) - s[: i + 1].count(2) + 2 for i in range(len(s))), 110),
    ],
    ids=["reverse", "sort", "difference"],
)
def test_unseen_tasks_from_a_program_that_does_not_solve_them(outcome, size):
    vocab = Vocab.of(range(3), range(-3, 8), "tagging", 5)
    found = compact(replace(clumsy(lambda n: n), vocab=vocab), *split(vocab, outcome), work=9000)
    assert found.chosen.token == 1.0
    assert found.chosen.size <= size


def test_the_same_again():
    train, valid = split(VOCAB, lambda s: tuple(max(s[: i + 1]) for i in range(len(s))))
    runs = [compact(clumsy(lambda n: n), train, valid, work=5000) for _ in range(2)]
    assert runs[0] == runs[1]


def test_without_time_the_given_program_is_kept_in_a_shorter_form():
    made = clumsy(lambda n: n)
    found = compact(made, *split(VOCAB, counts), end=time.monotonic() - 1)
    assert found.chosen.size < found.given.size
    assert predict(found.chosen.program, INPUTS) == predict(made, INPUTS)


def test_classifiers_add_up_their_positions():
    vocab = Vocab.of("abc", ("few", "many"), "classification", 6)
    rows = tuple((t, (0, 3) if t == "a" else (1, 0)) for t in "abc")
    noise = (("n", tuple((q, (q % 5,)) for q in range(7))),)
    made = program(
        vocab,
        ("tokens", Input("tokens")),
        ("positions", Input("positions")),
        ("where", Select("positions", "positions", Match(noise[0][1]), "closest")),
        ("head", Aggregate("where", "take", "tokens")),
        ("out", Readout(("few", "many"), (0, 0), (Evidence("tokens", rows, (0, 0)),
                                                  Evidence("head", (("c", (0, 0)), ("b", (1, 1))), (0, 0))), (), True)),
    )  # fmt: skip
    train, valid = split(vocab, lambda s: "many" if 3 * s.count("a") > len(s) - s.count("a") else "few")
    found = compact(made, train, valid, work=9000)
    assert found.given.token == 1.0
    assert found.chosen.token == 1.0
    assert found.chosen.size < found.given.size
    assert found.changes["domain"].of == len(list(all_inputs(vocab)))


def test_a_program_of_the_search_learner_goes_in_as_well():
    same = ("at", Select("tokens", "tokens", Compare("=="), "all"))
    pairs = (("tokens", Input("tokens")), same, ("output", Aggregate("at", "count")))
    made = Program(VOCAB, program(VOCAB, *pairs).assignments, "output", markers=False, unbounded=True)
    found = compact(made, *split(VOCAB, counts), work=4000)
    assert found.chosen.program.unbounded
    assert found.chosen.size == found.given.size
    assert found.chosen.token == 1.0


def test_answers_are_minus_one_where_there_is_no_token():
    made = clumsy(lambda n: n)
    told = answers(made, VOCAB.encode_inputs([(0,), (1, 1, 2)]))
    assert told.tolist() == [[1, -1, -1, -1, -1], [2, 2, 1, -1, -1]]
