"""Statements for `Select` and `Aggregate`: how each position looks at others, as Python says it.

In a condition `q` is the query's value, `k` the key's, `m` the mask's and `v` the value's; `i` and `j` are the
positions of query and key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pellucid.program.indexing import always
from pellucid.program.ir import Select
from pellucid.program.layout import Doc
from pellucid.program.literals import literal
from pellucid.program.nodes import Reach
from pellucid.program.predicates import Compare, Match, OneOf
from pellucid.program.writer import Writer

SLICES = {"any": "", "upto": "[: i + 1]", "before": "[:i]", "after": "[i + 1 :]", "from": "[i:]"}
REACHES: dict[str, Reach] = {"<": "before", "<=": "upto", ">": "after", ">=": "from"}
SPANS = {"upto": "i + 1", "before": "i", "after": "i + 1, {n}", "from": "i, {n}"}


@dataclass
class Head:
    """Text of one selector, as the variable called `name` uses it.

    Found at the start: `sure`, whether every pair matches; `asks`, whether the query makes a difference; `query`, its
    text; `once`, whether the variable is a single value; `indexed`, whether the text needs the query's position `i`;
    `wanted`, the one key value that a query matches.
    """

    writer: Writer
    name: str
    select: Select

    def __post_init__(self) -> None:
        writer, self.once = self.writer, self.name in self.writer.once
        if self.once:  # there, everything has been reached
            self.select = replace(self.select, reach="any")
        self.sure = always(writer.program, self.select)
        if self.sure:  # then equal keys match, earlier or not
            self.select = replace(self.select, ties="none")
        self._compare_positions()
        select = self.select
        scalar = writer.at_end(select.query) if self.once else writer.scalar(select.query)
        self.asks = not self.sure and not isinstance(select.predicate, OneOf)
        self.query = scalar or ("i" if writer.is_positions(select.query) else "q")
        self.indexed = select.reach != "any" or select.ties != "none" or (self.asks and self.query == "i")
        self.wanted = None if self.sure else self.wanted_key()

    def _compare_positions(self) -> None:
        """An order between the positions of query and key is a reach."""
        select, predicate = self.select, self.select.predicate
        own = self.writer.is_positions(select.query) and self.writer.is_positions(select.key)
        if own and select.reach == "any" and isinstance(predicate, Compare) and not predicate.offset:
            reach = REACHES.get(predicate.op)
            if reach is not None and select.ties == "none":
                self.select, self.sure = replace(select, reach=reach), True

    @property
    def plain(self) -> bool:
        """Whether nothing but the predicate and the reach decides."""
        return self.select.mask is None and self.select.ties == "none"

    def sliced(self, name: str) -> str:
        """The part of a variable that a query can reach."""
        return self.writer.list(name) + SLICES[self.select.reach]

    def span(self) -> str:
        """The positions that a query can reach."""
        return f"range({SPANS.get(self.select.reach, '{n}').format(n=self.writer.size)})"

    def clause(self) -> str:
        """`for q in ...` over the queries."""
        if self.asks and self.query == "q":
            return f"for {self.writer.walk(['q'], [self.select.query], 'i' if self.indexed else None)}"
        return f"for {self.writer.walk([], [], 'i' if self.indexed else None)}"

    def write(self, element: Doc) -> None:
        """`name = [element for q in ...]`."""
        self.writer.line(self.name, element, self.clause())

    def wanted_key(self) -> str | None:
        """The one key value that a query matches, as text; None where it may match several."""
        match self.select.predicate:
            case Compare("==", offset):
                return f"{self.query} {'+' if offset > 0 else '-'} {abs(offset)}" if offset else self.query
            case OneOf((value,)):
                return literal(value)
            case Match(cases, default) if all(len(row) <= 1 for _, row in cases) and len(default) <= 1:
                entries = [(q, row[0] if row else None) for q, row in cases]
                constant = self.writer.constant(f"WANTED_BY_{self.name.upper()}", entries)
                return f"{constant}.get({self.query}{f', {literal(default[0])}' if default else ''})"
        return None

    def _test(self, k: str) -> str:
        """Condition on a key's value."""
        match self.select.predicate:
            case Compare(op, offset):
                return f"{k} {op} {self.query}" + (f" {'+' if offset > 0 else '-'} {abs(offset)}" if offset else "")
            case OneOf((value,)):
                return f"{k} == {literal(value)}"
            case OneOf(values):
                return f"{k} in {self.writer.one_of(f'{self.name.upper()}_KEYS', values)}" if values else "False"
            case _ if self.wanted is not None:
                return f"{k} == {self.wanted}"
            case Match(cases, default):
                constant = self.writer.constant(f"WANTED_BY_{self.name.upper()}", cases)
                return f"{k} in {constant}.get({self.query}, {literal(default)})"

    def keys(self, what: str, value: str | None = None, backwards: bool = False) -> tuple[str, ...]:
        """`what for k in ... if ...` in its parts, over the keys that the query picks; nothing may stand for `what`.

        `what`: `v` for the value there, `j` for the position; empty for the condition itself.
        """
        select, writer = self.select, self.writer
        columns = self._columns(value)
        place = {name for name in columns if writer.is_positions(name)}
        scalars = {name: text for name in columns if (text := writer.scalar(name)) is not None}
        rest = [name for name in columns if name not in place and name not in scalars]
        index = what == "j" or bool(place) or select.ties != "none"
        by_index = backwards or (select.reach != "any" and (len(rest) != 1 or index)) or not rest
        if by_index:
            span = self.span()
            clause = f"for j in {f'reversed({span})' if backwards else span}"
            called = {name: f"{writer.list(name)}[j]" for name in rest}
        else:
            called = {name: columns[name] for name in rest}
            clause = f"for {writer.walk([*called.values()], rest, 'j' if index else None)}"
            if select.reach != "any":
                clause = clause.removesuffix(rest[0]) + self.sliced(rest[0])
        called |= dict.fromkeys(place, "j") | scalars
        condition = self._condition(called)
        if not what:
            return (condition, clause)
        told = called[value] if what == "v" and value is not None else what
        return (told, clause, f"if {condition}" if condition else "")

    def _columns(self, value: str | None) -> dict[str, str]:
        """Letters of the variables that are read at a key."""
        columns = {} if self.sure else {self.select.key: "k"}
        columns |= {} if self.select.mask is None else {self.select.mask: "m"}
        return columns if value is None or value in columns else {**columns, value: "v"}

    def _condition(self, called: dict[str, str]) -> str:
        select = self.select
        parts = [] if self.sure else [self._test(called[select.key])]
        if select.ties != "none":
            k = called[select.key]
            parts = [f"{parts[0]} or {k} == {self.query} and j < i"]
        if select.mask is not None:
            parts = [f"({p})" for p in parts] if select.ties != "none" else parts
            parts.append(("not " if select.negated else "") + called[select.mask])
        return " and ".join(parts)
