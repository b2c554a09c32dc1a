"""Expressions on whole arrays: kernels where the values are numbers, else each different row of values once.

What the reference says of one position is asked for every combination of values that occurs, and kept; only numbers
that are not listed go through the array kernels of the operators, or one by one where those cannot hold a result.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce

import numpy as np

from pellucid.language.expressions import Apply, Cases, Const, Expression, Table, Var, names_in
from pellucid.language.inference import type_of
from pellucid.language.operators import OPERATORS, apply
from pellucid.language.types import Type, Value
from pellucid.semantics.cells import Cells, Kind, cells_of, kind_of, merged
from pellucid.semantics.reference import function_of

Env = Mapping[str, Cells]
Function = Callable[[Env], Cells]
MOST_ROWS = 2**18  # combinations of values that get a place in a table


def compiled(expression: Expression, types: Mapping[str, Type]) -> Function:
    """The expression as a function of the cells of its variables; one cell alone comes from a constant.

    Args:
        expression: over variables of these types.
        types: by name; the cells that the function is given are of them.
    """
    kind = kind_of(type_of(expression, types))
    names = list(dict.fromkeys(names_in(expression)))
    if isinstance(expression, Var):
        return lambda env: env[expression.name]
    if not names:
        constant = cells_of([function_of(expression)({})], kind)
        return lambda env: constant
    if any(kind_of(types[name]).values for name in names):
        listed = {name: _listed(types[name]) for name in names}
        domains = {name: values for name, values in listed.items() if values is not None}
        if len(domains) == len(names) and math.prod(map(len, domains.values())) <= MOST_ROWS:
            return _Listed(expression, domains, kind)
    return _by_parts(expression, types, kind)


def _listed(t: Type) -> Sequence[Value] | None:
    return kind_of(t).values or t.values


def _by_parts(expression: Expression, types: Mapping[str, Type], kind: Kind) -> Function:
    match expression:
        case Apply(name, args):
            parts = [compiled(arg, types) for arg in args]
            return lambda env: applied(name, [part(env) for part in parts], kind)
        case Table(args):
            return Looked(expression, [compiled(arg, types) for arg in args], kind)
        case Cases(rules, default):
            pairs = [(compiled(test, types), compiled(outcome, types)) for test, outcome in rules]
            return _Decided(pairs, compiled(default, types), kind)
        case Var() | Const():
            raise AssertionError("no parts")


class _Listed:
    """An expression over few combinations of listed values: the reference's outcome for each that has occurred."""

    def __init__(self, expression: Expression, domains: Mapping[str, Sequence[Value]], kind: Kind) -> None:
        self.function, self.domains, self.kind = function_of(expression), domains, kind
        self.index = np.full(math.prod(map(len, domains.values())), -1, np.int32)
        self.outcomes: list[Value] = []
        self.cells = Cells(np.zeros(0, np.int64), kind)

    def __call__(self, env: Env) -> Cells:
        row: np.ndarray = np.zeros(1, np.int64)
        for name, domain in self.domains.items():
            row = row * len(domain) + _codes_in(env[name], domain)
        found = self.index[row]
        if found.size and found.min() < 0:
            there = np.zeros(len(self.index), bool)
            there[row] = True
            self._ask(np.flatnonzero(there & (self.index < 0)))
            found = self.index[row]
        return self.cells.take(found)

    def _ask(self, rows: np.ndarray) -> None:
        places = np.unravel_index(rows, [len(domain) for domain in self.domains.values()])
        for row in zip(*(place.tolist() for place in places), strict=True):
            here = {name: domain[i] for (name, domain), i in zip(self.domains.items(), row, strict=True)}
            self.outcomes.append(self.function(here))
        self.index[rows] = np.arange(len(self.outcomes) - len(rows), len(self.outcomes))
        self.cells = cells_of(self.outcomes, self.kind)


def _codes_in(cells: Cells, domain: Sequence[Value]) -> np.ndarray:
    """Codes in a domain that holds the values, which is their own if they have one."""
    if cells.kind.values is not None or not len(domain):
        return cells.data
    first, last = domain[0], domain[-1]
    if isinstance(first, int) and isinstance(last, int) and last - first == len(domain) - 1:
        return cells.data - first
    return np.searchsorted(np.array(domain, np.int64), cells.data)


def applied(name: str, args: Sequence[Cells], kind: Kind) -> Cells:
    """An operator on cells."""
    row = OPERATORS[name]
    if row.batch is not None and all(arg.are_numbers for arg in args):
        with np.errstate(all="ignore"):
            found = _kernel(row.batch, [arg.data for arg in args], row.folds)
        if found is not None:
            return Cells(found).as_kind(kind)
    lists = [arg.spread(_common(args)).tolist() for arg in args]
    with np.errstate(all="ignore"):
        return cells_of([apply(name, values) for values in zip(*lists, strict=True)], kind)


def _common(args: Sequence[Cells]) -> int:
    """Number of positions, where one cell alone stands for all."""
    return next((len(arg) for arg in args if len(arg) != 1), 1)


def _kernel(kernel: Callable, args: Sequence[np.ndarray], folds: bool) -> np.ndarray | None:
    if not folds:
        return kernel(*args)
    return reduce(lambda a, b: None if a is None else kernel(a, b), args[1:], args[0])


class Looked:
    """A table over values that are too many to be listed: told apart are those that its cases name."""

    def __init__(self, table: Table, args: Sequence[Function], kind: Kind) -> None:
        self.args, self.cases, self.default = args, table.outcomes, table.default
        self.named = [Kind(tuple(dict.fromkeys(key[i] for key, _ in table.cases)), False) for i in range(len(args))]
        self.kind = kind
        sizes = [len(named.code) + 1 for named in self.named]  # the last place is that of all other values
        self.index = np.zeros(sizes, np.int32) if math.prod(sizes) <= MOST_ROWS else None
        self.outcomes = cells_of([self.default, *self.cases.values()], kind)
        if self.index is not None:
            for number, key in enumerate(self.cases, 1):
                self.index[tuple(named.code[v] for named, v in zip(self.named, key, strict=True))] = number

    def __call__(self, env: Env) -> Cells:
        """The outcome at every position."""
        args = [arg(env) for arg in self.args]
        if self.index is not None:
            found = [arg.as_kind(named).data for arg, named in zip(args, self.named, strict=True)]
            return self.outcomes.take(self.index[tuple(found)])
        lists = [arg.spread(_common(args)).tolist() for arg in args]
        return cells_of([self.cases.get(key, self.default) for key in zip(*lists, strict=True)], self.kind)


class _Decided:
    """The outcome of the first rule whose test is true."""

    def __init__(self, rules: Sequence[tuple[Function, Function]], default: Function, kind: Kind) -> None:
        self.rules, self.default, self.kind = rules, default, kind

    def __call__(self, env: Env) -> Cells:
        found = self.default(env).as_kind(self.kind)
        for test, outcome in reversed(self.rules):
            found = merged(test(env).truth, outcome(env), found, self.kind)
        return found
