# ruff: noqa: E501
"""Random programs over the whole language: every back-end tells the same, facts hold, passes are exact."""

import itertools
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pellucid.data.vocab import Vocab
from pellucid.program import value_sets
from pellucid.program.bounds import Bounded
from pellucid.program.emit import emit
from pellucid.program.facts import Observed, pointwise
from pellucid.program.formula import Apply, Const, Var
from pellucid.program.interpret import evaluate, own_tokens, predict, values_of
from pellucid.program.ir import (
    Aggregate,
    Evidence,
    Formula,
    Input,
    Lookup,
    Readout,
    Rule,
    Rules,
    Scan,
    Select,
    Selection,
    stretched,
)
from pellucid.program.ir import Test as If
from pellucid.program.names import RESERVED, usable, with_readable_names
from pellucid.program.predicates import Compare, Match, OneOf
from pellucid.program.serialise import dumps, loads
from pellucid.program.simplify import PASSES, drop_unused, simplify
from pellucid.program.verify import longer_inputs
from program_samples import loaded, plain, program
from random_programs import random_ir

seeds = st.integers(0, 10**6)
some = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def domain(vocab):
    return [s for n in range(1, vocab.max_length + 1) for s in itertools.product(vocab.tokens, repeat=n)]


def inputs_of(given_program):
    longer = longer_inputs(given_program.vocab, 40, 0) if given_program.unbounded else []
    return domain(given_program.vocab) + longer


def outputs(given_program, inputs):
    run = loaded(emit(given_program, "x"))["run"]
    return [run(s) for s in inputs]


@some
@given(seeds, st.booleans())
def test_text_and_json_equal_the_program(seed, markers):
    before = random_ir(seed, markers)
    inputs = inputs_of(before)
    expected = predict(before, inputs)
    assert repr(outputs(before, inputs)) == repr(expected)
    assert predict(before, list(inputs[::-1])) == expected[::-1]
    again = loads(dumps(before))
    assert (again, again.types) == (before, before.types)


@some
@given(seeds, st.booleans())
def test_readable_names_change_nothing_else(seed, markers):
    before = drop_unused(random_ir(seed, markers))
    named = with_readable_names(before)
    names = [a.name for a in named]
    assert len(set(names)) == len(names)
    assert all(usable(name) and name not in RESERVED for name in names)
    assert with_readable_names(named) == named == with_readable_names(before)
    assert repr(outputs(named, inputs_of(before))) == repr(predict(before, inputs_of(before)))


@some
@given(seeds)
def test_values_are_within_their_types_and_do_not_depend_on_the_longest_input(seed):
    before = random_ir(seed, unbounded=True, kind="tagging")
    assert before.unbounded
    wider = stretched(before, before.vocab.max_length + 2)
    assert predict(wider, domain(before.vocab)) == predict(before, domain(before.vocab))
    tokens = before.vocab.encode_inputs(domain(before.vocab))
    valid = own_tokens(before, tokens) >= 0
    for name, codes in evaluate(before, tokens).items():
        if not isinstance(before.types[name], Selection):
            seen = codes[valid]
            assert seen.min() >= 0
            assert seen.max() < len(values_of(before, name))


@few
@given(seeds, st.booleans())
def test_facts_hold_and_passes_preserve_the_outputs(seed, markers):
    before = random_ir(seed, markers)
    whole, inputs = domain(before.vocab), inputs_of(before)
    expected = predict(before, inputs)
    tokens = before.vocab.encode_inputs(whole)
    observed, bounded = Observed(tokens, len(before.vocab.tokens)), Bounded()
    assert_sound(before, observed, bounded, own_tokens(before, tokens) >= 0)
    for facts in (observed, bounded):
        for step in dict.fromkeys(PASSES):
            assert predict(step(before, facts), whole) == expected[: len(whole)], step.__name__
        after = simplify(before, facts)
        assert predict(after, inputs) == expected
        assert repr(outputs(with_readable_names(after), inputs)) == repr(expected)


def assert_sound(before, observed, bounded, valid):
    """What `Bounded` allows holds everything that `Observed` saw."""
    sets, env = bounded.sets(before), observed.env(before)
    for name, codes in env.items():
        if isinstance(before.types[name], Selection) or codes.ndim == 1 or sets[name] is None:
            continue
        for position in range(codes.shape[1]):
            assert sets[name][position][np.unique(codes[valid[:, position], position])].all(), before[name]
    for a in before:
        if isinstance(a.node, Select):
            for scope in ("all", "user"):
                seen, allowed = observed.pairs(before, a.node, scope), bounded.pairs(before, a.node, scope)
                assert seen is not None
                assert (seen <= allowed).all()


def test_sets_are_sound_where_combinations_are_too_many_to_try(monkeypatch):
    monkeypatch.setattr(value_sets, "MAX_GRID", 1)
    for seed in range(300):
        before = random_ir(seed, seed % 2 == 0)
        if any(
            isinstance(a.node, Rules) or (isinstance(a.node, Scan) and isinstance(a.node.step, Rules)) for a in before
        ):
            tokens = before.vocab.encode_inputs(domain(before.vocab))
            assert_sound(before, *facts_of(before.vocab), own_tokens(before, tokens) >= 0)


def test_a_rule_that_is_sure_hides_those_after_it(monkeypatch):
    late = Rules((Rule((If("positions", ">=", (2,)),), 1), Rule((If("tokens", "==", ("a",)),), 2)), 3)
    before = plain(VOCAB, TOKENS, POSITIONS, ("output", late))
    for grid in (value_sets.MAX_GRID, 1):
        monkeypatch.setattr(value_sets, "MAX_GRID", grid)
        found = [
            [before.types["output"].values[c] for c in np.flatnonzero(row)] for row in Bounded().sets(before)["output"]
        ]
        assert found == [[2, 3], [2, 3], [1], [1]]


def test_what_a_scan_reads_matters_at_markers_too():
    before = program(
        VOCAB, TOKENS, ("kind", Lookup(("tokens",), ((("<s>",), "m"),), "u")),
        ("state", Scan(0, Rules((Rule((If("kind", "==", ("m",)),), 5),), Var("previous")))),
        ("output", Lookup(("state", "kind"), (((5, "u"), "a"),), "b")),
    )  # fmt: skip
    assert pointwise(before) == {"output", "state"}
    assert predict(before, ["ab"]) == [["a", "a"]]
    for facts in facts_of(VOCAB):
        for step in PASSES:
            assert predict(step(before, facts), domain(VOCAB)) == predict(before, domain(VOCAB)), step.__name__


def test_emitted_random_programs_are_formatted(tmp_path):
    for seed in range(60):
        text = emit(with_readable_names(random_ir(seed, seed % 3 == 2)), f"Random program {seed}.")
        (tmp_path / f"p{seed}.py").write_text(text)
    for command in (["format", "--check", "--diff"], ["check", "--select=E,F", "--ignore=F841,E501"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", str(tmp_path)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[:3000]


# ---------------------------------------------------------------- single passes

VOCAB = Vocab.of("ab", "ab", "tagging", 4)
TOKENS, POSITIONS, ONES = ("tokens", Input("tokens")), ("positions", Input("positions")), ("ones", Input("ones"))


def facts_of(vocab):
    return Observed(vocab.encode_inputs(domain(vocab)), len(vocab.tokens)), Bounded()


def same_token_count(vocab, how="count", **rest):
    same = Select("tokens", "tokens", Compare("=="), "all", **rest)
    return program(vocab, TOKENS, ("same", same), ("output", Aggregate("same", how)))


@pytest.mark.parametrize("ends", ["begin", "both"])
def test_markers_that_do_not_matter_go(ends):
    vocab = Vocab.of("ab", (1, 2), "tagging", 4, markers=ends)
    for number, facts in enumerate(facts_of(vocab)):
        after = simplify(same_token_count(vocab), facts)
        # Value sets per position cannot tell the end marker from a token.
        assert after.markers == (ends == "both" and number == 1)
        assert predict(after, domain(vocab)) == predict(same_token_count(vocab), domain(vocab))
    if ends == "begin":
        assert "output = [tokens.count(q) for q in tokens]\n    return output\n" in emit(after)
        assert "<s>" not in emit(after)


OTHER = ("other", Select("tokens", "tokens", Compare("!="), "all"))
CLOSEST = ("near", Select("tokens", "tokens", Compare("!="), "closest"))
PAIR = ("pair", Select("positions", "positions", Compare("==", -1), "all"))


@pytest.mark.parametrize(
    ("pairs", "goes"),
    [
        ([OTHER, ("output", Aggregate("other", "count"))], (False, False)),
        ([("near", Select("tokens", "tokens", OneOf(("a",)), "closest")), ("output", Aggregate("near", "take", "tokens"))], (False, False)),
        ([OTHER, ("count", Aggregate("other", "any")), ("output", Lookup(("count",), (), "x"))], (True, True)),
        ([CLOSEST, ("output", Aggregate("near", "take", "tokens"))], (False, False)),
        ([PAIR, ("output", Aggregate("pair", "first", "tokens", "none"))], (False, False)),
        ([PAIR, ("output", Aggregate("pair", "first", "tokens", "<s>"))], (True, False)),
        ([("output", Lookup(("positions",), (((1,), "a"),), "b"))], (False, False)),
        ([("output", Lookup(("tokens",), ((("<s>",), "c"), (("a",), "a")), "b"))], (True, True)),
        ([("output", Scan("a", Rules((Rule((If("tokens", "==", ("a",)),), "b"),), Var("previous"))))], (True, False)),
        ([ONES, ("output", Scan(0, Formula(Apply("+", Var("previous"), Var("ones")))))], (False, False)),
    ],
)  # fmt: skip
def test_markers_stay_where_they_may_matter(pairs, goes):
    before = program(VOCAB, TOKENS, POSITIONS, *pairs)
    for facts, expected in zip(facts_of(VOCAB), goes, strict=True):
        after = simplify(before, facts)
        assert predict(after, domain(VOCAB)) == predict(before, domain(VOCAB))
        assert after.markers != expected


def test_a_classifier_without_its_markers():
    vocab = Vocab.of("ab", "pq", "classification", 3)
    evidence = (Evidence("tokens", (("a", (2, 0)), ("<s>", (99, 0))), (0, 0)),)
    before = program(
        vocab,
        TOKENS,
        ("same", Select("tokens", "tokens", Compare("=="), "all")),
        ("count", Aggregate("same", "count")),
        ("output", Readout(("p", "q"), (0, 3), evidence, (("count", (1, 0)),), True)),
    )
    for facts in facts_of(vocab):
        after = simplify(before, facts)
        assert not after.markers
        assert predict(after, domain(vocab)) == predict(before, domain(vocab))
        assert outputs(after, domain(vocab)) == predict(before, domain(vocab))


@pytest.mark.parametrize(("how", "default"), [("count", None), ("any", None), ("first", "none"), ("max", "none")])
@pytest.mark.parametrize(("reach", "negated"), [("any", False), ("any", True), ("upto", True), ("from", False)])
def test_a_key_under_a_mask_is_not_sure_to_be_picked(how, default, reach, negated):
    flag = ("flag", Lookup(("tokens",), ((("a",), 1),), 0))
    select = Select("tokens", "tokens", OneOf(("a", "b")), "all", reach, "flag", negated)
    value = None if default is None else "tokens"
    before = plain(VOCAB, TOKENS, flag, ("where", select), ("output", Aggregate("where", how, value, default)))
    tokens = VOCAB.encode_inputs(domain(VOCAB))
    assert_sound(before, *facts_of(VOCAB), own_tokens(before, tokens) >= 0)


def test_a_mask_that_is_sure_is_used():
    both = ("flag", Lookup(("tokens",), ((("a",), 1), (("b",), 1)), 0))
    select = ("where", Select("tokens", "tokens", OneOf(("a", "b")), "all", "upto", "flag"))
    before = plain(VOCAB, TOKENS, both, select, ("output", Aggregate("where", "count")))
    sets = Bounded().sets(before)["output"]
    assert [np.flatnonzero(row).tolist() for row in sets] == [[1], [2], [3], [4]]


def test_masks_that_let_everything_through_go():
    flags = ("flag", Rules((Rule((If("tokens", "in", ("a", "b")),), 1),), 0))
    for negated in (False, True):
        select = ("where", Select("tokens", "tokens", Compare("=="), "all", "any", "flag", negated))
        before = plain(VOCAB, TOKENS, flags, select, ("output", Aggregate("where", "count")))
        for facts in facts_of(VOCAB):
            after = simplify(before, facts)
            assert predict(after, domain(VOCAB)) == predict(before, domain(VOCAB))
            kept = [a.node.mask for a in after if isinstance(a.node, Select)]
            assert kept == ([] if negated else [None])


def test_rules_that_never_decide_go():
    def rule(op, number, outcome):
        return Rule((If("positions", op, (number,)),), outcome)

    rules = Rules((rule(">", 5, "far"), rule(">", 1, "late"), rule("==", 3, "never")), "early")
    before = plain(VOCAB, TOKENS, POSITIONS, ("output", rules))
    longer = replace(before, unbounded=True)  # there the first rule decides at positions that no shorter input has
    for facts in facts_of(VOCAB):
        assert [rule.outcome for rule in simplify(before, facts)["output"].rules] == ["late"]
        assert predict(simplify(longer, facts), ["a" * 8]) == predict(longer, ["a" * 8])
        assert "far" in predict(simplify(longer, facts), ["a" * 8])[0]


def test_predicates_under_a_mask_are_free_only_where_keys_are_masked():
    # Keys that count are all `a`: that the table differs for `b` cannot matter.
    odd = Match((("a", ("a", "b")), ("b", ())), ())
    flag = ("flag", Lookup(("tokens",), ((("a",), 1),), 0))
    select = ("where", Select("tokens", "tokens", odd, "all", "any", "flag"))
    before = plain(VOCAB, TOKENS, flag, select, ("output", Aggregate("where", "count")))
    for number, facts in enumerate(facts_of(VOCAB)):
        after = simplify(before, facts)
        assert predict(after, domain(VOCAB)) == predict(before, domain(VOCAB))
        assert (after["where"].predicate == Compare("==")) == (number == 0)


def test_ties_are_left_as_they_are():
    tied = Select("tokens", "tokens", Compare(">"), "all", ties="earlier")
    vocab = Vocab.of("a", (0, 1, 2, 3), "tagging", 4)
    before = plain(vocab, TOKENS, ("where", tied), ("output", Aggregate("where", "count")))
    for facts in facts_of(before.vocab):
        assert predict(simplify(before, facts), ["aaa"]) == [[0, 1, 2]]


@pytest.mark.parametrize(
    ("op", "reach", "mask", "low"),
    [("==", "any", None, 1), ("<=", "upto", None, 1), (">=", "from", None, 1), ("==", "before", None, 0),
     ("<", "any", None, 0), ("==", "any", "flag", 0)],
)  # fmt: skip
def test_a_count_of_the_own_value_is_never_zero(op, reach, mask, low):
    flag = ("flag", Lookup(("tokens",), ((("a",), 1),), 0))
    select = ("where", Select("tokens", "tokens", Compare(op), "all", reach, mask))
    assert plain(VOCAB, TOKENS, flag, select, ("output", Aggregate("where", "count"))).types["output"].low == low


BIG = ("big", Formula(Apply("*", Apply("*", Var("positions"), Var("positions")), Const(10**9))))


def test_numbers_over_wide_ranges():
    # Neither tables nor sets can list the values of such variables; facts must say so and passes go on.
    before = plain(
        VOCAB, TOKENS, POSITIONS, BIG, ("where", Select("big", "big", Compare("<"), "all")),
        ("smaller", Aggregate("where", "count")), ("most", Aggregate("where", "max", "big", -1)),
        ("case", Lookup(("big", "tokens"), (((10**9, "a"), 1), ((4 * 10**9, "b"), 4)), 0)),
        ("less", Rules((Rule((If("most", "<", (), "big"),), 7),), 8)),
        ("output", Rules((Rule((If("case", "!=", (0,)),), Var("case")), Rule((If("smaller", ">", (2,)),), Var("less"))), Var("most"))),
    )  # fmt: skip
    expected = [[-1, 1, 10**9, 7], [-1, 0, 4, 7]]
    assert predict(before, ["aaaa", "bbbb"]) == outputs(before, ["aaaa", "bbbb"]) == expected
    for facts in facts_of(VOCAB):
        assert predict(simplify(before, facts), domain(VOCAB)) == predict(before, domain(VOCAB))
    assert Bounded().tuples(before, ["big"]) is None
    assert Bounded().pairs(before, before["where"]) is None


def test_values_in_a_wide_range():
    select = ("where", Select("tokens", "big", OneOf((0, 10**9, "x")), "all"))
    before = plain(VOCAB, TOKENS, POSITIONS, BIG, select, ("output", Aggregate("where", "count")))
    assert predict(before, ["a", "bbb"]) == outputs(before, ["a", "bbb"]) == [[1], [2, 2, 2]]
