"""Programs of the language written by hand, for the emitter's tests: those of the examples, and small machines."""

from pellucid.language.expressions import Apply, Cases, Const, Table, Var, among
from pellucid.language.nodes import Aggregate, Assign, Column, Delay, Evidence, Input, Let, Output, Select, Vote, When
from pellucid.language.program import Program
from pellucid.language.types import Value, real, symbol, whole
from pellucid.language.words import Reading

V, C = Var, Const


def op(name, *args):
    """An operator over variables (texts that name them), constants and expressions."""
    return Apply(name, tuple(V(a) if isinstance(a, str) else C(a) if isinstance(a, int | float) else a for a in args))


def program(columns, *assigns, out=None, when: When = "every", longest=None, empty=None):
    """A program; every column is a variable of its own name."""
    inputs = tuple(c if isinstance(c, Column) else Column(*c) for c in columns)
    given = [Assign(c.name, Input(c.name)) for c in inputs]
    made = (*given, *(Assign(name, node) for name, node in assigns))
    names = out or (made[-1].name,)
    return Program(inputs, made, tuple(Output(name, name) for name in names), when, longest, empty)


DIGITS = [("tokens", symbol(range(6)))]
NUMBERS = [("x", whole())]
REALS = [("x", real())]
POSITION, LENGTH = ("position", Input("", "position")), ("length", Input("", "length"))
Q, K, SAME = V("q"), V("k"), op("==", "k", "q")


def compare(sign, query, key, **rest):
    return Select(op(sign, "k", "q"), (query,), (key,), **rest)


def before(variable, amount=1, default: Value = 0):
    return Delay(variable, amount, C(default))


def so_far(how, variable=None, **rest):
    return Aggregate(Select(reach="upto", **rest), how, variable, C(0) if how == "sum" else C(None))


BRACKETS = [("tokens", symbol("()"))]
SAMPLES = {
    "hist": program(DIGITS, ("count", Aggregate(compare("==", "tokens", "tokens"), "count"))),
    "double_hist": program(
        DIGITS, ("same", Aggregate(compare("==", "tokens", "tokens"), "count")),
        ("twice", Aggregate(compare("==", "same", "same"), "count")), ("output", Let(op("//", "twice", "same"))),
    ),
    "reverse": program(
        DIGITS, POSITION, ("left", Aggregate(Select(reach="from"), "count")),
        ("output", Aggregate(compare(">", "position", "left"), "last", "tokens", C("nothing"))),
    ),
    "mirrored": program(
        DIGITS, POSITION, LENGTH, ("place", Let(op("-", op("-", "length", 1), "position"))),
        ("output", Aggregate(compare("==", "place", "position"), "nearest", "tokens")),
    ),
    "sort": program(
        DIGITS, POSITION, ("rank", Aggregate(compare("<", "tokens", "tokens", ties=True), "count")),
        ("output", Aggregate(compare("==", "position", "rank"), "first", "tokens", C("nothing"))),
    ),
    "sorted": program(DIGITS, POSITION, ("output", Aggregate(Select(), "ranked", "tokens", by="position"))),
    "most_freq": program(
        DIGITS, POSITION, ("other", Aggregate(compare("!=", "tokens", "tokens"), "count")),
        ("seen", Aggregate(compare("==", "tokens", "tokens", reach="before"), "any")),
        ("rank", Aggregate(compare("<", "other", "other", mask="seen", negated=True, ties=True), "count")),
        ("output", Aggregate(compare("==", "position", "rank", mask="seen", negated=True), "first", "tokens", C("-"))),
    ),
    "induction": program(
        [("tokens", symbol("0123abcd"))], ("previous", before("tokens", 1, "nothing")),
        ("output", Aggregate(compare("==", "tokens", "previous", reach="upto"), "first", "tokens", C("<unk>"))),
    ),
    "dyck1": program(
        BRACKETS, ("step", Let(Table((V("tokens"),), ((("(",), -1),), 1))), ("total", so_far("sum", "step")),
        ("broken", before("output", 1, "T")),
        ("output", Let(Cases((
            (op("==", "broken", C("F")), C("F")), (op("<", "total", 0), C("P")), (op("==", "broken", C("P")), C("T")),
        ), C("F")))),
    ),
    "dyck2": program(
        [("tokens", symbol("(){}"))],
        ("step", Let(Table((V("tokens"),), (((")",), 1), (("}",), 1)), -1))), ("total", so_far("sum", "step")),
        ("above", Aggregate(Select(reach="before"), "sum", "step", C(0))),
        ("lowest", Aggregate(Select(op("<=", "k", "q"), ("total",), ("total",), "upto"), "any")),
        ("kind", Let(among(V("tokens"), "()"))),
        ("opener", Aggregate(Select(op(">=", "k", "q"), ("total",), ("above",), "upto"), "last", "kind", C(-1))),
        ("wrong", Let(op("!=", "kind", "opener"))), ("output_before", before("output", 1, "T")),
        ("output", Let(Cases((
            (op("or", op("==", "output_before", C("F")), "wrong"), C("F")), (op("not", "lowest"), C("P")),
            (op("==", "output_before", C("P")), C("T")),
        ), C("F")))),
    ),
    "neighbours": program(
        DIGITS, ("left", before("tokens", 1, -1)), ("right", before("tokens", -1, -1)),
        ("output", Let(op("max", "left", "right"))),
    ),
    "sum": program(NUMBERS, ("y", so_far("sum", "x"))),
    "prev3": program(NUMBERS, ("y", before("x", 3))),
    "prev5": program(NUMBERS, ("y", before("x", 5))),
    "sum_last5": program(NUMBERS, ("y", so_far("sum", "x", window=5))),
    "mean_last5": program(REALS, ("y", so_far("mean", "x", window=5))),
    "spring": program(
        NUMBERS, ("y_before", before("y")), ("y_2_before", before("y", 2)),
        ("y", Let(op("-", op("+", "x", "y_before"), "y_2_before"))),
    ),
    "addition": program(
        [("a", whole()), ("b", whole())], ("carry_before", before("carry")),
        ("total", Let(op("+", "a", "b", "carry_before"))), ("carry", Let(op(">=", "total", 2))),
        ("y", Let(op("%", "total", 2))),
    ),
    "balanced": program(
        NUMBERS, ("step", Let(op("-", 1, op("*", 2, "x")))), ("depth", so_far("sum", "step")),
        ("lowest", so_far("min", "depth")), ("y", Let(op("and", op("==", "depth", 0), op(">=", "lowest", 0)))),
    ),
    "majority": program(NUMBERS, ("y", so_far("mode", "x"))),
    "evens": program(NUMBERS, ("even", Let(op("==", op("%", "x", 2), 0))), ("y", so_far("count", mask="even"))),
    "mean": program(REALS, ("y", so_far("mean", "x"))),
    "pendulum": program(
        [("angle", real()), ("speed", real())],
        ("next_speed", Let(op("-", op("*", 0.9713, "speed"), op("*", 0.48217, op("sin", "angle"))))),
        ("next_angle", Let(op("+", "angle", op("*", 0.0371, "next_speed")))), out=("next_speed", "next_angle"),
    ),
    "last_total": program(NUMBERS, ("s", so_far("sum", "x")), ("y", Let(op("%", "s", 7))), when="last"),
    "label": program(
        DIGITS, ("same", Aggregate(compare("==", "tokens", "tokens"), "count")),
        ("y", Let(Cases(((op(">", "same", 2), C("often")),), C("seldom")))), when="last",
    ),
    "abs_value": program(NUMBERS, ("y", Let(op("abs", "x")))),
    "text": program(
        [Column("words", symbol(["<unk>", "who", "is", "when", "how", "many"]), "<unk>", Reading())],
        ("kind", Let(Table((V("words"),), ((("who",), "person"), (("when",), "time"), (("how",), "count"),
                                          (("many",), "count"), (("is",), "-")), "-"))),
        ("label", Vote(("person", "time", "count"), (0, 1, 0), (
            Evidence("kind", (("person", (9, 0, 0)), ("time", (0, 9, 0)), ("count", (0, 0, 9))), (0, 0, 0)),
        ), (), True)),
        when="last",
    ),
}  # fmt: skip
