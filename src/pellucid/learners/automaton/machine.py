"""Finite-state transducers from examples: a prefix tree whose states are merged while no output contradicts (RPNI).

Oncina & Garcia (1992) for acceptors; here every step has an output (Mealy), or the last state of a sequence has one
(Moore), and of the merges that are possible the one with the most agreeing outputs is made (evidence-driven, Lang et
al. 1998).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Symbols = Sequence[int]
END = -1  # in place of a symbol: the output of a sequence that ends here


@dataclass(frozen=True)
class Machine:
    """A complete machine: state 0 is the first; step[state][symbol], out[state][symbol].

    labels: of a machine that is read at the end, the output of each state, which is that of every step to it.
    """

    step: tuple[tuple[int, ...], ...]
    out: tuple[tuple[int, ...], ...]
    labels: tuple[int, ...] | None = None

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.step)

    def run(self, symbols: Symbols) -> list[int]:
        """Outputs for a sequence of symbols."""
        state, found = 0, []
        for symbol in symbols:
            found.append(self.out[state][symbol])
            state = self.step[state][symbol]
        return found

    def entered(self) -> tuple[int, ...] | None:
        """The output of every step by the state it leads to; None where steps to one state have different ones."""
        if self.labels is not None:
            return self.labels
        found: dict[int, int] = {}
        for steps, outs in zip(self.step, self.out, strict=True):
            for to, label in zip(steps, outs, strict=True):
                if found.setdefault(to, label) != label:
                    return None
        return tuple(found.get(state, self.out[0][0]) for state in range(self.states))


class _Tree:
    """A prefix tree whose nodes are merged."""

    def __init__(self, inputs: Sequence[Symbols], outputs: Sequence[Sequence[int | None]], last: bool) -> None:
        self.step: list[dict[int, int]] = [{}]
        self.out: list[dict[int, int]] = [{}]
        for symbols, wanted in zip(inputs, outputs, strict=True):
            node = 0
            for symbol, label in zip(symbols, [None] * len(symbols) if last else wanted, strict=True):
                self._told(node, symbol, label)
                if symbol not in self.step[node]:
                    self.step[node][symbol] = len(self.step)
                    self.step.append({})
                    self.out.append({})
                node = self.step[node][symbol]
            if last:
                self._told(node, END, wanted[0])

    def _told(self, node: int, symbol: int, label: int | None) -> None:
        if label is not None and self.out[node].setdefault(symbol, label) != label:
            raise ValueError("the same inputs have different outputs")

    def fold(self, red: int, blue: int, parent: int, by: int) -> tuple[int, list] | None:
        """Merge `blue` into `red`: how many outputs agreed, and how to undo it; None (nothing done) if some differ."""
        undo: list[tuple[dict[int, int], int, int | None]] = []
        agreed, stack = 0, [(red, blue)]
        self._put(undo, self.step[parent], by, red)
        while stack:
            a, b = stack.pop()
            if a == b:
                continue
            for symbol, label in self.out[b].items():
                known = self.out[a].get(symbol)
                if known is None:
                    self._put(undo, self.out[a], symbol, label)
                elif known != label:
                    self.undo(undo)
                    return None
                else:
                    agreed += 1
            for symbol, child in self.step[b].items():
                mine = self.step[a].get(symbol)
                if mine is None:
                    self._put(undo, self.step[a], symbol, child)
                else:
                    stack.append((mine, child))
        return agreed, undo

    @staticmethod
    def _put(undo: list, where: dict[int, int], key: int, value: int) -> None:
        undo.append((where, key, where.get(key)))
        where[key] = value

    @staticmethod
    def undo(changes: list) -> None:
        """Take a merge back."""
        for where, key, value in reversed(changes):
            if value is None:
                del where[key]
            else:
                where[key] = value


def merged(
    inputs: Sequence[Symbols], outputs: Sequence[Sequence[int | None]], symbols: int, most: int, last: bool = False
) -> Machine | None:
    """The machine that state merging finds; None where it has more than `most` states or no machine can be right.

    Args:
        inputs: sequences of symbols, counted from 0.
        outputs: the label of each step, None where it is not known; with `last` one label for the sequence.
        symbols: how many there are.
        most: states.
        last: whether labels are read at the end.
    """
    try:
        tree = _Tree(inputs, outputs, last)
    except ValueError:
        return None
    red = [0]
    while True:
        blue = next(
            ((node, by, child) for node in red for by, child in sorted(tree.step[node].items()) if child not in red),
            None,
        )
        if blue is None:
            return _complete(tree, red, symbols)
        parent, by, child = blue
        best: tuple[int, int] | None = None
        for node in red:
            folded = tree.fold(node, child, parent, by)
            if folded is not None:
                tree.undo(folded[1])
                if best is None or folded[0] > best[0]:
                    best = folded[0], node
        if best is None:
            red.append(child)
            if len(red) > most:
                return None
        else:
            tree.fold(best[1], child, parent, by)


def _complete(tree: _Tree, red: list[int], symbols: int) -> Machine:
    """The red states alone; a step never seen leads to the first state and puts out the most usual label."""
    number = {node: i for i, node in enumerate(red)}
    usual = [label for node in red for label in tree.out[node].values()]
    default = max(sorted(set(usual)), key=usual.count)
    step = tuple(tuple(number.get(tree.step[n].get(s, red[0]), 0) for s in range(symbols)) for n in red)
    if any(END in tree.out[n] for n in red):
        labels = tuple(tree.out[n].get(END, default) for n in red)
        return minimised(Machine(step, tuple(tuple(labels[to] for to in row) for row in step), labels))
    return minimised(Machine(step, tuple(tuple(tree.out[n].get(s, default) for s in range(symbols)) for n in red)))


def minimised(machine: Machine) -> Machine:
    """The smallest machine with the same outputs (Moore 1956), its states numbered in the order they are reached."""
    labels = machine.labels or (0,) * machine.states
    block = dict(enumerate(labels))
    while True:
        keys = {
            s: (machine.out[s], tuple(block[to] for to in machine.step[s]), block[s]) for s in range(machine.states)
        }
        names = {key: i for i, key in enumerate(dict.fromkeys(keys.values()))}
        finer = {s: names[keys[s]] for s in range(machine.states)}
        if len(names) == len(set(block.values())):
            break
        block = finer
    order, seen = [0], {block[0]: 0}
    for state in order:
        for to in machine.step[state]:
            if block[to] not in seen:
                seen[block[to]] = len(order)
                order.append(to)
    step = tuple(tuple(seen[block[to]] for to in machine.step[s]) for s in order)
    kept = None if machine.labels is None else tuple(machine.labels[s] for s in order)
    return Machine(step, tuple(machine.out[s] for s in order), kept)
