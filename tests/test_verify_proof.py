"""`verify --prove`: proofs agree with trying every input, and never claim what they have not shown."""

import contextlib
import itertools
import sys
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from language_random import random_program
from pellucid.errors import PellucidError
from pellucid.language.expressions import Apply, Cases, Const, Table, Var
from pellucid.language.nodes import Aggregate, Delay, Input, Let, ProgramError, Select, Vote
from pellucid.language.types import symbol, whole
from pellucid.semantics import domain
from pellucid.semantics.batch import predict
from pellucid.verify import apart, proof
from pellucid.verify.containers import SlowCounter, SlowDefaultDict, SlowDict, SlowSet
from pellucid.verify.encode import Encoding, texts
from pellucid.verify.oracle import Oracle, load_oracle, split_spec
from pellucid.verify.proof import AgainstProgram, AgainstSpec, against_file, prove
from pellucid.verify.terms import Terms, UnsupportedError, sure
from pellucid.verify.unknown import Checker, Paths, Unknown, term_of
from verify_samples import (
    CARRY,
    DYCK,
    EQUAL,
    HIST,
    LAST,
    LETTERS,
    MIXED,
    POOLED,
    PROGRAMS,
    SPRING,
    TOTAL,
    UPTO,
    WIDE,
    made,
    op,
    table,
)  # fmt: skip

few = settings(max_examples=25, deadline=None)
LESS = Apply("<", (Var("k"), Var("q")))
AT = ("i", Input("", "position"))
WIDE_HIST = made(WIDE, ("y", Aggregate(EQUAL, "count")), longest=8)
SORT = made(
    WIDE, AT, ("rank", Aggregate(Select(Apply("<=", (Var("k"), Var("q"))), ("x",), ("x",)), "count")),
    ("y", Aggregate(Select(Apply(">", (Var("k"), Var("q"))), ("i",), ("rank",)), "min", "x", Const(0))), longest=8,
)  # fmt: skip
STABLE_SORT = made(
    WIDE, AT, ("rank", Aggregate(Select(LESS, ("x",), ("x",), ties=True), "count")),
    ("y", Aggregate(Select(Apply("==", (Var("k"), Var("q"))), ("i",), ("rank",)), "nearest", "x")), longest=8,
)  # fmt: skip
RANKED = made(WIDE, AT, ("y", Aggregate(Select(), "ranked", "x", by="i")), longest=8)


@pytest.fixture
def symbolic(monkeypatch):
    """Nothing is tried: every length goes to z3."""
    monkeypatch.setattr(proof, "TRIED", 0)


def ask(program, function, name=None):
    """The question whether a program is a function."""
    return AgainstSpec(Oracle(name or function.__name__, function, program), function)


# ---------------------------------------------------------------- programs as terms

SMALL, THREE = whole(-2, 2), symbol(("a", "b", 1))
HIT = Select(op("<", "k", "q"), ("x",), ("x",))
MASKED = Select(reach="upto", window=2, mask="odd", negated=True)
AGGREGATES = {
    how: made(SMALL, AT, ("n", Let(table("x", {1: None}, 0))), ("v", Let(op("+", "x", "n"))),
              ("y", Aggregate(HIT, how, "v", Const(7), **({"by": "v"} if how[:3] == "arg" else {}))))
    for how in ("sum", "min", "max", "first", "last", "nearest", "argmax", "argmin", "mode", "distinct")
}  # fmt: skip
PAIRS = Table((Var("q"), Var("k"), Var("k2")), (((1, 1, 2), 1), ((3, 0, 1), 1)), 0)
NODES = {
    **{name: p for name, p in PROGRAMS.items() if name != "spring"}, **AGGREGATES, "sort": SORT, "ranked": RANKED,
    "ranked_nothing": made(SMALL, ("y", Aggregate(HIT, "ranked", "x", Const(None), by="x"))),
    "masked": made(SMALL, ("odd", Let(op("%", "x", 2))), ("y", Aggregate(MASKED, "count"))),
    "any": made(SMALL, ("y", Aggregate(HIT, "any"))),
    "ahead": made(THREE, ("y", Delay("x", -1, Const(None)))),
    "length": made(SMALL, ("n", Input("", "length")), ("y", Let(op("*", "n", "n", "x")))),
    "mixed kinds": made(THREE, ("d", Delay("x", 1, Const(None))),
                        ("y", Let(op("+", op("<", "d", "x"), op("==", "d", "x"))))),
    "number": made(THREE, ("z", Let(op("number", "x"))), ("y", Let(op("+", "z", "z")))),
    "state": made(whole(), ("b", Delay("y", 1, Const(1))), ("y", Let(op("max", op("-", "b", "x"), op("neg", "b"))))),
    "divided": made(SMALL, ("y", Let(op("+", op("//", op("*", "x", "x", "x"), "x"), op("%", 7, "x"))))),
    "open divided": made(whole(), ("d", Delay("x", 1, Const(3))),
                         ("y", Let(op("+", op("//", "x", "d"), op("%", "d", "x"))))),
    "bits": made(whole(0, 9), ("y", Let(op("^", op("&", "x", 6), op("|", "x", 1))))),
    "halves": made(SMALL, ("y", Let(Const(0.5)))),
    "others": made(SMALL, ("y", Let(op("+", op("abs", "x"), op("square", "x"), op("sign", "x"), op("pow", "x", 3),
                                       op("floor", "x"), op("round", "x"), op("min", "x", 1),
                                       op("where", "x", 5, "x"))))),
    "logic": made(SMALL, ("y", Let(op("or", op("and", "x", op("!=", "x", 2)), op("not", op(">=", "x", 0)))))),
    "between": made(whole(), ("y", Let(op("+", op("<", "x", Const(2.5)), op(">=", Const(-0.5), "x"),
                                            op("==", "x", Const(2.0)))))),
    "scaled": made(SMALL, ("n", Let(table("x", {1: None, 2: 1}, -1))),
                   ("y", Vote(("a", "b"), (0, 1), (), (("n", (2, -1)),)))),
    "two keys": made(CARRY.inputs, ("y", Aggregate(Select(PAIRS, ("a",), ("a", "b")), "last", "b", Var("a")))),
}  # fmt: skip


def check_terms(program, inputs):
    """The terms of a program, with real values put in, are its outputs; inputs of one length."""
    build, length, names = Terms(texts(program)), len(inputs[0]), [c.name for c in program.inputs]
    columns = {c.name: [build.symbol(f"{c.name}_{i}", c.type)[0] for i in range(length)] for c in program.inputs}
    output = Encoding(build, program, columns, length).output

    def filled(sequence):
        """What each unknown is on a sequence."""
        for i, step in enumerate(sequence):
            for name, value in zip(names, step if isinstance(step, list) else [step], strict=True):
                unknown, known = columns[name][i], build.term(value)
                for code, number in ((unknown.code, known.code), (unknown.kind, known.kind)):
                    if not isinstance(code, int):
                        yield code, build.z3.IntVal(number)

    def told(code, known):
        return code if sure(code) else build.z3.simplify(build.z3.substitute(code, *known)).as_long()

    for sequence, right in zip(inputs, predict(program, inputs), strict=True):
        known = list(filled(sequence))
        found = [build.value(told(term.kind, known), told(term.code, known)) for term in output]
        listed = right if program.when == "every" else [right]
        assert found == [v for row in listed for v in (row if isinstance(row, list) else [row])]


@pytest.mark.parametrize("name", NODES)
def test_the_terms_of_every_node(name):
    program = NODES[name]
    for length in (1, 2, 4):
        drawn = [s + s for s in domain.sample(program, 60, length, length) if len(s) * 2 == length]
        drawn += [s for s in domain.sample(program, 60, length, length) if len(s) == length]
        check_terms(program, drawn[:40])


@few
@given(st.integers(0, 10**6), st.integers(1, 3))
def test_the_terms_of_random_programs(seed, length):
    program = random_program(seed)
    inputs = [s for s in domain.sample(program, 40, seed, length) if len(s) == length][:6]
    with contextlib.suppress(UnsupportedError):
        check_terms(program, inputs)


@pytest.mark.parametrize("name", NODES)
def test_a_program_is_proved_equal_to_itself_and_not_to_a_changed_one(name, symbolic):
    program = NODES[name]
    assert prove(program, AgainstProgram(program, "itself"), 2).holds
    for other in changed(program):
        found = prove(program, AgainstProgram(other, "other"), 3)
        assert found.reason is None
        length = first_difference(program, other)
        if found.counterexample:
            sequence = found.counterexample["input"]
            assert predict(program, [sequence]) == [found.counterexample["program"]]
            assert predict(other, [sequence]) == [found.counterexample["expected"]] != [found.counterexample["program"]]
        assert length is None or (found.counterexample and found.proved < length)


def first_difference(program, other):
    """The shortest of some inputs on which two programs differ, by its length."""
    inputs = domain.sample(program, 200, 0, 3)
    pairs = zip(inputs, predict(program, inputs), predict(other, inputs), strict=True)
    return min((len(s) for s, a, b in pairs if a != b), default=None)


def changed(program):
    """Programs with one node changed."""
    for a in program:
        match a.node:
            case Aggregate(select, how, value, default, by):
                reach = "before" if select.reach != "before" else "upto"
                node = Aggregate(Select(select.match, select.query, select.key, reach), how, value, default, by)
            case Vote(labels, bias, evidence, scaled, pooled):
                node = Vote(labels, bias[1:] + bias[:1], evidence, scaled, pooled)
            case Delay(variable, amount):
                node = Delay(variable, amount + (1 if amount > 0 else -1), Const(1))
            case Let(Table(args, cases, default)):
                node = Let(Table(args, cases[1:], default))
            case Let(Cases(rules, default)):
                node = Let(Cases(rules[1:], default)) if len(rules) > 1 else Let(default)
            case Let(Apply() as whole_):
                node = Let(Apply("-", (whole_, Const(1))))
            case _:
                continue
        try:
            other = program.map(lambda b, name=a.name, node=node: node if b.name == name else b.node)
            _ = other.types
        except ProgramError:
            continue
        yield other


def test_far_more_inputs_than_can_be_tried(monkeypatch):
    """26^6 inputs: three ways to sort are the same on all of them."""
    monkeypatch.setattr(proof, "TRIED", 1_000)
    found = prove(SORT, AgainstProgram(STABLE_SORT, "the other"), 6)
    assert (found.holds, found.how) == (True, ["tried"] * 2 + ["symbolic"] * 4)
    assert "proved: equal to the other on every input of 1 to 6 positions" in str(found)
    assert "3 to 6 positions proved with z3" in str(found)
    assert prove(SORT, AgainstProgram(RANKED, "the other"), 4).holds


def test_whole_numbers_have_no_bounds():
    """No input can be left out: the spaces are infinite."""
    other = made(whole(), ("b", Delay("y", 1)), ("y", Let(op("+", "b", "x"))))
    assert prove(TOTAL, AgainstProgram(other, "running"), 8).holds
    wrong = made(whole(), ("b", Delay("y", 1)), ("y", Let(op("min", 10**30, op("+", "b", "x")))))
    found = prove(TOTAL, AgainstProgram(wrong, "running"), 8)
    assert found.counterexample["program"] == [found.counterexample["input"][0]]
    assert found.counterexample["input"][0] > 10**30


def test_products_and_quotients_of_variables(symbolic):
    square, cube = made(*COUNT, ("y", Let(op("*", "n", "n")))), op("*", "n", "n", "n")
    other = made(*COUNT, ("y", Let(op("//", cube, "n"))))
    assert prove(square, AgainstProgram(other, "other"), 3).holds
    negative = made(*COUNT, ("y", Let(op("//", op("neg", "n"), 2))))
    other = made(*COUNT, ("y", Let(op("//", "n", -2))))
    assert prove(negative, AgainstProgram(other, "other"), 3).holds
    other = made(*COUNT, ("y", Let(op("%", "n", -2))))
    assert not prove(negative, AgainstProgram(other, "other"), 3).holds


COUNT = (LETTERS, ("n", Aggregate(EQUAL, "count")))


def test_floats_are_not_proved():
    found = prove(SPRING, AgainstProgram(SPRING, "itself"), 2)
    assert (found.holds, found.counterexample) == (False, None)
    assert "NOT proved for 1 to 2 positions: numbers that may be floats" in str(found)
    for node in (Let(op("/", "x", 2)), Aggregate(UPTO, "mean", "x"), Let(op("sin", "x"))):
        halves = made(whole(), ("y", node))
        assert prove(halves, AgainstProgram(halves, "itself"), 2).reason is not None


# ---------------------------------------------------------------- Python functions

SPECS = """
import collections
from collections import Counter, defaultdict

def hist(s): return [s.count(t) for t in s]
def hist_counter(s):
    c = Counter(s)
    return [c[t] for t in s]
def hist_default(s):
    c = collections.defaultdict(int)
    for t in s: c[t] += 1
    return [c[t] for t in s]
def hist_sum(s): return [sum(t == u for u in s) for t in s]
def distinct(s): return [len(set(s[: i + 1])) for i in range(len(s))]
def since(s):
    seen, out = {}, []
    for i, t in enumerate(s):
        out.append(i - seen[t] if t in seen else 0)
        seen[t] = i
    return out
def falling(s): return sorted(s, reverse=True)
def ranked(s):
    found = [t for t, _ in Counter(s).most_common()]
    return found + [0] * (len(s) - len(found))
def stack(s):
    out, open_ = [], []
    for t in s:
        if open_ and open_[-1] == t: open_.pop()
        else: open_.append(t)
        out.append(len(open_))
    return out
def palindrome(s): return [1 if s == s[::-1] else 0] * len(s)
def last_place(s):
    m = {t: i for i, t in enumerate(s)}
    return [m[t] for t in s]
def table(s): return [{0: 5, 1: 7}.get(t, 9) for t in s]
def every_other(s): return [None if i % 2 else t for i, t in enumerate(s)]
def sums(s): return [sum(s[: i + 1]) % 3 for i in range(len(s))]
def gaps(s): return [abs(a - b) for a, b in zip(s, s[1:] + s[:1])]
def at(s): return [s[t % len(s)] for t in s]
def powers(s): return [t * t - t // 2 for t in s]
def ranges(s): return [len(range(t)) for t in s]
def short(s):
    if len(s) > 2: raise ValueError("too long")
    return s
def halves(s): return [6 // t for t in s]
def kinds(s): return [int(isinstance(t, int)) for t in s]
def union(s): return [len({*s} | {t + 1 for t in s}) for _ in s]
"""
NAMES = [line.split("(")[0][4:] for line in SPECS.splitlines() if line.startswith("def ")]


FOR_TESTS = made(symbol(range(3)), ("y", Let(Var("x"))), longest=3)


@pytest.fixture(scope="module")
def specs(tmp_path_factory):
    path = tmp_path_factory.mktemp("specs") / "specs.py"
    path.write_text(SPECS)
    return path


def of_file(program, path, name):
    spec = f"{path}:{name}"
    return against_file(load_oracle(spec, program), *split_spec(spec))


@pytest.mark.parametrize("name", NAMES)
def test_a_function_on_unknown_values_says_what_it_says(name, specs):
    """Along every path: the labels are those of the function itself, on every input that takes the path."""
    question = of_file(FOR_TESTS, specs, name)
    values, length = (0, 1, 2), 3
    build = Terms([])
    pairs = [build.symbol(f"t{i}", symbol(values)) for i in range(length)]
    symbols = [s for s, _ in pairs]
    checker = Checker(build, time.monotonic() + 60)
    checker.push(build.And(*(c for _, c in pairs)))
    paths, seen = Paths(build, checker), set()
    for run in paths.run(lambda: list(question._unknown([Unknown(paths, s) for s in symbols]))):
        try:
            labels = run()
        except (ValueError, ZeroDivisionError) as error:
            labels = type(error)
        pushed = 0
        while checker.possible():
            sequence = tuple(checker.value(s) for s in symbols)
            assert sequence not in seen
            seen.add(sequence)
            told = labels
            if isinstance(labels, list):
                told = [None if v is None else checker.value(term_of(v, paths)) for v in labels]
            try:
                right = question.oracle.function(list(sequence))
            except (ValueError, ZeroDivisionError) as error:
                right = type(error)
            assert told == right
            checker.push(build.Or(*(s != v for s, v in zip(symbols, sequence, strict=True))))
            pushed += 1
        checker.pop(pushed)
    assert len(seen) == len(values) ** length


@pytest.mark.parametrize("name", ["hist", "hist_counter", "hist_default", "hist_sum"])
def test_a_function_is_proved_for_far_more_inputs_than_can_be_tried(name, specs, symbolic):
    found = prove(WIDE_HIST, of_file(WIDE_HIST, specs, name), 5)
    assert found.holds
    assert found.paths == (5 if name == "hist_sum" else 1 + 2 + 5 + 15 + 52)  # ways in which values can be equal
    wrong = prove(WIDE_HIST, of_file(WIDE_HIST, specs, "distinct"), 5)
    assert wrong.proved == 1


def test_functions_of_several_columns_and_of_numbers(symbolic):
    def add(s):
        carry, out = 0, []
        for a, b in s:
            carry, digit = divmod(a + b + carry, 10)
            out.append([digit, carry])
        return out

    def wait(s):
        waiting, out = 0, []
        for light, cars in s:
            waiting = waiting + cars if light == "red" else 0
            out.append([waiting, int(waiting > 9)])
        return out

    def sums(s):
        return [sum(s[: i + 1]) for i in range(len(s))]

    def almost(s):
        return [sum(s[: i + 1]) if i == 0 or s[i] != 12_345_678_901_234_567_890 else 0 for i in range(len(s))]

    assert prove(CARRY, ask(CARRY, add), 3).holds
    assert prove(MIXED, ask(MIXED, wait), 4).holds
    assert prove(TOTAL, ask(TOTAL, sums), 6).holds
    found = prove(TOTAL, ask(TOTAL, almost), 6)
    big = 12_345_678_901_234_567_890
    assert found.counterexample == {"input": [0, big], "program": [0, big], "expected": [0, 0]}


def test_infinity_and_fractions_in_a_function(symbolic):
    def smallest(s):
        found, out = float("inf"), []
        for v in s:
            found = v if v < found else found
            out.append(found if found > -0.5 else 0)
        return out

    program = made(whole(), ("m", Aggregate(UPTO, "min", "x")), ("y", Let(op("max", "m", 0))))
    assert prove(program, ask(program, smallest), 4).holds


def test_a_rare_difference_is_found(symbolic):
    """Wrong only where all of five values fall: one input in 180,000."""

    def almost(s):
        return s if all(a > b for a, b in itertools.pairwise(s)) and len(s) == 5 else sorted(s)

    found = prove(SORT, ask(SORT, almost), 5, seconds=60)
    assert found.proved == 4
    sequence = found.counterexample["input"]
    assert sequence == sorted(sequence, reverse=True)
    assert len(set(sequence)) == 5


def test_a_function_that_looks_at_types_is_not_trusted(symbolic):
    def sly(s):
        return [1 if type(t) is int else s.count(t) for t in s]

    found = prove(WIDE_HIST, ask(WIDE_HIST, sly), 3)
    assert (found.holds, found.counterexample) == (False, None)
    assert "NOT proved for 2 to 3 positions: sly says something else on unknown values" in str(found)


def test_too_many_paths_and_no_time_are_no_proof(symbolic, monkeypatch):
    def slow(s):
        return [dict(zip(range(26), range(26), strict=True))[t] * 0 + s.count(t) for t in s]

    monkeypatch.setattr(proof, "MOST_PATHS", 30)
    found = prove(WIDE_HIST, ask(WIDE_HIST, slow), 3)
    assert (found.proved, found.reason) == (1, "slow takes more than 30 paths")
    assert not found.holds
    monkeypatch.setattr(proof, "MOST_PATHS", 10**6)
    found = prove(WIDE_HIST, ask(WIDE_HIST, slow), 4, seconds=0.5)
    assert found.proved < 4
    assert "the time is up (0.5 s); --seconds gives it more" in str(found)


def test_a_function_that_fails_is_the_users_error(symbolic):
    def fails(s):
        return s[3]

    with pytest.raises(PellucidError, match="fails: raised IndexError"):
        prove(WIDE_HIST, ask(WIDE_HIST, fails), 1)

    def untouched(s):
        return ["".join(s)] * len(s) if type(s[0]) is not int else s

    found = prove(SORT, ask(SORT, untouched, "odd"), 1)
    assert "cannot be run on unknown values (TypeError" in found.reason


def test_a_classifier(symbolic):
    def last(s):
        return "yes" if s[-1] == "a" else "no"

    assert prove(LAST, ask(LAST, last)).holds
    found = prove(POOLED, ask(POOLED, last))
    assert found.counterexample["program"] != found.counterexample["expected"]

    def maybe(s):  # a label that the program never gives
        return "maybe" if s[-1] == "a" else "no"

    found = prove(LAST, ask(LAST, maybe))
    assert (found.counterexample["program"], found.counterexample["expected"]) == ("yes", "maybe")


def test_texts_are_proved_over_the_words_that_are_known(symbolic):
    def kind(words):
        return "person" if "who" in words else "time"

    found = prove(PROGRAMS["texts"], ask(PROGRAMS["texts"], kind), 2)
    assert found.counterexample["input"][0] in ("<num>", "<unk>", "how", "is")


# ---------------------------------------------------------------- a file, lengths, no z3


def test_a_file_is_proved_in_a_process_of_its_own(specs, tmp_path):
    found = apart.prove_file(HIST, f"{specs}:hist_counter")
    assert str(found).startswith("proved: equal to specs.py:hist_counter on every input of 1 to 5 positions")
    found = apart.prove_file(DYCK, f"{specs}:last_place", 3)
    assert str(found).startswith("the program differs from specs.py:last_place; a shortest input:\n  input:    (\n")


def test_lengths_are_checked():
    table_ends = made(LETTERS, ("n", Aggregate(EQUAL, "count")), ("y", Let(table("n", {1: 0, 2: 1}, 2))), longest=3)
    with pytest.raises(PellucidError, match="--length 9: expected a number from 1 to 3"):
        prove(table_ends, AgainstProgram(table_ends, "itself"), 9)
    with pytest.raises(PellucidError, match="--length N says up to which length"):
        prove(TOTAL, AgainstProgram(TOTAL, "itself"))


def test_without_z3_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "z3", None)
    assert prove(HIST, AgainstProgram(HIST, "itself"), 3).holds  # all inputs can be tried
    monkeypatch.setattr(proof, "TRIED", 100)
    with pytest.raises(PellucidError, match=r"--prove needs the z3 solver: pip install 'pellucid\[proof\]'"):
        prove(HIST, AgainstProgram(HIST, "itself"), 3)


# ---------------------------------------------------------------- containers


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=8))
def test_slow_containers_are_like_pythons(items):
    assert list(SlowCounter(items).items()) == list(Counter(items).items())
    assert SlowCounter(items).most_common(2) == Counter(items).most_common(2)
    assert list(SlowCounter(items).elements()) == list(Counter(items).elements())
    assert SlowCounter(items)[9] == 0
    assert 9 not in SlowCounter(items)
    assert list(SlowDict.fromkeys(items)) == list(dict.fromkeys(items))
    assert set(SlowSet(items)) == set(items)
    assert list(SlowSet(items).union([7], items)) == list(dict.fromkeys([*items, 7]))
    assert set(SlowSet(items).intersection([1, 2])) == set(items) & {1, 2}
    assert set(SlowSet(items).difference([1, 2])) == set(items) - {1, 2}
    assert SlowSet(items).issubset([0, 1]) == set(items).issubset([0, 1])
    assert len(SlowSet(items) | {7}) == len(set(items) | {7})
    assert SlowSet(items) == set(items)
    groups = SlowDefaultDict(list)
    for i, item in enumerate(items):
        groups[item].append(i)
    assert dict(groups.items()) == {k: [i for i, x in enumerate(items) if x == k] for k in items}
    some = SlowDict(zip(items, items, strict=True))
    for item in items[:2]:
        some.pop(item, None)
    assert dict(some) == {k: k for k in items if k not in items[:2]}
