"""Which variables need each other's earlier values, and an order to compute all of them in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pellucid.language.nodes import Node, reads

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
    for root in needs:
        if root in number:
            continue
        work = [(root, iter(needs[root]))]
        number[root] = low[root] = len(number)
        stack.append(root)
        while work:
            name, rest = work[-1]
            for other in rest:
                if other not in number:
                    number[other] = low[other] = len(number)
                    stack.append(other)
                    work.append((other, iter(needs[other])))
                    break
                if other in low:
                    low[name] = min(low[name], number[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == number[name]:
                    group = [stack.pop()]
                    while group[-1] != name:
                        group.append(stack.pop())
                    for member in group:
                        del low[member]
                    groups.append(sorted(group, key=order.__getitem__))
    return tuple((tuple(group), len(group) > 1 or group[0] in needs[group[0]]) for group in groups)


def needed(nodes: Mapping[str, Node], names: Iterable[str]) -> set[str]:
    """The variables that these depend on, these included."""
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += reads(nodes[name])
    return found
