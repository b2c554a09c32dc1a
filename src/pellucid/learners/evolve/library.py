"""Pieces of another learner's program as starts of a search: heads, sets and formulas that a gene can say."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.language.columns import Assign
from pellucid.language.expressions import Apply, Const, Expression, Table, Var, values_among
from pellucid.language.nodes import Aggregate, Input, Let
from pellucid.language.program import Program
from pellucid.language.types import Value
from pellucid.learners.evolve.columns import Source
from pellucid.learners.evolve.engine import Base, live_genes, only_live
from pellucid.learners.evolve.genes import (
    ARITHMETIC,
    COMPARISONS,
    CONSTANTS,
    HOWS,
    PREDICATES,
    Gene,
    Head,
    Member,
    Unit,
)

MOST = 8  # genes of one start


def starts_from(
    program: Program, base: Base, symbols: Sequence[Value], reaches: Sequence[str]
) -> list[tuple[Gene, ...]]:
    """Small programs, one per piece that a gene can say, each with what it reads; the later pieces first.

    A nearest match becomes the last matching key before the query, its nearest relative; matches by cases, tables and
    votes have no gene and are left out, with what reads them.

    Args:
        program: any.
        base: what the programs of the search may read.
        symbols: what the codes of symbols stand for.
        reaches: positions that a head may look at.
    """
    pieces = _Pieces(base, symbols, reaches)
    for a in program:
        pieces.add(a)
    genes, found = pieces.genes, []
    for slot in reversed(range(len(genes))):
        live = live_genes(genes, [base.count + slot], base.count)
        if len(live) <= MOST:
            found.append(only_live(genes, live, base.count)[0])
    return list(dict.fromkeys(found))


class _Pieces:
    """Genes so far, and the number of every variable that one stands for."""

    def __init__(self, base: Base, symbols: Sequence[Value], reaches: Sequence[str]) -> None:
        self.base, self.reaches = base, reaches
        self.codes = {symbol: code for code, symbol in enumerate(symbols)}
        self.sources = {source: n for n, (_, source) in enumerate(base.sources)}
        self.numbers: dict[str, int] = {}
        self.genes: list[Gene] = []

    def add(self, a: Assign) -> None:
        if isinstance(a.node, Input):
            kinds = (a.node.of,) if a.node.of in ("position", "length") else ("token", "number")
            places = [self.sources[s] for kind in kinds if (s := Source(kind, a.node.column)) in self.sources]  # pyright: ignore[reportArgumentType]
            if places:
                self.numbers[a.name] = places[0]
            return
        for gene in self._genes(a):
            self.genes.append(gene)
            self.numbers[a.name] = self.base.count + len(self.genes) - 1

    def _genes(self, a: Assign) -> Sequence[Gene]:
        match a.node:
            case Aggregate():
                return self._head(a.node)
            case Let(Table((Var(name),), cases, default)) if self._is_token(name):
                one = [key[0] for key, out in cases if out != default]
                return [self._member(name, one)] if len({out for _, out in cases} | {default}) == 2 else []
            case Let(Apply(op, (Var(left), right))) if op in (*ARITHMETIC, *COMPARISONS) and left in self.numbers:
                if isinstance(right, Var) and right.name in self.numbers:
                    return [Unit(op, self.numbers[left], self.numbers[right.name], 0)]
                if isinstance(right, Const) and right.value in CONSTANTS and type(right.value) is int:
                    return [Unit(op, self.numbers[left], None, right.value)]
        return []

    def _head(self, node: Aggregate) -> Sequence[Gene]:
        select = node.select
        how = "last" if node.how == "nearest" else node.how
        value = 0 if node.value is None else self.numbers.get(node.value, -1)
        if value < 0 or how not in HOWS or select.mask is not None or select.window is not None:
            return []
        reach = "before" if node.how == "nearest" else select.reach
        reach = reach if reach in self.reaches else "upto"
        if select.match is None:
            return [Head(0, 0, "true", reach, None, False, how, value)]  # pyright: ignore[reportArgumentType]
        if (listed := self._listed(select.match, select.key)) is not None:
            flag = self.base.count + len(self.genes)
            return [listed, Head(0, 0, "true", reach, flag, False, how, value)]  # pyright: ignore[reportArgumentType]
        match select.match:
            case Apply(op, (Var("k"), Var("q"))) if op in PREDICATES and {*select.query, *select.key} <= {
                *self.numbers
            }:
                query, key = self.numbers[select.query[0]], self.numbers[select.key[0]]
                return [Head(query, key, op, reach, None, False, how, value)]  # pyright: ignore[reportArgumentType]
        return []

    def _listed(self, match: Expression, key: Sequence[str]) -> Member | None:
        values = values_among(match)
        return self._member(key[0], values) if values is not None and len(key) == 1 and self._is_token(key[0]) else None

    def _is_token(self, name: str) -> bool:
        number = self.numbers.get(name, self.base.count)
        return number < self.base.count and self.base.kinds[number] == "token"

    def _member(self, name: str, values: Sequence[Value]) -> Member:
        return Member(self.numbers[name], frozenset(self.codes[v] for v in values if v in self.codes), False)
