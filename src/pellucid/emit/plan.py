"""Decisions before a program is written: what is a list and what a loop, what is named, what may be a bool."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pellucid.language.aggregates import AGGREGATES
from pellucid.language.expressions import Apply, Cases, Const, Expression, Table, Var, names_in, parts, size
from pellucid.language.forms import Form
from pellucid.language.inference import type_of
from pellucid.language.nodes import Aggregate, Column, Delay, Input, Let, Select, Vote, looks_ahead, reached, reads
from pellucid.language.operators import OPERATORS
from pellucid.language.program import Program
from pellucid.language.types import Type, Value

How = Literal["here", "query", "there", "before"]
# Aggregates that loops keep up to date; others look at all steps again.
RUNNING = {"count", "any", "sum", "mean", "min", "max", "first", "last", "mode", "argmax", "argmin", "distinct"}
PLACES = (Aggregate(Select(reach="before"), "count"), Aggregate(Select(reach="upto"), "count"))  # need no state
FEW = 3  # cases of a table of words that are written where it is used
SMALL, LARGE = 4, 40  # of an expression computed anew for each pair of positions; of any that has no name


@dataclass(frozen=True)
class Use:
    """Where a variable is read: by whom (empty: it comes out), and at its own position, at others, or earlier.

    twice: its text would stand there more than once. exact: it must be 1 there, not `True`.
    """

    reader: str
    how: How
    twice: bool = False
    exact: bool = False


def gives_one(node: Aggregate, types: Mapping[str, Type]) -> bool:
    """Whether what an aggregate makes of one position is the value there, whatever that is."""
    row = AGGREGATES[node.how]
    read = (node.value, node.by if row.by == "key" else None)
    return row.alone and not any(types[name].nothing for name in read if name is not None)


def written(operator: str, types: Sequence[Type]) -> tuple[Form, set[int]]:
    """How an operator is written for arguments of these types, and which of them stand there more than once."""
    row = OPERATORS[operator]
    form = row.python([t.something() for t in types] if row.strict else types)
    return form, {place for place, t in enumerate(types) if form.repeats(place) or (row.strict and t.nothing)}


@dataclass
class Plan:
    """What is known about a program before it is written."""

    program: Program

    def __post_init__(self) -> None:
        self.types = self.program.types
        self.places = {name: i for i, name in enumerate(self.program.nodes)}

    @cached_property
    def uses(self) -> dict[str, list[Use]]:
        """All uses of every variable."""
        found: dict[str, list[Use]] = {name: [] for name in self.program.nodes}
        for name in self.program.nodes:
            for variable, use in self._reads(name):
                found[variable].append(use)
        for variable in self.program.results:
            found[variable].append(Use("", "here", exact=True))
        return found

    def _reads(self, name: str) -> Iterator[tuple[str, Use]]:
        node = self.program[name]
        match node:
            case Let(expression):
                yield from self._in_expression(name, expression)
            case Delay(variable, _, default):
                yield variable, Use(name, "before", exact=True)
                yield from self._in_expression(name, default)
            case Aggregate(select, how, read, default, by):
                there = "here" if self.is_running(name) else "there"
                for variable in select.query:
                    yield variable, Use(name, "query")
                for variable in (*select.key, *([] if select.mask is None else [select.mask])):
                    yield variable, Use(name, there)
                if read is not None:
                    yield read, Use(name, there, there == "here" and how != "sum", how != "sum")
                if by is not None:
                    yield by, Use(name, "here" if AGGREGATES[how].by == "query" else there, True, True)
                yield from self._in_expression(name, default)
            case Vote(_, _, evidence, scaled, pooled):
                for variable in (*(part.variable for part in evidence), *(variable for variable, _ in scaled)):
                    yield variable, Use(name, "there" if pooled else "here")

    def _in_expression(self, name: str, expression: Expression, exact: bool = True, twice=False) -> Iterator:
        match expression:
            case Var(variable):
                yield variable, Use(name, "here", twice, exact)
            case Apply(operator, args):
                form, repeated = written(operator, [self.type_of(arg) for arg in args])
                for place, arg in enumerate(args):
                    plain = not form.loose and place not in form.tests
                    yield from self._in_expression(name, arg, plain, twice or place in repeated)
            case Table(args):
                for arg in args:
                    yield from self._in_expression(name, arg, False, twice)
            case Cases(rules, default):
                many = twice or len(rules) > 1
                for test, outcome in rules:
                    yield from self._in_expression(name, test, False, many)
                    yield from self._in_expression(name, outcome, True, many)
                yield from self._in_expression(name, default, True, many)

    def type_of(self, expression: Expression) -> Type:
        """Type of an expression over the program's variables."""
        return type_of(expression, self.types)

    # ---------------------------------------------------------------- what is the same at all positions

    @cached_property
    def scalars(self) -> frozenset[str]:
        """Variables with one value for the whole sequence."""
        found: set[str] = set()
        for a in self.program:
            match a.node:
                case Input(_, "length") | Vote(pooled=True):
                    found.add(a.name)
                case Let(expression) if found.issuperset(names_in(expression)):
                    found.add(a.name)
                case Aggregate(Select(reach="any", window=None, ties=False) as select, how, _, default, by):
                    local = [*select.query, *names_in(default), *([by] if by and AGGREGATES[how].by == "query" else [])]
                    if how != "nearest" and found.issuperset(local):
                        found.add(a.name)
        return frozenset(found)

    def is_position(self, name: str) -> bool:
        """Whether a variable is the position."""
        return self.program[name] == Input("", "position")

    @cached_property
    def inlined(self) -> dict[str, int]:
        """Variables whose text stands where they are read, as a statement would be no clearer; size of that text."""
        found: dict[str, int] = {}
        for a in self.program:
            uses = self.uses[a.name]
            if not isinstance(a.node, Let) or a.name in self.words or any(use.how == "before" for use in uses):
                continue
            weight = size(a.node.expression) + sum(found.get(name, 0) for name in names_in(a.node.expression))
            most = LARGE if uses and uses[0].how == "here" else SMALL
            once = len(uses) == 1 and not uses[0].twice and weight <= most
            if once or isinstance(a.node.expression, Var | Const):
                found[a.name] = weight
        return found

    def bases(self, name: str) -> Iterator[str]:
        """The variables that the text of one reads, those that are written where they are read left out."""
        node = self.program[name]
        if name in self.inlined and isinstance(node, Let):
            for inner in names_in(node.expression):
                yield from self.bases(inner)
        elif name not in self.scalars:
            yield name

    # ---------------------------------------------------------------- state

    def is_running(self, name: str) -> bool:
        """Whether an aggregate can be kept up to date step by step."""
        node = self.program[name]
        if not isinstance(node, Aggregate) or node.how not in RUNNING:
            return False
        return not looks_ahead(node) and not node.select.query and not node.select.ties

    def is_backward(self, name: str) -> bool:
        """Whether a variable needs nothing of later positions than its own."""
        node = self.program[name]
        return isinstance(node, Input) or not looks_ahead(node)

    @cached_property
    def stateful(self) -> frozenset[str]:
        """Variables that are computed step by step in a loop."""
        state = {name for names, cycle in self.program.groups for name in names if cycle or self.is_running(name)}
        if any(self.program[name] not in PLACES for name in state):
            return frozenset(state)
        if self.words or any(isinstance(a.node, Aggregate) or not self.is_backward(a.name) for a in self.program):
            return frozenset()
        named: set[str] = {a.name for a in self.program if isinstance(a.node, Let) and a.name not in self.inlined}
        return frozenset(a.name for a in self.program if isinstance(a.node, Delay) or a.name in named - self._alone)

    @cached_property
    def _alone(self) -> frozenset[str]:
        """The one output of a program, where nothing else reads it."""
        results = self.program.results
        return frozenset(results) if len(results) == 1 and len(self.uses[results[0]]) == 1 else frozenset()

    def returns(self, name: str) -> bool:
        """Whether a variable is what `run` returns, and nothing else."""
        if name not in self._alone or name in self.inlined or isinstance(self.program[name], Input):
            return False
        return (self.program.when == "every") != (name in self.scalars) and self.loop_of(name) is None

    @cached_property
    def once(self) -> frozenset[str]:
        """Aggregates that are needed at the last position only, where everything has been reached."""
        found, ended = set[str](), {""} if self.program.when != "every" else set[str]()
        for a in reversed(self.program.assignments):
            uses, node = self.uses[a.name], a.node
            if not all(use.reader in ended and use.how in ("here", "query") for use in uses):
                continue
            if a.name in self.inlined:
                ended.add(a.name)
            elif isinstance(node, Aggregate) and len(uses) == 1 and node.how != "nearest":
                select, free = node.select, a.name not in self.scalars and self.loop_of(a.name) is None
                if free and select.reach in ("any", "upto") and select.window is None and not select.ties:
                    ended.add(a.name)
                    found.add(a.name)
        return frozenset(found)

    # ---------------------------------------------------------------- words

    @cached_property
    def words(self) -> dict[str, Table]:
        """Tables of words: those over words of a text, or of what such tables give, or either at other positions."""
        found: dict[str, Table] = {}
        texts = {c.name for c in self.program.inputs if c.words is not None}
        worded: set[str] = set()
        for a in self.program:
            match a.node:
                case Input(column, "value" | "form") if column in texts:
                    worded.add(a.name)
                case Delay(variable) if variable in worded:
                    worded.add(a.name)
                case Let(Table(args, cases) as table) if all(isinstance(v, Var) and v.name in worded for v in args):
                    worded.add(a.name)
                    if len(cases) > FEW:
                        found[a.name] = table
        return found

    def listing(self, column: Column) -> str | None:
        """The first table over most words of a column."""
        for name, table in self.words.items():
            match table.args:
                case (Var(arg),) if self.program[arg] == Input(column.name):
                    if len(table.cases) > len(column.type.texts) // 2:
                        return name
        return None

    def telling(self, name: str) -> list[Value]:
        """Values of a variable that are evidence of something, in that order; where it is read at another word, too."""
        moved = [a.name for a in self.program if isinstance(a.node, Delay) and a.node.variable == name]
        moved += [a.name for a in self.program if isinstance(a.node, Aggregate) and a.node.value == name]
        rows = [e for a in self.program if isinstance(a.node, Vote) for e in a.node.evidence]
        found = [value for asked in (name, *moved) for e in rows if e.variable == asked for value, _ in e.rows]
        outcomes = {self.words[name].default, *(out for _, out in self.words[name].cases)}
        return [value for value in dict.fromkeys(found) if value in outcomes]

    @cached_property
    def stages(self) -> dict[str, int]:
        """When a variable is computed: loops have even numbers, lists odd ones."""
        found: dict[str, int] = {}
        for names, _ in self.program.groups:
            needs = {n for name in names for n in reads(self.program[name]) if n not in names}
            least = max((found[n] for n in needs), default=0)
            loops = all(self.is_backward(name) and name not in self.words for name in names)
            for name in names:
                found[name] = least + (least % 2 if loops else 1 - least % 2)
        return found

    @cached_property
    def loops(self) -> dict[int, tuple[str, ...]]:
        """The variables of each loop, in program order: state, what it needs at each step, and what follows from it."""
        return {stage: members for stage in sorted(set(self.stages.values())) if (members := self._members(stage))}

    def _members(self, stage: int) -> tuple[str, ...]:
        own = {n for n, s in self.stages.items() if s == stage and not isinstance(self.program[n], Input)}
        own -= self.scalars
        follows = {name: own.intersection(reads(self.program[name])) for name in own}
        members = reached(own & self.stateful, lambda name: follows[name])
        members = reached(members, lambda name: (n for n in own if name in follows[n]))
        return tuple(name for name in self.places if name in members)

    def loop_of(self, name: str) -> int | None:
        """The loop in which a variable is computed."""
        return next((stage for stage, members in self.loops.items() if name in members), None)

    # ---------------------------------------------------------------- values

    def is_loose(self, name: str) -> bool:
        """Whether a variable may hold `True` for 1."""
        return not any(use.exact for use in self.uses[name])

    def is_sure(self, name: str, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a number is certainly finite."""
        node = self.program[name]
        if self.types[name].is_whole or isinstance(node, Input):
            return True
        if isinstance(node, Delay) and name not in seen:
            return isinstance(node.default, Const) and self.is_sure(node.variable, seen | {name})
        return isinstance(node, Let) and self.sure(node.expression, seen | {name})

    def sure(self, expression: Expression, seen: frozenset[str] = frozenset()) -> bool:
        """Whether an expression over the program's variables is certainly finite; those already `seen` are."""
        match expression:
            case Var(name):
                return name in seen or self.is_sure(name, seen)
            case Apply(operator) if not OPERATORS[operator].finite:
                n = self.type_of(expression).numbers
                if n is not None and not n.whole and max(abs(n.low), abs(n.high)) == math.inf:
                    return False
        return all(self.sure(part, seen) for part in parts(expression))

    # ---------------------------------------------------------------- positions

    def is_index(self, expression: Expression, local: dict[str, str]) -> bool:
        """Whether it is a position on every input, whatever its length; False where that is not plain.

        It is where it is linear in the own position i and the number n of positions, and in 0..n-1 at both ends of i.
        """
        if (line := self.linear(expression, local)) is None:
            return False
        slope, rise, shift = line
        ends = [(rise, shift), (rise + slope, shift - slope)]  # at i = 0 and i = n - 1: (factor of n, constant)
        return all(0 <= a <= 1 and a + b >= 0 and (b <= -1 if a else b <= 0) for a, b in ends)

    def linear(self, expression: Expression, local: dict[str, str]) -> tuple[int, int, int] | None:
        """(factor of the position, factor of the number of positions, constant)."""
        match expression:
            case Const(int() as constant):
                return 0, 0, constant
            case Var(name):
                return self._linear(local.get(name, name))
            case Apply("+" | "-" as sign, (left, right)):
                a, b = self.linear(left, local), self.linear(right, local)
                if a is None or b is None:
                    return None
                x, y, z = (p + q if sign == "+" else p - q for p, q in zip(a, b, strict=True))
                return x, y, z
        return None

    def _linear(self, name: str) -> tuple[int, int, int] | None:
        match self.program[name]:
            case Input("", "position"):
                return 1, 0, 0
            case Input("", "length"):
                return 0, 1, 0
            case Let(expression):
                return self.linear(expression, {})
        return None
