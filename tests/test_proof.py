"""`pellucid verify --prove`: proofs agree with trying every input, and never claim what they have not shown."""

import itertools
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_samples import (
    COUNTS,
    DYCK,
    HIST,
    LAST,
    POOLED,
    PROGRAMS,
    SAME,
    TOKENS,
    call,
    call_json,
    domain,
    write_folder,
)
from pellucid.data.old_tasks import get_task
from pellucid.data.vocab import Vocab
from pellucid.errors import PellucidError
from pellucid.program import proof
from pellucid.program.formula import Apply, Const, Var
from pellucid.program.interpret import predict
from pellucid.program.ir import Aggregate, Formula, Input, ProgramError, Readout, Select, stretched
from pellucid.program.oracle import Oracle
from pellucid.program.predicates import Compare
from pellucid.program.proof import AgainstProgram, against_file, against_task, prove
from pellucid.program.symbolic.encode import Encoding, texts
from pellucid.program.symbolic.questions import AgainstSpec
from pellucid.program.symbolic.terms import Terms
from program_samples import plain
from random_programs import random_ir
from test_program_conformance import CASES

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 10**6)
LETTERS = Vocab.of(range(26), range(26), "tagging", 8)
POSITIONS = ("positions", Input("positions"))
WIDE_HIST = plain(LETTERS, TOKENS, SAME, ("output", Aggregate("same", "count")))
SORT = plain(
    LETTERS, TOKENS, POSITIONS, ("low", Select("tokens", "tokens", Compare("<="), "all")),
    ("rank", Aggregate("low", "count")), ("later", Select("positions", "rank", Compare(">"), "all")),
    ("output", Aggregate("later", "min", "tokens", 0)),
)  # fmt: skip
STABLE_SORT = plain(
    LETTERS, TOKENS, POSITIONS, ("low", Select("tokens", "tokens", Compare("<"), "all", ties="earlier")),
    ("rank", Aggregate("low", "count")), ("at", Select("positions", "rank", Compare("=="), "closest")),
    ("output", Aggregate("at", "take", "tokens")),
)  # fmt: skip


@pytest.fixture
def symbolic(monkeypatch):
    """Nothing is tried: every length goes to z3."""
    monkeypatch.setattr(proof, "TRIED", 0)


def first_difference(program, other):
    for length in range(1, program.vocab.max_length + 1):
        inputs = list(itertools.product(program.vocab.tokens, repeat=length))
        if predict(program, inputs) != predict(other, inputs):
            return length
    return None


# ---------------------------------------------------------------- programs as terms


def check_terms(program, inputs):
    """The terms of a program, with real tokens put in, are its outputs; inputs of one length."""
    terms = Terms(texts(program))
    symbols = [terms.symbol(f"t{i}", program.vocab.tokens)[0] for i in range(len(inputs[0]))]
    output = Encoding(terms, stretched(program, len(inputs[0])), symbols).output
    for sequence, right in zip(inputs, predict(program, inputs), strict=True):
        known = [(s, terms.z3.IntVal(terms.code(t))) for s, t in zip(symbols, sequence, strict=True)]
        filled = [o if isinstance(o, int) else terms.z3.substitute(o, *known) for o in output]
        told = [o if isinstance(o, int) else terms.z3.simplify(o).as_long() for o in filled]
        assert [terms.value(code) for code in told] == (right if isinstance(right, list) else [right])


@few
@given(seeds, st.data())
def test_the_terms_of_random_programs(seed, data):
    program = random_ir(seed, markers=bool(seed % 2))
    length = data.draw(st.integers(1, program.vocab.max_length))
    inputs = list(itertools.product(program.vocab.tokens, repeat=length))
    check_terms(program, data.draw(st.lists(st.sampled_from(inputs), min_size=1, max_size=6)))


@pytest.mark.parametrize("name", CASES)
def test_the_terms_of_every_node(name):
    program, sequence, _ = CASES[name]
    check_terms(program, [tuple(sequence)])


@few
@given(seeds, st.data())
def test_two_programs_are_proved_equal_exactly_where_they_are(seed, data):
    tried, proof.TRIED = proof.TRIED, 0
    try:
        program = random_ir(seed, markers=bool(seed % 2))
        other = data.draw(st.sampled_from([program, *changed(program)]))
        found = prove(program, AgainstProgram(program, other, "other"))
        assert found.reason is None
        length = first_difference(program, other)
        assert (found.proved + 1 if found.counterexample else None) == length
        if found.counterexample:
            sequence = tuple(found.counterexample["input"])
            assert predict(program, [sequence]) == [found.counterexample["program"]]
            assert predict(other, [sequence]) == [found.counterexample["expected"]] != [found.counterexample["program"]]
    finally:
        proof.TRIED = tried


def changed(program):
    """Programs with one node changed."""
    from dataclasses import replace

    found = []
    for a in program:
        match a.node:
            case Select():
                node = replace(a.node, reach="before" if a.node.reach != "before" else "from")
            case Readout(bias=bias):
                node = replace(a.node, bias=bias[1:] + bias[:1])
            case _ if getattr(a.node, "cases", ()) and type(a.node).__name__ == "Lookup":
                node = replace(a.node, cases=a.node.cases[1:])
            case _:
                continue
        other = program.map(lambda b, name=a.name, node=node: node if b.name == name else b.node)
        try:
            _ = other.types
        except ProgramError:
            continue
        found.append(other)
    return found


def test_far_more_inputs_than_can_be_tried(monkeypatch):
    """26^6 inputs: two ways to sort are the same on all of them."""
    monkeypatch.setattr(proof, "TRIED", 20_000)
    found = prove(SORT, AgainstProgram(SORT, STABLE_SORT, "the other"), 6)
    assert (found.holds, found.how) == (True, ("tried",) * 3 + ("symbolic",) * 3)
    assert "proved: equal to the other on every input of 1 to 6 tokens" in str(found)
    assert "4 to 6 tokens proved with z3" in str(found)


def test_products_and_quotients_of_variables(symbolic):
    square = plain(COUNTS.vocab, TOKENS, SAME, ("count", Aggregate("same", "count")),
                   ("output", Formula(Apply("*", Var("count"), Var("count")))))  # fmt: skip
    expression = Apply("//", Apply("*", Apply("*", Var("count"), Var("count")), Var("count")), Var("count"))
    other = square.map(lambda a: Formula(expression) if a.name == "output" else a.node)
    assert prove(square, AgainstProgram(square, other, "other"), 3).holds
    negative = square.map(lambda a: Formula(Apply("//", Apply("-", Const(0), Var("count")), Const(2)))
                          if a.name == "output" else a.node)  # fmt: skip
    other = square.map(lambda a: Formula(Apply("//", Var("count"), Const(-2))) if a.name == "output" else a.node)
    assert prove(negative, AgainstProgram(negative, other, "other"), 3).holds
    other = square.map(lambda a: Formula(Apply("%", Var("count"), Const(-2))) if a.name == "output" else a.node)
    assert not prove(negative, AgainstProgram(negative, other, "other"), 3).holds


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


@pytest.fixture(scope="module")
def specs(tmp_path_factory):
    path = tmp_path_factory.mktemp("specs") / "specs.py"
    path.write_text(SPECS)
    return path


def plain_and_unknown(path, name):
    from pellucid.program.oracle import load_oracle

    spec = f"{path}:{name}"
    return against_file(load_oracle(spec, "tagging"), spec)


@pytest.mark.parametrize("name", NAMES)
def test_a_function_on_unknown_tokens_says_what_it_says(name, specs):
    """Along every path: the labels are those of the function itself, on every input that takes the path."""
    import time

    from pellucid.program.symbolic.paths import Checker, Paths
    from pellucid.program.symbolic.unknown import term_of, tokens

    question = plain_and_unknown(specs, name)
    values, length = (0, 1, 2), 3
    terms = Terms([])
    pairs = [terms.symbol(f"t{i}", values) for i in range(length)]
    symbols = [s for s, _ in pairs]
    checker = Checker(terms, time.monotonic() + 60)
    checker.push(terms.all(c for _, c in pairs))
    paths, seen = Paths(terms, checker), set()
    for run in paths.run(lambda: list(question._unknown(list(tokens(paths, symbols, values))))):
        try:
            labels = run()
        except (ValueError, ZeroDivisionError) as error:
            labels = type(error)
        left, pushed = True, 0
        while left and checker.possible():
            sequence = tuple(checker.number(s) for s in symbols)
            assert sequence not in seen
            seen.add(sequence)
            told = labels
            if isinstance(labels, list):
                told = [None if v is None else checker.number(term_of(v, terms)) for v in labels]
            try:
                right = question.oracle.function(list(sequence))
            except (ValueError, ZeroDivisionError) as error:
                right = type(error)
            assert told == right
            checker.push(terms.any(s != v for s, v in zip(symbols, sequence, strict=True)))
            pushed += 1
        checker.pop(pushed)
    assert len(seen) == len(values) ** length


def hist(tokens):
    return [tokens.count(t) for t in tokens]


@pytest.mark.parametrize("name", ["hist", "hist_counter", "hist_default", "hist_sum"])
def test_a_function_is_proved_for_far_more_inputs_than_can_be_tried(name, specs, symbolic):
    found = prove(WIDE_HIST, plain_and_unknown(specs, name), 5)
    assert found.holds
    assert found.paths == (5 if name == "hist_sum" else 1 + 2 + 5 + 15 + 52)  # ways in which tokens can be equal
    wrong = prove(WIDE_HIST, plain_and_unknown(specs, "distinct"), 5)
    assert (wrong.proved, wrong.counterexample["input"][0]) == (
        1,
        wrong.counterexample["input"][1],
    ) or wrong.proved == 1


def test_a_rare_difference_is_found(symbolic):
    """Wrong only where all of five tokens fall: one input in 180,000."""

    def almost(s):
        return s if all(a > b for a, b in itertools.pairwise(s)) and len(s) == 5 else sorted(s)

    found = prove(SORT, AgainstSpec(Oracle("almost", almost, "tagging"), almost), 5, seconds=60)
    assert found.proved == 4
    sequence = found.counterexample["input"]
    assert sequence == sorted(sequence, reverse=True)
    assert len(set(sequence)) == 5


def test_a_function_that_looks_at_types_is_not_trusted(symbolic):
    def sly(s):
        return [1 if type(t) is int else s.count(t) for t in s]

    found = prove(WIDE_HIST, AgainstSpec(Oracle("sly", sly, "tagging"), sly), 3)
    assert (found.holds, found.counterexample) == (False, None)
    assert "NOT proved for 2 to 3 tokens: sly says something else on unknown tokens" in str(found)


def test_too_many_paths_and_no_time_are_no_proof(symbolic, monkeypatch):
    from pellucid.program.symbolic import questions

    def slow(s):
        return [dict(zip(range(26), range(26), strict=True))[t] * 0 + s.count(t) for t in s]

    question = AgainstSpec(Oracle("slow", slow, "tagging"), slow)
    monkeypatch.setattr(questions, "MOST_PATHS", 30)
    found = prove(WIDE_HIST, question, 3)
    assert (found.proved, found.reason) == (1, "slow takes more than 30 paths")
    assert not found.holds
    monkeypatch.setattr(questions, "MOST_PATHS", 10**6)
    found = prove(WIDE_HIST, question, 4, seconds=0.5)
    assert found.proved < 4
    assert "the time is up (0.5 s); --seconds gives it more" in str(found)


def test_a_function_that_fails_is_the_users_error(symbolic):
    def fails(s):
        return s[3]

    with pytest.raises(PellucidError, match="fails: raised IndexError"):
        prove(WIDE_HIST, AgainstSpec(Oracle("fails", fails, "tagging"), fails), 1)

    def untouched(s):
        return ["".join(s)] * len(s) if type(s[0]) is not int else s

    found = prove(SORT, AgainstSpec(Oracle("odd", untouched, "tagging"), untouched), 1)
    assert "cannot be run on unknown tokens (TypeError" in found.reason


@pytest.mark.parametrize("name", ["hist", "double_hist", "sort", "most_freq", "reverse", "dyck1", "induction"])
def test_the_oracles_of_the_tasks_can_be_proved(name, symbolic):
    """The oracle of each task, run on unknown tokens, is itself on a short input."""
    sizes = {"dyck1": {"length": 5}, "induction": {"length": 5, "vocab": 6}}.get(name, {"vocab": 6, "length": 5})
    instance = get_task(name).build(**sizes)
    question = against_task(instance)
    vocab = instance.vocab()
    constant = plain(Vocab.of(vocab.tokens, vocab.labels, "tagging", vocab.max_length), TOKENS)
    found = prove(constant, question, seconds=60)
    assert found.reason is None  # every path said what the oracle says
    if found.counterexample:
        sequence = tuple(found.counterexample["input"])
        assert instance.valid_input(sequence)
        assert found.counterexample["expected"] == list(instance.oracle(sequence))


def test_a_classifier(symbolic):
    def last(s):
        return "yes" if s[-1] == "a" else "no"

    assert prove(LAST, AgainstSpec(Oracle("last", last, "classification"), last)).holds
    found = prove(POOLED, AgainstSpec(Oracle("last", last, "classification"), last))
    assert found.counterexample["program"] != found.counterexample["expected"]
    assert prove(POOLED, AgainstProgram(POOLED, POOLED, "itself")).holds


def test_a_label_that_the_program_never_gives(symbolic):
    def maybe(s):
        return "maybe" if s[-1] == "a" else "no"

    found = prove(LAST, AgainstSpec(Oracle("maybe", maybe, "classification"), maybe))
    assert (found.counterexample["program"], found.counterexample["expected"]) == ("yes", "maybe")


# ---------------------------------------------------------------- the command


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, program in PROGRAMS.items():
        write_folder(tmp_path / name, program)
    (tmp_path / "spec.py").write_text(SPECS)
    return tmp_path


def test_the_command(place):
    told = call("verify", "hist", "--spec", "spec.py:hist_counter", "--prove")
    assert told.startswith("proved: equal to spec.py:hist_counter on every input of 1 to 5 tokens")
    told = call("verify", "hist", "--equals", "hist", "--prove", "--length", "7")
    assert told.startswith("proved: equal to hist on every input of 1 to 7 tokens")
    told = call("verify", "hist", "--spec", "spec.py:last_place", "--prove", code=1)
    assert told.startswith("the program differs from spec.py:last_place; a shortest input:\n  input:    0\n")
    data = call_json("verify", "counts", "--equals", "hist", "--prove", code=1)
    assert (data["holds"], data["proved"], data["counterexample"]["input"]) == (False, 1, [0, 0])
    assert call_json("verify", "dyck", "--equals", "dyck", "--prove")["how"] == ["tried"] * 8


BAD = [
    (["--length", "9"], "--length 9: expected a number from 1 to 8"),
    (["--length", "0"], "--length 0: expected more than 0"),
    (["--seconds", "-1"], "--seconds -1.0: expected more than 0"),
]


@pytest.mark.parametrize(("arguments", "told"), BAD, ids=[" ".join(a) for a, _ in BAD])
def test_bad_input_is_one_line(place, arguments, told):
    assert told in call("verify", "dyck", "--equals", "dyck", "--prove", *arguments, code=2)


def test_without_z3_one_line_says_what_to_install(place, monkeypatch):
    monkeypatch.setitem(sys.modules, "z3", None)
    assert call("verify", "hist", "--equals", "hist", "--prove").startswith("proved")  # all inputs can be tried
    monkeypatch.setattr(proof, "TRIED", 100)
    told = call("verify", "hist", "--equals", "hist", "--prove", code=2)
    assert told == "error: --prove needs the z3 solver: pip install 'pellucid[proof]'"


# ---------------------------------------------------------------- containers


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=8))
def test_slow_containers_are_like_pythons(items):
    from pellucid.program.symbolic.containers import SlowCounter, SlowDefaultDict, SlowDict, SlowSet

    assert list(SlowCounter(items).items()) == list(Counter(items).items())
    assert SlowCounter(items).most_common(2) == Counter(items).most_common(2)
    assert list(SlowCounter(items).elements()) == list(Counter(items).elements())
    assert SlowCounter(items)[9] == 0
    assert 9 not in SlowCounter(items)
    assert list(SlowDict.fromkeys(items)) == list(dict.fromkeys(items))
    assert set(SlowSet(items)) == set(items)
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


def test_domain_is_small_enough_to_try():
    assert len(domain(DYCK)) == 510
    assert len(domain(HIST)) == 3905
    assert Path(proof.__file__).exists()
