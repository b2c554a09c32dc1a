"""The task induction: after `a 1 b 2 ... a`, say `1`: recall what followed the letter before.

Friedman et al. (2023), the in-context learning experiment. An input is a row of letter-number pairs, each letter
always with the same number in one input, and either one more letter at the end or one free number at the start.
`vocab` counts padding and the unknown label, as the paper's vocab_size; `length` counts the tokens without marker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise, product
from math import comb
from string import ascii_lowercase

import numpy as np

from pellucid.data.tasks.base import Domain, Input, Task
from pellucid.data.tasks.symbols import architecture
from pellucid.errors import PellucidError
from pellucid.language.types import symbol

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


def _contains(sequence: Sequence[str]) -> bool:
    """Letters and numbers in turn, and no letter followed by two different numbers."""
    is_letter = [s in LETTERS for s in sequence]
    if any(a == b for a, b in pairwise(is_letter)):
        return False
    pairs = {(a, b) for a, b in pairwise(sequence) if a in LETTERS}
    return len({a for a, _ in pairs}) == len(pairs)


def _interleave(letters: Sequence[str], numbers: Sequence[str]) -> Input:
    return tuple(symbol for pair in zip(letters, numbers, strict=True) for symbol in pair)


def _draw(letters: str, numbers: str, pairs: int, rng: np.random.Generator, count: int) -> list[Input]:
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


def _walk(letters: str, numbers: str, pairs: int) -> Iterator[Input]:
    for row in product(letters, repeat=pairs):
        distinct = sorted(set(row))
        for values in product(numbers, repeat=len(distinct)):
            meaning = dict(zip(distinct, values, strict=True))
            middle = _interleave(row, [meaning[letter] for letter in row])
            yield from ((number, *middle) for number in numbers)
            yield from ((*middle, letter) for letter in letters)


def _size(k: int, pairs: int) -> int:
    """Rows by number of distinct letters d: k choose d, times surjections of the places on them, times k^d meanings."""
    surjections = [sum((-1) ** j * comb(d, j) * (d - j) ** pairs for j in range(d + 1)) for d in range(k + 1)]
    return 2 * k * sum(comb(k, d) * surjections[d] * k**d for d in range(1, k + 1))


def _domain(vocab: int, length: int) -> Domain:
    k, odd = divmod(vocab - 2, 2)
    if odd or not 2 <= k <= 10:
        raise PellucidError(
            f"vocab is {vocab}; expected an even number from 6 to 22 (10 means letters a-d, numbers 0-3)"
        )
    if length < 3 or length % 2 == 0:
        raise PellucidError(
            f"length is {length}; expected an odd number from 3 (letter-number pairs and one more symbol)"
        )
    letters, numbers, pairs = ascii_lowercase[:k], "0123456789"[:k], length // 2
    return Domain(
        types={"x": symbol((*numbers, *letters)), "y": symbol((*numbers, UNKNOWN))},
        lengths=range(length, length + 1),
        size=_size(k, pairs),
        draw=partial(_draw, letters, numbers, pairs),
        walk=partial(_walk, letters, numbers, pairs),
        contains=_contains,
    )


INDUCTION = Task(
    name="induction",
    summary="recall which number followed this letter before",
    sizes={"vocab": 10, "length": 9},
    domain=_domain,
    oracle=induction,
    hints={**architecture(2, 1, 0, 0, 0), "steps": 500, "causal": True},
)
