"""The tasks dyck1 and dyck2: can each prefix still be balanced, is it, or is it broken.

Task, labels and mix of inputs as in Friedman et al. (2023), RASP tasks: half the inputs are balanced sequences cut to
the length, half are random brackets. All have the same length.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from pellucid.data.tasks.base import Domain, Input, Task
from pellucid.data.tasks.symbols import architecture
from pellucid.errors import PellucidError
from pellucid.language.types import symbol

PAIRS = (("(", ")"), ("{", "}"))
OPENER = {right: left for left, right in PAIRS}


def dyck(sequence: Sequence[str]) -> tuple[str, ...]:
    """`T` where the prefix is balanced, `P` where it can still be, `F` from the first wrong bracket on."""
    out: list[str] = []
    open_brackets: list[str] = []
    for bracket in sequence:
        if bracket not in OPENER:
            open_brackets.append(bracket)
        elif not open_brackets or open_brackets.pop() != OPENER[bracket]:
            return (*out, *["F"] * (len(sequence) - len(out)))
        out.append("P" if open_brackets else "T")
    return tuple(out)


def _balanced(kinds: Sequence[int], wraps: Sequence[int], n: int) -> Input:
    """Pair by pair, the next either around all so far or behind it; the first n brackets."""
    brackets: list[str] = []
    for kind, wrap in zip(kinds, wraps, strict=True):
        left, right = PAIRS[kind]
        brackets = [left, *brackets, right] if wrap else [*brackets, left, right]
    return tuple(brackets[:n])


def _draw(kinds: int, tokens: tuple[str, ...], n: int, rng: np.random.Generator, count: int) -> list[Input]:
    pairs = (n + 1) // 2
    balanced = rng.integers(0, 2, count).tolist()
    which = rng.integers(0, kinds, (count, pairs)).tolist()
    wraps = rng.integers(0, 2, (count, pairs)).tolist()
    free = rng.integers(0, len(tokens), (count, n)).tolist()
    return [
        _balanced(w, a, n) if b else tuple(tokens[c] for c in f)
        for b, w, a, f in zip(balanced, which, wraps, free, strict=True)
    ]


def _domain(kinds: int, length: int) -> Domain:
    if length < 3:
        raise PellucidError(f"length is {length}; expected at least 3 (the begin marker is counted)")
    tokens = tuple(bracket for pair in PAIRS[:kinds] for bracket in pair)
    n = length - 1
    return Domain(
        range(n, n + 1),
        partial(_draw, kinds, tokens, n),
        {"x": symbol(tokens), "y": symbol("FPT")},
        len(tokens) ** n,
        partial(product, tokens, repeat=n),
    )


def _task(kinds: int, summary: str, hints: dict[str, Any]) -> Task:
    return Task(f"dyck{kinds}", summary, {"length": 16}, partial(_domain, kinds), dyck, hints={**hints, "causal": True})


DYCK_TASKS = (
    _task(
        1,
        "is each prefix of ( ) balanced (T), still open (P), or broken (F)",
        {**architecture(3, 2, 2, 1, 2), "steps": 2000, "batch": 32},
    ),
    _task(
        2,
        "the same with two kinds of brackets, ( ) and { }",
        {**architecture(3, 2, 2, 2, 2), "free_counts": True, "steps": 2500, "batch": 32, "refine_slices": 12},
    ),
)
