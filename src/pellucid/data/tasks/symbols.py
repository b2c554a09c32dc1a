"""The eight tasks of Friedman et al. (2023) on symbols; the first five are RASP's (Weiss et al. 2021).

- reverse, sort, hist, double_hist, most_freq: free sequences of numbered symbols. `vocab` counts special symbols too
  (padding, begin marker, and end marker where there is one) and `length` counts markers, as the paper's vocab_size and
  max_length do: 8 and 8 mean 5 symbols and at most 6 of them with two markers, 6 and 7 with one.
- dyck1, dyck2: can each prefix still be balanced, is it, or is it broken. Half the inputs are balanced sequences cut to
  the length, half are random brackets; all have the same length.
- induction: after `a 1 b 2 ... a`, say `1`: recall what followed the letter before. An input is a row of letter-number
  pairs, each letter always with the same number in one input, and either one more letter at the end or one free number
  at the start. `vocab` counts padding and the unknown label; `length` counts the tokens without marker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise, product
from math import comb
from string import ascii_lowercase
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


# ---------------------------------------------------------------- brackets

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


def _draw_brackets(kinds: int, tokens: tuple[str, ...], n: int, rng: np.random.Generator, count: int) -> list[Input]:
    pairs = (n + 1) // 2
    balanced = rng.integers(0, 2, count).tolist()
    which = rng.integers(0, kinds, (count, pairs)).tolist()
    wraps = rng.integers(0, 2, (count, pairs)).tolist()
    free = rng.integers(0, len(tokens), (count, n)).tolist()
    return [
        _balanced(w, a, n) if b else tuple(tokens[c] for c in f)
        for b, w, a, f in zip(balanced, which, wraps, free, strict=True)
    ]


def _bracket_domain(kinds: int, length: int) -> Domain:
    if length < 3:
        raise PellucidError(f"length is {length}; expected at least 3 (the begin marker is counted)")
    tokens = tuple(bracket for pair in PAIRS[:kinds] for bracket in pair)
    n = length - 1
    return Domain(
        range(n, n + 1),
        partial(_draw_brackets, kinds, tokens, n),
        {"x": symbol(tokens), "y": symbol("FPT")},
        len(tokens) ** n,
        partial(product, tokens, repeat=n),
    )


def _dyck(kinds: int, summary: str, hints: dict[str, Any]) -> Task:
    domain = partial(_bracket_domain, kinds)
    return Task(f"dyck{kinds}", summary, {"length": 16}, domain, dyck, hints={**hints, "causal": True})


# ---------------------------------------------------------------- induction

UNKNOWN = "<unk>"
LETTERS = frozenset(ascii_lowercase)


def induction(sequence: Sequence[str]) -> tuple[str | None, ...]:
    """At each letter the number that followed it before, `<unk>` if it is new; None (not scored) at numbers."""
    followers: dict[str, str] = {}
    out: list[str | None] = []
    for i, token in enumerate(sequence):
        if token not in LETTERS:
            out.append(None)
            continue
        out.append(followers.get(token, UNKNOWN))
        if i + 1 < len(sequence):
            followers[token] = sequence[i + 1]
    return tuple(out)


def _in_turn(sequence: Sequence[str]) -> bool:
    """Letters and numbers in turn, and no letter followed by two different numbers."""
    is_letter = [s in LETTERS for s in sequence]
    if any(a == b for a, b in pairwise(is_letter)):
        return False
    pairs = {(a, b) for a, b in pairwise(sequence) if a in LETTERS}
    return len({a for a, _ in pairs}) == len(pairs)


def _interleave(letters: Sequence[str], numbers: Sequence[str]) -> Input:
    return tuple(symbol for pair in zip(letters, numbers, strict=True) for symbol in pair)


def _draw_pairs(letters: str, numbers: str, pairs: int, rng: np.random.Generator, count: int) -> list[Input]:
    k = len(letters)
    meaning = rng.integers(0, k, (count, k)).tolist()
    row = rng.integers(0, k, (count, pairs)).tolist()
    at_start = rng.integers(0, 2, count).tolist()
    extra = rng.integers(0, k, count).tolist()
    out = []
    for number_of, chosen, start, e in zip(meaning, row, at_start, extra, strict=True):
        middle = _interleave([letters[c] for c in chosen], [numbers[number_of[c]] for c in chosen])
        out.append((numbers[e], *middle) if start else (*middle, letters[e]))
    return out


def _walk_pairs(letters: str, numbers: str, pairs: int) -> Iterator[Input]:
    for row in product(letters, repeat=pairs):
        distinct = sorted(set(row))
        for values in product(numbers, repeat=len(distinct)):
            meaning = dict(zip(distinct, values, strict=True))
            middle = _interleave(row, [meaning[letter] for letter in row])
            yield from ((number, *middle) for number in numbers)
            yield from ((*middle, letter) for letter in letters)


def _count(k: int, pairs: int) -> int:
    """Rows by number of distinct letters d: k choose d, times surjections of the places on them, times k^d meanings."""
    surjections = [sum((-1) ** j * comb(d, j) * (d - j) ** pairs for j in range(d + 1)) for d in range(k + 1)]
    return 2 * k * sum(comb(k, d) * surjections[d] * k**d for d in range(1, k + 1))


def _pairs_domain(vocab: int, length: int) -> Domain:
    k, odd = divmod(vocab - 2, 2)
    if odd or not 2 <= k <= 10:
        expected = "expected an even number from 6 to 22 (10 means letters a-d, numbers 0-3)"
        raise PellucidError(f"vocab is {vocab}; {expected}")
    if length < 3 or length % 2 == 0:
        raise PellucidError(
            f"length is {length}; expected an odd number from 3 (letter-number pairs and one more symbol)"
        )
    letters, numbers, pairs = ascii_lowercase[:k], "0123456789"[:k], length // 2
    return Domain(
        types={"x": symbol((*numbers, *letters)), "y": symbol((*numbers, UNKNOWN))},
        lengths=range(length, length + 1),
        size=_count(k, pairs),
        draw=partial(_draw_pairs, letters, numbers, pairs),
        walk=partial(_walk_pairs, letters, numbers, pairs),
        contains=_in_turn,
    )


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
    _dyck(1, "is each prefix of ( ) balanced (T), still open (P), or broken (F)",
          {**architecture(3, 2, 2, 1, 2), "steps": 2000, "batch": 32}),
    _dyck(2, "the same with two kinds of brackets, ( ) and { }",
          {**architecture(3, 2, 2, 2, 2), "free_counts": True, "steps": 2500, "batch": 32, "refine_slices": 12}),
    Task("induction", "recall which number followed this letter before", {"vocab": 10, "length": 9}, _pairs_domain,
         induction, hints={**architecture(2, 1, 0, 0, 0), "steps": 500, "causal": True}),
)  # fmt: skip
