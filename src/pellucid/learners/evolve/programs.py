"""Searched models as programs: an assignment per gene, then the readout. Pieces of programs as starts of a search."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

from pellucid.language.expressions import Apply, Cases, Const, Expression, Table, Var, among, choice, values_among
from pellucid.language.nodes import NOTHING, ZERO, Aggregate, Assign, Delay, Input, Let, Node, Select
from pellucid.language.program import Program
from pellucid.language.types import Plain, Value
from pellucid.learners.evolve.columns import NONE, Source
from pellucid.learners.evolve.engine import PREVIOUS, Base, live_genes, only_live
from pellucid.learners.evolve.genes import (
    ARITHMETIC,
    COMPARISONS,
    CONSTANTS,
    HOWS,
    PREDICATES,
    STABLE,
    Choose,
    Gene,
    Head,
    Member,
    Unit,
)
from pellucid.learners.evolve.model import Cells, Model
from pellucid.learners.evolve.readouts import Copy, Switch

OUTPUT, BEFORE = "output", "output_before"
MOST = 8  # genes of one start


def decode(model: Model, symbols: Sequence[Plain], labels: Sequence[Plain]) -> tuple[Assign, ...]:
    """The assignments that compute what the model computes; the last one is the output.

    Args:
        model: a searched model.
        symbols, labels: what its codes stand for.
    """
    return _Decoder(model, symbols, labels).assignments()


class _Decoder:
    """Names of the variables by number, and the assignments so far."""

    def __init__(self, model: Model, symbols: Sequence[Plain], labels: Sequence[Plain]) -> None:
        self.model, self.symbols, self.labels = model, symbols, labels
        self.made: list[Assign] = []
        self.kinds = kinds_of(model)
        self.names = {n: self._input(n, source) for n, (_, source) in enumerate(model.base.sources)}

    def add(self, name: str, node: Node | Expression) -> str:
        made = node if isinstance(node, Input | Delay | Aggregate) else Let(node)  # pyright: ignore[reportArgumentType]
        self.made.append(Assign(name, made))
        return name

    def _input(self, number: int, source: Source) -> str:
        of = source.of if source.of in ("position", "length") else "value"
        return self.add(f"input_{number}", Input(source.column, of))  # pyright: ignore[reportArgumentType]

    def assignments(self) -> tuple[Assign, ...]:
        """Inputs, genes, stages, readout; what is not needed is dropped by the passes."""
        for number, gene in enumerate(self.model.genes, self.model.base.count):
            self.names[number] = self.add(f"variable_{number}", self._gene(gene))
        for number, stage in enumerate(self.model.stages, self.model.first_stage):
            self.names[number] = self.add(f"variable_{number}", self._table(stage, _group))
            self.kinds[number] = "group"
        self._readout()
        return tuple(self.made)

    def _var(self, number: int) -> Var:
        return Var(BEFORE if number == PREVIOUS else self.names[number])

    # ------------------------------------------------------------ genes

    def _gene(self, gene: Gene) -> Node | Expression:
        match gene:
            case Head():
                return self._head(gene)
            case Unit():
                return self._unit(gene)
            case Member(variable, codes, signed):
                test = among(self._var(variable), [self.symbols[c] for c in sorted(codes) if c < len(self.symbols)])
                return choice(test, Const(1), Const(-1)) if signed else test
            case Choose(flag, then, otherwise):
                return choice(self._var(flag), self._var(then), self._var(otherwise))

    def _head(self, head: Head) -> Aggregate:
        match, query, key = None, (), ()
        if head.predicate != "true":
            query, key = (self.names[head.query],), (self.names[head.key],)
            match = Apply(STABLE.get(head.predicate, head.predicate), (Var("k"), Var("q")))
        mask = None if head.mask is None else self.names[head.mask]
        select = Select(match, query, key, head.reach, None, mask, head.negated, head.predicate in STABLE)
        if head.how in ("count", "any"):
            return Aggregate(select, head.how)
        default = ZERO if head.how == "sum" else NOTHING if self.kinds[head.value] == "token" else Const(NONE)
        return Aggregate(select, head.how, self.names[head.value], default)

    def _unit(self, unit: Unit) -> Expression:
        left = self._var(unit.left)
        right = Const(unit.constant) if unit.right is None else self._var(unit.right)
        if unit.op == "and not":
            return Apply("and", (left, Apply("not", (right,))))
        return Apply(unit.op, (left, right))

    # ------------------------------------------------------------ readout

    def _label(self, code: int) -> Value:
        return self.model.alphabet.value(code, self.symbols, self.labels)

    def _table(self, cells: Cells, outcome) -> Table:
        cases = []
        for codes, out in zip(cells.codes.tolist(), cells.outcomes.tolist(), strict=True):
            key = tuple(self._value(v, code) for v, code in zip(cells.variables, codes, strict=True))
            cases.append((key, outcome(out)))
        return Table(tuple(map(self._var, cells.variables)), tuple(cases), outcome(cells.default))

    def _value(self, variable: int, code: int) -> Value:
        """What a code of a variable stands for."""
        if variable == PREVIOUS:
            return self._label(code)
        if self.kinds[variable] == "token":
            return self.symbols[code] if code < len(self.symbols) else None
        return _group(code) if self.kinds[variable] == "group" else code

    def _readout(self) -> None:
        if self.model.recurrent:
            self.add(BEFORE, Delay(OUTPUT, 1, Const(self._label(self.model.initial))))
        match self.model.readout:
            case Copy() as copy:
                self.add(OUTPUT, self._copied(copy))
            case Cells() as cells:
                self.add(OUTPUT, self._table(cells, self._label))
            case Switch(by, cases):
                self.add(OUTPUT, self._switch(by, cases))

    def _copied(self, copy: Copy) -> Expression:
        """A variable as the readout sees it."""
        variable = self._var(copy.variable)
        if copy.offset:
            return Apply("+", (variable, Const(copy.offset)))
        if copy.kind == "token" and copy.nothing is not None:
            return choice(Apply("==", (variable, NOTHING)), Const(self._label(copy.nothing)), variable)
        return variable

    def _switch(self, by: int, cases: tuple[tuple[int, Copy | int], ...]) -> Cases:
        """One rule per value; the last case stands for every other value."""
        found = [self._copied(case) if isinstance(case, Copy) else Const(self._label(case)) for _, case in cases]
        tests = [Apply("==", (self._var(by), Const(self._value(by, value)))) for value, _ in cases[:-1]]
        return Cases(tuple(zip(tests, found, strict=False)), found[-1])


def kinds_of(model: Model) -> dict[int, str]:
    """token, number or flag, by variable number, without data; genes of a model are well typed."""
    kinds = dict(enumerate(model.base.kinds))
    for number, gene in enumerate(model.genes, model.base.count):
        match gene:
            case Head(how="any"):
                kinds[number] = "flag"
            case Head(how="count" | "sum"):
                kinds[number] = "number"
            case Head(value=value):
                kinds[number] = "token" if kinds[value] == "token" else "number"
            case Unit(op=op):
                kinds[number] = "number" if op in ARITHMETIC else "flag"
            case Member(signed=signed):
                kinds[number] = "number" if signed else "flag"
            case Choose(then=then, otherwise=otherwise):
                kinds[number] = kinds[then] if kinds[then] == kinds[otherwise] else "number"
    return kinds


def _group(code: int) -> str:
    """Name of an outcome of a table in between: a, b, ..., z, a1, ...; text, so that nothing is computed from it."""
    return ascii_lowercase[code % 26] + (str(code // 26) if code >= 26 else "")


# ---------------------------------------------------------------- pieces of programs


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
            return [Head(reach=reach, how=how, value=value)]  # pyright: ignore[reportArgumentType]
        if (listed := self._listed(select.match, select.key)) is not None:
            flag = self.base.count + len(self.genes)
            return [listed, Head(reach=reach, mask=flag, how=how, value=value)]  # pyright: ignore[reportArgumentType]
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
