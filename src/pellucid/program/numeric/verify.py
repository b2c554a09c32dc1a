"""Model = IR = emitted text for numeric programs, on the data and on random, longer and extreme inputs.

Whole numbers must be equal and whole; others may differ by a relative 1e-9. The space of inputs has no end, so the
statement is a bound: with n random inputs and no mismatch, the share of inputs that disagree is below 1 - 0.05 ** (1/n)
with 95 % confidence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pellucid.program.numeric.facts import facts
from pellucid.program.numeric.interpret import predict
from pellucid.program.numeric.program import NumericProgram
from pellucid.program.numeric.runner import run_text
from pellucid.program.verify import Verdict

SAMPLES = 2_000
LONGER = 200
RELATIVE, ABSOLUTE = 1e-9, 1e-12
Predictor = Callable[[Sequence[list]], list]


def verify(
    program: NumericProgram,
    source: str,
    predictor: Predictor | None,
    inputs: Sequence[np.ndarray],
    seed: int = 0,
    samples: int = SAMPLES,
) -> Verdict:
    """Compare model, IR and emitted text.

    Args:
        program: the IR.
        source: text of `program.py`, run in isolated Python processes.
        predictor: the model, from inputs in the user's form to outputs; None to compare the other two only.
        inputs: known inputs [steps, columns], whose lengths and ranges the random ones follow; at least one.
        seed, samples: of the random inputs.

    Returns:
        The verdict; its counterexample is the shortest input that disagrees.
    """
    rng = np.random.default_rng(seed)
    known = [_user_form(sequence) for sequence in inputs[:samples]]
    usual = [*known, *edge_cases(inputs), *random_inputs(inputs, rng, samples)]
    longer = random_inputs(inputs, rng, LONGER, times=3)
    wrong = _disagreeing(program, source, predictor, [*usual, *longer])
    example = min(wrong, key=lambda found: (len(found["input"]), str(found["input"])), default=None)
    longest = max(map(len, longer), default=0)
    bound = 1 - 0.05 ** (1 / max(samples, 1))
    return Verdict(len(usual), len(wrong), False, bound, example, len(longer), longest)


def random_inputs(inputs: Sequence[np.ndarray], rng: np.random.Generator, count: int, times: int = 1) -> list[list]:
    """Inputs of lengths and values as in the known ones, the lengths multiplied by `times`."""
    columns = _ranges(inputs)
    lengths = rng.choice([len(sequence) for sequence in inputs], count) * times
    whole = all(sequence.dtype != np.float64 for sequence in inputs)
    return [_user_form(_draw(columns, int(length), whole, rng)) for length in lengths]


def edge_cases(inputs: Sequence[np.ndarray]) -> list[list]:
    """The shortest input, zeros, and the least and largest values throughout and in turn."""
    columns = _ranges(inputs)
    kind = np.float64 if any(sequence.dtype == np.float64 for sequence in inputs) else object
    low, high = (np.array([pair[i] for pair in columns], kind) for i in (0, 1))
    length = max(map(len, inputs))
    turns = np.array([high if t % 2 else low for t in range(length)], kind)
    rows = [np.array([row] * length, kind) for row in (low * 0, low, high)] + [turns, turns[1:], turns[:1], turns[:2]]
    return [_user_form(sequence) for sequence in rows if len(sequence)]


def _ranges(inputs: Sequence[np.ndarray]) -> list[tuple[Any, Any]]:
    parts = [sequence for sequence in inputs if len(sequence)]
    if not parts:
        raise ValueError("expected at least one input with a step")
    lows, highs = np.array([p.min(0) for p in parts]).min(0), np.array([p.max(0) for p in parts]).max(0)
    return list(zip(lows.tolist(), highs.tolist(), strict=True))


def _draw(columns: list[tuple[Any, Any]], length: int, whole: bool, rng: np.random.Generator) -> np.ndarray:
    if whole:
        drawn = [rng.integers(low, high, length, endpoint=True) for low, high in columns]
    else:
        drawn = [rng.uniform(low, high, length) for low, high in columns]
    return np.stack(drawn, 1)


def _user_form(sequence: np.ndarray) -> list:
    return sequence[:, 0].tolist() if sequence.shape[1] == 1 else sequence.tolist()


def _disagreeing(
    program: NumericProgram, source: str, predictor: Predictor | None, inputs: list[list]
) -> list[dict[str, Any]]:
    told = {} if predictor is None else {"model": predictor(inputs)}
    told["program.json"] = predict(program, inputs, exact=True)
    told["program.py"] = run_text(source, inputs)
    known = facts(program)
    whole = [known[name].whole for name in program.results]
    found = []
    for i, sequence in enumerate(inputs):
        outputs = {who: given[i] for who, given in told.items()}
        meant = outputs["program.json"]
        if not all(agree(meant, given, whole, program.last, who == "program.py") for who, given in outputs.items()):
            found.append({"input": sequence, "outputs": outputs})
    return found


def agree(meant: Any, given: Any, whole: Sequence[bool], last: bool, strict: bool = True) -> bool:
    """Whether an output in the user's form is the one meant.

    Args:
        meant, given: outputs in the user's form; `given` may be any JSON value.
        whole: for each output column, whether it holds whole numbers, which must be equal.
        last: whether they are of one step instead of a list of steps.
        strict: whether whole numbers must be Python ints.
    """
    if last:
        meant, given = [meant], [given]
    if isinstance(given, str) and given.startswith("error: "):
        return any(not _finite(v) for row in meant for v in (row if isinstance(row, list) else [row]))
    if not isinstance(given, list) or len(given) != len(meant):
        return False
    return all(_same_row(m, g, whole, strict) for m, g in zip(meant, given, strict=True))


def _same_row(meant: Any, given: Any, whole: Sequence[bool], strict: bool) -> bool:
    if len(whole) == 1:
        return _same(meant, given, whole[0], strict)
    if not isinstance(given, list) or len(given) != len(whole):
        return False
    return all(_same(m, g, w, strict) for m, g, w in zip(meant, given, whole, strict=True))


def _same(meant: Any, given: Any, whole: bool, strict: bool) -> bool:
    if isinstance(given, bool) or not isinstance(given, int | float):
        return False
    if whole:
        return meant == given and (not strict or isinstance(given, int))
    if not _finite(meant) or not _finite(given):
        return not _finite(meant) and not _finite(given)
    return meant == given or abs(meant - given) <= max(ABSOLUTE, RELATIVE * max(abs(meant), abs(given)))


def _finite(value: int | float) -> bool:
    return isinstance(value, int) or math.isfinite(value)
