"""What can happen in a program: which values, pairs and combinations occur on its domain.

`Observed` runs the program on every possible input, so it knows exactly. `bounds.Bounded` is for a domain too large to
run: it knows which values a variable may take at each position. Passes ask either one the same questions and are
exact with both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from pellucid.program.interpret import Env, chunks, evaluate, user_positions, values_of
from pellucid.program.ir import Aggregate, Formula, Lookup, Program, Readout, Select, Selection, reads

MAX_CELLS = 40_000_000  # codes kept per variable by `Observed`
MAX_TUPLES = 300_000


class Facts(Protocol):
    """Questions about a program on its whole domain. `scope`: "all" positions, or the "user"'s (no markers)."""

    def tuples(self, program: Program, names: Sequence[str], scope: str = "all") -> np.ndarray | None:
        """Codes that occur together at one position, int [n, len(names)]; None when too many to list."""
        ...

    def pairs(self, program: Program, node: Select, scope: str = "all") -> np.ndarray:
        """bool [query value, key value]: which pairs a selector may compare."""
        ...

    def same(self, program: Program, scope: str = "all") -> dict[str, str]:
        """Variables that always equal an earlier one: later name -> earlier name."""
        ...


class Observed:
    """Facts from a run on every input of the domain.

    Args:
        tokens: int [inputs, width], every input once (`Vocab.encode_inputs`).
    """

    def __init__(self, tokens: np.ndarray, user_symbols: int) -> None:
        self._tokens = tokens
        self._masks = {"all": tokens >= 0, "user": user_positions(tokens, user_symbols)}
        self._known: dict[str, tuple[object, object, np.ndarray | None]] = {}

    def env(self, program: Program) -> Env:
        """Codes of every variable on every input; `all` selections are left out."""
        stale = self._stale(program)
        if stale:
            self._evaluate(program, stale)
            # A variable that is absent now could come back after those it reads have changed.
            self._known = {a.name: self._known[a.name] for a in program}
        return {a.name: array for a in program if (array := self._known[a.name][2]) is not None}

    def _stale(self, program: Program) -> set[str]:
        stale: set[str] = set()
        for a in program:
            node, kind, _ = self._known.get(a.name, (None, None, None))
            if node != a.node or kind != program.types[a.name] or stale.intersection(reads(a.node)):
                stale.add(a.name)
        # `all` selections are not kept: those a stale aggregate reads must be computed again.
        return stale | {a.node.selector for a in program if isinstance(a.node, Aggregate) and a.name in stale}

    def _evaluate(self, program: Program, stale: set[str]) -> None:
        keep = {a.name: array for a in program if a.name not in stale and (array := self._known[a.name][2]) is not None}
        parts: dict[str, list[np.ndarray]] = {name: [] for name in stale}
        dense = {name for name in stale if program.types[name] == Selection("all")}
        for part in chunks(self._tokens):
            env = evaluate(program, self._tokens[part], {name: array[part] for name, array in keep.items()}, stale)
            for name in stale - dense:
                parts[name].append(env[name].astype(np.int16 if np.max(env[name], initial=0) < 32000 else np.int64))
        for a in program:
            if a.name in stale:
                array = None if a.name in dense else np.concatenate(parts[a.name])
                self._known[a.name] = (a.node, program.types[a.name], array)

    def tuples(self, program: Program, names: Sequence[str], scope: str = "all") -> np.ndarray | None:
        """Codes that occurred together."""
        env, mask = self.env(program), self._masks[scope]
        index, rows = np.zeros(int(mask.sum()), np.int64), np.zeros((1, 0), np.int64)
        for name in names:
            column = env[name][mask]
            size = int(column.max(initial=0)) + 1
            index, occurring = _distinct(index * size + column, len(rows) * size)
            rows = np.concatenate([rows[occurring // size], (occurring % size)[:, None]], 1)
            if len(rows) > MAX_TUPLES:
                return None
        return rows

    def pairs(self, program: Program, node: Select, scope: str = "all") -> np.ndarray:
        """Pairs that a selector compared."""
        env, mask = self.env(program), self._masks[scope]
        sizes = len(values_of(program, node.query)), len(values_of(program, node.key))
        met = np.zeros(sizes, bool)
        for part in chunks(self._tokens):
            query, key = (
                np.eye(n, dtype=np.float32)[env[v][part]] for v, n in zip((node.query, node.key), sizes, strict=True)
            )
            query *= mask[part][..., None]
            key *= self._masks["all"][part][..., None]
            seen = (
                np.maximum.accumulate(key, 1)
                if node.reach == "upto"
                else np.broadcast_to(key.max(1, keepdims=True), key.shape)
            )
            met |= np.einsum("bpq,bpk->qk", query, seen, optimize=True) > 0
        return met

    def same(self, program: Program, scope: str = "all") -> dict[str, str]:
        """Variables that were equal everywhere."""
        env, mask = self.env(program), self._masks[scope]
        values: dict[object, int] = {}
        first: dict[bytes, str] = {}
        found = {}
        for a in program:
            kind = program.types[a.name]
            if isinstance(kind, Selection) or env[a.name].ndim == 1:
                continue
            universal = np.zeros(len(kind.values), np.int32)
            for code in np.flatnonzero(np.bincount(env[a.name].ravel())):
                universal[code] = values.setdefault(kind.values[code], len(values))
            earlier = first.setdefault(universal[env[a.name][mask]].tobytes(), a.name)
            if earlier != a.name:
                found[a.name] = earlier
        return found


def _distinct(index: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Renumber indices without gaps: (new index of each, old index of each new one)."""
    if size > 50_000_000:
        occurring, new = np.unique(index, return_inverse=True)
        return new, occurring
    present = np.zeros(size, bool)
    present[index] = True
    occurring = np.flatnonzero(present)
    new = np.zeros(size, np.int64)
    new[occurring] = np.arange(len(occurring))
    return new[index], occurring


def pointwise(program: Program) -> set[str]:
    """Variables (and selectors) whose values at marker positions cannot matter.

    The output is read at the user's positions only; so is whatever is read, position by position, by such variables
    alone.
    """
    local: set[str] = {program.output}
    uses: dict[str, list[tuple[str, bool]]] = {}
    for a in reversed(program.assignments):
        if a.name in uses and all(here and reader in local for reader, here in uses[a.name]):
            local.add(a.name)
        for name in reads(a.node):
            here = isinstance(a.node, Lookup | Formula | Readout)
            here = here or (isinstance(a.node, Aggregate) and name == a.node.selector)
            here = here or (isinstance(a.node, Select) and name == a.node.query and name != a.node.key)
            uses.setdefault(name, []).append((a.name, here))
    return local
