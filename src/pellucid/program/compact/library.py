"""Variables that could stand in for those of a program: its own, and simple heads and formulas over them.

What a gradient-trained program does with tables is mostly a rough copy of something simple: a count of equal or
smaller keys, a value at a computed position. The library offers the simple things beside the program's own variables;
the selection of evidence then takes what explains the labels best for its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from pellucid.program.compact.fit import Going
from pellucid.program.compact.graph import Graph, name, number_of, values
from pellucid.program.compact.pointer import Pointers
from pellucid.program.compact.sizes import estimated_size
from pellucid.program.compact.target import Target
from pellucid.program.formula import Apply, Operator, Var
from pellucid.program.ir import Aggregate, Formula, Input, Integer, Node, Readout, Select, Selection
from pellucid.program.nodes import Reach
from pellucid.program.predicates import Compare, OneOf, Predicate

NUMBERS = 10  # integer variables that formulas are made of, besides the shortest ones
SHORT = 6
CUTS = 12  # values of a key that are counted one by one
HEADS_OVER = 24  # queries of the second level
POINTERS = 12
WORDS = 3  # of the program's own categories, which repeats are told by


@dataclass
class Library:
    """Candidates with different behaviour on the target's rows, the shortest of each; grown level by level."""

    graph: Graph
    target: Target
    limit: int
    known: dict[bytes, int] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)

    def offer(self, number: int) -> None:
        """Keep a variable if nothing shorter behaves alike."""
        if len(self.known) >= self.limit or number in self.sizes:
            return
        self.sizes[number] = sum(estimated_size(self.graph.nodes[i]) for i in self.graph.parts([number]))
        behaviour = self.target.behaviour(number)
        if behaviour is None:
            return
        best = self.known.get(behaviour)
        if best is None or self.sizes[number] < self.sizes[best]:
            self.known[behaviour] = number

    @property
    def variables(self) -> list[int]:
        """Numbers of the candidates."""
        return sorted(self.known.values())

    def ranked(self, numbers: list[int]) -> list[int]:
        """By gain for their size, the best first."""
        target = self.target
        share = target.counts.mean(0)
        residual, curvature = target.counts - share, np.broadcast_to(share * (1 - share), target.counts.shape)

        def worth(number: int) -> float:
            column = target.column(number)
            return (
                0.0 if column is None else target.gain(column, residual, curvature) / (30 + self.sizes[number]) ** 0.5
            )

        return sorted(numbers, key=lambda i: (-worth(i), i))


def library(graph: Graph, own: Iterable[int], target: Target, going: Going, limit: int = 4000) -> Library:
    """The program's own variables and what is built upon them, behaviours told apart on the target's rows.

    Args:
        going: whether to go on; the library is what has been found by then.
        limit: candidates at most.
    """
    found = Library(graph, target, limit)
    own = [i for i in own if not isinstance(graph.kind(i), Selection) and not isinstance(graph.nodes[i], Readout)]
    inputs = [graph.tokens, graph.add(Input("positions")), graph.add(Input("length"))]
    for number in (*inputs, *own):
        found.offer(number)
    for number in _first_level(graph, own, inputs):
        if going():
            found.offer(number)
    numbers = _best_numbers(found, inputs)
    combined = list(_combinations(graph, numbers))
    for number in combined:
        found.offer(number)
    ranked = found.ranked(sorted(set(combined).intersection(found.variables)))
    pointers, queries = Pointers(graph, target), [*numbers, *ranked[:HEADS_OVER]]
    flags = list(_flags(graph, own))
    ranks = list(_ranks(graph, [graph.tokens, *numbers], flags))
    for number in (*flags, *ranks):
        found.offer(number)
    tried = [(query, inputs[1], None) for query in found.variables]
    tried += [(query, key, None) for query in queries for key in queries]
    tried += [(query, key, mask) for query in inputs[1:] for key in ranks for mask in (None, *flags)]
    for number in pointers.best(tried, POINTERS):
        found.offer(number)
    for number in _second_level(graph, queries, numbers, inputs):
        if going():
            found.offer(number)
    return found


def put(graph: Graph, node: Node) -> int | None:
    """Number of a node; None where it cannot read what it reads."""
    try:
        return graph.add(node)
    except ValueError:
        return None


def _first_level(graph: Graph, own: list[int], inputs: list[int]) -> Iterator[int]:
    """Heads with plain comparisons between what the program compares, and counts of single values."""
    pairs, taken = [(graph.tokens, graph.tokens), (inputs[1], inputs[1])], [graph.tokens]
    for number in graph.parts(own):
        node = graph.nodes[number]
        if isinstance(node, Select):
            pairs.append((number_of(node.query), number_of(node.key)))
        if isinstance(node, Aggregate) and node.how == "take":
            assert node.value is not None
            taken.append(number_of(node.value))
    for query, key in dict.fromkeys(pairs):
        for op in ("==", "<", ">", "<=", ">="):
            yield from heads(graph, query, key, Compare(op), dict.fromkeys(taken))
    for key in dict.fromkeys(key for _, key in pairs):
        known = values(graph.kind(key))
        for i, value in enumerate(known[:CUTS]):
            yield from counts(graph, graph.tokens, key, OneOf((value,)))
            if 0 < i < len(known) - 1 and not isinstance(value, str):
                yield from counts(graph, graph.tokens, key, OneOf(tuple(known[: i + 1])))


def _flags(graph: Graph, own: list[int]) -> Iterator[int]:
    """Whether there is an equal one on one side: 0 at the first or last of its kind."""
    words = [i for i in own if not isinstance(graph.kind(i), Integer)]
    for number in dict.fromkeys((graph.tokens, *words[:WORDS])):
        for reach in reaches(graph)[1:]:
            select = graph.add(Select(name(number), name(number), Compare("=="), "all", reach))
            yield graph.add(Aggregate(name(select), "any"))


def _ranks(graph: Graph, numbers: list[int], flags: list[int]) -> Iterator[int]:
    """How many come before each in an order, the earlier ones first where equal; all, or one of each kind."""
    masks: tuple[int | None, ...] = (None, *flags)
    for number in dict.fromkeys(numbers):
        for op in ("<", ">"):
            for mask in masks:
                masked = (None, False) if mask is None else (name(mask), True)
                query = Select(name(number), name(number), Compare(op), "all", reaches(graph)[0], *masked, "earlier")
                select = put(graph, query)
                if select is not None:
                    yield graph.add(Aggregate(name(select), "count"))


def reaches(graph: Graph) -> tuple[Reach, ...]:
    """Which positions heads may look at."""
    return ("upto", "before") if graph.like.vocab.causal else ("any", "before", "after", "upto")


def counts(graph: Graph, query: int, key: int, predicate: Predicate) -> Iterator[int]:
    """How many keys match, in every reach."""
    for reach in reaches(graph):
        select = put(graph, Select(name(query), name(key), predicate, "all", reach))
        if select is not None:
            yield graph.add(Aggregate(name(select), "count"))


def heads(graph: Graph, query: int, key: int, predicate: Predicate, taken: Iterable[int]) -> Iterator[int]:
    """Counts of the keys that match, and values at the closest of them."""
    yield from counts(graph, query, key, predicate)
    for reach in reaches(graph)[:1]:
        select = put(graph, Select(name(query), name(key), predicate, "closest", reach))
        if select is not None:
            yield from (graph.add(Aggregate(name(select), "take", name(value))) for value in taken)


def _best_numbers(found: Library, inputs: list[int]) -> list[int]:
    """The inputs that are numbers, and the integer variables that say most about the labels for their size."""
    graph = found.graph
    others = [i for i in found.variables if isinstance(graph.kind(i), Integer) and i not in inputs]
    shortest = sorted(others, key=lambda i: (found.sizes[i], i))
    asking = [i for i in shortest if not _fixed(graph, i)]
    chosen = [*inputs, *asking[:SHORT], *shortest[:SHORT], *found.ranked(others)[:NUMBERS]]
    return [i for i in dict.fromkeys(chosen) if isinstance(graph.kind(i), Integer)]


def _fixed(graph: Graph, number: int) -> bool:
    """Whether a variable counts certain values, whatever stands at the position itself."""
    node = graph.nodes[number]
    select = graph.nodes[number_of(node.selector)] if isinstance(node, Aggregate) else None
    return isinstance(select, Select) and isinstance(select.predicate, OneOf)


def _combinations(graph: Graph, numbers: list[int]) -> Iterator[int]:
    """Sums and differences of two."""
    for i, a in enumerate(numbers):
        for b in numbers[i + 1 :]:
            made: tuple[tuple[Operator, int, int], ...] = (("-", a, b), ("-", b, a), ("+", a, b))
            for op, left, right in made:
                number = put(graph, Formula(Apply(op, Var(name(left)), Var(name(right)))))
                if number is not None:
                    yield number


def _second_level(graph: Graph, queries: list[int], keys: list[int], inputs: list[int]) -> Iterator[int]:
    """Values at computed positions, counts against other numbers, extremes so far."""
    ones = graph.add(Input("ones"))
    positions = inputs[1]
    for query in queries:
        for offset in (0, 1, -1):
            yield from heads(graph, query, positions, Compare("==", offset), inputs[:1])
        for key in dict.fromkeys((query, *keys[:5])):
            if key != positions:
                for op in ("==", "<", ">"):
                    yield from heads(graph, query, key, Compare(op), inputs[:1])
        for reach in reaches(graph):
            select = graph.add(Select(name(ones), name(ones), Compare("=="), "all", reach))
            for how in ("min", "max"):
                yield graph.add(Aggregate(name(select), how, name(query), 0))
