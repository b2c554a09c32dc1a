"""Which variables of a numeric program need each other's earlier values, and an order to compute them in."""

from __future__ import annotations

from pellucid.program.numeric.nodes import reads
from pellucid.program.numeric.program import NumericProgram


def components(program: NumericProgram) -> list[tuple[tuple[str, ...], bool]]:
    """(variables in program order, whether a cycle goes through them), each group after those it reads."""
    needs = {a.name: set(reads(a.node)) for a in program}
    reach = {name: _reached(name, needs) for name in needs}
    order = {name: i for i, name in enumerate(needs)}
    groups: list[tuple[str, ...]] = []
    done: set[str] = set()
    # Fewer variables are reached from what a group reads than from the group itself.
    for name in sorted(needs, key=lambda n: (len(reach[n] | {n}), order[n])):
        if name not in done:
            group = [n for n in reach[name] if name in reach[n]] or [name]
            groups.append(tuple(sorted(group, key=order.__getitem__)))
            done.update(group)
    return [(group, group[0] in reach[group[0]]) for group in groups]


def _reached(name: str, needs: dict[str, set[str]]) -> set[str]:
    """All variables on a way from this one; itself where a cycle goes through it."""
    found: set[str] = set()
    pending = list(needs[name])
    while pending:
        other = pending.pop()
        if other not in found:
            found.add(other)
            pending += needs[other]
    return found
