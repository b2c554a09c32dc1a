"""Model, intermediate form and text of a numeric program are compared, and any difference is found."""

import re

import numpy as np
import pytest

from numeric_samples import SAMPLES, before, formula, program
from pellucid.program.numeric import emit, predict, verify
from pellucid.program.numeric.runner import run_text
from pellucid.program.numeric.verify import agree, edge_cases, random_inputs


def known(made, high=10, count=50, length=8):
    rng = np.random.default_rng(1)
    whole = rng.integers(0, high, (count, length, len(made.inputs)))
    return [*(whole if made.whole_inputs else whole * 0.37)]


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_verified(name):
    made = SAMPLES[name]
    verdict = verify(made, emit(made), lambda inputs: predict(made, inputs), known(made), samples=200)
    assert verdict.faithful, str(verdict)
    assert verdict.checked >= 250
    assert (verdict.longer, verdict.longest) == (200, 24)
    assert 0 < verdict.bound < 0.02
    assert "sampled inputs agree" in str(verdict)


def mutants(source):
    """The text with one sign, number or name changed."""
    run = source[source.index("def run") : source.index("# Runtime")]
    for old, new in [(" + ", " - "), (" - ", " + "), ("+= ", "-= "), (" % 7", " % 6"), (" % 2", " % 3"), ("15", "16"),
                     (" >= ", " > "), (" == ", " != "), ("max(", "min("), ("min(", "max("), ("maxlen=5", "maxlen=4"),
                     ("0.9713", "0.97130001"), ("sin", "cos"), ("x_2_before", "x_before"), (" = 0", " = 1"),
                     ("int(", "("), ("append(y)", "append(float(y))"), (" and ", " or ")]:  # fmt: skip
        for found in re.finditer(re.escape(old), run):
            changed = run[: found.start()] + new + run[found.end() :]
            yield changed, source.replace(run, changed)


# Other texts for the same: the parity of a sum has no sign; True counts as 1.
EQUIVALENT = ("s -= x\n        outputs.append(s % 2)", "carry = (total >= 2)")


@pytest.mark.parametrize(
    "name",
    ["sum", "sum_last5", "add_mod_7", "parity", "dithering", "balanced", "spring", "addition", "alternating_last3",
     "maximum_prev2", "pendulum", "max", "freebody"],
)  # fmt: skip
def test_mutated_text_fails(name):
    made = SAMPLES[name]
    tried = 0
    high = 2 if name in ("balanced", "addition", "alternating_last3", "parity") else 40
    for changed, source in mutants(emit(made)):
        verdict = verify(made, source, None, known(made, high), samples=60)
        assert not verdict.faithful or any(text in changed for text in EQUIVALENT), changed
        tried += 1
    assert tried


def test_a_program_that_fails_now_and_then():
    made = SAMPLES["sum"]
    source = emit(made).replace("y += x", "y += x\n        assert y < 60")
    verdict = verify(made, source, None, known(made), samples=50)
    assert not verdict.faithful
    assert verdict.counterexample is not None
    assert verdict.counterexample["outputs"]["program.py"].startswith("error: AssertionError")
    assert run_text("import sys; sys.exit(3)", [[1], [2]]) == ["error: exit code 3"] * 2
    assert run_text("print('x')", [[1]]) == ["error: not JSON: x"]


def test_a_model_that_differs_and_the_shortest_input_where_it_does():
    made = SAMPLES["sum"]

    def model(inputs):
        return [told if len(told) < 3 else [*told[:-1], told[-1] + 1] for told in predict(made, inputs)]

    verdict = verify(made, emit(made), model, known(made), samples=50)
    assert not verdict.faithful
    assert verdict.counterexample is not None
    assert len(verdict.counterexample["input"]) == 7
    assert "disagree; the first: input" in str(verdict)


def test_reals_may_differ_by_a_rounding_whole_numbers_not_at_all():
    assert agree([1.0], [1.0 + 1e-12], [False], False)
    assert not agree([1.0], [1.0 + 1e-8], [False], False)
    assert not agree([1], [1.0], [True], False)
    assert agree([1], [1.0], [True], False, strict=False)
    assert not agree([1], [True], [True], False)
    assert not agree([2**60], [2**60 + 1], [True], False)
    assert not agree([1], "error: no", [True], False)
    assert agree([float("inf")], "error: overflow", [False], False)
    assert not agree([1, 2], [1], [True], False)
    assert agree([[1, 0.5]], [[1, 0.5]], [True, False], False)
    assert not agree([[1, 0.5]], [[1]], [True, False], False)
    assert agree([1, 0.5], [1, 0.5], [True, False], True)
    assert not agree(1, None, [True], True)


def test_inputs_follow_the_known_ones():
    made = program(("y", before("x")), inputs=("x", "u"))
    inputs = [np.array([[1, -5], [3, 7]]), np.array([[2, 0]])]
    drawn = random_inputs(inputs, np.random.default_rng(0), 300, times=3)
    assert {len(sequence) for sequence in drawn} == {3, 6}
    assert {row[0] for sequence in drawn for row in sequence} == {1, 2, 3}
    assert {row[1] for sequence in drawn for row in sequence} == set(range(-5, 8))
    assert [[0, 0], [0, 0]] in edge_cases(inputs)
    assert [[1, -5], [3, 7]] in edge_cases(inputs)
    assert verify(made, emit(made), None, inputs, samples=20).faithful


def test_same_seed_same_verdict():
    made = SAMPLES["dithering"]
    wrong = emit(SAMPLES["dithering"]).replace("// 15)", "// 14)")
    first, second = (verify(made, wrong, None, known(made, 16), seed=5, samples=40) for _ in range(2))
    assert first == second
    assert not first.faithful


def test_numbers_that_grow_beyond_floats():
    made = program(("y_before", before("y", 1, 2.0)), ("y", formula("*", "y_before", "y_before")), whole=False)
    assert verify(made, emit(made), None, [np.ones((30, 1))], samples=5).faithful
