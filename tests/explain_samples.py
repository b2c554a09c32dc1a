"""Programs to look into: every node, symbols and numbers, votes, state, words, several columns."""

from hypothesis import strategies as st

from language_random import random_program
from pellucid.language.expressions import Apply, Cases, Const, Table, Var, among
from pellucid.language.nodes import Aggregate, Assign, Column, Delay, Evidence, Input, Let, Output, Select, Vote
from pellucid.language.program import Program
from pellucid.language.types import real, symbol, whole
from pellucid.language.words import AS_WRITTEN, Reading

Q, K = Var("q"), Var("k")
TOKEN, POSITION = ("token", Input("token")), ("position", Input("", "position"))


def equal(a, b):
    return Apply("==", (a, b))


def table(names, cases, default):
    """A table of variables by name, with a case for each key."""
    keys = {key if isinstance(key, tuple) else (key,): out for key, out in cases.items()}
    return Let(Table(tuple(map(Var, names)), tuple(keys.items()), default))


def program(column, *pairs, when="every", longest=None, labels=None, results=None):
    """A program of one column, or several; its last variable comes out, or those named."""
    columns = column if isinstance(column, tuple) else (column,)
    outputs = tuple(Output(name, name, labels) for name in results or (pairs[-1][0],))
    return Program(columns, tuple(Assign(*pair) for pair in pairs), outputs, when, longest)


DIGITS, BRACKETS, LETTERS = (Column("token", symbol(values)) for values in (range(5), "()", "ab"))
SAME = Select(equal(K, Q), ("token",), ("token",))
ALIKE = Select(equal(K, Q), ("count",), ("count",))
HIST = program(DIGITS, TOKEN, ("output", Aggregate(SAME, "count")))
COUNTS = program(
    DIGITS, TOKEN, ("count", Aggregate(SAME, "count")), ("twice", Aggregate(ALIKE, "count")),
    ("output", Let(Apply("//", (Var("twice"), Var("count"))))),
)  # fmt: skip
DYCK = program(
    BRACKETS, TOKEN, ("step", table(["token"], {"(": 1}, -1)),
    ("depth", Aggregate(Select(reach="upto"), "sum", "step", Const(0))), ("before", Delay("output", 1, Const("P"))),
    ("output", Let(Cases((
        (equal(Var("before"), Const("F")), Const("F")),
        (Apply("<", (Var("depth"), Const(0))), Const("F")),
        (equal(Var("depth"), Const(0)), Const("T")),
    ), Const("P")))), longest=8, labels=("F", "P", "T"),
)  # fmt: skip
SOUGHT = Select(Table((Q, K), ((("a", "b"), 1), (("b", "a"), 1), (("c", "a"), 1)), 0), ("token",), ("token",))
# A vote over what stands before each token and where the sought letter stands.
VOTE = program(
    Column("token", symbol("abc")), TOKEN, POSITION, ("left", Delay("token", 1, Const("-"))),
    ("place", Aggregate(SOUGHT, "nearest", "position", Const(-1))), ("unused", table(["place"], {3: 1}, 0)),
    ("output", Vote(("x", "y", "z"), (0, 1, 0), (
        Evidence("left", (("a", (5, 0, 0)), ("-", (0, 3, 0))), (0, 0, 0)),
        Evidence("place", ((1, (0, 0, 4)), (-1, (0, 1, 0))), (0, 0, 0)),
        Evidence("unused", ((1, (0, 0, 2)),), (0, 0, 0)),
    ))), longest=4, labels=("x", "y", "z"),
)  # fmt: skip
POOLED = program(
    LETTERS, TOKEN, ("start", Aggregate(Select(), "first", "token", Const("a"))),
    ("output", Vote(("no", "yes"), (1, 0), (Evidence("token", (("a", (0, 2)),), (0, 0)),
                                            Evidence("start", (("b", (1, 0)),), (0, 0))), (), True)),
    when="sequence", longest=4, labels=("no", "yes"),
)  # fmt: skip
LAST = program(LETTERS, TOKEN, ("output", table(["token"], {"a": "yes"}, "no")), when="last", longest=4,
               labels=("no", "yes"))  # fmt: skip
SORT = program(
    DIGITS, TOKEN, POSITION,
    ("rank", Aggregate(Select(Apply("<", (K, Q)), ("token",), ("token",), ties=True), "count")),
    ("output", Aggregate(Select(equal(K, Q), ("position",), ("rank",)), "nearest", "token")),
)  # fmt: skip
# Two columns of numbers, two outputs, state, a mask, a window.
TANK = program(
    (Column("inflow", real()), Column("open", whole(0, 1))), ("inflow", Input("inflow")), ("open", Input("open")),
    ("before", Delay("level", 1, Const(0.0))),
    ("level", Let(Apply("max", (Apply("+", (Var("before"), Var("inflow"))), Const(0))))),
    ("peak", Aggregate(Select(reach="upto", window=2, mask="open"), "max", "level", Const(0.0))),
    ("state", Let(Cases(((Apply(">", (Var("peak"), Const(10))), Const(1)),), Const(0)))), results=("level", "state"),
)  # fmt: skip
# What is nothing, argmax, looking ahead, membership.
MIXED = program(
    Column("token", whole(-9, 9)), TOKEN, ("even", Let(equal(Apply("%", (Var("token"), Const(2))), Const(0)))),
    ("only", Let(Cases(((Var("even"), Var("token")),), Const(None)))),
    ("best", Aggregate(Select(reach="from", window=3), "argmax", "token", Const(0), "token")),
    ("next", Aggregate(Select(reach="after"), "first", "only", Const(-99))), ("ahead", Delay("token", -1, Const(0))),
    ("far", Aggregate(Select(reach="any", mask="even", negated=True), "nearest", "token", Const(0))),
    ("output", Let(Cases(((among(Var("next"), (2, 4)), Var("best")),),
                         Apply("+", (Var("ahead"), Var("far")))))),
)  # fmt: skip
WORDS = program(
    Column("word", symbol(["Who", "is", "the", "?", "<unk>", "<Xxx>"]), "<unk>", Reading(AS_WRITTEN, True)),
    ("word", Input("word")), ("form", Input("word", "form")), ("left", Delay("word", 1, Const("<start>"))),
    ("pair", table(["left", "word"], {("<start>", "Who"): "opening"}, "-")),
    ("output", Vote(("HUM", "LOC", "NUM"), (0, 1, 0), (
        Evidence("word", (("Who", (5, 0, 0)), ("the", (0, 2, 2))), (0, 0, 0)),
        Evidence("form", (("Xxx", (3, 1, 0)),), (0, 0, 0)),
        Evidence("pair", (("opening", (4, 0, 0)),), (0, 0, 0)),
    ), (), True)), when="sequence", labels=("HUM", "LOC", "NUM"),
)  # fmt: skip
PROGRAMS = {"hist": HIST, "counts": COUNTS, "dyck": DYCK, "vote": VOTE, "pooled": POOLED, "last": LAST, "sort": SORT,
            "tank": TANK, "mixed": MIXED, "words": WORDS}  # fmt: skip
ANY = st.one_of(st.sampled_from([*PROGRAMS.values()]), st.integers(0, 10**6).map(random_program))
