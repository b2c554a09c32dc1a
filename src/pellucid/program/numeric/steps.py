"""Nodes that remember, one step at a time: each a function from the step's values to its result.

A vector holds one number per sequence. `read(name)` is a variable's vector at this step. Used where state goes round in
a cycle, and for the aggregates that have no quicker form.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable

import numpy as np

from pellucid.program.numeric.arrays import apply, as_objects, choose, constant, join, ratio, truth
from pellucid.program.numeric.expression import Number
from pellucid.program.numeric.nodes import Route, Running

Read = Callable[[str], np.ndarray]
Step = Callable[[Read], np.ndarray]


def stepper(node: Route | Running) -> Step:
    """A fresh memory for a node, but for `offset`, which needs the history of another variable."""
    match node:
        case Route(variable, "first"):
            return _first(variable)
        case Route(variable, "last where", amount, str(where), default):
            return _last_where(variable, where, amount == 1, default)
        case Route(variable, rule, where=str(key), window=None):
            return _extreme(variable, key, ">" if rule == "argmax" else "<")
        case Route(variable, rule, where=str(key), window=int(window)):
            return _extreme_of(variable, key, ">" if rule == "argmax" else "<", window)
        case Running(_, _, None):
            return _running(node)
        case Running(_, _, int()):
            return _windowed(node)
    raise ValueError(f"no memory for {node}")


def _first(variable: str) -> Step:
    found: list[np.ndarray] = []

    def step(read: Read) -> np.ndarray:
        if not found:
            found.append(read(variable))
        return found[0]

    return step


def _last_where(variable: str, where: str, before: bool, default: Number) -> Step:
    value = constant(default)

    def step(read: Read) -> np.ndarray:
        nonlocal value
        earlier, value = value, choose(read(where), read(variable), value)
        return np.broadcast_to(earlier, value.shape) if before else value

    return step


def _extreme(variable: str, key: str, better: str) -> Step:
    best: list[np.ndarray] = []

    def step(read: Read) -> np.ndarray:
        if not best:
            best[:] = read(key), read(variable)
        wins = apply(better, read(key), best[0])
        best[:] = choose(wins, read(key), best[0]), choose(wins, read(variable), best[1])
        return best[1]

    return step


def _extreme_of(variable: str, key: str, better: str, window: int) -> Step:
    recent: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=window)

    def step(read: Read) -> np.ndarray:
        recent.append((read(key), read(variable)))
        top, value = recent[0]
        for other, candidate in recent:
            wins = apply(better, other, top)
            top, value = choose(wins, other, top), choose(wins, candidate, value)
        return value

    return step


def _values(node: Running, read: Read) -> tuple[np.ndarray, np.ndarray]:
    """(what is aggregated, where it counts) at one step."""
    names = [name for name in (node.variable, node.where) if name is not None]
    shape = read(names[0]).shape if names else read("").shape
    value = np.ones(shape, np.int64) if node.how == "count" or node.variable is None else read(node.variable)
    return value, np.ones(shape, bool) if node.where is None else truth(read(node.where))


def _running(node: Running) -> Step:
    if node.how == "mode":
        return _mode(node)
    fold = _Fold(node)

    def step(read: Read) -> np.ndarray:
        fold.add(*_values(node, read))
        return fold.result()

    return step


def _windowed(node: Running) -> Step:
    assert node.window is not None
    recent: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=node.window)

    def step(read: Read) -> np.ndarray:
        recent.append(_values(node, read))
        if node.how == "mode":
            values, masks = (join([pair[i] for pair in recent]) for i in (0, 1))
            return _most_frequent(values, masks, node.default)
        fold = _Fold(node)
        for value, counts in recent:
            fold.add(value, counts)
        return fold.result()

    return step


class _Fold:
    """Sum, count, mean, minimum or maximum, value by value."""

    def __init__(self, node: Running) -> None:
        self._how, self._default = node.how, constant(node.default)
        self._total, self._count, self._best = constant(0), constant(0), self._default

    def add(self, value: np.ndarray, counts: np.ndarray) -> None:
        if self._how in ("min", "max"):
            best = choose(self._count == 0, value, apply(self._how, self._best, value))
            self._best = choose(counts, best, self._best)
        else:
            self._total = apply("+", self._total, choose(counts, value, constant(0)))
        self._count = self._count + counts

    def result(self) -> np.ndarray:
        if self._how in ("sum", "count"):
            return self._total
        if self._how in ("min", "max"):
            return self._best
        return choose(self._count, ratio(self._total, np.maximum(self._count, 1)), self._default)


def _mode(node: Running) -> Step:
    counters: list[Counter[Number]] = []
    found: list[Number] = []

    def step(read: Read) -> np.ndarray:
        value, counts = _values(node, read)
        if not counters:
            counters[:] = [Counter() for _ in value]
            found[:] = [node.default] * len(value)
        for i, (v, counted) in enumerate(zip(value.tolist(), counts.tolist(), strict=True)):
            if counted:
                seen = counters[i]
                seen[v] += 1
                found[i] = min(found[i], v, key=lambda u, seen=seen: (-seen[u], u))
        return _numbers(found, value)

    return step


def _most_frequent(values: np.ndarray, masks: np.ndarray, default: Number) -> np.ndarray:
    found = []
    for row, mask in zip(values.tolist(), masks.tolist(), strict=True):
        seen = Counter(v for v, counted in zip(row, mask, strict=True) if counted)
        found.append(min(seen, key=lambda u, seen=seen: (-seen[u], u), default=default))
    return _numbers(found, values)


def _numbers(found: list[Number], like: np.ndarray) -> np.ndarray:
    """Numbers as an array: of Python numbers where they were that before, or would lose digits."""
    made = np.empty(len(found), object)
    made[:] = found
    whole = {type(v) for v in found} <= {int}
    if like.dtype == object or (whole and like.dtype == np.float64):
        return as_objects(made)
    return made.astype(np.int64 if whole and like.dtype == np.int64 else np.float64)
