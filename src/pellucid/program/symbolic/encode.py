"""A program on symbolic tokens: what each variable is at each position, for all inputs of one length at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pellucid.program import formula
from pellucid.program.formula import Apply, Const, Var
from pellucid.program.ir import (
    PREVIOUS,
    Aggregate,
    Embed,
    Formula,
    Input,
    Integer,
    Lookup,
    Node,
    Program,
    Readout,
    Rules,
    Scan,
    Select,
    Selection,
    Test,
    Type,
    reads,
)
from pellucid.program.predicates import COMPARISONS, Compare, Match, OneOf, Value
from pellucid.program.symbolic.terms import Term, Terms, Truth

Column = list[Term]


class Encoding:
    """The program on inputs of one length.

    output: the label at each position, or the one label of a classifier.
    """

    def __init__(self, terms: Terms, program: Program, tokens: Sequence[Term]) -> None:
        self.terms, self.program, self.length = terms, program, len(tokens)
        self.columns: dict[str, Column] = {}
        self.matches: dict[str, list[list[Truth]]] = {}  # of a selector: [query][key], whatever its kind
        self._tokens = self._with_markers(tokens)
        for a in program:
            if isinstance(a.node, Select):
                self.matches[a.name] = self._select(a.node)
            else:
                self.columns[a.name] = self._column(a.name, a.node)
        first, found = int(program.markers), self.columns[program.output]
        tagging = program.vocab.kind == "tagging"
        # A pooled readout is one term; else the label of a classifier stands at the last token.
        self.output: Column = found[first : first + self.length] if tagging else found[-1:]

    def _with_markers(self, tokens: Sequence[Term]) -> Column:
        if not self.program.markers:
            return [*tokens]
        code, end = self.terms.code, self.program.vocab.end
        return [code(self.program.vocab.begin), *tokens, *([] if end is None else [code(end)])]

    def _column(self, name: str, node: Node) -> Column:
        rows = range(len(self._tokens))
        match node:
            case Input("tokens"):
                return self._tokens
            case Input("positions"):
                return [*rows]
            case Input("length"):
                return [self.length] * len(rows)
            case Input():
                return [1] * len(rows)
            case Aggregate():
                return [self._aggregate(node, row) for row in rows]
            case Scan():
                return self._scan(node, self.program.types[name])
            case Readout():
                return self._readout(node)
        names, types = reads(node), self.program.types
        return [self._local(node, {name: self.columns[name][row] for name in names}, types) for row in rows]

    # ------------------------------------------------------------ position by position

    def _local(self, node: Node, here: Mapping[str, Term], types: Mapping[str, Type]) -> Term:
        match node:
            case Embed(variable, cases):
                return self._table((variable,), [((token,), out) for token, out in cases], cases[0][1], here)
            case Lookup(variables, cases, default):
                return self._table(variables, cases, default, here)
            case Rules(rules, default):
                given = [
                    (self.terms.all(self._test(t, here) for t in rule.tests), self._outcome(rule.outcome, here))
                    for rule in rules
                ]
                return self.terms.first(given, self._outcome(default, here))
            case Formula(expression):
                return self._formula(expression, here, {name: _ends(types[name]) for name in here})
        raise TypeError(f"{type(node).__name__} is not computed position by position")

    def _table(self, variables: Sequence[str], cases: Sequence, default: Value, here: Mapping[str, Term]) -> Term:
        """Cases with the same outcome and the same values but the last are one test."""
        groups: dict[tuple, list[int]] = {}
        for key, out in cases:
            codes = tuple(map(self.terms.code, key))
            groups.setdefault((codes[:-1], self.terms.code(out)), []).append(codes[-1])
        given = [
            (
                self.terms.all(
                    [
                        *(self.terms.member(here[v], [c]) for v, c in zip(variables[:-1], start, strict=True)),
                        self.terms.member(here[variables[-1]], last),
                    ]
                ),
                out,
            )
            for (start, out), last in groups.items()
        ]
        return self.terms.first(given, self.terms.code(default))

    def _outcome(self, outcome: Value | Var, here: Mapping[str, Term]) -> Term:
        return here[outcome.name] if isinstance(outcome, Var) else self.terms.code(outcome)

    def _test(self, test: Test, here: Mapping[str, Term]) -> Truth:
        term = here[test.variable]
        if test.against is not None:
            return self.terms.compare(COMPARISONS[test.op], term, here[test.against])
        if test.op in ("in", "not in"):
            inside = self.terms.member(term, map(self.terms.code, test.values))
            return inside if test.op == "in" else self.terms.no(inside)
        return self.terms.compare(COMPARISONS[test.op], term, self.terms.code(test.values[0]))

    def _formula(
        self, expression: formula.Expression, here: Mapping[str, Term], ranges: Mapping[str, tuple[int, int]]
    ) -> Term:
        match expression:
            case Var(name):
                return here[name]
            case Const(value):
                return value
            case Apply(op, left, right):
                ends = formula.bounds(left, ranges), formula.bounds(right, ranges)
                a, b = self._formula(left, here, ranges), self._formula(right, here, ranges)
                return self.terms.apply(op, a, b, *ends)

    def _scan(self, node: Scan, kind: Type) -> Column:
        states: Column = []
        names, types = reads(node), {**self.program.types, PREVIOUS: kind}
        state = self.terms.code(node.initial)
        for row in range(len(self._tokens)):
            here = {name: self.columns[name][row] for name in names}
            state = self._local(node.step, {**here, PREVIOUS: state}, types)
            states.append(state)
        return states

    # ------------------------------------------------------------ other positions

    def _select(self, node: Select) -> list[list[Truth]]:
        rows = range(len(self._tokens))
        queries, keys = self.columns[node.query], self.columns[node.key]
        open_ = [self._open(node, k) for k in rows]
        return [
            [
                self.terms.all([open_[k], self._related(node, queries[q], keys[k], k < q)])
                if _reached(node.reach, q, k)
                else False
                for k in rows
            ]
            for q in rows
        ]

    def _open(self, node: Select, key: int) -> Truth:
        if node.mask is None:
            return True
        return self.terms.member(self.columns[node.mask][key], [0 if node.negated else 1])

    def _related(self, node: Select, query: Term, key: Term, earlier: bool) -> Truth:
        code = self.terms.code
        match node.predicate:
            case Compare(op, offset):
                found = self.terms.compare(COMPARISONS[op], key, query + offset if offset else query)
                if node.ties == "earlier" and earlier:
                    found = self.terms.any([found, self.terms.compare(COMPARISONS["=="], key, query)])
                return found
            case OneOf(values):
                return self.terms.member(key, map(code, values))
            case Match(cases, default):
                listed = self.terms.member(query, (code(v) for v, _ in cases))
                rows = [
                    self.terms.all([self.terms.member(query, [code(v)]), self.terms.member(key, map(code, row))])
                    for v, row in cases
                ]
                rest = self.terms.all([self.terms.no(listed), self.terms.member(key, map(code, default))])
                return self.terms.any([*rows, rest])

    def _aggregate(self, node: Aggregate, row: int) -> Term:
        hits, terms = self.matches[node.selector][row], self.terms
        if node.how == "count":
            return terms.total(terms.choose(hit, 1, 0) for hit in hits)
        if node.how == "any":
            return terms.choose(terms.any(hits), 1, 0)
        assert node.value is not None
        values = self.columns[node.value]
        if node.how == "take":  # nearest first, left before right, itself last, else the first position
            nearest = sorted(range(len(hits)), key=lambda k: (k == row, abs(k - row), k > row))
            return terms.first([(hits[k], values[k]) for k in nearest], values[0])
        if node.how == "sum":
            return terms.total(terms.choose(hit, value, 0) for hit, value in zip(hits, values, strict=True))
        assert node.default is not None
        default, pairs = terms.code(node.default), list(zip(hits, values, strict=True))
        if node.how in ("first", "last"):
            return terms.first(pairs if node.how == "first" else pairs[::-1], default)
        return self._extreme(COMPARISONS["<" if node.how == "min" else ">"], pairs, default)

    def _extreme(self, better, pairs: Iterable[tuple[Truth, Term]], default: Term) -> Term:
        best, some = default, False
        for hit, value in pairs:
            wins = self.terms.any([self.terms.no(some), self.terms.compare(better, value, best)])
            best = self.terms.choose(self.terms.all([hit, wins]), value, best)
            some = self.terms.any([some, hit])
        return best

    # ------------------------------------------------------------ votes

    def _readout(self, node: Readout) -> Column:
        first = int(self.program.markers)
        if node.pooled:
            return [self._winner(node, range(first, first + self.length))]
        return [self._winner(node, [row]) for row in range(len(self._tokens))]

    def _winner(self, node: Readout, rows: Sequence[int]) -> Term:
        scores = [self.terms.total(self._votes(node, rows, c)) for c in range(len(node.labels))]
        cases = []
        for c, label in enumerate(node.labels):  # the first of the largest
            beats = [self.terms.compare(COMPARISONS["<"], scores[d], scores[c]) for d in range(c)]
            beats += [self.terms.compare(COMPARISONS["<="], scores[d], scores[c]) for d in range(c + 1, len(scores))]
            cases.append((self.terms.all(beats), self.terms.code(label)))
        return self.terms.first(cases[:-1], cases[-1][1])

    def _votes(self, node: Readout, rows: Sequence[int], label: int) -> Iterator[Term]:
        for row in rows:
            yield node.bias[label]
            for evidence in node.evidence:
                weights: dict[int, list[int]] = {}
                for value, weight in evidence.rows:
                    weights.setdefault(weight[label], []).append(self.terms.code(value))
                term = self.columns[evidence.variable][row]
                cases = [(self.terms.member(term, codes), weight) for weight, codes in weights.items()]
                yield self.terms.first(cases, evidence.default[label])
            for name, slope in node.scaled:
                yield self.columns[name][row] * slope[label]


def _ends(kind: Type) -> tuple[int, int]:
    assert not isinstance(kind, Selection)
    if isinstance(kind, Integer):
        return kind.low, kind.high
    return min(kind.values), max(kind.values)  # pyright: ignore[reportReturnType]  # formulas read numbers only


def _reached(reach: str, q: int, k: int) -> bool:
    return {"any": True, "upto": k <= q, "before": k < q, "after": k > q, "from": k >= q}[reach]


def texts(program: Program) -> set[str]:
    """Every text that a program may hold or compare with."""
    found: set[str] = {v for v in program.vocab.symbols if isinstance(v, str)}

    def walk(part: object) -> None:
        if isinstance(part, str):
            found.add(part)
        elif isinstance(part, tuple):
            for item in part:
                walk(item)
        elif hasattr(part, "__dataclass_fields__"):
            for item in vars(part).values():
                walk(item)

    for a in program:
        walk(a.node)
    return found
