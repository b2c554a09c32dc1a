"""Aggregates as expressions at one position: which others it looks at, and what is made of them.

In a condition `q` is the query's value, `k` the key's, `m` the mask's and `v` the value's; `i` and `j` are the
positions of query and key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pellucid.emit import tree
from pellucid.emit.expressions import Scope, exact, raw, truth_kind, typed, value
from pellucid.emit.lists import THERE, Lists, Sweep
from pellucid.emit.plan import gives_one
from pellucid.emit.tree import Code, call, compared, conditional, name, negated, plus
from pellucid.language.aggregates import AGGREGATES
from pellucid.language.expressions import Apply, Const, Expression, Var, names_in, values_among
from pellucid.language.forms import AND, OR, SUM, Form
from pellucid.language.nodes import Aggregate, Select

START, END = {"after": 1, "from": 0}, {"before": 0, "upto": 1}  # where a reach begins, and where it ends, from here


@dataclass
class Matched(Scope):
    """The scope of a match: values at the query and at the key."""

    here: Scope
    there: Scope
    select: Select

    def __post_init__(self) -> None:
        self.writer, self.owner = self.here.writer, self.here.owner

    def code(self, variable: str, letter: str = "") -> Code:
        """What a value is called."""
        if variable in self.select.queries:
            return self.here.code(self.select.queries[variable])
        return self.there.code(self.select.keys[variable], "k")

    def origin(self, variable: str) -> str:
        """The variable that a value is of."""
        return self.select.local[variable]


@dataclass
class Head:
    """One aggregate, looked at from one position.

    place: that position; None where it makes no difference.
    """

    lists: Lists
    node: Aggregate
    here: Scope
    place: Code | None

    def __post_init__(self) -> None:
        self.plan = self.lists.writer.plan
        self.select = self.node.select

    # ---------------------------------------------------------------- which positions

    @property
    def at(self) -> Code:
        """The position looked from."""
        assert self.place is not None
        return self.place

    @cached_property
    def span(self) -> tuple[Code | None, Code | None]:
        """First position within reach, and the one after the last; None for an end of the sequence."""
        reach, window = self.select.reach, self.select.window
        first = plus(self.at, START[reach]) if reach in START else None
        last = plus(self.at, END[reach]) if reach in END else None
        if window is not None and first is None:
            first = call("max", plus(self.at, 1 - window), Code("0"))
        if window is not None and last is None:
            last = plus(self.at, window)
        return first, last

    def part(self, listed: Code) -> Code:
        """The part of a list that is within reach."""
        return tree.sliced(listed, *self.span)

    def range(self, backwards: bool = False) -> Code:
        """The positions within reach."""
        first, last = self.span
        if last is None or (self.select.window is not None and self.select.reach in ("any", "from", "after")):
            last = self.lists.size() if last is None else call("min", last, self.lists.size())
        found = call("range", *([] if first is None else [first]), last)
        return call("reversed", found) if backwards else found

    @property
    def sure(self) -> bool:
        """Whether every position within reach is picked."""
        select, read = self.select, self.node.value
        there = read is None or not self.plan.types[read].nothing
        return select.match is None and select.mask is None and there and not self._by_key

    @property
    def never_empty(self) -> bool:
        """Whether some position is always picked."""
        return self.sure and self.select.reaches_itself

    @property
    def _by_key(self) -> bool:
        return self.node.by is not None and AGGREGATES[self.node.how].by == "key"

    @cached_property
    def bases(self) -> set[str]:
        """Variables that are read at the keys."""
        read = [*self.select.key, self.node.value, self.select.mask, self.node.by if self._by_key else None]
        return {base for name in read if name is not None for base in self.plan.bases(name)}

    def keys(self, index: bool = False, backwards: bool = False) -> Sweep:
        """A sweep over the positions within reach."""
        index = index or self.select.ties or any(map(self.plan.is_position, self.bases))
        several = len([b for b in self.bases if not self.plan.is_position(b)]) != 1
        limited = self.select.reach != "any" or self.select.window is not None
        taken = frozenset(str(code.doc) for code in getattr(self.here, "bound", {}).values())
        by_index = backwards or (limited and (several or index))
        return Sweep(self.lists, self.here.owner, "vwxyz", THERE, by_index, own=False, taken=taken)

    def tests(self, sweep: Scope) -> list[Code]:
        """What is asked of a key, given what variables are called there."""
        select, found = self.select, []
        matched = Matched(self.here, sweep, self.select)
        if select.match is not None:
            test = raw(select.match, matched)
            test = replace(test, kind=truth_kind(test, typed(select.match, matched)))
            if select.ties:
                equal = tree.both([compared(matched.code("k"), "==", matched.code("q")), compared(THERE, "<", self.at)])
                kind = test.kind
                test = replace(tree.formed(Form("{0} or {1}", OR, (OR, AND)), [test, equal]), kind=kind)
            found.append(test)
        if select.mask is not None:
            mask = sweep.code(select.mask, "m")
            mask = replace(mask, kind=truth_kind(mask, self.plan.types[select.mask]))
            found.append(negated(mask) if select.negated else mask)
        for letter, read in (("v", self.node.value), ("b", self.node.by if self._by_key else None)):
            if read is not None and self.plan.types[read].nothing:
                found.append(tree.there(sweep.code(read, letter)))
        return found

    def over(self, element: Code, sweep: Sweep, tests: Sequence[Code], backwards: bool = False) -> Code:
        """The elements of all keys picked, as a generator; a list where it is all of one."""
        if sweep.by_index:
            return tree.comprehension("(", element, THERE, self.range(backwards), tests, ")")
        target, source = sweep.clause(tree.names_of([element, *tests]), self.part)
        if not tests and element.doc == target.doc:
            return source
        return tree.comprehension("(", element, target, source, tests, ")")

    # ---------------------------------------------------------------- what is made of them

    def code(self) -> Code:
        """The aggregate."""
        row = AGGREGATES[self.node.how]
        if self.node.how in ("count", "any"):
            return self._counted()
        if row.reads and (found := self._by_position()) is not None:
            return found
        match self.node.how:
            case "first" | "last":
                return self._end()
            case "nearest":
                sweep = self.keys(index=True)
                tests = self.tests(sweep)
                pair = tree.display("(", [THERE, exact(sweep.code(self.value, "v"))], ")")
                pairs = self.over(pair, sweep, tests)
                return call(self.lists.writer.helper("nearest"), self.at, pairs, self.default)
        return self._reduced()

    @property
    def value(self) -> str:
        """The variable that is aggregated."""
        assert self.node.value is not None
        return self.node.value

    @cached_property
    def default(self) -> Code:
        """What there is where nothing is picked."""
        if not AGGREGATES[self.node.how].reads:
            return Code("0")
        return value(self.node.default, self.here)

    def _counted(self) -> Code:
        """How many positions are picked, or whether any is."""
        counts = self.node.how == "count"
        if self.sure and self.select.window is None:
            return self._number() if counts else self.some or Code("1")
        if (wanted := self._wanted()) is not None:
            listed, one = wanted
            return tree.method(self.part(listed), "count", one) if counts else compared(one, "in", self.part(listed))
        sweep = self.keys()
        tests, element = self.tests(sweep), Code("1")
        if tests and (not counts or tree.both(tests).kind == "truth"):
            tests, element = [], tree.both(tests)
        found = self.over(element, sweep, tests)
        return call("sum", found) if counts else replace(call("any", found), kind="truth")

    def _number(self) -> Code:
        """How many positions are within reach."""
        match self.select.reach:
            case "any":
                return self.lists.size()
            case "before" | "upto" as reach:
                return plus(self.at, END[reach])
            case reach:
                size = self.lists.size()
                rest = tree.infix(SUM, ["-"], [size.doc, self.at.at(SUM + 1)], size.names | self.at.names)
                return plus(rest, -START[reach])

    @property
    def some(self) -> Code | None:
        """Whether there is a position within reach; None where there always is."""
        match self.select.reach:
            case "before":
                return compared(self.at, ">", Code("0"))
            case "after":
                return compared(plus(self.at, 1), "<", self.lists.size())
        return None

    def _wanted(self) -> tuple[Code, Code] | None:
        """(list, element) where a position is picked if the list has that element there."""
        select = self.select
        if select.match is None and select.mask is not None and self.plan.types[select.mask].is_flag:
            alone = self.bases == {select.mask}
            return (self.lists.list(select.mask), Code("0" if select.negated else "1")) if alone else None
        if select.mask is None and not select.ties and len(select.key) == 1 and self.bases == {select.key[0]}:
            numbers = self.plan.types[select.key[0]].numbers
            if (wanted := self.wanted_key()) is not None and (numbers is None or numbers.whole):
                return self.lists.list(select.key[0]), wanted
        return None

    def wanted_expression(self) -> Expression | None:
        """What a key is equal to where it is picked, over the values at the query."""
        match self.select.match:
            case Apply("==", (Var("k"), one)) | Apply("==", (one, Var("k"))) if self.select.keys.keys().isdisjoint(
                names_in(one)
            ):
                return one
            case match if match is not None and (listed := values_among(match)) is not None and len(listed) == 1:
                return Const(listed[0]) if match.args == (Var("k"),) else None  # type: ignore[union-attr]
        return None

    def wanted_key(self) -> Code | None:
        """The text of that."""
        one = self.wanted_expression()
        return None if one is None else value(one, Matched(self.here, self.keys(), self.select))

    def _by_position(self) -> Code | None:
        """A value read at a position that the query names; None where the key is something else."""
        select, one = self.select, self.wanted_expression()
        plain = select.mask is None and not select.ties and select.reach == "any" and select.window is None
        if one is None or not plain or not gives_one(self.node, self.plan.types):
            return None
        matched = Matched(self.here, self.keys(), self.select)
        if not self.plan.is_position(select.key[0]) or not all(matched.type(v).is_integer for v in names_in(one)):
            return None
        place = value(one, matched)
        there = exact(Sweep(self.lists, self.here.owner, place=place, by_index=True).code(self.value))
        if self.plan.is_index(one, self.select.queries):
            return there
        inside = tree.formed(Form("0 <= {0} < {1}", 4, (5, 5)), [place, self.lists.size()])
        return conditional(there, inside, self.default)

    def _end(self) -> Code:
        """The first or the last."""
        last = self.node.how == "last"
        if self.sure and self.bases == {self.value} and self.select.window is None:
            listed, reach = self.lists.list(self.value), self.select.reach
            ends = {r: end - 1 for r, end in END.items()} if last else START
            edge = plus(self.at, ends[reach]) if reach in ends else Code("-1" if last else "0")
            found = replace(tree.index(listed, edge), kind=self.lists.kinds.get(self.value, "value"))
            return found if (some := self.some) is None else conditional(exact(found), some, self.default)
        sweep = self.keys(backwards=last)
        tests = self.tests(sweep)
        found = self.over(exact(sweep.code(self.value, "v")), sweep, tests, backwards=last)
        if not isinstance(found.doc, tree.Generator):
            found = call("iter", found)
        return call("next", found, self.default)

    def _reduced(self) -> Code:
        """Everything that a function makes of the values."""
        row, writer = AGGREGATES[self.node.how], self.lists.writer
        sweep = self.keys(index=row.python is None and row.pasted is None)
        tests = self.tests(sweep)
        element = Code("None") if self.node.value is None else sweep.code(self.value, "v")
        element = element if self.node.how == "sum" and element.kind == "truth" else exact(element)
        if row.by == "key":
            assert self.node.by is not None
            element = tree.display("(", [exact(sweep.code(self.node.by, "b")), element], ")")
        if row.python is None and row.pasted is None:
            return self._meaning(element, sweep, tests)
        values = self.over(element, sweep, tests)
        if row.by == "query":
            assert self.node.by is not None
            assert row.pasted is not None
            return call(writer.paste(row.pasted), values, exact(self.here.code(self.node.by)), self.default)
        return self.summary(values, self.never_empty)

    def summary(self, values: Code, some: bool) -> Code:
        """The row's function of the values; the default for none, unless there are `some`."""
        row, writer = AGGREGATES[self.node.how], self.lists.writer
        numbers = self.plan.types[self.value].numbers
        exactly = row.pasted is None or numbers is None or numbers.whole
        if row.python is not None and exactly:
            function = name(row.python)
        else:
            assert row.pasted is not None
            function = writer.paste(row.pasted)
        if some or (self.node.how == "sum" and self.default.doc == "0"):
            return call(function, values)
        if row.defaults:
            return call(function, values, keyword=("default", self.default))
        return call(writer.helper("some"), function, values, self.default)

    def _meaning(self, element: Code, sweep: Sweep, tests: list[Code]) -> Code:
        """A row that says nothing about its text: its meaning is pasted, and given what it asks for."""
        writer, by = self.lists.writer, self.node.by
        key = exact(sweep.code(by, "b")) if by is not None and self._by_key else Code("None")
        query = exact(self.here.code(by)) if by is not None and not self._by_key else Code("None")
        rows = self.over(tree.display("(", [THERE, element, key], ")"), sweep, tests)
        meaning = writer.meaning(AGGREGATES[self.node.how])
        return call(writer.helper("picked"), meaning, rows, self.place or Code("0"), query, self.default)
