"""The tasks `mips/NAME`: 62 of the MIPS benchmark and two of the Discrete Transformer paper, on whole numbers.

Michaud et al. (2024), "Opening the AI black box: program synthesis via mechanistic interpretability", define the 62;
the definitions here are written anew. An output depends on inputs up to its step only; zeros stand before the start.
The oracles compute with Python integers, of any size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate, pairwise, product
from typing import Any

import numpy as np

from pellucid.data.examples import default_names
from pellucid.data.tasks.base import Domain, Input, Task
from pellucid.language.types import symbol


def windows(x: Sequence[int], size: int) -> Iterator[list[int]]:
    """At each step the last `size` inputs, oldest first, zeros before the start."""
    padded = [0] * (size - 1) + list(x)
    return (padded[i : i + size] for i in range(len(x)))


def previous(x: Sequence[int], steps: int) -> Iterator[int]:
    """The input of `steps` steps ago."""
    return (window[0] for window in windows(x, steps + 1))


def digit_sums(rows: Iterable[Sequence[int]], base: int) -> Iterator[int]:
    """Digits of the sum of two numbers, given least significant digit first, the last carry left out."""
    carry = 0
    for a, b in rows:
        carry, digit = divmod(a + b + carry, base)
        yield digit


def quotient_bits(bits: Iterable[int], divisor: int) -> Iterator[int]:
    """Long division of a binary number, given most significant bit first."""
    remainder = 0
    for bit in bits:
        quotient, remainder = divmod(2 * remainder + bit, divisor)
        yield quotient


def balanced(brackets: Iterable[int]) -> Iterator[int]:
    """1 where the prefix is balanced, 0 standing for an opening and 1 for a closing bracket."""
    depth, broken = 0, False
    for bracket in brackets:
        depth += -1 if bracket else 1
        broken = broken or depth < 0
        yield int(depth == 0 and not broken)


def palindromes(bits: Sequence[int]) -> Iterator[int]:
    """1 where the prefix reads the same in both directions."""
    seen: list[int] = []
    for bit in bits:
        seen.append(bit)
        yield int(seen == seen[::-1])


def dithered(levels: Iterable[int], white: int = 15) -> Iterator[int]:
    """One-dimensional error diffusion: 1 whenever the light so far is enough for one more white dot."""
    light = 0
    for level in levels:
        dots = light // white
        light += level
        yield light // white - dots


def majority(values: Iterable[int], kinds: int) -> Iterator[int]:
    """The most frequent value so far, the lowest of equally frequent ones."""
    counts = [0] * kinds
    for value in values:
        counts[value] += 1
        yield counts.index(max(counts))


def on_spring(forces: Iterable[int]) -> Iterator[int]:
    """Position of a unit mass on a spring of stiffness 1, at rest before the start."""
    before = now = 0
    for force in forces:
        before, now = now, now - before + force
        yield now


def in_magnetic_field(forces: Iterable[Sequence[int]]) -> Iterator[tuple[int, int]]:
    """Position in the plane of a charged unit mass, a magnetic field across the plane, at rest before the start.

    The benchmark's definition, v += x + vR and p += v, leaves R open: |v| growing by sqrt(2) a step says that R is a
    turn by a right angle; here to the left, (v1, v2) -> (-v2, v1). The other way round differs by the order of columns.
    """
    v1 = v2 = p1 = p2 = 0
    for x1, x2 in forces:
        v1, v2 = v1 + x1 - v2, v2 + x2 + v1
        p1, p2 = p1 + v1, p2 + v2
        yield p1, p2


LONGEST = 100_000  # steps of a sequence
BIT = (0, 1)
DIGIT = (0, 9)
SMALL = (0, 99)
SIGNED = (-100, 99)
FORCE = (-10, 10)
Rule = Callable[[Any], Iterable[Any]]  # from a sequence of values, or of rows of two, to one


def one(
    name: str,
    span: tuple[int, int],
    klass: str,
    law: str,
    function: Rule,
    summary: str = "",
    length: int = 10,
    columns: int = 1,
    outputs: int = 1,
) -> Task:
    """A task on columns of whole numbers within `span`."""
    names = default_names("x", columns), default_names("y", outputs)
    domain = partial(_domain, span, names[0])
    more: dict[str, Any] = {"examples": 2000, "largest": LONGEST, "law": law, "klass": klass}
    return Task(f"mips/{name}", summary or law, {"length": length}, domain, lambda x: tuple(function(x)), names, **more)


two = partial(one, columns=2)


def _domain(span: tuple[int, int], names: tuple[str, ...], length: int) -> Domain:
    low, high = span
    values, columns = range(low, high + 1), len(names)
    steps = values if columns == 1 else list(product(values, repeat=columns))

    def draw(rng: np.random.Generator, count: int) -> list[Input]:
        rows = rng.integers(low, high, (count, length, columns), endpoint=True).tolist()
        return [tuple(step[0] for step in row) if columns == 1 else tuple(map(tuple, row)) for row in rows]

    types, size = dict.fromkeys(names, symbol(values)), len(steps) ** length
    return Domain(range(length, length + 1), draw, types, size, partial(product, steps, repeat=length))


def pointwise(function: Callable[..., Any]) -> Rule:
    """Each step by itself."""
    return lambda x: (int(function(v)) for v in x)


def windowed(size: int, function: Callable[..., Any]) -> Rule:
    """Each step from the last `size` inputs, oldest first."""
    return lambda x: (int(function(*window)) for window in windows(x, size))


def running_sum(function: Callable[[int], Any] = int) -> Rule:
    """Each step from the sum of all inputs so far."""
    return lambda x: (int(function(total)) for total in accumulate(x))


def _alternating(*bits: int) -> bool:
    return all(a != b for a, b in pairwise(bits))


def _digits(base: int) -> Task:
    name = "bit_addition" if base == 2 else f"base_{base}_addition"
    law = f"y = (x1 + x2 + carry) mod {base}, carry = 1 where the step before reached {base}"
    summary = f"sum of two numbers in base {base}, least significant digit first"
    return two(name, (0, base - 1), "c", law, lambda rows: digit_sums(rows, base), summary)


def _add_mod(base: int) -> Task:
    law = f"y = (x[1] + ... + x[t]) mod {base}"
    return one(f"add_mod_{base}", (0, base - 1), "b", law, running_sum(lambda s: s % base))


def _division(divisor: int) -> Task:
    law = f"r = 2 r + x, y = r // {divisor}, r = r mod {divisor}"
    summary = f"quotient bits of a binary number divided by {divisor}, most significant bit first"
    return one(f"div_{divisor}", BIT, "c", law, lambda x: quotient_bits(x, divisor), summary)


def _majority(largest: int) -> Task:
    law = "y = the most frequent x so far, the lowest of equally frequent ones"
    return one(f"majority0_{largest}", (0, largest), "b", law, lambda x: majority(x, largest + 1))


def _previous(steps: int) -> Task:
    length = 20 if steps == 5 else 10
    return one(f"prev{steps}", SMALL, "a", f"y = x[t-{steps}]", lambda x: previous(x, steps), length=length)


def _last(size: int) -> str:
    return " + ".join(["x[t]", *(f"x[t-{i}]" for i in range(1, size))])


def _sum_last(size: int) -> Task:
    length = 20 if size >= 5 else 10
    return one(f"sum_last{size}", SMALL, "a", f"y = {_last(size)}", windowed(size, lambda *x: sum(x)), length=length)


def _parity_last(size: int) -> Task:
    return one(f"parity_last{size}", BIT, "a", f"y = ({_last(size)}) mod 2", windowed(size, lambda *x: sum(x) % 2))


def _alternating_last(size: int) -> Task:
    law = f"y = 1 where no two neighbours of the last {size} bits are equal"
    return one(f"alternating_last{size}", BIT, "a", law, windowed(size, _alternating))


MIPS_TASKS = (
    _digits(2),
    one("abs_value", SIGNED, "a", "y = |x|", pointwise(abs)),
    one("abs_value_of_diff", SIGNED, "a", "y = |x[t] - x[t-1]|", windowed(2, lambda a, b: abs(b - a))),
    *map(_add_mod, range(3, 9)),
    *map(_alternating_last, (3, 4)),
    one("balanced_parenthesis", BIT, "c", "y = 1 where the brackets so far (0 opens, 1 closes) are balanced", balanced),
    *map(_digits, range(3, 8)),
    two("bit_dot_prod_mod2", BIT, "b", "y = (number of steps so far with x1 = x2 = 1) mod 2",
        lambda rows: (n % 2 for n in accumulate(a * b for a, b in rows))),
    one("bit_palindromes", BIT, "c", "y = 1 where the bits so far are a palindrome", palindromes),
    one("bit_shift_right", BIT, "a", "y = x[t-1]", lambda x: previous(x, 1)),
    two("bitwise_and", BIT, "a", "y = x1 and x2", lambda rows: (a & b for a, b in rows)),
    one("bitwise_not", BIT, "a", "y = 1 - x", pointwise(lambda v: 1 - v)),
    two("bitwise_or", BIT, "a", "y = x1 or x2", lambda rows: (a | b for a, b in rows)),
    two("bitwise_xor", BIT, "a", "y = x1 xor x2", lambda rows: (a ^ b for a, b in rows)),
    one("diff_last2", SIGNED, "a", "y = x[t] - x[t-1]", windowed(2, lambda a, b: b - a)),
    one("diff_of_abs_value", SIGNED, "a", "y = |x[t]| - |x[t-1]|", windowed(2, lambda a, b: abs(b) - abs(a))),
    one("dithering", (0, 15), "b", "y = s[t] // 15 - s[t-1] // 15, s = sum of x so far", dithered,
        "grey levels 0..15 to black and white dots by error diffusion"),
    *map(_division, (3, 5, 7)),
    one("evens_counter", DIGIT, "b", "y = number of even x so far", lambda x: accumulate(1 - v % 2 for v in x)),
    one("evens_detector", DIGIT, "a", "y = 1 where x is even", pointwise(lambda v: v % 2 == 0)),
    one("identity", SMALL, "a", "y = x", pointwise(int)),
    *map(_majority, range(1, 4)),
    one("max", SMALL, "b", "y = largest x so far", lambda x: accumulate(x, max)),
    one("min", DIGIT, "b", "y = smallest x so far", lambda x: accumulate(x, min)),
    one("newton_freebody", FORCE, "c", "v = v + x, y = y + v", lambda x: accumulate(accumulate(x)),
        "position of a unit mass under the force x"),
    one("newton_gravity", FORCE, "c", "v = v + x - 1, y = y + v",
        lambda x: accumulate(accumulate(force - 1 for force in x)),
        "position of a unit mass under the force x and a gravity of 1"),
    two("newton_magnetic", FORCE, "c", "v1, v2 = v1 + x1 - v2, v2 + x2 + v1, y1 = y1 + v1, y2 = y2 + v2",
        in_magnetic_field, "position in the plane of a charged unit mass in a magnetic field", outputs=2),
    one("newton_spring", FORCE, "c", "y[t] = y[t-1] - y[t-2] + x[t]", on_spring,
        "position of a unit mass on a spring of stiffness 1 under the force x"),
    *map(_parity_last, (2, 3, 4)),
    one("parity", BIT, "b", "y = (number of ones so far) mod 2", running_sum(lambda s: s % 2)),
    one("parity_of_index", BIT, "a", "y = (t - 1) mod 2", lambda x: (i % 2 for i in range(len(x)))),
    one("parity_of_zeros", BIT, "b", "y = (number of zeros so far) mod 2",
        lambda x: (n % 2 for n in accumulate(1 - v for v in x))),
    one("perfect_square_detector", (0, 19), "a", "y = 1 where x is 0, 1, 4, 9 or 16",
        pointwise(lambda v: v in (0, 1, 4, 9, 16))),
    *map(_previous, range(1, 6)),
    *map(_sum_last, range(2, 8)),
    one("sum", SMALL, "b", "y = x[1] + ... + x[t]", running_sum()),
    one("unique2", (0, 7), "a", "y = 1 where x[t] = x[t-1]", windowed(2, lambda a, b: a == b)),
    one("maximum_prev2", SMALL, "a", "y = max(x[t], x[t-1])", windowed(2, max)),
    one("minimum_prev2", SMALL, "a", "y = min(x[t], x[t-1])", windowed(2, min)),
)  # fmt: skip
