"""What can happen in a program: which values, pairs and combinations occur on its domain.

`Observed` runs the program on every possible input, so it knows exactly. `bounds.Bounded` is for a domain too large to
run: it knows which values a variable may take at each position. Passes ask either one the same questions and are
exact with both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from pellucid.program.attention import unmasked
from pellucid.program.interpret import Env, chunks, evaluate, own_tokens, predict_codes, user_positions, values_of
from pellucid.program.ir import Aggregate, Formula, Lookup, Program, Readout, Rules, Select, Selection, reads

MAX_CELLS = 40_000_000  # codes kept per variable by `Observed`
MAX_TUPLES = 300_000
MAX_PAIRS = 4_000_000
FIRST = 1000


class Facts(Protocol):
    """Questions about a program on its whole domain. `scope`: "all" positions, or the "user"'s (no markers).

    The domain is all inputs up to `vocab.max_length`, also of a program that takes longer ones.
    """

    def tuples(self, program: Program, names: Sequence[str], scope: str = "all") -> np.ndarray | None:
        """Codes that occur together at one position, int [n, len(names)]; None when too many to list."""
        ...

    def pairs(self, program: Program, node: Select, scope: str = "all") -> np.ndarray | None:
        """bool [query value, key value]: which pairs a selector may compare; None when too many to list."""
        ...

    def same(self, program: Program, scope: str = "all") -> dict[str, str]:
        """Variables that always equal an earlier one: later name -> earlier name."""
        ...

    def markers_idle(self, program: Program, without: Program) -> bool:
        """Whether a program with markers surely gives the same outputs as the same one without them."""
        ...


class Observed:
    """Facts from a run on every input of the domain.

    Args:
        tokens: int [inputs, width], every input once (`Vocab.encode_inputs`).
    """

    def __init__(self, tokens: np.ndarray, user_symbols: int) -> None:
        self._tokens, self._user_symbols = tokens, user_symbols
        self._markers: bool | None = None  # of the program that is known
        self._masks: dict[str, np.ndarray] = {}
        self._known: dict[str, tuple[object, object, np.ndarray | None]] = {}

    def env(self, program: Program) -> Env:
        """Codes of every variable on every input; `all` selections are left out."""
        if program.markers != self._markers:
            own = own_tokens(program, self._tokens)
            self._masks = {"all": own >= 0, "user": user_positions(own, self._user_symbols)}
            self._known, self._markers = {}, program.markers
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

    def pairs(self, program: Program, node: Select, scope: str = "all") -> np.ndarray | None:
        """Pairs that a selector compared."""
        env = self.env(program)
        sizes = len(values_of(program, node.query)), len(values_of(program, node.key))
        if sizes[0] * sizes[1] > MAX_PAIRS:
            return None
        met = np.zeros(sizes, bool)
        looked = self._masks["all"] & unmasked(node, env, program.types)
        for part in chunks(self._tokens):
            asking, queries = _one_hot(env[node.query][part], self._masks[scope][part])
            offered, keys = _one_hot(env[node.key][part], looked[part])
            found = np.einsum("bpq,bpk->qk", queries, _within_reach(keys, node.reach), optimize=True) > 0
            met[np.ix_(asking, offered)] |= found
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
            told = _universal(env[a.name][mask], kind.values, values)
            earlier = first.setdefault(told.tobytes(), a.name)
            if earlier != a.name:
                found[a.name] = earlier
        return found

    def markers_idle(self, program: Program, without: Program) -> bool:
        """Whether both gave the same outputs on every input; some are tried first, where most programs differ."""
        codes, values = self.env(program)[program.output], {}
        for part in (slice(0, FIRST), *chunks(self._tokens)):
            before = self._told(program, part, codes[part], values)
            after = self._told(without, part, predict_codes(without, self._tokens[part]), values)
            if (before != after).any():
                return False
        return True

    def _told(self, program: Program, part: slice, codes: np.ndarray, values: dict[object, int]) -> np.ndarray:
        """What the user gets to see of the output, as codes that mean the same for every program."""
        if codes.ndim == 2:
            codes = codes[user_positions(own_tokens(program, self._tokens[part]), self._user_symbols)]
        return _universal(codes, values_of(program, program.output), values)


def _universal(codes: np.ndarray, domain: Sequence, values: dict[object, int]) -> np.ndarray:
    """Codes that mean the same for every variable; `values` holds those given so far."""
    index, occurring = _distinct(codes.astype(np.int64), int(codes.max(initial=0)) + 1)
    return np.array([values.setdefault(domain[c], len(values)) for c in occurring.tolist()], np.int32)[index]


def _one_hot(codes: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes that occur where the mask holds, and where each does: float32 [batch, position, number of codes]."""
    occurring = np.unique(codes[mask])
    hot = codes[..., None] == occurring
    return occurring, (hot & mask[..., None]).astype(np.float32)


def _within_reach(keys: np.ndarray, reach: str) -> np.ndarray:
    """Which keys a query at each position looks at, from which stand at each position."""
    if reach == "any":
        return np.broadcast_to(keys.max(1, keepdims=True), keys.shape)
    backwards = reach in ("after", "from")
    seen = np.maximum.accumulate(keys[:, ::-1] if backwards else keys, 1)
    if reach in ("before", "after"):
        seen = np.concatenate([np.zeros_like(seen[:, :1]), seen[:, :-1]], 1)
    return seen[:, ::-1] if backwards else seen


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
    alone. A scan is not among the readers: it carries on what it reads at every position.
    """
    local: set[str] = {program.output}
    uses: dict[str, list[tuple[str, bool]]] = {}
    for a in reversed(program.assignments):
        if a.name in uses and all(here and reader in local for reader, here in uses[a.name]):
            local.add(a.name)
        for name in reads(a.node):
            here = isinstance(a.node, Lookup | Rules | Formula | Readout)
            here = here or (isinstance(a.node, Aggregate) and name == a.node.selector)
            if isinstance(a.node, Select):
                here = name == a.node.query and name not in (a.node.key, a.node.mask)
            uses.setdefault(name, []).append((a.name, here))
    return local
