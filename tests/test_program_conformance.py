# ruff: noqa: E501
"""Every IR node x interpreter, emitted text, JSON: against outputs written by hand."""

from typing import get_args, get_type_hints

import pytest

from pellucid.data.vocab import Vocab
from pellucid.program import formula, ir, predicates
from pellucid.program.formula import Apply, Const, Var
from pellucid.program.interpret import predict
from pellucid.program.ir import (
    PREVIOUS,
    Aggregate,
    Embed,
    Evidence,
    Formula,
    Input,
    Lookup,
    Readout,
    Rule,
    Rules,
    Scan,
    Select,
)
from pellucid.program.ir import Test as If
from pellucid.program.predicates import Compare, Match, OneOf
from pellucid.program.serialise import dumps, loads
from program_samples import plain, program, text_outputs

LETTERS = Vocab.of("ab", "ab", "tagging", 4)
NUMBERS = Vocab.of((-2, 1, 3), (0, 1), "tagging", 4)
LABEL = Vocab.of("ab", "pq", "classification", 4)
BOTH = Vocab.of("ab", "ab", "tagging", 4, markers="both")

TOKENS, POSITIONS, ONES = ("tokens", Input("tokens")), ("positions", Input("positions")), ("ones", Input("ones"))
LENGTH = ("length", Input("length"))
INTS = ("ints", Embed("tokens", ((-2, -2), (1, 1), (3, 3), ("<s>", 0))))
TAKE = ("out", Aggregate("where", "take", "positions"))
COUNT = ("out", Aggregate("where", "count"))


def where(query, key, predicate, kind="closest", reach="any"):
    return ("where", Select(query, key, predicate, kind, reach))


def attend(query, key, predicate, how="count", value=None, default=None, kind="all", vocab=LETTERS, **rest):
    """A head over the tokens alone: positions, ones and a flag for the letter a or a number above 0 stand ready."""
    flag = Rules((Rule((If("tokens", "in", ("a", 1, 3)),), 1),), 0)
    select = ("where", Select(query, key, predicate, kind, **rest))
    return plain(
        vocab, TOKENS, POSITIONS, ONES, ("flag", flag), select, ("out", Aggregate("where", how, value, default))
    )


def decide(*rules, default=0, vocab=LETTERS):
    return plain(vocab, TOKENS, POSITIONS, LENGTH, ("out", Rules(rules, default)))


def carry(initial, step, vocab=LETTERS):
    return plain(vocab, TOKENS, POSITIONS, ("out", Scan(initial, step)), unbounded=True)


def arithmetic(op, left, right):
    return program(NUMBERS, TOKENS, INTS, POSITIONS, ("out", Formula(Apply(op, left, right))))


# name -> (program, input, output)
CASES = {
    "tokens": (program(LETTERS, TOKENS), "ab", ["a", "b"]),
    "positions": (program(LETTERS, TOKENS, POSITIONS), "abb", [1, 2, 3]),
    "ones": (program(LETTERS, TOKENS, ONES), "ab", [1, 1]),
    "embed": (program(LETTERS, TOKENS, ("out", Embed("tokens", (("a", 5), ("b", "five"), ("<s>", 5))))), "ab", [5, "five"]),
    # closest: left of two equally near; own position only if alone; 0 if none
    "closest ==": (program(LETTERS, TOKENS, POSITIONS, where("tokens", "tokens", Compare("==")), TAKE), "abaa", [3, 2, 4, 3]),
    "closest tie": (program(LETTERS, TOKENS, POSITIONS, where("tokens", "tokens", OneOf(("a",))), TAKE), "aba", [3, 1, 1]),
    "closest none": (program(LETTERS, TOKENS, POSITIONS, where("tokens", "tokens", OneOf(("b",))), TAKE), "aa", [0, 0]),
    "closest marker": (
        program(BOTH, TOKENS, POSITIONS, where("tokens", "tokens", OneOf(("</s>",))), TAKE), "ab", [3, 3],
    ),
    "closest upto ==": (
        program(LETTERS, TOKENS, POSITIONS, where("tokens", "tokens", Compare("=="), reach="upto"), TAKE),
        "abaa", [1, 2, 1, 3],
    ),
    "closest upto none": (
        program(LETTERS, TOKENS, POSITIONS, where("tokens", "tokens", OneOf(("b",)), reach="upto"), TAKE), "aab", [0, 0, 3],
    ),
    "closest offset": (
        program(LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare("==", -2)), TAKE), "abab", [0, 0, 1, 2],
    ),
    "closest !=": (program(LETTERS, TOKENS, POSITIONS, where("tokens", "tokens", Compare("!=")), TAKE), "aab", [0, 3, 2]),
    "closest <": (
        program(LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare("<")), TAKE), "aab", [0, 1, 2],
    ),
    "closest >= offset": (
        program(LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare(">=", 2)), TAKE), "abab", [3, 4, 0, 0],
    ),
    "closest > upto": (
        program(LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare(">", -2), reach="upto"), TAKE),
        "abab", [0, 1, 2, 3],
    ),
    "closest <=": (
        program(LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare("<=")), TAKE), "aab", [0, 1, 2],
    ),
    "closest one of two": (
        program(LETTERS, TOKENS, POSITIONS, where("tokens", "positions", OneOf((1, 4))), TAKE), "abab", [4, 1, 4, 1],
    ),
    "closest match": (
        program(LETTERS, TOKENS, POSITIONS, where("tokens", "positions", Match((("a", (2,)), ("b", ())), (0,))), TAKE),
        "ab", [2, 0],
    ),
    "closest match rows": (
        program(LETTERS, TOKENS, POSITIONS, where("tokens", "positions", Match((("a", (2, 3)),), (1, 4)), reach="upto"), TAKE),
        "abab", [0, 1, 2, 1],
    ),
    "two takes": (
        program(
            LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare("==", 1)),
            ("after", Aggregate("where", "take", "tokens")), ("out", Aggregate("where", "take", "after")),
        ),
        "abba", ["b", "a", "<s>", "a"],
    ),
    "count ==": (program(LETTERS, TOKENS, where("tokens", "tokens", Compare("=="), "all"), COUNT), "aba", [2, 1, 2]),
    "count == upto": (
        program(LETTERS, TOKENS, where("tokens", "tokens", Compare("=="), "all", "upto"), COUNT), "aba", [1, 1, 2],
    ),
    "count offset": (
        program(LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare("==", 1), "all"), COUNT), "aba", [1, 1, 0],
    ),
    "count <": (
        program(LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare("<"), "all"), COUNT), "aba", [1, 2, 3],
    ),
    "count > upto": (
        program(LETTERS, TOKENS, POSITIONS, where("positions", "positions", Compare(">"), "all", "upto"), COUNT),
        "aba", [0, 0, 0],
    ),
    "count one": (program(LETTERS, TOKENS, where("tokens", "tokens", OneOf(("a",)), "all"), COUNT), "aba", [2, 2, 2]),
    "count one upto": (
        program(LETTERS, TOKENS, where("tokens", "tokens", OneOf(("a",)), "all", "upto"), COUNT), "aba", [1, 1, 2],
    ),
    "count two": (program(LETTERS, TOKENS, where("tokens", "tokens", OneOf(("a", "<s>")), "all"), COUNT), "aba", [3, 3, 3]),
    "count nothing": (program(LETTERS, TOKENS, where("tokens", "tokens", OneOf(()), "all", "upto"), COUNT), "ab", [0, 0]),
    "count match": (
        program(LETTERS, TOKENS, where("tokens", "tokens", Match((("a", ("b",)),), ("a",)), "all"), COUNT), "aba", [1, 2, 1],
    ),
    "count match rows": (
        program(LETTERS, TOKENS, where("tokens", "tokens", Match((("a", ("b", "<s>")),)), "all"), COUNT), "aba", [2, 0, 2],
    ),
    "sum == negative": (
        program(NUMBERS, TOKENS, INTS, where("tokens", "tokens", Compare("=="), "all"), ("out", Aggregate("where", "sum", "ints"))),
        (-2, 3, -2), [-4, 3, -4],
    ),
    "sum upto": (
        program(
            NUMBERS, TOKENS, INTS, where("tokens", "tokens", Match(((3, (-2,)),), (3,)), "all", "upto"),
            ("out", Aggregate("where", "sum", "ints")),
        ),
        (-2, 3, -2, 3), [0, -2, 3, -4],
    ),
    "sum <=": (
        program(
            NUMBERS, TOKENS, INTS, where("ints", "ints", Compare("<="), "all", "upto"),
            ("out", Aggregate("where", "sum", "ints")),
        ),
        (3, -2, 1, 3), [3, -2, -1, 5],
    ),
    "sum constant": (
        program(NUMBERS, TOKENS, INTS, where("tokens", "tokens", OneOf((1,)), "all"), ("out", Aggregate("where", "sum", "ints"))),
        (1, -2, 1), [2, 2, 2],
    ),
    "lookup 1": (program(LETTERS, TOKENS, ("out", Lookup(("tokens",), ((("a",), "b"), (("b",), 3)), "a"))), "ab", ["b", 3]),
    "lookup 1 test": (program(LETTERS, TOKENS, ("out", Lookup(("tokens",), ((("a",), "b"),), 0))), "ab", ["b", 0]),
    "lookup 1 set": (
        program(LETTERS, TOKENS, POSITIONS, ("out", Lookup(("positions",), (((1,), "x"), ((3,), "x")), 0))), "aba", ["x", 0, "x"],
    ),
    "lookup constant": (program(LETTERS, TOKENS, ("out", Lookup(("tokens",), (), "a"))), "ab", ["a", "a"]),
    "lookup 2": (
        program(LETTERS, TOKENS, POSITIONS, ("out", Lookup(("tokens", "positions"), ((("a", 1), 1), (("b", 2), 2)), 0))),
        "aba", [0 + 1, 2, 0],
    ),
    "lookup 3": (
        program(
            LETTERS, TOKENS, POSITIONS, ONES,
            ("out", Lookup(("tokens", "positions", "ones"), ((("a", 1, 1), 7), (("b", 2, 1), 8), (("b", 3, 2), 9)), 0)),
        ),
        "abb", [7, 8, 0],
    ),
    "formula +": (arithmetic("+", Var("ints"), Var("positions")), (-2, 3), [-1, 5]),
    "formula -": (arithmetic("-", Var("ints"), Apply("-", Const(-3), Var("positions"))), (-2, 3), [2, 8]),
    "formula *": (arithmetic("*", Var("ints"), Apply("+", Var("positions"), Const(1))), (-2, 3), [-4, 9]),
    "formula //": (arithmetic("//", Var("ints"), Const(-2)), (-2, 3, 1), [1, -2, -1]),
    "formula %": (arithmetic("%", Var("ints"), Const(-4)), (-2, 3, 1), [-2, -1, -3]),
    "formula min": (arithmetic("min", Var("ints"), Const(2)), (-2, 3, 1), [-2, 2, 1]),
    "formula max": (arithmetic("max", Var("ints"), Var("positions")), (-2, 3, 1), [1, 3, 3]),
    "formula constant": (arithmetic("*", Const(3), Const(-2)), (1, 3), [-6, -6]),
    "readout": (
        program(
            LETTERS, TOKENS, POSITIONS,
            ("out", Readout(("a", "b"), (1, 0), (
                Evidence("tokens", (("a", (0, 2)),), (0, 0)), Evidence("positions", ((1, (3, 0)),), (0, 1)),
            ))),
        ),
        "aab", ["a", "b", "a"],  # 4:2, 1:3, and a tie at 1:1
    ),
    "readout scaled": (
        program(LETTERS, TOKENS, POSITIONS, ("out", Readout(("a", "b"), (3, 0), (), (("positions", (-1, 1)),)))),
        "aab", ["a", "b", "b"],  # 2:1, 1:2, 0:3
    ),
    "readout bias only": (program(LETTERS, TOKENS, ("out", Readout(("b", "a"), (0, 0)))), "ab", ["b", "b"]),
    "pooled": (
        program(LABEL, TOKENS, ("out", Readout(("q", "p"), (0, 1), (Evidence("tokens", (("a", (3, 0)),), (0, 0)),), (), True))),
        "abb", "q",  # 3:3, and the first wins
    ),
    "pooled scaled": (
        program(
            LABEL, TOKENS, POSITIONS,
            ("out", Readout(("q", "p"), (2, 0), (Evidence("tokens", (("<s>", (99, 0)),), (0, 0)),), (("positions", (0, 1)),), True)),
        ),
        "aaa", "q",  # 6:6, the marker counts nothing
    ),
    "pooled other": (
        program(LABEL, TOKENS, POSITIONS, ("out", Readout(("q", "p"), (2, 0), (), (("positions", (0, 1)),), True))), "aaab", "p",
    ),
    # ------------------------------------------------ without markers
    "own tokens": (plain(LETTERS, TOKENS), "abba", ["a", "b", "b", "a"]),
    "own positions": (plain(LETTERS, TOKENS, POSITIONS), "abb", [0, 1, 2]),
    "own length": (plain(LETTERS, TOKENS, LENGTH), "abb", [3, 3, 3]),
    "length with markers": (program(BOTH, TOKENS, LENGTH), "abb", [3, 3, 3]),
    "own end marker": (plain(BOTH, TOKENS, where("tokens", "tokens", Compare("!="), "all"), COUNT), "abb", [2, 1, 1]),
    "own closest none": (attend("tokens", "tokens", OneOf(("b",)), "take", "positions", kind="closest"), "aa", [0, 0]),
    "shift left": (attend("positions", "positions", Compare("==", -1), "take", "tokens", kind="closest"), "abb", ["a", "a", "b"]),
    "shift right": (attend("positions", "positions", Compare("==", 1), "take", "tokens", kind="closest"), "abb", ["b", "b", "a"]),
    "mirror": (
        plain(
            LETTERS, TOKENS, POSITIONS, LENGTH,
            ("place", Formula(Apply("-", Apply("-", Var("length"), Const(1)), Var("positions")))),
            where("place", "positions", Compare("==")), ("out", Aggregate("where", "take", "tokens")), unbounded=True,
        ),
        "abbbaab", ["b", "a", "a", "b", "b", "b", "a"],
    ),
    "no mirror": (
        plain(
            LETTERS, TOKENS, POSITIONS, LENGTH, ("place", Formula(Apply("-", Var("length"), Var("positions")))),
            where("place", "positions", Compare("==")), ("out", Aggregate("where", "take", "tokens")),
        ),
        "abb", ["a", "b", "b"],  # position 3 is none: position 0
    ),
    # reach
    **{
        f"all {reach}": (attend("tokens", "tokens", Compare("=="), reach=reach), "abaa", told)
        for reach, told in {
            "any": [3, 1, 3, 3], "upto": [1, 1, 2, 3], "before": [0, 0, 1, 2], "after": [2, 0, 1, 0], "from": [3, 1, 2, 1],
        }.items()
    },
    **{
        f"closest {reach}": (
            attend("tokens", "tokens", Compare("=="), "take", "positions", kind="closest", reach=reach), "abaa", told,
        )
        for reach, told in {
            "any": [2, 1, 3, 2], "upto": [0, 1, 0, 2], "before": [0, 0, 0, 2], "after": [2, 0, 3, 0], "from": [2, 1, 3, 3],
        }.items()
    },
    **{
        f"by position {op}": (attend("positions", "positions", Compare(op)), "aba", told)
        for op, told in {"<": [0, 1, 2], "<=": [1, 2, 3], ">": [2, 1, 0], ">=": [3, 2, 1], "!=": [2, 2, 2]}.items()
    },
    "everything upto": (attend("ones", "ones", Compare("=="), reach="upto"), "aba", [1, 2, 3]),
    "everything from": (attend("tokens", "tokens", OneOf(("a", "b")), reach="from"), "aba", [3, 2, 1]),
    "any before all": (attend("ones", "ones", Compare("=="), "any", reach="before"), "aba", [0, 1, 1]),
    "any after all": (attend("ones", "ones", Compare("=="), "any", reach="after"), "aba", [1, 1, 0]),
    "any of all": (attend("ones", "ones", Compare("=="), "any"), "ab", [1, 1]),
    # masks
    "masked": (attend("tokens", "tokens", Compare("!="), mask="flag"), "abb", [0, 1, 1]),
    "masked not": (attend("tokens", "tokens", Compare("!="), mask="flag", negated=True), "abb", [2, 0, 0]),
    "masked count": (attend("ones", "ones", Compare("=="), mask="flag", reach="before"), "aab", [0, 1, 2]),
    "masked count not": (attend("ones", "ones", Compare("=="), mask="flag", negated=True), "aab", [1, 1, 1]),
    "masked any": (attend("ones", "ones", Compare("=="), "any", mask="flag", reach="after"), "aba", [1, 1, 0]),
    "masked closest": (
        attend("tokens", "tokens", Compare("!="), "take", "positions", kind="closest", mask="flag"), "babb", [1, 0, 1, 1],
    ),
    "masked closest not": (
        attend("ones", "ones", Compare("=="), "take", "positions", kind="closest", mask="flag", negated=True, reach="before"),
        "babb", [0, 0, 0, 2],
    ),
    "masked position": (attend("positions", "positions", Compare("==", 1), "first", "tokens", "no", mask="flag"), "baa", ["a", "a", "no"]),
    # ties
    "ties >": (attend("tokens", "tokens", Compare(">"), ties="earlier"), "abab", [2, 0, 3, 1]),
    "ties <": (attend("tokens", "tokens", Compare("<"), vocab=NUMBERS, ties="earlier"), (3, 1, 3), [1, 0, 2]),
    "ties masked": (attend("tokens", "tokens", Compare(">"), ties="earlier", mask="flag"), "abaa", [0, 0, 1, 2]),
    "ties upto": (attend("tokens", "tokens", Compare("<"), ties="earlier", reach="from"), "abaa", [0, 2, 0, 0]),
    "ties closest": (
        attend("tokens", "tokens", Compare(">"), "take", "positions", kind="closest", ties="earlier"), "aaba", [2, 0, 0, 2],
    ),
    "ties that are never needed": (
        plain(
            LETTERS, TOKENS, ONES, ("twos", Formula(Apply("*", Var("ones"), Const(2)))),
            ("where", Select("ones", "twos", Compare(">"), "all", ties="earlier")), ("out", Aggregate("where", "min", "tokens", "?")),
        ),
        "ba", ["a", "a"],
    ),
    "position or text": (
        plain(
            LETTERS, TOKENS, POSITIONS, ("place", Lookup(("tokens",), ((("a",), 1),), "none")),
            where("place", "positions", Compare("=="), "all"), ("out", Aggregate("where", "first", "tokens", "?")),
        ),
        "ab", ["b", "?"],
    ),
    "places of short inputs": (
        plain(LETTERS, TOKENS, POSITIONS, where("tokens", "positions", OneOf((0, 1, 2, 3)), "all"), COUNT, unbounded=True),
        "aaaaaa", [4] * 6,
    ),
    # aggregates
    "any": (attend("tokens", "tokens", Compare("=="), "any", reach="before"), "aba", [0, 0, 1]),
    "any among": (attend("tokens", "tokens", OneOf(("b",)), "any"), "aab", [1, 1, 1]),
    "any rows": (attend("tokens", "tokens", Match((("a", ("b", "a")),), ()), "any", reach="after"), "aab", [1, 1, 0]),
    "any text order": (attend("tokens", "tokens", Compare("<"), "any"), "bab", [1, 0, 1]),
    "min": (attend("positions", "tokens", OneOf(("b",)), "min", "positions", -1), "abab", [1, 1, 1, 1]),
    "min none": (attend("tokens", "tokens", Compare(">"), "min", "positions", -1), "abb", [1, -1, -1]),
    "min text": (attend("ones", "ones", Compare("=="), "min", "tokens", "?"), "ba", ["a", "a"]),
    "max before": (attend("ones", "ones", Compare("=="), "max", "tokens", "?", reach="before"), "aba", ["?", "a", "b"]),
    "max text or number": (attend("tokens", "tokens", Compare("=="), "max", "positions", "none", reach="after"), "aba", [2, "none", "none"]),
    "max numbers": (attend("tokens", "tokens", Compare("<"), "max", "tokens", 9, vocab=NUMBERS), (3, -2, 1), [1, 9, -2]),
    "first": (attend("tokens", "tokens", Compare("!="), "first", "positions", 9), "aab", [2, 2, 0]),
    "first none": (attend("tokens", "tokens", Compare("!="), "first", "tokens", "none", reach="before"), "aab", ["none", "none", "a"]),
    "first of all": (attend("ones", "ones", Compare("=="), "first", "tokens", "?"), "ba", ["b", "b"]),
    "first after": (attend("ones", "ones", Compare("=="), "first", "tokens", "?", reach="after"), "ba", ["a", "?"]),
    "last": (attend("tokens", "tokens", Compare("=="), "last", "positions", 9), "aba", [2, 1, 2]),
    "last before": (attend("ones", "ones", Compare("=="), "last", "tokens", "?", reach="before"), "ba", ["?", "b"]),
    "last of other": (attend("tokens", "flag", OneOf((1,)), "last", "tokens", "?", reach="before"), "bab", ["?", "?", "a"]),
    "previous": (attend("positions", "positions", Compare("==", -1), "last", "tokens", "?"), "abb", ["?", "a", "b"]),
    "two on": (attend("positions", "positions", Compare("==", 2), "min", "tokens", "?"), "aab", ["b", "?", "?"]),
    "three back": (attend("positions", "positions", Compare("==", -3), "max", "tokens", 0), "abab", [0, 0, 0, "a"]),
    "sum of all": (attend("ones", "ones", Compare("=="), "sum", "tokens", vocab=NUMBERS, reach="upto"), (3, -2, 1), [3, 1, 2]),
    "sum masked": (attend("ones", "ones", Compare("=="), "sum", "tokens", vocab=NUMBERS, mask="flag"), (3, -2, 1), [4, 4, 4]),
    "sum after": (attend("tokens", "tokens", Compare("<"), "sum", "tokens", vocab=NUMBERS, reach="after"), (3, -2, 1), [-1, 0, 0]),
    "flag as output": (
        plain(
            LETTERS, TOKENS, where("tokens", "tokens", Compare("=="), "all", "before"), ("seen", Aggregate("where", "any")),
            ("both", Select("tokens", "tokens", OneOf(("a", "b")), "all")), ("out", Aggregate("both", "max", "seen", 0)),
        ),
        "aba", [1, 1, 1],
    ),
    # decision lists
    "rules none": (decide(), "ab", [0, 0]),
    "rules": (decide(Rule((If("tokens", "==", ("a",)),), "x"), Rule((If("positions", ">", (0,)),), 7)), "bab", [0, "x", 7]),
    "rules first wins": (decide(Rule((If("positions", ">=", (1,)),), 1), Rule((If("positions", "<=", (1,)),), 2)), "aaa", [2, 1, 1]),
    "rules and": (decide(Rule((If("tokens", "!=", ("a",)), If("positions", "<", (2,))), 1)), "bab", [1, 0, 0]),
    "rules in": (decide(Rule((If("positions", "in", (0, 3)),), 1), Rule((If("positions", "not in", (1,)),), 2)), "aaaa", [1, 0, 2, 1]),
    "rules in nothing": (decide(Rule((If("tokens", "in", ()),), 1), Rule((If("tokens", "not in", ()),), 2)), "ab", [2, 2]),
    "rules against": (decide(Rule((If("positions", "==", (), "length"),), 1), Rule((If("length", ">", (), "positions"),), 2)), "ab", [2, 2]),
    "rules text": (decide(Rule((If("tokens", "<", ("b",)),), "first")), "ab", ["first", 0]),
    "rules other kind": (decide(Rule((If("tokens", "==", (1,)),), 1), Rule((If("positions", "!=", ("a",)),), 2)), "ab", [2, 2]),
    "rules outcome": (decide(Rule((If("tokens", "==", ("a",)),), Var("positions")), default=Var("tokens")), "aba", [0, "b", 2]),
    "rules without tests": (decide(Rule((), Var("length")), Rule((If("tokens", "==", ("a",)),), 9)), "ab", [2, 2]),
    "many rules": (
        decide(
            Rule((If("positions", "==", (0,)), If("tokens", "==", ("a",))), "x"), Rule((If("positions", "==", (3,)),), "x"),
            Rule((If("length", "<", (3,)),), "short"), Rule((If("positions", "in", tuple(range(-30, 3))),), "low"),
        ),
        "abab", ["x", "low", "low", "x"],
    ),
    "a length of one is no flag": (
        plain(Vocab.of("ab", "ab", "tagging", 1), TOKENS, LENGTH, ("out", Rules((Rule((If("length", "==", (1,)),), "one"),), "more")), unbounded=True),
        "ab", ["more", "more"],
    ),
    # scans
    "scan lookup": (
        carry("even", Lookup((PREVIOUS, "tokens"), ((("even", "a"), "odd"), (("odd", "b"), "odd")), "even")), "abab" * 2,
        ["odd", "odd", "even", "even", "odd", "odd", "even", "even"],
    ),
    "scan rules": (
        carry("P", Rules((Rule((If(PREVIOUS, "==", ("F",)),), "F"), Rule((If("tokens", "==", ("b",)),), "F")), Var(PREVIOUS))),
        "aabaaa", ["P", "P", "F", "F", "F", "F"],
    ),
    "scan long rules": (
        carry(0, Rules(tuple(Rule((If(PREVIOUS, "==", (n,)), If("tokens", "==", ("a",))), n + 1) for n in range(4)), 0)),
        "aaabaaaaaa", [1, 2, 3, 0, 1, 2, 3, 4, 0, 1],
    ),
    "scan formula": (
        carry(0, Formula(Apply("-", Var("positions"), Var(PREVIOUS)))), "aaaaaa", [0, 1, 1, 2, 2, 3],
    ),
    "scan bounded": (
        carry(1, Formula(Apply("%", Apply("*", Var(PREVIOUS), Const(2)), Const(7)))), "a" * 7, [2, 4, 1, 2, 4, 1, 2],
    ),
    "scan with markers": (
        program(LETTERS, TOKENS, ("out", Scan(0, Rules((Rule((If("tokens", "==", ("<s>",)),), 5),), Var(PREVIOUS))))), "ab", [5, 5],
    ),
    # division
    "formula // variable": (
        plain(NUMBERS, TOKENS, POSITIONS, ("out", Formula(Apply("//", Const(7), Apply("-", Var("tokens"), Var("positions")))))),
        (-2, 1, 3), [-4, 0, 7],
    ),
    "formula % variable": (
        plain(NUMBERS, TOKENS, POSITIONS, ("out", Formula(Apply("%", Var("tokens"), Var("positions"))))), (3, -2, 3, 1), [0, 0, 1, 1],
    ),
    "formula // count": (
        plain(
            LETTERS, TOKENS, LENGTH, where("tokens", "tokens", Compare("=="), "all"), ("same", Aggregate("where", "count")),
            ("out", Formula(Apply("//", Var("length"), Var("same")))), unbounded=True,
        ),
        "abbbbb", [6, 1, 1, 1, 1, 1],
    ),
    "division beyond": (  # 5 - length is not 0 up to the longest training input, but later
        plain(LETTERS, TOKENS, LENGTH, ("out", Formula(Apply("//", Const(9), Apply("-", Const(5), Var("length"))))), unbounded=True),
        "aaaaa", [0, 0, 0, 0, 0],
    ),
    # labels
    "label at the end": (plain(LABEL, TOKENS, ("out", Lookup(("tokens",), ((("a",), "p"),), "q"))), "bba", "p"),
    "label pooled": (
        plain(LABEL, TOKENS, ("out", Readout(("q", "p"), (0, 1), (Evidence("tokens", (("a", (3, 0)),), (0, 0)),), (), True))),
        "abb", "q",
    ),
    "label of a readout": (
        plain(LABEL, TOKENS, ("out", Readout(("q", "p"), (0, 1), (Evidence("tokens", (("a", (3, 0)),), (0, 0)),)))), "aab", "p",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_node_means_the_same_everywhere(name, tmp_path):
    given, sequence, expected = CASES[name]
    sequence = tuple(sequence)
    assert predict(given, [sequence]) == [expected]
    again = loads(dumps(given))
    assert again == given
    assert again.types == given.types
    assert predict(again, [sequence]) == [expected]
    assert repr(text_outputs(given, [sequence], tmp_path)) == repr([expected])  # 1 is not True


def parts(value):
    """A node with everything inside it."""
    yield value
    inside = (
        vars(value).values() if hasattr(value, "__dataclass_fields__") else value if isinstance(value, tuple) else ()
    )
    for part in inside:
        yield from parts(part)


def test_every_part_of_the_language_has_a_case():
    seen = [part for given, _, _ in CASES.values() for a in given for part in parts(a.node)]
    classes = {type(part) for part in seen}
    for union in (ir.Node, predicates.Predicate, formula.Expression, (ir.Rule, ir.Test)):
        assert set(get_args(union) or union) <= classes
    found = {what for part in seen for what in used(part)}
    assert all_uses() <= found, sorted(map(str, all_uses() - found))
    assert {(given.markers, given.unbounded) for given, _, _ in CASES.values()} == {
        (True, False), (False, False), (False, True),
    }  # fmt: skip
    shapes = {
        (g.markers, isinstance(g[g.output], Readout) and g[g.output].pooled)
        for g, _, told in CASES.values()
        if told in ("p", "q")
    }
    assert shapes == {(True, True), (False, True), (False, False)}


def all_uses():
    """Everything that a part of a program can say."""
    select, aggregate = get_type_hints(Select), get_type_hints(Aggregate)
    wanted = {("Input", which) for which in get_args(get_type_hints(Input)["which"])}
    wanted |= {("Compare", op) for op in predicates.COMPARISONS} | {("Apply", op) for op in formula.FUNCTIONS}
    wanted |= {("Apply", op, "variable") for op in ("//", "%")}
    wanted |= {("Aggregate", how) for how in get_args(aggregate["how"])}
    for kind in get_args(select["kind"]):
        wanted |= {("Select", kind, reach) for reach in get_args(select["reach"])}
        wanted |= {("Select", kind, "masked"), ("Select", kind, "not masked"), ("Select", kind, "ties")}
    wanted |= {("Test", op) for op in get_args(get_type_hints(If)["op"])} | {("Test", "against")}
    wanted |= {("Rules", "to a variable"), ("Rules", "to a value"), ("Rules", "else a variable")}
    wanted |= {("Scan", name) for name in ("Lookup", "Rules", "Formula")}
    return wanted | {("Lookup", n) for n in (1, 2, 3)} | {("Readout", pooled) for pooled in (False, True)}


def used(part):
    """What one part of a program says."""
    match part:
        case Input(key) | Compare(key) | Aggregate(_, key) | If(_, key):
            yield (type(part).__name__, key)
            if isinstance(part, If) and part.against is not None:
                yield ("Test", "against")
        case Apply(op, _, right):
            yield from (("Apply", op), ("Apply", op, "constant" if isinstance(right, Const) else "variable"))
        case Select(kind=kind):
            yield ("Select", kind, part.reach)
            if part.mask is not None:
                yield ("Select", kind, "not masked" if part.negated else "masked")
            if part.ties != "none":
                yield ("Select", kind, "ties")
        case Lookup(variables):
            yield ("Lookup", len(variables))
        case Rules(rules, default):
            yield from (("Rules", f"to a {'variable' if isinstance(r.outcome, Var) else 'value'}") for r in rules)
            if isinstance(default, Var):
                yield ("Rules", "else a variable")
        case Scan(_, step):
            yield ("Scan", type(step).__name__)
        case Readout():
            yield ("Readout", part.pooled)
