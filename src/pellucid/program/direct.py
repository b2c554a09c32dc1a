"""Aggregates computed without their selection, an array [batch, query, key] that long texts have no room for.

Only for selectors of which a program for texts has many: the word at a distance, the nearest earlier or later word of
some kinds, and how many there are. The tests compare with `attention`, where the meaning of all selectors is.
"""

from __future__ import annotations

import numpy as np

from pellucid.program.attention import unmasked
from pellucid.program.elementwise import Env, Types, codes_in, has, numbers_of, recoded
from pellucid.program.ir import Aggregate, Input, Integer, Program, Select, Selection, Type, reads
from pellucid.program.predicates import Compare, Match, OneOf

MOST_ROWS = 200  # different sets of wanted keys
NEAREST = {("last", "before"), ("last", "upto"), ("first", "after"), ("first", "from")}


def direct_heads(program: Program) -> frozenset[str]:
    """Selectors that need not be computed, and the aggregates that are computed without them."""
    selects = {a.name: a.node for a in program if isinstance(a.node, Select)}
    users = {name: [a for a in program if name in reads(a.node)] for name in selects}
    found: set[str] = set()
    for name, select in selects.items():
        if all(isinstance(a.node, Aggregate) and _is_direct(a.node, select, program) for a in users[name]):
            found.update((name, *(a.name for a in users[name])))
    return frozenset(found)


def _is_direct(node: Aggregate, select: Select, program: Program) -> bool:
    if select.kind != "all" or select.ties != "none":
        return False
    if _is_shift(select, program):
        return node.how in ("first", "last")
    if not isinstance(select.predicate, OneOf | Match):
        return False
    rows = 1 if isinstance(select.predicate, OneOf) else len({row for _, row in select.predicate.cases}) + 1
    near = (node.how, select.reach) in NEAREST or node.how in ("count", "any", "sum")
    return rows <= MOST_ROWS and near


def _is_shift(select: Select, program: Program) -> bool:
    """Whether it picks the position at a distance from its own."""
    own = program[select.query] == program[select.key] == Input("positions")
    equal = isinstance(select.predicate, Compare) and select.predicate.op == "=="
    return own and equal and select.reach == "any" and select.mask is None


def direct_aggregate(
    node: Aggregate, select: Select, env: Env, program: Program, valid: np.ndarray, kind: Type
) -> np.ndarray:
    """Codes of `kind` at every position, int [batch, width].

    Args:
        valid: bool [batch, width]; other positions are padding and never picked.
    """
    types = program.types
    if _is_shift(select, program):
        assert isinstance(select.predicate, Compare)
        return _picked(node, _shifted(valid, select.predicate.offset), env, types, kind)
    rows, wanted = _rows(select, env, types)
    looked = valid & unmasked(select, env, types)
    picks = node.how in ("first", "last")
    total = np.zeros(valid.shape, np.int64)
    for row, keys in enumerate(wanted):
        here = rows == row
        if here.any():
            key = keys[env[select.key]] & looked
            found = _nearest(key, select.reach) if picks else _summed(node, key, select.reach, env, types)
            total = np.where(here, found, total)
    if picks:
        return _picked(node, total, env, types, kind)
    if node.how == "any":
        return (total > 0).astype(np.int64)
    assert isinstance(kind, Integer)
    return np.maximum(total - kind.low, 0) if node.how == "count" else total - kind.low


def _picked(node: Aggregate, places: np.ndarray, env: Env, types: Types, kind: Type) -> np.ndarray:
    """The value at a place, the default where that is -1."""
    assert node.value is not None
    assert node.default is not None
    codes = np.take_along_axis(env[node.value], np.maximum(places, 0), 1)
    found = recoded(types[node.value], codes, kind)
    return np.where(places >= 0, found, codes_in(kind, [node.default])[0])


def _shifted(valid: np.ndarray, offset: int) -> np.ndarray:
    width = valid.shape[1]
    places = np.arange(width) + min(max(offset, -width), width)
    inside = (places >= 0) & (places < width)
    places = np.where(inside, places, 0)
    return np.where(inside & valid[:, places], places, -1)


def _rows(select: Select, env: Env, types: Types) -> tuple[np.ndarray, list[np.ndarray]]:
    """Which row of wanted keys each query has, int [batch, width], and the rows: bool [key codes] each."""
    if isinstance(select.predicate, OneOf):
        return np.zeros(env[select.query].shape, np.int64), [_keys(select.predicate.values, types[select.key])]
    assert isinstance(select.predicate, Match)
    query, cases, default = types[select.query], select.predicate.cases, select.predicate.default
    assert not isinstance(query, Selection)
    distinct = list(dict.fromkeys([default, *(row for _, row in cases)]))
    number = np.zeros(len(query.values), np.int64)
    known = [(value, distinct.index(row)) for value, row in cases if has(query, value)]
    number[codes_in(query, [value for value, _ in known])] = [row for _, row in known]
    return number[env[select.query]], [_keys(row, types[select.key]) for row in distinct]


def _keys(values: tuple, kind: Type) -> np.ndarray:
    assert not isinstance(kind, Selection)
    wanted = np.zeros(len(kind.values), bool)
    wanted[codes_in(kind, [value for value in values if has(kind, value)])] = True
    return wanted


def _nearest(keys: np.ndarray, reach: str) -> np.ndarray:
    """Place of the nearest key within reach, -1 where there is none."""
    width = keys.shape[1]
    own = np.arange(width)
    if reach in ("before", "upto"):
        found = np.maximum.accumulate(np.where(keys, own, -1), 1)
        return found if reach == "upto" else np.concatenate([np.full_like(found[:, :1], -1), found[:, :-1]], 1)
    found = np.minimum.accumulate(np.where(keys, own, width)[:, ::-1], 1)[:, ::-1]
    found = found if reach == "from" else np.concatenate([found[:, 1:], np.full_like(found[:, :1], width)], 1)
    return np.where(found < width, found, -1)


def _summed(node: Aggregate, keys: np.ndarray, reach: str, env: Env, types: Types) -> np.ndarray:
    """Number of keys within reach of each position, or the sum of the values there."""
    parts = keys.astype(np.int64) if node.value is None else keys * numbers_of(types[node.value], env[node.value])
    upto = np.cumsum(parts, 1)
    whole = np.broadcast_to(upto[:, -1:], upto.shape)
    return {"any": whole, "upto": upto, "before": upto - parts, "after": whole - upto, "from": whole - upto + parts}[
        reach
    ]
