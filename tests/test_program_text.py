# ruff: noqa: E501
"""What an emitted program does and says: hostile tokens, arguments, lines, errors; its format and imports."""

import ast
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.data.vocab import Vocab
from pellucid.errors import PellucidError
from pellucid.program.emit import emit
from pellucid.program.formula import Apply, Const, Var
from pellucid.program.interpret import predict
from pellucid.program.ir import Aggregate, Embed, Evidence, Formula, Input, Lookup, Readout, Rule, Rules, Scan, Select
from pellucid.program.ir import Test as If
from pellucid.program.literals import docstring, literal
from pellucid.program.predicates import Compare, Match, OneOf
from pellucid.program.runtime import closest, closest_upto, nearest, total, total_upto, winner
from pellucid.program.serialise import dumps, loads
from pellucid.program.size import ast_nodes, code_lines
from pellucid.program.verify import verify
from program_samples import loaded, plain, program, run_lines

HOSTILE = (
    "'", '"', '"""', "'''", "\\", "\\'", "it's \"so\"", "a'b'\"c", "\n", "\r", "\t", "\x00", "\x0c", "\x85", "\u2028", "\ud800",
    "\udfff", "🎉", "é", "日本語", "\u0301", "\u202e", '"); import os; os.system("touch owned")  #', "{x}", "%s", "#", "<s>",
    "<s>_", "</s>", "", " ", "None", "True", "1.0", "1", "-1", "--jsonl", "-h", "--", "nan", "[1]", "x" * 500, "日" * 60, "\\N{BELL}",
    "# fmt: skip", "# Runtime, the same in every program.", "import sys\n", 1, -1, 0, 10**30, -(10**30),
)  # fmt: skip
LETTERS = Vocab.of("ab", "ab", "tagging", 3)
TOKENS, POSITIONS = ("tokens", Input("tokens")), ("positions", Input("positions"))


def hostile(kind="tagging", markers="both", tokens=HOSTILE, labels=HOSTILE):
    """A program that puts every token and label into every place of the text where one can stand."""
    vocab = Vocab.of(tokens, labels, kind, 4, markers=markers)
    ring = [*vocab.symbols[1:], vocab.symbols[0]]
    steps = tuple(zip(vocab.symbols, ring, strict=True))
    weights = [tuple(int(j == i % len(vocab.labels)) for j in range(len(vocab.labels))) for i in range(len(ring))]
    return program(
        vocab, TOKENS, ("cluster", Embed("tokens", steps)),
        ("swap", Lookup(("tokens",), tuple(((t,), u) for t, u in steps), ring[0])),
        ("test", Lookup(("tokens",), (((ring[0],), ring[1]),), ring[2])),
        ("one", Select("tokens", "swap", Match(tuple((t, (u,)) for t, u in steps)), "closest")),
        ("taken", Aggregate("one", "take", "cluster")),
        ("many", Select("tokens", "tokens", OneOf(tuple(ring[::2])), "all")), ("count", Aggregate("many", "count")),
        ("output", Readout(
            vocab.labels, (0,) * len(vocab.labels),
            (Evidence("taken", tuple(zip(ring, weights, strict=True)), weights[0]),
             Evidence("test", ((ring[1], weights[-1]),), weights[2])),
            (("count", weights[1]),), kind == "classification",
        )),
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["tagging", "classification"])
def test_hostile_tokens_and_labels(kind, tmp_path):
    given_program = hostile(kind)
    rng = np.random.default_rng(0)
    tokens = given_program.vocab.tokens
    inputs = [(t,) for t in tokens]
    inputs += [tuple(tokens[int(c)] for c in rng.integers(0, len(tokens), n)) for n in rng.integers(1, 5, 200)]
    expected = predict(given_program, inputs)
    source = emit(given_program, "\n".join(map(str, HOSTILE)))
    done = run_lines(source, map(json.dumps, inputs), tmp_path)
    assert done.returncode == 0, done.stderr[-300:]
    assert [json.loads(line) for line in done.stdout.splitlines()] == expected
    assert {p.name for p in tmp_path.iterdir()} == {"program.py"}
    run = loaded(source)["run"]
    assert [run(list(s)) for s in inputs] == expected
    assert loads(dumps(given_program)) == given_program
    assert ast_nodes(source) > 0
    assert code_lines(source) > 10


def test_hostile_text_as_arguments_prints_and_runs_nothing(tmp_path):
    tokens = [
        t for t in HOSTILE if isinstance(t, str) and "\x00" not in t and not any("\ud800" <= c <= "\udfff" for c in t)
    ]
    source = emit(hostile(), "x")
    for token in tokens:
        done = run_lines(source, [], tmp_path, ("--", token))
        assert done.returncode == 0, (token, done.stderr)
    assert {p.name for p in tmp_path.iterdir()} == {"program.py"}


@settings(max_examples=300, deadline=None)
@given(st.text() | st.text(alphabet="\"'\\n\\\\ \t#") | st.text(alphabet='"\\'))
def test_literals_and_docstrings_hold_any_text(text):
    assert ast.literal_eval(literal(text)) == text
    assert ast.literal_eval(literal((text, 1, None))) == (text, 1, None)
    assert literal(text).isprintable()
    body = ast.parse(docstring(text)).body
    assert len(body) == 1
    assert isinstance(body[0], ast.Expr)
    assert isinstance(body[0].value, ast.Constant)
    words = "".join(c for c in text if not c.isspace())
    assert "".join(c for c in body[0].value.value if not c.isspace()) == words


def ruff(folder):
    for command in (["format", "--check", "--diff"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", str(folder)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[:3000]


def test_hostile_and_long_programs_are_formatted_and_clean(tmp_path):
    certificates = [
        "",
        " x",
        'x"',
        '"x',
        '"""',
        "x\\",
        "a\n  b\n  c",
        "a\n\n\n",
        "\n a",
        "a \nb\t\nc",
        '\\"""',
        '""""',
        "'",
        "x" * 200,
    ]
    certificates += ["\n".join(map(repr, HOSTILE)), "\n".join(map(str, HOSTILE))]
    for number, text in enumerate(certificates):
        source = emit(program(LETTERS, TOKENS), text)
        (tmp_path / f"certificate_{number}.py").write_text(source)
    for number, token in enumerate(HOSTILE):
        tokens = [token, "other", "third", "fourth"]
        for kind in ("tagging", "classification"):
            source = emit(hostile(kind, "begin", tokens, tokens), "x")
            (tmp_path / f"token_{number}_{kind}.py").write_text(source)
    for length in range(60, 90, 2):
        for letter in "aé日":
            many = [letter * length, letter * (length // 2) + "b", letter * (length // 3) + "c", letter * (length // 4)]
            (tmp_path / f"long_{length}_{ord(letter)}.py").write_text(emit(hostile("tagging", "both", many, many), "x"))
    seen = tuple(t for t in HOSTILE if t != "\udfff")  # ruff takes two lone surrogates for the same key
    (tmp_path / "all.py").write_text(emit(hostile("tagging", "both", seen, seen), "x"))
    for count in (1, 2, 12, 15, 16, 17, 18, 40):
        names = [f"a_long_variable_name_{i}" for i in range(count)]
        parts = [(name, Lookup(("tokens",), ((("a",), i + 1),), 0)) for i, name in enumerate(names)]
        pieces = tuple(Evidence(name, ((1, (1,) * 40),), (0,) * 40) for name in names)
        votes = Readout(tuple(range(40)), (1,) * 40, pieces, ((names[0], tuple(range(40))),))
        (tmp_path / f"votes_{count}.py").write_text(emit(program(LETTERS, TOKENS, *parts, ("output", votes)), "x"))
        if count > 20:
            continue
        tree = Var(names[0])
        for name in names[1:]:
            tree = Apply("+", Apply("min", tree, Const(-5)), Var(name))
        wide = program(LETTERS, TOKENS, *parts, ("output", Formula(tree)))
        (tmp_path / f"formula_{count}.py").write_text(emit(wide, "x"))
        assert loaded(emit(wide))["run"](["a", "b"]) == predict(wide, ["ab"])[0]
    ruff(tmp_path)


# ---------------------------------------------------------------- behaviour

REVERSE = program(
    Vocab.of((1, 2, 3), (1, 2, 3), "tagging", 3, markers="both"), TOKENS, POSITIONS,
    ("size", Lookup(("tokens",), ((("</s>",), "end"),), "in")),
    ("where", Select("tokens", "size", OneOf(("end",)), "closest")), ("last", Aggregate("where", "take", "positions")),
    ("mirror", Formula(Apply("-", Var("last"), Var("positions")))),
    ("source", Select("mirror", "positions", Compare("=="), "closest")), ("output", Aggregate("source", "take", "tokens")),
)  # fmt: skip
SOURCE = emit(REVERSE, "Certificate of reverse.")
LABEL = emit(
    program(
        Vocab.of("ab", ("yes", 0), "classification", 3), TOKENS,
        ("output", Readout(("yes", 0), (0, 0), (Evidence("tokens", (("a", (0, 1)),), (0, 0)),), (), True)),
    ), "Label.",
)  # fmt: skip


def test_importing_does_nothing(tmp_path):
    (tmp_path / "program.py").write_text(SOURCE)
    done = subprocess.run(
        [sys.executable, "-c", "import program; print(program.run([3, 1]), program.__doc__)"],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("[1, 3] Certificate of reverse.\n", "")


def test_only_the_standard_library_and_no_work_at_import():
    for source in (SOURCE, LABEL, emit(hostile(), "x")):
        tree = ast.parse(source)
        imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
        names = {alias.name for n in imports for alias in n.names if not isinstance(n, ast.ImportFrom)}
        assert names == {"json", "sys"}
        assert [n.module for n in imports if isinstance(n, ast.ImportFrom)] == ["__future__"]
        for node in tree.body[1:]:
            assert isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.FunctionDef | ast.If)
            assert not (isinstance(node, ast.Assign) and any(isinstance(n, ast.Call) for n in ast.walk(node)))


@pytest.mark.parametrize(
    ("source", "arguments", "lines", "expected"),
    [
        (SOURCE, ("3", "1", "2"), [], "2 1 3\n"),
        (SOURCE, ("--", "3", "1"), [], "1 3\n"),
        (SOURCE, ("--jsonl",), ["[3, 1, 2]", "", '["1", 2]', "[]"], "[2, 1, 3]\n[2, 1]\n[]\n"),
        (SOURCE, ("--help",), [], "Certificate of reverse.\n"),
        (SOURCE, ("-h",), [], "Certificate of reverse.\n"),
        (SOURCE, (), [], "Certificate of reverse.\n"),
        (LABEL, ("a", "b", "a"), [], "0\n"),
        (LABEL, ("--jsonl",), ['["b"]', '["a"]'], '"yes"\n0\n'),
    ],
)
def test_command_line(source, arguments, lines, expected, tmp_path):
    done = run_lines(source, lines, tmp_path, arguments)
    assert (done.stdout.decode(), done.stderr.decode(), done.returncode) == (expected, "", 0)


@pytest.mark.parametrize(
    ("source", "arguments", "lines", "error"),
    [
        (SOURCE, ("4",), [], "error: unknown token '4'; expected 1, 2, 3"),
        (SOURCE, ("1", "1", "1", "1"), [], "error: 4 tokens are too many; at most 3"),
        (SOURCE, ("--", "--jsonl"), [], "error: unknown token '--jsonl'; expected 1, 2, 3"),
        (SOURCE, ("--jsonl",), ["[1]", "[true]"], "error: line 2: unknown token True; expected 1, 2, 3"),
        (SOURCE, ("--jsonl",), ["[1]", "", "[null]"], "error: line 3: unknown token None; expected 1, 2, 3"),
        (SOURCE, ("--jsonl",), ["[1.0]"], "error: line 1: unknown token 1.0; expected 1, 2, 3"),
        (SOURCE, ("--jsonl",), ["[[1]]"], "error: line 1: unknown token [1]; expected 1, 2, 3"),
        (SOURCE, ("--jsonl",), ['{"a": 1}'], "error: line 1: expected a JSON list, got '{\"a\": 1}'"),
        (SOURCE, ("--jsonl",), ["[1"], "error: line 1: not JSON: Expecting"),
        (SOURCE, ("--jsonl",), ["[" * 100_000], "error: line 1: not JSON: "),
        (SOURCE, ("--jsonl",), ["[1e999]"], "error: line 1: unknown token inf; expected 1, 2, 3"),
        (LABEL, ("--jsonl",), ["[]"], "error: line 1: an empty sequence has no label"),
    ],
)
def test_one_line_for_an_error(source, arguments, lines, error, tmp_path):
    done = run_lines(source, lines, tmp_path, arguments)
    assert done.returncode == 2
    assert done.stderr.decode().startswith(error)
    assert done.stderr.decode().count("\n") == 1


@pytest.mark.parametrize(
    "wrong", [True, False, None, 1.0, float("nan"), [1], (1,), {1}, "4", "", 4, -1, "1 ", "1.0", "True", b"1"]
)
def test_what_is_no_token_is_a_value_error(wrong):
    run = loaded(SOURCE)["run"]
    with pytest.raises(ValueError, match="unknown token"):
        run([1, wrong])
    with pytest.raises(ValueError, match=r"4 tokens are too many; at most 3"):
        run([1, 2, 3, 1])


UNBOUNDED = plain(
    Vocab.of((1, 2, 3), range(1, 10), "tagging", 3), TOKENS, ("every", Select("tokens", "tokens", OneOf((1, 2, 3)), "all", "upto")),
    ("output", Aggregate("every", "sum", "tokens")), unbounded=True,
)  # fmt: skip


def test_inputs_of_any_length(tmp_path):
    source = emit(UNBOUNDED, "Any length.")
    assert "\nMAX_LENGTH = None\n" in source
    done = run_lines(source, [], tmp_path, ["2"] * 200)
    assert done.stdout.decode().split() == [str(n) for n in range(2, 402, 2)]
    with pytest.raises(ValueError, match="unknown token 4; expected 1, 2, 3"):
        loaded(source)["run"]([4])


@pytest.mark.parametrize("lines", [3, 30_000])
def test_a_reader_that_has_enough_is_no_error(lines, tmp_path):
    (tmp_path / "program.py").write_text(SOURCE)
    (tmp_path / "lines").write_text("[1, 2]\n" * lines)
    command = (
        f"{sys.executable} -I -S program.py --jsonl < lines | {sys.executable} -c 'input()'; echo ${{PIPESTATUS[1]}}"
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("0\n", "")
    closed = subprocess.run(
        ["bash", "-c", f"{sys.executable} -I -S program.py -h | true"], capture_output=True, cwd=tmp_path
    )
    assert closed.stderr == b""


EMPTY = {
    "markers": REVERSE,
    "length with markers": program(
        REVERSE.vocab, TOKENS, ("length", Input("length")), ("output", Formula(Apply("//", Const(6), Var("length")))),
    ),
    "plain": plain(
        LETTERS, TOKENS, POSITIONS, ("length", Input("length")), ("where", Select("tokens", "tokens", Compare("=="), "all", "before")),
        ("first", Aggregate("where", "first", "tokens", "no")), ("every", Select("tokens", "tokens", OneOf(("a", "b")), "all")),
        ("least", Aggregate("every", "min", "first", "no")), ("last", Aggregate("every", "last", "positions", 0)),
        ("near", Select("length", "positions", Compare("==", -1), "closest")), ("end", Aggregate("near", "take", "last")),
        ("share", Formula(Apply("%", Var("end"), Var("length")))),
        ("output", Scan("a", Rules((Rule((If("least", "==", ("no",)),), Var("share")),), Var("last")))),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_sequence_has_no_labels(name):
    given_program = EMPTY[name]
    assert predict(given_program, [()]) == [loaded(emit(given_program))["run"]([])] == [[]]
    some = given_program.vocab.tokens[:1]
    assert predict(given_program, [(), some, ()]) == [[], predict(given_program, [some])[0], []]


def test_an_empty_sequence_is_no_input_of_a_classifier():
    vocab = Vocab.of("ab", ("yes", 0), "classification", 3)
    for given_program in (
        plain(vocab, TOKENS, ("output", Lookup(("tokens",), ((("a",), 0),), "yes"))),
        plain(vocab, TOKENS, ("output", Readout(("yes", 0), (0, 0), (), (), True))),
        program(vocab, TOKENS, ("output", Readout(("yes", 0), (0, 0), (), (), True))),
    ):
        for run in (loaded(emit(given_program))["run"], lambda s, p=given_program: predict(p, [("a",), s])):
            with pytest.raises(ValueError, match="an empty sequence has no label"):
                run([])


def test_integers_as_text_and_from_numpy():
    run = loaded(SOURCE)["run"]
    assert run(["3", 1]) == run([3, 1]) == run(np.array([3, 1])) == run((np.int8(3), np.str_("1"))) == [1, 3]
    assert all(type(label) is int for label in run(np.array([3, 1])))
    label = loaded(LABEL)["run"]
    assert label(np.array(["a", "a"])) == 0
    with pytest.raises(ValueError, match="an empty sequence has no label"):
        label(np.array([]))


def test_a_number_and_its_text_may_both_be_tokens():
    both = program(
        Vocab.of((1, "1", 2), "ab", "tagging", 3),
        TOKENS,
        ("output", Lookup(("tokens",), (((1,), "a"), ((2,), "a")), "b")),
    )
    run = loaded(emit(both, "x"))["run"]
    assert run([1, "1", 2]) == predict(both, [(1, "1", 2)])[0] == ["a", "b", "a"]
    with pytest.raises(ValueError, match="unknown token True"):
        run([True])
    assert verify(both, emit(both, "x"), None).faithful


@pytest.mark.parametrize("name", ["list", "len", "k", "q", "v", "v0", "a", "wanted", "row", "total", "sequence", "json", "SYMBOLS",
                                  "previous", "n", "m", "Upper", "class", "_x", "é", "run", "MAX_LENGTH"])  # fmt: skip
def test_names_the_text_needs_are_refused(name):
    with pytest.raises(PellucidError, match="cannot have a variable of that name"):
        emit(program(LETTERS, TOKENS, (name, Lookup(("tokens",), (), "a"))))


def test_constants_never_share_a_name():
    cases = ((("a",), 1), (("b",), 2))
    same = Match((("a", (1,)), ("b", (2,))), (3,))
    clash = program(
        LETTERS, TOKENS, ("symbols", Lookup(("tokens",), cases, 3)), ("max_length", Lookup(("tokens",), cases, 4)),
        ("wanted_by_hits", Lookup(("tokens",), cases, 5)), ("output_by_hits", Lookup(("tokens",), cases, 6)),
        ("output_labels", Lookup(("tokens",), cases, 7)), ("no_evidence", Lookup(("tokens",), cases, 8)),
        ("output_bias", Lookup(("tokens",), cases, 9)), ("output_per_hits", Lookup(("tokens",), cases, 9)),
        ("where", Select("tokens", "symbols", same, "all")), ("hits", Aggregate("where", "count")),
        ("output", Readout(("a", "b"), (1, 0), tuple(
            Evidence(v, ((1, (0, 1)), (2, (1, 0))), (0, 0))
            for v in ("symbols", "max_length", "wanted_by_hits", "output_by_hits", "output_labels", "no_evidence",
                      "output_bias", "output_per_hits", "hits")
        ), (("hits", (0, 1)),))),
    )  # fmt: skip
    source = emit(clash, "x")
    targets = [n.targets[0].id for n in ast.parse(source).body if isinstance(n, ast.Assign)]
    assert len(targets) == len(set(targets))
    run = loaded(source)["run"]
    assert [run(s) for s in ("ab", "aab", "b")] == predict(clash, ["ab", "aab", "b"])


# ---------------------------------------------------------------- runtime functions, restated

values = st.integers(0, 3)
rows = st.lists(st.tuples(st.none() | values, values, st.integers(-5, 5)), min_size=1, max_size=8)


def nearest_by_definition(i, hits):
    """Position picked by query i among the hits."""
    ranked = sorted((abs(i - j), j) for j, hit in enumerate(hits) if hit and j != i)
    return ranked[0][1] if ranked else i if i < len(hits) and hits[i] else 0


@settings(max_examples=200, deadline=None)
@given(rows)
def test_runtime_functions_do_as_they_say(triples):
    wanted, keys, numbers = map(list, zip(*triples, strict=True))
    size = range(len(keys))
    hits = [[key == want for key in keys] for want in wanted]
    assert closest(wanted, keys) == [nearest_by_definition(i, hits[i]) for i in size]
    assert closest_upto(wanted, keys) == [nearest_by_definition(i, hits[i][: i + 1]) for i in size]
    less = [[key > number for key in keys] for number in numbers]
    assert [nearest(i, (j for j in size if less[i][j])) for i in size] == [
        nearest_by_definition(i, less[i]) for i in size
    ]
    assert total(wanted, keys, numbers) == [sum(numbers[j] for j in size if hits[i][j]) for i in size]
    assert total_upto(wanted, keys, numbers) == [sum(numbers[j] for j in range(i + 1) if hits[i][j]) for i in size]
    sums = [sum(t[c] or 0 for t in triples) for c in (1, 2)]
    assert winner("xy", [t[1:] for t in triples]) == ("x" if sums[0] >= sums[1] else "y")
