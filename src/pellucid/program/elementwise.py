"""Nodes that work position by position (`Embed`, `Lookup`, `Rules`, `Formula`), on arrays of codes of any shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from pellucid.program import formula
from pellucid.program.formula import Var
from pellucid.program.ir import (
    Embed,
    Formula,
    Integer,
    Lookup,
    Program,
    Rules,
    Selection,
    Test,
    Type,
    domain_of,
    order,
    reads,
)
from pellucid.program.predicates import COMPARISONS, ORDERS, Value

Env = dict[str, np.ndarray]
Types = Mapping[str, Type]
Local = Embed | Lookup | Rules | Formula
MAX_TABLE = 2_000_000  # cells of a table that is written out in full
HUGE = 2**60  # beyond every number that a variable can be compared by


def values_of(program: Program, name: str) -> Sequence[Value]:
    """The values behind a variable's codes."""
    return _values(program.types[name])


def _values(kind: Type) -> Sequence[Value]:
    assert not isinstance(kind, Selection)
    return kind.values


def numbers_of(kind: Type, codes: np.ndarray) -> np.ndarray:
    """The integers behind codes."""
    assert not isinstance(kind, Selection)
    if isinstance(kind, Integer):
        return codes.astype(np.int64) + kind.low
    return np.asarray(kind.values, np.int64)[codes]


def has(kind: Type, value: Value) -> bool:
    """Whether a value is one of the type's; quick for ranges, too."""
    return (not isinstance(kind, Integer) or isinstance(value, int)) and value in _values(kind)


def codes_in(kind: Type, values: Iterable[Value]) -> np.ndarray:
    """The codes that stand for values of a type, int64."""
    if isinstance(kind, Integer):
        return np.array([int(value) - kind.low for value in values], np.int64)
    place = {value: code for code, value in enumerate(_values(kind))}
    return np.array([place[value] for value in values], np.int64)


def recoded(kind: Type, codes: np.ndarray, wider: Type) -> np.ndarray:
    """Codes of one type as codes of another that has all its values."""
    if kind == wider:
        return codes
    if isinstance(kind, Integer) and isinstance(wider, Integer):
        return codes + (kind.low - wider.low)
    return codes_in(wider, _values(kind))[codes]


def comparable(left: Type, a: np.ndarray, right: Type, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays of codes as integers that compare as the values behind them do, wherever those have an order."""
    if isinstance(left, Integer) or isinstance(right, Integer):
        return _keys(left, a), _keys(right, b)
    union = order({*_values(left), *_values(right)})
    rank = {value: i for i, value in enumerate(union)}
    ranks = (np.array([rank[v] for v in _values(kind)], np.int64) for kind in (left, right))
    return next(ranks)[a], next(ranks)[b]


def _keys(kind: Type, codes: np.ndarray) -> np.ndarray:
    """Numbers for comparing with those of an `Integer`; text is equal to none of them."""
    if isinstance(kind, Integer):
        return numbers_of(kind, codes)
    keys = [2 * HUGE if isinstance(v, str) else min(max(v, -HUGE), HUGE) for v in _values(kind)]
    return np.array(keys, np.int64)[codes]


def local_function(node: Local, types: Types, kind: Type) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
    """The node as a function from codes of what it reads to codes of `kind`, which must hold all it can give."""
    match node:
        case Embed(variable, cases):
            table = _table((variable,), [((token,), cluster) for token, cluster in cases], cases[0][1], types, kind)
            return lambda env: table[env[variable]]
        case Lookup(variables, cases, default):
            if np.prod([float(len(_values(types[name]))) for name in variables]) > MAX_TABLE:
                return _sparse(node, types, kind)
            table = _table(variables, cases, default, types, kind)
            return lambda env: table[tuple(env[name] for name in variables)]
        case Rules():
            return lambda env: _rules(node, env, types, kind)
        case Formula(expression):
            assert isinstance(kind, Integer)
            names = reads(node)
            return lambda env: (
                formula.evaluate(expression, {name: numbers_of(types[name], env[name]) for name in names}) - kind.low
            )


def code_table(node: Lookup | Embed, program: Program) -> np.ndarray:
    """A lookup as an array from argument codes to output code."""
    if isinstance(node, Lookup):
        variables, cases, default = node.variables, node.cases, node.default
    else:
        variables, default = (node.variable,), node.cases[0][1]
        cases = tuple(((token,), cluster) for token, cluster in node.cases)
    return _table(variables, cases, default, program.types, domain_of({default, *(out for _, out in cases)}))


def _table(variables: Sequence[str], cases: Sequence, default: Value, types: Types, kind: Type) -> np.ndarray:
    domains = [_values(types[name]) for name in variables]
    places = [{value: i for i, value in enumerate(domain)} for domain in domains]
    outputs = codes_in(kind, [default, *(out for _, out in cases)])
    table = np.full([len(domain) for domain in domains], outputs[0], np.int32)
    for (key, _), code in zip(cases, outputs[1:], strict=True):
        if all(value in place for value, place in zip(key, places, strict=True)):
            table[tuple(place[value] for value, place in zip(key, places, strict=True))] = code
    return table


def _sparse(node: Lookup, types: Types, kind: Type) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
    """A lookup over many combinations: the listed ones are told apart variable by variable, all others are one."""
    domains = [_values(types[name]) for name in node.variables]
    kinds = [types[name] for name in node.variables]
    cases = [(key, out) for key, out in node.cases if all(map(has, kinds, key))]
    outputs = codes_in(kind, [node.default, *(out for _, out in cases)])
    listed = [codes_in(kind, [key[i] for key, _ in cases]) for i, kind in enumerate(kinds)]

    def run(env: Mapping[str, np.ndarray]) -> np.ndarray:
        if not cases:
            return np.full(np.shape(env[node.variables[0]]), outputs[0])
        state, known = np.int64(0), np.zeros(len(cases), np.int64)
        for name, domain, column in zip(node.variables, domains, listed, strict=True):
            steps, known = np.unique(known * len(domain) + column, return_inverse=True)
            asked = np.where(state < 0, -1, state * len(domain) + env[name])
            place = np.minimum(np.searchsorted(steps, asked), len(steps) - 1)
            state = np.where(steps[place] == asked, place, -1)
        final = np.empty(len(cases), np.int64)
        final[known] = outputs[1:]
        return np.where(state < 0, outputs[0], final[state])

    return run


def _rules(node: Rules, env: Mapping[str, np.ndarray], types: Types, kind: Type) -> np.ndarray:
    result = _outcome(node.default, env, types, kind)
    for rule in reversed(node.rules):
        holds = np.bool_(True)
        for test in rule.tests:
            holds = holds & test_truth(test, env, types)
        result = np.where(holds, _outcome(rule.outcome, env, types, kind), result)
    return result


def _outcome(outcome: Value | Var, env: Mapping[str, np.ndarray], types: Types, kind: Type) -> np.ndarray:
    if isinstance(outcome, Var):
        return recoded(types[outcome.name], env[outcome.name], kind)
    return codes_in(kind, [outcome])[0]


def test_truth(test: Test, env: Mapping[str, np.ndarray], types: Types) -> np.ndarray:
    """Where a test of a rule holds."""
    kind, codes = types[test.variable], env[test.variable]
    if test.against is not None:
        left, right = comparable(kind, codes, types[test.against], env[test.against])
        return COMPARISONS[test.op](left, right)
    if isinstance(kind, Integer):
        return _number_truth(test, kind, codes)
    return value_truth(test, _values(kind))[codes]


def value_truth(test: Test, values: Sequence[Value]) -> np.ndarray:
    """For which of the values a test without another variable holds."""
    if test.op in ("in", "not in"):
        return np.array([(v in test.values) == (test.op == "in") for v in values], bool)
    wanted = test.values[0]
    if test.op not in ORDERS:
        return np.array([(v == wanted) == (test.op == "==") for v in values], bool)
    compare, text = COMPARISONS[test.op], isinstance(wanted, str)
    return np.array([isinstance(v, str) == text and compare(v, wanted) for v in values], bool)


def _number_truth(test: Test, kind: Integer, codes: np.ndarray) -> np.ndarray:
    numbers = numbers_of(kind, codes)
    if test.op in ORDERS:
        return COMPARISONS[test.op](numbers, min(max(int(test.values[0]), -HUGE), HUGE))
    wanted = [v for v in test.values if isinstance(v, int) and abs(v) < HUGE]
    return np.isin(numbers, np.array(wanted, np.int64)) == (test.op in ("==", "in"))
