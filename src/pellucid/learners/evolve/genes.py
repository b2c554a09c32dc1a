"""The pieces a searched program is made of, as plain data: what a head or a unit is, and how to draw and vary one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations, permutations, product
from random import Random
from typing import Literal

Predicate = Literal["true", "==", "!=", "<", "<=", ">", ">=", "<e", ">e"]  # KEY op QUERY; `e`: or equal and earlier
Reach = Literal["any", "upto", "before", "after", "from"]
How = Literal["count", "any", "sum", "min", "max", "first", "last"]

PREDICATES: tuple[Predicate, ...] = ("true", "==", "!=", "<", "<=", ">", ">=", "<e", ">e")
REACHES: tuple[Reach, ...] = ("any", "upto", "before", "after", "from")
CAUSAL_REACHES: tuple[Reach, ...] = ("upto", "before")
HOWS: tuple[How, ...] = ("count", "any", "sum", "min", "max", "first", "last")
ARITHMETIC = ("+", "-", "*", "//", "%", "min", "max")
COMPARISONS = ("==", "!=", "<", "<=")
LOGIC = ("and", "or", "and not")
OPERATORS = (*ARITHMETIC, *COMPARISONS, *LOGIC)
STABLE = {"<e": "<", ">e": ">"}  # predicates that a key fulfils too that is equal and stands earlier
MOST_SUBSETS = 6  # symbols up to which every set of them is tried, not only single ones
CONSTANTS = (-1, 0, 1, 2, 3)


@dataclass(frozen=True)
class Head:
    """Attention: which keys each query looks at, and what it takes from them. Numbers are indices of variables.

    `mask` is a flag of the key (`negated`: its opposite) or None. `query` and `key` say nothing where the predicate is
    `true`, `value` nothing where `how` is `count` or `any`.
    """

    query: int = 0
    key: int = 0
    predicate: Predicate = "true"
    reach: Reach = "any"
    mask: int | None = None
    negated: bool = False
    how: How = "count"
    value: int = 0


@dataclass(frozen=True)
class Unit:
    """Element-wise: an operator on two variables, or on a variable and a constant (`right` None)."""

    op: str
    left: int
    right: int | None
    constant: int


@dataclass(frozen=True)
class Member:
    """Whether a symbol is one of a set: 1, else 0 (`signed`: else -1). `among` are codes."""

    variable: int
    among: frozenset[int]
    signed: bool


@dataclass(frozen=True)
class Choose:
    """`then` where a flag is 1, else `otherwise`."""

    flag: int
    then: int
    otherwise: int


Gene = Head | Unit | Member | Choose
FIELDS = {cls: tuple(f.name for f in fields(cls)) for cls in (Head, Unit, Member, Choose)}
Mask = tuple[int | None, bool]


@dataclass(frozen=True)
class Bank:
    """Which pieces may be used: number of symbols, whether outputs look back only, whether symbols have an order."""

    symbols: int
    causal: bool
    ordered: bool = True

    @property
    def taken(self) -> dict[str, tuple[str, ...]]:
        """Kinds of variables that each way of taking takes; the first and last number only without symbols."""
        one = ("token",) if self.symbols else ("number", "flag")
        return {
            "sum": ("number", "flag"),
            "min": ("token", "number"),
            "max": ("token", "number"),
            "first": one,
            "last": one,
        }

    @property
    def reaches(self) -> tuple[Reach, ...]:
        """Positions a head may look at."""
        return CAUSAL_REACHES if self.causal else REACHES

    def draw(self, rng: Random, kinds: list[str]) -> Gene:
        """A random gene over the variables given by their kinds; well typed where possible."""
        roll = rng.random()
        flags, tokens = of_kind(kinds, "flag"), of_kind(kinds, "token")
        if roll < 0.6 or not tokens:
            return self.draw_head(rng, kinds)
        if roll < 0.85:
            return self.draw_unit(rng, kinds)
        if roll < 0.95 or not flags:
            return self.draw_member(rng, tokens)
        then = rng.randrange(len(kinds))
        return Choose(rng.choice(flags), then, rng.choice(same_kind(kinds, then)))

    def draw_head(self, rng: Random, kinds: list[str]) -> Head:
        """A random head; query and key of the same kind."""
        query = rng.randrange(len(kinds))
        key = query if rng.random() < 0.5 else rng.choice(same_kind(kinds, query))
        flags = of_kind(kinds, "flag")
        mask = rng.choice(flags) if flags and rng.random() < 0.3 else None
        return Head(
            query, key, rng.choice(PREDICATES), rng.choice(self.reaches), mask, rng.random() < 0.5,
            rng.choice(HOWS), rng.randrange(len(kinds)),
        )  # fmt: skip

    def draw_unit(self, rng: Random, kinds: list[str]) -> Unit:
        """A random operator on two variables of a kind it takes, or on one and a constant."""
        numbers = of_kind(kinds, "number", "flag")
        op = rng.choice(OPERATORS)
        left = rng.choice(numbers) if op in ARITHMETIC and numbers else rng.randrange(len(kinds))
        right = None if rng.random() < 0.3 else rng.choice(same_kind(kinds, left))
        return Unit(op, left, right, rng.choice(CONSTANTS))

    def draw_member(self, rng: Random, tokens: list[int]) -> Member:
        """A random set of symbols: one of them, or about half."""
        if rng.random() < 0.5:
            among = frozenset([rng.randrange(self.symbols)])
        else:
            among = frozenset(s for s in range(self.symbols) if rng.random() < 0.5)
        return Member(rng.choice(tokens), among, rng.random() < 0.5)

    def varied(self, gene: Gene, rng: Random, kinds: list[str]) -> Gene:
        """The gene with one field changed."""
        field = rng.choice(FIELDS[type(gene)])
        return replace(gene, **{field: self._other(gene, field, rng, kinds)})

    def _other(self, gene: Gene, field: str, rng: Random, kinds: list[str]) -> object:
        """Another value for a field of a gene, or the same by chance."""
        now, every = getattr(gene, field), range(len(kinds))
        match field:
            case "query" | "key":
                return rng.choice(same_kind(kinds, now))
            case "predicate":
                return rng.choice(PREDICATES)
            case "reach":
                return rng.choice(self.reaches)
            case "how":
                return rng.choice(HOWS)
            case "op":
                return rng.choice(OPERATORS)
            case "constant":
                return rng.choice(CONSTANTS)
            case "negated" | "signed":
                return not now
            case "among":
                return now ^ {rng.randrange(self.symbols)}
            case "mask":
                return rng.choice([None, *of_kind(kinds, "flag")])
            case "right":
                return rng.choice([None, *every])
            case "variable" | "flag":
                return rng.choice(of_kind(kinds, "token" if field == "variable" else "flag") or [now])
        return rng.choice(every)

    def variants(self, gene: Gene, kinds: list[str], values: Sequence[int]) -> Iterator[Gene]:
        """Every gene that differs in one field; variables are taken from `values`."""
        flags = [i for i in values if kinds[i] == "flag"]
        match gene:
            case Head():
                yield from (replace(gene, predicate=p) for p in PREDICATES)
                yield from (replace(gene, reach=r) for r in self.reaches)
                yield from (replace(gene, how=h) for h in HOWS)
                yield from (replace(gene, query=v) for v in values)
                yield from (replace(gene, key=v) for v in values)
                yield from (replace(gene, value=v) for v in values)
                yield from (replace(gene, mask=m, negated=n) for m in flags for n in (False, True))
                yield replace(gene, mask=None)
            case Unit():
                yield from (replace(gene, op=op) for op in OPERATORS)
                yield from (replace(gene, left=v) for v in values)
                yield from (replace(gene, right=v) for v in values)
                yield from (replace(gene, right=None, constant=c) for c in CONSTANTS)
            case Member():
                yield replace(gene, signed=not gene.signed)
                yield from (replace(gene, variable=v) for v in values if kinds[v] == "token")
                yield from (replace(gene, among=gene.among ^ {s}) for s in range(self.symbols))
            case Choose():
                yield from (replace(gene, flag=f) for f in flags)
                yield from (replace(gene, then=v) for v in values)
                yield from (replace(gene, otherwise=v) for v in values)

    def heads_between(self, query: int, key: int, kinds: list[str], values: Sequence[int]) -> Iterator[Head]:
        """Every head that compares two variables and takes a symbol."""
        tokens = [v for v in values if kinds[v] == "token"]
        for predicate, reach, (mask, negated) in product(PREDICATES[1:], self.reaches, _masks(kinds, values)):
            for how, value in product(("first", "last", "min", "max"), tokens):
                yield Head(query, key, predicate, reach, mask, negated, how, value)

    def heads_over(self, kinds: list[str], values: Sequence[int], hows: Sequence[How]) -> Iterator[Head]:
        """Every head that compares two of the variables and counts, tests or takes one."""
        pairs = [(a, b) for a in values if kinds[a] for b in same_kind(kinds, a) if b in values]
        for how in hows:
            taken = [v for v in values if how in ("count", "any") or kinds[v] in self.taken[how]]
            for value in taken[:1] if how in ("count", "any") else taken:
                for reach, (mask, negated) in product(self.reaches, _masks(kinds, values)):
                    yield Head(reach=reach, mask=mask, negated=negated, how=how, value=value)
                    for (query, key), predicate in product(pairs, PREDICATES[1:]):
                        yield Head(query, key, predicate, reach, mask, negated, how, value)

    def members_over(self, kinds: list[str], values: Sequence[int], free: int) -> Iterator[tuple[Gene, ...]]:
        """A set of symbols with a head that counts, finds or weighs them; the set's flag gets the number `free`."""
        sets = [frozenset([s]) for s in range(self.symbols)]
        if self.symbols <= MOST_SUBSETS:
            half = range(2, self.symbols // 2 + 1)
            sets += [frozenset(c) for size in half for c in combinations(range(self.symbols), size)]
        tokens = [v for v in values if kinds[v] == "token"]
        for among, variable in product(sets, tokens):
            flag, sign = Member(variable, among, False), Member(variable, among, True)
            for reach in self.reaches:
                yield flag, Head(reach=reach, mask=free)
                yield flag, Head(reach=reach, mask=free, how="any")
                yield sign, Head(reach=reach, how="sum", value=free)
                for how, value in product(("first", "last"), tokens):
                    yield flag, Head(reach=reach, mask=free, how=how, value=value)

    def compared_over(self, kinds: list[str], values: Sequence[int], free: int) -> Iterator[tuple[Gene, ...]]:
        """Two symbols counted and the counts compared; the first of the new variables gets the number `free`."""
        tokens = [v for v in values if kinds[v] == "token"]
        for variable, reach, (one, other) in product(tokens, self.reaches[:2], permutations(range(self.symbols), 2)):
            genes: list[Gene] = []
            for symbol in (one, other):
                flag = free + len(genes)
                genes.append(Member(variable, frozenset([symbol]), False))
                genes.append(Head(reach=reach, mask=flag))
            for op in ("<", "<=", "-") if one > other else ("<", "<=", "=="):
                yield (*genes, Unit(op, free + 1, free + 3, 0))

    def ranks_over(self, kinds: list[str], values: Sequence[int]) -> Iterator[tuple[Gene, Gene]]:
        """A count over symbols with its rank: how many keys have a smaller or larger count."""
        free = len(kinds)
        for predicate, reach in product(PREDICATES[1:], self.reaches):
            count = Head(predicate=predicate, reach=reach)
            for order, (mask, negated) in product(("<", ">", "<e", ">e"), _masks(kinds, values)):
                yield count, Head(free, free, order, self.reaches[0], mask, negated)

    def units_over(self, kinds: list[str], values: Sequence[int]) -> Iterator[Unit]:
        """Every operator on two of the variables, or on one and a constant."""
        for left in values:
            if kinds[left] not in ("number", "flag"):
                continue
            for op in OPERATORS:
                yield from (Unit(op, left, right, 0) for right in values if kinds[right] in ("number", "flag"))
                if op not in LOGIC:
                    yield from (Unit(op, left, None, constant) for constant in CONSTANTS)


def of_kind(kinds: Sequence[str], *wanted: str) -> list[int]:
    """Variables of some kinds."""
    return [i for i, kind in enumerate(kinds) if kind in wanted]


def same_kind(kinds: list[str], index: int) -> list[int]:
    """Variables that the one at `index` may be compared with."""
    numeric = ("number", "flag")
    return of_kind(kinds, *(numeric if kinds[index] in numeric else (kinds[index],))) or [index]


def _masks(kinds: list[str], values: Sequence[int]) -> list[Mask]:
    """No mask, and every flag as it is and negated."""
    return [(None, False), *((v, negated) for v in values if kinds[v] == "flag" for negated in (False, True))]


def _reading(gene: Gene) -> Iterator[str]:
    """Fields that hold a variable which a gene really reads."""
    match gene:
        case Head():
            if gene.predicate != "true":
                yield from ("query", "key")
            if gene.mask is not None:
                yield "mask"
            if gene.how not in ("count", "any"):
                yield "value"
        case Unit():
            yield "left"
            if gene.right is not None:
                yield "right"
        case Member():
            yield "variable"
        case Choose():
            yield from ("flag", "then", "otherwise")


def reads(gene: Gene) -> Iterator[int]:
    """Variables a gene really reads."""
    return (getattr(gene, field) for field in _reading(gene))


def mapped(gene: Gene, new: Sequence[int]) -> Gene:
    """The gene reading other variables; unread fields say 0, so equal pieces look equal."""
    unread: dict[str, int] = {}
    if isinstance(gene, Head):
        unread = {"query": 0, "key": 0, "negated": gene.negated and gene.mask is not None, "value": 0}
    elif isinstance(gene, Unit) and gene.right is not None:
        unread = {"constant": 0}
    return replace(gene, **unread | {field: new[getattr(gene, field)] for field in _reading(gene)})  # pyright: ignore[reportArgumentType]
