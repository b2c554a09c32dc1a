"""What the less obvious `mips/NAME` tasks compute, step by step and with Python integers.

Definitions written anew from those of Michaud et al. (2024); `mips` has the table of the tasks.
"""

from collections.abc import Iterable, Iterator, Sequence


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
