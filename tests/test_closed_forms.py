"""Closed forms: formulas by enumeration, decision lists from tables, and the passes that put them into programs."""

import itertools

import numpy as np
import pytest

from pellucid.data.vocab import Vocab
from pellucid.program import formula
from pellucid.program.bounds import Bounded
from pellucid.program.closed import CLOSED, closed
from pellucid.program.closed_forms import growing, lookups_to_formulas, lookups_to_rules, text_size
from pellucid.program.closed_heads import tables_in_aggregates, thresholds_in_predicates
from pellucid.program.closed_readout import readout_closed
from pellucid.program.conditions import Columns
from pellucid.program.elementwise import local_function
from pellucid.program.enumerate import expression_size, smallest_formula
from pellucid.program.facts import Observed
from pellucid.program.formula import Apply, Const, Var
from pellucid.program.interpret import predict
from pellucid.program.ir import (
    Aggregate,
    Categorical,
    Evidence,
    Formula,
    Input,
    Lookup,
    Program,
    Readout,
    Rules,
    Scan,
    Select,
    domain_of,
)
from pellucid.program.predicates import Compare, Match, OneOf
from pellucid.program.rules import decision_list, rules_cost
from pellucid.program.simplify import simplify
from pellucid.program.verify import all_inputs
from program_samples import program
from random_programs import random_ir

GRID = np.stack(np.meshgrid(np.arange(1, 7), np.arange(7), np.arange(4), indexing="ij"), -1).reshape(-1, 3).T
COLUMNS = dict(zip("abc", GRID, strict=True))
A, B, C = COLUMNS.values()
DIGITS = Vocab.of(range(4), range(-9, 10), "tagging", 5)
BRACKETS = Vocab.of("()", "FPT", "tagging", 7)
DEPTH = range(-15, 16)


def observed(made):
    return Observed(made.vocab.encode_inputs(list(all_inputs(made.vocab))), len(made.vocab.tokens))


def same_outputs(before, after):
    inputs = list(all_inputs(before.vocab))
    return predict(before, inputs) == predict(after, inputs)


# ---------------------------------------------------------------- formulas


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (B, "b"), (A * 0 + 5, "5"), (B // A, "b // a"), (9 - A, "9 - a"), (A + 40, "a + 40"), (A + B + C, "a + b + c"),
        (A * B + C, "a * b + c"), ((A + B) % 3, "(a + b) % 3"), (np.minimum(A, B) - C, "min(a, b) - c"),
        (np.maximum(A, B), "max(a, b)"), (B % A, "b % a"), (np.where(B == 0, 0, A // np.maximum(B, 1)), "a // b"),
    ],
)  # fmt: skip
def test_small_formulas_are_found(target, text):
    found = smallest_formula(COLUMNS, target)
    assert found is not None
    assert formula.text(found) == text


def random_expression(rng, leaves):
    if leaves == 1:
        return Var(str(rng.choice(["a", "b", "c"]))) if rng.random() < 0.7 else Const(int(rng.integers(1, 4)))
    left = int(rng.integers(1, leaves))
    op = str(rng.choice(["+", "-", "*", "//", "%", "min", "max"]))
    return Apply(op, random_expression(rng, left), random_expression(rng, leaves - left))


@pytest.mark.parametrize("seed", range(40))
def test_what_is_found_equals_the_target_and_is_no_longer_than_what_made_it(seed):
    rng = np.random.default_rng(seed)
    made = random_expression(rng, int(rng.integers(1, 4)))
    target = np.broadcast_to(formula.evaluate(made, COLUMNS), A.shape)
    found = smallest_formula(COLUMNS, target)
    assert found is not None
    assert (np.broadcast_to(formula.evaluate(found, COLUMNS), A.shape) == target).all()
    assert expression_size(found) <= expression_size(made)


def test_noise_has_no_formula_and_effort_is_bounded():
    noise = np.random.default_rng(0).integers(0, 5, len(A))
    assert smallest_formula(COLUMNS, noise) is None
    assert smallest_formula(COLUMNS, A * B + C, work=0) is None  # only what needs no enumeration
    assert smallest_formula(COLUMNS, A, work=0) == Var("a")


# ---------------------------------------------------------------- decision lists


def table(names, rows, outcome, ordered=(), growing=()):
    rows = list(rows)
    columns = {name: tuple(row[i] for row in rows) for i, name in enumerate(names)}
    known = Columns(columns, set(ordered), dict.fromkeys(growing, (True, True)))
    return known, [outcome(*row) for row in rows]


def outcomes(rules, values):
    """What a decision list says for columns of values, by the interpreter."""
    types = {name: domain_of(set(column)) for name, column in values.items()}
    codes = {name: np.array([types[name].domain.index(v) for v in column], np.int64) for name, column in values.items()}
    constants = {v for v in (*(r.outcome for r in rules.rules), rules.default) if not isinstance(v, Var)}
    kind = domain_of({*constants, *(v for t in types.values() for v in t.domain)})
    assert isinstance(kind, Categorical)
    found = np.broadcast_to(local_function(rules, types, kind)(codes), len(next(iter(values.values()))))
    return [kind.domain[c] for c in found]


def told(rules):
    def outcome(value):
        return value.name if isinstance(value, Var) else value

    lines = [
        (tuple((t.variable, t.op, t.against or (t.values if len(t.values) > 1 else t.values[0])) for t in rule.tests),
         outcome(rule.outcome)) for rule in rules.rules
    ]  # fmt: skip
    return lines, outcome(rules.default)


def checked(depth, previous):
    return "F" if previous == "F" or depth < 0 else "T" if depth == 0 else "P"


def test_a_bracket_checker_is_three_rules_with_thresholds():
    columns, outputs = table(("depth", "previous"), itertools.product(DEPTH, "FPT"), checked, ["depth"], ["depth"])
    rules, default = told(decision_list(columns, outputs, 500))
    assert sorted(rules[:2]) == [((("depth", "<", 0),), "F"), ((("previous", "==", "F"),), "F")]
    assert rules[2:] == [((("depth", "==", 0),), "T")]
    assert default == "P"


def test_tables_over_labels_and_tokens_use_the_variables_themselves():
    def outcome(label, token):
        return label if label != "T" else "P" if token in "([" else "F"

    columns, outputs = table(("label", "token"), itertools.product("FPT", "([)]"), outcome)
    assert told(decision_list(columns, outputs, 500)) == (
        [((("label", "!=", "T"),), "label"), ((("token", "in", ("(", "[")),), "P")],
        "F",
    )


def test_variables_are_compared_with_each_other():
    columns, outputs = table(("a", "b"), itertools.product(range(6), range(6)),
                             lambda a, b: a if a < b else "same" if a == b else b, ["a", "b"])  # fmt: skip
    rules, default = told(decision_list(columns, outputs, 500))
    assert rules == [((("a", "<", "b"),), "a"), ((("a", "==", "b"),), "same")]
    assert default == "b"


def test_numbers_that_grow_are_not_listed():
    columns, outputs = table(("n", "word"), itertools.product(range(-8, 9), "xyz"),
                             lambda n, w: w if n < -2 or n == 3 else "big", ["n"], ["n"])  # fmt: skip
    found = decision_list(columns, outputs, 500)
    assert not [t for rule in found.rules for t in rule.tests if t.op in ("in", "not in")]


@pytest.mark.parametrize("seed", range(30))
def test_decision_lists_equal_their_tables_and_are_total(seed):
    rng = np.random.default_rng(seed)
    domains = [[*range(int(rng.integers(2, 6)))], [*"xyz"[: int(rng.integers(1, 4))], 7], [0, 1]]
    chosen = domains[: int(rng.integers(1, 4))]
    names = "abc"[: len(chosen)]
    rows = [row for row in itertools.product(*chosen) if rng.random() < 0.8] or [tuple(d[0] for d in chosen)]
    kinds = rng.integers(0, int(rng.integers(2, 4)), len(rows))
    outputs = [row[0] if kind == 0 else int(kind) for row, kind in zip(rows, kinds, strict=True)]
    columns, _ = table(names, rows, lambda *row: 0, ["a"])
    found = decision_list(columns, outputs, 10_000)
    assert found is not None
    assert outcomes(found, columns.values) == outputs
    strange = dict.fromkeys(names, ("never seen", -999))
    assert len(outcomes(Rules(found.rules, found.default), {**strange, "a": (99, -99)})) == 2
    assert decision_list(columns, outputs, rules_cost(found, columns)) is None  # none is cheaper than the one found


# ---------------------------------------------------------------- passes


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("facts", [observed, lambda made: Bounded()], ids=["observed", "bounded"])
def test_passes_keep_the_outputs_of_random_programs(seed, facts):
    made = random_ir(seed, markers=seed % 2 == 0)
    known = facts(made)
    for step in (*CLOSED, simplify, *CLOSED):
        after = step(made, known)
        assert same_outputs(made, after), step.__name__
        made = after


@pytest.mark.parametrize("seed", range(12))
def test_passes_never_make_a_text_longer_but_for_growing_numbers(seed):
    made = random_ir(seed, markers=True)
    assert text_size(closed(made, observed(made))) <= text_size(made)


def counting(*more, markers=False):
    """Counts `a` of 1s and `b` of 2s so far, and what is built on them."""
    pairs = [("tokens", Input("tokens"))]
    for name, value in (("a", 1), ("b", 2)):
        pairs += [(f"{name}_at", Select("tokens", "tokens", OneOf((value,)), "all", "upto")),
                  (f"{name}_count", Aggregate(f"{name}_at", "count"))]  # fmt: skip
    made = program(DIGITS, *pairs, *more)
    return Program(made.vocab, made.assignments, made.output, markers)


def cells(outcome):
    return tuple(((x, y), outcome(x, y)) for x in range(6) for y in range(6))


def test_a_table_that_is_a_formula_becomes_one():
    made = counting(("out", Lookup(("a_count", "b_count"), cells(lambda x, y: x - y), 0)))
    after = lookups_to_formulas(made, observed(made))
    assert after["out"] == Formula(Apply("-", Var("a_count"), Var("b_count")))
    assert same_outputs(made, after)


def test_a_table_that_repeats_a_variable_becomes_that_variable():
    made = counting(("out", Lookup(("a_count", "b_count"), cells(lambda x, y: y), 0)))
    assert lookups_to_formulas(made, observed(made)).output == "b_count"


def test_a_table_of_noise_stays():
    rng = np.random.default_rng(0)
    made = counting(("out", Lookup(("a_count", "b_count"), cells(lambda x, y: int(rng.integers(0, 9))), 0)))
    assert lookups_to_formulas(made, observed(made)) == made


def test_integer_tokens_are_numbers_but_not_beside_markers():
    pairs = [("tokens", Input("tokens")), ("out", Lookup(("tokens",), ((((1,), 5)), ((2,), 6), ((3,), 7)), 4))]
    made = program(DIGITS, *pairs)
    bare = Program(made.vocab, made.assignments, made.output, markers=False)
    assert lookups_to_formulas(bare, observed(bare))["out"] == Formula(Apply("+", Var("tokens"), Const(4)))
    assert lookups_to_formulas(made, observed(made)) == made


def test_a_table_that_is_rules_becomes_rules():
    made = counting(("out", Lookup(("a_count", "b_count"), cells(lambda x, y: 7 if x > y else 8 if x == y else 9), 0)))
    after = lookups_to_rules(made, observed(made))
    assert isinstance(after["out"], Rules)
    assert all(len(rule.tests) == 1 and rule.tests[0].against for rule in after["out"].rules)
    assert same_outputs(made, after)


@pytest.mark.parametrize("facts", [observed, lambda made: Bounded()], ids=["observed", "bounded"])
def test_the_step_of_a_scan_becomes_rules(facts):
    steps = [((d, p), checked(d, p)) for d in range(-9, 10) for p in "FPT"]
    pairs = [("tokens", Input("tokens"))]
    for name, value in (("a", "("), ("b", ")")):
        pairs += [(f"{name}_at", Select("tokens", "tokens", OneOf((value,)), "all", "upto")),
                  (f"{name}_count", Aggregate(f"{name}_at", "count"))]  # fmt: skip
    pairs += [("depth", Formula(Apply("-", Var("a_count"), Var("b_count")))),
              ("out", Scan("T", Lookup(("depth", "previous"), tuple(steps), "P")))]  # fmt: skip
    made = program(BRACKETS, *pairs)
    made = Program(made.vocab, made.assignments, made.output, markers=False)
    after = lookups_to_rules(made, facts(made))
    rules, default = told(after["out"].step)
    assert sorted(rules[:2]) == [((("depth", "<", 0),), "F"), ((("previous", "==", "F"),), "F")]
    assert (rules[2:], default) == ([((("depth", "==", 0),), "T")], "P")
    assert same_outputs(made, after)


def test_which_numbers_grow():
    made = counting(("d", Formula(Apply("-", Var("a_count"), Var("b_count")))), ("out", Lookup(("d",), (), 0)))
    assert growing(made) == {"a_count": (False, True), "b_count": (False, True), "d": (True, True)}


def test_a_readout_decided_by_two_variables_becomes_rules():
    labels = DIGITS.labels

    def row(place):
        return tuple(10 * (i == place) for i in range(len(labels)))

    evidence = (
        Evidence("a_count", tuple((n, row(n)) for n in range(1, 5)), row(0)),
        Evidence("b_count", ((0, row(9)),), row(8)),
        Evidence("tokens", ((1, tuple(1 for _ in labels)),), tuple(0 for _ in labels)),
    )
    made = counting(("out", Readout(labels, tuple(0 for _ in labels), evidence)))
    after = readout_closed(made, observed(made))
    assert isinstance(after["out"], Rules | Lookup)
    assert text_size(after) < text_size(made)
    assert same_outputs(made, after)


def test_a_table_after_an_aggregate_becomes_its_default():
    pairs = [("tokens", Input("tokens")), ("same", Select("tokens", "tokens", Compare("=="), "all", "before")),
             ("found", Aggregate("same", "first", "tokens", "none")),
             ("out", Lookup(("found",), (*(((t,), t) for t in range(4)), (("none",), -9)), -9))]  # fmt: skip
    made = Program(DIGITS, program(DIGITS, *pairs).assignments, "out", markers=False)
    after = tables_in_aggregates(made, observed(made))
    assert after[after.output] == Aggregate("same", "first", "tokens", -9)
    assert same_outputs(made, after)


def test_a_default_that_may_also_be_picked_keeps_its_table():
    pairs = [("tokens", Input("tokens")), ("same", Select("tokens", "tokens", Compare("=="), "all", "before")),
             ("found", Aggregate("same", "first", "tokens", 0)),
             ("out", Lookup(("found",), (((1,), 1), ((2,), 2), ((3,), 3)), -9))]  # fmt: skip
    made = Program(DIGITS, program(DIGITS, *pairs).assignments, "out", markers=False)
    assert tables_in_aggregates(made, observed(made)) == made


def test_a_predicate_table_of_thresholds_becomes_a_comparison_with_a_formula():
    rows = tuple((q, tuple(k for k in range(7) if k <= 4 - q)) for q in range(7))
    head = Select("positions", "positions", Match(rows), "all")
    pairs = [("tokens", Input("tokens")), ("positions", Input("positions")), ("head", head)]
    pairs.append(("out", Aggregate("head", "count")))
    made = Program(DIGITS, program(DIGITS, *pairs).assignments, "out", markers=False)
    after = thresholds_in_predicates(made, observed(made))
    assert isinstance(after["head"].predicate, Compare)
    assert after[after["head"].query] == Formula(Apply("-", Const(4), Var("positions")))
    assert same_outputs(made, after)
