"""The five tasks on free sequences of numbered symbols: reverse, sort, hist, double_hist, most_freq.

Weiss et al. (2021), RASP; sizes and generators of the RASP tasks of Friedman et al. (2023). `vocab` counts special
symbols too (padding, begin marker, and end marker where there is one) and `length` counts markers, as the paper's
vocab_size and max_length do: 8 and 8 mean 5 symbols and at most 6 of them with two markers, 6 and 7 with one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from pellucid.data.tasks.base import Domain, Input, Task
from pellucid.errors import PellucidError
from pellucid.language.types import symbol

FILL = "<s>"  # what most_freq puts after the last distinct token


def architecture(layers: int, heads_cat: int, heads_num: int, mlps_cat: int, mlps_num: int) -> dict[str, Any]:
    """Architecture of a Transformer Program: heads and MLPs a layer, categorical and numerical."""
    parts = {"heads_cat": heads_cat, "heads_num": heads_num, "mlps_cat": mlps_cat, "mlps_num": mlps_num}
    return {"layers": layers, **parts}


def reverse(sequence: Sequence[Any]) -> tuple[Any, ...]:
    """The tokens from last to first."""
    return tuple(reversed(sequence))


def in_order(sequence: Sequence[int]) -> tuple[int, ...]:
    """The tokens by value."""
    return tuple(sorted(sequence))


def hist(sequence: Sequence[Any]) -> tuple[int, ...]:
    """At each position, how often its token occurs."""
    counts = Counter(sequence)
    return tuple(counts[t] for t in sequence)


def double_hist(sequence: Sequence[Any]) -> tuple[int, ...]:
    """At each position, how many different tokens occur as often as its token does."""
    counts = Counter(sequence)
    doubled = Counter(counts.values())
    return tuple(doubled[counts[t]] for t in sequence)


def most_freq(sequence: Sequence[Any]) -> tuple[Any, ...]:
    """The different tokens by falling count, the earlier first at equal counts; then filled up with `<s>`."""
    # Counter keeps first occurrences in order and the sort is stable
    ranked = [token for token, _ in Counter(sequence).most_common()]
    return (*ranked, *[FILL] * (len(sequence) - len(ranked)))


def _draw(symbols: int, lengths: range, rng: np.random.Generator, n: int) -> list[Input]:
    """Draws sequences: the length uniformly, then the tokens: from all of them, in one of ten sequences from a few.

    The paper draws from all tokens only (uniformly); then a sequence of one repeated token practically never occurs,
    and what is true of it (`hist` says 7) cannot be learnt from examples.
    """
    drawn = rng.integers(lengths.start, lengths.stop, n)
    choices = np.where(rng.random(n) < 0.9, symbols, rng.integers(1, symbols + 1, n))
    order = rng.permuted(np.tile(np.arange(symbols), (n, 1)), axis=1)
    row = np.repeat(np.arange(n), drawn)
    flat = order[row, rng.integers(0, choices[row])].tolist()
    ends = np.cumsum(drawn)
    return [tuple(flat[a:b]) for a, b in zip((ends - drawn).tolist(), ends.tolist(), strict=True)]


def _walk(symbols: int, longest: int) -> Iterator[Input]:
    for n in range(1, longest + 1):
        yield from product(range(symbols), repeat=n)


def _domain(task: str, markers: int, vocab: int, length: int) -> Domain:
    symbols, longest = vocab - 1 - markers, length - markers
    if symbols < 2:
        raise PellucidError(f"vocab is {vocab}; expected at least {3 + markers} ({1 + markers} are special symbols)")
    if longest < 1:
        raise PellucidError(f"length is {length}; expected at least {1 + markers} (markers are counted)")
    tokens, lengths = range(symbols), range(1, longest + 1)
    labels: dict[str, Sequence[Any]] = {
        "hist": lengths,
        "double_hist": range(1, min(symbols, longest) + 1),
        "most_freq": (*tokens, FILL),
    }
    return Domain(
        lengths,
        partial(_draw, symbols, lengths),
        {"x": symbol(tokens), "y": symbol(labels.get(task, tokens))},
        sum(symbols**n for n in lengths),
        partial(_walk, symbols, longest),
    )


def _task(name: str, summary: str, oracle: Any, markers: int, hints: dict[str, Any], examples: int = 20_000) -> Task:
    hints = {**hints, "markers": "both" if markers == 2 else "begin"}
    sizes = {"vocab": 8, "length": 8}
    return Task(name, summary, sizes, partial(_domain, name, markers), oracle, hints=hints, examples=examples)


SYMBOL_TASKS = (
    _task("reverse", "the tokens from last to first", reverse, 2, {**architecture(3, 4, 4, 1, 1), "steps": 2000}),
    _task("sort", "the tokens in order", in_order, 2,
          {**architecture(3, 4, 4, 2, 2), "steps": 1500, "group": 2, "refine_slices": 2}),
    _task("hist", "how often each token occurs", hist, 1, {**architecture(1, 2, 2, 1, 1), "steps": 1500}),
    _task("double_hist", "how many different tokens occur as often as this one", double_hist, 1,
          {**architecture(3, 2, 2, 1, 2), "steps": 2000}),
    _task("most_freq", "the different tokens by falling count, ties by first occurrence", most_freq, 1,
          {**architecture(3, 6, 3, 4, 2), "k": 12, "steps": 4000, "seeds": 4, "refined": 1, "refine_slices": 40,
           "refine_patience": 6}, examples=60_000),
)  # fmt: skip
