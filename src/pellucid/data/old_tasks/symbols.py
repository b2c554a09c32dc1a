"""The five tasks on free sequences of numbered symbols: reverse, sort, hist, double_hist, most_freq.

Weiss et al. (2021), RASP; sizes and generators of the RASP tasks of Friedman et al. (2023). `vocab` counts special
symbols too (padding, begin marker, and end marker where there is one) and `length` counts markers, as the paper's
vocab_size and max_length do: 8 and 8 mean 5 symbols and at most 6 of them with two markers, 6 and 7 with one.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product

from pellucid.data.dataset import Input
from pellucid.data.old_tasks.base import Domain, Task, mixed_draw, sizes
from pellucid.data.tokens import Token
from pellucid.errors import PellucidError

FILL = "<s>"  # what most_freq puts after the last distinct token


def reverse(sequence: Sequence[Token]) -> tuple[Token, ...]:
    """The tokens from last to first."""
    return tuple(reversed(sequence))


def in_order(sequence: Sequence[int]) -> tuple[int, ...]:
    """The tokens by value."""
    return tuple(sorted(sequence))


def hist(sequence: Sequence[Token]) -> tuple[int, ...]:
    """At each position, how often its token occurs."""
    counts = Counter(sequence)
    return tuple(counts[t] for t in sequence)


def double_hist(sequence: Sequence[Token]) -> tuple[int, ...]:
    """At each position, how many different tokens occur as often as its token does."""
    counts = Counter(sequence)
    doubled = Counter(counts.values())
    return tuple(doubled[counts[t]] for t in sequence)


def most_freq(sequence: Sequence[Token]) -> tuple[Token, ...]:
    """The different tokens by falling count, the earlier first at equal counts; then filled up with `<s>`."""
    # Counter keeps first occurrences in order and the sort is stable
    ranked = [token for token, _ in Counter(sequence).most_common()]
    return (*ranked, *[FILL] * (len(sequence) - len(ranked)))


def _walk(symbols: int, longest: int) -> Iterator[Input]:
    for n in range(1, longest + 1):
        yield from product(range(symbols), repeat=n)


def _domain(task: str, markers: int, vocab: int, length: int) -> Domain:
    symbols, longest = vocab - 1 - markers, length - markers
    if symbols < 2:
        raise PellucidError(f"vocab is {vocab}; expected at least {3 + markers} ({1 + markers} are special symbols)")
    if longest < 1:
        raise PellucidError(f"length is {length}; expected at least {1 + markers} (markers are counted)")
    tokens, lengths = tuple(range(symbols)), range(1, longest + 1)
    labels: dict[str, tuple[Token, ...]] = {
        "hist": tuple(lengths),
        "double_hist": tuple(range(1, min(symbols, longest) + 1)),
        "most_freq": (*tokens, FILL),
    }
    size = sum(symbols**n for n in lengths)
    walk = partial(_walk, symbols, longest)
    return Domain(tokens, labels.get(task, tokens), lengths, size, mixed_draw(tokens, lengths), walk)


_SIZES = {"vocab": 8, "length": 8}

SYMBOL_TASKS = (
    Task(
        name="reverse",
        summary="the tokens from last to first",
        sizes=_SIZES,
        domain=partial(_domain, "reverse", 2),
        oracle=reverse,
        model=sizes(3, 4, 4, 1, 1),
        training={"steps": 2000},
        markers="both",
    ),
    Task(
        name="sort",
        summary="the tokens in order",
        sizes=_SIZES,
        domain=partial(_domain, "sort", 2),
        oracle=in_order,
        model=sizes(3, 4, 4, 2, 2),
        training={"steps": 1500, "group": 2, "refine_slices": 2},
        markers="both",
    ),
    Task(
        name="hist",
        summary="how often each token occurs",
        sizes=_SIZES,
        domain=partial(_domain, "hist", 1),
        oracle=hist,
        model=sizes(1, 2, 2, 1, 1),
        training={"steps": 1500},
    ),
    Task(
        name="double_hist",
        summary="how many different tokens occur as often as this one",
        sizes=_SIZES,
        domain=partial(_domain, "double_hist", 1),
        oracle=double_hist,
        model=sizes(3, 2, 2, 1, 2),
        training={"steps": 2000},
    ),
    Task(
        name="most_freq",
        summary="the different tokens by falling count, ties by first occurrence",
        sizes=_SIZES,
        domain=partial(_domain, "most_freq", 1),
        oracle=most_freq,
        model=sizes(3, 6, 3, 4, 2, k=12),
        training={"steps": 4000, "seeds": 4, "refined": 1, "refine_slices": 40, "refine_patience": 6, "budget": 520},
        examples=60_000,
    ),
)
