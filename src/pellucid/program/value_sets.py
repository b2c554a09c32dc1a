"""Value sets of variables that are computed position by position, and of scans: the image of the sets they read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pellucid.program import formula
from pellucid.program.elementwise import Types, codes_in, comparable, local_function, recoded, test_truth
from pellucid.program.formula import Var
from pellucid.program.ir import (
    PREVIOUS,
    Embed,
    Formula,
    Integer,
    Lookup,
    Program,
    Rule,
    Rules,
    Scan,
    Selection,
    Test,
    Type,
    reads,
)
from pellucid.program.predicates import COMPARISONS, Value

Sets = dict[str, np.ndarray | None]  # possible codes, bool [position, code]; None: too many to list
Here = Mapping[str, np.ndarray | None]  # the same at one position, bool [code]
MAX_SET = 2_000_000  # cells of a set
MAX_GRID = 1_000_000  # combinations of values at one position that are tried


def input_sets(program: Program, which: str) -> np.ndarray:
    """Sets of an input of the program."""
    vocab, width = program.vocab, program.width
    if which == "positions":
        return np.eye(width, dtype=bool)
    if which == "ones":
        return np.ones((width, 1), bool)
    if which == "length":
        # Where there is a token at a position, the input is at least as long; an end marker stands one further.
        first = np.arange(width) + (0 if program.markers else 1) - (program.markers and vocab.end is not None)
        return np.arange(1, vocab.max_length + 1) >= np.minimum(first, vocab.max_length)[:, None]
    sets = np.zeros((width, len(program.symbols)), bool)
    if not program.markers:
        sets[:] = True
        return sets
    sets[0, len(vocab.tokens)] = True
    sets[1 : vocab.max_length + 1, : len(vocab.tokens)] = True
    if vocab.end is not None:
        sets[2:, len(vocab.tokens) + 1] = True
    return sets


def local_sets(node: Embed | Lookup | Rules | Formula, sets: Sets, types: Types, kind: Type, width: int) -> np.ndarray:
    """Sets of a variable computed position by position."""
    image = image_function(node, types, kind)
    columns = {name: sets[name] for name in reads(node)}
    return np.stack([image({n: None if s is None else s[p] for n, s in columns.items()}) for p in range(width)])


def scan_sets(node: Scan, sets: Sets, program: Program, kind: Type) -> np.ndarray:
    """Sets of a state, from left to right: the image of the state before and of what the step reads."""
    image = image_function(node.step, {**program.types, PREVIOUS: kind}, kind)
    state = np.zeros(_size(kind), bool)
    state[codes_in(kind, [node.initial])] = True
    found = []
    for position in range(program.width):
        columns = {name: sets[name] for name in reads(node)}
        state = image({PREVIOUS: state, **{n: None if s is None else s[position] for n, s in columns.items()}})
        found.append(state)
    return np.stack(found)


def _size(kind: Type) -> int:
    assert not isinstance(kind, Selection)
    return len(kind.values)


def image_function(node: Embed | Lookup | Rules | Formula, types: Types, kind: Type) -> Callable[[Here], np.ndarray]:
    """The codes of `kind` that a node may give, as a function of the codes it may read at one position."""
    if isinstance(node, Formula):
        return lambda here: _formula_image(node, here, types, kind)
    names, run = reads(node), local_function(node, types, kind)

    def image(here: Here) -> np.ndarray:
        codes = _grid([here[name] for name in names])
        if codes is None:
            return _rules_image(node, here, types, kind) if isinstance(node, Rules) else np.ones(_size(kind), bool)
        found = np.zeros(_size(kind), bool)
        found[np.unique(run(dict(zip(names, codes, strict=True))))] = True
        return found

    return image


def _grid(columns: list[np.ndarray | None]) -> list[np.ndarray] | None:
    """Every combination of possible codes, an array each; None where they are too many."""
    codes = [np.flatnonzero(column) for column in columns if column is not None]
    if len(codes) < len(columns) or np.prod([len(c) for c in codes], dtype=float) > MAX_GRID:
        return None
    return [grid.ravel() for grid in np.meshgrid(*codes, indexing="ij")]


def ends(column: np.ndarray | None, kind: Type) -> tuple[int, int]:
    """Smallest and largest number that a set holds; (0, 0) for an empty one, which nothing ever reads."""
    assert not isinstance(kind, Selection)
    if column is None:
        assert isinstance(kind, Integer)
        return kind.low, kind.high
    numbers = [int(kind.values[c]) for c in np.flatnonzero(column)]
    return (min(numbers), max(numbers)) if numbers else (0, 0)


def between(low: int, high: int, kind: Type) -> np.ndarray:
    """The codes of the numbers from `low` to `high`."""
    assert isinstance(kind, Integer)
    code = np.arange(_size(kind))
    return (code >= low - kind.low) & (code <= high - kind.low)


def _formula_image(node: Formula, here: Here, types: Types, kind: Type) -> np.ndarray:
    ranges = {name: ends(here[name], types[name]) for name in formula.names_in(node.expression)}
    return between(*formula.bounds(node.expression, ranges), kind)


def _rules_image(node: Rules, here: Here, types: Types, kind: Type) -> np.ndarray:
    """Outcomes of the rules whose tests may hold, each test on its own, up to the first that is sure to."""
    found = np.zeros(_size(kind), bool)
    for rule in (*node.rules, Rule((), node.default)):
        held = [_may_hold(test, here, types) for test in rule.tests]
        if all(may for may, _ in held):
            found |= _outcomes(rule.outcome, here, types, kind)
            if all(sure for _, sure in held):
                break
    return found


def _may_hold(test: Test, here: Here, types: Types) -> tuple[bool, bool]:
    """Whether a test may hold, and whether it is sure to."""
    own, other = here[test.variable], None if test.against is None else here[test.against]
    if own is None or (test.against is not None and other is None):
        return True, False
    codes = np.flatnonzero(own)
    if test.against is None or other is None:
        truth = test_truth(test, {test.variable: codes}, types)
    else:
        others = np.flatnonzero(other)
        if len(codes) * len(others) > MAX_GRID:
            return True, False
        left, right = comparable(types[test.variable], codes, types[test.against], others)
        truth = COMPARISONS[test.op](left[:, None], right[None, :])
    return bool(truth.any()), bool(truth.all())


def _outcomes(outcome: Value | Var, here: Here, types: Types, kind: Type) -> np.ndarray:
    found = np.zeros(_size(kind), bool)
    if not isinstance(outcome, Var):
        found[codes_in(kind, [outcome])] = True
        return found
    column = here[outcome.name]
    if column is None:
        return ~found
    found[recoded(types[outcome.name], np.flatnonzero(column), kind)] = True
    return found
