# ruff: noqa: E501
"""Small programs of the language, one for each meaning, with outputs written by hand."""

from fractions import Fraction

from pellucid.language.expressions import Apply, Cases, Const, Table, Var, among
from pellucid.language.nodes import Aggregate, Assign, Column, Delay, Evidence, Input, Let, Output, Select, Vote
from pellucid.language.program import Program
from pellucid.language.types import real, symbol, whole
from pellucid.language.words import Reading

LETTERS, NUMBERS, REALS = symbol("abc"), whole(), real()


def expression(value):
    """A string stands for a variable, a tuple for an operator and its arguments, anything else for a constant."""
    if isinstance(value, str):
        return Var(value)
    if isinstance(value, tuple):
        return Apply(value[0], tuple(map(expression, value[1:])))
    return value if isinstance(value, Const | Table | Cases | Apply | Var) else Const(value)


def let(value):
    return Let(expression(value))


def program(kind, *pairs, when="every", **rest):
    """Over one column x, with the position i and the length n; the last variable comes out."""
    assigns = [("x", Input("x")), ("i", Input("", "position")), ("n", Input("", "length")), *pairs]
    made = tuple(Assign(name, node) for name, node in assigns)
    return Program((Column("x", kind),), made, (Output("y", made[-1].name if pairs else "x"),), when, **rest).pruned()


def attend(how, value=None, default=None, by=None, kind=LETTERS, **select):
    """An aggregate of x over x; `a` marks the letter a, or 1."""
    mark = Let(among(Var("x"), ["a", 1]))
    select = {"query": ("x",), "key": ("x",), **select} if "match" in select else select
    node = Aggregate(Select(**select), how, value, Const(default), by)
    return program(kind, ("a", mark), ("out", node))


def operate(*value, kind=NUMBERS):
    return program(kind, ("out", let(value)))


EQUAL, LESS, MORE = (Apply(op, (Var("k"), Var("q"))) for op in ("==", "<", ">"))
TWO = {"match": Apply("and", (EQUAL, Apply("==", (Var("k2"), Var("q2"))))), "query": ("x", "a"), "key": ("x", "a")}
BEFORE = {"match": Apply("==", (Var("k"), Apply("-", (Var("q"), Const(1))))), "query": ("i",), "key": ("i",)}
NEITHER = Const(None)

# name -> (program, input, output)
NODES = {
    "input": (program(LETTERS), "ab", ["a", "b"]),
    "position": (program(LETTERS, ("out", let("i"))), "abb", [0, 1, 2]),
    "length": (program(LETTERS, ("out", let("n"))), "abb", [3, 3, 3]),
    "form": (
        Program(
            (Column("t", symbol(["<unk>", "cat"]), "<unk>", Reading()),),
            (Assign("f", Input("t", "form")),),
            (Output("y", "f"),),
        ),
        ["cat", "Zoe", "7"],
        ["xxx", "unk", "unk"],
    ),
    "table": (program(LETTERS, ("out", let(Table((Var("x"), Var("i")), ((("a", 0), 5),), "no")))), "aa", [5, "no"]),
    "table of nothing": (
        program(LETTERS, ("d", Delay("x", 1, NEITHER)), ("out", let(Table((Var("d"),), (((None,), 1),), 0)))),
        "ab",
        [1, 0],
    ),
    "cases": (
        program(
            NUMBERS,
            ("out", let(Cases(((expression((">", "x", 2)), Const("big")), (Var("x"), Var("x"))), Const("zero")))),
        ),
        [3, 0, -1],
        ["big", "zero", -1],
    ),
    "fraction": (operate("*", "x", Const(Fraction(1, 3))), [3, 1], [1.0, 1 / 3]),
    "delay": (program(LETTERS, ("out", Delay("x", 1, Const("c")))), "aba", ["c", "a", "b"]),
    "delay of 2": (program(LETTERS, ("out", Delay("x", 2, NEITHER))), "aba", [None, None, "a"]),
    "delay ahead": (program(LETTERS, ("out", Delay("x", -1, Var("x")))), "abc", ["b", "c", "c"]),
    "delay far": (program(LETTERS, ("out", Delay("i", 100, Const(-1)))), "abc", [-1, -1, -1]),
    "delay by a variable": (program(NUMBERS, ("out", Delay("x", 1, Var("x")))), [4, 5, 6], [4, 4, 5]),
    "state": (program(NUMBERS, ("b", Delay("s", 1)), ("s", let(("+", "b", "x")))), [1, 2, 3], [1, 3, 6]),
    "state of a symbol": (
        program(
            symbol(["go", "stop"]),
            ("b", Delay("s", 1, Const("red"))),
            (
                "s",
                let(
                    Table(
                        (Var("b"), Var("x")),
                        ((("red", "go"), "green"), (("green", "go"), "yellow"), (("yellow", "go"), "red")),
                        "red",
                    )
                ),
            ),
        ),
        ["go", "go", "stop", "go"],
        ["green", "yellow", "red", "green"],
    ),
    "state of an aggregate": (
        program(
            NUMBERS,
            ("b", Delay("t", 1)),
            ("s", Aggregate(Select(reach="upto"), "max", "b", Const(0))),
            ("t", let(("+", "s", "x"))),
        ),
        [1, 2, -5, 1],
        [1, 3, -2, 4],
    ),
    "state two steps back": (
        program(NUMBERS, ("b", Delay("y", 1)), ("c", Delay("y", 2)), ("y", let(("-", ("+", "x", "b"), "c")))),
        [1, 0, 0, 0],
        [1, 1, 0, -1],
    ),
    "state of a vote": (
        program(
            LETTERS,
            ("b", Delay("v", 1, Const("c"))),
            ("v", Vote(("a", "b"), (0, 0), (Evidence("b", (("a", (0, 1)),), (1, 0)),))),
        ),
        "aaa",
        ["a", "b", "a"],
    ),
    "vote": (
        program(LETTERS, ("out", Vote(("p", "q"), (0, 1), (Evidence("x", (("a", (2, 0)),), (0, 0)),)))),
        "ab",
        ["p", "q"],
    ),
    "vote tied": (program(LETTERS, ("out", Vote(("q", "p"), (1, 1)))), "a", ["q"]),
    "vote scaled": (program(NUMBERS, ("out", Vote(("p", "q"), (3, 0), (), (("x", (0, 2)),)))), [1, 2], ["p", "q"]),
    "vote scaled by nothing": (
        program(NUMBERS, ("d", Delay("x", 1, NEITHER)), ("out", Vote(("p", "q"), (1, 0), (), (("d", (0, 2)),)))),
        [1, 2],
        ["p", "q"],
    ),
    "vote pooled": (
        program(
            LETTERS,
            ("out", Vote(("p", "q"), (1, 0), (Evidence("x", (("a", (0, 2)),), (0, 0)),), (), True)),
            when="sequence",
            empty=("p",),
        ),
        "bab",
        "p",
    ),
    "vote pooled over none": (
        program(LETTERS, ("out", Vote(("p", "q"), (0, 1), (), (), True)), when="sequence", empty=("q",)),
        "",
        "q",
    ),
    "last": (program(NUMBERS, ("s", Aggregate(Select(reach="upto"), "sum", "x")), when="last"), [1, 2, 3], 6),
    "large weights": (
        program(LETTERS, ("out", Vote(("p", "q"), (0, 1), (Evidence("x", (("a", (2**70, 2**70)),), (0, 0)),)))),
        "ab",
        ["q", "q"],
    ),
}
REACHES = {
    "any": (attend("count", reach="any"), "aba", [3, 3, 3]),
    "upto": (attend("count", reach="upto"), "aba", [1, 2, 3]),
    "before": (attend("count", reach="before"), "aba", [0, 1, 2]),
    "after": (attend("count", reach="after"), "aba", [2, 1, 0]),
    "from": (attend("count", reach="from"), "aba", [3, 2, 1]),
    "window": (attend("count", window=2), "abab", [2, 3, 3, 2]),
    "window upto": (attend("count", window=2, reach="upto"), "abab", [1, 2, 2, 2]),
    "window before": (attend("count", window=1, reach="before"), "abab", [0, 0, 0, 0]),
    "window after": (attend("count", window=3, reach="after"), "abab", [2, 2, 1, 0]),
    "mask": (attend("count", mask="a"), "aba", [2, 2, 2]),
    "negated": (attend("count", mask="a", negated=True), "aba", [1, 1, 1]),
    "equal": (attend("count", match=EQUAL), "aba", [2, 1, 2]),
    "equal before": (attend("count", match=EQUAL, reach="before"), "aba", [0, 0, 1]),
    "less": (attend("count", match=LESS), "cab", [2, 0, 1]),
    "less with ties": (attend("count", match=LESS, ties=True), "aba", [0, 2, 1]),
    "more with ties": (attend("count", match=MORE, ties=True), "aba", [1, 0, 2]),
    "key alone": (attend("count", match=among(Var("k"), "bc")), "abc", [2, 2, 2]),
    "query alone": (attend("count", match=among(Var("q"), "bc")), "abc", [0, 3, 3]),
    "table": (attend("count", match=Table((Var("q"), Var("k")), ((("a", "b"), 1),), 0)), "abb", [2, 0, 0]),
    "offset": (attend("last", "x", "-", **BEFORE), "abc", ["-", "a", "b"]),
    "two keys": (attend("count", **TWO), "aba", [2, 1, 2]),
    "always": (attend("count", match=Const(1)), "ab", [2, 2]),
    "number attends to number": (attend("count", match=MORE, kind=REALS), [0.5, 2.0, 1.0], [2, 0, 1]),
    "numbers ahead": (attend("first", "x", reach="after", match=MORE, kind=NUMBERS), [1, 5, 3, 9], [5, 9, 9, None]),
}
AGGREGATED = {
    "count": (attend("count", reach="upto"), "ab", [1, 2]),
    "any": (attend("any", reach="before", mask="a"), "aba", [0, 1, 1]),
    "sum": (attend("sum", "x", 0, kind=NUMBERS, reach="upto"), [1, 2, 3], [1, 3, 6]),
    "sum of big ones": (attend("sum", "x", 0, kind=NUMBERS, reach="upto"), [2**62, 2**62, 1], [2**62, 2**63, 2**63 + 1]),
    "sum in a window": (attend("sum", "x", 0, kind=REALS, reach="upto", window=2), [1e17, 1.0, 1.0], [1e17, 1e17 + 1.0, 2.0]),
    "mean": (attend("mean", "x", 0, kind=NUMBERS, window=2), [1, 2, 6], [1.5, 3.0, 4.0]),
    "min": (attend("min", "x", kind=NUMBERS, reach="upto"), [2, 3, 1], [2, 2, 1]),
    "min of texts": (attend("min", "x"), "cab", ["a", "a", "a"]),
    "max": (attend("max", "x", 0, kind=NUMBERS, reach="after"), [2, 3, 1], [3, 1, 0]),
    "first": (attend("first", "x", match=among(Var("k"), "bc")), "acb", ["c", "c", "c"]),
    "last": (attend("last", "i", -1, match=EQUAL, reach="before"), "abaa", [-1, -1, 0, 2]),
    "nearest": (attend("nearest", "i", -1, match=EQUAL), "abaca", [2, 1, 0, 3, 2]),
    "nearest to itself": (attend("nearest", "i", -1, reach="upto", mask="a"), "aba", [0, 0, 0]),
    "argmax": (attend("argmax", "i", by="x", kind=NUMBERS, reach="upto"), [2, 5, 5, 6], [0, 1, 1, 3]),
    "argmin": (attend("argmin", "i", by="x", kind=REALS), [2.5, 1.5, 1.5], [1, 1, 1]),
    "mode": (attend("mode", "x", reach="upto"), "bacca", ["b", "a", "a", "c", "a"]),
    "distinct": (attend("distinct", "x", 0, reach="upto"), "abac", [1, 2, 2, 3]),
    "ranked": (attend("ranked", "x", "-", by="i", match=among(Var("k"), "bc")), "cab", ["b", "c", "-"]),
    "nothing is skipped": (
        program(NUMBERS, ("d", Delay("x", 1, NEITHER)), ("out", Aggregate(Select(), "count"))), [4, 5], [2, 2],
    ),
    "nothing is not added": (
        program(NUMBERS, ("d", Delay("x", 1, NEITHER)), ("out", Aggregate(Select(), "mean", "d", Const("none")))), [4, 5, 6], [4.5, 4.5, 4.5],
    ),
    "nothing to add": (
        program(NUMBERS, ("d", Delay("x", 1, NEITHER)), ("out", Aggregate(Select(), "sum", "d", Var("x")))), [4], [4],
    ),
    "nothing orders nothing": (
        program(NUMBERS, ("d", Delay("x", 1, NEITHER)), ("out", Aggregate(Select(), "argmax", "x", Const(-1), "d"))), [4], [-1],
    ),
}  # fmt: skip
BIG = 3**50
OPERATED = {
    "+": (operate("+", "x", 1, 2), [1, BIG], [4, BIG + 3]),
    "-": (operate("-", "x", 1), [1, -BIG], [0, -BIG - 1]),
    "*": (operate("*", "x", "x", 2), [3, 2**40], [18, 2**81]),
    "/": (operate("/", "x", 2), [4, 5, 0], [2, 2.5, 0]),
    "/ by 0": (operate("/", 1, "x"), [0, 2], [0, 0.5]),
    "//": (operate("//", "x", 3), [7, -7, BIG], [2, -3, BIG // 3]),
    "// by 0": (operate("//", 5, "x"), [0, -2], [0, -3]),
    "%": (operate("%", "x", -3), [7, -7], [-2, -1]),
    "% by 0": (operate("%", 5, "x"), [0, 3], [0, 2]),
    "neg": (operate("neg", "x"), [7, -BIG], [-7, BIG]),
    "abs": (operate("abs", "x"), [7, -BIG], [7, BIG]),
    "min": (operate("min", "x", 2, 3), [7, -1], [2, -1]),
    "max": (operate("max", "x", 2), [7, -1], [7, 2]),
    "==": (operate("==", "x", Const("a"), kind=LETTERS), "ab", [1, 0]),
    "== of kinds": (operate("==", "x", Const("1")), [1], [0]),
    "== of nothing": (program(LETTERS, ("d", Delay("x", 1, NEITHER)), ("out", let(("==", "d", NEITHER)))), "ab", [1, 0]),
    "!=": (operate("!=", "x", Const("a"), kind=LETTERS), "ab", [0, 1]),
    "<": (operate("<", "x", Const("b"), kind=LETTERS), "abc", [1, 0, 0]),
    "< of kinds": (operate("<", "x", Const("b")), [1], [0]),
    "< of nothing": (program(NUMBERS, ("d", Delay("x", 1, NEITHER)), ("out", let(("<", "d", 9)))), [1, 2], [0, 1]),
    "< exact": (operate("<", "x", 2.0**53), [2**53, 2**53 + 1, 2**53 - 1], [0, 0, 1]),
    "<=": (operate("<=", "x", 2), [1, 2, 3], [1, 1, 0]),
    ">": (operate(">", "x", 2), [1, 2, 3], [0, 0, 1]),
    ">=": (operate(">=", "x", 2), [1, 2, 3], [0, 1, 1]),
    "and": (operate("and", "x", 1, 2), [0, 5], [0, 1]),
    "or": (operate("or", "x", 0), [0, 5], [0, 1]),
    "not": (operate("not", "x"), [0, 5], [1, 0]),
    "where": (operate("where", "x", Const("yes"), "x"), [0, 5], [0, "yes"]),
    "where nothing": (program(NUMBERS, ("d", Delay("x", 1, NEITHER)), ("out", let(("where", "d", 1, "d")))), [1, 0], [None, 1]),
    "^": (operate("^", "x", 5), [3, -1], [6, -6]),
    "&": (operate("&", "x", 6), [3, -1], [2, 6]),
    "|": (operate("|", "x", 5), [3, -1], [7, -1]),
    "floor": (operate("floor", "x", kind=REALS), [1.5, -1.5], [1, -2]),
    "floor of no number": (operate("floor", ("exp", "x"), kind=REALS), [1e6], [0]),
    "round": (operate("round", "x", kind=REALS), [0.5, 1.5, -2.6], [0, 2, -3]),
    "sqrt": (operate("sqrt", "x"), [9, -1], [3.0, 0]),
    "sin": (operate("sin", "x", kind=REALS), [0.0, 1.0], [0.0, 0.8414709848078965]),
    "cos": (operate("cos", "x", kind=REALS), [0.0], [1.0]),
    "tan": (operate("tan", "x", kind=REALS), [0.0], [0.0]),
    "asin": (operate("asin", "x", kind=REALS), [0.0, 2.0], [0.0, 0]),
    "acos": (operate("acos", "x", kind=REALS), [1.0, 2.0], [0.0, 0]),
    "tanh": (operate("tanh", "x", kind=REALS), [0.0], [0.0]),
    "exp": (operate("exp", "x", kind=REALS), [0.0], [1.0]),
    "log": (operate("log", "x", kind=REALS), [1.0, -1.0], [0.0, 0]),
    "square": (operate("square", "x"), [-3, BIG], [9, BIG**2]),
    "sign": (operate("sign", "x"), [-3, 0, BIG], [-1, 0, 1]),
    "pow": (operate("pow", "x", 3), [-3, BIG], [-27, BIG**3]),
    "number": (operate("number", "x", kind=symbol([1, "b"])), [1, "b"], [1, None]),
    "nothing in arithmetic": (program(NUMBERS, ("d", Delay("x", 1, NEITHER)), ("out", let(("+", "d", "x")))), [1, 2], [None, 3]),
}  # fmt: skip
SAMPLES = {**NODES, **{f"reach {k}": v for k, v in REACHES.items()}, **AGGREGATED, **OPERATED}
