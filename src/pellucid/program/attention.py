"""Nodes that look at other positions: what `Select` picks, and what `Aggregate` makes of it."""

from __future__ import annotations

import numpy as np

from pellucid.program.elementwise import Env, Types, codes_in, comparable, has, numbers_of, recoded
from pellucid.program.ir import Aggregate, Integer, Select, Selection, Type, order
from pellucid.program.predicates import COMPARISONS, Compare, OneOf, Predicate, matrix

FAR = 2**60


def reachable(reach: str, width: int) -> np.ndarray:
    """Which key positions a query position looks at, bool [query, key]."""
    everywhere = np.ones((width, width), bool)
    match reach:
        case "upto":
            return np.tril(everywhere)
        case "before":
            return np.tril(everywhere, -1)
        case "after":
            return np.triu(everywhere, 1)
        case "from":
            return np.triu(everywhere)
    return everywhere


def selected(node: Select, env: Env, types: Types, valid: np.ndarray) -> np.ndarray:
    """Picked keys: bool [batch, query, key] for `all`, position int [batch, query] for `closest`.

    Args:
        valid: bool [batch, width]; other positions are padding and never picked.
    """
    queries, keys = env[node.query], env[node.key]
    width = valid.shape[1]
    picked = pairs(node.predicate, types[node.query], queries[:, :, None], types[node.key], keys[:, None, :])
    if node.ties == "earlier":
        a, b = comparable(types[node.query], queries, types[node.key], keys)
        picked = picked | ((a[:, :, None] == b[:, None, :]) & reachable("before", width))
    picked = picked & (valid & unmasked(node, env, types))[:, None, :]
    if node.reach != "any":
        picked &= reachable(node.reach, width)
    return picked if node.kind == "all" else _closest(picked)


def unmasked(node: Select, env: Env, types: Types) -> np.ndarray:
    """Key positions that the mask lets through, bool [batch, width]."""
    if node.mask is None:
        return np.ones(env[node.key].shape, bool)
    return numbers_of(types[node.mask], env[node.mask]) == (0 if node.negated else 1)


def pairs(predicate: Predicate, left: Type, queries: np.ndarray, right: Type, keys: np.ndarray) -> np.ndarray:
    """Truth of a predicate on codes of queries and keys that broadcast against each other."""
    assert not isinstance(left, Selection)
    assert not isinstance(right, Selection)
    if isinstance(predicate, Compare):
        if predicate.offset == 0:
            a, b = comparable(left, queries, right, keys)
        else:
            a, b = numbers_of(left, queries) + min(max(predicate.offset, -FAR), FAR), numbers_of(right, keys)
        return COMPARISONS[predicate.op](b, a)
    wanted = [predicate.values] if isinstance(predicate, OneOf) else [row for _, row in predicate.cases]
    listed = list(order({v for row in (*wanted, *_defaults(predicate)) for v in row if has(right, v)}))
    key_rows = _places(right, listed, keys)
    if isinstance(predicate, OneOf):
        return np.broadcast_to(key_rows > 0, np.broadcast_shapes(queries.shape, keys.shape))
    known = [(value, row) for value, row in predicate.cases if has(left, value)]
    rows = [predicate.default, *(row for _, row in known)]
    truth = np.array([[False, *(v in row for v in listed)] for row in rows], bool)
    return truth[_places(left, [value for value, _ in known], queries), key_rows]


def _defaults(predicate: Predicate) -> list[tuple]:
    return [] if isinstance(predicate, OneOf | Compare) else [predicate.default]


def _places(kind: Type, listed: list, codes: np.ndarray) -> np.ndarray:
    """Place of each code's value among the listed ones, counted from 1; 0 for all others."""
    assert not isinstance(kind, Selection)
    wanted = codes_in(kind, listed)
    ranked = np.argsort(wanted)
    if len(wanted) == 0:
        return np.zeros_like(codes)
    place = np.minimum(np.searchsorted(wanted[ranked], codes), len(wanted) - 1)
    return np.where(wanted[ranked][place] == codes, ranked[place] + 1, 0)


def _closest(picked: np.ndarray) -> np.ndarray:
    # Distance, left before right, and the query's own position after all others.
    width = picked.shape[1]
    i, j = np.indices((width, width))
    cost = np.where(i == j, 2 * width, 2 * abs(i - j) + (j > i))
    cost = np.where(picked, cost, 4 * width)
    return np.where(picked.any(2), cost.argmin(2), 0)


def aggregated(node: Aggregate, env: Env, types: Types, kind: Type) -> np.ndarray:
    """Codes of `kind` for what the picked keys give."""
    picked = env[node.selector]
    if node.how == "any":
        return np.where(picked.any(2), 1, 0)
    if node.value is None:
        assert isinstance(kind, Integer)
        return np.asarray(np.maximum(picked.sum(2) - kind.low, 0))
    codes = env[node.value]
    if node.how == "take":
        return np.take_along_axis(codes, picked, 1)
    if node.how == "sum":
        assert isinstance(kind, Integer)
        sums = np.einsum("bqk,bk->bq", picked.astype(np.int64), numbers_of(types[node.value], codes))
        return np.asarray(sums - kind.low)
    assert node.default is not None
    found = recoded(types[node.value], _chosen(node, picked, codes, types[node.value]), kind)
    return np.where(picked.any(2), found, codes_in(kind, [node.default])[0])


def _chosen(node: Aggregate, picked: np.ndarray, codes: np.ndarray, kind: Type) -> np.ndarray:
    """The first, last, smallest or largest code picked by each query; any code where there is none."""
    width = picked.shape[2]
    if node.how == "first":
        return np.take_along_axis(codes, picked.argmax(2), 1)
    if node.how == "last":
        return np.take_along_axis(codes, width - 1 - picked[:, :, ::-1].argmax(2), 1)
    ranks, _ = comparable(kind, codes, kind, codes)
    if node.how == "max":
        ranks = -ranks
    best = np.where(picked, ranks[:, None, :], np.iinfo(np.int64).max).argmin(2)
    return np.take_along_axis(codes, best, 1)


def truth_table(node: Select, types: Types, earlier: bool = False) -> np.ndarray:
    """Truth of a selector's predicate, bool [query value, key value]; `earlier`: for keys before the query."""
    query, key = types[node.query], types[node.key]
    assert not isinstance(query, Selection)
    assert not isinstance(key, Selection)
    predicate = node.predicate
    if earlier and node.ties == "earlier" and isinstance(predicate, Compare):
        predicate = Compare("<=" if predicate.op == "<" else ">=")
    return matrix(predicate, query.values, key.values)
