"""Closed forms: formulas by enumeration, decision lists from tables, and the passes that put them into programs."""

import itertools

import numpy as np
import pytest

from pellucid.language.expressions import Apply, Cases, Const, Table, Var, names_in
from pellucid.language.nodes import Aggregate, Delay, Evidence, Input, Let, Select, Vote
from pellucid.language.operators import OPERATORS, Operator
from pellucid.language.types import symbol, whole
from pellucid.semantics import domain
from pellucid.semantics.batch import predict
from pellucid.simplify import enumerate as enumeration
from pellucid.simplify import simplify
from pellucid.simplify.closed import closed, growing
from pellucid.simplify.enumerate import smallest_formula
from pellucid.simplify.facts import in_rows
from pellucid.simplify.rewrite import expression_size
from pellucid.simplify.rules import Columns, decision_list
from simplify_samples import expression, let, program

GRID = np.stack(np.meshgrid(np.arange(1, 7), np.arange(7), np.arange(4), indexing="ij"), -1).reshape(-1, 3).T
COLUMNS = dict(zip("abc", GRID, strict=True))
A, B, C = COLUMNS.values()
DEPTH = range(-15, 16)


def same_outputs(before, after):
    inputs = list(domain.every(before))
    return repr(predict(before, inputs)) == repr(predict(after, inputs))


def values(found, columns=None):
    columns = columns or COLUMNS
    rows = list(zip(*(column.tolist() for column in columns.values()), strict=True))
    return np.array(in_rows(found, tuple(columns), rows))


# ---------------------------------------------------------------- formulas


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        (B, "b"), (A * 0 + 5, 5), (B // A, ("//", "b", "a")), (9 - A, ("-", 9, "a")), (A + 40, ("+", "a", 40)),
        (A * B + C, ("+", "c", ("*", "a", "b"))), ((A + B) % 3, ("%", ("+", "a", "b"), 3)),
        (np.maximum(A, B), ("max", "a", "b")), (B % A, ("%", "b", "a")), (A ^ C, ("^", "a", "c")),
        (abs(A - B), ("abs", ("-", "a", "b"))), ((A < B) * 1, ("<", "a", "b")),
    ],
)  # fmt: skip
def test_small_formulas_are_found(target, wanted):
    found = smallest_formula(COLUMNS, target)
    assert found is not None
    assert (values(found) == target).all()
    assert expression_size(found) <= expression_size(expression(wanted))


def random_expression(rng, leaves):
    if leaves == 1:
        return Var(str(rng.choice(["a", "b", "c"]))) if rng.random() < 0.7 else Const(int(rng.integers(1, 4)))
    left = int(rng.integers(1, leaves))
    op = str(rng.choice(["+", "-", "*", "//", "%", "min", "max"]))
    return Apply(op, (random_expression(rng, left), random_expression(rng, leaves - left)))


@pytest.mark.parametrize("seed", range(30))
def test_what_is_found_equals_the_target_and_is_no_longer_than_what_made_it(seed):
    rng = np.random.default_rng(seed)
    made = random_expression(rng, int(rng.integers(1, 4)))
    target = values(made)
    found = smallest_formula(COLUMNS, target)
    assert found is not None
    assert (values(found) == target).all()
    assert expression_size(found) <= expression_size(made)


def test_noise_has_no_formula_and_effort_is_bounded():
    noise = np.random.default_rng(0).integers(0, 5, len(A))
    assert smallest_formula(COLUMNS, noise) is None
    assert smallest_formula(COLUMNS, A * B + C, work=0) is None  # only what needs no enumeration
    assert smallest_formula(COLUMNS, A, work=0) == Var("a")


def test_an_operator_added_to_the_table_is_tried(monkeypatch):
    twin = OPERATORS["+"]
    row = Operator("plus7times", (2, 2), lambda a, b: a + 7 * b, twin.rule, twin.python, "", lambda a, b: a + 7 * b)
    monkeypatch.setitem(OPERATORS, "plus7times", row)
    enumeration.searched.cache_clear()
    assert smallest_formula(COLUMNS, A + 7 * B) == Apply("plus7times", (Var("a"), Var("b")))
    monkeypatch.undo()
    enumeration.searched.cache_clear()


# ---------------------------------------------------------------- decision lists


def table(names, rows, outcome, ordered=(), longer=()):
    rows = list(rows)
    columns = {name: tuple(row[i] for row in rows) for i, name in enumerate(names)}
    return Columns(columns, set(ordered), dict.fromkeys(longer, (True, True))), [outcome(*row) for row in rows]


def rules(*pairs, default):
    return Cases(
        tuple((expression(test) if isinstance(test, tuple) else test, told(out)) for test, out in pairs), told(default)
    )


def told(outcome):
    return outcome if isinstance(outcome, Var) else Const(outcome)


def checked(depth, previous):
    return "F" if previous == "F" or depth < 0 else "T" if depth == 0 else "P"


def test_a_bracket_checker_is_three_rules_with_thresholds():
    columns, outputs = table(("depth", "previous"), itertools.product(DEPTH, "FPT"), checked, ["depth"], ["depth"])
    found = decision_list(columns, outputs, 500)
    first = {repr(rule) for rule in found.rules[:2]}
    below, broken = Apply("<", (Var("depth"), Const(0))), Apply("==", (Var("previous"), Const("F")))
    assert first == {repr((below, Const("F"))), repr((broken, Const("F")))}
    assert found.rules[2:] == rules((("==", "depth", 0), "T"), default="P").rules
    assert found.default == Const("P")


def test_tables_over_labels_and_tokens_use_the_variables_themselves():
    def outcome(label, token):
        return label if label != "T" else "P" if token in "([" else "F"

    columns, outputs = table(("label", "token"), itertools.product("FPT", "([)]"), outcome)
    opened = Table((Var("token"),), ((("(",), 1), (("[",), 1)), 0)
    other = Apply("!=", (Var("label"), Const("T")))
    assert decision_list(columns, outputs, 500) == rules((other, Var("label")), (opened, "P"), default="F")


def test_variables_are_compared_with_each_other():
    columns, outputs = table(("a", "b"), itertools.product(range(6), range(6)),
                             lambda a, b: a if a < b else "same" if a == b else b, ["a", "b"])  # fmt: skip
    wanted = rules((("<", "a", "b"), Var("a")), (("==", "a", "b"), "same"), default=Var("b"))
    assert decision_list(columns, outputs, 500) == wanted


def test_numbers_that_grow_are_not_listed():
    columns, outputs = table(("n", "word"), itertools.product(range(-8, 9), "xyz"),
                             lambda n, w: w if n < -2 or n == 3 else "big", ["n"], ["n"])  # fmt: skip
    assert "Table" not in repr(decision_list(columns, outputs, 500))


@pytest.mark.parametrize("seed", range(20))
def test_decision_lists_equal_their_tables_and_are_the_cheapest_found(seed):
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
    assert in_rows(found, tuple(names), rows) == outputs
    assert len(in_rows(found, tuple(names), [("never seen",) * len(names), (-999,) * len(names)])) == 2
    assert decision_list(columns, outputs, expression_size(found)) is None  # none is cheaper than the one found


# ---------------------------------------------------------------- passes


def counting(*more, longest=5, **rest):
    """Counts `a` of 1s and `b` of 2s so far, and what is built on them."""
    pairs = [(f"{n}_count", Aggregate(Select(Apply("==", (Var("k"), Const(v))), (), ("tokens",), "upto"), "count"))
             for n, v in (("a", 1), ("b", 2))]  # fmt: skip
    return program(*pairs, *more, types={"tokens": symbol(range(4))}, longest=longest, **rest)


def over_counts(outcome, default=0):
    cases = tuple(((x, y), outcome(x, y)) for x in range(7) for y in range(7))
    return Let(Table((Var("a_count"), Var("b_count")), cases, default))


def last(made):
    return made[made.results[0]]


def test_a_table_that_is_a_formula_becomes_one():
    made = counting(("out", over_counts(lambda x, y: x - y)))
    after = closed(simplify(made))
    assert last(after) == let("-", "a_count", "b_count")
    assert same_outputs(made, after)
    assert after.takes_longer > made.takes_longer


def test_a_table_that_repeats_a_variable_becomes_that_variable():
    assert simplify(counting(("out", over_counts(lambda x, y: y)))).results == ("b_count",)


def test_a_table_of_noise_stays_one():
    rng = np.random.default_rng(0)
    made = counting(("out", over_counts(lambda x, y: int(rng.integers(0, 9)))))
    assert isinstance(last(closed(simplify(made))).expression, Table | Cases)


def test_a_table_that_is_rules_becomes_rules():
    made = counting(("out", over_counts(lambda x, y: 7 if x > y else 8 if x == y else 9)))
    after = closed(simplify(made))
    found = last(after).expression
    assert isinstance(found, Cases)
    assert all(set(names_in(test)) == {"a_count", "b_count"} for test, _ in found.rules)
    assert same_outputs(made, after)


def test_the_step_of_a_state_becomes_rules_with_thresholds():
    steps = tuple(((d, p), checked(d, p)) for d in range(-9, 10) for p in "FPT")
    made = counting(
        ("depth", let("-", "a_count", "b_count")), ("previous", Delay("out", 1, Const("T"))),
        ("out", Let(Table((Var("depth"), Var("previous")), steps, "P"))), longest=6,
    )  # fmt: skip
    after = closed(simplify(made))
    found = last(after).expression
    tests = {repr(test) for test, _ in found.rules}
    assert repr(Apply("==", (Var("previous"), Const("F")))) in tests
    assert len(found.rules) <= 3
    assert same_outputs(made, after)
    assert after.takes_longer > made.takes_longer


def test_rules_that_would_list_every_number_are_no_closed_form():
    odd = tuple(((i,), (i * 7 + 3) % 5) for i in range(9))
    made = program(("place", Input("", "position")), ("out", Let(Table((Var("place"),), odd, 0))), longest=9)
    assert "Apply" not in repr(last(closed(simplify(made))))


def test_which_numbers_grow():
    made = counting(("d", let("-", "a_count", "b_count")), ("out", let("+", "d", "tokens")))
    up, both = (False, True), (True, True)
    assert growing(made) == {"a_count": up, "b_count": up, "d": both, "out": both}


def test_votes_that_few_variables_decide_become_rules_or_a_table():
    labels = tuple(range(-9, 10))

    def row(place):
        return tuple(10 * (i == place) for i in range(len(labels)))

    evidence = (
        Evidence("a_count", tuple((n, row(n)) for n in range(1, 5)), row(0)),
        Evidence("b_count", ((0, row(9)),), row(8)),
        Evidence("tokens", ((1, (1,) * len(labels)),), (0,) * len(labels)),
    )
    made = counting(("out", Vote(labels, (0,) * len(labels), evidence)), longest=4)
    after = closed(simplify(made))
    assert isinstance(last(after), Let)
    assert same_outputs(made, after)


def test_a_match_of_thresholds_becomes_a_comparison_with_a_formula():
    pairs = tuple(((q, k), 1) for q in range(7) for k in range(7) if k <= 4 - q)
    match = Table((Var("q"), Var("k")), pairs, 0)
    made = program(("place", Input("", "position")), ("out", Aggregate(Select(match, ("place",), ("place",)), "count")),
                   longest=6)  # fmt: skip
    after = simplify(closed(simplify(made)))
    select = last(after).select
    assert select.match == Apply("<=", (Var("k"), Var("q")))
    assert after[select.query[0]] == let("-", 4, "place")
    assert same_outputs(made, after)


def test_whole_numbers_of_any_size_have_formulas_too():
    cases = tuple(((n,), 2 * n + 1) for n in range(50))
    made = program(("out", Let(Table((Var("x"),), cases, 0))), types={"x": whole(0, 49)}, longest=2)
    found = last(closed(simplify(made))).expression
    assert isinstance(found, Apply)
    assert same_outputs(made, closed(simplify(made)))
