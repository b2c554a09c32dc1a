"""Value sets of aggregates: over the keys that each query may pick, and those it is sure to."""

from __future__ import annotations

import numpy as np

from pellucid.program.attention import reachable, truth_table
from pellucid.program.elementwise import codes_in, numbers_of, recoded
from pellucid.program.ir import Aggregate, Integer, Program, Select, Type
from pellucid.program.value_sets import Sets, between, ends

MAX_TRUTH = 4_000_000


def key_masks(node: Select, sets: Sets, program: Program) -> tuple[np.ndarray, np.ndarray]:
    """Keys that reach and mask may let a query look at, and those they surely do, bool [query, key] each."""
    looked = reachable(node.reach, program.width)
    if node.mask is None:
        return looked, looked
    column, kind = sets[node.mask], program.types[node.mask]
    assert column is not None
    wanted = numbers_of(kind, np.arange(column.shape[1])) == (0 if node.negated else 1)
    return looked & column[:, wanted].any(1), looked & ~column[:, ~wanted].any(1)


def matches(node: Select, sets: Sets, program: Program) -> tuple[np.ndarray, np.ndarray]:
    """Which keys a query may pick, and which it is sure to, bool [query position, key position] each.

    Sure means for every value either may have, and that the key is there on every input on which the query is.
    """
    may_look, sure_to_look = key_masks(node, sets, program)
    query, key = sets[node.query], sets[node.key]
    there = reachable("upto", program.width)
    if query is None or key is None or query.shape[1] * key.shape[1] > MAX_TRUTH:
        return may_look, np.zeros_like(may_look)
    agree, clash = _agreement(node, program, query, key, earlier=False)
    if node.ties == "earlier":
        before = reachable("before", program.width)
        tied, untied = _agreement(node, program, query, key, earlier=True)
        agree, clash = np.where(before, tied, agree), np.where(before, untied, clash)
    return agree & may_look, agree & ~clash & sure_to_look & there


def _agreement(
    node: Select, program: Program, query: np.ndarray, key: np.ndarray, earlier: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Whether some pair of values of each query and key position matches, and whether some does not."""
    truth = truth_table(node, program.types, earlier).astype(np.float32)
    asked, offered = query.astype(np.float32), key.astype(np.float32)
    agree, clash = asked @ truth @ offered.T > 0, asked @ (1 - truth) @ offered.T > 0
    if node.query == node.key:
        own = np.diag(truth) > 0  # at its own position a query meets its own value only
        np.fill_diagonal(agree, (query & own).any(1))
        np.fill_diagonal(clash, (query & ~own).any(1))
    return agree, clash


def aggregate_sets(node: Aggregate, sets: Sets, program: Program, kind: Type) -> np.ndarray:
    """Sets of an aggregate."""
    select = program[node.selector]
    assert isinstance(select, Select)
    may, sure = matches(select, sets, program)
    if node.how == "take":
        may, sure = _nearest(may, sure)
    if node.value is None:
        limits = [(int(s.any()), int(m.any())) if node.how == "any" else (s.sum(), m.sum())
                  for s, m in zip(sure, may, strict=True)]  # fmt: skip
        return np.stack([between(int(low), int(high), kind) for low, high in limits])
    if node.how == "sum":
        return _sums(node.value, may, sure, sets, program, kind)
    return _values(node, may, sure, sets, program, kind)


def _nearest(may: np.ndarray, sure: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the keys that may match, those that may be the closest; position 0 too unless a match is sure."""
    picked, width = may.copy(), len(may)
    for position in range(width):
        away = np.abs(np.arange(width) - position)
        away[position] = width
        nearest_sure = away[sure[position]].min(initial=width + 1)
        picked[position] &= away <= nearest_sure
        picked[position, 0] |= nearest_sure > width
    return picked, np.ones_like(sure)


def _sums(name: str, may: np.ndarray, sure: np.ndarray, sets: Sets, program: Program, kind: Type) -> np.ndarray:
    column = sets[name]
    found = [ends(None if column is None else column[p], program.types[name]) for p in range(program.width)]
    low, high = np.array(found, np.int64).T
    least = np.where(sure, low, np.where(may, np.minimum(low, 0), 0)).sum(1)
    most = np.where(sure, high, np.where(may, np.maximum(high, 0), 0)).sum(1)
    assert isinstance(kind, Integer)
    return np.stack([between(int(a), int(b), kind) for a, b in zip(least, most, strict=True)])


def _values(node: Aggregate, may: np.ndarray, sure: np.ndarray, sets: Sets, program: Program, kind: Type) -> np.ndarray:
    """Values at the keys that may be picked, and the default where none is sure to be."""
    assert node.value is not None
    column = sets[node.value]
    found = np.zeros((program.width, len(kind.values)), bool)  # pyright: ignore[reportAttributeAccessIssue]
    assert column is not None  # else this variable has too many values, too
    codes = recoded(program.types[node.value], np.arange(column.shape[1]), kind)
    found[:, codes] = may.astype(np.float32) @ column.astype(np.float32) > 0
    if node.default is not None:
        found[~sure.any(1), codes_in(kind, [node.default])[0]] = True
    return found
