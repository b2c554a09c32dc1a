"""Hardened Transformer Program -> assignments of the language, with the user's own tokens, before any simplification.

One assignment per module, in the order of the residual stream (Friedman et al. 2023, section 3); names say layer and
index. The model puts a begin marker before the tokens, and perhaps an end marker behind them; the language has no
markers. What a variable is at a marker is the same for a whole sequence, so it becomes a variable of its own, and heads
say when they look at it. Positions count from 0 at the first token, so the begin marker stands at -1, the end marker at
the length of the sequence. What no output needs is dropped afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.language.expressions import Apply, Cases, Const, Expression, Table, Var, among, conjunction
from pellucid.language.nodes import (
    NOTHING,
    ZERO,
    Aggregate,
    Assign,
    Delay,
    Evidence,
    Input,
    Let,
    Node,
    Reach,
    Select,
    Vote,
)
from pellucid.language.types import Plain
from pellucid.learners.transformer.marked import Marked
from pellucid.learners.transformer.programs.hardened import Hardened

OUTPUT, POSITION, LENGTH = "output", "position", "length"
BEGIN, END = "<s>", "</s>"  # what the tokens are at the markers; never compared with a token


@dataclass(frozen=True)
class Stream:
    """A variable of the residual stream: at the user's positions, at the begin marker and at the end marker.

    values: what its codes stand for; of a number, empty. most: its largest value, of a number.
    """

    here: Expression
    begin: Expression
    end: Expression
    values: Sequence[Plain] = ()
    most: int = 0

    @property
    def name(self) -> str:
        """Name of the variable at the user's positions."""
        assert isinstance(self.here, Var)
        return self.here.name


def extract(hardened: Hardened, marked: Marked) -> tuple[Assign, ...]:
    """The assignments that compute what the hardened model computes; the last one is the output.

    Args:
        hardened: discrete model.
        marked: what its codes stand for.
    """
    return _Builder(hardened, marked).assignments()


class _Builder:
    """Assignments so far, and the variables of the model by number."""

    def __init__(self, hardened: Hardened, marked: Marked) -> None:
        self.hardened, self.labels, self.has_end, self.width = hardened, marked.labels, marked.end, marked.width
        self.reach: Reach = "upto" if hardened.causal else "any"
        self.made = [Assign("tokens", Input(marked.column)), Assign(POSITION, Input("", "position"))]
        self.made.append(Assign(LENGTH, Input("", "length")))
        rows = enumerate(hardened.embedding)
        self.streams = {i: self._embedded(i + 1, row, marked.tokens) for i, row in rows}
        self.streams[len(hardened.embedding)] = Stream(Var(POSITION), Const(-1), Var(LENGTH), range(-1, self.width - 1))
        self.streams[hardened.n_cat] = Stream(Const(1), Const(1), Const(1), most=1)

    def add(self, name: str, node: Node | Expression) -> Expression:
        """A new variable; none of them has state."""
        assert not isinstance(node, Delay)
        self.made.append(Assign(name, node if isinstance(node, Input | Aggregate | Vote | Let) else Let(node)))
        return Var(name)

    def _helper(self, name: str, node: Node | Expression) -> Expression:
        """A variable on the way to one of the stream, or at a marker; a constant needs none."""
        return node if isinstance(node, Const) else self.add(name, node)

    def assignments(self) -> tuple[Assign, ...]:
        """All of them."""
        met = Counter[tuple[int, str]]()
        make = {"cat": self._nearest, "num": self._sum, "cat_mlp": self._table, "num_mlp": self._table}
        names = {"cat": "head", "num": "sum", "cat_mlp": "table", "num_mlp": "rule"}
        for module in self.hardened.modules:
            met[module.layer, module.kind] += 1
            name = f"{names[module.kind]}_{module.layer + 1}_{met[module.layer, module.kind]}"
            read = [self.streams[v] for v in module.reads]
            self.streams[module.out] = make[module.kind](name, module.table, read)
        self._vote()
        return tuple(self.made)

    def _embedded(self, number: int, clusters: np.ndarray, tokens: Sequence[Plain]) -> Stream:
        symbols = (*tokens, BEGIN, END)
        if np.array_equal(clusters, np.arange(len(clusters))):
            return Stream(Var("tokens"), Const(BEGIN), Const(END), symbols[: len(clusters)])
        cases = tuple(((token,), int(c)) for token, c in zip(tokens, clusters, strict=False))
        here = self.add(f"cluster_{number}", Table((Var("tokens"),), cases, cases[0][1]))
        begin, end = (Const(int(clusters[min(len(tokens) + i, len(clusters) - 1)])) for i in (0, 1))
        return Stream(here, begin, end, range(self.hardened.k))

    # ------------------------------------------------------------ heads

    def _nearest(self, name: str, truth: np.ndarray, read: list[Stream]) -> Stream:
        """The value at the nearest matching key, the query's own only if alone; at the begin marker where none is."""
        query, key, value = read
        near = self._helper(f"{name}_near", self._picked(truth, query.here, query, key, self.reach, "nearest", value))
        place = self._helper(f"{name}_place", self._picked(truth, query.here, query, key, self.reach, "nearest", None))
        begin, end = self._seen(truth, query, key)
        here = self.add(name, self._here(near, place, begin, end, value))
        if self.hardened.causal:
            at_begin = value.begin
        else:
            found = self._helper(f"{name}_first", self._picked(truth, query.begin, query, key, "any", "first", value))
            to_end = self._match(truth, query.begin, key.end, query, key) if self.has_end else ZERO
            at_begin = self._helper(f"{name}_begin", _if_some(found, _if(to_end, value.end, value.begin)))
        at_end: Expression = ZERO
        if self.has_end:
            found = self._helper(f"{name}_last", self._picked(truth, query.end, query, key, "any", "last", value))
            to_begin, itself = (self._match(truth, query.end, at, query, key) for at in (key.begin, key.end))
            other = _if(to_begin, value.begin, _if(itself, value.end, value.begin))
            at_end = self._helper(f"{name}_end", _if_some(found, other))
        return Stream(here, at_begin, at_end, value.values)

    def _here(
        self, near: Expression, place: Expression, begin: Expression, end: Expression, value: Stream
    ) -> Expression:
        """What a user's position gets: the nearest of a user's position, the begin and the end marker."""
        rules: list[tuple[Expression, Expression]] = []
        alone = Apply("or", (Apply("==", (place, NOTHING)), Apply("==", (place, Var(POSITION)))))
        distance = Apply("abs", (Apply("-", (place, Var(POSITION))),))
        to_begin = Apply("+", (Var(POSITION), Const(1)))
        to_end = Apply("-", (Var(LENGTH), Var(POSITION)))
        if begin != ZERO:
            nearer = Apply("or", (alone, Apply("<=", (to_begin, distance))))
            than_end = Apply("or", (Apply("not", (end,)), Apply("<=", (to_begin, to_end))))
            rules.append((_all(begin, nearer, *([than_end] if end != ZERO else [])), value.begin))
        if end != ZERO:
            rules.append((_all(end, Apply("or", (alone, Apply("<", (to_end, distance))))), value.end))
        rules.append((Apply("!=", (place, NOTHING)), near))
        return Cases(tuple(rules), value.begin)

    def _sum(self, name: str, truth: np.ndarray, read: list[Stream]) -> Stream:
        """The sum of the values at all matching keys, markers among them."""
        query, key, value = read
        users = self._helper(f"{name}_here", self._picked(truth, query.here, query, key, self.reach, "sum", value))
        begin, end = self._seen(truth, query, key)
        here = self.add(name, _plus(users, _times(begin, value.begin), _times(end, value.end)))
        own = _times(self._match(truth, query.begin, key.begin, query, key), value.begin)
        if self.hardened.causal:
            at_begin = self._helper(f"{name}_begin", own)
        else:
            users = self._helper(f"{name}_first", self._picked(truth, query.begin, query, key, "any", "sum", value))
            far = self._match(truth, query.begin, key.end, query, key) if self.has_end else ZERO
            at_begin = self._helper(f"{name}_begin", _plus(users, own, _times(far, value.end)))
        at_end: Expression = ZERO
        if self.has_end:
            users = self._helper(f"{name}_last", self._picked(truth, query.end, query, key, "any", "sum", value))
            far, own = (self._match(truth, query.end, at, query, key) for at in (key.begin, key.end))
            at_end = self._helper(f"{name}_end", _plus(users, _times(far, value.begin), _times(own, value.end)))
        return Stream(here, at_begin, at_end, most=value.most * self.width)

    def _seen(self, truth: np.ndarray, query: Stream, key: Stream) -> tuple[Expression, Expression]:
        """Whether a user's position matches the begin marker, and the end marker where it may look at it."""
        begin = self._match(truth, query.here, key.begin, query, key)
        looks = self.has_end and not self.hardened.causal
        return begin, self._match(truth, query.here, key.end, query, key) if looks else ZERO

    def _match(self, truth: np.ndarray, at: Expression, to: Expression, query: Stream, key: Stream) -> Expression:
        """Whether a query value matches a key value: 0 or 1 where that is certain."""
        rows, columns = _codes(at, query.values), _codes(to, key.values)
        part = truth[np.ix_(rows, columns)]
        if not part.any() or part.all():
            return Const(int(part.any()))
        if len(columns) == 1:
            return among(at, [query.values[i] for i in np.flatnonzero(truth[rows, columns[0]]).tolist()])
        if len(rows) == 1:
            return among(to, [key.values[j] for j in np.flatnonzero(truth[rows[0]][: len(key.values)]).tolist()])
        return Table((at, to), _pairs(truth, query.values, key.values), 0)

    def _picked(
        self,
        truth: np.ndarray,
        at: Expression,
        query: Stream,
        key: Stream,
        reach: Reach,
        how: str,
        value: Stream | None,
    ) -> Node | Expression:
        """What is made of the user's positions that match; nothing where none does (a sum: 0)."""
        if isinstance(at, Const):
            row = truth[_codes(at, query.values)[0]]
            wanted = [key.values[j] for j in np.flatnonzero(row[: len(key.values)]).tolist()]
            select = Select(among(Var("k"), wanted), (), (key.name,), reach)
            if not wanted:
                return ZERO if how == "sum" else NOTHING
        else:
            assert isinstance(at, Var)
            table = Table((Var("q"), Var("k")), _pairs(truth, query.values, key.values), 0)
            select = Select(table, (at.name,), (key.name,), reach)
        if value is not None and isinstance(value.here, Const):
            return Aggregate(select, "count")
        taken = POSITION if value is None else value.name
        return Aggregate(select, how, taken, ZERO if how == "sum" else NOTHING)

    # ------------------------------------------------------------ tables and readout

    def _table(self, name: str, table: np.ndarray, read: list[Stream]) -> Stream:
        """An MLP at the three kinds of places: of numbers what the table does not reach is clipped, as in the model.

        A variable read twice is read once.
        """
        top, found = len(table) - 1, list[Expression]()
        first, second = (s.values or range(min(s.most, top) + 1) for s in read)
        places = [[e if s.values else _clipped(e, s.most, top) for e in (s.here, s.begin, s.end)] for s in read]
        for mark, a, b in zip(("", "_begin", "_end"), *places, strict=True):
            if mark == "_end" and not self.has_end:
                found.append(ZERO)
                continue
            cases = [((v, w), int(table[i, j])) for i, v in enumerate(first) for j, w in enumerate(second)]
            if a == b:
                cases = [((v,), int(table[i, i])) for i, v in enumerate(first)]
            outcome = _lookup((a,) if a == b else (a, b), tuple(cases))
            found.append(self._helper(f"{name}{mark}", outcome) if mark else self.add(name, outcome))
        here, begin, end = found
        return Stream(here, begin, end, range(int(table.max()) + 1))

    def _vote(self) -> None:
        none = (0,) * len(self.labels)
        evidence: dict[str, Evidence] = {}
        scaled, bias = [], self.hardened.bias.astype(int)
        for variable in self.hardened.marked:
            stream, weights = self.streams[variable], self.hardened.readout[variable]
            if stream.values:
                rows = tuple((v, tuple(map(int, weights[i]))) for i, v in enumerate(stream.values) if weights[i].any())
                name = self._named(stream)
                evidence[name] = _merged(evidence.get(name), Evidence(name, rows, none))
            elif isinstance(stream.here, Const):
                bias = bias + weights.astype(int)
            else:
                scaled.append((stream.name, tuple(map(int, weights))))
        pooled = self.hardened.kind == "classification"
        vote = Vote(tuple(self.labels), tuple(bias.tolist()), tuple(evidence.values()), tuple(scaled), pooled)
        self.add(OUTPUT, vote)

    def _named(self, stream: Stream) -> str:
        if isinstance(stream.here, Var):
            return stream.here.name
        name = f"constant_{len(self.made)}"
        self.made.append(Assign(name, Let(stream.here)))
        return name


def _codes(at: Expression, values: Sequence[Plain]) -> list[int]:
    """Codes that an expression may have: its own, of a constant."""
    return [list(values).index(at.value)] if isinstance(at, Const) else list(range(len(values)))  # pyright: ignore[reportArgumentType]


def _pairs(truth: np.ndarray, queries: Sequence[Plain], keys: Sequence[Plain]):
    rows, columns = np.nonzero(truth[: len(queries), : len(keys)])
    return tuple(((queries[i], keys[j]), 1) for i, j in zip(rows.tolist(), columns.tolist(), strict=True))


def _lookup(args: tuple[Expression, ...], cases: tuple) -> Expression:
    """A table, or its outcome where all arguments are constants."""
    if all(isinstance(a, Const) for a in args):
        return Const(dict(cases).get(tuple(a.value for a in args), cases[0][1]))  # pyright: ignore[reportAttributeAccessIssue]
    return Table(args, cases, cases[0][1])


def _clipped(number: Expression, most: int, top: int) -> Expression:
    if most <= top:
        return number
    if isinstance(number, Const):
        assert isinstance(number.value, int)
        return Const(min(number.value, top))
    return Apply("min", (number, Const(top)))


def _if(test: Expression, then: Expression, otherwise: Expression) -> Expression:
    if isinstance(test, Const):
        return then if test.value else otherwise
    return then if then == otherwise else Cases(((test, then),), otherwise)


def _if_some(found: Expression, otherwise: Expression) -> Expression:
    if isinstance(found, Const):
        return otherwise if found == NOTHING else found
    return Cases(((Apply("!=", (found, NOTHING)), found),), otherwise)


def _all(*tests: Expression) -> Expression:
    return conjunction(test for test in tests if test != Const(1))


def _times(test: Expression, number: Expression) -> Expression:
    if isinstance(test, Const):
        return number if test.value else ZERO
    return test if number == Const(1) else Apply("*", (test, number))


def _plus(*numbers: Expression) -> Expression:
    kept = [n for n in numbers if n != ZERO]
    return Apply("+", tuple(kept)) if len(kept) > 1 else kept[0] if kept else ZERO


def _merged(old: Evidence | None, new: Evidence) -> Evidence:
    """One piece of evidence per variable: learnt embeddings may bring in the same variable twice."""
    if old is None:
        return new
    left, right = dict(old.rows), dict(new.rows)
    values: Iterable[Plain] = {**left, **right}
    rows = ((v, (left.get(v, old.default), right.get(v, new.default))) for v in values)
    return Evidence(old.variable, tuple((v, tuple(map(sum, zip(*pair, strict=True)))) for v, pair in rows), old.default)
