"""Facts about a program whose inputs are too many to run: which values each variable may take at each position.

An abstract interpretation: for every position on its own, a set of values that contains every value the variable takes
there on any input (Cousot & Cousot 1977, with value sets as the domain). Sets are bool arrays [position, code].
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.program import formula
from pellucid.program.facts import MAX_TUPLES
from pellucid.program.interpret import code_table, values_of
from pellucid.program.ir import (
    Aggregate,
    Embed,
    Formula,
    Input,
    Integer,
    Lookup,
    Node,
    Program,
    Readout,
    Select,
    Selection,
)
from pellucid.program.predicates import matrix

Sets = dict[str, np.ndarray]


class Bounded:
    """Facts that hold for every input, from value sets per position; see `facts.Facts` for the questions."""

    def __init__(self) -> None:
        self._known: tuple[Program | None, Sets] = (None, {})

    def sets(self, program: Program) -> Sets:
        """Possible codes of every variable, bool [position, code]; selections are left out."""
        if self._known[0] is not program:
            self._known = (program, possible_values(program))
        return self._known[1]

    def tuples(self, program: Program, names: Sequence[str], scope: str = "all") -> np.ndarray | None:
        """Codes that may occur together: the products of the sets of each position."""
        sets, found = self.sets(program), set()
        for position in _positions(program, scope):
            codes = [np.flatnonzero(sets[name][position]) for name in names]
            if len(found) + np.prod([len(c) for c in codes], dtype=float) > MAX_TUPLES:
                return None
            grid = np.stack(np.meshgrid(*codes, indexing="ij"), -1).reshape(-1, len(names))
            found.update(map(tuple, grid.tolist()))
        return np.array(sorted(found), np.int64).reshape(-1, len(names))

    def pairs(self, program: Program, node: Select, scope: str = "all") -> np.ndarray:
        """Query and key values that may meet: over the positions a selector can compare."""
        sets = self.sets(program)
        query, key = sets[node.query], sets[node.key]
        met = np.zeros((query.shape[1], key.shape[1]), bool)
        for position in _positions(program, scope):
            reach = key[: position + 1] if node.reach == "upto" else key
            met |= query[position][:, None] & reach.any(0, keepdims=True)
        return met

    def same(self, program: Program, scope: str = "all") -> dict[str, str]:
        """Variables computed by the same node, and lookups of constants."""
        del scope
        first: dict[object, str] = {}
        return {a.name: first[a.node] for a in program if first.setdefault(a.node, a.name) != a.name}


def _positions(program: Program, scope: str) -> range:
    return range(1, program.vocab.max_length + 1) if scope == "user" else range(program.vocab.width)


def possible_values(program: Program) -> Sets:
    """Value sets of every variable, in the order of the program."""
    sets: Sets = {}
    for a in program:
        if not isinstance(program.types[a.name], Selection):
            sets[a.name] = _possible(a.node, a.name, sets, program)
    return sets


def _possible(node: Node, name: str, sets: Sets, program: Program) -> np.ndarray:
    width, size = program.vocab.width, len(values_of(program, name))
    match node:
        case Input("tokens"):
            return _token_sets(program)
        case Input("positions"):
            return np.eye(width, dtype=bool)
        case Input():
            return np.ones((width, 1), bool)
        case Embed(variable):
            return _image(code_table(node, program), [sets[variable]], size)
        case Lookup(variables):
            return _image(code_table(node, program), [sets[v] for v in variables], size)
        case Aggregate(_, "take", str(value)):
            return _taken(node, sets, program) if value else np.ones((width, size), bool)
        case Aggregate(_, "count"):
            return _counted(node, sets, program, size)
        case Aggregate():
            return _between(*_sum_ends(node, sets, program), program, name)
        case Formula(expression):
            ends = [_formula_ends(expression, sets, program, p) for p in range(width)]
            return _between([e[0] for e in ends], [e[1] for e in ends], program, name)
        case _:
            assert isinstance(node, Readout)
            return np.ones((width, size), bool)


def _token_sets(program: Program) -> np.ndarray:
    vocab = program.vocab
    sets = np.zeros((vocab.width, len(vocab.symbols)), bool)
    sets[0, len(vocab.tokens)] = True
    sets[1 : vocab.max_length + 1, : len(vocab.tokens)] = True
    if vocab.end is not None:
        sets[2:, len(vocab.tokens) + 1] = True
    return sets


def _image(table: np.ndarray, arguments: list[np.ndarray], size: int) -> np.ndarray:
    """Outputs a table may give at each position."""
    sets = np.zeros((len(arguments[0]), size), bool)
    for position, here in enumerate(zip(*arguments, strict=True)):
        sets[position, np.unique(table[np.ix_(*map(np.flatnonzero, here))])] = True
    return sets


def _matches(selector: str, sets: Sets, program: Program) -> tuple[np.ndarray, np.ndarray]:
    """Which keys a query may match, and which it is sure to, bool [query position, key position] each.

    Sure means for every value either may have, and that the key is there on every input on which the query is.
    """
    node = program[selector]
    assert isinstance(node, Select)
    truth = matrix(node.predicate, values_of(program, node.query), values_of(program, node.key))
    query, key = sets[node.query].astype(np.int64), sets[node.key].astype(np.int64)
    agree, clash = query @ truth @ key.T > 0, query @ ~truth @ key.T > 0
    earlier = np.tril(np.ones(agree.shape, bool))
    may = agree & earlier if node.reach == "upto" else agree
    return may, agree & ~clash & earlier


def _taken(node: Aggregate, sets: Sets, program: Program) -> np.ndarray:
    """Values at the positions that may be the closest match; position 0 unless a match is sure."""
    assert node.value is not None
    value = sets[node.value]
    may, sure = _matches(node.selector, sets, program)
    found = np.zeros_like(value)
    width = len(value)
    for position in range(width):
        away = np.abs(np.arange(width) - position)
        away[position] = width
        nearest_sure = away[sure[position]].min(initial=width + 1)
        picked = may[position] & (away <= nearest_sure)
        picked[0] |= nearest_sure > width
        found[position] = value[picked].any(0)
    return found


def _counted(node: Aggregate, sets: Sets, program: Program, size: int) -> np.ndarray:
    may, sure = _matches(node.selector, sets, program)
    code = np.arange(size)
    return (code >= sure.sum(1)[:, None]) & (code <= may.sum(1)[:, None])


def _ends(name: str, sets: Sets, program: Program) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest value of an integer variable at each position."""
    values = np.asarray(values_of(program, name), np.int64)
    here = sets[name]
    low = np.where(here, values, np.iinfo(np.int64).max).min(1)
    return low, np.where(here, values, np.iinfo(np.int64).min).max(1)


def _sum_ends(node: Aggregate, sets: Sets, program: Program) -> tuple[np.ndarray, np.ndarray]:
    assert node.value is not None
    may, sure = _matches(node.selector, sets, program)
    low, high = _ends(node.value, sets, program)
    least = np.where(sure, low, np.where(may, np.minimum(low, 0), 0)).sum(1)
    most = np.where(sure, high, np.where(may, np.maximum(high, 0), 0)).sum(1)
    return least, most


def _formula_ends(expression: formula.Expression, sets: Sets, program: Program, position: int) -> tuple[int, int]:
    ranges = {}
    for name in formula.names_in(expression):
        low, high = _ends(name, sets, program)
        ranges[name] = int(low[position]), int(high[position])
    return formula.bounds(expression, ranges)


def _between(
    low: Sequence[int] | np.ndarray, high: Sequence[int] | np.ndarray, program: Program, name: str
) -> np.ndarray:
    kind = program.types[name]
    assert isinstance(kind, Integer)
    values = np.arange(kind.low, kind.high + 1)
    return (values >= np.asarray(low)[:, None]) & (values <= np.asarray(high)[:, None])
