"""Is a numeric program right? Against a user's function, its built-in task, or another learned program."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.program.numeric import predict
from pellucid.program.numeric.verify import edge_cases, random_inputs
from pellucid.program.oracle import load_oracle
from pellucid.series.learned import LearnedSeries, is_series_folder, load_series

TASK = "task"
INPUTS = 2000
REPEATED = 500  # inputs with a zero at the start and repeated steps
LONGER = 500  # of three times the length
CLOSE = 1e-9
Right = Callable[[Any], Any]


def check(learned: LearnedSeries, spec: str | None, equals: Path | None, seed: int) -> dict[str, Any]:
    """Outcome on random, extreme and longer inputs: `checked`, `mismatches`, a smallest `counterexample`, `told`."""
    if spec is not None and equals is not None:
        raise PellucidError("--spec and --equals: one of them at a time, please")
    name, right = _function(learned, spec, equals)
    rng = np.random.default_rng(seed)
    usual = [*edge_cases(learned.known), *random_inputs(learned.known, rng, INPUTS)]
    usual += [_with_repeats(sequence, rng) for sequence in usual[-REPEATED:]]
    inputs = [*usual, *random_inputs(learned.known, rng, LONGER, times=3)]
    checked, wrong = 0, []
    for sequence, got in zip(inputs, predict(learned.program, inputs), strict=True):
        try:
            wanted = right(sequence)
        except ValueError:
            continue
        except Exception as error:  # noqa: BLE001  # whatever the user's function raises is theirs
            shown = f"{type(error).__name__}: {error}"
            raise PellucidError(f"{name}: raised {shown} on input {json.dumps(sequence)[:200]}") from None
        checked += 1
        if not _same(got, wanted):
            wrong.append(_shorter({"input": sequence, "expected": wanted, "got": got}, learned, right))
    example = min(wrong, key=lambda case: (len(case["input"]), str(case["input"])), default=None)
    found = {"checked": checked, "mismatches": len(wrong), "counterexample": example}
    if example is None:
        told = f"{checked:,} inputs agree with {name}, {LONGER} of them three times as long as those learned from"
    else:
        shown = ", ".join(f"{key}: {json.dumps(value)}" for key, value in example.items())
        told = f"{len(wrong):,} of {checked:,} inputs differ from {name}; the smallest: {shown}"
    return {**found, "told": told}


def _function(learned: LearnedSeries, spec: str | None, equals: Path | None) -> tuple[str, Right]:
    if equals is not None:
        if not is_series_folder(equals):
            raise PellucidError(f"{equals}: not a learned folder of a program on numbers")
        other = load_series(equals)
        return str(equals), other.run
    if spec == TASK:
        from pellucid.data.old_tasks import get_numeric_task, numeric_names

        if learned.report["task"] not in numeric_names():
            raise PellucidError(f"--spec task: {learned.report['task']} is no built-in task; give FILE.py:function")
        task = get_numeric_task(learned.report["task"])

        def oracle(sequence: Sequence) -> list:
            rows = np.array(sequence, np.int64 if learned.program.whole_inputs else np.float64)
            found = task.oracle(rows.reshape(len(sequence), -1)).tolist()
            return [row[0] for row in found] if len(task.output_names) == 1 else found

        return f"the task {task.name}", oracle
    loaded = load_oracle(spec or "", "tagging")
    return loaded.name, loaded.function


def _shorter(case: dict[str, Any], learned: LearnedSeries, right: Right) -> dict[str, Any]:
    """The case cut off behind its first wrong step, where it is wrong there by itself."""
    wanted, got = case["expected"], case["got"]
    if learned.program.last or not isinstance(wanted, list) or len(wanted) != len(got):
        return case
    end = 1 + next((i for i, (a, b) in enumerate(zip(got, wanted, strict=True)) if not _same(a, b)), len(got) - 1)
    short = case["input"][:end]
    try:
        cut = {"input": short, "expected": right(short), "got": predict(learned.program, [short])[0]}
    except Exception:  # noqa: BLE001  # the user's function may not take so short an input
        return case
    return case if _same(cut["expected"], cut["got"]) else cut


def _with_repeats(sequence: list, rng: np.random.Generator) -> list:
    """The sequence with its first step all zeros, and some steps as the one before."""
    zero = [0] * len(sequence[0]) if sequence and isinstance(sequence[0], list) else 0
    found = [zero, *sequence[1:]] if sequence else []
    for i in range(1, len(found)):
        if rng.random() < 0.3:
            found[i] = found[i - 1]
    return found


def _same(got: Any, wanted: Any) -> bool:
    """Equal whole numbers, or numbers within 1e-9 of each other."""
    a, b = np.asarray(got), np.asarray(wanted)
    if a.shape != b.shape:
        return False
    if a.dtype.kind in "iuO" and b.dtype.kind in "iuO":
        return bool((a == b).all())
    return bool(np.allclose(a.astype(float), b.astype(float), rtol=CLOSE, atol=CLOSE))
