"""Decisions before a numeric program is written: what is named, what is written where it is used, how lags are kept."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from pellucid.program.numeric.expression import Apply, Expression, Number, Var
from pellucid.program.numeric.facts import Fact, facts
from pellucid.program.numeric.nodes import Formula, Lookup, Node, Route, Running, delayed
from pellucid.program.numeric.program import NumericProgram

CHAIN = 3  # lags up to here are plain variables; longer ones a deque, unless every lag is used
LONGEST_CHAIN = 6
LATE = math.inf  # the place of what is read at the end of a step, after the outputs
Kind = Literal["value", "condition", "repeat", "delay"]


@dataclass(frozen=True)
class Use:
    """Where a variable is read: the place of the reader, and how: `repeat` is as text that stands there twice."""

    place: float
    kind: Kind


@dataclass(frozen=True)
class Lags:
    """Earlier values of one variable with one default: lag to the variable that reads it."""

    variable: str
    default: Number
    routes: dict[int, str]
    in_place: bool = False

    @property
    def chain(self) -> bool:
        """Whether each lag is a variable of its own."""
        furthest = max(self.routes)
        return furthest <= CHAIN or (furthest == len(self.routes) and furthest <= LONGEST_CHAIN)


@dataclass
class Plan:
    """What is known about a program before writing; `forced` formulas are named although they are used once."""

    program: NumericProgram
    forced: set[str] = field(default_factory=set)

    @cached_property
    def facts(self) -> dict[str, Fact]:
        """What is known of each variable."""
        return facts(self.program)

    @cached_property
    def places(self) -> dict[str, int]:
        """Place of each variable's assignment."""
        return {a.name: i for i, a in enumerate(self.program)}

    @cached_property
    def uses(self) -> dict[str, list[Use]]:
        """All uses of every variable."""
        found: dict[str, list[Use]] = {a.name: [] for a in self.program}
        for place, a in enumerate(self.program):
            for name, kind in _kinds(a.node):
                late = isinstance(a.node, Route) and a.node.rule == "last where" and a.node.amount == 1
                found[name].append(Use(LATE if late else place, kind))
        for name in self.program.results:
            found[name].append(Use(len(self.places), "value"))
        return found

    def inlined(self, name: str) -> bool:
        """Whether the text of a variable stands where it is read; its own statement would be no clearer."""
        if name in self.forced or any(use.kind == "delay" for use in self.uses[name]):
            return False
        node = self.program[name]
        if isinstance(node, Formula) and not isinstance(node.expression, Apply):
            return True
        return len(self.uses[name]) == 1 and self.uses[name][0].kind != "repeat"

    def only_tested(self, name: str) -> bool:
        """Whether a variable is read as a condition and nothing else, so that it can be a `bool`."""
        return all(use.kind == "condition" for use in self.uses[name])

    def sites(self, name: str) -> Iterator[float]:
        """Places of the statements in which a variable's text ends up."""
        names = list(self.places)
        for use in self.uses[name]:
            if use.place >= len(names) or not self._passes_on(names[int(use.place)]):
                yield use.place
            else:
                yield from self.sites(names[int(use.place)])

    def _passes_on(self, name: str) -> bool:
        return isinstance(self.program[name], Formula | Lookup) and self.inlined(name)

    def changes_early(self, name: str) -> bool:
        """Whether a variable that changes at the end of a step might still be read there, or at later steps."""
        if any(use.kind == "delay" for use in self.uses[name]):
            return True
        late = [a for a in self.program if isinstance(a.node, Route) and a.node.rule == "last where" and a.node.amount]
        return len(late) > 1 and LATE in self.sites(name)

    @cached_property
    def lags(self) -> list[Lags]:
        """Earlier values that are read, in order of first use; two variables of the same lag count once."""
        groups: dict[tuple[str, Number], dict[int, str]] = {}
        for a in self.program:
            if isinstance(a.node, Route) and delayed(a.node) and self.uses[a.name]:
                groups.setdefault((a.node.variable, a.node.default), {}).setdefault(a.node.amount, a.name)
        return [
            Lags(variable, default, routes, self._in_place(variable, default))
            for (variable, default), routes in groups.items()
        ]

    def _in_place(self, variable: str, default: Number) -> bool:
        """Whether the variable itself still holds its previous value wherever that is read."""
        node, place = self.program[variable], self.places[variable]
        if isinstance(node, Running):
            counted = node.how == "sum" or (node.how == "count" and node.where is not None)
            if not counted or node.window is not None or default != 0:
                return False
        elif not isinstance(node, Formula | Lookup):
            return False
        readers = {
            a.name: a.node
            for a in self.program
            if isinstance(a.node, Route) and delayed(a.node) and a.node.variable == variable
        }
        plain = all(node.amount == 1 and node.default == default for node in readers.values())
        settled = not any(use.kind == "delay" for name in readers for use in self.uses[name])
        return plain and settled and all(site <= place for name in readers for site in self.sites(name))


def _kinds(node: Node) -> Iterator[tuple[str, Kind]]:
    match node:
        case Formula(expression):
            yield from _in_expression(expression, "value")
        case Lookup(variables):
            for name in variables:
                yield name, "value"
        case Route(variable, "offset"):
            yield variable, "delay"
        case Route(variable, rule, where=where, window=window):
            yield variable, "value"
            if where is not None:
                yield where, "condition" if rule == "last where" else "value" if window else "repeat"
        case Running(how, variable, window, where):
            if variable is not None and how != "count":
                yield variable, "repeat" if how == "mode" and window is None else "value"
            if where is not None:
                yield where, "condition"


def _in_expression(expression: Expression, kind: Kind) -> Iterator[tuple[str, Kind]]:
    match expression:
        case Var(name):
            yield name, kind
        case Apply("and" | "or" | "not", args):
            for arg in args:
                yield from _in_expression(arg, "condition")
        case Apply("where", (test, yes, no)):
            yield from _in_expression(test, "condition")
            for arg in (yes, no):
                yield from _in_expression(arg, kind)
        case Apply("sign" | "log", (arg,)):
            yield from _in_expression(arg, "repeat")
        case Apply("/" | "//" | "%", (left, right)):
            yield from _in_expression(left, "value")
            yield from _in_expression(right, "repeat")
        case Apply(_, args):
            for arg in args:
                yield from _in_expression(arg, "value")
