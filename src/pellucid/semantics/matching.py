"""What a selection's match asks of the key alone, of the query alone, as an equality of the two, and otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pellucid.language.expressions import Apply, Expression, conjunction, names_in
from pellucid.language.nodes import Select, key_names, query_names


@dataclass(frozen=True)
class Matching:
    """A match is true where all of these are.

    Args:
        query, key: tests over the query alone, and over the key alone.
        equal: expressions over the query alone and over the key alone whose values must be equal.
        rest: what else is asked; None: nothing.
    """

    query: tuple[Expression, ...]
    key: tuple[Expression, ...]
    equal: tuple[tuple[Expression, Expression], ...]
    rest: Expression | None

    @property
    def equalities(self) -> list[Expression]:
        """What must be equal, as tests."""
        return [Apply("==", pair) for pair in self.equal]

    @classmethod
    def of(cls, select: Select) -> Matching:
        """The parts of a selection's match; with `ties` all is rest."""
        if select.ties:
            return cls((), (), (), select.match)
        query, key, equal, rest = [], [], [], []
        sides = _Sides(select)
        for part in () if select.match is None else _conjuncts(select.match):
            pair = sides.equality(part)
            if sides.queries >= set(names_in(part)):
                query.append(part)
            elif sides.keys >= set(names_in(part)):
                key.append(part)
            elif pair is not None:
                equal.append(pair)
            else:
                rest.append(part)
        return cls(tuple(query), tuple(key), tuple(equal), conjunction(rest) if rest else None)


class _Sides:
    def __init__(self, select: Select) -> None:
        self.queries, self.keys = set(query_names(len(select.query))), set(key_names(len(select.key)))

    def equality(self, part: Expression) -> tuple[Expression, Expression] | None:
        """(of the query, of the key) where it compares the two."""
        match part:
            case Apply("==", (left, right)):
                for one, other in ((left, right), (right, left)):
                    if self.queries >= set(names_in(one)) and self.keys >= set(names_in(other)):
                        return one, other
        return None


def _conjuncts(expression: Expression) -> Iterator[Expression]:
    match expression:
        case Apply("and", args):
            for arg in args:
                yield from _conjuncts(arg)
        case _:
            yield expression
