"""Emitted programs as users run them: what they read and refuse, arguments and lines, threads, long inputs."""

import ast
import subprocess
import sys
import threading

import numpy as np
import pytest

from emit_samples import DIGITS, NUMBERS, SAMPLES, C, Let, Select, V, compare, op, program
from pellucid.emit.emit import ast_nodes, code_lines, emit
from pellucid.language import aggregates, operators
from pellucid.language.aggregates import Aggregation
from pellucid.language.expressions import Table
from pellucid.language.forms import SUM, Form
from pellucid.language.nodes import Aggregate, Column, Input, Vote
from pellucid.language.operators import Operator
from pellucid.language.types import Numbers, Type, real, symbol, whole
from pellucid.language.words import Reading
from pellucid.semantics.reference import run
from test_emit import loaded, outcome, same

WORDS = symbol(["<unk>", "<num>", "the", "cat", "<xxx>", "Paris"])
COLUMNS = {
    "digits": Column("x", symbol(range(3))), "letters": Column("x", symbol("ab1")),
    "gaps": Column("x", symbol([2, 40])),
    "both": Column("x", symbol([-1, 5, "b", "5"])), "whole": Column("x", whole()), "small": Column("x", whole(-3, 90)),
    "real": Column("x", real()), "unit": Column("x", real(0, 1)), "open": Column("x", whole(0), 7),
    "unknown": Column("x", symbol("abc"), "c"), "mixed": Column("x", Type(("a", "b"), Numbers(whole=True))),
    "mixed reals": Column("x", Type(("off", "1"), Numbers(0.0, 50.0))),
    "words": Column("x", WORDS, "<unk>", Reading()), "forms": Column("x", WORDS, "<unk>", Reading(forms=True)),
}  # fmt: skip
ODD = [
    True, False, None, 0, 1, 2, 5, -1, 40, 91, 10**30, -(10**400), 1.0, 0.5, 2.5, -0.0, 50.0, 50.5,
    float("nan"), float("inf"), "a", "b", "off", "1", "5", "-1", "01", "1.0", " 1", "1" * 19, "", "the",
    "The", "3.5", "Zebra", "cats",
    [1], (1,), [], [[1]], {1}, {}, b"1", np.int64(1), np.float64(1.0), np.float32(0.5), np.bool_(True),
]  # fmt: skip


@pytest.mark.parametrize("name", COLUMNS)
def test_what_is_read_and_refused(name):
    one = program([COLUMNS[name]], ("y", Let(V("x"))))
    two = program([COLUMNS[name], Column("z", whole())], ("y", Let(V("x"))))
    wholes = [], (), "ab", "the cat 12", "", " ", None, 3, {"a": 1}, np.array([1, 0]), np.array([[1, 0]]), np.array("a")
    for made, sequences in (
        (one, [*wholes, *([value] for value in ODD), *([[value]] for value in ODD)]),
        (two, [*wholes, *([[value, 1]] for value in ODD), [[1, 1, 1]], [1], [(0, "a")]]),
    ):
        told = loaded(emit(made))["run"]
        for sequence in sequences:
            meant = outcome(lambda s, made=made: run(made, s), sequence)
            assert same(meant, outcome(told, sequence)), (sequence, meant)


def test_the_longest_input():
    table = Table((V("position"),), tuple(((i,), i + 1) for i in range(1, 3)), 0)
    made = program(DIGITS, ("position", Input("", "position")), ("y", Let(table)), longest=3)
    told = loaded(emit(made))["run"]
    assert told([1, 2, 3]) == [0, 2, 3]
    with pytest.raises(ValueError, match="4 positions are too many; at most 3"):
        told([1, 2, 3, 4])
    assert len(loaded(emit(program(DIGITS, ("y", Let(V("tokens"))), longest=3)))["run"]([1] * 9)) == 9


@pytest.mark.parametrize(("empty", "told"), [((7,), 7), ((None,), None), (None, "refused")])
def test_the_answer_to_an_empty_sequence(empty, told):
    made = program(NUMBERS, ("y", Aggregate(Select(), "max", "x")), when="sequence", empty=empty)
    assert outcome(loaded(emit(made))["run"], []) == told
    assert loaded(emit(made))["run"]([3, 9, 1]) == 9


def told(name, *arguments, folder, lines=()):
    path = folder / "program.py"
    path.write_text(emit(SAMPLES[name], "About it."))
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(path), *arguments], input="".join(f"{line}\n" for line in lines),
        capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout.strip(), done.stderr.strip()


@pytest.mark.parametrize(
    ("name", "arguments", "lines", "wanted"),
    [
        ("sum", ("3", "1", "2"), (), "3 4 6"), ("sum", ("--", "-3"), (), "-3"), ("abs_value", ("-3", "1"), (), "3 1"),
        ("hist", ("3", "1", "3"), (), "2 1 2"), ("addition", ("1,1", "0,1"), (), "0 0"),
        ("mean", ("1", "2"), (), "1.0 1.5"),
        ("pendulum", ("0,1",), (), "0.9713,0.03603523"), ("text", ("Who", "is it?"), (), "person"),
        ("dyck1", ("(", ")"), (), "P T"), ("sum", ("--help",), (), "About it."), ("sum", (), (), "About it."),
        ("sum", ("--jsonl",), ("[1, 2]", "", "[]", "[3.0]"), "[1, 3]\n[]\n[3]"),
        ("addition", ("--jsonl",), ("[[1, 1], [0, 0]]",), "[0, 1]"),
        ("text", ("--jsonl",), ('"When?"', '["how", "many"]'), '"time"\n"count"'),
    ],
)  # fmt: skip
def test_command_line(name, arguments, lines, wanted, tmp_path):
    assert told(name, *arguments, folder=tmp_path, lines=lines) == (0, wanted, "")


@pytest.mark.parametrize(
    ("name", "arguments", "lines", "error"),
    [
        ("hist", ("9",), (), "error: position 1: expected 0, 1, 2, 3, 4, 5, got 9"),
        ("hist", ("--jsonl",), ("[1]", "[true]"), "error: line 2: position 1: expected 0, 1, 2, 3, 4, 5, got True"),
        ("sum", ("1", "x"), (), "error: position 2: expected a whole number, got 'x'"),
        ("addition", ("1",), (), "error: position 1: expected 2 values, got 1"),
        ("sum", ("--jsonl",), ("{",), "error: line 1: not JSON: "),
        ("sum", ("--jsonl",), ("3",), "error: line 1: expected a sequence, got 3"),
        ("last_total", ("--jsonl",), ("[]",), "error: line 1: an empty sequence has no last position"),
        ("text", ("--jsonl",), ('""',), "error: line 1: no word in the text ''"),
        ("text", ("--jsonl",), ("[]",), "error: line 1: an empty sequence has no last position"),
    ],
)  # fmt: skip
def test_one_line_for_an_error(name, arguments, lines, error, tmp_path):
    code, _, message = told(name, *arguments, folder=tmp_path, lines=lines)
    assert code == 2
    assert message.startswith(error)
    assert "\n" not in message


def test_a_reader_that_has_enough_is_no_error(tmp_path):
    (tmp_path / "program.py").write_text(emit(SAMPLES["sum"]))
    (tmp_path / "lines").write_text("[1, 2]\n" * 30_000)
    command = f"{sys.executable} -I -S program.py --jsonl < lines | {sys.executable} -c 'input()'"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_happens_at_import_and_old_pythons_read_it(name):
    tree = ast.parse(emit(SAMPLES[name]), feature_version=(3, 9))
    for node in tree.body[1:]:
        assert isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.FunctionDef | ast.If)
        assert not (isinstance(node, ast.Assign) and any(isinstance(n, ast.Call) for n in ast.walk(node)))
        modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        assert {*modules} <= {"functools", "json", "math", "re", "sys"}


def test_threads_read_words_at_once():
    words = [f"w{i}" for i in range(5_000)]
    made = program([Column("words", symbol([*words, "<unk>"]), "<unk>", Reading())], ("y", Let(V("words"))))
    source, wrong = emit(made), []
    for _ in range(20):
        function, start = loaded(source)["run"], threading.Barrier(4)

        def work(function=function, start=start):
            start.wait()
            if function(words[-3:]) != words[-3:]:
                wrong.append(1)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


LONG = ["sum", "prev3", "prev5", "sum_last5", "mean_last5", "spring", "majority", "evens", "mean", "dyck1", "balanced"]


@pytest.mark.parametrize("name", LONG)
def test_long_inputs(name):
    """Each step costs the same, and none is a call inside a call."""
    tokens = "()" if name == "dyck1" else [0, 1]
    rows = [tokens[int(i)] for i in np.random.default_rng(0).integers(0, 2, 100_000)]
    found = loaded(emit(SAMPLES[name]))["run"](rows)
    assert found[:200] == run(SAMPLES[name], rows[:200])
    assert len(found) == len(rows)


def test_real_sums_go_from_left_to_right():
    steps = [0.1 * i % 1 for i in range(300)]
    for name in ("mean_last5", "mean"):
        assert loaded(emit(SAMPLES[name]))["run"](steps) == run(SAMPLES[name], steps)
    assert "sum(" not in emit(SAMPLES["mean_last5"]).split("# Runtime")[0]


def test_a_row_is_enough_for_a_new_operator_and_a_new_aggregate(monkeypatch):
    twice = Operator(
        "twice",
        (1, 1),
        lambda a: a + a,
        lambda types: types[0],
        lambda types: Form("{0} + {0}", SUM, (SUM,)),
        "twice {0}",
    )
    spread = Aggregation("spread", lambda p: max(p.values) - min(p.values), lambda t: whole(), "the spread of {value}")
    monkeypatch.setitem(operators.OPERATORS, "twice", twice)  # type: ignore[arg-type]
    monkeypatch.setitem(aggregates.AGGREGATES, "spread", spread)  # type: ignore[arg-type]
    made = program(
        NUMBERS, ("twofold", Let(op("*", op("twice", "x"), 3))),
        ("seen", Aggregate(Select(reach="before"), "spread", "x", C(-1))),
        ("less", Aggregate(compare("<", "x", "x"), "spread", "twofold", C(None))), out=("twofold", "seen", "less"),
    )  # fmt: skip
    for steps in ([], [4], [3, 1, 2, 5, 5, -7]):
        assert loaded(emit(made))["run"](steps) == run(made, steps)


def test_size_counts_functions_and_tables_but_no_helpers():
    source = emit(SAMPLES["dyck1"])
    smaller = source.replace('    if broken == "P":\n        return "T"\n', "")
    assert ast_nodes(source) - ast_nodes(smaller) == 8  # If, Compare, Name, Load, Eq, "P", Return, "T"
    assert code_lines(source) - code_lines(smaller) == 2
    votes = program(DIGITS, ("y", Vote(("a", "b"), (1, 0))))
    assert 10 < ast_nodes(emit(votes)) < 40
