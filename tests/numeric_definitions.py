"""The MIPS tasks defined a second time, each output from the whole prefix at once, to hold the oracles to."""

from collections.abc import Callable, Sequence
from typing import Any

Row = Sequence[int]
Definition = Callable[[list[Row]], Any]  # the inputs up to a step -> the output at that step


def ago(rows: list[Row], steps: int) -> int:
    return rows[-1 - steps][0] if steps < len(rows) else 0


def first_column(rows: list[Row]) -> list[int]:
    return [row[0] for row in rows]


def value(digits: Sequence[int], base: int) -> int:
    """The number with these digits, least significant first."""
    return sum(digit * base**i for i, digit in enumerate(digits))


def sum_digit(base: int) -> Definition:
    def digit(rows: list[Row]) -> int:
        a, b = (value(column, base) for column in zip(*rows, strict=True))
        return (a + b) // base ** (len(rows) - 1) % base

    return digit


def quotient_bit(divisor: int) -> Definition:
    return lambda rows: value(first_column(rows)[::-1], 2) // divisor % 2


def last(size: int, function: Callable[[list[int]], Any]) -> Definition:
    return lambda rows: int(function([ago(rows, i) for i in range(size)]))


def over_all(function: Callable[[list[int]], Any]) -> Definition:
    return lambda rows: int(function(first_column(rows)))


def balanced(rows: list[Row]) -> int:
    text = "".join(map(str, first_column(rows)))
    while "01" in text:
        text = text.replace("01", "")
    return int(text == "")


def most_frequent(x: list[int]) -> int:
    return min(x, key=lambda v: (-x.count(v), v))


def spring(rows: list[Row]) -> int:
    """The answer to one push is periodic; the pushes add up."""
    answer = (1, 1, 0, -1, -1, 0)
    return sum(answer[(len(rows) - 1 - i) % 6] * x for i, (x,) in enumerate(rows))


def fall(gravity: int) -> Definition:
    return lambda rows: sum((len(rows) - i) * (x - gravity) for i, (x,) in enumerate(rows))


def magnetic(rows: list[Row]) -> tuple[int, int]:
    """Position as a complex number: a push grows by the factor 1 + i a step and adds up."""
    position = sum((a + b * 1j) * sum((1 + 1j) ** j for j in range(len(rows) - i)) for i, (a, b) in enumerate(rows))
    return round(position.real), round(position.imag)


def alternating(size: int) -> Definition:
    patterns = ([i % 2 for i in range(size)], [1 - i % 2 for i in range(size)])
    return last(size, lambda w: w in patterns)


def dots(rows: list[Row]) -> int:
    x = first_column(rows)
    return sum(x) // 15 - sum(x[:-1]) // 15


DEFINITIONS: dict[str, Definition] = {
    "bit_addition": sum_digit(2),
    "abs_value": last(1, lambda w: max(w[0], -w[0])),
    "abs_value_of_diff": last(2, lambda w: max(w) - min(w)),
    **{f"add_mod_{k}": over_all(lambda x, k=k: sum(x) % k) for k in range(3, 9)},
    "alternating_last3": alternating(3),
    "alternating_last4": alternating(4),
    "balanced_parenthesis": balanced,
    **{f"base_{k}_addition": sum_digit(k) for k in range(3, 8)},
    "bit_dot_prod_mod2": lambda rows: [tuple(row) for row in rows].count((1, 1)) % 2,
    "bit_palindromes": over_all(lambda x: all(x[i] == x[-1 - i] for i in range(len(x)))),
    "bit_shift_right": lambda rows: ago(rows, 1),
    "bitwise_and": lambda rows: min(rows[-1]),
    "bitwise_not": last(1, lambda w: w[0] == 0),
    "bitwise_or": lambda rows: max(rows[-1]),
    "bitwise_xor": lambda rows: int(rows[-1][0] != rows[-1][1]),
    "diff_last2": last(2, lambda w: w[0] - w[1]),
    "diff_of_abs_value": last(2, lambda w: max(w[0], -w[0]) - max(w[1], -w[1])),
    "dithering": dots,
    **{f"div_{k}": quotient_bit(k) for k in (3, 5, 7)},
    "evens_counter": over_all(lambda x: len([v for v in x if v in (0, 2, 4, 6, 8)])),
    "evens_detector": last(1, lambda w: w[0] in (0, 2, 4, 6, 8)),
    "identity": last(1, sum),
    **{f"majority0_{k}": over_all(most_frequent) for k in (1, 2, 3)},
    "max": over_all(lambda x: sorted(x)[-1]),
    "min": over_all(lambda x: sorted(x)[0]),
    "newton_freebody": fall(0),
    "newton_gravity": fall(1),
    "newton_magnetic": magnetic,
    "newton_spring": spring,
    **{f"parity_last{k}": last(k, lambda w: w.count(1) in (1, 3)) for k in (2, 3, 4)},
    "parity": over_all(lambda x: x.count(1) % 2),
    "parity_of_index": lambda rows: int(len(rows) % 2 == 0),
    "parity_of_zeros": over_all(lambda x: x.count(0) % 2),
    "perfect_square_detector": last(1, lambda w: any(i * i == w[0] for i in range(5))),
    **{f"prev{k}": (lambda rows, k=k: ago(rows, k)) for k in range(1, 6)},
    **{f"sum_last{k}": last(k, sum) for k in range(2, 8)},
    "sum": over_all(sum),
    "unique2": last(2, lambda w: w[0] == w[1]),
    "maximum_prev2": last(2, max),
    "minimum_prev2": last(2, min),
}

# name: (class, smallest and largest input, smallest and largest output of 2000 samples, columns, training length)
_BITS = (0, 1, 0, 1)
DOCUMENTED: dict[str, tuple[str, tuple[int, int, int, int], int, int]] = {
    "bit_addition": ("c", _BITS, 2, 10),
    "abs_value": ("a", (-100, 99, 0, 100), 1, 10),
    "abs_value_of_diff": ("a", (-100, 99, 0, 199), 1, 10),
    **{f"add_mod_{k}": ("b", (0, k - 1, 0, k - 1), 1, 10) for k in range(3, 9)},
    **{f"alternating_last{k}": ("a", _BITS, 1, 10) for k in (3, 4)},
    "balanced_parenthesis": ("c", _BITS, 1, 10),
    **{f"base_{k}_addition": ("c", (0, k - 1, 0, k - 1), 2, 10) for k in range(3, 8)},
    "bit_dot_prod_mod2": ("b", _BITS, 2, 10),
    "bit_palindromes": ("c", _BITS, 1, 10),
    "bit_shift_right": ("a", _BITS, 1, 10),
    "bitwise_and": ("a", _BITS, 2, 10),
    "bitwise_not": ("a", _BITS, 1, 10),
    "bitwise_or": ("a", _BITS, 2, 10),
    "bitwise_xor": ("a", _BITS, 2, 10),
    "diff_last2": ("a", (-100, 99, -199, 199), 1, 10),
    "diff_of_abs_value": ("a", (-100, 99, -100, 100), 1, 10),
    "dithering": ("b", (0, 15, 0, 1), 1, 10),
    **{f"div_{k}": ("c", _BITS, 1, 10) for k in (3, 5, 7)},
    "evens_counter": ("b", (0, 9, 0, 10), 1, 10),
    "evens_detector": ("a", (0, 9, 0, 1), 1, 10),
    "identity": ("a", (0, 99, 0, 99), 1, 10),
    **{f"majority0_{k}": ("b", (0, k, 0, k), 1, 10) for k in (1, 2, 3)},
    "max": ("b", (0, 99, 0, 99), 1, 10),
    "min": ("b", (0, 9, 0, 9), 1, 10),
    "newton_freebody": ("c", (-10, 10, -400, 377), 1, 10),
    "newton_gravity": ("c", (-10, 10, -455, 322), 1, 10),
    "newton_magnetic": ("c", (-10, 10, -855, 786), 2, 10),
    "newton_spring": ("c", (-10, 10, -54, 49), 1, 10),
    **{f"parity_last{k}": ("a", _BITS, 1, 10) for k in (2, 3, 4)},
    "parity": ("b", _BITS, 1, 10),
    "parity_of_index": ("a", _BITS, 1, 10),
    "parity_of_zeros": ("b", _BITS, 1, 10),
    "perfect_square_detector": ("a", (0, 19, 0, 1), 1, 10),
    **{f"prev{k}": ("a", (0, 99, 0, 99), 1, 20 if k == 5 else 10) for k in range(1, 6)},
    **{
        f"sum_last{k}": ("a", (0, 99, 0, most), 1, 20 if k >= 5 else 10)
        for k, most in zip(range(2, 8), (198, 292, 375, 471, 554, 638), strict=True)
    },
    "sum": ("b", (0, 99, 0, 842), 1, 10),
    "unique2": ("a", (0, 7, 0, 1), 1, 10),
}
