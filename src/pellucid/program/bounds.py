"""Facts about a program whose inputs are too many to run: which values each variable may take at each position.

An abstract interpretation: for every position on its own, a set of values that contains every value the variable takes
there on any input (Cousot & Cousot 1977, with value sets as the domain). How sets pass through nodes is in
`value_sets` (position by position) and `head_sets` (selectors).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.program.facts import MAX_PAIRS, MAX_TUPLES
from pellucid.program.head_sets import aggregate_sets, key_masks, matches
from pellucid.program.interpret import values_of
from pellucid.program.ir import Aggregate, Input, Program, Readout, Scan, Select, Selection
from pellucid.program.value_sets import MAX_SET, Sets, input_sets, local_sets, scan_sets

__all__ = ["Bounded", "possible_values"]


class Bounded:
    """Facts that hold for every input, from value sets per position; see `facts.Facts` for the questions."""

    def __init__(self) -> None:
        self._known: tuple[Program | None, Sets] = (None, {})

    def sets(self, program: Program) -> Sets:
        """Possible codes of every variable, bool [position, code]; None for one with too many to list.

        Selections are left out.
        """
        if self._known[0] is not program:
            self._known = (program, possible_values(program))
        return self._known[1]

    def tuples(self, program: Program, names: Sequence[str], scope: str = "all") -> np.ndarray | None:
        """Codes that may occur together: the products of the sets of each position."""
        if not names:
            return np.zeros((1, 0), np.int64)
        columns, found = [self.sets(program)[name] for name in names], set()
        for position in _positions(program, scope):
            codes = [np.flatnonzero(sets[position]) for sets in columns if sets is not None]
            if len(codes) < len(names) or len(found) + np.prod([len(c) for c in codes], dtype=float) > MAX_TUPLES:
                return None
            grid = np.stack(np.meshgrid(*codes, indexing="ij"), -1).reshape(-1, len(names))
            found.update(map(tuple, grid.tolist()))
        return np.array(sorted(found), np.int64).reshape(-1, len(names))

    def pairs(self, program: Program, node: Select, scope: str = "all") -> np.ndarray | None:
        """Query and key values that may meet: over the positions a selector can compare."""
        sets = self.sets(program)
        query, key = sets[node.query], sets[node.key]
        if query is None or key is None or query.shape[1] * key.shape[1] > MAX_PAIRS:
            return None
        met = np.zeros((query.shape[1], key.shape[1]), bool)
        looked, _ = key_masks(node, sets, program)
        for position in _positions(program, scope):
            met |= query[position][:, None] & key[looked[position]].any(0, keepdims=True)
        return met

    def same(self, program: Program, scope: str = "all") -> dict[str, str]:
        """Variables computed by the same node, and lookups of constants."""
        del scope
        first: dict[object, str] = {}
        return {a.name: first[a.node] for a in program if first.setdefault(a.node, a.name) != a.name}

    def markers_idle(self, program: Program, without: Program) -> bool:
        """Whether no selector can pick a marker, and nothing falls back to one or starts from one."""
        del without
        plain = all(a.node.kind == "all" for a in program if isinstance(a.node, Select))
        if not plain or program.vocab.end is not None or any(isinstance(a.node, Scan) for a in program):
            return False
        sets = self.sets(program)
        users = slice(1, program.vocab.max_length + 1)
        return not any(matches(a.node, sets, program)[0][users, 0].any() for a in program if isinstance(a.node, Select))


def _positions(program: Program, scope: str) -> range:
    return range(1, program.vocab.max_length + 1) if scope == "user" and program.markers else range(program.width)


def possible_values(program: Program) -> Sets:
    """Value sets of every variable, in the order of the program."""
    sets: Sets = {}
    for a in program:
        kind = program.types[a.name]
        if not isinstance(kind, Selection):
            many = len(values_of(program, a.name)) * program.width > MAX_SET
            sets[a.name] = None if many else _possible(program, a.name, sets)
    return sets


def _possible(program: Program, name: str, sets: Sets) -> np.ndarray:
    node, kind = program[name], program.types[name]
    match node:
        case Input(which):
            return input_sets(program, which)
        case Aggregate():
            return aggregate_sets(node, sets, program, kind)
        case Scan():
            return scan_sets(node, sets, program, kind)
        case Readout():
            return np.ones((program.width, len(node.labels)), bool)
    assert not isinstance(node, Select)
    return local_sets(node, sets, program.types, kind, program.width)
