"""Pieces of a gradient-trained program as starts of a search: heads, sets and formulas that a gene can say."""

from __future__ import annotations

from collections.abc import Sequence

from pellucid.program.formula import Apply, Const, Var
from pellucid.program.ir import Aggregate, Assign, Formula, Input, Lookup, Program, Select
from pellucid.program.predicates import Compare, OneOf
from pellucid.search.engine import Base, live_genes, only_live
from pellucid.search.genes import CONSTANTS, Bank, Gene, Head, Member, Unit

MOST = 8  # genes of one start


def starts_from(program: Program, base: Base, bank: Bank) -> list[tuple[Gene, ...]]:
    """Small programs, one per piece that a gene can say, each with what it reads; the later pieces first.

    A closest match becomes the last matching key before the query, its nearest relative; predicates by cases, tables
    and votes have no gene and are left out, with what reads them.
    """
    numbers = {"positions": 1}
    genes: list[Gene] = []
    for a in program:
        if isinstance(a.node, Input):
            numbers |= {a.name: {"tokens": 0, "positions": 1, "length": 2 if base.length else 1}.get(a.node.which, 1)}
            continue
        for gene in _genes(a, program, numbers, bank, base.count + len(genes)):
            genes.append(gene)
            numbers[a.name] = base.count + len(genes) - 1
    found = []
    for slot in reversed(range(len(genes))):
        live = live_genes(genes, [base.count + slot], base.count)
        if len(live) <= MOST:
            found.append(only_live(genes, live, base.count)[0])
    return list(dict.fromkeys(found))


def _genes(a: Assign, program: Program, numbers: dict[str, int], bank: Bank, free: int) -> Sequence[Gene]:
    match a.node:
        case Aggregate(selector, how, value):
            select = program[selector]
            assert isinstance(select, Select)
            taken = 0 if value is None else numbers.get(value, -1)
            return _head(select, how, taken, numbers, program, bank, free)
        case Lookup((only,), cases, default) if numbers.get(only) == 0:
            outcomes = {out for _, out in cases} | {default}
            one = {key[0] for key, out in cases if out != default}
            return [Member(0, _codes(one, program), False)] if len(outcomes) == 2 else []
        case Formula(Apply(op, Var(left), right)) if left in numbers:
            if isinstance(right, Var) and right.name in numbers:
                return [Unit(op, numbers[left], numbers[right.name], 0)]
            if isinstance(right, Const) and right.value in CONSTANTS:
                return [Unit(op, numbers[left], None, right.value)]
    return []


def _head(
    select: Select, how: str, value: int, numbers: dict[str, int], program: Program, bank: Bank, free: int
) -> Sequence[Gene]:
    if value < 0 or select.mask is not None:
        return []
    reach = "before" if how == "take" else select.reach if select.reach in bank.reaches else "upto"
    how = "last" if how == "take" else how
    match select.predicate:
        case Compare(op, 0) if select.query in numbers and select.key in numbers:
            query, key = numbers[select.query], numbers[select.key]
            return [Head(query, key, op, reach, None, False, how, value)]  # pyright: ignore[reportArgumentType]
        case OneOf(values) if numbers.get(select.key) == 0:
            flag = Member(0, _codes(set(values), program), False)
            return [flag, Head(0, 0, "true", reach, free, False, how, value)]  # pyright: ignore[reportArgumentType]
    return []


def _codes(values: set, program: Program) -> frozenset[int]:
    return frozenset(code for code, token in enumerate(program.vocab.tokens) if token in values)
