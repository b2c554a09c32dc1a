"""Numeric programs that many tests use, each with what it computes written by hand."""

from fractions import Fraction
from itertools import accumulate
from math import sin

import numpy as np

from pellucid.program.numeric import (
    Apply,
    Assign,
    Column,
    Const,
    Formula,
    Lookup,
    NumericProgram,
    Position,
    Route,
    Running,
    Var,
)


def expression(value):
    """A string stands for a variable, a number for a constant, a tuple for an operator and its arguments."""
    if isinstance(value, str):
        return Var(value)
    return Apply(value[0], tuple(map(expression, value[1:]))) if isinstance(value, tuple) else Const(value)


def formula(*value):
    return Formula(expression(value if len(value) > 1 else value[0]))


def program(*pairs, inputs=("x",), outputs=("y",), results=None, whole=True, last=False):
    """A program from (name, node) pairs after the input columns; the last ones are the results."""
    columns = [(name, Column(name)) for name in inputs if name not in dict(pairs)]
    assigns = tuple(Assign(name, node) for name, node in (*columns, *pairs))
    results = results or tuple(a.name for a in assigns[-len(outputs) :])
    return NumericProgram(tuple(inputs), tuple(outputs), assigns, results, whole, last)


def before(variable, amount=1, default=0):
    return Route(variable, "offset", amount, default=default)


def last_of(xs, t, count):
    return ([0] * count + list(xs))[t + 1 : t + 1 + count]


def _recurrent(step, width):
    def run(rows):
        state, told = (0,) * width, []
        for row in rows:
            state, output = step(state, row)
            told.append(output)
        return told

    return run


def _carry(state, row):
    return (sum(row) + state[0] >= 2,), (sum(row) + state[0]) % 2


def _spring(state, x):
    y = x + state[0] - state[1]
    return (y, state[0]), y


def _magnetic(state, row):
    vx, vy, px, py = state
    vx, vy = row[0] + vx - vy, row[1] + vy + vx
    px, py = px + vx, py + vy
    return (vx, vy, px, py), [px, py]


def _balanced(xs):
    depths = list(accumulate(1 - 2 * x for x in xs))
    return [int(d == 0 and min(depths[: i + 1]) >= 0) for i, d in enumerate(depths)]


SUM = program(("y", Running("sum", "x")))
PREV3 = program(("y", before("x", 3)))
SUM_LAST5 = program(("y", Running("sum", "x", 5)))
ADD_MOD_7 = program(("s", Running("sum", "x")), ("y", formula("%", "s", 7)))
PARITY = program(("s", Running("sum", "x")), ("y", formula("%", "s", 2)))
DITHERING = program(
    ("s", Running("sum", "x")),
    ("y", formula("-", ("//", "s", 15), ("//", ("-", "s", "x"), 15))),
)
BALANCED = program(
    ("step", formula("-", 1, ("*", 2, "x"))),
    ("depth", Running("sum", "step")),
    ("lowest", Running("min", "depth")),
    ("y", formula("and", ("==", "depth", 0), (">=", "lowest", 0))),
)
SPRING = program(
    ("y_before", before("y")), ("y_2_before", before("y", 2)), ("y", formula("-", ("+", "x", "y_before"), "y_2_before"))
)
FREEBODY = program(("velocity", Running("sum", "x")), ("y", Running("sum", "velocity")))
ADDITION = program(
    ("carried", before("carry")),
    ("total", formula("+", "a", "b", "carried")),
    ("carry", formula(">=", "total", 2)),
    ("y", formula("%", "total", 2)),
    inputs=("a", "b"),
)
ADDITION_BY_TABLE = program(
    ("carried", before("carry")),
    ("carry", Lookup(("a", "b", "carried"), (((0, 1, 1), 1), ((1, 0, 1), 1), ((1, 1, 0), 1), ((1, 1, 1), 1)), 0)),
    ("y", formula("%", ("+", "a", "b", "carried"), 2)),
    inputs=("a", "b"),
)
ALTERNATING = program(
    ("x_before", before("x")),
    ("x_2_before", before("x", 2)),
    ("y", formula("and", ("!=", "x", "x_before"), ("==", "x", "x_2_before"))),
)
MAJORITY = program(("y", Running("mode", "x")))
MAXIMUM_PREV2 = program(("x_before", before("x")), ("y", formula("max", "x", "x_before")))
PENDULUM = program(
    ("next_speed", formula("-", ("*", 0.9713, "speed"), ("*", 0.48217, ("sin", "angle")))),
    ("next_angle", formula("+", "angle", ("*", 0.0371, "next_speed"))),
    inputs=("angle", "speed"),
    outputs=("next_speed", "next_angle"),
    whole=False,
)
LOTKA_VOLTERRA = program(
    ("prey_next", formula("+", "prey", ("*", 0.0537, ("*", "prey", ("-", 1.1, ("*", 0.413, "predator")))))),
    ("pred_next", formula("+", "predator", ("*", 0.0537, ("*", "predator", ("-", ("*", 0.107, "prey"), 0.391))))),
    inputs=("prey", "predator"),
    outputs=("prey_next", "predator_next"),
    whole=False,
)
MAGNETIC = program(
    ("vx_before", before("vx")),
    ("vy_before", before("vy")),
    ("px_before", before("px")),
    ("py_before", before("py")),
    ("vx", formula("-", ("+", "fx", "vx_before"), "vy_before")),
    ("vy", formula("+", ("+", "fy", "vx_before"), "vy_before")),
    ("px", formula("+", "px_before", "vx")),
    ("py", formula("+", "py_before", "vy")),
    inputs=("fx", "fy"),
    outputs=("px", "py"),
)

SAMPLES = {
    "sum": SUM, "prev3": PREV3, "sum_last5": SUM_LAST5, "add_mod_7": ADD_MOD_7, "parity": PARITY,
    "dithering": DITHERING, "balanced": BALANCED, "spring": SPRING, "freebody": FREEBODY, "addition": ADDITION,
    "addition_by_table": ADDITION_BY_TABLE, "alternating_last3": ALTERNATING, "majority": MAJORITY,
    "maximum_prev2": MAXIMUM_PREV2, "pendulum": PENDULUM, "lotka_volterra": LOTKA_VOLTERRA, "magnetic": MAGNETIC,
    "evens_counter": program(("even", formula("==", ("%", "x", 2), 0)), ("y", Running("count", None, where="even"))),
    "parity_of_index": program(("i", Position()), ("y", formula("%", "i", 2))),
    "abs_value": program(("y", formula("abs", "x"))),
    "prev5": program(("y", before("x", 5))),
    "max": program(("y", Running("max", "x"))),
    "unique2": program(("x_before", before("x")), ("y", formula("==", "x", "x_before"))),
    "square_detector": program(("y", Lookup(("x",), tuple(((n * n,), 1) for n in range(5)), 0))),
    "div_3": program(
        ("rest_before", before("rest")),
        ("doubled", formula("+", ("*", 2, "rest_before"), "x")),
        ("rest", formula("%", "doubled", 3)),
        ("y", formula(">=", "doubled", 3)),
    ),
    "mean": program(("y", Running("mean", "x"))),
    "last_total": program(("s", Running("sum", "x")), ("y", formula("%", "s", 7)), last=True),
}  # fmt: skip

# What the samples compute, from an input in the user's form.
ORACLES = {
    "sum": lambda xs: list(accumulate(xs)),
    "prev3": lambda xs: ([0] * 3 + xs)[: len(xs)],
    "sum_last5": lambda xs: [sum(last_of(xs, t, 5)) for t in range(len(xs))],
    "add_mod_7": lambda xs: [s % 7 for s in accumulate(xs)],
    "parity": lambda xs: [s % 2 for s in accumulate(xs)],
    "dithering": lambda xs: [s // 15 - (s - x) // 15 for x, s in zip(xs, accumulate(xs), strict=True)],
    "balanced": _balanced,
    "spring": _recurrent(_spring, 2),
    "freebody": lambda xs: list(accumulate(accumulate(xs))),
    "addition": _recurrent(_carry, 1),
    "addition_by_table": _recurrent(_carry, 1),
    "alternating_last3": lambda xs: [int(last_of(xs, t, 3) in ([0, 1, 0], [1, 0, 1])) for t in range(len(xs))],
    "majority": lambda xs: [min(xs[: t + 1], key=lambda v, t=t: (-xs[: t + 1].count(v), v)) for t in range(len(xs))],
    "maximum_prev2": lambda xs: [max(last_of(xs, t, 2)) for t in range(len(xs))],
    "pendulum": lambda rows: [[w, q + 0.0371 * w] for q, v in rows for w in [0.9713 * v - 0.48217 * sin(q)]],
    "lotka_volterra": lambda rows: [
        [a + 0.0537 * (a * (1.1 - 0.413 * b)), b + 0.0537 * (b * (0.107 * a - 0.391))] for a, b in rows
    ],
    "magnetic": _recurrent(_magnetic, 4),
    "evens_counter": lambda xs: list(accumulate(int(x % 2 == 0) for x in xs)),
    "parity_of_index": lambda xs: [t % 2 for t in range(len(xs))],
    "abs_value": lambda xs: [abs(x) for x in xs],
    "prev5": lambda xs: ([0] * 5 + xs)[: len(xs)],
    "max": lambda xs: list(accumulate(xs, max)),
    "unique2": lambda xs: [int(x == last_of(xs, t, 2)[0]) for t, x in enumerate(xs)],
    "square_detector": lambda xs: [int(x in (0, 1, 4, 9, 16)) for x in xs],
    "div_3": lambda xs: _divided(xs),
    "mean": lambda xs: [s / (t + 1) for t, s in enumerate(accumulate(xs))],
    "last_total": lambda xs: sum(xs) % 7,
}


def _divided(xs):
    told, rest = [], 0
    for x in xs:
        told.append(int(2 * rest + x >= 3))
        rest = (2 * rest + x) % 3
    return told


UNARY = ("neg", "abs", "not", "floor", "square", "sign")
REAL = ("sqrt", "sin", "cos", "exp", "log")
BINARY = ("+", "-", "*", "/", "//", "%", "min", "max", "==", "!=", "<", "<=", ">", ">=", "and", "or")
HOW = ("sum", "count", "mean", "min", "max", "mode")


def random_expression(rng, names, depth, real):
    if depth == 0 or rng.random() < 0.2:
        if rng.random() < 0.3:
            constants = [0, 1, 2, 3, -1, 7] + [0.5, -1.25, Fraction(1, 3), Fraction(-3, 4)] * real
            return Const(constants[rng.integers(len(constants))])
        return Var(str(rng.choice(names)))
    draw = rng.random()
    if draw < 0.25:
        op = str(rng.choice(UNARY + REAL * real))
        inner = random_expression(rng, names, depth - 1, real)
        return Apply(op, (Apply("sin", (inner,)),) if op == "exp" else (inner,))
    if draw < 0.32:
        return Apply("where", tuple(random_expression(rng, names, depth - 1, real) for _ in range(3)))
    if draw < 0.36:
        return Apply("pow", (Var(str(rng.choice(names))), Const(int(rng.integers(0, 4)))))
    op = str(rng.choice(BINARY))
    count = 3 if op in ("+", "*", "min", "and", "or") and rng.random() < 0.3 else 2
    return Apply(op, tuple(random_expression(rng, names, depth - 1, real) for _ in range(count)))


def random_node(rng, names, every, real):
    """A node that reads `names`, or with a delay any of `every`."""
    where = str(rng.choice(names)) if rng.random() < 0.4 else None
    window = int(rng.integers(1, 5)) if rng.random() < 0.5 else None
    variable, default = str(rng.choice(names)), int(rng.integers(-2, 3))
    match int(rng.integers(0, 9)):
        case 0 | 1 | 2:
            return Formula(random_expression(rng, names, int(rng.integers(1, 4)), real))
        case 3:
            reads = tuple(str(name) for name in rng.choice(names, int(rng.integers(1, 3))))
            keys = {tuple(int(v) for v in rng.integers(-1, 3, len(reads))) for _ in range(int(rng.integers(0, 6)))}
            top = int(rng.integers(2, 5))
            return Lookup(
                reads, tuple((key, int(rng.integers(0, top))) for key in sorted(keys)), int(rng.integers(0, 2))
            )
        case 4 | 5:
            return Route(str(rng.choice(every)), "offset", int(rng.integers(1, 6)), default=default)
        case 6:
            rule = str(rng.choice(["first", "last where", "argmax", "argmin"]))
            if rule == "first":
                return Route(variable, "first")
            if rule == "last where":
                return Route(variable, rule, int(rng.integers(0, 2)), str(rng.choice(names)), default)
            return Route(variable, rule, 0, str(rng.choice(names)), 0, window)
        case 7 | 8:
            how = str(rng.choice(HOW))
            return Running(how, None if how == "count" else variable, window, where, default)
    return Position(int(rng.integers(0, 2)))


def random_numeric_program(seed):
    """Any nodes in any arrangement, with state that goes round; values stay small."""
    rng = np.random.default_rng(seed)
    real = bool(seed % 3 == 0)
    inputs = ("x", "u")[: 1 + seed % 2]
    names = [f"v{i}" for i in range(int(rng.integers(2, 9)))]
    small = {str(name) for name in names if rng.random() < 0.5}
    earlier, pairs = list(inputs), []
    for name in names:
        node = random_node(rng, earlier, [*inputs, *names], real)
        if isinstance(node, Formula) and (name in small or any(op in str(node) for op in ("'*'", "'square'", "'pow'"))):
            node = Formula(Apply("%", (node.expression, Const(5))))
        pairs.append((name, node))
        earlier.append(name)
    count = int(rng.integers(1, 3))
    results = tuple(str(name) for name in rng.choice(earlier[-3:], count))
    outputs = ("y", "z")[:count]
    return program(*pairs, inputs=inputs, outputs=outputs, results=results, whole=not real, last=seed % 7 == 3)


def random_sequences(seed, program, count=6):
    rng = np.random.default_rng(seed)
    shape = (len(program.inputs),)
    found = []
    for _ in range(count):
        length = int(rng.integers(1, 12))
        whole = rng.integers(-3, 4, (length, *shape))
        rows = whole if program.whole_inputs else np.round(whole + rng.random((length, *shape)), 2)
        found.append((rows[:, 0] if shape == (1,) else rows).tolist())
    return found
