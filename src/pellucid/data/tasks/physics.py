"""The tasks `physics/NAME`: from the state at a step to the next state, with constants the learner is not told.

An input is a trajectory: per step the state and the force that acts on it where there is one; the output is the state
one step later. The law is the same at every step, so it is what an exact program has to say. Constants are irregular,
so that none is met by chance; they are the coefficients of the law, hence what the data determine. Names of states end
in `_next` in the outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from pellucid.data.tasks.base import Domain, Input, Task
from pellucid.data.tasks.mips import LONGEST

Ranges = tuple[tuple[float, float], ...]
Step = Callable[..., tuple[Any, ...]]  # columns in order, constants by name -> next states


def _system(
    name: str,
    summary: str,
    law: str,
    step: Step,
    states: tuple[str, ...],
    start: Ranges | Callable[[np.random.Generator, int], np.ndarray],
    constants: Mapping[str, float],
    force: tuple[str, float] | None = None,
) -> Task:
    """A task about a system with these states.

    Args:
        name, summary: as in the registry.
        law: for each state a line `NAME_next = EXPRESSION` in columns and constants, in Python's notation.
        step: the same as a function.
        states: names of the state columns.
        start: range of each state before the first step, or a function that draws them as [sequences, states].
        constants: by the name they have in the law.
        force: name and largest size of a force drawn anew for every step.
    """
    outputs = tuple(f"{state}_next" for state in states)
    laws = dict(line.split(" = ") for line in law.splitlines())
    if tuple(laws) != outputs:
        raise ValueError(f"the law of {name} is about {list(laws)}; expected {list(outputs)}")

    def draw(length: int, rng: np.random.Generator, count: int) -> list[Input]:
        forces = rng.uniform(-1, 1, (count, length, 0 if force is None else 1)) * (force[1] if force else 1)
        state = _start(start, rng, count)
        rows = np.empty((count, length, len(states) + forces.shape[2]))
        for t in range(length):
            rows[:, t] = np.concatenate([state, forces[:, t]], axis=1)
            state = np.stack(step(*rows[:, t].T, **constants), axis=1)
        return list(map(_steps, rows))

    def domain(length: int) -> Domain:
        return Domain(range(length, length + 1), partial(draw, length))

    def oracle(sequence: Any) -> tuple[Any, ...]:
        rows = np.array(sequence, np.float64).reshape(len(sequence), -1)
        return _steps(np.stack(step(*rows.T, **constants), axis=1))

    inputs = (*states, force[0]) if force else states
    return Task(
        f"physics/{name}",
        summary,
        {"length": 10, "noise": 0.0},
        domain,
        oracle,
        (inputs, outputs),
        examples=2000,
        largest=LONGEST,
        law=law,
        klass="physics",
        constants=constants,
        state=states,
    )


def _steps(rows: np.ndarray) -> Input:
    """Steps of a sequence from [T, columns]: numbers, or tuples of them where there are several columns."""
    return tuple(rows[:, 0].tolist()) if rows.shape[1] == 1 else tuple(map(tuple, rows.tolist()))


def _start(
    start: Ranges | Callable[[np.random.Generator, int], np.ndarray], rng: np.random.Generator, count: int
) -> np.ndarray:
    if callable(start):
        return start(rng, count)
    low, high = np.array(start).T
    return rng.uniform(low, high, (count, len(start)))


def _free_body(x: Any, v: Any, force: Any, a: float, b: float) -> tuple[Any, ...]:
    return x + a * v, v + b * force


def _gravity(height: Any, v: Any, a: float, g: float) -> tuple[Any, ...]:
    return height + a * v, v - g


def _spring(x: Any, v: Any, force: Any, a: float, k: float, b: float) -> tuple[Any, ...]:
    return x + a * v, v - k * x + b * force


def _damped(x: Any, v: Any, a: float, d: float, k: float) -> tuple[Any, ...]:
    return x + a * v, d * v - k * x


def _pendulum(angle: Any, v: Any, a: float, d: float, k: float) -> tuple[Any, ...]:
    return angle + a * v, d * v - k * np.sin(angle)


def _projectile(px: Any, py: Any, vx: Any, vy: Any, a: float, c: float, g: float) -> tuple[Any, ...]:
    speed = np.sqrt(vx**2 + vy**2)
    return px + a * vx, py + a * vy, vx - c * speed * vx, vy - c * speed * vy - g


def _lotka_volterra(prey: Any, hunters: Any, a: float, b: float, c: float, d: float) -> tuple[Any, ...]:
    return a * prey - b * prey * hunters, c * hunters + d * prey * hunters


def _logistic(x: Any, r: float) -> tuple[Any, ...]:
    return (r * x * (1 - x),)


def _kepler(px: Any, py: Any, vx: Any, vy: Any, a: float, k: float) -> tuple[Any, ...]:
    """Symplectic Euler: the position moves with the new velocity."""
    cube = np.sqrt(px**2 + py**2) ** 3
    vx, vy = vx - k * px / cube, vy - k * py / cube
    return px + a * vx, py + a * vy, vx, vy


def _charged(px: Any, py: Any, vx: Any, vy: Any, field: Any, a: float, c: float, s: float, q: float) -> tuple[Any, ...]:
    """A magnetic field across the plane turns the velocity, an electric field along x pushes it."""
    return px + a * vx, py + a * vy, c * vx + s * vy + q * field, c * vy - s * vx


KEPLER = {"a": 0.3173, "k": 0.2917}
TURN = 0.3719  # angle by which the magnetic field turns the velocity in one step


def _orbits(rng: np.random.Generator, count: int) -> np.ndarray:
    """Positions and velocities not far from circular orbits, which stay clear of the centre."""
    radius, where = rng.uniform(1.2, 2, count), rng.uniform(0, 2 * np.pi, count)
    speed = np.sqrt(KEPLER["k"] / KEPLER["a"] / radius) * rng.uniform(0.85, 1.15, count) * rng.choice([-1, 1], count)
    ahead = where + np.pi / 2
    polar = radius * np.cos(where), radius * np.sin(where), speed * np.cos(ahead), speed * np.sin(ahead)
    return np.stack(polar, axis=1)


PHYSICS_TASKS = (
    _system(
        "free_body",
        "a mass under a force",
        "x_next = x + a * v\nv_next = v + b * force",
        _free_body,
        ("x", "v"),
        ((-3, 3), (-3, 3)),
        {"a": 0.2173, "b": 0.3719},
        ("force", 5.0),
    ),
    _system(
        "gravity",
        "a mass in free fall",
        "height_next = height + a * v\nv_next = v - g",
        _gravity,
        ("height", "v"),
        ((0, 20), (-5, 15)),
        {"a": 0.1337, "g": 1.3113},
    ),
    _system(
        "spring",
        "a mass on a spring under a force",
        "x_next = x + a * v\nv_next = v - k * x + b * force",
        _spring,
        ("x", "v"),
        ((-3, 3), (-3, 3)),
        {"a": 0.2371, "k": 0.4139, "b": 0.3517},
        ("force", 5.0),
    ),
    _system(
        "damped_oscillator",
        "a mass on a spring with friction",
        "x_next = x + a * v\nv_next = d * v - k * x",
        _damped,
        ("x", "v"),
        ((-3, 3), (-3, 3)),
        {"a": 0.2639, "d": 0.9713, "k": 0.3191},
    ),
    _system(
        "pendulum",
        "a pendulum with friction, any angle",
        "angle_next = angle + a * v\nv_next = d * v - k * sin(angle)",
        _pendulum,
        ("angle", "v"),
        ((-3, 3), (-2, 2)),
        {"a": 0.2917, "d": 0.9743, "k": 0.6137},
    ),
    _system(
        "projectile_drag",
        "a thrown body, air resistance growing with the square of its speed",
        "px_next = px + a * vx\npy_next = py + a * vy\n"
        "vx_next = vx - c * sqrt(vx**2 + vy**2) * vx\nvy_next = vy - c * sqrt(vx**2 + vy**2) * vy - g",
        _projectile,
        ("px", "py", "vx", "vy"),
        ((-3, 3), (-3, 3), (-6, 6), (-3, 8)),
        {"a": 0.2237, "c": 0.0419, "g": 0.9713},
    ),
    _system(
        "lotka_volterra",
        "prey and those who hunt it",
        "prey_next = a * prey - b * prey * hunters\nhunters_next = c * hunters + d * prey * hunters",
        _lotka_volterra,
        ("prey", "hunters"),
        ((0.5, 3), (0.5, 3)),
        {"a": 1.1733, "b": 0.1129, "c": 0.8417, "d": 0.0937},
    ),
    _system(
        "logistic_map",
        "a population whose growth its own size slows down; chaotic",
        "x_next = r * x * (1 - x)",
        _logistic,
        ("x",),
        ((0.05, 0.95),),
        {"r": 3.7713},
    ),
    _system(
        "kepler",
        "a planet around a star at the origin (symplectic Euler)",
        "px_next = px + a * (vx - k * px / sqrt(px**2 + py**2)**3)\n"
        "py_next = py + a * (vy - k * py / sqrt(px**2 + py**2)**3)\n"
        "vx_next = vx - k * px / sqrt(px**2 + py**2)**3\nvy_next = vy - k * py / sqrt(px**2 + py**2)**3",
        _kepler,
        ("px", "py", "vx", "vy"),
        _orbits,
        KEPLER,
    ),
    _system(
        "charged_particle",
        "a charge in a magnetic field, pushed by an electric one",
        "px_next = px + a * vx\npy_next = py + a * vy\n"
        "vx_next = c * vx + s * vy + q * field\nvy_next = c * vy - s * vx",
        _charged,
        ("px", "py", "vx", "vy"),
        ((-3, 3), (-3, 3), (-3, 3), (-3, 3)),
        {"a": 0.2411, "c": float(np.cos(TURN)), "s": float(np.sin(TURN)), "q": 0.5309},
        ("field", 5.0),
    ),
)
