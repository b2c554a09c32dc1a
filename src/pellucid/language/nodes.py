"""The five nodes of the language: what one variable can be, as data. Every node gives one value per position.

Beside them what goes into a program and comes out of it, by the user's own names.
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from pellucid.language.expressions import Atom, Const, Expression, Var, mapped, names_in
from pellucid.language.types import Plain, Type, Value
from pellucid.language.words import Reading

Of = Literal["value", "form", "position", "length"]
Reach = Literal["any", "upto", "before", "after", "from"]
QUERY, KEY = "q", "k"
LARGEST_WINDOW = FAR = 2**31
REACHES: dict[Reach, tuple[int, int]] = {  # how far from the query: the first and the last position
    "any": (-FAR, FAR), "upto": (-FAR, 0), "before": (-FAR, -1), "after": (1, FAR), "from": (0, FAR),
}  # fmt: skip
ZERO, NOTHING = Const(0), Const(None)


@dataclass(frozen=True)
class Input:
    """What the program is given at each position.

    Args:
        column: of the user's columns; empty for the position and the length.
        of: its `value` (of a text: the word as the program knows it), or the `form` of a word (`language.words`);
            the `position`, counted from 0; the `length` of the sequence.
    """

    column: str
    of: Of = "value"


@dataclass(frozen=True)
class Let:
    """An expression over variables at the same position."""

    expression: Expression


@dataclass(frozen=True)
class Delay:
    """The variable `amount` positions back (negative: ahead), `default` where there is none.

    By one or more positions back it may read any variable, later ones and its own readers too: that is state.
    """

    variable: str
    amount: int = 1
    default: Atom = ZERO


@dataclass(frozen=True)
class Select:
    """Which positions (keys) are looked at from each position (query): attention.

    Args:
        match: an expression over `q` and `k`, the value of `query` at the query and of `key` at the key (of several:
            `q`, `q2`, `q3`, ...); None: every key matches.
        query, key: the variables compared.
        reach: which positions, seen from the query's own: `any`, those `upto` and including it, `before` it, `after`
            it, or `from` it on.
        window: at most this many positions to either side: a key at distance `window` or more is not looked at.
        mask: a variable; only keys where it is true (`negated`: not true) are looked at.
        ties: a key that equals the query matches too, if it stands earlier: it makes `<` and `>` stable.
    """

    match: Expression | None = None
    query: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    reach: Reach = "any"
    window: int | None = None
    mask: str | None = None
    negated: bool = False
    ties: bool = False

    @functools.cached_property
    def queries(self) -> dict[str, str]:
        """The variables at the query by what the match calls them: `q`, `q2`, ..."""
        return dict(zip(query_names(len(self.query)), self.query, strict=True))

    @functools.cached_property
    def keys(self) -> dict[str, str]:
        """The variables at the key, likewise: `k`, `k2`, ..."""
        return dict(zip(key_names(len(self.key)), self.key, strict=True))

    @functools.cached_property
    def local(self) -> dict[str, str]:
        """Both."""
        return self.queries | self.keys

    @property
    def offsets(self) -> tuple[int, int]:
        """How far from the query's own position the first and the last one are that it looks at."""
        first, last = REACHES[self.reach]
        near = FAR if self.window is None else self.window - 1
        return max(first, -near), min(last, near)

    @property
    def reaches_itself(self) -> bool:
        """Whether the query's own position is one that it looks at."""
        return REACHES[self.reach][0] <= 0 <= REACHES[self.reach][1]


@dataclass(frozen=True)
class Aggregate:
    """What is made of the positions that a selection picks.

    Args:
        select: the selection.
        how: a row of `aggregates.AGGREGATES`.
        value: the variable aggregated; None where positions are counted.
        default: the result where nothing is picked; a variable is read at the query. Not for counting.
        by: the variable that orders (`argmax`, `argmin`: at the keys; `ranked`: k, at the query).
    """

    select: Select
    how: str
    value: str | None = None
    default: Atom = NOTHING
    by: str | None = None


@dataclass(frozen=True)
class Evidence:
    """Weights of the labels that one variable contributes: a row per value; values not listed contribute `default`."""

    variable: str
    rows: tuple[tuple[Plain, tuple[int, ...]], ...]
    default: tuple[int, ...]

    @functools.cached_property
    def weights(self) -> dict[Value, tuple[int, ...]]:
        """The weights for each value that is listed."""
        return dict(self.rows)


@dataclass(frozen=True)
class Vote:
    """Integer evidence added up; the label with the largest sum wins, the first of `labels` at a tie.

    Args:
        labels: in the order that decides ties.
        bias: a weight per label.
        evidence: weights by value.
        scaled: weights that are multiplied with the value of a whole-number variable; nothing counts as 0.
        pooled: the evidence of all positions is added up, the bias of each too; pooled over none it is the bias once.
    """

    labels: tuple[Plain, ...]
    bias: tuple[int, ...]
    evidence: tuple[Evidence, ...] = ()
    scaled: tuple[tuple[str, tuple[int, ...]], ...] = ()
    pooled: bool = False


Node = Input | Let | Delay | Aggregate | Vote


# ---------------------------------------------------------------- a program's columns, and a line of it

When = Literal["every", "last", "sequence"]


class ProgramError(ValueError):
    """A program that is not well formed: says which assignment and why."""


@dataclass(frozen=True)
class Assign:
    """`name = node`."""

    name: str
    node: Node


@dataclass(frozen=True)
class Column:
    """A column of the user's.

    Args:
        name: as the user calls it.
        type: what may stand in it; a symbol's domain is closed.
        unknown: what a value that the type does not hold becomes, one of the type's; None: it is refused.
        words: of a column of words, how a raw text is split, and what an unknown word becomes: the class of its form
            (`<Xxx-ing>`, else `<Xxx>`) where the type has it, else `unknown`.
    """

    name: str
    type: Type
    unknown: Plain | None = None
    words: Reading | None = None


@dataclass(frozen=True)
class Output:
    """What comes out: the user's name of it, the variable that it is, and its labels, where it is one of those."""

    name: str
    variable: str
    labels: tuple[Plain, ...] | None = None


# ---------------------------------------------------------------- what nodes read

T = TypeVar("T", bound=Hashable)
N = TypeVar("N", bound=Input | Let | Delay | Aggregate | Vote | Select | Evidence)


def query_names(count: int) -> tuple[str, ...]:
    """What a selection's match calls the values at the query: `q`, `q2`, ..."""
    return tuple(QUERY + (str(i) if i > 1 else "") for i in range(1, count + 1))


def key_names(count: int) -> tuple[str, ...]:
    """What a selection's match calls the values at the key: `k`, `k2`, ..."""
    return tuple(KEY + (str(i) if i > 1 else "") for i in range(1, count + 1))


def reads(node: Node) -> tuple[str, ...]:
    """Names of the variables a node reads, in order, without repeats."""
    return tuple(dict.fromkeys(_reads(node)))


def _reads(node: Node | Select | Evidence) -> Iterator[str]:
    for name in _fields(type(node))["names"]:
        value = getattr(node, name)
        yield from () if value is None else (value,) if isinstance(value, str) else value
    for name in _fields(type(node))["expressions"]:
        yield from names_in(getattr(node, name))
    for name in _fields(type(node))["parts"]:
        value = getattr(node, name)
        for part in value if isinstance(value, tuple) else (value,):
            yield from _reads(part)
    if isinstance(node, Vote):
        yield from (name for name, _ in node.scaled)


def looks_ahead(node: Node) -> bool:
    """Whether a node hangs on later positions than its own."""
    match node:
        case Input(of="length") | Vote(pooled=True):
            return True
        case Delay(_, amount):
            return amount < 0
        case Aggregate(select):
            return REACHES[select.reach][1] > 0
    return False


def renamed(node: Node, names: Mapping[str, str]) -> Node:
    """The node reading other variables: each name replaced where the mapping has it."""

    def new(name: str) -> str:
        return names.get(name, name)

    return _renamed(node, new)


def _renamed(node: N, new: Callable[[str], str]) -> N:
    changes: dict[str, object] = {}
    for name in _fields(type(node))["names"]:
        value = getattr(node, name)
        changes[name] = None if value is None else new(value) if isinstance(value, str) else tuple(map(new, value))
    for name in _fields(type(node))["expressions"]:
        changes[name] = mapped(getattr(node, name), lambda e: Var(new(e.name)) if isinstance(e, Var) else e)
    for name in _fields(type(node))["parts"]:
        value = getattr(node, name)
        parts = tuple(_renamed(part, new) for part in value) if isinstance(value, tuple) else _renamed(value, new)
        changes[name] = parts
    if isinstance(node, Vote):
        changes["scaled"] = tuple((new(name), weights) for name, weights in node.scaled)
    return replace(node, **changes) if changes else node


NAMES = {"variable", "mask", "value", "by", "query", "key"}  # fields that hold names of variables
LOCAL = {"match"}  # expressions over something else than variables of the program


@functools.cache
def _fields(cls: type) -> dict[str, tuple[str, ...]]:
    """Fields of a class that hold names, expressions, and parts which read variables themselves."""
    hints = typing.get_type_hints(cls)
    names = [f.name for f in dataclasses.fields(cls)]
    return {
        "names": tuple(n for n in names if n in NAMES and cls is not Input),
        "expressions": tuple(n for n in names if n not in LOCAL and hints[n] in (Expression, Atom)),
        "parts": tuple(n for n in names if hints[n] in (Select, tuple[Evidence, ...])),
    }


Groups = tuple[tuple[tuple[str, ...], bool], ...]


def components(nodes: Mapping[str, Node]) -> Groups:
    """(variables in program order, whether a cycle goes through them), each group after those it reads.

    The strongly connected components of what reads what (Tarjan 1972), without recursion.
    """
    needs = {name: [n for n in reads(node) if n in nodes] for name, node in nodes.items()}
    order = {name: i for i, name in enumerate(needs)}
    groups: list[list[str]] = []
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    work = [(name, False) for name in reversed(needs)]  # and whether what it reads was visited
    while work:
        name, done = work.pop()
        if done:
            low[name] = min(low[n] for n in (name, *needs[name]) if n in low)
            if low[name] == number[name]:
                group = [stack.pop()]
                while group[-1] != name:
                    group.append(stack.pop())
                for member in group:
                    del low[member]
                groups.append(sorted(group, key=order.__getitem__))
        elif name not in number:
            number[name] = low[name] = len(number)
            stack.append(name)
            work += [(name, True), *((n, False) for n in reversed(needs[name]))]
    return tuple((tuple(group), len(group) > 1 or group[0] in needs[group[0]]) for group in groups)


def needed(nodes: Mapping[str, Node], names: Iterable[str]) -> set[str]:
    """The variables that these depend on, these included."""
    return reached(names, lambda name: reads(nodes[name]))


def reached(starts: Iterable[T], following: Callable[[T], Iterable[T]]) -> set[T]:
    """What these lead to, step by step, these included."""
    found: set[T] = set()
    pending = list(starts)
    while pending:
        item = pending.pop()
        if item not in found:
            found.add(item)
            pending += following(item)
    return found
