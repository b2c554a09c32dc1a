"""The tasks `physics/NAME`: from the state at a step to the next state, with constants the learner is not told.

An input is a trajectory: per step the state and the force that acts on it where there is one; the output is the state
one step later. The law is the same at every step, so it is what an exact program has to say. Constants are irregular,
so that none is met by chance; they are the coefficients of the law, hence what the data determine. Names of states end
in `_next` in the outputs.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from pellucid.data.tasks.base import Domain, Input, Task
from pellucid.data.tasks.mips import LONGEST

Start = Callable[[np.random.Generator, int], np.ndarray]  # states before the first step, [sequences, states]

OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}  # fmt: skip
FUNCTIONS = {"sin": np.sin, "sqrt": np.sqrt}


def value(law: ast.expr, names: Mapping[str, Any]) -> Any:
    """Value of an expression in columns and constants."""
    match law:
        case ast.BinOp(left, op, right):
            return OPERATORS[type(op)](value(left, names), value(right, names))
        case ast.Call(ast.Name(function), [argument]):
            return FUNCTIONS[function](value(argument, names))
        case ast.Name(name):
            return names[name]
        case ast.Constant(number):
            return number
    raise ValueError(ast.unparse(law))


def _system(
    name: str,
    summary: str,
    law: str,
    start: Mapping[str, tuple[float, float]] | tuple[tuple[str, ...], Start],
    constants: Mapping[str, float],
    force: tuple[str, float] | None = None,
) -> Task:
    """A task about a system.

    Args:
        name, summary: as in the registry.
        law: for each state a line `NAME_next = EXPRESSION` in columns and constants, in Python's notation.
        start: states with their range before the first step, or with a function that draws them.
        constants: by the name they have in the law.
        force: name and largest size of a force drawn anew for every step.
    """
    states, first = start if isinstance(start, tuple) else (tuple(start), partial(_uniform, tuple(start.values())))
    laws = dict(line.split(" = ") for line in law.splitlines())
    inputs, outputs = (*states, *([force[0]] if force else [])), tuple(f"{state}_next" for state in states)
    trees = [ast.parse(laws[output], mode="eval").body for output in outputs]

    def step(rows: np.ndarray) -> np.ndarray:
        names = {**dict(zip(inputs, rows.T, strict=True)), **constants}
        return np.stack([value(tree, names) for tree in trees], axis=1)

    def draw(length: int, rng: np.random.Generator, count: int) -> list[Input]:
        forces = rng.uniform(-1, 1, (count, length, 1 if force else 0)) * (force[1] if force else 1)
        state = first(rng, count)
        rows = np.empty((count, length, len(inputs)))
        for t in range(length):
            rows[:, t] = np.concatenate([state, forces[:, t]], axis=1)
            state = step(rows[:, t])
        return list(map(_steps, rows))

    def domain(length: int) -> Domain:
        return Domain(range(length, length + 1), partial(draw, length))

    def oracle(sequence: Any) -> tuple[Any, ...]:
        return _steps(step(np.array(sequence, np.float64).reshape(len(sequence), -1)))

    sizes = {"length": 10, "noise": 0.0}
    about = {"law": law, "klass": "physics", "constants": constants, "state": states}
    names = inputs, outputs
    return Task(f"physics/{name}", summary, sizes, domain, oracle, names, examples=2000, largest=LONGEST, **about)


def _steps(rows: np.ndarray) -> Input:
    """Steps of a sequence from [T, columns]: numbers, or tuples of them where there are several columns."""
    return tuple(rows[:, 0].tolist()) if rows.shape[1] == 1 else tuple(map(tuple, rows.tolist()))


def _uniform(ranges: tuple[tuple[float, float], ...], rng: np.random.Generator, count: int) -> np.ndarray:
    low, high = np.array(ranges).T
    return rng.uniform(low, high, (count, len(ranges)))


KEPLER = {"a": 0.3173, "k": 0.2917}
TURN = 0.3719  # angle by which the magnetic field turns the velocity in one step


def _orbits(rng: np.random.Generator, count: int) -> np.ndarray:
    """Positions and velocities not far from circular orbits, which stay clear of the centre."""
    radius, where = rng.uniform(1.2, 2, count), rng.uniform(0, 2 * np.pi, count)
    speed = np.sqrt(KEPLER["k"] / KEPLER["a"] / radius) * rng.uniform(0.85, 1.15, count) * rng.choice([-1, 1], count)
    ahead = where + np.pi / 2
    polar = radius * np.cos(where), radius * np.sin(where), speed * np.cos(ahead), speed * np.sin(ahead)
    return np.stack(polar, axis=1)


NEAR = (-3, 3)
PHYSICS_TASKS = (
    _system("free_body", "a mass under a force", "x_next = x + a * v\nv_next = v + b * force",
            {"x": NEAR, "v": NEAR}, {"a": 0.2173, "b": 0.3719}, ("force", 5.0)),
    _system("gravity", "a mass in free fall", "height_next = height + a * v\nv_next = v - g",
            {"height": (0, 20), "v": (-5, 15)}, {"a": 0.1337, "g": 1.3113}),
    _system("spring", "a mass on a spring under a force", "x_next = x + a * v\nv_next = v - k * x + b * force",
            {"x": NEAR, "v": NEAR}, {"a": 0.2371, "k": 0.4139, "b": 0.3517}, ("force", 5.0)),
    _system("damped_oscillator", "a mass on a spring with friction", "x_next = x + a * v\nv_next = d * v - k * x",
            {"x": NEAR, "v": NEAR}, {"a": 0.2639, "d": 0.9713, "k": 0.3191}),
    _system("pendulum", "a pendulum with friction, any angle",
            "angle_next = angle + a * v\nv_next = d * v - k * sin(angle)",
            {"angle": NEAR, "v": (-2, 2)}, {"a": 0.2917, "d": 0.9743, "k": 0.6137}),
    _system("projectile_drag", "a thrown body, air resistance growing with the square of its speed",
            "px_next = px + a * vx\npy_next = py + a * vy\n"
            "vx_next = vx - c * sqrt(vx**2 + vy**2) * vx\nvy_next = vy - c * sqrt(vx**2 + vy**2) * vy - g",
            {"px": NEAR, "py": NEAR, "vx": (-6, 6), "vy": (-3, 8)}, {"a": 0.2237, "c": 0.0419, "g": 0.9713}),
    _system("lotka_volterra", "prey and those who hunt it",
            "prey_next = a * prey - b * prey * hunters\nhunters_next = c * hunters + d * prey * hunters",
            {"prey": (0.5, 3), "hunters": (0.5, 3)}, {"a": 1.1733, "b": 0.1129, "c": 0.8417, "d": 0.0937}),
    _system("logistic_map", "a population whose growth its own size slows down; chaotic",
            "x_next = r * x * (1 - x)", {"x": (0.05, 0.95)}, {"r": 3.7713}),
    _system("kepler", "a planet around a star at the origin (symplectic Euler)",
            "px_next = px + a * (vx - k * px / sqrt(px**2 + py**2)**3)\n"
            "py_next = py + a * (vy - k * py / sqrt(px**2 + py**2)**3)\n"
            "vx_next = vx - k * px / sqrt(px**2 + py**2)**3\nvy_next = vy - k * py / sqrt(px**2 + py**2)**3",
            (("px", "py", "vx", "vy"), _orbits), KEPLER),
    _system("charged_particle", "a charge in a magnetic field, pushed by an electric one",
            "px_next = px + a * vx\npy_next = py + a * vy\n"
            "vx_next = c * vx + s * vy + q * field\nvy_next = c * vy - s * vx",
            {"px": NEAR, "py": NEAR, "vx": NEAR, "vy": NEAR},
            {"a": 0.2411, "c": float(np.cos(TURN)), "s": float(np.sin(TURN)), "q": 0.5309}, ("field", 5.0)),
)  # fmt: skip
