# ruff: noqa: E501
"""What a program must be, and what is said of one that is not; types of variables."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from language_samples import LETTERS, NUMBERS, REALS, attend, expression, let, operate, program
from pellucid.language.expressions import Apply, Cases, Const, Table, Var
from pellucid.language.nodes import (
    Aggregate,
    Assign,
    Column,
    Delay,
    Evidence,
    Input,
    Let,
    Output,
    ProgramError,
    Select,
    Vote,
)
from pellucid.language.operators import OPERATORS, apply, result_type
from pellucid.language.program import Program
from pellucid.language.types import INF, NOTHING, Numbers, Type, real, symbol, type_of_value, whole

X = Column("x", NUMBERS)
Y = Output("y", "x")
READ = Assign("x", Input("x"))
COUNT = Aggregate(Select(), "count")


def made(*nodes, columns=(X,), outputs=(Y,), **rest):
    assigns = [node if isinstance(node, Assign) else Assign(f"v{i}", node) for i, node in enumerate(nodes)]
    return Program(columns, (READ, *assigns), outputs, **rest)


def deep(levels):
    value = Var("x")
    for _ in range(levels):
        value = Apply("neg", (value,))
    return Let(value)


WRONG = {
    "no columns": (lambda: Program((), (), (Y,)), "one or more input columns"),
    "two columns of one name": (lambda: made(columns=(X, X)), "different names"),
    "no outputs": (lambda: made(outputs=()), "one or more output columns"),
    "outputs of one name": (lambda: made(outputs=(Y, Y)), "different names"),
    "an empty column": (lambda: made(columns=(Column("x", Type()),)), "holds no value"),
    "a column of nothing": (lambda: made(columns=(Column("x", NOTHING),)), "holds nothing"),
    "an unknown that is unknown": (lambda: made(columns=(Column("x", LETTERS, "z"),)), "'z' for unknown ones"),
    "longest": (lambda: made(longest=0), "longest: expected a whole number from 1, got 0"),
    "when": (lambda: made(when="never"), "expected every, last or sequence, got 'never'"),
    "empty of every": (lambda: made(empty=(1,)), "empty: outputs come at every position"),
    "empty of two": (lambda: made(when="last", empty=(1, 2)), "expected 1 values, one per output, got 2"),
    "empty of infinity": (lambda: made(when="last", empty=(INF,)), "a finite number or nothing, got inf"),
    "a name": (lambda: made(Assign("a b", COUNT)), "must be an identifier"),
    "a name twice": (lambda: made(Assign("x", COUNT)), "x: defined twice"),
    "too many": (lambda: made(*[COUNT] * 5000), "at most 5000"),
    "an unknown variable": (lambda: made(let("z")), "v0: reads z, which is not defined"),
    "a later variable": (lambda: made(let("v1"), let("x")), "v0: reads v1, which is not defined before it"),
    "itself": (lambda: made(let("v0")), "not defined before it"),
    "a later default": (lambda: made(Delay("x", 1, Var("v1")), let("x")), "not defined before it"),
    "no such output": (lambda: made(outputs=(Output("y", "z"),)), "'z' is no variable"),
    "no such column": (lambda: made(Input("z")), "no input column 'z'; there are x"),
    "position of a column": (lambda: made(Input("x", "position")), "the position is of no column"),
    "delay by 0": (lambda: made(Delay("x", 0)), "expected another position"),
    "delay by a lot": (lambda: made(Delay("x", 2**40)), "amount: expected a whole number"),
    "delay by a float": (lambda: made(Delay("x", 1.0)), "amount: expected a whole number"),
    "looking ahead at a state": (
        lambda: made(Delay("v1", 1), Aggregate(Select(reach="any"), "sum", "v0")), "v1: looks ahead inside a state",
    ),
    "a pooled vote in a state": (
        lambda: made(Delay("v1", 1), Vote((0, 1), (0, 0), (Evidence("v0", (), (0, 1)),), (), True)), "looks ahead",
    ),
    "a delay ahead of itself": (lambda: made(Delay("v1", -1), let("v0")), "reads v1, which is not defined before it"),
    "an operator": (lambda: made(let(("plus", "x"))), "unknown operator 'plus'"),
    "arguments": (lambda: made(let(("-", "x"))), "- of 1 arguments; expected 2"),
    "infinity": (lambda: made(let(INF)), "a finite number or nothing, got inf"),
    "a bool": (lambda: made(let(True)), "got True"),
    "nesting": (lambda: made(deep(50)), "nested deeper than 50"),
    "a table of none": (lambda: made(Let(Table((), (), 0))), "a table of no variables"),
    "a short case": (lambda: made(Let(Table((Var("x"),), (((), 1),), 0))), "a case of 0 values for 1"),
    "two cases": (lambda: made(Let(Table((Var("x"),), (((1,), 1), ((1,), 2)), 0))), "two cases for the same values"),
    "a fraction in a table": (lambda: made(Let(Table((Var("x"),), (), Fraction(1, 3)))), "got the fraction 1/3"),
    "reach": (lambda: made(Aggregate(Select(reach="near"), "count")), "unknown reach 'near'"),
    "window": (lambda: made(Aggregate(Select(window=0), "count")), "window: expected a whole number from 1, got 0"),
    "a match over x": (lambda: made(Aggregate(Select(Var("x"), ("x",), ("x",)), "count")), "a match over 'x'; known: k, q"),
    "a query alone": (lambda: made(Aggregate(Select(query=("x",)), "count")), "a query or a key without a match"),
    "ties of none": (lambda: made(Aggregate(Select(ties=True), "count")), "ties: expected a match"),
    "negated": (lambda: made(Aggregate(Select(negated=True), "count")), "negated: expected a mask"),
    "an aggregate": (lambda: made(Aggregate(Select(), "median", "x")), "unknown aggregate 'median'"),
    "no value": (lambda: made(Aggregate(Select(), "sum")), "sum: needs value"),
    "a value to count": (lambda: made(Aggregate(Select(), "count", "x")), "count: takes no value"),
    "no order": (lambda: made(Aggregate(Select(), "argmax", "x")), "argmax: needs by"),
    "an order": (lambda: made(Aggregate(Select(), "sum", "x", by="x")), "sum: takes no by"),
    "a default count": (lambda: made(Aggregate(Select(), "count", None, Const(1))), "count: takes no default"),
    "no labels": (lambda: made(Vote((), ())), "one or more different labels"),
    "a label twice": (lambda: made(Vote(("a", "a"), (0, 0))), "one or more different labels"),
    "weights": (lambda: made(Vote(("a", "b"), (0,))), "expected 2 whole weights"),
    "real weights": (lambda: made(Vote(("a",), (0.5,))), "expected 1 whole weights"),
    "a row twice": (lambda: made(Vote(("a",), (0,), (Evidence("x", ((1, (0,)), (1, (1,))), (0,)),))), "two rows for"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_not_well_formed(name):
    make, message = WRONG[name]
    with pytest.raises(ProgramError) as error:
        make()
    assert message in str(error.value)


UNTYPED = {
    "text plus 1": (lambda: program(LETTERS, ("v", let(("+", "x", 1)))), "v: +: expected numbers, got text ('a', 'b', 'c')"),
    "logic of text": (lambda: program(LETTERS, ("v", let(("not", "x")))), "expected numbers, got text"),
    "bits of reals": (lambda: program(REALS, ("v", let(("^", "x", 1)))), "expected whole numbers, got numbers"),
    "pow of a variable": (lambda: program(NUMBERS, ("v", let(("pow", 2, "x")))), "a constant whole exponent from 0 to 64"),
    "min of kinds": (lambda: program(symbol([1, "a"]), ("v", Aggregate(Select(), "min", "x"))), "texts or numbers, not both"),
    "mode of kinds": (lambda: program(symbol([1, "a"]), ("v", Aggregate(Select(), "mode", "x"))), "texts or numbers, not both"),
    "order by kinds": (
        lambda: program(symbol([1, "a"]), ("v", Aggregate(Select(), "argmax", "x", by="x"))), "ordered by texts or numbers",
    ),
    "rank by text": (lambda: program(LETTERS, ("v", Aggregate(Select(), "ranked", "x", by="x"))), "expected whole numbers"),
    "sum of text": (lambda: program(LETTERS, ("v", Aggregate(Select(), "sum", "x"))), "sum: expected numbers, got text"),
    "a table over reals": (lambda: program(REALS, ("v", Let(Table((Var("x"),), (), 0)))), "which is not closed"),
    "a table over an open column": (
        lambda: program(NUMBERS, ("v", Let(Table((Var("x"),), (((1,), 1),), 0)))), "a table over the column 'x', which is not closed",
    ),
    "evidence of reals": (
        lambda: program(REALS, ("v", Vote((0, 1), (0, 0), (Evidence("x", (), (0, 0)),)))), "stands over symbols and whole",
    ),
    "scaled by reals": (lambda: program(REALS, ("v", Vote((0, 1), (0, 0), (), (("x", (0, 0)),)))), "expected whole numbers"),
    "a test of text": (lambda: program(LETTERS, ("v", Let(Cases(((Var("x"), Const(1)),), Const(0))))), "a test that gives text"),
    "a match of text": (lambda: attend("count", match=Var("q")), "a match that gives text"),
    "a mask of text": (lambda: program(LETTERS, ("v", Aggregate(Select(mask="x"), "count"))), "a mask of text"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNTYPED)
def test_not_well_typed(name):
    make, message = UNTYPED[name]
    with pytest.raises(ProgramError) as error:
        _ = make().types
    assert message in str(error.value)


TYPES = {
    "position": (program(LETTERS, ("v", let("i"))), whole(0)),
    "position of short ones": (program(LETTERS, ("v", let("i")), longest=4), whole(0)),
    "comparison": (program(NUMBERS, ("v", let(("<", "x", 3)))), whole(0, 1)),
    "remainder": (program(NUMBERS, ("v", let(("%", "x", 7)))), whole(0, 6)),
    "square": (program(NUMBERS, ("v", let(("*", "x", "x")))), whole(0)),
    "half": (program(NUMBERS, ("v", let(("/", "x", 2)))), real()),
    "quotient of whole": (program(whole(0, 10), ("v", let(("//", "x", 3)))), whole(0, 3)),
    "quotient of reals": (program(real(0, 1), ("v", let(("//", "x", 0.25)))), real(0)),
    "delay": (program(LETTERS, ("v", Delay("x", 1, Const(None)))), Type(("a", "b", "c"), None, True)),
    "delay of nothing": (program(NUMBERS, ("d", Delay("x", 1, Const(None))), ("v", let(("+", "d", 1)))), whole().or_nothing()),
    "count": (attend("count", window=3), whole(0, 5)),
    "count so far": (attend("count", window=3, reach="upto"), whole(0, 3)),
    "sum": (program(whole(0, 9), ("v", Aggregate(Select(window=3, reach="upto"), "sum", "x"))), whole(0, 27)),
    "mean of reals may be rounded up": (program(real(0, 1), ("v", Aggregate(Select(), "mean", "x"))), real(0)),
    "never empty": (attend("first", "x"), LETTERS),
    "may be empty": (attend("first", "x", reach="before"), LETTERS.or_nothing()),
    "may be skipped": (
        program(NUMBERS, ("d", Delay("x", 1, Const(None))), ("v", Aggregate(Select(), "argmax", "i", Const("no"), "d"))),
        Type(("no",), Numbers(0, INF, True)),
    ),
    "ranked": (attend("ranked", "x", "-", by="i"), symbol("abc-")),
    "a running sum is open": (program(NUMBERS, ("b", Delay("s", 1)), ("s", let(("+", "b", "x")))), whole()),
    "a counter modulo 3": (program(LETTERS, ("b", Delay("s", 1)), ("s", let(("%", ("+", "b", 1), 3)))), whole(0, 2)),
    "a counter stops": (program(LETTERS, ("b", Delay("s", 1)), ("s", let(("min", ("+", "b", 1), 3)))), whole(1, 3)),
    "a counter grows": (program(LETTERS, ("b", Delay("s", 1)), ("s", let(("+", "b", 1)))), whole(1)),
    "a state of labels": (
        program(LETTERS, ("b", Delay("s", 1, Const("z"))), ("s", let(("where", ("==", "x", Const("a")), "b", Const("y"))))), symbol("yz"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TYPES)
def test_types(name):
    made, meant = TYPES[name]
    assert made.types[made.results[0]] == meant


def test_a_program_that_ends_knows_its_longest_input():
    table = ("v", let(Table((Var("i"),), (((1,), "one"),), "more")))
    assert program(LETTERS, table, longest=4).types["i"] == whole(0, 3)
    assert (
        program(LETTERS, ("c", Aggregate(Select(), "count")), table, longest=4, when="last").pruned().takes_longer
        is False
    )


def test_takes_longer_follows_from_what_it_does():
    table = ("v", let(Table((Var("i"),), (((1,), "one"),), "more")))
    assert program(LETTERS, table).takes_longer
    assert not program(LETTERS, table, longest=5).takes_longer
    assert program(LETTERS, ("v", let((">", "i", 1))), longest=5).takes_longer
    assert program(LETTERS, ("m", let(("%", "i", 2))), ("v", let(Table((Var("m"),), (), 0))), longest=5).takes_longer
    seen = Let(Table((Apply("+", (Var("x"), Const(1))),), (((1,), 1),), 0))
    assert program(NUMBERS, ("v", seen), longest=5).takes_longer  # of any number, but not for the length
    votes = ("v", Vote((0, 1), (0, 1), (Evidence("n", ((2, (1, 0)),), (0, 0)),)))
    assert not program(LETTERS, votes, longest=5).takes_longer
    assert not attend("count", match=Table((Var("q"),), (((2,), 1),), 0), query=("i",), key=("i",)).pruned().longest
    far = Aggregate(Select(Table((Var("q"),), (((2,), 1),), 0), ("i",), ("i",)), "count")
    assert not program(LETTERS, ("v", far), longest=2_000).takes_longer


NUMBER = st.one_of(st.integers(-40, 40), st.floats(-50, 50), st.sampled_from([0, 1, -1, 2**62, -(2**63), 0.5]))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(OPERATORS)), st.lists(NUMBER, min_size=6, max_size=6))
def test_results_lie_in_the_interval_of_the_arguments(name, ends):
    """The type of a result, from intervals, holds the result for values of the intervals."""
    row = OPERATORS[name]
    count = row.arity[0]
    types = [
        Type((), Numbers(min(pair), max(pair), all(isinstance(v, int) for v in pair)))
        for pair in (ends[2 * i : 2 * i + 2] for i in range(count))
    ]
    if name == "pow":
        types[1], ends[2:4] = type_of_value(3), [3, 3]
    try:
        found = result_type(name, types)
    except TypeError:
        return
    for pick in range(2**count):
        values = [ends[2 * i + (pick >> i & 1)] for i in range(count)]
        assert found.holds(apply(name, values)), (values, str(found))


def test_equal_expressions_of_helpers():
    assert expression(("+", "x", 1)) == Apply("+", (Var("x"), Const(1)))
    assert operate("neg", "x")["out"] == Let(Apply("neg", (Var("x"),)))
