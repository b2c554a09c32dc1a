# ruff: noqa: E501
"""Model, program and emitted text are compared, and any difference is found."""

import json
import re
import time
from dataclasses import replace

import numpy as np
import pytest

from pellucid.emit.emit import emit
from pellucid.errors import PellucidError
from pellucid.language.expressions import Apply, Cases, Const, Table, mapped
from pellucid.language.json import dumps, loads
from pellucid.language.nodes import Aggregate, Delay, Let
from pellucid.language.types import symbol, whole
from pellucid.semantics import domain
from pellucid.semantics.batch import predict
from pellucid.verify import Verdict, outputs, verify
from pellucid.verify.outputs import ABSENT, Comparison, Failed, run_text
from verify_samples import (
    CARRY,
    FLIP,
    FRAME,
    HIST,
    LAST,
    LETTERS,
    PROGRAMS,
    SOURCES,
    SPRING,
    TEXTS,
    TOTAL,
    made,
    op,
    source,
    table,
)  # fmt: skip

SMALL = made(LETTERS, ("n", Aggregate(HIST["y"].select, "count")), ("y", Let(table("n", {1: "a"}, "b"))), longest=4)
LARGE = made(symbol("ab"), ("y", FLIP["y"]), longest=25)
MANY = replace(LARGE, longest=13)


@pytest.fixture(autouse=True)
def _fewer_longer_inputs(monkeypatch):
    monkeypatch.setattr("pellucid.verify.LONGER", 150)


def agreeing(program):
    return lambda inputs: predict(program, inputs)


@pytest.mark.parametrize("name", SOURCES)
def test_samples_are_verified(name):
    program = PROGRAMS[name]
    with_model = verify(program, source(name), agreeing(program), samples=200)
    assert with_model.faithful, str(with_model)
    assert with_model.compared == ("model", "program.json", "program.py")
    alone = verify(loads(dumps(program)), source(name), None, samples=200)
    assert alone.faithful
    assert alone.compared == ("reference", "program.json", "program.py")


def test_every_input_is_checked_where_there_are_few():
    verdict = verify(FLIP, source("flip"), None)
    assert (verdict.checked, verdict.exhaustive, verdict.bound) == (30, True, 0.0)
    assert str(verdict) == f"all 30 possible inputs agree, and {verdict.longer:,} longer ones up to 8 positions"
    assert 80 < verdict.longer <= 150
    assert verdict.to_json() == {
        "checked": 30, "mismatches": 0, "exhaustive": True, "bound": 0.0, "longer": verdict.longer, "longest": 8,
        "compared": ["reference", "program.json", "program.py"],
    }  # fmt: skip
    assert Verdict(**json.loads(json.dumps(verdict.to_json()))).to_json() == verdict.to_json()
    assert Verdict(3, 0, True, 0.0).to_json() == {"checked": 3, "mismatches": 0, "exhaustive": True, "bound": 0.0}


def test_what_there_is_no_time_for_is_left_out_and_said():
    """All inputs of a small domain are still checked; of a large one a sample, however late it is."""
    late = time.monotonic() - 1
    verdict = verify(LARGE, source("flip"), agreeing(LARGE), samples=3000, longer=True, until=late)
    assert verdict.faithful
    assert verdict.cut_short
    assert 0 < verdict.checked < 3000
    assert verdict.bound == pytest.approx(1 - 0.05 ** (1 / verdict.checked))
    assert verdict.to_json()["cut_short"]
    many = verify(MANY, source("flip"), None, until=late)
    assert (many.exhaustive, many.cut_short) == (False, True)
    assert 0 < many.checked < 2**14
    told = []
    rest = {"until": time.monotonic() + 60, "on_progress": lambda share, message: told.append(share)}
    assert not verify(FLIP, source("flip"), None, **rest).cut_short
    assert told[0] == 0.0


def test_a_sample_states_its_bound():
    verdict = verify(LARGE, source("flip"), None, samples=300, known=[("b",) * 7, np.array(["a", "b"])])
    assert verdict.faithful
    assert not verdict.exhaustive
    assert 200 < verdict.checked <= 302
    assert verdict.bound == pytest.approx(1 - 0.05 ** (1 / 300))
    assert "fewer than 0.994% of inputs differ (95 % confidence)" in str(verdict)
    assert verify(TOTAL, source("total"), None, samples=100, known=[[1, 2, 3]]).longest == 6


def test_no_program_of_endless_inputs_is_checked_exhaustively():
    with pytest.raises(PellucidError, match="--exhaustive: inf possible inputs are too many"):
        verify(TOTAL, source("total"), None, exhaustive=True)
    with pytest.raises(PellucidError, match="at most 100,000,000"):
        verify(made(symbol(range(10)), ("y", FLIP["y"]), longest=9), source("flip"), None, exhaustive=True)


FAULTS = [
    ('"a": "b"', '"a": "a"', ["a"]),
    ('"b": "a"', '"b": 1', None),
    ("    return output", "    return s if len(s) == 3 else output", None),
    ("    return output", '    if s[0] == "b":\n        raise KeyError("boom")\n    return output', "error: KeyError: 'boom'"),
    ("    return output", '    if len(s) == 2:\n        raise ValueError("no")\n    return output', "error: ValueError: no"),
    ("    return output", "    if len(s) == 2:\n        sys.exit(0)\n    return output", "error: no output"),
    ("print(json.dumps(run(json.loads(line))))", "run(json.loads(line))", "error: no output"),
    ("print(json.dumps(run(json.loads(line))))", "print(run(json.loads(line)))", "error: not JSON: ['b']"),
    ("    return output", "    return [label == 'b' for label in output]", [True]),
    ("    return output", "    return [1.5, *output[1:]]", [1.5]),
    ("    return output", "    return output[0]", "b"),
    ("def main():", 'def main():\n    print("[1]")', None),
    ("import json", "import json, nothing", "error: ModuleNotFoundError: No module named 'nothing'"),
    ("def run(", "def run(:", "error: SyntaxError: invalid syntax"),
    ("    return output", "    return output * 10**11", "error: MemoryError"),
    ("    return output", "    while True: print('[1]')", None),
]  # fmt: skip


@pytest.mark.parametrize("program", [FLIP, LARGE], ids=["exhaustive", "sampled"])
@pytest.mark.parametrize(("old", "new", "told"), FAULTS)
def test_an_altered_text_is_caught(program, old, new, told, monkeypatch):
    monkeypatch.setattr(outputs, "ATTEMPTS", 3)
    monkeypatch.setattr(outputs, "OUTPUT", 1 << 14)
    assert old in source("flip")
    verdict = verify(program, source("flip").replace(old, new, 1), None, samples=60)
    assert not verdict.faithful
    assert 0 < verdict.mismatches <= verdict.checked + verdict.longer
    example = verdict.counterexample
    meant, given = example["outputs"]["program.json"], example["outputs"]["program.py"]
    assert meant == predict(program, [example["input"]])[0]
    assert type(meant) is not type(given) or meant != given
    assert (
        told is None or program is LARGE or given == told or len(example["input"]) > 1
    )  # which is drawn first may vary
    assert "inputs disagree; the first: input" in str(verdict)
    assert json.loads(json.dumps(verdict.to_json()))["mismatches"] == verdict.mismatches


def test_the_example_is_a_shortest_one():
    altered = FRAME.format("def run(s):\n    return [s.count(x) if s.count(x) < 3 else 2 for x in s]\n")
    assert verify(HIST, altered, None).counterexample["input"] == [0, 0, 0]


def test_a_model_that_differs_is_caught():
    def model(inputs):
        return [["b"] * 3 if s == list("abb") else out for s, out in zip(inputs, predict(FLIP, inputs), strict=True)]

    verdict = verify(FLIP, source("flip"), model)
    assert (verdict.mismatches, verdict.counterexample["input"]) == (1, ["a", "b", "b"])
    assert verdict.counterexample["outputs"]["model"] == ["b", "b", "b"]
    told = 'inputs disagree; the first: input ["a", "b", "b"]: model: ["b", "b", "b"], program.json: ["b", "a", "a"], '
    assert str(verdict).startswith(f"1 of {30 + verdict.longer} {told}")


def test_what_goes_wrong_on_longer_inputs_only_is_caught():
    wrong = source("flip").replace("    return output", "    return output if len(s) < 7 else output[:-1]")
    verdict = verify(FLIP, wrong, None)
    assert not verdict.faithful
    assert 0 < verdict.mismatches < verdict.longer
    assert len(verdict.counterexample["input"]) == 7
    assert f"{verdict.mismatches} of {30 + verdict.longer} inputs disagree" in str(verdict)

    def model(inputs):
        return [["a"] * len(s) if len(s) == 8 else out for s, out in zip(inputs, predict(FLIP, inputs), strict=True)]

    assert verify(FLIP, source("flip"), model).faithful
    assert not verify(FLIP, source("flip"), model, longer=True).faithful


def test_known_inputs_are_checked_beside_the_sample():
    rare = ["a"] * 25
    altered = source("flip").replace("    return output", f"    return [] if s == {rare!r} else output")
    assert verify(LARGE, altered, None, samples=50).faithful
    assert verify(LARGE, altered, None, samples=50, known=[rare]).counterexample["input"] == rare


def test_same_seed_same_verdict():
    altered = source("total").replace("y += x", "y += x + (x > 900)")
    first, second = (verify(TOTAL, altered, None, seed=5, samples=40) for _ in range(2))
    assert first == second
    assert not first.faithful


# ---------------------------------------------------------------- emitted texts

KNOWN = {"texts": ["Who was how much", "WHEN is it", "how much", ["who", "<unk>"], ""]}


@pytest.mark.parametrize("name", PROGRAMS)
def test_emitted_texts_are_verified(name):
    verdict = verify(PROGRAMS[name], emit(PROGRAMS[name]), None, samples=200, known=KNOWN.get(name, ()))
    assert verdict.faithful, str(verdict)


def test_the_verdict_on_texts():
    verdict = verify(TEXTS, emit(TEXTS), agreeing(TEXTS), samples=50, known=KNOWN["texts"])
    assert verdict.own == 4
    assert verdict.checked > 300
    assert "4 of the data and others of random words: fewer than 5.816% of random ones differ" in str(verdict)
    with pytest.raises(PellucidError, match="--exhaustive: inf possible inputs"):
        verify(TEXTS, emit(TEXTS), None, exhaustive=True)


@pytest.mark.parametrize(("old", "new"), [
    ('"when": (0, 0, 9)', '"when": (0, 9, 0)'), ("who whose", "whose"), ('("how", "many"), ', ""), ("LOWERCASE = True", "LOWERCASE = False"),
    ("1: (0, 9, 0)", "1: (0, 8, 1)"), ("Y_BIAS = (1, 0, 0)", "Y_BIAS = (1, 1, 0)"), ("FORMS = False", "FORMS = True"),
    ('NUMBER = "<num>"', "NUMBER = None"), ("[1:]\n", "[:-1]\n"),
])  # fmt: skip
def test_a_mutated_text_program_fails(old, new):
    text = emit(TEXTS)
    assert text.count(old) == 1, text
    verdict = verify(TEXTS, text.replace(old, new), agreeing(TEXTS), samples=500, known=KNOWN["texts"])
    same = old in ("FORMS = False", 'NUMBER = "<num>"')  # no word of a form, and no number, counts
    assert verdict.faithful == same
    if not same:
        assert set(verdict.counterexample["outputs"]) == {"model", "program.json", "program.py"}


# ---------------------------------------------------------------- what is the same


def test_numbers_are_the_same_exactly():
    same = Comparison(TOTAL).same  # whole numbers
    assert same([2**70], [2**70])
    assert not same([1], [1.0])
    assert same([1], [1.0], strict=False)
    assert not same([1], [True], strict=False)
    assert not same([2**60], [2**60 + 1])
    assert not same([1], Failed("error: no"))
    assert not same([1, 2], [1])
    assert not same([1], 1)
    assert same([1], ABSENT)
    same = Comparison(SPRING).same
    assert same([0.1], [0.1])
    assert same([1.0, 0.0], [1, -0.0])
    assert not same([0.3], [0.1 + 0.2])
    assert same([float("nan")], [float("nan")])
    assert not same([float("inf")], [1e308])
    assert same([float("inf")], Failed("error: OverflowError: math range error"))
    assert not same([1.0], Failed("error: OverflowError: math range error"))
    assert same([[2.0, float("nan")]], Failed("error: line 1: math range error"))
    assert Comparison(SPRING, 1e-9).same([0.3], [0.1 + 0.2])
    same = Comparison(CARRY).same
    assert same([[1, 0]], [[1, 0]])
    assert not same([[1, 0]], [[1]])
    assert not same([[1, 0]], [1])
    same = Comparison(LAST).same
    assert not same("yes", Failed("yes"))
    assert not same("yes", None)


def test_numbers_that_grow(monkeypatch):
    """Beyond all floats a text may fail, beyond what Python prints, too."""
    grows = made(SPRING.inputs, ("b", Delay("y", 1, Const(2.0))), ("y", Let(op("*", "b", "b"))))
    text = (
        "def run(s):\n    y, out = 2.0, []\n    for x in s:\n        y = y * y\n        out.append(y)\n    return out\n"
    )
    assert verify(grows, FRAME.format(text), None, samples=5, known=[[1.0] * 30]).faithful
    assert not verify(grows, FRAME.format(text.replace("y * y", "y ** 2.0001")), None, samples=5).faithful
    monkeypatch.setattr("pellucid.verify.LONGER", 0)  # they double their digits at every step
    grows = made(whole(), ("b", Delay("y", 1, Const(3))), ("y", Let(op("*", "b", "b"))))
    verdict = verify(grows, FRAME.format(text.replace("2.0", "3")), None, samples=5, known=[[1] * 15])
    assert verdict.faithful, verdict


# ---------------------------------------------------------------- running


def test_a_process_per_core_keeps_the_order():
    inputs = domain.sample(LARGE, 5000, 0)
    assert run_text(source("flip"), inputs) == predict(LARGE, inputs)
    assert run_text("import sys; sys.exit(3)", [[1], [2]]) == ["error: exit code 3"] * 2
    assert run_text("print('x')", [[1]]) == ["error: not JSON: x"]
    assert run_text("print('1,2')\nprint(3)", [[1], [2]]) == ["error: not JSON: 1,2", 3]
    assert run_text(source("flip"), []) == []


def test_a_program_that_fails_now_and_then_is_started_again(monkeypatch):
    text = FRAME.format("def run(s):\n    assert s[0] != 3\n    return s\n")
    found = run_text(text, [[i % 5] for i in range(20)])
    assert [isinstance(out, Failed) for out in found] == [i % 5 == 3 for i in range(20)]
    monkeypatch.setattr(outputs, "ATTEMPTS", 2)
    assert run_text(text, [[3], [3], [1]]) == ["error: AssertionError", "error: AssertionError", "error: no output"]


def test_what_takes_too_long_is_stopped_and_not_tried_again(monkeypatch):
    monkeypatch.setattr(outputs, "SECONDS", 1)
    text = FRAME.format("def run(s):\n    while s[0] == 3:\n        pass\n    return s\n")
    late = "error: still running after 1 seconds of the processor"
    assert run_text(text, [[1], [3], [2]]) == [[1], late, "error: no output"]


# ---------------------------------------------------------------- stored outputs


def test_a_change_to_both_files_is_caught():
    changed = SPRING.map(lambda a: a.node if a.name != "y" else Let(mapped(a.node.expression, less)))
    text = source("spring").replace("0.9713", "0.97")
    kept = outputs.from_json(outputs.store(SPRING, None).to_json(), "outputs.json")
    assert verify(SPRING, source("spring"), kept.predict, known=kept.inputs, samples=50).faithful
    assert verify(changed, text, None, samples=50).faithful
    verdict = verify(changed, text, kept.predict, known=kept.inputs, samples=50)
    assert not verdict.faithful
    assert set(verdict.counterexample["outputs"]) == {"model", "program.json", "program.py"}


def less(expression):
    return Const(0.97) if expression == Const(0.9713) else expression


def test_stored_outputs_are_those_of_the_model_and_stay_what_they_were():
    text = json.dumps(
        outputs.store(FLIP, lambda inputs: [["?"] * len(s) for s in inputs], known=[["a", "a"]]).to_json()
    )
    kept = outputs.from_json(json.loads(text), "outputs.json")
    assert kept.predict([["a", "a"], ["none of", "them"]]) == [["?", "?"], ABSENT]
    assert not verify(FLIP, source("flip"), kept.predict, known=kept.inputs).faithful
    for changed, told in (
        (text.replace('["?"]', '["a"]', 1), "was changed"),
        ("[]", "expected an object"),
        ("{}", "expected"),
    ):
        with pytest.raises(PellucidError, match=f"outputs.json: .*{told}"):
            outputs.from_json(json.loads(changed), "outputs.json")


# ---------------------------------------------------------------- mutations

SIGNS = [(" + ", " - "), ("+= ", "-= "), (" % 10", " % 9"), (" // 10", " // 9"), (" > ", " >= "), (" == ", " != "), ("= 0", "= 1"),
         ("0.9713", "0.97130001"), ("0.5", "0.50000001"), ('"a"', '"b"'), ('"yes"', '"no"'), ('"red"', '"green"'), ("s[-1]", "s[0]"),
         (" * ", " + "), ("int(waiting", "float(waiting"), ("count(x)", "count(s[0])"), ("append(y)", "append(y + 0.5)")]  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_mutated_text_fails(name):
    tried = 0
    for old, new in SIGNS:
        for found in re.finditer(re.escape(old), SOURCES[name]):
            text = SOURCES[name][: found.start()] + new + SOURCES[name][found.end() :]
            verdict = verify(PROGRAMS[name], FRAME.format(text), None, samples=400)
            assert not verdict.faithful, text
            tried += 1
    assert tried


def mutants(program):
    """The program with one constant, operator, case or amount changed."""
    for name, node in program.nodes.items():
        match node:
            case Let(expression):
                for change in (other_constant, other_operator, other_case):
                    new = mapped(expression, change)
                    if new != expression:
                        yield name, Let(new)
            case Delay(variable, amount, default):
                yield name, Delay(variable, amount + 1, default)
                yield name, Delay(variable, amount, Const(default.value + 1))
            case Aggregate(select, how, value):
                yield name, Aggregate(select, "max" if how == "sum" else "any", value)


def other_constant(e):
    return Const(e.value + 1) if isinstance(e, Const) and isinstance(e.value, int | float) else e


def other_operator(e):
    other = {"+": "max", "==": "!=", ">": ">=", "%": "//", "//": "%", "*": "+"}
    return Apply(other[e.operator], e.args) if isinstance(e, Apply) and e.operator in other else e


def other_case(e):
    if isinstance(e, Table):
        return Table(e.args, (*e.cases[1:], (e.cases[0][0], e.default)), e.default)
    return Cases(tuple((Apply("not", (test,)), out) for test, out in e.rules), e.default) if isinstance(e, Cases) else e


@pytest.mark.parametrize("name", SOURCES)
def test_a_mutated_program_fails(name):
    program, tried = PROGRAMS[name], 0
    for variable, node in mutants(program):
        changed = program.map(lambda a, v=variable, n=node: n if a.name == v else a.node)
        verdict = verify(loads(dumps(changed)), source(name), None, samples=400)
        assert not verdict.faithful, (variable, node)
        tried += 1
    assert tried
