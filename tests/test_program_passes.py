"""Passes preserve the outputs on the whole domain; names, JSON and emitted text of random programs."""

import itertools
import json
import keyword
import os
import subprocess
import sys
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pellucid.data.vocab import Vocab
from pellucid.learners.transformer.programs.hardened import predict as predict_hard
from pellucid.program.bounds import Bounded
from pellucid.program.emit import emit
from pellucid.program.facts import Observed, pointwise
from pellucid.program.formula import Apply, Const, Var
from pellucid.program.interpret import predict
from pellucid.program.ir import Aggregate, Assign, Evidence, Formula, Input, Lookup, Readout, Select
from pellucid.program.names import RESERVED, with_readable_names
from pellucid.program.predicates import Compare, OneOf
from pellucid.program.serialise import dumps, loads
from pellucid.program.simplify import PASSES, drop_unused, merge_equal, simplify
from program_samples import loaded, program, random_program, run_lines

seeds = st.integers(0, 10**6)
few = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def domain(vocab):
    return [s for n in range(1, vocab.max_length + 1) for s in itertools.product(vocab.tokens, repeat=n)]


def all_facts(vocab):
    return Observed(vocab.encode_inputs(domain(vocab)), len(vocab.tokens)), Bounded()


@few
@given(seeds)
def test_extraction_equals_the_hard_model(seed):
    hard, given_program = random_program(seed)
    vocab = given_program.vocab
    inputs = domain(vocab)
    told = vocab.decode(predict_hard(hard, vocab.encode_inputs(inputs)), inputs)
    expected = [row if isinstance(row, str | int) else list(row) for row in told]
    assert predict(given_program, inputs) == expected


@few
@given(seeds)
def test_each_pass_alone_preserves_the_outputs(seed):
    _, before = random_program(seed)
    expected = predict(before, domain(before.vocab))
    for facts in all_facts(before.vocab):
        for step in dict.fromkeys(PASSES):
            assert predict(step(before, facts), domain(before.vocab)) == expected, step.__name__


@few
@given(seeds)
def test_simplify_preserves_repeats_and_settles(seed):
    _, before = random_program(seed)
    for facts, fresh in zip(all_facts(before.vocab), all_facts(before.vocab), strict=True):
        after = simplify(before, facts)
        assert predict(after, domain(before.vocab)) == predict(before, domain(before.vocab))
        assert simplify(before, fresh) == after
        assert simplify(after, facts) == after
        assert len(after.assignments) <= len(before.assignments)
        assert drop_unused(after) == after


@few
@given(seeds)
def test_text_and_json_equal_the_program(seed):
    _, before = random_program(seed)
    inputs = domain(before.vocab)
    for variant in (before, simplify(before, all_facts(before.vocab)[seed % 2])):
        assert loads(dumps(variant)) == variant
        run = loaded(emit(variant, "x"))["run"]
        assert [run(s) for s in inputs] == predict(variant, inputs)


@few
@given(seeds)
def test_names_are_valid_unique_and_only_names(seed):
    _, before = random_program(seed)
    before = drop_unused(before)
    named = with_readable_names(before)
    names = [a.name for a in named]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and not keyword.iskeyword(name) and name not in RESERVED for name in names)
    assert with_readable_names(before) == named
    assert predict(named, domain(before.vocab)) == predict(before, domain(before.vocab))
    emit(named)


def test_emitted_programs_are_formatted_and_clean(tmp_path):
    for seed in range(24):
        _, before = random_program(seed)
        after = simplify(before, all_facts(before.vocab)[0]) if seed % 3 else drop_unused(before)
        text = emit(with_readable_names(after), f"Random program {seed}.\n\nSecond paragraph.")
        (tmp_path / f"p{seed}.py").write_text(text)
    for command in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", str(tmp_path)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[:2000]


def test_the_text_does_not_depend_on_the_order_of_sets():
    code = (
        "from test_program_passes import *\n"
        "swap = Lookup(('tokens',), ((('a',), 'b'), (('b',), 'a')), '?')\n"
        "for before in (*(random_program(seed)[1] for seed in (1, 5, 11)), program(VOCAB, TOKENS, ('out', swap))):\n"
        "    for facts in all_facts(before.vocab):\n"
        "        after = simplify(before, facts)\n"
        "        print(dumps(after), emit(with_readable_names(after), 'x'))\n"
    )
    texts = set()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        texts.add(done.stdout)
    assert len(texts) == 1
    assert "def run(" in texts.pop()


def test_a_random_program_as_a_user_runs_it(tmp_path):
    for seed in (1, 2, 8):
        _, before = random_program(seed)
        inputs = domain(before.vocab)
        done = run_lines(emit(before, ""), map(json.dumps, inputs), tmp_path)
        assert [json.loads(line) for line in done.stdout.splitlines()] == predict(before, inputs)


# ---------------------------------------------------------------- cases that random programs seldom meet

VOCAB = Vocab.of("ab", "ab", "tagging", 3)
TOKENS, POSITIONS, ONES = ("tokens", Input("tokens")), ("positions", Input("positions")), ("ones", Input("ones"))


def assert_simplifies(before):
    for facts in all_facts(before.vocab):
        expected = predict(before, domain(before.vocab))
        for step in PASSES:
            assert predict(step(before, facts), domain(before.vocab)) == expected, step.__name__
        assert predict(simplify(before, facts), domain(before.vocab)) == expected


def test_a_key_is_read_at_markers_too():
    # `kind` differs from a constant at the begin marker only, and the selector sees that.
    before = program(
        VOCAB, TOKENS, ("kind", Lookup(("tokens",), ((("<s>",), "m"),), "u")),
        ("same", Select("kind", "kind", OneOf(("m",)), "all")), ("marks", Aggregate("same", "count")),
        ("out", Lookup(("marks", "kind"), (((1, "u"), "a"),), "b")),
    )  # fmt: skip
    assert "kind" not in pointwise(before)
    assert "marks" in pointwise(before)
    assert predict(before, ["ab"]) == [["a", "a"]]
    assert_simplifies(before)


def test_merging_at_the_users_positions_spares_what_a_key_reads():
    # `twin` equals `mark` everywhere, both equal `plain` at the user's positions only; a key reads `twin`.
    before = program(
        VOCAB, TOKENS, POSITIONS, ("plain", Lookup(("tokens",), ((("<s>",), "a"),), "u")),
        ("mark", Lookup(("tokens",), ((("<s>",), "m"),), "u")),
        ("twin", Lookup(("positions",), (((0,), "m"),), "u")),
        ("where", Select("tokens", "twin", OneOf(("m",)), "all")), ("hits", Aggregate("where", "count")),
        ("out", Lookup(("hits", "mark", "plain"), (((1, "u", "u"), "a"),), "b")),
    )  # fmt: skip
    assert predict(before, ["ab"]) == [["a", "a"]]
    facts = all_facts(VOCAB)[0]
    assert predict(merge_equal(before, facts), domain(VOCAB)) == predict(before, domain(VOCAB))
    assert_simplifies(before)


def test_weights_of_a_variable_scaled_twice_add_up():
    before = program(
        VOCAB, TOKENS, POSITIONS,
        ("out", Readout(("a", "b"), (0, 5), (), (("positions", (3, 0)), ("positions", (0, 1))))),
    )  # fmt: skip
    assert predict(before, ["aaa"]) == [["b", "b", "a"]]
    assert_simplifies(before)


def test_evidence_given_twice_adds_up():
    piece = Evidence("tokens", (("a", (2, 0)),), (0, 1))
    before = program(VOCAB, TOKENS, ("out", Readout(("a", "b"), (0, 3), (piece, piece))))
    assert predict(before, ["ab"]) == [["a", "b"]]
    assert_simplifies(before)


def test_facts_follow_a_variable_that_comes_back():
    def build(case, *rest):
        return program(VOCAB, TOKENS, ("low", Lookup(("tokens",), ((("a",), case),), 0)), *rest)

    facts = all_facts(VOCAB)[0]
    high = ("high", Lookup(("low",), (((1,), "x"),), "y"))
    assert len(facts.tuples(build(1, high), ["high"])) == 2
    facts.tuples(build(2), ["low"])
    again = build(2, high)
    codes = facts.tuples(again, ["high"])
    assert [again.types["high"].values[int(c)] for (c,) in codes] == ["y"]


def test_many_values_are_told_apart():
    # More distinct values than 16 bits hold.
    before = program(
        VOCAB, TOKENS, POSITIONS, ("big", Formula(Apply("*", Var("positions"), Const(40_000)))),
        ("out", Lookup(("big",), (((80_000,), "a"),), "b")),
    )  # fmt: skip
    assert predict(before, ["aaa"]) == [["b", "a", "b"]]
    assert_simplifies(before)


@few
@given(st.data())
def test_formulas_over_random_trees(data):
    leaves = st.sampled_from(["positions", "count"]).map(Var) | st.integers(-5, 5).map(Const)
    constant = st.integers(-5, 5).filter(bool).map(Const)

    def grow(inner):
        plain = st.builds(Apply, st.sampled_from(["+", "-", "*", "min", "max"]), inner, inner)
        return plain | st.builds(Apply, st.sampled_from(["//", "%"]), inner, constant)

    tree = data.draw(st.recursive(leaves, grow, max_leaves=8))
    before = program(
        VOCAB, TOKENS, POSITIONS, ("same", Select("tokens", "tokens", Compare("=="), "all", "upto")),
        ("count", Aggregate("same", "count")), ("out", Formula(tree)),
    )  # fmt: skip
    inputs = domain(VOCAB)
    expected = predict(before, inputs)
    low, high = before.types["out"].low, before.types["out"].high
    assert all(low <= value <= high for row in expected for value in row)
    run = loaded(emit(before, "x"))["run"]
    assert [run(s) for s in inputs] == expected
    assert loads(dumps(before)) == before
    assert predict(simplify(before, all_facts(VOCAB)[0]), inputs) == expected


def test_unused_assignments_change_nothing():
    before = program(VOCAB, TOKENS, POSITIONS, ONES, ("out", Lookup(("tokens",), ((("a",), "b"),), "a")))
    assert [a.name for a in drop_unused(before)] == ["tokens", "out"]
    odd = replace(before, assignments=(*before.assignments, Assign("late", Lookup(("out",), (), "x"))))
    assert predict(drop_unused(odd), ["ab"]) == predict(odd, ["ab"]) == [["b", "a"]]


def test_the_clipped_count_of_a_numerical_table():
    assert any(isinstance(a.node, Formula) for seed in range(20) for a in random_program(seed)[1])
