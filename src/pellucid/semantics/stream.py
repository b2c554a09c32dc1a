"""Programs that look back only, one position at a time: what came before is remembered, not looked at again."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from pellucid.errors import PellucidError
from pellucid.language.aggregates import AGGREGATES, Picked
from pellucid.language.nodes import Aggregate, Delay, Input, Let, Node, Vote, looks_ahead
from pellucid.language.program import Program
from pellucid.language.types import Value
from pellucid.semantics.reading import row_of
from pellucid.semantics.reference import Function, from_form, function_of, votes, winner
from pellucid.semantics.selection import Matching

Here = dict[str, Value]


class Stream:
    """A program as an object that takes one position after another, and says at once what comes out there.

    Raises:
        PellucidError: the program looks ahead; says where.
    """

    def __init__(self, program: Program) -> None:
        name = next((a.name for a in program if looks_ahead(a.node)), None)
        if name is not None:
            raise PellucidError(f"{name} looks at later positions; expected a program that looks back only")
        self.program, self.place = program, 0
        self.machine = Machine({a.name: a.node for a in program if not isinstance(a.node, Input)})
        self.inputs = {a.name: a.node for a in program if isinstance(a.node, Input)}

    def step(self, value: Any) -> Any:
        """The output at the next position, in the user's form, for what is given there.

        Raises:
            PellucidError: the program does not take it.
        """
        row = row_of(self.program.inputs, value)
        here: Here = {name: row[node.column] if node.column else self.place for name, node in self.inputs.items()}
        here |= {name: from_form(here[name], node.of) for name, node in self.inputs.items() if node.of == "form"}
        self.machine.step(here)
        self.place += 1
        found = [here[name] for name in self.program.results]
        return found[0] if len(found) == 1 else found


class Machine:
    """Nodes that look back only, at one position after another.

    Args:
        nodes: by name, each reading earlier ones, the earlier values of any, or others that are given.
    """

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self.nodes = {name: _function(node) for name, node in nodes.items()}
        self.remembering = [step for step in self.nodes.values() if isinstance(step, _Delayed | _Attending)]

    def step(self, here: Here) -> None:
        """Add the values of the nodes to those of other variables at the next position."""
        for name, function in self.nodes.items():
            here[name] = function(here)
        for step in self.remembering:
            step.after(here)


def _function(node: Node) -> Function:
    match node:
        case Let(expression):
            return function_of(expression)
        case Delay():
            return _Delayed(node)
        case Aggregate():
            return _Attending(node)
        case Vote(labels):
            return lambda here: winner(labels, votes(node, here))
    raise ValueError(f"{node} is given")


class _Delayed:
    def __init__(self, node: Delay) -> None:
        self.node, self.default = node, function_of(node.default)
        self.past: deque[Value] = deque(maxlen=node.amount)

    def __call__(self, here: Mapping[str, Value]) -> Value:
        return self.past[0] if len(self.past) == self.node.amount else self.default(here)

    def after(self, here: Here) -> None:
        self.past.append(here[self.node.variable])


class _Attending:
    """Attention to earlier positions: a state per group where the row has a running form, else what may be picked."""

    def __init__(self, node: Aggregate) -> None:
        self.node, self.row, self.select, self.place = node, AGGREGATES[node.how], node.select, 0
        self.default = function_of(node.default)
        matching = Matching.of(node.select)
        self.of_query, self.of_key = (list(map(function_of, part)) for part in (matching.query, matching.key))
        self.equal = [(function_of(query), function_of(key)) for query, key in matching.equal]
        self.rest = None if matching.rest is None else function_of(matching.rest)
        self.runs = self.rest is None and self.select.window is None and self.row.running is not None
        self.states: dict[tuple, Any] = {}
        self.entries: dict[tuple, deque[tuple[int, Here, Value, Value]]] = {}

    def __call__(self, here: Mapping[str, Value]) -> Value:
        if self.select.reach == "upto":
            self._add(here)
        found = self._found(here)
        return found if found is not None else self.default(here) if self.row.reads else 0

    def after(self, here: Here) -> None:
        if self.select.reach == "before":
            self._add(here)
        self.place += 1

    def _add(self, here: Mapping[str, Value]) -> None:
        node, local = self.node, {local: here[name] for local, name in self.select.keys.items()}
        value = None if node.value is None else here[node.value]
        by = here[node.by] if node.by is not None and self.row.by == "key" else None
        masked = self.select.mask is not None and bool(here[self.select.mask]) == self.select.negated
        missing = (node.value is not None and value is None) or (by is None and self.row.by == "key")
        if masked or missing or not all(test(local) for test in self.of_key):
            return
        group = tuple(key(local) for _, key in self.equal)
        if self.row.running is not None and self.runs:
            self.states[group] = self.row.running(self.states.get(group), value, by)
        else:
            most = self.row.recent if self.rest is None else None
            self.entries.setdefault(group, deque(maxlen=most)).append((self.place, local, value, by))

    def _found(self, here: Mapping[str, Value]) -> Value:
        local = {local: here[name] for local, name in self.select.queries.items()}
        if not all(test(local) for test in self.of_query):
            return None
        group = tuple(query(local) for query, _ in self.equal)
        if any(value != value for value in group):
            return None
        if self.runs:
            state = self.states.get(group)
            return state if state is None or self.row.result is None else self.row.result(state)
        entries = self.entries.get(group, deque())
        while entries and self.select.window is not None and entries[0][0] <= self.place - self.select.window:
            entries.popleft()
        kept = [entry for entry in entries if self._matches(local, entry)]
        if not kept:
            return None
        places, _, values, keys = zip(*kept, strict=True)
        asked = here[self.node.by] if self.row.by == "query" and self.node.by is not None else None
        return self.row.meaning(Picked(values, keys if self.row.by == "key" else (), places, self.place, asked))

    def _matches(self, query: Here, entry: tuple[int, Here, Value, Value]) -> bool:
        place, key, _, _ = entry
        if self.rest is None or self.rest(query | key):
            return True
        return self.select.ties and place < self.place and query["q"] == key["k"]
