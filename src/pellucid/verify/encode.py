"""A program on symbolic inputs: what each variable is at each position, for all inputs of one length at once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pellucid.language.aggregates import Picked, aggregation
from pellucid.language.expressions import Apply, Cases, Const, Expression, Table, Var
from pellucid.language.inference import infer
from pellucid.language.nodes import Aggregate, Delay, Input, Let, Node, Select, Vote
from pellucid.language.operators import operator, result_type
from pellucid.language.program import Program
from pellucid.language.types import Value
from pellucid.language.words import FORMS, form
from pellucid.semantics.reference import compared, positions
from pellucid.values import grouped
from pellucid.verify.terms import Term, Terms, Truth, UnsupportedError, is_exact

Here = Callable[[str], Term]


class Encoding:
    """The program on inputs of one length.

    Args:
        build: makes the terms.
        columns: the values of each input column at each position.
        length: positions.
    """

    def __init__(self, build: Terms, program: Program, columns: Mapping[str, Sequence[Term]], length: int) -> None:
        self.build, self.program, self.length, self._columns = build, program, length, columns
        inputs = {column.name: column for column in program.inputs}
        self._types = infer(inputs, program.nodes, program.groups, length)
        self._picked: dict[tuple[Select, int], list[tuple[int, Truth]]] = {}
        self.cells: dict[str, list[Term]] = {name: [] for name in program.nodes}
        for names, _ in program.groups:
            for i in range(length):
                for name in names:
                    self.cells[name].append(self._cell(program[name], i).typed(self._types[name]))

    @property
    def output(self) -> list[Term]:
        """What comes out, position after position."""
        places = range(self.length) if self.program.when == "every" else [self.length - 1]
        return [self.cells[name][i] for i in places for name in self.program.results]

    def _cell(self, node: Node, i: int) -> Term:
        def here(variable: str) -> Term:
            return self.cells[variable][i]

        match node:
            case Input("", of):
                return self.build.term(i if of == "position" else self.length)
            case Input(column, of):
                word = self._columns[column][i]
                return word if of == "value" else self._form(word)
            case Let(expression):
                return self.value(expression, here)
            case Delay(variable, amount, default):
                inside = 0 <= i - amount < self.length
                return self.cells[variable][i - amount] if inside else self.value(default, here)
            case Aggregate():
                return self._aggregate(node, i)
            case Vote():
                return self._winner(node, range(self.length) if node.pooled else [i])

    def _form(self, word: Term) -> Term:
        kinds = {kind: [text for text in word.type.texts if form(text) == kind] for kind in FORMS}
        return self.build.first([(self.build.member(word, texts), kind) for kind, texts in kinds.items()], FORMS[-1])

    # ------------------------------------------------------------ expressions

    def value(self, expression: Expression, here: Here) -> Term:
        """The term of an expression, given that of each variable."""
        match expression:
            case Var(name):
                return here(name)
            case Const(constant):
                return self.build.term(constant)
            case Apply(name, args):
                return self._apply(name, [self.value(arg, here) for arg in args])
            case Table(args, cases, default):
                return self._table([self.value(arg, here) for arg in args], cases, default)
            case Cases(rules, default):
                pairs = [(self.build.truth(self.value(t, here)), self.value(out, here)) for t, out in rules]
                return self.build.first(pairs, self.value(default, here))

    def _apply(self, name: str, args: list[Term]) -> Term:
        row, z = operator(name), self.build
        smt = row.smt
        if smt is None:
            raise UnsupportedError(f"the operator {name}")
        t = result_type(name, [arg.type for arg in args])
        if not row.strict:
            return z.term(functools.reduce(lambda a, b: smt(z, a, b), args) if row.folds else smt(z, *args)).typed(t)
        if not all(is_exact(arg.type) for arg in args):
            raise UnsupportedError(f"the operator {name} on numbers that may be floats")
        nothing = z.Or(*(arg.is_nothing for arg in args))
        if nothing is True:
            return z.term(None)
        found = functools.reduce(lambda a, b: smt(z, z.term(a), b), args) if row.folds else smt(z, *args)
        return z.If(nothing, None, found).typed(t)

    def _table(self, args: Sequence[Term], cases: Sequence[tuple[tuple[Value, ...], Value]], default: Value) -> Term:
        """Cases with the same outcome and the same values but the last are one test."""
        groups = grouped(((key[:-1], type(out), out), key[-1]) for key, out in cases)
        z = self.build
        pairs = [
            (z.And(*(a == v for a, v in zip(args, start, strict=False)), z.member(args[-1], last)), out)
            for (start, _, out), last in groups.items()
        ]
        return z.first(pairs, default)

    # ------------------------------------------------------------ other positions

    def _hits(self, select: Select, i: int) -> list[tuple[int, Truth]]:
        """The positions that may be picked from position i, and when each is."""
        if (select, i) not in self._picked:
            found = [(j, self._matches(select, i, j)) for j in positions(select, i, self.length)]
            self._picked[select, i] = [(j, truth) for j, truth in found if truth is not False]
        return self._picked[select, i]

    def _matches(self, select: Select, i: int, j: int) -> Truth:
        z, cells = self.build, self.cells
        masked = True if select.mask is None else z.truth(cells[select.mask][j])
        masked = z.Not(masked) if select.negated else masked
        if select.match is None or masked is False:
            return masked
        local = compared(select, cells, i, j)
        matches = self.value(select.match, local.__getitem__)
        return z.And(masked, z.Or(matches, local["q"] == local["k"]) if select.ties and j < i else matches)

    def _aggregate(self, node: Aggregate, i: int) -> Term:
        row, z = aggregation(node.how), self.build
        read = [v for v in (node.value, node.by if row.by == "key" else None) if v is not None]
        if row.smt is None or not all(is_exact(self._types[v]) for v in read):
            raise UnsupportedError(f"the aggregate {node.how}{' of numbers that may be floats' if row.smt else ''}")
        found = [
            (j, z.And(hit, *(z.Not(self.cells[v][j].is_nothing) for v in read)))
            for j, hit in self._hits(node.select, i)
        ]
        hits = [(j, hit) for j, hit in found if hit is not False]
        if not hits:
            return self.value(node.default, lambda v: self.cells[v][i]) if row.reads else z.term(0)
        places, truths = [j for j, _ in hits], [hit for _, hit in hits]
        values = [] if node.value is None else [self._something(node.value, j) for j in places]
        keys = [self._something(node.by, j) for j in places] if node.by is not None and row.by == "key" else []
        query = None if node.by is None else self.cells[node.by][i]
        term = z.term(row.smt(z, truths, Picked(values, keys, places, i, query)))  # pyright: ignore[reportArgumentType]
        if not row.reads:
            return term
        default = self.value(node.default, lambda v: self.cells[v][i])
        return z.If(z.And(z.Or(*truths), z.Not(term.is_nothing)), term, default)

    def _something(self, name: str, j: int) -> Term:
        term = self.cells[name][j]
        return term.typed(term.type.something())

    # ------------------------------------------------------------ votes

    def _winner(self, node: Vote, rows: Sequence[int]) -> Term:
        z = self.build
        scores = [z.total(self._votes(node, rows, c)) for c in range(len(node.labels))]
        cases = []
        for c, label in enumerate(node.labels):  # the first of the largest
            beats = [score < scores[c] for score in scores[:c]] + [score <= scores[c] for score in scores[c + 1 :]]
            cases.append((z.And(*beats), label))
        return z.first(cases[:-1], node.labels[-1])

    def _votes(self, node: Vote, rows: Sequence[int], label: int) -> Iterator[Any]:
        for row in rows:
            yield node.bias[label]
            for evidence in node.evidence:
                weights = grouped((weight[label], value) for value, weight in evidence.rows)
                term = self.cells[evidence.variable][row]
                cases = [(self.build.member(term, values), weight) for weight, values in weights.items()]
                yield self.build.first(cases, evidence.default[label])
            for name, slope in node.scaled:
                term = self.cells[name][row]
                yield self.build.If(term.is_nothing, 0, self._something(name, row) * slope[label])


def texts(program: Program) -> set[str]:
    """Every text that a program may hold or compare with."""
    found: set[str] = set()

    def walk(part: object) -> None:
        if isinstance(part, str):
            found.add(part)
        elif isinstance(part, tuple):
            for item in part:
                walk(item)
        elif hasattr(part, "__dataclass_fields__"):
            for item in vars(part).values():
                walk(item)

    walk((program.inputs, program.outputs, program.assignments))
    return found | set(FORMS)
