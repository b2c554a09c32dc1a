"""The language of numeric programs: what each node and operator means, however it is computed, stored or shown."""

import json
import math
from fractions import Fraction

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
    NumericProgramError,
    Position,
    Route,
    Running,
    Var,
    dumps,
    emit,
    evaluate,
    evaluate_batch,
    explain,
    loads,
    predict,
    simplify,
    slice_program,
    tidy,
    with_readable_names,
)
from pellucid.program.numeric.expression import OPERATORS, SCALAR
from pellucid.program.numeric.facts import facts
from pellucid.program.numeric.nodes import renamed
from pellucid.program.numeric.verify import agree
from program_samples import loaded

XS = [3, -1, 4, 0, 5, -2, 2, 6]
UP = formula(">", "x", 2)

# Each node with what it gives on XS.
NODES = {
    "column": ([("y", formula("x"))], XS),
    "position": ([("y", Position())], [0, 1, 2, 3, 4, 5, 6, 7]),
    "position from 1": ([("y", Position(1))], [1, 2, 3, 4, 5, 6, 7, 8]),
    "formula": ([("y", formula("+", ("*", 2, "x"), 1))], [7, -1, 9, 1, 11, -3, 5, 13]),
    "lookup": ([("y", Lookup(("x",), (((3,), 7), ((0,), -1)), 2))], [7, 2, 2, -1, 2, 2, 2, 2]),
    "lookup of two": (
        [("i", Position()), ("y", Lookup(("x", "i"), (((4, 2), 1), ((2, 6), 1)), 0))],
        [0, 0, 1, 0, 0, 0, 1, 0],
    ),
    "offset": ([("y", before("x", 2, -9))], [-9, -9, 3, -1, 4, 0, 5, -2]),
    "long offset": ([("y", before("x", 6, 1))], [1, 1, 1, 1, 1, 1, 3, -1]),
    "first": ([("y", Route("x", "first"))], [3] * 8),
    "last where": ([("up", UP), ("y", Route("x", "last where", 0, "up", -7))], [3, 3, 4, 4, 5, 5, 5, 6]),
    "last where before": ([("up", UP), ("y", Route("x", "last where", 1, "up", -7))], [-7, 3, 3, 4, 4, 5, 5, 5]),
    "argmax": (
        [("i", Position()), ("k", formula("abs", "x")), ("y", Route("i", "argmax", where="k"))],
        [0, 0, 2, 2, 4, 4, 4, 7],
    ),
    "argmin": ([("i", Position()), ("y", Route("i", "argmin", where="x"))], [0, 1, 1, 1, 1, 5, 5, 5]),
    "argmax of a window": (
        [("i", Position()), ("y", Route("i", "argmax", where="x", window=3))],
        [0, 0, 2, 2, 4, 4, 4, 7],
    ),
    "sum": ([("y", Running("sum", "x"))], [3, 2, 6, 6, 11, 9, 11, 17]),
    "sum where": ([("up", UP), ("y", Running("sum", "x", where="up"))], [3, 3, 7, 7, 12, 12, 12, 18]),
    "sum of a window": ([("y", Running("sum", "x", 3))], [3, 2, 6, 3, 9, 3, 5, 6]),
    "sum of a window where": ([("up", UP), ("y", Running("sum", "x", 3, "up"))], [3, 3, 7, 4, 9, 5, 5, 6]),
    "count": ([("y", Running("count", None))], [1, 2, 3, 4, 5, 6, 7, 8]),
    "count where": ([("up", UP), ("y", Running("count", None, where="up"))], [1, 1, 2, 2, 3, 3, 3, 4]),
    "count of a window": ([("y", Running("count", None, 3))], [1, 2, 3, 3, 3, 3, 3, 3]),
    "count of a window where": ([("up", UP), ("y", Running("count", None, 3, "up"))], [1, 1, 2, 1, 2, 1, 1, 1]),
    "mean": ([("y", Running("mean", "x"))], [3, 1, 2, 1.5, 2.2, 1.5, 11 / 7, 17 / 8]),
    "mean where": (
        [("up", UP), ("y", Running("mean", "x", where="up", default=-7))],
        [3, 3, 3.5, 3.5, 4, 4, 4, 4.5],
    ),
    "mean of a window": ([("y", Running("mean", "x", 2))], [3, 1, 1.5, 2, 2.5, 1.5, 0, 4]),
    "mean of a window where": (
        [("up", UP), ("y", Running("mean", "x", 2, "up", -7))],
        [3, 3, 4, 4, 5, 5, -7, 6],
    ),
    "min": ([("y", Running("min", "x"))], [3, -1, -1, -1, -1, -2, -2, -2]),
    "max": ([("y", Running("max", "x"))], [3, 3, 4, 4, 5, 5, 5, 6]),
    "min where": (
        [("down", formula("<", "x", 0)), ("y", Running("min", "x", where="down", default=9))],
        [9, -1, -1, -1, -1, -2, -2, -2],
    ),
    "max where": (
        [("down", formula("<", "x", 0)), ("y", Running("max", "x", where="down", default=-9))],
        [-9, -1, -1, -1, -1, -1, -1, -1],
    ),
    "max of a window": ([("y", Running("max", "x", 2))], [3, 3, 4, 4, 5, 5, 2, 6]),
    "min of a window where": ([("up", UP), ("y", Running("min", "x", 2, "up", -7))], [3, 3, 4, 4, 5, 5, -7, 6]),
    "mode": ([("p", formula("%", "x", 3)), ("y", Running("mode", "p"))], [0, 0, 0, 0, 0, 0, 2, 0]),
    "mode where": (
        [("p", formula("%", "x", 3)), ("up", UP), ("y", Running("mode", "p", where="up", default=5))],
        [0, 0, 0, 0, 0, 0, 0, 0],
    ),
    "mode of a window": ([("p", formula("%", "x", 3)), ("y", Running("mode", "p", 3))], [0, 0, 0, 0, 0, 0, 2, 0]),
    "mode of a window where": (
        [("p", formula("%", "x", 3)), ("up", UP), ("y", Running("mode", "p", 2, "up", 5))],
        [0, 0, 1, 1, 2, 2, 5, 0],
    ),
    "state": ([("y_before", before("y")), ("y", formula("-", "x", "y_before"))], [3, -4, 8, -8, 13, -15, 17, -11]),
    "state by a table": (
        [("s_before", before("y")), ("up", UP), ("y", Lookup(("s_before", "up"), (((0, 1), 1), ((1, 0), 1)), 0))],
        [1, 1, 0, 0, 1, 1, 1, 0],
    ),
    "an aggregate in a cycle": (
        [("z_before", before("z")), ("d", formula("-", "x", "z_before")), ("z", Running("max", "d"))],
        [3, 3, 3, 3, 3, 3, 3, 3],
    ),
}
# Each operator with arguments and what it gives for them; a, b, c are input columns.
OPERATIONS = {
    "+": [((2, 3), 5)], "-": [((2, 3), -1)], "*": [((2, -3), -6)], "/": [((6, 3), 2), ((7, 2), 3.5), ((7, 0), 0)],
    "//": [((-7, 2), -4), ((7, 0), 0)], "%": [((-7, 5), 3), ((7, -5), -3), ((7, 0), 0)], "neg": [((4,), -4)],
    "abs": [((-4,), 4)], "min": [((4, 2), 2)], "max": [((4, 2), 4)], "==": [((2, 2), 1), ((2, 3), 0)],
    "!=": [((2, 2), 0)], "<": [((1, 2), 1)], "<=": [((2, 2), 1)], ">": [((1, 2), 0)], ">=": [((2, 2), 1)],
    "and": [((3, 0), 0), ((3, -1), 1)], "or": [((3, 0), 1), ((0, 0), 0)], "not": [((0,), 1), ((5,), 0)],
    "where": [((1, 5, 6), 5), ((0, 5, 6), 6)], "floor": [((-3,), -3)], "sqrt": [((9,), 3), ((-9,), 0)],
    "sin": [((2,), math.sin(2))], "cos": [((2,), math.cos(2))], "exp": [((2,), math.exp(2))],
    "log": [((2,), math.log(2)), ((0,), 0), ((-1,), 0)], "square": [((-3,), 9)], "sign": [((-3,), -1), ((0,), 0)],
    "pow": [((-2,), -8)],
}  # fmt: skip


def same(meant, given):
    return meant == pytest.approx(given, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", NODES)
def test_node(name):
    pairs, wanted = NODES[name]
    made = program(*pairs)
    assert same(wanted, predict(made, [XS])[0])
    assert same(wanted, predict(made, [XS], exact=True)[0])
    assert same(wanted, loaded(emit(made))["run"](XS))
    assert same(wanted, predict(loads(dumps(made)), [XS])[0])
    assert loads(dumps(made)) == made
    trace = explain(made, XS)
    assert same(wanted, trace.output)
    assert same(wanted, trace.variables[-1].values)
    assert all(v.meaning for v in trace.variables)
    assert str(trace).splitlines()
    assert same(wanted, predict(simplify(made), [XS])[0])
    assert same(wanted, loaded(emit(with_readable_names(simplify(made))))["run"](XS))


@pytest.mark.parametrize("name", NODES)
def test_node_step_by_step(name):
    """Within a cycle every node is computed one step at a time."""
    pairs, wanted = NODES[name]
    through = [("w_before", before(pairs[-1][0])), ("w", formula("+", "x", ("*", 0, "w_before")))]
    cyclic = program(*through, *((n, renamed(node, {"x": "w"})) for n, node in pairs))
    assert same(wanted, predict(cyclic, [XS])[0])
    assert same(wanted, predict(cyclic, [XS], exact=True)[0])
    assert same(wanted, loaded(emit(cyclic))["run"](XS))


@pytest.mark.parametrize("op", sorted(OPERATORS))
@pytest.mark.parametrize("whole", [True, False])
def test_operator(op, whole):
    for args, wanted in OPERATIONS[op]:
        args = args if whole else tuple(map(float, args))
        names = ("a", "b", "c")[: len(args)]
        power = (Const(3),) if op == "pow" else ()
        expression = Apply(op, (*map(Var, names), *power))
        made = program(("y", Formula(expression)), inputs=names, whole=whole)
        given = [list(args)] if len(args) > 1 else list(args)
        assert same([wanted], predict(made, [given])[0])
        assert same([wanted], predict(made, [given], exact=True)[0])
        assert same(wanted, SCALAR[op](*args, *(p.value for p in power)))
        text = loaded(emit(made))["run"](given)
        assert same([wanted], text)
        if facts(made)["y"].whole:
            assert type(text[0]) is int
            assert type(predict(made, [given])[0][0]) is int
        assert loads(dumps(made)) == made
        assert explain(made, given).output == text
        # As a condition it is true where it is not 0.
        choice = ("d", Formula(expression)), ("y", formula("where", "d", 5, 6))
        tested = program(*choice, inputs=names, whole=whole)
        assert loaded(emit(tested))["run"](given) == [5 if wanted else 6] == predict(tested, [given])[0]


def test_every_operator_is_in_the_table():
    assert set(OPERATIONS) == OPERATORS


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_compute_what_they_say(name):
    made, rng = SAMPLES[name], np.random.default_rng(0)
    for length in (1, 2, 5, 13):
        high = 2 if "balanced" in name or "addition" in name or "div" in name else 30
        rows = rng.integers(0, high, (length, len(made.inputs)))
        rows = rows if made.whole_inputs else rows / 7
        given = rows[:, 0].tolist() if len(made.inputs) == 1 else rows.tolist()
        wanted = ORACLES[name](given)
        for told in (
            predict(made, [given])[0],
            predict(made, [given], exact=True)[0],
            loaded(emit(made))["run"](given),
        ):
            np.testing.assert_allclose(told, wanted, rtol=1e-12)


@pytest.mark.parametrize("seed", range(150))
def test_random_programs_however_computed(seed):
    made = random_numeric_program(seed)
    sequences = random_sequences(seed, made)
    exact, known = predict(made, sequences, exact=True), facts(made)
    whole = [known[name].whole for name in made.results]
    assert loads(dumps(made)) == made
    simple = with_readable_names(simplify(made))
    assert simplify(simple) == simple
    for source in (made, simple):
        run = loaded(emit(source))["run"]
        told = predict(source, sequences)
        for sequence, meant, given in zip(sequences, exact, told, strict=True):
            assert agree(meant, given, [False] * len(whole), made.last), (sequence, meant, given)
            try:
                text = run(sequence)
            except ArithmeticError as error:
                text = f"error: {error}"
            assert agree(meant, text, whole if source is made else [False] * len(whole), made.last), (sequence, meant)


@pytest.mark.parametrize("seed", range(0, 150, 3))
def test_facts_hold(seed):
    made = random_numeric_program(seed)
    known = facts(made)
    width = len(made.inputs)
    arrays = [
        np.array(s, float if not made.whole_inputs else int).reshape(-1, width) for s in random_sequences(seed, made)
    ]
    for name, rows in evaluate(made, arrays, exact=True).items():
        for value in (v for row in rows for v in row.tolist()):
            assert not known[name].whole or type(value) is int
            assert math.isnan(value) or known[name].low - 1e-9 <= value <= known[name].high + 1e-9


def test_whole_numbers_have_no_end():
    doubling = program(("y_before", before("y", 1, 1)), ("y", formula("*", 3, "y_before")))
    assert predict(doubling, [[0] * 80])[0][-1] == 3**80 == loaded(emit(doubling))["run"]([0] * 80)[-1]
    assert predict(SAMPLES["freebody"], [[2**62] * 5])[0][-1] == 15 * 2**62
    assert predict(SAMPLES["sum"], [[10**30, 1]]) == [[10**30, 10**30 + 1]]
    assert predict(program(("y", formula("square", "x"))), [[2**40]]) == [[2**80]]
    halves = program(("y", formula("/", ("*", "x", 2), 2)))
    assert predict(halves, [[2**61 + 1]]) == [[2**61 + 1]] == [loaded(emit(halves))["run"]([2**61 + 1])]
    bigger = program(("y", formula(">", "x", 2.0**60)))
    assert predict(bigger, [[2**60 + 1]]) == [[1]] == [loaded(emit(bigger))["run"]([2**60 + 1])]


def test_batches_are_vectors():
    values = evaluate_batch(SAMPLES["spring"], np.ones((3, 4, 1), np.int64))["y"]
    assert values.dtype == np.int64
    assert values.tolist() == [[1, 2, 2, 1]] * 3
    assert evaluate_batch(SAMPLES["mean"], np.ones((3, 4, 1), np.int64))["y"].dtype == np.float64
    assert evaluate_batch(SAMPLES["sum"], np.ones((0, 4, 1), np.int64))["y"].shape == (0, 4)


def test_inputs_of_any_length_and_none():
    assert predict(SAMPLES["sum"], [[1], [], [1, 2, 3]]) == [[1], [], [1, 3, 6]]
    assert predict(SAMPLES["magnetic"], [[]]) == [[]]
    with pytest.raises(PellucidError, match="no last step"):
        predict(SAMPLES["last_total"], [[]])


@pytest.mark.parametrize(
    ("sequence", "message"),
    [
        ([1, 2.5], "step 2: expected a whole number, got 2.5"),
        ([float("nan")], "expected a whole number, got nan"),
        ([True], "got True"),
        (["3"], "got '3'"),
        ([[1, 2]], "step 1: expected 1 numbers, got 2"),
        ([float("inf")], "got inf"),
        ([None], "got None"),
    ],
)
def test_refused_inputs(sequence, message):
    with pytest.raises(PellucidError, match=message.replace("(", r"\(")):
        predict(SAMPLES["sum"], [sequence])
    with pytest.raises(ValueError, match=message):
        loaded(emit(SAMPLES["sum"]))["run"](sequence)


BROKEN = {
    "reads nothing": ([("y", formula("nowhere"))], "reads nowhere, which is not defined"),
    "too early": ([("y", formula("z")), ("z", formula("x"))], "y: reads z, which is not defined before"),
    "cycle": ([("y", formula("y"))], "y: reads y"),
    "twice": ([("y", formula("x")), ("y", formula("x"))], "y: defined twice"),
    "operator": ([("y", Formula(Apply("xor", (Var("x"), Var("x")))))], "unknown operator 'xor'"),
    "arguments": ([("y", Formula(Apply("-", (Var("x"),))))], "- of 1 arguments"),
    "power": ([("y", Formula(Apply("pow", (Var("x"), Const(0.5)))))], "whole exponent"),
    "infinity": ([("y", formula(math.inf))], "finite number"),
    "truth": ([("y", formula(True))], "finite number, got True"),
    "no lag": ([("y", before("x", 0))], "amount: expected a whole number from 1"),
    "no where": ([("y", Route("x", "last where"))], "needs where"),
    "surplus where": ([("y", Route("x", "first", where="x"))], "takes no where"),
    "surplus window": ([("y", Route("x", "first", window=3))], "takes no window"),
    "rule": ([("y", Route("x", "nearest"))], "unknown rule 'nearest'"),
    "aggregate": ([("y", Running("median", "x"))], "unknown aggregate 'median'"),
    "no variable": ([("y", Running("sum", None))], "sum of no variable"),
    "window": ([("y", Running("sum", "x", 0))], "window: expected a whole number"),
    "case": ([("y", Lookup(("x",), (((1, 2), 3),), 0))], "2 values for 1 variables"),
    "same case": ([("y", Lookup(("x",), (((1,), 3), ((1.0,), 4)), 0))], "two cases"),
    "name": ([("y z", formula("x"))], "identifier"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_programs_that_are_not_well_formed(name):
    with pytest.raises(NumericProgramError, match=BROKEN[name][1]):
        program(*BROKEN[name][0])


def test_columns_are_checked():
    with pytest.raises(NumericProgramError, match="no variable of the program"):
        program(("y", formula("x")), results=("z",))
    with pytest.raises(NumericProgramError, match="different names"):
        NumericProgram(("x", "x"), ("y",), (), ("y",), True)
    with pytest.raises(NumericProgramError, match="2 results for 1"):
        program(("y", formula("x")), results=("y", "x"))
    deep = Var("x")
    for _ in range(60):
        deep = Apply("neg", (deep,))
    with pytest.raises(NumericProgramError, match="nested deeper"):
        program(("y", Formula(deep)))


def changed(path, value):
    """The JSON of a sample with one place changed; a value of `...` deletes it."""
    data = json.loads(dumps(SAMPLES["addition_by_table"]))
    place = data
    for key in path[:-1]:
        place = place[key]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{", "null", '{"kind": "numeric"}', "[" * 100_000,
        changed(["format"], 2), changed(["format"], True), changed(["kind"], "symbols"), changed(["extra"], 1),
        changed(["inputs"], ["a", 1]), changed(["inputs"], "ab"), changed(["outputs"], []), changed(["last"], 1),
        changed(["results"], ["nothing"]), changed(["whole_inputs"], None), changed(["variables"], {}),
        changed(["variables", 0], "x"), changed(["variables", 0, "node"], "Import"),
        changed(["variables", 0, "name"], "a b"), changed(["variables", 0, "column"], "q"),
        changed(["variables", 0, "column"], ...), changed(["variables", 2, "amount"], 0),
        changed(["variables", 2, "amount"], 1.0), changed(["variables", 2, "amount"], True),
        changed(["variables", 2, "rule"], "import"), changed(["variables", 2, "variable"], None),
        changed(["variables", 2, "default"], "0"), changed(["variables", 2, "default"], float("nan")),
        changed(["variables", 2, "default"], float("inf")), changed(["variables", 3, "cases", 0], [1]),
        changed(["variables", 3, "cases", 0, 0], ["a", 1, 1]), changed(["variables", 3, "variables"], []),
        changed(["variables", 4, "expression"], ["exec", "a"]), changed(["variables", 4, "expression"], []),
        changed(["variables", 4, "expression"], {"fraction": "1/0"}), changed(["variables", 4, "expression"], None),
        changed(["variables", 4, "expression"], {"fraction": "x"}), changed(["variables", 4, "expression"], True),
        changed(["variables", 4, "expression"], ["+", "a", "unknown"]),
    ],
)  # fmt: skip
def test_bad_json_is_refused(text):
    with pytest.raises(PellucidError, match=r"^file\.json: "):
        loads(text, "file.json")


def test_fractions_round_trip():
    made = program(("y", formula("*", Fraction(1, 3), "x")), whole=False)
    assert loads(dumps(made)) == made
    assert predict(made, [[6.0]]) == [[6.0 * (1 / 3)]]


TIDIED = {
    "adding 0": (("+", "x", 0), "x"),
    "a factor of 1": (("*", 1, "x"), "x"),
    "two signs": (("neg", ("neg", "x")), "x"),
    "numbers": (("+", "x", ("*", 2, 3)), ("+", "x", 6)),
    "adding a negative": (("+", "x", ("neg", "u")), ("-", "x", "u")),
    "not equal": (("not", ("==", "x", "u")), ("!=", "x", "u")),
    "not less": (("not", ("<", "x", "u")), (">=", "x", "u")),
    "compared with 1": (("==", ("<", "x", "u"), 1), ("<", "x", "u")),
    "one minus a test": (("-", 1, ("<", "x", "u")), (">=", "x", "u")),
    "a choice of 1 and 0": (("where", (">", "x", 0), 1, 0), (">", "x", 0)),
    "the smaller of the same": (("min", "x", ("min", "u", "x")), ("min", "x", "u")),
    "rounding a quotient": (("floor", ("/", "x", 3)), ("floor", ("//", "x", 3))),
    "a square": (("pow", "x", 2), ("square", "x")),
    "mirrored": (("<", 3, "x"), (">", "x", 3)),
    "1.0 makes floats": (("*", 1.0, "x"), ("*", 1.0, "x")),
}


@pytest.mark.parametrize("name", TIDIED)
def test_tidy(name):
    given, wanted = TIDIED[name]
    assert tidy(formula(*given).expression) == formula(*(wanted if isinstance(wanted, tuple) else (wanted,))).expression


def test_simplify():
    made = program(
        ("a", Running("sum", "x")),
        ("b", Running("sum", "x")),
        ("copy", formula("b")),
        ("unused", Running("max", "x")),
        ("d", formula("-", "a", "copy")),
        ("lag", before("x")),
        ("lag_2", before("lag", 2)),
        ("y", formula("+", ("floor", "lag_2"), "d", "copy")),
    )
    simple = with_readable_names(simplify(made))
    assert [a.name for a in simple] == ["x", "total_x", "x_3_before", "y"]
    assert predict(simple, [XS]) == predict(made, [XS])
    ring = program(("a", before("b")), ("b", before("c")), ("c", before("a", 1, 5)), results=("a",))
    assert predict(simplify(ring), [XS]) == predict(ring, [XS])


def test_slice_keeps_what_an_output_needs():
    part = slice_program(SAMPLES["magnetic"], "px")
    assert part.outputs == ("px",)
    assert "py" not in part.nodes
    given = [[1, 2], [0, 3], [-1, 1]]
    assert predict(part, [given])[0] == [row[0] for row in predict(SAMPLES["magnetic"], [given])[0]]
    with pytest.raises(PellucidError, match="no output 'z'; there are px, py"):
        slice_program(SAMPLES["magnetic"], "z")


def test_trace():
    trace = explain(SAMPLES["spring"], [1, 2, 3])
    assert str(trace).splitlines() == [
        "x           input x",
        "y_before    y one step before (0 before the start)",
        "y_2_before  y 2 steps before (0 before the start)",
        "y           x + y_before - y_2_before",
        "",
        "step  x  y_before  y_2_before  y*",
        "   1  1         0           0   1",
        "   2  2         1           0   3",
        "   3  3         3           1   5",
        "",
        "output: 1 3 5",
    ]
    assert trace.to_json()["variables"][3] == {"name": "y", "meaning": "x + y_before - y_2_before", "values": [1, 3, 5]}
    json.dumps(trace.to_json())
    assert explain(SAMPLES["pendulum"], [[0.1, 0.2]]).output == predict(SAMPLES["pendulum"], [[[0.1, 0.2]]], True)[0]


def test_readable_names():
    odd = program(
        ("v0", Running("sum", "a")),
        ("v1", before("v3")),
        ("v2", formula("%", "v0", 7)),
        ("v3", formula("+", "v2", "v1")),
        ("v4", Route("a", "first")),
        ("v5", formula("==", ("%", "a", 2), 0)),
        ("v6", Running("count", None, where="v5")),
        inputs=("a",),
        outputs=("Position (m)", "n"),
        results=("v3", "v6"),
    )
    names = [a.name for a in with_readable_names(odd)]
    assert names == [
        "a", "total_a", "position_m_before", "remainder", "position_m", "first_a", "a_is_even", "n"
    ]  # fmt: skip
    clash = NumericProgram(("for",), ("sum",), (Assign("q", Column("for")),), ("q",), True)
    assert with_readable_names(clash).results[0] not in ("for", "sum")
