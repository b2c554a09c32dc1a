"""Readable names: from what a variable is, always the same, valid, and never of something else."""

import builtins
import keyword

import pytest

from pellucid.emit.writer import usable
from pellucid.language.expressions import Apply, Const, Table, Var, among
from pellucid.language.nodes import Aggregate, Delay, Input, Let, Select, Vote
from pellucid.language.types import symbol, whole
from pellucid.semantics import domain
from pellucid.semantics.batch import predict
from pellucid.simplify.names import with_readable_names
from simplify_samples import let, program, random_program

K, Q = Var("k"), Var("q")
TOKENS = ("tokens",)
SAME = Apply("==", (K, Q))


def head(how, *select, value="tokens", by=None, **rest):
    return Aggregate(Select(*select, **rest), how, value, by=by)


def count(*select, **rest):
    return Aggregate(Select(*select, **rest), "count")


NAMES = {
    "length": Input("", "length"),
    "previous_token": Delay("tokens"),
    "next_token": Delay("tokens", -1),
    "token_3_before": Delay("tokens", 3),
    "token_2_after": Delay("tokens", -2),
    "first_token": head("first"),
    "first_later_token": head("first", reach="after"),
    "last_earlier_token": head("last", reach="before"),
    "smallest_token": head("min"),
    "most_frequent_token": head("mode"),
    "distinct_token_count": head("distinct"),
    "largest_last_3_token": head("max", reach="upto", window=3),
    "total_n": head("sum", value="n"),
    "mean_n": head("mean", value="n"),
    "token_at_largest_n": head("argmax", by="n"),
    "token_at_3": head("first", Apply("==", (K, Const(3))), (), ("position",)),
    "token_at_n": head("last", SAME, ("n",), ("position",)),
    "same_token_count": count(SAME, TOKENS, TOKENS),
    "earlier_same_token_count": count(SAME, TOKENS, TOKENS, "before"),
    "smaller_or_tied_n_count": count(Apply("<", (K, Q)), ("n",), ("n",), ties=True),
    "later_red_count": count(Apply("==", (K, Const("red"))), (), TOKENS, "after"),
    "n_above_2_count": count(Apply(">", (K, Const(2))), (), ("n",)),
    "position_count": count(),
    "n_is_zero_count": count(mask="is_none"),
    "not_n_is_zero_count": count(mask="is_none", negated=True),
    "any_later_same_token": Aggregate(Select(SAME, TOKENS, TOKENS, "after"), "any"),
    "last_n_where_n_is_zero": head("last", mask="is_none", value="n"),
    "is_red": Let(Apply("==", (Var("tokens"), Const("red")))),
    "is_red_or_blue": Let(among(Var("tokens"), ("red", "blue"))),
    "n_is_even": let("==", ("%", "n", 2), 0),
    "n_is_not_zero": let("!=", "n", 0),
    "n_above_3": let(">", "n", 3),
    "n_below_position": let("<", "n", "position"),
    "difference": let("-", "n", ("*", 2, "position")),
    "size_n": let("abs", "n"),
    "both": let("and", ("<", "n", 1), "is_none"),
    "token_value": Let(Table((Var("tokens"),), ((("red",), 3), (("blue",), 4)), 5)),
    "token_rule": Let(Table((Var("tokens"),), ((("red",), "x"),), "y")),
    "n_and_token_flag": Let(Table((Var("n"), Var("tokens")), (((1, "red"), 1), ((2, "blue"), 1)), 0)),
    "label": Vote(("p", "q"), (1, 0)),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_say_what_a_variable_is(name):
    types = {"tokens": symbol(("red", "blue")), "n": whole(0, 9)}
    pairs = ("position", Input("", "position")), ("is_none", let("==", "n", 0)), ("v", NAMES[name]), ("o", let("v"))
    made = program(*pairs, types=types)
    named = with_readable_names(made)
    assert list(named.nodes)[list(made.nodes).index("v")] == name


def test_numbers_inputs_outputs_and_state():
    made = program(
        ("v0", Aggregate(Select(reach="upto"), "sum", "a", Const(0))), ("v1", Delay("v3")), ("v2", let("%", "v0", 7)),
        ("v3", let("+", "v2", "v1")), ("v4", let("==", ("%", "a", 2), 0)), ("v5", Delay("v6")),
        ("v6", let("max", "v5", "v0")), ("y", let("+", "v6", "v4")), types={"a": whole()}, results=("v3", "y"),
    )  # fmt: skip
    assert list(with_readable_names(made).nodes) == [
        "a", "total_a", "previous_out", "remainder", "out", "a_is_even", "previous_state", "state", "out_1"
    ]  # fmt: skip


@pytest.mark.parametrize("called", ["for", "sum", "9 lives", "", "Größe", "i", "votes"])
def test_columns_of_any_name_have_a_name(called):
    made = program(("x", Input(called)), ("o", let("+", "x", 1)), types={called: whole()}, inputs=())
    assert all(usable(name) for name in with_readable_names(made).nodes)


@pytest.mark.parametrize("seed", range(25))
def test_names_are_valid_unique_and_only_names(seed):
    before = random_program(seed).pruned()
    named = with_readable_names(before)
    names = list(named.nodes)
    assert len(names) == len(before.nodes)
    assert not any(name in {*keyword.kwlist, *dir(builtins)} for name in names)
    assert all(map(usable, names))
    assert with_readable_names(before) == named
    inputs = list(domain.every(before))
    assert repr(predict(named, inputs)) == repr(predict(before, inputs))
