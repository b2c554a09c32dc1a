"""Programs that share parts: every distinct node once, so that a change costs only what depends on it.

A `Graph` numbers nodes; equal nodes over equal variables are one (hash-consing). A program is the number of its output.
`Runs` holds the codes of variables on some sequences, by number, computed when first asked for.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from pellucid.program.attention import aggregated, selected
from pellucid.program.elementwise import codes_in, local_function, numbers_of
from pellucid.program.interpret import evidence_table, own_tokens
from pellucid.program.ir import (
    PREVIOUS,
    Aggregate,
    Assign,
    Input,
    Node,
    Program,
    Readout,
    Scan,
    Select,
    Selection,
    Type,
    reads,
    renamed,
)
from pellucid.program.predicates import Value
from pellucid.program.typecheck import Room, type_of

KEPT = 3000  # arrays of variables kept by `Runs`
CELLS = 1_000_000  # query x key cells computed at once


class Graph:
    """Nodes by number, each reading variables `n0`, `n1`, ... of the same graph with smaller numbers."""

    def __init__(self, like: Program) -> None:
        self.like = like
        self.nodes: list[Node] = []
        self.types: dict[str, Type] = {}
        self._numbers: dict[Node, int] = {}
        self._refused: dict[Node, str] = {}
        self._room = Room(like.symbols, like.width, like.vocab.max_length)
        self.tokens = self.add(Input("tokens"))

    def add(self, node: Node) -> int:
        """Number of a node that reads variables of the graph.

        Raises:
            ValueError: the node cannot read what it reads.
        """
        number = self._numbers.get(node)
        if number is not None:
            return number
        if node in self._refused:
            raise ValueError(self._refused[node])
        try:
            kind = type_of(node, self.types, self._room)
        except (TypeError, ValueError) as error:
            self._refused[node] = str(error)
            raise ValueError(str(error)) from None
        number = len(self.nodes)
        self._numbers[node] = number
        self.nodes.append(node)
        self.types[name(number)] = kind
        if isinstance(node, Select):
            self._room.selects[name(number)] = node
        return number

    def add_program(self, program: Program) -> dict[str, int]:
        """Add every variable of a program; numbers by its names."""
        numbers: dict[str, int] = {}
        for a in program:
            numbers[a.name] = self.add(renamed(a.node, {v: name(numbers[v]) for v in reads(a.node)}))
        return numbers

    def parts(self, outputs: Iterable[int]) -> list[int]:
        """Numbers of everything these variables depend on, themselves included, in order."""
        needed: set[int] = set()
        waiting = list(outputs)
        while waiting:
            number = waiting.pop()
            if number not in needed:
                needed.add(number)
                waiting += self.reads(number)
        return sorted(needed)

    def reads(self, number: int) -> list[int]:
        """Numbers of what a node reads."""
        return [number_of(v) for v in reads(self.nodes[number])]

    def program(self, output: int) -> Program:
        """The program with this output."""
        parts = self.parts([self.tokens, output])
        assigns = tuple(Assign(name(i), self.nodes[i]) for i in parts)
        return replace(self.like, assignments=assigns, output=name(output))

    def kind(self, number: int) -> Type:
        """Type of a variable."""
        return self.types[name(number)]

    def changed(self, output: int, change: Mapping[int, int]) -> int:
        """The program with some variables replaced by others, everything that reads them following.

        Raises:
            ValueError: a reader cannot read what it is given.
        """
        new: dict[int, int] = {}
        for i in self.parts([output]):
            if i in change:
                new[i] = change[i]
                continue
            names = {name(v): name(new[v]) for v in self.reads(i) if new[v] != v}
            new[i] = self.add(renamed(self.nodes[i], names)) if names else i
        return new[output]


def name(number: int) -> str:
    """Name of a variable of a graph."""
    return f"n{number}"


def number_of(variable: str) -> int:
    """Number of a variable of a graph."""
    return int(variable[1:])


def values(kind: Type) -> Sequence[Value]:
    """The values behind the codes of a type."""
    assert not isinstance(kind, Selection)
    return kind.values


class Runs:
    """Codes of a graph's variables on some sequences.

    Args:
        tokens: int [sequences, columns] as from `Vocab.encode_inputs`.
    """

    def __init__(self, graph: Graph, tokens: np.ndarray) -> None:
        self.graph = graph
        self.tokens = own_tokens(graph.like, tokens)
        self.valid = self.tokens >= 0
        symbols = len(graph.like.vocab.tokens)
        self.user = self.valid & (self.tokens < symbols)
        self._known: OrderedDict[int, np.ndarray] = OrderedDict()

    def codes(self, number: int) -> np.ndarray:
        """int [sequences, width], or [sequences] for a pooled readout; of a variable or a `closest` selection."""
        found = self._known.get(number)
        if found is None:
            for part in self.graph.parts([number]):
                if part not in self._known and not self._dense(part):
                    self._known[part] = self._compute(part)
            found = self._known[number]
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(number)
        return found

    def _dense(self, number: int) -> bool:
        return self.graph.kind(number) == Selection("all")

    def _compute(self, number: int) -> np.ndarray:
        node, types, kind = self.graph.nodes[number], self.graph.types, self.graph.kind(number)
        env = {v: self.codes(number_of(v)) for v in reads(node) if not self._dense(number_of(v))}
        match node:
            case Input():
                found = self._input(node.which)
            case Select():
                found = np.concatenate([self._picked(node, env, part) for part in self._slices()])
            case Aggregate():
                found = self._aggregate(node, env, kind)
            case Scan():
                found = self._scan(node, env, kind)
            case Readout():
                found = self._decided(node, env)
            case _:
                found = np.broadcast_to(local_function(node, types, kind)(env), self.tokens.shape)
        return found.astype(np.int16 if np.max(found, initial=0) < 32000 else np.int64)

    def _input(self, which: str) -> np.ndarray:
        match which:
            case "tokens":
                return np.maximum(self.tokens, 0)
            case "positions":
                return np.broadcast_to(np.arange(self.tokens.shape[1]), self.tokens.shape)
            case "length":
                return np.broadcast_to(self.user.sum(1, keepdims=True) - 1, self.tokens.shape)
        return np.zeros_like(self.tokens)

    def _scan(self, node: Scan, env: dict[str, np.ndarray], kind: Type) -> np.ndarray:
        step = local_function(node.step, {**self.graph.types, PREVIOUS: kind}, kind)
        state, states = np.full(len(self.tokens), codes_in(kind, [node.initial])[0]), []
        for position in range(self.tokens.shape[1]):
            here = {v: codes[:, position] for v, codes in env.items()}
            state = np.broadcast_to(step({**here, PREVIOUS: state}), state.shape)
            states.append(state)
        return np.stack(states, 1)

    def _decided(self, node: Readout, env: dict[str, np.ndarray]) -> np.ndarray:
        total = np.broadcast_to(np.array(node.bias, np.int64), (*self.tokens.shape, len(node.bias))).copy()
        for i, evidence in enumerate(node.evidence):
            total += evidence_table(node, i, values(self.graph.types[evidence.variable]))[env[evidence.variable]]
        for v, weights in node.scaled:
            total += numbers_of(self.graph.types[v], env[v])[..., None] * np.array(weights, np.int64)
        return (total * self.user[..., None]).sum(1).argmax(1) if node.pooled else total.argmax(-1)

    def _aggregate(self, node: Aggregate, env: dict[str, np.ndarray], kind: Type) -> np.ndarray:
        select = self.graph.nodes[number_of(node.selector)]
        assert isinstance(select, Select)
        if select.kind == "closest":
            return aggregated(node, env, self.graph.types, kind)
        read = {v: self.codes(number_of(v)) for v in reads(select)}
        found = []
        for part in self._slices():
            here = {v: codes[part] for v, codes in env.items()}
            here[node.selector] = self._picked(select, read, part)
            found.append(aggregated(node, here, self.graph.types, kind))
        return np.concatenate(found)

    def _picked(self, node: Select, env: dict[str, np.ndarray], part: slice) -> np.ndarray:
        here = {v: codes[part] for v, codes in env.items()}
        return selected(node, here, self.graph.types, self.valid[part])

    def _slices(self) -> list[slice]:
        step = max(1, CELLS // max(1, self.tokens.shape[1] ** 2))
        return [slice(i, i + step) for i in range(0, max(1, len(self.tokens)), step)]
