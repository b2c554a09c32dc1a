"""What a program did on one input: every variable, what each query picked, which rule fired, how the output came about.

All values come from `interpret.evaluate`, the meaning of the program; nothing is computed a second way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import PellucidError
from pellucid.program.inspect.demand import answer_rows, demand
from pellucid.program.inspect.fired import fired, matching, previous
from pellucid.program.inspect.reasons import Reason, fired_short, fired_text, reasons
from pellucid.program.inspect.words import expression
from pellucid.program.interpret import Env, evaluate, predict, values_of
from pellucid.program.ir import Aggregate, Embed, Program, Rules, Scan, Select, Selection, stretched
from pellucid.program.predicates import Match, Value

if TYPE_CHECKING:
    from pellucid.program.text.trace import TextTrace


@dataclass(frozen=True)
class Place:
    """A column of a trace: `position` 1 is the user's first token, 0 the begin marker, n + 1 the end marker."""

    position: int
    token: Value
    row: int


@dataclass(frozen=True)
class Variable:
    """A variable's values at each place; of a pooled readout: the one label, at no place.

    fired: for nodes with cases, the one that applied at each place, in words; short: the same in a few characters;
    cases: what they are called; before: the state of a scan at the position before.
    """

    name: str
    expression: str
    values: tuple[Value, ...]
    fired: tuple[str, ...] | None = None
    short: tuple[str, ...] | None = None
    cases: str = "case"  # what the cases are called: rules of a decision list, or cases
    before: tuple[Value, ...] | None = None


@dataclass(frozen=True)
class Picks:
    """What a selector picked for each place that asked: positions as in `Place`.

    unmatched: places where no key matched, so that a `closest` selector fell back on the first position.
    rows: for a predicate with rows, what each place was looking for.
    """

    name: str
    kind: str  # closest or all
    used_by: tuple[str, ...]
    expression: str
    picked: tuple[tuple[int, ...], ...]
    unmatched: tuple[bool, ...]
    rows: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Trace:
    """One run of a program. `needed`: the (variable or selector, position) cells that a chosen position depends on."""

    sequence: tuple[Value, ...]
    output: Any
    places: tuple[Place, ...]
    variables: tuple[Variable, ...]
    picks: tuple[Picks, ...]
    reasons: tuple[Reason, ...]
    first: int  # position of row 0 of the program's arrays: 0 with markers, 1 without
    markers: Mapping[str, int]
    decided_by: str  # the output variable
    needed: frozenset[tuple[str, int]] | None = None

    def shown(self) -> tuple[Place, ...]:
        """The user's positions, and a marker where one of them picked it; those alone that are asked about."""
        own = {p.position for p in self.places if self.is_user(p.position)}
        if self.needed is not None:
            own &= {position for _, position in self.needed}
        met = {j for picks in self.picks for p, found in zip(self.places, picks.picked, strict=True)
               if p.position in own and self.wants(picks.name, p.position) for j in found}  # fmt: skip
        return tuple(p for p in self.places if p.position in own | met)

    def is_user(self, position: int) -> bool:
        """Whether one of the user's tokens stands there."""
        return 1 <= position <= len(self.sequence)

    def wants(self, name: str, position: int) -> bool:
        """Whether the cell belongs to what is asked about."""
        return self.needed is None or (name, position) in self.needed

    def __str__(self) -> str:
        from pellucid.program.inspect.trace_text import text

        return text(self)

    def to_json(self) -> dict[str, Any]:
        """One JSON object: the user's positions, and the markers' where one of them was picked."""
        from pellucid.program.inspect.trace_text import to_json

        return to_json(self)


def explain(program: Program, sequence: Sequence[Value], position: int | None = None) -> Trace | TextTrace:
    """The trace of a program on one input.

    Args:
        program: any valid program.
        sequence: the user's own tokens; of a program for texts a raw text, or a list of words.
        position: keep only what the output at this position (from 1) depends on: the values that were read on the way
            there and the keys that were picked.

    Raises:
        PellucidError: an unknown token, a too long or empty sequence, a position that is not in it.
    """
    if program.vocab.text is not None:
        from pellucid.program.text.trace import explain_text

        return explain_text(program, sequence, position)
    sequence = tuple(sequence)
    if position is not None and not 1 <= position <= len(sequence):
        raise PellucidError(f"--position {position}: expected a number from 1 to {len(sequence)}, the input's length")
    (output,) = predict(program, [sequence])  # raises where the program would
    if program.unbounded:
        program = stretched(program, len(sequence))
    tokens = program.vocab.encode_inputs([sequence])
    env = evaluate(program, tokens)
    needed = None
    if position is not None:
        needed = _cells(program, tokens, env, position)
    places = _places(program, sequence)
    kept = [a for a in program if needed is None or any((a.name, p.position) in needed for p in places)]
    names = [a.name for a in kept if not isinstance(program.types[a.name], Selection)]
    selectors = [a.name for a in kept if isinstance(program.types[a.name], Selection)]
    return Trace(
        sequence,
        output,
        places,
        tuple(_variable(program, name, tokens, env, places) for name in names),
        tuple(_picks(program, name, tokens, env, places) for name in selectors),
        reasons(program, tokens, env, [p.row for p in places if _asked(p, sequence, position)]),
        1 - program.markers,
        _markers(program, sequence),
        program.output,
        needed,
    )


def _asked(place: Place, sequence: tuple, position: int | None) -> bool:
    return place.position == position if position is not None else 1 <= place.position <= len(sequence)


def _markers(program: Program, sequence: tuple) -> dict[str, int]:
    if not program.markers:
        return {}
    end = program.vocab.end
    return {program.vocab.begin: 0} | ({} if end is None else {end: len(sequence) + 1})


def _places(program: Program, sequence: tuple[Value, ...]) -> tuple[Place, ...]:
    own = tuple(Place(i + 1, token, i + program.markers) for i, token in enumerate(sequence))
    if not program.markers:
        return own
    end = program.vocab.end
    after = () if end is None else (Place(len(sequence) + 1, end, len(sequence) + 1),)
    return (Place(0, program.vocab.begin, 0), *own, *after)


def _cells(program: Program, tokens: np.ndarray, env: Env, position: int) -> frozenset[tuple[str, int]]:
    first = 0 if program.markers else 1
    answers = answer_rows(program, tokens)
    if env[program.output].ndim == 2:
        answers = np.zeros_like(answers)
    answers[:, position - first] = True
    rows = demand(program, tokens, env, answers, picked_only=True)
    return frozenset((name, int(row) + first) for name, found in rows.items() for row in np.flatnonzero(found[0]))


def _variable(program: Program, name: str, tokens: np.ndarray, env: Env, places: tuple[Place, ...]) -> Variable:
    node, values = program[name], values_of(program, name)
    text = expression(program, node)
    if env[name].ndim == 1:
        return Variable(name, text, (values[int(env[name][0])],))
    rows = [p.row for p in places]
    found = tuple(values[c] for c in env[name][0, rows].tolist())
    number, before = fired(program, name, tokens, env), None
    if isinstance(node, Scan):
        before = tuple(values[c] for c in previous(program, name, env)[0, rows].tolist())
    if number is None:
        return Variable(name, text, found, before=before)
    numbers = number[0, rows].tolist()
    words, short = tuple(fired_text(node, n) for n in numbers), tuple(fired_short(node, n) for n in numbers)
    called = "rule" if isinstance(node.step if isinstance(node, Scan) else node, Rules) else "case"
    return Variable(name, text, found, words, None if isinstance(node, Embed) else short, called, before)


def _picks(program: Program, name: str, tokens: np.ndarray, env: Env, places: tuple[Place, ...]) -> Picks:
    node, picked = program[name], env[name]
    assert isinstance(node, Select)
    match = matching(program, name, tokens, env)[0]
    position = {p.row: p.position for p in places}
    keys = [match[p.row] if picked.ndim == 3 else np.arange(match.shape[1]) == picked[0, p.row] for p in places]
    rows = None
    if isinstance(node.predicate, Match):
        number = fired(program, name, tokens, env)
        assert number is not None
        rows = tuple(fired_text(node, int(number[0, p.row])) for p in places)
    return Picks(
        name,
        node.kind,
        tuple(a.name for a in program if isinstance(a.node, Aggregate) and a.node.selector == name),
        expression(program, node),
        tuple(tuple(position[j] for j in np.flatnonzero(k).tolist() if j in position) for k in keys),
        tuple(not match[p.row].any() for p in places),
        rows,
    )
