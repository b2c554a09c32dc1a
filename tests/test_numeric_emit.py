"""The text of numeric programs: what a good programmer writes, right on any input, with the standard library alone."""

import json
import subprocess
import sys

import numpy as np
import pytest

from numeric_samples import ORACLES, SAMPLES, before, formula, program, random_numeric_program, random_sequences
from pellucid.errors import PellucidError
from pellucid.program.numeric import (
    Apply,
    Assign,
    Column,
    Const,
    Formula,
    Lookup,
    NumericProgram,
    Position,
    Route,
    Running,
    Var,
    emit,
    predict,
    simplify,
    with_readable_names,
)
from pellucid.program.numeric.facts import facts
from pellucid.program.numeric.runner import run_text
from pellucid.program.numeric.verify import agree
from pellucid.program.size import ast_nodes, code_lines
from program_samples import loaded, run_lines


def body(source):
    """The statements of `run`."""
    lines = source[source.index("def run") : source.index("# Runtime")].splitlines()
    return "\n".join(line for line in lines[2:] if line.strip())


TEXTS = {
    "sum": """
    outputs = []
    y = 0
    for x in read(sequence):
        y += x
        outputs.append(y)
    return outputs""",
    "prev3": """
    outputs = []
    x_before = x_2_before = x_3_before = 0
    for x in read(sequence):
        outputs.append(x_3_before)
        x_before, x_2_before, x_3_before = x, x_before, x_2_before
    return outputs""",
    "prev5": """
    outputs = []
    recent_x = deque([0] * 5, maxlen=5)
    for x in read(sequence):
        outputs.append(recent_x[0])
        recent_x.append(x)
    return outputs""",
    "sum_last5": """
    outputs = []
    last_5_x = deque(maxlen=5)
    for x in read(sequence):
        last_5_x.append(x)
        outputs.append(sum(last_5_x))
    return outputs""",
    "dithering": """
    outputs = []
    s = 0
    for x in read(sequence):
        s += x
        outputs.append(s // 15 - (s - x) // 15)
    return outputs""",
    "balanced": """
    outputs = []
    depth = 0
    lowest = math.inf
    for x in read(sequence):
        depth += 1 - 2 * x
        lowest = min(lowest, depth)
        outputs.append(int(depth == 0 and lowest >= 0))
    return outputs""",
    "spring": """
    outputs = []
    y_before = y_2_before = 0
    for x in read(sequence):
        y = x + y_before - y_2_before
        outputs.append(y)
        y_before, y_2_before = y, y_before
    return outputs""",
    "addition": """
    outputs = []
    carry = 0
    for a, b in read(sequence):
        total = a + b + carry
        carry = int(total >= 2)
        outputs.append(total % 2)
    return outputs""",
    "majority": """
    outputs = []
    counts = Counter()
    y = 0
    for x in read(sequence):
        counts[x] += 1
        y = min(y, x, key=lambda value: (-counts[value], value))
        outputs.append(y)
    return outputs""",
    "pendulum": """
    outputs = []
    for angle, speed in read(sequence):
        next_speed = 0.9713 * speed - 0.48217 * math.sin(angle)
        outputs.append([next_speed, angle + 0.0371 * next_speed])
    return outputs""",
    "evens_counter": """
    outputs = []
    y = 0
    for x in read(sequence):
        if x % 2 == 0:
            y += 1
        outputs.append(y)
    return outputs""",
    "mean": """
    outputs = []
    total_x = 0
    for t, x in enumerate(read(sequence), 1):
        total_x += x
        outputs.append(total_x / t)
    return outputs""",
    "parity_of_index": """
    return [i % 2 for i, _ in enumerate(read(sequence))]""",
    "abs_value": """
    return [abs(x) for x in read(sequence)]""",
    "square_detector": """
    return [int(x in {0, 1, 4, 9, 16}) for x in read(sequence)]""",
    "last_total": """
    s = 0
    for x in read(sequence, 1):
        s += x
    return s % 7""",
}


@pytest.mark.parametrize("name", TEXTS)
def test_text(name):
    assert body(emit(SAMPLES[name])) == TEXTS[name].strip("\n")


@pytest.mark.parametrize("name", SAMPLES)
def test_short(name):
    assert code_lines(emit(SAMPLES[name])) - 2 <= 13  # with the table, without the two lines about the columns
    assert len(body(emit(SAMPLES[name])).splitlines()) <= 12
    assert ast_nodes(emit(SAMPLES[name])) < 150


EXPRESSIONS = {
    "a - (b + a)": ("-", "a", ("+", "b", "a")),
    "a - b - 3": ("+", ("-", "a", "b"), -3),
    "a - 2 * b": ("+", "a", ("*", -2, "b")),
    "(a + b) * a": ("*", ("+", "a", "b"), "a"),
    "a * (b % 7)": ("*", "a", ("%", "b", 7)),
    "-(a + b)": ("neg", ("+", "a", "b")),
    "a // b if b else 0": ("//", "a", "b"),
    "(a % b if b else 0) + 1": ("+", ("%", "a", "b"), 1),
    "divide(a, 2)": ("/", "a", 2),
    "a % (b * b + 1)": ("%", "a", ("+", ("square", "b"), 1)),
    "(a + b) ** 2": ("square", ("+", "a", "b")),
    "a**3": ("pow", "a", 3),
    "int(a < b)": ("<", "a", "b"),
    "int(a < b) + 1": ("+", ("<", "a", "b"), 1),
    "a if b > 3 else -a": ("where", (">", "b", 3), "a", ("neg", "a")),
    "int(a != 0 and b != 0)": ("and", "a", "b"),
    "int(a > 1 and (b > 1 or a == b))": ("and", (">", "a", 1), ("or", (">", "b", 1), ("==", "a", "b"))),
    "int(not a)": ("not", "a"),
    "a if not b else 0": ("where", ("not", "b"), "a", 0),
    "max(a, b, 0)": ("max", ("max", "a", "b"), 0),
    "(a > 0) - (a < 0)": ("sign", "a"),
    "math.sqrt(max(a, 0))": ("sqrt", "a"),
    "math.sqrt(a * a + b * b)": ("sqrt", ("+", ("square", "a"), ("square", "b"))),
    "math.log(a) if a > 0 else 0": ("log", "a"),
    "0.1 * a": ("*", 0.1, "a"),
    "a": ("floor", "a"),
    "a + (1e-07 + b)": ("+", "a", ("+", 1e-07, "b")),
}


@pytest.mark.parametrize("wanted", EXPRESSIONS)
def test_expression(wanted):
    made = program(("y", formula(*EXPRESSIONS[wanted])), inputs=("a", "b"))
    told = body(emit(made)).strip()
    assert told == f"return [{wanted} for a, {'b' if 'b' in wanted else '_'} in read(sequence)]"
    for row in ([2, 3], [-7, 0], [0, 5], [4, -4]):
        assert loaded(emit(made))["run"]([row]) == pytest.approx(predict(made, [[row]])[0])


def test_exact_constants():
    from fractions import Fraction

    third, quarter = Const(Fraction(1, 3)), Const(Fraction(3, 4))
    made = program(
        ("y", Formula(Apply("+", (Apply("*", (third, Var("x"))), Apply("*", (Var("x"), quarter)))))), whole=False
    )
    assert body(emit(made)).strip() == "return [1 / 3 * x + x * 0.75 for x in read(sequence)]"
    made = program(("y", formula("*", "x", Fraction(1, 3))), whole=False)
    assert body(emit(made)).strip() == "return [x * (1 / 3) for x in read(sequence)]"
    assert loaded(emit(made))["run"]([0.7]) == predict(made, [[0.7]], exact=True)[0]


@pytest.mark.parametrize("name", SAMPLES)
def test_formatted_as_by_a_formatter(name, tmp_path):
    path = tmp_path / "program.py"
    path.write_text(emit(SAMPLES[name]))
    subprocess.run([sys.executable, "-m", "ruff", "format", "--check", "--isolated", str(path)], check=True)
    subprocess.run([sys.executable, "-m", "ruff", "check", "-q", "--isolated", str(path)], check=True)


def test_random_programs_are_formatted(tmp_path):
    for seed in range(40):
        source = emit(with_readable_names(simplify(random_numeric_program(seed))))
        (tmp_path / f"p{seed}.py").write_text(source)
    subprocess.run([sys.executable, "-m", "ruff", "format", "--check", "--isolated", str(tmp_path)], check=True)


@pytest.mark.parametrize("seed", range(20))
def test_random_programs_as_a_user_runs_them(seed):
    made = random_numeric_program(1000 + seed)
    sequences = random_sequences(seed, made, 20)
    whole = [facts(made)[name].whole for name in made.results]
    told = run_text(emit(made, "certificate"), sequences)
    for sequence, meant, text in zip(sequences, predict(made, sequences, exact=True), told, strict=True):
        assert agree(meant, text, whole, made.last), (sequence, meant, text)


LONG = [
    "sum", "prev3", "prev5", "sum_last5", "spring", "freebody", "majority", "addition_by_table", "max", "evens_counter",
    "div_3",
]  # fmt: skip


@pytest.mark.parametrize("name", LONG)
def test_a_million_steps(name):
    """Each step costs the same: none looks back further than its window."""
    made = SAMPLES[name]
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 2, (1_000_000, len(made.inputs)))
    given = rows[:, 0].tolist() if len(made.inputs) == 1 else rows.tolist()
    told = loaded(emit(made))["run"](given)
    assert len(told) == len(given)
    start = ORACLES[name](given[:500])
    assert told[:500] == start
    if name == "sum":
        assert told == np.cumsum(rows).tolist()
    if name == "freebody":
        assert told == np.cumsum(np.cumsum(rows)).tolist()


def test_command_line(tmp_path):
    def told(name, *arguments, lines=()):
        done = run_lines(emit(SAMPLES[name], "About it."), lines, tmp_path, arguments)
        return done.returncode, done.stdout.decode().strip(), done.stderr.decode().strip()

    assert told("sum", "3", "1", "2") == (0, "3 4 6", "")
    assert told("abs_value", "-3", "1") == (0, "3 1", "")
    assert told("sum", "--", "-3") == (0, "-3", "")
    assert told("addition", "1,1", "0,1") == (0, "0 0", "")
    assert told("magnetic", "1,0", "0,0") == (0, "1,0 2,1", "")
    assert told("last_total", "5", "4") == (0, "2", "")
    assert told("mean", "1", "2") == (0, "1.0 1.5", "")
    assert told("sum", "--help") == (0, "About it.", "")
    assert told("sum", "x") == (2, "", "error: step 1: expected a whole number, got 'x'")
    assert told("sum", "1", "2.5") == (2, "", "error: step 2: expected a whole number, got 2.5")
    assert told("sum", "1,2") == (2, "", "error: step 1: expected 1 numbers, got 2")
    assert told("addition", "1") == (2, "", "error: step 1: expected 2 numbers, got 1")
    assert told("sum", "--jsonl", lines=["[1, 2]", "", "[]", "[3.0]"]) == (0, "[1, 3]\n[]\n[3]", "")
    assert told("addition", "--jsonl", lines=["[[1, 1], [0, 0]]"]) == (0, "[0, 1]", "")
    code, out, error = told("sum", "--jsonl", lines=["[1]", "[NaN]"])
    assert (code, out, error) == (2, "[1]", "error: line 2: step 1: expected a whole number, got nan")
    assert told("sum", "--jsonl", lines=["3"])[2] == "error: line 1: expected a JSON list, got '3'"
    assert told("last_total", "--jsonl", lines=["[]"])[2] == "error: line 1: an empty sequence has no last step"


def test_nothing_happens_at_import_and_any_certificate_is_text():
    space = loaded(emit(SAMPLES["sum"], 'say """ or \\ and \x00 \n ends with "'))
    assert space["run"]([1, 2]) == [1, 3]
    odd = NumericProgram(('");import os#', "b\n"), ("y",), (Assign("q", Column("b\n")),), ("q",), False)
    assert loaded(emit(with_readable_names(odd)))["run"]([[1, 2]]) == [2.0]


@pytest.mark.parametrize("name", ["for", "outputs", "read", "Big", "list", "math", "a__B"])
def test_names_that_cannot_stand_in_the_text(name):
    made = NumericProgram(("x",), ("y",), (Assign(name, Column("x")),), (name,), True)
    with pytest.raises(PellucidError, match="cannot have a variable of that name"):
        emit(made)
    assert loaded(emit(with_readable_names(made)))["run"]([4]) == [4]


def test_state_that_is_still_needed_is_not_overwritten():
    made = program(
        ("y_before", before("y")),
        ("y", formula("+", "x", ("*", 2, "y_before"))),
        ("z", formula("-", "y", "y_before")),
    )
    assert loaded(emit(made))["run"]([1, 1, 1]) == [1, 2, 4] == predict(made, [[1, 1, 1]])[0]
    crossed = program(
        ("a_before", before("a", 1, 1)), ("b_before", before("b")), ("a", formula("+", "b_before", "x")),
        ("b", formula("+", "a_before", "x")), outputs=("a", "b"),
    )  # fmt: skip
    assert loaded(emit(crossed))["run"]([0, 1, 0]) == [[0, 1], [2, 1], [1, 2]] == predict(crossed, [[0, 1, 0]])[0]


def test_what_changes_at_the_end_of_a_step_is_read_before():
    made = program(
        ("up", formula(">", "x", 2)), ("a", Route("x", "last where", 1, "up", 1)), ("odd", formula("%", "a", 2)),
        ("b", Route("a", "last where", 1, "odd", 0)), ("c", Route("b", "last where", 1, "up")),
        outputs=("a", "b", "c"), results=("a", "b", "c"),
    )  # fmt: skip
    xs = [3, 4, 1, 5, 2, 3, 7, 6]
    assert loaded(emit(made))["run"](xs) == predict(made, [xs])[0]


def test_many_lags_and_defaults():
    made = program(
        ("a", before("x", 1, 7)), ("b", before("x", 1, 8)), ("c", before("a", 1, 9)), ("d", before("x", 9, 1)),
        ("e", before("d", 1, 2)), outputs=tuple("abcde"),
    )  # fmt: skip
    xs = list(range(20, 33))
    assert loaded(emit(made))["run"](xs) == predict(made, [xs])[0]


def test_long_formulas_are_wrapped():
    terms = [("*", 0.123456789 + i / 7, f"v{i}") for i in range(6)]
    made = program(
        *((f"v{i}", before("x", i + 1)) for i in range(6)),
        ("y_before", before("y")),
        ("y", formula("+", ("*", -0.987654321987, "y_before"), *terms)),
        whole=False,
    )
    source = emit(made)
    assert all(len(line) <= 88 for line in source.splitlines())
    assert "    y = (\n" in source.replace("        y", "    y")
    assert loaded(source)["run"]([1.5, -2.0, 0.25]) == predict(made, [[1.5, -2.0, 0.25]], exact=True)[0]


def test_tables():
    cases = tuple(((a, b), (3 * a + b) % 5) for a in range(5) for b in range(5))
    made = program(("t", Lookup(("a", "b"), cases, -1)), ("y", formula("+", "t", "t")), inputs=("a", "b"))
    source = emit(made)
    assert "T_TABLE = {" in source
    rows = [[4, 3], [2, 2], [9, 9]]
    assert loaded(source)["run"](rows) == [0, 6, -2] == predict(made, [rows])[0]


def test_last_output_is_that_of_the_last_step():
    for nodes in (
        [("y", before("x"))], [("y", formula("+", "x", 1))], [("p", Position(1)), ("y", formula("*", "p", "x"))],
        [("s", formula(">", "x", 2)), ("y", Route("x", "last where", 1, "s"))],
        [("y", Running("max", "x", 2))],
    ):  # fmt: skip
        each, last = program(*nodes), program(*nodes, last=True)
        assert loaded(emit(last))["run"]([3, 1, 4, 2]) == loaded(emit(each))["run"]([3, 1, 4, 2])[-1]
        assert predict(last, [[3, 1, 4, 2]])[0] == predict(each, [[3, 1, 4, 2]])[0][-1]
        with pytest.raises(ValueError, match="no last step"):
            loaded(emit(last))["run"]([])


def test_outputs_are_plain_json():
    made = program(("y", formula("<", "x", 2)), ("z", formula("/", "x", 2)), outputs=("y", "z"))
    assert json.dumps(loaded(emit(made))["run"]([1, 4])) == "[[1, 0.5], [0, 2]]"


@pytest.mark.parametrize("first", [Const(0.5), Const(3), Var("x")])
def test_a_remainder_inside_a_product_keeps_its_brackets(first):
    inner = Apply("*", (Apply("%", (Var("x"), Const(15))), Apply("==", (Var("x"), Const(7)))))
    made = NumericProgram(
        ("x",), ("y",), (Assign("x", Column("x")), Assign("y", Formula(Apply("*", (first, inner))))), ("y",), True
    )
    steps = [0, 7, 22, 15, 30]
    assert run_text(emit(made), [steps]) == predict(made, [steps])
