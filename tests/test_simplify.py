# ruff: noqa: E501
"""Exact passes: outputs stay on the whole domain, no program grows; what becomes what."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from language_random import random_program as whole_language
from pellucid.language.expressions import Apply, Cases, Const, Table, Var, among
from pellucid.language.nodes import Aggregate, Delay, Evidence, Input, Let, Select, Vote
from pellucid.language.types import real, symbol, whole
from pellucid.semantics import domain
from pellucid.semantics.batch import predict
from pellucid.simplify import PASSES, simplify
from pellucid.simplify import facts as facts_of
from pellucid.simplify.closed import CLOSED, closed
from pellucid.simplify.facts import Observed, Typed, locality
from pellucid.simplify.names import with_readable_names
from pellucid.simplify.rewrite import program_size
from pellucid.simplify.tidy import tidy
from simplify_samples import expression, let, numbers, program, random_program

BOTH = pytest.mark.parametrize(
    "facts", [lambda p: Observed(p, domain.every(p)), lambda p: Typed()], ids=["run", "types"]
)


def alike(made, *others):
    """Whether the same comes out for every input, and for some longer ones where the program takes them."""
    longer = domain.sample(made, 30, 0, 2 * made.longest) if made.takes_longer else []
    inputs = [*domain.every(made), *longer]
    return {repr(predict(made, inputs))} == {repr(predict(other, inputs)) for other in others}


@pytest.mark.parametrize("seed", range(40))
@BOTH
def test_each_pass_keeps_every_output_and_never_grows(seed, facts):
    before = random_program(seed).pruned()
    expected, known = repr(predict(before, domain.every(before))), facts(before)
    for step in (*PASSES, *CLOSED):
        after = step(before, known)
        assert repr(predict(after, domain.every(before))) == expected, step.__name__
        assert step in CLOSED or program_size(after) <= program_size(before), step.__name__


@pytest.mark.parametrize("seed", range(60, 110))
def test_simplify_keeps_every_output_repeats_and_settles(seed):
    before = random_program(seed)
    after = simplify(before)
    assert alike(before, after, simplify(closed(after)))
    assert repr(simplify(before)) == repr(after)
    assert repr(simplify(after)) == repr(after)
    assert program_size(after) <= program_size(before)
    assert after.pruned() == after


def test_the_result_does_not_depend_on_the_order_of_sets():
    code = (
        "from test_simplify import *\n"
        "for seed in range(8):\n"
        "    print(with_readable_names(simplify(closed(simplify(random_program(seed))))))\n"
    )
    texts = set()
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        texts.add(done.stdout)
    assert len(texts) == 1
    assert "Program(" in texts.pop()


# ---------------------------------------------------------------- expressions

TYPES = {"x": whole(), "u": whole(), "r": real(), "flag": whole(0, 1), "small": whole(0, 5), "word": symbol("abc"),
         "maybe": whole().or_nothing()}  # fmt: skip
TIDIED = {
    "adding 0": (("+", "x", 0), "x"),
    "a factor of 1": (("*", 1, "x"), "x"),
    "two signs": (("neg", ("neg", "x")), "x"),
    "numbers": (("+", "x", ("*", 2, 3)), ("+", "x", 6)),
    "adding a negative": (("+", "x", ("neg", "u")), ("-", "x", "u")),
    "not equal": (("not", ("==", "r", "u")), ("!=", "r", "u")),
    "not less": (("not", ("<", "x", "u")), (">=", "x", "u")),
    "not less, or no number": (("not", ("<", "r", "u")), ("not", ("<", "r", "u"))),
    "not less, or nothing": (("not", ("<", "maybe", "u")), ("not", ("<", "maybe", "u"))),
    "compared with 1": (("==", ("<", "x", "u"), 1), ("<", "x", "u")),
    "one minus a test": (("-", 1, ("<", "x", "u")), (">=", "x", "u")),
    "a choice of 1 and 0": (("where", (">", "x", 0), 1, 0), (">", "x", 0)),
    **{f"absolute, {sign} {bound}": (("where", (sign, "x", bound), *sides), ("abs", "x"))
       for sides, signs in (((("neg", "x"), "x"), "< <="), (("x", ("neg", "x")), "> >="))
       for sign in signs.split() for bound in (0, {"<": 1, "<=": -1, ">": -1, ">=": 1}[sign])},
    "absolute, of a real number": (("where", ("<", "r", 0), ("neg", "r"), "r"), ("abs", "r")),
    "the smaller of the same": (("min", "x", ("min", "u", "x")), ("min", "x", "u")),
    "a bound never met": (("min", "small", 9), "small"),
    "rounding a quotient": (("floor", ("/", "r", 3)), ("floor", ("//", "r", 3))),
    "rounding a whole quotient": (("floor", ("/", "x", 3)), ("//", "x", 3)),
    "a square": (("pow", "x", 2), ("square", "x")),
    "mirrored": (("<", 3, "x"), (">", "x", 3)),
    "1.0 makes floats": (("*", 1.0, "x"), ("*", 1.0, "x")),
    "a remainder that is none": (("%", "small", 6), "small"),
    "constants together": (("-", ("+", "x", 5), 2), ("+", "x", 3)),
    "constants to one side": (("==", ("+", "x", 5), 2), ("==", "x", -3)),
    "a difference of 0": (("==", ("-", "x", "u"), 0), ("==", "x", "u")),
    "out of range": (("<", "small", 9), 1),
    "never equal": (("==", "word", "small"), 0),
    "itself": (("==", "x", "x"), 1),
    "itself, or no number": (("==", "r", "r"), ("==", "r", "r")),
    "true and": (("and", 1, "flag"), "flag"),
    "false and": (("and", 0, "flag"), 0),
    "excluded": (("or", "flag", ("not", "flag")), 1),
    "flat": (("and", "flag", ("and", ("<", "x", 1), "flag")), ("and", "flag", ("<", "x", 1))),
    "taken for true": (("and", ("!=", "x", 0), "flag"), ("and", "x", "flag")),
}  # fmt: skip


@pytest.mark.parametrize("name", TIDIED)
def test_tidy(name):
    given, wanted = TIDIED[name]
    assert repr(tidy(expression(given), TYPES)) == repr(expression(wanted))


X, WORD = Var("x"), Var("word")
NEGATED_UP_TO_1 = Cases(((expression(("<=", "x", 1)), expression(("neg", "x"))),), X)
TABLES = {
    "not absolute": (NEGATED_UP_TO_1, NEGATED_UP_TO_1),
    "one value": (among(WORD, "a"), Apply("==", (WORD, Const("a")))),
    "all but": (Table((WORD,), ((("a",), 0), (("b",), 0)), 1), Apply("not", (among(WORD, "ab"),))),
    "no case left": (Table((WORD,), ((("z",), 5), (("a",), 2)), 2), Const(2)),
    "moved": (Table((expression(("+", "small", 2)),), (((3,), "p"),), "q"), Table((Var("small"),), (((1,), "p"),), "q")),
    "asked with a constant": (Table((WORD, Const(1)), ((("a", 1), 7), (("b", 2), 8)), 0), Table((WORD,), ((("a",), 7),), 0)),
    "asked twice": (Table((WORD, WORD), ((("a", "a"), 7), (("a", "b"), 8)), 0), Table((WORD,), ((("a",), 7),), 0)),
    "of outcomes": (Apply("==", (Table((WORD,), ((("a",), 5), (("b",), 6)), 0), Const(5))), Apply("==", (WORD, Const("a")))),
    "idle rules": (Cases(((Const(0), X), (expression(("<", "x", 3)), Const(5)), (expression(("<", "x", 3)), X)), Const(5)), Const(5)),
    "the other way": (Cases(((expression(("not", "flag")), X),), Const(5)), Cases(((Var("flag"), Const(5)),), X)),
    "together": (Cases(((expression(("==", "small", 1)), X), (expression(("==", "small", 3)), X)), Const(0)), Cases(((among(Var("small"), (1, 3)), X),), Const(0))),
    "nested": (Cases(((Var("flag"), Const(7)),), Cases(((expression(("<", "x", 3)), Const(8)),), X)), Cases(((Var("flag"), Const(7)), (expression(("<", "x", 3)), Const(8))), X)),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_tidy_tables(name):
    given, wanted = TABLES[name]
    assert repr(tidy(given, TYPES)) == repr(wanted)


# ---------------------------------------------------------------- programs


def simple(made):
    """The nodes of the simplified program but its inputs."""
    return {a.name: a.node for a in simplify(made) if not isinstance(a.node, Input)}


def head(how, *select, value="tokens", default=None, **rest):
    return Aggregate(Select(*select, **rest), how, value, Const(default))


PLACE, SIZE = ("place", Input("", "position")), ("size", Input("", "length"))
Q, K = Var("q"), Var("k")


def test_numeric_programs():
    made = program(
        ("a", head("sum", value="x", default=0, reach="upto")), ("b", head("sum", value="x", default=0, reach="upto")),
        ("copy", let("b")), ("unused", head("max", value="x", default=0, reach="upto")), ("d", let("-", "a", "copy")),
        ("lag", Delay("x")), ("lag_2", Delay("lag", 2)), ("y", let("+", ("floor", "lag_2"), "d", "copy")),
        types={"x": whole()},
    )  # fmt: skip
    assert [a.name for a in with_readable_names(simplify(made))] == ["x", "total_x", "x_3_before", "out"]
    xs = [[3, 1, 2, 9, -4, 5]]
    assert predict(simplify(made), xs) == predict(made, xs)


def test_a_ring_of_delays_stays_one():
    ring = program(("a", Delay("b")), ("b", Delay("c")), ("c", Delay("a", 1, Const(5))), types=numbers("x"))
    assert predict(simplify(ring), [[1.0] * 6]) == predict(ring, [[1.0] * 6])


HEADS = {
    "a distance is a delay": (head("last", Apply("==", (K, Apply("-", (Q, Const(2))))), ("place",), ("place",)), Delay("tokens", 2, Const(None))),
    "the last one before": (head("last", reach="before", default="?"), Delay("tokens", 1, Const("?"))),
    "the nearest after": (head("nearest", reach="after"), Delay("tokens", -1, Const(None))),
    "positions compared are a reach": (head("min", Apply("<", (K, Q)), ("place",), ("place",)), head("min", reach="before")),
    "a count of all before": (Aggregate(Select(reach="before"), "count"), Input("", "position")),
    "a count of all": (Aggregate(Select(), "count"), Input("", "length")),
    "a sum of ones": (head("sum", Apply("==", (K, Q)), ("tokens",), ("tokens",), value="ones", default=0), Aggregate(Select(Apply("==", (K, Q)), ("tokens",), ("tokens",)), "count")),
    "a table that is equality": (head("first", Table((Q, K), ((("a", "a"), 1), (("b", "b"), 1)), 0), ("tokens",), ("tokens",), value="place"), head("first", Apply("==", (K, Q)), ("tokens",), ("tokens",), value="place")),
    "a table of keys alone": (head("first", Table((Q, K), ((("a", "a"), 1), (("b", "a"), 1)), 0), ("tokens",), ("tokens",)), head("first", Apply("==", (K, Const("a"))), (), ("tokens",))),
    "a match of all": (head("mode", Apply("==", (K, Const(1))), (), ("ones",)), head("mode")),
    "a mask of all": (head("mode", mask="ones"), head("mode")),
    "a mask of none": (head("mode", mask="ones", negated=True, default="x"), Let(Const("x"))),
    "a mask that asks for a value": (head("first", mask="is_a", reach="after"), head("first", Apply("==", (K, Const("a"))), (), ("tokens",), "after")),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADS)
def test_heads(name):
    given, wanted = HEADS[name]
    flags = ("ones", Let(Const(1))), ("is_a", Let(Apply("==", (Var("tokens"), Const("a")))))
    made = program(PLACE, SIZE, *flags, ("out", given), longest=4)
    after = simplify(made)
    assert repr(after[after.results[0]]) == repr(wanted)
    assert alike(made, after)


def test_tables_of_tables_become_one():
    low = Table((Var("tokens"),), ((("a",), 3),), 4)
    made = program(
        ("low", Let(low)), ("out", Let(Table((Var("low"), Var("tokens")), (((3, "a"), "x"), ((4, "a"), "z")), "y")))
    )
    assert simple(made) == {"out": Let(Table((Var("tokens"),), ((("b",), "y"),), "x"))}


def test_a_table_that_only_renames_nothing_is_a_default():
    found = head("first", Apply("==", (K, Q)), ("tokens",), ("tokens",), reach="before", default="none")
    again = Let(Table((Var("found"),), ((("none",), "-"), (("b",), "b")), "a"))
    assert simple(program(("found", found), ("out", again), longest=4)) == {"out": replace(found, default=Const("-"))}


def test_a_default_that_may_also_be_picked_keeps_its_table():
    found = head("first", Apply("==", (K, Q)), ("tokens",), ("tokens",), reach="before", default="b")
    made = program(("found", found), ("out", Let(Table((Var("found"),), ((("b",), "-"),), "a"))), longest=4)
    assert len(simple(made)) == 2


@pytest.mark.parametrize("word", ["-", "a"])
def test_cases_that_only_rename_nothing_are_a_default(word):
    found = head("first", Apply("==", (K, Q)), ("tokens",), ("tokens",), reach="before", default=None)
    copied = Cases(((Apply("==", (Var("found"), Const(None))), Const(word)),), Var("found"))
    made = program(("found", found), ("out", Let(copied)), longest=None)
    assert simple(made) == {"out": replace(found, default=Const(word))}


def test_votes_lose_what_decides_nothing():
    rows = ("a", (2, 0)), ("b", (0, 2))
    vote = Vote(("p", "q"), (1, 1), (Evidence("tokens", rows, (0, 0)), Evidence("place", ((0, (1, 0)),), (0, 0))))
    made = program(PLACE, ("out", vote), longest=3)
    found = simple(made)["out"]
    assert isinstance(found, Let)
    assert alike(made, simplify(made))
    pooled = program(PLACE, ("out", replace(vote, pooled=True)), longest=3)
    assert alike(pooled, simplify(pooled))


def test_evidence_and_weights_given_twice_add_up():
    piece = Evidence("tokens", (("a", (2, 0)),), (0, 1))
    twice = Vote(("a", "b"), (0, 4), (piece, piece), (("place", (3, 0)), ("place", (0, 1))), True)
    made = program(PLACE, ("out", twice), longest=3)
    assert alike(made, simplify(made))
    assert len(simple(made)["out"].evidence) == len(simple(made)["out"].scaled) == 1


def test_evidence_of_nothing_is_the_default():
    before = ("before", Delay("tokens", 1, Const(None)))
    piece = Evidence("before", (("a", (5, 0)), ("b", (5, 0))), (0, 9))
    made = program(
        PLACE, before, ("out", Vote(("p", "q"), (0, 0), (piece, Evidence("place", ((2, (0, 8)),), (0, 0))))), longest=3
    )
    assert alike(made, simplify(made))


def test_what_never_occurs_is_told_from_the_length():
    # `count` is below the position plus 2, so that half of the table never occurs.
    cases = tuple(((i, n), "p") for i in range(3) for n in range(i + 2, 9))
    made = program(PLACE, ("n", Aggregate(Select(reach="upto", match=Apply("==", (K, Const("a"))), key=("tokens",)), "count")),
                   ("out", Let(Table((Var("place"), Var("n")), cases, "q"))), longest=3)  # fmt: skip
    assert simple(made) == {"out": Let(Const("q"))}


def test_how_far_a_program_looks():
    window = head("max", reach="upto", window=3)
    assert locality(program(("w", window), ("d", Delay("w", 2, Const("a"))))) == 5
    assert locality(program(("d", Delay("tokens", -1)), ("w", replace(window, value="d")))) == 4
    assert locality(program(("c", head("max", reach="upto")))) is None
    assert locality(program(PLACE, ("c", let("+", "place", 1)))) is None


def test_what_is_true_of_all_windows_is_true_of_any_length():
    # Of two neighbours, never both: no end of the input is needed to know it.
    flags = (
        ("one", let("==", "x", 1)),
        ("before", Delay("one", 1, Const(1))),
        ("both", let("and", "one", ("<", "x", 1))),
    )
    made = program(*flags, ("out", let("+", "before", "both")), types={"x": whole(0, 3)})
    assert made.longest is None
    assert "both" not in simple(made)


def test_longer_inputs_are_not_forgotten():
    # Up to 4 positions the count is below 5; a program that takes more keeps asking.
    count = Aggregate(Select(match=Apply("==", (K, Q)), query=("tokens",), key=("tokens",)), "count")
    made = program(("n", count), ("out", let("<", "n", 5)), longest=4)
    assert made.takes_longer
    assert repr(simplify(made)["out"]) == repr(made["out"])


@pytest.mark.parametrize("seed", range(12))
def test_programs_of_the_whole_language_keep_their_outputs(seed, monkeypatch):
    monkeypatch.setattr(facts_of, "MOST_CELLS", 100_000)
    before = whole_language(seed)
    after = simplify(closed(simplify(before)))
    inputs = domain.sample(before, 40, seed)
    assert repr(predict(before, inputs)) == repr(predict(after, inputs))
    assert program_size(simplify(before)) <= program_size(before)


def test_windows_without_end_are_not_run():
    made = program(("out", head("max", reach="upto", window=2**31)))
    assert simplify(made) == made


def test_a_default_that_is_never_needed_reads_nothing():
    found = Aggregate(Select(Apply("==", (K, Q)), ("tokens",), ("tokens",)), "nearest", "place", Var("other"))
    made = program(PLACE, ("other", head("max", value="place")), ("out", found), longest=3)
    assert list(simple(made)) == ["out"]
    assert alike(made, simplify(made))
