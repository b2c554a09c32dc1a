"""Numeric programs: a short list of named assignments over number sequences, and what makes one well formed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from pellucid.program.numeric.expression import check, check_number
from pellucid.program.numeric.nodes import Column, Formula, Lookup, Node, Position, Route, Running, delayed, reads


@dataclass(frozen=True)
class Assign:
    """`name = node`."""

    name: str
    node: Node


class NumericProgramError(ValueError):
    """A program that is not well formed: says which assignment and why."""


@dataclass(frozen=True)
class NumericProgram:
    """Assignments in order, each reading earlier ones, or earlier steps of any.

    Args:
        inputs, outputs: the user's column names.
        assignments: the variables.
        results: the variable of each output column.
        whole_inputs: whether inputs must be whole numbers; else they are floats.
        last: whether the output is the one at the last step alone.

    Raises:
        NumericProgramError: when it is not well formed.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    assignments: tuple[Assign, ...]
    results: tuple[str, ...]
    whole_inputs: bool
    last: bool = False

    def __post_init__(self) -> None:
        self._check_columns()
        for a in self.assignments:
            try:
                if not a.name.isidentifier():
                    raise ValueError("a name must be an identifier")
                _check_node(a.node, self)
            except ValueError as error:
                raise NumericProgramError(f"{a.name}: {error}") from None
        self._check_reads()

    def _check_columns(self) -> None:
        for what, names in (("input", self.inputs), ("output", self.outputs)):
            if not names or len(set(names)) != len(names):
                raise NumericProgramError(f"expected one or more {what} columns of different names")
        if len(self.results) != len(self.outputs):
            raise NumericProgramError(f"{len(self.results)} results for {len(self.outputs)} output columns")

    def _check_reads(self) -> None:
        known = {a.name for a in self.assignments}
        seen: set[str] = set()
        for a in self.assignments:
            if a.name in seen:
                raise NumericProgramError(f"{a.name}: defined twice")
            for name in reads(a.node):
                if name not in known:
                    raise NumericProgramError(f"{a.name}: reads {name}, which is not defined")
                if name not in seen and not delayed(a.node):
                    raise NumericProgramError(f"{a.name}: reads {name}, which is not defined before it")
            seen.add(a.name)
        for name in self.results:
            if name not in known:
                raise NumericProgramError(f"result {name!r} is no variable of the program")

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """Node of every variable, in order."""
        return {a.name: a.node for a in self.assignments}

    def __getitem__(self, name: str) -> Node:
        return self.nodes[name]

    def __iter__(self) -> Iterator[Assign]:
        return iter(self.assignments)


def _check_node(node: Node, program: NumericProgram) -> None:
    match node:
        case Column(name):
            if name not in program.inputs:
                raise ValueError(f"no input column {name!r}; there are {', '.join(program.inputs)}")
        case Position(start):
            _check_whole("start", start, -(2**31))
        case Formula(expression):
            check(expression)
        case Lookup():
            _check_lookup(node)
        case Route():
            _check_route(node)
        case Running():
            _check_running(node)


def _check_whole(what: str, value: object, least: int, most: int = 2**31) -> None:
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{what}: expected a whole number from {least} to {most}, got {value!r:.60}")


def _check_lookup(node: Lookup) -> None:
    if not node.variables:
        raise ValueError("a table of no variables")
    for values, outcome in node.cases:
        if len(values) != len(node.variables):
            raise ValueError(f"a case of {len(values)} values for {len(node.variables)} variables")
        for value in (*values, outcome):
            check_number(value)
    check_number(node.default)
    if len({values for values, _ in node.cases}) != len(node.cases):
        raise ValueError("two cases for the same values")


def _check_route(node: Route) -> None:
    if not isinstance(node.variable, str):
        raise ValueError("reads no variable")
    check_number(node.default)
    match node.rule:
        case "offset":
            _check_whole("amount", node.amount, 1)
        case "first":
            _check_whole("amount", node.amount, 0, 0)
        case "last where":
            _check_whole("amount", node.amount, 0, 1)
        case "argmax" | "argmin":
            _check_whole("amount", node.amount, 0, 0)
            if node.window is not None:
                _check_whole("window", node.window, 1)
        case _:
            raise ValueError(f"unknown rule {node.rule!r:.60}; known: offset, first, last where, argmax, argmin")
    if (node.where is None) == (node.rule in ("last where", "argmax", "argmin")):
        raise ValueError(f"{node.rule}: {'needs' if node.where is None else 'takes no'} where")
    if node.window is not None and node.rule not in ("argmax", "argmin"):
        raise ValueError(f"{node.rule}: takes no window")


def _check_running(node: Running) -> None:
    if node.how not in ("sum", "count", "mean", "min", "max", "mode"):
        raise ValueError(f"unknown aggregate {node.how!r:.60}; known: sum, count, mean, min, max, mode")
    if node.variable is None and node.how != "count":
        raise ValueError(f"{node.how} of no variable")
    if node.window is not None:
        _check_whole("window", node.window, 1)
    check_number(node.default)
