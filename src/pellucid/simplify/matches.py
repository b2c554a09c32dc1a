"""What a selection's match can be instead, on the pairs of values that it compares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pellucid.language.expressions import Apply, Const, Expression, Var, names_in, renamed
from pellucid.language.nodes import Select, key_names, query_names
from pellucid.language.operators import COMPARISONS
from pellucid.language.types import Type
from pellucid.simplify.facts import Row, in_rows
from pellucid.simplify.sizes import expression_size
from pellucid.simplify.tables import smallest_table
from pellucid.simplify.tidy import ORDERS, as_test, tidy
from pellucid.simplify.tidy_arithmetic import plus

MOST_CELLS = 2_000  # pairs of a match that is worth a table
Q, K = Var("q"), Var("k")


def plainest(select: Select, pairs: Sequence[tuple[Row, Row]], types: Mapping[str, Type]) -> Select | None:
    """The selection with the shortest match that says the same of these pairs, None where none is shorter.

    A match that is never true is the constant 0.
    """
    assert select.match is not None
    names = (*query_names(len(select.query)), *key_names(len(select.key)))
    rows = [(*q, *k) for q, k in pairs]
    truth = [int(bool(v)) for v in in_rows(select.match, names, rows)]
    best = select
    for match in _candidates(names, rows, truth, types):
        found = _trimmed(replace(select, match=as_test(tidy(match, types), lambda e: Type())))
        if _size(found) < _size(best):
            best = found
    return None if best is select else best


def _size(select: Select) -> int:
    return 0 if select.match is None else expression_size(select.match) + 2 * len(select.query + select.key)


def _candidates(
    names: Sequence[str], rows: Sequence[Row], truth: list[int], types: Mapping[str, Type]
) -> Iterator[Expression]:
    if len(set(truth)) == 1:
        yield Const(truth[0])
        return
    if names == ("q", "k"):
        for match in _comparisons(rows, truth, types):
            if [int(bool(v)) for v in in_rows(match, names, rows)] == truth:
                yield match
    if len(rows) <= MOST_CELLS:
        yield smallest_table(names, rows, truth)


def _comparisons(rows: Sequence[Row], truth: Sequence[int], types: Mapping[str, Type]) -> Iterator[Expression]:
    """The key against the query, and against a number more or less."""
    whole = all(types[name].is_whole and not types[name].nothing for name in ("q", "k"))
    text = all(types[name].is_text and not types[name].nothing for name in ("q", "k"))
    for operator in COMPARISONS:
        if operator not in ORDERS or whole or text:
            yield Apply(operator, (K, Q))
    if whole:
        q, k = next(row for row, true in zip(rows, truth, strict=True) if true)
        assert isinstance(q, int)
        assert isinstance(k, int)
        yield Apply("==", (K, plus(Q, k - q)))


def _trimmed(select: Select) -> Select:
    """The selection without variables that its match does not read."""
    match = select.match
    if match is None or (isinstance(match, Const) and match.value):
        return replace(select, match=None, query=(), key=())
    used = set(names_in(match))
    queries = [(name, v) for name, v in zip(query_names(len(select.query)), select.query, strict=True) if name in used]
    keys = [(name, v) for name, v in zip(key_names(len(select.key)), select.key, strict=True) if name in used]
    new = {old: name for (old, _), name in zip(queries, query_names(len(queries)), strict=True)}
    new |= {old: name for (old, _), name in zip(keys, key_names(len(keys)), strict=True)}
    match = renamed(match, {old: name for old, name in new.items() if old != name})
    return replace(select, match=match, query=tuple(v for _, v in queries), key=tuple(v for _, v in keys))
